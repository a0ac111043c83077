//! InPlanning's employees, groups and rosters.

use jiff::civil::{Date, date};
use koppel_sandbox::Options;
use koppel_sandbox::inplanning::{Absence, HumanResource, ResourceGroup, Shift};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Rig, finish};

const TODAY: Date = date(2026, 6, 1);

async fn sample() -> Rig {
    Rig::start(Options::default().persons(60)).await
}

async fn roster(rig: &Rig, resource: &str, first: &str, last: &str) -> Value {
    let query = [("resource", resource), ("startDate", first), ("endDate", last)];
    let request = rig.inplanning(Method::GET, "/roster/resourceRoster").query(&query);
    finish(request).await.unwrap().json()
}

async fn group_roster(rig: &Rig, group: &str) -> Value {
    let query = [("resourceGroup", group), ("startDate", "2026-05-25"), ("endDate", "2026-06-21")];
    let request = rig.inplanning(Method::GET, "/roster/groupRoster").query(&query);
    finish(request).await.unwrap().json()
}

fn employee(uname: &str, groups: &[&str]) -> HumanResource {
    HumanResource {
        uname: uname.into(),
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        function: "VPK".into(),
        ..HumanResource::default()
    }
}

#[tokio::test]
async fn an_unknown_employee_is_error_211_with_an_escaped_apostrophe() {
    let rig = sample().await;
    let answer =
        rig.inplanning_get("/roster/resourceRoster?resource=nobody&startDate=2026-06-01&endDate=2026-06-02").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains(r"you\u0027re"), "{}", answer.text);
    assert_eq!(answer.json()["error_description"], "211 - resource: The item you're trying to edit does not exist.");
}

#[tokio::test]
async fn a_roster_has_an_entry_for_every_day_both_ends_included() {
    let rig = sample().await;
    let days = roster(&rig, "100001", "2026-05-18", "2026-06-29").await;
    let days = days["days"].as_array().unwrap();
    assert_eq!(days.len(), 43);
    assert_eq!(days[0]["rosterDate"], "2026-05-18");
    assert_eq!(days[42]["rosterDate"], "2026-06-29");
    let worked = days.iter().find(|d| !d["parts"].as_array().unwrap().is_empty()).unwrap();
    let part = &worked["parts"][0];
    for path in [
        "/shift/uname",
        "/group/uname",
        "/group/externalId",
        "/prop/name",
        "/labourHist/startDate",
        "/labourHistGroup/uname",
    ] {
        assert!(part.pointer(path).is_some_and(Value::is_string), "{path} in {part}");
    }
}

