//! Many actions at once.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use koppel::lifecycle::{self, Outcome};
use koppel::{ErrorKind, Freshness};
use koppel_sandbox::Options;
use serde_json::json;

use crate::support::{PERSON, PERSONS, World, build, create, delete, update};

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

#[tokio::test]
async fn ten_thousand_persons_are_two_hundred_requests_for_any_number_of_creates() {
    let world = World::new().await;
    for i in 0..10_000 {
        world.person(&format!("p{i}"), None);
    }
    let numbers: Vec<String> =
        (0..32).map(|i| if i % 2 == 0 { format!("new-{i}") } else { format!("p{}", i * 300) }).collect();
    let reports = join_all(numbers.iter().map(|number| world.run(create(number, &json!({}))))).await;
    assert_eq!(reports.iter().filter(|report| report.outcome == Outcome::Created).count(), 16);
    assert_eq!(reports.iter().filter(|report| report.outcome == Outcome::Correlated).count(), 16);
    assert_eq!((world.count("GET", PERSONS), world.count("GET", PERSON)), (200, 16));
}

#[tokio::test]
async fn an_action_does_not_wait_for_a_list_beyond_its_time() {
    let clock: std::sync::Arc<dyn koppel::Clock> = std::sync::Arc::new(koppel_http::SystemClock::default());
    let ctx = koppel::Ctx::new(clock);
    let world = World::with(Options::default().persons(200).latency(Duration::from_millis(400)), &json!({})).await;
    let short = ctx.for_action(false, Some(Duration::from_millis(600)));
    let began = Instant::now();
    let (patient, hasty) = tokio::join!(
        lifecycle::run(&*world.target, &ctx, create("new-1", &json!({}))),
        lifecycle::run(&*world.target, &short, create("new-2", &json!({}))),
    );
    assert_eq!(patient.outcome, Outcome::Created);
    assert_eq!(hasty.error.unwrap().kind(), ErrorKind::Transient);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_delete_while_persons_are_listed_moves_nobody_out_of_sight() {
    let world = World::with(Options::default().persons(0).latency(Duration::from_millis(20)), &json!({})).await;
    let references: Vec<_> = (0..300).map(|i| world.person(&i.to_string(), None)).collect();
    let find = |number: &'static str| world.target.find(&world.ctx, "number", number, Freshness::Run);
    let (found, ()) = tokio::join!(find("299"), async {
        for reference in &references[..4] {
            assert!(world.run(delete(reference)).await.success);
        }
    });
    assert_eq!(found.unwrap().len(), 1);
    for number in [
        "50", "51", "52", "53", "100", "101", "102", "103", "150", "151", "152", "153", "200", "201", "202", "203",
        "250", "251", "252", "253",
    ] {
        assert_eq!(find(number).await.unwrap().len(), 1, "{number}");
    }
    assert_eq!(world.count("GET", PERSONS), 6);
}

#[tokio::test]
async fn a_new_number_whose_answer_was_lost_is_looked_for_in_the_system() {
    let world = World::new().await;
    let made = world.run(create("7", &json!({}))).await.reference.unwrap();
    world.faults("ipassan:PUT person:503-after*");
    assert!(!world.run(update(&made, &json!({"number": "70"}))).await.success);
    world.faults("");
    let report = world.run(create("70", &json!({}))).await;
    assert_eq!((report.outcome, report.reference), (Outcome::Correlated, Some(made)));
}
