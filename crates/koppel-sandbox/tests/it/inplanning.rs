//! InPlanning's users and tokens.

use std::time::Duration;

use koppel_sandbox::Options;
use koppel_sandbox::inplanning::{Role, User};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::client::{Rig, finish};

async fn empty() -> Rig {
    Rig::start(Options::default().persons(0)).await
}

#[tokio::test]
async fn a_new_token_kills_the_previous_one_of_the_same_client() {
    let rig = empty().await;
    assert_eq!(rig.inplanning_get("/users?limit=0").await.status, StatusCode::OK);
    rig.new_inplanning_token().await;
    let answer = rig.inplanning_get("/users?limit=0").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"], "invalid_token");
}

#[tokio::test]
async fn the_clients_do_not_kill_each_others_tokens() {
    let rig = empty().await;
    let c = rig.sandbox.credentials().clone();
    let answer = rig.inplanning_form_token(&c.inplanning_username, &c.inplanning_password).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(rig.inplanning_get("/users?limit=0").await.status, StatusCode::OK);
}

#[tokio::test]
async fn basic_authentication_gets_a_token_below_the_admin_base_too() {
    let rig = empty().await;
    let c = rig.sandbox.credentials();
    let request = rig
        .http
        .post(format!("{}/token", rig.sandbox.inplanning_admin_url()))
        .basic_auth(&c.inplanning_username, Some(&c.inplanning_password))
        .form(&[("grant_type", "client_credentials")]);
    let token = finish(request).await.unwrap().json();
    assert_eq!(token["expires_in"], 3600);
    assert_eq!(token["token_type"], "Bearer");
    let request = rig
        .http
        .get(format!("{}/users?limit=0", rig.sandbox.inplanning_admin_url()))
        .bearer_auth(token["access_token"].as_str().unwrap());
    assert_eq!(finish(request).await.unwrap().text, "[]");
}

#[tokio::test]
async fn a_wrong_secret_is_an_invalid_client() {
    let rig = empty().await;
    let id = rig.sandbox.credentials().inplanning_client_id.clone();
    let answer = rig.inplanning_form_token(&id, "guess").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"], "invalid_client");
    assert!(answer.json()["error_description"].is_string());
}

#[tokio::test]
async fn an_expired_token_says_so_and_a_revoked_one_is_invalid() {
    let rig = Rig::start(Options::default().persons(0).token_lifetime(Duration::from_millis(1))).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let error = |answer: crate::client::Answer| answer.json()["error"].clone();
    assert_eq!(error(rig.inplanning_get("/users").await), "token_expired");
    rig.sandbox.inplanning().revoke_tokens();
    assert_eq!(error(rig.inplanning_get("/users").await), "invalid_token");

    let rig = empty().await;
    rig.sandbox.inplanning().expire_tokens();
    assert_eq!(error(rig.inplanning_get("/users").await), "token_expired");
}

