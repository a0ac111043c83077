//! Long lists.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::StreamExt;
use koppel::{ErrorKind, Result};
use koppel_http::{ListAt, RetryPolicy, Timeouts};
use serde::Deserialize;

use crate::server::{Reply, Server};
use crate::{builder, client, ctx};

#[derive(Debug, Deserialize)]
struct User {
    id: usize,
}

/// The items that came, and the error at the end.
async fn read(reply: Reply, at: ListAt) -> (usize, Option<koppel::Error>) {
    let server = Server::script([reply]).await;
    let list = client(&server).get(&["users"]).send_list::<User>(&ctx(), at);
    let mut all: Vec<Result<User>> = tokio::time::timeout(Duration::from_secs(20), list.collect()).await.unwrap();
    let error = all.pop_if(|last| last.is_err()).and_then(Result::err);
    for (index, item) in all.iter().enumerate() {
        assert_eq!(item.as_ref().unwrap().id, index);
    }
    (all.len(), error)
}

/// A list of so many users in pieces that end anywhere.
fn pieces(count: usize, lead: &'static str, tail: &'static str) -> Reply {
    let body = (0..count).map(move |id| {
        let lead = if id == 0 { lead } else { "," };
        let tail = if id + 1 == count { tail } else { "" };
        format!("{lead}{{\"id\":{id},\"name\":\"{}\"}}{tail}", "ö".repeat(id % 50)).into_bytes()
    });
    Reply::Chunks(Box::new(body))
}

