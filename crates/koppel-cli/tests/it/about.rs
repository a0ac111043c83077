//! `koppel connectors`, `describe` and `check`.

use serde_json::{Value, json};

use crate::support::{DOORS, FILES, Koppel, Output, PLANNING, SOURCE, World};

const ALL: [&str; 4] = [FILES, SOURCE, PLANNING, DOORS];
/// Those with a system on the network.
const REMOTE: [&str; 3] = [SOURCE, PLANNING, DOORS];

#[test]
fn the_connectors_are_listed_for_people() {
    let output = World::empty().koppel(&["connectors"]).run().fine();
    for (id, kind) in [(FILES, "source"), (SOURCE, "source"), (PLANNING, "target"), (DOORS, "target")] {
        let row = output.stdout.lines().find(|line| line.contains(id)).unwrap();
        assert!(row.contains(&format!(" {kind} ")), "{row}");
    }
}

#[test]
fn the_connectors_are_listed_for_programs() {
    let output = World::empty().koppel(&["connectors", "--json"]).run().fine();
    let list: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let ids: Vec<&str> = list.iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ALL);
    for connector in &list {
        for key in ["kind", "version", "title", "description"] {
            assert!(connector[key].as_str().is_some_and(|text| !text.is_empty()), "{connector}");
        }
    }
}

fn described(id: &str) -> Value {
    serde_json::from_str(&World::empty().koppel(&["describe", id]).run().fine().stdout).unwrap()
}

fn is_source(id: &str) -> bool {
    id.ends_with("-source")
}

#[test]
fn a_description_has_all_that_a_platform_needs() {
    for id in ALL {
        let manifest = described(id);
        assert_eq!(manifest["id"], id);
        assert_eq!(manifest["kind"], if is_source(id) { "source" } else { "target" });
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        for key in ["capabilities", "configSchema"] {
            assert!(manifest.get(key).is_some_and(|value| !value.is_null()), "{key} of {id}: {manifest:#}");
        }
        assert_eq!(manifest.get("accountFields").is_some(), !is_source(id), "{id}");
    }
}

#[test]
fn the_capabilities_are_what_the_connector_does() {
    let capabilities = ALL.map(|id| (id, described(id)["capabilities"].clone()));
    insta::assert_json_snapshot!("capabilities", capabilities);
    let can = |index: usize, action: &str| capabilities[index].1.as_array().unwrap().contains(&action.into());
    assert!(!can(2, "delete"), "InPlanning has no delete");
    assert!(can(3, "delete"));
}

#[test]
fn an_unknown_connector_is_named_with_those_that_exist() {
    let world = World::empty();
    let config = world.file("config.json", "{}");
    let config = config.to_str().unwrap();
    for arguments in [
        &["describe", "sap-target"][..],
        &["check", "sap-target", "--config", config],
        &["run", "sap-target", "create"],
        &["persons", "sap-target", "--config", config],
        &["departments", "sap-target", "--config", config],
    ] {
        let output = world.koppel(arguments).run().exits(2).says_nothing();
        assert!(output.stderr.contains("sap-target"), "{output:#?}");
        assert!(ALL.iter().all(|id| output.stderr.contains(id)), "{output:#?}");
    }
}

fn check(world: &World, id: &str, config: &Value) -> Output {
    world.with_config("check", id, config).run()
}

#[test]
fn a_good_configuration_reaches_the_system() {
    let world = World::empty();
    for id in ALL {
        let output = check(&world, id, &world.config(id)).fine();
        assert!(output.stdout.contains(id), "{output:#?}");
    }
    assert!(world.requests() >= 6, "a token and a question for each");
    assert_eq!(world.writes(), 0);
}

