//! The comparison: what everybody should have against what the state says they have.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::draft::{Direction, Draft, Drafter, Hold, Holding, Subject, Wishes};
use super::mapper::Mapper;
use super::model::{Action, Blocked, HeldBy, Reached};
use super::wish::{Matches, Wish};
use crate::config::{Change, Kind};
use crate::model::{Entitlement, Held, Verb};
use crate::rules::Rules;
use crate::snapshot::{PersonRef, Snapshot, fold};
use crate::targets::TargetRuntime;

/// What is compared.
pub(crate) struct Inputs {
    pub(crate) at: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) targets: Vec<Arc<TargetRuntime>>,
    pub(crate) held: Vec<Held>,
    /// Actions that were sent and whose answer nobody has.
    pub(crate) unsettled: Vec<Action>,
    /// The sources on which nothing is opened or closed.
    pub(crate) stale: Vec<String>,
    /// Thresholds do not stop anything.
    pub(crate) approve: bool,
}

/// What the comparison gives.
#[derive(Debug, Default)]
pub(crate) struct Computed {
    pub(crate) actions: Vec<Action>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) reached: Vec<Reached>,
    pub(crate) warnings: Vec<String>,
    /// What is held and goes on being held, for the reasons that count now.
    pub(crate) reasons: Vec<Held>,
}

/// So many warnings about persons are told one by one.
const MOST_WARNINGS: usize = 100;

/// All actions that are missing. It takes a while and blocks its thread.
pub(crate) fn compute(inputs: &Inputs) -> Computed {
    let mut state: HashMap<String, Vec<&Held>> = HashMap::new();
    for held in &inputs.held {
        state.entry(fold(&held.person)).or_default().push(held);
    }
    let mut unsettled: HashMap<String, Vec<&Action>> = HashMap::new();
    for action in &inputs.unsettled {
        unsettled.entry(fold(&action.person)).or_default().push(action);
        state.entry(fold(&action.person)).or_default();
    }
    let rules_access = |target: &Arc<TargetRuntime>| {
        let granted = inputs.rules.grants();
        granted.iter().any(|g| g.target == target.name && g.entitlement == Entitlement::Access)
    };
    let mut work = Work {
        inputs,
        rules_access: inputs.targets.iter().map(rules_access).collect(),
        mapper: Mapper::new(inputs.at, &inputs.zone),
        unsettled,
        jobs: BTreeMap::new(),
        reasons: Vec::new(),
    };
    let mut warnings = Vec::new();
    let mut blocked_persons = 0_usize;
    let mut matches = Matches::new(&inputs.rules);
    for (index, person) in inputs.snapshot.persons().enumerate() {
        let key = fold(person.key());
        let held = state.remove(&key).unwrap_or_default();
        if let Some(reason) = person.blocked() {
            blocked_persons += 1;
            if blocked_persons <= MOST_WARNINGS {
                warnings.push(format!("person [{}] takes no part: {reason}; nothing is changed", person.key()));
            }
            continue;
        }
        matches.refill(|out| inputs.rules.matches(&inputs.snapshot, index, inputs.at, out));
        if matches.is_empty() && held.is_empty() && !work.unsettled.contains_key(&key) {
            continue;
        }
        work.known(&key, &person, &matches, &held);
    }
    if blocked_persons > MOST_WARNINGS {
        warnings.push(format!("{} more persons take no part", blocked_persons - MOST_WARNINGS));
    }
    let mut gone: Vec<(String, Vec<&Held>)> = state.into_iter().collect();
    gone.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, held) in gone {
        // A person whose key cannot be read for now, as when a script fails, is there and blocked, not gone.
        let keyless = |held: &&Held| inputs.snapshot.find(&format!("{}:{key}", held.because.source)).is_some();
        if held.iter().any(keyless) {
            continue;
        }
        work.gone(&key, &held);
    }
    let unknown: HashSet<&str> = inputs.held.iter().map(|held| held.target.as_str()).collect();
    for target in unknown {
        if !inputs.targets.iter().any(|known| known.name == target) {
            let count = inputs.held.iter().filter(|held| held.target == target).count();
            warnings.push(format!(
                "the state has {count} entitlements in target [{target}], which is not in the configuration; they stay \
                 as they are"
            ));
        }
    }
    let mut computed = work.finish();
    warnings.sort_unstable();
    computed.warnings = warnings;
    computed
}

