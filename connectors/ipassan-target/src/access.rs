//! The access profile on the doors: given by enable, replaced by update, taken away by disable.

use async_trait::async_trait;
use koppel::{Account, Change, Changes, Ctx, Effect, Error, ErrorKind, Record, Result, Switching};

use crate::config::OnUnmappedProfile;
use crate::error::ADDRESS_HINT;
use crate::model::{self, LOOKUP_KEY};
use crate::profiles::Profile;
use crate::target::IPassan;

/// How the slot is written in a form.
const SLOT: &str = "accessType[doorPermanent]";
/// The text that takes the profile out of the slot.
const NOTHING: &str = "null";

/// What becomes of the access profile in a write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door<'a> {
    /// It stays as it is.
    Leave,
    /// It becomes this one.
    Give(&'a str),
    /// It is taken away.
    Take,
}

impl IPassan {
    /// The profile that a key chooses where it is another one than the present; a key that chooses none is an error
    /// or leaves the present one, as the configuration says.
    pub(crate) fn another(&self, key: &str, now: &str) -> Result<Option<&Profile>> {
        match self.profiles.find(key) {
            Some(profile) if same(&profile.id, now) => Ok(None),
            Some(profile) => Ok(Some(profile)),
            // The stored data of an account holds the GUID of its profile.
            None if same(key, now) => Ok(None),
            None if self.on_unmapped == OnUnmappedProfile::Keep => {
                tracing::warn!("no access profile is mapped for [{}]: IPassan profile [{now}] is kept", key.trim());
                Ok(None)
            }
            None => Err(unmapped(key)),
        }
    }

    /// Sends the changed fields with what becomes of the access profile, and gives the person as IPassan has it
    /// afterwards.
    ///
    /// IPassan ignores a profile that it does not know without a word, so what it kept is read.
    pub(crate) async fn write(
        &self,
        ctx: &Ctx,
        current: &Account,
        changes: &Changes,
        door: Door<'_>,
    ) -> Result<Account> {
        let mut form = model::changed(changes)?;
        match door {
            Door::Leave => {}
            Door::Give(profile) => form.push((SLOT.to_owned(), profile.to_owned())),
            Door::Take => form.push((SLOT.to_owned(), NOTHING.to_owned())),
        }
        if form.is_empty() {
            return Ok(current.clone());
        }
        let id = current.reference.text()?;
        let written = self.client.update(ctx, &id, &form).await;
        if let Err(error) = written {
            if error.is(ErrorKind::DryRun) {
                // The plan is noted; what it would have come to is told as it would have been.
                return Ok(foreseen(current, changes, door));
            }
            if may_have_arrived(&error) {
                self.forget(&form);
            }
            return Err(error);
        }
        let after = self.read_back(ctx, &id).await.inspect_err(|_| self.forget(&form))?;
        self.moved(&id, Some(&current.data), Some(&after.data));
        let kept = after.data.non_empty(LOOKUP_KEY);
        match (door, kept) {
            (Door::Give(sent), kept)
                if matches!(written, Ok(false)) && !kept.as_deref().is_some_and(|kept| same(sent, kept)) =>
            {
                let what = format!("access profile [{sent}] was not given: the answer to the write was not understood");
                Err(Error::new(ErrorKind::Protocol, what).with_hint(ADDRESS_HINT))
            }
            (Door::Give(sent), kept) if !kept.as_deref().is_some_and(|kept| same(sent, kept)) => Err(Error::invalid(
                LOOKUP_KEY,
                format!("IPassan ignored access profile [{sent}]: does it exist on this site?"),
            )
            .with_hint("correct its AccessProfileId in the table of access profiles")),
            (Door::Take, Some(kept)) => Err(Error::new(
                ErrorKind::Protocol,
                format!("the doors still open: IPassan did not take access profile [{kept}] from person [{id}]"),
            )
            .with_hint("take it away in IPassan itself and report this")),
            _ => {
                self.compare(ctx, changes, &after, matches!(door, Door::Leave))?;
                Ok(after)
            }
        }
    }

