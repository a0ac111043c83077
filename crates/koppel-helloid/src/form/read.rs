//! Reading a configuration.json.

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Form, FormField, FormOption};
use crate::file::FileContent;
use crate::finding::{Finding, Read};
use crate::mapping::json::{Object, Report, items, shown};

/// A form may have so many fields; the largest public one has fewer than thirty.
const MOST_FIELDS: usize = 1_000;

/// A field may have so many options.
const MOST_OPTIONS: usize = 1_000;

/// A key may have so many bytes.
const LONGEST_KEY: usize = 256;

impl Form {
    /// Reads a configuration.json, in UTF-8 or UTF-16. An empty file is a form without fields, and a warning.
    /// Everything that is wrong is found at once, with its line. Fields without a key of their own are left out.
    ///
    /// ```
    /// use koppel_helloid::Form;
    /// let read = Form::read(br#"[{"key": "a", "type": "input", "templateOptions": {"label": "A"}}, {"type": "input"}]"#);
    /// assert_eq!(read.value.unwrap().fields.len(), 1);
    /// assert_eq!(read.findings[0].to_string(), "error: field 2 of the form has no key [form-key]");
    /// ```
    pub fn read(bytes: &[u8]) -> Read<Self> {
        let Read { value, mut findings } = FileContent::read(bytes);
        let text = match value {
            Some(FileContent::Form(text)) => text,
            Some(FileContent::Empty) => {
                let finding = Finding::warning(0, "", "the file is empty; the form has no fields").coded("empty-file");
                return Read { value: Some(Self::default()), findings: vec![finding] };
            }
            Some(other) => {
                let message =
                    format!("the file is {}; a configuration.json is a list of objects with a key", other.kind());
                return Read { value: None, findings: vec![Finding::error(0, "", message)] };
            }
            None => return Read { value: None, findings },
        };
        let mut report = Report::new(&text);
        let fields = fields(&mut report, &text);
        findings.extend(report.finish());
        Read { value: Some(Self { fields: fields.into_iter().map(|(_, field)| field).collect() }), findings }
    }
}

/// The fields of a form, each with its line.
pub(crate) fn fields(report: &mut Report<'_>, text: &str) -> Vec<(usize, FormField)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let Some(Ok(root)) = values.next() else { return Vec::new() };
    let Some(entries) = items(root, MOST_FIELDS + 1) else { return Vec::new() };
    if entries.items.len() > MOST_FIELDS {
        let message = format!("the form has more than {MOST_FIELDS} fields; the rest is not read");
        report.add(Finding::error(0, "", message).coded("form-size"));
    }
    let mut keys = Keys::default();
    let mut fields = Vec::new();
    for (index, entry) in entries.items.into_iter().take(MOST_FIELDS).enumerate() {
        let Some(mut object) = Object::read(report, entry, "") else { continue };
        let line = report.line(entry);
        match key(report, &object, index + 1) {
            Ok(key) => {
                object.place.clone_from(&key);
                match keys.add(&key) {
                    Ok(()) => fields.push((line, field(report, key, &object))),
                    Err(why) => report.add(Finding::error(line, key, why).coded("form-key")),
                }
            }
            Err(why) => report.add(Finding::error(line, "", why).coded("form-key")),
        }
    }
    fields
}

/// The key of a field, which counts from 1.
fn key(report: &mut Report<'_>, object: &Object<'_>, number: usize) -> Result<String, String> {
    let key = object.text(report, "key").unwrap_or_default();
    if key.trim().is_empty() {
        return Err(format!("field {number} of the form has no key"));
    }
    if key.len() > LONGEST_KEY {
        return Err(format!("field {number} of the form has a key of more than {LONGEST_KEY} characters"));
    }
    if key.split('.').any(|part| part.trim().is_empty()) {
        return Err(format!("[{key}] is no key: a name is missing before or after a dot"));
    }
    Ok(key)
}

/// The keys of a form so far, in lower case: PowerShell does not tell them apart by case.
#[derive(Default)]
struct Keys {
    keys: HashMap<String, String>,
    above: HashSet<String>,
}

impl Keys {
    fn add(&mut self, key: &str) -> Result<(), String> {
        let folded = key.to_lowercase();
        if let Some(earlier) = self.keys.get(&folded) {
            let case = if earlier == key { "" } else { ", spelled otherwise; PowerShell does not see the difference" };
            return Err(format!("the key stands twice in the form{case}; only the first is read"));
        }
        let above: Vec<&str> = folded.match_indices('.').filter_map(|(dot, _)| folded.get(..dot)).collect();
        if let Some(value) = above.iter().find_map(|above| self.keys.get(*above)) {
            return Err(format!(
                "[{value}] is a field already, so that nothing can stand below it; the field is left out"
            ));
        }
        if self.above.contains(&folded) {
            return Err(format!(
                "other fields stand below [{key}], so that it cannot have a value; the field is left out"
            ));
        }
        self.above.extend(above.into_iter().map(str::to_owned));
        self.keys.insert(folded, key.to_owned());
        Ok(())
    }
}

