//! Complex mappings of public connectors, against what another engine gave for them.

use std::path::{Path, PathBuf};

use koppel_helloid::script::{Engine, QuickJs, Scope, ScriptErrorKind};
use serde_json::Value;

use crate::script::settings;

/// Mappings whose value differs, and the reason: they name a system in which the person has no account, by an identifier
/// (`_fa89…`) or in the wrong case (`MicrosoftactiveDirectory`). What made the list gave every such system the account of
/// Active Directory. HelloID's manual says that the value is empty for a person without an account there.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("HelloID-Conn-Prov-Target-Ecare-PUUR/fieldMapping.json", "ExternalId"),
    ("HelloID-Conn-Prov-Target-Ecare-PUUR/fieldMapping.json", "userName"),
    ("HelloID-Conn-Prov-Target-Ecare-PUUR/fieldMapping.json", "WorkEmail"),
    ("HelloID-Conn-Prov-Target-NokiLock-Employees/fieldMapping.json", "emailAddress"),
];

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if folder.join("script-results.json").is_file() {
        return Some(folder);
    }
    println!("skipped: the corpus of public files is not here");
    None
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

/// The script of a mapping, by field and actions.
fn script(file: &Value, expected: &Value) -> String {
    let field =
        file["MappingFields"].as_array().unwrap().iter().find(|field| field["Name"] == expected["field"]).unwrap();
    let action = field["MappingActions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|action| action["MappingMode"] == "Complex" && action["MapForActions"] == expected["actions"]);
    serde_json::from_str(action.unwrap()["Value"].as_str().unwrap()).unwrap()
}

#[test]
fn public_mappings_give_what_another_engine_gave() {
    let Some(folder) = corpus() else { return };
    let person = json(&folder.join("demo-person.json"));
    let scope = Scope { person: Some(&person), iteration: Some(0), ..Scope::default() };
    let (mut as_text, as_dates) = (settings("Europe/Amsterdam"), settings("Europe/Amsterdam"));
    as_text.dates_as_text = true;
    let (mut as_text, mut as_dates) = (QuickJs::new(as_text), QuickJs::new(as_dates));
    let (mut agreed, mut excepted, mut failed, mut differ, mut unlike) = (0, 0, 0, Vec::new(), Vec::new());
    for expected in json(&folder.join("script-results.json")).as_array().unwrap() {
        let (file, field) = (expected["file"].as_str().unwrap(), expected["field"].as_str().unwrap());
        let script = script(&json(&folder.join(file)), expected);
        let given = as_text.evaluate(&script, &scope);
        let alone = as_text.evaluate(&format!("void this;{script}"), &scope);
        let dated = as_dates.evaluate(&script, &scope);
        let what = format!("{file} {field}");
        if expected["random_or_date"] == true {
            // It is another value each time, but it is one.
            assert!(given.unwrap().is_string() && dated.unwrap().is_string(), "{what}");
            continue;
        }
        assert_eq!(alone, given, "{what}");
        if !expected["result"]["error"].is_null() {
            assert_eq!(given.unwrap_err().kind, ScriptErrorKind::Thrown, "{what}");
            failed += 1;
            continue;
        }
        let missing =
            script.contains("Person.Accounts.") && !script.contains("Person.Accounts.MicrosoftActiveDirectory");
        if missing && EXCEPTIONS.contains(&(file, field)) {
            assert!(matches!(given.unwrap().as_str(), None | Some("")), "{what}");
            excepted += 1;
            continue;
        }
        let given = given.unwrap_or_else(|e| panic!("{what}: {e}"));
        if given != expected["result"]["value"] {
            unlike.push(format!("{what} {}: {given} and not {}", expected["actions"], expected["result"]["value"]));
            continue;
        }
        agreed += 1;
        if dated.as_ref() != Ok(&given) {
            differ.push(format!("{what}: {given} as text, {dated:?} as a date"));
        }
    }
    assert!(unlike.is_empty(), "{unlike:#?}");
    assert_eq!((agreed, excepted, failed), (112, EXCEPTIONS.len(), 4));
    println!("{} differ with dates as dates: {differ:#?}", differ.len());
}
