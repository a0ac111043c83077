//! Whole `koppel` processes against a bare loop of the same requests, on the sandbox.
//!
//! `cargo bench -p koppel-cli` prints a table; `docs/performance.md` explains it and holds the figures of record.
//! Each measurement runs the two in turn and quotes medians, since machines are noisy. `cargo bench -p koppel-cli --
//! persons` runs the measurements whose name contains the word. `mappings` stays in this process: it measures the library.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_precision_loss, missing_docs)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use koppel::{Connector, FixedClock, Instance, Scrubber};
use koppel_helloid::mapping::{FieldMapping, PersonInput, Rule, Stage, Subject};
use koppel_helloid::script::{Engine, QuickJs, Scope, ScriptError, Settings};
use koppel_sandbox::{Options, Sandbox, System};
use serde_json::{Value, json};
use wait4::Wait4 as _;

/// The first argument of the process that measures one run.
const MEASURE: &str = "--measure";

/// What one run took.
#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    /// The largest resident size, in MB of 1024² bytes; zero where it was not measured.
    megabytes: f64,
}

struct World {
    runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl World {
    fn new(persons: usize, latency_ms: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options =
            Options::default().persons(persons).now(jiff::Timestamp::now()).latency(Duration::from_millis(latency_ms));
        let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
        Self { runtime, sandbox, folder: tempfile::tempdir().unwrap() }
    }

    fn source_config(&self, roster: &str, concurrency: usize) -> Value {
        let known = self.sandbox.credentials();
        json!({
            "Username": known.inplanning_username, "Password": known.inplanning_password,
            "BaseUrl": self.sandbox.inplanning_admin_url(), "HistoricalDays": 1, "FutureDays": 2,
            "roster": roster, "concurrency": concurrency,
        })
    }

    fn ipassan_config(&self) -> Value {
        let known = self.sandbox.credentials();
        json!({
            "clientID": known.ipassan_client_id, "clientSecret": known.ipassan_client_secret,
            "BaseUrl": self.sandbox.ipassan_url(), "siteId": known.site_id,
        })
    }

    /// One `koppel` process with a state folder of its own, its output in a file.
    fn koppel(&self, arguments: &[&str], input: Option<&Path>) -> Run {
        let state = tempfile::tempdir_in(self.folder.path()).unwrap();
        let out = File::create(self.folder.path().join("out")).unwrap();
        let figures = self.folder.path().join("figures");
        // A process of its own starts and measures it: the system counts what the starter holds into the peak.
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(MEASURE).arg(&figures).args(arguments);
        command.env("KOPPEL_STATE_DIR", state.path()).stdout(out).stderr(Stdio::null());
        command.stdin(input.map_or_else(Stdio::null, |path| File::open(path).unwrap().into()));
        assert!(command.status().unwrap().success(), "koppel {arguments:?} failed");
        let figures = std::fs::read_to_string(figures).unwrap();
        let (seconds, bytes) = figures.split_once(' ').unwrap();
        Run { seconds: seconds.parse().unwrap(), megabytes: bytes.parse::<f64>().unwrap() / 1024.0 / 1024.0 }
    }

    fn lines(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("out")).unwrap().lines().count()
    }

