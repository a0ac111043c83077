//! Answers that are not what the API promises.

use koppel::ErrorKind;
use koppel_http::Verdict;
use serde_json::Value;

use crate::server::{Reply, Server};
use crate::{builder, client, ctx};

#[tokio::test]
async fn html_instead_of_json_names_system_request_status_and_content() {
    let server = Server::start(|_| async { Reply::Full(200, vec![], b"<html><h1>Log in</h1></html>".to_vec()) }).await;
    let error = client(&server).get(&["users"]).send(&ctx()).await.unwrap().json::<Value>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    for part in ["Demo", "GET /users", "Log in", "BaseUrl"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(error.detail().unwrap().contains("HTTP 200"));
}

#[tokio::test]
async fn an_empty_body_and_another_shape_are_protocol_errors() {
    let server =
        Server::script([Reply::json(204, ""), Reply::json(200, "[1]"), Reply::json(200, "\u{feff}[\"x\"]")]).await;
    let (http, ctx) = (client(&server), ctx());
    let empty = http.get(&["a"]).send(&ctx).await.unwrap().json::<Value>().unwrap_err();
    assert!(empty.message().contains("the body is empty"), "{empty}");
    let other = http.get(&["a"]).send(&ctx).await.unwrap().json::<Vec<String>>().unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Protocol);
    let marked: Vec<String> = http.get(&["a"]).send(&ctx).await.unwrap().json().unwrap();
    assert_eq!(marked, ["x"]);
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_read() {
    let announced = Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n{".to_vec());
    let endless = Reply::Chunks(Box::new(std::iter::repeat(vec![b' '; 65536])));
    let server = Server::script([announced, endless]).await;
    for _ in 0..2 {
        let error = client(&server).get(&["users"]).send(&ctx()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains("more than 16777216 bytes"), "{error}");
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_change_with_an_unreadable_answer_may_have_been_made() {
    let server = Server::script([Reply::json(200, &" ".repeat(2000))]).await;
    let http = builder(&server).max_body(1000).build().unwrap();
    let error = http.post(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
}

#[tokio::test]
async fn each_status_has_its_kind_and_says_what_the_body_says() {
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        (401, ErrorKind::Auth),
        (403, ErrorKind::Denied),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (410, ErrorKind::NotFound),
        (418, ErrorKind::Protocol),
        (422, ErrorKind::Invalid),
        (501, ErrorKind::Transient),
    ] {
        let server = Server::script([Reply::json(status, r#"{"error":{"message":"because"}}"#)]).await;
        let error = client(&server).get(&["users", "7"]).send(&ctx()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error}");
        assert!(error.message().ends_with(": because"), "{error}");
        assert!(error.detail().unwrap().contains(&format!("HTTP {status}")));
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_names_the_host() {
    let server = Server::script([Reply::status(302, "location", "https://login.example/x?secret=1")]).await;
    let error = client(&server).get(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("login.example") && !error.to_string().contains("secret=1"), "{error}");
}

#[tokio::test]
async fn the_connector_reads_errors_in_its_own_way() {
    let missing = r#"{"error":"x","error_description":"211 - The object does not exist."}"#;
    let server = Server::script([Reply::json(500, missing)]).await;
    let http = builder(&server).classify(|answer| {
        if answer.error_text().starts_with("211 - ") {
            return Verdict::Error(answer.fault(ErrorKind::NotFound, "no such user"));
        }
        Verdict::of(answer)
    });
    let error = http.build().unwrap().get(&["users", "7"]).send(&ctx()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, "no such user: 211 - The object does not exist.")
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_packed_body_is_unpacked_and_one_that_breaks_off_is_asked_for_again() {
    // [1]
    let packed = vec![31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 139, 54, 140, 5, 0, 184, 50, 47, 76, 3, 0, 0, 0];
    let gzip = || vec![("content-encoding", "gzip".to_owned())];
    let half = packed[..12].to_vec();
    let server = Server::script([Reply::Full(200, gzip(), half), Reply::Full(200, gzip(), packed)]).await;
    let answer = client(&server).get(&["users"]).send(&ctx()).await.unwrap();
    assert_eq!(answer.json::<Vec<u8>>().unwrap(), [1]);
    assert!(server.seen()[0].headers["accept-encoding"].contains("gzip"));
    assert_eq!(server.seen().len(), 2);
}