#[tokio::test]
async fn a_missing_user_is_error_211_with_the_status_that_was_chosen() {
    for (options, status) in [
        (Options::default(), StatusCode::NOT_FOUND),
        (Options::default().not_found_status(500), StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let rig = Rig::start(options.persons(0)).await;
        let answer = rig.inplanning_get("/users/nobody").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error_description"], "211 - Object does not exist");
        let answer = rig.inplanning_json(Method::PUT, "/users", &json!({"username": "nobody"})).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error_description"], "211 - Object does not exist");
    }
}

#[tokio::test]
async fn a_user_is_made_once_and_read_back() {
    let rig = empty().await;
    let body = json!({"firstName": "Zoë", "username": "a/b c", "email": "z@x.nl", "lastName": "Özdemir",
        "active": "True", "userGroup": "Root", "resource": "1001"});
    let made = rig.inplanning_json(Method::POST, "/users", &body).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.json()["active"], true);
    let read = rig.inplanning_get("/users/a%2Fb%20c").await;
    assert_eq!(read.json(), made.json());
    assert_eq!(read.json()["lastName"], "Özdemir");

    let again = rig.inplanning_json(Method::POST, "/users", &body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(rig.sandbox.inplanning().users().len(), 1);
}

#[tokio::test]
async fn of_many_creates_at_once_for_one_username_one_wins() {
    let rig = empty().await;
    let body = json!({"username": "1001"});
    let all = (0..20).map(|_| rig.inplanning_json(Method::POST, "/users", &body));
    let answers = futures_util::future::join_all(all).await;
    assert_eq!(answers.iter().filter(|a| a.status == StatusCode::OK).count(), 1);
}

#[tokio::test]
async fn a_body_that_makes_no_user_is_refused_with_the_reason() {
    let rig = empty().await;
    for (body, expected) in [
        (json!({"firstName": "Jan"}), "username"),
        (json!({"username": " "}), "username"),
        (json!({"username": "1", "active": "maybe"}), "active"),
        (json!(["1"]), "expected an object"),
        (json!({"username": "1", "roles": [["Planner"]]}), "expected an object"),
        (json!({"username": "1", "roles": [{"resourceGroup": "NRD"}]}), "role"),
    ] {
        let answer = rig.inplanning_json(Method::POST, "/users", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let description = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.contains(expected), "{description}");
    }
    assert!(rig.sandbox.inplanning().users().is_empty());
}

#[tokio::test]
async fn put_replaces_the_user_and_loses_what_is_left_out() {
    let rig = empty().await;
    rig.sandbox.inplanning().put_user(User {
        username: "1001".into(),
        first_name: Some("Jan".into()),
        email: Some("j@x.nl".into()),
        active: true,
        roles: Some(vec![Role { role: "Planner".into(), ..Role::default() }]),
        ..User::default()
    });
    let answer = rig
        .inplanning_json(Method::PUT, "/users", &json!({"username": "1001", "firstName": "Johan", "active": true}))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let user = rig.sandbox.inplanning().user("1001").unwrap();
    assert_eq!(user.first_name.as_deref(), Some("Johan"));
    assert_eq!((user.email, user.roles), (None, None));
    let read = rig.inplanning_get("/users/1001").await.json();
    assert!(read["email"].is_null() && read["roles"].is_null());
}

#[tokio::test]
async fn a_change_shows_in_the_list_that_was_told_before() {
    let rig = Rig::start(Options::default().persons(3)).await;
    assert_eq!(rig.inplanning_get("/users?limit=0").await.json().as_array().unwrap().len(), 3);
    rig.inplanning_json(Method::POST, "/users", &json!({"username": "new"})).await;
    let list = rig.inplanning_get("/users?limit=0").await.json();
    assert_eq!(list[3]["username"], "new");
    rig.inplanning_json(Method::PUT, "/users", &json!({"username": "new", "lastName": "Bos"})).await;
    assert_eq!(rig.inplanning_get("/users?limit=0").await.json()[3]["lastName"], "Bos");
    assert!(rig.sandbox.inplanning().remove_user("new"));
    assert_eq!(rig.inplanning_get("/users?limit=0").await.json().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn roles_are_kept_or_normalised_as_the_option_says() {
    let body = json!({"username": "1", "roles": [{"role": "Medewerker", "resourceGroup": "NRD",
        "shiftGroup": "Company", "worklocationGroup": "n.v.t."}]});
    for (normalise, shift_group, worklocation) in
        [(false, json!("Company"), json!("n.v.t.")), (true, json!(null), json!(null))]
    {
        let rig = Rig::start(Options::default().persons(0).normalise_roles(normalise)).await;
        rig.inplanning_json(Method::POST, "/users", &body).await;
        let role = rig.inplanning_get("/users/1").await.json()["roles"][0].clone();
        assert_eq!((&role["shiftGroup"], &role["worklocationGroup"]), (&shift_group, &worklocation));
        assert_eq!(role["resourceGroup"], "NRD");
    }
}

#[tokio::test]
async fn lists_without_limit_end_after_a_page_and_limit_0_gives_all() {
    let rig = Rig::start(Options::default().persons(130)).await;
    for (path, expected) in [
        ("/users", 100),
        ("/users?limit=7", 7),
        ("/users?limit=0", 130),
        ("/humanresources", 100),
        ("/humanresources?limit=0", 130),
    ] {
        let list = rig.inplanning_get(path).await.json();
        assert_eq!(list.as_array().unwrap().len(), expected, "{path}");
    }
    assert_eq!(rig.inplanning_get("/users?limit=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_the_api_does_not_have_is_refused() {
    let rig = empty().await;
    let answer = finish(rig.inplanning(Method::DELETE, "/users/1001")).await.unwrap();
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(rig.inplanning_get("/usersx").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rig.sandbox.stats().unrouted, 1);
}
