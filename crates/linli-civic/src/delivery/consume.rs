//! Consumers of the feed: what follows from an event, at least once and in the feed's order.

use std::sync::Arc;
use std::time::Duration;

use linli_db::{StoreError, Tx, feed};

use crate::app::App;

/// Other nodes' commits are seen by asking; our own wake us.
const ASK_EVERY: Duration = Duration::from_millis(700);
/// Events taken in one transaction.
const BATCH: i64 = 100;

/// Does something with every event, in the transaction that remembers how far it has read.
pub trait Consumer: Send + Sync + 'static {
    /// Its name in the table `consumer`.
    fn name(&self) -> &'static str;
    /// Takes one event. It may be given an event again after a crash; what it makes must carry a dedup key.
    ///
    /// # Errors
    /// The database's; the event is taken again.
    fn take(&self, app: &App, tx: &mut Tx<'_>, event: &feed::Event) -> Result<(), StoreError>;
}

/// Reads the feed for as long as the server runs.
pub async fn run(app: App, consumer: Arc<dyn Consumer>) {
    let mut committed = app.db.committed();
    loop {
        match step(&app, &consumer).await {
            Ok(0) => drop(tokio::time::timeout(ASK_EVERY, committed.changed()).await),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(consumer = consumer.name(), %error, "a consumer of the feed failed; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Takes the next events; how many there were. A consumer that never read begins at the end: the past is not told again.
///
/// # Errors
/// The database's.
pub async fn step(app: &App, consumer: &Arc<dyn Consumer>) -> Result<usize, StoreError> {
    let name = consumer.name();
    // Looked at first without a transaction: most of the time there is nothing new.
    let seen = app.db.read(move |conn| peek(conn, name)).await?;
    if seen == Seen::Nothing {
        return Ok(0);
    }
    let (with, consumer) = (app.clone(), Arc::clone(consumer));
    app.db
        .write(move |tx| {
            let Some(position) = locked_position(tx, name)? else {
                let end = feed::end(tx)?;
                feed::remember(tx, name, end)?;
                return Ok(0);
            };
            let events = feed::after(tx, position, BATCH)?;
            for event in &events {
                consumer.take(&with, tx, event)?;
            }
            if let Some(last) = events.last() {
                feed::remember(tx, name, last.position)?;
            }
            Ok(events.len())
        })
        .await
}

#[derive(PartialEq, Eq)]
enum Seen {
    Nothing,
    Something,
}

fn peek(conn: &mut linli_db::Conn, name: &str) -> Result<Seen, StoreError> {
    let Some(position) = feed::position_of(conn, name)? else { return Ok(Seen::Something) };
    let next = feed::after(conn, position, 1)?;
    Ok(if next.is_empty() { Seen::Nothing } else { Seen::Something })
}

/// The position, locked so that two nodes take the same events one after the other and not both.
fn locked_position(tx: &mut Tx<'_>, name: &str) -> Result<Option<feed::Position>, StoreError> {
    let sql = format!("SELECT tx_id, seq FROM consumer WHERE name = $1{}", tx.dialect().for_update());
    tx.first(&sql, &linli_db::params![name], |row| {
        Ok(feed::Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? })
    })
}
