//! Names with odd characters.

use koppel::ErrorKind;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::server::{answer, answer_with, ctx, requests, start};

#[tokio::test]
async fn i17_any_name_reaches_its_own_user() {
    let (server, client) = start().await;
    for (name, encoded) in [
        ("A/B ü", "A%2FB%20%C3%BC"),
        ("R&D", "R%26D"),
        ("a+b", "a%2Bb"),
        ("100%", "100%25"),
        ("x?y#z", "x%3Fy%23z"),
        ("..x", "..x"),
        ("back\\slash", "back%5Cslash"),
    ] {
        answer(&server, "GET", &format!("/users/{encoded}"), 200, json!({"username": name})).await;
        let user = client.user(&ctx(), name).await.unwrap().unwrap();
        assert_eq!(user.username().as_deref(), Some(name));
    }
    assert!(requests(&server).await.iter().all(|(_, place, _)| place.starts_with("/users/")));
}

#[tokio::test]
async fn a_name_that_cannot_stand_in_an_address_is_looked_for_in_the_list() {
    let (server, client) = start().await;
    answer(&server, "GET", "/users", 200, json!([{"username": "1001"}, {"username": ".."}])).await;
    assert!(client.user(&ctx(), "..").await.unwrap().is_some());
    assert!(client.user(&ctx(), ".").await.unwrap().is_none());
    assert!(client.user(&ctx(), "").await.unwrap().is_none());
    assert!(requests(&server).await.iter().all(|(_, place, _)| place == "/users?limit=0"));
}

#[tokio::test]
async fn a_server_that_refuses_an_encoded_slash_is_asked_for_the_list() {
    for status in [400, 404] {
        let (server, client) = start().await;
        answer_with(
            &server,
            "GET",
            "/users/A%2FB",
            ResponseTemplate::new(status).set_body_string("<h1>Bad Request</h1>"),
        )
        .await;
        answer(&server, "GET", "/users", 200, json!([{"username": "A"}, {"username": "A/B", "email": "x"}])).await;
        let user = client.user(&ctx(), "A/B").await.unwrap().unwrap();
        assert_eq!(user.text("email").as_deref(), Some("x"));
    }
}

#[tokio::test]
async fn error_211_is_believed_for_a_name_with_a_slash() {
    let (server, client) = start().await;
    answer(&server, "GET", "/users/A%2FB", 404, json!({"error_description": "211 - Object does not exist"})).await;
    assert!(client.user(&ctx(), "A/B").await.unwrap().is_none());
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn the_list_is_no_way_around_other_failures() {
    let (server, client) = start().await;
    answer(&server, "GET", "/users/A%2FB", 403, json!({"error": "no"})).await;
    assert_eq!(client.user(&ctx(), "A/B").await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(requests(&server).await.len(), 1);
}
