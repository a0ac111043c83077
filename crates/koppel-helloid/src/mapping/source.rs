//! A source mapping, evaluated: from a raw person to a person of HelloID.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Record, lookup, scalar_text};
use serde::Serialize;
use serde_json::{Value, json};

use super::determinants::{Determinant, Moment, primary};
use super::model::{Rule, SourceMapping, SourceRule};
use super::name::{Convention, aggregation, display_name};
use super::path::walk_raw;
use super::text_of;
use crate::finding::{Finding, Severity};
use crate::script::{Engine, Scope};

/// A person may have this many contracts; HelloID itself takes 100.
pub const MOST_CONTRACTS: usize = 10_000;

/// How persons are calculated from what is mapped.
#[derive(Debug, Clone)]
pub struct SourceOptions {
    /// The moment at which contracts are active or not.
    pub at: Timestamp,
    /// The zone of dates that name none.
    pub zone: TimeZone,
    /// What makes a contract the primary one, most important first.
    pub determinants: Vec<Determinant>,
}

impl SourceOptions {
    /// The [usual determinants](Determinant::usual) at a moment.
    pub fn new(at: Timestamp, zone: TimeZone) -> Self {
        Self { at, zone, determinants: Determinant::usual() }
    }
}

/// What became of a raw person.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedPerson {
    /// The person, as HelloID's `personContext.Person`.
    pub person: Value,
    /// Why the person is blocked: HelloID leaves blocked persons out of what it decides on.
    pub blocked: Option<String>,
    /// Warnings: places to look at.
    pub findings: Vec<Finding>,
}

/// Where the value of a field of a person or contract came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceOrigin<'a> {
    /// The field; that of a contract begins with `Contracts[0].`.
    pub field: String,
    /// Its value.
    pub value: &'a Value,
    /// The mode of its rule: Field, Fixed or Complex.
    pub mode: &'static str,
    /// The path in the raw data, `script` or `fixed value`.
    pub from: &'a str,
    /// The line of its rule in the file; 0 where it came from no file.
    pub line: usize,
}

impl SourceMapping {
    /// The person that HelloID makes of a raw one: the mapped fields, the mapped `Contracts`, and what is calculated from
    /// them: `PrimaryContract`, `PrimaryManager`, `DisplayName`, `Status`, `Aggregation`.
    ///
    /// A required field without a value blocks the person, with a reason that names such fields, the first 20 of them.
    ///
    /// # Errors
    /// Where the raw person is no object, its contracts are no objects or too many, or a script gives no value:
    /// what there is to say, at most 100 errors and 100 warnings. Other persons can still be evaluated.
    pub fn evaluate(
        &self,
        engine: &mut dyn Engine,
        raw: &Value,
        options: &SourceOptions,
    ) -> Result<MappedPerson, Vec<Finding>> {
        if !raw.is_object() {
            return Err(vec![Finding::error(0, "", "the raw person is not a JSON object")]);
        }
        let mut work =
            Work { engine, source: raw, missing: Missing::default(), errors: Vec::new(), warnings: Vec::new() };
        let mut fields = work.fields(&self.person, None);
        for rule in missing(&self.person, &fields) {
            work.missing.add(rule.name.clone());
        }
        let mut contracts = Vec::new();
        for (index, contract) in work.contracts().iter().enumerate() {
            contracts.push(work.apply(&self.contract, index, contract));
            // Each script that fails may have taken all of its time.
            if work.errors.len() >= MOST_FINDINGS {
                break;
            }
        }
        for (index, contract) in contracts.iter().enumerate() {
            work.odd_dates(index, contract, &self.contract, &options.zone);
        }
        if !work.errors.is_empty() {
            work.errors.append(&mut work.warnings);
            return Err(work.errors);
        }
        Ok(self.finish(work, &mut fields, contracts, options))
    }

    /// Where the values of a person came from, in the order of the file, those of its contracts behind it.
    pub fn origins<'a>(&'a self, person: &'a Value) -> impl Iterator<Item = SourceOrigin<'a>> {
        let of = |at: &'a Value, prefix: String, rules: &'a [SourceRule]| {
            rules.iter().map(move |rule| SourceOrigin {
                field: format!("{prefix}{}", rule.name),
                value: lookup(at, &rule.name).unwrap_or(&Value::Null),
                mode: rule.rule.mode(),
                from: rule.rule.origin(),
                line: rule.line,
            })
        };
        let contracts = person.get("Contracts").and_then(Value::as_array).into_iter().flatten();
        let contracts = contracts
            .enumerate()
            .flat_map(move |(index, contract)| of(contract, format!("Contracts[{index}]."), &self.contract));
        of(person, String::new(), &self.person).chain(contracts)
    }

