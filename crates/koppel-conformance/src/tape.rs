//! Record and replay: the exchanges of a run against a real system, and the same run without it.

pub(crate) mod disguise;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use koppel::{ConfigSchema, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::proxy::{Got, Sent, Upstream};
use crate::scenario::Scenario;
use disguise::Disguise;

/// The form of the file.
const VERSION: u32 = 1;

/// A run as it was recorded, without secrets and without anybody's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tape {
    /// The form of the file.
    version: u32,
    /// The connector.
    pub connector: String,
    /// What told the objects of the run from all others.
    pub tag: String,
    /// When it began, RFC 3339; the clock of a replay stands there.
    pub began: String,
    /// The configuration, with invented secrets and an invented host.
    pub config: Value,
    /// What passed, in order.
    exchanges: Vec<Entry>,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    method: String,
    target: String,
    sent: String,
    status: u16,
    headers: Vec<(String, String)>,
    got: String,
}

/// The run that was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The connector.
    pub connector: &'a str,
    /// What tells the objects of the run from all others.
    pub tag: &'a str,
    /// When it began, RFC 3339.
    pub began: &'a str,
    /// The configuration of the system.
    pub config: &'a Value,
    /// Its schema, which says what is secret.
    pub schema: &'a ConfigSchema,
    /// The values that were used.
    pub scenario: &'a Scenario,
}

/// What is being recorded.
#[derive(Debug, Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<Entry>>>);

impl Recording {
    /// An upstream that keeps what passes through it.
    pub fn of(&self, upstream: impl Upstream + 'static) -> impl Upstream + 'static {
        Recorder { upstream: Box::new(upstream), recording: self.clone() }
    }

    /// What passed, with secrets and personal data replaced: the same value by the same invention everywhere.
    ///
    /// What carries the tag of the run was made by it and stays as it is. Of the rest every text in a document is
    /// replaced that is no date, is not named in the configuration or the scenario, and whose key is none of the words
    /// that systems use for themselves: ids, types, errors.
    pub fn tape(&self, run: &Run<'_>) -> Tape {
        let Run { connector, tag, began, config, schema, scenario } = *run;
        let disguise = Disguise::new(tag, config, schema, scenario);
        let exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // First everything is looked through, so that a value is known wherever it stands.
        for entry in exchanges.iter() {
            disguise.learn(&entry.sent);
            disguise.learn(&entry.got);
        }
        let entry = |entry: &Entry| Entry {
            method: entry.method.clone(),
            target: disguise.target(&entry.target),
            sent: disguise.body(&entry.sent),
            status: entry.status,
            headers: entry.headers.clone(),
            got: disguise.body(&entry.got),
        };
        Tape {
            version: VERSION,
            connector: connector.to_owned(),
            tag: tag.to_owned(),
            began: began.to_owned(),
            config: disguise.config(),
            exchanges: exchanges.iter().map(entry).collect(),
        }
    }
}

#[derive(Debug)]
struct Recorder {
    upstream: Box<dyn Upstream>,
    recording: Recording,
}

#[async_trait]
impl Upstream for Recorder {
    async fn answer(&self, sent: &Sent) -> Result<Got> {
        let got = self.upstream.answer(sent).await?;
        let kept = ["content-type", "retry-after", "link", "location"];
        let entry = Entry {
            method: sent.method.clone(),
            target: sent.target.clone(),
            sent: String::from_utf8_lossy(&sent.body).into_owned(),
            status: got.status,
            headers: got.headers.iter().filter(|(name, _)| kept.contains(&name.as_str())).cloned().collect(),
            got: String::from_utf8_lossy(&got.body).into_owned(),
        };
        self.recording.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        Ok(got)
    }
}

impl Tape {
    /// Reads one.
    ///
    /// # Errors
    /// Says where it is not what it should be.
    pub fn read(text: &str) -> std::result::Result<Self, String> {
        let tape: Self = serde_json::from_str(text).map_err(|e| format!("the recording cannot be read: {e}"))?;
        if tape.version != VERSION {
            return Err(format!("the recording has the form {}, and {VERSION} is known", tape.version));
        }
        Ok(tape)
    }

    /// The moment at which it began.
    ///
    /// # Errors
    /// Where it names none.
    pub fn moment(&self) -> std::result::Result<Timestamp, String> {
        self.began.parse().map_err(|e| format!("[began] of the recording is no moment: {e}"))
    }

    /// As a file.
    ///
    /// # Errors
    /// Where a value cannot be written.
    pub fn json(&self) -> std::result::Result<String, String> {
        serde_json::to_string_pretty(self).map_err(|e| e.to_string())
    }

    /// An upstream that answers from the recording: each request with the answers that it had, in their order. One
    /// that was not recorded, or not so often, has no answer and is named.
    pub fn replay(&self) -> impl Upstream + 'static {
        let mut answers: HashMap<Key, VecDeque<Got>> = HashMap::new();
        for entry in &self.exchanges {
            let key = (entry.method.clone(), entry.target.clone(), entry.sent.clone());
            let got =
                Got { status: entry.status, headers: entry.headers.clone(), body: Bytes::from(entry.got.clone()) };
            answers.entry(key).or_default().push_back(got);
        }
        Replay(Mutex::new(answers))
    }
}

type Key = (String, String, String);

#[derive(Debug)]
struct Replay(Mutex<HashMap<Key, VecDeque<Got>>>);

#[async_trait]
impl Upstream for Replay {
    async fn answer(&self, sent: &Sent) -> Result<Got> {
        let key = (sent.method.clone(), sent.target.clone(), String::from_utf8_lossy(&sent.body).into_owned());
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers.get_mut(&key);
        let often = known.is_some();
        known.and_then(VecDeque::pop_front).ok_or_else(|| {
            let what = if often { "more often than it was recorded" } else { "which was not recorded" };
            Error::new(ErrorKind::Protocol, format!("{} {}: {what}", sent.method, sent.target))
        })
    }
}
