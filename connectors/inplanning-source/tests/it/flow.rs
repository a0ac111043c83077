//! In which order persons come, how many requests are under way, and how the groups' rosters are read.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use koppel::Progress;
use serde_json::{Value, json};
use wiremock::{Request, Respond, ResponseTemplate};

use crate::support::{Tenant, ctx, day, get, ids, missing, ok, slow};

/// Notes when requests come, and answers each this long after.
#[derive(Clone)]
struct Noting(Arc<Mutex<Vec<Instant>>>, Duration);

impl Noting {
    /// The most requests that were under way at once: whoever came less than the time of an answer before still is.
    fn most_at_once(&self) -> usize {
        let came = self.0.lock().unwrap().clone();
        let under_way =
            |at: &Instant| came.iter().filter(|other| **other <= *at && at.duration_since(**other) < self.1).count();
        came.iter().map(under_way).max().unwrap()
    }
}

impl Respond for Noting {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.0.lock().unwrap().push(Instant::now());
        slow(&json!({"days": [day("2026-06-01", &["0700-1530"])], "resourceRosters": []}), self.1)
    }
}

/// The most requests for persons that were under way at once.
async fn most_at_once(more: Value, asked: Option<usize>) -> usize {
    let tenant = Tenant::start().await;
    let names: Vec<String> = (0..8).map(|n| n.to_string()).collect();
    tenant.users_of(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    tenant.groups(json!([])).await;
    let noting = Noting(Arc::default(), Duration::from_millis(250));
    get("/roster/resourceRoster").respond_with(noting.clone()).mount(&tenant.0).await;
    let mut ctx = ctx();
    if let Some(asked) = asked.and_then(NonZeroUsize::new) {
        ctx = ctx.with_concurrency(asked);
    }
    assert_eq!(ids(&tenant.persons(more, &ctx).await.unwrap()), names);
    noting.most_at_once()
}

#[tokio::test]
async fn so_many_requests_are_under_way_as_the_configuration_says() {
    assert_eq!(most_at_once(json!({}), None).await, 4);
    assert_eq!(most_at_once(json!({"concurrency": "2"}), None).await, 2);
    assert_eq!(most_at_once(json!({"concurrency": 2}), Some(6)).await, 6);
    assert_eq!(most_at_once(json!({}), Some(1)).await, 1);
}

#[tokio::test]
async fn persons_come_in_the_order_of_the_users_however_slow_their_rosters() {
    let tenant = Tenant::start().await;
    let names = ["5", "1", "4", "2", "3"];
    tenant.users_of(&names).await;
    tenant.groups(json!([])).await;
    for (place, name) in (0_u64..).zip(names) {
        let body = json!({"days": [day("2026-06-01", &["0700-1530"])]});
        tenant.roster_answer(name, slow(&body, Duration::from_millis(200 - 40 * place))).await;
    }
    assert_eq!(ids(&tenant.persons(json!({}), &ctx()).await.unwrap()), names);
}

#[tokio::test]
async fn a_slow_answer_does_not_hold_up_the_requests_after_it() {
    let tenant = Tenant::start().await;
    let names: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    tenant.users_of(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    tenant.groups(json!([])).await;
    let first = slow(&json!({"days": [day("2026-06-01", &["0700-1530"])]}), Duration::from_secs(2));
    tenant.roster_answer("0", first).await;
    let others = Noting(Arc::default(), Duration::from_millis(20));
    get("/roster/resourceRoster").respond_with(others.clone()).mount(&tenant.0).await;
    let started = Instant::now();
    assert_eq!(ids(&tenant.persons(json!({"concurrency": 2}), &ctx()).await.unwrap()), names);
    let came = others.0.lock().unwrap().clone();
    let late = came.iter().filter(|came| came.duration_since(started) > Duration::from_millis(1900)).count();
    assert_eq!((came.len(), late, others.most_at_once()), (29, 0, 1), "the first one is under way all the time");
}

/// Two groups; 1001 is in both, 1003 in none, 9999 is no active person, 1004 has no shifts.
async fn two_groups() -> Tenant {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002", "1003", "1004"]).await;
    tenant.groups(json!([{"uname": "NRD"}, {"uname": "ZUID"}])).await;
    let roster = |name: &str, shifts: &[&str]| json!({"uname": name, "days": [day("2026-06-01", shifts)]});
    tenant
        .group_roster(
            "NRD",
            json!([roster("1002", &["0700-1530"]), roster("9999", &["0700-1530"]), roster("1001", &["0800-1600"])]),
        )
        .await;
    tenant
        .group_roster("ZUID", json!([roster("1001", &["0800-1600"]), roster("1004", &[]), {"uname": null, "days": []}]))
        .await;
    tenant.roster("1003", json!([day("2026-06-01", &["0900-1700"])])).await;
    tenant
}

#[tokio::test]
async fn whom_no_group_names_is_asked_for_alone() {
    let (tenant, ctx) = (two_groups().await, ctx());
    let persons = tenant.persons(json!({"roster": "auto"}), &ctx).await.unwrap();
    assert_eq!(ids(&persons), ["1002", "1001", "1003"]);
    assert!(ctx.warnings().is_empty());
    assert_eq!(tenant.requests("/roster/resourceRoster").await.len(), 1);
}

#[tokio::test]
async fn whom_no_group_names_is_left_out_and_counted_in_group_mode() {
    let (tenant, ctx) = (two_groups().await, ctx());
    let persons = tenant.persons(json!({"roster": "group"}), &ctx).await.unwrap();
    assert_eq!(ids(&persons), ["1002", "1001"]);
    assert_eq!(ctx.warnings().len(), 1);
    assert!(ctx.warnings()[0].starts_with("1 of 4 active persons are in no group's roster"), "{:?}", ctx.warnings());
    assert!(tenant.requests("/roster/resourceRoster").await.is_empty());
}

#[tokio::test]
async fn different_shifts_in_two_groups_are_told() {
    let (tenant, ctx) = (Tenant::start().await, ctx());
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([{"uname": "NRD"}, {"uname": "ZUID"}])).await;
    for (group, shift) in [("NRD", "0700-1530"), ("ZUID", "0800-1600")] {
        tenant.group_roster(group, json!([{"uname": "1001", "days": [day("2026-06-01", &[shift])]}])).await;
    }
    let persons = tenant.persons(json!({"roster": "group"}), &ctx).await.unwrap();
    assert_eq!(persons[0]["Contracts"][0]["shift"]["uname"], "0700-1530");
    assert!(ctx.warnings()[0].contains("other shifts in one group's roster"), "{:?}", ctx.warnings());
}

#[tokio::test]
async fn auto_asks_person_by_person_where_there_are_as_many_groups() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002"]).await;
    tenant.groups(json!([{"uname": "NRD"}, {"uname": "ZUID"}])).await;
    for name in ["1001", "1002"] {
        tenant.roster(name, json!([day("2026-06-01", &["0700-1530"])])).await;
    }
    assert_eq!(tenant.persons(json!({"roster": "auto"}), &ctx()).await.unwrap().len(), 2);
    assert!(tenant.requests("/roster/groupRoster").await.is_empty());
}

