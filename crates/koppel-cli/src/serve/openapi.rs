//! The `OpenAPI` document, from the schemas that `koppel schema` writes.

use koppel::manifest::manifest;
use koppel::{ConfigSchema, Connector, Department, FieldType, Kind, Manifest, SourcePerson};
use koppel_helloid::schema::{ActionInput, ActionOutput, ImportedAccount, ImportedPermission};
use serde_json::{Map, Value, json};

use super::routes::{OPEN, ROUTES};
use crate::failure::Failure;
use crate::host::Host;

/// The document: every route of every connector.
pub(crate) fn openapi(host: &Host) -> Result<Value, Failure> {
    let mut schemas = Schemas::default();
    for (name, schema) in [
        ("ActionInput", ConfigSchema::of::<ActionInput>()),
        ("ActionOutput", ConfigSchema::of::<ActionOutput>()),
        ("ImportedAccount", ConfigSchema::of::<ImportedAccount>()),
        ("ImportedPermission", ConfigSchema::of::<ImportedPermission>()),
        ("SourcePerson", ConfigSchema::of::<SourcePerson>()),
        ("SourceDepartment", ConfigSchema::of::<Department>()),
        ("Manifest", ConfigSchema::of::<Manifest>()),
    ] {
        schemas.add(name, schema.as_value());
    }
    schemas.add("Error", &error_schema());
    let mut paths = general();
    for connector in host.registry().iter() {
        of_connector(connector, &mut paths, &mut schemas)?;
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Koppel",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The actions of Koppel's connectors over HTTPS: HelloID's contexts in, its output context out.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas.0,
        },
    }))
}

/// Schemas by their names, which refer to each other below `#/components/schemas`.
#[derive(Default)]
struct Schemas(Map<String, Value>);

impl Schemas {
    /// Adds a schema; what it defines for itself stands beside it, led in by its name.
    fn add(&mut self, name: &str, schema: &Value) {
        let mut schema = schema.clone();
        let mut inner = Map::new();
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            if let Some(Value::Object(defined)) = object.remove("$defs") {
                inner = defined;
            }
        }
        point_to(name, &mut schema);
        self.0.insert(name.to_owned(), schema);
        for (own, mut schema) in inner {
            point_to(name, &mut schema);
            self.0.insert(format!("{name}.{own}"), schema);
        }
    }
}

/// Turns references within a schema into those within the document.
fn point_to(name: &str, schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                *reference = match reference.strip_prefix("#/$defs/") {
                    Some(own) => format!("#/components/schemas/{name}.{own}"),
                    None => format!("#/components/schemas/{name}"),
                };
            }
            object.iter_mut().filter(|(key, _)| *key != "$ref").for_each(|(_, value)| point_to(name, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point_to(name, item)),
        _ => {}
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error", "kind"],
        "properties": {
            "error": { "type": "string", "description": "What is wrong." },
            "kind": { "type": "string", "description": "What to do about it, in one word." },
            "hint": { "type": "string", "description": "What would help." },
        },
    })
}

fn answer(description: &str, content_type: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { content_type: { "schema": schema } } })
}

fn json_answer(description: &str, schema: &Value) -> Value {
    answer(description, "application/json", schema)
}

/// The routes that are not about one connector.
fn general() -> Map<String, Value> {
    let [health, metrics, openapi, connectors, connector, _] = ROUTES;
    let any = json!({ "type": "object" });
    let list = json!({ "type": "array", "items": any });
    let id = json!({ "name": "connector", "in": "path", "required": true, "schema": { "type": "string" } });
    let routes = [
        (health, "Does the service run?", json_answer("It does.", &any)),
        (metrics, "Counters for Prometheus.", answer("The counters.", "text/plain", &json!({ "type": "string" }))),
        (openapi, "This document.", json_answer("This document.", &any)),
        (connectors, "The connectors.", json_answer("The connectors.", &list)),
        (connector, "Describes a connector.", json_answer("Its manifest.", &reference("Manifest"))),
    ];
    let mut paths = Map::new();
    for (route, summary, good) in routes {
        let mut get = json!({ "summary": summary, "responses": { "200": good } });
        if OPEN.contains(&route) {
            get["security"] = json!([]);
        } else {
            get["responses"]["401"] = json_answer("No token that is let in.", &reference("Error"));
        }
        if route == connector {
            get["parameters"] = json!([id]);
            get["responses"]["404"] = json_answer("There is no such connector.", &reference("Error"));
        }
        paths.insert(route.to_owned(), json!({ "get": get }));
    }
    paths
}

