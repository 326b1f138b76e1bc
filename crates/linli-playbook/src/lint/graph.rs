//! The flow as a whole: can every stage be reached, left, and is something always running.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use linli_kernel::{Action, Approval, DeadlineKind, Phase};

use crate::effects::Effect;
use crate::flow::{ActionDef, Flow, Relation};
use crate::lint::Found;
use crate::load::Draft;
use crate::read::{Place, PlacedFlow};

/// A stage and the deadlines that run in it.
type Spot<'a> = (&'a str, BTreeSet<DeadlineKind>);

pub(crate) fn check(draft: &Draft, flow: &PlacedFlow, found: &mut Found) {
    unreachable(flow, found);
    dead_ends(flow, found);
    let walk = Walk::over(flow);
    idle(flow, &walk, found);
    breaches(draft, flow, &walk, found);
}

/// Where new cases begin.
fn beginnings(flow: &Flow) -> BTreeSet<&str> {
    let reports = flow.actions.iter().filter(|def| def.verb == Action::Report && def.from.is_empty());
    reports.filter_map(|def| def.to.as_deref()).chain([flow.start.as_str()]).collect()
}

fn unreachable(flow: &PlacedFlow, found: &mut Found) {
    let mut reached = beginnings(&flow.flow);
    loop {
        let leads = |def: &&ActionDef| def.from.iter().any(|stage| reached.contains(stage.as_str()));
        let next: BTreeSet<&str> = flow.flow.actions.iter().filter(leads).filter_map(|def| def.to.as_deref()).collect();
        let before = reached.len();
        reached.extend(next);
        if reached.len() == before {
            break;
        }
    }
    for (stage, place) in flow.stages().filter(|(stage, _)| !reached.contains(stage.id.as_str())) {
        let message = format!("环节“{}”永远到不了", stage.name);
        found.error(
            "unreachable_stage",
            &place.key("id"),
            message,
            format!("写一个 to = \"{}\" 的动作，或者删去这个环节。", stage.id),
        );
    }
}

fn dead_ends(flow: &PlacedFlow, found: &mut Found) {
    let is_closed = |id: &str| flow.flow.stage(id).is_some_and(|stage| stage.phase == Phase::Closed);
    // From which stages a closed one can be reached.
    let mut ending: BTreeSet<&str> =
        flow.flow.stages.iter().map(|stage| stage.id.as_str()).filter(|id| is_closed(id)).collect();
    loop {
        let leads = |def: &&ActionDef| def.to.as_deref().is_some_and(|to| ending.contains(to));
        let next: BTreeSet<&str> =
            flow.flow.actions.iter().filter(leads).flat_map(|def| def.from.iter().map(String::as_str)).collect();
        let before = ending.len();
        ending.extend(next);
        if ending.len() == before {
            break;
        }
    }
    for (stage, place) in flow.stages().filter(|(stage, _)| !ending.contains(stage.id.as_str())) {
        let leaves =
            |def: &ActionDef| def.from.contains(&stage.id) && def.to.as_deref().is_some_and(|to| to != stage.id);
        let message = if flow.flow.actions.iter().any(leaves) {
            format!("从环节“{}”走不到结案", stage.name)
        } else {
            format!("环节“{}”进得去出不来", stage.name)
        };
        found.error(
            "dead_end",
            &place.key("id"),
            message,
            format!("写一个 from = [\"{}\"] 的动作，把它带向结案。", stage.id),
        );
    }
}

/// Every stage with every set of deadlines that can run in it, and the actions that lead to an open stage with none.
#[derive(Default)]
struct Walk<'a> {
    spots: BTreeSet<Spot<'a>>,
    idle: BTreeMap<(&'a str, u32), &'a Place>,
}

impl<'a> Walk<'a> {
    fn over(flow: &'a PlacedFlow) -> Self {
        let mut walk = Self::default();
        let mut open: VecDeque<Spot<'a>> = VecDeque::new();
        for (def, place) in flow.actions().filter(|(def, _)| def.verb == Action::Report && def.from.is_empty()) {
            let stage = def.to.as_deref().unwrap_or(&flow.flow.start);
            open.push_back(walk.arrive(flow, (stage, after(def, &BTreeSet::new())), place));
        }
        if open.is_empty() {
            open.push_back(walk.arrive(flow, (flow.flow.start.as_str(), BTreeSet::new()), &flow.place));
        }
        while let Some((stage, running)) = open.pop_front() {
            if !walk.spots.insert((stage, running.clone())) {
                continue;
            }
            for (def, place) in flow.actions().filter(|(def, _)| def.from.iter().any(|from| from == stage)) {
                let to = def.to.as_deref().unwrap_or(stage);
                open.push_back(walk.arrive(flow, (to, after(def, &running)), place));
            }
        }
        walk
    }

