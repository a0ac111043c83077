//! What is written as CSV is read back.

use std::collections::BTreeMap;

use csv::{QuoteStyle, WriterBuilder};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::Folder;

/// A text as cells hold it: no blanks around it, no control characters.
fn cell() -> impl Strategy<Value = String> {
    let letters =
        prop::sample::select(vec!["a", "Z", "0", " ", ";", ",", "|", "\"", "'", "é", "ß", "€", "漢", "😀", ".", "-"]);
    prop::collection::vec(letters, 0..12).prop_map(|letters| letters.concat().trim().to_owned())
}

type Contract = (String, [String; 2]);

fn people() -> impl Strategy<Value = BTreeMap<u16, ([String; 3], Vec<Contract>)>> {
    let contract = ("[a-z0-9]{1,8}", [cell(), cell()]);
    let person = ([cell(), cell(), cell()], prop::collection::vec(contract, 0..4));
    prop::collection::btree_map(0..500_u16, person, 0..12)
}

fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

/// Without what is null or empty.
fn filled(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let map = map.into_iter().map(|(key, value)| (key, filled(value)));
            map.filter(|(_, value)| !value.is_null() && *value != json!({})).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(list) => list.into_iter().map(filled).collect(),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn persons_and_contracts_are_read_back_as_they_were_written(
        people in people(),
        delimiter in prop::sample::select(vec![b';', b',', b'\t', b'|']),
        always: bool, crlf: bool, said: bool,
    ) {
        let writer = || {
            let mut builder = WriterBuilder::new();
            builder.delimiter(delimiter);
            builder.quote_style(if always { QuoteStyle::Always } else { QuoteStyle::Necessary });
            if crlf {
                builder.terminator(csv::Terminator::CRLF);
            }
            builder.from_writer(Vec::new())
        };
        let (mut persons, mut contracts) = (writer(), writer());
        persons.write_record(["ExternalId", "Name.NickName", "Custom.x", "Contact.Business.Email"]).unwrap();
        contracts
            .write_record(["Title.Name", "PersonExternalId", "ExternalId", "StartDate", "EndDate", "Department.ExternalId"])
            .unwrap();
        let mut expected = Vec::new();
        for (id, (cells, theirs)) in &people {
            let id = format!("p{id}");
            persons.write_record([&id, &cells[0], &cells[1], &cells[2]]).unwrap();
            let mut list = Vec::new();
            for (number, (contract, texts)) in theirs.iter().enumerate() {
                let contract = format!("{contract}-{number}");
                contracts.write_record([&texts[0], &id, &contract, "2026-06-01", "", &texts[1]]).unwrap();
                list.push(json!({
                    "ExternalId": contract, "StartDate": "2026-06-01T00:00:00+02:00", "EndDate": null, "Custom": {},
                    "Title": {"Name": or_null(&texts[0])}, "Department": {"ExternalId": or_null(&texts[1])},
                }));
            }
            expected.push(json!({
                "ExternalId": id, "DisplayName": if cells[0].is_empty() { &id } else { &cells[0] },
                "Aggregation": format!("PERSON{id}PERSON"),
                "Name": {"NickName": or_null(&cells[0]), "Convention": "B"}, "Custom": {"x": or_null(&cells[1])},
                "Contact": {"Business": {"Email": or_null(&cells[2])}}, "Contracts": list,
            }));
        }
        let folder = Folder::with(persons.into_inner().unwrap(), contracts.into_inner().unwrap());
        let more = match (said, delimiter) {
            (false, _) => json!({}),
            (true, b'\t') => json!({"delimiter": "tab"}),
            (true, other) => json!({"delimiter": char::from(other).to_string()}),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(folder.persons_with(more)).unwrap();
        prop_assert_eq!(filled(read.into()), filled(expected.into()));
    }
}
