//! What can never happen: effects and conditions that wait for something that nothing in the flow brings about.

use linli_kernel::{Action, Approval, DeadlineKind};

use crate::effects::{Effect, SeatMove};
use crate::flow::Flow;
use crate::guards::{Compare, Counter, Guard};
use crate::lint::{Found, chinese};
use crate::read::PlacedFlow;

pub(crate) fn check(flow: &PlacedFlow, found: &mut Found) {
    for (def, place) in flow.actions() {
        for effect in &def.effects {
            if let Some(needed) = effect_needs(&flow.flow, *effect) {
                let message = format!("动作“{}”的效果 {effect} 永远落空：流程里没有 {needed}", def.name);
                let hint = format!("给前面的一个动作写上 {needed}，或者删去这个效果。");
                found.error("effect_cannot_happen", &place.key("effects"), message, hint);
            }
        }
        guards(&flow.flow, &def.guards, &place.key("guards"), found);
    }
    for (rule, place) in flow.rules() {
        guards(&flow.flow, &rule.when, &place.key("when"), found);
    }
}

fn guards(flow: &Flow, guards: &[Guard], at: &crate::read::At, found: &mut Found) {
    for guard in guards {
        if let Some(needed) = guard_needs(flow, guard) {
            let message = format!("条件 {guard} 永远不成立：流程里没有 {needed}");
            found.error("guard_never_holds", at, message, format!("给前面的一个动作写上 {needed}，或者去掉这个条件。"));
        }
    }
}

fn has(flow: &Flow, wanted: impl Fn(&Effect) -> bool) -> bool {
    flow.actions.iter().flat_map(|def| &def.effects).any(wanted)
}

fn takes(flow: &Flow, verb: Action) -> bool {
    flow.actions.iter().any(|def| def.verb == verb)
}

/// What is missing for an effect to have anything to do.
fn effect_needs(flow: &Flow, effect: Effect) -> Option<String> {
    let missing = |is_there: bool, needed: String| (!is_there).then_some(needed);
    let one_of = |wanted: Effect| missing(has(flow, |other| *other == wanted), wanted.to_string());
    match effect {
        Effect::Meet(kind) | Effect::Cancel(kind) => {
            missing(is_started(flow, kind), format!("开始{}时限的效果", chinese::deadline(kind)))
        }
        Effect::Resume => {
            let stands = |other: &Effect| matches!(other, Effect::Pause | Effect::Grant(Approval::Suspension));
            missing(has(flow, stands), Effect::Pause.to_string())
        }
        Effect::Grant(what) | Effect::Refuse(what) => one_of(Effect::Ask(what)),
        Effect::Seat(SeatMove::Objector) => one_of(Effect::Object),
        Effect::Unmerge | Effect::TakeReply => one_of(Effect::Merge),
        Effect::CloseForce => one_of(Effect::OpenForce),
        Effect::CancelTasks => missing(has(flow, is_call), "call …".to_owned()),
        Effect::Start(_)
        | Effect::CancelAll
        | Effect::Pause
        | Effect::Assign(_)
        | Effect::Seat(_)
        | Effect::CountReopen
        | Effect::Supervise
        | Effect::Call(_)
        | Effect::Ask(_)
        | Effect::Object
        | Effect::Bind
        | Effect::Merge
        | Effect::OpenForce
        | Effect::Split
        | Effect::Sample
        | Effect::SetPrivacy => None,
    }
}

const fn is_call(effect: &Effect) -> bool {
    matches!(effect, Effect::Call(_))
}

fn is_started(flow: &Flow, kind: DeadlineKind) -> bool {
    let is_review = |effect: &Effect| kind == DeadlineKind::Review && *effect == Effect::Grant(Approval::Suspension);
    has(flow, |effect| effect.starts() == Some(kind) || is_review(effect))
}

/// What is missing for a guard ever to hold.
fn guard_needs(flow: &Flow, guard: &Guard) -> Option<String> {
    let missing = |is_there: bool, needed: &str| (!is_there).then(|| needed.to_owned());
    let one_of = |wanted: Effect| missing(has(flow, |other| *other == wanted), &wanted.to_string());
    match guard {
        Guard::Pending(what) => one_of(Effect::Ask(*what)),
        Guard::ForceOpen => one_of(Effect::OpenForce),
        Guard::SentBackBefore => missing(takes(flow, Action::SendBack), "退单（send_back）"),
        Guard::Count { compare: Compare::Below, .. } | Guard::Count { n: 0, .. } => None,
        Guard::Count { what, .. } => match what {
            Counter::SentBack => missing(takes(flow, Action::SendBack), "退单（send_back）"),
            Counter::Reopened => one_of(Effect::CountReopen),
            Counter::Extended => one_of(Effect::Grant(Approval::Extension)),
            Counter::Unreached => missing(takes(flow, Action::FollowUp), "回访（follow_up）"),
            Counter::ExclusionAsked => one_of(Effect::Ask(Approval::Exclusion)),
            Counter::Called | Counter::CallsLate => missing(has(flow, is_call), "call …"),
            Counter::Late => missing(has(flow, |effect| effect.starts().is_some()), "start …"),
        },
        Guard::Routed
        | Guard::Unrouted
        | Guard::BelowTop
        | Guard::AtTop
        | Guard::ReopenLeft
        | Guard::ReopenSpent
        | Guard::WithinWindow
        | Guard::OnTime
        | Guard::NothingPending
        | Guard::MaySendBack
        | Guard::NotRuled
        | Guard::TasksDone
        | Guard::ChildrenDone
        | Guard::NoForce
        | Guard::NoFollowers
        | Guard::Counted
        | Guard::Field { .. } => None,
    }
}
