use koppel_engine::snapshot::{Row, SourceRows};
use koppel_engine::store::{Access, Difference};

use super::{Home, at};

fn row(id: &str, body: &str) -> Row {
    Row { external_id: id.to_owned(), body: body.into() }
}

fn read(rows: &[(&str, &str)]) -> SourceRows {
    let rows = rows.iter().map(|(id, body)| row(id, body)).collect();
    SourceRows { source: "hr".to_owned(), read_at: at("2026-03-02T06:00:00Z"), rows }
}

#[tokio::test]
async fn the_last_good_read_is_what_was_kept_last() {
    for home in Home::all().await {
        let store = home.open().await;
        assert_eq!(store.source_rows("hr").await.unwrap(), None);
        store.keep_source(&read(&[("1", "a"), ("2", "b"), ("3", "c")])).await.unwrap();
        store.keep_source(&SourceRows { source: "rooster".to_owned(), ..read(&[("1", "z")]) }).await.unwrap();
        let newer = SourceRows { read_at: at("2026-03-02T07:00:00Z"), ..read(&[("1", "a"), ("3", "new"), ("4", "d")]) };
        let difference = store.compare_source("hr", &newer.rows).await.unwrap();
        assert_eq!(difference, Difference { before: 3, added: 1, removed: 1 });
        assert_eq!(store.source_rows("hr").await.unwrap().unwrap().rows.len(), 3, "comparing changes nothing");

        store.keep_source(&newer).await.unwrap();
        assert_eq!(store.source_rows("hr").await.unwrap(), Some(newer.clone()));
        let mark = store.source("hr").await.unwrap().unwrap();
        assert_eq!((mark.read_at, mark.persons), (newer.read_at, 3));
        assert_eq!(store.source_rows("rooster").await.unwrap().unwrap().rows, [row("1", "z")]);

        store.keep_source(&read(&[])).await.unwrap();
        assert_eq!(store.source_rows("hr").await.unwrap(), Some(read(&[])), "nobody is not the same as never read");
    }
}

#[tokio::test]
async fn rows_under_one_id_are_all_kept() {
    for home in Home::all().await {
        let store = home.open().await;
        let twice = read(&[("1", "a"), ("1", "b"), ("2", "c")]);
        store.keep_source(&twice).await.unwrap();
        assert_eq!(store.source_rows("hr").await.unwrap(), Some(twice));
        let once = read(&[("1", "a"), ("2", "c")]);
        let difference = store.compare_source("hr", &once.rows).await.unwrap();
        assert_eq!(difference, Difference { before: 3, added: 0, removed: 1 });
        store.keep_source(&once).await.unwrap();
        assert_eq!(store.source_rows("hr").await.unwrap(), Some(once));
    }
}

#[tokio::test]
async fn only_what_changed_is_written() {
    for home in Home::all().await {
        let store = home.open().await;
        store.keep_source(&read(&[("1", "a"), ("2", "b")])).await.unwrap();
        // Whoever writes a row undoes this.
        home.sql("UPDATE source_row SET body = 'touched'").await;
        store.keep_source(&read(&[("1", "a"), ("2", "new")])).await.unwrap();
        assert_eq!(store.source_rows("hr").await.unwrap(), Some(read(&[("1", "touched"), ("2", "new")])));
    }
}

#[tokio::test]
async fn a_hundred_thousand_persons_are_kept_and_read_back_whole() {
    for home in Home::all().await {
        let store = home.open().await;
        let body = |n: u32| format!(r#"{{"ExternalId":"{n:06}","Name":{{"NickName":"P{n}"}},"Contracts":[]}}"#);
        let rows: Vec<Row> = (0..100_000).map(|n| row(&format!("{n:06}"), &body(n))).collect();
        let mut read = SourceRows { rows, ..read(&[]) };
        store.keep_source(&read).await.unwrap();
        read.rows.remove(500);
        read.rows[70_000].body = "{}".into();
        store.keep_source(&read).await.unwrap();
        store.close().await;
        let store = home.try_open(Access::Read).await.unwrap();
        assert!(store.source_rows("hr").await.unwrap() == Some(read));
    }
}
