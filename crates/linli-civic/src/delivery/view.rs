//! What the desk is shown of the outbox: what, where to, how it stands and why; never what was in it.

use serde::Serialize;

use linli_kernel::{DeliveryId, PublicCode, Timestamp};

use super::model::{DeliveryState, MOST_ATTEMPTS, partner_of};
use super::store::{Logged, TargetState};
use crate::app::App;
use crate::say::Lang;

/// 出站记录: one delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryRow {
    /// Which.
    pub id: DeliveryId,
    /// How it is sent: `webhook`, `smtp`, `sms`, …
    channel: String,
    /// The channel in words.
    channel_name: String,
    /// Whereto: a partner's id, with a host behind `@` where one partner has many receivers.
    target: String,
    /// What people call the partner.
    target_name: String,
    /// The public code of its case.
    #[schema(value_type = Option<PublicCode>)]
    case_code: Option<String>,
    /// What and why.
    about: String,
    /// How it stands.
    state: DeliveryState,
    /// In words.
    state_name: String,
    /// Attempts so far.
    n_attempts: i64,
    /// After so many it is a dead letter.
    n_most_attempts: i64,
    /// When it is tried next; while it waits.
    next_at: Option<Timestamp>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// What the receiver calls it.
    receipt: Option<String>,
    /// When it was put in.
    created_at: Timestamp,
    /// When it arrived.
    sent_at: Option<Timestamp>,
    /// Who sent it again or gave it up by hand.
    decided_by: Option<String>,
}

impl DeliveryRow {
    /// A line of the log in words.
    #[must_use]
    pub fn of(app: &App, logged: Logged, decided_by: Option<String>, lang: Lang) -> Self {
        let Logged { delivery, state, .. } = logged;
        Self {
            id: delivery.id,
            channel_name: lang.word("delivery_channel", &delivery.channel),
            channel: delivery.channel,
            target_name: name_of(app, &delivery.target),
            target: delivery.target,
            case_code: logged.case_code,
            about: delivery.about,
            state,
            state_name: lang.word("delivery_state", state.as_str()),
            n_attempts: delivery.n_attempts,
            n_most_attempts: MOST_ATTEMPTS,
            next_at: (state == DeliveryState::Waiting).then_some(logged.next_at),
            last_error: logged.last_error,
            receipt: logged.receipt,
            created_at: delivery.created_at,
            sent_at: logged.sent_at,
            decided_by,
        }
    }
}

/// 对接对象: a receiver and how it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryTarget {
    /// Which.
    target: String,
    /// What people call the partner.
    name: String,
    /// What it is to us: `hotline`, `webhook`, …; `null` when its file is gone.
    kind: Option<String>,
    /// Whether its file says that it is in use.
    enabled: bool,
    /// Failures in a row; 0 when it answers.
    n_failures: i64,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// When something last arrived there.
    last_ok_at: Option<Timestamp>,
    /// When it is tried next, while it fails.
    next_at: Option<Timestamp>,
    /// Deliveries that wait.
    n_waiting: i64,
    /// Dead letters.
    n_dead: i64,
    /// When the oldest that waits was put in.
    oldest_at: Option<Timestamp>,
}

impl DeliveryTarget {
    /// A target that was sent to.
    #[must_use]
    pub fn of(app: &App, state: TargetState) -> Self {
        let partner = app.partners.get(partner_of(&state.target));
        Self {
            name: name_of(app, &state.target),
            kind: partner.map(|partner| partner.kind.to_string()),
            enabled: partner.is_none_or(|partner| partner.enabled),
            n_failures: state.n_failures,
            last_error: state.last_error,
            last_ok_at: state.last_ok_at,
            next_at: (state.n_failures > 0).then_some(state.next_at),
            n_waiting: state.n_waiting,
            n_dead: state.n_dead,
            oldest_at: state.oldest_at,
            target: state.target,
        }
    }

    /// A partner that nothing was ever sent to.
    #[must_use]
    pub fn silent(partner: &crate::partners::Partner) -> Self {
        Self {
            target: partner.id.clone(),
            name: partner.name.clone(),
            kind: Some(partner.kind.to_string()),
            enabled: partner.enabled,
            n_failures: 0,
            last_error: None,
            last_ok_at: None,
            next_at: None,
            n_waiting: 0,
            n_dead: 0,
            oldest_at: None,
        }
    }
}

fn name_of(app: &App, target: &str) -> String {
    let partner = partner_of(target);
    let name = app.partners.get(partner).map_or(partner, |partner| &partner.name);
    match target.split_once('@') {
        Some((_, host)) => format!("{name}（{host}）"),
        None => name.to_owned(),
    }
}