    /// What is calculated from the mapped fields.
    fn finish(
        &self,
        mut work: Work<'_>,
        fields: &mut Record,
        contracts: Vec<Value>,
        options: &SourceOptions,
    ) -> MappedPerson {
        let spelled = |name: &str| self.person.iter().find(|rule| rule.name.eq_ignore_ascii_case(name));
        if let Some(rule) = spelled("Aggregation")
            && let Some(text) = fields.text(&rule.name)
        {
            fields.set(rule.name.as_str(), aggregation(&text));
        }
        let convention = work.convention(spelled("Name.Convention"), fields);
        if spelled("ExternalId").is_none_or(|rule| fields.non_empty(&rule.name).is_none()) {
            work.missing.add("ExternalId".to_owned());
        }

        let mut person = fields.to_nested();
        let display_name = display_name(&person, convention);
        let blocked = work.blocked(&person);
        let chosen =
            primary(&contracts, &options.determinants, options.at, &options.zone).and_then(|at| contracts.get(at));
        let manager = chosen.and_then(|contract| lookup(contract, "Manager"));
        let manager = manager.filter(|manager| lookup(manager, "ExternalId").is_some_and(has_value));
        let calculated = [
            ("Accounts", json!({})),
            ("DisplayName", Value::String(display_name)),
            ("PrimaryContract", chosen.cloned().unwrap_or_default()),
            ("PrimaryManager", manager.cloned().unwrap_or_default()),
            ("Status", json!({ "Blocked": blocked.is_some(), "Reason": blocked })),
            ("Contracts", Value::Array(contracts)),
        ];
        if let Value::Object(map) = &mut person {
            map.retain(|key, _| !calculated.iter().any(|(name, _)| name.eq_ignore_ascii_case(key)));
            map.extend(calculated.map(|(name, value)| (name.to_owned(), value)));
        }
        MappedPerson { person, blocked, findings: work.warnings }
    }
}

/// So many errors, and as many warnings, are told of one person.
const MOST_FINDINGS: usize = 100;

/// So many required fields without a value are named.
const MOST_MISSING: usize = 20;

/// The required fields without a value.
#[derive(Default)]
struct Missing {
    names: Vec<String>,
    unnamed: usize,
}

impl Missing {
    fn add(&mut self, name: String) {
        if self.names.contains(&name) {
            return;
        }
        if self.names.len() < MOST_MISSING {
            self.names.push(name);
        } else {
            self.unnamed += 1;
        }
    }

    /// Why a person is blocked for it.
    fn reason(&self) -> Option<String> {
        if self.names.is_empty() {
            return None;
        }
        let plural = if self.names.len() == 1 { "" } else { "s" };
        let more = if self.unnamed == 0 { String::new() } else { format!(" and {} more", self.unnamed) };
        Some(format!("no value for the required field{plural} {}{more}", self.names.join(", ")))
    }
}

/// The rules that require a value which is not there.
fn missing<'r>(rules: &'r [SourceRule], fields: &Record) -> impl Iterator<Item = &'r SourceRule> {
    rules.iter().filter(|rule| rule.required && !fields.get(&rule.name).is_some_and(has_value))
}

