//! From a notice to its ways: shown, put into the outbox, held, collected, or not at all and why.

use linli_db::{Conn, StoreError, Tx};
use linli_kernel::{AccountId, AreaCode, Timestamp};
use linli_playbook::{NoticeRule, NoticeWay, Notices, Quiet};
use serde_json::{Value, json};

use super::choice::{self, ReporterWay};
use super::model::{Notice, Recipient, WayOutcome, WayTaken, masked_email, next_at, quiet_until};
use super::store;
use crate::app::App;
use crate::cases::http::PHONE_FIELD;
use crate::cases::model::Case;
use crate::delivery::{NewDelivery, enqueue};
use crate::partners::{Partner, PartnerKind};
use crate::people::duty;

/// How a rule wants its news to travel.
pub struct Manner<'a> {
    /// The ways, the most wanted first.
    pub ways: &'a [NoticeWay],
    /// Whether it breaks the peace.
    pub urgent: bool,
    /// Whether it is collected.
    pub digest: bool,
}

impl<'a> From<&'a NoticeRule> for Manner<'a> {
    fn from(rule: &'a NoticeRule) -> Self {
        Self { ways: &rule.ways, urgent: rule.urgent, digest: rule.digest }
    }
}

/// An address that something can be sent to.
struct Reachable {
    masked: Option<String>,
    target: String,
    payload: Value,
}

/// Tells one recipient; once only for each dedup key.
///
/// # Errors
/// The database's.
pub fn tell(
    app: &App,
    tx: &mut Tx<'_>,
    notice: &Notice,
    manner: &Manner<'_>,
    case: Option<&Case>,
    notices: &Notices,
) -> Result<(), StoreError> {
    if store::is_known(tx, &notice.dedup)? {
        return Ok(());
    }
    let now = app.now();
    let id = app.ids.uuid(now).to_string();
    let area = case.map(|case| case.area);
    let quiet = quiet_of(app, tx, notice, notices)?;
    let held = if manner.urgent { None } else { quiet_until(quiet, now) };
    let digest_at = manner.digest.then(|| next_at(notices.digest_minute, now));
    let mut taken = Vec::new();
    let mut is_reached = false;
    for way in manner.ways {
        if *way == NoticeWay::InApp {
            if matches!(notice.to, Recipient::Staff(_)) {
                taken.push(WayTaken::new(*way, WayOutcome::Shown));
            }
            continue;
        }
        // Reached by a way that was more wanted, or not a way for such a recipient.
        if is_reached || matches!(notice.to, Recipient::Group(_)) != (*way == NoticeWay::Robot) {
            continue;
        }
        let found = match reach(app, tx, *way, &notice.to, case, area)? {
            Err(why_not) => {
                taken.push(WayTaken::new(*way, why_not));
                continue;
            }
            Ok(found) => found,
        };
        is_reached = true;
        let masked = found.first().and_then(|one| one.masked.clone());
        let (outcome, until) = match (digest_at, held) {
            (Some(at), _) => (WayOutcome::Collected, Some(at)),
            (None, Some(until)) => (WayOutcome::Held, Some(until)),
            (None, None) => (WayOutcome::Queued, None),
        };
        if outcome != WayOutcome::Collected {
            for (n, one) in found.into_iter().enumerate() {
                put(app, tx, *way, &id, notice, one, until, n, now)?;
            }
        }
        taken.push(WayTaken { way: *way, outcome, until, masked });
    }
    let collected = digest_at.filter(|_| taken.iter().any(|way| way.outcome == WayOutcome::Collected));
    store::keep(tx, &id, notice, &taken, collected, now)
}

#[expect(clippy::too_many_arguments, reason = "one row of the outbox, each part from somewhere else")]
fn put(
    app: &App,
    tx: &mut Tx<'_>,
    way: NoticeWay,
    id: &str,
    notice: &Notice,
    one: Reachable,
    not_before: Option<Timestamp>,
    n: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut payload = one.payload;
    if let Some(object) = payload.as_object_mut() {
        object.insert("notice".to_owned(), json!(id));
    }
    let new = NewDelivery {
        channel: channel_of(way),
        target: one.target,
        case: notice.case,
        about: format!("{}（{}）", notice.title, notice.rule),
        payload,
        not_before,
        dedup: Some(format!("notice {id} {} {n}", way.as_str())),
    };
    enqueue(tx, &app.ids, new, now).map(drop)
}

const fn channel_of(way: NoticeWay) -> &'static str {
    match way {
        NoticeWay::InApp => "in_app",
        NoticeWay::WebPush => "web_push",
        NoticeWay::Sms => "sms",
        NoticeWay::Email => "smtp",
        NoticeWay::Robot => "robot",
    }
}

