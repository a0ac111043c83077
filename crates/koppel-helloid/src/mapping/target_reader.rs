//! Reads the object of a fieldMapping.json.

use serde_json::Value;
use serde_json::value::RawValue;

use super::inner::{self, Inner};
use super::json::{Object, Report, kind, shown};
use super::model::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, Stage};
use super::names::Names;

/// A mapping may have this many fields; HelloID itself takes 50 in one import.
const MOST_FIELDS: usize = 5_000;

/// A field has a rule per stage at most, so this is plenty.
const MOST_RULES: usize = 50;

/// Reads the mapping; what is wrong goes into the report.
pub(crate) fn read_fields(report: &mut Report<'_>, root: &Object<'_>) -> FieldMapping {
    root.only(report, &["Version", "MappingFields", "UniqueFieldNames"]);
    let version = root.text(report, "Version");
    if let (Some(version), Some(raw)) =
        (version.filter(|version| !version.eq_ignore_ascii_case("v1")), root.get("Version"))
    {
        let message = format!("Version is [{}]; only [v1] is known, and the file is read as that", shown(&version));
        report.warning(raw, "", message);
    }
    if let Some(raw) = root.get("UniqueFieldNames").filter(|raw| raw.get().bytes().any(|byte| byte == b'"')) {
        report.warning(
            raw,
            "",
            "UniqueFieldNames is left out: which fields are unique is what a PowerShell system itself decides",
        );
    }
    let mut names = Names::default();
    let mut fields = Vec::new();
    for (index, raw) in root.list(report, "MappingFields", MOST_FIELDS).into_iter().enumerate() {
        let place = format!("MappingFields[{index}]");
        let Some(mut object) = Object::read(report, raw, &place) else { continue };
        if let Some(name) = names.read(report, &object, "Name") {
            object.place.clone_from(&name);
            fields.push(field(report, &object, name));
        }
    }
    FieldMapping { fields }
}

fn field(report: &mut Report<'_>, object: &Object<'_>, name: String) -> MappedField {
    object.only(report, &["Name", "Description", "Type", "MappingActions"]);
    let kind = object.text(report, "Type");
    let kind = match kind.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("text") => FieldKind::Text,
        Some("array") => FieldKind::Array,
        // A Type that is no text has its error already.
        None if object.get("Type").is_some() => FieldKind::Text,
        None => {
            report.error(object.raw, &name, "has no Type; it is Text or Array");
            FieldKind::Text
        }
        Some(_) => {
            let given = kind.unwrap_or_default();
            let message = format!("has the Type [{}]; there are Text and Array", shown(&given));
            report.error(object.get("Type").unwrap_or(object.raw), &name, message);
            FieldKind::Text
        }
    };
    let mut actions: Vec<MappedAction> = Vec::new();
    for raw in object.list(report, "MappingActions", MOST_RULES) {
        let Some(entry) = Object::read(report, raw, &name) else { continue };
        if let Some(mut action) = action(report, &entry) {
            for stage in &action.stages {
                if actions.iter().any(|other| other.stages.contains(stage)) {
                    report.under("mapped-twice").error(raw, &name, format!("is mapped twice for {stage}"));
                }
            }
            action.stages.retain(|stage| !actions.iter().any(|other| other.stages.contains(stage)));
            actions.push(action);
        }
    }
    let line = report.line(object.any("Name").unwrap_or(object.raw));
    let description = object.text(report, "Description").unwrap_or_default();
    MappedField { name, description, kind, actions, line }
}

fn action(report: &mut Report<'_>, entry: &Object<'_>) -> Option<MappedAction> {
    entry.only(report, &["MapForActions", "MappingMode", "Value", "UsedInNotifications", "StoreInAccountData"]);
    let stages = stages(report, entry);
    let mode = entry.text(report, "MappingMode");
    let used_in_notifications = entry.flag(report, "UsedInNotifications");
    let store_in_account_data = entry.flag(report, "StoreInAccountData");
    let Some(mode) = mode else {
        if entry.get("MappingMode").is_none() {
            report.error(
                entry.raw,
                &entry.place,
                "has a rule without MappingMode; it is Field, Fixed, Complex or None",
            );
        }
        return None;
    };
    let rule = rule(report, entry, &mode)?;
    let line = report.line(entry.any("Value").unwrap_or(entry.raw));
    Some(MappedAction { stages, rule, used_in_notifications, store_in_account_data, line })
}

