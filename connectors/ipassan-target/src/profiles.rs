//! The one table that leads from a lookup key, such as a job title, to an access profile.

mod file;

use std::collections::HashMap;
use std::path::Path;

use koppel::{Error, Fault, Result};
use serde_json::Value;

use crate::config::ProfileRow;

/// An access profile of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its GUID.
    pub(crate) id: String,
    /// Its name for people; may be empty.
    pub(crate) name: String,
}

/// The table: lookup key to access profile, without regard to case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profiles {
    by_key: HashMap<String, Profile>,
}

/// A row and where it stands.
#[derive(Debug)]
struct Placed {
    place: String,
    row: ProfileRow,
}

impl Profiles {
    /// The table of the configuration and of the file, with everything that is wrong with either.
    pub(crate) fn read(inline: &[ProfileRow], file: Option<&Path>) -> (Self, Vec<Fault>) {
        let mut faults = Vec::new();
        let mut rows: Vec<Placed> = inline
            .iter()
            .enumerate()
            .map(|(i, row)| Placed { place: format!("accessProfiles[{i}]"), row: row.clone() })
            .collect();
        if let Some(path) = file {
            rows.extend(file::read(path, &mut faults));
        }
        (Self::of(rows, &mut faults), faults)
    }

    /// The same, where a fault ends it.
    pub(crate) fn load(inline: &[ProfileRow], file: Option<&Path>) -> Result<Self> {
        let (profiles, faults) = Self::read(inline, file);
        if faults.is_empty() { Ok(profiles) } else { Err(Error::config(faults)) }
    }

    fn of(rows: Vec<Placed>, faults: &mut Vec<Fault>) -> Self {
        let mut by_key = HashMap::with_capacity(rows.len());
        let mut places: HashMap<String, String> = HashMap::with_capacity(rows.len());
        for Placed { place, row } in rows {
            let (key, id) = (row.lookup_key.trim(), row.access_profile_id.trim());
            if key.is_empty() {
                faults.push(Fault::new(format!("{place}.HelloIDLookupKey"), "is empty"));
            }
            if id.is_empty() {
                faults.push(Fault::new(format!("{place}.AccessProfileId"), "is empty"));
            } else if !is_guid(id) {
                faults.push(Fault::new(format!("{place}.AccessProfileId"), format!("[{id}] is not a GUID")));
            }
            let folded = key.to_lowercase();
            if let Some(first) = places.get(&folded).filter(|_| !key.is_empty()) {
                faults.push(Fault::new(
                    format!("{place}.HelloIDLookupKey"),
                    format!("[{key}] stands in {first} already; case does not count"),
                ));
                continue;
            }
            places.insert(folded.clone(), place);
            by_key.insert(folded, Profile { id: id.to_owned(), name: row.access_profile_name.trim().to_owned() });
        }
        Self { by_key }
    }

    /// The access profile of a lookup key. The GUID of a profile in the table is a key as well.
    pub(crate) fn find(&self, key: &str) -> Option<&Profile> {
        let key = key.trim();
        self.by_key
            .get(&key.to_lowercase())
            .or_else(|| self.by_key.values().find(|profile| profile.id.eq_ignore_ascii_case(key)))
    }
}

/// Is it written as a GUID: hexadecimal digits in groups of 8, 4, 4, 4 and 12?
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// A row from JSON; what is no text counts as empty.
pub(crate) fn row(value: &Value) -> ProfileRow {
    let text = |name: &str| {
        let object = value.as_object();
        let found = object.and_then(|map| map.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)));
        found.and_then(|(_, value)| koppel::scalar_text(value)).unwrap_or_default()
    };
    ProfileRow { lookup_key: text(file::KEY), access_profile_name: text(file::NAME), access_profile_id: text(file::ID) }
}

#[cfg(test)]
mod tests;
