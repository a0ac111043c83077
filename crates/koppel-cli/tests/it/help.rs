//! What the command line says of itself, and what it refuses.

use crate::support::Koppel;

/// The help as it is on every system.
fn help(arguments: &[&str]) -> String {
    Koppel::new(arguments).run().fine().stdout.replace("koppel.exe", "koppel")
}

#[test]
fn the_help_of_the_program_lists_every_command() {
    insta::assert_snapshot!("help", help(&["--help"]));
}

#[test]
fn every_command_has_a_help_text() {
    let commands = [
        "demo",
        "connectors",
        "describe",
        "check",
        "run",
        "persons",
        "departments",
        "map",
        "helloid",
        "plan",
        "apply",
        "sync",
        "audit",
        "serve",
        "conformance",
        "sandbox",
        "schema",
    ];
    for command in commands {
        insta::assert_snapshot!(format!("help_{command}"), help(&[command, "--help"]));
    }
    for command in ["form", "lint", "shim"] {
        insta::assert_snapshot!(format!("help_helloid_{command}"), help(&["helloid", command, "--help"]));
    }
    insta::assert_snapshot!("help_audit_verify", help(&["audit", "verify", "--help"]));
    let listed = help(&["--help"]);
    let listed = listed.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let listed: Vec<&str> = listed.into_iter().filter(|name| *name != "help").collect();
    assert!(commands.iter().all(|command| listed.contains(command)), "{listed:?}");
    for command in listed {
        assert!(commands.contains(&command), "the help of {command} has no snapshot");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(help(&["--version"]).trim(), format!("koppel {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_exits_with_2_and_prints_no_result() {
    for (arguments, expected) in [
        (&[][..], "Usage"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (&["run"], "required arguments"),
        (&["run", "ipassan-target", "explode"], "there is no action [explode]; there are: create, update"),
        (&["run", "ipassan-target", "create", "--concurrency", "4"], "--batch"),
        (&["run", "ipassan-target", "create", "--batch", "--concurrency", "0"], "must be a whole number from 1 to 64"),
        (&["run", "ipassan-target", "create", "--batch", "--concurrency", "65"], "must be at most 64"),
        (&["persons", "inplanning-source"], "--config"),
        (&["persons", "inplanning-source", "--config", "x.json", "--concurrency", "many"], "whole number"),
        (&["check", "inplanning-source"], "--config"),
        (&["schema"], "--out"),
        (&["connectors", "--log-format", "xml"], "invalid value 'xml'"),
        (&["demo", "--report"], "--report"),
    ] {
        let output = Koppel::new(arguments).run().exits(2).says_nothing();
        assert!(output.stderr.contains(expected), "{arguments:?}: {output:#?}");
    }
}