    fn arrive(&mut self, flow: &PlacedFlow, spot: Spot<'a>, place: &'a Place) -> Spot<'a> {
        let is_open = flow.flow.stage(spot.0).is_some_and(|stage| stage.phase == Phase::Open);
        if is_open && spot.1.is_empty() {
            self.idle.insert((spot.0, place.line), place);
        }
        spot
    }
}

/// An open stage with no deadline is a case that nobody waits for.
fn idle(flow: &PlacedFlow, walk: &Walk<'_>, found: &mut Found) {
    for ((stage, _), place) in &walk.idle {
        let name = flow.flow.stage(stage).map_or(*stage, |stage| stage.name.as_str());
        let message = format!("经过这个动作，事项到了“{name}”却没有任何时限在走");
        found.error(
            "open_without_deadline",
            &place.key("effects"),
            message,
            "给这个动作的 effects 加上一个 \"start …\"。",
        );
    }
}

/// Wherever a deadline can fall due, `system` may do what its rule asks.
fn breaches(draft: &Draft, flow: &PlacedFlow, walk: &Walk<'_>, found: &mut Found) {
    for rule in &draft.deadlines {
        let Some(verb) = rule.item.on_breach.action() else { continue };
        let by_system = |stage: &str| {
            flow.flow.actions.iter().any(|def| {
                def.verb == verb
                    && def.from.iter().any(|from| from == stage)
                    && def.who.iter().any(|who| who.relation == Relation::System)
            })
        };
        let runs = |spot: &&Spot<'_>| spot.1.contains(&rule.item.kind);
        // A paused clock does not fall due.
        let stage_of = |spot: &Spot<'_>| flow.flow.stage(spot.0).filter(|stage| stage.phase != Phase::Waiting);
        let stuck = walk.spots.iter().filter(runs).filter_map(stage_of).find(|stage| !by_system(&stage.id));
        if let Some(stage) = stuck {
            let word = rule.item.on_breach.as_str();
            let message = format!("逾期后要 {word}，但在环节“{}”里系统做不了", stage.name);
            let hint = format!(
                "写一个 from 含 {}、who 含 {{ relation = \"system\" }} 的 {verb} 动作，或者改 on_breach。",
                stage.id
            );
            found.error("breach_without_action", &rule.place.key("on_breach"), message, hint);
        }
    }
}

/// The deadlines that run after an action.
fn after(def: &ActionDef, running: &BTreeSet<DeadlineKind>) -> BTreeSet<DeadlineKind> {
    let mut running = running.clone();
    for effect in &def.effects {
        match effect {
            Effect::Start(kind) => {
                running.insert(*kind);
            }
            Effect::Meet(kind) | Effect::Cancel(kind) => {
                running.remove(kind);
            }
            Effect::CancelAll => running.clear(),
            // The clock of the approval, and of the day on which a suspension is looked at again.
            Effect::Ask(_) => {
                running.insert(DeadlineKind::Approve);
            }
            Effect::Grant(what) => {
                running.remove(&DeadlineKind::Approve);
                if *what == Approval::Suspension {
                    running.insert(DeadlineKind::Review);
                }
            }
            Effect::Refuse(_) => {
                running.remove(&DeadlineKind::Approve);
            }
            // Drawn or not: both can be.
            Effect::Sample
            | Effect::Pause
            | Effect::Resume
            | Effect::Assign(_)
            | Effect::Seat(_)
            | Effect::CountReopen
            | Effect::Supervise
            | Effect::Call(_)
            | Effect::CancelTasks
            | Effect::Object
            | Effect::Bind
            | Effect::Merge
            | Effect::Unmerge
            | Effect::TakeReply
            | Effect::OpenForce
            | Effect::CloseForce
            | Effect::Split
            | Effect::SetPrivacy => {}
        }
    }
    running
}
