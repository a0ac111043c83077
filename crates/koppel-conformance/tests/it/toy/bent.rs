//! A connector as the outside sees it, with one thing bent on the way: for what the SDK keeps a connector from doing.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use koppel::lifecycle::Operation;
use koppel::{Record, Reference};
use koppel_conformance::proxy::{Fault, Proxy};
use koppel_conformance::subject::{Act, Acted, Facts, Held, Imported, Line, Refused, Subject};
use koppel_http::Forward;
use serde_json::{Value, json};

/// What is bent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bend {
    SecretNotMarked,
    KeyNotDescribed,
    MissingKeyNotNamed,
    UnknownKeyRefused,
    DisableNotDeclared,
    CheckChanges,
    AuthIsAnother,
    UnreachableIsConfig,
    PageIsGood,
    LinksAnother,
    BlankCorrelationCounts,
    NoPreviousData,
    UpdateOfNobodyIsGood,
    DeleteTwiceFails,
    DisableOfNobodyFails,
    EnableOfNobodyIsGood,
    GrantOnlySaysSo,
    RevokeOnlySaysSo,
    GrantToNobodyIsGood,
    ForgetsWhatWas,
    RevokesNothing,
    ReferencesChange,
    NamesAreEmpty,
    CircleIsTheEnd,
    DryRunIsReal(&'static str),
    CreatesBlindlyAtOnce,
    MixesUpdatesAtOnce,
    LosesAPersonAtTimes,
    EmptySecretNotNamed,
    FillsInWhatIsMissing,
    ImmutableIsIgnored,
    NoteIsForgotten,
    ImportShowsAnotherGrade,
    NothingIsTaken,
    GrantsOnlyOnce,
    DoesNotStop,
    CreatesAgainAfterAnEnd,
    LockOutlives(&'static str),
    BreaksOn(Fault),
}

#[derive(Debug)]
pub(crate) struct Bent<'a> {
    pub(crate) inner: &'a dyn Subject,
    pub(crate) proxy: &'a Proxy,
    bend: Bend,
    facts: Facts,
    calls: AtomicUsize,
    deleted: Mutex<Vec<Reference>>,
    flying: Mutex<Vec<Record>>,
    revoked: Mutex<Vec<Reference>>,
    ended: Mutex<Vec<Act>>,
}

