//! Snapshots of 10,000, 100,000 and 1,000,000 persons against 100 rules.
//!
//! `cargo bench -p koppel-engine --bench evaluate` prints a table; numbers behind `--` replace the sizes. Each size runs
//! in a process of its own, so that its peak memory is its own, that of the rows it is given included.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_precision_loss, missing_docs)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use koppel_engine::Entitlement;
use koppel_engine::config::{Condition, Grant, Margin, Path, Rule};
use koppel_engine::rules::Rules;
use koppel_engine::snapshot::{Row, Snapshot, SourceRows};
use serde_json::{Value, json};
use wait4::Wait4 as _;

/// The first argument of the process that measures one size.
const MEASURE: &str = "--measure";
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const RULES: usize = 100;
const DEPARTMENTS: usize = 400;
const TITLES: usize = 150;

/// What one size took.
struct Figures {
    persons: usize,
    bytes: usize,
    build: f64,
    evaluate: f64,
    next: f64,
    matches: usize,
    rss: f64,
}

fn now() -> Timestamp {
    "2026-06-01T10:00:00Z".parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap()
}

/// A person as a mapping gives one, with an employment and two shifts.
fn person(index: usize) -> Row {
    let contract = |number: usize| {
        let (department, title) = ((index * 7 + number * 13) % DEPARTMENTS, (index * 3 + number) % TITLES);
        let day = jiff::civil::date(2026, 6, 1).at(0, 0, 0, 0) + i64::try_from(index % 9 + number).unwrap().days();
        let (start, end) = if number == 0 {
            let year = 2010 + index % 16;
            let end =
                if index.is_multiple_of(5) { json!(format!("2026-{:02}-28", 1 + index % 12)) } else { Value::Null };
            (json!(format!("{year}-{:02}-01", 1 + index % 12)), end)
        } else {
            let start = 6 + i64::try_from(index % 3).unwrap() * 8;
            let text = |hour: i64| json!(format!("{}+02:00", day + hour.hours()));
            (text(start), text(start + 8))
        };
        json!({
            "ExternalId": format!("{index:07}-{number}"), "StartDate": start, "EndDate": end,
            "Type": {"Code": "V", "Description": "Vast dienstverband"},
            "Details": {"Fte": f64::from(u32::try_from(index % 10).unwrap()) / 10.0, "HoursPerWeek": 36, "Percentage": 100, "Sequence": number},
            "Department": {"ExternalId": format!("D{department:04}"), "DisplayName": format!("Afdeling Wonen en Zorg {department}")},
            "Title": {"ExternalId": format!("T{title:03}"), "Code": format!("T{title:03}"), "Name": format!("Functie met een naam {title}")},
            "CostCenter": {"Code": format!("{}", 4000 + department % 60), "Name": format!("Kostenplaats {}", department % 60)},
            "Location": {"Code": format!("L{}", department % 25), "Name": format!("Locatie {}", department % 25)},
            "Employer": {"Code": "01", "Name": "Stichting Voorbeeldzorg"},
            "Manager": {"ExternalId": format!("{:07}", index / 12)},
        })
    };
    let body = json!({
        "ExternalId": format!("{index:07}"), "UserName": format!("jan.jansen{index}"), "DisplayName": format!("Jan de Jansen ({index:07})"),
        "Name": {"Initials": "J.A.", "GivenName": "Johannes Adriaan", "NickName": "Jan", "FamilyName": format!("Jansen{}", index % 5_000),
            "FamilyNamePrefix": "de", "FamilyNamePartner": null, "FamilyNamePartnerPrefix": null, "Convention": "B"},
        "Contact": {
            "Business": {"Email": format!("jan.jansen{index}@voorbeeldzorg.example"), "Phone": {"Mobile": format!("06-{index:08}"), "Fixed": null}},
            "Personal": {"Email": format!("jj{index}@mail.example"), "Phone": {"Mobile": null, "Fixed": null}},
        },
        "Details": {"BirthDate": format!("19{:02}-0{}-1{}", 50 + index % 50, 1 + index % 9, index % 10), "Gender": "M", "HonorificPrefix": null},
        "Location": {"Code": format!("L{}", index % 25), "Name": format!("Locatie {}", index % 25)},
        "Custom": {"Badge": format!("{}", 100_000 + index), "Site": if index.is_multiple_of(4) { "Noord" } else { "Zuid" }},
        "Status": {"Blocked": index % 500 == 499, "Reason": null}, "Excluded": false,
        "Contracts": (0..3).map(contract).collect::<Vec<_>>(),
    });
    Row { external_id: format!("{index:07}"), body: body.to_string().into_boxed_str() }
}

