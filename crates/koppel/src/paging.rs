//! Paging: the loop stands here once, and it ends.

use std::collections::hash_map::DefaultHasher;
use std::future::Future;
use std::hash::{Hash, Hasher};

use futures_util::stream::{self, Stream};

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind, Result};

/// Where the next page starts, as the system said it; opaque to everyone but the connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it; an empty page may still have a next one.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The one page of a list that is not paged.
    pub fn only(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A cursor longer than this many bytes is refused.
pub const LONGEST_CURSOR: usize = 8 * 1024;
/// A list of more pages than this is refused.
pub const MOST_PAGES: u64 = 100_000;
/// A list with more empty pages than this one after the other is refused: it makes no progress.
pub const MOST_EMPTY_PAGES: u32 = 100;

/// Watches the cursors of one list and refuses one that leads in a circle, in constant memory.
///
/// Brent's algorithm over the hashes of the cursors: a repeated cursor is found at once, a circle of any length
/// after at most three times as many pages as it has.
#[derive(Debug, Default)]
pub struct CursorGuard {
    anchor: Option<u64>,
    since: u64,
    reach: u64,
    pages: u64,
}

impl CursorGuard {
    /// Looks at the cursor of the next page before it is asked for.
    ///
    /// # Errors
    /// `Protocol` when the cursor was seen before, is too long, or the list has too many pages.
    pub fn step(&mut self, next: &Cursor) -> Result<()> {
        self.pages += 1;
        if next.0.len() > LONGEST_CURSOR || self.pages > MOST_PAGES {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("the list does not end: page {} with a cursor of {} bytes", self.pages, next.0.len()),
            ));
        }
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        let hash = hasher.finish();
        if self.anchor == Some(hash) {
            let shown: String = next.0.chars().take(40).collect();
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("the list leads in a circle: cursor [{shown}] came back after {} pages", self.pages),
            )
            .with_hint("nothing was concluded from the incomplete list; report this to the supplier of the system"));
        }
        self.since += 1;
        if self.anchor.is_none() || self.since >= self.reach {
            self.anchor = Some(hash);
            self.reach = (self.reach * 2).max(1);
            self.since = 0;
        }
        Ok(())
    }
}

/// All pages of a list, one request at a time.
///
/// `fetch` gets the cursor of the page, `None` for the first. The stream ends after the last page or after the
/// first error; an error means that the list is incomplete, and nothing may be concluded from what is missing.
pub fn pages<'a, T, F, Fut>(ctx: &'a Ctx, fetch: F) -> impl Stream<Item = Result<Vec<T>>> + Send + 'a
where
    T: Send + 'a,
    F: FnMut(Option<Cursor>) -> Fut + Send + 'a,
    Fut: Future<Output = Result<Page<T>>> + Send + 'a,
{
    struct State<F>(F, CursorGuard, Option<Cursor>, u32);
    stream::try_unfold(Some(State(fetch, CursorGuard::default(), None, 0)), move |state| async move {
        let Some(State(mut fetch, mut guard, cursor, empty)) = state else {
            return Ok(None);
        };
        ctx.go_on()?;
        let page = fetch(cursor).await?;
        let state = match page.next {
            Some(next) => {
                guard.step(&next)?;
                let empty = if page.items.is_empty() { empty + 1 } else { 0 };
                if empty > MOST_EMPTY_PAGES {
                    return Err(Error::new(
                        ErrorKind::Protocol,
                        format!("the list does not end: {empty} empty pages one after the other, each with a next one"),
                    )
                    .with_hint(
                        "nothing was concluded from the incomplete list; report this to the supplier of the system",
                    ));
                }
                Some(State(fetch, guard, Some(next), empty))
            }
            None => None,
        };
        Ok(Some((page.items, state)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walk(cursors: impl IntoIterator<Item = String>) -> Result<usize> {
        let mut guard = CursorGuard::default();
        let mut count = 0;
        for cursor in cursors {
            guard.step(&Cursor(cursor))?;
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn a_repeated_cursor_is_refused_at_once() {
        let mut guard = CursorGuard::default();
        guard.step(&Cursor("50".into())).unwrap();
        assert_eq!(guard.step(&Cursor("50".into())).unwrap_err().kind(), ErrorKind::Protocol);
    }

    #[tokio::test]
    async fn a_list_of_empty_pages_that_never_ends_is_refused_and_some_empty_pages_are_not() {
        use futures_util::TryStreamExt as _;
        let clock = crate::ctx::FixedClock::new(jiff::Timestamp::UNIX_EPOCH);
        let ctx = Ctx::new(std::sync::Arc::new(clock));
        let list = |last: u32, every: u32| {
            let fetch = move |cursor: Option<Cursor>| async move {
                let number: u32 = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
                let items = if number.is_multiple_of(every) { vec![number] } else { vec![] };
                Ok(Page { items, next: (number < last).then(|| Cursor((number + 1).to_string())) })
            };
            pages(&ctx, fetch).try_collect::<Vec<_>>()
        };
        assert_eq!(list(900, 100).await.unwrap().concat().len(), 10);
        assert_eq!(list(u32::MAX, u32::MAX).await.unwrap_err().kind(), ErrorKind::Protocol);
    }

    proptest! {
        #[test]
        fn every_circle_is_found_and_no_straight_list_is(lead in 0usize..40, circle in 1usize..40) {
            prop_assert_eq!(walk((0..lead + circle).map(|i| i.to_string())).unwrap(), lead + circle);
            let endless = (0..).map(|i| if i < lead { i } else { lead + (i - lead) % circle });
            prop_assert!(walk(endless.take(4 * (lead + circle) + 4).map(|i| i.to_string())).is_err());
        }
    }
}
