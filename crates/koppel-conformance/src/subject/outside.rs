//! A connector behind the command line.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use koppel::lifecycle::Operation;
use koppel::{Record, Reference, lookup};
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{Act, Acted, Facts, Held, Imported, Line, Refused, Subject, killed};

/// No command of a check takes a tenth of this; one that hangs is ended.
const PATIENCE: Duration = Duration::from_mins(2);

/// A connector behind the command line: every call is a process of its own.
#[derive(Debug)]
pub struct Outside {
    program: PathBuf,
    facts: Facts,
    /// Where tokens and locks are kept, and configurations of commands that take a file.
    folder: PathBuf,
    written: Mutex<Vec<u8>>,
}

/// What a process came to.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Outside {
    /// The connector of this id behind this program; `folder` is its own to use.
    ///
    /// # Errors
    /// Where the program cannot be run or does not describe the connector.
    pub async fn new(program: PathBuf, id: &str, folder: PathBuf) -> Result<Self, String> {
        let facts = Facts::read(&json!({"id": id, "kind": "target", "configSchema": {}}))?;
        let mut outside = Self { program, facts, folder, written: Mutex::default() };
        let ended = outside.run(&["describe", id], None, false).await.map_err(|refused| refused.message)?;
        if ended.code != Some(0) {
            return Err(format!("koppel describe {id}: {}", ended.stderr.trim()));
        }
        let manifest = serde_json::from_str(&ended.stdout).map_err(|e| format!("koppel describe {id}: {e}"))?;
        outside.facts = Facts::read(&manifest)?;
        Ok(outside)
    }

    async fn run(&self, arguments: &[&str], input: Option<String>, elsewhere: bool) -> Result<Ended, Refused> {
        let broken = |what: String| Refused { kind: "bug".into(), message: what };
        let mut command = Command::new(&self.program);
        command
            .args(["--log-format", "json", "-v"])
            .args(arguments)
            .env("KOPPEL_STATE_DIR", self.folder.join(if elsewhere { "elsewhere" } else { "state" }))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|e| broken(format!("{} cannot be started: {e}", self.program.display())))?;
        let stdin = child.stdin.take();
        let write = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A process that refuses its arguments does not read its input.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let work = async { tokio::join!(write, child.wait_with_output()).1 };
        let output = tokio::time::timeout(PATIENCE, work)
            .await
            .map_err(|_| broken(format!("koppel {} hangs", arguments.join(" "))))?
            .map_err(|e| broken(format!("koppel {}: {e}", arguments.join(" "))))?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(&output.stdout);
        written.extend_from_slice(&output.stderr);
        Ok(Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// The lines of a command that takes a configuration file.
    async fn lines(&self, command: &str, config: &Value) -> Result<Vec<Value>, Refused> {
        let file = self.folder.join(format!("{command}.json"));
        let unwritten = |e: std::io::Error| Refused { kind: "bug".into(), message: format!("{}: {e}", file.display()) };
        tokio::fs::write(&file, config.to_string()).await.map_err(unwritten)?;
        let path = file.display().to_string();
        let ended = self.run(&[command, &self.facts.id, "--config", &path], None, false).await?;
        if ended.code == Some(0) {
            if command == "check" { Ok(Vec::new()) } else { objects(&ended.stdout) }
        } else {
            Err(failure(&ended))
        }
    }

    /// The objects of an import.
    async fn import(&self, what: &str, config: &Value) -> Result<Vec<Value>, Refused> {
        let input = json!({"actionContext": {"Configuration": config, "DryRun": false}}).to_string();
        let ended = self.run(&["run", &self.facts.id, what], Some(input), false).await?;
        if ended.code == Some(0) { objects(&ended.stdout) } else { Err(failure(&ended)) }
    }
}

fn objects(stdout: &str) -> Result<Vec<Value>, Refused> {
    let parsed: Result<Vec<Value>, _> = stdout.lines().map(serde_json::from_str).collect();
    parsed
        .map_err(|e| Refused { kind: "bug".into(), message: format!("stdout is not one JSON document per line: {e}") })
}

