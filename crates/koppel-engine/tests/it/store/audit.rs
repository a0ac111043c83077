use std::collections::BTreeSet;

use koppel_engine::Entitlement;
use koppel_engine::store::{AuditChange, AuditEntry, AuditRow, Filter, access_at, csv_head, csv_line, json_line};

use super::{Home, at, audit_rows, entry, give_account};

#[tokio::test]
async fn a_whole_chain_has_no_fault_and_its_rows_come_back_as_they_were() {
    for home in Home::all().await {
        let store = home.open().await;
        assert_eq!(store.verify().await.unwrap().faults, [""; 0], "before the first entry");
        for person in ["1001", "1002", "1001"] {
            give_account(&store, person).await;
        }
        let rows = audit_rows(&store, Filter::default()).await;
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(rows[0].entry, entry("1001", AuditChange::Gave, vec![Entitlement::Account]));
        let verified = store.verify().await.unwrap();
        assert_eq!((verified.entries, &verified.head), (3, &rows[2].hash));
        assert_eq!(verified.faults, [""; 0]);

        let only = Filter { person: Some("1002".to_owned()), until: None };
        assert_eq!(audit_rows(&store, only).await, rows[1..2]);
        let before = Filter { person: None, until: Some(at("2026-03-02T07:29:59.999999Z")) };
        assert_eq!(audit_rows(&store, before).await, []);
        let then = Filter { person: None, until: Some(at("2026-03-02T07:30:00Z")) };
        assert_eq!(audit_rows(&store, then).await, rows);
    }
}

#[tokio::test]
async fn two_states_with_the_same_entries_have_different_chains() {
    let mut heads = BTreeSet::new();
    for home in [Home::sqlite(), Home::sqlite()] {
        let store = home.open().await;
        give_account(&store, "1001").await;
        heads.insert(store.verify().await.unwrap().head);
    }
    assert_eq!(heads.len(), 2);
}

/// What the check says after somebody did this to a log of five entries.
async fn told_after(home: &Home, sql: &str) -> Vec<String> {
    let store = home.open().await;
    for person in ["1", "2", "3", "4", "5"] {
        give_account(&store, person).await;
    }
    home.sql(sql).await;
    store.verify().await.unwrap().faults
}

#[tokio::test]
async fn whatever_is_done_to_the_log_is_told_by_the_number_of_the_entry() {
    let swapped = "UPDATE audit SET seq = 0 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; \
                   UPDATE audit SET seq = 3 WHERE seq = 0";
    let put_in = "INSERT INTO audit SELECT 6, at, recorded, target, person, person_name, verb, entitlements, change, \
                  permission, because, reference, success, outcome, message, fields, plan, worker, hash \
                  FROM audit WHERE seq = 5";
    let cases: [(&str, &[&str]); 13] = [
        ("UPDATE audit SET person = '9' WHERE seq = 3", &["entry 3 was changed"]),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", &["entry 1 was changed"]),
        ("UPDATE audit SET permission = '' WHERE seq = 2", &["entry 2 was changed"]),
        ("UPDATE audit SET target = 'deure', person = 'n4' WHERE seq = 4", &["entry 4 was changed"]),
        ("UPDATE audit SET hash = 'x' WHERE seq = 2", &["entry 2 was changed", "entry 3 was changed, or entry 2"]),
        ("DELETE FROM audit WHERE seq = 3", &["entry 3 is missing"]),
        ("DELETE FROM audit WHERE seq IN (2, 3)", &["entries 2 to 3 are missing"]),
        ("DELETE FROM audit WHERE seq = 1", &["entry 1 is missing"]),
        ("DELETE FROM audit WHERE seq > 3", &["entries 4 to 5 are missing"]),
        ("DELETE FROM audit", &["entries 1 to 5 are missing"]),
        (swapped, &["entry 2 was changed", "entry 3 was changed", "entry 4 was changed, or entry 3"]),
        (put_in, &["entry 6 was changed", "entries after 5 were put in"]),
        ("UPDATE audit SET seq = -4 WHERE seq = 4", &["entry -4 was put in", "entry 4 is missing"]),
    ];
    for (sql, expected) in cases {
        for home in Home::all().await {
            let told = told_after(&home, sql).await;
            assert_eq!(told.len(), expected.len(), "{sql}: {told:?}");
            for (told, expected) in told.iter().zip(expected) {
                assert!(told.contains(expected), "{sql}: {told:?}");
            }
        }
    }
}

#[tokio::test]
async fn very_many_faults_are_counted_and_not_all_told() {
    let home = Home::sqlite();
    let store = home.open().await;
    for person in 0..130 {
        give_account(&store, &person.to_string()).await;
    }
    home.sql("UPDATE audit SET person = 'x'").await;
    let faults = store.verify().await.unwrap().faults;
    assert_eq!(faults.len(), 101);
    assert_eq!(faults[100], "and 30 more");
}

fn rows(entries: Vec<AuditEntry>) -> Vec<AuditRow> {
    (1..).zip(entries).map(|(seq, entry)| AuditRow { seq, entry, hash: "00ff".to_owned() }).collect()
}

#[test]
fn playing_the_log_back_says_what_was_held_since_when_and_why() {
    let zaal = Entitlement::Permission("zaal".to_owned());
    let entries = vec![
        entry("1", AuditChange::Gave, vec![Entitlement::Account]),
        AuditEntry { reference: None, ..entry("1", AuditChange::Gave, vec![Entitlement::Access, zaal.clone()]) },
        AuditEntry {
            at: at("2026-03-02T09:00:00Z"),
            because: koppel_engine::Because { rule: "other".into(), ..Default::default() },
            ..entry("1", AuditChange::Changed, vec![zaal.clone()])
        },
        entry("1", AuditChange::Took, vec![Entitlement::Access]),
        entry("2", AuditChange::Failed, vec![Entitlement::Account]),
        entry("3", AuditChange::Gave, vec![Entitlement::Account]),
        entry("3", AuditChange::Took, vec![Entitlement::Account]),
    ];
    let held = access_at(&rows(entries));
    let told: Vec<_> = held.iter().map(|held| (&*held.person, &held.entitlement, held.entry)).collect();
    assert_eq!(told, [("1", &Entitlement::Account, 1), ("1", &zaal, 3)]);
    assert_eq!(held[0].reference.as_deref(), Some("7"));
    assert_eq!(held[1].since, at("2026-03-02T07:30:00Z"), "a change does not begin it anew");
    assert_eq!(held[1].because.rule, "other");
}

#[test]
fn a_line_of_json_is_exact_and_a_line_of_csv_starts_no_formula() {
    let row = &rows(vec![entry("-1001", AuditChange::Gave, vec![Entitlement::Account, Entitlement::Access])])[0];
    let line = json_line(row).unwrap();
    assert!(line.ends_with("}\n") && !line.trim_end().contains('\n'));
    assert_eq!(&serde_json::from_str::<AuditRow>(&line).unwrap(), row);

    let text = csv_head().unwrap() + &csv_line(row).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let record = reader.records().next().unwrap().unwrap();
    let field = |name: &str| record.get(head.iter().position(|head| head == name).unwrap()).unwrap();
    assert_eq!((field("seq"), field("at"), field("change")), ("1", "2026-03-02T07:30:00Z", "gave"));
    assert_eq!((field("person"), field("person_name")), ("'-1001", "'=Zoë; \"de\" Wit"));
    assert_eq!((field("entitlements"), field("rule")), ("account access", "Verpleging op dienst"));
}
