//! What a person looks like.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{CONTRACTS, Folder, PERSONS, ctx};

#[tokio::test]
async fn persons_come_in_the_order_of_the_file_with_their_contracts_in_the_order_of_theirs() {
    let folder = Folder::with(
        "ExternalId;Name.NickName;Name.FamilyNamePrefix;Name.FamilyName;Custom.Badge;Details.BirthDate\n\
         1002;Daan;de;Vries;;1-2-1990\n1001;Sanne;;Berg;77;\n",
        "PersonExternalId;ExternalId;StartDate;EndDate;Title.Name;Details.Fte;Custom.Ward\n\
         1001;b;01-06-2026;30-06-2026;Nurse;0,89;W1\n1002;x;2026-01-05;;Cook;36;\n1001;a;2025-01-01;2025-12-31;;;\n",
    );
    insta::assert_json_snapshot!("persons", folder.persons().await);
}

#[tokio::test]
async fn all_persons_and_all_contracts_have_the_same_fields_and_what_is_not_filled_in_is_null() {
    let folder = Folder::with(
        "ExternalId;Contact.Business.Email;Name.NickName\n1;;\n2;a@example.org;Noor\n",
        format!("{CONTRACTS}1;c;2026-06-01;;\n2;c;2026-06-01;2026-06-30;Nurse\n"),
    );
    let persons = folder.persons().await;
    assert_eq!(persons[0]["Contact"]["Business"]["Email"], json!(null));
    assert_eq!(persons[0]["Contracts"][0]["EndDate"], json!(null));
    assert_eq!(persons[0]["Contracts"][0]["Title"]["Name"], json!(null));
    assert_eq!(names(&persons[0]), names(&persons[1]));
    assert_eq!(names(&persons[0]["Contracts"][0]), names(&persons[1]["Contracts"][0]));
}

#[tokio::test]
async fn the_display_name_is_the_column_or_the_name_or_the_id() {
    let persons = Folder::with(
        "ExternalId;DisplayName;Name.Initials;Name.NickName;Name.FamilyNamePrefix;Name.FamilyName\n\
         1;Chef;J.;Jan;de;Wit\n2;;J.;Jan;de;Wit\n3;;J.;;;Wit\n4;;;;;\n",
        CONTRACTS,
    );
    let names: Vec<_> = persons.persons().await.iter().map(|p| p["DisplayName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["Chef", "Jan de Wit", "J. Wit", "4"]);
}

#[tokio::test]
async fn a_file_with_a_header_alone_gives_nobody_and_is_no_error() {
    let folder = Folder::with("ExternalId;Name.NickName\n", CONTRACTS);
    assert_eq!(folder.persons().await, Vec::<serde_json::Value>::new());
    folder.source(json!({})).unwrap().check(&ctx()).await.unwrap();
}

#[tokio::test]
async fn a_person_without_contracts_is_given() {
    assert_eq!(Folder::with(PERSONS, CONTRACTS).persons().await[1]["Contracts"], json!([]));
}

#[tokio::test]
async fn what_helloid_needs_beside_the_columns_is_put_in_only_where_there_is_no_column() {
    let person = &Folder::with("ExternalId\n7\n", CONTRACTS).persons().await[0];
    assert_eq!((&person["Aggregation"], &person["Name"]["Convention"]), (&json!("PERSON7PERSON"), &json!("B")));
    assert_eq!(person["Custom"], json!({}));
    let person = &Folder::with("ExternalId;Aggregation;Name.Convention\n7;x;\n", CONTRACTS).persons().await[0];
    assert_eq!((&person["Aggregation"], &person["Name"]["Convention"]), (&json!("x"), &json!(null)));
}

#[tokio::test]
async fn headers_are_read_without_regard_to_case_and_come_out_as_helloid_spells_them() {
    let persons = Folder::with(
        "EXTERNALID;name.nickname;custom.Badge;username\n1;Jan;7;jan\n",
        "personexternalid;externalId;STARTDATE;enddate\n1;c;2026-06-01;2026-06-30\n",
    );
    let person = &persons.persons().await[0];
    assert_eq!(person["Name"]["NickName"], "Jan");
    assert_eq!(person["Custom"]["Badge"], "7");
    assert_eq!(person["UserName"], "jan");
    assert_eq!(person["Contracts"][0]["EndDate"], "2026-06-30T00:00:00+02:00");
}

#[tokio::test]
async fn an_unknown_column_is_refused_kept_or_ignored() {
    let folder = Folder::with("ExternalId;Afdeling;Naam.Roep\n1;Noord;Jan\n", CONTRACTS);
    assert_eq!(
        folder.faults().await,
        [
            "persons.csv line 1: the header [Afdeling] is no path of a person. It can begin with Custom., or [unknownColumns] can be ignore or keep",
            "persons.csv line 1: the header [Naam.Roep] is no path of a person. It can begin with Custom., or [unknownColumns] can be ignore or keep",
        ]
    );
    let kept = folder.persons_with(json!({"unknownColumns": "keep"})).await.unwrap();
    assert_eq!((&kept[0]["Afdeling"], &kept[0]["Naam"]), (&json!("Noord"), &json!({"Roep": "Jan"})));
    let ignored = folder.persons_with(json!({"unknownColumns": "ignore"})).await.unwrap();
    assert!(ignored[0].get("Afdeling").is_none() && ignored[0].get("Naam").is_none());
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn another_column_does_not_change_which_fields_there_are() {
    let few = &Folder::with("ExternalId\n1\n", format!("{CONTRACTS}1;c;2026-06-01;;\n")).persons().await[0];
    let more = &Folder::with(
        "ExternalId;Name.NickName;Contact.Business.Email\n1;;\n",
        "PersonExternalId;ExternalId;StartDate;EndDate;Team.Name\n1;c;2026-06-01;;\n",
    )
    .persons()
    .await[0];
    assert_eq!(names(few), names(more));
    assert_eq!(names(&few["Name"]), names(&more["Name"]));
    assert_eq!(few["Contact"], json!(null));
    assert_eq!(more["Contact"], json!({"Business": {"Email": null, "Phone": null, "Address": null}, "Personal": null}));
    assert_eq!(names(&few["Contracts"][0]), names(&more["Contracts"][0]));
    assert_eq!(more["Contracts"][0]["Team"], json!({"Name": null, "Code": null, "ExternalId": null}));
}
