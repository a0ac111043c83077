//! The binary as a child process, the stand-ins beside it, and what every run has to keep to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use koppel_sandbox::{CANARY, Options, Sandbox, Stats, System};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const FILES: &str = "csv-source";
pub(crate) const SOURCE: &str = "inplanning-source";
pub(crate) const PLANNING: &str = "inplanning-target";
pub(crate) const DOORS: &str = "ipassan-target";

pub(crate) const PERSONS: &str = "/api/v1/access/site/{site}/person";

/// No process of these tests takes a tenth of this, also on a busy machine; one that hangs fails its test.
const PATIENCE: Duration = Duration::from_mins(2);

/// The names HelloID knows for an effect in the audit log.
const AUDIT_ACTIONS: [&str; 9] = [
    "CreateAccount",
    "CorrelateAccount",
    "UpdateAccount",
    "EnableAccount",
    "DisableAccount",
    "DeleteAccount",
    "GrantPermission",
    "UpdatePermission",
    "RevokePermission",
];

/// The stand-in systems, and a folder for the state and the files of the processes that are run against them.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
    /// Runs the stand-ins; outlives them.
    _runtime: Runtime,
}

impl World {
    /// Both systems without persons.
    pub(crate) fn empty() -> Self {
        Self::with(Options::default().persons(0))
    }

    pub(crate) fn with(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(options.now(Timestamp::now()))).unwrap();
        Self { sandbox, folder: tempfile::tempdir().unwrap(), _runtime: runtime }
    }

    /// A configuration that works.
    pub(crate) fn config(&self, id: &str) -> Value {
        let known = self.sandbox.credentials();
        match id {
            FILES => {
                let file = |(key, name, content): (&str, &str, &str)| {
                    (key.to_owned(), Value::from(self.file(name, content).to_str().unwrap()))
                };
                csv_source::SAMPLE.into_iter().map(file).collect::<Map<_, _>>().into()
            }
            SOURCE => json!({
                "Username": known.inplanning_username, "Password": known.inplanning_password,
                "BaseUrl": self.sandbox.inplanning_admin_url(), "HistoricalDays": 1, "FutureDays": 2,
            }),
            PLANNING => json!({
                "ClientId": known.inplanning_client_id, "ClientSecret": known.inplanning_client_secret,
                "BaseUrl": self.sandbox.inplanning_url(),
                "permissions": [
                    {"name": "Medewerker", "role": "Medewerker", "resourceGroup": "Company"},
                    {"name": "Planner", "role": "Planner", "resourceGroup": "Planner {{LocationOwn}}"},
                ],
            }),
            DOORS => json!({
                "clientID": known.ipassan_client_id, "clientSecret": known.ipassan_client_secret,
                "BaseUrl": self.sandbox.ipassan_url(), "siteId": known.site_id,
                "accessProfiles": [
                    {"HelloIDLookupKey": "Noord", "AccessProfileName": "Noord", "AccessProfileId": known.access_profiles["Noord"]},
                    {"HelloIDLookupKey": "Zuid", "AccessProfileName": "Zuid", "AccessProfileId": known.access_profiles["Zuid"]},
                ],
            }),
            other => panic!("there is no connector {other}"),
        }
    }

    /// The configuration with some keys replaced.
    pub(crate) fn config_with(&self, id: &str, extra: &Value) -> Value {
        merged(self.config(id), extra)
    }

    /// An input document: the configuration, and these keys in its `actionContext`.
    pub(crate) fn document(&self, id: &str, action_context: &Value) -> Value {
        document(&self.config(id), action_context)
    }

    /// A file of the test.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with these arguments and the state folder of this world.
    pub(crate) fn koppel<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Koppel {
        let mut koppel = Koppel::new(arguments);
        koppel.command.env("KOPPEL_STATE_DIR", self.path("state"));
        koppel
    }

    /// `koppel run` with this document.
    pub(crate) fn run(&self, id: &str, action: &str, input: &Value) -> Output {
        self.koppel(&["run", id, action]).input(input.to_string()).run()
    }

    /// `koppel run --batch` with these documents.
    pub(crate) fn batch(&self, id: &str, action: &str, concurrency: usize, lines: &[String]) -> Output {
        let at_once = concurrency.to_string();
        let koppel = self.koppel(&["run", id, action, "--batch", "--concurrency", &at_once]);
        koppel.input(lines.join("\n")).run()
    }

    /// A command that takes `--config`, with this one.
    pub(crate) fn with_config(&self, command: &str, id: &str, config: &Value) -> Koppel {
        let file = self.file(&format!("{command}-{id}.json"), config.to_string());
        self.koppel(&[command, id, "--config", file.to_str().unwrap()])
    }

    pub(crate) fn faults(&self, spec: &str) {
        self.sandbox.set_faults(spec.parse().unwrap());
    }

    pub(crate) fn stats(&self) -> Stats {
        self.sandbox.stats()
    }

    /// All requests that reached either system, also those to paths that they do not have.
    pub(crate) fn requests(&self) -> u64 {
        let stats = self.stats();
        stats.total(System::InPlanning) + stats.total(System::IPassan) + stats.unrouted
    }

    /// The requests that could change something.
    pub(crate) fn writes(&self) -> u64 {
        let stats = self.stats();
        stats.writes(System::InPlanning) + stats.writes(System::IPassan)
    }

    /// The output without what differs from one run to the next: addresses, folders and ids.
    pub(crate) fn redact(&self, text: &str) -> String {
        let known = self.sandbox.credentials();
        let folder = self.folder.path().to_str().unwrap();
        let text = text.replace(&self.sandbox.address().to_string(), "[address]").replace(folder, "[folder]");
        let text =
            known.access_profiles.iter().fold(text, |text, (name, guid)| text.replace(guid, &format!("[{name}]")));
        without_uuids(&text)
    }

    /// The same for JSON, which stays JSON.
    pub(crate) fn redact_json(&self, value: &Value) -> Value {
        serde_json::from_str(&self.redact(&value.to_string())).unwrap()
    }
}

