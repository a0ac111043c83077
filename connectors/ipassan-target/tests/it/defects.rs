//! What the public scripts do wrong, by its number, and that it is not done here.

use koppel::lifecycle::{Action, Correlation, Outcome};
use koppel::{Cursor, ErrorKind, Freshness, Reference};
use koppel_sandbox::ipassan::{AccessType, Person};
use koppel_sandbox::{MissingPerson, Options};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    Mocked, NOORD, PERSON, PERSONS, UUID, World, answer, build, create, delete, disable, enable, jan, key, record,
    reference, update,
};

const ODD: &str = "A/B ü & +31 % = ;#?\"\\ €";

#[tokio::test]
async fn p1_odd_characters_arrive_as_they_are() {
    let world = World::new().await;
    let made = world.run(create("1+1=2 & é", &json!({"phone": "+31 30 123", "other": ODD, "firstname": "ü%2B"}))).await;
    let reference = made.reference.unwrap();
    let stored = world.stored(&reference);
    assert_eq!(stored.number.as_deref(), Some("1+1=2 & é"));
    assert_eq!(stored.phone.as_deref(), Some("+31 30 123"));
    assert_eq!(stored.other.as_deref(), Some(ODD));
    assert_eq!(stored.firstname.as_deref(), Some("ü%2B"));
    assert!(world.run(update(&reference, &json!({"lastname": ODD}))).await.success);
    assert_eq!(world.stored(&reference).lastname, ODD);
}

#[tokio::test]
async fn p2_all_persons_are_listed_once_per_run() {
    let world = World::with(Options::default().persons(120), &json!({})).await;
    let before = world.sandbox.ipassan().count();
    for number in ["n1", "n2", "n3"] {
        assert_eq!(world.run(create(number, &json!({}))).await.outcome, Outcome::Created);
    }
    assert_eq!(world.count("GET", PERSONS), u64::try_from(before.div_ceil(50)).unwrap());
}

#[tokio::test]
async fn p3_one_match_is_linked_and_more_are_an_error() {
    let world = World::new().await;
    let known = world.person("7", None);
    let report = world.run(create("7", &json!({}))).await;
    assert_eq!((report.outcome, report.reference), (Outcome::Correlated, Some(known)));
    let _twin = world.person("8", None);
    let _twin = world.person("8", None);
    let other = build(&World::config(&world.sandbox)).unwrap();
    let report = koppel::lifecycle::run(&*other, &world.ctx, create("8", &json!({}))).await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Conflict);
    assert_eq!(world.count("POST", PERSONS), 0);
}

#[tokio::test]
async fn p4_a_number_is_compared_as_text() {
    let mocked = Mocked::new().await;
    let numbers = [json!(7), json!("007"), json!(" 7 "), json!("a7"), Value::Null];
    let person = |i: usize| format!("7f0c0000-0000-4000-8000-00000000000{i}");
    let all: Vec<Value> =
        numbers.iter().enumerate().map(|(i, n)| json!({"uuid": person(i), "lastname": "x", "number": n})).collect();
    for (i, item) in all.iter().enumerate() {
        mocked.on("GET", &format!("{}/{}", Mocked::list(), person(i)), answer(200, item)).await;
    }
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": all, "next_cursor": null}))).await;
    for (value, expected) in [("7", vec![0, 2]), ("007", vec![1]), ("A7", vec![]), (" a7 ", vec![3]), ("", vec![])] {
        let found = mocked.target.find(&mocked.ctx, "number", value, Freshness::Run).await.unwrap();
        let found: Vec<String> = found.iter().map(|account| account.reference.to_string()).collect();
        assert_eq!(found, expected.into_iter().map(person).collect::<Vec<_>>(), "{value}");
    }
}

#[tokio::test]
async fn p5_a_person_without_uuid_is_an_error_unless_the_system_has_it() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": [], "next_cursor": null}))).await;
    mocked.on("POST", &Mocked::list(), answer(200, &json!({"lastname": "Jansen"}))).await;
    let report = mocked.run(create("7", &json!({}))).await;
    assert_eq!((report.outcome, report.reference), (Outcome::Failed, None));
    let error = report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("uuid"), "{error}");
}

