//! `koppel schema`: the JSON Schemas and manifests, written or compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use koppel::manifest::manifest;
use koppel::{ConfigSchema, Department, Manifest, SourcePerson};
use koppel_conformance::checks;
use koppel_helloid::schema::{ActionInput, ActionOutput, ImportedAccount, ImportedPermission};
use serde_json::Value;

use crate::failure::Failure;
use crate::host::Host;
use crate::io::print_line;
use crate::serve::openapi;

/// Every generated document, by its file name.
fn documents(host: &Host) -> Result<BTreeMap<String, Value>, Failure> {
    let mut all = BTreeMap::new();
    for connector in host.registry().iter() {
        let manifest = serde_json::to_value(manifest(connector)?)
            .map_err(|e| Failure::failed(format!("cannot write the manifest of {}: {e}", connector.id())))?;
        all.insert(format!("{}.config.schema.json", connector.id()), connector.config_schema().as_value().clone());
        all.insert(format!("{}.manifest.json", connector.id()), manifest);
    }
    let types = [
        ("manifest", ConfigSchema::of::<Manifest>()),
        ("action-input", ConfigSchema::of::<ActionInput>()),
        ("action-output", ConfigSchema::of::<ActionOutput>()),
        ("import-account", ConfigSchema::of::<ImportedAccount>()),
        ("import-permission", ConfigSchema::of::<ImportedPermission>()),
        ("source-person", ConfigSchema::of::<SourcePerson>()),
        ("source-department", ConfigSchema::of::<Department>()),
        ("koppel.toml", ConfigSchema::from_value(koppel_engine::config::schema())),
        ("plan", ConfigSchema::of::<koppel_engine::plan::Plan>()),
    ];
    all.insert("openapi.json".to_owned(), openapi(host)?);
    all.extend(types.into_iter().map(|(name, schema)| (format!("{name}.schema.json"), schema.as_value().clone())));
    Ok(all)
}

/// Writes the documents to a folder, or says which differ from what stands there; the same for the pages of the
/// conformance checks where a folder is named for them.
pub(crate) fn schema(host: &Host, out: &Path, pages: Option<&Path>, check: bool) -> Result<(), Failure> {
    let mut texts = BTreeMap::new();
    for (name, document) in documents(host)? {
        let text = serde_json::to_string_pretty(&document).map_err(|e| Failure::failed(format!("{name}: {e}")))?;
        texts.insert(name, format!("{text}\n"));
    }
    written(out, &texts, check)?;
    match pages {
        Some(folder) => written(folder, &koppel_conformance::pages(&checks::all()), check),
        None => Ok(()),
    }
}

fn written(out: &Path, texts: &BTreeMap<String, String>, check: bool) -> Result<(), Failure> {
    let mut stale = Vec::new();
    if !check {
        fs::create_dir_all(out).map_err(|e| Failure::usage(format!("cannot make {}: {e}", out.display())))?;
    }
    for (name, text) in texts {
        let file = out.join(name);
        if check {
            let same = fs::read_to_string(&file).is_ok_and(|known| known.replace("\r\n", "\n") == *text);
            if !same {
                stale.push(name.clone());
            }
        } else {
            fs::write(&file, text).map_err(|e| Failure::failed(format!("cannot write {}: {e}", file.display())))?;
            print_line(&file.display().to_string())?;
        }
    }
    if check {
        let entries = fs::read_dir(out).map_err(|e| Failure::usage(format!("cannot read {}: {e}", out.display())))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        stale.extend(names.filter(|name| !texts.contains_key(name)));
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("these are not what the code says: {}", stale.join(", ")))
        .with_hint(format!("koppel schema --out {} writes them", out.display())))
}
