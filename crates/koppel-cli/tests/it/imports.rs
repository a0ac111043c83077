//! `koppel run ID import-…`: a JSON line per object.

use koppel_sandbox::{Options, System};
use serde_json::json;

use crate::support::{DOORS, PERSONS, PLANNING, World};

#[test]
fn the_accounts_of_all_pages_are_printed_once_each() {
    let world = World::with(Options::default().persons(120));
    let input = world.document(DOORS, &json!({"ImportFields": ["number", "lastname", "mail"]}));
    let lines = world.run(DOORS, "import-accounts", &input).fine().lines();
    let printed: Vec<&str> = lines.iter().map(|line| line["AccountReference"].as_str().unwrap()).collect();
    let there: Vec<String> = world.sandbox.ipassan().persons().into_iter().map(|person| person.uuid).collect();
    assert_eq!(printed, there);
    for line in &lines {
        let keys: Vec<&String> = line["Data"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["lastname", "mail", "number"], "only the fields that were asked for");
        assert!(
            ["DisplayName", "UserName"].iter().all(|key| line[*key].as_str().is_some_and(|text| !text.is_empty())),
            "{line}"
        );
    }
    assert!(lines.iter().any(|line| line["Enabled"] == true) && lines.iter().any(|line| line["Enabled"] == false));
    assert_eq!(world.stats().count(System::IPassan, "GET", PERSONS), 3);
}

#[test]
fn every_user_is_imported() {
    let world = World::with(Options::default().persons(60));
    let input = world.document(PLANNING, &json!({"ImportFields": ["username", "email"]}));
    let lines = world.run(PLANNING, "import-accounts", &input).fine().lines();
    let users = world.sandbox.inplanning().users();
    assert_eq!(lines.len(), users.len());
    for (line, user) in lines.iter().zip(&users) {
        assert_eq!(line["AccountReference"], json!(user.username));
        assert_eq!(line["Enabled"], json!(user.active));
        assert_eq!(line["Data"], json!({"username": user.username, "email": user.email}));
    }
}

#[test]
fn who_has_a_permission_comes_in_objects_of_at_most_five_hundred() {
    let world = World::with(Options::default().persons(0));
    for number in 1..=501 {
        let role = koppel_sandbox::inplanning::Role {
            role: "Medewerker".into(),
            resource_group: Some("Company".into()),
            ..Default::default()
        };
        let user = koppel_sandbox::inplanning::User {
            username: format!("u{number}"),
            active: true,
            roles: Some(vec![role]),
            ..Default::default()
        };
        world.sandbox.inplanning().put_user(user);
    }
    for action in ["import-permissions", "import-sub-permissions"] {
        let lines = world.run(PLANNING, action, &world.document(PLANNING, &json!({}))).fine().lines();
        let sizes: Vec<usize> = lines.iter().map(|line| line["AccountReferences"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [500, 1], "the permission without members is not printed");
        assert!(lines.iter().all(|line| line["PermissionReference"] == json!({"Reference": "Medewerker"})));
        let sub = lines[0].get("SubPermissionReference");
        assert_eq!(sub, (action == "import-sub-permissions").then_some(&json!({"Id": "Medewerker&&Company"})));
    }
}

#[test]
fn an_import_that_breaks_off_fails_and_keeps_the_lines_before_whole() {
    let world = World::with(Options::default().persons(120));
    world.faults("ipassan:GET person:500@2*");
    let output = world.run(DOORS, "import-accounts", &world.document(DOORS, &json!({}))).exits(1);
    assert_eq!(output.lines().len(), 50, "the first page");
    assert!(output.stderr.contains("\nerror: ") && output.stderr.contains("HTTP 500"), "{output:#?}");
}

#[test]
fn a_list_that_goes_round_in_circles_fails() {
    for fault in ["cursor-repeat*", "cursor-cycle*"] {
        let world = World::with(Options::default().persons(120));
        world.faults(&format!("ipassan:GET person:{fault}"));
        let output = world.run(DOORS, "import-accounts", &world.document(DOORS, &json!({}))).exits(1);
        assert!(output.stderr.starts_with("error: "), "{output:#?}");
        let requests = world.stats().count(System::IPassan, "GET", PERSONS);
        assert!(requests < 20, "{fault}: it asked {requests} times");
    }
}

#[test]
fn an_empty_system_gives_no_lines() {
    let world = World::empty();
    for (id, actions) in [
        (DOORS, &["import-accounts"][..]),
        (PLANNING, &["import-accounts", "import-permissions", "import-sub-permissions"]),
    ] {
        for action in actions {
            world.run(id, action, &world.document(id, &json!({}))).fine().says_nothing();
        }
    }
}

#[test]
fn an_import_has_no_batch() {
    let world = World::empty();
    let lines = [world.document(DOORS, &json!({})).to_string()];
    let output = world.batch(DOORS, "import-accounts", 1, &lines).exits(2).says_nothing();
    assert!(output.stderr.contains("has no batch"), "{output:#?}");
    assert_eq!(world.requests(), 0);
}

#[test]
fn an_import_with_a_wrong_configuration_prints_nothing() {
    let world = World::empty();
    let input = crate::support::document(&json!({"clientID": "x"}), &json!({}));
    let output = world.run(DOORS, "import-accounts", &input).exits(2).says_nothing();
    assert!(output.stderr.contains("actionContext.Configuration.clientSecret: is missing"), "{output:#?}");
}