#[tokio::test]
async fn p6_a_missing_person_is_not_found_and_nothing_else() {
    for missing in [MissingPerson::EmptyBody, MissingPerson::NotFound] {
        let world = World::with(Options::default().persons(0).missing_person(missing), &json!({})).await;
        let nobody = Reference::new(UUID).unwrap();
        for action in [update(&nobody, &json!({"lastname": "x"})), enable(&nobody, Some("Noord"))] {
            let report = world.run(action).await;
            assert_eq!((report.outcome, report.success), (Outcome::NotFound, false));
            assert!(report.previous.is_none());
        }
        for action in [disable(&nobody), delete(&nobody)] {
            let report = world.run(action).await;
            assert_eq!((report.outcome, report.success), (Outcome::NotFound, true));
        }
        assert_eq!(world.writes(), 0);
    }
}

#[tokio::test]
async fn p7_a_profile_that_is_not_mapped_stays_as_it_is() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    for data in [
        json!({"mail": "j@x.nl"}),
        json!({"mail": "k@x.nl", "_extension": {"accessProfileLookupKey": ""}}),
        json!({"_extension": {"accessProfileLookupKey": null}}),
    ] {
        assert!(world.run(update(&reference, &data)).await.success);
    }
    assert_eq!(world.run(enable(&reference, None)).await.outcome, Outcome::NoChange);
    assert_eq!(world.sandbox.ipassan().door_profile(&reference.to_string()).as_deref(), Some("Noord"));
    let without = world.person("8", None);
    let error = world.run(enable(&without, None)).await.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error.to_string().contains("_extension.accessProfileLookupKey") && error.to_string().contains("Enable"),
        "{error}"
    );
}

