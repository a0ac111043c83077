//! The target against the sandbox, which follows what is known of InPlanning and shares no code with it.

use std::sync::Arc;

use koppel::lifecycle::{self, Action, Operation, Outcome, Report};
use koppel::{Ctx, Record, Reference, Target};
use koppel_http::{StateDir, SystemClock};
use koppel_sandbox::{Options, Sandbox};
use serde_json::json;

use crate::fake::{build, contract, create, ids, permissions, sub};

struct Story {
    sandbox: Sandbox,
    target: Box<dyn Target>,
    ctx: Ctx,
}

impl Story {
    async fn begin(options: Options) -> Self {
        let sandbox = Sandbox::start(options.persons(3)).await.unwrap();
        let credentials = sandbox.credentials();
        let config = json!({
            "ClientId": credentials.inplanning_client_id,
            "ClientSecret": credentials.inplanning_client_secret,
            "BaseUrl": sandbox.inplanning_url(),
            "permissions": permissions(),
        });
        let target = build(&config, StateDir::none()).unwrap();
        Self { sandbox, target, ctx: Ctx::new(Arc::new(SystemClock::default())) }
    }

    async fn run(&self, action: Action) -> Report {
        let report = lifecycle::run(&*self.target, &self.ctx.for_action(false, None), action).await;
        assert!(report.success, "{report:?}");
        report
    }
}

#[tokio::test]
async fn an_account_lives_from_create_to_disable() {
    for status in [404, 400, 500] {
        let story = Story::begin(Options::default().not_found_status(status).normalise_roles(true)).await;
        let data = json!({"username": "90001", "firstName": "Jan", "lastName": "Jansen", "active": "False", "userGroup": "Root", "resource": "90001"});
        let report = story.run(create(&data, Some(("username", "90001")))).await;
        assert_eq!(report.outcome, Outcome::Created);
        let reference = report.reference.unwrap();
        assert_eq!(story.run(create(&data, Some(("resource", "90001")))).await.outcome, Outcome::Correlated);

        let enable = Action::Enable { reference: reference.clone(), data: Record::new() };
        assert_eq!(story.run(enable).await.outcome, Outcome::Enabled);
        let change = Record::from_nested(&json!({"lastName": "de Vries"}));
        assert_eq!(
            story.run(Action::Update { reference: reference.clone(), data: change }).await.outcome,
            Outcome::Updated
        );
        let user = story.sandbox.inplanning().user("90001").unwrap();
        assert_eq!(
            (user.active, user.last_name.as_deref(), user.resource.as_deref()),
            (true, Some("de Vries"), Some("90001"))
        );

        let disable = Action::Disable { reference: reference.clone(), data: Record::new() };
        assert_eq!(story.run(disable.clone()).await.outcome, Outcome::Disabled);
        assert_eq!(story.run(disable.clone()).await.outcome, Outcome::NoChange);
        story.sandbox.inplanning().remove_user("90001");
        assert_eq!(story.run(disable).await.outcome, Outcome::NotFound, "error 211 with HTTP {status}");
    }
}

#[tokio::test]
async fn i7_roles_that_the_system_normalises_are_written_once() {
    let story = Story::begin(Options::default().normalise_roles(true)).await;
    story
        .sandbox
        .inplanning()
        .put_user(koppel_sandbox::inplanning::User { username: "1001".into(), ..Default::default() });
    let contracts = || vec![contract("c1", "n.v.t.", "D1")];
    let report = story.run(sub(Operation::Grant, "Leidinggevende", &[], contracts())).await;
    assert_eq!((ids(&report), report.outcome), (vec!["Leidinggevende&&D1".to_owned()], Outcome::Granted));
    assert_eq!(
        story.sandbox.inplanning().user("1001").unwrap().roles.unwrap()[0].exchange_group,
        None,
        "it was dropped"
    );
    let report = story.run(sub(Operation::Update, "Leidinggevende", &[json!("Leidinggevende&&D1")], contracts())).await;
    assert_eq!(report.outcome, Outcome::NoChange);
    let members = story.target.permissions().unwrap().memberships(&story.ctx, None).await.unwrap().items;
    assert!(members.iter().any(|member| member.account == Reference::new("1001").unwrap()
        && member.permission.display_name == "Leidinggevende"));
}

#[tokio::test]
async fn i26_a_token_that_was_killed_by_another_program_is_replaced() {
    let story = Story::begin(Options::default()).await;
    story.target.check(&story.ctx).await.unwrap();
    story.sandbox.inplanning().revoke_tokens();
    assert!(!story.target.accounts(&story.ctx, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_list_of_users_that_breaks_off_is_read_again_from_its_beginning() {
    let story = Story::begin(Options::default()).await;
    let all = story.target.accounts(&story.ctx, None).await.unwrap().items.len();
    story.sandbox.set_faults("inplanning:users:truncate*2".parse().unwrap());
    assert_eq!(story.target.accounts(&story.ctx, None).await.unwrap().items.len(), all);
    story.sandbox.set_faults("inplanning:users:truncate*".parse().unwrap());
    assert!(story.target.accounts(&story.ctx, None).await.is_err());
}