struct Work<'a> {
    inputs: &'a Inputs,
    mapper: Mapper,
    /// The actions whose answer nobody has, by the person's key.
    unsettled: HashMap<String, Vec<&'a Action>>,
    /// Of each target: does any rule say who may use its accounts?
    rules_access: Vec<bool>,
    /// The drafts of each person, by the place of the target and the key of the person.
    jobs: BTreeMap<(usize, String), Vec<Draft>>,
    reasons: Vec<Held>,
}

impl Work<'_> {
    /// Somebody whom a source knows.
    fn known(&mut self, key: &str, person: &PersonRef<'_>, matches: &Matches<'_>, held: &[&Held]) {
        let inputs = self.inputs;
        for (place, target) in inputs.targets.iter().enumerate() {
            let mut wishes = Wishes::default();
            for (entitlement, found) in matches.of(&target.name) {
                let wish = Wish::of(found, &inputs.rules, person);
                match entitlement {
                    Entitlement::Account => wishes.account = wish,
                    Entitlement::Access => wishes.access = wish,
                    Entitlement::Permission(reference) => {
                        wishes.permissions.extend(wish.map(|wish| (reference.clone(), wish)));
                    }
                }
            }
            let holding = self.holding(key, held, &target.name);
            self.reasons.extend(reasons(person, &wishes, held.iter().filter(|held| held.target == target.name)));
            unwish(&mut wishes, &holding, &inputs.stale, |held| lapsed(person, held, inputs));
            let key = held.iter().find(|held| held.target == target.name).map_or(person.key(), |held| &held.person);
            let json = |contracts: &[usize]| person.json(inputs.at, &|at| contracts.contains(&at));
            let subject = Subject { key, name: person.name(), json: &json, stale: person.is_stale() };
            self.draft(place, target, &subject, &holding, &wishes);
        }
    }

    /// Somebody who has something and whom no source knows.
    fn gone(&mut self, key: &str, held: &[&Held]) {
        let inputs = self.inputs;
        for (place, target) in inputs.targets.iter().enumerate() {
            let mut wishes = Wishes::default();
            let holding = self.holding(key, held, &target.name);
            unwish(&mut wishes, &holding, &inputs.stale, |_| "no source has the person any more".to_owned());
            let known = held.iter().find(|held| held.target == target.name);
            let begun = self.unsettled.get(key).into_iter().flatten().find(|action| action.target == target.name);
            let (key, name) = match (known, begun) {
                (Some(held), _) => (held.person.clone(), held.name.clone()),
                (None, Some(action)) => (action.person.clone(), action.name.clone()),
                (None, None) => continue,
            };
            let subject = Subject { key: &key, name: &name, json: &|_| Value::Null, stale: false };
            self.draft(place, target, &subject, &holding, &wishes);
        }
    }

    /// What somebody has in a target; the key is a folded one.
    fn holding(&self, key: &str, held: &[&Held], target: &str) -> Holding {
        let mut holding = Holding::default();
        for held in held.iter().filter(|held| held.target == target) {
            holding.put((*held).clone());
        }
        let unsettled = self.unsettled.get(key).into_iter().flatten();
        unsettled.filter(|action| action.target == target).for_each(|action| holding.doubt(action));
        holding
    }

    fn draft(
        &mut self,
        place: usize,
        target: &TargetRuntime,
        subject: &Subject<'_>,
        holding: &Holding,
        wishes: &Wishes,
    ) {
        let rules_access = self.rules_access.get(place).copied().unwrap_or_default();
        let mapper = &mut self.mapper;
        let drafter = Drafter { target, subject, holding, mapper, rules_access, drafts: Vec::new() };
        let drafts = drafter.draft(wishes);
        if !drafts.is_empty() {
            self.jobs.insert((place, subject.key.to_owned()), drafts);
        }
    }

    /// Holds back what thresholds stop, and what depends on something that is held back.
    fn finish(mut self) -> Computed {
        let mut computed = Computed { reasons: std::mem::take(&mut self.reasons), ..Computed::default() };
        if !self.inputs.approve {
            computed.reached = self.thresholds();
        }
        for ((place, _), drafts) in &mut self.jobs {
            if let Some(target) = self.inputs.targets.get(*place) {
                stop(drafts, &target.name, &computed.reached);
            }
            depend(drafts);
        }
        for draft in self.jobs.into_values().flatten() {
            match draft.held_back {
                None => computed.actions.push(draft.action),
                Some(Hold { by, reason }) => computed.blocked.push(Blocked { action: draft.action, by, reason }),
            }
        }
        computed
    }

    /// The thresholds that are reached.
    fn thresholds(&self) -> Vec<Reached> {
        let mut counts: BTreeMap<(usize, Kind, Change), u64> = BTreeMap::new();
        for ((place, _), drafts) in &self.jobs {
            for draft in drafts.iter().filter(|draft| draft.held_back.is_none()) {
                for entitlement in &draft.action.entitlements {
                    *counts.entry((*place, kind_of(entitlement), draft.direction.change())).or_default() += 1;
                }
            }
        }
        let mut reached = Vec::new();
        for ((place, kind, change), count) in counts {
            let Some(target) = self.inputs.targets.get(place) else { continue };
            let of =
                self.inputs.held.iter().filter(|h| h.target == target.name && kind_of(&h.entitlement) == kind).count();
            let of = of as u64;
            let limits = target.thresholds.get(&(kind, change)).map(Vec::as_slice).unwrap_or_default();
            if let Some(limit) = limits.iter().find(|limit| limit.reached(count, of)) {
                reached.push(Reached {
                    name: target.name.clone(),
                    kind: format!("{kind}.{change}"),
                    count,
                    of,
                    limit: limit.to_string(),
                });
            }
        }
        reached
    }
}

