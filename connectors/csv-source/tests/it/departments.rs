//! Departments.

use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{CONTRACTS, Folder, PERSONS, ctx, lines};

async fn read(file: &str, more: Value) -> Result<Vec<Value>, Vec<String>> {
    let folder = Folder::with(PERSONS, CONTRACTS);
    folder.write("departments.csv", file);
    let mut keys = json!({"departments": folder.path("departments.csv")});
    keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let source = folder.source(keys).unwrap();
    let all: Result<Vec<_>, _> = source.departments(&ctx()).try_collect().await;
    let checked = source.check(&ctx()).await;
    assert_eq!(checked.is_ok(), all.is_ok());
    all.map(|all| all.iter().map(|one| serde_json::to_value(one).unwrap()).collect()).map_err(|e| lines(&e))
}

#[tokio::test]
async fn departments_come_as_they_stand_in_the_file() {
    let all = read("externalid;DisplayName;ManagerExternalId;ParentExternalId\nN;Noord;1001;Z\nZ;Zorg;;\n", json!({}));
    assert_eq!(
        all.await.unwrap(),
        [
            json!({"ExternalId": "N", "DisplayName": "Noord", "ManagerExternalId": "1001", "ParentExternalId": "Z"}),
            json!({"ExternalId": "Z", "DisplayName": "Zorg", "ManagerExternalId": null, "ParentExternalId": null}),
        ]
    );
    let few = read("ExternalId;DisplayName;Extra\nN;Noord;x\n", json!({"unknownColumns": "keep"})).await.unwrap();
    assert_eq!(few[0].as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn without_a_file_there_are_none() {
    let source = Folder::with(PERSONS, CONTRACTS).source(json!({})).unwrap();
    let all: Vec<_> = source.departments(&ctx()).try_collect().await.unwrap();
    assert_eq!(all, []);
}

#[tokio::test]
async fn a_fault_is_told_with_line_header_and_value() {
    let header = "ExternalId;DisplayName;ManagerExternalId;ParentExternalId\n";
    for (rows, expected) in [
        ("N;;;\n", "departments.csv line 2, DisplayName: is empty"),
        (";Noord;;\n", "departments.csv line 2, ExternalId: is empty"),
        ("N;Noord;;\nN;Zuid;;\n", "departments.csv line 3, ExternalId: [N] stands in line 2 already"),
        ("N;Noord;;Q\n", "departments.csv line 2, ParentExternalId: [Q] is no department of this file"),
        (
            "N;Noord;;N\n",
            "departments.csv line 2, ParentExternalId: [N] lies below this department: they go round in a circle",
        ),
        (
            "A;a;;B\nB;b;;C\nC;c;;B\nD;d;;A\n",
            "departments.csv line 4, ParentExternalId: [B] lies below this department: they go round in a circle",
        ),
    ] {
        assert_eq!(read(&format!("{header}{rows}"), json!({})).await.unwrap_err(), [expected], "{rows:?}");
    }
}
