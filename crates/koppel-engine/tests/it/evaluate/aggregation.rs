//! Persons of several sources, brought together.

use koppel_engine::config::Condition;
use koppel_engine::rules::Rules;
use koppel_engine::snapshot::{Row, Snapshot, SourceRows, fold};
use serde_json::{Value, json};

use super::world::{any, at, matches, person_field, rows, rule, snapshot, zone};

fn no_rules() -> Rules {
    Rules::compile(&[], zone())
}

fn keys(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.persons().map(|person| person.key()).collect()
}

fn hr() -> SourceRows {
    rows(
        "hr",
        &[
            json!({"ExternalId": "A7", "Name": {"NickName": "Jo", "FamilyName": "Boer", "Convention": "B"},
            "Contact": {"Business": {"Email": " "}}, "Custom": {"Site": null, "Tags": []},
            "Contracts": [{"ExternalId": "e1", "StartDate": "2026-01-01", "Details": {"Fte": 0.5}}],
            "Status": {"Blocked": false, "Reason": null}, "DisplayName": "Jo Boer (A7)"}),
            json!({"ExternalId": "B8", "Name": {"NickName": "Bo"}, "Contracts": [], "DisplayName": "Bo (B8)"}),
        ],
    )
}

fn rooster() -> SourceRows {
    rows(
        "rooster",
        &[
            json!({"ExternalId": " a7 ", "Name": {"NickName": "Johanna", "FamilyName": "Boer", "FamilyNamePrefix": "de"},
            "Contact": {"Business": {"Email": "jo@example.org", "Phone": {"Fixed": "1"}}}, "Custom": {"Site": "North", "Tags": ["x"]},
            "Contracts": [
                {"ExternalId": "s1", "StartDate": "2026-06-01T07:00:00", "EndDate": "2026-06-01T15:00:00",
                    "Details": {"Fte": 1}, "Manager": {"ExternalId": "m1", "DisplayName": "Em"}},
                {"ExternalId": "s2", "StartDate": "2026-06-02T07:00:00", "EndDate": "2026-06-02T15:00:00"},
            ],
            "Status": {"Blocked": false, "Reason": null}, "DisplayName": "Johanna de Boer (a7)"}),
            json!({"ExternalId": "c9", "Contracts": [{"ExternalId": "s3"}], "DisplayName": "Cas (c9)"}),
        ],
    )
}

#[test]
fn persons_with_the_same_key_are_one_whatever_its_case_and_blanks() {
    let snapshot = snapshot(&no_rules(), vec![hr(), rooster()]);
    assert_eq!(keys(&snapshot), ["A7", "B8", "c9"]);
    assert_eq!((snapshot.find(" A7"), snapshot.find("c9"), snapshot.find("d1")), (Some(0), Some(2), None));
    assert_eq!(fold(" A7 "), "a7");
    let sources: Vec<Vec<&str>> = snapshot.persons().map(|person| person.sources().collect()).collect();
    assert_eq!(sources, [vec!["hr", "rooster"], vec!["hr"], vec!["rooster"]]);
    let names: Vec<&str> = snapshot.persons().map(|person| person.name()).collect();
    assert_eq!(names, ["Jo de Boer (A7)", "Bo (B8)", "Cas (c9)"]);
    let contracts = snapshot.person(0).contracts();
    let contracts: Vec<(&str, &str)> = contracts.iter().map(|row| (row.source(), row.external_id())).collect();
    assert_eq!(contracts, [("hr", "e1"), ("rooster", "s1"), ("rooster", "s2")]);
    assert!(snapshot.persons().all(|person| person.blocked().is_none() && !person.is_stale()));
    assert!(snapshot.warnings().is_empty());
}

#[test]
fn a_field_comes_from_the_first_source_that_has_a_value_and_the_order_can_be_given() {
    let first = snapshot(&no_rules(), vec![hr(), rooster()]);
    let person = first.person(0).json(at("2026-06-01T10:00:00Z"), &|_| false);
    assert_eq!(person["ExternalId"], "A7");
    assert_eq!(person["Name"]["NickName"], "Jo");
    assert_eq!(person["Name"]["FamilyNamePrefix"], "de");
    assert_eq!(person["Contact"]["Business"], json!({"Email": "jo@example.org", "Phone": {"Fixed": "1"}}));
    assert_eq!(person["Custom"], json!({"Site": "North", "Tags": ["x"]}));
    assert_eq!(person["Status"], json!({"Blocked": false, "Reason": null}));

    let order = ["rooster".to_owned()];
    let rules = no_rules();
    let other = Snapshot::build(&rules, &order, "ExternalId", vec![hr(), rooster()], &[], &zone()).unwrap();
    let person = other.person(0).json(at("2026-06-01T10:00:00Z"), &|_| false);
    assert_eq!(
        (&person["Name"]["NickName"], &person["DisplayName"]),
        (&json!("Johanna"), &json!("Johanna de Boer (a7)"))
    );
    assert_eq!(other.person(0).contracts()[0].external_id(), "s1");
}