#[tokio::test]
async fn p8_a_key_that_is_not_mapped_fails_the_update_or_keeps_the_profile() {
    let data = json!({"mail": "new@x.nl", "_extension": {"accessProfileLookupKey": "JANITOR"}});
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    let error = world.run(update(&reference, &data)).await.error.unwrap();
    assert_eq!(
        error.to_string(),
        "_extension.accessProfileLookupKey: no access profile is mapped for [JANITOR]; add it to accessProfiles or accessProfilesFile"
    );
    assert_eq!((error.kind(), world.writes()), (ErrorKind::Invalid, 0));
    assert!(world.run(enable(&reference, Some("JANITOR"))).await.error.is_some());

    let world = World::with(Options::default().persons(0), &json!({"on_unmapped_profile": "Keep"})).await;
    let reference = world.person("7", Some("Noord"));
    assert_eq!(world.run(update(&reference, &data)).await.outcome, Outcome::Updated);
    assert_eq!(world.stored(&reference).mail.as_deref(), Some("new@x.nl"));
    assert_eq!(world.sandbox.ipassan().door_profile(&reference.to_string()).as_deref(), Some("Noord"));
    assert_eq!(world.run(enable(&reference, Some("JANITOR"))).await.outcome, Outcome::NoChange);
    let without = world.person("8", None);
    assert_eq!(world.run(enable(&without, Some("JANITOR"))).await.error.unwrap().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn p9_enable_and_update_read_one_table_without_regard_to_case() {
    let world = World::new().await;
    let reference = world.person("7", None);
    assert_eq!(world.run(enable(&reference, Some(" noord "))).await.outcome, Outcome::Enabled);
    assert_eq!(world.run(update(&reference, &key("ZUID"))).await.outcome, Outcome::Updated);
    assert_eq!(world.sandbox.ipassan().door_profile(&reference.to_string()).as_deref(), Some("Zuid"));
}

#[tokio::test]
async fn p10_a_profile_that_the_system_ignored_is_an_error() {
    let world = World::new().await;
    let without = world.person("7", None);
    let with = world.person("8", Some("Noord"));
    for action in [enable(&without, Some("Spook")), update(&with, &key("Spook"))] {
        let error = world.run(action).await.error.unwrap();
        assert!(
            error
                .to_string()
                .contains(&format!("IPassan ignored access profile [{NOORD}]: does it exist on this site?")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn p11_disable_takes_the_doors_and_warns_of_other_access() {
    let world = World::new().await;
    let guid = Some(world.guid("Noord"));
    let person = Person {
        lastname: "x".into(),
        access_type: Some(AccessType { door_permanent: guid.clone(), floor_temporary: guid, ..AccessType::default() }),
        ..Person::default()
    };
    let reference = Reference::new(world.sandbox.ipassan().insert(person).uuid).unwrap();
    let report = world.run(disable(&reference)).await;
    assert_eq!(report.outcome, Outcome::Disabled);
    assert!(report.warnings.len() == 1 && report.warnings[0].contains("floorTemporary"), "{:?}", report.warnings);
    let slots = world.stored(&reference).access_type.unwrap();
    assert!(slots.door_permanent.is_none() && slots.floor_temporary.is_some());
    let writes = world.writes();
    assert_eq!(world.run(disable(&reference)).await.outcome, Outcome::NoChange);
    assert_eq!(world.writes(), writes);
}

#[tokio::test]
async fn p11_disable_sends_the_text_null_and_checks_that_the_profile_is_gone() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({"accessType": {"doorPermanent": NOORD}})))).await;
    mocked.on("PUT", &Mocked::one(), ResponseTemplate::new(204)).await;
    let error = mocked.run(disable(&reference())).await.error.unwrap();
    assert!(error.to_string().contains("did not take access profile"), "{error}");
    assert_eq!(mocked.bodies("PUT").await, ["accessType%5BdoorPermanent%5D=null"]);
}

#[tokio::test]
async fn p12_enable_sends_nothing_where_all_is_so_already() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    let as_guid = world.guid("Noord").to_uppercase();
    for key in ["Noord", &as_guid] {
        assert_eq!(world.run(enable(&reference, Some(key))).await.outcome, Outcome::NoChange);
    }
    assert_eq!(world.writes(), 0);
    assert_eq!(world.run(enable(&reference, Some("Zuid"))).await.outcome, Outcome::Enabled);
    assert_eq!(world.writes(), 1);
}

#[tokio::test]
async fn p12_a_guid_in_another_case_is_the_same_profile() {
    let mocked = Mocked::new().await;
    mocked
        .on("GET", &Mocked::one(), answer(200, &jan(&json!({"accessType": {"doorPermanent": NOORD.to_uppercase()}}))))
        .await;
    for action in
        [enable(&reference(), Some("Noord")), update(&reference(), &key("Noord")), update(&reference(), &key(NOORD))]
    {
        assert_eq!(mocked.run(action).await.outcome, Outcome::NoChange);
    }
    assert!(mocked.bodies("PUT").await.is_empty());
}

#[tokio::test]
async fn p13_account_data_holds_the_guid_and_is_accepted_as_a_key() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    let report = world.run(update(&reference, &key("Zuid"))).await;
    let guids = |guid: String| Some(record(&json!({"_extension": {"accessProfileLookupKey": guid}})));
    assert_eq!(report.previous, guids(world.guid("Noord")));
    assert_eq!(report.data, guids(world.guid("Zuid")));
    let stored = report.data.unwrap();
    let again = world.run(Action::Update { reference: reference.clone(), data: stored }).await;
    assert_eq!(again.outcome, Outcome::NoChange);
    assert_eq!(world.run(update(&reference, &key(&world.guid("Noord")))).await.outcome, Outcome::Updated);
}

