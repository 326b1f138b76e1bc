//! News for open pages: one reader of the feed, many listeners, each told only what they may see.
//!
//! Rules
//! - News names a case and its version; the page asks for the rest by the ordinary routes, with the ordinary access rule.
//! - One address and one account hold so many streams at once, and all together so many: [`Listeners`].
//! - A listener who fell behind is told to look again at everything, never silently left with old news.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use linli_access::Keys;
use linli_db::{Db, StoreError, feed};
use linli_kernel::AreaCode;

use crate::app::App;

pub mod http;
mod listeners;

pub use listeners::{Listeners, Seat};

const KEPT: usize = 4_096;
const BATCH: i64 = 500;
/// Other nodes' commits are seen by asking; our own wake us.
const ASK_EVERY: Duration = Duration::from_millis(700);

/// So many edits at once are read one by one; for more of them everything is read.
const EDITS_AT_ONCE: usize = 20;
/// How long news are gathered before they are told.
const GATHER: Duration = Duration::from_millis(25);

/// One piece of news.
#[derive(Clone, Debug)]
pub struct News {
    /// What it is about: `case`, `area`, `account`, `place`.
    pub stream_kind: String,
    /// Which one.
    pub stream_id: String,
    /// The number of the event: for a case, its version.
    pub n: i64,
    /// What happened.
    pub kind: String,
    /// Who may hear of it.
    pub keys: Keys,
}

/// Where listeners subscribe.
#[derive(Debug)]
pub struct Live {
    tell: broadcast::Sender<Arc<News>>,
}

impl Default for Live {
    fn default() -> Self {
        Self { tell: broadcast::channel(KEPT).0 }
    }
}

impl Live {
    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<News>> {
        self.tell.subscribe()
    }
}

/// Reads the feed for as long as the server runs.
pub async fn run(app: App) {
    let mut committed = app.db.committed();
    let mut position = None;
    loop {
        match step(&app, position).await {
            Ok(next) => {
                position = Some(next);
                app.posts.watch();
            }
            Err(error) => {
                app.posts.unwatch();
                tracing::warn!(%error, "the feed cannot be read; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        drop(tokio::time::timeout(ASK_EVERY, committed.changed()).await);
        // A burst of commits is read at once: a look for each would cost the database more than the news are worth.
        tokio::time::sleep(GATHER).await;
    }
}

async fn step(app: &App, position: Option<feed::Position>) -> Result<feed::Position, StoreError> {
    let Some(mut position) = position else { return app.db.read(feed::end).await };
    loop {
        let events = next(&app.db, position).await?;
        let Some(last) = events.last() else { return Ok(position) };
        position = last.position;
        if events.iter().any(|event| matches!(event.stream_kind.as_str(), "account" | "leave")) {
            app.posts.forget();
        }
        if events.iter().any(|event| event.stream_kind == "responsibility_list") {
            app.reload_amended().await?;
        }
        reload(app, &events).await?;
        for event in events {
            if let Some(news) = news_of(event) {
                // No listener is no fault.
                drop(app.live.tell.send(Arc::new(news)));
            }
        }
    }
}

/// Brings the areas in memory up to what the events tell: the ones that were edited alone, all of them after an import.
async fn reload(app: &App, events: &[feed::Event]) -> Result<(), StoreError> {
    let about_areas = || events.iter().filter(|event| event.stream_kind == "area");
    let edited = |event: &feed::Event| matches!(event.kind.as_str(), "area_changed" | "area_made");
    if about_areas().any(|event| !edited(event)) {
        return app.reload_areas().await;
    }
    let codes: BTreeSet<AreaCode> = about_areas().filter_map(|event| event.stream_id.parse().ok()).collect();
    if codes.len() > EDITS_AT_ONCE {
        return app.reload_areas().await;
    }
    for code in codes {
        app.reload_area(code).await?;
    }
    Ok(())
}

async fn next(db: &Db, position: feed::Position) -> Result<Vec<feed::Event>, StoreError> {
    db.read(move |conn| feed::after(conn, position, BATCH)).await
}

fn news_of(event: feed::Event) -> Option<News> {
    let area: AreaCode = event.area_code.as_deref()?.parse().ok()?;
    let mut keys = Keys::of_area(&area);
    if let Some(key) = event.unit_code.as_deref() {
        let (seat, unit) = key.split_once('/').map_or((key, None), |(seat, unit)| (seat, Some(unit)));
        let seat: AreaCode = seat.parse().ok()?;
        keys = keys.with_seat(&seat, unit);
    }
    Some(News { stream_kind: event.stream_kind, stream_id: event.stream_id, n: event.n, kind: event.kind, keys })
}
