//! Files that a configuration names: whoever sends one must not have the service read any file of its machine.

use std::path::{Path, PathBuf};

use koppel::config::Fault;
use koppel::{ConfigSchema, Error, Result};
use serde_json::Value;

/// The configuration with its files found in the folder that the operator named, and nowhere else. A key that the schema
/// marks names one, and so does a key whose name ends with `File`: a mark may be forgotten.
///
/// # Errors
/// `Config`, naming the keys: a file where there is no folder, or one that is not in it.
pub(super) fn within(folder: Option<&Path>, schema: &ConfigSchema, configuration: &Value) -> Result<Value> {
    let mut own = schema.normalise(configuration);
    let mut faults = Vec::new();
    let marked = schema.files();
    let is_file = |key: &str| {
        key.to_ascii_lowercase().ends_with("file") || marked.iter().any(|pointer| pointer.get(1..) == Some(key))
    };
    for (key, value) in own.as_object_mut().into_iter().flatten() {
        let named = value.as_str().filter(|name| is_file(key) && !name.trim().is_empty());
        let Some(name) = named else { continue };
        match folder.map(|folder| find(folder, name)) {
            Some(Some(path)) => *value = path.to_string_lossy().into_owned().into(),
            Some(None) => faults.push(Fault::new(key.clone(), "is not in the folder of the service's --config-files")),
            None => faults.push(Fault::new(
                key.clone(),
                "names a file, and this service reads none; start it with --config-files FOLDER",
            )),
        }
    }
    if faults.is_empty() { Ok(own) } else { Err(Error::config(faults)) }
}

/// The file, wherever its links lead; none outside of the folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let path = folder.join(name).canonicalize().ok()?;
    (path.starts_with(&folder) && path.is_file()).then_some(path)
}