    fn file(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn bare<F: Future<Output = ()>>(&self, work: F) -> Run {
        let start = Instant::now();
        self.runtime.block_on(work);
        Run { seconds: start.elapsed().as_secs_f64(), megabytes: 0.0 }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs both in turn and prints a row.
fn row(
    name: &str,
    times: usize,
    mut koppel: impl FnMut() -> Run,
    mut bare: impl FnMut() -> Run,
    note: impl FnOnce() -> String,
) {
    bare();
    koppel();
    let mut runs = Vec::new();
    for _ in 0..times {
        let b = bare();
        let k = koppel();
        runs.push((k, b));
    }
    let k = median(runs.iter().map(|(k, _)| k.seconds).collect());
    let b = median(runs.iter().map(|(_, b)| b.seconds).collect());
    let ratio = median(runs.iter().map(|(k, b)| k.seconds / b.seconds).collect());
    let peak = runs.iter().map(|(k, _)| k.megabytes).fold(0.0, f64::max);
    println!("| {name} | {:.1} ms | {:.1} ms | {ratio:.2} | {peak:.1} MB | {} |", k * 1e3, b * 1e3, note());
}

async fn token(client: &reqwest::Client, url: &str, form: &[(&str, &str)]) -> String {
    let answer: Value = client.post(url).form(form).send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn ipassan_token(client: &reqwest::Client, sandbox: &Sandbox) -> String {
    let known = sandbox.credentials();
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "all"),
        ("client_id", &known.ipassan_client_id),
        ("client_secret", &known.ipassan_client_secret),
    ];
    token(client, &format!("{}/api/v1/token", sandbox.ipassan_url()), &form).await
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The requests of `koppel persons` with a request per person, and nothing else.
async fn bare_persons(sandbox: &Sandbox, at_once: usize) {
    let client = client();
    let base = sandbox.inplanning_admin_url();
    let known = sandbox.credentials();
    // The other client: one token per client lives, and this one must not kill the one under test.
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &known.inplanning_client_id),
        ("client_secret", &known.inplanning_client_secret),
    ];
    let token = token(&client, &format!("{base}/token"), &form).await;
    let get = |url: String| client.get(url).bearer_auth(&token).send();
    let users: Vec<Value> = get(format!("{base}/users?limit=0")).await.unwrap().json().await.unwrap();
    let _groups: Value = get(format!("{base}/v2/resourcegroups")).await.unwrap().json().await.unwrap();
    let mut resources: Vec<String> = users
        .iter()
        .filter(|user| user["active"] == json!(true))
        .filter_map(|user| user["resource"].as_str().map(str::trim).filter(|r| !r.is_empty()).map(str::to_owned))
        .collect();
    resources.sort_unstable();
    resources.dedup();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap()).date();
    let (start, end) = (today.yesterday().unwrap(), today.tomorrow().unwrap().tomorrow().unwrap());
    let count = stream::iter(resources)
        .map(|resource| {
            let query = [("resource", resource), ("startDate", start.to_string()), ("endDate", end.to_string())];
            let request = client.get(format!("{base}/roster/resourceRoster")).query(&query).bearer_auth(&token);
            async move {
                request.send().await.unwrap().json::<Value>().await.unwrap()["days"].as_array().map_or(0, Vec::len)
            }
        })
        .buffered(at_once)
        .fold(0, |sum, days| async move { sum + days })
        .await;
    assert!(count > 0);
}

fn persons(name: &str, count: usize, latency: u64, roster: &str, concurrency: usize, times: usize) {
    let world = World::new(count, latency);
    let config = world.file("source.json", &world.source_config(roster, concurrency).to_string());
    let at_once = concurrency;
    row(
        name,
        times,
        || {
            world.sandbox.reset_stats();
            world.koppel(&["persons", "inplanning-source", "--config", config.to_str().unwrap()], None)
        },
        || world.bare(bare_persons(&world.sandbox, at_once)),
        || {
            let stats = world.sandbox.stats();
            let rosters = stats.count(System::InPlanning, "GET", "/roster/resourceRoster")
                + stats.count(System::InPlanning, "GET", "/roster/groupRoster");
            format!(
                "{} persons out, {rosters} roster requests, at most {} in flight, {} token",
                world.lines(),
                stats.max_in_flight,
                stats.count(System::InPlanning, "POST", "/token")
            )
        },
    );
}

fn single(name: &str, times: usize) {
    let world = World::new(50, 0);
    let known = world.sandbox.credentials();
    let person = world.sandbox.ipassan().persons().remove(0);
    let mut toggle = 0;
    let input = |number: u32| {
        json!({"actionContext": {
            "Configuration": world.ipassan_config(), "DryRun": false,
            "Data": {"other": format!("round {number}")}, "References": {"Account": person.uuid},
        }})
    };
    let site = format!("{}/api/v1/access/site/{}/person/{}", world.sandbox.ipassan_url(), known.site_id, person.uuid);
    row(
        name,
        times,
        || {
            toggle += 1;
            let file = world.file("in.json", &input(toggle).to_string());
            world.sandbox.reset_stats();
            world.koppel(&["run", "ipassan-target", "update"], Some(&file))
        },
        || {
            world.bare(async {
                let client = client();
                let token = ipassan_token(&client, &world.sandbox).await;
                client.get(&site).bearer_auth(&token).send().await.unwrap().bytes().await.unwrap();
                let put = client.put(&site).bearer_auth(&token).form(&[("other", "bare")]);
                put.send().await.unwrap().bytes().await.unwrap();
            })
        },
        || format!("{} requests", world.sandbox.stats().total(System::IPassan)),
    );
}

