//! Who has which value in a field: IPassan cannot be asked, so all persons are listed once per run.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use koppel::{Ctx, Error, ErrorKind, Freshness, Result};
use tokio::sync::{RwLock, RwLockReadGuard};

/// A list older than this is read again.
const LIFETIME: Duration = Duration::from_mins(10);

/// The lists of one target, one per field that was searched by.
///
/// # Behaviour
/// - Many who search at once cause one pass over all persons; those who wait share its failure as well.
/// - What this process changes while a pass runs is in its result: a page may have been read before the change.
/// - Pages are counted by offset, so a delete moves everybody behind it a place forward, and one of them over the edge of
///   a page that was read already. Deletes and passes wait for each other.
/// - It tells who had the value; whether that is still so, the caller reads.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// A pass has it alone, deletes share it.
    gate: RwLock<()>,
    fields: Mutex<HashMap<&'static str, Arc<Slot>>>,
}

/// The list of one field.
#[derive(Debug, Default)]
struct Slot(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many passes have begun.
    begun: u64,
    known: Option<Known>,
    /// What was changed since the running pass began; `None` while none runs.
    edits: Option<Vec<Edit>>,
    /// Something was changed since the running pass began, and nobody knows what.
    spoiled: bool,
    /// How the last pass failed, by its number.
    failed: Option<(u64, Error)>,
}

/// A finished pass.
#[derive(Debug)]
struct Known {
    pass: u64,
    since: Timestamp,
    ids: Ids,
}

/// Value to the ids of those who have it.
#[derive(Debug, Default)]
pub(crate) struct Ids(HashMap<Box<str>, Holders>);

/// Nearly always one: no list is kept for one.
#[derive(Debug)]
enum Holders {
    One(Box<str>),
    Many(Vec<Box<str>>),
}

#[derive(Debug, Clone)]
struct Edit {
    id: Box<str>,
    from: Option<Box<str>>,
    to: Option<Box<str>>,
}

/// Values are compared as trimmed text, with regard to case.
fn key(value: &str) -> Option<&str> {
    Some(value.trim()).filter(|value| !value.is_empty())
}

impl Ids {
    /// Adds a person that has the value; blank values are nobody's.
    pub(crate) fn add(&mut self, value: &str, id: &str) {
        let Some(value) = key(value) else { return };
        match self.0.get_mut(value) {
            None => {
                self.0.insert(value.into(), Holders::One(id.into()));
            }
            Some(Holders::One(one)) if **one == *id => {}
            Some(holders @ Holders::One(_)) => {
                if let Holders::One(one) = std::mem::replace(holders, Holders::Many(Vec::new())) {
                    *holders = Holders::Many(vec![one, id.into()]);
                }
            }
            Some(Holders::Many(many)) => {
                if !many.iter().any(|known| **known == *id) {
                    many.push(id.into());
                }
            }
        }
    }

    fn remove(&mut self, value: &str, id: &str) {
        let Some(value) = key(value) else { return };
        let empty = match self.0.get_mut(value) {
            None => false,
            Some(Holders::One(one)) => **one == *id,
            Some(Holders::Many(many)) => {
                many.retain(|known| **known != *id);
                many.is_empty()
            }
        };
        if empty {
            self.0.remove(value);
        }
    }

    fn get(&self, value: &str) -> Vec<String> {
        match self.0.get(value.trim()) {
            None => Vec::new(),
            Some(Holders::One(id)) => vec![id.to_string()],
            Some(Holders::Many(ids)) => ids.iter().map(ToString::to_string).collect(),
        }
    }

    fn apply(&mut self, edit: &Edit) {
        if let Some(from) = &edit.from {
            self.remove(from, &edit.id);
        }
        if let Some(to) = &edit.to {
            self.add(to, &edit.id);
        }
    }
}

impl Index {
    fn slot(&self, field: &'static str) -> Arc<Slot> {
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(fields.entry(field).or_default())
    }

