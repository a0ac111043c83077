use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use koppel::{Clock, FixedClock};

use super::*;

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH))
}

fn ctx(clock: &Arc<FixedClock>) -> Ctx {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Ctx::new(clock)
}

fn ids(pairs: &[(&str, &str)]) -> Ids {
    let mut ids = Ids::default();
    for (value, id) in pairs {
        ids.add(value, id);
    }
    ids
}

struct Passes(Index, AtomicU32);

impl Passes {
    fn new() -> Self {
        Self(Index::default(), AtomicU32::new(0))
    }

    async fn find(&self, ctx: &Ctx, value: &str, freshness: Freshness) -> Result<Vec<String>> {
        self.0
            .ids(ctx, "number", value, freshness, || async {
                self.1.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(ids(&[("7", "a"), ("8", "b")]))
            })
            .await
    }

    fn count(&self) -> u32 {
        self.1.load(Ordering::SeqCst)
    }
}

#[test]
fn p4_values_are_compared_as_trimmed_text_with_regard_to_case() {
    let mut list = ids(&[(" 7 ", "a"), ("Ab", "b"), ("", "c"), ("7", "d"), ("7", "d")]);
    assert_eq!(list.get("7"), ["a", "d"]);
    assert_eq!(list.get("007"), Vec::<String>::new());
    assert_eq!(list.get("ab"), Vec::<String>::new());
    assert_eq!(list.get(""), Vec::<String>::new());
    list.remove("7", "a");
    list.remove("7", "d");
    assert_eq!((list.get("7").len(), list.0.len()), (0, 1));
}

#[tokio::test]
async fn p2_many_who_ask_at_once_cause_one_pass() {
    let (passes, clock) = (Passes::new(), clock());
    let ctx = ctx(&clock);
    let found = join_all((0..8).map(|_| passes.find(&ctx, "7", Freshness::Run))).await;
    assert!(found.into_iter().all(|ids| ids.unwrap() == ["a"]));
    assert_eq!(passes.count(), 1);
    let found = join_all((0..8).map(|_| passes.find(&ctx, "8", Freshness::Now))).await;
    assert!(found.into_iter().all(|ids| ids.unwrap() == ["b"]));
    // The first began before the others asked; the second is shared by all seven.
    assert_eq!(passes.count(), 3);
}

#[tokio::test]
async fn p2_a_list_is_read_again_after_ten_minutes() {
    let (passes, clock) = (Passes::new(), clock());
    let ctx = ctx(&clock);
    passes.find(&ctx, "7", Freshness::Run).await.unwrap();
    clock.advance(LIFETIME.checked_sub(Duration::from_secs(1)).unwrap());
    passes.find(&ctx, "7", Freshness::Run).await.unwrap();
    assert_eq!(passes.count(), 1);
    clock.advance(Duration::from_secs(1));
    passes.find(&ctx, "7", Freshness::Run).await.unwrap();
    assert_eq!(passes.count(), 2);
}

#[tokio::test]
async fn what_is_made_moved_or_deleted_is_known_without_a_pass() {
    let (passes, clock) = (Passes::new(), clock());
    let ctx = ctx(&clock);
    passes.find(&ctx, "7", Freshness::Run).await.unwrap();
    passes.0.edit("number", "c", None, Some("9"));
    passes.0.edit("number", "a", Some("7"), Some("70"));
    passes.0.edit("number", "b", Some("8"), None);
    for (value, expected) in [("9", vec!["c"]), ("7", vec![]), ("70", vec!["a"]), ("8", vec![])] {
        assert_eq!(passes.find(&ctx, value, Freshness::Run).await.unwrap(), expected, "{value}");
    }
    assert_eq!(passes.count(), 1);
    passes.0.forget();
    passes.find(&ctx, "7", Freshness::Run).await.unwrap();
    assert_eq!(passes.count(), 2);
}

#[tokio::test]
async fn what_is_made_while_a_pass_runs_is_in_its_result() {
    let (index, clock) = (Index::default(), clock());
    let ctx = ctx(&clock);
    let found = index
        .ids(&ctx, "number", "9", Freshness::Run, || async {
            index.edit("number", "c", None, Some("9"));
            Ok(ids(&[]))
        })
        .await;
    assert_eq!(found.unwrap(), ["c"]);
}

#[tokio::test]
async fn those_who_wait_share_a_failure_and_the_next_one_tries_again() {
    let (index, clock, passes) = (Index::default(), clock(), AtomicU32::new(0));
    let ctx = ctx(&clock);
    let find = || {
        index.ids(&ctx, "number", "7", Freshness::Run, || async {
            passes.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(Error::new(ErrorKind::Auth, "no"))
        })
    };
    assert!(join_all((0..8).map(|_| find())).await.into_iter().all(|found| found.unwrap_err().is(ErrorKind::Auth)));
    assert_eq!(passes.load(Ordering::SeqCst), 1);
    find().await.unwrap_err();
    assert_eq!(passes.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_pass_that_is_dropped_leaves_the_way_free() {
    let (passes, clock) = (Passes::new(), clock());
    let ctx = ctx(&clock);
    {
        let stuck = passes.0.ids(&ctx, "number", "7", Freshness::Run, std::future::pending::<Result<Ids>>);
        futures_util::pin_mut!(stuck);
        assert!(futures_util::poll!(&mut stuck).is_pending());
    }
    assert_eq!(passes.find(&ctx, "7", Freshness::Run).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_run_that_was_stopped_does_not_wait() {
    let (passes, clock) = (Passes::new(), clock());
    let ctx = ctx(&clock);
    ctx.cancel().cancel();
    assert_eq!(passes.find(&ctx, "7", Freshness::Run).await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(passes.count(), 0);
}

#[tokio::test]
async fn a_delete_waits_for_a_pass_and_a_pass_for_a_delete() {
    let (passes, clock) = (Passes::new(), clock());
    let ctx = ctx(&clock);
    let steady = passes.0.steady(&ctx).await.unwrap();
    let mut find = Box::pin(passes.find(&ctx, "7", Freshness::Run));
    assert!(futures_util::poll!(&mut find).is_pending());
    assert_eq!(passes.count(), 0);
    drop(steady);
    assert!(futures_util::poll!(&mut find).is_pending());
    assert_eq!(passes.count(), 1);
    let mut delete = Box::pin(passes.0.steady(&ctx));
    assert!(futures_util::poll!(&mut delete).is_pending());
    assert_eq!(find.await.unwrap(), ["a"]);
    drop(delete.await.unwrap());
}
