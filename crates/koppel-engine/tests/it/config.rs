//! `koppel.toml`: what is read, and what is told of a file that is wrong.

use std::fs;
use std::path::Path as FilePath;

use jiff::SignedDuration;
use koppel_engine::Entitlement;
use koppel_engine::config::{
    Change, Fault, Kind, Limit, Margin, OnRevoke, Path, Settings, SourceThresholds, read, schema,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

const DOCS: &str = include_str!("../../../../docs/engine.md");
const BROKEN: &str = include_str!("fixtures/broken.toml");
const BROKEN_RULES: &str = include_str!("fixtures/broken-rules.toml");

/// The file of the documentation.
fn example() -> &'static str {
    DOCS.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the documentation has the file")
}

fn environment(name: &str) -> Option<String> {
    match name {
        "INPLANNING_PASSWORD" => Some("geheim".to_owned()),
        "HOST" => Some("rooster.example".to_owned()),
        _ => None,
    }
}

/// A folder with the file and all files that the example names.
fn folder(file: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("koppel.toml", file),
        ("inplanning.json", "{\"BaseUrl\": \"https://${HOST}/x\",\r\n \"Password\": \"${INPLANNING_PASSWORD}\"}"),
        ("ipassan.json", "{}"),
        ("mapping.json", "{\"personMappings\": [], \"contractMappings\": []}"),
        ("fieldMapping.json", "{\"MappingFields\": []}"),
    ] {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn read_in(folder: &TempDir) -> Result<Settings, Vec<Fault>> {
    read(&folder.path().join("koppel.toml"), &environment)
}

/// The faults as they are told, with the folder and its separators taken out.
fn told(folder: &TempDir, faults: &[Fault]) -> String {
    let name = |path: &FilePath| path.display().to_string();
    let folder = name(folder.path());
    let lines: Vec<String> = faults.iter().map(|fault| fault.to_string().replace(&folder, "")).collect();
    lines.join("\n").replace(['\\', '/'], "/").replace("/koppel.toml", "koppel.toml")
}

/// A file with one rule, source and target, and more lines in front.
fn minimal(front: &str) -> String {
    format!(
        "{front}\n[[source]]\nname = \"hr\"\nconnector = \"csv-source\"\nconfig = {{}}\n\
         [[target]]\nname = \"deuren\"\nconnector = \"ipassan-target\"\nconfig = {{}}\n\
         [[rule]]\nname = \"Iedereen\"\ngrant = \"deuren:account\"\n"
    )
}

fn toml_as_json(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON")
}

#[test]
fn the_file_of_the_documentation_is_read_whole() {
    let folder = folder(example());
    let settings = read_in(&folder).unwrap_or_else(|faults| panic!("{}", told(&folder, &faults)));

    assert_eq!(settings.zone.iana_name(), Some("Europe/Amsterdam"));
    assert_eq!(settings.persons_key, "ExternalId");
    assert_eq!(settings.persons_order, ["hr", "rooster"]);
    assert_eq!(settings.digest.len(), 64);
    assert!(settings.state_url.starts_with("sqlite:") && settings.state_url.ends_with("koppel.db"));
    assert!(settings.state_url.contains(&folder.path().file_name().unwrap().display().to_string()));

    let [roster, hr] = &settings.sources[..] else { panic!("{:?}", settings.sources) };
    assert_eq!(roster.config, json!({"BaseUrl": "https://rooster.example/x", "Password": "geheim"}));
    assert!(roster.config_place.ends_with("inplanning.json"));
    assert!(roster.mapping.as_ref().is_some_and(|(file, bytes)| file.ends_with("mapping.json") && !bytes.is_empty()));
    assert_eq!(roster.max_age, SignedDuration::from_mins(60));
    assert_eq!(hr.config["delimiter"], ";");
    assert!(hr.config_place.ends_with("koppel.toml source.hr.config"));
    assert_eq!(hr.config_folder, settings.folder);
    let removed = vec![Limit::Percent(10.0), Limit::Count(25)];
    assert_eq!(hr.thresholds, SourceThresholds { removed, added: vec![], blocked: vec![Limit::Count(20)] });

    let [doors] = &settings.targets[..] else { panic!("{:?}", settings.targets) };
    assert_eq!(
        doors.correlate.as_ref().map(|c| (c.person.as_str(), c.account.as_str())),
        Some(("ExternalId", "number"))
    );
    assert_eq!((doors.concurrency.get(), doors.on_revoke), (4, OnRevoke::Disable));
    assert_eq!(doors.rate.map(|rate| (rate.count.get(), rate.per)), Some((10, SignedDuration::from_secs(1))));
    assert_eq!(doors.thresholds[&(Kind::Access, Change::Revoke)], [Limit::Count(50)]);
    assert_eq!(doors.thresholds.len(), 2);

    let [staff, nurses] = &settings.rules[..] else { panic!("{:?}", settings.rules) };
    assert_eq!((staff.before, staff.after), (Margin::Days(14), Margin::Days(7)));
    assert_eq!(staff.when[0].path, Path::Contract("Custom.Extern".to_owned()));
    assert_eq!(staff.when[0].not, ["true"]);
    assert_eq!(nurses.sources, Some(vec!["rooster".to_owned()]));
    assert_eq!(nurses.after, Margin::Time(SignedDuration::from_mins(30)));
    assert_eq!((nurses.when[0].any.len(), &nurses.when[0].prefix[..]), (2, &["Arts".to_owned()][..]));
    assert_eq!(nurses.grant[2].entitlement, Entitlement::Permission("12".to_owned()));
    let line = example().lines().position(|line| line.contains("Verpleging op dienst")).unwrap();
    assert_eq!(nurses.line, line, "the line of [[rule]], which is the one before its name");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let folder = folder(BROKEN);
    fs::write(folder.path().join("inplanning.json"), "{\"a\": 1,\n \"Wachtwoord é\": \"x${ROOSTER_PASSWORD}\"}")
        .unwrap();
    fs::write(folder.path().join("broken.json"), "{\"ü\": 1,\n  \"ü\" 2}").unwrap();
    let faults = read_in(&folder).unwrap_err();
    let told = told(&folder, &faults);
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!("broken", told);
}

#[test]
fn everything_that_is_wrong_with_rules_is_told_at_once() {
    let folder = folder(BROKEN_RULES);
    let faults = read_in(&folder).unwrap_err();
    insta::assert_snapshot!("broken_rules", told(&folder, &faults));
}

#[test]
fn a_file_without_sources_targets_or_rules_is_refused() {
    let folder = folder("[source]\nname = \"hr\"\n");
    let faults = read_in(&folder).unwrap_err();
    let told = told(&folder, &faults);
    for part in ["[source] is a table", "write [[source]]", "there is no target", "there is no rule"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(faults.len(), 3, "{told}");
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    let folder = folder("[state]\nurl = \nü = 5 x\n[[source]]\nname = \"hr\n");
    let faults = read_in(&folder).unwrap_err();
    let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column)).collect();
    assert_eq!(places, [(2, 7), (3, 1), (3, 5), (5, 11)], "{}", told(&folder, &faults));
}

