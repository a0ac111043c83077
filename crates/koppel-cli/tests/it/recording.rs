//! `koppel conformance --record` and `--replay`: a run that can be had again without its system, and says nobody's name.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel_sandbox::inplanning::{HumanResource, Shift, User};
use koppel_sandbox::{CANARY, Options};
use serde_json::{Value, json};

use crate::support::{DOORS, PLANNING, SOURCE, World};

/// The systems with a few people, one of whom has a short number and a name that every encoding writes otherwise.
fn world() -> World {
    let world = World::with(Options::default().persons(5));
    let planning = world.sandbox.inplanning();
    let group = planning.resource_groups()[0].uname.clone();
    let today = Timestamp::now().to_zoned(TimeZone::get("Europe/Amsterdam").unwrap()).date();
    planning.put_human_resource(HumanResource { uname: "4711".into(), groups: vec![group.clone()], ..person() });
    planning.set_shifts("4711", vec![Shift::new(today, "07:00-15:30 Vroeg", &group, "VPK")]).unwrap();
    let HumanResource { first_name, last_name, email, .. } = person();
    planning.put_user(User {
        username: "4711".into(),
        resource: Some("4711".into()),
        active: true,
        first_name,
        last_name,
        email,
        ..User::default()
    });
    world
}

fn person() -> HumanResource {
    HumanResource {
        first_name: Some("Zoë".into()),
        last_name: Some("O\"Neill & Zoon/Łukasz".into()),
        email: Some("zoë+werk@privé.example".into()),
        ..HumanResource::default()
    }
}

/// Records a run, and gives what it printed.
fn recorded(world: &World, id: &str, families: &[&str], file: &Path) -> String {
    let config = world.file("tenant.json", world.config(id).to_string());
    let mut arguments = vec!["conformance", id, "--config", config.to_str().unwrap()];
    for family in families {
        arguments.extend(["--check", family]);
    }
    arguments.extend(["--record", file.to_str().unwrap()]);
    // What a run leaves behind in a system it says on stderr.
    world.koppel(&arguments).run().exits(0).stdout
}

fn replay<'a>(id: &'a str, families: &[&'a str], file: &'a Path) -> Vec<&'a str> {
    let mut arguments = vec!["conformance", id, "--replay", file.to_str().unwrap()];
    for family in families {
        arguments.extend(["--check", *family]);
    }
    arguments
}

/// The last line of the output: how many of each verdict.
fn counts(stdout: &str) -> &str {
    stdout.trim_end().lines().next_back().unwrap()
}

#[test]
fn a_run_that_was_recorded_comes_to_the_same_without_its_system() {
    for (id, families) in [
        (SOURCE, &["connect.good", "source", "fault.html"][..]),
        (DOORS, &["create", "update", "fault.html"]),
        (PLANNING, &["create", "permission", "import"]),
    ] {
        let world = world();
        let file = world.path("tape.json");
        let first = recorded(&world, id, families, &file);
        assert!(counts(&first).contains(" 0 failed, 0 waived"), "{id}: {first}");
        // Nothing listens any more where the recording was made.
        let elsewhere = World::empty();
        let tape = elsewhere.file("tape.json", fs::read(&file).unwrap());
        drop(world);
        let again = elsewhere.koppel(&replay(id, families, &tape)).run().fine();
        assert_eq!(counts(&again.stdout), counts(&first), "{id}: {}", again.stdout);
    }
}

#[test]
fn a_request_that_was_not_recorded_fails_the_check_and_is_named() {
    let world = world();
    let file = world.path("tape.json");
    recorded(&world, SOURCE, &["source.persons.stable"], &file);
    // More checks than were recorded, and a configuration that asks for something else.
    let other = world.koppel(&replay(SOURCE, &["source.persons"], &file)).run().exits(1);
    assert!(other.stdout.contains("/users?limit=0: more often than it was recorded"), "{}", other.stdout);
    let mut tape: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    tape["config"]["FutureDays"] = json!(9);
    let changed = world.file("changed.json", tape.to_string());
    let changed = world.koppel(&replay(SOURCE, &["source.persons.stable"], &changed)).run().exits(1);
    let named = "GET /InPlanningServiceAdmin/rest/api/roster/resourceRoster?resource=";
    assert!(changed.stdout.contains(named) && changed.stdout.contains("which was not recorded"), "{}", changed.stdout);

    recorded(&world, DOORS, &["update.twice"], &file);
    let scenario = world.file(
        "scenario.json",
        r#"{"create": {"lastname": "de Wit", "number": "{{tag}}"}, "correlate": "number", "update": {"lastname": "x"}}"#,
    );
    let arguments = [&replay(DOORS, &["create.makes-one"], &file)[..], &["--scenario", scenario.to_str().unwrap()]];
    let other = world.koppel(&arguments.concat()).run().exits(1);
    assert!(other.stdout.contains("POST /api/v1/access/site/"), "{}", other.stdout);
    assert!(other.stdout.contains("which was not recorded"), "{}", other.stdout);
}

