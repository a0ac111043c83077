//! Ids that older versions of the public connector stored.

use koppel::lifecycle::{Operation, Outcome};
use serde_json::{Value, json};

use crate::fake::{Fake, audit, contract, ids, jan_with, sub};

fn role(role: &str, group: &str) -> Value {
    json!({"role": role, "resourceGroup": group})
}

#[tokio::test]
async fn i11_an_id_is_split_at_the_first_separator() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([role("Leidinggevende", "D1 && D2"), role("Leidinggevende", "D2")])));
    let report = fake.run(sub(Operation::Revoke, "Leidinggevende", &[json!("Leidinggevende&&D1 && D2")], vec![])).await;
    assert!(report.success, "{report:?}");
    assert_eq!(fake.user("1001")["roles"], json!([role("Leidinggevende", "D2")]));
}

#[tokio::test]
async fn i11_what_older_versions_stored_can_be_revoked() {
    let old = [
        json!("Planner-Planner Noord"),
        json!({"role": "Planner", "resourceGroup": "Planner Noord", "userGroup": "Root"}),
        json!({"Id": "planner-planner noord"}),
        json!("Planner&&Planner Noord"),
    ];
    for id in old {
        let fake = Fake::start().await;
        fake.put(&jan_with(&json!([role("Planner", "Planner Noord"), role("Other", "x")])));
        let report = fake.run(sub(Operation::Revoke, "Planner", std::slice::from_ref(&id), vec![])).await;
        assert!(report.success && ids(&report).is_empty(), "{id}: {report:?}");
        assert_eq!(fake.user("1001")["roles"], json!([role("Other", "x")]), "{id}");
    }
}

#[tokio::test]
async fn i11_a_role_that_is_no_longer_on_offer_is_found_among_the_roles_of_the_user() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([role("Old-Role", "Group-1"), role("Old", "Other")])));
    let report = fake.run(sub(Operation::Revoke, "Planner", &[json!("Old-Role-Group-1")], vec![])).await;
    assert!(report.success, "{report:?}");
    assert_eq!(fake.user("1001")["roles"], json!([role("Old", "Other")]));
}

#[tokio::test]
async fn i11_an_old_id_of_a_role_that_stays_is_brought_up_to_date_without_a_write() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([role("Planner", "Planner Noord")])));
    let current = [json!("Planner-Planner Noord")];
    let report = fake.run(sub(Operation::Update, "Planner", &current, vec![contract("c1", "Noord", "1")])).await;
    assert_eq!(
        (ids(&report), &report.outcome),
        (vec!["Planner&&Planner Noord".to_owned()], &Outcome::NoChange),
        "{}",
        audit(&report)
    );
    assert!(fake.writes().await.is_empty());
}
