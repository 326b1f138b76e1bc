//! The ways by which notices leave the house; each is a channel of `delivery`.

pub mod push;
pub mod push_crypto;
pub mod robot;
pub mod sms;
pub mod smtp;

use std::sync::Arc;

use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, CaseId, Phone};
use serde_json::Value;

use super::choice::{self, ReporterWay};
use super::store::{self, Said};
use crate::app::App;
use crate::cases::http::PHONE_FIELD;
use crate::cases::store::{self as cases, Named};
use crate::delivery::worker::block_on;
use crate::delivery::{Channels, Delivery, Outcome, model::partner_of};
use crate::partners::{Partner, PartnerFault, PartnerKind, Partners};
use crate::people::duty;

/// Adds the channels of notices.
pub fn register(channels: &Channels) {
    channels.add(Arc::new(sms::Sms));
    channels.add(Arc::new(smtp::Smtp));
    channels.add(Arc::new(robot::Robot));
    channels.add(Arc::new(push::WebPush));
}

/// What is wrong with the files of the partners that these channels speak with.
#[must_use]
pub fn faults(partners: &Partners) -> Vec<PartnerFault> {
    let mut faults = Vec::new();
    for partner in partners.all() {
        let parsed = match partner.kind {
            PartnerKind::Smtp => partner.parse::<smtp::SmtpTable>().map(drop),
            PartnerKind::Sms => partner.parse::<sms::SmsTable>().map(drop),
            PartnerKind::Robot => partner.parse::<robot::RobotTable>().map(drop),
            PartnerKind::WebPush => partner.parse::<push::WebPushTable>().map(drop),
            PartnerKind::Open311Client | PartnerKind::Open311Server | PartnerKind::Hotline | PartnerKind::Webhook => {
                Ok(())
            }
        };
        faults.extend(parsed.err());
        if partner.kind == PartnerKind::Robot && partner.secret.is_none() {
            faults.push(partner.fault("kind", "缺少 secret_file：机器人的 key 或 access_token"));
        }
    }
    faults
}

/// Who a delivery of a notice is for.
#[derive(Clone, Copy, Debug)]
enum For {
    Staff(AccountId),
    ReporterOf(CaseId),
    Group,
}

fn whom(delivery: &Delivery) -> For {
    let text = |key: &str| delivery.payload.get(key).and_then(Value::as_str);
    if let Some(account) = text("account").and_then(|id| id.parse().ok()) {
        return For::Staff(account);
    }
    text("reporter_of").and_then(|id| id.parse().ok()).map_or(For::Group, For::ReporterOf)
}

/// What every channel begins with: the partner, and what is to be said.
fn prepare<'a>(app: &'a App, delivery: &Delivery) -> Result<(&'a Partner, Said), Outcome> {
    let partner = app.partners.get(partner_of(&delivery.target)).ok_or_else(|| later("没有这个外部系统的文件"))?;
    let id = delivery.payload.get("notice").and_then(Value::as_str).unwrap_or_default().to_owned();
    let read = block_on(app.db.read(move |conn| store::said(conn, &id)));
    match read {
        Ok(Some(said)) => Ok((partner, said)),
        Ok(None) => Err(refused("这条通知已经删除")),
        Err(error) => Err(faulty(&error)),
    }
}

/// Reads the address as it is now: whoever said no in the meantime is not written to.
fn phone_of(app: &App, delivery: &Delivery) -> Result<Phone, Outcome> {
    let (whom, with) = (whom(delivery), app.clone());
    let read = block_on(app.db.read(move |conn| read_phone(&with, conn, whom)));
    read.map_err(|error| faulty(&error))?.ok_or_else(|| refused("没有号码，或本人已不同意短信"))
}

fn read_phone(app: &App, conn: &mut Conn, whom: For) -> Result<Option<Phone>, StoreError> {
    match whom {
        For::Staff(account) => {
            if choice::of(conn, &app.vault, account)?.off.contains(&linli_playbook::NoticeWay::Sms) {
                return Ok(None);
            }
            Ok(duty::people(conn, &app.vault, &[account].into())?.remove(&account).and_then(|person| person.phone))
        }
        For::ReporterOf(case) => {
            if choice::of_reporter(conn, &app.vault, case)?.way != ReporterWay::Sms {
                return Ok(None);
            }
            let case = cases::load(conn, &Named::Id(case))?;
            let sealed = case.and_then(|case| case.reporter.phone_sealed);
            Ok(sealed.and_then(|sealed| app.vault.open_phone(PHONE_FIELD, &sealed).ok()))
        }
        For::Group => Ok(None),
    }
}

fn email_of(app: &App, delivery: &Delivery) -> Result<String, Outcome> {
    let (whom, with) = (whom(delivery), app.clone());
    let read = block_on(app.db.read(move |conn| {
        Ok::<_, StoreError>(match whom {
            For::Staff(account) => {
                let choice = choice::of(conn, &with.vault, account)?;
                let is_off = choice.off.contains(&linli_playbook::NoticeWay::Email);
                choice.email.filter(|_| !is_off)
            }
            For::ReporterOf(case) => {
                let choice = choice::of_reporter(conn, &with.vault, case)?;
                choice.email.filter(|_| choice.way == ReporterWay::Email)
            }
            For::Group => None,
        })
    }));
    read.map_err(|error| faulty(&error))?.ok_or_else(|| refused("没有邮箱，或本人已不同意电子邮件"))
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused { why: why.to_owned() }
}

fn later(why: impl Into<String>) -> Outcome {
    Outcome::Retry { why: why.into(), after_ms: None }
}

fn faulty(error: &StoreError) -> Outcome {
    tracing::warn!(%error, "a notice could not be read to be sent");
    later("读取通知时数据库出错")
}