    /// The ids of those who have the value. `list` reads all persons; it is called where no list is known that is
    /// fresh enough, and by one caller at a time.
    pub(crate) async fn ids<F, Fut>(
        &self,
        ctx: &Ctx,
        field: &'static str,
        value: &str,
        freshness: Freshness,
        list: F,
    ) -> Result<Vec<String>>
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = Result<Ids>> + Send,
    {
        let slot = self.slot(field);
        let (called, running) = {
            let state = slot.state();
            (state.begun, state.edits.is_some())
        };
        let fresh = |known: &Known| match freshness {
            Freshness::Run => Duration::try_from(ctx.now().duration_since(known.since)).is_ok_and(|age| age < LIFETIME),
            // A pass that began after the question answers it, whoever made it.
            Freshness::Now => known.pass > called,
        };
        let answer =
            |state: &State| state.known.as_ref().filter(|known| fresh(known)).map(|known| known.ids.get(value));
        if let Some(ids) = answer(&slot.state()) {
            return Ok(ids);
        }
        let _turn = unless_stopped(ctx, self.gate.write()).await?;
        {
            let state = slot.state();
            if let Some(ids) = answer(&state) {
                return Ok(ids);
            }
            if let Some((_, error)) =
                state.failed.as_ref().filter(|(pass, _)| *pass > called || (running && *pass == called))
            {
                return Err(error.clone());
            }
        }
        let pass = Pass::begin(&slot, ctx.now());
        match list().await {
            Ok(ids) => Ok(pass.finish(ids, value)),
            Err(error) => {
                // A run that was stopped says nothing about the others who wait.
                if ctx.go_on().is_ok() {
                    pass.fail(&error);
                }
                Err(error)
            }
        }
    }

    /// Waits until no pass runs, and keeps one from beginning until the guard is dropped.
    pub(crate) async fn steady(&self, ctx: &Ctx) -> Result<RwLockReadGuard<'_, ()>> {
        unless_stopped(ctx, self.gate.read()).await
    }

    /// A person had the value `from` and now has `to`; `None` where it is new or gone.
    pub(crate) fn edit(&self, field: &str, id: &str, from: Option<&str>, to: Option<&str>) {
        if from.map(str::trim) == to.map(str::trim) {
            return;
        }
        let fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = fields.get(field) else { return };
        let edit = Edit { id: id.into(), from: from.map(Into::into), to: to.map(Into::into) };
        let mut state = slot.state();
        if let Some(known) = &mut state.known {
            known.ids.apply(&edit);
        }
        if let Some(edits) = &mut state.edits {
            edits.push(edit);
        }
    }

    /// The fields that were searched by.
    pub(crate) fn fields(&self) -> Vec<&'static str> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Forgets every list: a write whose outcome is not known may have changed any of them.
    pub(crate) fn forget(&self) {
        for slot in self.fields.lock().unwrap_or_else(PoisonError::into_inner).values() {
            let mut state = slot.state();
            state.known = None;
            state.spoiled = true;
        }
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits, unless the run is stopped or its time is over first.
async fn unless_stopped<T>(ctx: &Ctx, turn: impl Future<Output = T>) -> Result<T> {
    let over = async {
        match ctx.remaining() {
            Some(left) => tokio::time::sleep(left).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = ctx.cancel().cancelled() => {}
        turn = turn => {
            ctx.go_on()?;
            return Ok(turn);
        }
        () = over => {}
    }
    let error = Error::new(ErrorKind::Transient, "the time for this action is over while the persons are being listed");
    Err(ctx.go_on().err().unwrap_or(error))
}

/// A pass that runs; dropped without an end, it leaves what was known before.
struct Pass<'a> {
    slot: &'a Slot,
    number: u64,
    since: Timestamp,
}

impl<'a> Pass<'a> {
    fn begin(slot: &'a Slot, now: Timestamp) -> Self {
        let mut state = slot.state();
        state.begun += 1;
        state.edits = Some(Vec::new());
        state.spoiled = false;
        state.failed = None;
        Self { slot, number: state.begun, since: now }
    }

    fn finish(self, mut ids: Ids, value: &str) -> Vec<String> {
        let mut state = self.slot.state();
        for edit in state.edits.take().unwrap_or_default() {
            ids.apply(&edit);
        }
        ids.0.shrink_to_fit();
        let found = ids.get(value);
        if !state.spoiled {
            state.known = Some(Known { pass: self.number, since: self.since, ids });
        }
        found
    }

    fn fail(self, error: &Error) {
        self.slot.state().failed = Some((self.number, error.clone()));
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.slot.state().edits = None;
    }
}

#[cfg(test)]
mod tests;
