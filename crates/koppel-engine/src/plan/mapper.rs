//! The data of an action: what a mapping makes of a person at a moment.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Contract, FixedClock, Person, Record, Stage, lookup, scalar_text};
use koppel_helloid::mapping::Subject;
use koppel_helloid::script::{QuickJs, Settings};
use serde_json::Value;

use crate::digest::digest;
use crate::targets::TargetRuntime;

/// Evaluates mappings as of one moment. It stays on its thread.
pub(super) struct Mapper {
    engine: QuickJs,
    day: String,
}

impl Mapper {
    pub(super) fn new(at: Timestamp, zone: &TimeZone) -> Self {
        let day = at.to_zoned(zone.clone()).date().to_string();
        Self { engine: QuickJs::new(Settings::new(zone.clone(), Arc::new(FixedClock::new(at)))), day }
    }

    /// The data of an action.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub(super) fn data(&mut self, target: &TargetRuntime, stage: Stage, person: &Value) -> Result<Record, String> {
        let manager = lookup(person, "PrimaryManager").filter(|manager| manager.is_object());
        let subject = Subject { person, manager, iteration: 0 };
        match target.mapping.evaluate(&mut self.engine, stage, &subject) {
            Ok(evaluated) => Ok(evaluated.data),
            Err(findings) => {
                let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
                Err(format!("the mapping gives no data: {}", texts.join("; ")))
            }
        }
    }

    /// A digest of everything that the mapped fields depend on: the person, the mapping and the day.
    pub(super) fn seen(&self, target: &TargetRuntime, person: &Value) -> String {
        digest(&[person.to_string().as_bytes(), target.mapping_digest.as_bytes(), self.day.as_bytes()])
    }
}

/// The person as the policy of permissions sees it.
pub(super) fn person_of(key: &str, json: &Value, in_conditions: &[usize]) -> Person {
    let contracts = lookup(json, "Contracts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let contracts = contracts.iter().enumerate().map(|(at, fields)| Contract {
        external_id: lookup(fields, "ExternalId").and_then(scalar_text).unwrap_or_default(),
        in_conditions: Some(in_conditions.contains(&at)),
        fields: fields.clone(),
    });
    Person {
        external_id: key.to_owned(),
        display_name: lookup(json, "DisplayName").and_then(scalar_text).unwrap_or_default(),
        contracts: contracts.collect(),
    }
}
