//! Every endpoint: what is sent, and what is made of the answer.

use inplanning_api::{Credentials, Shift};
use jiff::civil::{Date, date};
use koppel::{ErrorKind, Secret};
use serde_json::{Map, Value, json};
use wiremock::ResponseTemplate;

use crate::server::{SECRET, all, answer, answer_with, client_with, ctx, requests, start};

const START: Date = date(2026, 6, 1);
const END: Date = date(2026, 6, 4);

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

async fn token_request(server: &wiremock::MockServer) -> (String, Option<String>) {
    let all = server.received_requests().await.unwrap();
    let request = all.iter().find(|request| request.url.path() == "/rest/api/token").unwrap();
    let header = request.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    (String::from_utf8(request.body.clone()).unwrap(), header)
}

#[tokio::test]
async fn the_target_sends_its_credentials_in_the_body() {
    let (server, client) = start().await;
    answer(&server, "GET", "/users", 200, json!([])).await;
    client.check(&ctx()).await.unwrap();
    let (body, header) = token_request(&server).await;
    assert!(
        body.contains(&format!("client_id=client&client_secret={SECRET}"))
            && body.contains("grant_type=client_credentials"),
        "{body}"
    );
    assert_eq!(header, None);
}

#[tokio::test]
async fn the_source_sends_its_credentials_as_basic_in_utf_8() {
    let (server, _) = start().await;
    answer(&server, "GET", "/users", 200, json!([])).await;
    let basic = Credentials::Basic { username: "user".into(), password: Secret::new("pässword") };
    client_with(&format!("{}/rest/api", server.uri()), basic).check(&ctx()).await.unwrap();
    let (body, header) = token_request(&server).await;
    assert_eq!(body, "grant_type=client_credentials");
    assert_eq!(header.as_deref(), Some("Basic dXNlcjpww6Rzc3dvcmQ="));
}

#[tokio::test]
async fn users_are_all_asked_for_at_once_and_read_tolerantly() {
    let (server, client) = start().await;
    let list = json!([
        {"username": "1001", "active": true, "roles": [{"role": "Planner"}]},
        {"username": "1002", "active": "False", "roles": null, "new": {"key": 1}},
        {"username": null},
    ]);
    answer(&server, "GET", "/users", 200, list.clone()).await;
    let users = all(client.users(&ctx())).await.unwrap();
    assert_eq!(serde_json::to_value(&users).unwrap(), list);
    assert_eq!(
        users.iter().map(|user| (user.active(), user.roles().unwrap().len())).collect::<Vec<_>>(),
        [(Some(true), 1), (Some(false), 0), (None, 0),]
    );
    assert_eq!(requests(&server).await[0].1, "/users?limit=0");
}

