//! What the service refuses to start with, and where it listens.

use std::net::TcpListener;

use super::support::{Service, TOKEN, arguments, client, tls};
use crate::support::{Koppel, World};

/// Starts with these arguments in place of, or beside, the good ones; it must not start.
fn refused(world: &World, listen: &str, more: &[&str], code: i32) -> String {
    let mut all = arguments(world, listen);
    all.extend(more.iter().map(ToString::to_string));
    Koppel::new(&all).run().exits(code).says_nothing().stderr
}

#[test]
fn an_address_that_is_not_loopback_needs_tls() {
    let world = World::empty();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8443"] {
        let said = refused(&world, listen, &[], 2);
        assert!(said.contains("is not loopback") && said.contains("--tls-cert and --tls-key"), "{said}");
    }
    let with_tls = ["--tls-cert", &tls("cert.pem"), "--tls-key", &tls("key.pem")];
    let service = Service::on(&world, "0.0.0.0:0", &with_tls, client());
    assert!(service.url.starts_with("https://0.0.0.0:"), "{}", service.url);
}

#[test]
fn loopback_has_three_spellings() {
    let world = World::empty();
    let mut spellings = vec!["127.0.0.1:0", "localhost:0"];
    if TcpListener::bind("[::1]:0").is_ok() {
        spellings.push("[::1]:0");
    }
    for listen in spellings {
        let service = Service::on(&world, listen, &[], client());
        assert!(service.address().ip().is_loopback() && service.address().port() > 0);
        service.get("/v1/connectors").is(200);
    }
}

#[test]
fn an_address_that_is_none_or_is_taken_is_named() {
    let world = World::empty();
    for listen in ["8443", "nowhere.invalid:1", "127.0.0.1:99999"] {
        let said = refused(&world, listen, &[], 2);
        assert!(said.contains(&format!("--listen [{listen}]")) && said.contains("HOST:PORT"), "{said}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let said = refused(&world, &listen, &[], 1);
    assert!(said.contains(&listen) && said.contains("choose another one"), "{said}");
}

#[test]
fn a_token_file_that_is_missing_empty_or_odd_is_named() {
    let world = World::empty();
    for (content, expected) in [
        (String::new(), "holds no token"),
        ("# only\n\n  # this\n".to_owned(), "holds no token"),
        (format!("{TOKEN}\ntwo words\n"), "line 2 holds spaces"),
        ("token-é-0123456789\n".to_owned(), "line 1 holds spaces or characters"),
        ("x".repeat(70_000), "larger than 64 KiB"),
    ] {
        let file = world.file("odd", content);
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", file.to_str().unwrap()];
        let output = Koppel::new(&arguments).run().exits(2).says_nothing();
        assert!(output.stderr.contains("--token-file") && output.stderr.contains(expected), "{output:#?}");
    }
    let missing = world.path("nowhere");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", missing.to_str().unwrap()];
    let output = Koppel::new(&arguments).run().exits(2).says_nothing();
    assert!(output.stderr.contains("nowhere"), "{output:#?}");
}

#[test]
fn a_certificate_or_key_that_does_not_do_is_named() {
    let world = World::empty();
    let (cert, key) = (tls("cert.pem"), tls("key.pem"));
    let empty = world.file("empty.pem", "");
    let empty = empty.to_str().unwrap();
    for (cert, key, expected) in [
        (&*cert, &*tls("other-key.pem"), "other-key.pem is not the key of"),
        (&*cert, empty, "empty.pem: holds no private key"),
        (empty, &*key, "empty.pem: holds no certificate"),
        (&*cert, "nowhere.pem", "cannot read nowhere.pem"),
        ("nowhere.pem", &*key, "cannot read nowhere.pem"),
        (&*key, &*key, "key.pem: holds no certificate"),
    ] {
        let said = refused(&world, "127.0.0.1:0", &["--tls-cert", cert, "--tls-key", key], 2);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let said = refused(&world, "127.0.0.1:0", &["--tls-cert", &cert], 2);
    assert!(said.contains("--tls-key"), "{said}");
}

#[test]
fn tls_is_spoken_with_the_certificate_that_was_given() {
    let world = World::empty();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(tls("ca.pem")).unwrap()).unwrap();
    let trusting = client().tls_certs_only([authority]);
    let with_tls = ["--tls-cert", &tls("cert.pem"), "--tls-key", &tls("key.pem")];
    let service = Service::on(&world, "127.0.0.1:0", &with_tls, trusting);
    assert!(service.url.starts_with("https://127.0.0.1:"));
    service.get("/v1/connectors").is(200);

    let refusing = service.runtime.block_on(async {
        let stranger = client().tls_certs_only([]).build().unwrap();
        stranger.get(format!("{}/healthz", service.url)).send().await
    });
    assert!(refusing.is_err(), "a certificate that the client does not know");
    let plain = service.runtime.block_on(async {
        client().build().unwrap().get(format!("http://{}/healthz", service.address())).send().await
    });
    assert!(plain.is_err(), "no plain HTTP beside it");
    service.get("/healthz").is(200);
}
