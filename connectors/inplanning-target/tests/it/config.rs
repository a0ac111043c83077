//! The configuration: what is refused, and where.

use inplanning_target::connector;
use koppel::manifest::manifest;
use koppel::{Connector as _, Error, Scrubber};
use koppel_http::StateDir;
use serde_json::{Value, json};

use crate::fake::build;

fn faults(more: &Value) -> Vec<(String, String)> {
    let mut config =
        json!({"ClientId": "a", "ClientSecret": "b", "BaseUrl": "https://x.rooster.nl/InPlanningService/rest"});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    let faults =
        |error: Error| error.faults().iter().map(|fault| (fault.path.clone(), fault.message.clone())).collect();
    build(&config, StateDir::none()).err().map(faults).unwrap_or_default()
}

#[test]
fn i1_permissions_are_checked_when_they_are_read() {
    let found = faults(&json!({
        "BaseUrl": "x.rooster.nl",
        "permissions": [
            {"role": "Planner", "resourceGroup": "Planner {{LocationOwn"},
            {"name": "planner", "role": "x", "userGroup": "{{Location}}"},
            {"role": "PLANNER"},
            {"name": "no role"},
            {"role": "y", "shiftGroup": "{{ costcenterOWN }}"},
            {"role": "z", "exchangeGroup": "{{}}"},
        ],
    }));
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "BaseUrl",
            "permissions[0].resourceGroup",
            "permissions[1].name",
            "permissions[1].userGroup",
            "permissions[2].role",
            "permissions[3].role",
            "permissions[5].exchangeGroup",
        ]
    );
    assert!(found[3].1.contains("{{Location}}"), "{found:?}");
}

#[test]
fn i1_one_list_says_what_is_on_offer_and_what_is_granted() {
    let config = json!({"ClientId": "a", "ClientSecret": "b", "BaseUrl": "https://x/rest", "permissions": [{"role": "ADMIN", "resourceGroup": "Company"}]});
    let target = build(&config, StateDir::none()).unwrap();
    let permissions = target.permissions().unwrap();
    let admin = koppel::Reference::new("admin").unwrap();
    assert!(!permissions.per_contract(&admin).unwrap());
    assert_eq!(permissions.resolve(&admin, None).unwrap().id, "ADMIN&&Company");
}

#[test]
fn placeholders_of_your_own_take_the_place_of_the_usual_ones() {
    assert_eq!(
        faults(&json!({"placeholders": {"Team": "Team.ExternalId"}, "permissions": [{"role": "{{TEAM}}"}]})),
        []
    );
    let found =
        faults(&json!({"placeholders": {"Team": "Team.", "TEAM": "x"}, "permissions": [{"role": "{{LocationOwn}}"}]}));
    let mut paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    assert!(
        paths.contains(&"permissions[0].role") && paths.iter().any(|path| path.starts_with("placeholders.")),
        "{found:?}"
    );
}

#[test]
fn the_form_of_the_public_connector_is_enough() {
    let config = json!({"clientid": "a", "CLIENTSECRET": "b", "baseurl": "https://x.rooster.nl/InPlanningService/rest/api/", "IsDebug": "false"});
    let target = build(&config, StateDir::none()).unwrap();
    assert_eq!(target.scope(), "https://x.rooster.nl/InPlanningService/rest/api");
}

#[test]
fn permissions_may_be_text_as_a_form_gives_it() {
    assert_eq!(faults(&json!({"permissions": "[{\"role\": \"Planner\", \"resourceGroup\": null}]"})), []);
    assert_eq!(faults(&json!({"permissions": ""})), []);
}

#[test]
fn the_secret_stays_secret_and_http_is_refused() {
    let found = faults(&json!({"BaseUrl": "http://x.rooster.nl/rest"}));
    assert_eq!(found[0].0, "BaseUrl");
    assert_eq!(faults(&json!({"BaseUrl": "http://x.rooster.nl/rest", "allowInsecureHttp": true})), []);
    assert_eq!(faults(&json!({"concurrency": 65}))[0].0, "concurrency");
    assert_eq!(connector(StateDir::none(), Scrubber::default()).config_schema().secrets(), ["/ClientSecret"]);
}

#[test]
fn i28_the_manifest_says_that_users_cannot_be_deleted() {
    let manifest = manifest(&connector(StateDir::none(), Scrubber::default())).unwrap();
    assert!(!manifest.capabilities.contains(&"delete"));
    for can in ["enable", "disable", "grant", "sub-permissions", "import-accounts", "import-sub-permissions"] {
        assert!(manifest.capabilities.contains(&can), "{can}");
    }
    let schema = &manifest.config_schema["properties"];
    assert_eq!(schema["isDebug"]["title"], "Toggle debug logging");
    assert_eq!(schema["permissions"]["items"]["required"], json!(["role"]));
}
