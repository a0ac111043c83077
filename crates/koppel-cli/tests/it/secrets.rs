//! No secret and no token in any output. Every run of these tests looks for the stand-ins' canaries; here the programs
//! are made to talk as much as they can, and systems give back what they were sent.

use koppel_sandbox::Options;
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{DOORS, PLANNING, SOURCE, World, about, document, new_person, new_user};

/// How much is logged, and how.
const LOUD: [&[&str]; 6] = [
    &[],
    &["-v"],
    &["-vv"],
    &["--log-format", "json"],
    &["-v", "--log-format", "json"],
    &["-vv", "--log-format", "json"],
];

#[test]
fn nothing_that_succeeds_shows_a_secret_however_loud_it_is() {
    for loud in LOUD {
        let world = World::with(Options::default().persons(5));
        let run = |arguments: &[&str], input: &Value| {
            world.koppel(arguments).arguments(loud).input(input.to_string()).run().exits(0)
        };
        run(&["demo"], &Value::Null);
        run(&["connectors"], &Value::Null);
        run(&["describe", DOORS], &Value::Null);
        for (id, input) in [(PLANNING, new_user("1001")), (DOORS, new_person("1001"))] {
            world.with_config("check", id, &world.config(id)).arguments(loud).run().exits(0);
            let input = world.document(id, &input);
            let reference = run(&["run", id, "create"], &input).answer().reference();
            run(&["run", id, "create", "--batch"], &input);
            run(&["run", id, "import-accounts"], &input);
            run(&["run", id, "disable"], &world.document(id, &about(&reference, &json!({}))));
        }
        for command in ["check", "persons", "departments"] {
            world.with_config(command, SOURCE, &world.config(SOURCE)).arguments(loud).run().exits(0);
        }
        let loudest = world.with_config("persons", SOURCE, &world.config(SOURCE)).arguments(loud).run();
        let talks = loud.iter().any(|argument| argument.starts_with("-v"));
        assert_eq!(loudest.stderr.contains("resourceRoster"), talks, "{loud:?}: {loudest:#?}");
    }
}

#[test]
fn nothing_that_fails_shows_a_secret_however_loud_it_is() {
    let faults = ["*:*:401*", "*:*:403*", "*:token:500*", "*:*:400*", "*:*:html*", "*:*:cut-after*", "*:*:truncate*"];
    for loud in [LOUD[2], LOUD[5], LOUD[0]] {
        let worlds = faults.map(|fault| {
            let world = World::with(Options::default().persons(3));
            world.faults(fault);
            world
        });
        // All at once: most of their time is the wait before another attempt.
        let mut processes = Vec::new();
        for world in &worlds {
            for (id, input) in [(PLANNING, new_user("1001")), (DOORS, new_person("1001"))] {
                let input = world.document(id, &input).to_string();
                processes
                    .push((world.koppel(&["run", id, "create"]).arguments(loud).input(input.clone()).begin(), true));
                processes
                    .push((world.koppel(&["run", id, "create", "--batch"]).arguments(loud).input(input).begin(), true));
            }
            for command in ["check", "persons", "departments"] {
                processes
                    .push((world.with_config(command, SOURCE, &world.config(SOURCE)).arguments(loud).begin(), false));
            }
        }
        for (process, is_action) in processes {
            let output = process.finish().exits(1);
            if is_action {
                output.answer();
            } else {
                output.says_nothing();
            }
        }
    }
}

/// A system that gives back everything it was sent, as it came, and a token that begins like a secret.
async fn parrot(server: &MockServer) {
    let token = ResponseTemplate::new(200).set_body_json(
        json!({"access_token": "canary-token-of-the-parrot/+=", "expires_in": 3600, "token_type": "Bearer"}),
    );
    Mock::given(method("POST")).and(path_regex("token$")).respond_with(token).up_to_n_times(2).mount(server).await;
    let everything = |request: &Request| {
        let header =
            |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let text = format!("{} {} {body}", header("authorization"), request.url);
        ResponseTemplate::new(400).set_body_json(
            json!({"error": text, "message": text, "error_description": text, "errors": [{"message": text}]}),
        )
    };
    Mock::given(wiremock::matchers::any()).respond_with(everything).mount(server).await;
}

