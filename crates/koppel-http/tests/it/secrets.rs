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

/// All that an error of the token endpoint with this answer says.
async fn token_refused(status: u16, body: &str) -> String {
    let server = Server::script((0..4).map(|_| Reply::json(status, body))).await;
    let oauth = ClientCredentials::new(&["token"], "koppel", Secret::new(SECRET));
    let error = builder(&server).auth(oauth).build().unwrap().get(&["users"]).send(&ctx()).await.unwrap_err();
    format!("{error} {error:?}")
}

#[tokio::test]
async fn a_token_in_an_error_of_the_token_endpoint_is_not_shown() {
    let far = "x".repeat(270);
    for status in [200, 400, 401, 404, 422, 503] {
        for body in [
            format!(r#"{{"access_token":"{TOKEN}","fault":1}}"#),
            format!(
                r#"{{"error":{{"data":[{{"refreshToken":"{TOKEN}"}}]}},"error_description":"for Bearer {TOKEN}"}}"#
            ),
            format!(r#"{{"error":" ","a":"{far}","access_token":"{TOKEN}"}}"#),
            format!(r#"{{"access_token":"{TOKEN}","#),
            format!("access_token={TOKEN}&x=1"),
            format!("<p>access_token {TOKEN}</p>"),
        ] {
            // That is how a token is given.
            if status == 200 && body.contains("\"access_token\"") {
                continue;
            }
            let text = token_refused(status, &body).await;
            assert!(!text.contains("token-9f8"), "{status} {body}: {text}");
        }
    }
    assert!(token_refused(400, "Client authentication failed").await.contains("Client authentication failed"));
}

#[tokio::test]
async fn what_was_sent_is_hidden_in_base64_too() {
    let pair = "a29wcGVsOnMzY3IzdC12YWx1ZQ"; // koppel:s3cr3t-value
    let bearer = "QmVhcmVyIHRva2VuLTlmOGU3ZA"; // Bearer token-9f8e7d
    let server = Server::script([
        Reply::json(200, &format!(r#"{{"access_token":"{TOKEN}"}}"#)),
        Reply::json(400, &format!("you are {pair}== with {bearer}==")),
    ])
    .await;
    let oauth = ClientCredentials::new(&["token"], "koppel", Secret::new(SECRET));
    let error = builder(&server).auth(oauth).build().unwrap().get(&["users"]).send(&ctx()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("you are ***") && !text.contains(pair) && !text.contains(bearer), "{text}");
}

#[tokio::test]
async fn half_a_secret_does_not_stay_where_a_text_is_made_short() {
    let body = format!("{}{SECRET}", "x".repeat(290));
    let auth = || Auth::Header { name: "x-key".into(), value: Secret::new(SECRET) };
    let server = Server::script([Reply::json(400, &body), Reply::json(200, &body)]).await;
    let http = builder(&server).auth(auth()).build().unwrap();
    let error = http.get(&["users"]).send(&ctx()).await.unwrap_err();
    let read = http.get(&["users"]).send(&ctx()).await.unwrap().json::<u8>().unwrap_err();
    assert!(!error.message().contains("s3cr") && !read.message().contains("s3cr"), "{error} {read}");
}

#[test]
fn an_address_with_a_password_is_refused_without_showing_it() {
    let half = Http::builder("Demo", "https://koppel:hunter2hunter2@x.example");
    let text = format!("{half:?} {:?}", half.clone().build().unwrap_err());
    assert!(!text.contains("hunter2"), "{text}");
}
