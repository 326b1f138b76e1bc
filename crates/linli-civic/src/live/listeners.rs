//! How many pages may listen at once: a stream costs little, a hundred thousand of one sender cost the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linli_kernel::{Problem, ProblemCode};

/// Streams of one address (a whole office may stand behind it) or of one account.
pub const PER_LISTENER: usize = 60;
/// Streams in all.
pub const IN_ALL: usize = 20_000;
/// When to try again, in seconds.
const AGAIN_IN_SECONDS: &str = "30";

/// Who listens now.
#[derive(Clone, Debug, Default)]
pub struct Listeners(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    n_all: usize,
    by_listener: HashMap<String, usize>,
}

/// A place among the listeners; given back when the stream ends.
#[derive(Debug)]
pub struct Seat {
    listeners: Listeners,
    listener: Option<String>,
}

impl Listeners {
    /// Takes a place for `listener`; one without a name (this machine) counts in all alone.
    ///
    /// # Errors
    /// `TooMany` when it has its share, or when there is no place left.
    pub fn enter(&self, listener: Option<String>) -> Result<Seat, Problem> {
        let mut counts = self.counts();
        let mine = listener.as_ref().and_then(|name| counts.by_listener.get(name)).copied().unwrap_or(0);
        if counts.n_all >= IN_ALL || mine >= PER_LISTENER {
            return Err(Problem::new(ProblemCode::TooMany).with("seconds", AGAIN_IN_SECONDS));
        }
        counts.n_all += 1;
        if let Some(name) = &listener {
            counts.by_listener.insert(name.clone(), mine + 1);
        }
        drop(counts);
        Ok(Seat { listeners: self.clone(), listener })
    }

    /// Streams open now.
    #[must_use]
    pub fn n_open(&self) -> usize {
        self.counts().n_all
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Numbers only: a poisoned lock holds them as well as a whole one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.listeners.counts();
        counts.n_all = counts.n_all.saturating_sub(1);
        let Some(name) = &self.listener else { return };
        match counts.by_listener.get_mut(name) {
            Some(n) if *n > 1 => *n -= 1,
            _ => drop(counts.by_listener.remove(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_has_its_share_and_gives_it_back() {
        let listeners = Listeners::default();
        let mut seats: Vec<Seat> = (0..PER_LISTENER).map(|_| listeners.enter(Some("a".to_owned())).unwrap()).collect();
        assert_eq!(listeners.enter(Some("a".to_owned())).unwrap_err().code, ProblemCode::TooMany);
        assert!(listeners.enter(Some("b".to_owned())).is_ok());
        assert_eq!(listeners.n_open(), PER_LISTENER);
        seats.pop();
        assert!(listeners.enter(Some("a".to_owned())).is_ok());
        drop(seats);
        assert_eq!((listeners.n_open(), listeners.counts().by_listener.len()), (0, 0));
    }
}
