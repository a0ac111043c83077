//! Trouble on the way: refused tokens, patience, outages, cut connections, answers that are no answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use koppel::ErrorKind;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use wiremock::matchers::{header, method};
use wiremock::{Mock, ResponseTemplate};

use crate::server::{all, answer_with, ctx, raw, requests, start};

fn user() -> Value {
    json!({"username": "1001"})
}

#[tokio::test]
async fn a_token_that_is_refused_in_mid_run_is_replaced_once() {
    for (status, code) in [(401, "invalid_token"), (400, "token_expired"), (403, "invalid_token"), (401, "whatever")] {
        let (server, client) = start().await;
        let refused =
            ResponseTemplate::new(status).set_body_json(json!({"error": code, "error_description": "expired"}));
        Mock::given(method("GET"))
            .and(header("authorization", "Bearer token-number-1"))
            .respond_with(refused)
            .with_priority(1)
            .mount(&server)
            .await;
        answer_with(&server, "GET", "/users/1001", ResponseTemplate::new(200).set_body_json(user())).await;
        assert!(client.user(&ctx(), "1001").await.unwrap().is_some(), "{status} {code}");
        assert_eq!(requests(&server).await.len(), 2);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_for_ever_is_an_error_of_the_credentials() {
    let (server, client) = start().await;
    answer_with(
        &server,
        "GET",
        "/users/1001",
        ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_token"})),
    )
    .await;
    assert_eq!(client.user(&ctx(), "1001").await.unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn too_many_requests_are_repeated_after_the_time_that_is_asked_for() {
    let (server, client) = start().await;
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "1");
    Mock::given(method("PUT")).respond_with(busy).up_to_n_times(1).with_priority(1).mount(&server).await;
    answer_with(&server, "PUT", "/users", ResponseTemplate::new(200)).await;
    let started = Instant::now();
    client.put_user(&ctx(), user().as_object().unwrap()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_service_that_is_down_is_asked_again_and_then_reported() {
    let (server, client) = start().await;
    answer_with(&server, "GET", "/users/1001", ResponseTemplate::new(503).set_body_string("maintenance")).await;
    let error = client.user(&ctx(), "1001").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts() > 1), (ErrorKind::Transient, true));
    assert!(error.message().contains("maintenance"), "{error}");
}

#[tokio::test]
async fn a_create_whose_answer_failed_is_not_repeated() {
    let (server, client) = start().await;
    answer_with(&server, "POST", "/users", ResponseTemplate::new(503)).await;
    let error = client.create_user(&ctx(), user().as_object().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), requests(&server).await.len()), (ErrorKind::Ambiguous, 1));
}

#[tokio::test]
async fn a_connection_that_is_cut_is_no_answer() {
    let client = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{\"username\":\"1001\"},").await;
    })
    .await;
    assert_eq!(client.user(&ctx(), "1001").await.unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(client.create_user(&ctx(), user().as_object().unwrap()).await.unwrap_err().kind(), ErrorKind::Ambiguous);
    let error = all(client.users(&ctx())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.message().starts_with("could not read the users: "), "{error}");
}

#[tokio::test]
async fn what_is_not_json_is_refused_and_shown() {
    let (server, client) = start().await;
    for at in ["/users/1001", "/users", "/v2/resourcegroups"] {
        answer_with(
            &server,
            "GET",
            at,
            ResponseTemplate::new(200).set_body_string("<html><title>Log in</title></html>"),
        )
        .await;
    }
    let errors = [
        client.user(&ctx(), "1001").await.unwrap_err(),
        all(client.users(&ctx())).await.unwrap_err(),
        client.resource_groups(&ctx()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains("Log in"), "{error}");
    }
}

#[tokio::test]
async fn a_list_with_something_else_in_it_is_refused() {
    for body in [json!([{"username": "1"}, 7]), json!({"users": []}), json!(null)] {
        let (server, client) = start().await;
        answer_with(&server, "GET", "/users", ResponseTemplate::new(200).set_body_json(&body)).await;
        assert_eq!(all(client.users(&ctx())).await.unwrap_err().kind(), ErrorKind::Protocol, "{body}");
    }
}

const MEGABYTE: usize = 1 << 20;

/// Answers with 100 MB in one piece of JSON, and counts the megabytes that were taken.
async fn endless(sent: Arc<AtomicUsize>, announced: bool) -> inplanning_api::InPlanning {
    raw(move |mut stream| {
        let sent = Arc::clone(&sent);
        async move {
            let length = if announced { format!("Content-Length: {}\r\n", 100 * MEGABYTE) } else { String::new() };
            let head = format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n[\"");
            let _ = stream.write_all(head.as_bytes()).await;
            let piece = vec![b'x'; MEGABYTE];
            for _ in 0..100 {
                if stream.write_all(&piece).await.is_err() {
                    return;
                }
                sent.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await
}

#[tokio::test]
async fn an_answer_of_100_megabytes_is_refused_before_it_is_whole() {
    for announced in [true, false] {
        let sent = Arc::new(AtomicUsize::new(0));
        let client = endless(Arc::clone(&sent), announced).await;
        assert_eq!(client.user(&ctx(), "1001").await.unwrap_err().kind(), ErrorKind::Protocol);
        let taken = sent.load(Ordering::SeqCst);
        assert!(taken < 60, "{taken} MB were taken");
    }
}

#[tokio::test]
async fn a_list_of_100_megabytes_is_refused_as_well() {
    let client = endless(Arc::default(), true).await;
    assert_eq!(all(client.users(&ctx())).await.unwrap_err().kind(), ErrorKind::Protocol);
}
