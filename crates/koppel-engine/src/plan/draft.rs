//! The actions of one person in one target, in the order they are carried out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use koppel::{Record, Reference, Stage};
use serde_json::Value;

use super::mapper::{Mapper, person_of};
use super::model::{Action, HeldBy, Payload};
use super::wish::Wish;
use crate::config::OnRevoke;
use crate::model::{Because, Change, Entitlement, Held, SubPermission, Verb};
use crate::targets::TargetRuntime;

/// What a person has in a target, as the state remembers it.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding {
    pub(super) account: Option<Held>,
    pub(super) access: Option<Held>,
    pub(super) permissions: BTreeMap<String, Held>,
    /// What an action was sent for whose answer nobody has: it may be so or not.
    doubts: BTreeSet<Entitlement>,
    /// A create that was sent and whose answer nobody has.
    begun: Option<Action>,
    /// A delete was sent and its answer nobody has.
    ended: bool,
}

impl Holding {
    pub(super) fn put(&mut self, held: Held) {
        match held.entitlement.clone() {
            Entitlement::Account => self.account = Some(held),
            Entitlement::Access => self.access = Some(held),
            Entitlement::Permission(reference) => {
                self.permissions.insert(reference, held);
            }
        }
    }

    /// Notes an action that was sent and whose answer nobody has. What it was to give counts as held until a target
    /// says otherwise; either way something is done about it.
    pub(super) fn doubt(&mut self, action: &Action) {
        if action.action == Verb::Create {
            self.begun = self.account.is_none().then(|| action.clone());
            return;
        }
        self.ended |= action.action == Verb::Delete;
        for entitlement in &action.entitlements {
            self.doubts.insert(entitlement.clone());
            let maybe = || action.gives(entitlement, Timestamp::UNIX_EPOCH);
            match (action.action, entitlement) {
                (Verb::Enable, Entitlement::Access) => {
                    self.access.get_or_insert_with(maybe);
                }
                (Verb::Grant | Verb::Update, Entitlement::Permission(reference)) => {
                    let held = self.permissions.entry(reference.clone()).or_insert_with(maybe);
                    for sub in action.payload.current.iter().chain(&action.payload.wanted) {
                        if !held.subs.contains(sub) {
                            held.subs.push(sub.clone());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn doubts(&self, entitlement: &Entitlement) -> bool {
        self.doubts.contains(entitlement)
    }

    /// Is anything in doubt?
    fn is_doubtful(&self) -> bool {
        self.begun.is_some() || !self.doubts.is_empty()
    }

    /// The fields that were last written to the account.
    fn written(&self) -> Record {
        let data = self.account.as_ref().map(|account| account.data.clone());
        data.and_then(|data| serde_json::from_value(data).ok()).unwrap_or_default()
    }
}

/// What a person should have in a target.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) account: Option<Wish>,
    pub(super) access: Option<Wish>,
    pub(super) permissions: BTreeMap<String, Wish>,
}

/// How an entitlement changes, as thresholds name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Grant,
    Revoke,
    Update,
}

/// An action that may still be held back.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) action: Action,
    pub(super) direction: Direction,
    /// Why it cannot be carried out.
    pub(super) held_back: Option<Hold>,
}

/// Why an action is held back.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub(super) by: HeldBy,
    pub(super) reason: String,
}

impl Hold {
    pub(super) fn new(by: HeldBy, reason: impl Into<String>) -> Self {
        Self { by, reason: reason.into() }
    }

    fn data(reason: impl Into<String>) -> Self {
        Self::new(HeldBy::Data, reason)
    }
}

impl Wish {
    fn hold(&self) -> Option<Hold> {
        self.frozen.as_ref().map(|reason| Hold::new(HeldBy::Source, reason))
    }
}

/// Whom drafts are made for.
pub(super) struct Subject<'a> {
    /// The key that stands in the state.
    pub(super) key: &'a str,
    pub(super) name: &'a str,
    /// The person at the moment, with the contracts of these places in conditions; null for somebody who is gone.
    pub(super) json: &'a dyn Fn(&[usize]) -> Value,
    /// Part of what is known of the person is too old to change fields on.
    pub(super) stale: bool,
}

/// Makes the drafts.
pub(super) struct Drafter<'a> {
    pub(super) target: &'a TargetRuntime,
    pub(super) subject: &'a Subject<'a>,
    pub(super) holding: &'a Holding,
    pub(super) mapper: &'a mut Mapper,
    /// Does any rule say who may use the accounts of this target?
    pub(super) rules_access: bool,
    pub(super) drafts: Vec<Draft>,
}