impl Direction {
    fn change(self) -> Change {
        match self {
            Self::Grant => Change::Grant,
            Self::Revoke => Change::Revoke,
            Self::Update => Change::Update,
        }
    }
}

fn kind_of(entitlement: &Entitlement) -> Kind {
    match entitlement {
        Entitlement::Account => Kind::Account,
        Entitlement::Access => Kind::Access,
        Entitlement::Permission(_) => Kind::Permission,
    }
}

/// Adds that what is held and no rule grants is not wished.
fn unwish(wishes: &mut Wishes, holding: &Holding, stale: &[String], why: impl Fn(&Held) -> String) {
    let no = |held: &Held| Wish::no(held, stale, why(held));
    if wishes.account.is_none() {
        wishes.account = holding.account.as_ref().map(no);
    }
    if wishes.access.is_none() {
        wishes.access = holding.access.as_ref().map(no);
    }
    for (reference, held) in &holding.permissions {
        if !wishes.permissions.contains_key(reference) {
            wishes.permissions.insert(reference.clone(), no(held));
        }
    }
}

/// What is held and goes on being held although the contract that it was granted for no longer counts.
fn reasons<'h>(person: &PersonRef<'_>, wishes: &Wishes, held: impl Iterator<Item = &'h &'h Held>) -> Vec<Held> {
    let moved = held.filter_map(|held| {
        let wish = match &held.entitlement {
            Entitlement::Account => wishes.account.as_ref(),
            Entitlement::Access => wishes.access.as_ref(),
            Entitlement::Permission(reference) => wishes.permissions.get(reference),
        };
        let wish = wish.filter(|wish| wish.frozen.is_none())?;
        let counting = wish.contracts.iter().filter_map(|at| person.contracts().get(*at));
        let mut counting = counting.filter(|contract| !contract.is_stale());
        let still = counting.any(|contract| {
            contract.external_id() == held.because.contract && contract.source() == held.because.source
        });
        (!still).then(|| Held { because: wish.because.clone(), ..(**held).clone() })
    });
    moved.collect()
}

