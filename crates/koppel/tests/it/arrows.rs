//! The arrows between the crates of the workspace point one way.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Which crates of ours each crate may use, outside its tests.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("koppel", vec![]),
        ("koppel-http", vec!["koppel"]),
        ("koppel-helloid", vec!["koppel"]),
        ("koppel-sandbox", vec![]),
        // The kit runs on the stand-ins where no tenant is named.
        ("koppel-conformance", vec!["koppel", "koppel-http", "koppel-sandbox"]),
        ("koppel-engine", vec!["koppel", "koppel-helloid"]),
        ("csv-source", vec!["koppel"]),
        ("inplanning-api", vec!["koppel", "koppel-http"]),
        ("inplanning-source", vec!["koppel", "koppel-http", "inplanning-api"]),
        ("inplanning-target", vec!["koppel", "koppel-http", "inplanning-api"]),
        ("ipassan-target", vec!["koppel", "koppel-http"]),
        (
            "koppel-cli",
            vec![
                "koppel",
                "koppel-http",
                "koppel-helloid",
                "koppel-engine",
                "koppel-conformance",
                "koppel-sandbox",
                "csv-source",
                "inplanning-source",
                "inplanning-target",
                "ipassan-target",
            ],
        ),
    ])
}

#[test]
fn every_crate_uses_only_what_it_may_and_the_core_does_no_io() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let allowed = allowed();
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let may =
            allowed.get(package.name.as_str()).unwrap_or_else(|| panic!("{} has no place in the house", package.name));
        seen += 1;
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            let ours = allowed.contains_key(dependency.name.as_str());
            assert!(
                !ours || may.contains(&dependency.name.as_str()),
                "{} must not use {}",
                package.name,
                dependency.name
            );
            let network = ["tokio", "reqwest", "hyper", "axum"].contains(&dependency.name.as_str());
            assert!(!(network && package.name.as_str() == "koppel"), "the core must not use {}", dependency.name);
            let client = dependency.name == "reqwest" && package.name.as_str() != "koppel-http";
            assert!(!client, "{} must go through koppel-http", package.name);
        }
    }
    assert_eq!(seen, allowed.len());
}
