//! The configuration: what is taken, what is refused, and the form that follows from it.

use koppel::{Connector, ErrorKind, Kind};
use serde_json::{Value, json};

use crate::support::{connector, source};

fn config(more: &Value) -> Value {
    let mut config = json!({
        "Username": "u", "Password": "secret-word", "BaseUrl": "https://x.rooster.nl/InPlanningServiceAdmin/rest", "HistoricalDays": "1", "FutureDays": 2,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

fn faults(config: &Value) -> Vec<String> {
    let error = connector().build(config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.faults().iter().map(|fault| fault.path.clone()).collect()
}

#[test]
fn the_keys_of_the_public_form_are_enough() {
    source(&config(&json!({}))).unwrap();
    let form = json!({
        "username": "u", "PASSWORD": "secret-word", "baseUrl": "https://x.rooster.nl/rest/api/", "historicaldays": "0", "futureDays": "400",
        "time_zone": "America/New_York", "contractTimes": "Legacy-UTC", "unknownShift": "legacyzero", "people": "HumanResources",
        "maxRosterFailures": "", "concurrency": "64", "allowInsecureHttp": "false", "isDebug": true,
    });
    source(&form).unwrap();
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    assert_eq!(faults(&json!({})), ["BaseUrl", "FutureDays", "HistoricalDays", "Password", "Username"]);
}

#[test]
fn an_unknown_time_zone_is_a_fault_at_its_place() {
    for zone in ["Europe/Amsterdan", "CEST+2", "+02:00", "Etc/Unknown", "../etc/passwd"] {
        assert_eq!(faults(&config(&json!({"timeZone": zone}))), ["timeZone"], "{zone}");
    }
    source(&config(&json!({"timeZone": "europe/brussels"}))).unwrap();
}

#[test]
fn s18_days_are_whole_numbers_from_0_to_400() {
    for days in [json!(-1), json!("-1"), json!(401), json!("1.5"), json!("a week"), json!("")] {
        assert_eq!(
            faults(&config(&json!({"HistoricalDays": days, "FutureDays": days}))),
            ["FutureDays", "HistoricalDays"],
            "{days}"
        );
    }
}

#[test]
fn other_values_that_mean_nothing_are_faults() {
    let wrong = json!({
        "BaseUrl": "x.rooster.nl", "timeZone": "Nowhere", "contractTimes": "utc", "roster": "all", "people": "both", "unknownShift": "drop",
        "absence": "yes", "contractId": "random", "maxRosterFailures": -1, "concurrency": 0,
    });
    let paths = [
        "BaseUrl",
        "absence",
        "concurrency",
        "contractId",
        "contractTimes",
        "maxRosterFailures",
        "people",
        "roster",
        "timeZone",
        "unknownShift",
    ];
    assert_eq!(faults(&config(&wrong)), paths);
    assert_eq!(faults(&config(&json!({"concurrency": 65}))), ["concurrency"]);
}

#[test]
fn plain_http_is_for_loopback_or_on_request() {
    let plain = "http://x.rooster.nl/rest";
    assert_eq!(faults(&config(&json!({"BaseUrl": plain}))), ["BaseUrl"]);
    source(&config(&json!({"BaseUrl": plain, "allowInsecureHttp": true}))).unwrap();
    source(&config(&json!({"BaseUrl": "http://127.0.0.1:1/rest"}))).unwrap();
}

#[test]
fn the_connector_says_who_it_is() {
    let connector = connector();
    assert_eq!((connector.id(), connector.kind()), ("inplanning-source", Kind::Source));
    connector.example().unwrap();
    let schema = connector.config_schema();
    assert_eq!(schema.secrets(), ["/Password"]);
    let properties = schema.as_value()["properties"].as_object().unwrap();
    let mut keys: Vec<&str> = properties.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "BaseUrl",
        "FutureDays",
        "HistoricalDays",
        "Password",
        "Username",
        "absence",
        "allowInsecureHttp",
        "concurrency",
        "contractId",
        "contractTimes",
        "maxRosterFailures",
        "people",
        "roster",
        "timeZone",
        "unknownShift",
    ];
    assert_eq!(keys, expected);
    for (key, property) in properties {
        assert!(property["title"].is_string() && property["description"].is_string(), "{key}: {property}");
    }
}
