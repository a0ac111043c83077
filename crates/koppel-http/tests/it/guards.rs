//! What a dry run and an address may not do.

use koppel::{ErrorKind, PlannedRequest, Secret};
use koppel_http::{ClientCredentials, Http};
use serde_json::json;

use crate::server::{Reply, Server};
use crate::{builder, ctx};

#[tokio::test]
async fn a_dry_run_sends_nothing_but_get_and_the_token_request() {
    let server = Server::start(|_| async { Reply::json(200, r#"{"access_token":"tok-1234","expires_in":60}"#) }).await;
    let auth = ClientCredentials::new(&["token"], "id", Secret::new("a-secret"));
    let http = builder(&server).auth(auth).build().unwrap();
    let dry = ctx().for_action(true, None);
    http.get(&["users"]).send(&dry).await.unwrap();
    let form = [("number".to_owned(), "1".to_owned())];
    let requests = [
        http.post(&["users"]).query(&[("x", "private")]).json(&json!({"name": "Jan", "mail": "j@x"})),
        http.put(&["users"]).form(&form),
        http.patch(&["users"]),
        http.delete(&["users", "1"]),
    ];
    for request in requests {
        assert_eq!(request.send(&dry).await.unwrap_err().kind(), ErrorKind::DryRun);
    }
    let sent: Vec<String> = server.seen().iter().map(|s| format!("{} {}", s.method, s.target)).collect();
    assert_eq!(sent, ["POST /api/token", "GET /api/users"]);
    let plan = dry.plan();
    assert_eq!(plan.len(), 4);
    assert_eq!(
        plan[0],
        PlannedRequest {
            method: "POST".into(),
            url: format!("{}/users", http.base()),
            fields: vec!["mail".into(), "name".into()]
        }
    );
    assert_eq!(plan[1].fields, ["number"]);
}

#[tokio::test]
async fn plain_http_to_another_machine_needs_to_be_allowed() {
    let error = Http::builder("Demo", "http://planning.example/api").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.faults()[0].path, "BaseUrl");
    assert!(error.to_string().contains("allowInsecureHttp"));
    Http::builder("Demo", "http://planning.example/api").allow_insecure_http(true).build().unwrap();
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_a_fault_of_the_address() {
    let server = Server::start(|_| async { Reply::ok() }).await;
    let http = Http::builder("Demo", &server.base().replace("http:", "https:")).build().unwrap();
    let error = http.get(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert!(error.to_string().contains("BaseUrl"), "{error}");
}