#[tokio::test]
async fn a_large_list_comes_whole_and_in_order() {
    let (count, error) = read(pieces(50_000, "[", "]"), ListAt::Root).await;
    assert_eq!((count, error.is_none()), (50_000, true));
    let (count, error) =
        read(pieces(1000, r#"{"x":[[]],"data":["#, r#"],"next_cursor":null}"#), ListAt::Field("data")).await;
    assert_eq!((count, error.is_none()), (1000, true), "{error:?}");
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    for (body, at) in [("[]", ListAt::Root), ("\u{feff} [ ] ", ListAt::Root), (r#"{"data":[]}"#, ListAt::Field("data"))]
    {
        let (count, error) = read(Reply::json(200, body), at).await;
        assert_eq!((count, error.is_none()), (0, true), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_whole_ends_in_an_error() {
    for (reply, items, kind) in [
        (Reply::truncated(r#"[{"id":0},{"id":1}"#), 2, ErrorKind::Transient),
        (Reply::truncated(r#"[{"id":0}]"#), 1, ErrorKind::Transient),
        (Reply::json(200, r#"[{"id":0},"#), 1, ErrorKind::Protocol),
        (Reply::json(200, r#"[{"id":0}] [1]"#), 1, ErrorKind::Protocol),
        (Reply::json(200, r#"[{"id":0},{"name":1}]"#), 1, ErrorKind::Protocol),
        (Reply::json(200, r#"{"data":[]}"#), 0, ErrorKind::Protocol),
        (Reply::json(200, "null"), 0, ErrorKind::Protocol),
        (Reply::json(200, ""), 0, ErrorKind::Protocol),
        (Reply::json(200, "<html>Log in</html>"), 0, ErrorKind::Protocol),
    ] {
        let (count, error) = read(reply, ListAt::Root).await;
        let error = error.unwrap();
        assert_eq!((count, error.kind()), (items, kind), "{error:?}");
    }
}

#[tokio::test]
async fn a_field_that_is_missing_null_or_twice_is_no_empty_list() {
    for body in [r#"{"error":"x"}"#, r#"{"data":null}"#, r#"{"data":[],"data":[]}"#, "[]"] {
        let (_, error) = read(Reply::json(200, body), ListAt::Field("data")).await;
        assert_eq!(error.unwrap().kind(), ErrorKind::Protocol, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_list_ends_the_stream_although_the_server_goes_on() {
    let endless = std::iter::once(b"<html>".to_vec()).chain(std::iter::repeat(vec![b'x'; 1000]));
    let (count, error) = read(Reply::Chunks(Box::new(endless)), ListAt::Root).await;
    assert_eq!(count, 0);
    assert!(error.unwrap().to_string().contains("it begins with"));
}

#[tokio::test]
async fn a_list_that_is_too_large_is_refused() {
    let server = Server::script([pieces(10_000, "[", "]")]).await;
    let http = builder(&server).max_list_body(10_000).build().unwrap();
    let all: Vec<_> = http.get(&["users"]).send_list::<User>(&ctx(), ListAt::Root).collect().await;
    assert_eq!(all.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_failure_before_the_list_begins_is_tried_again() {
    let server = Server::script([Reply::json(503, ""), Reply::json(200, "[]")]).await;
    let all: Vec<_> = client(&server).get(&["users"]).send_list::<User>(&ctx(), ListAt::Root).collect().await;
    assert!(all.is_empty());
    let server = Server::script([Reply::json(403, "no")]).await;
    let all: Vec<_> = client(&server).get(&["users"]).send_list::<User>(&ctx(), ListAt::Root).collect().await;
    assert_eq!(all[0].as_ref().unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn the_consumer_may_send_requests_with_one_at_once() {
    let server = Server::start(|seen| async move {
        if seen.target.ends_with("users") { pieces(5000, "[", "]") } else { Reply::ok() }
    })
    .await;
    let http = builder(&server).concurrency(NonZeroUsize::MIN).build().unwrap();
    let ctx = ctx();
    let mut list = http.get(&["users"]).send_list::<User>(&ctx, ListAt::Root);
    let mut count = 0;
    while let Some(user) = list.next().await {
        if user.unwrap().id % 500 == 0 {
            let detail = http.get(&["detail"]).send(&ctx);
            tokio::time::timeout(Duration::from_secs(20), detail).await.expect("no deadlock").unwrap();
        }
        count += 1;
    }
    assert_eq!(count, 5000);
}

#[tokio::test]
async fn dropping_the_stream_frees_its_place() {
    let server = Server::start(|seen| async move {
        if seen.target.ends_with("users") {
            let endless = std::iter::once(b"[{\"id\":0}".to_vec()).chain(std::iter::repeat(b",{\"id\":0}".to_vec()));
            Reply::Chunks(Box::new(endless))
        } else {
            Reply::ok()
        }
    })
    .await;
    let http = builder(&server).concurrency(NonZeroUsize::MIN).build().unwrap();
    let ctx = ctx();
    let mut list = http.get(&["users"]).send_list::<User>(&ctx, ListAt::Root);
    list.next().await.unwrap().unwrap();
    drop(list);
    tokio::time::timeout(Duration::from_secs(20), http.get(&["x"]).send(&ctx)).await.expect("no deadlock").unwrap();
}

#[tokio::test]
async fn a_list_counts_as_one_at_once_while_its_body_is_read() {
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n[{\"id\":0},";
    let server = Server::start(move |_| async move { Reply::Hang(begun) }).await;
    let http = builder(&server).concurrency(NonZeroUsize::MIN).build().unwrap();
    let ctx = ctx();
    let mut list = http.get(&["users"]).send_list::<User>(&ctx, ListAt::Root);
    list.next().await.unwrap().unwrap();
    let both = async { tokio::join!(list.next(), http.get(&["x"]).send(&ctx)) };
    assert!(tokio::time::timeout(Duration::from_millis(100), both).await.is_err());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_list_that_does_not_begin_is_asked_for_again_whatever_the_time_for_all_attempts() {
    let list = Duration::from_millis(300);
    let server = Server::script([Reply::Hang(""), Reply::json(200, r#"[{"id":0}]"#)]).await;
    let retry = RetryPolicy { base: Duration::from_millis(2), total: list, ..RetryPolicy::default() };
    let http = builder(&server).retry(retry).timeouts(Timeouts { list, ..Timeouts::default() }).build().unwrap();
    let all: Vec<Result<User>> = http.get(&["users"]).send_list(&ctx(), ListAt::Root).collect().await;
    assert_eq!((all.iter().filter(|item| item.is_ok()).count(), server.seen().len()), (1, 2), "{all:?}");
}