#[tokio::test]
async fn one_user_is_read_by_name() {
    let (server, client) = start().await;
    answer(&server, "GET", "/users/1001", 200, json!({"username": "1001", "resource": "R1"})).await;
    let user = client.user(&ctx(), "1001").await.unwrap().unwrap();
    assert_eq!(user.resource().as_deref(), Some("R1"));
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_refused() {
    let (server, client) = start().await;
    answer(&server, "GET", "/users/1001", 200, json!({"username": "1002"})).await;
    answer(&server, "GET", "/users/1003", 200, json!({"name": "x"})).await;
    answer(&server, "GET", "/users/1004", 200, json!([{"username": "1004"}])).await;
    for name in ["1001", "1003", "1004"] {
        let error = client.user(&ctx(), name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().starts_with(&format!("could not read user [{name}]: InPlanning answered")), "{error}");
    }
}

#[tokio::test]
async fn a_user_is_made_and_answered() {
    let (server, client) = start().await;
    let sent = json!({"username": "1001", "firstName": "Zoë", "active": true});
    answer(&server, "POST", "/users", 200, json!({"username": "1001", "id": 7})).await;
    let user = client.create_user(&ctx(), &object(&sent)).await.unwrap().unwrap();
    assert_eq!(user.raw().get("id"), Some(&json!(7)));
    assert_eq!(requests(&server).await, [("POST".into(), "/users".into(), sent)]);
}

#[tokio::test]
async fn i29_bodies_are_utf_8_json() {
    let (server, client) = start().await;
    answer_with(&server, "PUT", "/users", ResponseTemplate::new(204)).await;
    client.put_user(&ctx(), &object(&json!({"username": "1001", "lastName": "Müller"}))).await.unwrap();
    let all = server.received_requests().await.unwrap();
    let put = all.iter().find(|request| request.method.as_str() == "PUT").unwrap();
    let kinds: Vec<_> = put.headers.get_all("content-type").iter().collect();
    assert_eq!(kinds.len(), 1);
    assert_eq!(kinds[0].to_str().unwrap().replace(' ', ""), "application/json;charset=utf-8");
    assert!(std::str::from_utf8(&put.body).unwrap().contains("Müller"));
}

#[tokio::test]
async fn a_create_that_is_answered_with_something_else_gives_no_user() {
    for template in [
        ResponseTemplate::new(200).set_body_string("OK"),
        ResponseTemplate::new(201),
        ResponseTemplate::new(200).set_body_json(json!([])),
    ] {
        let (server, client) = start().await;
        answer_with(&server, "POST", "/users", template).await;
        assert!(client.create_user(&ctx(), &object(&json!({"username": "1"}))).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn human_resources_come_with_their_employments() {
    let (server, client) = start().await;
    let list = json!([{"uname": "1001", "externalId": "P1001", "labourHists": [{"startDate": "2020-01-01", "endDate": null}]}, {"uname": "1002"}]);
    answer(&server, "GET", "/humanresources", 200, list).await;
    let people = all(client.human_resources(&ctx())).await.unwrap();
    assert_eq!(
        (people[0].employments()[0].start, people[0].text("externalId").as_deref()),
        (Some(date(2020, 1, 1)), Some("P1001"))
    );
    assert!(people[1].employments().is_empty());
    assert_eq!(requests(&server).await[0].1, "/humanresources?limit=0");
}

#[tokio::test]
async fn resource_groups_are_read() {
    let (server, client) = start().await;
    answer(&server, "GET", "/v2/resourcegroups", 200, json!([{"uname": "NRD", "name": "Noord", "parent": "ZORG"}]))
        .await;
    let groups = client.resource_groups(&ctx()).await.unwrap();
    assert_eq!(groups[0].parent.as_deref(), Some("ZORG"));
}

#[tokio::test]
async fn the_roster_of_a_person_is_read() {
    let (server, client) = start().await;
    let roster = json!({"days": [{"rosterDate": "2026-06-01", "absence": null, "parts": [{"shift": {"uname": "07:00-15:30 Vroeg"}}]}]});
    answer(&server, "GET", "/roster/resourceRoster", 200, roster).await;
    let days = client.resource_roster(&ctx(), "A/B & ü+%", START, END).await.unwrap().unwrap();
    assert_eq!(days[0].parts[0].shift.as_ref().and_then(Shift::uname).as_deref(), Some("07:00-15:30 Vroeg"));
    let sent = "/roster/resourceRoster?resource=A%2FB%20%26%20%C3%BC%2B%25&startDate=2026-06-01&endDate=2026-06-04";
    assert_eq!(requests(&server).await[0].1, sent);
}

#[tokio::test]
async fn the_roster_of_a_group_is_read() {
    let (server, client) = start().await;
    let roster = json!({"resourceRosters": [{"uname": "1001", "days": [{"rosterDate": "2026-06-01", "parts": []}]}, {"uname": 1002, "days": null}]});
    answer(&server, "GET", "/roster/groupRoster", 200, roster).await;
    let people = all(client.group_rosters(&ctx(), "NRD", START, END)).await.unwrap();
    assert_eq!(
        people.iter().map(|person| (person.uname.as_deref(), person.days.len())).collect::<Vec<_>>(),
        [(Some("1001"), 1), (Some("1002"), 0)]
    );
    assert_eq!(
        requests(&server).await[0].1,
        "/roster/groupRoster?resourceGroup=NRD&startDate=2026-06-01&endDate=2026-06-04"
    );
}

#[tokio::test]
async fn an_answer_without_a_roster_is_not_a_person_without_shifts() {
    let (server, client) = start().await;
    answer(&server, "GET", "/roster/resourceRoster", 200, json!({})).await;
    answer(&server, "GET", "/roster/groupRoster", 200, json!({"days": []})).await;
    assert_eq!(client.resource_roster(&ctx(), "1", START, END).await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(all(client.group_rosters(&ctx(), "1", START, END)).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_person_or_group_that_is_not_there_has_no_roster() {
    let (server, client) = start().await;
    let missing = json!({"error": "not_found", "error_description": "211 - resource: The item you\u{27}re trying to edit does not exist."});
    answer(&server, "GET", "/roster/resourceRoster", 400, missing.clone()).await;
    answer(&server, "GET", "/roster/groupRoster", 404, missing).await;
    assert_eq!(client.resource_roster(&ctx(), "1", START, END).await.unwrap(), None);
    assert_eq!(all(client.group_rosters(&ctx(), "1", START, END)).await.unwrap_err().kind(), ErrorKind::NotFound);
}
