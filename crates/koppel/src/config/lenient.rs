//! Values as HelloID's forms and PowerShell deliver them, made what the schema asks for.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Map, Value};

use super::ConfigSchema;

impl ConfigSchema {
    /// The configuration with the schema's spelling of keys and, where a text can mean one, the schema's types.
    pub fn normalise(&self, config: &Value) -> Value {
        apply(self.as_value(), config)
    }
}

/// A key without case, `-` and `_`: `on_unmapped_profile` and `onUnmappedProfile` are one.
fn folded(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// What stands at a JSON pointer of a configuration, however its keys are spelled there.
pub(super) fn at<'a>(config: &'a mut Value, pointer: &str) -> Option<&'a mut Value> {
    pointer.split('/').skip(1).try_fold(config, |at, part| {
        let name = part.replace("~1", "/").replace("~0", "~");
        let map = at.as_object_mut()?;
        let key =
            if map.contains_key(&name) { name } else { map.keys().find(|key| folded(key) == folded(&name))?.clone() };
        map.get_mut(&key)
    })
}

/// The branch of an `anyOf` (an optional value) that is not null.
fn branch(schema: &Value) -> &Value {
    schema
        .get("anyOf")
        .and_then(Value::as_array)
        .and_then(|any| any.iter().find(|s| s.get("type").and_then(Value::as_str) != Some("null")))
        .unwrap_or(schema)
}

fn has_type(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(many)) => many.iter().any(|t| t == name),
        _ => false,
    }
}

fn apply(schema: &Value, value: &Value) -> Value {
    let schema = branch(schema);
    let Value::String(text) = value else {
        return match value {
            Value::Object(map) if has_type(schema, "array") => {
                Value::Array(vec![apply(items(schema), &Value::Object(map.clone()))])
            }
            Value::Object(map) => object(schema, map),
            Value::Array(list) if has_type(schema, "array") => {
                Value::Array(list.iter().map(|item| apply(items(schema), item)).collect())
            }
            Value::Number(number) if has_type(schema, "boolean") && !has_type(schema, "integer") => {
                match number.as_i64() {
                    Some(0) => Value::Bool(false),
                    Some(1) => Value::Bool(true),
                    _ => value.clone(),
                }
            }
            Value::Number(number) if has_type(schema, "integer") => match number.as_f64() {
                #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
                Some(n) if n.fract() == 0.0 && n.abs() < 1e15 => Value::from(n as i64),
                _ => value.clone(),
            },
            Value::Number(number) if has_type(schema, "string") => Value::String(number.to_string()),
            _ => value.clone(),
        };
    };
    let trimmed = text.trim();
    if has_type(schema, "boolean") {
        return match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" | "" => Value::Bool(false),
            _ => value.clone(),
        };
    }
    if has_type(schema, "integer") || has_type(schema, "number") {
        return match trimmed.parse::<i64>() {
            Ok(n) => Value::from(n),
            Err(_) => {
                trimmed.parse::<f64>().ok().filter(|_| has_type(schema, "number")).map_or(value.clone(), Value::from)
            }
        };
    }
    if has_type(schema, "array") || has_type(schema, "object") {
        // A textarea of a form holds JSON as text.
        return match serde_json::from_str::<Value>(trimmed) {
            Ok(inner @ (Value::Array(_) | Value::Object(_))) => apply(schema, &inner),
            _ => value.clone(),
        };
    }
    // An enum's constant in any case.
    let known = constants(schema);
    match known.iter().find(|constant| folded(constant) == folded(trimmed)) {
        Some(constant) => Value::String(constant.clone()),
        None => value.clone(),
    }
}

fn items(schema: &Value) -> &Value {
    schema.get("items").unwrap_or(&Value::Null)
}

/// The constants of an enum, written as `enum` or as `oneOf` with descriptions.
fn constants(schema: &Value) -> Vec<String> {
    let plain = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described
        .flat_map(|s| s.get("const").into_iter().chain(s.get("enum").and_then(Value::as_array).into_iter().flatten()));
    plain.chain(described).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn object(schema: &Value, map: &Map<String, Value>) -> Value {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Value::Object(map.clone());
    };
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut out = Map::new();
    for (key, value) in map {
        // The exact spelling wins over another one of the same key.
        let name = if properties.contains_key(key) {
            key.as_str()
        } else {
            match properties.keys().find(|name| folded(name) == folded(key) && !map.contains_key(*name)) {
                Some(name) => name.as_str(),
                None => continue,
            }
        };
        let Some(property) = properties.get(name) else { continue };
        let optional = !required.contains(&name);
        let blank = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        // An optional field that was left empty in a form is a field that was left out.
        if optional && blank {
            continue;
        }
        out.insert(name.to_owned(), apply(property, value));
    }
    Value::Object(out)
}

/// The part of a schema that says what may stand at a place of the configuration.
fn schema_at<'a>(schema: &'a Value, pointer: &str) -> &'a Value {
    pointer.split('/').skip(1).fold(branch(schema), |at, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next =
            if has_type(at, "array") { at.get("items") } else { at.get("properties").and_then(|p| p.get(&part)) };
        branch(next.unwrap_or(&Value::Null))
    })
}

/// What is wrong with a value, in words.
pub(super) fn complaint(schema: &Value, pointer: &str, kind: &ValidationErrorKind, shown: &str) -> String {
    let options = constants(schema_at(schema, pointer));
    if !options.is_empty() {
        return format!("{shown} is none of {}", options.join(", "));
    }
    match kind {
        ValidationErrorKind::Type { kind: TypeKind::Single(expected) } => {
            let expected = match expected.to_string().as_str() {
                "integer" => "a whole number".to_owned(),
                "boolean" => "true or false".to_owned(),
                "array" => "a list".to_owned(),
                "object" => "an object".to_owned(),
                "string" => "a text".to_owned(),
                other => format!("a {other}"),
            };
            format!("{shown} is not {expected}")
        }
        ValidationErrorKind::Minimum { limit } => format!("{shown} is less than {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("{shown} is more than {limit}"),
        ValidationErrorKind::MaxLength { limit } => format!("is longer than {limit} characters"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} entries"),
        ValidationErrorKind::Pattern { pattern } => format!("{shown} does not look like {pattern}"),
        ValidationErrorKind::Type { .. } | ValidationErrorKind::AnyOf { .. } => format!("{shown} has the wrong type"),
        _ => format!("{shown} is not allowed here"),
    }
}
