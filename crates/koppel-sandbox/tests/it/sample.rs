//! The generated sample.

use jiff::Timestamp;
use koppel_sandbox::{Options, Sandbox};

use crate::client::Rig;

async fn everything(options: Options) -> String {
    let rig = Rig::start(options).await;
    let mut all = format!("{:?} {} {}", rig.sandbox.credentials(), rig.inplanning_token, rig.ipassan_token);
    for path in ["/users?limit=0", "/humanresources?limit=0", "/v2/resourcegroups"] {
        all += &rig.inplanning_get(path).await.text;
    }
    for group in rig.sandbox.inplanning().resource_groups() {
        let path = format!("/roster/groupRoster?resourceGroup={}&startDate=2026-05-01&endDate=2026-07-01", group.uname);
        all += &rig.inplanning_get(&path).await.text;
    }
    all += &rig.person_get("?limit=50&offset=0").await.text;
    all
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data_and_another_seed_gives_other_data() {
    let options = || Options::default().persons(40);
    let first = everything(options()).await;
    assert!(first == everything(options()).await);
    assert!(first != everything(options().seed(2)).await);
}

#[tokio::test]
async fn contracts_and_rosters_lie_around_now() {
    // 23:30 on 31 December in London is the new year in Amsterdam.
    let now = Timestamp::constant(1_798_759_800, 0);
    let options = Options::default().persons(20).now(now);
    let sandbox = Sandbox::start(options).await.unwrap();
    let starters = sandbox.inplanning().human_resources();
    let today = jiff::civil::date(2027, 1, 1);
    assert!(starters.iter().any(|r| r.labour_hists[0].start_date == today));
    let first = jiff::civil::date(2026, 12, 18);
    for resource in starters {
        let before = first.yesterday().unwrap();
        let days = sandbox.inplanning().roster(&resource.uname, before, before).unwrap();
        assert!(days[0].shifts.is_empty());
    }
}

#[tokio::test]
async fn the_sample_holds_the_awkward_cases() {
    let sandbox = Sandbox::start(Options::default().persons(50)).await.unwrap();
    let users = sandbox.inplanning().users();
    assert_eq!(users.len(), 50);
    assert!(users.iter().any(|u| !u.active));
    assert!(users.iter().any(|u| u.resource.as_deref() == Some("")));
    assert!(users.iter().any(|u| u.roles.is_none()));
    let shared = |u: &&koppel_sandbox::inplanning::User| users.iter().filter(|o| o.resource == u.resource).count() == 2;
    assert!(users.iter().filter(shared).count() >= 2);
    let known: Vec<_> = sandbox.inplanning().human_resources().into_iter().map(|r| r.uname).collect();
    let mut resources = users.iter().filter_map(|u| u.resource.clone()).filter(|r| !r.is_empty());
    assert!(resources.all(|r| known.contains(&r)));
    let names: Vec<String> = users.iter().flat_map(|u| [u.first_name.clone(), u.last_name.clone()]).flatten().collect();
    let names = names.join(" ");
    assert!(!names.is_ascii(), "diacritics");
    assert!(names.contains("van "), "prefixes");
    assert!(users.iter().all(|u| u.email.as_deref().unwrap().is_ascii()));

    let persons = sandbox.ipassan().persons();
    assert!(persons.iter().all(|p| p.phone.as_deref().unwrap().starts_with("+316")));
    let doors = persons.iter().filter(|p| sandbox.ipassan().door_profile(&p.uuid).is_some()).count();
    assert!((5..45).contains(&doors), "{doors}");
}

#[tokio::test]
async fn ten_thousand_persons_start_at_once() {
    let start = std::time::Instant::now();
    let sandbox = Sandbox::start(Options::default().persons(10_000)).await.unwrap();
    // Far below it in a release build; this holds for a debug build on a busy machine.
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(sandbox.ipassan().count(), 10_000);
}
