//! `koppel run`: one action, or a batch of them.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use koppel::{Connector, Error, ErrorKind, Kind, Result as KoppelResult, Target};
use koppel_helloid::{ActionName, Answer, Document, answer, import, refused};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::actions::{self, CONFIGURATION, tell_planned};
use crate::failure::Failure;
use crate::host::{Host, override_key};
use crate::io::{flush, lines_of, open, print_json, read_all, read_line};

/// In a batch nobody waits for one action alone.
const BATCH_BUDGET: Duration = Duration::from_mins(5);
/// A batch keeps the connections to this many systems.
const MOST_TARGETS: usize = 16;

/// What `koppel run` was asked.
pub(crate) struct Run<'a> {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) action: ActionName,
    pub(crate) input: Option<&'a Path>,
    pub(crate) concurrency: Option<NonZeroUsize>,
}

impl<'a> Run<'a> {
    /// Looks the connector up.
    pub(crate) fn new(
        host: &Host,
        id: &str,
        action: ActionName,
        input: Option<&'a Path>,
        concurrency: Option<NonZeroUsize>,
    ) -> Result<Self, Failure> {
        let connector = Arc::clone(host.connector(id)?);
        if connector.kind() != Kind::Target {
            return Err(Failure::usage(format!("{id} is a source and has no actions"))
                .with_hint(format!("koppel persons {id} --config FILE prints its persons")));
        }
        Ok(Self { connector, action, input, concurrency })
    }
}

/// The target for a configuration.
fn build(host: &Host, connector: &dyn Connector, configuration: &Value) -> KoppelResult<Arc<dyn Target>> {
    host.heed_debug(configuration);
    actions::target(connector, configuration, host.scrubber())
}

/// One action.
pub(crate) async fn single(host: &Host, run: &Run<'_>) -> Result<(), Failure> {
    let name = run.input.map_or_else(|| "the input".to_owned(), |path| path.display().to_string());
    let bytes = read_all(open(run.input)?, &name)?;
    let import_ = matches!(run.action, ActionName::Import(_));
    let document = match Document::read(&bytes) {
        Ok(document) => document,
        Err(error) => {
            if !import_ {
                // The shim copies an answer in any case; this one says what is wrong with the input.
                print_json(&actions::unreadable(&error, host.scrubber()).document)?;
            }
            return Err(Failure::usage(error.to_string()));
        }
    };
    let target = match build(host, &*run.connector, &document.configuration) {
        Ok(target) => target,
        Err(error) => {
            let failure = Failure::of(&error, CONFIGURATION);
            if !import_ {
                print_json(&actions::misconfigured(error, host.scrubber()).document)?;
            }
            return Err(failure);
        }
    };
    if let ActionName::Import(what) = run.action {
        let ctx = host.ctx().for_action(document.dry_run, None).with_progress(host.bar("importing"));
        let mut objects = import(&*target, &ctx, what, &document);
        while let Some(object) = objects.try_next().await? {
            host.print(&object)?;
        }
        return flush();
    }
    let ctx = host.ctx().for_action(document.dry_run, run.action.budget(document.dry_run));
    let answer = answer(&*target, &ctx, run.action, &document, host.scrubber()).await;
    finish(&answer)
}

/// Prints the document; a failure also goes to stderr, with its detail.
fn finish(answer: &Answer) -> Result<(), Failure> {
    print_json(&answer.document)?;
    flush()?;
    tell_planned(answer);
    match &answer.error {
        None if answer.success => Ok(()),
        None => Err(Failure::code(1)),
        Some(error) => Err(Failure { code: 1, ..Failure::of(error, "") }),
    }
}

/// One document per line in, one per line out, in the same order.
pub(crate) async fn batch(host: &Host, run: &Run<'_>) -> Result<(), Failure> {
    if matches!(run.action, ActionName::Import(_)) {
        return Err(Failure::usage(format!(
            "{} has no batch: it gives a line per object by itself",
            run.action.name()
        )));
    }
    let at_once = run.concurrency.unwrap_or(NonZeroUsize::MIN);
    let lines = lines(run.input)?;
    let shared = Shared { host, run, targets: Mutex::default() };
    let bar = host.bar("actions");
    let mut order = Order::default();
    let mut failures = 0_u64;
    let mut total = 0_u64;
    let mut answers = stream::unfold(lines, |mut lines| async move { lines.recv().await.map(|line| (line, lines)) })
        .take_until(host.ctx().cancel().cancelled())
        .map(|line| {
            let document = line.and_then(|bytes| Document::read(&bytes).map_err(|e| e.to_string()));
            let turn = order.turn(document.as_ref().ok().and_then(account_key));
            shared.one(document, turn)
        })
        .buffered(at_once.get())
        .boxed_local();
    while let Some(answer) = answers.next().await {
        total += 1;
        host.print(&answer.document)?;
        tell_planned(&answer);
        bar.advance(1);
        if !answer.success {
            failures += 1;
        }
    }
    drop(answers);
    flush()?;
    if host.ctx().cancel().is_cancelled() {
        return Err(Failure::failed(format!(
            "stopped after {total} actions; the lines after them were not carried out"
        )));
    }
    if failures > 0 {
        return Err(Failure::failed(format!("{failures} of {total} actions failed; each says why in its AuditLogs")));
    }
    Ok(())
}

