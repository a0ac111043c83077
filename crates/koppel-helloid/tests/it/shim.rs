//! The files of a shim, by what stands in them: no PowerShell runs here.

use std::path::Path;

use koppel::{Field, Fields, Kind, Manifest, Origin, PersonDefault, PersonDefaults, Stage};
use koppel_helloid::mapping::{FieldMapping, SourceMapping};
use koppel_helloid::shim::{ShimFile, Through, files};
use koppel_helloid::{ActionName, Form};
use serde_json::json;

const SERVICE: Through<'_> = Through::Service("https://koppel.example:8443/prefix");

fn manifest(kind: Kind, capabilities: &[&'static str]) -> Manifest {
    let schema = json!({"type": "object", "required": ["Key"], "properties": {
        "Key": {"type": "string", "title": "Key", "writeOnly": true}, "BaseUrl": {"type": "string"},
    }});
    let fields = Fields::open(vec![
        Field::text("login").unique().by_default(&[Stage::Create], Origin::Person("ExternalId")),
        Field::text("mail").by_default(&[Stage::Create, Stage::Update], Origin::WorkMail),
    ]);
    let defaults = PersonDefaults {
        person: vec![PersonDefault::field("ExternalId", "ExternalId")],
        contract: vec![PersonDefault::field("ExternalId", "id")],
    };
    Manifest {
        id: "locker-target".to_owned(),
        kind,
        version: "1.2.3".to_owned(),
        title: "Locker".to_owned(),
        description: "Lockers".to_owned(),
        capabilities: capabilities.to_vec(),
        config_schema: schema,
        account_fields: (kind == Kind::Target).then_some(fields),
        person_defaults: (kind == Kind::Source).then_some(defaults),
    }
}

fn everything() -> Manifest {
    let all: Vec<&'static str> = ["check"].into_iter().chain(ActionName::ALL.map(|(name, _)| name)).collect();
    manifest(Kind::Target, &all)
}

fn source() -> Manifest {
    manifest(Kind::Source, &["check", "persons", "departments"])
}

fn file(files: &[ShimFile], path: &str) -> String {
    files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}")).text.clone()
}

fn scripts(files: &[ShimFile]) -> impl Iterator<Item = &ShimFile> {
    files.iter().filter(|file| Path::new(file.path).extension().is_some_and(|extension| extension == "ps1"))
}

/// Every set there is.
fn sets() -> Vec<Vec<ShimFile>> {
    let manifests = [everything(), source()];
    manifests.iter().flat_map(|one| [Through::Program, SERVICE].map(|through| files(one, through).unwrap())).collect()
}

/// The text as it is in every version.
fn steady(text: &str) -> String {
    text.replace(concat!("koppel ", env!("CARGO_PKG_VERSION"), ":"), "koppel [version]:")
}

#[test]
fn an_action_of_an_account_is_handed_to_the_program() {
    insta::assert_snapshot!(steady(&file(&files(&everything(), Through::Program).unwrap(), "create.ps1")));
}

#[test]
fn an_action_of_an_account_is_handed_to_the_service() {
    insta::assert_snapshot!(steady(&file(&files(&everything(), SERVICE).unwrap(), "create.ps1")));
}

#[test]
fn an_import_is_handed_to_the_program_and_to_the_service() {
    insta::assert_snapshot!(steady(&file(&files(&everything(), Through::Program).unwrap(), "import.ps1")));
    insta::assert_snapshot!(steady(&file(&files(&everything(), SERVICE).unwrap(), "import.ps1")));
}

#[test]
fn persons_are_handed_on_as_text() {
    insta::assert_snapshot!(steady(&file(&files(&source(), Through::Program).unwrap(), "persons.ps1")));
}

#[test]
fn permissions_and_imported_objects_are_the_tables_that_helloid_asks_for() {
    let set = files(&everything(), SERVICE).unwrap();
    for file in scripts(&set) {
        let listing = file.path == "permissions/permissions.ps1" || file.path.contains("mport");
        assert_eq!(file.text.contains("(ConvertTo-Table "), listing, "{}", file.path);
    }
}

#[test]
fn a_page_says_how_to_install_the_set() {
    insta::assert_snapshot!(steady(&file(&files(&everything(), Through::Program).unwrap(), "README.md")));
    insta::assert_snapshot!(steady(&file(&files(&source(), SERVICE).unwrap(), "README.md")));
}

