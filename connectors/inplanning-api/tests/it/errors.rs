//! What error answers mean.

use inplanning_api::InPlanning;
use koppel::{Error, ErrorKind};
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::server::{SECRET, answer, answer_with, ctx, start};

async fn answering(status: u16, body: &str) -> (MockServer, InPlanning) {
    let (server, client) = start().await;
    answer_with(&server, "GET", "/users/1001", ResponseTemplate::new(status).set_body_string(body)).await;
    (server, client)
}

async fn failure(status: u16, body: &str) -> Error {
    let (_server, client) = answering(status, body).await;
    client.user(&ctx(), "1001").await.unwrap_err()
}

#[tokio::test]
async fn every_form_of_error_211_means_missing_whatever_the_status() {
    for (status, body) in [
        (404, r#"{"error":"x","error_description":"211 - Object does not exist"}"#),
        (400, r#"{"error":"x","error_description":"211 - The object does not exist."}"#),
        (
            500,
            r#"{"error":"x","error_description":"211 - resource: The item you\u0027re trying to edit does not exist."}"#,
        ),
        (422, r#"{"message":"211 - The object does not exist."}"#),
        (404, r#"{"error":"211 - The object does not exist."}"#),
        (404, "211 - Object does not exist"),
    ] {
        let (_server, client) = answering(status, body).await;
        assert_eq!(client.user(&ctx(), "1001").await.unwrap(), None, "{status} {body}");
    }
}

#[tokio::test]
async fn i5_no_status_by_itself_means_missing() {
    for (status, body) in [
        (404, ""),
        (404, "<html><h1>404 Not Found</h1></html>"),
        (404, r#"{"error":"no_route"}"#),
        (410, r#"{"error_description":"gone"}"#),
        (400, r#"{"error_description":"2110 - something else"}"#),
        (400, r#"{"error_description":"the user 211 - does not exist"}"#),
        (403, r#"{"error_description":"12 - No right to do this"}"#),
        (409, "{}"),
    ] {
        let error = failure(status, body).await;
        assert_ne!(error.kind(), ErrorKind::NotFound, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn i24_i25_the_reason_of_the_api_is_in_the_message_whatever_its_shape() {
    for (body, reason) in [
        (r#"{"error":"invalid","error_description":"17 - The e\u002dmail is wrong"}"#, "17 - The e-mail is wrong"),
        (r#"{"message":"The e-mail is wrong"}"#, "The e-mail is wrong"),
        (r#"{"error":{"message":"The e-mail is wrong"}}"#, "The e-mail is wrong"),
        (r#"{"error":"wrong_mail"}"#, "wrong_mail"),
        ("no JSON at all", "no JSON at all"),
        ("<html><body><p>Proxy says no</p></body></html>", "Proxy says no"),
        (r#"{"fault":17}"#, r#"{"fault":17}"#),
    ] {
        let error = failure(400, body).await;
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let message = error.message();
        assert!(
            message.starts_with("could not read user [1001]: InPlanning refused GET /users/1001: ")
                && message.ends_with(reason),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_error_says_by_its_kind_what_to_do() {
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        (403, ErrorKind::Denied),
        (404, ErrorKind::Protocol),
        (405, ErrorKind::Protocol),
        (302, ErrorKind::Protocol),
    ] {
        assert_eq!(failure(status, "{}").await.kind(), kind, "{status}");
    }
    assert!(failure(404, "{}").await.hint().unwrap().contains("BaseUrl"));
}

#[tokio::test]
async fn a_user_that_exists_already_is_a_conflict() {
    for (status, text) in [
        (409, "no"),
        (400, "username: an object with the name 1001 exists already"),
        (500, "14 - Duplicate key"),
        (422, "Gebruiker bestaat al"),
    ] {
        let (server, client) = start().await;
        let body = json!({"error": "x", "error_description": text});
        answer_with(&server, "POST", "/users", ResponseTemplate::new(status).set_body_json(body)).await;
        let user = json!({"username": "1001"});
        let error = client.create_user(&ctx(), user.as_object().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{status} {text}: {error}");
        assert!(
            error.message().starts_with("could not create user [1001]: ") && error.message().ends_with(text),
            "{error}"
        );
    }
}

#[tokio::test]
async fn error_211_in_answer_to_a_change_is_not_a_missing_user() {
    for verb in ["POST", "PUT"] {
        let (server, client) = start().await;
        let body = json!({"error": "x", "error_description": "211 - userGroup: The item you're trying to edit does not exist."});
        answer_with(&server, verb, "/users", ResponseTemplate::new(404).set_body_json(body)).await;
        let user = json!({"username": "1001"}).as_object().cloned().unwrap();
        let error = match verb {
            "POST" => client.create_user(&ctx(), &user).await.unwrap_err(),
            _ => client.put_user(&ctx(), &user).await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("211 - userGroup"), "{error}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_not_a_missing_user_and_show_no_secret() {
    let server = MockServer::start().await;
    let body = json!({"error": "invalid_client", "error_description": format!("bad secret {SECRET}")});
    answer_with(&server, "POST", "/token", ResponseTemplate::new(401).set_body_json(body)).await;
    let client = crate::server::client_with(&format!("{}/rest", server.uri()), crate::server::body_credentials());
    let error = client.user(&ctx(), "1001").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(
        error.hint().unwrap().contains("ClientId and ClientSecret") && !format!("{error:?}").contains(SECRET),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_error_in_an_answer_that_says_it_succeeded_is_an_error_all_the_same() {
    let (server, client) = start().await;
    let gone = json!({"error": "not_found", "error_description": "211 - Object does not exist"});
    let refused = json!({"error": "denied", "error_description": "17 - not allowed"});
    answer(&server, "GET", "/users/1", 200, gone.clone()).await;
    answer(&server, "GET", "/roster/resourceRoster", 200, gone).await;
    answer(&server, "POST", "/users", 200, refused.clone()).await;
    answer(&server, "PUT", "/users", 200, refused).await;
    assert!(client.user(&ctx(), "1").await.unwrap().is_none());
    let day = jiff::civil::date(2026, 6, 1);
    assert_eq!(client.resource_roster(&ctx(), "1", day, day).await.unwrap(), None);
    let user = json!({"username": "1"});
    let error = client.create_user(&ctx(), user.as_object().unwrap()).await.unwrap_err();
    assert!(error.message().contains("17 - not allowed"), "{error}");
    assert!(client.put_user(&ctx(), user.as_object().unwrap()).await.is_err());
}

/// What a change of a user comes to with this answer.
async fn change(body: &str) -> koppel::Result<()> {
    let (server, client) = start().await;
    answer_with(&server, "PUT", "/users", ResponseTemplate::new(200).set_body_string(body)).await;
    client.put_user(&ctx(), json!({"username": "1"}).as_object().unwrap()).await
}

#[tokio::test]
async fn an_error_has_any_shape() {
    for error in [
        r#"{"error":{"code":17}}"#,
        r#"{"error":{"message":"17 - not allowed"}}"#,
        r#"{"error":17}"#,
        r#"{"error":true}"#,
        r#"{"error":["x"]}"#,
    ] {
        let error = change(error).await.unwrap_err();
        assert!(error.message().contains("17") || error.message().contains("error"), "{error}");
    }
}

#[tokio::test]
async fn the_answer_to_a_change_is_nothing_or_json() {
    for fine in
        ["", " \r\n", "null", "[]", "\"ok\"", "0", "{}", r#"{"error":null}"#, r#"{"error":false}"#, r#"{"error":""}"#]
    {
        change(fine).await.unwrap();
    }
    for odd in ["<html>Log in</html>", r#"{"username":"1","#, "ok"] {
        let error = change(odd).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{odd}: {error}");
        assert!(error.message().starts_with("could not change user [1]: "), "{error}");
    }
}