/// The lines of the input, read in a thread of their own, only a few ahead.
fn lines(input: Option<&Path>) -> Result<mpsc::Receiver<Result<Vec<u8>, String>>, Failure> {
    let mut reader = lines_of(open(input)?)?;
    let (sender, receiver) = mpsc::channel(64);
    std::thread::spawn(move || {
        loop {
            let line = match read_line(&mut *reader) {
                Ok(None) => return,
                Ok(Some(Ok(line))) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Ok(Some(line)) => line,
                Err(error) => Err(format!("the input cannot be read any further: {error}")),
            };
            let last = line.is_err() && line.as_ref().is_err_and(|e| e.starts_with("the input cannot"));
            if sender.blocking_send(line).is_err() || last {
                return;
            }
        }
    });
    Ok(receiver)
}

/// What a line is about: two lines about one account are carried out in the order of the input.
fn account_key(document: &Document) -> Option<String> {
    match (&document.account, &document.correlation) {
        (Some(reference), _) => Some(format!("account {reference}")),
        (None, Some(by)) => Some(format!("correlation {} {}", by.field, by.value)),
        (None, None) => None,
    }
}

/// Lets lines about one account wait for each other.
#[derive(Default)]
struct Order(HashMap<String, oneshot::Receiver<()>>);

/// The place of one line among those about its account.
#[derive(Default)]
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    /// Dropped when the line is done, which lets the next one begin.
    done: Option<oneshot::Sender<()>>,
}

impl Order {
    fn turn(&mut self, key: Option<String>) -> Turn {
        let Some(key) = key else { return Turn::default() };
        // What is done needs no waiting for; forgetting it keeps the table as small as the lines in flight.
        if self.0.len() > 1024 {
            self.0.retain(|_, before| matches!(before.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let (done, receiver) = oneshot::channel();
        let before = self.0.insert(key, receiver);
        Turn { before, done: Some(done) }
    }
}

/// A configuration, and the target that was built for it.
type Known = (Value, Arc<dyn Target>);

/// What all lines of a batch share: connections, token and correlation index per configuration.
struct Shared<'a> {
    host: &'a Host,
    run: &'a Run<'a>,
    targets: Mutex<Vec<Known>>,
}

impl Shared<'_> {
    fn target(&self, configuration: &Value) -> KoppelResult<Arc<dyn Target>> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, target)) = targets.iter().find(|(known, _)| known == configuration) {
            return Ok(Arc::clone(target));
        }
        let mut own = configuration.clone();
        if let Some(concurrency) = self.run.concurrency {
            override_key(&mut own, "concurrency", concurrency.get().into());
        }
        let target = build(self.host, &*self.run.connector, &own)?;
        if targets.len() == MOST_TARGETS {
            targets.remove(0);
        }
        targets.push((configuration.clone(), Arc::clone(&target)));
        Ok(target)
    }

    async fn one(&self, document: Result<Document, String>, turn: Turn) -> Answer {
        let Turn { before, done } = turn;
        if let Some(before) = before {
            // An error says that the line before is done: its sender is gone.
            let _ = before.await;
        }
        let answer = self.answered(document).await;
        drop(done);
        answer
    }

    async fn answered(&self, document: Result<Document, String>) -> Answer {
        let scrubber = self.host.scrubber();
        let document = match document {
            Ok(document) => document,
            Err(message) => return refused(Error::new(ErrorKind::Invalid, message), scrubber),
        };
        match self.target(&document.configuration) {
            Ok(target) => {
                let ctx = self.host.ctx().for_action(document.dry_run, Some(BATCH_BUDGET));
                answer(&*target, &ctx, self.run.action, &document, scrubber).await
            }
            Err(error) => actions::misconfigured(error, scrubber),
        }
    }
}