#[test]
fn a_system_that_gives_back_what_it_was_sent_betrays_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(MockServer::start());
    // With characters that each encoding spells in its own way.
    let secret = "canary-s3cret \"with\" &+%/\\ é signs";
    for token_too in [false, true] {
        runtime.block_on(server.reset());
        if token_too {
            runtime.block_on(parrot(&server));
        } else {
            runtime.block_on(async {
                let body = |request: &Request| {
                    let header = request
                        .headers
                        .get("authorization")
                        .and_then(|v| v.to_str().ok())
                        .unwrap_or_default()
                        .to_owned();
                    let body = String::from_utf8_lossy(&request.body).into_owned();
                    ResponseTemplate::new(401)
                        .set_body_json(json!({"error": body, "error_description": format!("{header} {body}")}))
                };
                Mock::given(wiremock::matchers::any()).respond_with(body).mount(&server).await;
            });
        }
        let world = World::empty();
        for (id, key, input) in [
            (PLANNING, "ClientSecret", new_user("1001")),
            (DOORS, "clientSecret", new_person("1001")),
            (SOURCE, "Password", json!({})),
        ] {
            for loud in LOUD {
                let config = world.config_with(id, &json!({ key: secret, "BaseUrl": server.uri() }));
                let mut outputs = vec![world.with_config("check", id, &config).arguments(loud).run().exits(1)];
                if id == SOURCE {
                    outputs.push(world.with_config("persons", id, &config).arguments(loud).run().exits(1));
                } else {
                    let input = document(&config, &input).to_string();
                    outputs.push(world.koppel(&["run", id, "create"]).arguments(loud).input(input).run().exits(1));
                }
                for output in outputs {
                    // Base64 spells "s3cret" in three ways, by where it stands.
                    for spelled in ["s3cret", "czNjcmV0", "MzY3Jld", "zM2NyZX", "token-of-the-parrot"] {
                        let told = format!("{}{}", output.stdout, output.stderr);
                        assert!(!told.contains(spelled), "{spelled} of {id}, {loud:?}: {output:#?}");
                    }
                }
                let _ = std::fs::remove_dir_all(world.path("state"));
            }
        }
    }
    runtime.block_on(async move { drop(server) });
}

#[test]
fn a_wrong_configuration_does_not_show_its_secrets() {
    let world = World::empty();
    for (id, config) in [
        (PLANNING, json!({"clientsecret": "canary-a", "CLIENT_SECRET": "canary-b", "BaseUrl": "ftp://x"})),
        (PLANNING, json!({"ClientSecret": ["canary-a"], "BaseUrl": "https://user:canary-c@x.example/#canary-d"})),
        (DOORS, json!({"clientSecret": {"value": "canary-a"}, "BaseUrl": "https://x.example/?key=canary-e"})),
        (SOURCE, json!({"Password": 12, "BaseUrl": "https://user:canary-c@x.example"})),
    ] {
        let output = world.with_config("check", id, &config).run().exits(2).says_nothing();
        assert!(!output.stderr.is_empty());
        if id != SOURCE {
            world.run(id, "create", &document(&config, &json!({}))).exits(2).answer();
        }
    }
    let broken = "{\"actionContext\": {\"Configuration\": {\"clientSecret\": \"canary-a\"}, canary-b";
    world.koppel(&["run", DOORS, "create"]).input(broken).run().exits(2).answer();
    let file = world.file("broken.json", broken);
    world.koppel(&["check", DOORS, "--config", file.to_str().unwrap()]).run().exits(2).says_nothing();
}

#[cfg(unix)]
#[test]
fn what_is_kept_between_runs_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::empty();
    world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).fine();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let state = world.path("state");
    assert_eq!(mode(&state), 0o700);
    let files: Vec<_> =
        std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("canary-ipassan-") || text.contains("token"), "the secret itself is not kept: {text}");
        assert!(!text.contains(&world.sandbox.credentials().ipassan_client_secret), "{text}");
    }
}
