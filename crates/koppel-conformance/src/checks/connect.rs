//! Reaching the system.

use koppel::ConfigSchema;
use serde_json::Value;

use super::checks;
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};
use crate::proxy::{Fault, Hits, Planned};

checks! {
    "connect.good", None, needs ["check"], changes false,
        "check succeeds with a good configuration, and has reached the system",
        "a check that reaches nothing says that all is well until the first action" => good;
    "connect.wrong-credentials", None, needs ["check"], changes false,
        "check fails with wrong credentials, as an error of the credentials",
        "an administrator who mistyped a secret must not look for a network problem" => wrong_credentials;
    "connect.missing-credentials", None, needs ["check"], changes false,
        "check fails where a secret or another required text is empty, by the name of its key, and sends nothing that changes data",
        "a form gives an empty text for a field that nobody filled in" => missing_credentials;
    "connect.unreachable", None, needs ["check"], changes false,
        "check fails where nobody listens at the address, as a passing failure",
        "a system that is down says nothing about the configuration" => unreachable;
    "connect.maintenance-page", None, needs ["check"], changes false,
        "a page for people with status 200 is not taken for an answer",
        "a proxy in front of a system that is down answers just that" => maintenance;
}

async fn good(bench: &Bench<'_>) -> Outcome {
    bench.watch();
    bench.subject.check(&bench.config).await.map_err(|refused| Stop::fail("check to succeed", refused.to_string()))?;
    let asked = bench.proxy.exchanges().iter().filter(|e| e.got.is_some() && !e.sent.is_token()).count();
    ensure(asked > 0 || bench.scenario.offline, "a request beyond that for a token", || "none".into())?;
    super::untouched(&bench.changes())
}

async fn wrong_credentials(bench: &Bench<'_>) -> Outcome {
    if bench.scenario.wrong_credentials.is_empty() {
        return Err(Stop::Skip("the scenario has no [wrongCredentials]".into()));
    }
    for (key, value) in &bench.scenario.wrong_credentials {
        let mut config = bench.config.clone();
        if let Some(map) = config.as_object_mut() {
            map.insert(key.clone(), value.clone());
        }
        match bench.subject.check(&config).await {
            Ok(()) => return Err(Stop::fail(format!("a refusal with a wrong [{key}]"), "it was accepted")),
            Err(refused) => ensure(refused.kind == "auth", "an error of the group [auth]", || refused.to_string())?,
        }
    }
    Ok(())
}

/// Where the configuration has a text that it cannot do without: what is secret, and what is required.
fn needed(bench: &Bench<'_>) -> Vec<String> {
    let schema = ConfigSchema::from_value(bench.facts().config_schema.clone());
    let required = schema.as_value().get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut places: Vec<String> = required.iter().filter_map(Value::as_str).map(|key| format!("/{key}")).collect();
    places.extend(schema.secrets());
    places.retain(|place| bench.config.pointer(place).is_some_and(Value::is_string));
    places.sort();
    places.dedup();
    places
}

async fn missing_credentials(bench: &Bench<'_>) -> Outcome {
    let places = needed(bench);
    if places.is_empty() {
        return Err(Stop::NotApplicable("the configuration needs no text".into()));
    }
    for place in places {
        let key = place.rsplit('/').next().unwrap_or_default();
        for (empty, how) in [("", "empty"), ("  ", "blank")] {
            let mut config = bench.config.clone();
            if let Some(value) = config.pointer_mut(&place) {
                *value = Value::from(empty);
            }
            bench.watch();
            let refused = match bench.subject.check(&config).await {
                Ok(()) => return Err(Stop::fail(format!("a refusal where [{key}] is {how}"), "it was accepted")),
                Err(refused) => refused,
            };
            let named = refused.message.to_lowercase().contains(&key.to_lowercase());
            let group = ["config", "auth"].contains(&refused.kind.as_str());
            ensure(
                named && group,
                &format!("an error of the group [config] or [auth] that names [{key}], which is {how}"),
                || refused.to_string(),
            )?;
            super::untouched(&bench.changes())?;
        }
    }
    Ok(())
}

async fn unreachable(bench: &Bench<'_>) -> Outcome {
    let mut config = bench.config.clone();
    let key = bench.scenario.address();
    let Some(address) = config.get_mut(key) else {
        return Err(Stop::Skip(format!("the configuration has no [{key}]")));
    };
    // Port 9 of loopback is where nobody listens.
    let elsewhere = address.as_str().map(|text| text.replace(&bench.proxy.origin(), "http://127.0.0.1:9"));
    *address = Value::from(elsewhere.unwrap_or_default());
    match bench.subject.check(&config).await {
        Ok(()) => Err(Stop::fail("check to fail where nobody listens", "it succeeded")),
        Err(refused) => {
            ensure(refused.kind == "transient", "an error of the group [transient]", || refused.to_string())
        }
    }
}

async fn maintenance(bench: &Bench<'_>) -> Outcome {
    bench.plan(&[Planned::once(Fault::Html, Hits::Any).times(100)]);
    let result = bench.subject.check(&bench.config).await;
    bench.all_fired()?;
    match result {
        Ok(()) => Err(Stop::fail("check to fail on a page for people", "it succeeded")),
        Err(refused) => {
            ensure(refused.kind != "bug" && refused.kind != "auth", "an error about the answer", || refused.to_string())
        }
    }
}
