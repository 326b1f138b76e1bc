//! One flow, action by action.

use std::collections::BTreeSet;

use linli_kernel::{Action, Approval, AreaLevel, DeadlineKind, TaskKind, Weight};

use crate::effects::{Effect, SeatMove};
use crate::flow::{ActionDef, Field, FieldKind, Relation};
use crate::guards::Guard;
use crate::lint::{Found, chinese, roles};
use crate::read::{Place, PlacedFlow};
use crate::types::Playbook;

pub(crate) fn check(playbook: &Playbook, flow: &PlacedFlow, found: &mut Found) {
    stages(flow, found);
    for (def, place) in flow.actions() {
        arrows(flow, def, place, found);
        people(playbook, def, place, found);
        guards(def, place, found);
        form(def, place, found);
        effects(def, place, found);
    }
    branches(flow, found);
    rules(flow, found);
    clocks(playbook, flow, found);
}

fn stages(flow: &PlacedFlow, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (stage, place) in flow.stages() {
        if !seen.insert(stage.id.as_str()) {
            found.error(
                "duplicate",
                &place.key("id"),
                format!("环节 {} 写了两次", stage.id),
                "删去一个，或者换一个 id。",
            );
        }
    }
    if flow.flow.stage(&flow.flow.start).is_none() {
        unknown_stage(flow, &flow.flow.start, &flow.place, "start", found);
    }
}

fn unknown_stage(flow: &PlacedFlow, id: &str, place: &Place, key: &str, found: &mut Found) {
    let ids: Vec<String> = flow.flow.stages.iter().map(|stage| stage.id.clone()).collect();
    found.error(
        "unknown_stage",
        &place.key(key),
        format!("{key} 里的环节 {id} 不存在"),
        crate::shape::did_you_mean(id, &ids),
    );
}

fn arrows(flow: &PlacedFlow, def: &ActionDef, place: &Place, found: &mut Found) {
    for id in def.from.iter().filter(|id| flow.flow.stage(id).is_none()) {
        unknown_stage(flow, id, place, "from", found);
    }
    if let Some(id) = def.to.as_ref().filter(|id| flow.flow.stage(id).is_none()) {
        unknown_stage(flow, id, place, "to", found);
    }
    if def.from.is_empty() != (def.verb == Action::Report) {
        let message = format!("动作“{}”的 from 不对", def.name);
        found.error("wrong_from", &place.key("from"), message, "report 不写 from；其他动作要写从哪些环节开始。");
    }
}

fn people(playbook: &Playbook, def: &ActionDef, place: &Place, found: &mut Found) {
    let levels: &[AreaLevel] = if def.seat_levels.is_empty() { &playbook.levels } else { &def.seat_levels };
    let at = place.key("who");
    if def.who.iter().all(|who| !roles::can_be(*who, levels)) {
        let message = format!("没有人能做动作“{}”", def.name);
        found.error("nobody_may_take", &at, message, "who 里写上这一层级真有的角色和关系；审计员、管理员不办事。");
    }
    let judges = |verb: Action| matches!(verb, Action::Verify | Action::Reject | Action::Rate);
    let is_apart = |relation: Relation| {
        matches!(relation, Relation::NotHandler | Relation::Reporter) || relation == Relation::System
    };
    if judges(def.verb) && def.who.iter().any(|who| !is_apart(who.relation)) {
        let message = format!("动作“{}”可能由经办人自己来做", def.name);
        found.error("own_work", &at, message, "核查和评价只能写 not_handler（或 reporter）：谁办的谁不核查。");
    }
}

fn guards(def: &ActionDef, place: &Place, found: &mut Found) {
    for guard in &def.guards {
        match guard {
            Guard::Routed | Guard::Unrouted if def.verb != Action::Report => {
                let hint = "这个条件只用在 report 里；去掉它。";
                found.error("guard_never_holds", &place.key("guards"), format!("条件 {guard} 在这里永远不成立"), hint);
            }
            Guard::Field { name, .. } => {
                let is_asked =
                    |field: &Field| field.name == *name && field.required && field.kind == FieldKind::Boolean;
                if !def.form.iter().any(is_asked) {
                    let message = format!("条件 {guard} 要的字段 {name} 不在表单里");
                    let hint = format!("在 form 里写一个必填的 boolean 字段 {name}。");
                    found.error("guard_without_field", &place.key("guards"), message, hint);
                }
            }
            _ if def.verb == Action::Report && !matches!(guard, Guard::Routed | Guard::Unrouted) => {
                let hint = "登记时事项还没有经历，只能用 routed 或 unrouted；去掉它。";
                found.error("guard_never_holds", &place.key("guards"), format!("条件 {guard} 在这里永远不成立"), hint);
            }
            _ => {}
        }
    }
}

