//! The durable state, in `SQLite` and, where `KOPPEL_TEST_POSTGRES` holds the URL of a server (`.ci/postgres` starts
//! one), in `PostgreSQL`.

mod audit;
mod jobs;
mod opening;
mod sharing;
mod sources;
mod tearing;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use koppel::{FixedClock, Reference};
use koppel_engine::store::{
    Access, Answered, AuditChange, AuditEntry, AuditRow, Effect, Filter, Job, NewAction, NewJob, Store,
};
use koppel_engine::{Because, Entitlement, Held, SubPermission, Verb};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

/// A place for one state, alone there.
pub(super) struct Home {
    pub(super) url: String,
    pub(super) clock: Arc<FixedClock>,
    folder: Option<tempfile::TempDir>,
}

impl Home {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("koppel.db").display());
        Self { url, clock: Arc::new(FixedClock::new(at("2026-03-02T08:00:00Z"))), folder: Some(folder) }
    }

    pub(super) async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "a test is told by its environment where a server is")]
        let Ok(url) = std::env::var("KOPPEL_TEST_POSTGRES") else {
            println!("skipped on PostgreSQL: KOPPEL_TEST_POSTGRES does not name a server");
            return None;
        };
        let name = format!("koppel_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(&url, &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")).await;
        let url = format!("{url}?options=-c%20search_path%3D{name}");
        Some(Self { url, clock: Arc::new(FixedClock::new(at("2026-03-02T08:00:00Z"))), folder: None })
    }

    /// One of each kind that there is.
    pub(super) async fn all() -> Vec<Self> {
        [Some(Self::sqlite()), Self::postgres().await].into_iter().flatten().collect()
    }

    pub(super) fn is_shared(&self) -> bool {
        self.folder.is_none()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("koppel.db")
    }

    pub(super) async fn try_open(&self, access: Access) -> koppel::Result<Store> {
        Store::open(&self.url, access, Arc::clone(&self.clock) as _).await
    }

    pub(super) async fn open(&self) -> Store {
        self.try_open(Access::Write).await.unwrap()
    }

    /// Changes the state behind the program's back.
    pub(super) async fn sql(&self, sql: &str) {
        run(&self.url, sql).await;
    }
}

pub(super) async fn run(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let options: sqlx::any::AnyConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A lease that has ended as soon as it is given.
pub(super) const NONE: SignedDuration = SignedDuration::ZERO;

pub(super) fn because() -> Because {
    Because { rule: "Verpleging op dienst".into(), contract: "D-17".into(), source: "rooster".into(), note: "x".into() }
}

pub(super) fn action(verb: Verb, permission: Option<&str>) -> NewAction {
    NewAction {
        verb,
        permission: permission.map(str::to_owned),
        payload: json!({ "mapped": { "number": 17, "name": "Zoë \u{0}" } }),
        because: because(),
        person_name: "Zoë de Wit".to_owned(),
    }
}

pub(super) fn job(person: &str, verbs: &[Verb]) -> NewJob {
    NewJob {
        target: "deuren".to_owned(),
        person: person.to_owned(),
        actions: verbs.iter().map(|verb| action(*verb, None)).collect(),
    }
}

pub(super) async fn enqueue(store: &Store, jobs: &[NewJob]) -> u64 {
    store.enqueue("plan", jobs, None, None, &[]).await.unwrap().jobs
}

pub(super) async fn claim(store: &Store, worker: &str, lease: SignedDuration) -> Vec<Job> {
    store.claim(worker, &[("deuren".to_owned(), 10)], lease).await.unwrap()
}

pub(super) async fn claim_one(store: &Store, lease: SignedDuration) -> Job {
    let mut jobs = claim(store, "one", lease).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

pub(super) fn held(person: &str, entitlement: Entitlement) -> Held {
    let account = entitlement == Entitlement::Account;
    Held {
        target: "deuren".to_owned(),
        person: person.to_owned(),
        name: "Zoë de Wit".to_owned(),
        entitlement,
        since: at("2026-03-02T07:30:00.123456Z"),
        because: because(),
        reference: Reference::new(json!({ "id": 7, "site": "A" })).filter(|_| account),
        data: if account { json!({ "name": "Zoë", "card": null }) } else { json!(null) },
        seen: if account { "4f2a".to_owned() } else { String::new() },
        subs: if account { vec![] } else { vec![SubPermission { id: "a".into(), name: "Afdeling A".into() }] },
    }
}

pub(super) fn entry(person: &str, change: AuditChange, entitlements: Vec<Entitlement>) -> AuditEntry {
    let verb = match change {
        AuditChange::Gave | AuditChange::Failed => Verb::Create,
        AuditChange::Took => Verb::Delete,
        AuditChange::Changed => Verb::Update,
    };
    AuditEntry {
        at: at("2026-03-02T07:30:00Z"),
        recorded: at("2026-03-02T07:30:01.5Z"),
        target: "deuren".to_owned(),
        person: person.to_owned(),
        person_name: "=Zoë; \"de\" Wit".to_owned(),
        verb,
        entitlements,
        change,
        permission: None,
        because: because(),
        reference: Some("7".to_owned()),
        success: change != AuditChange::Failed,
        outcome: "created".to_owned(),
        message: "Account 7 was made".to_owned(),
        fields: vec!["name".to_owned()],
        plan: "plan".to_owned(),
        worker: "one".to_owned(),
    }
}

/// The answer to an action that gave an entitlement.
pub(super) fn gave(person: &str, entitlement: &Entitlement) -> Answered {
    Answered {
        error_kind: None,
        effects: vec![Effect::Put(held(person, entitlement.clone()))],
        entry: entry(person, AuditChange::Gave, vec![entitlement.clone()]),
    }
}

pub(super) fn failed(person: &str, kind: &str) -> Answered {
    Answered {
        error_kind: Some(kind.to_owned()),
        effects: Vec::new(),
        entry: entry(person, AuditChange::Failed, vec![Entitlement::Account]),
    }
}

/// Carries out one job for a person, which gives an account.
pub(super) async fn give_account(store: &Store, person: &str) {
    enqueue(store, &[job(person, &[Verb::Create])]).await;
    let job = claim_one(store, HOUR).await;
    store.sending(&job, job.actions[0].id).await.unwrap();
    store.answered(&job, job.actions[0].id, gave(person, &Entitlement::Account)).await.unwrap();
    store.finish(&job, None).await.unwrap();
}

pub(super) async fn audit_rows(store: &Store, filter: Filter) -> Vec<AuditRow> {
    let mut rows = Vec::new();
    let mut each = |row| {
        rows.push(row);
        Ok(())
    };
    store.audit(filter, &mut each).await.unwrap();
    rows
}
