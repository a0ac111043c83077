//! Imports, tokens, and reaching the system.

use std::sync::Arc;

use koppel::lifecycle::{self, Action};
use koppel::{Ctx, Reference};
use koppel_http::{StateDir, SystemClock};
use serde_json::json;

use crate::fake::{Fake, build, config_for, jan, jan_with, record};

#[tokio::test]
async fn i27_an_import_has_names_booleans_and_null_for_what_is_missing() {
    let fake = Fake::start().await;
    fake.put(&json!({"username": "1", "firstName": " Jan ", "lastName": "de Vries", "active": "True"}));
    fake.put(&json!({"username": "2", "firstName": null, "lastName": "", "active": null}));
    fake.put(&json!({"username": "3", "lastName": "Jansen", "active": false, "displayName": "ignored"}));
    let page = fake.target.accounts(&fake.ctx, None).await.unwrap();
    let rows: Vec<_> = page
        .items
        .iter()
        .map(|a| {
            (
                a.reference.to_string(),
                a.display_name.clone(),
                a.user_name.clone(),
                a.enabled,
                a.data.project(["email"]).to_nested(),
            )
        })
        .collect();
    let row = |id: &str, name: &str, on: bool| {
        (id.to_owned(), name.to_owned(), id.to_owned(), Some(on), json!({"email": null}))
    };
    assert_eq!(rows, [row("1", "Jan de Vries", true), row("2", "2", false), row("3", "Jansen", false)]);
    assert!(page.next.is_none());
}

#[tokio::test]
async fn users_without_a_name_are_left_out_and_mentioned() {
    let fake = Fake::start().await;
    fake.fail("GET", 200, r#"[{"username":null},{"username":"1"}]"#, 1).await;
    let page = fake.target.accounts(&fake.ctx, None).await.unwrap();
    assert_eq!((page.items.len(), fake.ctx.warnings().len()), (1, 1));
}

#[tokio::test]
async fn memberships_are_the_roles_that_a_permission_stands_for() {
    let fake = Fake::with(json!({"permissions": [
        {"name": "Any planner", "role": "Planner", "resourceGroup": "{{LocationOwn}}"},
        {"name": "Planner here", "role": "Planner", "resourceGroup": "Planner {{LocationOwn}}"},
        {"name": "Bare", "role": "Bare"},
    ]}))
    .await;
    fake.put(&jan_with(&json!([
        {"role": "PLANNER", "resourceGroup": "Planner Noord"},
        {"role": "Planner", "resourceGroup": "planner noord"},
        {"role": "Planner", "resourceGroup": "Zuid", "endDate": null},
        {"role": "Planner", "resourceGroup": "Oost", "endDate": "2020-01-01"},
        {"role": "Planner", "resourceGroup": null},
        {"role": "Bare", "resourceGroup": null},
        {"role": "Unknown", "resourceGroup": "x"},
    ])));
    let page = fake.target.permissions().unwrap().memberships(&fake.ctx, None).await.unwrap();
    let rows: Vec<_> = page
        .items
        .iter()
        .map(|m| format!("{} {} {}", m.account, m.permission.display_name, m.entitlement.as_ref().unwrap().id))
        .collect();
    assert_eq!(
        rows,
        ["1001 Planner here Planner&&Planner Noord", "1001 Any planner Planner&&Zuid", "1001 Bare Bare&&",]
    );
}

#[tokio::test]
async fn i26_runs_side_by_side_share_one_token() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let state = tempfile::tempdir().unwrap();
    let config = config_for(&fake.server, &json!({}));
    let targets: Vec<_> = (0..3).map(|_| build(&config, StateDir::at(state.path())).unwrap()).collect();
    let ctx = Ctx::new(Arc::new(SystemClock::default()));
    let update = |name: &str| Action::Update {
        reference: Reference::new("1001").unwrap(),
        data: record(&json!({"firstName": name})),
    };
    let reports = futures_util::future::join_all(targets.iter().enumerate().map(|(n, target)| {
        let ctx = ctx.for_action(false, None);
        let action = update(&format!("Jan {n}"));
        async move { lifecycle::run(&**target, &ctx, action).await }
    }))
    .await;
    assert!(reports.iter().all(|report| report.success), "{reports:?}");
    let all = fake.server.received_requests().await.unwrap();
    assert_eq!(all.iter().filter(|request| request.url.path().ends_with("/token")).count(), 1);
}

#[tokio::test]
async fn a_check_reaches_the_system_and_reads_little() {
    let fake = Fake::start().await;
    fake.put(&jan());
    fake.target.check(&fake.ctx).await.unwrap();
    assert_eq!(fake.reads().await, ["/users"]);
}