/// One raw person at work.
struct Work<'a> {
    engine: &'a mut dyn Engine,
    source: &'a Value,
    missing: Missing,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl<'a> Work<'a> {
    fn note(&mut self, finding: Finding) {
        let noted = if finding.severity == Severity::Error { &mut self.errors } else { &mut self.warnings };
        if noted.len() < MOST_FINDINGS && !noted.contains(&finding) {
            noted.push(finding);
        }
    }

    /// The raw contracts; one object counts as a list of one.
    fn contracts(&mut self) -> &'a [Value] {
        let found = match lookup(self.source, "Contracts") {
            None => {
                self.note(Finding::warning(0, "Contracts", "the raw person has no Contracts"));
                &[]
            }
            Some(Value::Null) => &[],
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        if found.len() > MOST_CONTRACTS {
            let message = format!("the raw person has {} contracts; at most {MOST_CONTRACTS} are taken", found.len());
            self.note(Finding::error(0, "Contracts", message));
            return &[];
        }
        for (index, contract) in found.iter().enumerate() {
            if !contract.is_object() {
                let message = format!("contract {} of the raw person is not a JSON object", index + 1);
                self.note(Finding::error(0, "Contracts", message));
                return &[];
            }
        }
        found
    }

    /// A contract.
    fn apply(&mut self, rules: &[SourceRule], index: usize, raw: &Value) -> Value {
        let fields = self.fields(rules, Some((index, raw)));
        let contract = fields.to_nested();
        for rule in missing(rules, &fields) {
            self.missing.add(format!("{} of {}", rule.name, whose(index, &contract)));
        }
        contract
    }

    /// The fields of the person, or of a contract.
    fn fields(&mut self, rules: &[SourceRule], contract: Option<(usize, &Value)>) -> Record {
        let mut fields = Record::new();
        for rule in rules {
            let mut value = self.value(rule, contract);
            if rule.convert_to_string {
                value = match value {
                    Value::Array(_) | Value::Object(_) => Value::String(value.to_string()),
                    one => text_of(&one),
                };
            }
            fields.set(rule.name.as_str(), value);
        }
        fields
    }

    fn value(&mut self, rule: &SourceRule, contract: Option<(usize, &Value)>) -> Value {
        let raw = contract.map_or(self.source, |(_, contract)| contract);
        let place = |message: String| match contract {
            Some((index, contract)) => format!("{}: {message}", whose(index, contract)),
            None => message,
        };
        match &rule.rule {
            Rule::Fixed(value) => value.clone(),
            Rule::None => Value::Null,
            Rule::Field(path) => {
                let (found, spelling) = walk_raw(raw, path);
                if let Some(spelling) = spelling {
                    let message = format!("[{path}] is spelled [{spelling}] in the raw data; it is taken from there");
                    self.note(Finding::warning(rule.line, rule.name.as_str(), message));
                }
                found.cloned().unwrap_or_default()
            }
            Rule::Complex(script) => {
                let scope = Scope {
                    source: Some(self.source),
                    source_contract: contract.map(|(_, contract)| contract),
                    ..Scope::default()
                };
                self.engine.evaluate(script, &scope).unwrap_or_else(|e| {
                    let message = place(format!("the script gives no value: {e}"));
                    self.note(Finding::error(rule.line, rule.name.as_str(), message));
                    Value::Null
                })
            }
        }
    }

    /// The name convention. A missing one is B; that it is not mapped at all was said when the file was read.
    fn convention(&mut self, rule: Option<&SourceRule>, fields: &mut Record) -> Convention {
        let name = rule.map_or("Name.Convention", |rule| &rule.name);
        let given = fields.non_empty(name);
        if given.is_none() {
            fields.set(name, "B");
        }
        let (Some(rule), given) = (rule, given.as_deref()) else { return Convention::Birth };
        given.and_then(Convention::parse).unwrap_or_else(|| {
            let message = match given {
                Some(given) => {
                    format!("[{given}] is no name convention; there are B, P, BP and PB. The display name follows B")
                }
                None => "has no value; it counts as B, the name of birth".to_owned(),
            };
            self.note(Finding::warning(rule.line, name, message));
            Convention::Birth
        })
    }

    /// Says which dates are none: they bound nothing.
    fn odd_dates(&mut self, index: usize, contract: &Value, rules: &[SourceRule], zone: &TimeZone) {
        for name in ["StartDate", "EndDate"] {
            let Some(value) = lookup(contract, name).filter(|value| has_value(value)) else { continue };
            if value.as_str().is_some_and(|text| Moment::parse(text, zone).is_some()) {
                continue;
            }
            let line = rules.iter().find(|rule| rule.name.eq_ignore_ascii_case(name)).map_or(0, |rule| rule.line);
            let message =
                format!("{}: {value} is no date such as 2026-05-31; it bounds nothing", whose(index, contract));
            self.note(Finding::warning(line, name, message));
        }
    }

    /// Why the person is blocked: by the mapping itself, or for want of a value.
    fn blocked(&self, person: &Value) -> Option<String> {
        let mapped = lookup(person, "Status.Blocked").and_then(scalar_text);
        let reason = lookup(person, "Status.Reason").and_then(scalar_text).filter(|reason| !reason.trim().is_empty());
        let mut reasons = Vec::new();
        if mapped.is_some_and(|blocked| matches!(blocked.trim().to_ascii_lowercase().as_str(), "true" | "1")) {
            reasons.push(reason.unwrap_or_else(|| "the source says so".to_owned()));
        }
        reasons.extend(self.missing.reason());
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// How a contract is called in a message.
fn whose(index: usize, contract: &Value) -> String {
    match lookup(contract, "ExternalId").and_then(scalar_text).filter(|id| !id.trim().is_empty()) {
        Some(id) => format!("contract [{id}]"),
        None => format!("contract {}", index + 1),
    }
}

fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}