impl Drafter<'_> {
    /// All that is to be done so that the person has what is wished and nothing else.
    pub(super) fn draft(mut self, wishes: &Wishes) -> Vec<Draft> {
        let account = wishes.account.as_ref().filter(|wish| wish.yes);
        // What is written at first, on opening, and while it is open comes from the same contracts.
        let counting = wishes.access.as_ref().filter(|access| access.yes).or(account);
        let contracts = counting.map(|wish| wish.contracts.as_slice()).unwrap_or_default();
        let closes = self.rules_access && !wishes.access.as_ref().is_some_and(|access| access.yes);
        match (account, &self.holding.account) {
            (Some(wish), None) => self.create(wish, contracts, closes),
            // Whether the account is still there is not known: a create looks first, and the next plan does the rest.
            (Some(wish), Some(_)) if self.holding.ended => {
                self.create(wish, contracts, closes);
                return self.drafts;
            }
            (None, None) => {
                self.without_account(wishes);
                // Whether the account is there is not known; the next pass ends it.
                if let Some(mut action) = self.holding.begun.clone() {
                    "settles a create whose answer was lost".clone_into(&mut action.because.note);
                    action.payload.doubtful = true;
                    self.push(Draft { action, direction: Direction::Grant, held_back: None });
                }
                return self.drafts;
            }
            _ => {}
        }
        let keeps = account.is_some();
        let ends = wishes.account.as_ref().filter(|wish| !wish.yes && self.holding.account.is_some());
        for (reference, held) in &self.holding.permissions {
            let wish = wishes.permissions.get(reference);
            if !keeps || !wish.is_some_and(|wish| wish.yes) {
                self.revoke(reference, held, wish.filter(|wish| !wish.yes).or(ends));
            }
        }
        if let (true, Some(wish), Some(held)) = (keeps, counting, &self.holding.account)
            && !self.subject.stale
        {
            self.update(wish, held);
        }
        match (wishes.access.as_ref().filter(|wish| wish.yes && keeps), &self.holding.access) {
            (Some(wish), None) => self.enable(wish),
            (Some(wish), Some(_)) if self.holding.doubts(&Entitlement::Access) => self.enable(wish),
            (None, Some(held)) => {
                let wish = wishes.access.as_ref().filter(|wish| !wish.yes).or(ends);
                self.disable(held, wish, ends.is_some());
            }
            _ => {}
        }
        if keeps {
            for (reference, wish) in wishes.permissions.iter().filter(|(_, wish)| wish.yes) {
                match self.holding.permissions.get(reference) {
                    None => self.grant(reference, wish, &[], Verb::Grant),
                    Some(held) if !self.subject.stale => self.regrant(reference, wish, held),
                    Some(_) => {}
                }
            }
        }
        if let (Some(wish), Some(held)) = (ends, &self.holding.account) {
            self.end(held, wish);
        }
        self.drafts
    }

    fn push(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    fn action(&self, verb: Verb, because: &Because, entitlement: Entitlement) -> Action {
        Action {
            target: self.target.name.clone(),
            person: self.subject.key.to_owned(),
            name: self.subject.name.to_owned(),
            action: verb,
            permission: entitlement.permission().map(str::to_owned),
            because: because.clone(),
            changes: Vec::new(),
            entitlements: vec![entitlement],
            payload: Payload {
                reference: self.reference(),
                doubtful: self.holding.is_doubtful(),
                ..Payload::default()
            },
        }
    }

    fn reference(&self) -> Option<Reference> {
        self.holding.account.as_ref().and_then(|account| account.reference.clone())
    }

    /// Something is granted that needs an account, and no rule grants one.
    fn without_account(&mut self, wishes: &Wishes) {
        let reason = format!(
            "it needs an account, and no rule grants [{}:account] for these contracts: add it to the rule",
            self.target.name
        );
        let access = wishes.access.iter().map(|wish| (Entitlement::Access, Verb::Enable, wish));
        let permissions = wishes
            .permissions
            .iter()
            .map(|(reference, wish)| (Entitlement::Permission(reference.clone()), Verb::Grant, wish));
        let wanted: Vec<_> = access.chain(permissions).filter(|(_, _, wish)| wish.yes).collect();
        for (entitlement, verb, wish) in wanted {
            let action = self.action(verb, &wish.because, entitlement);
            self.push(Draft { action, direction: Direction::Grant, held_back: Some(Hold::data(reason.clone())) });
        }
    }

    fn create(&mut self, wish: &Wish, contracts: &[usize], closes: bool) {
        let mut action = self.action(Verb::Create, &wish.because, Entitlement::Account);
        let json = (self.subject.json)(contracts);
        let mut held_back = wish.hold();
        match self.target.correlation(&json) {
            Some(correlation) => action.payload.correlation = Some(correlation),
            None => {
                held_back.get_or_insert_with(|| {
                    Hold::data(format!(
                        "the person has no value for [{}], by which an account is recognised in [{}]",
                        self.target.correlate.person, self.target.name
                    ))
                });
            }
        }
        match self.mapper.data(self.target, Stage::Create, &json) {
            Ok(data) => {
                action.changes = changes(&Record::new(), &data);
                action.payload.data = data;
            }
            Err(message) => held_back = held_back.or(Some(Hold::data(message))),
        }
        match self.mapper.data(self.target, Stage::Update, &json) {
            Ok(data) => action.payload.baseline = data,
            Err(message) => held_back = held_back.or(Some(Hold::data(message))),
        }
        action.payload.seen = self.mapper.seen(self.target, &json);
        action.payload.closes = closes;
        self.push(Draft { action, direction: Direction::Grant, held_back });
    }

    fn update(&mut self, wish: &Wish, held: &Held) {
        let json = (self.subject.json)(&wish.contracts);
        let seen = self.mapper.seen(self.target, &json);
        let doubts = self.holding.doubts(&Entitlement::Account);
        if seen == held.seen && !doubts {
            return;
        }
        let written = self.holding.written();
        let mut action = self.action(Verb::Update, &wish.because, Entitlement::Account);
        let mut held_back = None;
        match self.mapper.data(self.target, Stage::Update, &json) {
            Ok(data) => {
                action.changes = changes(&written, &data);
                // Nothing is known of an account that was linked: it is compared with the system once.
                if action.changes.is_empty() && !held.seen.is_empty() && !doubts {
                    return;
                }
                action.payload.data = data;
            }
            Err(message) => held_back = Some(Hold::data(message)),
        }
        action.payload.seen = seen;
        self.push(Draft { action, direction: Direction::Update, held_back });
    }

    fn enable(&mut self, wish: &Wish) {
        let mut action = self.action(Verb::Enable, &wish.because, Entitlement::Access);
        let mut held_back = wish.hold();
        let json = (self.subject.json)(&wish.contracts);
        match self.mapper.data(self.target, Stage::Enable, &json) {
            Ok(data) => {
                action.changes = changes(&self.holding.written(), &data);
                action.payload.data = data;
            }
            Err(message) => held_back = held_back.or(Some(Hold::data(message))),
        }
        self.push(Draft { action, direction: Direction::Grant, held_back });
    }

    /// Takes the use of the account away, and with `ends` the account itself where that is what ends one.
    fn disable(&mut self, held: &Held, wish: Option<&Wish>, ends: bool) {
        let because = wish.map_or_else(|| held.because.clone(), |wish| wish.because.clone());
        let mut action = self.action(Verb::Disable, &because, Entitlement::Access);
        action.payload.data = self.parting(Stage::Disable);
        if ends && self.target.on_revoke == OnRevoke::Disable {
            action.entitlements.push(Entitlement::Account);
        }
        let held_back = wish.and_then(Wish::hold);
        self.push(Draft { action, direction: Direction::Revoke, held_back });
    }

    /// Ends the account.
    fn end(&mut self, held: &Held, wish: &Wish) {
        if self.drafts.iter().any(|draft| draft.action.entitlements.contains(&Entitlement::Account)) {
            return;
        }
        let (verb, stage) = match self.target.on_revoke {
            OnRevoke::Disable => (Verb::Disable, Stage::Disable),
            OnRevoke::Delete => (Verb::Delete, Stage::Delete),
        };
        let mut action = self.action(verb, &wish.because, held.entitlement.clone());
        action.payload.data = self.parting(stage);
        self.push(Draft { action, direction: Direction::Revoke, held_back: wish.hold() });
    }

    /// The fields mapped for taking something away. A mapping that fails must not keep access open.
    fn parting(&mut self, stage: Stage) -> Record {
        let json = (self.subject.json)(&[]);
        if json.is_null() {
            // Somebody who is gone has no fields; fixed values hold for everybody.
            return self.mapper.data(self.target, stage, &Value::Object(serde_json::Map::new())).unwrap_or_default();
        }
        self.mapper.data(self.target, stage, &json).unwrap_or_else(|message| {
            tracing::warn!("{} {} in [{}]: {message}", stage.name(), self.subject.key, self.target.name);
            Record::new()
        })
    }

    fn revoke(&mut self, reference: &str, held: &Held, wish: Option<&Wish>) {
        let because = wish.map_or_else(|| held.because.clone(), |wish| wish.because.clone());
        let mut action = self.action(Verb::Revoke, &because, Entitlement::Permission(reference.to_owned()));
        let held_back = self.permission(&mut action, reference, &[], &held.subs).err();
        let held_back = wish.and_then(Wish::hold).or(held_back.map(Hold::data));
        self.push(Draft { action, direction: Direction::Revoke, held_back });
    }

    fn grant(&mut self, reference: &str, wish: &Wish, current: &[SubPermission], verb: Verb) {
        let mut action = self.action(verb, &wish.because, Entitlement::Permission(reference.to_owned()));
        let held_back = self.permission(&mut action, reference, &wish.contracts, current).err();
        let held_back = wish.hold().or(held_back.map(Hold::data));
        let direction = if verb == Verb::Update { Direction::Update } else { Direction::Grant };
        self.push(Draft { action, direction, held_back });
    }

    /// A permission that is held: what it comes down to may have changed with the contracts.
    fn regrant(&mut self, reference: &str, wish: &Wish, held: &Held) {
        let doubts = self.holding.doubts(&Entitlement::Permission(reference.to_owned()));
        let Ok(wanted) = self.comes_down_to(reference, wish) else {
            return self.grant(reference, wish, &held.subs, Verb::Update);
        };
        let Some(wanted) = wanted else {
            if doubts {
                self.grant(reference, wish, &[], Verb::Grant);
            }
            return;
        };
        let ids = |subs: &[SubPermission]| {
            let mut ids: Vec<String> = subs.iter().map(|sub| sub.id.to_lowercase()).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        if doubts || ids(&wanted) != ids(&held.subs) {
            self.grant(reference, wish, &held.subs, Verb::Update);
            if let Some(draft) = self.drafts.last_mut() {
                let names = |subs: &[SubPermission]| subs.iter().map(|sub| Value::from(sub.name.clone())).collect();
                draft.action.changes.push(Change {
                    field: "permissions".to_owned(),
                    from: Value::Array(names(&held.subs)),
                    to: Value::Array(names(&wanted)),
                });
            }
        }
    }

    /// What a permission comes down to, where that depends on contracts.
    fn comes_down_to(&self, reference: &str, wish: &Wish) -> Result<Option<Vec<SubPermission>>, String> {
        let (permissions, permission) = self.offered(reference)?;
        if !permissions.per_contract(&permission).map_err(|e| e.to_string())? {
            return Ok(None);
        }
        let json = (self.subject.json)(&wish.contracts);
        let person = person_of(self.subject.key, &json, &wish.contracts);
        let counting = person.contracts.iter().filter(|contract| contract.in_conditions == Some(true));
        let resolved = counting.map(|contract| {
            let entitlement = permissions.resolve(&permission, Some(contract)).map_err(|e| e.to_string())?;
            Ok(SubPermission { id: entitlement.id, name: entitlement.display_name })
        });
        resolved.collect::<Result<Vec<_>, String>>().map(Some)
    }

    fn offered(&self, reference: &str) -> Result<(&dyn koppel::Permissions, Reference), String> {
        let system = self.target.target.system();
        let permissions = self.target.target.permissions().ok_or_else(|| format!("{system} has no permissions"))?;
        let permission = Reference::new(reference).ok_or("the permission has no reference")?;
        Ok((permissions, permission))
    }

    /// Fills in what granting and revoking a permission takes.
    fn permission(
        &self,
        action: &mut Action,
        reference: &str,
        contracts: &[usize],
        current: &[SubPermission],
    ) -> Result<(), String> {
        let (permissions, permission) = self.offered(reference)?;
        let revokes = action.action == Verb::Revoke;
        // A permission that is no longer on offer is revoked by what it came down to.
        let per_contract = match permissions.per_contract(&permission) {
            Err(_) if revokes => !current.is_empty(),
            other => other.map_err(|e| e.to_string())?,
        };
        action.payload.per_contract = per_contract;
        action.payload.current = current.to_vec();
        let json = (self.subject.json)(contracts);
        action.payload.person = Some(person_of(self.subject.key, &json, contracts));
        if per_contract && !revokes {
            let person = action.payload.person.iter().flat_map(|person| &person.contracts);
            let counting = person.filter(|contract| contract.in_conditions == Some(true));
            let wanted = counting.map(|contract| {
                let entitlement = permissions.resolve(&permission, Some(contract)).map_err(|e| e.to_string())?;
                Ok(SubPermission { id: entitlement.id, name: entitlement.display_name })
            });
            action.payload.wanted = wanted.collect::<Result<_, String>>()?;
        }
        Ok(())
    }
}

/// The fields that differ from what was last written; a field that the data does not name is left alone.
fn changes(written: &Record, data: &Record) -> Vec<Change> {
    let differs = data.iter().filter(|(name, value)| written.get(name).unwrap_or(&Value::Null) != *value);
    differs
        .map(|(name, to)| Change {
            field: name.to_owned(),
            from: written.get(name).cloned().unwrap_or_default(),
            to: to.clone(),
        })
        .collect()
}
