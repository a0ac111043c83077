//! Configurations: one struct, its JSON Schema, and a reader that names every fault at once.

mod lenient;
mod schema;

use std::fmt;

use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::secret::{Scrubber, Secret};
pub use schema::ConfigSchema;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The place: `BaseUrl`, `permissions[0].role`, or the name of an account field.
    pub path: String,
    /// What is wrong there; never the value of a secret.
    pub message: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The same fault with its place led in, as in `actionContext.Configuration.` and `BaseUrl`.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        if self.path.is_empty() {
            prefix.trim_end_matches(['.', ' ', ':']).clone_into(&mut self.path);
        } else {
            self.path.insert_str(0, prefix);
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// The configuration of a connector: one struct with `#[derive(Deserialize, JsonSchema)]`.
///
/// Doc comments become descriptions, `#[schemars(title = "…")]` the label of a form, [`Secret`] fields are secret.
/// What a schema cannot say is checked in [`inspect`](Self::inspect), which sees the configuration even where the
/// schema found faults, so that an administrator gets all of them at once.
pub trait ConnectorConfig: DeserializeOwned + JsonSchema {
    /// Checks what the schema cannot say. Keys are spelled as in the schema; values may still have wrong types.
    fn inspect(config: &Map<String, Value>, faults: &mut Vec<Fault>) {
        let _ = (config, faults);
    }
}

/// Reads a configuration: keys without regard to case, `-` and `_`; booleans and numbers also as text.
///
/// Keys that the schema does not know are ignored: HelloID tenants keep keys of their own in the same form.
///
/// # Errors
/// `Config` with every fault, by path.
///
/// ```
/// use koppel::config::{self, ConnectorConfig};
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(rename_all = "PascalCase")]
/// struct Config { base_url: String, historical_days: u32 }
/// impl ConnectorConfig for Config {}
/// let good: Config = config::read(&serde_json::json!({"baseurl": "https://x", "HistoricalDays": "2"}))?;
/// assert_eq!(good.historical_days, 2);
/// let error = config::read::<Config>(&serde_json::json!({"HistoricalDays": "two"})).unwrap_err();
/// assert_eq!(error.to_string(), "BaseUrl: is missing; HistoricalDays: \"two\" is not a whole number");
/// # Ok::<(), koppel::Error>(())
/// ```
pub fn read<C: ConnectorConfig>(value: &Value) -> Result<C> {
    let schema = ConfigSchema::of::<C>();
    let value = schema.normalise(value);
    let mut faults = schema.faults(&value);
    if let Value::Object(map) = &value {
        C::inspect(map, &mut faults);
    }
    if !faults.is_empty() {
        let mut seen: Vec<Fault> = Vec::new();
        for fault in faults {
            // One place, one fault: what the schema said of it comes first.
            if !seen.iter().any(|s| s.path == fault.path) {
                seen.push(fault);
            }
        }
        seen.sort_by(|a, b| a.path.cmp(&b.path));
        return Err(Error::config(seen));
    }
    serde_json::from_value(value).map_err(|e| Error::config(vec![Fault::new("", e.to_string())]))
}

impl ConfigSchema {
    /// The faults of a configuration that [`normalise`](Self::normalise) gave; [`read`] does both.
    pub fn faults(&self, value: &Value) -> Vec<Fault> {
        if !value.is_object() {
            return vec![Fault::new("", "the configuration is not a JSON object")];
        }
        let validator = match jsonschema::validator_for(self.as_value()) {
            Ok(validator) => validator,
            Err(error) => return vec![Fault::new("", format!("the schema of the connector is wrong: {error}"))],
        };
        let mut faults = Vec::new();
        for error in validator.iter_errors(value) {
            let path = place(error.instance_path().as_str());
            match error.kind() {
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                    faults.push(Fault::new(path, "is missing"));
                }
                ValidationErrorKind::MinLength { .. } => faults.push(Fault::new(path, "is empty")),
                kind => {
                    let secret = self.is_secret(error.instance_path().as_str());
                    let shown = if secret { "the value".to_owned() } else { short(error.instance()) };
                    let place = error.instance_path().as_str();
                    faults.push(Fault::new(path, lenient::complaint(self.as_value(), place, kind, &shown)));
                }
            }
        }
        faults
    }

    /// Puts every secret of a configuration into the scrubber, whatever else is wrong with it.
    pub fn scrub_into(&self, config: &Value, scrubber: &Scrubber) {
        self.secret_values(config).into_iter().for_each(|secret| scrubber.add(&Secret::new(secret)));
    }

    /// The values of a configuration that this schema marks secret, whatever else is wrong with it.
    pub fn secret_values(&self, config: &Value) -> Vec<String> {
        let config = self.normalise(config);
        let text = |pointer: String| config.pointer(&pointer).and_then(Value::as_str).map(str::to_owned);
        self.secrets().into_iter().filter_map(text).collect()
    }
}

/// `/permissions/0/role` as `permissions[0].role`.
fn place(pointer: &str) -> String {
    let mut out = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() {
            out.extend(["[", &part, "]"]);
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(&part);
        }
    }
    out
}

/// A value, shown short.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}
