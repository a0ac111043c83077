//! What every action does when nothing goes wrong.

use koppel::lifecycle::{Action, Outcome};
use koppel::{ErrorKind, Freshness, Record};
use koppel_sandbox::Options;
use serde_json::json;

use crate::support::{PERSON, PERSONS, World, create, delete, disable, enable, record, update};

#[tokio::test]
async fn a_person_comes_works_moves_and_leaves() {
    let world = World::new().await;
    let made = world
        .run(create(
            "1001",
            &json!({"firstname": "Jan", "type": "2", "_extension": {"accessProfileLookupKey": "Noord"}}),
        ))
        .await;
    assert_eq!(made.outcome, Outcome::Created);
    let data = made.data.unwrap().to_nested();
    assert_eq!(
        data,
        json!({"lastname": "Jansen", "firstname": "Jan", "number": "1001", "type": 2, "_extension": {"accessProfileLookupKey": null}})
    );
    let reference = made.reference.unwrap();
    let account = world.target.get(&world.ctx, &reference).await.unwrap().unwrap();
    assert_eq!((account.enabled, account.display_name.as_str()), (Some(false), "Jan Jansen"));

    assert_eq!(world.run(enable(&reference, Some("Noord"))).await.outcome, Outcome::Enabled);
    let report = world
        .run(update(&reference, &json!({"lastname": "de Vries", "_extension": {"accessProfileLookupKey": "Zuid"}})))
        .await;
    assert_eq!(report.outcome, Outcome::Updated);
    assert_eq!(world.sandbox.ipassan().door_profile(&reference.to_string()).as_deref(), Some("Zuid"));
    assert_eq!(world.stored(&reference).lastname, "de Vries");
    // One request for both.
    assert_eq!(world.count("PUT", PERSON), 2);

    assert_eq!(world.run(disable(&reference)).await.outcome, Outcome::Disabled);
    assert_eq!(world.run(delete(&reference)).await.outcome, Outcome::Deleted);
    assert_eq!(world.run(delete(&reference)).await.outcome, Outcome::NotFound);
}

#[tokio::test]
async fn a_dry_run_sends_no_write_and_says_what_it_would() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    let outcomes = [
        (create("8", &json!({"phone": "1"})), Outcome::Created, "POST", vec!["lastname", "number", "phone"]),
        (
            update(&reference, &json!({"mail": "a@x.nl", "_extension": {"accessProfileLookupKey": "Zuid"}})),
            Outcome::Updated,
            "PUT",
            vec!["mail", "accessType[doorPermanent]"],
        ),
        (enable(&reference, Some("Zuid")), Outcome::Enabled, "PUT", vec!["accessType[doorPermanent]"]),
        (disable(&reference), Outcome::Disabled, "PUT", vec!["accessType[doorPermanent]"]),
        (delete(&reference), Outcome::Deleted, "DELETE", vec![]),
    ];
    for (action, outcome, method, fields) in outcomes {
        let report = world.dry(action).await;
        assert_eq!(report.outcome, Outcome::Planned(Box::new(outcome)));
        assert_eq!((report.planned.len(), report.planned[0].method.as_str()), (1, method));
        assert_eq!(report.planned[0].fields, fields);
    }
    assert_eq!(world.writes(), 0);
    // What a dry run did not make is not found afterwards.
    assert_eq!(world.run(create("8", &json!({}))).await.outcome, Outcome::Created);
}

#[tokio::test]
async fn enable_and_disable_send_other_fields_along() {
    let world = World::new().await;
    let reference = world.person("7", None);
    let data =
        record(&json!({"other": "Pas 12", "lastname": "Jansen", "_extension": {"accessProfileLookupKey": "Noord"}}));
    assert_eq!(world.run(Action::Enable { reference: reference.clone(), data }).await.outcome, Outcome::Enabled);
    assert_eq!(world.stored(&reference).other.as_deref(), Some("Pas 12"));
    let data = record(&json!({"other": ""}));
    assert_eq!(
        world.run(Action::Disable { reference: reference.clone(), data: data.clone() }).await.outcome,
        Outcome::Disabled
    );
    assert_eq!(world.stored(&reference).other.as_deref(), Some(""));
    assert_eq!(world.run(Action::Disable { reference, data }).await.outcome, Outcome::NoChange);
    assert_eq!(world.writes(), 2);
}

