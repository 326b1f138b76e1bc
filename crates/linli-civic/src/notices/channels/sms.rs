//! 短信: any gateway that takes JSON over HTTP; how its request looks is written in the partner's file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{later, phone_of, prepare};
use crate::app::App;
use crate::delivery::web::{self, Answered, Call, Reach};
use crate::delivery::{Channel, Delivery, Outcome};
use crate::partners::Partner;

/// `[sms]` of a partner's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsTable {
    /// Where the gateway takes messages.
    pub url: String,
    /// The body, JSON with `{phone}`, `{text}`, `{id}` in texts.
    pub body: String,
    /// Headers; `{secret}` is filled in.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Where in the answer it says whether it took the message (JSON pointer), and what it says then.
    pub ok: Option<OkAnswer>,
    /// Where in the answer it names the message (JSON pointer).
    pub receipt: Option<String>,
}

/// What an answer says when all is well.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OkAnswer {
    /// JSON pointer.
    pub pointer: String,
    /// The value, as text.
    pub value: String,
}

/// The channel.
pub struct Sms;

impl Channel for Sms {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        send(app, delivery).unwrap_or_else(|outcome| outcome)
    }
}

fn send(app: &App, delivery: &Delivery) -> Result<Outcome, Outcome> {
    let (partner, said) = prepare(app, delivery)?;
    let table: SmsTable = partner.parse().map_err(|fault| later(fault.to_string()))?;
    let phone = phone_of(app, delivery)?;
    let id = delivery.id.to_string();
    let body = filled(&table.body, &[("phone", phone.reveal()), ("text", &said.said), ("id", &id)]);
    let mut call = Call::new("POST", &table.url).header("content-type", "application/json; charset=utf-8");
    let secret = partner.secret.as_ref().map(|secret| secret.reveal()).unwrap_or_default();
    for (name, value) in &table.headers {
        call = call.header(name, value.replace("{secret}", secret));
    }
    call = signed(call, partner, app.now().ms() / 1_000, &body);
    let answered = web::call(Reach::from(partner), &call.body(body.into_bytes())).map_err(Outcome::from)?;
    Ok(judged(&table, &answered))
}

/// `X-Linli-Signature: v1=<hex of HMAC-SHA256(secret, "<timestamp>.<body>")>`, for gateways that check it.
fn signed(call: Call, partner: &Partner, seconds: i64, body: &str) -> Call {
    let Some(secret) = &partner.secret else { return call };
    let mac = hex::encode(secret.hmac(format!("{seconds}.{body}").as_bytes()));
    call.header("x-linli-timestamp", seconds.to_string()).header("x-linli-signature", format!("v1={mac}"))
}

/// Fills values in as parts of JSON texts.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        let quoted = Value::from(text).to_string();
        quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
    };
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), &escape(value)))
}

fn judged(table: &SmsTable, answered: &Answered) -> Outcome {
    let json: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let at = |pointer: &str| match json.pointer(pointer) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => None,
        Some(other) => Some(other.to_string()),
    };
    if let (true, Some(ok)) = (answered.is_success(), &table.ok) {
        let found = at(&ok.pointer);
        if found.as_deref() != Some(ok.value.as_str()) {
            // Gateways say with 200 that they are too busy or that the account is empty: worth another try.
            return later(format!("短信网关未受理：{}", answered.excerpt()));
        }
    }
    answered.outcome(table.receipt.as_deref().and_then(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_break_out_of_their_text() {
        let body =
            filled("{\"to\":\"{phone}\",\"text\":\"【邻里】{text}\"}", &[("phone", "199"), ("text", "a\"b\\c\n{x}")]);
        let read: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((read["to"].as_str(), read["text"].as_str()), (Some("199"), Some("【邻里】a\"b\\c\n{x}")));
    }

    #[test]
    fn an_answer_of_200_may_still_be_a_no() {
        let table = SmsTable {
            url: String::new(),
            body: String::new(),
            headers: BTreeMap::new(),
            ok: Some(OkAnswer { pointer: "/code".to_owned(), value: "0".to_owned() }),
            receipt: Some("/msgid".to_owned()),
        };
        let answered = |body: &str| Answered { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        let sent = judged(&table, &answered("{\"code\":0,\"msgid\":\"m-7\"}"));
        assert_eq!(sent, Outcome::Sent { receipt: Some("m-7".to_owned()) });
        assert!(matches!(judged(&table, &answered("{\"code\":105}")), Outcome::Retry { .. }));
        assert!(matches!(judged(&table, &answered("ok")), Outcome::Retry { .. }));
    }
}