/// What the last error on stderr says, and of which group it is.
fn failure(ended: &Ended) -> Refused {
    let mut errors = ended.stderr.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = errors.find(|line| line.get("level").and_then(Value::as_str) == Some("ERROR"));
    let text =
        |name: &str| last.as_ref().and_then(|l| l.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned();
    let message = match (last.is_some(), text("hint")) {
        (false, _) => format!("exit code {:?}", ended.code),
        (true, hint) if hint.is_empty() => text("message"),
        (true, hint) => format!("{} ({hint})", text("message")),
    };
    Refused { kind: text("kind"), message }
}

/// The document of an action.
fn document(config: &Value, act: &Act) -> Value {
    let operation = match act.operation {
        Some(Operation::Grant) => Some("grant"),
        Some(Operation::Update) => Some("update"),
        Some(Operation::Revoke) => Some("revoke"),
        // HelloID asks this one before an action, and calls it none.
        None => Some(act.action).filter(|action| *action != "uniqueness"),
    };
    let current: Vec<Value> =
        act.current.iter().map(|(id, name)| json!({"DisplayName": name, "Reference": {"Id": id}})).collect();
    let correlation = act.correlation.as_ref().map(|by| {
        json!({"Enabled": true, "AccountField": by.field, "PersonFieldValue": by.value, "AccountFieldValue": by.value})
    });
    let person = act.person.as_ref().map(|person| {
        let contracts: Vec<Value> = person
            .contracts
            .iter()
            .map(|contract| {
                let mut fields = contract.fields.as_object().cloned().unwrap_or_default();
                if let Some(counts) = contract.in_conditions {
                    fields.insert("Context".into(), json!({"InConditions": counts}));
                }
                Value::Object(fields)
            })
            .collect();
        json!({"ExternalId": person.external_id, "DisplayName": person.display_name, "Contracts": contracts})
    });
    json!({
        "actionContext": {
            "Configuration": config,
            "DryRun": act.dry_run,
            "Operation": operation,
            "Data": act.data.to_nested(),
            "CorrelationConfiguration": correlation,
            "References": {"Account": act.account, "Permission": act.permission.as_ref().map(|p| json!({"Reference": p}))},
            "CurrentPermissions": current,
        },
        "personContext": {"Person": person},
    })
}

fn acted(ended: &Ended) -> Acted {
    let mut answers = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let Some(out) = answers.next().and_then(|answer| answer.get("outputContext").cloned()) else {
        let error = failure(ended);
        let line = Line { action: None, message: error.message.clone(), is_error: true };
        return Acted { lines: vec![line], error: Some(error), ..Acted::default() };
    };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let flag = |value: &Value, name: &str| value.get(name).and_then(Value::as_bool).unwrap_or_default();
    let list = |name: &str| out.get(name).and_then(Value::as_array);
    let record = |name: &str| out.get(name).map(Record::from_nested);
    let success = flag(&out, "Success");
    Acted {
        success,
        lines: list("AuditLogs")
            .into_iter()
            .flatten()
            .map(|line| Line {
                action: text(line, "Action"),
                message: text(line, "Message").unwrap_or_default(),
                is_error: flag(line, "IsError"),
            })
            .collect(),
        reference: out
            .get("AccountReference")
            .filter(|reference| *reference != "Currently not available")
            .cloned()
            .and_then(Reference::new),
        correlated: flag(&out, "AccountCorrelated"),
        data: record("Data"),
        previous: record("PreviousData"),
        sub_permissions: list("SubPermissions").map(|held| {
            held.iter()
                .map(|item| {
                    let id = lookup(item, "Reference.Id").cloned().unwrap_or_default();
                    (id, text(item, "DisplayName").unwrap_or_default())
                })
                .collect()
        }),
        non_unique: list("NonUniqueFields")
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        error: (!success).then(|| failure(ended)),
    }
}

#[async_trait]
impl Subject for Outside {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    async fn check(&self, config: &Value) -> Result<(), Refused> {
        self.lines("check", config).await.map(drop)
    }

    async fn act(&self, config: &Value, act: &Act) -> Acted {
        let input = document(config, act).to_string();
        let kill = async {
            match &act.end {
                Some(end) => end.when.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let arguments = ["run", &self.facts.id, act.action];
        // The process is killed when what waits for it is dropped.
        let result = tokio::select! {
            result = self.run(&arguments, Some(input), act.elsewhere) => result,
            () = kill => Err(killed()),
        };
        match result {
            Ok(ended) => acted(&ended),
            Err(error) => Acted {
                lines: vec![Line { action: None, message: error.message.clone(), is_error: true }],
                error: Some(error),
                ..Acted::default()
            },
        }
    }

    async fn accounts(&self, config: &Value) -> Result<Vec<Imported>, Refused> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let imported = |object: Value| {
            let reference = object.get("AccountReference").cloned().and_then(Reference::new);
            let reference = reference.ok_or_else(|| Refused {
                kind: "bug".into(),
                message: format!("an imported account has no reference: {object}"),
            })?;
            Ok(Imported {
                reference,
                enabled: object.get("Enabled").and_then(Value::as_bool),
                display_name: text(&object, "DisplayName"),
                user_name: text(&object, "UserName"),
                data: object.get("Data").map(Record::from_nested).unwrap_or_default(),
            })
        };
        self.import("import-accounts", config).await?.into_iter().map(imported).collect()
    }

    async fn memberships(&self, config: &Value, sub: bool) -> Result<Vec<Held>, Refused> {
        let what = if sub { "import-sub-permissions" } else { "import-permissions" };
        let mut all = Vec::new();
        for object in self.import(what, config).await? {
            let permission = lookup(&object, "PermissionReference.Reference").cloned().unwrap_or_default();
            let entitlement = lookup(&object, "SubPermissionReference.Id").and_then(Value::as_str).map(str::to_owned);
            let accounts = object.get("AccountReferences").and_then(Value::as_array).cloned().unwrap_or_default();
            all.extend(accounts.into_iter().filter_map(Reference::new).map(|account| Held {
                permission: permission.clone(),
                entitlement: entitlement.clone(),
                account,
            }));
        }
        Ok(all)
    }

    async fn permissions(&self, config: &Value) -> Result<Vec<(Value, String)>, Refused> {
        let input = json!({"actionContext": {"Configuration": config}}).to_string();
        let ended = self.run(&["run", &self.facts.id, "permissions"], Some(input), false).await?;
        if ended.code != Some(0) {
            return Err(failure(&ended));
        }
        let answers = objects(&ended.stdout)?;
        let empty = Map::new();
        let out = answers.first().and_then(|a| a.get("outputContext")).and_then(Value::as_object).unwrap_or(&empty);
        let list = out.get("Permissions").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(list
            .iter()
            .map(|p| {
                let reference = lookup(p, "Identification.Reference").cloned().unwrap_or_default();
                (reference, p.get("DisplayName").and_then(Value::as_str).unwrap_or_default().to_owned())
            })
            .collect())
    }

    async fn persons(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.lines("persons", config).await
    }

    async fn departments(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.lines("departments", config).await
    }

    fn written(&self) -> Vec<u8> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