#[test]
fn a_file_that_a_configuration_names_counts_from_its_folder() {
    let world = World::empty();
    world.config(FILES);
    let config = world.file("hr.json", r#"{"Persons": "persons.csv", "contracts": "contracts.csv"}"#);
    world.koppel(&["check", FILES, "--config", config.to_str().unwrap()]).run().fine();
    let config = world.file("hr.json", r#"{"persons": "nowhere.csv", "contracts": "contracts.csv"}"#);
    let output = world.koppel(&["check", FILES, "--config", config.to_str().unwrap()]).run().exits(2).says_nothing();
    assert!(output.stderr.contains(world.path("nowhere.csv").to_str().unwrap()), "{output:#?}");
}

#[test]
fn every_fault_of_a_file_has_a_line_of_its_own() {
    let world = World::empty();
    let config = world.config(FILES);
    world.file("contracts.csv", "PersonExternalId;ExternalId;StartDate;EndDate\n9;a;x;\n");
    let output = check(&world, FILES, &config).exits(1).says_nothing();
    assert_eq!(
        output.stderr.lines().collect::<Vec<_>>(),
        [
            "error: contracts.csv line 2, StartDate: [x] is no date such as 2026-05-31, 31-05-2026 or 31-5-2026 08:30",
            "       contracts.csv line 2, PersonExternalId: [9] is nobody in persons.csv",
        ]
    );
}

#[test]
fn five_faults_of_a_configuration_are_told_at_once_by_path() {
    let world = World::empty();
    let address = world.sandbox.ipassan_url();
    for (id, config, faults) in [
        (
            SOURCE,
            json!({"Password": 7, "BaseUrl": "ftp://x.example", "HistoricalDays": -1, "FutureDays": "soon", "timeZone": "Europe/Sneek"}),
            &["Username", "BaseUrl", "HistoricalDays", "FutureDays", "timeZone"][..],
        ),
        (
            PLANNING,
            json!({
                "ClientId": "", "BaseUrl": address, "isDebug": "perhaps", "concurrency": 0,
                "permissions": [{"name": "x"}, {"role": "{{Nowhere}}"}],
            }),
            &["ClientId", "ClientSecret", "isDebug", "concurrency", "permissions[0].role", "permissions[1].role"],
        ),
        (
            DOORS,
            json!({
                "clientSecret": "canary-in-a-bad-config", "BaseUrl": "ftp://x.example", "siteId": "..", "concurrency": 99,
                "accessProfiles": [{"HelloIDLookupKey": "a"}], "delete": "soft",
            }),
            &["clientID", "BaseUrl", "siteId", "concurrency", "accessProfiles[0].AccessProfileId", "delete"],
        ),
    ] {
        let output = check(&world, id, &config).exits(2).says_nothing();
        for path in faults {
            assert!(output.stderr.contains(&format!("check-{id}.json: {path}: ")), "{path}: {output:#?}");
        }
        assert_eq!(output.stderr.lines().count(), faults.len(), "one line each: {output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_wrong_password_fails_the_check_and_says_so() {
    let world = World::empty();
    for (id, key) in [(SOURCE, "Password"), (PLANNING, "ClientSecret"), (DOORS, "clientSecret")] {
        let config = world.config_with(id, &json!({ key: "canary-that-is-wrong" }));
        let output = check(&world, id, &config).exits(1).says_nothing();
        assert!(output.stderr.starts_with("error: "), "{output:#?}");
        insta::assert_snapshot!(format!("check_wrong_password_{id}"), world.redact(&output.stderr));
    }
}

#[test]
fn a_system_that_is_not_there_fails_the_check_and_points_at_its_address() {
    let world = World::empty();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for id in REMOTE {
        let config = world.config_with(id, &json!({"BaseUrl": format!("http://{free}")}));
        let output = check(&world, id, &config).exits(1).says_nothing();
        assert!(output.stderr.contains("error: ") && output.stderr.contains("BaseUrl"), "{output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn plain_http_to_another_host_is_refused_before_anything_is_sent() {
    let world = World::empty();
    for id in REMOTE {
        let config = world.config_with(id, &json!({"BaseUrl": "http://koppel.example"}));
        let output = check(&world, id, &config).exits(2).says_nothing();
        assert!(output.stderr.contains("BaseUrl: ") && output.stderr.contains("allowInsecureHttp"), "{output:#?}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_exits_with_2() {
    let world = World::empty();
    let missing = world.path("nowhere.json");
    let output = world.koppel(&["check", DOORS, "--config", missing.to_str().unwrap()]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("nowhere.json"), "{output:#?}");
    for (content, expected) in [("{\"clientID\": ", "is not JSON"), ("[]", "not a JSON object"), ("", "is not JSON")] {
        let file = world.file("broken.json", content);
        let output = world.koppel(&["check", DOORS, "--config", file.to_str().unwrap()]).run().exits(2).says_nothing();
        assert!(output.stderr.contains("broken.json") && output.stderr.contains(expected), "{content}: {output:#?}");
    }
}

#[test]
fn a_configuration_file_of_windows_is_read() {
    let world = World::empty();
    let text = world.config(DOORS).to_string();
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let marked = format!("\u{feff}{text}").into_bytes();
    for bytes in [utf16, marked] {
        let file = world.file("windows.json", bytes);
        world.koppel(&["check", DOORS, "--config", file.to_str().unwrap()]).run().fine();
    }
}

#[test]
fn describing_needs_no_state_folder() {
    // Something that cannot be a folder: it is a file.
    let world = World::empty();
    let file = world.file("state-is-a-file", "");
    Koppel::new(&["describe", DOORS]).env("KOPPEL_STATE_DIR", file).run().fine();
}