#[tokio::test]
async fn an_employee_with_special_characters_is_found_by_the_encoded_name() {
    let rig = sample().await;
    let odd = rig.sandbox.inplanning().human_resources().into_iter().find(|r| r.uname.contains('&')).unwrap();
    let days = roster(&rig, &odd.uname, "2026-06-01", "2026-06-07").await;
    assert_eq!(days["days"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn the_sample_has_every_kind_of_day() {
    let rig = sample().await;
    let mut names = std::collections::BTreeSet::new();
    let (mut off, mut absent, mut ill_on_duty, mut most) = (0, 0, 0, 0);
    for resource in rig.sandbox.inplanning().human_resources() {
        let days = rig.sandbox.inplanning().roster(&resource.uname, date(2026, 5, 18), date(2026, 6, 29)).unwrap();
        for day in days {
            off += usize::from(day.absence.is_none() && day.shifts.is_empty());
            absent += usize::from(day.absence.is_some());
            ill_on_duty += usize::from(day.absence.is_some() && !day.shifts.is_empty());
            most = most.max(day.shifts.len());
            names.extend(day.shifts.into_iter().map(|s| s.uname));
        }
    }
    assert!(off > 0 && absent > 0 && ill_on_duty > 0);
    assert_eq!(most, 3);
    for name in ["07:00-15:30 Vroeg", "0700-1530 Vroeg", "22:30-07:00 Nacht", "Scholing"] {
        assert!(names.contains(name), "{name} not in {names:?}");
    }
}

#[tokio::test]
async fn group_rosters_and_resource_rosters_tell_the_same_days() {
    let rig = sample().await;
    let groups = rig.inplanning_get("/v2/resourcegroups").await.json();
    let mut seen = std::collections::BTreeMap::<String, Value>::new();
    let mut repeated = 0;
    for group in groups.as_array().unwrap() {
        let answer = group_roster(&rig, group["uname"].as_str().unwrap()).await;
        for one in answer["resourceRosters"].as_array().unwrap() {
            let before = seen.insert(one["uname"].as_str().unwrap().to_owned(), one["days"].clone());
            if let Some(days) = before {
                repeated += 1;
                assert_eq!(days, one["days"]);
            }
        }
    }
    assert_eq!(seen.len(), 60, "everybody is in some group");
    assert!(repeated > 0, "somebody is in two groups");
    for (uname, days) in seen.iter().take(15) {
        assert_eq!(roster(&rig, uname, "2026-05-25", "2026-06-21").await["days"], *days);
    }
}

#[tokio::test]
async fn resource_groups_form_a_tree_of_the_size_asked_for() {
    for count in [1, 3, 21, 100] {
        let rig = Rig::start(Options::default().persons(5).groups(count)).await;
        let groups = rig.inplanning_get("/v2/resourcegroups").await.json();
        let groups = groups.as_array().unwrap();
        assert_eq!(groups.len(), count);
        let names: std::collections::HashSet<_> = groups.iter().map(|g| g["uname"].as_str().unwrap()).collect();
        assert_eq!(names.len(), count, "no name twice");
        let roots = groups.iter().filter(|g| g["parent"].is_null()).count();
        assert_eq!(roots, 1);
        assert!(groups.iter().filter_map(|g| g["parent"].as_str()).all(|p| names.contains(p)));
    }
}

#[tokio::test]
async fn set_shifts_replace_the_generated_roster() {
    let rig = sample().await;
    let inplanning = rig.sandbox.inplanning();
    let shift = Shift::new(TODAY, "22:30-07:00 Nacht", "NRD", "Verpleegkundige");
    inplanning.set_shifts("100001", vec![shift]).unwrap();
    let days = roster(&rig, "100001", "2026-05-31", "2026-06-02").await;
    assert_eq!(days["days"][0]["parts"], json!([]));
    let part = &days["days"][1]["parts"][0];
    assert_eq!(part["shift"], json!({"uname": "22:30-07:00 Nacht", "name": "Nacht"}));
    assert_eq!(part["group"]["name"], "Noord");
    assert_eq!(part["prop"], json!({"uname": "VPK", "name": "Verpleegkundige"}));
    assert_eq!(days["days"][2]["parts"], json!([]));
}

#[tokio::test]
async fn a_day_is_edited_without_touching_the_others() {
    let rig = sample().await;
    let inplanning = rig.sandbox.inplanning();
    let before = inplanning.roster("100002", date(2026, 5, 25), date(2026, 6, 7)).unwrap();
    inplanning.remove_shifts("100002", TODAY).unwrap();
    inplanning.add_shift("100002", Shift::new(TODAY, "07:00-11:00 Route", "ZUI", "HLP")).unwrap();
    inplanning.add_shift("100002", Shift::new(TODAY, "16:00-20:00 Route", "ZUI", "HLP")).unwrap();
    inplanning.remove_shift("100002", TODAY, "07:00-11:00 Route").unwrap();
    inplanning.set_absence("100002", TODAY, Some(Absence::new("VAK", "Vakantie"))).unwrap();
    let after = inplanning.roster("100002", date(2026, 5, 25), date(2026, 6, 7)).unwrap();
    for (old, new) in before.iter().zip(&after).filter(|(old, _)| old.date != TODAY) {
        assert_eq!(old, new);
    }
    let today = after.iter().find(|d| d.date == TODAY).unwrap();
    assert_eq!(today.shifts.len(), 1);
    assert_eq!(today.shifts[0].uname, "16:00-20:00 Route");
    assert_eq!(today.absence.as_ref().unwrap().name, "Vakantie");
    let told = group_roster(&rig, "ZUI").await;
    assert!(told["resourceRosters"].as_array().unwrap().iter().any(|r| r["uname"] == "100002"));
}

#[tokio::test]
async fn an_empty_system_can_be_filled_by_hand() {
    let rig = Rig::start(Options::default().persons(0)).await;
    let inplanning = rig.sandbox.inplanning();
    assert_eq!(inplanning.resource_groups().len(), 21);
    inplanning.put_resource_group(ResourceGroup {
        uname: "X".into(),
        name: "Extra".into(),
        ..ResourceGroup::default()
    });
    inplanning.put_human_resource(employee("1", &["X"]));
    inplanning.put_human_resource(employee("2", &[]));
    inplanning.set_shifts("2", vec![Shift::new(TODAY, "0700-1530 Vroeg", "X", "Kok")]).unwrap();
    let told = group_roster(&rig, "X").await;
    let names: Vec<_> = told["resourceRosters"].as_array().unwrap().iter().map(|r| r["uname"].clone()).collect();
    assert_eq!(names, ["1", "2"]);
    assert!(inplanning.set_shifts("3", Vec::new()).is_err());
    inplanning.clear();
    assert_eq!(group_roster(&rig, "X").await["resourceRosters"], json!([]));
}

#[tokio::test]
async fn nobody_works_before_the_employment_or_after_it() {
    let rig = sample().await;
    let inplanning = rig.sandbox.inplanning();
    let left = inplanning.human_resources().into_iter().find(|r| r.labour_hists[0].end_date.is_some()).unwrap();
    let end = left.labour_hists[0].end_date.unwrap();
    let days = inplanning.roster(&left.uname, end.tomorrow().unwrap(), date(2026, 6, 29)).unwrap();
    assert!(days.iter().all(|d| d.shifts.is_empty() && d.absence.is_none()));
}

#[tokio::test]
async fn a_period_that_is_none_is_refused() {
    let rig = sample().await;
    for query in [
        "resource=100001&startDate=2026-06-01",
        "resource=100001&startDate=2026-06-31&endDate=2026-07-01",
        "resource=100001&startDate=2026-06-02&endDate=2026-06-01",
        "resource=100001&startDate=0001-01-01&endDate=2026-06-01",
        "startDate=2026-06-01&endDate=2026-06-01",
    ] {
        let answer = rig.inplanning_get(&format!("/roster/resourceRoster?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let answer =
        rig.inplanning_get("/roster/groupRoster?resourceGroup=no&startDate=2026-06-01&endDate=2026-06-01").await;
    assert_eq!(answer.json()["error_description"], "211 - Object does not exist");
}
