//! A folder with files, and what the source makes of it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use koppel::{Connector, Ctx, Error, FixedClock, Instance, Result, Source};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PERSONS: &str = "ExternalId;Name.NickName\n1001;Sanne\n1002;Daan\n";
pub(crate) const CONTRACTS: &str = "PersonExternalId;ExternalId;StartDate;EndDate;Title.Name\n";

pub(crate) struct Folder(TempDir);

impl Folder {
    /// With these files.
    pub(crate) fn with(persons: impl AsRef<[u8]>, contracts: impl AsRef<[u8]>) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("persons.csv", persons);
        folder.write("contracts.csv", contracts);
        folder
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// The source of this folder, with these keys as well.
    pub(crate) fn source(&self, more: Value) -> Result<Box<dyn Source>> {
        let mut config = json!({"persons": self.path("persons.csv"), "contracts": self.path("contracts.csv")});
        let Value::Object(more) = more else { panic!("{more} is no table of keys") };
        config.as_object_mut().unwrap().extend(more);
        source(&config)
    }

    pub(crate) async fn persons_with(&self, more: Value) -> Result<Vec<Value>> {
        let persons: Vec<_> = self.source(more)?.persons(&ctx()).try_collect().await?;
        Ok(persons.iter().map(|person| serde_json::to_value(person).unwrap()).collect())
    }

    pub(crate) async fn persons(&self) -> Vec<Value> {
        self.persons_with(json!({})).await.unwrap()
    }

    /// What is wrong, a line each; the check says the same.
    pub(crate) async fn faults_with(&self, more: Value) -> Vec<String> {
        let error = self.persons_with(more.clone()).await.unwrap_err();
        let checked = self.source(more).unwrap().check(&ctx()).await.unwrap_err();
        assert_eq!(error.to_string(), checked.to_string());
        lines(&error)
    }

    pub(crate) async fn faults(&self) -> Vec<String> {
        self.faults_with(json!({})).await
    }
}

pub(crate) fn lines(error: &Error) -> Vec<String> {
    error.faults().iter().map(ToString::to_string).collect()
}

pub(crate) fn source(config: &Value) -> Result<Box<dyn Source>> {
    match csv_source::connector().build(config)? {
        Instance::Source(source) => Ok(source),
        Instance::Target(_) => panic!("not a source"),
    }
}

pub(crate) fn ctx() -> Ctx {
    Ctx::new(Arc::new(FixedClock::new("2026-06-02T10:00:00Z".parse::<Timestamp>().unwrap())))
}

/// The contracts of one person whose contracts file has these lines.
pub(crate) async fn contracts(lines: &str, more: Value) -> Vec<Value> {
    let persons = Folder::with("ExternalId\n1\n", format!("{CONTRACTS}{lines}")).persons_with(more).await.unwrap();
    persons[0]["Contracts"].as_array().unwrap().clone()
}
