//! The flow as a whole: can every stage be reached, left, and is something always running.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use linli_kernel::{Action, DeadlineKind, Phase};

use crate::effects::Effect;
use crate::flow::{ActionDef, Flow};
use crate::lint::Found;
use crate::read::{Place, PlacedFlow};

/// A stage and the deadlines that run in it.
type Spot<'a> = (&'a str, BTreeSet<DeadlineKind>);

pub(crate) fn check(flow: &PlacedFlow, found: &mut Found) {
    unreachable(flow, found);
    dead_ends(flow, found);
    idle(flow, found);
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

/// Walks every stage with every set of running deadlines; an open stage with none is a case that nobody waits for.
fn idle(flow: &PlacedFlow, found: &mut Found) {
    let mut seen: BTreeSet<Spot<'_>> = BTreeSet::new();
    let mut open: VecDeque<Spot<'_>> = VecDeque::new();
    let mut reported: BTreeMap<(&str, u32), &Place> = BTreeMap::new();
    let is_idle = |stage: &str, running: &BTreeSet<DeadlineKind>| {
        running.is_empty() && flow.flow.stage(stage).is_some_and(|stage| stage.phase == Phase::Open)
    };
    for (def, place) in flow.actions().filter(|(def, _)| def.verb == Action::Report && def.from.is_empty()) {
        let running = after(def, &BTreeSet::new());
        let stage = def.to.as_deref().unwrap_or(&flow.flow.start);
        if is_idle(stage, &running) {
            reported.insert((stage, place.line), place);
        }
        open.push_back((stage, running));
    }
    while let Some(spot) = open.pop_front() {
        if !seen.insert(spot.clone()) {
            continue;
        }
        let (stage, running) = spot;
        for (def, place) in flow.actions().filter(|(def, _)| def.from.iter().any(|from| from == stage)) {
            let running = after(def, &running);
            let stage = def.to.as_deref().unwrap_or(stage);
            if is_idle(stage, &running) {
                reported.insert((stage, place.line), place);
            }
            open.push_back((stage, running));
        }
    }
    for ((stage, _), place) in reported {
        let name = flow.flow.stage(stage).map_or(stage, |stage| stage.name.as_str());
        let message = format!("经过这个动作，事项到了“{name}”却没有任何时限在走");
        found.error(
            "open_without_deadline",
            &place.key("effects"),
            message,
            "给这个动作的 effects 加上一个 \"start …\"。",
        );
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
            Effect::Pause
            | Effect::Resume
            | Effect::Assign(_)
            | Effect::Seat(_)
            | Effect::CountReopen
            | Effect::Supervise => {}
        }
    }
    running
}
