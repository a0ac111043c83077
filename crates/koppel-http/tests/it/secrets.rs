//! No secret in any text.

use koppel::{Scrubber, Secret};
use koppel_http::{Auth, ClientCredentials, CredentialStyle, Http, StateDir};

use crate::server::{Reply, Server};
use crate::{builder, ctx};

const SECRET: &str = "s3cr3t-value";
const TOKEN: &str = "token-9f8e7d";

#[tokio::test]
async fn neither_errors_nor_debug_show_secrets_that_the_system_echoes() {
    let folder = tempfile::tempdir().unwrap();
    let echo = |seen: crate::server::Seen| async move {
        if seen.target.ends_with("token") {
            return Reply::json(200, &format!(r#"{{"access_token":"{TOKEN}","expires_in":60}}"#));
        }
        let auth = seen.headers["authorization"].clone();
        let status = seen.target.rsplit('/').next().unwrap().parse().unwrap();
        Reply::json(status, &format!("you sent {auth} and {SECRET}, base64 czNjcjN0LXZhbHVl"))
    };
    let server = Server::start(echo).await;
    let oauth = ClientCredentials::new(&["token"], "koppel", Secret::new(SECRET)).style(CredentialStyle::Basic);
    let basic = Auth::Basic { user: "koppel".into(), password: Secret::new(SECRET) };
    let header = Auth::Header { name: "authorization".into(), value: Secret::new(SECRET) };
    for auth in [Auth::from(oauth), basic, header] {
        let scrubber = Scrubber::default();
        let half = builder(&server).auth(auth).state(StateDir::at(folder.path())).scrubber(scrubber.clone());
        let mut texts = vec![format!("{half:?}")];
        let http = half.build().unwrap();
        texts.push(format!("{http:?} {:?}", http.get(&["a"])));
        for status in ["200", "400", "401", "403", "404", "500", "302"] {
            let error = match http.post(&["echo", status]).send(&ctx()).await {
                Ok(answer) => {
                    texts.push(format!("{answer:?} {}", answer.error_text()));
                    answer.json::<u8>().unwrap_err()
                }
                Err(error) => error,
            };
            texts.push(format!("{error} {error:?} {:?}", error.detail()));
        }
        for text in texts {
            for secret in [SECRET, TOKEN, "a29wcGVsOnMzY3IzdC12YWx1ZQ", "czNjcjN0LXZhbHVl"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        assert_eq!(scrubber.text(SECRET), "***");
    }
}

#[test]
fn an_address_with_a_password_is_refused_without_showing_it() {
    let half = Http::builder("Demo", "https://koppel:hunter2hunter2@x.example");
    let text = format!("{half:?} {:?}", half.clone().build().unwrap_err());
    assert!(!text.contains("hunter2"), "{text}");
}