#[test]
fn a_file_that_is_too_large_or_missing_or_a_folder_says_so() {
    let folder = folder(&"#".repeat(1024 * 1024 + 1));
    assert!(read_in(&folder).unwrap_err()[0].message.contains("larger than 1024 KiB"));
    for (name, why) in [("nothing.toml", "does not exist"), (".", "not a file")] {
        let faults = read(&folder.path().join(name), &environment).unwrap_err();
        assert!(faults[0].message.contains(why), "{faults:?}");
        assert_eq!(faults[0].line, 0);
    }
}

#[test]
fn a_file_in_utf_16_is_read_as_powershell_writes_it() {
    let folder = folder("");
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(minimal("").encode_utf16().flat_map(u16::to_le_bytes));
    fs::write(folder.path().join("koppel.toml"), bytes).unwrap();
    assert_eq!(read_in(&folder).unwrap().rules.len(), 1);
}

#[test]
fn what_is_left_out_has_its_default() {
    let settings = read_in(&folder(&minimal(""))).unwrap();
    assert_eq!(settings.zone.iana_name(), Some("Europe/Amsterdam"));
    assert_eq!(settings.persons_order, ["hr"]);
    assert!(settings.rules[0].when.is_empty() && settings.rules[0].sources.is_none());
    assert_eq!(settings.rules[0].before, Margin::default());
    assert_eq!(settings.targets[0].concurrency.get(), 4);
    assert!(settings.targets[0].thresholds.is_empty() && settings.targets[0].mapping.is_none());
    assert_eq!(settings.sources[0].max_age, SignedDuration::from_mins(60));
}

