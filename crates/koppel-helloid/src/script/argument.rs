//! What a script is given, as JSON.

use serde_json::Value;

use super::plan::{Need, Plan};
use super::{Scope, ScriptError, ScriptErrorKind};

/// Which globals a scope has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools, reason = "each is given or not whatever the others are")]
pub(super) struct Shape {
    person: bool,
    iteration: bool,
    source: bool,
    source_contract: bool,
}

/// How the text is read: these numbers stand in host.js, too.
const PERSON: i32 = 1;
const ACCOUNTS: i32 = 2;
const DATES: i32 = 4;

impl Shape {
    pub(super) fn of(scope: &Scope<'_>) -> Self {
        Self {
            person: scope.person.is_some() || scope.manager.is_some(),
            iteration: scope.iteration.is_some(),
            source: scope.source.is_some(),
            source_contract: scope.source_contract.is_some(),
        }
    }

    /// The names of the globals, in the order in which [`text`] gives their values.
    pub(super) fn names(self) -> Vec<&'static str> {
        let all = [
            ("Person", self.person),
            ("Manager", self.person),
            ("Iteration", self.iteration),
            ("source", self.source),
            ("sourceContract", self.source_contract),
        ];
        all.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
    }

    /// How the text is to be read.
    pub(super) fn flags(self, plan: &Plan, dates_as_text: bool) -> i32 {
        let accounts = match &plan.needs[0] {
            Need::Whole => true,
            Need::Keys(keys) => keys.iter().any(|key| key == "Accounts"),
        };
        i32::from(self.person) * PERSON + i32::from(accounts) * ACCOUNTS + i32::from(!dates_as_text) * DATES
    }
}

/// The values of a scope as a JSON array, each with the keys only that the script needs.
pub(super) fn text(scope: &Scope<'_>, plan: &Plan) -> Result<String, ScriptError> {
    let mut out = Vec::with_capacity(512);
    let shape = Shape::of(scope);
    let [person, manager, source, source_contract] = &plan.needs;
    let write = |out: &mut Vec<u8>| -> serde_json::Result<()> {
        if shape.person {
            part(out, scope.person, person)?;
            part(out, scope.manager, manager)?;
        }
        if let Some(iteration) = scope.iteration {
            separate(out);
            serde_json::to_writer(&mut *out, &iteration)?;
        }
        if shape.source {
            part(out, scope.source, source)?;
        }
        if shape.source_contract {
            part(out, scope.source_contract, source_contract)?;
        }
        Ok(())
    };
    let written = write(&mut out);
    if out.is_empty() {
        out.push(b'[');
    }
    out.push(b']');
    written.map_err(|e| e.to_string()).and_then(|()| String::from_utf8(out).map_err(|e| e.to_string())).map_err(|e| {
        ScriptError {
            kind: ScriptErrorKind::Engine,
            message: format!("the person cannot be written as JSON: {e}"),
            line: None,
        }
    })
}

fn separate(out: &mut Vec<u8>) {
    out.push(if out.is_empty() { b'[' } else { b',' });
}

fn part(out: &mut Vec<u8>, value: Option<&Value>, need: &Need) -> serde_json::Result<()> {
    separate(out);
    let (Some(Value::Object(map)), Need::Keys(keys)) = (value, need) else {
        return serde_json::to_writer(out, &value);
    };
    let mut opening = b'{';
    for (key, value) in keys.iter().filter_map(|key| map.get_key_value(key)) {
        out.push(opening);
        opening = b',';
        serde_json::to_writer(&mut *out, key)?;
        out.push(b':');
        serde_json::to_writer(&mut *out, value)?;
    }
    if opening == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    Ok(())
}
