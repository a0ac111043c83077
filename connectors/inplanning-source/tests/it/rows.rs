//! What older scripts do wrong, by the numbers under which it is written down.

use base64::Engine as _;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Tenant, ctx, day, get, ids, missing, ok, refused, source};

async fn one_person(shifts: &[&str], more: Value) -> Value {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([{"uname": "NRD", "name": "Noord", "parent": "ZORG"}])).await;
    tenant.roster("1001", json!([day("2026-06-01", shifts)])).await;
    tenant.persons(more, &ctx()).await.unwrap().remove(0)
}

#[tokio::test]
async fn s1_a_night_shift_ends_on_the_next_day() {
    let person = one_person(&["22:30-07:00 Nacht"], json!({})).await;
    assert_eq!(person["Contracts"][0]["startAt"], "2026-06-01T22:30:00+02:00");
    assert_eq!(person["Contracts"][0]["endAt"], "2026-06-02T07:00:00+02:00");
}

#[tokio::test]
async fn s2_the_old_form_of_times_can_be_kept() {
    let person = one_person(&["22:30-07:00 Nacht"], json!({"contractTimes": "legacy-utc"})).await;
    assert_eq!(person["Contracts"][0]["startAt"], "2026-06-01T22:30:00Z");
    assert_eq!(person["Contracts"][0]["endAt"], "2026-06-02T07:00:00Z");
}

#[tokio::test]
async fn s3_both_dates_of_a_shift_without_hours_are_there() {
    for (option, start, end) in [
        ("whole-day", "2026-06-01T00:00:00+02:00", "2026-06-02T00:00:00+02:00"),
        ("legacy-zero", "2026-06-01T00:00:00+02:00", "2026-06-01T00:00:00+02:00"),
    ] {
        let person = one_person(&["Dag"], json!({"unknownShift": option})).await;
        assert_eq!(
            (&person["Contracts"][0]["startAt"], &person["Contracts"][0]["endAt"]),
            (&json!(start), &json!(end))
        );
    }
}

#[tokio::test]
async fn s4_ids_of_contracts_are_of_the_day_or_of_the_shift() {
    let id = |person: Value| person["Contracts"][1]["externalId"].clone();
    assert_eq!(id(one_person(&["0700-0900", "1000-1200"], json!({})).await), "1001-2026-06-01-2");
    let stable = json!({"contractId": "stable"});
    assert_eq!(id(one_person(&["0700-0900", "1000-1200"], stable).await), "1001-2026-06-01-10:00-12:00-NRD-1");
}

#[tokio::test]
async fn s5_users_that_share_a_resource_are_one_person_and_users_without_one_are_nobody() {
    let tenant = Tenant::start().await;
    let user = |name: &str, active: Value, resource: Value| json!({"username": name, "firstName": name, "active": active, "resource": resource});
    tenant
        .users(json!([
            user("old", json!("False"), json!("1001")),
            user("jan", json!("True"), json!("1001")),
            user("admin", json!(true), json!("1001")),
            user("n1", json!(true), json!(null)),
            user("n2", json!(true), json!(null)),
        ]))
        .await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    let ctx = ctx();
    let persons = tenant.persons(json!({}), &ctx).await.unwrap();
    assert_eq!(persons.len(), 1);
    assert_eq!(persons[0]["DisplayName"], "jan (1001)");
    assert_eq!(ctx.warnings().len(), 1, "{:?}", ctx.warnings());
    assert_eq!(tenant.requests("/roster").await.len(), 1);
}

#[tokio::test]
async fn s6_a_blank_resource_is_not_asked_for() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["", "  ", "1001"]).await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    assert_eq!(ids(&tenant.persons(json!({}), &ctx()).await.unwrap()), ["1001"]);
    assert_eq!(tenant.requests("/roster").await.len(), 1);
}

#[tokio::test]
async fn s7_a_resource_is_encoded() {
    let resource = "a b&c=d/é+#1%";
    let tenant = Tenant::start().await;
    tenant.users_of(&[resource]).await;
    tenant.groups(json!([])).await;
    tenant.roster(resource, json!([day("2026-06-01", &["0700-1530"])])).await;
    assert_eq!(ids(&tenant.persons(json!({}), &ctx()).await.unwrap()), [resource]);
}

