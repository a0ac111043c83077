//! A connector in this process.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use koppel::lifecycle::{self, Action, Report, SubPermissions};
use koppel::manifest::manifest;
use koppel::paging::pages;
use koppel::{Connector, Ctx, Error, Instance, LocalLocks, Reference, Scrubber, Source, Target};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::fmt::MakeWriter;

use super::{Act, Acted, End, Facts, Held, Imported, Line, Refused, Subject, killed};

/// HelloID ends an action after 30 s.
const BUDGET: Duration = Duration::from_secs(25);

/// A connector in this process. What it logs is kept.
#[derive(Debug)]
pub struct Inside {
    connector: Arc<dyn Connector>,
    facts: Facts,
    ctx: Ctx,
    scrubber: Scrubber,
    written: Written,
}

/// Everything that was written.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}

/// One event, kept as the command line would write it: scrubbed.
#[derive(Debug)]
struct Event(Written, Scrubber, Vec<u8>);

impl io::Write for Event {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.2.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        self.0.add(self.1.text(&String::from_utf8_lossy(&self.2)).as_bytes());
    }
}

#[derive(Debug, Clone)]
struct Events(Written, Scrubber);

impl<'a> MakeWriter<'a> for Events {
    type Writer = Event;
    fn make_writer(&'a self) -> Event {
        Event(self.0.clone(), self.1.clone(), Vec::new())
    }
}

impl Inside {
    /// A connector. `scrubber` is the one that it was made with, `ctx` brings clock and locks.
    ///
    /// # Errors
    /// Where its manifest cannot be derived.
    pub fn new(connector: Arc<dyn Connector>, scrubber: Scrubber, ctx: Ctx) -> Result<Self, String> {
        let manifest = manifest(&*connector).map_err(|e| format!("the manifest cannot be derived: {e}"))?;
        let facts = Facts::read(&json!(manifest))?;
        Ok(Self { connector, facts, ctx, scrubber, written: Written::default() })
    }

    /// Runs a piece of work with its log kept, and what it gives or refuses as well.
    async fn kept<T: std::fmt::Debug>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Refused> {
        let events = Events(self.written.clone(), self.scrubber.clone());
        let subscriber = tracing_subscriber::fmt()
            .with_writer(events)
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .finish();
        let result = work.with_subscriber(subscriber).await;
        match &result {
            Ok(value) => self.written.add(self.scrubber.text(&format!("{value:?}\n")).as_bytes()),
            Err(error) => self.written.add(self.scrubber.text(&format!("{error:?}\n")).as_bytes()),
        }
        result.map_err(|error| refused(&error))
    }

    fn build(&self, config: &Value) -> Result<Instance, Error> {
        self.connector.config_schema().scrub_into(config, &self.scrubber);
        self.connector.build(config)
    }

    fn target(&self, config: &Value) -> Result<Box<dyn Target>, Error> {
        match self.build(config)? {
            Instance::Target(target) => Ok(target),
            Instance::Source(_) => Err(Error::bug("a source has no actions")),
        }
    }

    fn source(&self, config: &Value) -> Result<Box<dyn Source>, Error> {
        match self.build(config)? {
            Instance::Source(source) => Ok(source),
            Instance::Target(_) => Err(Error::bug("a target has no persons")),
        }
    }
}

fn refused(error: &Error) -> Refused {
    Refused { kind: error.kind().name().to_owned(), message: error.to_string() }
}

/// The action in the SDK's words.
fn action(act: &Act) -> Result<Action, Error> {
    let none = |what: &str| Error::invalid(what, format!("The {what} could not be found"));
    let reference = || act.account.clone().ok_or_else(|| none("account reference"));
    let permission = || act.permission.clone().ok_or_else(|| none("permission reference"));
    let person = act.person.clone().unwrap_or_default();
    let data = act.data.clone();
    Ok(match act.action {
        "create" => Action::Create { correlation: act.correlation.clone(), data },
        "update" => Action::Update { reference: reference()?, data },
        "enable" => Action::Enable { reference: reference()?, data },
        "disable" => Action::Disable { reference: reference()?, data },
        "delete" => Action::Delete { reference: reference()?, data },
        "grant" => Action::Grant { reference: reference()?, permission: permission()?, person },
        "revoke" => Action::Revoke { reference: reference()?, permission: permission()?, person },
        "uniqueness" => Action::Uniqueness { reference: act.account.clone(), data },
        "sub-permissions" => Action::SubPermissions(SubPermissions {
            reference: reference()?,
            permission: permission()?,
            operation: act.operation.unwrap_or(lifecycle::Operation::Grant),
            current: act.current.clone(),
            person,
        }),
        other => return Err(Error::bug(format!("there is no action [{other}]"))),
    })
}

