use std::sync::Arc;

use koppel::{ErrorKind, FixedClock};
use koppel_engine::Verb;
use koppel_engine::store::{Access, Filter, Mark, Store};

use super::{Home, at, audit_rows, enqueue, give_account, job};

#[tokio::test]
async fn looking_at_a_state_that_is_not_there_finds_nothing_and_makes_nothing() {
    for home in Home::all().await {
        let store = home.try_open(Access::Read).await.unwrap();
        assert_eq!(store.mark().await.unwrap(), Mark::default());
        assert_eq!(store.held().await.unwrap(), []);
        assert_eq!(store.source("hr").await.unwrap(), None);
        assert_eq!(store.open_jobs().await.unwrap(), 0);
        assert_eq!(store.verify().await.unwrap().entries, 0);
        assert_eq!(audit_rows(&store, Filter::default()).await, []);
        if !home.is_shared() {
            let left = std::fs::read_dir(home.file().parent().unwrap()).unwrap().count();
            assert_eq!(left, 0);
        }
        // Nothing was made on the server either: a first writer would find it.
        assert_eq!(home.try_open(Access::Read).await.unwrap().mark().await.unwrap(), Mark::default());
    }
}

#[tokio::test]
async fn what_was_kept_is_there_after_opening_again_and_a_reader_sees_it() {
    for home in Home::all().await {
        let store = home.open().await;
        give_account(&store, "1001").await;
        let (mark, held) = (store.mark().await.unwrap(), store.held().await.unwrap());
        assert_eq!((mark.revision, held.len(), mark.id.len()), (1, 1, 32));
        let reader = home.try_open(Access::Read).await.unwrap();
        assert_eq!(reader.mark().await.unwrap(), mark, "beside a writer");
        drop(store);
        for access in [Access::Write, Access::Read] {
            let store = home.try_open(access).await.unwrap();
            assert_eq!((store.mark().await.unwrap(), store.held().await.unwrap()), (mark.clone(), held.clone()));
            store.close().await;
        }
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    for home in Home::all().await {
        home.open().await.close().await;
        let reader = home.try_open(Access::Read).await.unwrap();
        let error = reader.enqueue("plan", &[job("1001", &[Verb::Create])], None, None, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Bug, "{error}");
    }
}

#[tokio::test]
async fn a_second_writer_of_a_file_is_told_who_holds_it() {
    let home = Home::sqlite();
    let first = home.open().await;
    let error = home.try_open(Access::Write).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("koppel.db.lock"), "{error}");
    assert!(error.hint().unwrap().contains("PostgreSQL"), "{error}");
    drop(first);
    home.open().await;
}

#[tokio::test]
async fn a_path_with_spaces_and_signs_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("staat #1 100% é.db");
    let clock = Arc::new(FixedClock::new(at("2026-03-02T08:00:00Z")));
    let url = format!("sqlite:{}", path.display());
    Store::open(&url, Access::Write, clock).await.unwrap().close().await;
    assert!(path.is_file());
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused_by_both() {
    for home in Home::all().await {
        home.open().await.close().await;
        home.sql(
            "INSERT INTO koppel_migrations (version, description, success, checksum, execution_time) \
             SELECT 99, description, success, checksum, execution_time FROM koppel_migrations",
        )
        .await;
        for access in [Access::Read, Access::Write] {
            let error = home.try_open(access).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains("newer koppel") && error.message().contains("99"), "{error}");
        }
    }
}

#[tokio::test]
async fn tables_that_are_not_koppels_are_refused() {
    for home in Home::all().await {
        if !home.is_shared() {
            std::fs::write(home.file(), "").unwrap();
        }
        home.sql("CREATE TABLE job (whose BIGINT)").await;
        let error = home.try_open(Access::Write).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_as_it_is() {
    let home = Home::sqlite();
    let text = "ExternalId;Name\n".repeat(500);
    std::fs::write(home.file(), &text).unwrap();
    for access in [Access::Read, Access::Write] {
        let error = home.try_open(access).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.message().contains("koppel.db"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(home.file()).unwrap(), text);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new(at("2026-03-02T08:00:00Z")));
    let url = format!("sqlite:{}", folder.path().join("no").join("koppel.db").display());
    let error = Store::open(&url, Access::Write, clock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("koppel.db") && error.hint().unwrap().contains("folder"), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_a_passing_failure_without_the_password() {
    // A port that was free a moment ago.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let clock = Arc::new(FixedClock::new(at("2026-03-02T08:00:00Z")));
    let url = format!("postgres://koppel:hush-hush@127.0.0.1:{port}/iam");
    let error = Store::open(&url, Access::Write, clock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error:?}");
    assert!(error.message().contains(&format!("127.0.0.1:{port}/iam")), "{error}");
    assert!(error.hint().unwrap().contains("server runs"), "{error}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_as_such_and_not_repeated() {
    let Some(home) = Home::postgres().await else { return };
    let (user, rest) = home.url.split_once("//").unwrap().1.split_once('@').unwrap();
    let user = user.split(':').next().unwrap();
    let clock = Arc::new(FixedClock::new(at("2026-03-02T08:00:00Z")));
    let error = Store::open(&format!("postgres://{user}:hush-hush@{rest}"), Access::Write, clock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error:?}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn programs_that_start_together_make_one_state() {
    let Some(home) = Home::postgres().await else { return };
    let stores = futures_util::future::join_all((0..8).map(|_| home.open())).await;
    let marks = futures_util::future::join_all(stores.iter().map(Store::mark)).await;
    let first = marks[0].as_ref().unwrap();
    assert!(marks.iter().all(|mark| mark.as_ref().unwrap() == first), "{marks:?}");
    assert_eq!(enqueue(&stores[7], &[job("1001", &[Verb::Create])]).await, 1);
    assert_eq!(stores[0].open_jobs().await.unwrap(), 1);
}