fn quiet_of(app: &App, conn: &mut Conn, notice: &Notice, notices: &Notices) -> Result<Option<Quiet>, StoreError> {
    Ok(match &notice.to {
        Recipient::Staff(account) => choice::of(conn, &app.vault, *account)?.quiet.or(notices.quiet),
        Recipient::Reporter | Recipient::Group(_) => notices.quiet,
    })
}

type Reach = Result<Vec<Reachable>, WayOutcome>;

fn reach(
    app: &App,
    conn: &mut Conn,
    way: NoticeWay,
    to: &Recipient,
    case: Option<&Case>,
    area: Option<AreaCode>,
) -> Result<Reach, StoreError> {
    match (to, way) {
        (Recipient::Staff(account), _) => of_staff(app, conn, way, *account, area),
        (Recipient::Reporter, _) => {
            case.map_or(Ok(Err(WayOutcome::NoAddress)), |case| of_reporter(app, conn, way, case))
        }
        (Recipient::Group(partner), _) => Ok(match app.partners.get(partner).filter(|partner| partner.enabled) {
            Some(partner) => Ok(vec![Reachable {
                masked: Some(partner.name.clone()),
                target: partner.id.clone(),
                payload: json!({}),
            }]),
            None => Err(WayOutcome::NoPartner),
        }),
    }
}

fn partner(app: &App, kind: PartnerKind, area: Option<AreaCode>) -> Option<&Partner> {
    app.partners.of(kind).find(|partner| area.is_none_or(|area| partner.covers(&area)))
}

fn of_staff(
    app: &App,
    conn: &mut Conn,
    way: NoticeWay,
    account: AccountId,
    area: Option<AreaCode>,
) -> Result<Reach, StoreError> {
    let choice = choice::of(conn, &app.vault, account)?;
    if choice.off.contains(&way) {
        return Ok(Err(WayOutcome::OptedOut));
    }
    let payload = json!({ "account": account });
    Ok(match way {
        NoticeWay::InApp | NoticeWay::Robot => Err(WayOutcome::NoAddress),
        NoticeWay::WebPush => {
            let Some(partner) = partner(app, PartnerKind::WebPush, area) else { return Ok(Err(WayOutcome::NoPartner)) };
            let browsers = choice::subscriptions(conn, &app.vault, account)?;
            if browsers.is_empty() {
                return Ok(Err(WayOutcome::NoAddress));
            }
            let one = |(id, host, _): (String, String, choice::Subscription)| Reachable {
                masked: Some(host.clone()),
                target: format!("{}@{host}", partner.id),
                payload: json!({ "account": account, "subscription": id }),
            };
            Ok(browsers.into_iter().map(one).collect())
        }
        NoticeWay::Sms => {
            let Some(partner) = partner(app, PartnerKind::Sms, area) else { return Ok(Err(WayOutcome::NoPartner)) };
            match duty::people(conn, &app.vault, &[account].into())?.remove(&account).and_then(|person| person.phone) {
                Some(phone) => {
                    Ok(vec![Reachable { masked: Some(phone.masked()), target: partner.id.clone(), payload }])
                }
                None => Err(WayOutcome::NoAddress),
            }
        }
        NoticeWay::Email => match (partner(app, PartnerKind::Smtp, area), choice.email) {
            (None, _) => Err(WayOutcome::NoPartner),
            (_, None) => Err(WayOutcome::NoAddress),
            (Some(partner), Some(email)) => {
                Ok(vec![Reachable { masked: Some(masked_email(&email)), target: partner.id.clone(), payload }])
            }
        },
    })
}

fn of_reporter(app: &App, conn: &mut Conn, way: NoticeWay, case: &Case) -> Result<Reach, StoreError> {
    let choice = choice::of_reporter(conn, &app.vault, case.id)?;
    let area = Some(case.area);
    let payload = json!({ "reporter_of": case.id });
    let phone =
        || case.reporter.phone_sealed.as_deref().and_then(|sealed| app.vault.open_phone(PHONE_FIELD, sealed).ok());
    let one = |partner: &Partner, masked: String| {
        Ok(vec![Reachable { masked: Some(masked), target: partner.id.clone(), payload: payload.clone() }])
    };
    Ok(match (way, choice.way) {
        (NoticeWay::Sms, ReporterWay::Sms) => match (partner(app, PartnerKind::Sms, area), phone()) {
            (None, _) => Err(WayOutcome::NoPartner),
            (_, None) => Err(WayOutcome::NoAddress),
            (Some(partner), Some(phone)) => one(partner, phone.masked()),
        },
        (NoticeWay::Email, ReporterWay::Email) => match (partner(app, PartnerKind::Smtp, area), choice.email) {
            (None, _) => Err(WayOutcome::NoPartner),
            (_, None) => Err(WayOutcome::NoAddress),
            (Some(partner), Some(email)) => one(partner, masked_email(&email)),
        },
        _ => Err(WayOutcome::OptedOut),
    })
}
