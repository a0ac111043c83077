//! Who is let in.

use std::io::{Read as _, Write as _};

use super::support::{Service, TOKEN, rest};
use crate::support::{DOORS, FILES, World, new_person};

#[test]
fn without_a_token_that_is_let_in_nothing_is_told_and_nothing_done() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let input = world.document(DOORS, &new_person("1001")).to_string();
    let longer = format!("{TOKEN}0");
    let attempts = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Basic {TOKEN}")),
        Some(TOKEN.to_owned()),
        Some(format!("Bearer {}", &TOKEN[1..])),
        Some(format!("Bearer {longer}")),
        Some(format!("Bearer {}", TOKEN.to_uppercase())),
        Some("Bearer # for the tests".to_owned()),
    ];
    // At once: each waits.
    let replies = service.runtime.block_on(async {
        let requests = attempts.iter().flat_map(|attempt| {
            [("POST", "/v1/ipassan-target/create"), ("GET", "/v1/connectors"), ("GET", "/nowhere"), ("PUT", "/v1")].map(
                |(method, path)| {
                    let url = format!("{}{path}", service.url);
                    let request = service.client.request(method.parse().unwrap(), url).body(input.clone());
                    match attempt {
                        Some(value) => request.header("authorization", value),
                        None => request,
                    }
                },
            )
        });
        futures_util::future::join_all(requests.map(|request| async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
        }))
        .await
    });
    for (status, headers, text) in replies {
        assert_eq!(status, 401, "{text}");
        assert_eq!(headers["www-authenticate"], "Bearer");
        let error: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(error["error"].as_str().unwrap().contains("no token"), "{error}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn the_scheme_may_be_spelled_in_any_case() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let url = format!("{}/v1/connectors", service.url);
        service.send(service.client.get(url).header("authorization", format!("{scheme} {TOKEN}"))).is(200);
    }
}

#[test]
fn three_routes_need_no_token() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    for path in ["/healthz", "/metrics", "/openapi.json"] {
        service.send(service.client.get(format!("{}{path}", service.url))).is(200);
    }
}

#[test]
fn the_body_of_a_request_without_a_token_is_not_read() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let head =
        "POST /v1/ipassan-target/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n";
    let said = rest(service.raw(head));
    assert!(said.starts_with("HTTP/1.1 401 ") && !said.contains("100 Continue"), "{said}");
    // With a token the body is asked for.
    let mut stream = service.raw(&super::support::head(
        "POST",
        "/v1/ipassan-target/create",
        "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n",
    ));
    let mut first = [0; 25];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").unwrap();
    assert!(rest(stream).starts_with("HTTP/1.1 400 "));
}

#[test]
fn tokens_change_while_the_service_runs() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let with = |token: &str| {
        let request = service.client.get(format!("{}/v1/connectors", service.url)).bearer_auth(token);
        service.send(request).status
    };
    let until = |token: &str, status: u16| while with(token) != status {};
    let (second, third) = ("canary-second-token-0123456789", "canary-third-token-01234567890");
    assert_eq!((with(TOKEN), with(second)), (200, 401));
    world.file("tokens", format!("{TOKEN}\r\n{second}\r\n"));
    until(second, 200);
    assert_eq!(with(TOKEN), 200, "both, so that clients can change over");
    world.file("tokens", format!("{second}\n"));
    until(TOKEN, 401);
    assert_eq!(with(second), 200);
    // A file that makes no sense lets in whom it did before.
    world.file("tokens", "");
    until("canary-wrong-token", 401);
    assert_eq!(with(second), 200);
    std::fs::remove_file(world.path("tokens")).unwrap();
    until("canary-wrong-token", 401);
    assert_eq!(with(second), 200);
    // As PowerShell writes a file.
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(third.encode_utf16()).chain([13, 10]).flat_map(u16::to_le_bytes).collect();
    world.file("tokens", utf16);
    until(third, 200);
    assert_eq!(with(second), 401);
    #[cfg(unix)]
    {
        let output = service.stop();
        let unusable = output.stderr.matches("the tokens from before are still let in").count();
        assert!(unusable >= 1, "{output:#?}");
        assert!(output.stderr.contains("was read again"), "{output:#?}");
    }
}

#[cfg(unix)]
#[test]
fn a_failed_login_is_logged_without_its_token_and_a_short_token_is_warned_of() {
    let world = World::empty();
    world.file("tokens", "canary-1\n");
    let service = Service::start(&world, &[]);
    let url = format!("{}/v1/ipassan-target/create?who=canary-query", service.url);
    service.send(service.client.post(url).bearer_auth("canary-wrong").body("canary-body"));
    let said = service.stop().stderr;
    let login = said.lines().find(|line| line.contains("a failed login")).unwrap();
    assert!(login.contains("WARN") && login.contains("client=127.0.0.1"), "{login}");
    assert!(login.contains("route=\"/v1/{connector}/{action}\""), "{login}");
    assert!(said.contains("can be guessed"), "{said}");
}

#[test]
fn a_configuration_names_no_file_but_those_that_the_operator_offers() {
    let world = World::empty();
    let known = world.sandbox.credentials();
    let table =
        format!("HelloIDLookupKey;AccessProfileName;AccessProfileId\nOost;Noord;{}\n", known.access_profiles["Noord"]);
    let outside = world.file("outside.csv", &table);
    std::fs::create_dir(world.path("offered")).unwrap();
    let offered = world.file("offered/table.csv", &table);
    let post = |service: &Service, key: &str, file: &str| {
        let config = world.config_with(DOORS, &serde_json::json!({ key: file }));
        service.post("/v1/ipassan-target/create", &crate::support::document(&config, &new_person("1001")))
    };
    let closed = Service::start(&world, &[]);
    for key in ["accessProfilesFile", "ACCESS_PROFILES_FILE"] {
        post(&closed, key, offered.to_str().unwrap()).refused(400, "this service reads none");
    }
    post(&closed, "accessProfilesFile", "").is(200);
    let open = Service::start(&world, &["--config-files", world.path("offered").to_str().unwrap()]);
    for file in [outside.to_str().unwrap(), "../outside.csv", "nowhere.csv", "/etc/passwd", "."] {
        post(&open, "accessProfilesFile", file).refused(400, "is not in the folder");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, world.path("offered/link.csv")).unwrap();
        post(&open, "accessProfilesFile", "link.csv").refused(400, "is not in the folder");
    }
    post(&open, "accessProfilesFile", "table.csv").is(200);
    post(&open, "access_profiles_file", offered.to_str().unwrap()).is(200);
    // It is read: a table that makes no sense is a fault of it.
    world.file("offered/odd.csv", "nothing;of;this\n1;2;3\n");
    post(&open, "accessProfilesFile", "odd.csv").refused(400, "accessProfilesFile: line 1");
    // A key that is not called a file and is one.
    let mut config = world.config(FILES);
    let persons = |service: &Service, config: &serde_json::Value| {
        service.post("/v1/csv-source/persons", &serde_json::json!({"actionContext": {"Configuration": config}}))
    };
    assert!(persons(&closed, &config).is(400).text.contains("persons: names a file, and this service reads none"));
    assert!(persons(&open, &config).is(400).text.contains("persons: is not in the folder"));
    for (key, name, content) in csv_source::SAMPLE {
        world.file(&format!("offered/{name}"), content);
        config[key] = name.into();
    }
    assert_eq!(persons(&open, &config).is(200).lines().len(), 4);
}
