//! The configuration and the manifest, before anything is sent.

use koppel::Kind;
use serde_json::Value;

use super::checks;
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};
use crate::subject::Act;

checks! {
    "config.secrets-marked", None, needs [], changes false,
        "every key whose name says that it is a secret is marked secret in the schema",
        "what is not marked is shown in forms and not taken out of logs" => |bench| std::future::ready(secrets_marked(bench));
    "config.described", None, needs [], changes false,
        "every key of the configuration has a title and a description",
        "the form of an administrator is made from the schema" => |bench| std::future::ready(described(bench));
    "config.missing-key-named", None, needs ["check"], changes false,
        "a configuration without a required key is refused by name, before anything is sent",
        "an administrator has to know which field of the form is empty" => missing_key_named;
    "config.unknown-key-ignored", None, needs ["check"], changes false,
        "a key that the schema does not know does no harm",
        "tenants keep keys of their own in the same form" => unknown_key_ignored;
    "manifest.undeclared-refused", Some(Kind::Target), needs [], changes true,
        "an action that the manifest does not declare is refused, and nothing is sent that changes data",
        "a platform offers what the manifest says; what works beyond it is never tested" => undeclared_refused;
}

/// Every property of a schema with its dotted place.
fn properties(schema: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let here = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        properties(property, &here, found);
        if let Some(items) = property.get("items") {
            properties(items, &format!("{here}[]"), found);
        }
        found.push((here, property.clone()));
    }
}

fn all(bench: &Bench<'_>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    properties(&bench.facts().config_schema, "", &mut found);
    found
}

fn secrets_marked(bench: &Bench<'_>) -> Outcome {
    const SAYS_SO: [&str; 6] = ["password", "secret", "token", "apikey", "api_key", "privatekey"];
    for (name, property) in all(bench) {
        let lower = name.to_lowercase();
        let says = SAYS_SO.iter().any(|word| lower.contains(word)) && property.get("type") == Some(&"string".into());
        let marked = property.get("writeOnly") == Some(&Value::Bool(true));
        ensure(marked || !says, &format!("[{name}] to be marked secret (writeOnly)"), || property.to_string())?;
    }
    Ok(())
}

fn described(bench: &Bench<'_>) -> Outcome {
    for (name, property) in all(bench).into_iter().filter(|(name, _)| !name.contains("[]")) {
        for what in ["title", "description"] {
            let there = property.get(what).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
            ensure(there, &format!("[{name}] to have a {what}"), || property.to_string())?;
        }
    }
    Ok(())
}

async fn missing_key_named(bench: &Bench<'_>) -> Outcome {
    let required = bench.facts().config_schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if required.is_empty() {
        return Err(Stop::NotApplicable("no key is required".into()));
    }
    for key in required.iter().filter_map(Value::as_str) {
        let mut config = bench.config.clone();
        if let Some(map) = config.as_object_mut() {
            map.retain(|known, _| !known.eq_ignore_ascii_case(key));
        }
        bench.watch();
        let refused = match bench.subject.check(&config).await {
            Ok(()) => return Err(Stop::fail(format!("a refusal without [{key}]"), "it was accepted")),
            Err(refused) => refused,
        };
        let named = refused.message.to_lowercase().contains(&key.to_lowercase());
        ensure(named && refused.kind == "config", &format!("a config error that names [{key}]"), || {
            refused.to_string()
        })?;
        let sent = bench.proxy.exchanges().len();
        ensure(sent == 0, "nothing sent", || format!("{sent} requests"))?;
    }
    Ok(())
}

async fn unknown_key_ignored(bench: &Bench<'_>) -> Outcome {
    let mut config = bench.config.clone();
    if let Some(map) = config.as_object_mut() {
        map.insert("aKeyOfTheTenant".into(), "x".into());
    }
    let result = bench.subject.check(&config).await;
    result.map_err(|refused| Stop::fail("the configuration to be accepted", refused.to_string()))
}

async fn undeclared_refused(bench: &Bench<'_>) -> Outcome {
    const ACTIONS: [&str; 6] = ["enable", "disable", "delete", "grant", "revoke", "sub-permissions"];
    let undeclared: Vec<&'static str> = ACTIONS.into_iter().filter(|action| !bench.facts().can(action)).collect();
    if undeclared.is_empty() {
        return Err(Stop::NotApplicable("everything is declared".into()));
    }
    let (reference, _) = bench.existing().await?;
    for action in undeclared {
        bench.watch();
        let act = Act {
            action,
            account: Some(reference.clone()),
            permission: koppel::Reference::new("any"),
            person: Some(koppel::Person::default()),
            ..Act::default()
        };
        super::failed(&bench.act(act).await, action)?;
        super::untouched(&bench.changes())?;
    }
    Ok(())
}
