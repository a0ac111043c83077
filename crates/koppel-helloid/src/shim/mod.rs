//! The files that put a connector into HelloID: thin PowerShell scripts, the form, the mapping and how to install them.
//!
//! A script hands the contexts on as JSON and copies the answer back. It decides nothing: whatever it would decide, a
//! later version of the connector could not change without new scripts.

mod place;
mod render;

use koppel::{Kind, Manifest, Result};
use serde_json::Value;

use crate::form::{Form, FormField};
use crate::{default_field_mapping, default_source_mapping};

/// What the scripts call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through<'a> {
    /// The program on the machine of the on-premises agent, whose scripts run in Windows PowerShell 5.1.
    Program,
    /// The service at this address, for the cloud agent, whose scripts run in PowerShell 7.
    Service(&'a str),
}

/// A file of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShimFile {
    /// Its path below the folder, with `/`.
    pub path: &'static str,
    /// What stands in it: ASCII in a script, so that no version of PowerShell mistakes its encoding.
    pub text: String,
}

/// Where the program is looked for, unless the form says otherwise.
const PROGRAM: &str = r"C:\Program Files\Koppel\koppel.exe";

/// The files for a connector, by its manifest: a script for every action that it offers, and no other.
///
/// ```
/// # use koppel_helloid::shim::{Through, files};
/// # fn of(manifest: &koppel::Manifest) -> koppel::Result<()> {
/// for file in files(manifest, Through::Service("https://koppel.example"))? {
///     println!("{} has {} lines", file.path, file.text.lines().count());
/// }
/// # Ok(())
/// # }
/// ```
pub fn files(manifest: &Manifest, through: Through<'_>) -> Result<Vec<ShimFile>> {
    let scripts = place::scripts(manifest);
    let mapping = match manifest.kind {
        Kind::Source => "mapping.json",
        Kind::Target => "fieldMapping.json",
    };
    let mut files = Vec::new();
    for script in &scripts {
        files.push(ShimFile { path: script.path, text: render::script(manifest, through, script)? });
    }
    files.push(ShimFile { path: "configuration.json", text: render::json(&form(manifest, through))? });
    files.push(ShimFile { path: mapping, text: render::json(&self::mapping(manifest))? });
    files.push(ShimFile { path: "README.md", text: render::page(manifest, through, &scripts, mapping)? });
    files.sort_by_key(|file| file.path);
    Ok(files)
}

/// The form of the connector, and before it what the scripts themselves need.
fn form(manifest: &Manifest, through: Through<'_>) -> Form {
    let mut form = Form::of_schema(&manifest.config_schema);
    let field = |key: &str, label: &str, description: &str, default: &str| FormField {
        key: key.to_owned(),
        kind: "input".to_owned(),
        default: Some(default.into()),
        label: label.to_owned(),
        description: description.to_owned(),
        required: true,
        ..FormField::default()
    };
    let own = match through {
        Through::Program => vec![field(
            "koppelPath",
            "Koppel: program",
            "Where koppel.exe is on the machine of the on-premises agent",
            PROGRAM,
        )],
        Through::Service(url) => vec![
            field("koppelUrl", "Koppel: address", "The address of the service (koppel serve), with https://", url),
            FormField {
                secret: true,
                ..field("koppelToken", "Koppel: token", "A token from the token file of the service", "")
            },
        ],
    };
    form.fields.splice(0..0, own);
    form
}

/// The keys of the form that are for the scripts and for nobody behind them.
fn own_keys(through: Through<'_>) -> &'static [&'static str] {
    match through {
        Through::Program => &["koppelPath"],
        Through::Service(_) => &["koppelUrl", "koppelToken"],
    }
}

/// The default mapping of the connector, as HelloID imports it.
fn mapping(manifest: &Manifest) -> Value {
    match (&manifest.account_fields, &manifest.person_defaults) {
        (Some(fields), _) => default_field_mapping(fields).to_json(),
        (None, Some(defaults)) => default_source_mapping(defaults).to_json(),
        (None, None) => Value::Null,
    }
}