#[tokio::test]
async fn p14_update_gives_no_profile_to_a_person_without() {
    let world = World::new().await;
    let reference = world.person("7", None);
    assert_eq!(world.run(update(&reference, &key("Noord"))).await.outcome, Outcome::NoChange);
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn p15_a_type_as_text_equals_the_number_and_empty_text_clears() {
    let world = World::new().await;
    let reference = world.person("7", None);
    let report = world.run(update(&reference, &json!({"type": "2", "firstname": "Jan", "mail": ""}))).await;
    assert_eq!((report.outcome, world.writes()), (Outcome::NoChange, 0));
    assert!(world.run(update(&reference, &json!({"type": "3", "firstname": null}))).await.success);
    let stored = world.stored(&reference);
    assert_eq!((stored.kind, stored.firstname.as_deref()), (3, Some("")));
    let error = world.run(update(&reference, &json!({"type": "two"}))).await.error.unwrap();
    assert_eq!((error.kind(), error.faults()[0].path.as_str()), (ErrorKind::Invalid, "type"));
}

#[tokio::test]
async fn p16_an_import_gives_every_person_a_name_and_a_user_name() {
    let world = World::with(Options::default().persons(70), &json!({})).await;
    let mut cursor: Option<Cursor> = None;
    let mut count = 0;
    loop {
        let page = world.target.accounts(&world.ctx, cursor).await.unwrap();
        count += page.items.len();
        for account in page.items {
            assert!(!account.display_name.is_empty() && !account.user_name.is_empty());
            let profile = account.data.non_empty("_extension.accessProfileLookupKey");
            assert_eq!(account.enabled, Some(profile.is_some()));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(count, world.sandbox.ipassan().count());
}

#[tokio::test]
async fn p17_a_change_of_case_is_written() {
    let world = World::new().await;
    let reference = world.person("7", None);
    assert_eq!(world.run(update(&reference, &json!({"lastname": "JANSEN"}))).await.outcome, Outcome::Updated);
    assert_eq!(world.stored(&reference).lastname, "JANSEN");
}

#[tokio::test]
async fn p18_delete_deletes_or_disables_as_the_configuration_says() {
    let world = World::new().await;
    let reference = world.person("7", Some("Noord"));
    assert_eq!(world.run(delete(&reference)).await.outcome, Outcome::Deleted);
    assert_eq!(world.sandbox.ipassan().count(), 0);

    let world = World::with(Options::default().persons(0), &json!({"delete": "disable"})).await;
    let reference = world.person("7", Some("Noord"));
    let report = world.run(delete(&reference)).await;
    assert_eq!(report.outcome, Outcome::Disabled, "{report:#?}");
    assert_eq!((world.sandbox.ipassan().count(), world.count("DELETE", PERSON)), (1, 0));
    assert_eq!(world.sandbox.ipassan().door_profile(&reference.to_string()), None);
}

#[tokio::test]
async fn p19_a_wrong_site_is_denied_with_a_hint() {
    let world = World::with(Options::default().persons(0), &json!({"siteId": "not-the-site"})).await;
    let error = world.target.check(&world.ctx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("Access Denied") && error.to_string().contains("check siteId"), "{error}");
    for action in [create("7", &json!({})), update(&reference(), &json!({"mail": "x"})), delete(&reference())] {
        assert_eq!(world.run(action).await.error.unwrap().kind(), ErrorKind::Denied);
    }
    // Under other statuses, a good one among them.
    for status in [200, 400, 401, 404] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), answer(status, &json!({"error": {"message": "Access Denied"}}))).await;
        let error = mocked.target.get(&mocked.ctx, &reference()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{status}: {error:?}");
        assert!(error.to_string().contains("check siteId"), "{status}: {error}");
    }
}

#[tokio::test]
async fn p20_a_person_is_missing_by_404_by_an_empty_body_and_by_one_without_uuid() {
    for missing in [
        answer(404, &json!({"error": {"message": "Not Found"}})),
        ResponseTemplate::new(200),
        ResponseTemplate::new(204),
        answer(200, &json!({})),
        answer(200, &json!([])),
        answer(200, &Value::Null),
        answer(200, &json!({"uuid": ""})),
        answer(200, &json!({"error": {"message": "Person does not exist"}})),
    ] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), missing).await;
        assert!(mocked.target.get(&mocked.ctx, &reference()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn p21_helper_fields_are_never_sent() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": []}))).await;
    mocked.on("POST", &Mocked::list(), answer(200, &jan(&json!({})))).await;
    mocked.on("PUT", &Mocked::one(), answer(200, &jan(&json!({})))).await;
    mocked.then(&jan(&json!({})), &jan(&json!({"lastname": "Vries"}))).await;
    let extension = json!({"_extension": {"accessProfileLookupKey": "SALES", "department": {"code": 1}, "x": "y"}, "lastname": "Vries"});
    let correlation = Some(Correlation { field: "number".into(), value: "8".into() });
    assert!(mocked.run(Action::Create { correlation, data: record(&extension) }).await.success);
    assert!(mocked.run(update(&reference(), &extension)).await.success);
    assert_eq!(mocked.bodies("PUT").await, ["lastname=Vries"]);
    let made = mocked.bodies("POST").await;
    assert!(made.len() == 1 && made[0].starts_with("lastname=Vries") && !made[0].contains("xtension"), "{made:?}");
}
