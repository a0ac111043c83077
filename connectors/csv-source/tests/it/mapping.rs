//! Without a mapping, HelloID's person comes out of the files as it stands in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::FixedClock;
use koppel_helloid::mapping::SourceOptions;
use koppel_helloid::script::{QuickJs, Settings};
use koppel_helloid::{contract_fields, default_source_mapping, person_fields};
use serde_json::json;

use crate::support::{CONTRACTS, Folder, source};

#[test]
fn every_field_that_helloid_has_is_mapped_one_to_one_and_no_other() {
    let source = source(&json!({"persons": "p.csv", "contracts": "c.csv"})).unwrap();
    let mapping = default_source_mapping(&source.defaults());
    let names = |rules: &[koppel_helloid::mapping::SourceRule]| {
        assert!(rules.iter().all(|rule| rule.rule.origin() == rule.name), "{rules:?}");
        rules.iter().map(|rule| rule.name.clone()).collect::<BTreeSet<_>>()
    };
    // HelloID calculates the display name and the manager, and its two spellings of a user name are one column.
    let calculated = |name: &String| {
        name == "DisplayName"
            || name == "Username"
            || name.starts_with("PrimaryManager.")
            || name.starts_with("Manager.") && name != "Manager.ExternalId"
    };
    let all = |fields: Vec<String>| {
        fields.into_iter().filter(|name| !calculated(name)).chain(["Custom".to_owned()]).collect::<BTreeSet<_>>()
    };
    assert_eq!(names(&mapping.person), all(person_fields()));
    assert_eq!(names(&mapping.contract), all(contract_fields()));
}

#[tokio::test]
async fn a_person_of_the_files_is_a_person_of_helloid_with_the_contract_that_is_active_as_the_primary_one() {
    let folder = Folder::with(
        "ExternalId;Name.NickName;Name.FamilyName;Contact.Business.Email;Custom.Badge\n1001;Sanne;Berg;s@example.org;77\n",
        format!(
            "{}1001;new;02-06-2026;;Nurse;W1\n1001;old;2020-01-01;31-12-2025;Cook;W2\n",
            CONTRACTS.replace('\n', ";Custom.Ward\n")
        ),
    );
    let raw = &folder.persons().await[0];
    let mapping = default_source_mapping(&folder.source(json!({})).unwrap().defaults());
    let at: Timestamp = "2026-06-02T10:00:00Z".parse().unwrap();
    let mut engine = QuickJs::new(Settings::new(TimeZone::UTC, Arc::new(FixedClock::new(at))));
    let mapped = mapping.evaluate(&mut engine, raw, &SourceOptions::new(at, TimeZone::UTC)).unwrap();
    assert_eq!(mapped.findings, []);
    assert_eq!(mapped.blocked, None);
    let person = mapped.person;
    assert_eq!(person["Name"]["NickName"], "Sanne");
    assert_eq!(person["DisplayName"], "Sanne Berg (1001)");
    assert_eq!(person["Custom"], json!({"Badge": "77"}));
    assert_eq!(person["Contact"]["Business"]["Email"], "s@example.org");
    assert_eq!(person["PrimaryContract"]["ExternalId"], "new");
    assert_eq!(person["PrimaryContract"]["StartDate"], "2026-06-02T00:00:00+02:00");
    assert_eq!(person["Contracts"][1]["EndDate"], "2025-12-31T00:00:00+01:00");
    assert_eq!(person["Contracts"][1]["Custom"], json!({"Ward": "W2"}));
}