#[test]
fn a_dotted_key_is_the_same_as_one_in_quotes() {
    let dotted = minimal("").replace(
        "config = {}\n[[rule]]",
        "config = {}\nthresholds = { account.revoke = \"5%\", access = { grant = 1 } }\n[[rule]]",
    ) + "[rule.when]\nTitle.Name = \"Arts\"\ndepartment.ExternalId = { not = [7] }\nCustom.A.any = [\"x\"]\n";
    let folder = folder(&dotted);
    let settings = read_in(&folder).unwrap_or_else(|faults| panic!("{}", told(&folder, &faults)));
    let thresholds: Vec<_> = settings.targets[0].thresholds.keys().copied().collect();
    assert_eq!(thresholds, [(Kind::Account, Change::Revoke), (Kind::Access, Change::Grant)]);
    let fields: Vec<String> = settings.rules[0].when.iter().map(|condition| condition.path.to_string()).collect();
    assert_eq!(fields, ["Contract.Title.Name", "Contract.Department.ExternalId", "Contract.Custom.A"]);
    assert_eq!(
        (&settings.rules[0].when[1].not[..], &settings.rules[0].when[2].any[..]),
        (&["7".to_owned()][..], &["x".to_owned()][..])
    );
    validate(&dotted).unwrap();
}

#[test]
fn the_environment_is_put_into_every_text_of_a_configuration() {
    let with = |config: &str| minimal("").replacen("config = {}", &format!("config = {config}"), 1);
    let folder = folder(&with("{ a = [\"${HOST}\", { b = \"x-${HOST}-$${HOST}\" }], c = 1, d = 1.5, e = 2026-01-01 }"));
    let config = &read_in(&folder).unwrap().sources[0].config;
    let b = "x-rooster.example-${HOST}";
    assert_eq!(*config, json!({"a": ["rooster.example", {"b": b}], "c": 1, "d": 1.5, "e": "2026-01-01"}));

    let missing = with("{ a = [\"hunter2 ${HOST} ${NOBODY}\", \"${}\"] }");
    let folder = self::folder(&missing);
    let faults = read_in(&folder).unwrap_err();
    assert_eq!(
        told(&folder, &faults),
        "koppel.toml:5:34: source [hr]: config.a: the environment variable [NOBODY] is not set\n\
         koppel.toml:5:47: source [hr]: config.a: ${ is not followed by the name of a variable and }; write $${ for ${ itself"
    );
}