#[test]
fn the_primary_contract_is_that_of_the_moment_and_the_matched_contracts_are_in_conditions() {
    let snapshot = snapshot(&no_rules(), vec![hr(), rooster()]);
    let of = |moment: &str| snapshot.person(0).json(at(moment), &|place| place == 1);
    // During the shift of a full job it counts more than the half job; before it and in its last second only.
    for (moment, primary, manager) in [
        ("2026-06-01T04:59:59Z", "e1", Value::Null),
        ("2026-06-01T05:00:00Z", "s1", json!("m1")),
        ("2026-06-01T12:59:59Z", "s1", json!("m1")),
        ("2026-06-01T13:00:00Z", "e1", Value::Null),
    ] {
        let person = of(moment);
        assert_eq!(person["PrimaryContract"]["ExternalId"], primary, "{moment}");
        assert_eq!(person["PrimaryManager"]["ExternalId"], manager, "{moment}");
    }
    let contracts = of("2026-06-01T10:00:00Z")["Contracts"].clone();
    let marks: Vec<&Value> = contracts.as_array().unwrap().iter().map(|one| &one["Context"]["InConditions"]).collect();
    assert_eq!(marks, [false, true, false]);
}

#[test]
fn a_condition_on_the_person_looks_at_the_first_source_that_has_a_value() {
    let not_south = Condition { not: vec!["south".to_owned()], any: vec![], ..any(person_field("custom.site"), &[]) };
    let rules = [
        rule("of the roster", vec![any(person_field("Custom.Site"), &["north"])]),
        rule("of hr", vec![any(person_field("Name.NickName"), &["Jo"])]),
        rule("not of the roster", vec![any(person_field("Name.NickName"), &["Johanna"])]),
        rule("without a value too", vec![not_south]),
    ];
    let rules = Rules::compile(&rules, zone());
    let snapshot = snapshot(&rules, vec![hr(), rooster()]);
    let of = |person: usize| -> Vec<(u32, u32)> {
        let found = matches(&rules, &snapshot, person, at("2026-06-01T10:00:00Z"));
        found.iter().map(|found| (found.rule, found.contract)).collect()
    };
    assert_eq!(of(0), [(0, 0), (0, 1), (1, 0), (1, 1), (3, 0), (3, 1)]);
    assert_eq!(of(1), [], "who has no contract is matched by nothing");
    assert_eq!(of(2), [(3, 0)]);
}

#[test]
fn a_source_that_blocks_a_person_blocks_all_of_it_and_says_which_it_is() {
    let blocked =
        json!({"ExternalId": "A7", "Status": {"Blocked": "True", "Reason": "no value for the required field X"}});
    let nameless = json!({"ExternalId": null, "Contracts": null, "Status": {"Blocked": 1}});
    let snapshot = snapshot(&no_rules(), vec![hr(), rows("rooster", &[blocked, nameless])]);
    assert_eq!(keys(&snapshot), ["A7", "B8", "rooster:row 1"]);
    let reasons: Vec<Option<&str>> = snapshot.persons().map(|person| person.blocked()).collect();
    let expected = "rooster: its mapping says so; rooster: no value for the key ExternalId";
    assert_eq!(reasons, [Some("rooster: no value for the required field X"), None, Some(expected)]);
    let person = snapshot.person(0).json(at("2026-06-01T10:00:00Z"), &|_| false);
    assert_eq!(person["Status"]["Blocked"], true);
    assert_eq!(person["Name"]["NickName"], "Jo");
}

#[test]
fn two_persons_of_one_source_with_one_key_count_as_one_and_it_is_told() {
    let twin = |contract: &str| json!({"ExternalId": "7", "Contracts": [{"ExternalId": contract}]});
    let snapshot = snapshot(&no_rules(), vec![rows("hr", &[twin("x"), twin("y")])]);
    assert_eq!((snapshot.len(), snapshot.person(0).contracts().len()), (1, 2));
    assert_eq!(snapshot.person(0).sources().collect::<Vec<_>>(), ["hr"]);
    let expected = "the source hr gives two persons with the key [7], [row 0] and [row 1]; they count as one";
    assert_eq!(snapshot.warnings(), [expected]);
}