/// Rules on departments, titles, cost centres and sites, with windows of minutes and of days.
fn rules() -> Vec<Rule> {
    let field = |path: &str| Path::Contract(path.to_owned());
    let condition =
        |path: Path, any: Vec<String>| Condition { path, any, prefix: vec![], not: vec![], not_prefix: vec![] };
    (0..RULES)
        .map(|rule| {
            let mut when = match rule % 4 {
                0 => vec![condition(
                    field("Title.Name"),
                    (0..8).map(|n| format!("functie met een naam {}", (rule + n * 11) % TITLES)).collect(),
                )],
                1 => vec![condition(
                    field("Department.ExternalId"),
                    (0..20).map(|n| format!("D{:04}", (rule * 3 + n) % DEPARTMENTS)).collect(),
                )],
                2 => vec![
                    condition(field("CostCenter.Code"), vec![]),
                    condition(Path::Person("Custom.Site".to_owned()), vec!["noord".to_owned()]),
                ],
                _ => vec![
                    condition(field("Location.Name"), vec![]),
                    condition(field("Employer.Code"), vec!["01".to_owned()]),
                ],
            };
            match rule % 4 {
                2 => when[0].prefix = vec![format!("40{}", rule % 6)],
                3 => when[0].not = (0..20).map(|n| format!("Locatie {}", (rule + n) % 25)).collect(),
                _ => {}
            }
            let (before, after) = if rule % 3 == 0 {
                (Margin::Days(14), Margin::Days(1))
            } else {
                (Margin::Time(SignedDuration::from_mins(60)), Margin::Time(SignedDuration::from_mins(30)))
            };
            let grants =
                [Entitlement::Account, Entitlement::Access, Entitlement::Permission(format!("role-{}", rule % 40))];
            let grant = grants
                .into_iter()
                .map(|entitlement| Grant { target: format!("target{}", rule % 3), entitlement })
                .collect();
            Rule { name: format!("rule {rule}"), line: 1, when, sources: None, before, after, grant }
        })
        .collect()
}

/// Asks for every person, on all processors; gives the number of matches.
fn evaluate(rules: &Rules, snapshot: &Snapshot) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let size = snapshot.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..snapshot.len())
            .step_by(size)
            .map(|first| {
                scope.spawn(move || {
                    let mut out = Vec::new();
                    (first..(first + size).min(snapshot.len()))
                        .map(|person| {
                            rules.matches(snapshot, person, now(), &mut out);
                            out.len()
                        })
                        .sum::<usize>()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

/// Measures one size and prints the figures.
fn measure(persons: usize) {
    let rows: Vec<Row> = (0..persons).map(person).collect();
    let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
    let sources = vec![SourceRows { source: "hr".to_owned(), read_at: now(), rows }];
    let rules = Rules::compile(&rules(), zone());
    let start = Instant::now();
    let snapshot = Snapshot::build(&rules, &[], "ExternalId", sources, &[], &zone()).unwrap();
    let build = seconds(start);
    assert_eq!(snapshot.len(), persons);
    let start = Instant::now();
    let matches = evaluate(&rules, &snapshot);
    let evaluated = seconds(start);
    let start = Instant::now();
    assert!(rules.next_change(&snapshot, now()).is_some());
    println!("{bytes} {build} {evaluated} {} {matches}", seconds(start));
}

fn measured(persons: usize) -> Figures {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut running = command.args([MEASURE, &persons.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
    let out = running.stdout.take().unwrap();
    let text = std::io::read_to_string(out).unwrap();
    let done = running.wait4().unwrap();
    assert!(done.status.success(), "measuring {persons} persons failed");
    let parts: Vec<f64> = text.split_whitespace().map(|part| part.parse().unwrap()).collect();
    let [bytes, build, evaluate, next, matches] = parts[..] else { panic!("[{text}] are no figures") };
    let whole = |value: f64| format!("{value:.0}").parse().unwrap();
    let rss = done.rusage.maxrss as f64 / 1024.0 / 1024.0;
    Figures { persons, bytes: whole(bytes), build, evaluate, next, matches: whole(matches), rss }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == MEASURE) {
        return measure(arguments[1].parse().unwrap());
    }
    let given: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if given.is_empty() { SIZES.to_vec() } else { given };
    println!("3 contracts a person, {RULES} rules.\n");
    println!(
        "| persons | rows given | build | evaluate | both | a person | ratio | next change | matches | peak memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut before: Option<Duration> = None;
    for size in sizes {
        let f = measured(size);
        let both = Duration::from_secs_f64(f.build + f.evaluate);
        let ratio =
            before.map_or_else(|| "–".to_owned(), |before| format!("{:.1}", both.as_secs_f64() / before.as_secs_f64()));
        println!(
            "| {} | {:.0} MB | {:.3} s | {:.3} s | {:.3} s | {:.0} ns | {ratio} | {:.3} s | {} | {:.0} MB |",
            f.persons,
            f.bytes as f64 / 1024.0 / 1024.0,
            f.build,
            f.evaluate,
            both.as_secs_f64(),
            both.as_secs_f64() * 1e9 / f.persons as f64,
            f.next,
            f.matches,
            f.rss,
        );
        before = Some(both);
    }
}
