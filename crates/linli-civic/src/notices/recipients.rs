//! Whom a rule means.

use std::collections::BTreeSet;

use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, AreaCode, Timestamp};
use linli_playbook::{NoticeRule, NoticeTo, NoticeWay};
use serde_json::Value;

use super::channels::robot::RobotTable;
use super::model::Recipient;
use crate::app::App;
use crate::cases::model::{Case, Seat};
use crate::partners::PartnerKind;
use crate::people::{duty, leave};

/// One event of a case, as recipients are found for it.
pub struct Told<'a> {
    /// The case as it stands.
    pub case: &'a Case,
    /// The seat at the moment of the event.
    pub seat: &'a Seat,
    /// The event's words.
    pub payload: &'a Value,
    /// Who did it: they know.
    pub by: Option<AccountId>,
    /// The present.
    pub now: Timestamp,
}

/// Everyone whom the rule means, each once.
///
/// # Errors
/// The database's.
pub fn of_rule(app: &App, conn: &mut Conn, rule: &NoticeRule, told: &Told<'_>) -> Result<Vec<Recipient>, StoreError> {
    let mut found = BTreeSet::new();
    for to in &rule.to {
        let seat = match to {
            NoticeTo::Reporter => {
                found.insert(Recipient::Reporter);
                continue;
            }
            NoticeTo::Handler => {
                let handler = told.case.handler.into_iter().collect();
                found.extend(leave::present(conn, handler, told.now)?.into_iter().map(Recipient::Staff));
                continue;
            }
            NoticeTo::Seat => Some(told.seat.clone()),
            NoticeTo::Above => told.seat.area.parent().map(Seat::of),
            NoticeTo::Place => Some(Seat::of(told.case.area)),
            NoticeTo::Task => task_seat(told.payload),
        };
        let Some(seat) = seat else { continue };
        found.extend(people_of(app, conn, rule, &seat, told.now)?);
        if rule.ways.contains(&NoticeWay::Robot) {
            found.extend(groups_of(app, &seat));
        }
    }
    found.retain(|recipient| !matches!(recipient, Recipient::Staff(account) if Some(*account) == told.by));
    Ok(found.into_iter().collect())
}

fn people_of(
    app: &App,
    conn: &mut Conn,
    rule: &NoticeRule,
    seat: &Seat,
    now: Timestamp,
) -> Result<Vec<Recipient>, StoreError> {
    // A rule for groups alone means no single people.
    if rule.ways.iter().all(|way| *way == NoticeWay::Robot) {
        return Ok(Vec::new());
    }
    let on_duty = duty::on_duty(conn, &app.vault, &[seat.area], now)?;
    let meant = |one: &duty::OnDuty| one.unit == seat.unit && (rule.roles.is_empty() || rule.roles.contains(&one.role));
    let accounts = on_duty.into_iter().filter(meant).map(|one| one.account).collect();
    // Whoever is away is left in peace, and whoever stands in is told.
    Ok(leave::present(conn, accounts, now)?.into_iter().map(Recipient::Staff).collect())
}

fn groups_of<'a>(app: &'a App, seat: &'a Seat) -> impl Iterator<Item = Recipient> + 'a {
    app.partners
        .of(PartnerKind::Robot)
        .filter(|partner| partner.covers(&seat.area))
        .filter(|partner| partner.parse::<RobotTable>().is_ok_and(|table| table.is_for(seat)))
        .map(|partner| Recipient::Group(partner.id.clone()))
}

fn task_seat(payload: &Value) -> Option<Seat> {
    let task = payload.get("task")?;
    let area: AreaCode = task.get("area_code")?.as_str()?.parse().ok()?;
    Some(Seat { area, unit: task.get("unit_code").and_then(Value::as_str).map(str::to_owned) })
}
