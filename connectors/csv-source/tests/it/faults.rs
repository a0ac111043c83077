//! Everything that can be wrong with the files, in the words that an administrator reads.

use koppel::ErrorKind;
use serde_json::json;

use crate::support::{CONTRACTS, Folder, PERSONS, ctx, source};

async fn persons(file: impl AsRef<[u8]>) -> Vec<String> {
    Folder::with(file, CONTRACTS).faults().await
}

async fn contracts(lines: &str) -> Vec<String> {
    Folder::with(PERSONS, format!("{CONTRACTS}{lines}")).faults().await
}

#[tokio::test]
async fn a_fault_of_the_persons_is_told_with_file_line_header_and_value() {
    for (file, expected) in [
        ("", "persons.csv line 1: is empty; it needs the headers ExternalId"),
        ("\n\n", "persons.csv line 1: is empty; it needs the headers ExternalId"),
        (
            "Name.Initials;Name.NickName\n",
            "persons.csv line 1: has no header ExternalId; between [;] it has: Name.Initials, Name.NickName",
        ),
        ("ExternalId;;Name.NickName\n", "persons.csv line 1: column 2 has no header"),
        ("ExternalId;externalid\n", "persons.csv line 1: has the header [externalid] twice; case does not count"),
        ("ExternalId;Custom..a\n", "persons.csv line 1: the header [Custom..a] has an empty part between dots"),
        ("ExternalId;Contracts\n", "persons.csv line 1: the header [Contracts] cannot be a column"),
        (
            "ExternalId;Custom.a;Custom.A.b\n",
            "persons.csv line 1: [Custom.A.b] cannot stand beside [Custom.a], which is a value of its own",
        ),
        (
            "ExternalId;Name.NikName\n",
            "persons.csv line 1: the header [Name.NikName] is no path of a person; is [Name.NickName] meant?",
        ),
        ("ExternalId;Name.NickName\n1;a\n\n2\n", "persons.csv line 4: has 1 fields, and the header has 2"),
        ("ExternalId;Name.NickName\n1;a;b\n", "persons.csv line 2: has 3 fields, and the header has 2"),
        ("ExternalId;Name.NickName\n;a\n", "persons.csv line 2, ExternalId: is empty"),
        (
            "ExternalId;Name.NickName\n1;a\n2;b\n\n 1 ;c\n",
            "persons.csv line 5, ExternalId: [1] stands in line 2 already",
        ),
        (
            "ExternalId;Name.NickName\n1;\"Jan\n2;Piet\n",
            "persons.csv line 2: a quotation mark opens here and is never closed",
        ),
        (
            "ExternalId;Name.NickName\n1;\"Jan\n2;\"Piet\"\n3;Kees\n",
            "persons.csv line 2, Name.NickName: goes on over several lines: [Jan 2;Piet\"]; a quotation mark may not be closed",
        ),
        (
            "ExternalId;Name.NickName\n1;J\u{7}an\n",
            "persons.csv line 2, Name.NickName: has the control character U+0007 in [J an]; the encoding may be another",
        ),
        ("ExternalId;Name.NickName\n1;a\n\u{1}\n2;b\n", "persons.csv line 3: has the control character U+0001"),
    ] {
        let faults = persons(file).await;
        assert!(faults.len() == 1 && faults[0].starts_with(expected), "{file:?}\n{faults:#?}\n{expected}");
    }
}

#[tokio::test]
async fn a_fault_of_the_contracts_is_told_with_file_line_header_and_value() {
    for (lines, expected) in [
        ("9;c;2026-01-01;;\n", "contracts.csv line 2, PersonExternalId: [9] is nobody in persons.csv"),
        (";c;2026-01-01;;\n", "contracts.csv line 2, PersonExternalId: is empty"),
        ("1001;;2026-01-01;;\n", "contracts.csv line 2, ExternalId: is empty"),
        ("1001;c;;2026-01-01;\n", "contracts.csv line 2, StartDate: is empty"),
        (
            "1001;c;2026-01-01;;\r\n1002;c;2026-01-01;;\r\n1001;c;2027-01-01;;\r\n",
            "contracts.csv line 4, ExternalId: [c] stands in line 2 already, for person [1001]",
        ),
        (
            "1001;c;2026-01-01;31-04-2026;\n",
            "contracts.csv line 2, EndDate: [31-04-2026] is no date such as 2026-05-31, 31-05-2026 or 31-5-2026 08:30",
        ),
    ] {
        assert_eq!(contracts(lines).await, [expected], "{lines:?}");
    }
    let folder = Folder::with(PERSONS, "PersonExternalId,ExternalId,Start\n");
    assert_eq!(
        folder.faults_with(json!({"unknownColumns": "ignore"})).await,
        [
            "contracts.csv line 1: has no header StartDate, EndDate; between [,] it has: PersonExternalId, ExternalId, Start"
        ]
    );
}