#[tokio::test]
async fn a_last_name_is_needed_and_what_is_too_long_is_refused_before_any_write() {
    let world = World::new().await;
    for (data, field) in [
        (json!({"lastname": ""}), "lastname"),
        (json!({"other": "x".repeat(256)}), "other"),
        (json!({"uuid": "x"}), "uuid"),
    ] {
        let error = world.run(create("7", &data)).await.error.unwrap();
        assert_eq!((error.kind(), error.faults()[0].path.as_str()), (ErrorKind::Invalid, field));
    }
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn access_cannot_be_given_past_the_profile_table() {
    let world = World::new().await;
    let reference = world.person("7", None);
    let error = world
        .run(update(&reference, &json!({"accessType": {"doorPermanent": world.guid("Noord")}})))
        .await
        .error
        .unwrap();
    assert_eq!((error.kind(), world.writes()), (ErrorKind::Invalid, 0));
}

#[tokio::test]
async fn every_declared_field_can_be_searched_and_no_other() {
    let world = World::new().await;
    let known = world.person("7", None);
    for (field, value) in [("number", "7"), ("Number", "7"), ("lastname", "Jansen"), ("type", "2")] {
        let found = world.target.find(&world.ctx, field, value, Freshness::Run).await.unwrap();
        assert_eq!(found.len(), 1, "{field}");
        assert_eq!(found[0].reference, known);
    }
    for field in ["architecture", "uuid", "_extension.accessProfileLookupKey"] {
        let error = world.target.find(&world.ctx, field, "7", Freshness::Run).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("lastname, firstname"), "{error}");
    }
}

#[tokio::test]
async fn the_unique_field_is_checked_without_the_account_itself() {
    let world = World::new().await;
    let known = world.person("7", None);
    let action =
        |reference| Action::Uniqueness { reference, data: record(&json!({"number": "7", "lastname": "Jansen"})) };
    assert_eq!(world.run(action(None)).await.non_unique, ["number"]);
    assert!(world.run(action(Some(known))).await.non_unique.is_empty());
    // One that was made after the list was read counts as well.
    let made = world.run(create("8", &json!({}))).await.reference;
    let action = |reference| Action::Uniqueness { reference, data: record(&json!({"number": "8"})) };
    assert_eq!(world.run(action(None)).await.non_unique, ["number"]);
    assert!(world.run(action(made)).await.non_unique.is_empty());
    assert_eq!(world.count("GET", PERSONS), 1);
}

#[tokio::test]
async fn an_import_passes_all_pages_and_check_reads_one() {
    let world = World::with(Options::default().persons(130), &json!({})).await;
    world.target.check(&world.ctx).await.unwrap();
    assert_eq!(world.count("GET", PERSONS), 1);
    let first = world.target.accounts(&world.ctx, None).await.unwrap();
    assert_eq!(first.items.len(), 50);
    let second = world.target.accounts(&world.ctx, first.next).await.unwrap();
    assert_eq!(second.items.len(), 50);
    assert!(second.items.iter().all(|account| !account.data.names().any(|name| name.starts_with("architecture"))));
    assert_ne!(first.items[0].reference, second.items[0].reference);
}

#[tokio::test]
async fn a_helper_that_nobody_declared_changes_nothing() {
    let world = World::new().await;
    let reference = world.person("7", None);
    let report = world.run(update(&reference, &json!({"_extension": {"x": {"y": 1}}}))).await;
    assert_eq!((report.outcome, world.writes()), (Outcome::NoChange, 0));
    assert_eq!(world.run(Action::Update { reference, data: Record::new() }).await.outcome, Outcome::NoChange);
}
