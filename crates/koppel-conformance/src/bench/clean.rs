//! Removing what a check made, also what it does not know that it made.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use koppel::{Record, Reference, scalar_text};

use super::{Bench, said};
use crate::subject::{Act, Imported, Refused};

impl Bench<'_> {
    /// Removes what this check made. Gives what is still there.
    ///
    /// A create that failed, or was ended in the middle, may have made an account all the same, and a reference that a
    /// broken connector gives may be somebody else's. So the tag of the check decides, as the import shows it: what
    /// carries it is removed, and nothing else that the import shows.
    pub(crate) async fn clean(&self) -> Vec<String> {
        if !self.tried.load(Ordering::SeqCst) {
            return Vec::new();
        }
        self.watch();
        self.proxy.settled().await;
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !self.facts().can("import-accounts") {
            return self.remove_blindly(&made).await;
        }
        let shown = match self.subject.accounts(&self.config).await {
            Ok(shown) => shown,
            Err(refused) => return self.unknown(&refused, &made),
        };
        // What the import does not show is gone already, or the import is not whole.
        let hidden: Vec<Reference> =
            made.iter().filter(|reference| shown.iter().all(|a| &a.reference != *reference)).cloned().collect();
        let mut left = if self.facts().can("delete") { self.remove_blindly(&hidden).await } else { Vec::new() };
        let foreign = |account: &&Imported| made.contains(&account.reference) && !self.carries_tag(account);
        left.extend(shown.iter().filter(foreign).map(|account| {
            format!(
                "{}: create gave this reference, but the account does not carry the tag of the run; left alone",
                account.reference
            )
        }));
        let own: Vec<&Imported> = shown.iter().filter(|account| self.carries_tag(account)).collect();
        if own.is_empty() {
            return left;
        }
        let mut refusals = Vec::new();
        for account in own {
            if let Some(refusal) = self.remove(&account.reference, account.enabled).await {
                refusals.push((account.reference.clone(), refusal));
            }
        }
        match self.subject.accounts(&self.config).await {
            Ok(shown) => left.extend(shown.iter().filter(|account| self.carries_tag(account)).map(|account| {
                let why = refusals.iter().find(|(reference, _)| reference == &account.reference);
                let why = why.map_or_else(|| self.state(account), |(_, refusal)| refusal.clone());
                format!("{}: {why}", account.reference)
            })),
            Err(refused) => left.extend(self.unknown(&refused, &made)),
        }
        left
    }

    /// What may be left where there was no time to look.
    pub(crate) fn unlooked(&self) -> Vec<String> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.unknown(&Refused { kind: "transient".into(), message: "cleaning up took too long".into() }, &made)
    }

    fn unknown(&self, refused: &Refused, made: &[Reference]) -> Vec<String> {
        let references: Vec<String> = made.iter().map(ToString::to_string).collect();
        vec![format!(
            "perhaps accounts that carry [{}] (known: [{}]); the import does not tell: {refused}",
            self.tag,
            references.join(", ")
        )]
    }

    /// Is it one that this check made?
    fn carries_tag(&self, account: &Imported) -> bool {
        let tag = self.tag.to_lowercase();
        let carries = |text: &str| text.to_lowercase().contains(&tag);
        carries(&account.user_name)
            || carries(&account.display_name)
            || carries(&account.reference.to_string())
            || account.data.iter().any(|(_, value)| scalar_text(value).is_some_and(|text| carries(&text)))
    }

    /// Why an account is still there.
    fn state(&self, account: &Imported) -> String {
        match (self.facts().can("delete"), account.enabled) {
            (true, _) => "still there after it was deleted".into(),
            (false, Some(false)) => "disabled; the connector cannot delete".into(),
            (false, _) => "the connector cannot delete".into(),
        }
    }

    /// Deletes an account, or disables it where the connector cannot. Gives why that did not work.
    async fn remove(&self, reference: &Reference, enabled: Option<bool>) -> Option<String> {
        let action = if self.facts().can("delete") { "delete" } else { "disable" };
        if !self.facts().can(action) || action == "disable" && enabled == Some(false) {
            return None;
        }
        let act = Act { action, account: Some(reference.clone()), data: Record::new(), ..Act::default() };
        let acted = self.subject.act(&self.config, &act).await;
        (!acted.success).then(|| said(&acted))
    }

    /// Without an import nobody knows more than what create gave.
    async fn remove_blindly(&self, made: &[Reference]) -> Vec<String> {
        let mut left = Vec::new();
        for reference in made {
            if let Some(refusal) = self.remove(reference, None).await {
                left.push(format!("{reference}: {refusal}"));
            } else if !self.facts().can("delete") {
                left.push(format!("{reference}: the connector cannot delete"));
            }
        }
        left
    }
}
