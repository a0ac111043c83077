//! Files that change while they are read.

use std::fs;
use std::io::Write as _;

use futures_util::StreamExt;
use koppel::ErrorKind;
use serde_json::json;

use crate::support::{CONTRACTS, Folder, ctx};

/// More persons than are read ahead, so that the reader is in the middle of the file.
fn many() -> String {
    let lines = (0..20_000).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    format!("ExternalId\n{lines}")
}

#[tokio::test]
async fn a_file_that_is_written_to_while_persons_come_ends_the_import_in_a_passing_error() {
    for name in ["persons.csv", "contracts.csv"] {
        let folder = Folder::with(many(), CONTRACTS);
        let source = folder.source(json!({})).unwrap();
        let ctx = ctx();
        let mut persons = source.persons(&ctx);
        persons.next().await.unwrap().unwrap();
        fs::OpenOptions::new().append(true).open(folder.path(name)).unwrap().write_all(b"\n").unwrap();
        let rest: Vec<_> = persons.collect().await;
        let last = rest.into_iter().find_map(Result::err).unwrap();
        assert!(last.is(ErrorKind::Transient), "{last}");
        assert!(last.to_string().contains(name) && last.to_string().contains("export may still be running"), "{last}");
    }
}

#[tokio::test]
async fn a_file_that_is_put_in_its_place_is_read_the_next_time() {
    let folder = Folder::with(many(), CONTRACTS);
    let source = folder.source(json!({})).unwrap();
    let ctx = ctx();
    let mut persons = source.persons(&ctx);
    persons.next().await.unwrap().unwrap();
    folder.write("new.csv", "ExternalId\n1\n");
    if fs::rename(folder.path("new.csv"), folder.path("persons.csv")).is_err() {
        // Some systems do not let a file be replaced that is open; then nothing changed.
        return;
    }
    let rest: Vec<_> = persons.collect().await;
    assert_eq!(rest.len(), 19_999);
    assert!(rest.iter().all(Result::is_ok));
    assert_eq!(folder.persons().await.len(), 1);
}

#[tokio::test]
async fn persons_that_nobody_takes_hold_nothing_up() {
    let folder = Folder::with(many(), CONTRACTS);
    let source = folder.source(json!({})).unwrap();
    let ctx = ctx();
    let mut persons = source.persons(&ctx);
    persons.next().await.unwrap().unwrap();
    drop(persons);
    // The runtime waits for the reader when it ends.
}