fn form(def: &ActionDef, place: &Place, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (n, field) in def.form.iter().enumerate() {
        let at = place.item("form", n);
        if !seen.insert(field.name.as_str()) {
            found.error("duplicate", &at, format!("字段 {} 写了两次", field.name), "换一个 name。");
        }
        match &field.kind {
            FieldKind::Photos { min, reason } => {
                let is_demanded = field.required || *min > 0;
                if is_demanded && reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
                    let message = format!("动作“{}”必须拍照，却没有说为什么", def.name);
                    found.error("photos_without_reason", &at, message, "写上 reason = \"…\"，或者不强制拍照。");
                }
            }
            FieldKind::Choice { options } | FieldKind::Ground { options } => {
                if options.is_empty() {
                    let message = format!("字段“{}”没有可选项", field.label);
                    found.error("no_options", &at, message, "写上 options = [{ value = \"…\", label = \"…\" }]。");
                }
            }
            FieldKind::Text
            | FieldKind::LongText
            | FieldKind::Seat
            | FieldKind::Category
            | FieldKind::Weight
            | FieldKind::Stars
            | FieldKind::Boolean
            | FieldKind::Date
            | FieldKind::Seats
            | FieldKind::Case
            | FieldKind::People
            | FieldKind::Whistle
            | FieldKind::Reply => {}
            FieldKind::Number { min, max } => {
                if min > max {
                    let message = format!("字段“{}”的 min 比 max 大", field.label);
                    found.error("empty_range", &at, message, "把 min 写小，或者把 max 写大。");
                }
            }
        }
    }
    let requires = |wanted: fn(&FieldKind) -> bool| def.form.iter().any(|field| field.required && wanted(&field.kind));
    if def.verb == Action::Settle && !requires(|kind| matches!(kind, FieldKind::Reply)) {
        let message = format!("动作“{}”不要求四要素答复", def.name);
        found.error("settle_without_reply", &place.key("form"), message, "在 form 里写一个必填的 kind = \"reply\"。");
    }
    if def.verb == Action::SendBack && !requires(|kind| matches!(kind, FieldKind::Ground { .. })) {
        let message = format!("动作“{}”不要求理由", def.name);
        found.error(
            "send_back_without_ground",
            &place.key("form"),
            message,
            "在 form 里写一个必填的 kind = \"ground\"。",
        );
    }
}

fn effects(def: &ActionDef, place: &Place, found: &mut Found) {
    let chooses = def.effects.contains(&Effect::Seat(SeatMove::Chosen));
    // A ruling names the seat only when it goes elsewhere: the engine asks for it then.
    let asks = |field: &Field| field.kind == FieldKind::Seat && (field.required || def.verb == Action::Rule);
    if chooses && !def.form.iter().any(asks) {
        let message = format!("动作“{}”要派给所选的人，表单里却没有选", def.name);
        found.error("seat_not_asked", &place.key("effects"), message, "在 form 里写一个必填的 kind = \"seat\"。");
    }
    for effect in &def.effects {
        let Some((word, wanted)) = wanted_field(effect) else { continue };
        if !def.form.iter().any(|field| field.required && wanted(&field.kind)) {
            let message = format!("动作“{}”的效果 {effect} 要填 {word}，表单里却没有", def.name);
            let hint = format!("在 form 里写一个必填的 kind = \"{word}\"。");
            found.error("effect_cannot_happen", &place.key("effects"), message, hint);
        }
    }
}

/// Whether a field is of a kind.
type IsKind = fn(&FieldKind) -> bool;

