//! The texts of the files.

use koppel::{Error, Kind, Manifest, Result};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::place::{Does, Script};
use super::{Through, own_keys};
use crate::action::ActionName;

/// What stands at the top of a script.
const NOTICE: &str =
    "Do not change it: write it anew. It decides nothing, so whatever it should do otherwise is a setting.";

/// A template with its values, without an end of line.
fn rendered(template: &str, values: &minijinja::Value) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let text = environment.render_str(&template.replace("\r\n", "\n"), values);
    text.map(|text| text.trim_end().to_owned())
        .map_err(|error| Error::bug(format!("a template of the shim: {error:#}")))
}

/// Says which command writes the set.
fn mark(manifest: &Manifest, through: Through<'_>) -> String {
    let url = match through {
        Through::Program => String::new(),
        Through::Service(url) => format!(" --url {url}"),
    };
    format!("Written by koppel {}: koppel helloid shim {}{url} --out DIR", env!("CARGO_PKG_VERSION"), manifest.id)
}

/// A title as it can stand in a text of PowerShell and in a comment.
fn plain(title: &str) -> String {
    let fine = |c: &char| c.is_ascii_alphanumeric() || " -_.()".contains(*c);
    title.chars().map(|c| if fine(&c) { c } else { '?' }).collect()
}

pub(super) fn script(manifest: &Manifest, through: Through<'_>, script: &Script) -> Result<String> {
    let (id, action) = (&manifest.id, script.action());
    let template = match script.does {
        Does::Action(ActionName::Import(_)) => include_str!("templates/import.ps1"),
        Does::Action(_) => include_str!("templates/action.ps1"),
        Does::Persons | Does::Departments => include_str!("templates/source.ps1"),
    };
    let arguments = match script.does {
        Does::Action(_) => format!("run {id} {action}"),
        Does::Persons | Does::Departments => format!("{action} {id} --config -"),
    };
    let (call, document) = match through {
        Through::Program => (include_str!("templates/program.ps1"), "$values"),
        Through::Service(_) => {
            (include_str!("templates/service.ps1"), "@{ actionContext = @{ Configuration = $values } }")
        }
    };
    let call =
        rendered(call, &context! { arguments, route => format!("/v1/{id}/{action}"), seconds => script.seconds() })?;
    // HelloID runs each script alone, so each has all it needs in itself.
    let fields = rendered(include_str!("templates/fields.ps1"), &context! {})?;
    let json = rendered(include_str!("templates/json.ps1"), &context! {})?;
    let table = rendered(include_str!("templates/table.ps1"), &context! {})?;
    // HelloID looks at no audit line of these.
    let silent = matches!(script.does, Does::Action(ActionName::Permissions | ActionName::Uniqueness));
    let own: Vec<String> = own_keys(through).iter().map(|key| format!("'{key}'")).collect();
    let values = context! {
        title => plain(&manifest.title), action, call, fields, json, table, document, silent,
        tables => script.does == Does::Action(ActionName::Permissions),
        mark => mark(manifest, through),
        notice => NOTICE,
        own => own.join(", "),
    };
    rendered(template, &values).map(|text| text + "\n")
}

/// How to install the set.
pub(super) fn page(manifest: &Manifest, through: Through<'_>, scripts: &[Script], mapping: &str) -> Result<String> {
    let (template, form, fields) = match manifest.kind {
        Kind::Source => (
            include_str!("templates/source.md"),
            "System > Custom Connector Configuration",
            "Person > Import, and Contract > Import",
        ),
        Kind::Target => {
            (include_str!("templates/target.md"), "Account > Custom Connector Configuration", "Fields > Import")
        }
    };
    let row = |path: &str, place: &str| context! { path, place };
    let mut files = vec![row("configuration.json", form), row(mapping, fields)];
    files.extend(scripts.iter().map(|script| row(script.path, script.place)));
    let has = |name: &str| manifest.capabilities.contains(&name);
    let key = manifest.account_fields.iter().flat_map(|all| &all.fields).find(|field| field.unique);
    let values = context! {
        id => manifest.id, title => manifest.title, files,
        mark => format!("{}.", mark(manifest, through)),
        url => match through { Through::Program => None, Through::Service(url) => Some(url) },
        key => key.map(|field| field.name),
        permissions => has("permissions"),
        uniqueness => has("uniqueness"),
    };
    rendered(template, &values).map(|text| text + "\n")
}

/// JSON as a person reads it.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Error::bug(format!("a file of the shim: {error}")))?;
    Ok(text + "\n")
}
