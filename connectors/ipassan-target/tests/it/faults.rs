//! A system that fails: tokens, limits, connections, lists that do not end.

use std::time::{Duration, Instant};

use koppel::lifecycle::Outcome;
use koppel::{ErrorKind, Freshness};
use koppel_sandbox::Options;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    Mocked, PERSONS, World, answer, build, create, delete, disable, enable, jan, reference, update, with,
};

#[tokio::test]
async fn a_token_that_dies_in_mid_run_is_replaced_once() {
    let world = World::new().await;
    let reference = world.person("7", None);
    assert!(world.target.get(&world.ctx, &reference).await.unwrap().is_some());
    world.sandbox.ipassan().revoke_tokens();
    assert!(world.run(update(&reference, &json!({"mail": "a@x.nl"}))).await.success);
    assert_eq!(world.sandbox.stats().ipassan_tokens, 2);
}

#[tokio::test]
async fn a_refused_token_is_known_by_its_code_under_any_status() {
    let mocked = Mocked::new().await;
    mocked
        .on("GET", &Mocked::one(), answer(403, &json!({"error": "invalid_token", "error_description": "expired"})))
        .await;
    let error = mocked.target.get(&mocked.ctx, &reference()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    let tokens = mocked.server.received_requests().await.unwrap();
    assert_eq!(tokens.iter().filter(|r| r.url.path().ends_with("/token")).count(), 2);
    assert!(!error.to_string().contains("siteId"), "{error}");
}

#[tokio::test]
async fn wrong_credentials_are_named_and_no_secret_is_shown() {
    let world = World::new().await;
    let config = with(World::config(&world.sandbox), &json!({"clientSecret": "canary-wrong-secret"}));
    let error = build(&config).unwrap().check(&world.ctx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.to_string().contains("clientID and clientSecret"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_limit_is_waited_out_as_asked() {
    let world = World::new().await;
    world.faults("ipassan:GET person:429(retry-after=1),ipassan:POST person:429(retry-after=1)");
    let began = Instant::now();
    assert_eq!(world.run(create("7", &json!({}))).await.outcome, Outcome::Created);
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert_eq!(world.sandbox.ipassan().count(), 1);
}

#[tokio::test]
async fn a_failing_server_is_asked_again_where_that_is_safe() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    world.faults("ipassan:GET person:503*2,ipassan:PUT person:503,ipassan:DELETE person:502");
    assert_eq!(world.run(enable(&reference, Some("Zuid"))).await.outcome, Outcome::Enabled);
    assert_eq!(world.run(delete(&reference)).await.outcome, Outcome::Deleted);
    assert_eq!(world.sandbox.stats().faults_fired(), 4);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_and_not_made_twice() {
    for fault in ["cut-after", "503-after", "truncate"] {
        let world = World::new().await;
        world.faults(&format!("ipassan:POST person:{fault}"));
        let report = world.run(create("7", &json!({}))).await;
        assert_eq!(report.outcome, Outcome::Created, "{fault}: {report:#?}");
        assert_eq!(report.reference.unwrap().to_string(), world.sandbox.ipassan().by_number("7")[0].uuid);
        assert_eq!((world.sandbox.ipassan().count(), world.count("POST", PERSONS)), (1, 1), "{fault}");
        assert!(!report.warnings.is_empty());
    }
}

#[tokio::test]
async fn a_create_that_never_arrived_is_not_called_done() {
    for fault in ["html", "503", "cut-before"] {
        let world = World::new().await;
        world.faults(&format!("ipassan:POST person:{fault}"));
        let error = world.run(create("7", &json!({}))).await.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{fault}: {error:?}");
        assert_eq!(world.sandbox.ipassan().count(), 0);
        // The next attempt looks into the system and makes it.
        assert_eq!(world.run(create("7", &json!({}))).await.outcome, Outcome::Created);
    }
}

#[tokio::test]
async fn a_change_that_is_cut_off_is_sent_again() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    world.faults("ipassan:PUT person:cut-after,ipassan:DELETE person:cut-after");
    assert_eq!(world.run(disable(&reference)).await.outcome, Outcome::Disabled);
    assert_eq!(world.run(delete(&reference)).await.outcome, Outcome::Deleted);
}

#[tokio::test]
async fn a_list_that_leads_in_a_circle_is_an_error_and_nobody_is_made() {
    for fault in ["cursor-repeat*", "cursor-cycle*"] {
        let world = World::with(Options::default().persons(170), &json!({})).await;
        world.faults(&format!("ipassan:GET person:{fault}"));
        let error = world.run(create("new", &json!({}))).await.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{fault}");
        assert!(error.to_string().contains("circle"), "{error}");
        assert_eq!(world.count("POST", PERSONS), 0);
    }
}

#[tokio::test]
async fn two_cursors_that_name_each_other_are_a_circle() {
    let mocked = Mocked::new().await;
    for (offset, next) in [("0", json!("A")), ("A", json!("B")), ("B", json!("A"))] {
        wiremock::Mock::given(wiremock::matchers::path(Mocked::list()))
            .and(wiremock::matchers::query_param("offset", offset))
            .respond_with(answer(200, &json!({"data": [], "next_cursor": next})))
            .mount(&mocked.server)
            .await;
    }
    let error = mocked.target.find(&mocked.ctx, "number", "7", Freshness::Run).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(mocked.server.received_requests().await.unwrap().len() < 12);
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let world = World::with(Options::default().persons(170), &json!({})).await;
    world.faults("ipassan:GET person:html@3*");
    let error = world.run(create("new", &json!({}))).await.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("could not list the persons"), "{error}");
    assert_eq!(world.count("POST", PERSONS), 0);
}

#[tokio::test]
async fn a_page_that_is_not_json_is_not_a_missing_person() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::one(), ResponseTemplate::new(200).set_body_raw("<html>Log in</html>", "text/html")).await;
    let error = mocked.target.get(&mocked.ctx, &reference()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let report = mocked.run(delete(&reference())).await;
    assert!(!report.success);
}

#[tokio::test]
async fn an_endless_body_is_refused_and_not_kept() {
    let mocked = Mocked::new().await;
    let huge = format!("{{\"data\":[],\"x\":\"{}\"}}", "x".repeat(100 << 20));
    mocked.on("GET", &Mocked::list(), ResponseTemplate::new(200).set_body_raw(huge, "application/json")).await;
    let error = mocked.target.check(&mocked.ctx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
}

#[tokio::test]
async fn a_person_that_cannot_be_read_after_a_change_leaves_the_outcome_open() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    world.faults("ipassan:GET person:503@2*");
    let error = world.run(update(&reference, &json!({"mail": "a@x.nl"}))).await.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("the change was sent"), "{error}");
}

#[tokio::test]
async fn a_run_that_is_stopped_sends_nothing_more() {
    let world = World::new().await;
    world.ctx.cancel().cancel();
    let error = world.run(create("7", &json!({}))).await.error.unwrap();
    assert_eq!((error.kind(), world.writes()), (ErrorKind::Cancelled, 0));
}

#[tokio::test]
async fn an_answer_of_another_person_is_refused() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({"uuid": "another"})))).await;
    assert_eq!(mocked.target.get(&mocked.ctx, &reference()).await.unwrap_err().kind(), ErrorKind::Protocol);
    let unclear: Value = jan(&json!({"accessType": {"doorPermanent": 12}}));
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::one(), answer(200, &unclear)).await;
    assert_eq!(mocked.target.get(&mocked.ctx, &reference()).await.unwrap_err().kind(), ErrorKind::Protocol);
}
