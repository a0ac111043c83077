//! Many actions at once.

use std::num::NonZeroUsize;

use futures_util::future::join_all;
use koppel::lifecycle::{self, Outcome};
use koppel_sandbox::Options;
use serde_json::json;

use crate::support::{PERSONS, World, build, create, delete, update};

#[tokio::test]
async fn eight_creates_at_once_make_one_pass_and_one_token() {
    let world = World::with(Options::default().persons(230), &json!({})).await;
    let pages = u64::try_from(world.sandbox.ipassan().count().div_ceil(50)).unwrap();
    let numbers: Vec<String> = (0..8).map(|i| format!("new-{i}")).collect();
    let reports = join_all(numbers.iter().map(|number| world.run(create(number, &json!({}))))).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Created));
    assert_eq!(world.count("GET", PERSONS), pages);
    assert_eq!(world.count("POST", PERSONS), 8);
    assert_eq!(world.sandbox.stats().ipassan_tokens, 1);
    assert!(world.sandbox.stats().max_in_flight <= 4);
    // Those that were just made are known without another pass.
    let again = join_all(numbers.iter().map(|number| world.run(create(number, &json!({}))))).await;
    assert!(again.iter().all(|report| report.outcome == Outcome::Correlated));
    assert_eq!((world.count("GET", PERSONS), world.count("POST", PERSONS)), (pages, 8));
}

#[tokio::test]
async fn two_creates_for_one_number_make_one_person() {
    let world = World::new().await;
    let (a, b) = tokio::join!(world.run(create("7", &json!({}))), world.run(create("7", &json!({}))));
    assert!(a.success && b.success);
    assert_eq!(a.reference, b.reference);
    assert_eq!(world.sandbox.ipassan().by_number("7").len(), 1);
}

#[tokio::test]
async fn two_targets_that_share_locks_make_one_person() {
    let world = World::new().await;
    let other = build(&World::config(&world.sandbox)).unwrap();
    // The other one has listed everybody before the person is made.
    assert!(lifecycle::run(&*other, &world.ctx, create("1", &json!({}))).await.success);
    let made = world.run(create("7", &json!({}))).await;
    let linked = lifecycle::run(&*other, &world.ctx, create("7", &json!({}))).await;
    assert_eq!((linked.outcome, linked.reference), (Outcome::Correlated, made.reference));
}

#[tokio::test]
async fn a_renumbered_or_deleted_person_is_known_without_another_pass() {
    let world = World::new().await;
    let made = world.run(create("7", &json!({}))).await.reference.unwrap();
    assert!(world.run(update(&made, &json!({"number": "70"}))).await.success);
    assert_eq!(world.run(create("70", &json!({}))).await.outcome, Outcome::Correlated);
    assert_eq!(world.run(delete(&made)).await.outcome, Outcome::Deleted);
    assert_eq!(world.count("GET", PERSONS), 1);
    assert_eq!(world.run(create("70", &json!({}))).await.outcome, Outcome::Created);
}

#[tokio::test]
async fn a_list_that_is_out_of_date_is_read_again() {
    let world = World::new().await;
    let known = world.person("7", None);
    assert_eq!(world.run(create("7", &json!({}))).await.outcome, Outcome::Correlated);
    // Somebody else replaces the person.
    world.sandbox.ipassan().remove(&known.to_string());
    let next = world.person("7", None);
    let report = world.run(create("7", &json!({}))).await;
    assert_eq!((report.outcome, report.reference), (Outcome::Correlated, Some(next)));
}

#[tokio::test]
async fn the_number_of_requests_at_once_is_kept() {
    let world = World::with(Options::default().persons(0), &json!({"concurrency": 2})).await;
    let ctx = world.ctx.clone().with_concurrency(NonZeroUsize::new(16).unwrap());
    let references: Vec<_> = (0..20).map(|i| world.person(&i.to_string(), None)).collect();
    join_all(references.iter().map(|r| async { world.target.get(&ctx, r).await.unwrap() })).await;
    assert!(world.sandbox.stats().max_in_flight <= 2);
}