#[test]
fn the_state_may_take_its_password_from_the_environment_and_shows_none() {
    let url = |url: &str| read_in(&folder(&minimal(&format!("[state]\nurl = \"{url}\""))));
    assert_eq!(
        url("postgres://koppel:${INPLANNING_PASSWORD}@db/koppel").unwrap().state_url,
        "postgres://koppel:geheim@db/koppel"
    );
    assert_eq!(url("sqlite::memory:").unwrap().state_url, "sqlite::memory:");
    assert!(url("sqlite://sub/koppel.db?mode=rwc").unwrap().state_url.ends_with("koppel.db?mode=rwc"));
    for wrong in ["mysql://koppel:hunter2@db", "sqlite:", "koppel.db"] {
        let faults = url(wrong).unwrap_err();
        assert!(faults.len() == 1 && !faults[0].to_string().contains("hunter2"), "{faults:?}");
    }
    let settings = url("postgres://koppel:${INPLANNING_PASSWORD}@db/koppel").unwrap();
    assert!(!format!("{settings:?}").contains("geheim"));
}

#[test]
fn a_lease_is_a_time_from_a_second_to_a_day() {
    let lease = |text: &str| read_in(&folder(&minimal(&format!("[state]\nlease = \"{text}\""))));
    for (text, seconds) in [("1s", 1), ("2m", 120), ("24h", 86_400)] {
        let settings = lease(text).unwrap();
        assert_eq!(settings.lease.as_secs(), seconds);
        assert!(settings.state_url.ends_with("koppel.db"), "the rest stays");
    }
    assert_eq!(read_in(&folder(&minimal(""))).unwrap().lease.as_secs(), 30);
    for wrong in ["0", "25h", "1d", "soon", ""] {
        let faults = lease(wrong).unwrap_err();
        assert!(faults.len() == 1 && faults[0].to_string().contains("lease"), "{wrong}: {faults:?}");
    }
}

#[test]
fn the_digest_follows_the_file_and_every_file_that_it_names() {
    let folder = folder(example());
    let digest = || read_in(&folder).unwrap().digest;
    let before = digest();
    assert_eq!(before, digest());
    for name in ["koppel.toml", "inplanning.json", "ipassan.json", "mapping.json", "fieldMapping.json"] {
        let file = folder.path().join(name);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n")).unwrap();
        assert_ne!(before, digest(), "{name}");
        fs::write(&file, text).unwrap();
    }
    assert_eq!(before, digest());
}

fn validate(text: &str) -> Result<(), String> {
    let validator = jsonschema::draft202012::new(&schema()).expect("a schema");
    validator.validate(&toml_as_json(text)).map_err(|error| error.to_string())
}

#[test]
fn the_schema_takes_the_file_of_the_documentation_and_no_key_that_is_not_known() {
    assert!(jsonschema::draft202012::meta::validate(&schema()).is_ok());
    validate(example()).unwrap();
    validate(&minimal("")).unwrap();
    for (from, to) in [
        ("[persons]", "[personen]"),
        ("on_revoke", "onrevoke"),
        ("before", "befor"),
        ("any =", "anny ="),
        ("\"account.revoke\"", "\"account.remove\""),
        ("\"deuren:account\"", "\"deuren:acount\""),
        ("\"60m\"", "\"60 minutes\""),
        ("\"10%\"", "\"110%\""),
        ("max_age", "maxage"),
    ] {
        let wrong = example().replace(from, to);
        assert_ne!(wrong, example(), "{from}");
        assert!(validate(&wrong).is_err(), "{to}");
        assert!(read_in(&folder(&wrong)).is_err(), "{to}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n|=|\"|\\[|\\{|\\$){0,200}") {
        let _ = read_in(&folder(&text));
    }

    #[test]
    fn no_change_of_a_good_file_makes_it_panic(at in 0..example().len(), cut in 0..40_usize, put in "(\\PC|[0-9a-z\"=\\[\\]{}.,:$%#\n-]){0,12}") {
        let mut text: Vec<char> = example().chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Err(faults) = read_in(&folder(&text)) {
            prop_assert!(!faults.is_empty());
            let lines = text.split('\n').count();
            prop_assert!(faults.iter().all(|fault| fault.line <= lines), "{faults:?}");
        }
    }
}