#[tokio::test]
async fn s8_a_roster_of_a_single_shift_is_a_contract() {
    let person = one_person(&["07:00-15:30"], json!({})).await;
    assert_eq!(person["Contracts"].as_array().unwrap().len(), 1);
    assert_eq!(person["Contracts"][0]["parentGroup"], "ZORG");
}

#[tokio::test]
async fn s10_the_reason_of_a_failure_is_told() {
    for (body, reason) in [
        (json!({"error": "x", "error_description": "De planning is gesloten"}), "De planning is gesloten"),
        (json!({"message": "Periode ligt te ver terug"}), "Periode ligt te ver terug"),
    ] {
        let tenant = Tenant::start().await;
        tenant.users_of(&["1001"]).await;
        tenant.groups(json!([])).await;
        tenant.roster_answer("1001", ResponseTemplate::new(400).set_body_json(body)).await;
        let error = tenant.persons(json!({}), &ctx()).await.unwrap_err();
        assert!(error.message().contains(reason) && error.message().contains("[1001]"), "{error}");
    }
}

#[tokio::test]
async fn s11_a_resource_that_is_not_known_has_no_shifts() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002"]).await;
    tenant.groups(json!([])).await;
    tenant.roster_answer("1001", missing()).await;
    tenant.roster("1002", json!([day("2026-06-01", &["0700-1530"])])).await;
    assert_eq!(ids(&tenant.persons(json!({}), &ctx()).await.unwrap()), ["1002"]);
}

#[tokio::test]
async fn s12_every_key_that_a_mapping_reads_is_there() {
    let person = one_person(&["07:00-15:30"], json!({})).await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&person),
        ["Contracts", "DisplayName", "Email", "ExternalId", "FirstName", "LastName", "PhoneNumber"]
    );
    let contract = [
        "endAt",
        "externalId",
        "functioncode",
        "functionname",
        "group",
        "labourHist",
        "labourHistGroup",
        "parentGroup",
        "shift",
        "startAt",
    ];
    assert_eq!(keys(&person["Contracts"][0]), contract);
}

#[tokio::test]
async fn s13_diacritics_arrive() {
    let tenant = Tenant::start().await;
    let users =
        json!([{"username": "z", "firstName": "Zoë", "lastName": "Müller-Łukasz", "active": true, "resource": "1001"}])
            .to_string();
    Mock::given(method("GET"))
        .and(query_param("limit", "0"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(users, "application/json"))
        .mount(&tenant.0)
        .await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    let persons = tenant.persons(json!({}), &ctx()).await.unwrap();
    assert_eq!(persons[0]["DisplayName"], "Zoë Müller-Łukasz (1001)");
}

#[tokio::test]
async fn s14_days_of_absence_are_left_out_unless_they_are_kept() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([])).await;
    let mut away = day("2026-06-01", &["0700-1530"]);
    away["absence"] = json!({"uname": "ZIEK"});
    tenant.roster("1001", json!([away])).await;
    assert!(tenant.persons(json!({}), &ctx()).await.unwrap().is_empty());
    assert_eq!(tenant.persons(json!({"absence": "keep"}), &ctx()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn s15_a_password_may_have_any_letter() {
    let tenant = Tenant::start().await;
    tenant.groups(json!([])).await;
    tenant.mount(get("/users"), ok(&json!([]))).await;
    let config = tenant.config(json!({"Password": "wáchtwoord-€-☂"}));
    source(&config).unwrap().check(&ctx()).await.unwrap();
    let sent = tenant.requests("/token").await.remove(0);
    let expected = base64::engine::general_purpose::STANDARD.encode("koppel:wáchtwoord-€-☂");
    assert_eq!(sent.headers["authorization"], format!("Basic {expected}"));
    assert_eq!(String::from_utf8(sent.body).unwrap(), "grant_type=client_credentials");
}

#[tokio::test]
async fn s16_a_token_that_is_refused_is_fetched_anew_once() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([])).await;
    let refused = ResponseTemplate::new(400)
        .set_body_json(json!({"error": "invalid_token", "error_description": "Invalid access token"}));
    get("/roster/resourceRoster").respond_with(refused).up_to_n_times(1).with_priority(1).mount(&tenant.0).await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    assert_eq!(tenant.persons(json!({}), &ctx()).await.unwrap().len(), 1);
    assert_eq!(tenant.requests("/token").await.len(), 2);
}

