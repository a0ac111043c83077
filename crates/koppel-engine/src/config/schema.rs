//! The JSON Schema of the file, for editors.

use serde_json::{Value, json};

use super::limit::{OF_SOURCES, OF_TARGETS};

/// The JSON Schema (draft 2020-12) of `koppel.toml` as JSON. It is not as strict as [`read`](super::read), which also
/// knows the fields, the files and the names that belong together.
pub fn schema() -> Value {
    let state = table(
        "Where the engine keeps its state.",
        json!({"url": {"type": "string", "default": "sqlite:koppel.db",
                       "description": "sqlite: and the path of a file, or postgres://…"},
               "lease": length("How long a worker that fell silent keeps its jobs, from 1s to 24h. 30s by default.")}),
        &[],
    );
    let persons = table(
        "How persons of several sources become one.",
        json!({
            "key": {"type": "string", "default": "ExternalId",
                    "description": "The field of a person that is the same in every source."},
            "order": one_or_more(
                "The sources in the order in which fields of a person are taken from them; that of the file by default.",
                &json!({"type": "string"}),
            ),
        }),
        &[],
    );
    let list = |description: &str, item: &str| {
        let items = json!({"$ref": format!("#/$defs/{item}")});
        json!({"type": "array", "minItems": 1, "description": description, "items": items})
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "koppel.toml",
        "description": "Which systems there are, and who should have what in them.",
        "type": "object",
        "properties": {
            "state": state,
            "time_zone": {"type": "string", "default": "Europe/Amsterdam",
                          "description": "The zone in which days begin, by its IANA name."},
            "persons": persons,
            "source": list("The sources.", "source"),
            "target": list("The targets.", "target"),
            "rule": list("The rules.", "rule"),
        },
        "required": ["source", "target", "rule"],
        "additionalProperties": false,
        "$defs": {"source": source(), "target": target(), "rule": rule(), "condition": condition(), "limit": limit()},
    })
}

/// A `[[source]]`.
fn source() -> Value {
    table(
        "A system that persons and their contracts come from.",
        json!({
            "name": text("The name of the source."),
            "connector": text("The id of the connector, such as inplanning-source."),
            "config": config(),
            "mapping": text("The path of a HelloID mapping.json; without it the connector's own default counts."),
            "max_age": length("How old the last good read may be before it counts no more. 60m by default."),
            "thresholds": limits("Limits of an import, against the last good read.", &OF_SOURCES),
        }),
        &["name", "connector", "config"],
    )
}

/// A `[[target]]`.
fn target() -> Value {
    let correlate = table(
        "How an account that is there already is recognised.",
        json!({
            "person": text("The field of the person, such as ExternalId."),
            "account": text("The field of the account that has the same value."),
        }),
        &["person", "account"],
    );
    table(
        "A system that accounts and permissions are kept in.",
        json!({
            "name": {"type": "string", "pattern": "^[^:]+$", "description": "The name of the target, without a colon."},
            "connector": text("The id of the connector, such as ipassan-target."),
            "config": config(),
            "mapping": text("The path of a HelloID fieldMapping.json; without it the connector's own default counts."),
            "correlate": correlate,
            "concurrency": {"type": "integer", "minimum": 1, "maximum": 100, "default": 4,
                            "description": "So many persons at a time."},
            "rate": {"type": "string", "pattern": r"^\s*[0-9]+\s*/\s*[smh]\s*$",
                     "description": "So many actions in a time at most: 10/s, 300/m, 5000/h."},
            "on_revoke": {"enum": ["disable", "delete"], "default": "disable", "description": "What ends an account."},
            "thresholds": limits("Limits of an enforcement.", &OF_TARGETS.map(|(key, _)| key)),
        }),
        &["name", "connector", "config"],
    )
}

/// A `[[rule]]`.
fn rule() -> Value {
    let window = table(
        "How far around a contract it is granted.",
        json!({
            "before": length("So long before it begins: 60m, 2h, 1h 30m, 14d, 2w."),
            "after": length("So long after it has ended."),
        }),
        &[],
    );
    let grant = json!({"type": "string", "pattern": "^[^:]+:\\s*(account|access|permission:.*\\S.*)$"});
    table(
        "What is granted to whom, and around which contracts.",
        json!({
            "name": text("The name of the rule."),
            "when": when(),
            "window": window,
            "grant": one_or_more("What is granted: NAME:account, NAME:access, NAME:permission:REFERENCE.", &grant),
        }),
        &["name", "grant"],
    )
}

/// The configuration of a connector.
fn config() -> Value {
    json!({
        "description": "The configuration of the connector: the path of a JSON file, or a table. ${NAME} in a value is \
                        taken from the environment; $${ stands for ${ itself.",
        "type": ["string", "object"],
    })
}

/// A text that is not empty.
fn text(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "description": description})
}

/// A table that has these keys only.
#[expect(clippy::needless_pass_by_value, reason = "the caller has no use for it")]
fn table(description: &str, properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "description": description, "properties": properties, "required": required,
           "additionalProperties": false})
}

fn length(description: &str) -> Value {
    json!({"type": "string", "pattern": r"^\s*(0|([0-9]+[smhdw]\s*)+)\s*$", "description": description})
}

fn one_or_more(description: &str, of: &Value) -> Value {
    json!({"description": description, "anyOf": [of, {"type": "array", "items": of, "minItems": 1}]})
}

fn when() -> Value {
    json!({
        "type": "object",
        "description": "What a contract and its person must be: by field such as Title.Name or Person.Name.FamilyName.",
        "properties": {"source": one_or_more("Only contracts of these sources.", &json!({"type": "string"}))},
        "additionalProperties": {"$ref": "#/$defs/condition"},
    })
}

fn condition() -> Value {
    let value = json!({"anyOf": [{"type": "string", "minLength": 1}, {"type": ["number", "boolean"]}]});
    let values = |description: &str| one_or_more(description, &value);
    json!({
        "description": "What the value of a field must be; case does not count.",
        "anyOf": [
            values("One of these."),
            {
                "type": "object",
                "properties": {
                    "any": values("One of these,"),
                    "prefix": values("or one that begins so."),
                    "not": values("And none of these,"),
                    "not_prefix": values("nor one that begins so."),
                },
                "minProperties": 1,
                "additionalProperties": false,
            },
            {
                "type": "object",
                "description": "More of the path of the field.",
                "minProperties": 1,
                "propertyNames": {"not": {"enum": ["any", "prefix", "not", "not_prefix"]}},
                "additionalProperties": {"$ref": "#/$defs/condition"},
            },
        ],
    })
}

fn limit() -> Value {
    let one = json!({"anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^\s*(100(\.0*)?|[0-9]{1,2}(\.[0-9]*)?)\s*%\s*$"},
    ]});
    one_or_more(
        "A percentage such as 10%, a number, or a list of both; reached at that many, and one of a list is enough.",
        &one,
    )
}

/// Limits by key; `a.b` can also be a table in a table.
fn limits(description: &str, keys: &[&str]) -> Value {
    let mut properties = json!({});
    for key in keys {
        let limit = json!({"$ref": "#/$defs/limit"});
        if let Some((of, change)) = key.split_once('.') {
            let group = &mut properties[of];
            if group.is_null() {
                *group = json!({"type": "object", "additionalProperties": false, "properties": {}});
            }
            group["properties"][change] = limit.clone();
        }
        properties[*key] = limit;
    }
    json!({"type": "object", "description": description, "properties": properties, "additionalProperties": false})
}