fn acted(report: Report) -> Acted {
    let line = |line: lifecycle::AuditLine| Line {
        action: line.action.map(|action| format!("{action:?}")),
        message: line.message,
        is_error: line.is_error,
    };
    Acted {
        success: report.success,
        lines: report.audit.into_iter().map(line).collect(),
        reference: report.reference,
        correlated: report.correlated,
        data: report.data,
        previous: report.previous,
        sub_permissions: report
            .sub_permissions
            .map(|held| held.into_iter().map(|e| (Value::String(e.id), e.display_name)).collect()),
        non_unique: report.non_unique,
        error: report.error.as_ref().map(refused),
    }
}

#[async_trait]
impl Subject for Inside {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    async fn check(&self, config: &Value) -> Result<(), Refused> {
        self.kept(async {
            let ctx = self.ctx.for_action(false, None);
            match self.build(config)? {
                Instance::Source(source) => source.check(&ctx).await,
                Instance::Target(target) => target.check(&ctx).await,
            }
        })
        .await
    }

    async fn act(&self, config: &Value, act: &Act) -> Acted {
        let work = self.kept(async {
            let target = self.target(config)?;
            let mut ctx = self.ctx.for_action(act.dry_run, Some(BUDGET));
            if act.elsewhere {
                ctx = ctx.with_locks(Arc::new(LocalLocks::default()));
            }
            if let Some(End { when, killed: false }) = &act.end {
                ctx = ctx.with_cancel(when.clone());
            }
            Ok(lifecycle::run(&*target, &ctx, action(act)?).await)
        });
        let kill = async {
            match &act.end {
                Some(End { when, killed: true }) => when.cancelled().await,
                _ => std::future::pending().await,
            }
        };
        let result = tokio::select! {
            result = work => result,
            () = kill => Err(killed()),
        };
        match result {
            Ok(report) => acted(report),
            Err(error) => Acted {
                lines: vec![Line { action: None, message: error.message.clone(), is_error: true }],
                error: Some(error),
                ..Acted::default()
            },
        }
    }

    async fn accounts(&self, config: &Value) -> Result<Vec<Imported>, Refused> {
        self.kept(async {
            let target = self.target(config)?;
            let ctx = self.ctx.for_action(false, None);
            let all: Vec<Vec<koppel::Account>> =
                pages(&ctx, |cursor| target.accounts(&ctx, cursor)).try_collect().await?;
            let imported = |account: koppel::Account| Imported {
                reference: account.reference,
                enabled: account.enabled,
                display_name: account.display_name,
                user_name: account.user_name,
                data: account.data,
            };
            Ok(all.into_iter().flatten().map(imported).collect())
        })
        .await
    }

    async fn memberships(&self, config: &Value, sub: bool) -> Result<Vec<Held>, Refused> {
        self.kept(async {
            let target = self.target(config)?;
            let ctx = self.ctx.for_action(false, None);
            let part = target.permissions().ok_or_else(|| Error::bug("there are no permissions"))?;
            let all: Vec<Vec<koppel::Membership>> =
                pages(&ctx, |cursor| part.memberships(&ctx, cursor)).try_collect().await?;
            let held = |m: koppel::Membership| Held {
                permission: m.permission.reference.value().clone(),
                entitlement: m.entitlement.filter(|_| sub).map(|e| e.id),
                account: m.account,
            };
            Ok(all.into_iter().flatten().map(held).collect())
        })
        .await
    }

    async fn permissions(&self, config: &Value) -> Result<Vec<(Value, String)>, Refused> {
        self.kept(async {
            let target = self.target(config)?;
            let ctx = self.ctx.for_action(false, None);
            let part = target.permissions().ok_or_else(|| Error::bug("there are no permissions"))?;
            let all: Vec<Vec<koppel::Permission>> = pages(&ctx, |cursor| part.list(&ctx, cursor)).try_collect().await?;
            Ok(all.into_iter().flatten().map(|p| (Reference::value(&p.reference).clone(), p.display_name)).collect())
        })
        .await
    }

    async fn persons(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.kept(async {
            let source = self.source(config)?;
            let ctx = self.ctx.for_action(false, None);
            source.persons(&ctx).map_ok(|person| json!(person)).try_collect().await
        })
        .await
    }

    async fn departments(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.kept(async {
            let source = self.source(config)?;
            let ctx = self.ctx.for_action(false, None);
            source.departments(&ctx).map_ok(|department| json!(department)).try_collect().await
        })
        .await
    }

    fn written(&self) -> Vec<u8> {
        self.written.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
