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
        kept.retain(|text| !secrets.contains(text));
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
            if let Ok(url) = Url::parse(&text)
                && let Some(host) = url.host_str()
            {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                disguise.insert(format!("{host}{port}"), "recorded.example".to_owned());
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
                }
            }
            _ => {}
        }
    }

    /// A body with everything replaced that is known.
    pub(super) fn body(&self, body: &str) -> String {
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            return self.value(&value).to_string();
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

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.whole(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.value(value))).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// A text that is a value as a whole, else one with values in it. What this run made stays as it is.
    fn whole(&self, text: &str) -> String {
        if text.to_lowercase().contains(&self.tag.to_lowercase()) || self.kept.contains(text) {
            return text.to_owned();
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        known.unwrap_or_else(|| self.text(text))
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

    /// The configuration with everything replaced.
    pub(super) fn config(&self) -> Value {
        self.value(&self.config)
    }
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
