//! Days of a roster as contracts.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use inplanning_api::{RosterDay, RosterPart, Shift};
use koppel::{Ctx, Error, ErrorKind, Result, scalar_text};
use serde_json::{Map, Value};

use crate::config::{Absence, ContractId, UnknownShift};
use crate::groups::Groups;
use crate::shift::Hours;
use crate::times::Moments;

/// How many names of unknown shifts are told one by one.
const TOLD: usize = 200;

/// How days become contracts.
#[derive(Debug)]
pub(crate) struct Contracts {
    /// How hours become moments.
    pub(crate) moments: Moments,
    /// What becomes of a shift without hours in its name.
    pub(crate) unknown_shift: UnknownShift,
    /// What becomes of a day of absence.
    pub(crate) absence: Absence,
    /// What identifies a contract.
    pub(crate) contract_id: ContractId,
    /// Where the parent of a group is looked up.
    pub(crate) groups: Groups,
    /// The names of unknown shifts that were told.
    pub(crate) told: Mutex<HashSet<String>>,
}

impl Contracts {
    /// The shifts of one person as contracts, each with the same keys and an id of its own.
    pub(crate) fn of(&self, resource: &str, days: &[RosterDay], ctx: &Ctx) -> Result<Vec<Map<String, Value>>> {
        let mut contracts = Vec::new();
        // How often each beginning of an id was used; a day that comes twice goes on counting.
        let mut used = BTreeMap::new();
        for day in days.iter().filter(|day| day.absence.is_none() || self.absence == Absence::Keep) {
            for part in &day.parts {
                let name = part.shift.as_ref().and_then(Shift::uname);
                let hours = name.as_deref().and_then(Hours::parse);
                // A shift that is left out counts as well, so that the others keep their ids.
                let id = self.id(resource, day, part, name.as_deref(), hours, &mut used);
                let Some(hours) = hours.or_else(|| self.without_hours(name.as_deref(), ctx)) else { continue };
                let (start, end) = self.moments.of(day.roster_date, hours).ok_or_else(|| {
                    let text =
                        format!("resource [{resource}] has a shift on [{}], which no calendar has", day.roster_date);
                    Error::new(ErrorKind::Protocol, text)
                })?;
                contracts.push(self.contract(id, start, end, part));
            }
        }
        Ok(contracts)
    }

    fn contract(&self, id: String, start: String, end: String, part: &RosterPart) -> Map<String, Value> {
        let or_null = |value: &Option<Value>| value.clone().unwrap_or_default();
        let function = |field: &str| text(part.prop.as_ref(), field).unwrap_or_default();
        let parent = text(part.group.as_ref(), "externalId").and_then(|group| self.groups.parent(&group));
        let shift = part.shift.as_ref().map_or(Value::Null, |shift| Value::Object(shift.raw().clone()));
        let contract = [
            ("externalId", Value::String(id)),
            ("startAt", Value::String(start)),
            ("endAt", Value::String(end)),
            ("shift", shift),
            ("group", or_null(&part.group)),
            ("parentGroup", parent.map_or(Value::Null, Value::from)),
            ("functioncode", Value::String(function("uname"))),
            ("functionname", Value::String(function("name"))),
            ("labourHist", or_null(&part.labour_hist)),
            ("labourHistGroup", or_null(&part.labour_hist_group)),
        ];
        contract.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn id(
        &self,
        resource: &str,
        day: &RosterDay,
        part: &RosterPart,
        name: Option<&str>,
        hours: Option<Hours>,
        used: &mut BTreeMap<String, u32>,
    ) -> String {
        let date = day.roster_date;
        let begin = match self.contract_id {
            ContractId::Day => format!("{resource}-{date}"),
            ContractId::Stable => {
                let group = text(part.group.as_ref(), "uname").or_else(|| text(part.group.as_ref(), "externalId"));
                let group = group.unwrap_or_default();
                match hours {
                    Some(hours) => format!("{resource}-{date}-{hours}-{group}"),
                    None => format!("{resource}-{date}-{}-{group}", name.unwrap_or_default()),
                }
            }
        };
        let count = used.entry(begin.clone()).or_insert(0_u32);
        *count += 1;
        format!("{begin}-{count}")
    }

    /// The hours of a shift whose name has none; the administrator is told once per name.
    fn without_hours(&self, name: Option<&str>, ctx: &Ctx) -> Option<Hours> {
        let (hours, becomes) = match self.unknown_shift {
            UnknownShift::WholeDay => (Some(Hours::WHOLE_DAY), "it counts as the whole day"),
            UnknownShift::Skip => (None, "it is left out"),
            UnknownShift::LegacyZero => (Some(Hours::ZERO), "it begins and ends at 00:00 and is never active"),
        };
        let shown = name.unwrap_or_default();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD && !told.contains(shown) {
            told.insert(shown.to_owned());
            ctx.warn(format!("the name of shift [{shown}] does not begin with its hours: {becomes}"));
            if told.len() == TOLD {
                ctx.warn(format!("more than {TOLD} shifts have names without hours; the others are not told"));
            }
        }
        hours
    }
}

/// The text of a field of an object, if it is not blank.
fn text(object: Option<&Value>, field: &str) -> Option<String> {
    object?.get(field).and_then(scalar_text).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests;