fn batch(name: &str, times: usize) {
    let world = World::new(10_000, 20);
    let site = world.sandbox.ipassan().count();
    let mut round = 0_u32;
    let mut next = move || {
        round += 1;
        round
    };
    let known = world.sandbox.credentials();
    let list = format!("{}/api/v1/access/site/{}/person", world.sandbox.ipassan_url(), known.site_id);
    // Every run meets the same site: what the run before made is taken out again.
    let reset = || {
        for person in world.sandbox.ipassan().persons() {
            if person.lastname == "Nieuw" {
                world.sandbox.ipassan().remove(&person.uuid);
            }
        }
        assert_eq!(world.sandbox.ipassan().count(), site);
        world.sandbox.reset_stats();
    };
    row(
        name,
        times,
        || {
            reset();
            let round = next();
            let lines: Vec<String> = (0..1000)
                .map(|number| {
                    let number = format!("N{round}-{number}");
                    json!({"actionContext": {
                        "Configuration": world.ipassan_config(), "DryRun": false,
                        "Data": {"lastname": "Nieuw", "firstname": "Persoon", "number": number, "type": "2"},
                        "CorrelationConfiguration": {"Enabled": true, "AccountField": "number", "PersonFieldValue": number},
                    }})
                    .to_string()
                })
                .collect();
            let file = world.file("batch.jsonl", &lines.join("\n"));
            world.koppel(&["run", "ipassan-target", "create", "--batch", "--concurrency", "8"], Some(&file))
        },
        || {
            reset();
            world.bare(async {
                let client = client();
                let token = ipassan_token(&client, &world.sandbox).await;
                let mut offset = json!(0);
                while !offset.is_null() {
                    let url = format!("{list}?limit=50&offset={offset}");
                    let page: Value = client.get(url).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
                    offset = page["next_cursor"].clone();
                }
                stream::iter(0..1000)
                    .for_each_concurrent(8, |number| {
                        let form =
                            [("lastname", "Nieuw".to_owned()), ("number", format!("B{number}")), ("type", "2".into())];
                        let request = client.post(&list).bearer_auth(&token).form(&form);
                        async move {
                            request.send().await.unwrap().bytes().await.unwrap();
                        }
                    })
                    .await;
            })
        },
        || {
            let stats = world.sandbox.stats();
            let path = "/api/v1/access/site/{site}/person";
            format!(
                "{} pages, {} posts, {} token",
                stats.count(System::IPassan, "GET", path),
                stats.count(System::IPassan, "POST", path),
                stats.count(System::IPassan, "POST", "/api/v1/token")
            )
        },
    );
}

/// The service, with a token file of its own.
struct Service {
    child: std::process::Child,
    url: String,
}

const TOKEN: &str = "a-token-for-the-benchmark";
const CLIENTS: usize = 64;
/// The most requests at once that the connector can be told to send.
const AT_ONCE: usize = 32;

impl Service {
    fn start(world: &World) -> Self {
        let tokens = world.file("tokens", TOKEN);
        let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--per-system", "64", "--per-connector", "64"]);
        command.arg("--token-file").arg(tokens).env_remove("KOPPEL_STATE_DIR");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(world.folder.path().join("access.log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    /// The resident size in MB of 1024² bytes, where the system tells it.
    fn megabytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }

    /// Ends it and gives the largest resident size.
    fn stop(mut self) -> f64 {
        if cfg!(unix) {
            Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        } else {
            self.child.kill().unwrap();
        }
        self.child.wait4().unwrap().rusage.maxrss as f64 / 1024.0 / 1024.0
    }
}

/// What many clients met.
#[derive(Default)]
struct Load {
    sent: usize,
    good: usize,
    milliseconds: Vec<f64>,
}

impl Load {
    fn percentile(&self, percent: usize) -> f64 {
        self.milliseconds.get(self.milliseconds.len() * percent / 100).copied().unwrap_or_default()
    }
}

/// So many clients at once repeat `one` with their number and the round until the time is over.
async fn load<F: Future<Output = bool> + Send + 'static>(
    seconds: u64,
    one: impl Fn(usize, usize) -> F + Clone + Send + 'static,
) -> (Load, Vec<usize>) {
    let until = Instant::now() + Duration::from_secs(seconds);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let one = one.clone();
            tokio::spawn(async move {
                let mut load = Load::default();
                while Instant::now() < until {
                    load.sent += 1;
                    let start = Instant::now();
                    load.good += usize::from(one(client, load.sent).await);
                    load.milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
                }
                load
            })
        })
        .collect();
    let mut all = Load::default();
    let mut rounds = Vec::new();
    for client in clients {
        let load = client.await.unwrap();
        rounds.push(load.sent);
        all.sent += load.sent;
        all.good += load.good;
        all.milliseconds.extend(load.milliseconds);
    }
    all.milliseconds.sort_by(f64::total_cmp);
    (all, rounds)
}