#[tokio::test]
async fn a_group_that_is_not_known_any_more_has_nobody() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002"]).await;
    tenant.groups(json!([{"uname": "NRD"}])).await;
    tenant.group_answer("NRD", missing()).await;
    for name in ["1001", "1002"] {
        tenant.roster(name, json!([day("2026-06-01", &["0700-1530"])])).await;
    }
    assert_eq!(tenant.persons(json!({"roster": "auto"}), &ctx()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn employees_can_be_the_persons() {
    let tenant = Tenant::start().await;
    let terms = |end: Value| json!([{"startDate": "2020-01-01", "endDate": end}]);
    tenant
        .human_resources(json!([
            {"uname": "1001", "externalId": "P1", "firstName": "Jan", "lastName": "Jansen", "phone": "0612345678", "email": "j@x.nl", "labourHists": terms(json!(null))},
            {"uname": "1002", "firstName": "Piet", "labourHists": terms(json!("2026-05-31"))},
        ]))
        .await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    let persons = tenant.persons(json!({"people": "humanresources"}), &ctx()).await.unwrap();
    assert_eq!(
        (persons.len(), &persons[0]["ExternalId"], &persons[0]["PhoneNumber"]),
        (1, &json!("1001"), &json!("0612345678"))
    );
}

#[derive(Debug, Default)]
struct Counting(AtomicU64, AtomicU64);

impl Progress for Counting {
    fn total(&self, total: u64) {
        self.0.fetch_add(total, Ordering::SeqCst);
    }
    fn advance(&self, by: u64) {
        self.1.fetch_add(by, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn progress_reaches_its_total_in_every_mode() {
    for mode in ["auto", "resource", "group"] {
        let tenant = two_groups().await;
        for name in ["1001", "1002", "1004"] {
            tenant.roster_answer(name, ok(&json!({"days": []}))).await;
        }
        let counting = Arc::new(Counting::default());
        let ctx = ctx().with_progress(counting.clone());
        tenant.persons(json!({"roster": mode}), &ctx).await.unwrap();
        assert_eq!((counting.0.load(Ordering::SeqCst), counting.1.load(Ordering::SeqCst)), (4, 4), "{mode}");
    }
}

#[tokio::test]
async fn so_many_groups_are_asked_for_at_once_as_the_configuration_says() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups((0..12).map(|n| json!({"uname": n})).collect()).await;
    let noting = Noting(Arc::default(), Duration::from_millis(250));
    get("/roster/groupRoster").respond_with(noting.clone()).mount(&tenant.0).await;
    let nobody = tenant.persons(json!({"roster": "group", "concurrency": 3}), &ctx()).await.unwrap();
    assert!(nobody.is_empty());
    assert_eq!(noting.most_at_once(), 3);
}
