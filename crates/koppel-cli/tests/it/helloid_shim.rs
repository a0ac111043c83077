//! `koppel helloid shim`: the set in its folder, what its command lines do, and the mappings that the connectors propose.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use koppel_helloid::mapping::{FieldMapping, Rule, SourceMapping, Stage, Subject};
use koppel_helloid::script::{QuickJs, Settings};
use koppel_sandbox::{Options, System};
use serde_json::{Value, json};

use crate::support::{DOORS, Koppel, Output, PLANNING, SOURCE, World, about, merged, new_person, new_user};

fn shim(id: &str, folder: &Path, more: &[&str]) -> Output {
    Koppel::new(&["helloid", "shim", id, "--out", folder.to_str().unwrap()]).arguments(more).run()
}

/// The set of a connector in a folder of its own.
fn set(world: &World, id: &str) -> PathBuf {
    let folder = world.path(&format!("{id}-set"));
    shim(id, &folder, &[]).exits(0);
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Every file below a folder, but for the record.
fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(tree(&path));
        } else if path.file_name().unwrap() != ".koppel-shim.json" {
            found.insert(path);
        }
    }
    found
}

/// What a script hands to the program on its command line.
fn arguments(script: &str) -> Vec<String> {
    let text = script.split("$start.Arguments = '").nth(1).unwrap().split('\'').next().unwrap();
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_set_has_a_script_for_every_capability_and_says_what_it_wrote() {
    let world = World::empty();
    for id in [SOURCE, PLANNING, DOORS] {
        for more in [&[][..], &["--url", "https://koppel.example.com:8443/"]] {
            let folder = world.path("set");
            let output = shim(id, &folder, more).exits(0);
            let written: BTreeSet<PathBuf> = output.stdout.lines().map(PathBuf::from).collect();
            assert_eq!(written, tree(&folder), "{id}");
            assert!(output.stderr.contains("README.md says how to install them"), "{output:#?}");
            let described: Value = serde_json::from_str(&Koppel::new(&["describe", id]).run().fine().stdout).unwrap();
            let can = described["capabilities"].as_array().unwrap().len();
            let scripts = written.iter().filter(|path| path.extension().is_some_and(|e| e == "ps1")).count();
            assert_eq!(scripts, can - 1, "{id}: a script each, but for check");
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}

#[test]
fn the_command_line_of_every_action_script_gets_an_answer() {
    let world = World::empty();
    for (id, person) in [(DOORS, new_person("1001")), (PLANNING, new_user("1001"))] {
        let folder = set(&world, id);
        for path in tree(&folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "ps1")) {
            let mut input = world.document(id, &merged(person.clone(), &json!({"DryRun": true})));
            input["outputContext"] = json!({"Data": person["Data"]});
            let output = world.koppel(&arguments(&fs::read_to_string(&path).unwrap())).input(input.to_string()).run();
            let lines = output.lines();
            if path.to_str().unwrap().contains("mport") {
                assert_eq!((output.code, lines.len()), (0, 0), "nobody is there yet: {output:#?}");
            } else {
                assert!(lines[0]["outputContext"]["Success"].is_boolean(), "{}: {output:#?}", path.display());
            }
            // What the script makes messages of.
            output.json_log();
        }
    }
}

#[test]
fn the_command_line_of_a_source_script_reads_the_configuration_from_stdin() {
    let world = World::with(Options::default().persons(4));
    let folder = set(&world, SOURCE);
    let config = world.config(SOURCE);
    for command in ["persons", "departments"] {
        let arguments = arguments(&read(&folder, &format!("{command}.ps1")));
        let output = world.koppel(&arguments).input(config.to_string()).run().exits(0);
        assert!(!output.lines().is_empty());
        assert_eq!(output.stdout, world.with_config(command, SOURCE, &config).run().exits(0).stdout);
    }
    let output = world.koppel(&["persons", SOURCE, "--config", "-"]).input("{").run().exits(2).says_nothing();
    assert!(output.stderr.contains("stdin: is not JSON"), "{output:#?}");
    let output = world.koppel(&["persons", SOURCE, "--config", "-"]).input("{}").run().exits(2).says_nothing();
    assert!(output.stderr.contains("stdin: BaseUrl"), "{output:#?}");
}

#[test]
fn a_set_is_written_anew_where_nobody_changed_it() {
    let world = World::empty();
    let folder = set(&world, DOORS);
    let before = read(&folder, "create.ps1");
    // A version control system may have changed the ends of lines.
    fs::write(folder.join("create.ps1"), before.replace('\n', "\r\n")).unwrap();
    fs::remove_file(folder.join("delete.ps1")).unwrap();
    shim(DOORS, &folder, &[]).exits(0);
    assert_eq!(read(&folder, "create.ps1"), before);
    assert!(folder.join("delete.ps1").exists());
    shim(DOORS, &folder, &["--url", "https://koppel.example.com"]).exits(0);
    assert!(read(&folder, "create.ps1").contains("/v1/ipassan-target/create"));
    assert!(tree(&folder).iter().all(|path| !path.to_str().unwrap().ends_with("koppel-new")));
}

#[test]
fn what_somebody_changed_or_put_there_is_never_written_over() {
    let world = World::empty();
    let folder = set(&world, PLANNING);
    let ours = read(&folder, "update.ps1");
    fs::write(folder.join("fieldMapping.json"), "{}").unwrap();
    fs::write(folder.join("permissions/import.ps1"), "# mine").unwrap();
    let url = ["--url", "https://koppel.example.com"];
    let output = shim(PLANNING, &folder, &url).exits(1).says_nothing();
    for told in ["fieldMapping.json", "import.ps1", "nothing was written"] {
        assert!(output.stderr.contains(told), "{told}: {output:#?}");
    }
    assert_eq!((read(&folder, "fieldMapping.json").as_str(), read(&folder, "update.ps1")), ("{}", ours));

    let other = world.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("create.ps1"), "# written by somebody else").unwrap();
    let output = shim(DOORS, &other, &[]).exits(1).says_nothing();
    assert!(output.stderr.contains("create.ps1"), "{output:#?}");
    assert_eq!(tree(&other).len(), 1, "nothing else was written");
}

#[test]
fn two_connectors_do_not_share_a_folder() {
    let world = World::empty();
    let folder = set(&world, PLANNING);
    let before = tree(&folder);
    let output = shim(DOORS, &folder, &[]).exits(1).says_nothing();
    assert!(output.stderr.contains("holds the files of inplanning-target"), "{output:#?}");
    assert_eq!(tree(&folder), before);
}

#[test]
fn a_file_that_the_set_no_longer_has_is_told() {
    let world = World::empty();
    let folder = set(&world, DOORS);
    let record = folder.join(".koppel-shim.json");
    let mut known: Value = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
    known["files"]["resources.ps1"] = json!("0");
    fs::write(&record, known.to_string()).unwrap();
    fs::write(folder.join("resources.ps1"), "# of an older version").unwrap();
    let output = shim(DOORS, &folder, &[]).exits(0);
    assert!(output.stderr.contains("resources.ps1 is no longer part of the set"), "{output:#?}");
    assert!(folder.join("resources.ps1").exists(), "it is not deleted");
}

#[test]
fn an_address_that_would_give_secrets_away_is_refused() {
    let world = World::empty();
    let folder = world.path("set");
    for (url, told) in [
        ("http://koppel.example.com", "must begin with https://, for secrets go along"),
        ("http://localhost.example.com", "must begin with https://"),
        ("ftp://koppel.example.com", "must begin with https://"),
        ("koppel.example.com", "is no address"),
        ("https://", "is no address"),
        ("https://koppel.example.com/?token=x", "must end with its path"),
        ("https://koppel.example.com/#x", "must end with its path"),
    ] {
        let output = shim(DOORS, &folder, &["--url", url]).exits(2).says_nothing();
        assert!(output.stderr.contains(told), "{url}: {output:#?}");
    }
    let output = shim(DOORS, &folder, &["--url", "https://me:hunter2@koppel.example.com"]).exits(2).says_nothing();
    assert!(output.stderr.contains("password") && !output.stderr.contains("hunter2"), "{output:#?}");
    assert!(!folder.exists(), "nothing was written");
    for url in ["http://localhost:8443", "http://127.0.0.1:8443", "http://[::1]:8443", "https://a.example/b/"] {
        shim(DOORS, &folder, &["--url", url]).exits(0);
        let form: Value = serde_json::from_str(&read(&folder, "configuration.json")).unwrap();
        assert_eq!(form[0]["defaultValue"], url.trim_end_matches('/'));
    }
}

#[test]
fn a_wrong_connector_or_folder_exits_with_2() {
    let world = World::empty();
    let output = shim("afas-target", &world.path("set"), &[]).exits(2).says_nothing();
    assert!(output.stderr.contains("there is no connector [afas-target]"), "{output:#?}");
    let file = world.file("taken", "x");
    let output = shim(DOORS, &file, &[]).exits(2).says_nothing();
    assert!(output.stderr.contains("--out: cannot make"), "{output:#?}");
}

#[test]
fn the_mapping_of_every_target_fills_each_required_field_once_for_create() {
    for id in [PLANNING, DOORS] {
        let described: Value = serde_json::from_str(&Koppel::new(&["describe", id]).run().fine().stdout).unwrap();
        for field in described["accountFields"]["fields"].as_array().unwrap() {
            let defaults = field["defaults"].as_array().cloned().unwrap_or_default();
            let stages: Vec<&Value> = defaults.iter().flat_map(|one| one["stages"].as_array().unwrap()).collect();
            let once: BTreeSet<String> = stages.iter().map(ToString::to_string).collect();
            assert_eq!(once.len(), stages.len(), "{id}: {field}");
            assert!(field["required"] == false || once.contains("\"create\""), "{id}: {field}");
        }
    }
}

/// What HelloID would hand to an action, by the mapping of the set.
fn mapped(mapping: &FieldMapping, stage: Stage, person: &Value) -> Value {
    let clock = Arc::new(koppel::FixedClock::new(jiff::Timestamp::UNIX_EPOCH));
    let mut engine = QuickJs::new(Settings::new(jiff::tz::TimeZone::UTC, clock));
    let evaluated = mapping.evaluate(&mut engine, stage, &Subject { person, manager: None, iteration: 0 }).unwrap();
    assert_eq!(evaluated.findings, []);
    evaluated.data.to_nested()
}

#[test]
fn the_mapping_of_every_target_makes_an_account_that_needs_no_update() {
    let world = World::empty();
    let person = json!({
        "ExternalId": "1001", "Accounts": {},
        "Name": {"NickName": "Jan", "FamilyName": "Vries", "FamilyNamePrefix": "de", "Convention": "B"},
        "Contact": {"Business": {"Email": "jan@example.com", "Phone": {"Fixed": "+31 30 1234567"}}},
        "PrimaryContract": {"Title": {"Name": "Noord"}},
    });
    for (id, made, kept) in [
        (
            DOORS,
            json!({"number": "1001", "lastname": "Vries", "mail": "jan@example.com", "type": 2}),
            new_person("1001"),
        ),
        (PLANNING, json!({"username": "1001", "lastName": "de Vries", "email": "jan@example.com"}), new_user("1001")),
    ] {
        let mapping = FieldMapping::read(read(&set(&world, id), "fieldMapping.json").as_bytes()).value.unwrap();
        let create = merged(kept, &json!({"Data": mapped(&mapping, Stage::Create, &person)}));
        let answer = world.run(id, "create", &world.document(id, &create)).fine().answer();
        assert_eq!(answer.actions(), ["CreateAccount"], "{id}");
        for (field, value) in made.as_object().unwrap() {
            assert_eq!(&answer.0["Data"][field], value, "{id}: {field}");
        }
        let writes = |world: &World| [System::InPlanning, System::IPassan].map(|system| world.stats().writes(system));
        let before = writes(&world);
        let update = about(&answer.reference(), &mapped(&mapping, Stage::Update, &person));
        world.run(id, "update", &world.document(id, &update)).fine().answer();
        assert_eq!(writes(&world), before, "{id}: nothing had to change");
    }
}

#[test]
fn every_path_of_the_source_mapping_is_one_that_the_source_gives() {
    let world = World::with(Options::default().persons(4));
    let described: Value = serde_json::from_str(&Koppel::new(&["describe", SOURCE]).run().fine().stdout).unwrap();
    let persons = world.with_config("persons", SOURCE, &world.config(SOURCE)).run().exits(0).lines();
    let person = persons.iter().find(|person| person["Contracts"][0].is_object()).unwrap();
    let mut looked_at = 0;
    for (part, raw) in [("person", person), ("contract", &person["Contracts"][0])] {
        for row in described["personDefaults"][part].as_array().unwrap() {
            let Some(path) = row["origin"]["field"].as_str() else { continue };
            let pointer = format!("/{}", path.replace('.', "/"));
            assert!(raw.pointer(&pointer).is_some(), "{path} is not in {raw}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 10, "{described}");
}

/// The public connectors' own files, where they are.
fn public(path: &str) -> Option<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let found = fs::read(corpus.join(path)).ok();
    if found.is_none() {
        eprintln!("skipped: there is no {path} in {}", corpus.display());
    }
    found
}

/// One line per field and action; the text of a script is left out, for ours are our own.
fn rows(mapping: &FieldMapping) -> BTreeSet<String> {
    let value = |rule: &Rule| match rule {
        Rule::Field(path) => format!("field {path}"),
        Rule::Fixed(value) => format!("fixed {value}"),
        Rule::Complex(_) => "script".to_owned(),
        Rule::None => "none".to_owned(),
    };
    let actions = mapping.fields.iter().flat_map(|field| field.actions.iter().map(move |action| (field, action)));
    actions
        .flat_map(|(field, action)| {
            let flags = (action.store_in_account_data, action.used_in_notifications);
            let row = move |stage| format!("{} {stage} {:?} {} {flags:?}", field.name, field.kind, value(&action.rule));
            action.stages.iter().map(row).collect::<Vec<_>>()
        })
        .collect()
}

fn differences(ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    (ours.difference(theirs).cloned().collect(), theirs.difference(ours).cloned().collect())
}

#[test]
fn the_mapping_of_a_target_is_that_of_the_public_connector_with_its_faults_mended() {
    let world = World::empty();
    let flags = "(false, false)";
    let doors = (
        vec![format!("other Create Text none {flags}"), format!("other Update Text none {flags}")],
        // A sample text that would stand with every person.
        vec![
            format!("other Create Text fixed \"Custom Comment\" {flags}"),
            format!("other Update Text fixed \"Custom Comment\" {flags}"),
        ],
    );
    let planning = (
        // An account is made disabled: account access enables it.
        vec![format!("active Create Text fixed \"False\" {flags}")],
        vec![format!("active Create Text fixed \"True\" {flags}")],
    );
    for (id, repository, expected) in [
        (DOORS, "HelloID-Conn-Prov-Target-IPassan", doors),
        (PLANNING, "HelloID-Conn-Prov-Target-Intus-Inplanning", planning),
    ] {
        let Some(theirs) = public(&format!("{repository}/fieldMapping.json")) else { return };
        let theirs = FieldMapping::read(&theirs).value.unwrap();
        let ours = FieldMapping::read(read(&set(&world, id), "fieldMapping.json").as_bytes());
        assert_eq!(ours.findings, []);
        assert_eq!(differences(&rows(&ours.value.unwrap()), &rows(&theirs)), expected);
    }
}

#[test]
fn the_mapping_of_the_source_is_that_of_the_public_connector_with_its_faults_mended() {
    let world = World::empty();
    let Some(theirs) = public("HelloID-Conn-Prov-Source-Intus-Inplanning/mapping.json") else { return };
    let rows = |mapping: &SourceMapping| -> BTreeSet<String> {
        let of = |rows: &[koppel_helloid::mapping::SourceRule], what: &str| -> Vec<String> {
            let value = |rule: &Rule| match rule {
                Rule::Complex(_) => "script".to_owned(),
                other => format!("{other:?}"),
            };
            let row = |row: &koppel_helloid::mapping::SourceRule| {
                format!("{what} {} {} {} {}", row.name, value(&row.rule), row.required, row.convert_to_string)
            };
            rows.iter().map(row).collect()
        };
        of(&mapping.person, "person").into_iter().chain(of(&mapping.contract, "contract")).collect()
    };
    let ours = SourceMapping::read(read(&set(&world, SOURCE), "mapping.json").as_bytes()).value.unwrap();
    let theirs = SourceMapping::read(&theirs).value.unwrap();
    let expected = (
        vec![
            // HelloID asks for it, and a display name is no user name.
            "person Name.Convention Fixed(String(\"B\")) true false".to_owned(),
            "person UserName Field(\"ExternalId\") false false".to_owned(),
        ],
        vec!["person UserName Field(\"DisplayName\") false false".to_owned()],
    );
    assert_eq!(differences(&rows(&ours), &rows(&theirs)), expected);
}