/// A value as it may stand in a file: as it is, in an address or a form, in JSON with escapes, in Base64.
fn written(value: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let json: String = serde_json::to_string(value).unwrap();
    let ascii: String =
        value.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect();
    let plain = json.trim_matches('"').to_owned();
    // A file that is JSON escapes once more what is JSON in it.
    let twice = serde_json::to_string(&plain).unwrap().trim_matches('"').to_owned();
    let percent = form.replace('+', "%20");
    let lower = percent.to_lowercase();
    vec![
        value.to_owned(),
        form,
        percent,
        lower,
        plain,
        twice,
        ascii,
        BASE64_STANDARD_NO_PAD.encode(value),
        BASE64_URL_SAFE_NO_PAD.encode(value),
    ]
}

/// Every text of a document, those in documents within it too, and the parts of addresses and forms.
fn parts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => parts(&inner, into),
            _ => into.extend(text.split(['/', '?', '&', '=']).map(str::to_owned)),
        },
        Value::Array(items) => items.iter().for_each(|item| parts(item, into)),
        Value::Object(map) => map.values().for_each(|item| parts(item, into)),
        _ => {}
    }
}

#[test]
fn a_recording_holds_no_secret_and_nothing_of_anybody() {
    let world = world();
    let (planning, doors) = (world.sandbox.inplanning(), world.sandbox.ipassan());
    let mut personal: Vec<String> = Vec::new();
    for user in planning.users() {
        personal.extend(
            [Some(user.username), user.first_name, user.last_name, user.email, user.resource].into_iter().flatten(),
        );
    }
    for human in planning.human_resources() {
        personal.extend([Some(human.uname), human.external_id, human.phone].into_iter().flatten());
    }
    for person in doors.persons() {
        personal.extend(
            [Some(person.lastname), person.firstname, person.mail, person.phone, person.number].into_iter().flatten(),
        );
    }
    personal.retain(|text| !text.trim().is_empty());
    assert!(personal.len() > 50 && personal.iter().any(|text| text == "4711"), "{personal:?}");
    let address = world.sandbox.address().to_string();
    for (id, scenario, families) in [
        (SOURCE, inplanning_source::SCENARIO, &["connect", "source", "fault.cut-after"][..]),
        (DOORS, ipassan_target::SCENARIO, &["connect", "create", "update", "import"]),
        (PLANNING, inplanning_target::SCENARIO, &["connect", "create", "permission", "import"]),
    ] {
        let file = world.path(&format!("{id}.json"));
        recorded(&world, id, families, &file);
        let kept = fs::read_to_string(&file).unwrap();
        let config = world.config(id);
        let secrets = ["Password", "ClientSecret", "clientSecret"].iter().filter_map(|key| config[key].as_str());
        // Short ones stand in words that have nothing to do with them, and what the scenario says the run wrote itself:
        // these are looked for by themselves.
        let (anywhere, alone): (Vec<&String>, Vec<&String>) =
            personal.iter().partition(|text| text.len() > 4 && !scenario.contains(text.as_str()));
        let mut forbidden: Vec<&str> = anywhere.into_iter().map(String::as_str).collect();
        forbidden.extend(secrets.chain([CANARY, &address]));
        for value in forbidden {
            for form in written(value) {
                assert!(!kept.contains(&form), "{id}: [{value}] as [{form}]");
            }
        }
        let mut all = Vec::new();
        parts(&serde_json::from_str(&kept).unwrap(), &mut all);
        assert!(alone.contains(&&"4711".to_owned()));
        for value in alone {
            assert!(!all.contains(value), "{id}: [{value}] by itself");
        }
    }
}
