//! Accounts: what an action does, whatever the system.

use koppel::lifecycle::{Action, AuditAction, Correlation, Outcome, Report, run};
use koppel::{ErrorKind, Record, Reference};
use serde_json::{Value, json};

use crate::memory::{Memory, Mishap, ctx, dry};

fn record(value: &Value) -> Record {
    Record::from_nested(value)
}

fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

fn create(number: &str) -> Action {
    Action::Create {
        correlation: Some(Correlation { field: "number".into(), value: number.into() }),
        data: record(&json!({"name": "Jan", "number": number, "type": "2", "_extension": {"key": "SALES"}})),
    }
}

/// Exactly one error line on failure, none on success, at least one line always.
fn assert_audit(report: &Report) {
    let errors = report.audit.iter().filter(|line| line.is_error).count();
    assert_eq!(errors, usize::from(!report.success), "{:?}", report.audit);
    assert!(!report.audit.is_empty());
    assert_eq!(report.error.is_some(), !report.success);
}

#[tokio::test]
async fn create_makes_a_typed_account_once_and_links_it_the_second_time() {
    let target = Memory::new();
    let first = run(&*target, &ctx(), create("1")).await;
    assert_eq!((first.outcome.clone(), first.correlated), (Outcome::Created, false));
    assert_eq!(first.data.as_ref().unwrap().get("type"), Some(&json!(2)));
    let second = run(&*target, &ctx(), create("1")).await;
    assert_eq!((second.outcome.clone(), second.correlated), (Outcome::Correlated, true));
    assert_eq!(first.reference, second.reference);
    assert_eq!(second.audit[0].action, Some(AuditAction::CorrelateAccount));
    assert_eq!(target.writes(), 1);
    assert_audit(&first);
    assert_audit(&second);
}

#[tokio::test]
async fn two_creates_for_one_person_at_once_make_one_account() {
    let target = Memory::new();
    let ctx = ctx();
    let (a, b) = tokio::join!(run(&*target, &ctx, create("1")), run(&*target, &ctx, create("1")));
    assert_eq!(target.writes(), 1);
    assert_eq!(a.reference, b.reference);
}

#[tokio::test]
async fn an_account_made_since_the_list_was_read_is_linked_through_the_note() {
    let target = Memory::new();
    let ctx = ctx();
    *target.stale.lock().unwrap() = Some(vec![]);
    run(&*target, &ctx, create("1")).await;
    let second = run(&*target, &ctx, create("1")).await;
    assert_eq!((second.outcome, target.writes()), (Outcome::Correlated, 1));
}