#[tokio::test]
async fn s17_every_retry_counts_once_and_no_parent_group_is_passed_on() {
    let tenant = Tenant::start().await;
    let fails = ResponseTemplate::new(503);
    Mock::given(method("POST")).respond_with(fails).up_to_n_times(3).with_priority(1).mount(&tenant.0).await;
    tenant.users_of(&["1001"]).await;
    tenant.groups(json!([{"uname": "NRD", "parent": "ZORG"}])).await;
    let mut roster = day("2026-06-01", &["0700-0900", "1000-1200"]);
    roster["parts"][1]["group"] = json!({"uname": "X", "externalId": null});
    tenant.roster("1001", json!([roster])).await;
    let persons = tenant.persons(json!({}), &ctx()).await.unwrap();
    let parents: Vec<&Value> =
        persons[0]["Contracts"].as_array().unwrap().iter().map(|contract| &contract["parentGroup"]).collect();
    assert_eq!(parents, [&json!("ZORG"), &json!(null)]);
}

#[tokio::test]
async fn s18_the_window_is_counted_from_the_day_in_the_zone() {
    // In UTC it is still 31 May.
    for (more, start, end) in [
        (json!({}), "2026-05-31", "2026-06-03"),
        (json!({"timeZone": "UTC"}), "2026-05-30", "2026-06-02"),
        (json!({"HistoricalDays": 0, "FutureDays": "0"}), "2026-06-01", "2026-06-01"),
    ] {
        let tenant = Tenant::start().await;
        tenant.users_of(&["1001"]).await;
        tenant.groups(json!([])).await;
        let asked = get("/roster/resourceRoster").and(query_param("startDate", start)).and(query_param("endDate", end));
        asked
            .and(header("authorization", "Bearer token-1"))
            .respond_with(ok(&json!({"days": []})))
            .expect(1)
            .mount(&tenant.0)
            .await;
        tenant.persons(more, &ctx()).await.unwrap();
    }
}

#[tokio::test]
async fn s19_who_has_no_shifts_is_not_given() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002", "1003"]).await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([])).await;
    tenant.roster("1002", json!([day("2026-06-01", &[])])).await;
    tenant.roster("1003", json!([day("2026-06-01", &["0700-1530"])])).await;
    assert_eq!(ids(&tenant.persons(json!({}), &ctx()).await.unwrap()), ["1003"]);
}

#[tokio::test]
async fn s20_departments_have_parents_that_exist() {
    use futures_util::TryStreamExt;
    let tenant = Tenant::start().await;
    tenant.groups(json!([{"uname": "NRD", "name": "Noord", "parent": "ZORG"}, {"uname": "ZORG", "name": null, "parent": "GONE"}])).await;
    let (source, ctx) = (source(&tenant.config(json!({}))).unwrap(), ctx());
    let departments: Vec<_> = source.departments(&ctx).try_collect().await.unwrap();
    assert_eq!(
        serde_json::to_value(departments).unwrap(),
        json!([
            {"ExternalId": "NRD", "DisplayName": "Noord", "ManagerExternalId": null, "ParentExternalId": "ZORG"},
            {"ExternalId": "ZORG", "DisplayName": "ZORG", "ManagerExternalId": null, "ParentExternalId": null},
        ])
    );
    assert!(ctx.warnings()[0].contains("[GONE]"));
}

#[tokio::test]
async fn s9_no_failure_leaves_anybody_out_in_silence() {
    let tenant = Tenant::start().await;
    tenant.users_of(&["1001", "1002", "1003"]).await;
    tenant.groups(json!([])).await;
    tenant.roster("1001", json!([day("2026-06-01", &["0700-1530"])])).await;
    tenant.roster_answer("1002", refused("De planning is gesloten")).await;
    tenant.roster("1003", json!([day("2026-06-01", &["0700-1530"])])).await;
    let error = tenant.persons(json!({}), &ctx()).await.unwrap_err();
    assert!(error.message().contains("[1002]"), "{error}");
}
