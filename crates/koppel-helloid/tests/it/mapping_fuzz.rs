//! The readers on arbitrary and on damaged bytes, and the writers on arbitrary mappings.

use koppel_helloid::FileContent;
use koppel_helloid::mapping::{
    FieldKind, FieldMapping, MappedAction, MappedField, Rule, SourceMapping, SourceRule, Stage,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::mapping::{entry, field, file, source_file};

pub(crate) fn without_lines(mut mapping: FieldMapping) -> FieldMapping {
    for field in &mut mapping.fields {
        field.line = 0;
        field.actions.iter_mut().for_each(|action| action.line = 0);
    }
    mapping
}

pub(crate) fn without_source_lines(mut mapping: SourceMapping) -> SourceMapping {
    mapping.person.iter_mut().chain(&mut mapping.contract).for_each(|rule| rule.line = 0);
    mapping
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        any::<String>().prop_map(Rule::Field),
        any::<String>().prop_map(Rule::Complex),
        any::<String>().prop_map(|text| Rule::Fixed(text.into())),
        any::<bool>().prop_map(|flag| Rule::Fixed(flag.into())),
        Just(Rule::None),
    ]
}

/// Rules for all actions, shared out over at most three of them.
fn actions() -> impl Strategy<Value = Vec<MappedAction>> {
    let places = vec(0..4_usize, Stage::ALL.len());
    (places, vec((rule(), any::<bool>(), any::<bool>()), 3)).prop_map(|(places, rules)| {
        let actions =
            rules.into_iter().enumerate().map(|(index, (rule, used_in_notifications, store_in_account_data))| {
                let stages =
                    Stage::ALL.into_iter().zip(&places).filter(|(_, place)| **place == index).map(|(stage, _)| stage);
                MappedAction { stages: stages.collect(), rule, used_in_notifications, store_in_account_data, line: 0 }
            });
        actions.collect()
    })
}

fn mapped_field() -> impl Strategy<Value = MappedField> {
    let kind = prop_oneof![Just(FieldKind::Text), Just(FieldKind::Array)];
    ("[a-z]{1,8}(\\.[a-z]{1,8})?", any::<String>(), kind, actions())
        .prop_map(|(name, description, kind, actions)| MappedField { name, description, kind, actions, line: 0 })
}

fn source_rule() -> impl Strategy<Value = SourceRule> {
    let rule = rule().prop_filter("absence stands for it", |rule| *rule != Rule::None);
    ("[A-Z][a-z]{1,8}(\\.[a-z]{1,8})?", rule, any::<bool>(), any::<bool>()).prop_map(
        |(name, rule, required, convert_to_string)| SourceRule { name, rule, required, convert_to_string, line: 0 },
    )
}

/// A sound file, damaged in some places.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let sound = prop_oneof![
        Just(file(&[
            field("a.b", "Text", "Field", "Person.ExternalId"),
            field("list", "Array", "Complex", "[1];\r\n\"é\""),
            field("id", "Text", "None", ""),
        ])),
        Just(source_file(&[entry("ExternalId", "field", "nr")], &[entry("StartDate", "complex", "sourceContract.x")])),
    ];
    let damage = (any::<prop::sample::Index>(), 0..4_usize, any::<u8>());
    (sound, vec(damage, 0..6), any::<bool>()).prop_map(|(text, damages, wide)| {
        let mut bytes: Vec<u8> = if wide {
            [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
        } else {
            text.into_bytes()
        };
        for (place, kind, byte) in damages {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    })
}

/// JSON of any shape, with the words of the files in it.
fn json_of_any_shape() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 16] = [
        "MappingFields",
        "personMappings",
        "contractMappings",
        "Name",
        "name",
        "Type",
        "MappingActions",
        "MapForActions",
        "MappingMode",
        "mode",
        "Value",
        "value",
        "validation",
        "required",
        "Version",
        "UniqueFieldNames",
    ];
    let word = prop::sample::select(WORDS.to_vec());
    let text = prop_oneof![
        prop::sample::select(vec![
            "Field", "Fixed", "Complex", "None", "Text", "Create", "\"\\g\"", "null", "", "a", "a.b"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let members = vec((word.clone(), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            members
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()),
        ]
    })
}

fn check(bytes: &[u8]) {
    for findings in
        [FileContent::read(bytes).findings, FieldMapping::read(bytes).findings, SourceMapping::read(bytes).findings]
    {
        assert!(findings.len() <= 1_001);
        let lines = bytes.split(|byte| *byte == b'\n').count();
        assert!(findings.iter().all(|finding| finding.line <= lines && finding.message.len() < 1_000), "{findings:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..512)) {
        check(&bytes);
    }

    #[test]
    fn damaged_files_are_read_or_refused(bytes in damaged()) {
        check(&bytes);
    }

    #[test]
    fn json_of_any_shape_is_read_or_refused(value in json_of_any_shape()) {
        check(value.to_string().as_bytes());
        check(json!({"MappingFields": value.clone()}).to_string().as_bytes());
        check(json!({"personMappings": value}).to_string().as_bytes());
    }

    #[test]
    fn a_field_mapping_that_is_written_is_read_as_it_was(fields in vec(mapped_field(), 0..5)) {
        let mapping = FieldMapping { fields };
        let read = FieldMapping::read(mapping.to_json().to_string().as_bytes());
        prop_assert_eq!(read.value.map(without_lines), Some(mapping));
    }

    #[test]
    fn a_sources_mapping_that_is_written_is_read_as_it_was(
        person in vec(source_rule(), 0..5), contract in vec(source_rule(), 0..5),
    ) {
        let mapping = SourceMapping { person, contract };
        let read = SourceMapping::read(mapping.to_json().to_string().as_bytes());
        prop_assert_eq!(read.value.map(without_source_lines), Some(mapping));
    }
}