fn stages(report: &mut Report<'_>, entry: &Object<'_>) -> Vec<Stage> {
    let mut stages = Vec::new();
    let names = entry.list(report, "MapForActions", MOST_RULES);
    let absent = entry.get("MapForActions").is_none_or(|raw| raw.get().starts_with('['));
    if names.is_empty() && absent {
        report.under("no-action").warning(entry.raw, &entry.place, "has a rule that is for no action; it never counts");
    }
    for raw in names {
        let Ok(name) = serde_json::from_str::<String>(raw.get()) else {
            report.error(raw, &entry.place, format!("MapForActions holds {}, where a text belongs", kind(raw)));
            continue;
        };
        match name.parse() {
            Ok(stage) if stages.contains(&stage) => {
                report.under("mapped-twice").warning(raw, &entry.place, format!("names {stage} twice in one rule"));
            }
            Ok(stage) => stages.push(stage),
            Err(_) => {
                let message = format!(
                    "is mapped for [{}], which is no account action; there are Create, Enable, Update, Disable and Delete",
                    shown(&name)
                );
                report.error(raw, &entry.place, message);
            }
        }
    }
    stages
}

fn rule(report: &mut Report<'_>, entry: &Object<'_>, mode: &str) -> Option<Rule> {
    let value = entry.any("Value");
    let at = value.unwrap_or(entry.raw);
    let value = inner(report, value, at, &entry.place);
    match mode.to_ascii_lowercase().as_str() {
        "field" => path_or_script(report, at, &entry.place, "path", value?).map(Rule::Field),
        "complex" => path_or_script(report, at, &entry.place, "script", value?).map(Rule::Complex),
        "fixed" => {
            let value = value?.unwrap_or_else(|| {
                report.under("value-malformed").warning(
                    at,
                    &entry.place,
                    "has an empty Value where HelloID writes \"\\\"\\\"\"; it counts as an empty text",
                );
                Value::String(String::new())
            });
            if value.is_object() || value.is_array() {
                report.under("value-malformed").error(
                    at,
                    &entry.place,
                    format!("has {} as its fixed value; a text belongs there", kind(at)),
                );
                return None;
            }
            Some(Rule::Fixed(value))
        }
        "none" => {
            if value?.is_some_and(|value| value != Value::String(String::new())) {
                report.warning(at, &entry.place, "has the mode None and a Value; the value is not used");
            }
            Some(Rule::None)
        }
        _ => {
            let message = format!("has the mode [{}]; there are Field, Fixed, Complex and None", shown(mode));
            report.error(entry.get("MappingMode").unwrap_or(entry.raw), &entry.place, message);
            None
        }
    }
}

/// The value inside a `Value`; the inner `None` is an empty one, the outer one that cannot be used.
#[expect(clippy::option_option, reason = "unusable, empty and there are three answers")]
fn inner(report: &mut Report<'_>, value: Option<&RawValue>, at: &RawValue, field: &str) -> Option<Option<Value>> {
    match inner::read(value) {
        Inner::Sound(value) => Some(Some(value)),
        Inner::Mended(value, message) => {
            report.under("value-malformed").warning(at, field, message);
            Some(Some(value))
        }
        Inner::Empty => Some(None),
        Inner::Broken => {
            report.under("value-malformed").error(
                at,
                field,
                "has a Value with a broken character, or one that is nested too deeply",
            );
            None
        }
    }
}

fn path_or_script(
    report: &mut Report<'_>,
    at: &RawValue,
    field: &str,
    what: &str,
    value: Option<Value>,
) -> Option<String> {
    match value {
        Some(Value::String(text)) => {
            if text.trim().is_empty() {
                report.under("no-value").warning(at, field, format!("has an empty {what}; its value is always null"));
            }
            Some(text)
        }
        Some(_) => {
            report.under("value-malformed").error(
                at,
                field,
                format!("has a Value that is no text, where a {what} belongs"),
            );
            None
        }
        None => {
            report.under("no-value").error(at, field, format!("has no Value, where a {what} belongs"));
            None
        }
    }
}