#[tokio::test]
async fn another_spelling_of_the_correlation_field_means_the_same_field() {
    let target = Memory::new();
    let ctx = ctx();
    *target.stale.lock().unwrap() = Some(vec![]);
    run(&*target, &ctx, create("1")).await;
    let correlation = Some(Correlation { field: "NUMBER".into(), value: " 1 ".into() });
    let action = Action::Create { correlation, data: record(&json!({"name": "Jan", "number": "1"})) };
    assert_eq!((run(&*target, &ctx, action).await.outcome, target.writes()), (Outcome::Correlated, 1));
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_settled_by_reading() {
    let target = Memory::new();
    target.once(Mishap::CreateLostAfter);
    let report = run(&*target, &ctx(), create("1")).await;
    assert_eq!(report.outcome, Outcome::Created);
    assert_eq!(report.warnings.len(), 1);
    assert_eq!(target.writes(), 1);
}

#[tokio::test]
async fn a_create_that_was_lost_before_it_was_carried_out_fails_and_is_looked_for_before_the_next() {
    let target = Memory::new();
    let ctx = ctx();
    *target.stale.lock().unwrap() = Some(vec![]);
    target.once(Mishap::CreateLostBefore);
    let lost = run(&*target, &ctx, create("1")).await;
    assert_eq!(lost.error.as_ref().unwrap().kind(), ErrorKind::Ambiguous);
    assert_audit(&lost);
    // It was carried out after all, later than we looked.
    let target = target.with("late", &json!({"name": "Jan", "number": "1"}), false);
    let next = run(&*target, &ctx, create("1")).await;
    assert_eq!((next.outcome, next.reference), (Outcome::Correlated, Some(reference("late"))));
}

#[tokio::test]
async fn an_account_is_made_with_the_value_by_which_it_is_recognised() {
    let target = Memory::new();
    let action = || Action::Create {
        correlation: Some(Correlation { field: "number".into(), value: "63".into() }),
        data: record(&json!({"name": "Jan"})),
    };
    assert_eq!(run(&*target, &ctx(), action()).await.outcome, Outcome::Created);
    assert_eq!(target.stored("r1").unwrap().data.text("number").as_deref(), Some("63"));
    assert_eq!((run(&*target, &ctx(), action()).await.outcome, target.writes()), (Outcome::Correlated, 1));
}

#[tokio::test]
async fn a_mapped_value_that_somebody_else_has_is_neither_taken_over_nor_made_twice() {
    let target = Memory::new().with("stranger", &json!({"name": "Piet", "number": "90"}), true);
    let action = Action::Create {
        correlation: Some(Correlation { field: "number".into(), value: "91".into() }),
        data: record(&json!({"name": "Jan", "number": "90"})),
    };
    let report = run(&*target, &ctx(), action).await;
    assert_eq!((report.error.unwrap().kind(), target.writes()), (ErrorKind::Conflict, 0));
}

#[tokio::test]
async fn a_create_without_what_a_new_account_needs_is_refused_although_the_correlation_has_a_value() {
    let target = Memory::new();
    let action = Action::Create {
        correlation: Some(Correlation { field: "name".into(), value: "Jan".into() }),
        data: Record::new(),
    };
    assert_eq!(run(&*target, &ctx(), action).await.error.unwrap().kind(), ErrorKind::Invalid);
    assert_eq!(target.writes(), 0);
}

#[tokio::test]
async fn delete_reports_the_mapped_fields_of_the_account_that_was() {
    let target = Memory::new().with("a", &json!({"name": "Jan", "number": "1"}), true);
    let action = Action::Delete { reference: reference("a"), data: record(&json!({"number": null})) };
    let report = run(&*target, &ctx(), action).await;
    assert_eq!(report.previous.unwrap().to_nested(), json!({"number": "1"}));
}

#[tokio::test]
async fn a_second_account_that_came_after_our_own_is_found_although_the_note_knows_ours() {
    let target = Memory::new();
    let ctx = ctx();
    assert!(run(&*target, &ctx, create("1")).await.success);
    let mut without = create("1");
    if let Action::Create { correlation, .. } = &mut without {
        *correlation = None;
    }
    assert!(run(&*target, &ctx, without).await.success);
    let report = run(&*target, &ctx, create("1")).await;
    assert_eq!(report.error.map(|error| error.kind()), Some(ErrorKind::Conflict));
}

#[tokio::test]
async fn two_accounts_that_correlate_are_an_error_that_names_them() {
    let target = Memory::new().with("a", &json!({"number": "1"}), true).with("b", &json!({"number": "1"}), true);
    let report = run(&*target, &ctx(), create("1")).await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Conflict);
    assert!(report.audit[0].message.contains("a, b"), "{}", report.audit[0].message);
    assert_eq!(target.writes(), 0);
}

#[tokio::test]
async fn correlation_without_a_field_or_a_value_is_refused_and_without_correlation_one_is_always_made() {
    let target = Memory::new();
    for (field, value) in [("", "1"), ("number", " ")] {
        let correlation = Some(Correlation { field: field.into(), value: value.into() });
        let report = run(&*target, &ctx(), Action::Create { correlation, data: record(&json!({"name": "Jan"})) }).await;
        assert!(!report.success);
        assert_audit(&report);
    }
    assert_eq!(target.writes(), 0);
    for _ in 0..2 {
        let action = Action::Create { correlation: None, data: record(&json!({"name": "Jan", "number": "1"})) };
        assert_eq!(run(&*target, &ctx(), action).await.outcome, Outcome::Created);
    }
    assert_eq!(target.writes(), 2);
}

#[tokio::test]
async fn bad_data_is_refused_by_field_before_anything_is_sent() {
    let target = Memory::new();
    let action = Action::Create { correlation: None, data: record(&json!({"type": "two", "colour": "red"})) };
    let report = run(&*target, &ctx(), action).await;
    let error = report.error.as_ref().unwrap();
    let places: Vec<&str> = error.faults().iter().map(|f| f.path.as_str()).collect();
    assert_eq!((error.kind(), places), (ErrorKind::Invalid, vec!["colour", "type"]));
    assert_eq!(target.writes(), 0);
}

#[tokio::test]
async fn update_changes_what_differs_and_a_second_one_changes_nothing() {
    let target = Memory::new().with("a", &json!({"name": "jan", "number": "1", "type": 2}), true);
    let update = || Action::Update { reference: reference("a"), data: record(&json!({"name": "Jan", "type": "2"})) };
    let report = run(&*target, &ctx(), update()).await;
    assert_eq!(report.outcome, Outcome::Updated);
    assert_eq!(report.previous.as_ref().unwrap().to_nested(), json!({"name": "jan", "type": 2}));
    assert_eq!(report.data.as_ref().unwrap().to_nested(), json!({"name": "Jan", "type": 2}));
    assert!(report.audit[0].message.ends_with("updated: [name]"));
    let again = run(&*target, &ctx(), update()).await;
    assert_eq!((again.outcome.clone(), again.success, target.writes()), (Outcome::NoChange, true, 1));
    assert_audit(&again);
}

