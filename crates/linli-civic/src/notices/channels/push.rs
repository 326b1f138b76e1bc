//! 浏览器推送: what the browser shows by itself, through the push service that its maker runs.

use serde::Deserialize;
use serde_json::{Value, json};

use linli_db::StoreError;
use linli_kernel::AccountId;
use linli_playbook::NoticeWay;

use super::push_crypto::{PushKey, encrypt};
use super::{For, later, prepare, refused, whom};
use crate::app::App;
use crate::delivery::web::{self, Call, Reach};
use crate::delivery::worker::block_on;
use crate::delivery::{Channel, Delivery, Outcome};
use crate::notices::choice::{self, Subscription};
use crate::partners::{Partner, PartnerKind};

/// A proof is good for so long. Unit: seconds.
const PROOF_SECONDS: i64 = 12 * 3_600;
/// A message that could not be shown for so long is not shown any more. Unit: seconds.
const KEEP_SECONDS: u32 = 86_400;

/// `[web_push]` of a partner's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebPushTable {
    /// Whom a push service may write to when something is wrong: `mailto:…` or `https:…`.
    pub contact: String,
}

/// The channel.
pub struct WebPush;

impl Channel for WebPush {
    fn name(&self) -> &'static str {
        "web_push"
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        send(app, delivery).unwrap_or_else(|outcome| outcome)
    }
}

/// The instance's key for Web Push: from its own secret, so that browsers know it again after a restart.
///
/// # Errors
/// Never, but for a secret that nobody has.
pub fn key(app: &App) -> Option<PushKey> {
    let half = |name: &str| app.vault.index("web_push.key", name);
    PushKey::from_seed(format!("{}{}", half("1"), half("2")).as_bytes()).ok()
}

/// The public key that browsers subscribe with; `None` when no partner of this kind is switched on.
#[must_use]
pub fn public_key(app: &App) -> Option<String> {
    app.partners.of(PartnerKind::WebPush).next()?;
    key(app).map(|key| key.public())
}

fn send(app: &App, delivery: &Delivery) -> Result<Outcome, Outcome> {
    let (partner, said) = prepare(app, delivery)?;
    let table: WebPushTable = partner.parse().map_err(|fault| later(fault.to_string()))?;
    let For::Staff(account) = whom(delivery) else { return Err(refused("这条通知没有收件人")) };
    let id = delivery.payload.get("subscription").and_then(Value::as_str).unwrap_or_default().to_owned();
    let subscription = subscription(app, account, &id)?;
    let message = json!({
        "id": delivery.id,
        "title": said.title,
        "text": said.said,
        "case": said.case_code,
    });
    let (mut seed, mut salt) = ([0_u8; 32], [0_u8; 16]);
    getrandom::fill(&mut seed).and_then(|()| getrandom::fill(&mut salt)).map_err(|_| later("没有随机数"))?;
    let once = PushKey::from_seed(&seed).map_err(|fault| later(fault.to_string()))?;
    let body = encrypt(message.to_string().as_bytes(), &subscription.p256dh, &subscription.auth, &once, salt)
        .map_err(|fault| refused(&format!("无法加密：{fault}")))?;
    let answered =
        web::call(Reach::from(partner), &call(app, partner, &table, &subscription, body)?).map_err(Outcome::from)?;
    if matches!(answered.status, 404 | 410) {
        let gone = block_on(app.db.write(move |tx| choice::forget(tx, &id)));
        if let Err(error) = gone {
            tracing::warn!(%error, "a browser that is gone could not be forgotten");
        }
        return Err(refused("这个浏览器已不再接收推送"));
    }
    Ok(answered.outcome(answered.header("location").map(|_| "已送到推送服务".to_owned())))
}

fn call(
    app: &App,
    _partner: &Partner,
    table: &WebPushTable,
    subscription: &Subscription,
    body: Vec<u8>,
) -> Result<Call, Outcome> {
    let origin = origin_of(&subscription.endpoint).ok_or_else(|| refused("推送地址无效"))?;
    let key = key(app).ok_or_else(|| later("没有推送密钥"))?;
    let until = app.now().ms() / 1_000 + PROOF_SECONDS;
    Ok(Call::new("POST", &subscription.endpoint)
        .header("authorization", key.authorization(&origin, &table.contact, until))
        .header("content-encoding", "aes128gcm")
        .header("content-type", "application/octet-stream")
        .header("ttl", KEEP_SECONDS.to_string())
        .header("urgency", "normal")
        .body(body))
}

fn subscription(app: &App, account: AccountId, id: &str) -> Result<Subscription, Outcome> {
    let (with, wanted) = (app.clone(), id.to_owned());
    let read = block_on(app.db.read(move |conn| {
        if choice::of(conn, &with.vault, account)?.off.contains(&NoticeWay::WebPush) {
            return Ok(None);
        }
        let all = choice::subscriptions(conn, &with.vault, account)?;
        Ok::<_, StoreError>(all.into_iter().find(|(id, _, _)| *id == wanted).map(|(_, _, subscription)| subscription))
    }));
    read.map_err(|error| super::faulty(&error))?.ok_or_else(|| refused("本人已关闭这个浏览器的推送"))
}

/// `https://host:port` of an address.
#[must_use]
pub fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    matches!(scheme, "https" | "http").then(|| format!("{scheme}://{host}"))
}