/// What a field and its `templateOptions` may hold here; other keys are kept as they are.
const FIELD: [&str; 4] = ["key", "type", "defaultValue", "templateOptions"];
const TEMPLATE: [&str; 7] = ["type", "label", "description", "placeholder", "required", "options", "rows"];
const OPTION: [&str; 2] = ["value", "label"];

fn field(report: &mut Report<'_>, key: String, object: &Object<'_>) -> FormField {
    let template = object.get("templateOptions").and_then(|raw| Object::read(report, raw, &key));
    let text = |report: &mut Report<'_>, object: Option<&Object<'_>>, name| {
        object.and_then(|object| object.text(report, name)).filter(|text| !text.trim().is_empty())
    };
    let kind = text(report, Some(object), "type").unwrap_or_else(|| {
        warn(report, object, "form-type", "has no type; it is taken for an input");
        "input".to_owned()
    });
    let template = template.as_ref();
    let label = text(report, template, "label").unwrap_or_else(|| {
        warn(report, object, "form-label", "has no label; the key stands in its place");
        key.clone()
    });
    let mut field = FormField {
        kind,
        default: object.get("defaultValue").and_then(|raw| serde_json::from_str(raw.get()).ok()),
        label,
        description: text(report, template, "description").unwrap_or_default(),
        placeholder: text(report, template, "placeholder").unwrap_or_default(),
        required: template.is_some_and(|template| template.flag(report, "required")),
        more: more(object, &FIELD),
        key,
        ..FormField::default()
    };
    if let Some(template) = template {
        unknown(report, template, "templateOptions", &TEMPLATE);
        field.more_options = more(template, &TEMPLATE);
        match text(report, Some(template), "type") {
            Some(kind) if kind.eq_ignore_ascii_case("password") => field.secret = true,
            Some(kind) => drop(field.more_options.insert("type".to_owned(), Value::String(kind))),
            None => {}
        }
        field.options = options(report, template);
        field.rows = template.get("rows").and_then(|raw| raw.get().trim_matches('"').parse().ok());
    }
    if let Some(name) = field.more.keys().find(|name| TEMPLATE.iter().any(|known| known.eq_ignore_ascii_case(name))) {
        let message = format!("has [{}] beside the key; HelloID looks for it in templateOptions", shown(name));
        warn(report, object, "form-place", message);
    }
    field
}

fn warn(report: &mut Report<'_>, object: &Object<'_>, code: &'static str, message: impl Into<String>) {
    let line = report.line(object.raw);
    report.add(Finding::warning(line, &object.place, message).coded(code));
}

/// Says which keys are not known; they are kept all the same.
fn unknown(report: &mut Report<'_>, object: &Object<'_>, place: &str, known: &[&str]) {
    for name in more(object, known).keys() {
        let message = format!("has [{}] in {place}, which HelloID does not know there", shown(name));
        warn(report, object, "unknown-key", message);
    }
}

/// The keys that are not known.
fn more(object: &Object<'_>, known: &[&str]) -> Map<String, Value> {
    let mut all: Map<String, Value> = serde_json::from_str(object.raw.get()).unwrap_or_default();
    all.retain(|name, _| !known.iter().any(|known| known.eq_ignore_ascii_case(name)));
    all
}

fn options(report: &mut Report<'_>, template: &Object<'_>) -> Vec<FormOption> {
    let mut options: Vec<FormOption> = Vec::new();
    let mut seen = HashSet::new();
    for raw in template.list(report, "options", MOST_OPTIONS) {
        let Some(option) = Object::read(report, raw, &template.place) else { continue };
        unknown(report, &option, "an option", &OPTION);
        let Some(value) = option.get("value").and_then(|raw| serde_json::from_str(raw.get()).ok()).and_then(as_text)
        else {
            let line = report.line(raw);
            report.add(Finding::error(line, &template.place, "has an option without a value").coded("form-options"));
            continue;
        };
        if !seen.insert(value.clone()) {
            let line = report.line(raw);
            let message = format!("has two options with the value [{}]; only the first is read", shown(&value));
            report.add(Finding::warning(line, &template.place, message).coded("form-options"));
            continue;
        }
        let label = option.text(report, "label").filter(|label| !label.trim().is_empty());
        if label.is_none() {
            let message = format!("has no label for the option [{}]; the value stands in its place", shown(&value));
            warn(report, &option, "form-label", message);
        }
        options.push(FormOption { label: label.unwrap_or_else(|| value.clone()), value });
    }
    options
}

/// A text, a number or a boolean as HelloID hands it over.
pub(crate) fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}
