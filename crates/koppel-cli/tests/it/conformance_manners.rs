//! `koppel conformance` on somebody's system: what a stopped run leaves there, and what its reports show.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use koppel_sandbox::{CANARY, System};
use serde_json::json;

use crate::support::{DOORS, Output, PERSONS, PLANNING, World, interrupt};

/// Passes everything on, and says so when something is posted to a path that ends so.
fn relay(to: SocketAddr, sign: &'static str) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, requests) = channel();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(to).unwrap();
            let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let seen = seen.clone();
            thread::spawn(move || pass(client, server, Some(&(sign, seen))));
            thread::spawn(move || pass(back, forth, None));
        }
    });
    (address, requests)
}

fn pass(mut from: TcpStream, mut to: TcpStream, watch: Option<&(&str, Sender<()>)>) {
    let mut piece = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        if let Some((sign, seen)) = watch {
            let text = String::from_utf8_lossy(&piece[..read]);
            if text
                .lines()
                .next()
                .is_some_and(|line| line.starts_with("POST ") && line.ends_with(&format!("{sign} HTTP/1.1")))
            {
                // The test may have seen enough.
                let _ = seen.send(());
            }
        }
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// A run that is stopped while the system makes the first account, whose answer it takes its time for.
fn stopped(world: &World, id: &str, fault: &str, url: &str, sign: &'static str, binary: bool) -> Output {
    world.faults(fault);
    let (address, requests) = relay(world.sandbox.address(), sign);
    let url = url.replace(&world.sandbox.address().to_string(), &address.to_string());
    let config = world.file("tenant.json", world.config_with(id, &json!({ "BaseUrl": url })).to_string());
    let mut arguments = vec!["conformance", id, "--check", "create", "--config", config.to_str().unwrap()];
    arguments.extend(binary.then_some("--binary"));
    let running = world.koppel(&arguments).begin();
    requests.recv_timeout(Duration::from_mins(2)).unwrap();
    interrupt(&running);
    running.finish().exits(1)
}

#[test]
fn ctrl_c_removes_also_the_account_that_the_system_was_making_at_that_moment() {
    for binary in [false, true] {
        let world = World::empty();
        let url = world.sandbox.ipassan_url();
        let output = stopped(&world, DOORS, "ipassan:POST person:slow(2000)", &url, "/person", binary);
        assert_eq!(world.stats().count(System::IPassan, "POST", PERSONS), 1);
        assert_eq!(world.sandbox.ipassan().count(), 0, "{output:#?}");
        assert!(output.stderr.contains("stopped") && !output.stderr.contains("left behind"), "{output:#?}");
    }
}

#[test]
fn ctrl_c_names_what_could_not_be_removed() {
    let world = World::empty();
    let url = world.sandbox.inplanning_url();
    let before = world.sandbox.inplanning().users().len();
    let output = stopped(&world, PLANNING, "inplanning:POST users:slow(2000)", &url, "/users", false);
    let users = world.sandbox.inplanning().users();
    let [left] = &users[before..] else { panic!("{users:?}") };
    assert!(!left.active && left.username.starts_with("kt"), "{left:?}");
    let named = format!("left behind in the system: {}: disabled; the connector cannot delete", left.username);
    assert!(output.stderr.contains(&named), "{output:#?}");
}

#[test]
fn a_report_of_processes_holds_none_of_the_tokens_that_only_they_saw() {
    let world = World::empty();
    // What is not wrong is accepted, so the check fails, and the requests of the process stand in the report.
    let scenario = world.file("scenario.json", r#"{"wrongCredentials": {"nothing": "wrong"}}"#);
    let files = ["r.json", "r.xml", "r.html"].map(|name| world.path(name));
    let mut arguments = vec!["conformance", DOORS, "--binary", "--check", "connect.wrong-credentials"];
    arguments.extend(["--scenario", scenario.to_str().unwrap()]);
    for file in &files {
        arguments.extend(["--report", file.to_str().unwrap()]);
    }
    world.koppel(&arguments).run().exits(1);
    let [json, xml, html] = files.map(|file| fs::read_to_string(file).unwrap());
    assert!(json.contains("access_token") && html.contains("access_token"), "{json}");
    for text in [json, xml, html] {
        assert!(!text.contains(CANARY), "{text}");
    }
}
