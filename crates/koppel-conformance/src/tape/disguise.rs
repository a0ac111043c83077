//! Secrets and personal data, replaced consistently.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use koppel::ConfigSchema;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use crate::scenario::Scenario;

/// Keys whose values say nothing about a person: ids that a system gives out, its own words, and what it says of errors.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "id", "uuid", "guid", "type", "kind", "status", "active", "enabled", "token_type", "scope", "error", "code", "role",
    "resourcegroup", "exchangegroup", "shiftgroup", "worklocationgroup", "usergroup", "date", "startdate", "enddate",
    "start", "end", "next_cursor", "next", "cursor", "href", "rel", "grant_type", "message", "errormessage",
    "error_description", "reason", "detail", "title",
];

/// Keys under which a system says in its own words what went wrong, perhaps with names in them.
const MESSAGES: &[&str] = &["message", "errormessage", "error_description", "reason", "detail", "error"];

/// Replaces values, the same one by the same everywhere.
#[derive(Debug)]
pub(super) struct Disguise {
    tag: String,
    config: Value,
    /// Values of the configuration and of the scenario, which nobody's life wrote.
    kept: BTreeSet<String>,
    /// Other keys for each recording, so that a guess cannot be tried on it.
    hasher: RandomState,
    /// What is replaced by what.
    known: Mutex<BTreeMap<String, String>>,
}

impl Disguise {
    pub(super) fn new(tag: &str, config: &Value, schema: &ConfigSchema, scenario: &Scenario) -> Self {
        let secrets = schema.secret_values(config);
        let mut kept: BTreeSet<String> = texts(config).into_iter().chain(scenario.texts()).collect();
        // An address names whose system it is.
        kept.retain(|text| !secrets.contains(text) && host(text).is_none());
        let disguise = Self {
            tag: tag.to_owned(),
            config: config.clone(),
            kept,
            hasher: RandomState::new(),
            known: Mutex::default(),
        };
        for secret in &secrets {
            disguise.replace(secret, "secret");
        }
        for text in texts(config) {
            if let Some(host) = host(&text) {
                disguise.insert(host, "recorded.example".to_owned());
            }
        }
        disguise
    }

