//! Keyset pages: a page says where the next one starts, so page 1,000 costs what page 1 costs.

use serde::Serialize;

/// One page of a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    pub next: Option<String>,
}

/// How many rows and after which one.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// The key of the last row seen.
    pub after: Option<String>,
    /// Rows wanted.
    pub limit: u32,
}

impl Cursor {
    /// The most rows that a page may hold.
    pub const MAX_LIMIT: u32 = 200;
    /// Rows of a page where the caller names no number.
    pub const DEFAULT_LIMIT: u32 = 50;

    /// Reads the query's `cursor` and `limit`.
    #[must_use]
    pub fn new(after: Option<String>, limit: Option<u32>) -> Self {
        Self { after, limit: limit.unwrap_or(Self::DEFAULT_LIMIT).clamp(1, Self::MAX_LIMIT) }
    }

    /// The rows to fetch to learn whether another page follows.
    #[must_use]
    pub const fn fetch(&self) -> i64 {
        i64_from(self.limit) + 1
    }

    /// Makes the page of rows fetched with [`Cursor::fetch`].
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(key) } else { None };
        Page { items: rows, next }
    }
}

#[expect(clippy::as_conversions, reason = "u32 always fits in i64; From is not const")]
const fn i64_from(n: u32) -> i64 {
    n as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_next_only_when_there_is_one() {
        let cursor = Cursor::new(None, Some(2));
        let page = cursor.page(vec![3, 2, 1], ToString::to_string);
        assert_eq!((page.items, page.next), (vec![3, 2], Some("2".to_owned())));
        let page = cursor.page(vec![3, 2], ToString::to_string);
        assert_eq!((page.items, page.next), (vec![3, 2], None));
    }
}
