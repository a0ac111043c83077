//! `koppel helloid form`: what a HelloID administrator knows, and what the connectors take.

use std::path::Path;

use koppel_helloid::Form;
use koppel_sandbox::Options;
use serde_json::{Map, Value, json};

use crate::support::{DOORS, FILES, Koppel, PLANNING, SOURCE, World, merged};

fn form(id: &str) -> Value {
    serde_json::from_str(&Koppel::new(&["helloid", "form", id]).run().fine().stdout).unwrap()
}

/// What HelloID hands over when the form is saved as it stands; keys with dots nest, and ours have none.
fn as_it_stands(form: &Value) -> Value {
    let fields = form.as_array().unwrap().iter();
    Value::Object(
        fields.map(|field| (field["key"].as_str().unwrap().to_owned(), field["defaultValue"].clone())).collect(),
    )
}

#[test]
fn the_form_of_each_connector_is_its_configuration_json() {
    for id in [FILES, SOURCE, PLANNING, DOORS] {
        let text = Koppel::new(&["helloid", "form", id]).run().fine().stdout;
        assert_eq!(koppel_helloid::lint::lint(text.as_bytes()), []);
        insta::assert_snapshot!(format!("form_{id}"), text);
    }
}

#[test]
fn the_form_of_an_unknown_connector_exits_with_2_and_names_those_there_are() {
    let output = Koppel::new(&["helloid", "form", "nowhere-target"]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("nowhere-target") && output.stderr.contains(DOORS), "{output:#?}");
}

#[test]
fn a_form_that_is_filled_in_and_otherwise_left_alone_makes_a_connector_that_works() {
    let world = World::with(Options::default().persons(2));
    for id in [FILES, SOURCE, PLANNING, DOORS] {
        let config = world.config(id);
        let known = |key: &str| config.get(key).cloned();
        let filled: Map<String, Value> = as_it_stands(&form(id))
            .as_object()
            .unwrap()
            .iter()
            // Only what must be filled in, and as text, as HelloID delivers it.
            .map(|(key, value)| {
                let must = [
                    "persons",
                    "contracts",
                    "Username",
                    "Password",
                    "BaseUrl",
                    "ClientId",
                    "ClientSecret",
                    "clientID",
                    "clientSecret",
                    "siteId",
                ];
                let value = if must.contains(&key.as_str()) { known(key).unwrap() } else { value.clone() };
                (key.clone(), value)
            })
            .collect();
        assert!(filled.values().all(|value| value.is_string() || value.is_boolean()), "{filled:?}");
        world.with_config("check", id, &Value::Object(filled)).run().fine();
    }
}

#[test]
fn an_address_of_the_form_is_never_taken_for_a_real_one() {
    let world = World::empty();
    for id in [SOURCE, PLANNING, DOORS] {
        let secrets = json!({
            "Username": "u", "Password": "pass-word", "ClientId": "c", "ClientSecret": "pass-word", "clientID": "c",
            "clientSecret": "pass-word", "siteId": "s",
        });
        let template = merged(secrets.clone(), &json!({"BaseUrl": as_it_stands(&form(id))["BaseUrl"]}));
        let template = merged(as_it_stands(&form(id)), &template);
        let output = world.with_config("check", id, &template).run().exits(2).says_nothing();
        assert!(output.stderr.contains("BaseUrl"), "{output:#?}");
        let output = world.with_config("check", id, &secrets).run().exits(2).says_nothing();
        assert!(output.stderr.contains("BaseUrl: is missing"), "{output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn the_days_of_the_roster_have_a_default_in_the_form_alone() {
    let world = World::empty();
    let mut config = world.config(SOURCE);
    config.as_object_mut().unwrap().remove("FutureDays");
    let output = world.with_config("check", SOURCE, &config).run().exits(2);
    assert!(output.stderr.contains("FutureDays: is missing"), "{output:#?}");
    let form = as_it_stands(&form(SOURCE));
    assert_eq!((&form["HistoricalDays"], &form["FutureDays"]), (&json!("1"), &json!("2")));
}

#[test]
fn what_both_can_say_survives_the_way_from_the_schema_to_the_form_and_back() {
    for id in [FILES, SOURCE, PLANNING, DOORS] {
        let described: Value = serde_json::from_str(&Koppel::new(&["describe", id]).run().fine().stdout).unwrap();
        let schema = &described["configSchema"];
        let back = Form::of_schema(schema).to_schema();
        assert_eq!(Form::of_schema(&back), Form::of_schema(schema), "{id}");
        assert_eq!((&back["required"], &back["x-order"]), (&schema["required"], &schema["x-order"]), "{id}");
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), schema["x-order"].as_array().unwrap().len(), "{id}: each key has its place");
        for (key, property) in properties {
            let back = &back["properties"][key];
            let kept =
                ["title", "description", "default", "oneOf", "format", "writeOnly", "x-form", "type", "minLength"];
            for part in kept.into_iter().filter(|part| !lost(property).contains(part)) {
                assert_eq!(property.get(part), back.get(part), "{id} {key} {part}");
            }
        }
    }
}

/// What a form cannot say of a property.
fn lost(property: &Value) -> &'static [&'static str] {
    match &property["type"] {
        Value::String(kind) if kind == "array" || kind == "object" => &["description", "default", "x-form", "type"],
        Value::String(kind) if kind == "integer" => &["default", "format", "type", "minLength"],
        // That a text is not empty where it is not left out.
        Value::String(kind) if kind == "string" && property.get("default").is_some() => &["minLength"],
        // That nothing is null.
        Value::Array(_) => &["default", "type"],
        _ => &[],
    }
}

#[test]
fn keys_labels_defaults_and_what_is_required_are_those_of_the_public_forms() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !corpus.is_dir() {
        println!("skipped: there are no public files at {}", corpus.display());
        return;
    }
    for (id, folder) in [
        (SOURCE, "HelloID-Conn-Prov-Source-Intus-Inplanning"),
        (PLANNING, "HelloID-Conn-Prov-Target-Intus-Inplanning"),
        (DOORS, "HelloID-Conn-Prov-Target-IPassan"),
    ] {
        let read = Form::read(&std::fs::read(corpus.join(folder).join("configuration.json")).unwrap());
        let public = read.value.unwrap();
        let ours = Form::read(form(id).to_string().as_bytes()).value.unwrap();
        assert!(public.fields.len() >= 4 && ours.fields.len() > public.fields.len(), "{id}");
        for (public, ours) in public.fields.iter().zip(&ours.fields) {
            let mut ours = ours.clone();
            // Descriptions are in our own words.
            ours.description.clone_from(&public.description);
            assert_eq!(ours, *public, "{id}");
        }
        for extra in ours.fields.iter().skip(public.fields.len()) {
            assert!(!extra.required, "{id} {}", extra.key);
        }
    }
}