#[test]
fn there_is_a_script_for_each_thing_that_the_connector_can_and_no_other() {
    let names = |manifest: &Manifest| -> Vec<&'static str> {
        files(manifest, Through::Program).unwrap().iter().map(|file| file.path).collect()
    };
    assert_eq!(
        names(&everything()),
        [
            "README.md",
            "configuration.json",
            "create.ps1",
            "delete.ps1",
            "disable.ps1",
            "enable.ps1",
            "fieldMapping.json",
            "import.ps1",
            "permissions/grantPermission.ps1",
            "permissions/import.ps1",
            "permissions/importSubPermissions.ps1",
            "permissions/permissions.ps1",
            "permissions/revokePermission.ps1",
            "permissions/subPermissions.ps1",
            "resources/resources.ps1",
            "uniquenessCheck.ps1",
            "update.ps1",
        ]
    );
    let few = manifest(Kind::Target, &["check", "create", "update", "import-accounts"]);
    assert_eq!(
        names(&few),
        ["README.md", "configuration.json", "create.ps1", "fieldMapping.json", "import.ps1", "update.ps1"]
    );
    let source = names(&source());
    assert_eq!(source, ["README.md", "configuration.json", "departments.ps1", "mapping.json", "persons.ps1"]);
}

#[test]
fn every_script_names_its_own_action_on_the_command_line_and_in_the_address() {
    let (program, service) = (files(&everything(), Through::Program).unwrap(), files(&everything(), SERVICE).unwrap());
    let value = |text: &str, before: &str| {
        let at = text.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {text}"));
        at.split('\'').next().unwrap().to_owned()
    };
    let arguments: Vec<String> = scripts(&program).map(|file| value(&file.text, "$start.Arguments = '")).collect();
    let routes: Vec<String> = scripts(&service).map(|file| value(&file.text, ".TrimEnd('/') + '")).collect();
    let mut actions: Vec<&str> = ActionName::ALL.iter().map(|(name, _)| *name).collect();
    actions.sort_unstable();
    let sorted = |mut all: Vec<String>| {
        all.sort_unstable();
        all
    };
    let run = |action: &&str| format!("run locker-target {action} --log-format json");
    assert_eq!(sorted(arguments), sorted(actions.iter().map(run).collect()));
    assert_eq!(sorted(routes), actions.iter().map(|action| format!("/v1/locker-target/{action}")).collect::<Vec<_>>());
    let create = file(&program, "create.ps1");
    assert_eq!(value(&create, "$start.Arguments = '"), "run locker-target create --log-format json");
}

#[test]
fn every_version_of_powershell_reads_the_scripts_alike() {
    for file in sets().iter().flat_map(|set| scripts(set)) {
        // Windows PowerShell takes a file without a mark for ANSI.
        assert!(file.text.is_ascii(), "{}", file.path);
        assert!(!file.text.contains(['\r', '\t']), "{}", file.path);
        assert!(file.text.ends_with("}\n"), "{}", file.path);
        assert!(file.text.lines().all(|line| line.len() <= 150 && !line.ends_with(' ')), "{}", file.path);
        assert!(file.text.lines().count() <= 140, "{} is no thin script", file.path);
        // What only PowerShell 7 can parse.
        for new in [" ?? ", "?.", " && ", " || ", "clean {"] {
            assert!(!file.text.contains(new), "{}: {new}", file.path);
        }
    }
}

#[test]
fn a_title_cannot_become_a_part_of_a_script() {
    let title = "Z\u{fc}rich \"$(Remove-Item x)\"\nRemove-Item y".to_owned();
    let set = files(&Manifest { title, ..everything() }, Through::Program).unwrap();
    for file in scripts(&set) {
        assert!(file.text.starts_with("# Z?rich ??(Remove-Item x)??Remove-Item y: "), "{}", file.text);
        assert!(file.text.is_ascii() && !file.text.contains("\nRemove-Item"), "{}", file.path);
    }
}

#[test]
fn nothing_is_left_of_the_templates() {
    for file in sets().iter().flatten().filter(|file| !file.text.starts_with(['{', '['])) {
        for mark in ["{{", "}}", "{%", "%}", "{#", "#}"] {
            assert!(!file.text.contains(mark), "{}: {mark}", file.path);
        }
    }
}

