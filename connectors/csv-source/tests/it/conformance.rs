//! The conformance kit, a test per check.

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use koppel_conformance::{Employee, Stand, World};
use serde_json::{Map, Value};
use tempfile::TempDir;

/// A folder with the sample files, which a check may replace.
#[derive(Debug)]
struct Folder(TempDir);

#[async_trait]
impl World for Folder {
    async fn fill(&self, accounts: usize) -> Result<(), String> {
        Err(format!("a source has no accounts, and so not {accounts}"))
    }

    async fn staff(&self, people: &[Employee]) -> Result<(), String> {
        self.write(people).map_err(|e| e.to_string())
    }
}

impl Folder {
    fn write(&self, people: &[Employee]) -> csv::Result<()> {
        let writer = |name: &str| csv::WriterBuilder::new().delimiter(b';').from_path(self.0.path().join(name));
        let (mut persons, mut contracts) = (writer("persons.csv")?, writer("contracts.csv")?);
        persons.write_record(["ExternalId", "Name.FamilyName"])?;
        contracts.write_record(["PersonExternalId", "ExternalId", "StartDate", "EndDate"])?;
        for (number, Employee { name, shift }) in people.iter().enumerate() {
            let (id, day) = (number.to_string(), shift.day.to_string());
            persons.write_record([&id, name])?;
            contracts.write_record([&id, &id, &day, &day])?;
        }
        persons.flush()?;
        contracts.flush()?;
        Ok(())
    }
}

fn stand() -> std::io::Result<Stand> {
    let folder = tempfile::tempdir()?;
    let mut config = Map::new();
    for (key, name, content) in csv_source::SAMPLE {
        let path = folder.path().join(name);
        fs::write(&path, content)?;
        config.insert(key.to_owned(), path.to_string_lossy().into_owned().into());
    }
    let mut stand = Stand::real(Value::Object(config));
    stand.world = Some(Box::new(Folder(folder)));
    Ok(stand)
}

koppel_conformance::suite!(|_, _| std::sync::Arc::new(csv_source::connector()), csv_source::SCENARIO, async || stand()
    .map_err(|e| e.to_string()));

#[test]
fn the_sample_files_are_the_ones_in_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    assert_eq!(fs::read_dir(folder).unwrap().count(), csv_source::SAMPLE.len());
}