/// Many clients change an account each, again and again, through the service; then the same requests without it.
fn serve(name: &str, seconds: u64) {
    let world = World::new(CLIENTS, 20);
    let service = Service::start(&world);
    let people: Arc<Vec<String>> = Arc::new(world.sandbox.ipassan().persons().into_iter().map(|p| p.uuid).collect());
    assert_eq!(people.len(), CLIENTS);
    let mut config = world.ipassan_config();
    config["concurrency"] = AT_ONCE.into();
    let config = Arc::new(config);
    let url = Arc::new(format!("{}/v1/ipassan-target/update", service.url));
    let through = {
        let (people, client) = (Arc::clone(&people), client());
        move |number: usize, round: usize| {
            let (config, url, client) = (Arc::clone(&config), Arc::clone(&url), client.clone());
            let document = json!({"actionContext": {
                "Configuration": *config, "DryRun": false,
                "Data": {"other": format!("round {round}")}, "References": {"Account": people[number]},
            }});
            async move {
                let Ok(answer) = client.post(&*url).bearer_auth(TOKEN).json(&document).send().await else {
                    return false;
                };
                answer.json::<Value>().await.is_ok_and(|answer| answer["outputContext"]["Success"] == true)
            }
        }
    };
    // The connections and the first pages of memory are there before it is measured.
    world.runtime.block_on(load(seconds.div_ceil(12), through.clone()));
    let before = service.megabytes();
    let (koppel, rounds) = world.runtime.block_on(load(seconds, through));
    let after = service.megabytes();
    for (person, round) in people.iter().zip(&rounds) {
        let kept = world.sandbox.ipassan().persons().into_iter().find(|p| p.uuid == *person).unwrap();
        assert_eq!(kept.other.as_deref(), Some(&*format!("round {round}")), "the last change of everybody is there");
    }
    let peak = service.stop();
    let bare = world.runtime.block_on(async {
        let client = client();
        let token = Arc::new(ipassan_token(&client, &world.sandbox).await);
        let site = format!(
            "{}/api/v1/access/site/{}/person",
            world.sandbox.ipassan_url(),
            world.sandbox.credentials().site_id
        );
        let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        load(seconds, move |number, round| {
            let (client, token, url) = (client.clone(), Arc::clone(&token), format!("{site}/{}", people[number]));
            let places = Arc::clone(&places);
            async move {
                let mut good = true;
                for change in [false, true, false] {
                    let request = if change { client.put(&url) } else { client.get(&url) }.bearer_auth(&*token);
                    let request = if change { request.form(&[("other", format!("bare {round}"))]) } else { request };
                    let _place = places.acquire().await.unwrap();
                    good &= match request.send().await {
                        Ok(answer) => answer.bytes().await.is_ok(),
                        Err(_) => false,
                    };
                }
                good
            }
        })
        .await
        .0
    });
    let rate = |load: &Load| load.sent as f64 / seconds as f64;
    println!("\n| what | sent | answered well | failed | a second | p50 | p99 | memory before, after, peak |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (who, load, memory) in [
        (name, &koppel, format!("{before:.1}, {after:.1}, {peak:.1} MB")),
        ("the same requests without it", &bare, "–".to_owned()),
    ] {
        println!(
            "| {who} | {} | {} | {} | {:.0} | {:.0} ms | {:.0} ms | {memory} |",
            load.sent,
            load.good,
            load.sent - load.good,
            rate(load),
            load.percentile(50),
            load.percentile(99)
        );
    }
}

/// How many persons the mappings are evaluated for.
const MAPPED: usize = 10_000;

