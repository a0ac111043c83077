//! Every action of both targets, end to end: what goes in, what comes out, and what is in the system afterwards.
//!
//! Each step runs dry first: a dry run sends no write and answers in the shape of the real one that follows it.

use serde_json::{Value, json};

use crate::support::{Answer, DOORS, PLANNING, World, about, merged, new_person, new_user};

/// An account's life, told in the documents of its actions.
struct Story<'a> {
    world: &'a World,
    id: &'static str,
    told: Vec<Value>,
}

impl<'a> Story<'a> {
    fn new(world: &'a World, id: &'static str) -> Self {
        Self { world, id, told: Vec::new() }
    }

    /// Runs an action dry and then for real.
    fn step(&mut self, what: &str, action: &str, input: &Value) -> Answer {
        let writes = self.world.writes();
        let dry_output = self.world.run(
            self.id,
            action,
            &self.world.document(self.id, &merged(input.clone(), &json!({"DryRun": true}))),
        );
        assert_eq!(self.world.writes(), writes, "a dry run of {action} writes nothing");
        let output = self.world.run(self.id, action, &self.world.document(self.id, input));
        let (dry, real) = (dry_output.answer(), output.answer());
        assert_eq!(dry.shape(), real.shape(), "{what}: {dry:#?} {real:#?}");
        assert_eq!(real.success(), output.stderr.is_empty(), "{output:#?}");
        let planned = dry_output.stderr.lines().filter(|line| line.contains("[DryRun]")).count() as u64;
        let sent = self.world.writes() - writes;
        assert_eq!(planned, sent, "{what}: what is planned is what is sent: {dry_output:#?}");
        let mut told = json!({"what": what, "action": action, "exit": output.code, "outputContext": real.0});
        if dry != real {
            told["in a dry run"] = dry.0;
        }
        self.told.push(self.world.redact_json(&told));
        real
    }

    /// Runs an action that is expected to write nothing.
    fn quiet(&mut self, what: &str, action: &str, input: &Value) -> Answer {
        let writes = self.world.writes();
        let answer = self.step(what, action, input);
        assert_eq!(self.world.writes(), writes, "{what}: nothing was to be written");
        answer
    }

    fn import(&mut self, action: &str, input: &Value) -> Vec<Value> {
        let output = self.world.run(self.id, action, &self.world.document(self.id, input)).fine();
        let lines = output.lines();
        self.told.push(self.world.redact_json(&json!({"what": "the import", "action": action, "lines": lines})));
        lines
    }
}

fn key(key: &str) -> Value {
    json!({"_extension": {"accessProfileLookupKey": key}})
}

#[test]
fn the_doors_from_create_to_delete() {
    let world = World::empty();
    let mut story = Story::new(&world, DOORS);
    let created = story.step("a new person", "create", &new_person("1001"));
    assert_eq!(created.actions(), ["CreateAccount"]);
    let reference = created.reference();
    let uuid = reference.as_str().unwrap();
    let person = || world.sandbox.ipassan().person(uuid);
    assert_eq!(person().unwrap().number.as_deref(), Some("1001"));
    assert_eq!(world.sandbox.ipassan().door_profile(uuid), None, "create opens no door");

    let linked = story.quiet("the person exists", "create", &new_person("1001"));
    assert_eq!(
        (linked.actions(), linked.reference(), &linked.0["AccountCorrelated"]),
        (vec!["CorrelateAccount"], reference.clone(), &json!(true))
    );
    story.quiet(
        "the number is its own",
        "uniqueness",
        &merged(about(&reference, &json!({"number": "1001"})), &json!({"Operation": "update"})),
    );
    let taken = story.quiet(
        "the number is another's",
        "uniqueness",
        &merged(about(&Value::Null, &json!({"number": "1001"})), &json!({"Operation": "create"})),
    );
    assert_eq!(taken.0["NonUniqueFields"], json!(["number"]));

    story.step("a new name", "update", &about(&reference, &json!({"lastname": "de Vries", "firstname": "Jan"})));
    assert_eq!(person().unwrap().lastname, "de Vries");
    story.quiet("nothing new", "update", &about(&reference, &json!({"lastname": "de Vries"})));
    story.quiet("enable without a key", "enable", &about(&reference, &json!({})));
    story.quiet("enable with a key of nobody", "enable", &about(&reference, &key("Oost")));
    story.step("the doors open", "enable", &about(&reference, &key("Noord")));
    assert_eq!(world.sandbox.ipassan().door_profile(uuid).as_deref(), Some("Noord"));
    story.quiet("they are open", "enable", &about(&reference, &key("Noord")));
    story.step("other doors", "update", &about(&reference, &key("Zuid")));
    assert_eq!(world.sandbox.ipassan().door_profile(uuid).as_deref(), Some("Zuid"));
    story.import(
        "import-accounts",
        &json!({"ImportFields": ["number", "lastname", "_extension.accessProfileLookupKey"]}),
    );
    story.step("the doors close", "disable", &about(&reference, &json!({})));
    assert_eq!(world.sandbox.ipassan().door_profile(uuid), None);
    story.quiet("they are closed", "disable", &about(&reference, &json!({})));
    let gone =
        story.step("the person leaves", "delete", &about(&reference, &json!({"number": "1001", "lastname": "Jansen"})));
    assert_eq!((gone.actions(), person()), (vec!["DeleteAccount"], None));
    for (action, success) in [("delete", true), ("disable", true), ("update", false), ("enable", false)] {
        let answer = story.quiet(
            "the person is gone",
            action,
            &about(&reference, &merged(json!({"lastname": "Bakker"}), &key("Noord"))),
        );
        assert_eq!(answer.success(), success, "{action}");
    }
    insta::assert_json_snapshot!("doors", story.told);
}