#[tokio::test]
async fn a_missing_account_fails_what_needs_it_and_is_fine_for_what_wants_it_gone() {
    let target = Memory::new();
    let (r, data) = (reference("gone"), Record::new());
    let permission = reference("p");
    let person = koppel::Person::default();
    let expected = [
        (Action::Update { reference: r.clone(), data: data.clone() }, false),
        (Action::Enable { reference: r.clone(), data: data.clone() }, false),
        (Action::Grant { reference: r.clone(), permission: permission.clone(), person: person.clone() }, false),
        (Action::Disable { reference: r.clone(), data }, true),
        (Action::Delete { reference: r.clone(), data: Record::new() }, true),
        (Action::Revoke { reference: r, permission, person }, true),
    ];
    for (action, success) in expected {
        let name = format!("{action:?}");
        let report = run(&*target, &ctx(), action).await;
        assert_eq!((report.outcome.clone(), report.success), (Outcome::NotFound, success), "{name}");
        assert_audit(&report);
    }
}

#[tokio::test]
async fn an_outage_is_never_taken_for_a_missing_account() {
    let target = Memory::new().with("a", &json!({"name": "Jan"}), true);
    for action in [
        Action::Delete { reference: reference("a"), data: Record::new() },
        Action::Disable { reference: reference("a"), data: Record::new() },
    ] {
        target.once(Mishap::GetFails);
        let report = run(&*target, &ctx(), action).await;
        assert_eq!((report.outcome.clone(), report.success), (Outcome::Failed, false));
        assert_audit(&report);
    }
    assert_eq!(target.writes(), 0);
}

#[tokio::test]
async fn enable_disable_and_delete_twice_change_once() {
    let target = Memory::new().with("a", &json!({"name": "Jan"}), false);
    let enable = || Action::Enable { reference: reference("a"), data: Record::new() };
    let disable = || Action::Disable { reference: reference("a"), data: Record::new() };
    let delete = || Action::Delete { reference: reference("a"), data: Record::new() };
    let expected = [
        (enable(), Outcome::Enabled),
        (enable(), Outcome::NoChange),
        (disable(), Outcome::Disabled),
        (disable(), Outcome::NoChange),
        (delete(), Outcome::Deleted),
        (delete(), Outcome::NotFound),
    ];
    for (action, outcome) in expected {
        let report = run(&*target, &ctx(), action).await;
        assert_eq!(report.outcome, outcome);
        assert!(report.success);
        assert_audit(&report);
    }
    assert_eq!(target.writes(), 3);
}

#[tokio::test]
async fn a_dry_run_reads_validates_and_says_what_it_would_do_and_writes_nothing() {
    let target = Memory::new().with("a", &json!({"name": "jan", "number": "9"}), false);
    let expected = [
        (create("1"), Outcome::Created),
        (create("9"), Outcome::Correlated),
        (Action::Update { reference: reference("a"), data: record(&json!({"name": "Jan"})) }, Outcome::Updated),
        (Action::Enable { reference: reference("a"), data: Record::new() }, Outcome::Enabled),
        (Action::Delete { reference: reference("a"), data: Record::new() }, Outcome::Deleted),
    ];
    for (action, outcome) in expected {
        let report = run(&*target, &dry(), action).await;
        let planned = if outcome == Outcome::Correlated { outcome } else { Outcome::Planned(Box::new(outcome)) };
        assert_eq!(report.outcome, planned);
        assert!(report.success);
        assert_audit(&report);
    }
    assert_eq!(target.writes(), 0);
    let bad = Action::Update { reference: reference("a"), data: record(&json!({"type": "x"})) };
    assert!(!run(&*target, &dry(), bad).await.success, "a preview shows a fault that enforcement would meet");
}

#[tokio::test]
async fn uniqueness_names_the_fields_that_another_account_has_and_not_its_own() {
    let target = Memory::new().with("a", &json!({"name": "Jan", "number": "1"}), true);
    let ask =
        |own: Option<&str>| Action::Uniqueness { reference: own.map(reference), data: record(&json!({"number": "1"})) };
    assert_eq!(run(&*target, &ctx(), ask(None)).await.non_unique, ["number"]);
    assert!(run(&*target, &ctx(), ask(Some("a"))).await.non_unique.is_empty());
}

#[tokio::test]
async fn a_cancelled_run_sends_nothing() {
    let target = Memory::new();
    let ctx = ctx();
    ctx.cancel().cancel();
    let report = run(&*target, &ctx, create("1")).await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Cancelled);
    assert_eq!(target.writes(), 0);
}
