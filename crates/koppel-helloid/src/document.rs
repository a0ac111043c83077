//! The contexts of one action, as HelloID hands them out.

use std::fmt;

use koppel::lifecycle::{Correlation, Operation};
use koppel::{Contract, Person, Record, Reference, Resource, lookup, scalar_text};
use serde_json::Value;

use crate::mapping::Stage;
use crate::text::decode;
use crate::tidy::tidy;

/// Why a document cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// The place, such as `actionContext.DryRun`; empty for the document as a whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl InputError {
    fn new(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

/// The contexts of one action. Property names are read without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// `actionContext.Configuration`: the values of the connector's form.
    pub configuration: Value,
    /// `actionContext.DryRun`.
    pub dry_run: bool,
    /// `actionContext.Operation` of a permission action: why it runs; a preview leaves it out and counts as a grant.
    pub operation: Option<Operation>,
    /// `actionContext.Operation` of a uniqueness check: the account action that it is for.
    pub stage: Option<Stage>,
    /// `actionContext.Iteration` of a uniqueness check: how often a value was taken already; `None` where it is absent.
    pub iteration: Option<u32>,
    /// `actionContext.Data`: the mapped fields.
    pub data: Record,
    /// `actionContext.CorrelationConfiguration`, where it is enabled.
    pub correlation: Option<Correlation>,
    /// `actionContext.References.Account`; `None` where it is absent or empty.
    pub account: Option<Reference>,
    /// `actionContext.References.Permission`: what the retrieve action gave as identification.
    pub permission: Option<Reference>,
    /// `actionContext.CurrentPermissions`: the ids and names that the last run gave.
    pub current_permissions: Vec<(Value, String)>,
    /// `actionContext.ImportFields`: the mapped fields; `None` where it is absent.
    pub import_fields: Option<Vec<String>>,
    /// `actionContext.PermissionDisplayName`.
    pub permission_name: Option<String>,
    /// `personContext.Person`; `None` where it is absent, as in a reconciliation.
    pub person: Option<Person>,
    /// `resourceContext.SourceData`: the values that resources are kept for.
    pub resources: Vec<Resource>,
    /// `outputContext.Data` as HelloID fills it before the action: all mapped fields, also those that the mapping leaves
    /// to the connector. `None` where it is absent.
    pub prefilled: Option<Record>,
}

impl Document {
    /// Reads a document from what came through a pipe or a file.
    ///
    /// # Errors
    /// One [`InputError`], naming the place.
    pub fn read(bytes: &[u8]) -> Result<Self, InputError> {
        let text = decode(bytes).map_err(|e| InputError::new("the input", e))?;
        if text.trim().is_empty() {
            return Err(InputError::new(
                "",
                "the input is empty; it must be {\"actionContext\": …, \"personContext\": …}",
            ));
        }
        let value: Value =
            serde_json::from_str(&text).map_err(|e| InputError::new("the input", format!("is not JSON: {e}")))?;
        Self::from_value(value)
    }

    /// Reads a document that is JSON already.
    ///
    /// # Errors
    /// One [`InputError`], naming the place.
    pub fn from_value(value: Value) -> Result<Self, InputError> {
        let root = tidy(value);
        let action = object(&root, "", "actionContext")?
            .ok_or_else(|| InputError::new("actionContext", "is missing; the input must be {\"actionContext\": …}"))?;
        let configuration = object(action, "actionContext.", "Configuration")?
            .ok_or_else(|| InputError::new("actionContext.Configuration", "is missing"))?;
        for part in ["Data", "References", "CurrentPermissions", "ImportFields", "CorrelationConfiguration"] {
            if let Some(value) = lookup(action, part) {
                whole(value, &format!("actionContext.{part}"))?;
            }
        }
        let references = object(action, "actionContext.", "References")?;
        let (operation, stage) = operation(action)?;
        let prefilled = match object(&root, "", "outputContext")? {
            Some(output) => object(output, "outputContext.", "Data")?.map(Record::from_nested),
            None => None,
        };
        let reference = |name| references.and_then(|r| lookup(r, name)).cloned();
        Ok(Self {
            configuration: configuration.clone(),
            dry_run: flag(action, "actionContext.", "DryRun")?.unwrap_or(false),
            operation,
            stage,
            iteration: iteration(action)?,
            data: object(action, "actionContext.", "Data")?.map(Record::from_nested).unwrap_or_default(),
            correlation: correlation(action)?,
            account: reference("Account").and_then(Reference::new),
            permission: reference("Permission").map(identification).and_then(Reference::new),
            current_permissions: current_permissions(action)?,
            import_fields: import_fields(action)?,
            permission_name: lookup(action, "PermissionDisplayName")
                .and_then(scalar_text)
                .filter(|name| !name.trim().is_empty()),
            person: person(&root)?,
            resources: resources(&root)?,
            prefilled,
        })
    }
}

