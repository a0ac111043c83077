//! What is sent again, and what is not.

use std::time::{Duration, Instant};

use koppel::{Cancel, ErrorKind};
use koppel_http::{Http, Method, RetryPolicy, Timeouts};
use serde_json::json;

use crate::server::{Reply, Server};
use crate::{builder, client, ctx};

#[tokio::test]
async fn a_get_survives_failures_of_every_sort() {
    for broken in
        [Reply::json(503, ""), Reply::json(500, "oops"), Reply::json(408, ""), Reply::Cut, Reply::truncated("[1,")]
    {
        let server = Server::script([broken, Reply::json(200, "[1]")]).await;
        let answer = client(&server).get(&["users"]).send(&ctx()).await.unwrap();
        assert_eq!(answer.json::<Vec<u8>>().unwrap(), [1]);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_post_that_may_have_been_carried_out_is_sent_once() {
    let after = |status| Reply::status(status, "retry-after", "0");
    for broken in [
        Reply::json(503, "busy"),
        after(503),
        Reply::json(500, ""),
        Reply::json(504, ""),
        Reply::Cut,
        Reply::truncated("{"),
    ] {
        let server = Server::script([broken, Reply::ok()]).await;
        let error = client(&server).post(&["users"]).json(&json!({})).send(&ctx()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error:?}");
        assert!(error.hint().unwrap().contains("may have been carried out"), "{error}");
        assert_eq!((error.attempts(), server.seen().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_post_on_a_used_connection_that_is_closed_is_not_repeated() {
    let server = Server::start(|seen| async move { if seen.turn == 1 { Reply::ok() } else { Reply::Cut } }).await;
    let http = client(&server);
    http.get(&["users"]).send(&ctx()).await.unwrap();
    let error = http.post(&["users"]).json(&json!({})).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error:?}");
    let posts = server.seen().iter().filter(|seen| seen.method == "POST").count();
    assert_eq!(posts, 1);
    assert_eq!(server.seen()[1].turn, 2, "the connection was used again");
}

#[tokio::test]
async fn a_post_that_is_repeatable_is_repeated() {
    let server = Server::script([Reply::Cut, Reply::ok()]).await;
    client(&server).post(&["search"]).repeatable(true).send(&ctx()).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn without_a_connection_a_post_is_tried_again_and_the_error_says_how_often() {
    // A port that was free a moment ago.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let quick = RetryPolicy { base: Duration::from_millis(2), ..RetryPolicy::default() };
    let http = Http::builder("Demo", &format!("http://{free}")).retry(quick).build().unwrap();
    let error = http.post(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transient, 4));
    // How long it took is the machine's business.
    let (what, why) = error.message().split_once(" s): ").unwrap();
    assert!(what.starts_with("Demo did not answer POST /users (4 attempts in ") && !why.is_empty(), "{error}");
}

#[tokio::test]
async fn an_exhausted_retry_says_how_often_and_what_the_system_said() {
    let server = Server::start(|_| async { Reply::json(502, "<h1>Bad gateway</h1>") }).await;
    let error = client(&server).put(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), server.seen().len()), (ErrorKind::Transient, 4, 4));
    assert!(
        error.message().ends_with("HTTP 502: Bad gateway") && error.message().starts_with("4 attempts in "),
        "{error}"
    );
}

#[tokio::test]
async fn no_answer_in_time_is_repeated_only_where_it_may_be() {
    let timeouts = Timeouts { attempt: Duration::from_millis(40), ..Timeouts::default() };
    let server = Server::start(|_| async { Reply::Hang("") }).await;
    let http = builder(&server).timeouts(timeouts).build().unwrap();
    let error = http.get(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transient, 4));
    let error = http.post(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Ambiguous, 1));
}

#[tokio::test]
async fn the_time_of_the_action_bounds_everything() {
    let server = Server::start(|_| async { Reply::Hang("") }).await;
    let started = Instant::now();
    let short = ctx().for_action(false, Some(Duration::from_millis(80)));
    let error = client(&server).get(&["users"]).send(&short).await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Transient, 1));
    assert!(started.elapsed() < Duration::from_secs(5));
    let error = client(&server).get(&["users"]).send(&short).await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Transient, 1), "no time, no request");
}

#[tokio::test]
async fn a_time_that_is_over_is_said_as_it_is() {
    let server = Server::start(|_| async { Reply::Hang("") }).await;
    let http = builder(&server).build().unwrap();
    for verb in [Method::GET, Method::POST] {
        let short = ctx().for_action(false, Some(Duration::from_millis(60)));
        let error = http.request(verb, &["users"]).send(&short).await.unwrap_err();
        assert!(error.message().contains("the time for this action is over"), "{error}");
        assert!(!error.message().contains("no answer within"), "{error}");
    }
}

#[tokio::test]
async fn too_many_requests_is_repeated_after_the_wait_that_was_asked_for_also_for_a_post() {
    let server =
        Server::script([Reply::status(429, "retry-after", "1"), Reply::status(429, "x", "y"), Reply::ok()]).await;
    let started = Instant::now();
    client(&server).post(&["users"]).send(&ctx()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_ends_it_at_once() {
    for status in [429, 503] {
        let server = Server::script([Reply::status(status, "retry-after", "3600")]).await;
        let started = Instant::now();
        let error = client(&server).get(&["users"]).send(&ctx()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn cancelling_ends_the_wait_between_attempts_at_once() {
    let server = Server::start(|_| async { Reply::json(503, "") }).await;
    let slow =
        RetryPolicy { base: Duration::from_secs(30), longest: Duration::from_secs(30), ..RetryPolicy::default() };
    let http = builder(&server).retry(slow).build().unwrap();
    let cancel = Cancel::default();
    let ctx = ctx().with_cancel(cancel.clone());
    let started = Instant::now();
    let (done, ()) = tokio::join!(http.get(&["users"]).send(&ctx), async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    assert_eq!(done.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_change_that_is_under_way_is_finished_when_the_run_is_stopped() {
    let cancel = Cancel::default();
    let server = Server::start({
        let cancel = cancel.clone();
        move |_| {
            cancel.cancel();
            async { Reply::json(201, r#"{"uuid":"7"}"#) }
        }
    })
    .await;
    let ctx = ctx().with_cancel(cancel);
    let answer = client(&server).post(&["users"]).send(&ctx).await.unwrap();
    assert_eq!(answer.status(), 201);
    let error = client(&server).post(&["users"]).send(&ctx).await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Cancelled, 1));
}