/// The quotes and brackets of a script, outside texts and comments, match. It is no parser, but finds what a template
/// lost.
#[test]
fn quotes_and_brackets_match() {
    for file in sets().iter().flat_map(|set| scripts(set)) {
        let mut open = Vec::new();
        for line in file.text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut single = false;
            let mut double = false;
            for c in line.chars() {
                match c {
                    '\'' if !double => single = !single,
                    '"' if !single => double = !double,
                    _ if single => {}
                    '(' | '[' | '{' => open.push(c),
                    ')' | ']' | '}' => {
                        let expected = match c {
                            ')' => '(',
                            ']' => '[',
                            _ => '{',
                        };
                        assert_eq!(open.pop(), Some(expected), "{}: {line}", file.path);
                    }
                    _ => {}
                }
            }
            assert!(!single && !double, "{}: {line}", file.path);
        }
        assert_eq!(open, [], "{}", file.path);
    }
}

#[test]
fn no_secret_is_an_argument_and_what_is_for_the_scripts_goes_no_further() {
    for set in sets() {
        for file in scripts(&set) {
            let text = &file.text;
            assert!(!text.contains("$start.Arguments +="), "{}", file.path);
            if text.contains("koppelToken") {
                assert!(text.contains("@('koppelUrl', 'koppelToken')"), "{}", file.path);
                assert!(text.contains("AllowAutoRedirect = $false") && text.contains("-ne 'https'"), "{}", file.path);
            } else {
                assert!(text.contains("Get-Fields $settings @('koppelPath')"), "{}", file.path);
            }
        }
    }
}

#[test]
fn an_action_ends_before_helloid_ends_it_and_an_import_may_last() {
    let (program, service) = (files(&everything(), Through::Program).unwrap(), files(&everything(), SERVICE).unwrap());
    for (path, seconds) in [
        ("create.ps1", 28),
        ("permissions/subPermissions.ps1", 28),
        ("uniquenessCheck.ps1", 28),
        ("permissions/permissions.ps1", 843),
        ("resources/resources.ps1", 543),
    ] {
        assert!(file(&program, path).contains(&format!("Wait({seconds}000)")), "{path}");
        assert!(file(&service, path).contains(&format!("FromSeconds({seconds})")), "{path}");
    }
    for path in ["import.ps1", "permissions/import.ps1", "permissions/importSubPermissions.ps1"] {
        assert!(!file(&program, path).contains(".Wait("), "{path}");
        assert!(file(&service, path).contains("ResponseHeadersRead"), "{path}");
    }
}

#[test]
fn a_failure_is_told_where_helloid_looks_for_it() {
    for set in sets() {
        for file in scripts(&set) {
            let import = ["mport", "persons.ps1", "departments.ps1"].iter().any(|part| file.path.contains(part));
            let silent = ["permissions/permissions.ps1", "uniquenessCheck.ps1"].contains(&file.path);
            assert_eq!(file.text.contains("throw \"The import from"), import, "{}", file.path);
            assert_eq!(file.text.contains("Write-Error"), silent, "{}", file.path);
            assert_eq!(file.text.contains("$answer = [pscustomobject]@{ Success = $false"), !import, "{}", file.path);
        }
    }
}

#[test]
fn the_form_asks_for_what_the_scripts_need_and_then_for_what_the_connector_needs() {
    let keys = |through| {
        let form = Form::read(file(&files(&everything(), through).unwrap(), "configuration.json").as_bytes());
        assert_eq!(form.findings, []);
        form.value.unwrap().fields
    };
    let program = keys(Through::Program);
    let names: Vec<&str> = program.iter().map(|field| field.key.as_str()).collect();
    assert_eq!((names[0], names.len()), ("koppelPath", 3), "{names:?}");
    assert_eq!(program[0].default, Some(json!("C:\\Program Files\\Koppel\\koppel.exe")));
    let service = keys(SERVICE);
    assert_eq!(service[0].default, Some(json!("https://koppel.example:8443/prefix")));
    assert_eq!((service[1].key.as_str(), service[1].secret, service[1].required), ("koppelToken", true, true));
    assert!(service.iter().any(|field| field.key == "Key" && field.secret));
}

#[test]
fn the_mapping_is_one_that_helloid_imports() {
    let target = file(&files(&everything(), SERVICE).unwrap(), "fieldMapping.json");
    let read = FieldMapping::read(target.as_bytes());
    assert_eq!(read.findings, []);
    assert_eq!(read.value.unwrap().fields.len(), 2);
    let source = file(&files(&source(), SERVICE).unwrap(), "mapping.json");
    assert_eq!(SourceMapping::read(source.as_bytes()).value.unwrap().contract.len(), 1);
}
