//! One token for all tasks and all processes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use koppel::{Cancel, Ctx, ErrorKind, FixedClock, Secret};
use koppel_http::{ClientCredentials, CredentialStyle, Http, StateDir, Verdict};

use crate::server::{Reply, Server};
use crate::{builder, ctx};

const SECRET: &str = "very-secret-Ü";

fn credentials() -> ClientCredentials {
    ClientCredentials::new(&["token"], "koppel", Secret::new(SECRET)).named("ClientId and ClientSecret")
}

fn with_state(server: &Server, folder: &Path) -> Http {
    builder(server).auth(credentials()).state(StateDir::at(folder)).build().unwrap()
}

fn token(number: usize) -> Reply {
    Reply::json(200, &format!(r#"{{"access_token":"token-number-{number}","expires_in":"3600"}}"#))
}

/// A system where a new token kills the old one, and everything from `killed` on is refused once more.
async fn one_token_system() -> (Server, Arc<AtomicUsize>) {
    let newest = Arc::new(AtomicUsize::new(0));
    let server = Server::start({
        let newest = Arc::clone(&newest);
        move |seen| {
            let newest = Arc::clone(&newest);
            async move {
                if seen.target == "/api/token" {
                    return token(newest.fetch_add(1, Ordering::SeqCst) + 1);
                }
                let valid = format!("token-number-{}", newest.load(Ordering::SeqCst));
                if seen.bearer() == valid { Reply::ok() } else { Reply::json(401, r#"{"error":"invalid_token"}"#) }
            }
        }
    })
    .await;
    (server, newest)
}

#[tokio::test]
async fn parallel_requests_fetch_one_token_and_replace_it_once() {
    let (server, newest) = one_token_system().await;
    let http = builder(&server).auth(credentials()).build().unwrap();
    let ctx = ctx();
    let twelve = || join_all((0..12).map(|_| http.get(&["users"]).send(&ctx)));
    assert!(twelve().await.iter().all(Result::is_ok));
    assert_eq!(server.count("token"), 1);
    // Somebody else fetched a token.
    newest.fetch_add(1, Ordering::SeqCst);
    assert!(twelve().await.iter().all(Result::is_ok));
    assert_eq!(server.count("token"), 2);
}

#[tokio::test]
async fn a_token_that_is_always_refused_is_replaced_once() {
    let server = Server::start(|seen| async move {
        if seen.target.ends_with("token") { token(1) } else { Reply::json(401, r#"{"error":"token_expired"}"#) }
    })
    .await;
    let http = builder(&server).auth(credentials()).build().unwrap();
    let error = http.post(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.to_string().contains("check ClientId and ClientSecret"), "{error}");
    assert_eq!((server.count("token"), server.count("users")), (2, 2));
}

#[tokio::test]
async fn the_connector_says_when_a_token_was_refused() {
    let server =
        Server::script([token(1), Reply::json(400, r#"{"error":"invalid_token"}"#), token(2), Reply::ok()]).await;
    let http = builder(&server).auth(credentials()).classify(|answer| {
        if answer.error_text() == "invalid_token" { Verdict::TokenRefused } else { Verdict::of(answer) }
    });
    http.build().unwrap().post(&["users"]).send(&ctx()).await.unwrap();
    let used: Vec<String> = server.seen().iter().map(|seen| seen.bearer().to_owned()).collect();
    assert_eq!(used, ["", "token-number-1", "", "token-number-2"]);
}

#[tokio::test]
async fn two_clients_with_one_folder_share_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let (server, newest) = one_token_system().await;
    let (one, two, ctx) = (with_state(&server, folder.path()), with_state(&server, folder.path()), ctx());
    let (a, b) = tokio::join!(one.get(&["users"]).send(&ctx), two.get(&["users"]).send(&ctx));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(server.count("token"), 1);
    // The token dies; the one who finds out replaces it for both.
    newest.fetch_add(1, Ordering::SeqCst);
    let (a, b) = tokio::join!(one.get(&["users"]).send(&ctx), two.get(&["users"]).send(&ctx));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(server.count("token"), 2);
    with_state(&server, folder.path()).get(&["users"]).send(&ctx).await.unwrap();
    assert_eq!(server.count("token"), 2);
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn the_file_holds_no_plain_token_and_is_for_its_user_only() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = one_token_system().await;
    with_state(&server, &folder.path().join("state")).get(&["users"]).send(&ctx()).await.unwrap();
    let mut tokens = 0;
    for path in files(&folder.path().join("state")) {
        let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        tokens += usize::from(path.extension().unwrap() == "bin");
        for plain in ["token-number", SECRET, "access_token", "expires"] {
            assert!(!content.contains(plain) && !path.to_string_lossy().contains(plain), "{path:?}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn a_file_that_is_broken_or_of_another_secret_is_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = one_token_system().await;
    with_state(&server, folder.path()).get(&["users"]).send(&ctx()).await.unwrap();
    let file = files(folder.path()).into_iter().find(|path| path.extension().unwrap() == "bin").unwrap();
    let whole = std::fs::read(&file).unwrap();
    for (number, broken) in
        [b"".to_vec(), b"{}".to_vec(), whole[..30].to_vec(), [whole, vec![0]].concat()].iter().enumerate()
    {
        std::fs::write(&file, broken).unwrap();
        with_state(&server, folder.path()).get(&["users"]).send(&ctx()).await.unwrap();
        assert_eq!(server.count("token"), number + 2);
    }
    let other = ClientCredentials::new(&["token"], "koppel", Secret::new("another-secret"));
    let http = builder(&server).auth(other).state(StateDir::at(folder.path())).build().unwrap();
    http.get(&["users"]).send(&ctx()).await.unwrap();
    assert_eq!(server.count("token"), 6);
}

#[tokio::test]
async fn a_token_is_replaced_when_nine_tenths_of_its_life_are_over() {
    let (server, _) = one_token_system().await;
    let clock = Arc::new(FixedClock::new("2026-06-01T10:00:00Z".parse().unwrap()));
    let ctx = Ctx::new(clock.clone());
    let http = builder(&server).auth(credentials()).build().unwrap();
    for (advance, tokens) in [(0, 1), (3239, 1), (2, 2)] {
        clock.advance(Duration::from_secs(advance));
        http.get(&["users"]).send(&ctx).await.unwrap();
        assert_eq!(server.count("token"), tokens);
    }
}

#[tokio::test]
async fn the_credentials_go_into_the_body_or_the_header() {
    let server =
        Server::start(|seen| async move { if seen.target.ends_with("token") { token(1) } else { Reply::ok() } }).await;
    for style in [CredentialStyle::Body, CredentialStyle::Basic] {
        let auth = credentials().style(style).pair("scope", "all");
        builder(&server).auth(auth).build().unwrap().get(&["users"]).send(&ctx()).await.unwrap();
    }
    let seen = server.seen();
    assert_eq!(
        seen[0].body,
        "grant_type=client_credentials&client_id=koppel&client_secret=very-secret-%C3%9C&scope=all"
    );
    assert!(!seen[0].headers.contains_key("authorization"));
    assert_eq!(seen[2].body, "grant_type=client_credentials&scope=all");
    // koppel:very-secret-Ü in UTF-8
    assert_eq!(seen[2].headers["authorization"], "Basic a29wcGVsOnZlcnktc2VjcmV0LcOc");
}

#[tokio::test]
async fn a_token_request_is_repeated_and_its_refusal_is_not() {
    let server = Server::script([Reply::Cut, Reply::json(503, ""), token(1), Reply::ok()]).await;
    let http = builder(&server).auth(credentials()).build().unwrap();
    http.post(&["users"]).send(&ctx()).await.unwrap();

    let refusal = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
    let server = Server::start(move |_| async move { Reply::json(400, refusal) }).await;
    let http = builder(&server).auth(credentials()).build().unwrap();
    let ctx = ctx();
    for result in join_all((0..12).map(|_| http.get(&["users"]).send(&ctx))).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(
            error.to_string(),
            "Demo refused the credentials: Client authentication failed (check ClientId and ClientSecret)"
        );
    }
    assert_eq!(server.count("token"), 1, "a wrong secret is not tried twelve times");
}

#[tokio::test]
async fn a_refusal_that_says_it_succeeded_is_a_refusal() {
    let refusal = r#"{"error":"invalid_client","error_description":"The client is locked"}"#;
    let server = Server::script([Reply::json(200, refusal)]).await;
    let http = builder(&server).auth(credentials()).build().unwrap();
    let error = http.get(&["users"]).send(&ctx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    let text = "Demo refused the credentials: The client is locked (check ClientId and ClientSecret)";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_token_request_that_hangs_is_dropped_when_the_run_is_stopped() {
    let server = Server::start(|_| async { Reply::Hang("") }).await;
    let http = builder(&server).auth(credentials()).build().unwrap();
    let cancel = Cancel::default();
    let ctx = ctx().with_cancel(cancel.clone());
    let started = Instant::now();
    let (done, ()) = tokio::join!(http.post(&["users"]).send(&ctx), async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    assert_eq!(done.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_wrong_address_never_looks_like_a_missing_account() {
    for reply in [Reply::json(404, "<h1>Not found</h1>"), Reply::json(200, "<h1>Welcome</h1>"), Reply::json(200, "{}")]
    {
        let server = Server::script([reply]).await;
        let http = builder(&server).auth(credentials()).build().unwrap();
        let error = http.get(&["users", "7"]).send(&ctx()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Protocol), "{error:?}");
        assert!(error.to_string().contains("BaseUrl"), "{error}");
    }
}

#[tokio::test]
async fn clients_that_share_a_memory_share_one_token_and_replace_it_once() {
    let (server, newest) = one_token_system().await;
    let memory = StateDir::in_memory();
    let client = || builder(&server).auth(credentials()).state(memory.clone()).build().unwrap();
    let ctx = ctx();
    let clients: Vec<Http> = (0..6).map(|_| client()).collect();
    let all = || join_all(clients.iter().map(|http| http.get(&["users"]).send(&ctx)));
    assert!(all().await.iter().all(Result::is_ok));
    assert_eq!(server.count("token"), 1);
    newest.fetch_add(1, Ordering::SeqCst);
    assert!(all().await.iter().all(Result::is_ok));
    assert_eq!(server.count("token"), 2);
    assert!(client().get(&["users"]).send(&ctx).await.is_ok(), "one that comes later takes it too");
    assert_eq!(server.count("token"), 2);
}