/// Why a rule that granted something does so no longer.
fn lapsed(person: &PersonRef<'_>, held: &Held, inputs: &Inputs) -> String {
    let because = &held.because;
    let contract = person
        .contracts()
        .iter()
        .find(|contract| contract.external_id() == because.contract && contract.source() == because.source);
    let clock = |at: Timestamp| at.to_zoned(inputs.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    match contract {
        None => "the contract is no longer in its source".to_owned(),
        Some(contract) => match (contract.start(), contract.end()) {
            (_, Some(end)) if end <= inputs.at => ended(&end.to_zoned(inputs.zone.clone())),
            (Some(start), _) if start > inputs.at => format!("the contract begins at {}", clock(start)),
            _ => "no rule grants it for this contract any more".to_owned(),
        },
    }
}

/// A contract that is over, and so is its window.
fn ended(end: &Zoned) -> String {
    match end.date().yesterday() {
        // The end of a whole day.
        Ok(day) if end.time() == Time::midnight() => format!("the contract ended with {day}"),
        _ => format!("the contract ended at {}, and its window is over", end.strftime("%Y-%m-%d %H:%M")),
    }
}

/// Holds back every action of a kind whose threshold is reached.
fn stop(drafts: &mut Vec<Draft>, target: &str, reached: &[Reached]) {
    let reason = |entitlement: &Entitlement, direction: Direction| {
        let kind = format!("{}.{}", entitlement.kind(), direction.change());
        let reached = reached.iter().find(|reached| reached.name == target && reached.kind == kind)?;
        let reason = format!(
            "the threshold {kind} = {} is reached: {} of {}; look whether that is right, and let it through with --approve",
            reached.limit, reached.count, reached.of
        );
        Some(Hold::new(HeldBy::Threshold, reason))
    };
    let mut split = Vec::new();
    for draft in drafts.iter_mut().filter(|draft| draft.held_back.is_none()) {
        let first = draft.action.entitlements.first().and_then(|first| reason(first, draft.direction));
        if first.is_some() {
            draft.held_back = first;
            continue;
        }
        // A disable that takes the use of an account away and ends it: the first may go on without the second.
        if let [_, second] = draft.action.entitlements.as_slice()
            && let Some(reason) = reason(second, draft.direction)
        {
            let mut action = draft.action.clone();
            action.entitlements.remove(0);
            draft.action.entitlements.truncate(1);
            split.push(Draft { action, direction: draft.direction, held_back: Some(reason) });
        }
    }
    drafts.append(&mut split);
}

/// Holds back what cannot be done before something that is held back.
fn depend(drafts: &mut [Draft]) {
    let create = drafts.iter().find(|draft| draft.action.action == Verb::Create);
    if let Some(Hold { by, reason }) = create.and_then(|create| create.held_back.clone()) {
        for draft in drafts.iter_mut().filter(|draft| draft.held_back.is_none()) {
            draft.held_back = Some(Hold::new(by, format!("it waits for the account: {reason}")));
        }
    }
    let open = drafts.iter().find_map(|draft| {
        let ends = draft.action.entitlements.contains(&Entitlement::Account);
        let revoke = draft.direction == Direction::Revoke && !ends;
        draft.held_back.clone().filter(|_| revoke)
    });
    if let Some(Hold { by, reason }) = open {
        for draft in drafts.iter_mut().filter(|draft| draft.held_back.is_none()) {
            let ends = draft.direction == Direction::Revoke
                && draft.action.entitlements.first() == Some(&Entitlement::Account);
            if ends {
                let reason = format!("the account ends after its access and permissions: {reason}");
                draft.held_back = Some(Hold::new(by, reason));
            } else if draft.direction == Direction::Revoke {
                draft.action.entitlements.retain(|entitlement| *entitlement != Entitlement::Account);
            }
        }
    }
}
