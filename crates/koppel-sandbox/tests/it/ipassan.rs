//! IPassan.

use koppel_sandbox::ipassan::Person;
use koppel_sandbox::{MissingPerson, Options};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Rig, finish};

async fn empty() -> Rig {
    Rig::start(Options::default().persons(0)).await
}

async fn create(rig: &Rig) -> Value {
    let form = [
        ("lastname", "Özdemir & Co"),
        ("firstname", "Renée"),
        ("phone", "+31612345678"),
        ("mail", "r@x.nl"),
        ("number", "1001"),
        ("type", "2"),
        ("other", "Custom Comment"),
    ];
    let answer = rig.person_form(Method::POST, "", &form).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

#[tokio::test]
async fn a_person_is_made_with_a_uuid_at_top_level_and_a_numeric_type() {
    let rig = empty().await;
    let person = create(&rig).await;
    let uuid = person["uuid"].as_str().unwrap();
    assert_eq!(person["lastname"], "Özdemir & Co");
    assert_eq!(person["phone"], "+31612345678");
    assert_eq!(person["type"], 2);
    assert!(person["architecture"].is_array());
    assert!(person["accessType"].is_null());
    assert_eq!(rig.person_get(&format!("/{uuid}")).await.json(), person);
}

#[tokio::test]
async fn nothing_keeps_a_number_unique() {
    let rig = empty().await;
    let (one, two) = (create(&rig).await, create(&rig).await);
    assert_ne!(one["uuid"], two["uuid"]);
    assert_eq!(rig.sandbox.ipassan().by_number("1001").len(), 2);
}

#[tokio::test]
async fn put_changes_only_what_it_names() {
    let rig = empty().await;
    let person = create(&rig).await;
    let below = format!("/{}", person["uuid"].as_str().unwrap());
    let answer = rig.person_form(Method::PUT, &below, &[("firstname", "Zoë"), ("other", "null")]).await;
    let mut expected = person;
    expected["firstname"] = json!("Zoë");
    expected["other"] = json!(null);
    assert_eq!(answer.json(), expected);
    assert_eq!(rig.person_get(&below).await.json(), expected);
}

#[tokio::test]
async fn bracket_keys_set_and_clear_a_profile_encoded_or_not() {
    let rig = empty().await;
    let uuid = create(&rig).await["uuid"].as_str().unwrap().to_owned();
    let guid = rig.profile("Verpleging");
    for (open, close) in [("[", "]"), ("%5B", "%5D"), ("%5b", "%5d")] {
        for (value, expected) in [(guid.as_str(), json!(guid)), ("null", json!(null))] {
            let request = rig
                .person(Method::PUT, &format!("/{uuid}"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("accessType{open}doorPermanent{close}={value}"));
            let answer = finish(request).await.unwrap().json();
            assert_eq!(answer["accessType"]["doorPermanent"], expected, "{open} {value}");
            assert!(answer["accessType"]["floorPermanent"].is_null());
        }
    }
}

#[tokio::test]
async fn an_unknown_profile_is_ignored_without_a_word() {
    let rig = empty().await;
    let uuid = create(&rig).await["uuid"].as_str().unwrap().to_owned();
    let below = format!("/{uuid}");
    let key = "accessType[doorPermanent]";
    let answer = rig.person_form(Method::PUT, &below, &[(key, "00000000-0000-4000-8000-000000000000")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.json()["accessType"].is_null());

    rig.person_form(Method::PUT, &below, &[(key, &rig.profile("Nachtdienst"))]).await;
    rig.person_form(Method::PUT, &below, &[(key, "unknown")]).await;
    assert_eq!(rig.sandbox.ipassan().door_profile(&uuid).as_deref(), Some("Nachtdienst"));

    let added = rig.sandbox.ipassan().add_profile("Kelder");
    rig.person_form(Method::PUT, &below, &[(key, &added)]).await;
    assert_eq!(rig.sandbox.ipassan().door_profile(&uuid).as_deref(), Some("Kelder"));
}

#[tokio::test]
async fn the_list_is_paged_to_its_end_with_a_number_for_a_cursor() {
    for persons in [0, 49, 50, 51, 120] {
        let rig = Rig::start(Options::default().persons(persons)).await;
        let (mut offset, mut pages) = (json!(0), 0);
        let mut seen = std::collections::HashSet::new();
        while !offset.is_null() {
            assert!(offset.is_u64());
            let page = rig.person_get(&format!("?limit=500&offset={offset}")).await.json();
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= 50);
            seen.extend(data.iter().map(|p| p["uuid"].as_str().unwrap().to_owned()));
            offset = page["next_cursor"].clone();
            pages += 1;
        }
        assert_eq!(seen.len(), persons);
        assert_eq!(pages, persons.div_ceil(50).max(1));
    }
}

#[tokio::test]
async fn bases_and_sites_are_listed_down_to_the_site_of_the_persons() {
    let rig = empty().await;
    let get = |path: String| finish(rig.ipassan(Method::GET, &path));
    let first = get("/api/v1/admin/base?limit=1&offset=0".into()).await.unwrap().json();
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
    assert_eq!(first["next_cursor"], 1);
    let base = &first["data"][0];
    assert!(base["name"].is_string() && base["displayname"].is_string());
    let path = format!("/api/v1/admin/base/{}/site", base["uuid"].as_str().unwrap());
    let sites = get(path).await.unwrap().json();
    assert_eq!(sites["data"][0]["uuid"], rig.sandbox.credentials().site_id);
    assert!(sites["next_cursor"].is_null());
    let answer = get("/api/v1/admin/base/no/site".into()).await.unwrap();
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_wrong_site_is_access_denied() {
    let rig = empty().await;
    let request = rig.ipassan(Method::GET, "/api/v1/access/site/no-site/person?limit=50&offset=0");
    let answer = finish(request).await.unwrap();
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.json(), json!({"error": {"message": "Access Denied"}}));
}

#[tokio::test]
async fn a_missing_person_is_a_body_without_uuid_or_404_as_the_option_says() {
    for (option, status) in
        [(MissingPerson::EmptyBody, StatusCode::OK), (MissingPerson::NotFound, StatusCode::NOT_FOUND)]
    {
        let rig = Rig::start(Options::default().persons(0).missing_person(option)).await;
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let request = rig.person(method, "/no-such-person").form(&[("other", "x")]);
            let answer = finish(request).await.unwrap();
            assert_eq!(answer.status, status);
            assert!(answer.json().get("uuid").is_none());
        }
    }
}

#[tokio::test]
async fn a_deleted_person_is_gone_and_the_others_stay_in_order() {
    let rig = Rig::start(Options::default().persons(10)).await;
    let before = rig.sandbox.ipassan().persons();
    let answer = finish(rig.person(Method::DELETE, &format!("/{}", before[3].uuid))).await.unwrap();
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let after = rig.sandbox.ipassan().persons();
    assert_eq!(after.len(), 9);
    assert_eq!(after[3], before[4]);
    assert!(rig.sandbox.ipassan().person(&before[3].uuid).is_none());
    assert_eq!(rig.sandbox.ipassan().person(&before[9].uuid).unwrap(), before[9]);
}

#[tokio::test]
async fn fields_that_cannot_be_are_refused_in_the_api_shape() {
    let rig = empty().await;
    let long = "x".repeat(256);
    for form in [
        vec![("firstname", "Jan")],
        vec![("lastname", "")],
        vec![("lastname", "Bos"), ("type", "9")],
        vec![("lastname", "Bos"), ("other", long.as_str())],
    ] {
        let answer = rig.person_form(Method::POST, "", &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.json()["error"]["message"].is_string());
    }
    let answer = finish(rig.person(Method::POST, "").json(&json!({"lastname": "Bos"}))).await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.sandbox.ipassan().count(), 0);
}