/// An object below a name; `None` where it is absent or null.
fn object<'a>(parent: &'a Value, at: &str, name: &str) -> Result<Option<&'a Value>, InputError> {
    let path = format!("{at}{name}");
    match lookup(parent, name) {
        None if !parent.is_object() => {
            let place = if at.is_empty() { "the input" } else { at.trim_end_matches('.') };
            Err(InputError::new(place, "is not a JSON object"))
        }
        None | Some(Value::Null) => Ok(None),
        Some(value @ Value::Object(_)) => Ok(Some(value)),
        Some(value) => {
            whole(value, &path)?;
            Err(InputError::new(&path, "is not a JSON object"))
        }
    }
}

/// Refuses what `ConvertTo-Json` cut off at its depth: the text `@{Id=…}` stands where an object should be, and read as a
/// text it would be written into accounts or revoke what it does not name.
fn whole(value: &Value, path: &str) -> Result<(), InputError> {
    match value {
        Value::String(text) if is_cut_off(text) => Err(InputError::new(
            path,
            "is the name of a PowerShell object and not its content; write the contexts with ConvertTo-Json -Depth 20",
        )),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| whole(item, &format!("{path}[{index}]")))
        }
        Value::Object(map) => map.iter().try_for_each(|(key, item)| whole(item, &format!("{path}.{key}"))),
        _ => Ok(()),
    }
}

fn is_cut_off(text: &str) -> bool {
    (text.starts_with("@{") && text.ends_with('}'))
        || ["System.Collections.Hashtable", "System.Object[]", "System.Management.Automation.PSCustomObject"]
            .contains(&text)
}

/// A boolean, also as text or number. What is neither is refused: a dry run must never be read as a real one.
fn flag(parent: &Value, at: &str, name: &str) -> Result<Option<bool>, InputError> {
    let Some(value) = lookup(parent, name).filter(|value| !value.is_null()) else { return Ok(None) };
    match scalar_text(value).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0" | "") => Ok(Some(false)),
        _ => Err(InputError::new(&format!("{at}{name}"), format!("{value} is not true or false"))),
    }
}

/// A list, also where one element came as a scalar.
fn list<'a>(parent: &'a Value, name: &str) -> Option<&'a [Value]> {
    match lookup(parent, name)? {
        Value::Null => None,
        Value::Array(items) => Some(items),
        one => Some(std::slice::from_ref(one)),
    }
}

/// The operation of a permission action, and that of an account action: `update` is one of both.
fn operation(action: &Value) -> Result<(Option<Operation>, Option<Stage>), InputError> {
    let text = lookup(action, "Operation").and_then(scalar_text).unwrap_or_default();
    let stage = text.trim().parse().ok();
    match text.trim().to_ascii_lowercase().as_str() {
        "grant" => Ok((Some(Operation::Grant), stage)),
        "update" => Ok((Some(Operation::Update), stage)),
        "revoke" => Ok((Some(Operation::Revoke), stage)),
        // A preview names nothing.
        "" | "undefined" => Ok((None, stage)),
        _ if stage.is_some() => Ok((None, stage)),
        _ => Err(InputError::new(
            "actionContext.Operation",
            format!(
                "[{text}] is not an operation; there are create, enable, update, disable, delete, grant and revoke"
            ),
        )),
    }
}