/// A contract in conditions at a location.
fn contract(id: &str, location: &str) -> Value {
    json!({"ExternalId": id, "Division": {"Name": location}, "Context": {"InConditions": true}})
}

fn permission(reference: &Value, permission: &str, operation: &str, current: &Value, contracts: &[Value]) -> Value {
    json!({
        "Operation": operation,
        "References": {"Account": reference, "Permission": {"Reference": permission}},
        "PermissionDisplayName": permission,
        "CurrentPermissions": current,
        "personContext": {"Person": {"ExternalId": "1001", "DisplayName": "Jan Jansen (1001)", "Contracts": contracts}},
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
fn the_planning_from_create_to_disable() {
    let world = World::empty();
    let mut story = Story::new(&world, PLANNING);
    let reference = story.step("a new user", "create", &new_user("1001")).reference();
    assert_eq!(reference, "1001");
    let user = || world.sandbox.inplanning().user("1001").unwrap();
    let roles = || {
        user()
            .roles
            .unwrap_or_default()
            .into_iter()
            .map(|r| format!("{} of {}", r.role, r.resource_group.unwrap_or_default()))
    };
    assert_eq!((user().active, user().email.as_deref()), (false, Some("j@x.example")));

    let linked = story.quiet("the user exists", "create", &new_user("1001"));
    assert_eq!((linked.actions(), linked.reference()), (vec!["CorrelateAccount"], reference.clone()));
    let by =
        json!({"Enabled": true, "PersonFieldValue": "j@x.example", "AccountField": "email", "AccountFieldValue": null});
    let linked =
        story.quiet("by another field", "create", &merged(new_user("1002"), &json!({"CorrelationConfiguration": by})));
    assert_eq!(linked.reference(), "1001");
    let taken = story.quiet("the name is another's", "uniqueness", &about(&Value::Null, &json!({"username": "1001"})));
    assert_eq!(taken.0["NonUniqueFields"], json!(["username"]));
    story.quiet("the name is its own", "uniqueness", &about(&reference, &json!({"username": "1001"})));

    story.step("a new name", "update", &about(&reference, &json!({"username": "1001", "lastName": "de Vries"})));
    assert_eq!(
        (user().last_name.as_deref(), user().email.as_deref()),
        (Some("de Vries"), Some("j@x.example")),
        "the whole user is sent"
    );
    story.quiet("nothing new", "update", &about(&reference, &json!({"lastName": "de Vries"})));
    story.step("the user may log in", "enable", &about(&reference, &json!({})));
    assert!(user().active);
    story.quiet("the user may log in already", "enable", &about(&reference, &json!({})));

    let offered = story.quiet("what is on offer", "permissions", &json!({}));
    assert_eq!(
        offered.0["Permissions"][1],
        json!({"DisplayName": "Planner", "Identification": {"Reference": "Planner"}})
    );
    story.step("a role", "grant", &permission(&reference, "Medewerker", "grant", &json!([]), &[]));
    assert_eq!(roles().collect::<Vec<_>>(), ["Medewerker of Company"]);
    story.quiet("a role that nobody offers", "grant", &permission(&reference, "Directeur", "grant", &json!([]), &[]));
    let (noord, zuid) = (contract("c1", "Noord"), contract("c2", "Zuid"));
    let granted = story.step(
        "a role per contract",
        "sub-permissions",
        &permission(&reference, "Planner", "grant", &json!([]), &[noord.clone(), zuid]),
    );
    assert_eq!(
        roles().collect::<Vec<_>>(),
        ["Medewerker of Company", "Planner of Planner Noord", "Planner of Planner Zuid"]
    );
    story.quiet(
        "the contracts are the same",
        "sub-permissions",
        &permission(
            &reference,
            "Planner",
            "update",
            &granted.0["SubPermissions"],
            &[noord.clone(), contract("c2", "Zuid")],
        ),
    );
    let moved = [noord, contract("c3", "Oost")];
    let moved = story.step(
        "another contract",
        "sub-permissions",
        &permission(&reference, "Planner", "update", &granted.0["SubPermissions"], &moved),
    );
    assert_eq!(moved.actions(), ["GrantPermission", "RevokePermission"]);
    assert_eq!(
        roles().collect::<Vec<_>>(),
        ["Medewerker of Company", "Planner of Planner Noord", "Planner of Planner Oost"]
    );

    story.import("import-accounts", &json!({"ImportFields": ["username", "lastName", "email", "active"]}));
    story.import("import-permissions", &json!({}));
    story.import("import-sub-permissions", &json!({}));

    story.step(
        "the permission ends",
        "sub-permissions",
        &permission(&reference, "Planner", "revoke", &moved.0["SubPermissions"], &[]),
    );
    story.step("the role ends", "revoke", &permission(&reference, "Medewerker", "revoke", &json!([]), &[]));
    assert_eq!(roles().count(), 0);
    story.step("the user leaves", "disable", &about(&reference, &json!({})));
    assert!(!user().active);
    let refused = story.quiet("there is no delete", "delete", &about(&reference, &json!({})));
    assert!(refused.error().contains("cannot delete accounts"));

    assert!(world.sandbox.inplanning().remove_user("1001"));
    for (action, success) in [("disable", true), ("update", false), ("enable", false)] {
        let answer = story.quiet("the user is gone", action, &about(&reference, &json!({"lastName": "Bakker"})));
        assert_eq!(answer.success(), success, "{action}");
    }
    for (action, operation, success) in [
        ("grant", "grant", false),
        ("revoke", "revoke", true),
        ("sub-permissions", "grant", false),
        ("sub-permissions", "revoke", true),
    ] {
        let input = permission(&reference, "Medewerker", operation, &json!([]), &[]);
        let answer = story.quiet("the user is gone", action, &input);
        assert_eq!(answer.success(), success, "{action} {operation}");
    }
    insta::assert_json_snapshot!("planning", story.told);
}

#[test]
fn a_connector_refuses_what_its_manifest_does_not_offer() {
    let world = World::empty();
    for id in [PLANNING, DOORS] {
        let manifest: Value = serde_json::from_str(&world.koppel(&["describe", id]).run().fine().stdout).unwrap();
        let offers = |action: &str| manifest["capabilities"].as_array().unwrap().contains(&json!(action));
        let input = world.document(id, &permission(&json!("1001"), "Medewerker", "grant", &json!([]), &[]));
        let before = world.requests();
        let mut refused = Vec::new();
        for action in
            ["delete", "grant", "revoke", "sub-permissions", "permissions"].into_iter().filter(|action| !offers(action))
        {
            let output = world.run(id, action, &input).exits(1);
            assert!(
                output.answer().error().contains(&manifest["title"].as_str().unwrap().replace("Intus ", "")),
                "{output:#?}"
            );
            refused.push(action);
        }
        for action in ["import-permissions", "import-sub-permissions"].into_iter().filter(|action| !offers(action)) {
            let output = world.run(id, action, &input).exits(1).says_nothing();
            assert!(output.stderr.contains("has no permissions"), "{output:#?}");
        }
        assert!(!refused.is_empty());
        assert_eq!(world.requests(), before, "nothing was asked of the system");
    }
}

#[test]
fn a_missing_reference_fails_before_any_request() {
    let world = World::empty();
    for (id, actions) in [
        (DOORS, &["update", "enable", "disable", "delete"][..]),
        (PLANNING, &["update", "enable", "disable", "grant", "revoke", "sub-permissions"]),
    ] {
        for action in actions {
            for references in [
                json!({"Account": null}),
                json!({"Account": ""}),
                json!({"Account": "  "}),
                json!({"Account": {}}),
                json!({}),
                Value::Null,
            ] {
                for dry in [false, true] {
                    let input = world.document(
                        id,
                        &json!({"References": references, "DryRun": dry, "Data": {"lastname": "x", "lastName": "x"}}),
                    );
                    let output = world.run(id, action, &input).exits(1);
                    assert!(
                        output.answer().error().contains("The account reference could not be found"),
                        "{references}: {output:#?}"
                    );
                }
            }
        }
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_missing_permission_fails_before_any_request() {
    let world = World::empty();
    for action in ["grant", "revoke", "sub-permissions"] {
        let input = world.document(PLANNING, &json!({"References": {"Account": "1001", "Permission": null}}));
        let output = world.run(PLANNING, action, &input).exits(1);
        assert!(output.answer().error().contains("The permission reference could not be found"), "{output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_correlation_without_field_or_value_is_no_reason_to_create() {
    let world = World::empty();
    for (correlation, expected) in [
        (json!({"Enabled": true, "AccountField": "", "PersonFieldValue": "1001"}), "no account field"),
        (
            json!({"Enabled": true, "AccountField": "number", "PersonFieldValue": null, "AccountFieldValue": ""}),
            "no value for [number]",
        ),
    ] {
        let input =
            world.document(DOORS, &merged(new_person("1001"), &json!({"CorrelationConfiguration": correlation})));
        let output = world.run(DOORS, "create", &input).exits(1);
        assert!(output.answer().error().contains(expected), "{output:#?}");
    }
    assert_eq!((world.requests(), world.sandbox.ipassan().count()), (0, 0));
}

#[test]
fn two_accounts_that_correlate_are_an_error() {
    let world = World::empty();
    for _ in 0..2 {
        let person = koppel_sandbox::ipassan::Person {
            lastname: "Jansen".into(),
            number: Some("1001".into()),
            kind: 2,
            ..Default::default()
        };
        world.sandbox.ipassan().insert(person);
    }
    let output = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).exits(1);
    assert!(output.answer().error().contains("multiple accounts found where [number] is [1001]"), "{output:#?}");
    assert_eq!(world.writes(), 0);
}

#[test]
fn a_profile_that_the_system_ignores_without_a_word_is_an_error() {
    let world = World::empty();
    let reference = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).answer().reference();
    let profiles = json!({"accessProfiles": [{"HelloIDLookupKey": "Spook", "AccessProfileId": "8b32bb39-5e9f-459b-8bf1-a864c35b3f79"}]});
    let input = crate::support::document(&world.config_with(DOORS, &profiles), &about(&reference, &key("Spook")));
    let output = world.run(DOORS, "enable", &input).exits(1);
    assert!(output.answer().error().contains("IPassan ignored access profile"), "{output:#?}");
}

#[test]
fn a_dry_run_of_enable_and_disable_says_what_the_real_one_will_say() {
    let world = World::empty();
    let reference = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).answer().reference();
    for (action, data) in [("enable", key("Noord")), ("disable", json!({}))] {
        let input = about(&reference, &data);
        let dry = world
            .run(DOORS, action, &world.document(DOORS, &merged(input.clone(), &json!({"DryRun": true}))))
            .exits(0)
            .answer();
        let real = world.run(DOORS, action, &world.document(DOORS, &input)).fine().answer();
        assert_eq!(dry.0, real.0);
    }
}