/// The configuration, and these keys in the `actionContext`; a key `personContext` moves beside it.
pub(crate) fn document(config: &Value, action_context: &Value) -> Value {
    let mut action = merged(json!({"Configuration": config, "DryRun": false}), action_context);
    let person = action.as_object_mut().unwrap().remove("personContext");
    json!({"actionContext": action, "personContext": person.unwrap_or_else(|| json!({"Person": {}}))})
}

/// One object over another.
pub(crate) fn merged(mut under: Value, over: &Value) -> Value {
    for (key, value) in over.as_object().unwrap() {
        under[key] = value.clone();
    }
    under
}

/// What `create` of the doors is given for a person.
pub(crate) fn new_person(number: &str) -> Value {
    json!({
        "Data": {"lastname": "Jansen", "firstname": "Jan", "mail": "j@x.example", "number": number, "type": 2},
        "CorrelationConfiguration": {
            "Enabled": true, "PersonField": "Person.ExternalId", "PersonFieldValue": number,
            "AccountField": "number", "AccountFieldValue": number,
        },
        "References": {"Account": null, "ManagerAccount": null},
    })
}

/// What `create` of the planning is given for a user.
pub(crate) fn new_user(username: &str) -> Value {
    json!({
        "Data": {
            "username": username, "firstName": "Jan", "lastName": "Jansen", "email": "j@x.example", "active": "False",
            "userGroup": "Root", "resource": username,
        },
        "CorrelationConfiguration": {
            "Enabled": true, "PersonField": "Person.ExternalId", "PersonFieldValue": username,
            "AccountField": "username", "AccountFieldValue": username,
        },
        "References": {"Account": null},
    })
}

/// An account reference, and perhaps data.
pub(crate) fn about(reference: &Value, data: &Value) -> Value {
    json!({"References": {"Account": reference}, "Data": data})
}

/// A process to be.
pub(crate) struct Koppel {
    command: Command,
    input: Vec<u8>,
    /// The sandbox command alone shows secrets, in its sample configurations.
    shows_secrets: bool,
}

impl Koppel {
    pub(crate) fn new<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
        command.args(arguments).env_remove("COLUMNS").env_remove("RUST_LOG");
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(proxy);
        }
        Self { command, input: Vec::new(), shows_secrets: false }
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.command.env(name, value.as_ref());
        self
    }

    pub(crate) fn shows_secrets(mut self) -> Self {
        self.shows_secrets = true;
        self
    }

    /// The command, for a test that does with the process what no other does.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs to its end.
    pub(crate) fn run(self) -> Output {
        self.begin().finish()
    }

    /// Runs beside the test, with the whole input.
    pub(crate) fn begin(mut self) -> Running {
        let input = std::mem::take(&mut self.input);
        let (running, mut stdin) = self.start();
        // A program that needs no input, or refuses what it was given, does not read it.
        thread::spawn(move || stdin.write_all(&input));
        running
    }

    /// Runs beside the test, with an input that the test writes and closes.
    pub(crate) fn start(mut self) -> (Running, ChildStdin) {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let (out, stdout) = channel();
        thread::spawn(move || {
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0)
                && out.send(std::mem::take(&mut line)).is_ok()
            {}
        });
        let mut reader = child.stderr.take().unwrap();
        let (out, stderr) = channel();
        thread::spawn(move || {
            let mut all = Vec::new();
            let _ = reader.read_to_end(&mut all);
            let _ = out.send(all);
        });
        let running =
            Running { child, stdout, stderr, until: Instant::now() + PATIENCE, shows_secrets: self.shows_secrets };
        (running, stdin)
    }
}