#[tokio::test]
async fn all_faults_of_both_files_come_at_once_and_no_person_before_them() {
    let folder = Folder::with(
        "ExternalId;Details.BirthDate\n1;1-1-1990\n1;2\n;\n2;1990\n",
        format!("{CONTRACTS}1;a;x;y;\n1;a;2026-01-01;;\n"),
    );
    insta::assert_snapshot!(folder.faults().await.join("\n"));
}

#[tokio::test]
async fn who_is_not_known_for_a_fault_of_the_own_line_is_not_told_again() {
    let folder = Folder::with("ExternalId;Name.NickName\n1\n", format!("{CONTRACTS}1;a;2026-01-01;;\n"));
    assert_eq!(folder.faults().await, ["persons.csv line 2: has 1 fields, and the header has 2"]);
}

#[tokio::test]
async fn twenty_faults_are_told_and_the_others_are_counted() {
    let lines = (0..1000).map(|n| format!("{n};c;2026-01-01;;\n")).collect::<Vec<_>>().concat();
    let faults = Folder::with("ExternalId\nx\n", format!("{CONTRACTS}{lines}")).faults().await;
    assert_eq!(faults.len(), 21);
    assert_eq!(faults[20], "and 980 more of the kind");
}

#[tokio::test]
async fn a_line_or_field_or_header_without_end_is_refused_with_bounded_work() {
    let long = "x".repeat(40_000);
    let faults = persons(format!("ExternalId;Name.NickName\n1;{long}\n")).await;
    assert!(
        faults[0].starts_with("persons.csv line 2, Name.NickName: is longer than 32767 characters: [xxx"),
        "{faults:?}"
    );
    let endless = format!("ExternalId;Name.NickName\n1;\"{}", "x\n".repeat(2_000_000));
    let faults = persons(endless).await;
    assert_eq!(faults, ["persons.csv line 2: is longer than 1 MiB; a quotation mark may not be closed"]);
    let wide = (0..1001).map(|n| format!("Custom.{n}")).collect::<Vec<_>>().join(";");
    assert_eq!(persons(wide + "\n").await, ["persons.csv line 1: has 1001 columns; at most 1000 are read"]);
}

#[tokio::test]
async fn what_is_in_the_files_is_invalid_and_a_file_that_is_not_there_is_the_configuration() {
    let folder = Folder::with(PERSONS, CONTRACTS);
    let nowhere = folder.path("nowhere.csv");
    let error = folder.persons_with(json!({"contracts": nowhere})).await.unwrap_err();
    assert!(error.is(ErrorKind::Config), "{error}");
    assert_eq!(error.faults()[0].path, "contracts");
    assert!(error.to_string().contains("nowhere.csv") && error.to_string().contains("folder of the configuration"));
    let error = folder.persons_with(json!({"persons": folder.path("")})).await.unwrap_err();
    assert!(error.is(ErrorKind::Config) && error.to_string().contains("is not a file"), "{error}");
    let error = Folder::with("Id\n1\n", CONTRACTS).persons_with(json!({"unknownColumns": "keep"})).await.unwrap_err();
    assert!(error.is(ErrorKind::Invalid), "{error}");
}

#[test]
fn the_faults_of_a_configuration_come_at_once() {
    let error =
        source(&json!({"contracts": "", "delimiter": "ab", "encoding": "ebcdic", "timeZone": "Mars", "dates": "x"}));
    let told = crate::support::lines(&error.unwrap_err());
    insta::assert_snapshot!(told.join("\n"));
    for good in [";", ",", "|", "tab", ":", "#"] {
        source(&json!({"persons": "p", "contracts": "c", "delimiter": good})).unwrap();
    }
    for bad in ["a", "1", "\"", "é", "-", "."] {
        assert!(source(&json!({"persons": "p", "contracts": "c", "delimiter": bad})).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_run_that_was_stopped_gives_an_error_and_no_whole_list() {
    let lines = (0..5000).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    let folder = Folder::with(format!("ExternalId\n{lines}"), CONTRACTS);
    let ctx = ctx();
    ctx.cancel().cancel();
    let error = folder.source(json!({})).unwrap().check(&ctx).await.unwrap_err();
    assert!(error.is(ErrorKind::Cancelled), "{error}");
}