/// The kind of field without which an effect cannot happen.
fn wanted_field(effect: &Effect) -> Option<(&'static str, IsKind)> {
    match effect {
        Effect::Ask(Approval::Extension) => Some(("number", |kind| matches!(kind, FieldKind::Number { .. }))),
        Effect::Ask(Approval::Suspension) => Some(("date", |kind| matches!(kind, FieldKind::Date))),
        Effect::Ask(Approval::Exclusion) => Some(("ground", |kind| matches!(kind, FieldKind::Ground { .. }))),
        Effect::Merge => Some(("case", |kind| matches!(kind, FieldKind::Case))),
        Effect::Call(TaskKind::Whistle) => Some(("whistle", |kind| matches!(kind, FieldKind::Whistle))),
        Effect::Call(TaskKind::Help | TaskKind::Force) => Some(("seats", |kind| matches!(kind, FieldKind::Seats))),
        Effect::Call(TaskKind::External) => Some(("text", |kind| matches!(kind, FieldKind::Text))),
        Effect::OpenForce => Some(("people", |kind| matches!(kind, FieldKind::People))),
        Effect::SetPrivacy => Some(("boolean", |kind| matches!(kind, FieldKind::Boolean))),
        _ => None,
    }
}

/// What linli does by itself is something that it may do.
fn rules(flow: &PlacedFlow, found: &mut Found) {
    for (rule, place) in flow.rules() {
        let may = |def: &ActionDef| def.verb == rule.take && def.who.iter().any(|who| who.relation == Relation::System);
        if !flow.flow.actions.iter().any(may) {
            let message = format!("自动规则要做 {}，但没有系统能做的这个动作", rule.take);
            let hint = format!("写一个 verb = \"{}\"、who 含 {{ relation = \"system\" }} 的动作。", rule.take);
            found.error("rule_without_action", &place.key("take"), message, hint);
        }
        if rule.when.iter().any(Guard::is_about_form) || rule.when.is_empty() {
            let hint = "写事项自己的情况，如 \"sent_back >= 2\"。";
            found.error("guard_never_holds", &place.key("when"), "自动规则的条件要能自己成立", hint);
        }
    }
}

/// Actions of one verb from one stage that differ by what is said are one button: they need one form.
fn branches(flow: &PlacedFlow, found: &mut Found) {
    let branching = |def: &ActionDef| def.guards.iter().any(Guard::is_about_form);
    for (n, (def, place)) in flow.actions().enumerate() {
        let same = |other: &&ActionDef| {
            other.verb == def.verb && branching(other) && other.from.iter().any(|stage| def.from.contains(stage))
        };
        let first = flow.flow.actions.iter().take(n).find(same);
        if branching(def) && first.is_some_and(|first| first.form != def.form) {
            let message = format!("动作“{}”的几条分支表单不一样", def.name);
            found.error(
                "forms_differ",
                &place.key("form"),
                message,
                "同一个按钮只有一张表单；把各分支的 form 写成一样。",
            );
        }
    }
}

/// Every deadline that an action starts has a rule, whatever the weight and wherever the seat.
fn clocks(playbook: &Playbook, flow: &PlacedFlow, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (def, place) in flow.actions() {
        for effect in &def.effects {
            let Some(kind) = effect.starts() else { continue };
            let gaps = if seen.insert(kind) { gaps(playbook, kind) } else { Vec::new() };
            if let Some((weight, level)) = gaps.first() {
                let example = format!("{}、{}", chinese::weight(*weight), chinese::level(*level));
                let (name, n) = (chinese::deadline(kind), gaps.len());
                let message = format!("{name}时限没有规则：{n} 种情形（如{example}）会没有期限");
                let hint = format!("在 deadlines.toml 里写一条 kind = \"{kind}\"，不写 weight 和 level 就管所有情形。");
                found.error("deadline_without_clock", &place.key("effects"), message, hint);
            }
        }
    }
}

fn gaps(playbook: &Playbook, kind: DeadlineKind) -> Vec<(Weight, AreaLevel)> {
    let all = Weight::ALL.iter().flat_map(|weight| playbook.levels.iter().map(move |level| (*weight, *level)));
    all.filter(|(weight, level)| playbook.deadline(kind, None, *weight, *level).is_none()).collect()
}
