//! The answers, as documents.

use std::sync::atomic::Ordering;

use koppel::{Scrubber, Secret};
use koppel_helloid::{ActionName, Answer, Document, answer};
use serde_json::{Value, json};

use crate::stub::{Stub, ctx};

async fn ask(target: &Stub, action: &str, mut context: Value) -> Answer {
    context["Configuration"] = json!({});
    let document = Document::from_value(json!({
        "actionContext": context,
        "personContext": {"Person": {"ExternalId": "P1", "Contracts": [
            {"ExternalId": "c1", "Context": {"InConditions": true}, "Department": {"ExternalId": "D2"}}]}},
    }))
    .unwrap();
    let action: ActionName = action.parse().unwrap();
    let ctx = ctx().for_action(document.dry_run, None);
    answer(target, &ctx, action, &document, &Scrubber::default()).await
}

fn create(value: &str) -> Value {
    json!({
        "CorrelationConfiguration": {"Enabled": true, "AccountField": "username", "PersonFieldValue": value},
        "Data": {"Username": value, "name": "Jan"},
    })
}

#[tokio::test]
async fn create_answers_the_reference_and_the_mapped_fields() {
    insta::assert_json_snapshot!(ask(&Stub::new(), "create", create("1001")).await.document);
}

#[tokio::test]
async fn correlate_answers_the_account_as_it_is() {
    insta::assert_json_snapshot!(ask(&Stub::new(), "create", create("known")).await.document);
}

#[tokio::test]
async fn update_answers_before_and_after() {
    let context = json!({"References": {"Account": "1001"}, "Data": {"name": "new"}});
    insta::assert_json_snapshot!(ask(&Stub::new(), "update", context).await.document);
}

#[tokio::test]
async fn sub_permissions_answer_the_complete_set() {
    let context = json!({
        "Operation": "update",
        "References": {"Account": "1001", "Permission": {"Reference": "Planner"}},
        "CurrentPermissions": [{"DisplayName": "Planner&&D1", "Reference": {"Id": "Planner&&D1"}}],
    });
    insta::assert_json_snapshot!(ask(&Stub::new(), "sub-permissions", context).await.document);
}

#[tokio::test]
async fn permissions_and_uniqueness_answer_their_lists() {
    insta::assert_json_snapshot!(ask(&Stub::new(), "permissions", json!({})).await.document);
    insta::assert_json_snapshot!(
        ask(&Stub::new(), "uniqueness", json!({"Data": {"username": "known"}})).await.document
    );
}

#[tokio::test]
async fn a_missing_reference_fails_every_action_but_create_before_any_request() {
    for action in ["update", "enable", "disable", "delete", "grant", "revoke", "sub-permissions"] {
        let target = Stub::new();
        let answer =
            ask(&target, action, json!({"References": {"Account": "", "Permission": {"Reference": "Planner"}}})).await;
        let out = &answer.document["outputContext"];
        assert_eq!(out["Success"], json!(false), "{action}");
        assert_eq!(out["AuditLogs"].as_array().unwrap().len(), 1);
        assert!(out["AuditLogs"][0]["Message"].as_str().unwrap().contains("The account reference could not be found"));
        assert_eq!(target.calls.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn every_failure_has_exactly_one_error_line_cut_to_what_helloid_takes() {
    let long = "ü€😀".repeat(200);
    for action in ["create", "update", "grant", "revoke", "sub-permissions", "permissions", "uniqueness"] {
        let mut context = create("1001");
        context["References"] = json!({"Account": "1001", "Permission": {"Reference": "Planner"}});
        let answer = ask(&Stub::failing(&long), action, context).await;
        let lines = answer.document["outputContext"]["AuditLogs"].as_array().unwrap();
        assert_eq!(answer.document["outputContext"]["Success"], json!(false));
        assert_eq!(lines.iter().filter(|line| line["IsError"] == json!(true)).count(), 1, "{action}");
        let length = lines[0]["Message"].as_str().unwrap().encode_utf16().count();
        assert!((250..=254).contains(&length), "{action}: {length}");
    }
}

#[tokio::test]
async fn a_secret_in_an_error_is_taken_out_of_the_answer() {
    let scrubber = Scrubber::default();
    scrubber.add(&Secret::new("canary-secret"));
    let document =
        Document::from_value(json!({"actionContext": {"Configuration": {}, "References": {"Account": "1"}}})).unwrap();
    let target = Stub::failing("the answer was canary-secret");
    let answer = answer(&target, &ctx(), ActionName::Update, &document, &scrubber).await;
    assert!(!answer.document.to_string().contains("canary-secret"));
    assert!(answer.document.to_string().contains("the answer was ***"));
}

#[tokio::test]
async fn a_helper_of_the_mapping_stays_out_of_the_system_and_in_the_data() {
    let mut context = create("1001");
    context["Data"]["_extension"] = json!({"own": "x"});
    let answer = ask(&Stub::new(), "create", context).await;
    assert_eq!(
        answer.document["outputContext"]["Data"],
        json!({"username": "1001", "name": "Jan", "_extension": {"own": "x"}})
    );
}

#[tokio::test]
async fn sub_permissions_without_a_person_revoke_nothing() {
    let target = Stub::new();
    let document = Document::from_value(json!({"actionContext": {
        "Configuration": {}, "Operation": "update",
        "References": {"Account": "1001", "Permission": {"Reference": "Planner"}},
        "CurrentPermissions": [{"Reference": {"Id": "Planner&&D1"}}],
    }}))
    .unwrap();
    let answer = answer(&target, &ctx(), ActionName::SubPermissions, &document, &Scrubber::default()).await;
    assert_eq!((answer.success, target.calls.load(Ordering::SeqCst)), (false, 0));
}

#[tokio::test]
async fn a_preview_without_a_permission_reference_uses_its_name() {
    let context = json!({"DryRun": true, "PermissionDisplayName": "Planner", "References": {"Account": "1001", "Permission": {}}});
    assert!(ask(&Stub::new(), "sub-permissions", context).await.success);
}

#[test]
fn an_unknown_action_is_refused_with_the_list() {
    let error = "grantPermission".parse::<ActionName>().unwrap_err();
    assert!(error.starts_with("there is no action [grantPermission]; there are: create, update"), "{error}");
    assert_eq!("Create".parse::<ActionName>().unwrap(), ActionName::Create);
}
