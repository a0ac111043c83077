//! The default mappings of a connector, as HelloID's own files say them.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Field, Fields, FixedClock, Origin, Part, PersonDefault, PersonDefaults, RawOrigin, Stage};
use koppel_helloid::mapping::{FieldMapping, Rule, SourceMapping, SourceOptions, Subject};
use koppel_helloid::script::{QuickJs, Settings};
use koppel_helloid::{default_field_mapping, default_source_mapping};
use serde_json::{Value, json};

fn engine() -> QuickJs {
    QuickJs::new(Settings::new(TimeZone::UTC, Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH))))
}

fn fields() -> Fields {
    use Stage::{Create, Disable, Enable, Update};
    Fields::open(vec![
        Field::text("login").by_default(&[Create, Update], Origin::Person("ExternalId")),
        Field::text("family").by_default(&[Create, Update], Origin::FamilyName),
        Field::text("mail").by_default(&[Create], Origin::WorkMail),
        Field::boolean("active")
            .by_default(&[Create, Disable], Origin::Fixed("False"))
            .by_default(&[Enable], Origin::Fixed("True")),
        Field::text("remark").describe("For the caretaker"),
    ])
}

fn of(stage: Stage, person: &Value) -> Value {
    let subject = Subject { person, manager: None, iteration: 0 };
    let evaluated = default_field_mapping(&fields()).evaluate(&mut engine(), stage, &subject).unwrap();
    assert_eq!(evaluated.findings, [], "nothing to complain of");
    evaluated.data.to_nested()
}

#[test]
fn each_action_gets_the_values_that_the_connector_says() {
    let person = json!({"ExternalId": "1001", "Name": {"FamilyName": "Vries", "FamilyNamePrefix": "de"},
        "Contact": {"Business": {"Email": "a@x.nl"}}, "Accounts": {}});
    assert_eq!(
        of(Stage::Create, &person),
        json!({"login": "1001", "family": "de Vries", "mail": "a@x.nl", "active": "False"})
    );
    assert_eq!(of(Stage::Update, &person), json!({"login": "1001", "family": "de Vries"}));
    assert_eq!(of(Stage::Enable, &person), json!({"active": "True"}));
    assert_eq!(of(Stage::Disable, &person), json!({"active": "False"}));
    assert_eq!(of(Stage::Delete, &person), json!({}));
}

#[test]
fn a_field_without_a_default_is_left_to_the_connector() {
    let mapping = default_field_mapping(&fields());
    assert_eq!(mapping.unmapped(Stage::Create).collect::<Vec<_>>(), ["remark"]);
    assert_eq!(mapping.fields[4].description, "For the caretaker");
}

#[test]
fn the_family_name_follows_the_name_convention() {
    let full = json!({"FamilyName": "Boele", "FamilyNamePrefix": "van den", "FamilyNamePartner": "Vries", "FamilyNamePartnerPrefix": "de"});
    let alone = json!({"FamilyName": "Boele", "FamilyNamePartner": null});
    for (name, convention, expected) in [
        (&full, "B", "van den Boele"),
        (&full, "P", "de Vries"),
        (&full, "BP", "van den Boele - de Vries"),
        (&full, "PB", "de Vries - van den Boele"),
        (&full, "?", "van den Boele"),
        (&alone, "P", "Boele"),
        (&alone, "BP", "Boele"),
        (&alone, "PB", "Boele"),
        (&json!({}), "B", ""),
    ] {
        let mut name = name.clone();
        name["Convention"] = convention.into();
        assert_eq!(of(Stage::Create, &json!({"Name": name}))["family"], expected, "{convention} {name}");
    }
    assert_eq!(of(Stage::Create, &json!({}))["family"], "", "a person without a name");
}

