//! What becomes of rosters that cannot be read.

use futures_util::StreamExt;
use koppel::{Cancel, Ctx, ErrorKind};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{Tenant, ctx, day, get, ids, ok, refused, source};

/// Four persons, two of whom cannot be read.
async fn two_failures() -> Tenant {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002", "1003", "1004"]).await;
    tenant.groups(json!([])).await;
    for good in ["1001", "1004"] {
        tenant.roster(good, json!([day("2026-06-01", &["0700-1530"])])).await;
    }
    for bad in ["1002", "1003"] {
        tenant.roster_answer(bad, refused("De planning is gesloten")).await;
    }
    tenant
}

#[tokio::test]
async fn s9_failures_can_be_tolerated_up_to_a_number_and_each_is_told() {
    let (tenant, ctx) = (two_failures().await, ctx());
    let persons = tenant.persons(json!({"maxRosterFailures": 2}), &ctx).await.unwrap();
    assert_eq!(ids(&persons), ["1001", "1004"]);
    assert_eq!(ctx.warnings().len(), 2);
    for (warning, resource) in ctx.warnings().iter().zip(["[1002]", "[1003]"]) {
        assert!(warning.contains(resource), "{warning}");
    }
}

#[tokio::test]
async fn s9_one_failure_more_fails_the_import() {
    let (tenant, ctx) = (two_failures().await, ctx());
    let error = tenant.persons(json!({"maxRosterFailures": "1"}), &ctx).await.unwrap_err();
    assert!(error.message().contains("[1003]") && error.to_string().contains("maxRosterFailures"), "{error}");
    assert_eq!(ctx.warnings().len(), 1);
}

#[tokio::test]
async fn an_error_is_the_last_item() {
    let tenant = two_failures().await;
    let (source, ctx) = (source(&tenant.config(json!({}))).unwrap(), ctx());
    let items: Vec<bool> = source.persons(&ctx).map(|item| item.is_ok()).collect().await;
    assert_eq!(items, [true, false]);
}

#[tokio::test]
async fn after_an_error_nothing_is_asked_for_any_more() {
    let tenant = two_failures().await;
    let (source, ctx) = (source(&tenant.config(json!({"concurrency": 1}))).unwrap(), ctx());
    let mut persons = source.persons(&ctx);
    assert!(persons.next().await.unwrap().is_ok());
    assert!(persons.next().await.unwrap().is_err());
    assert!(persons.next().await.is_none());
    assert_eq!(tenant.requests("/roster").await.len(), 2);
}

#[tokio::test]
async fn refused_credentials_are_not_tolerated() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([])).await;
    tenant.roster_answer("1001", ResponseTemplate::new(401)).await;
    let error = tenant.persons(json!({"maxRosterFailures": 100}), &ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
}

#[tokio::test]
async fn a_roster_with_a_day_that_is_none_fails_and_names_the_resource() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([{"rosterDate": "1 juni", "parts": []}])).await;
    let error = tenant.persons(json!({}), &ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.message().contains("[1001]"), "{error}");
}

#[tokio::test]
async fn a_group_that_cannot_be_read_fails_the_import_in_both_modes() {
    for mode in ["group", "auto"] {
        let tenant = Tenant::start().await;
        tenant.users_of(&["1001", "1002", "1003"]).await;
        tenant.groups(json!([{"uname": "NRD"}, {"uname": "ZUID"}])).await;
        tenant.group_roster("NRD", json!([])).await;
        tenant.group_answer("ZUID", refused("De planning is gesloten")).await;
        let error = tenant.persons(json!({"roster": mode}), &ctx()).await.unwrap_err();
        assert!(error.message().contains("[ZUID]"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_asked_again() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([])).await;
    get("/roster/resourceRoster")
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .with_priority(1)
        .mount(&tenant.0)
        .await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    assert_eq!(tenant.persons(json!({}), &ctx()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_the_list_of_groups_there_is_no_import() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    get("/v2/resourcegroups").respond_with(refused("Geen rechten")).mount(&tenant.0).await;
    let error = tenant.persons(json!({}), &ctx()).await.unwrap_err();
    assert!(error.message().contains("resource groups"), "{error}");
}

#[tokio::test]
async fn a_cancelled_import_stops() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([])).await;
    get("/roster/resourceRoster").respond_with(ok(&json!({"days": []}))).expect(0).mount(&tenant.0).await;
    let cancel = Cancel::default();
    let ctx: Ctx = ctx().with_cancel(cancel.clone());
    cancel.cancel();
    let error = tenant.persons(json!({"maxRosterFailures": 9}), &ctx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

/// A roster of a group that breaks off after its first person.
fn broken_off() -> ResponseTemplate {
    let whole = json!({"resourceRosters": [{"uname": "1001", "days": [day("2026-06-01", &["0700-1530"])]}, {"uname": "1002", "days": []}]}).to_string();
    let end = whole.find("1002").unwrap();
    ResponseTemplate::new(200).set_body_raw(whole[..end].to_owned(), "application/json")
}

#[tokio::test]
async fn s9_a_group_that_breaks_off_fails_the_import() {
    for mode in ["group", "auto"] {
        let tenant = Tenant::start().await;
        tenant.users_of(&["1001", "1002"]).await;
        tenant.groups(json!([{"uname": "NRD"}])).await;
        tenant.group_answer("NRD", broken_off()).await;
        let error = tenant.persons(json!({"roster": mode}), &ctx()).await.unwrap_err();
        assert!(error.message().contains("[NRD]"), "{error}");
    }
}

#[tokio::test]
async fn whom_a_tolerated_group_did_not_come_to_is_asked_for_alone() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002"]).await;
    tenant.groups(json!([{"uname": "NRD"}])).await;
    tenant.group_answer("NRD", broken_off()).await;
    tenant.roster("1002", json!([day("2026-06-01", &["0700-1530"])])).await;
    let ctx = ctx();
    let persons = tenant.persons(json!({"roster": "auto", "maxRosterFailures": 1}), &ctx).await.unwrap();
    assert_eq!(ids(&persons), ["1001", "1002"]);
    assert!(ctx.warnings().len() == 1 && ctx.warnings()[0].contains("[NRD]"), "{:?}", ctx.warnings());
}
