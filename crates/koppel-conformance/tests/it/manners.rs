//! What a run leaves behind in a system, and what stands in its reports.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use koppel::{Ctx, Reference, Registry, Scrubber};
use koppel_conformance::proxy::Proxy;
use koppel_conformance::subject::{Act, Acted, Facts, Held, Imported, Inside, Refused, Subject};
use koppel_conformance::{Options, Place, Report, Ruling, Scenario, Verdict, checks, run};
use koppel_http::{Forward, SystemClock};
use serde_json::{Value, json};

use crate::toy::{self, Flaw, system};

/// What is wrong with the answers to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    /// It made the account and says that it did not.
    MadeNothing,
    /// It made the account and says that it is another one.
    MadeThat(&'static str),
}

#[derive(Debug)]
struct Liar(Inside, Lie);

#[async_trait]
impl Subject for Liar {
    fn facts(&self) -> &Facts {
        self.0.facts()
    }
    async fn check(&self, config: &Value) -> Result<(), Refused> {
        self.0.check(config).await
    }
    async fn act(&self, config: &Value, act: &Act) -> Acted {
        let acted = self.0.act(config, act).await;
        match self.1 {
            Lie::MadeNothing if act.action == "create" => {
                let error = Refused { kind: "transient".into(), message: "it did not work".into() };
                Acted { error: Some(error), ..Acted::default() }
            }
            Lie::MadeThat(other) if act.action == "create" => Acted { reference: Reference::new(other), ..acted },
            _ => acted,
        }
    }
    async fn accounts(&self, config: &Value) -> Result<Vec<Imported>, Refused> {
        self.0.accounts(config).await
    }
    async fn memberships(&self, config: &Value, sub: bool) -> Result<Vec<Held>, Refused> {
        self.0.memberships(config, sub).await
    }
    async fn permissions(&self, config: &Value) -> Result<Vec<(Value, String)>, Refused> {
        self.0.permissions(config).await
    }
    async fn persons(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.0.persons(config).await
    }
    async fn departments(&self, config: &Value) -> Result<Vec<Value>, Refused> {
        self.0.departments(config).await
    }
    fn written(&self) -> Vec<u8> {
        self.0.written()
    }
}

/// One check on a toy, and the numbers of the users that are there afterwards.
async fn checked(id: &str, flaw: Flaw, lie: Lie) -> (Verdict, Vec<String>) {
    let system = system::System::start(3).await;
    let scrubber = Scrubber::default();
    let registry = Registry::default().with(toy::target(flaw, scrubber.clone())).unwrap();
    let connector = Arc::clone(registry.get("toy-target").unwrap());
    let inside = Inside::new(connector, scrubber, Ctx::new(Arc::new(SystemClock::default()))).unwrap();
    let forward = Forward::to(&format!("http://{}", system.address), 1 << 20).unwrap();
    let proxy = Proxy::start(forward).await.unwrap();
    let config = json!({"BaseUrl": proxy.origin(), "Secret": system::SECRET});
    let scenario = Scenario::read(toy::SCENARIO).unwrap();
    let subject = Liar(inside, lie);
    let place = Place { subject: &subject, proxy: &proxy, config: &config, scenario: &scenario, world: None };
    let options = Options { tag: "kt".into(), ..Options::default() };
    let check = checks::all().into_iter().find(|check| check.id == id).unwrap();
    let verdict = run(&check, 4, place, &options).await;
    (verdict, system.numbers())
}

fn others() -> Vec<String> {
    (0..3).map(|number| format!("other-{number}")).collect()
}

#[tokio::test]
async fn an_account_that_a_failed_create_made_all_the_same_is_found_by_its_tag_and_removed() {
    let (verdict, users) = checked("create.makes-one", Flaw::None, Lie::MadeNothing).await;
    assert!(matches!(verdict.result, Ruling::Fail { .. }), "{verdict:#?}");
    assert_eq!((users, verdict.left_behind), (others(), Vec::new()));
}

#[tokio::test]
async fn an_account_that_a_dry_run_made_is_removed() {
    let (verdict, users) = checked("dry-run.create", Flaw::CreatesInDryRun, Lie::None).await;
    assert!(matches!(verdict.result, Ruling::Fail { .. }), "{verdict:#?}");
    assert_eq!((users, verdict.left_behind), (others(), Vec::new()));
}

#[tokio::test]
async fn an_account_of_somebody_else_is_left_alone_also_where_create_claims_to_have_made_it() {
    let (verdict, users) = checked("create.makes-one", Flaw::None, Lie::MadeThat("u1")).await;
    assert_eq!(users, others());
    let [left] = verdict.left_behind.as_slice() else { panic!("{verdict:#?}") };
    assert!(left.starts_with("u1: ") && left.contains("left alone"), "{left}");
}

#[tokio::test]
async fn what_a_connector_only_says_that_it_deleted_is_named() {
    let (verdict, users) = checked("create.makes-one", Flaw::DeleteOnlySaysSo, Lie::None).await;
    assert_eq!(verdict.result, Ruling::Pass);
    assert_eq!(users.len(), 4);
    let [left] = verdict.left_behind.as_slice() else { panic!("{verdict:#?}") };
    assert!(left.starts_with("u4: still there"), "{left}");
}

#[tokio::test]
async fn no_report_holds_a_secret_or_a_token_though_the_exchanges_behind_a_failure_did() {
    let (verdict, _) = checked("create.comes-back", Flaw::CreateDropsMail, Lie::None).await;
    let Ruling::Fail { exchanges, .. } = &verdict.result else { panic!("{verdict:#?}") };
    // The request for a token is among them, with a mask where the secret and the token were.
    let token = exchanges.iter().find(|shown| shown.request == "POST /token").unwrap();
    assert!(token.sent.contains("***") && token.got.contains("***"), "{token:?}");
    let report = Report {
        connector: "toy-target".into(),
        version: "1".into(),
        mode: "in process".into(),
        began: "2026-01-01T00:00:00Z".into(),
        verdicts: vec![verdict],
    };
    for text in [report.json().unwrap(), report.junit().unwrap(), report.html().unwrap()] {
        for secret in [system::SECRET, system::TOKEN] {
            assert!(!text.contains(secret) && !text.contains(&STANDARD_NO_PAD.encode(secret)), "{text}");
        }
    }
}