/// A person as HelloID hands it over: three contracts, two accounts, 4 KB of JSON.
fn helloid_person(number: usize) -> Value {
    let pick = |from: &[&str], by: usize| from[number / by % from.len()].to_owned();
    let family = pick(&["Boele", "Jansen", "Çelik", "Visser", "El Idrissi", "Smit", "Bakker"], 1);
    let partner = pick(&["Vries", "Groot", "Leeuwen", "Dijk", "Meer"], 7);
    let nick = pick(&["Anna", "Daan", "Fenna", "José", "Noor", "Sem", "Ümit", "Willemijn", "Yara"], 3);
    let mail = format!("{}.{number}@zorggroep.example", nick.to_lowercase());
    let manager = json!({"ExternalId": "200", "DisplayName": "Ria Blom", "Email": "ria.blom@zorggroep.example"});
    let coded = |prefix: &str, at: usize, name: &str| {
        let code = format!("{prefix}{}", (number + at) % 40);
        json!({"ExternalId": code, "Code": code, "Name": name})
    };
    let contract = |at: usize| {
        json!({
            "ExternalId": format!("{number}-{at}"),
            "StartDate": format!("20{}-0{}-01T00:00:00Z", 18 + at, 1 + number % 9), "EndDate": null,
            "Department": {"ExternalId": format!("D{}", number % 60), "DisplayName": pick(&["Zorg Noord", "Zorg Zuid"], 2)},
            "CostCenter": coded("CC", at, "Kostenplaats Zorg"), "Title": coded("T", at, "Verpleegkundige"),
            "Division": coded("DV", at, "Noord"), "Location": coded("L", at, "De Linde, Utrecht"), "Manager": manager,
            "Type": {"Code": "V", "Description": "Vast"},
            "Details": {"Fte": 0.8, "HoursPerWeek": 28.8, "Percentage": 80, "Sequence": at},
            "Custom": {"Region": "R1"}, "Context": {"InConditions": at == 0},
        })
    };
    let address =
        json!({"Street": "Lindelaan", "HouseNumber": number % 300, "PostalCode": "3511AB", "Locality": "Utrecht"});
    let reach = |mail: &str| json!({"Email": mail, "Address": address, "Phone": {"Mobile": "0612345678", "Fixed": "0301234567"}});
    json!({
        "ExternalId": format!("{}", 100_000 + number), "DisplayName": format!("{nick} {family}"), "UserName": mail,
        "Name": {
            "NickName": nick, "GivenName": nick, "Initials": "A.B.", "FamilyName": family, "FamilyNamePrefix": "van den",
            "FamilyNamePartner": partner, "FamilyNamePartnerPrefix": "de", "Convention": pick(&["B", "BP", "P", "PB"], 1),
        },
        "Details": {"Gender": "V", "BirthDate": "1984-05-06T00:00:00Z", "BirthLocality": "Utrecht", "MaritalStatus": "G"},
        "Contact": {"Business": reach(&mail), "Personal": reach("thuis@post.example")},
        "PrimaryContract": contract(0), "Contracts": [contract(0), contract(1), contract(2)],
        "PrimaryManager": manager, "Location": coded("L", 0, "De Linde, Utrecht"), "Custom": {"Badge": number},
        "Status": {"Blocked": false, "Reason": ""}, "Excluded": false,
        "Accounts": {
            "MicrosoftActiveDirectory": {
                "mail": mail, "userPrincipalName": mail, "sAMAccountName": format!("u{number}"),
                "displayName": format!("{nick} {family}"), "mailNickname": format!("{number}"), "enabled": true,
            },
            "MicrosoftAzureAD": {"id": format!("00000000-0000-4000-8000-{number:012}"), "userPrincipalName": mail},
        },
    })
}

/// A mapping of texts and paths alone.
fn plain_mapping() -> FieldMapping {
    let rules = [
        ("username", "Field", "Person.ExternalId"),
        ("firstName", "Field", "Person.Name.NickName"),
        ("lastName", "Field", "Person.Name.FamilyName"),
        ("email", "Field", "Person.Accounts.MicrosoftActiveDirectory.mail"),
        ("phone", "Field", "Person.Contact.Business.Phone.Fixed"),
        ("department", "Field", "Person.PrimaryContract.Department.DisplayName"),
        ("active", "Fixed", "False"),
        ("userGroup", "Fixed", "Root"),
    ];
    let fields = rules.map(|(name, mode, value)| {
        let action = json!({"MapForActions": ["Create"], "MappingMode": mode, "Value": json!(value).to_string()});
        json!({"Name": name, "Type": "Text", "MappingActions": [action]})
    });
    read_mapping(json!({"Version": "v1", "MappingFields": fields, "UniqueFieldNames": []}).to_string().as_bytes())
}

