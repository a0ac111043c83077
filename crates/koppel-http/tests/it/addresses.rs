//! What goes out arrives as it was meant.

use koppel::ErrorKind;
use serde_json::json;

use crate::server::{Reply, Server};
use crate::{client, ctx};

#[tokio::test]
async fn odd_bytes_in_segments_and_queries_are_encoded() {
    let server = Server::start(|_| async { Reply::ok() }).await;
    let request = client(&server).get(&["users", "A/B ü", "&+%?#"]).query(&[("q", "a b&c=+"), ("l", "0")]);
    request.send(&ctx()).await.unwrap();
    assert_eq!(server.seen()[0].target, "/api/users/A%2FB%20%C3%BC/%26%2B%25%3F%23?q=a%20b%26c%3D%2B&l=0");
    assert!(server.seen()[0].headers["user-agent"].starts_with("koppel/"));
}

#[tokio::test]
async fn a_segment_that_leads_elsewhere_is_refused_and_nothing_is_sent() {
    let server = Server::start(|_| async { Reply::ok() }).await;
    for bad in ["", ".", ".."] {
        let error = client(&server).delete(&["users", bad]).send(&ctx()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("cannot be part of an address"), "{error}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_message_has_the_beginning_of_each_uuid_and_the_detail_all_of_it() {
    let server = Server::script([Reply::json(404, ""), Reply::json(400, "no")]).await;
    let id = "7f0c0000-0000-4000-8000-00000000000a";
    for message in ["Demo does not know /site/7f0c0000…/x", "Demo refused GET /site/7f0c0000…/x: no"] {
        let error = client(&server).get(&["site", id, "x"]).send(&ctx()).await.unwrap_err();
        assert_eq!(error.message(), message);
        assert!(error.detail().unwrap().contains(id), "{error:?}");
    }
}

#[tokio::test]
async fn forms_have_encoded_brackets_and_a_real_plus() {
    let server = Server::start(|_| async { Reply::ok() }).await;
    let pairs = [("accessType[doorPermanent]".to_owned(), "null".to_owned()), ("phone".to_owned(), "+31 é".to_owned())];
    client(&server).put(&["person"]).form(&pairs).send(&ctx()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.body, "accessType%5BdoorPermanent%5D=null&phone=%2B31+%C3%A9");
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn json_is_marked_as_utf8() {
    let server = Server::start(|_| async { Reply::ok() }).await;
    client(&server).post(&["users"]).json(&json!({"name": "Zoë"})).send(&ctx()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.body.as_str()), ("POST", r#"{"name":"Zoë"}"#));
    assert_eq!(seen.headers["content-type"], "application/json;charset=utf-8");
}