impl<'a> Bent<'a> {
    pub(crate) fn new(inner: &'a dyn Subject, proxy: &'a Proxy, bend: Bend) -> Self {
        let mut facts = inner.facts().clone();
        let token = json!({"type": "string", "title": "Token", "description": "A token"});
        match bend {
            Bend::SecretNotMarked => facts.config_schema["properties"]["ApiToken"] = token,
            Bend::KeyNotDescribed => {
                facts.config_schema["properties"]["BaseUrl"].as_object_mut().unwrap().remove("description");
            }
            Bend::DisableNotDeclared => facts.capabilities.retain(|name| name != "disable"),
            _ => {}
        }
        Self {
            inner,
            proxy,
            bend,
            facts,
            calls: AtomicUsize::new(0),
            deleted: Mutex::default(),
            flying: Mutex::default(),
            revoked: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    fn is(&self, bend: Bend) -> bool {
        self.bend == bend
    }

    fn hit(&self) -> bool {
        let Bend::BreaksOn(fault) = self.bend else { return false };
        self.proxy.exchanges().iter().any(|exchange| exchange.fault == Some(fault.name()))
    }

    /// Was this very action ended in the middle before?
    fn was_ended(&self, act: &Act) -> bool {
        let ended = self.ended.lock().unwrap();
        ended.iter().any(|e| (e.action, &e.account, &e.data) == (act.action, &act.account, &act.data))
    }

    fn was_deleted(&self, act: &Act) -> bool {
        act.account.as_ref().is_some_and(|account| self.deleted.lock().unwrap().contains(account))
    }
}

fn good(what: &str) -> Acted {
    let line = Line { action: Some(what.to_owned()), message: "done".into(), is_error: false };
    Acted { success: true, lines: vec![line], ..Acted::default() }
}

fn bad(kind: &str) -> Acted {
    let line = Line { action: None, message: "broken".into(), is_error: true };
    let error = Refused { kind: kind.into(), message: "broken".into() };
    Acted { lines: vec![line], error: Some(error), ..Acted::default() }
}

fn broken() -> Refused {
    Refused { kind: "bug".into(), message: "broken".into() }
}

#[async_trait]
impl Subject for Bent<'_> {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    async fn check(&self, config: &Value) -> Result<(), Refused> {
        if self.is(Bend::CheckChanges) && self.inner.check(config).await.is_ok() {
            let forward = Forward::to(&self.proxy.origin(), 1 << 20).unwrap();
            let sent = forward.send("DELETE", "/users/nobody", &[], "".into()).await;
            assert!(sent.is_ok());
        }
        if self.is(Bend::UnknownKeyRefused) && config.get("aKeyOfTheTenant").is_some() {
            return Err(Refused { kind: "config".into(), message: "aKeyOfTheTenant: is not known".into() });
        }
        let result = self.inner.check(config).await;
        match (self.bend, result) {
            (Bend::MissingKeyNotNamed, Err(refused)) if refused.kind == "config" && config.get("Secret").is_none() => {
                Err(Refused { message: "the configuration is wrong".into(), ..refused })
            }
            (Bend::EmptySecretNotNamed, Err(refused)) if config["Secret"] == "" => {
                Err(Refused { message: "the configuration is wrong".into(), ..refused })
            }
            (Bend::AuthIsAnother, Err(refused)) if refused.kind == "auth" && config["Secret"] == "not-the-secret" => {
                Err(Refused { kind: "transient".into(), ..refused })
            }
            (Bend::UnreachableIsConfig, Err(refused)) if refused.kind == "transient" => {
                Err(Refused { kind: "config".into(), ..refused })
            }
            (Bend::PageIsGood, Err(refused)) if refused.kind == "protocol" => Ok(()),
            (_, result) => result,
        }
    }