/// The actions of a connector, with its configuration and the fields of its accounts.
fn of_connector(
    connector: &dyn Connector,
    paths: &mut Map<String, Value>,
    schemas: &mut Schemas,
) -> Result<(), Failure> {
    let id = connector.id();
    let manifest = manifest(connector)?;
    let configuration = format!("{id}.Configuration");
    schemas.add(&configuration, connector.config_schema().as_value());
    let mut context = json!({ "Configuration": reference(&configuration) });
    if let Some(fields) = &manifest.account_fields {
        let name = format!("{id}.Data");
        schemas.add(&name, &data(fields));
        context["Data"] = reference(&name);
    }
    let own =
        json!({ "type": "object", "properties": { "actionContext": { "type": "object", "properties": context } } });
    // As it is: its references are those of the document already.
    schemas.0.insert(format!("{id}.Input"), json!({ "allOf": [reference("ActionInput"), own] }));
    for action in manifest.capabilities.iter().filter(|action| **action != "check") {
        paths.insert(format!("/v1/{id}/{action}"), json!({ "post": operation(&manifest, action) }));
    }
    Ok(())
}

/// The fields of an account as they may stand in `Data`: nested at their dots, and any scalar that can be read as the type.
fn data(fields: &koppel::Fields) -> Value {
    let mut all = json!({ "type": "object", "properties": {} });
    for field in &fields.fields {
        let kind = match field.kind {
            FieldType::Integer => json!(["integer", "string", "null"]),
            FieldType::Boolean => json!(["boolean", "string", "integer", "null"]),
            _ => json!(["string", "number", "boolean", "null"]),
        };
        let mut at = &mut all;
        let mut parts = field.name.split('.').peekable();
        while let Some(part) = parts.next() {
            at = &mut at["properties"][part];
            if parts.peek().is_some() && at.is_null() {
                *at = json!({ "type": "object", "properties": {} });
            }
        }
        *at = json!({ "type": kind, "description": field.description });
    }
    all
}

fn operation(manifest: &Manifest, action: &str) -> Value {
    let id = &manifest.id;
    let object = match action {
        "persons" => Some("SourcePerson"),
        "departments" => Some("SourceDepartment"),
        "import-accounts" => Some("ImportedAccount"),
        "import-permissions" | "import-sub-permissions" => Some("ImportedPermission"),
        _ => None,
    };
    let mut responses = match object {
        Some(object) => json!({
            "200": answer(
                "A JSON line per object. An import that breaks off ends with a line that has `error`, and without the end of the transfer.",
                "application/x-ndjson",
                &reference(object),
            ),
            "502": json_answer("The system could not be read.", &reference("Error")),
        }),
        None => json!({
            "200": json_answer("The action was carried out; `Success` says how.", &reference("ActionOutput")),
            "504": json_answer("The action has not ended in its time, and goes on.", &reference("ActionOutput")),
        }),
    };
    let refused = reference(if object.is_some() { "Error" } else { "ActionOutput" });
    for (status, description) in [
        ("400", "The document cannot be read, or its configuration does not fit. Nothing was sent."),
        ("408", "The document did not come in time."),
        ("413", "The document is too large."),
        ("503", "Too much at once, or the service stops. Nothing was sent."),
    ] {
        responses[status] = json_answer(description, &refused);
    }
    responses["401"] = json_answer("No token that is let in.", &reference("Error"));
    responses["429"] = json_answer("Too many failed logins.", &reference("Error"));
    let input = match manifest.kind {
        Kind::Source => json!({
            "type": "object",
            "required": ["actionContext"],
            "properties": { "actionContext": {
                "type": "object",
                "required": ["Configuration"],
                "properties": { "Configuration": reference(&format!("{id}.Configuration")) },
            } },
        }),
        Kind::Target => reference(&format!("{id}.Input")),
    };
    json!({
        "summary": format!("{}: {action}", manifest.title),
        "operationId": format!("{id}.{action}"),
        "tags": [id],
        "requestBody": { "required": true, "content": { "application/json": { "schema": input } } },
        "responses": responses,
    })
}