    fn insert(&self, from: String, to: String) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(from).or_insert(to);
    }

    /// Notes that a value is to be replaced, unless this run made it.
    fn replace(&self, value: &str, what: &str) {
        if value.chars().count() < 2 || value.to_lowercase().contains(&self.tag.to_lowercase()) {
            return;
        }
        let hash = |salt: u8| self.hasher.hash_one((salt, value));
        // Sixteen digits: long enough to be one value's own, and to be looked for. A GUID stays one.
        let (a, b) = (hash(0), hash(1));
        let to = if is_guid(value) {
            let (first, second, third) = (a >> 32, a >> 16 & 0xffff, a & 0xfff);
            format!("{first:08x}-{second:04x}-4{third:03x}-8{:03x}-{:012x}", b >> 52, b & 0xffff_ffff_ffff)
        } else {
            format!("{what}-{a:016x}")
        };
        self.insert(value.to_owned(), to);
    }

    /// Looks for values that are to be replaced.
    pub(super) fn learn(&self, body: &str) {
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            self.learn_in(&value, "");
            return;
        }
        for (key, value) in form(body) {
            self.learn_in(&Value::from(value), &key);
        }
    }

    fn learn_in(&self, value: &Value, key: &str) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| self.learn_in(value, key)),
            Value::Array(items) => items.iter().for_each(|item| self.learn_in(item, key)),
            Value::String(text) => {
                let key = key.to_lowercase();
                let token =
                    ["token", "secret", "password"].iter().any(|word| key.contains(word)) && key != "token_type";
                let own = HARMLESS.contains(&key.as_str()) || self.kept.contains(text) || is_plain(text);
                if token && !self.kept.contains(text) {
                    self.replace(text, "secret");
                } else if !own {
                    self.replace(text, "text");
                } else if !self.kept.contains(text) {
                    // The system's own words may hold somebody's address.
                    addresses(text).for_each(|address| self.replace(address, "text"));
                }
            }
            _ => {}
        }
    }

    /// A body with everything replaced that is known.
    pub(super) fn body(&self, body: &str) -> String {
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            return self.value(&value, "").to_string();
        }
        // A form, pair by pair; what is nothing of the kind has no pair.
        let pairs = body.split('&').map(|pair| match pair.split_once('=') {
            Some((key, value)) => {
                let to = self.whole(&decoded(value));
                if to == decoded(value) { pair.to_owned() } else { format!("{key}={to}") }
            }
            None => self.whole(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    fn value(&self, value: &Value, key: &str) -> Value {
        match value {
            // What this run made may stand in a message beside what it did not make.
            Value::String(text) if MESSAGES.contains(&key.to_lowercase().as_str()) => {
                Value::String(self.words(&self.text(text)))
            }
            Value::String(text) => Value::String(self.whole(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item, key)).collect(),
            Value::Object(map) => {
                let pairs = map.iter().map(|(key, value)| (key.clone(), self.value(value, key)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// A text that is a value as a whole, else one with values in it. What this run made stays as it is.
    fn whole(&self, text: &str) -> String {
        if self.stays(text) {
            return text.to_owned();
        }
        self.instead(text).unwrap_or_else(|| self.words(&self.text(text)))
    }

    /// Did this run make it, or does it stand in the configuration or the scenario?
    fn stays(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.tag.to_lowercase()) || self.kept.contains(text)
    }

    /// What stands for a value.
    fn instead(&self, value: &str) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(value).cloned()
    }

    /// A text with the values in it replaced that are words of their own, also short ones: a first name in a message.
    fn words(&self, text: &str) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            out.push_str(known.get(word).map_or(word, String::as_str));
            let (between, next) = after.split_at(after.find(char::is_alphanumeric).unwrap_or(after.len()));
            out.push_str(between);
            rest = next;
        }
        out
    }

    /// A text with the values in it replaced, also where they are percent-encoded. Short ones are left: they stand in
    /// words that have nothing to do with them.
    pub(super) fn text(&self, text: &str) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut longest: Vec<(&String, &String)> = known.iter().filter(|(from, _)| from.chars().count() > 4).collect();
        longest.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let mut out = text.to_owned();
        for (from, to) in longest {
            if out.contains(from.as_str()) {
                out = out.replace(from.as_str(), to);
            }
            let encoded = utf8_percent_encode(from, NON_ALPHANUMERIC).to_string();
            for form in [encoded.replace("%20", "+"), encoded] {
                if form != *from && out.contains(&form) {
                    out = out.replace(&form, to);
                }
            }
        }
        out
    }

    /// The path and the query of a request, in which a short value is replaced where it stands alone.
    pub(super) fn target(&self, target: &str) -> String {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        // A word of the path without a digit may be the system's own.
        let segment =
            |text: &str| if text.bytes().any(|b| b.is_ascii_digit()) { self.alone(text) } else { self.text(text) };
        let pair = |pair: &str| match pair.split_once('=') {
            Some((key, value)) => format!("{key}={}", self.alone(value)),
            None => self.text(pair),
        };
        let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        match query.map(|query| query.split('&').map(pair).collect::<Vec<_>>().join("&")) {
            Some(query) => format!("{path}?{query}"),
            None => path,
        }
    }

    /// A part of a target: replaced as a whole, or where something known stands in it.
    fn alone(&self, part: &str) -> String {
        let plain = decoded(part);
        // What stands for a value needs no encoding.
        if self.stays(&plain) { part.to_owned() } else { self.instead(&plain).unwrap_or_else(|| self.text(part)) }
    }

    /// The configuration with everything replaced.
    pub(super) fn config(&self) -> Value {
        self.value(&self.config, "")
    }
}

/// The host of an address, with its port.
fn host(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().map(|host| format!("{host}{port}"))
}

/// A date, a time, a short number, or a yes and no: what says nothing by itself.
fn is_plain(text: &str) -> bool {
    let begins = |shape: &str| {
        text.len() >= shape.len()
            && text.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'0' { b.is_ascii_digit() } else { b == s })
    };
    let short = text.len() < 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    short
        || begins("0000-00-00")
        || begins("00:00")
        || matches!(text.to_lowercase().as_str(), "true" | "false" | "null")
}

/// The mail addresses in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let outside = |c: char| !c.is_alphanumeric() && !matches!(c, '@' | '.' | '-' | '_' | '+');
    text.split(outside)
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.')))
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// Every text in a document.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A part of a form as it was meant.
fn decoded(part: &str) -> String {
    percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The pairs of a form.
fn form(body: &str) -> Vec<(String, String)> {
    body.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_keeps_its_words_and_loses_names_addresses_and_secrets_as_the_rest_of_the_recording_does() {
        let schema = ConfigSchema::from_value(json!({"properties": {"Secret": {"type": "string", "writeOnly": true}}}));
        let config = json!({"Secret": "hunter2-hunter2", "BaseUrl": "https://x.example"});
        let disguise = Disguise::new("kt1", &config, &schema, &Scenario::default());
        let list =
            json!([{"first": "Zoë", "last": "van der Bakker", "mail": "zoe@zorg.example", "id": "17"}]).to_string();
        let error = json!({"message": "no user kt1x0: Zoë van der Bakker (zoe@zorg.example) asks Piet <piet@zorg.example>, hunter2-hunter2"});
        let error = error.to_string();
        disguise.learn(&list);
        disguise.learn(&error);
        let (list, error) = (disguise.body(&list), disguise.body(&error));
        for gone in ["Zoë", "Bakker", "zoe@", "piet@", "zorg", "hunter2"] {
            assert!(!list.contains(gone) && !error.contains(gone), "{gone}: {list} {error}");
        }
        let list: Value = serde_json::from_str(&list).unwrap();
        for (name, value) in list[0].as_object().unwrap() {
            let there = name == "id" || error.contains(value.as_str().unwrap());
            assert!(there, "[{name}] is {value} in the list, and something else in {error}");
        }
        assert!(error.contains("no user kt1x0: ") && error.contains(" asks Piet <"), "{error}");
    }
}