fn iteration(action: &Value) -> Result<Option<u32>, InputError> {
    let Some(value) = lookup(action, "Iteration").filter(|value| !value.is_null()) else { return Ok(None) };
    match scalar_text(value).and_then(|text| text.trim().parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(InputError::new("actionContext.Iteration", format!("{value} is not a whole number from 0"))),
    }
}

fn resources(root: &Value) -> Result<Vec<Resource>, InputError> {
    let Some(context) = object(root, "", "resourceContext")? else { return Ok(Vec::new()) };
    let items = list(context, "SourceData").unwrap_or_default();
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("resourceContext.SourceData[{index}]");
        whole(item, &path)?;
        // A contract without a department gives an empty one.
        found.extend(Resource::new(item.clone()));
    }
    Ok(found)
}

fn correlation(action: &Value) -> Result<Option<Correlation>, InputError> {
    let at = "actionContext.CorrelationConfiguration.";
    let Some(configuration) = object(action, "actionContext.", "CorrelationConfiguration")? else { return Ok(None) };
    if flag(configuration, at, "Enabled")? != Some(true) {
        return Ok(None);
    }
    let text = |name| lookup(configuration, name).and_then(scalar_text).unwrap_or_default();
    // The value of the person counts; that of the account is null unless the field is mapped for create.
    let value =
        [text("PersonFieldValue"), text("AccountFieldValue")].into_iter().find(|value| !value.trim().is_empty());
    Ok(Some(Correlation { field: text("AccountField"), value: value.unwrap_or_default() }))
}

/// What stands for a permission in its identification: `Reference`, else an id, else a name, else all of it.
fn identification(value: Value) -> Value {
    if !value.is_object() {
        return value;
    }
    let found = ["Reference", "Id", "Name", "DisplayName"]
        .iter()
        .find_map(|name| lookup(&value, name).filter(|found| !found.is_null()).cloned());
    found.unwrap_or(value)
}

fn current_permissions(action: &Value) -> Result<Vec<(Value, String)>, InputError> {
    let items = list(action, "CurrentPermissions").unwrap_or_default();
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let reference = lookup(item, "Reference").filter(|r| !r.is_null());
            let id = match reference {
                Some(reference) => lookup(reference, "Id").filter(|id| !id.is_null()).unwrap_or(reference).clone(),
                None => {
                    let path = format!("actionContext.CurrentPermissions[{index}].Reference");
                    return Err(InputError::new(&path, "is missing"));
                }
            };
            Ok((id, lookup(item, "DisplayName").and_then(scalar_text).unwrap_or_default()))
        })
        .collect()
}

fn import_fields(action: &Value) -> Result<Option<Vec<String>>, InputError> {
    let Some(items) = list(action, "ImportFields") else { return Ok(None) };
    let names = items.iter().enumerate().map(|(index, item)| {
        item.as_str().map(str::to_owned).ok_or_else(|| {
            InputError::new(&format!("actionContext.ImportFields[{index}]"), "is not the name of a field")
        })
    });
    names.collect::<Result<_, _>>().map(Some)
}

fn person(root: &Value) -> Result<Option<Person>, InputError> {
    let Some(context) = object(root, "", "personContext")? else { return Ok(None) };
    let Some(person) = object(context, "personContext.", "Person")? else { return Ok(None) };
    let text = |value: &Value, name| lookup(value, name).and_then(scalar_text).unwrap_or_default();
    let mut contracts = Vec::new();
    for (index, item) in list(person, "Contracts").unwrap_or_default().iter().enumerate() {
        let at = format!("personContext.Person.Contracts[{index}].");
        whole(item, at.trim_end_matches('.'))?;
        if !item.is_object() {
            return Err(InputError::new(at.trim_end_matches('.'), "is not a JSON object"));
        }
        let in_conditions = match object(item, &at, "Context")? {
            Some(context) => flag(context, &format!("{at}Context."), "InConditions")?,
            None => None,
        };
        contracts.push(Contract { external_id: text(item, "ExternalId"), in_conditions, fields: item.clone() });
    }
    Ok(Some(Person { external_id: text(person, "ExternalId"), display_name: text(person, "DisplayName"), contracts }))
}