    /// Warns of the fields that are not as they were sent.
    ///
    /// # Errors
    /// `Protocol` where nothing was changed: `fields_only` was sent, and every field that IPassan shows is what it was.
    fn compare(&self, ctx: &Ctx, changes: &Changes, after: &Account, fields_only: bool) -> Result<()> {
        let sent: Record = changes.0.iter().map(|change| (change.field.clone(), change.to.clone())).collect();
        let differ = self.fields.changes(&after.data, &sent)?;
        if differ.is_empty() {
            return Ok(());
        }
        let names = differ.names().join(", ");
        let as_before = |now: &Change| {
            let same = changes.0.iter().any(|change| change.field == now.field && change.from == now.from);
            // A system may keep a value in a form of its own: other case, without spaces or points.
            let kept = after.data.text(&now.field).unwrap_or_default();
            let another_form = now.to.as_str().is_some_and(|sent| letters(sent) == letters(&kept));
            same && !another_form && after.data.contains(&now.field)
        };
        if fields_only && differ.0.len() == changes.0.len() && differ.0.iter().all(as_before) {
            let what = format!("IPassan answered with success but changed nothing of [{names}]");
            return Err(Error::new(ErrorKind::Protocol, what).with_hint(ADDRESS_HINT));
        }
        ctx.warn(format!("IPassan did not keep [{names}] as sent: person [{}]", after.reference));
        Ok(())
    }

    /// Nobody knows what a person has in these fields now.
    fn forget(&self, form: &[(String, String)]) {
        if self.index.fields().iter().any(|field| form.iter().any(|(name, _)| name == field)) {
            self.index.forget();
        }
    }

    async fn read_back(&self, ctx: &Ctx, id: &str) -> Result<Account> {
        let person = self.client.read_back(ctx, id, "change").await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("the change was sent, but IPassan does not have [{id}] any more"))
        })?;
        model::account(person, &self.fields)
    }
}

#[async_trait]
impl Switching for IPassan {
    async fn enable(&self, ctx: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)> {
        let changes = self.field_changes(current, data)?;
        let profile = match (data.non_empty(LOOKUP_KEY), current.data.non_empty(LOOKUP_KEY)) {
            (None, Some(_)) => None,
            (None, None) => {
                return Err(Error::invalid(LOOKUP_KEY, "is empty, so no access profile can be chosen")
                    .with_hint("map it for Enable, for instance to the job title of the primary contract"));
            }
            (Some(key), Some(now)) => self.another(&key, &now)?,
            (Some(key), None) => Some(self.profiles.find(&key).ok_or_else(|| unmapped(&key))?),
        };
        if let Some(profile) = profile {
            tracing::debug!(profile = %profile.name, id = %profile.id, "access profile to give");
        }
        self.switch(ctx, current, &changes, profile.map_or(Door::Leave, |profile| Door::Give(&profile.id))).await
    }

    async fn disable(&self, ctx: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)> {
        let changes = self.field_changes(current, data)?;
        let others = model::other_slots(&current.raw);
        if !others.is_empty() {
            ctx.warn(format!(
                "IPassan person [{}] keeps other access, which is not managed here: {}",
                current.reference,
                others.join(", ")
            ));
        }
        let door = if current.enabled == Some(true) { Door::Take } else { Door::Leave };
        self.switch(ctx, current, &changes, door).await
    }
}

impl IPassan {
    async fn switch(
        &self,
        ctx: &Ctx,
        current: &Account,
        changes: &Changes,
        door: Door<'_>,
    ) -> Result<(Account, Effect)> {
        let effect =
            if changes.is_empty() && matches!(door, Door::Leave) { Effect::Unchanged } else { Effect::Changed };
        Ok((self.write(ctx, current, changes, door).await?, effect))
    }
}

/// What is left of a text without case, spaces and punctuation.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The person as it will be, if IPassan does what it is asked.
fn foreseen(current: &Account, changes: &Changes, door: Door<'_>) -> Account {
    let mut after = current.clone();
    for change in &changes.0 {
        after.data.set(change.field.clone(), change.to.clone());
    }
    match door {
        Door::Leave => {}
        Door::Give(profile) => after.data.set(LOOKUP_KEY, profile),
        Door::Take => after.data.set(LOOKUP_KEY, serde_json::Value::Null),
    }
    after
}

/// May a change have been carried out although it failed?
fn may_have_arrived(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Ambiguous | ErrorKind::Transient | ErrorKind::Protocol | ErrorKind::Cancelled)
}

/// GUIDs do not have a case.
fn same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

fn unmapped(key: &str) -> Error {
    Error::invalid(
        LOOKUP_KEY,
        format!("no access profile is mapped for [{}]; add it to accessProfiles or accessProfilesFile", key.trim()),
    )
}