    async fn act(&self, config: &Value, act: &Act) -> Acted {
        let mut act = act.clone();
        let deleted = self.was_deleted(&act);
        match (self.bend, act.action) {
            (Bend::BlankCorrelationCounts, "create") => act.correlation = act.correlation.filter(|by| by.value != " "),
            (Bend::UpdateOfNobodyIsGood, "update") if deleted => return good("UpdateAccount"),
            (Bend::DeleteTwiceFails, "delete") | (Bend::DisableOfNobodyFails, "disable") if deleted => {
                return bad("not-found");
            }
            (Bend::EnableOfNobodyIsGood, "enable") if deleted => return good("EnableAccount"),
            (Bend::GrantToNobodyIsGood, "grant") if deleted => return good("GrantPermission"),
            (Bend::GrantOnlySaysSo, "grant") if !deleted && act.permission == Reference::new("Reader") => {
                return good("GrantPermission");
            }
            (Bend::RevokeOnlySaysSo, "revoke") => return good("RevokePermission"),
            (Bend::ForgetsWhatWas, "sub-permissions") if act.operation == Some(Operation::Update) => {
                act.current.clear();
            }
            (Bend::RevokesNothing, "sub-permissions") if act.operation == Some(Operation::Revoke) => {
                act.current.clear();
            }
            (Bend::FillsInWhatIsMissing, "create") if act.data.get("name").is_none() => act.data.set("name", "unknown"),
            (Bend::ImmutableIsIgnored, "update") if act.data.names().eq(["number"]) => return good("UpdateAccount"),
            (Bend::GrantsOnlyOnce, "grant") if self.revoked.lock().unwrap().contains(act.account.as_ref().unwrap()) => {
                return good("GrantPermission");
            }
            (Bend::DoesNotStop, _) if act.end.as_ref().is_some_and(|end| !end.killed) => act.end = None,
            (Bend::CreatesAgainAfterAnEnd, "create") if self.was_ended(&act) => act.correlation = None,
            (Bend::LockOutlives(action), asked) if action == asked && self.was_ended(&act) => return bad("transient"),
            (Bend::DryRunIsReal(action), asked) if action == asked => act.dry_run = false,
            _ => {}
        }
        let own = act.data.clone();
        // What other actions are under way at this moment.
        let others: Vec<Record> = {
            let mut flying = self.flying.lock().unwrap();
            flying.push(act.data.clone());
            flying[..flying.len() - 1].to_vec()
        };
        if self.is(Bend::CreatesBlindlyAtOnce) && act.action == "create" && others.contains(&act.data) {
            act.correlation = None;
        }
        if self.is(Bend::MixesUpdatesAtOnce)
            && act.action == "update"
            && let Some(other) = others.first()
        {
            act.data = other.clone();
        }
        let mut acted = self.inner.act(config, &act).await;
        self.flying.lock().unwrap().retain(|data| *data != own);
        if act.action == "delete" && acted.success && !act.dry_run && act.end.is_none() {
            self.deleted.lock().unwrap().extend(act.account.clone());
        }
        if act.end.is_some() {
            self.ended.lock().unwrap().push(act.clone());
        }
        if act.action == "revoke" && !act.dry_run && act.end.is_none() {
            self.revoked.lock().unwrap().extend(act.account.clone());
        }
        if self.hit() {
            return bad("bug");
        }
        if self.is(Bend::NoteIsForgotten)
            && let Some(previous) = &mut acted.previous
        {
            previous.remove("note");
        }
        if self.is(Bend::NothingIsTaken) {
            acted.non_unique.clear();
        }
        if self.is(Bend::LinksAnother) && acted.correlated {
            acted.reference = Reference::new("somebody else");
        }
        if self.is(Bend::NoPreviousData) {
            acted.previous = None;
        }
        acted
    }

    async fn accounts(&self, config: &Value) -> Result<Vec<Imported>, Refused> {
        let result = self.inner.accounts(config).await;
        if self.hit() {
            return Err(broken());
        }
        let mut all = match result {
            Err(refused) if self.is(Bend::CircleIsTheEnd) && refused.message.contains("cursor") => {
                return Ok(Vec::new());
            }
            other => other?,
        };
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        for account in &mut all {
            if self.is(Bend::NoteIsForgotten) {
                account.data.remove("note");
            }
            if self.is(Bend::ImportShowsAnotherGrade) && account.data.get("grade").is_some_and(|grade| grade == "new") {
                account.data.set("grade", "senior");
            }
        }
        for account in all.iter_mut().filter(|account| account.user_name.starts_with("other-")) {
            if self.is(Bend::ReferencesChange) {
                account.reference = Reference::new(format!("{}-{call}", account.reference)).unwrap();
            }
            if self.is(Bend::NamesAreEmpty) {
                account.display_name.clear();
            }
        }
        Ok(all)
    }

    async fn memberships(&self, config: &Value, sub: bool) -> Result<Vec<Held>, Refused> {
        self.inner.memberships(config, sub).await
    }

    async fn permissions(&self, config: &Value) -> Result<Vec<(Value, String)>, Refused> {
        self.inner.permissions(config).await
    }

    async fn persons(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        let mut all = self.inner.persons(config).await?;
        if self.hit() {
            return Err(broken());
        }
        if self.is(Bend::LosesAPersonAtTimes) && self.calls.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            all.retain(|person| person["ExternalId"] != "3");
        }
        Ok(all)
    }

    async fn departments(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.inner.departments(config).await
    }

    fn written(&self) -> Vec<u8> {
        self.inner.written()
    }
}
