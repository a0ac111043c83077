//! Locks over the processes of a machine.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use koppel::{Clock, ErrorKind, FixedClock, Locks, Note, Reference};
use koppel_http::{FileLocks, StateDir, SystemClock};

/// As another process would have them.
fn locks(folder: &Path) -> FileLocks {
    FileLocks::new(StateDir::at(folder), Arc::new(SystemClock::default()))
}

fn created(id: &str) -> Note {
    Note::Created(Reference::new(id).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_never_hold_one_key_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let inside: Arc<[AtomicUsize; 3]> = Arc::default();
    let processes = [locks(folder.path()), locks(folder.path())];
    let tasks = (0..60).map(|n| {
        let (locks, inside) = (processes[n % 2].clone(), Arc::clone(&inside));
        tokio::spawn(async move {
            let held = locks.lock(&format!("key {}", n % 3)).await.unwrap();
            assert_eq!(inside[n % 3].fetch_add(1, Ordering::SeqCst), 0);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            inside[n % 3].fetch_sub(1, Ordering::SeqCst);
            drop(held);
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

#[tokio::test]
async fn notes_cross_over_and_stay_with_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (locks(folder.path()), locks(folder.path()));
    let mut held = one.lock("a").await.unwrap();
    assert_eq!(held.note(), None);
    held.leave(Note::Pending).unwrap();
    assert_eq!(held.note(), Some(Note::Pending));
    held.leave(created("7")).unwrap();
    drop(held);
    assert_eq!(two.lock("a").await.unwrap().note(), Some(created("7")));
    assert_eq!(one.lock("a").await.unwrap().note(), Some(created("7")));
    assert_eq!(two.lock("b").await.unwrap().note(), None);
}

#[tokio::test]
async fn a_note_is_forgotten_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new("2026-06-01T10:00:00Z".parse().unwrap()));
    let locks = FileLocks::new(StateDir::at(folder.path()), Arc::clone(&clock) as Arc<dyn Clock>);
    locks.lock("a").await.unwrap().leave(created("7")).unwrap();
    clock.advance(Duration::from_hours(23));
    assert!(locks.lock("a").await.unwrap().note().is_some());
    clock.advance(Duration::from_hours(2));
    assert_eq!(locks.lock("a").await.unwrap().note(), None);
}

#[tokio::test]
async fn a_task_may_hold_every_stripe_and_more_keys_than_there_are_stripes() {
    let folder = tempfile::tempdir().unwrap();
    let locks = locks(folder.path());
    let mut all = Vec::new();
    for n in 0..600 {
        let mut held = tokio::time::timeout(Duration::from_secs(20), locks.lock(&n.to_string()))
            .await
            .expect("no deadlock")
            .unwrap();
        held.leave(created(&n.to_string())).unwrap();
        all.push(held);
    }
    for (n, held) in all.iter().enumerate() {
        assert_eq!(held.note(), Some(created(&n.to_string())));
    }
}

#[tokio::test]
async fn a_stripe_keeps_the_newest_notes_only() {
    let folder = tempfile::tempdir().unwrap();
    let locks = locks(folder.path());
    // All of these fall on one stripe by being written into its file beforehand.
    let mut held = locks.lock("a").await.unwrap();
    held.leave(created("a")).unwrap();
    let file = std::fs::read_dir(folder.path().join("locks")).unwrap();
    let file = file.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "json").unwrap();
    let now = SystemClock::default().now().as_second();
    let many: serde_json::Map<String, serde_json::Value> =
        (0..500).map(|n| (format!("{n:064}"), serde_json::json!({"at": now - n, "note": "pending"}))).collect();
    std::fs::write(&file, serde_json::to_vec(&many).unwrap()).unwrap();
    held.leave(created("b")).unwrap();
    let kept: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(kept.len(), 128);
    assert!(kept.contains_key(&format!("{:064}", 0)) && !kept.contains_key(&format!("{:064}", 499)));
    assert_eq!(held.note(), Some(created("b")));
}

#[tokio::test]
async fn waiting_for_another_process_has_an_end_and_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let held = locks(folder.path()).lock("a").await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let other = FileLocks::with_wait(StateDir::at(folder.path()), clock, Duration::from_millis(50));
    let error = other.lock("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    #[cfg(unix)]
    assert!(error.message().contains(&std::process::id().to_string()), "{error}");
    drop(held);
    other.lock("a").await.unwrap();
}

#[tokio::test]
async fn a_waiter_that_gave_up_does_not_take_the_lock_later() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, three) = (locks(folder.path()), locks(folder.path()), locks(folder.path()));
    let held = one.lock("a").await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(30), two.lock("a")).await;
    assert!(waiting.is_err());
    drop(held);
    tokio::time::timeout(Duration::from_secs(20), three.lock("a")).await.expect("the lock is free").unwrap();
}

/// Takes a lock, leaves a note, says so, and lives on until it is killed. The folder comes on stdin.
#[test]
#[ignore = "is run as a process of its own by the test below"]
fn holder() {
    let mut folder = String::new();
    std::io::stdin().read_line(&mut folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut held = runtime.block_on(locks(Path::new(folder.trim())).lock("a")).unwrap();
    held.leave(Note::Pending).unwrap();
    println!("\nholding");
    let _ = std::io::stdin().read_line(&mut folder);
}

#[tokio::test]
async fn a_killed_process_leaves_its_note_and_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["locks::holder", "--exact", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", folder.path().display()).unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().any(|line| line.unwrap() == "holding");
    assert!(said);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let hasty = FileLocks::with_wait(StateDir::at(folder.path()), clock, Duration::from_millis(50));
    assert_eq!(hasty.lock("a").await.unwrap_err().kind(), ErrorKind::Transient);
    let patient = locks(folder.path());
    let waiting = tokio::spawn(async move { patient.lock("a").await.unwrap().note() });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(waiting.await.unwrap(), Some(Note::Pending));
}
