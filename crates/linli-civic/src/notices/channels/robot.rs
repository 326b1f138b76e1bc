//! 群机器人: 企业微信 and 钉钉, by their published formats.
//!
//! 企业微信: <https://developer.work.weixin.qq.com/document/path/91770>; 20 messages a minute.
//! 钉钉: <https://open.dingtalk.com/document/robots/custom-robot-access>; 20 messages a minute, signed with timestamp and secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{later, prepare};
use crate::app::App;
use crate::cases::model::Seat;
use crate::delivery::web::{self, Answered, Call, Reach};
use crate::delivery::{Channel, Delivery, Outcome};
use crate::partners::Secret;

/// How long a robot rests that was sent too much. Unit: milliseconds.
const REST_MS: i64 = 60_000;

/// `[robot]` of a partner's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotTable {
    /// Whose format.
    pub style: Style,
    /// Another address than the published one: a relay of the house.
    pub url: Option<String>,
    /// The units whose group this is; without any, the people of the areas themselves.
    #[serde(default)]
    pub units: Vec<String>,
}

/// Whose robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// 企业微信
    Wecom,
    /// 钉钉
    Dingtalk,
}

impl RobotTable {
    /// Whether the group works at the seat.
    #[must_use]
    pub fn is_for(&self, seat: &Seat) -> bool {
        match &seat.unit {
            None => self.units.is_empty(),
            Some(unit) => self.units.contains(unit),
        }
    }
}

/// The channel.
pub struct Robot;

impl Channel for Robot {
    fn name(&self) -> &'static str {
        "robot"
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        send(app, delivery).unwrap_or_else(|outcome| outcome)
    }
}

fn send(app: &App, delivery: &Delivery) -> Result<Outcome, Outcome> {
    let (partner, said) = prepare(app, delivery)?;
    let table: RobotTable = partner.parse().map_err(|fault| later(fault.to_string()))?;
    let Some(secret) = &partner.secret else {
        return Err(later("没有写 secret_file：机器人的 key 或 access_token"));
    };
    let text = format!("{}\n{}", said.title, said.said);
    let call = match table.style {
        Style::Wecom => wecom(&table, secret, &text),
        Style::Dingtalk => dingtalk(&table, secret, app.now().ms(), &text),
    };
    let answered = web::call(Reach::from(partner), &call).map_err(Outcome::from)?;
    Ok(judged(table.style, &answered))
}

/// The secret holds the robot's key.
fn wecom(table: &RobotTable, secret: &Secret, text: &str) -> Call {
    let base = table.url.as_deref().unwrap_or("https://qyapi.weixin.qq.com/cgi-bin/webhook/send");
    let body = json!({ "msgtype": "text", "text": { "content": text } });
    Call::json("POST", format!("{base}?key={}", escaped(secret.reveal())), &body)
}

/// The secret holds the access token and, parted by a space or a line break, the secret of the signature (`SEC…`).
fn dingtalk(table: &RobotTable, secret: &Secret, now_ms: i64, text: &str) -> Call {
    let base = table.url.as_deref().unwrap_or("https://oapi.dingtalk.com/robot/send");
    let mut parts = secret.reveal().split_whitespace();
    let mut url = format!("{base}?access_token={}", escaped(parts.next().unwrap_or_default()));
    if let Some(sign) = parts.next().and_then(Secret::new) {
        let mac = sign.hmac(format!("{now_ms}\n{}", sign.reveal()).as_bytes());
        url.push_str(&format!("&timestamp={now_ms}&sign={}", escaped(&STANDARD.encode(mac))));
    }
    Call::json("POST", url, &json!({ "msgtype": "text", "text": { "content": text } }))
}

/// Both say what went wrong with status 200 and a number.
fn judged(style: Style, answered: &Answered) -> Outcome {
    let json: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let code = json.get("errcode").and_then(Value::as_i64);
    let said = || json.get("errmsg").and_then(Value::as_str).unwrap_or_default().chars().take(160).collect::<String>();
    match (answered.is_success(), code) {
        (false, _) => answered.outcome(None),
        (true, Some(0)) => Outcome::Sent { receipt: None },
        (true, Some(code)) => {
            let too_much = match style {
                Style::Wecom => code == 45009,
                Style::Dingtalk => matches!(code, 130101 | 410100),
            };
            let after_ms = too_much.then_some(REST_MS);
            Outcome::Retry { why: format!("机器人答复 {code}：{}", said()), after_ms }
        }
        (true, None) => later(format!("机器人的答复读不懂：{}", answered.excerpt())),
    }
}

/// Percent-encoding of a query value.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(style: Style) -> RobotTable {
        RobotTable { style, url: None, units: vec!["urban_management".to_owned()] }
    }

    #[test]
    fn a_group_is_told_of_its_own_seat_only() {
        let area = "610502000000".parse().unwrap();
        let unit = |unit: Option<&str>| Seat { area, unit: unit.map(str::to_owned) };
        let group = table(Style::Wecom);
        assert!(group.is_for(&unit(Some("urban_management"))));
        assert!(!group.is_for(&unit(Some("police"))) && !group.is_for(&unit(None)));
    }

    #[test]
    fn dingtalk_is_signed_with_the_time() {
        let secret = Secret::new("token-1\nSECabc").unwrap();
        let call = dingtalk(&table(Style::Dingtalk), &secret, 1_700_000_000_000, "x");
        let (base, sign) = call.url.split_once("&sign=").unwrap();
        assert_eq!(base, "https://oapi.dingtalk.com/robot/send?access_token=token-1&timestamp=1700000000000");
        // HMAC-SHA256 of "1700000000000\nSECabc" under "SECabc", base64, percent-encoded.
        let mac = Secret::new("SECabc").unwrap().hmac(b"1700000000000\nSECabc");
        assert_eq!(sign, escaped(&STANDARD.encode(mac)));
        assert!(!sign.contains('+') && !sign.contains('/') && !sign.contains('='));
    }

    #[test]
    fn a_number_in_the_answer_says_how_it_went() {
        let answered = |body: &str| Answered { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        assert_eq!(judged(Style::Wecom, &answered("{\"errcode\":0}")), Outcome::Sent { receipt: None });
        let busy = judged(Style::Wecom, &answered("{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}"));
        assert!(matches!(busy, Outcome::Retry { after_ms: Some(60_000), .. }), "{busy:?}");
        assert!(matches!(
            judged(Style::Dingtalk, &answered("{\"errcode\":310000}")),
            Outcome::Retry { after_ms: None, .. }
        ));
        assert!(matches!(judged(Style::Dingtalk, &answered("<html>")), Outcome::Retry { .. }));
    }
}
