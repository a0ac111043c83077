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
        json!({"Username": "1001", "name": "Jan", "_extension": {"own": "x"}})
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

#[tokio::test]
async fn a_field_that_the_mapping_leaves_to_the_connector_comes_back_with_the_accounts_value() {
    for (action, value) in [("create", "1001"), ("create", "known"), ("update", "1001")] {
        let document = Document::from_value(json!({
            "actionContext": {
                "Configuration": {},
                "CorrelationConfiguration": {"Enabled": true, "AccountField": "username", "PersonFieldValue": value},
                "References": {"Account": if action == "create" { Value::Null } else { json!(value) }},
                "Data": {"name": "Jan", "username": value},
            },
            "outputContext": {"Data": {"name": "Jan", "username": value, "Number": null, "unknown": null, "_extension": {"x": null}}},
        }))
        .unwrap();
        let answer =
            answer(&Stub::new(), &ctx(), action.parse().unwrap(), &document, &Scrubber::default()).await.document;
        let data = &answer["outputContext"]["Data"];
        let mut names: Vec<&String> = data.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["Number", "_extension", "name", "unknown", "username"], "{action}: {data}");
        if action == "update" {
            let previous = &answer["outputContext"]["PreviousData"];
            assert_eq!(previous["Number"], data["Number"], "a difference that is none would be told to people");
        }
        assert_eq!(
            (&data["Number"], &data["unknown"], &data["_extension"]),
            (&json!("n"), &json!(null), &json!({"x": null}))
        );
    }
}

#[tokio::test]
async fn a_correlation_field_that_is_not_mapped_is_used_and_not_answered() {
    let mut context = create("1001");
    context["Data"] = json!({"name": "Jan", "username": "1001"});
    context["CorrelationConfiguration"]["AccountField"] = json!("number");
    let answer = ask(&Stub::new(), "create", context).await.document;
    assert_eq!(
        (&answer["outputContext"]["AccountReference"], &answer["outputContext"]["Data"]),
        (&json!("1001"), &json!({"name": "Jan", "username": "1001"}))
    );
}

#[tokio::test]
async fn uniqueness_leaves_the_account_itself_out_but_for_create_and_names_fields_as_mapped() {
    let non_unique = async |operation: &str, iteration: Value| {
        let context = json!({
            "Operation": operation, "Iteration": iteration, "References": {"Account": "known"}, "Data": {"UserName": "known", "name": ""},
        });
        ask(&Stub::new(), "uniqueness", context).await.document["outputContext"].clone()
    };
    assert_eq!(non_unique("update", json!(0)).await["NonUniqueFields"], json!([]));
    let taken = non_unique("create", json!("3")).await;
    assert_eq!((&taken["NonUniqueFields"], &taken["Iteration"]), (&json!(["UserName"]), &json!(4)));
    assert_eq!(non_unique("create", json!(null)).await.get("Iteration"), None);
}

#[tokio::test]
async fn a_reconciliation_needs_neither_person_nor_data() {
    for action in ["revoke", "sub-permissions"] {
        let document = Document::from_value(json!({"actionContext": {
            "Configuration": {}, "Origin": "reconciliation", "Operation": "revoke", "Data": null,
            "References": {"Account": "1001", "Permission": {"Reference": {"Id": 7, "Kind": "fixed"}}},
            "CurrentPermissions": {"DisplayName": "Planner&&D1", "Reference": {"Id": "Planner&&D1"}},
        }, "personContext": null}))
        .unwrap();
        let target = Stub { per_contract: false, ..Stub::new() };
        let answer = answer(&target, &ctx(), action.parse().unwrap(), &document, &Scrubber::default()).await;
        let line = &answer.document["outputContext"]["AuditLogs"][0];
        assert_eq!((answer.success, &line["Action"]), (true, &json!("RevokePermission")), "{action}: {line}");
    }
}

async fn make(resources: Value, dry_run: bool) -> Value {
    let document = Document::from_value(json!({
        "actionContext": {"Configuration": {}, "DryRun": dry_run},
        "resourceContext": {"SourceData": resources},
    }))
    .unwrap();
    let ctx = ctx().for_action(dry_run, None);
    answer(&Stub::new(), &ctx, ActionName::Resources, &document, &Scrubber::default()).await.document["outputContext"]
        .clone()
}

fn said(out: &Value) -> Vec<(Option<&str>, &str, bool)> {
    let lines = out["AuditLogs"].as_array().unwrap().iter();
    lines.map(|l| (l["Action"].as_str(), l["Message"].as_str().unwrap(), l["IsError"].as_bool().unwrap())).collect()
}

#[tokio::test]
async fn resources_that_are_missing_are_made_once_each_with_a_line() {
    let out =
        make(json!([{"ExternalId": "D1", "DisplayName": "Care"}, {"ExternalId": "there"}, {}, "D2", "D2"]), false)
            .await;
    assert_eq!(out["Success"], json!(true));
    assert_eq!(
        said(&out),
        [
            (Some("CreateResource"), "Created resource: [D1]", false),
            (Some("CreateResource"), "Created resource: [D2]", false)
        ]
    );
    let none = make(json!({"ExternalId": "there"}), false).await;
    assert_eq!(said(&none), [(Some("CreateResource"), "No changes: all 1 resources are there", false)]);
}

#[tokio::test]
async fn a_resource_that_fails_does_not_keep_the_others_back_and_fails_the_action_with_one_error_line() {
    let out = make(json!(["bad 1", "D1", "bad 2"]), false).await;
    assert_eq!(out["Success"], json!(false));
    assert_eq!(
        said(&out),
        [
            (Some("CreateResource"), "Created resource: [D1]", false),
            (
                None,
                "Could not create 2 of 3 Stub resources. Error: [bad 1]: the name is refused; [bad 2]: the name is refused",
                true
            )
        ]
    );
    let denied = make(json!(["denied", "D1"]), false).await;
    assert_eq!(said(&denied).len(), 1, "a refused login would refuse every other resource: {denied}");
}

#[test]
fn an_unknown_action_is_refused_with_the_list() {
    let error = "grantPermission".parse::<ActionName>().unwrap_err();
    assert!(error.starts_with("there is no action [grantPermission]; there are: create, update"), "{error}");
    assert_eq!("Create".parse::<ActionName>().unwrap(), ActionName::Create);
}