fn read_mapping(bytes: &[u8]) -> FieldMapping {
    FieldMapping::read(bytes).value.unwrap()
}

/// The default mappings of both targets.
fn default_mappings() -> Vec<FieldMapping> {
    let state = || koppel_http::StateDir::at(std::env::temp_dir().join("koppel-bench-unused"));
    let connectors: [Box<dyn Connector>; 2] = [
        Box::new(ipassan_target::connector(state(), Scrubber::default())),
        Box::new(inplanning_target::connector(state(), Scrubber::default())),
    ];
    let fields = connectors.iter().map(|connector| match connector.example().unwrap() {
        Instance::Target(target) => koppel_helloid::default_field_mapping(target.fields()),
        Instance::Source(_) => unreachable!("both are targets"),
    });
    fields.collect()
}

/// The public mappings of IPassan and InPlanning, where they are at hand.
fn public_mappings() -> Option<Vec<FieldMapping>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    ["IPassan", "Intus-Inplanning"]
        .map(|system| corpus.join(format!("HelloID-Conn-Prov-Target-{system}/fieldMapping.json")))
        .iter()
        .map(|path| std::fs::read(path).ok().map(|bytes| read_mapping(&bytes)))
        .collect()
}

/// The same mappings with other scripts.
fn with_scripts(mappings: &[FieldMapping], other: impl Fn(&str) -> String) -> Vec<FieldMapping> {
    let mut mappings = mappings.to_vec();
    let actions = mappings.iter_mut().flat_map(|mapping| &mut mapping.fields).flat_map(|field| &mut field.actions);
    for action in actions {
        if let Rule::Complex(script) = &mut action.rule {
            *script = other(script);
        }
    }
    mappings
}

/// A script that is given what this one is given, and does nothing with it.
fn only_names(script: &str) -> String {
    let keys = script.split("Person.").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap());
    let keys: std::collections::BTreeSet<&str> = keys.collect();
    keys.iter().fold(String::new(), |text, key| format!("{text}Person.{key};")) + "''"
}

/// An engine that runs nothing.
#[derive(Debug)]
struct NoEngine;

impl Engine for NoEngine {
    fn evaluate(&mut self, _script: &str, _scope: &Scope<'_>) -> Result<Value, ScriptError> {
        Ok(Value::Null)
    }
}

fn quickjs() -> Box<dyn Engine> {
    let zone = jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap();
    Box::new(QuickJs::new(Settings::new(zone, Arc::new(FixedClock::new(jiff::Timestamp::now())))))
}

/// Evaluates the mappings for Create, for every person, and gives the microseconds a person.
fn evaluate(mappings: &[FieldMapping], engine: &mut dyn Engine, people: &[Value], whole: bool) -> f64 {
    let start = Instant::now();
    for person in people {
        let subject = Subject { person, manager: None, iteration: 0 };
        for mapping in mappings {
            let evaluated = mapping.evaluate(engine, Stage::Create, &subject).unwrap();
            assert!(!whole || !evaluated.data.iter().any(|(_, value)| value.is_null()), "every field has a value");
            std::hint::black_box(evaluated);
        }
    }
    start.elapsed().as_secs_f64() * 1e6 / people.len() as f64
}

