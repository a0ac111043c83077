//! Writes mappings in HelloID's own shape.

use serde_json::{Map, Value, json};

use super::model::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, SourceMapping, SourceRule, Stage};

impl FieldMapping {
    /// The content of a fieldMapping.json, as HelloID exports it. Reading it gives this mapping again.
    pub fn to_json(&self) -> Value {
        let fields: Vec<Value> = self.fields.iter().map(field).collect();
        json!({ "Version": "v1", "MappingFields": fields, "UniqueFieldNames": [] })
    }
}

fn field(field: &MappedField) -> Value {
    let kind = match field.kind {
        FieldKind::Text => "Text",
        FieldKind::Array => "Array",
    };
    let actions: Vec<Value> = field.actions.iter().map(action).collect();
    json!({ "Name": field.name, "Description": field.description, "Type": kind, "MappingActions": actions })
}

fn action(action: &MappedAction) -> Value {
    let stages: Vec<&str> = action.stages.iter().copied().map(Stage::name).collect();
    let value = match &action.rule {
        Rule::Field(text) | Rule::Complex(text) => Value::from(text.as_str()).to_string(),
        Rule::Fixed(value) => value.to_string(),
        Rule::None => String::new(),
    };
    json!({
        "MapForActions": stages,
        "MappingMode": action.rule.mode(),
        "Value": value,
        "UsedInNotifications": action.used_in_notifications,
        "StoreInAccountData": action.store_in_account_data,
    })
}

impl SourceMapping {
    /// The content of a mapping.json, as HelloID exports it. Reading it gives this mapping again.
    pub fn to_json(&self) -> Value {
        let rules = |rules: &[SourceRule]| rules.iter().map(source_rule).collect::<Vec<_>>();
        json!({ "personMappings": rules(&self.person), "contractMappings": rules(&self.contract) })
    }
}

fn source_rule(rule: &SourceRule) -> Value {
    let value = match &rule.rule {
        Rule::Field(text) | Rule::Complex(text) => Value::from(text.as_str()),
        Rule::Fixed(value) => value.clone(),
        Rule::None => Value::Null,
    };
    let mut entry = Map::from_iter([
        ("name".to_owned(), Value::from(rule.name.as_str())),
        ("mode".to_owned(), Value::from(rule.rule.mode().to_ascii_lowercase())),
        ("value".to_owned(), value),
        ("validation".to_owned(), json!({ "required": rule.required })),
    ]);
    if rule.convert_to_string {
        entry.insert("convertToString".to_owned(), Value::Bool(true));
    }
    Value::Object(entry)
}
