//! The list of names for macros.

use koppel_conformance::checks;

macro_rules! named {
    ($none:expr; $($name:ident $id:literal)*) => {
        const NAMED: &[(&str, &str)] = &[$((stringify!($name), $id)),*];
    };
}

koppel_conformance::each_check!(named, ());

#[test]
fn every_check_has_a_page_that_says_what_helps() {
    for (name, page) in koppel_conformance::pages(&checks::all()) {
        let Some((_, remedy)) = page.split_once("## Where it fails\n\n") else {
            assert_eq!(name, "README.md");
            continue;
        };
        assert!(remedy.lines().next().is_some_and(|line| line.len() > 40), "{name}");
    }
}

#[test]
fn the_macro_names_exactly_the_checks_in_their_order() {
    let ids: Vec<&str> = NAMED.iter().map(|(_, id)| *id).collect();
    let known: Vec<&str> = checks::all().iter().map(|check| check.id).collect();
    assert_eq!(ids, known);
    assert!(NAMED.iter().all(|(name, id)| *name == id.replace(['.', '-'], "_")));
}
