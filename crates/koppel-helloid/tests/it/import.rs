//! Imports: an object at a time, complete or in error.

use futures_util::TryStreamExt as _;
use koppel_helloid::{Document, Import, import};
use serde_json::{Value, json};

use crate::stub::{Stub, ctx};

async fn all(target: &Stub, what: Import, fields: Option<Value>) -> koppel::Result<Vec<Value>> {
    let document =
        Document::from_value(json!({"actionContext": {"Configuration": {}, "ImportFields": fields}})).unwrap();
    import(target, &ctx(), what, &document).try_collect().await
}

#[tokio::test]
async fn accounts_come_from_all_pages_with_exactly_the_fields_that_were_asked_for() {
    let asked = json!(["USERNAME", "name", "branch.lookupValue", "_extension.key"]);
    let objects = all(&Stub::new(), Import::Accounts, Some(asked)).await.unwrap();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["Data"], json!({"USERNAME": "1", "name": null, "branch": {"lookupValue": null}}));
    assert_eq!(objects[1]["Data"]["name"], json!("N"));
    assert_eq!(objects[0]["DisplayName"].as_str().unwrap().encode_utf16().count(), 100);
    assert_eq!(
        (&objects[0]["AccountReference"], &objects[0]["UserName"], &objects[0]["Enabled"]),
        (&json!("1"), &json!("1"), &json!(true))
    );
}

#[tokio::test]
async fn memberships_come_in_objects_of_at_most_500_accounts() {
    let target = Stub { members: 1201, ..Stub::new() };
    let objects = all(&target, Import::Permissions, None).await.unwrap();
    let sizes: Vec<usize> = objects.iter().map(|o| o["AccountReferences"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [500, 500, 201]);
    assert_eq!(objects[0]["PermissionReference"], json!({"Reference": "Planner"}));
    let subs = all(&target, Import::SubPermissions, None).await.unwrap();
    let total: usize = subs.iter().map(|o| o["AccountReferences"].as_array().unwrap().len()).sum();
    assert_eq!(total, 1201);
    assert_eq!(subs[0]["SubPermissionReference"], json!({"Id": "Planner&&D1"}));
}

#[tokio::test]
async fn one_account_is_a_list_of_one_and_none_is_no_object() {
    let one = all(&Stub { members: 1, ..Stub::new() }, Import::SubPermissions, None).await.unwrap();
    assert_eq!(one[0]["AccountReferences"], json!(["0"]));
    assert!(all(&Stub { members: 0, ..Stub::new() }, Import::Permissions, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_import_that_fails_ends_in_an_error() {
    assert!(all(&Stub::failing("down"), Import::Accounts, None).await.is_err());
    assert!(all(&Stub::failing("down"), Import::Permissions, None).await.is_err());
}
