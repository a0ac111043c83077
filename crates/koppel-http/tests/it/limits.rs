//! How many requests at once, and how many a second.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use koppel::{Cancel, ErrorKind};
use tokio::sync::Semaphore;

use crate::server::{Reply, Server};
use crate::{builder, ctx};

#[tokio::test]
async fn never_more_requests_at_once_than_allowed() {
    let (now, most, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let server = Server::start({
        let (now, most, go) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&go));
        move |_| {
            let (now, most, go) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&go));
            async move {
                let here = now.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(here, Ordering::SeqCst);
                if here == 3 {
                    go.add_permits(1000);
                }
                go.acquire().await.unwrap().forget();
                now.fetch_sub(1, Ordering::SeqCst);
                Reply::ok()
            }
        }
    })
    .await;
    let http = builder(&server).concurrency(NonZeroUsize::new(3).unwrap()).build().unwrap();
    let ctx = ctx();
    let all = join_all((0..20).map(|_| http.get(&["users"]).send(&ctx))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn the_rate_is_kept() {
    let server = Server::start(|_| async { Reply::ok() }).await;
    let http = builder(&server).rate_limit(NonZeroU32::new(50).unwrap()).build().unwrap();
    let ctx = ctx();
    let started = Instant::now();
    let all = join_all((0..6).map(|_| http.get(&["users"]).send(&ctx))).await;
    assert!(all.iter().all(Result::is_ok));
    // One at once, and five more with 20 ms between them.
    assert!(started.elapsed() >= Duration::from_millis(95), "{:?}", started.elapsed());
}

#[tokio::test]
async fn who_waits_in_the_queue_can_be_stopped() {
    let server = Server::start(|_| async { Reply::Hang("") }).await;
    let http = builder(&server).concurrency(NonZeroUsize::MIN).build().unwrap();
    let cancel = Cancel::default();
    let ctx = ctx().with_cancel(cancel.clone());
    let (first, second, ()) = tokio::join!(http.get(&["a"]).send(&ctx), http.get(&["b"]).send(&ctx), async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    assert_eq!(first.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(server.seen().len(), 1);
}