/// A process that runs; it ends with the test at the latest.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    until: Instant,
    shows_secrets: bool,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of stdout, without its end.
    pub(crate) fn line(&self) -> String {
        let line = String::from_utf8(self.next().expect("stdout ended")).unwrap();
        line.strip_suffix('\n').expect("a whole line").to_owned()
    }

    /// Stops reading stdout and waits for the end.
    pub(crate) fn goes_unread(mut self) -> Output {
        let (_, nothing) = channel();
        self.stdout = nothing;
        self.finish()
    }

    fn next(&self) -> Option<Vec<u8>> {
        match self.stdout.recv_timeout(self.until.saturating_duration_since(Instant::now())) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the process did not end within {PATIENCE:?}"),
        }
    }

    /// Reads the rest of the output and waits for the end.
    pub(crate) fn finish(mut self) -> Output {
        let stdout: Vec<u8> = std::iter::from_fn(|| self.next()).flatten().collect();
        let stderr = self
            .stderr
            .recv_timeout(self.until.saturating_duration_since(Instant::now()))
            .expect("stderr ends with stdout");
        let status = self.child.wait().unwrap();
        let output = Output {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        };
        output.keeps_to_the_rules(self.shows_secrets);
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    /// -1 where a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// What holds for every command: no secret, no colour or bar where there is no terminal, no panic.
    fn keeps_to_the_rules(&self, shows_secrets: bool) {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            assert!(shows_secrets || !text.contains(CANARY), "a secret in {name}: {text}");
            assert!(!text.contains('\u{1b}'), "an escape sequence in {name}: {text}");
            assert!(!text.contains('\r'), "a carriage return in {name}: {text}");
            assert!(!text.contains("panicked at"), "{text}");
        }
    }

    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Success, with nothing to complain of.
    pub(crate) fn fine(self) -> Self {
        let output = self.exits(0);
        assert_eq!(output.stderr, "", "{output:#?}");
        output
    }

    /// Failure without a result.
    pub(crate) fn says_nothing(self) -> Self {
        assert_eq!(self.stdout, "", "{self:#?}");
        self
    }

    /// The lines of stdout, each JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        assert!(self.stdout.is_empty() || self.stdout.ends_with('\n'), "{self:#?}");
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// The one result document, which keeps to the contract.
    pub(crate) fn answer(&self) -> Answer {
        let lines = self.lines();
        let [line] = lines.as_slice() else { panic!("there is not one line: {self:#?}") };
        let answer = Answer::new(line);
        assert_eq!(answer.success(), self.code == 0, "{self:#?}");
        answer
    }

    /// The documents of a batch, which keep to the contract.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        let answers: Vec<Answer> = self.lines().iter().map(Answer::new).collect();
        let expected = i32::from(!answers.iter().all(Answer::success));
        assert_eq!(self.code, expected, "{self:#?}");
        answers
    }

    /// The lines on stderr, each a JSON object.
    pub(crate) fn json_log(&self) -> Vec<Map<String, Value>> {
        let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.stderr.lines().map(object).collect()
    }
}

/// What stands in `outputContext`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    /// Takes the wrapper off and checks what holds for every answer of an action.
    fn new(line: &Value) -> Self {
        let wrapper = line.as_object().unwrap();
        assert_eq!(wrapper.keys().collect::<Vec<_>>(), ["outputContext"]);
        let answer = Self(wrapper["outputContext"].clone());
        let lines = answer.0["AuditLogs"].as_array().unwrap();
        assert!(!lines.is_empty(), "{answer:#?}");
        let errors = lines.iter().filter(|line| line["IsError"].as_bool().unwrap()).count();
        assert_eq!(errors, usize::from(!answer.success()), "{answer:#?}");
        for line in lines {
            let message = line["Message"].as_str().unwrap();
            assert!(!message.is_empty() && message.encode_utf16().count() <= 254, "{message}");
            assert!(
                line.get("Action").is_none_or(|action| AUDIT_ACTIONS.contains(&action.as_str().unwrap())),
                "{line}"
            );
        }
        answer
    }

    pub(crate) fn success(&self) -> bool {
        self.0["Success"].as_bool().unwrap()
    }

    pub(crate) fn reference(&self) -> Value {
        self.0["AccountReference"].clone()
    }

    /// The actions of the audit lines; `-` where a line has none.
    pub(crate) fn actions(&self) -> Vec<&str> {
        self.0["AuditLogs"].as_array().unwrap().iter().map(|line| line["Action"].as_str().unwrap_or("-")).collect()
    }

    /// The message of the one error line.
    pub(crate) fn error(&self) -> &str {
        assert!(!self.success(), "{self:#?}");
        let lines = self.0["AuditLogs"].as_array().unwrap();
        lines.iter().find(|line| line["IsError"] == true).unwrap()["Message"].as_str().unwrap()
    }

    /// What a dry run has in common with the real one: which keys there are, success, and the effects of the audit lines.
    pub(crate) fn shape(&self) -> (Vec<String>, bool, Vec<String>) {
        let keys = self.0.as_object().unwrap().keys().cloned().collect();
        (keys, self.success(), self.actions().iter().map(ToString::to_string).collect())
    }
}

/// `[uuid]` for everything that has the form of one.
fn without_uuids(text: &str) -> String {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let is_uuid = |candidate: &str| {
        let groups: Vec<&str> = candidate.split('-').collect();
        groups.iter().map(|group| group.len()).eq(GROUPS)
            && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.get(..36).is_some_and(is_uuid) {
            out.push_str("[uuid]");
            rest = &rest[36..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Ctrl-C.
#[cfg(unix)]
pub(crate) fn interrupt(running: &Running) {
    let status = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(status.success());
}
