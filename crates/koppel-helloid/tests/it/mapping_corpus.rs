//! The mappings of public connectors: read as they are, written and read again, evaluated for every action.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use koppel_helloid::FileContent;
use koppel_helloid::mapping::{FieldMapping, PersonInput, Rule, SourceMapping, SourceOptions, Stage, Subject};
use serde_json::json;

use crate::mapping::Fake;
use crate::mapping_fuzz::{without_lines, without_source_lines};
use crate::script::engine;

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the corpus of public files is not here");
    None
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            found.push(path);
        }
    }
}

/// Every file that is a mapping by its content, by its path in the corpus.
fn mappings(folder: &Path) -> Vec<(String, FileContent)> {
    let mut files = Vec::new();
    json_files(folder, &mut files);
    files.sort();
    let mut mappings = Vec::new();
    for path in files {
        let read = FileContent::read(&std::fs::read(&path).unwrap());
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
        match read.value {
            Some(content @ (FileContent::FieldMapping(_) | FileContent::SourceMapping(_))) => {
                let errors: Vec<_> =
                    read.findings.iter().filter(|f| f.severity == koppel_helloid::Severity::Error).collect();
                assert!(errors.is_empty(), "{name}: {errors:?}");
                mappings.push((name, content));
            }
            Some(FileContent::Empty) => assert!(name.ends_with("correlateOnly/fieldMapping.json"), "{name}"),
            Some(FileContent::Form(_)) | None => assert!(!name.ends_with("apping.json"), "{name}: {:?}", read.findings),
        }
    }
    mappings
}

#[test]
fn every_public_mapping_is_read_without_error_and_written_as_it_was() {
    let Some(folder) = corpus() else { return };
    let (mut targets, mut sources) = (0, 0);
    for (name, content) in mappings(&folder) {
        match content {
            FileContent::FieldMapping(mapping) => {
                targets += 1;
                let written = mapping.to_json().to_string();
                let again = FieldMapping::read(written.as_bytes()).value.unwrap();
                assert_eq!(without_lines(again), without_lines(mapping), "{name}");
            }
            FileContent::SourceMapping(mapping) => {
                sources += 1;
                let written = mapping.to_json().to_string();
                let again = SourceMapping::read(written.as_bytes()).value.unwrap();
                assert_eq!(without_source_lines(again), without_source_lines(mapping), "{name}");
            }
            _ => {}
        }
    }
    assert_eq!((targets, sources), (48, 17));
}

#[test]
fn every_public_field_mapping_is_evaluated_for_every_action() {
    let Some(folder) = corpus() else { return };
    let input = PersonInput::read(&std::fs::read(folder.join("demo-person.json")).unwrap()).unwrap();
    let subject = Subject { person: &input.person, manager: None, iteration: 0 };
    let mut engine = engine();
    let (mut values, mut failed) = (0, Vec::new());
    for (name, content) in mappings(&folder) {
        let FileContent::FieldMapping(mapping) = content else { continue };
        for stage in Stage::ALL {
            assert!(mapping.evaluate(&mut Fake, stage, &subject).is_ok(), "{name} {stage}");
            match mapping.evaluate(&mut engine, stage, &subject) {
                Ok(evaluated) => {
                    let mapped = mapping.origins(stage, &evaluated.data).filter(|origin| origin.mode != "None").count();
                    assert_eq!(evaluated.data.iter().count(), mapped, "{name} {stage}");
                    values += mapped;
                }
                Err(findings) => {
                    failed.extend(findings.into_iter().map(|finding| format!("{name} {stage}: {finding}")));
                }
            }
        }
    }
    assert!(values > 700, "{values}");
    // Paths in another case than the person's, and fields that the demo person does not have.
    let expected =
        [("Canvas", "short_name"), ("Canvas", "sortable_name"), ("NokiLock", "cardID"), ("NokiLock", "number")];
    assert_eq!(failed.len(), 2 * expected.len(), "for Create and for Update: {failed:#?}");
    for (file, field) in expected {
        let about = |line: &&String| {
            line.contains(file) && line.contains(&format!("field [{field}]: the script gives no value"))
        };
        assert_eq!(failed.iter().filter(about).count(), 2, "{file} {field}: {failed:#?}");
    }
}

#[test]
fn every_public_source_mapping_makes_a_person_of_a_bare_raw_one() {
    let Some(folder) = corpus() else { return };
    let options = SourceOptions::new("2026-06-15T10:00:00Z".parse().unwrap(), TimeZone::UTC);
    let raw = json!({"ExternalId": "1", "Contracts": [{}]});
    for (name, content) in mappings(&folder) {
        let FileContent::SourceMapping(mapping) = content else { continue };
        let mapped = mapping.evaluate(&mut Fake, &raw, &options).unwrap();
        let required = mapping
            .person
            .iter()
            .any(|rule| rule.required && matches!(rule.rule, Rule::Field(_)) && rule.name != "ExternalId");
        assert!(!required || mapped.blocked.is_some(), "{name}");
        assert!(mapped.person["Contracts"][0].is_object(), "{name}");
    }
}
