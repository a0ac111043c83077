//! Configurations: lenient where HelloID's forms are, and every fault by its place.

use koppel::config::{self, ConnectorConfig};
use koppel::{ConfigSchema, Fault, Scrubber, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Debug, Deserialize, JsonSchema, PartialEq, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// The first.
    FirstOne,
    /// The second.
    SecondOne,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Entry {
    #[serde(rename = "Key")]
    key: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(rename = "BaseUrl")]
    #[schemars(length(min = 1))]
    base_url: String,
    #[serde(rename = "ClientSecret")]
    client_secret: Secret,
    #[serde(default)]
    days: u32,
    #[serde(default)]
    is_debug: bool,
    mode: Option<Mode>,
    #[serde(default)]
    entries: Vec<Entry>,
}

impl ConnectorConfig for Config {
    fn inspect(config: &Map<String, Value>, faults: &mut Vec<Fault>) {
        if config.get("BaseUrl").and_then(Value::as_str).is_some_and(|url| !url.starts_with("http")) {
            faults.push(Fault::new("BaseUrl", "is not an address"));
        }
    }
}

#[test]
fn keys_are_read_without_regard_to_case_and_values_as_forms_deliver_them() {
    let value = json!({
        "baseurl": "https://x", "CLIENTSECRET": "s", "Days": "12", "is_debug": "True", "MODE": "Second-One",
        "entries": "[{\"key\": \"a\"}]", "somebody else's": 1,
    });
    let config: Config = config::read(&value).unwrap();
    assert_eq!((config.days, config.is_debug, config.mode), (12, true, Some(Mode::SecondOne)));
    assert_eq!((config.entries[0].key.as_str(), config.client_secret.expose()), ("a", "s"));
    let scalar: Config = config::read(
        &json!({"BaseUrl": "https://x", "ClientSecret": "s", "entries": {"Key": "a"}, "days": "", "mode": ""}),
    )
    .unwrap();
    assert_eq!((scalar.entries.len(), scalar.days, scalar.mode), (1, 0, None));
    assert_eq!(config.base_url, "https://x");
}

#[test]
fn every_fault_is_named_at_once_by_its_place_and_no_secret_is_shown() {
    let value = json!({
        "BaseUrl": "ftp://x", "ClientSecret": {"a": "hunter2"}, "days": -1, "isDebug": "perhaps", "mode": "third",
        "entries": [{"Key": "a"}, {"Key": 1}, {}],
    });
    let error = config::read::<Config>(&value).unwrap_err();
    let faults: Vec<String> = error.faults().iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "BaseUrl: is not an address",
            "ClientSecret: the value is not a text",
            "days: -1 is less than 0",
            "entries[2].Key: is missing",
            "isDebug: \"perhaps\" is not true or false",
            "mode: \"third\" is none of first-one, second-one",
        ]
    );
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn what_is_no_object_is_refused_and_a_missing_key_is_named() {
    assert!(config::read::<Config>(&json!([1])).unwrap_err().message().contains("not a JSON object"));
    let error = config::read::<Config>(&json!({"ClientSecret": ""})).unwrap_err();
    assert_eq!(error.message(), "BaseUrl: is missing; ClientSecret: is empty");
}

#[test]
fn the_secrets_of_a_configuration_are_scrubbed_however_their_keys_are_spelled() {
    let schema = ConfigSchema::of::<Config>();
    assert_eq!(schema.secrets(), ["/ClientSecret"]);
    let scrubber = Scrubber::default();
    schema.scrub_into(&json!({"clientsecret": "hunter2", "days": "not a number"}), &scrubber);
    assert_eq!(scrubber.text("it was hunter2"), "it was ***");
}
