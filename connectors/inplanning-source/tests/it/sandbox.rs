//! The source against the stateful stand-in.

use std::collections::BTreeSet;

use koppel_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::support::{ctx, ids, persons, source};

async fn sandbox(options: Options) -> Sandbox {
    Sandbox::start(options).await.unwrap()
}

async fn read(sandbox: &Sandbox, more: Value) -> koppel::Result<Vec<Value>> {
    let credentials = sandbox.credentials();
    let mut config = json!({
        "Username": credentials.inplanning_username, "Password": credentials.inplanning_password,
        "BaseUrl": sandbox.inplanning_admin_url(), "HistoricalDays": 3, "FutureDays": 7,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    persons(&*source(&config)?, &ctx()).await
}

fn as_set(persons: &[Value]) -> BTreeSet<String> {
    persons.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_mode_gives_the_same_persons() {
    let sandbox = sandbox(Options::default().persons(60)).await;
    for people in ["users", "humanresources"] {
        let by_person = read(&sandbox, json!({"people": people, "roster": "resource"})).await.unwrap();
        let by_both = read(&sandbox, json!({"people": people, "roster": "auto"})).await.unwrap();
        let by_group = read(&sandbox, json!({"people": people, "roster": "group"})).await.unwrap();
        assert!(by_person.len() > 20, "{}", by_person.len());
        assert_eq!(as_set(&by_person), as_set(&by_both), "{people}");
        assert_eq!(as_set(&by_person), as_set(&by_group), "{people}");
        assert_eq!(ids(&by_both).into_iter().collect::<BTreeSet<_>>().len(), by_both.len());
    }
}

#[tokio::test]
async fn every_contract_ends_after_it_begins() {
    let sandbox = sandbox(Options::default()).await;
    let persons = read(&sandbox, json!({})).await.unwrap();
    let moment = |contract: &Value, key: &str| contract[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let mut ids = BTreeSet::<String>::new();
    for contract in persons.iter().flat_map(|person| person["Contracts"].as_array().unwrap()) {
        assert!(moment(contract, "endAt") > moment(contract, "startAt"), "{contract}");
        assert!(ids.insert(contract["externalId"].to_string()), "{contract}");
    }
    assert!(ids.len() > 100);
}

#[tokio::test]
async fn an_import_lives_through_a_system_in_trouble() {
    let sandbox = sandbox(Options::default().persons(30)).await;
    let calm = read(&sandbox, json!({"roster": "resource"})).await.unwrap();
    sandbox.set_faults("inplanning:resourceroster:503*5,inplanning:resourceroster:401@9".parse().unwrap());
    let rough = read(&sandbox, json!({"roster": "resource"})).await.unwrap();
    assert_eq!(calm, rough);
    sandbox.set_faults(
        "inplanning:grouproster:503*3,inplanning:grouproster:401@7,inplanning:users:cut-before".parse().unwrap(),
    );
    let by_group = read(&sandbox, json!({"roster": "group"})).await.unwrap();
    assert_eq!(as_set(&calm), as_set(&by_group));
}

#[tokio::test]
async fn a_roster_that_never_comes_fails_the_import() {
    let sandbox = sandbox(Options::default().persons(10)).await;
    sandbox.set_faults("inplanning:resourceroster:500@4*".parse().unwrap());
    let error = read(&sandbox, json!({"roster": "resource"})).await.unwrap_err();
    assert!(error.message().contains("roster of resource ["), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_and_nobody_is_lost_or_given_twice() {
    let sandbox = sandbox(Options::default().persons(60)).await;
    let calm = read(&sandbox, json!({"roster": "resource"})).await.unwrap();
    for (roster, faults) in [
        (
            "resource",
            "inplanning:users:truncate,inplanning:resourcegroups:truncate,inplanning:resourceroster:truncate@5*2",
        ),
        ("group", "inplanning:users:truncate*2,inplanning:grouproster:truncate@2*2"),
        ("auto", "inplanning:grouproster:truncate,inplanning:grouproster:truncate@7"),
    ] {
        sandbox.set_faults(faults.parse().unwrap());
        let rough = read(&sandbox, json!({"roster": roster})).await.unwrap();
        assert_eq!((as_set(&calm), calm.len()), (as_set(&rough), rough.len()), "{roster}");
        assert!(sandbox.stats().faults_fired() > 1, "{roster}");
    }
    sandbox.set_faults("inplanning:grouproster:truncate@3*".parse().unwrap());
    let error = read(&sandbox, json!({"roster": "group"})).await.unwrap_err();
    assert!(error.message().contains("roster of resource group ["), "{error}");
}

#[tokio::test]
async fn a_check_finds_out_that_the_list_of_people_cannot_be_read() {
    let sandbox = sandbox(Options::default().persons(3)).await;
    let credentials = sandbox.credentials();
    for (people, route) in [("users", "users"), ("humanresources", "humanresources")] {
        let config = json!({
            "Username": credentials.inplanning_username, "Password": credentials.inplanning_password,
            "BaseUrl": sandbox.inplanning_admin_url(), "HistoricalDays": 1, "FutureDays": 1, "people": people,
        });
        source(&config).unwrap().check(&ctx()).await.unwrap();
        sandbox.set_faults(format!("inplanning:{route}:403*").parse().unwrap());
        assert_eq!(source(&config).unwrap().check(&ctx()).await.unwrap_err().kind(), koppel::ErrorKind::Denied);
        sandbox.set_faults(koppel_sandbox::Faults::none());
    }
}
