//! A program that ends in the middle.

use std::future::Future;
use std::task::Poll;

use koppel_engine::store::Store;
use koppel_engine::{Entitlement, Verb};

use super::{HOUR, Home, claim_one, enqueue, gave, job};

/// Polls a future so often and then forgets it; true where it came to its end before.
async fn torn<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(false) } else { Poll::Pending }
    })
    .await
}

/// What one answer changes: all of it, or nothing.
async fn seen(store: &Store) -> (usize, i64, u64) {
    let verified = store.verify().await.unwrap();
    assert_eq!(verified.faults, [""; 0]);
    (store.held().await.unwrap().len(), store.mark().await.unwrap().revision, verified.entries)
}

#[tokio::test]
async fn an_answer_is_kept_whole_or_not_at_all_wherever_it_is_torn() {
    for home in Home::all().await {
        let (mut whole, mut none) = (0, 0);
        let mut polls = 1;
        for attempt in 0..500 {
            let store = home.open().await;
            store.recover().await.unwrap();
            let before = seen(&store).await;
            let person = format!("{attempt:04}");
            enqueue(&store, &[job(&person, &[Verb::Create])]).await;
            let job = claim_one(&store, HOUR).await;
            let action = job.actions[0].id;
            store.sending(&job, action).await.unwrap();
            let done = torn(polls, store.answered(&job, action, gave(&person, &Entitlement::Account))).await;
            drop(store);

            let store = home.open().await;
            let after = seen(&store).await;
            if after == before {
                none += 1;
                assert!(!done, "what was told to be kept is kept");
                if !home.is_shared() {
                    store.recover().await.unwrap();
                    let unsettled: Vec<_> = store.unsettled().await.unwrap().iter().map(|sent| sent.id).collect();
                    assert_eq!(unsettled, [action], "and is known to have been sent");
                }
            } else {
                whole += 1;
                assert_eq!(after, (before.0 + 1, before.1 + 1, before.2 + 1));
            }
            home.sql("DELETE FROM job").await;
            store.close().await;
            polls += 1;
            if done && none > 1 {
                break;
            }
            if done {
                // The database was so quick that there was nothing to tear.
                polls = 1;
            }
        }
        assert!(whole > 0 && none > 1, "{whole} whole, {none} not at all");
    }
}