#[test]
fn a_date_that_cannot_be_read_blocks_the_person_for_nobody_knows_when_access_ends() {
    let rules = Rules::compile(&[rule("all", vec![])], zone());
    let person = json!({"ExternalId": "1", "Contracts": [{"ExternalId": "c", "StartDate": "2026-01-01", "EndDate": "31-12-2026"}]});
    let snapshot = snapshot(&rules, vec![rows("hr", &[person])]);
    let reason = "hr: EndDate of contract [c] is [31-12-2026], and no date such as 2026-05-31";
    assert_eq!(snapshot.person(0).blocked(), Some(reason));
    assert_eq!(snapshot.warnings().len(), 1);
    assert_eq!(matches(&rules, &snapshot, 0, at("2026-06-01T10:00:00Z")), []);
}

#[test]
fn of_very_many_warnings_the_first_are_kept_and_the_rest_is_counted() {
    let bad = |id: i32| json!({"ExternalId": id, "Contracts": [{"StartDate": "soon"}]});
    let snapshot = snapshot(&no_rules(), vec![rows("hr", &(0..1_500).map(bad).collect::<Vec<_>>())]);
    assert_eq!(snapshot.warnings().len(), 1_001);
    assert_eq!(snapshot.warnings()[1_000], "and 500 more warnings like these, about other persons");
}

#[test]
fn a_digest_differs_with_what_a_source_says_and_not_with_the_order_in_which_they_are_read() {
    let rules = no_rules();
    let order = ["hr".to_owned(), "rooster".to_owned()];
    let digests = |sources: Vec<SourceRows>, stale: &[String]| -> Vec<u64> {
        let snapshot = Snapshot::build(&rules, &order, "ExternalId", sources, stale, &zone()).unwrap();
        snapshot.persons().map(|person| person.digest()).collect()
    };
    let usual = digests(vec![hr(), rooster()], &[]);
    let mut turned = hr();
    turned.rows.reverse();
    assert_eq!(digests(vec![rooster(), turned], &["hr".to_owned()]), usual);
    let mut changed = hr();
    changed.rows[0].body = changed.rows[0].body.replace("0.5", "0.6").into();
    let changed = digests(vec![changed, rooster()], &[]);
    assert_ne!(changed[0], usual[0]);
    assert_eq!(changed[1..], usual[1..]);
    let mut other = hr();
    other.source = "hr2".to_owned();
    assert_ne!(digests(vec![other, rooster()], &[])[1], usual[1]);
    // It stands in the state: what it is must never change by itself.
    let one = SourceRows { rows: vec![Row { external_id: "1".into(), body: r#"{"ExternalId":"1"}"#.into() }], ..hr() };
    assert_eq!(digests(vec![one], &[]), [DIGEST]);
}

/// The first eight bytes, the lowest first, of the SHA-256 of `hr` and `{"ExternalId":"1"}`, each after its length in
/// eight bytes.
const DIGEST: u64 = 0x39f0_68b2_a723_7a9b;

#[test]
fn many_persons_are_the_same_however_many_threads_share_them() {
    let rules: Vec<_> = (0..7).map(|n| rule("r", vec![any(person_field("Custom.N"), &[&n.to_string()])])).collect();
    let rules = Rules::compile(&rules, zone());
    let person = |n: i32| json!({"ExternalId": format!("{:04}", n / 2), "Custom": {"N": n / 2 % 9}, "Contracts": [{"ExternalId": n}]});
    let snapshot = snapshot(&rules, vec![rows("hr", &(0..2_000).map(person).collect::<Vec<_>>())]);
    assert_eq!(snapshot.len(), 1_000);
    for (place, person) in snapshot.persons().enumerate() {
        assert_eq!((person.key(), person.index()), (format!("{place:04}").as_str(), place));
        let expected = if place % 9 < 7 {
            vec![(u32::try_from(place % 9).unwrap(), 0), (u32::try_from(place % 9).unwrap(), 1)]
        } else {
            vec![]
        };
        let found = matches(&rules, &snapshot, place, at("2026-06-01T10:00:00Z"));
        assert_eq!(found.iter().map(|found| (found.rule, found.contract)).collect::<Vec<_>>(), expected, "{place}");
    }
}

#[test]
fn what_is_no_person_is_told_with_its_source_and_id() {
    let sources = vec![SourceRows { rows: vec![Row { external_id: "x1".into(), body: "[]".into() }], ..hr() }];
    let error = Snapshot::build(&no_rules(), &[], "ExternalId", sources, &[], &zone()).unwrap_err();
    assert!(error.message().contains("[x1] of the source hr"), "{error}");
    let nobody = snapshot(&no_rules(), vec![]);
    assert!(nobody.is_empty() && nobody.persons().len() == 0 && nobody.find("1").is_none());
    assert_eq!(no_rules().next_change(&nobody, at("2026-06-01T10:00:00Z")), None);
}
