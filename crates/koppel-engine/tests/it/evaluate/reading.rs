//! A source, read and mapped.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use koppel::{Cancel, Ctx, Department, Error, ErrorKind, FixedClock, Result, Source, SourcePerson};
use koppel_engine::snapshot::{SourceRows, read};
use koppel_helloid::mapping::{Rule, SourceMapping, SourceRule};
use serde_json::{Map, Value, json};

use super::world::{at, zone};

/// A source that gives what it was given, and perhaps breaks off.
#[derive(Debug)]
struct Toy {
    persons: Vec<SourcePerson>,
    breaks_off: bool,
    cancels: Option<Cancel>,
}

#[async_trait]
impl Source for Toy {
    async fn check(&self, _: &Ctx) -> Result<()> {
        Ok(())
    }

    fn persons<'a>(&'a self, _: &'a Ctx) -> BoxStream<'a, Result<SourcePerson>> {
        let last = self.breaks_off.then(|| Err(Error::new(ErrorKind::Transient, "the line broke")));
        let persons = self.persons.iter().cloned().map(|person| {
            if let Some(cancel) = &self.cancels {
                cancel.cancel();
            }
            Ok(person)
        });
        stream::iter(persons.chain(last)).boxed()
    }

    fn departments<'a>(&'a self, _: &'a Ctx) -> BoxStream<'a, Result<Department>> {
        stream::empty().boxed()
    }
}

fn person(id: &str, mail: Value) -> SourcePerson {
    let contract = json!({"nr": format!("c{id}"), "from": "/Date(1767222000000)/"});
    SourcePerson {
        external_id: id.to_owned(),
        display_name: id.to_owned(),
        fields: Map::from_iter([("mail".to_owned(), mail)]),
        contracts: vec![contract.as_object().unwrap().clone()],
    }
}

fn toy(persons: Vec<SourcePerson>) -> Toy {
    Toy { persons, breaks_off: false, cancels: None }
}

fn field(name: &str, rule: Rule) -> SourceRule {
    SourceRule { name: name.to_owned(), rule, required: false, convert_to_string: false, line: 0 }
}

fn mapping() -> SourceMapping {
    let path = |path: &str| Rule::Field(path.to_owned());
    SourceMapping {
        person: vec![
            field("ExternalId", path("ExternalId")),
            field("Custom.Number", Rule::Complex("'N' + source.ExternalId".to_owned())),
            field("Contact.Business.Email", Rule::Complex("source.mail.toLowerCase()".to_owned())),
            field("Name.Convention", Rule::Fixed(json!("B"))),
        ],
        contract: vec![field("ExternalId", path("nr")), field("StartDate", path("from"))],
    }
}

fn ctx() -> Ctx {
    Ctx::new(Arc::new(FixedClock::new(at("2026-06-01T10:00:00Z"))))
}

async fn read_with(source: &Toy, ctx: &Ctx) -> Result<SourceRows> {
    read(source, ctx, &mapping(), &zone(), "hr").await
}

#[tokio::test]
async fn persons_are_mapped_and_kept_without_what_changes_with_time() {
    let ctx = ctx();
    let rows = read_with(&toy(vec![person("1", json!("A@B.nl")), person("2", json!("x"))]), &ctx).await.unwrap();
    assert_eq!((rows.source.as_str(), rows.read_at), ("hr", at("2026-06-01T10:00:00Z")));
    let ids: Vec<&str> = rows.rows.iter().map(|row| row.external_id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);
    let first: Value = serde_json::from_str(&rows.rows[0].body).unwrap();
    let expected = json!({
        "ExternalId": "1", "DisplayName": "(1)", "Custom": {"Number": "N1"}, "Name": {"Convention": "B"},
        "Contact": {"Business": {"Email": "a@b.nl"}}, "Status": {"Blocked": false},
        "Contracts": [{"ExternalId": "c1", "StartDate": "2025-12-31T23:00:00Z"}],
    });
    assert_eq!(first, expected);
    assert_eq!(ctx.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn a_person_for_whom_a_script_fails_is_blocked_and_the_others_are_there() {
    let ctx = ctx();
    let source = toy(vec![person("1", json!("x")), person("2", Value::Null), person("3", json!("y"))]);
    let rows = read_with(&source, &ctx).await.unwrap().rows;
    assert_eq!(rows.len(), 3);
    let failed: Value = serde_json::from_str(&rows[1].body).unwrap();
    assert_eq!(failed["Status"]["Blocked"], true);
    let reason = failed["Status"]["Reason"].as_str().unwrap();
    assert!(reason.starts_with("field Contact.Business.Email: the script gives no value: TypeError"), "{reason}");
    // What does not fail is there: the key of the person may be any of it.
    assert_eq!((&failed["ExternalId"], &failed["Custom"]["Number"]), (&json!("2"), &json!("N2")));
    assert_eq!((&failed["Contracts"], &failed["Contact"]), (&json!([]), &Value::Null));
    let warnings = ctx.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("source hr, person [2]: error: field [Contact.Business.Email]"), "{warnings:?}");
    assert!(rows[2].body.contains(r#""Blocked":false"#));
}

#[tokio::test]
async fn what_is_wrong_with_everybody_is_told_once() {
    let ctx = ctx();
    let mut mapping = mapping();
    mapping.person[3].rule = Rule::Fixed(json!("Q"));
    let persons = (0..600).map(|id| person(&id.to_string(), json!("x"))).collect();
    let rows = read(&toy(persons), &ctx, &mapping, &zone(), "hr").await.unwrap();
    assert_eq!(rows.rows.len(), 600);
    let warnings = ctx.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("person [0]") && warnings[0].contains("no name convention"), "{warnings:?}");
    assert_eq!(warnings[1], "source hr: 599 more warnings like these, about other persons");
}

#[tokio::test]
async fn a_source_that_breaks_off_gives_nothing() {
    let source = Toy { breaks_off: true, ..toy(vec![person("1", json!("x"))]) };
    let error = read_with(&source, &ctx()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Transient, "could not read the source hr: the line broke"));
}

#[tokio::test]
async fn a_person_given_twice_or_without_an_id_ends_the_import() {
    for (ids, expected) in [(["1", "1"], "[1] was given twice"), (["1", " "], "without an ExternalId")] {
        let error = read_with(&toy(ids.map(|id| person(id, json!("x"))).to_vec()), &ctx()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_reads_no_further() {
    let cancel = Cancel::default();
    let persons = vec![person("1", json!("x")), person("2", json!("x"))];
    let source = Toy { cancels: Some(cancel.clone()), ..toy(persons) };
    let error = read_with(&source, &ctx().with_cancel(cancel)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