/// Mappings on this one thread: how many persons a second, and what the time goes into.
fn mappings(rounds: usize) {
    let people: Vec<Value> = (0..MAPPED).map(helloid_person).collect();
    let texts: Vec<String> = people.iter().map(Value::to_string).collect();
    let reading: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            for text in &texts {
                std::hint::black_box(PersonInput::read(text.as_bytes()).unwrap());
            }
            start.elapsed().as_secs_f64() * 1e6 / MAPPED as f64
        })
        .collect();
    println!(
        "\n{MAPPED} persons of {} bytes on average; reading one takes {:.1} µs, which is not counted below.\n",
        texts.iter().map(String::len).sum::<usize>() / MAPPED,
        median(reading)
    );
    drop(texts);
    println!(
        "| mappings for Create | persons a second | at least | a person | without the engine | the calls | copying | the scripts |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let cases = [
        ("8 fields", Some(vec![plain_mapping()]), 20_000),
        ("the defaults of both targets", Some(default_mappings()), 8_000),
        ("the public files of both targets", public_mappings(), 8_000),
    ];
    for (name, case, least) in cases {
        let Some(whole) = case else {
            println!("| {name} | skipped: they are not here | {least} | | | | | |");
            continue;
        };
        let actions = whole.iter().flat_map(|mapping| &mapping.fields).filter_map(|field| field.action(Stage::Create));
        let scripts = actions.filter(|action| matches!(action.rule, Rule::Complex(_))).count();
        // Each does what the one before does and one thing more.
        let mut steps = [
            (with_scripts(&whole, |_| "''".to_owned()), Box::new(NoEngine) as Box<dyn Engine>, Vec::new()),
            (with_scripts(&whole, |_| "''".to_owned()), quickjs(), Vec::new()),
            (with_scripts(&whole, only_names), quickjs(), Vec::new()),
            (whole, quickjs(), Vec::new()),
        ];
        for round in 0..=rounds {
            for (at, (mappings, engine, times)) in steps.iter_mut().enumerate() {
                let time = evaluate(mappings, &mut **engine, &people, at == 3);
                // The first round compiles the scripts.
                if round > 0 {
                    times.push(time);
                }
            }
        }
        let [bare, call, copy, all] = steps.map(|(_, _, times)| median(times));
        print!("| {name}, {scripts} scripts | {:.0} | {least} | {all:.1} µs ", 1e6 / all);
        if scripts == 0 {
            println!("| – | – | – | – |");
        } else {
            println!("| {bare:.1} µs | {:.1} µs | {:.1} µs | {:.1} µs |", call - bare, copy - call, all - copy);
        }
    }
}

/// A name, and what to measure under it.
type Measurement = (&'static str, Box<dyn Fn(&str)>);

/// Runs `koppel` with the arguments and writes seconds and peak bytes to a file.
fn measure(arguments: &[String]) {
    let (figures, arguments) = arguments.split_first().unwrap();
    let start = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_koppel")).args(arguments).spawn().unwrap().wait4().unwrap();
    std::fs::write(figures, format!("{} {}", start.elapsed().as_secs_f64(), done.rusage.maxrss)).unwrap();
    std::process::exit(done.status.code().unwrap_or(1));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == MEASURE) {
        measure(&arguments[1..]);
    }
    let mut words = arguments.into_iter().filter(|argument| !argument.starts_with('-'));
    let filter = words.next().unwrap_or_default();
    let seconds = words.next().map_or(60, |word| word.parse().expect("the second word is a number of seconds"));
    println!("| what | koppel | bare loop | ratio | peak memory | seen by the sandbox |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let all: [Measurement; 9] = [
        ("one action: update in IPassan", Box::new(|name| single(name, 15))),
        (
            "persons: 1,000, a request each, 12 at once, 20 ms",
            Box::new(|name| persons(name, 1000, 20, "resource", 12, 5)),
        ),
        (
            "persons: 1,000, a request each, 12 at once, no latency",
            Box::new(|name| persons(name, 1000, 0, "resource", 12, 9)),
        ),
        (
            "persons: 5,000, a request each, 12 at once, no latency",
            Box::new(|name| persons(name, 5000, 0, "resource", 12, 3)),
        ),
        ("persons: 1,000 by 21 groups, 4 at once, 20 ms", Box::new(|name| persons(name, 1000, 20, "group", 4, 5))),
        ("persons: 1,000 by auto, 4 at once, 20 ms", Box::new(|name| persons(name, 1000, 20, "auto", 4, 3))),
        ("batch: 1,000 creates on a site of 10,000, 8 at once, 20 ms", Box::new(|name| batch(name, 3))),
        ("mappings: Create for 10,000 persons on one thread", Box::new(|_| mappings(5))),
        ("serve: 64 clients, updates, 32 requests at once, 20 ms", Box::new(move |name| serve(name, seconds))),
    ];
    for (name, measure) in all.iter().filter(|(name, _)| name.contains(&filter)) {
        measure(name);
    }
}
