//! Sends what is due, for as long as the server runs. Any node may: the lease on a target keeps two from sending to one.

use std::time::Duration;

use tokio::task::JoinSet;

use linli_db::StoreError;

use super::model::{Outcome, partner_of};
use super::store::{self, Claim};
use crate::app::App;
use crate::partners::USUAL_RATE;

/// How often the outbox is looked at.
const ASK_EVERY: Duration = Duration::from_millis(300);
/// Targets that one node sends to at the same time.
const AT_ONCE: i64 = 16;
/// How long a target rests whose partner is switched off or whose channel this server does not have.
const HOLD_MS: i64 = 10 * 60_000;

/// Sends for as long as the server runs.
pub async fn run(app: App) {
    loop {
        match pump(&app).await {
            Ok(0) => tokio::time::sleep(ASK_EVERY).await,
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read; trying again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

/// Sends everything that may go at this moment of the clock: one delivery for each target whose pace allows it. How many were tried.
///
/// # Errors
/// The database's.
pub async fn pump(app: &App) -> Result<usize, StoreError> {
    let mut n_tried = 0;
    let mut sending = JoinSet::new();
    loop {
        let now = app.now();
        let room = AT_ONCE - i64::try_from(sending.len()).unwrap_or(AT_ONCE);
        let claims = if room > 0 { app.db.write(move |tx| store::claim(tx, now, room)).await? } else { Vec::new() };
        n_tried += claims.len();
        for claim in claims {
            sending.spawn(send(app.clone(), claim));
        }
        // A slow target keeps nobody else waiting: whatever ends first makes room.
        match sending.join_next().await {
            None => return Ok(n_tried),
            Some(Ok(done)) => done?,
            Some(Err(_)) => return Err(StoreError::Closed),
        }
    }
}

async fn send(app: App, claim: Claim) -> Result<(), StoreError> {
    let delivery = claim.delivery.clone();
    let partner = app.partners.get(partner_of(&delivery.target));
    let rate = partner.map_or(USUAL_RATE, |partner| partner.rate).max(1);
    if partner.is_some_and(|partner| !partner.enabled) {
        return hold(&app, claim, "外部系统已停用").await;
    }
    let Some(channel) = app.channels.get(&delivery.channel) else {
        return hold(&app, claim, "本服务没有这个渠道").await;
    };
    let with = app.clone();
    let sent = tokio::task::spawn_blocking(move || channel.deliver(&with, &delivery)).await;
    let outcome =
        sent.unwrap_or_else(|_| Outcome::Retry { why: "渠道出错，见服务日志".to_owned(), after_ms: None });
    let delivery = &claim.delivery;
    match &outcome {
        Outcome::Sent { .. } => {}
        Outcome::Retry { why, .. } | Outcome::Refused { why } => {
            tracing::info!(id = %delivery.id, target = delivery.target, n_attempts = delivery.n_attempts, why, "a delivery did not arrive");
        }
    }
    let now = app.now();
    let interval_ms = 1_000 / i64::from(rate);
    app.db.write(move |tx| store::finish(tx, &claim, &outcome, interval_ms.max(1), now)).await
}

async fn hold(app: &App, claim: Claim, why: &'static str) -> Result<(), StoreError> {
    let until = app.now().plus_ms(HOLD_MS);
    app.db.write(move |tx| store::hold(tx, &claim, why, until)).await
}

/// Runs async work (a read of the database) from inside [`super::Channel::deliver`], which is on a thread that may block.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(work)
}
