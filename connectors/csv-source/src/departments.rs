//! The file with departments.

use std::collections::HashMap;

use koppel::{Ctx, Department, Result};

use crate::columns::Layout;
use crate::config::{Config, UnknownColumns};
use crate::faults::{Faults, shown};
use crate::opened::Opened;
use crate::table::Table;

const KNOWN: &[&str] = &["ExternalId", "DisplayName", "ManagerExternalId", "ParentExternalId"];
const DEPARTMENTS: Layout =
    Layout { what: "department", given: KNOWN, known: &[], required: &["ExternalId", "DisplayName"], reserved: &[] };

/// The departments; none where the configuration names no file.
///
/// # Errors
/// `Invalid` with what is wrong in the file, `Transient` where it changes meanwhile, `Config` where there is none.
pub(crate) fn read(config: &Config, ctx: &Ctx) -> Result<Vec<Department>> {
    let Some(path) = &config.departments else { return Ok(Vec::new()) };
    let mut faults = Faults::default();
    let opened = Opened::open("departments", path)?;
    // A department has no other fields to keep anything in.
    let unknown = match config.unknown_columns {
        UnknownColumns::Refuse => UnknownColumns::Refuse,
        UnknownColumns::Keep | UnknownColumns::Ignore => UnknownColumns::Ignore,
    };
    let config = Config { unknown_columns: unknown, ..config.clone() };
    let Some(table) = Table::of(opened, &config, &DEPARTMENTS, &mut faults)? else {
        faults.end()?;
        return Ok(Vec::new());
    };
    let file = &table.opened.name;
    let mut found: Vec<(u64, Department)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    table.each(ctx, &mut faults, |line, texts, faults| {
        let text = |name: &str| {
            let at = table.columns.find(name)?;
            texts.get(at).filter(|text| !text.is_empty()).map(|text| (*text).to_owned())
        };
        let (id, name) = (text("ExternalId"), text("DisplayName"));
        for (header, value) in [("ExternalId", &id), ("DisplayName", &name)] {
            if value.is_none() {
                faults.field(file, line, header, "is empty");
            }
        }
        let (Some(external_id), Some(display_name)) = (id, name) else { return Ok(true) };
        if let Some((first, _)) = places.insert(external_id.clone(), found.len()).and_then(|at| found.get(at)) {
            let message = format!("[{}] stands in line {first} already", shown(&external_id));
            faults.field(file, line, "ExternalId", message);
        }
        let (manager_external_id, parent_external_id) = (text("ManagerExternalId"), text("ParentExternalId"));
        found.push((line, Department { external_id, display_name, manager_external_id, parent_external_id }));
        Ok(true)
    })?;
    if faults.is_empty() {
        check_parents(file, &found, &places, &mut faults);
    }
    table.opened.unchanged()?;
    faults.end()?;
    Ok(found.into_iter().map(|(_, department)| department).collect())
}

/// Every parent is a department, and going up ends at the top.
fn check_parents(file: &str, found: &[(u64, Department)], places: &HashMap<String, usize>, faults: &mut Faults) {
    // The walk on which a department was first met; what an earlier walk met leads to the top, or was told.
    let mut met = vec![None; found.len()];
    for start in 0..found.len() {
        let mut at = start;
        while met[at].is_none() {
            met[at] = Some(start);
            let (line, department) = &found[at];
            let Some(parent) = &department.parent_external_id else { break };
            let Some(above) = places.get(parent) else {
                let message = format!("[{}] is no department of this file", shown(parent));
                faults.field(file, *line, "ParentExternalId", message);
                break;
            };
            if met[*above] == Some(start) {
                let message = format!("[{}] lies below this department: they go round in a circle", shown(parent));
                faults.field(file, *line, "ParentExternalId", message);
                break;
            }
            at = *above;
        }
    }
}