#[test]
fn the_mail_address_is_that_of_the_directory_and_else_of_the_business() {
    let business = json!({"Business": {"Email": "own@x.nl"}});
    for (accounts, expected) in [
        (json!({"MicrosoftActiveDirectory": {"mail": "ad@x.nl"}, "MicrosoftAzureAD": {"mail": "aad@x.nl"}}), "ad@x.nl"),
        (json!({"MicrosoftAzureAD": {"mail": "aad@x.nl"}}), "aad@x.nl"),
        (json!({"MicrosoftActiveDirectory": {"mail": ""}}), "own@x.nl"),
        (json!({}), "own@x.nl"),
        (Value::Null, "own@x.nl"),
    ] {
        let person = json!({"Contact": business, "Accounts": accounts});
        assert_eq!(of(Stage::Create, &person)["mail"], expected, "{accounts}");
    }
    assert_eq!(of(Stage::Create, &json!({}))["mail"], "", "nobody knows one");
}

fn rows() -> PersonDefaults {
    let code = RawOrigin::Joined(&[Part::Text("it's "), Part::Field("shift.group.code"), Part::Text("/")]);
    PersonDefaults {
        person: vec![
            PersonDefault::field("ExternalId", "ExternalId").required(),
            PersonDefault::fixed("Name.Convention", "B"),
            PersonDefault::field("Name.NickName", "first"),
        ],
        contract: vec![
            PersonDefault::field("ExternalId", "id"),
            PersonDefault::field("Custom.Number", "number").as_text(),
            PersonDefault::new("Custom.Code", code),
        ],
    }
}

#[test]
fn a_raw_person_becomes_what_the_source_says() {
    let raw = json!({"ExternalId": "1001", "first": "Jan", "Contracts": [
        {"id": "a", "number": 7, "shift": {"group": {"code": "N"}}},
        {"id": "b", "number": null, "shift": {"group": null}},
        {"id": "c", "shift": {"group": {"code": ""}}},
    ]});
    let mapping = default_source_mapping(&rows());
    let options = SourceOptions::new(Timestamp::UNIX_EPOCH, TimeZone::UTC);
    let person = mapping.evaluate(&mut engine(), &raw, &options).unwrap().person;
    assert_eq!(person["Name"]["NickName"], "Jan");
    assert_eq!(person["Name"]["Convention"], "B");
    let contracts = person["Contracts"].as_array().unwrap();
    assert_eq!(contracts[0]["Custom"], json!({"Number": "7", "Code": "it's N/"}));
    assert_eq!(contracts[1]["Custom"]["Code"], Value::Null, "a part is missing");
    assert_eq!(contracts[2]["Custom"]["Code"], Value::Null, "a part is empty");
    let nobody = json!({"first": "Jan", "Contracts": []});
    let blocked = mapping.evaluate(&mut engine(), &nobody, &options).unwrap().person;
    assert_eq!(blocked["Status"]["Blocked"], true, "{blocked}");
}

#[test]
fn the_files_that_helloid_imports_read_back_as_what_was_written() {
    let fields = default_field_mapping(&fields());
    let written = serde_json::to_vec(&fields.to_json()).unwrap();
    let read = FieldMapping::read(&written);
    assert_eq!(read.findings, []);
    let rules = |mapping: &FieldMapping| -> Vec<(String, Vec<Stage>, Rule)> {
        let actions = mapping.fields.iter().flat_map(|field| field.actions.iter().map(move |action| (field, action)));
        actions.map(|(field, action)| (field.name.clone(), action.stages.clone(), action.rule.clone())).collect()
    };
    assert_eq!(rules(&read.value.unwrap()), rules(&fields));

    let rows = default_source_mapping(&rows());
    let written = serde_json::to_vec(&rows.to_json()).unwrap();
    let read = SourceMapping::read(&written).value.unwrap();
    let rules = |mapping: &SourceMapping| -> Vec<(String, Rule, bool, bool)> {
        let all = mapping.person.iter().chain(&mapping.contract);
        all.map(|row| (row.name.clone(), row.rule.clone(), row.required, row.convert_to_string)).collect()
    };
    assert_eq!(rules(&read), rules(&rows));
}