#[tokio::test]
async fn a_token_needs_scope_and_grant_type_and_errors_come_in_the_oauth_shape() {
    let rig = empty().await;
    let c = rig.sandbox.credentials().clone();
    let right = [
        ("grant_type", "client_credentials"),
        ("scope", "all"),
        ("client_id", c.ipassan_client_id.as_str()),
        ("client_secret", c.ipassan_client_secret.as_str()),
    ];
    for (field, value, error) in [
        ("grant_type", "password", "unsupported_grant_type"),
        ("scope", "some", "invalid_scope"),
        ("client_secret", "guess", "invalid_client"),
    ] {
        let form = right.map(|(k, v)| if k == field { (k, value) } else { (k, v) });
        let request = rig.http.post(format!("{}/api/v1/token", rig.sandbox.ipassan_url()));
        let answer = finish(request.form(&form)).await.unwrap();
        assert!(answer.status.is_client_error());
        assert_eq!(answer.json()["error"], error);
    }
}

#[tokio::test]
async fn tokens_live_side_by_side_until_they_are_revoked() {
    let rig = empty().await;
    rig.new_ipassan_token().await;
    assert_eq!(rig.person_get("").await.status, StatusCode::OK);
    rig.sandbox.ipassan().revoke_tokens();
    let answer = rig.person_get("").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.json()["error"]["message"].is_string());
}

#[tokio::test]
async fn persons_are_put_in_by_hand() {
    let rig = empty().await;
    let person = rig.sandbox.ipassan().insert(Person {
        lastname: "Bos".into(),
        number: Some("7".into()),
        kind: 3,
        ..Person::default()
    });
    assert_eq!(rig.person_get(&format!("/{}", person.uuid)).await.json()["type"], 3);
    rig.sandbox.ipassan().clear();
    assert_eq!(rig.sandbox.ipassan().count(), 0);
}
