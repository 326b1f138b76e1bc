//! Who is called beside the seat: units and levels that are there, clocks that run, whistles that somebody can blow.

use linli_kernel::{Amount, TaskKind};

use crate::effects::{Effect, SeatMove};
use crate::flow::ActionDef;
use crate::lint::{Found, chinese};
use crate::load::Draft;
use crate::read::{At, Place, Placed};
use crate::tasks::{TaskClocks, WhistleKind};
use crate::types::Playbook;

pub(crate) fn check(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    for Placed { item: rule, place } in &draft.tasks {
        unit(playbook, rule.unit.as_deref(), &place.key("unit"), found);
        clocks(&rule.clocks, place, found);
    }
    for Placed { item, place } in &draft.whistles {
        whistle(draft, playbook, item, place, found);
    }
    for (def, place) in draft.flows.iter().flat_map(|flow| flow.actions()) {
        def.effects.iter().for_each(|effect| call(playbook, def, *effect, place, found));
    }
    for Placed { item, place } in &draft.templates {
        if let Some(code) = item.category.as_deref().filter(|code| playbook.category(code).is_none()) {
            let at = place.key("category");
            found.error("unknown_category", &at, format!("没有类别 {code}"), "写 categories.toml 里有的 code。");
        }
    }
    settings(draft, playbook, found);
}

fn unit(playbook: &Playbook, code: Option<&str>, at: &At, found: &mut Found) {
    if let Some(code) = code.filter(|code| playbook.unit(code).is_none()) {
        found.error("unknown_unit", at, format!("没有单位 {code}"), "写 units.toml 里有的 code。");
    }
}

fn clocks(clocks: &TaskClocks, place: &Place, found: &mut Found) {
    let amounts: [(&str, Option<Amount>); 4] =
        [("sign", clocks.sign), ("contact", clocks.contact), ("arrive", clocks.arrive), ("handle", clocks.handle)];
    for (key, _) in amounts.iter().filter(|(_, amount)| amount.is_some_and(|amount| amount.n == 0)) {
        found.error("deadline_zero", &place.key(key), "时限是 0", "写一个大于 0 的数；不要时限就删去这一项。");
    }
}

fn whistle(draft: &Draft, playbook: &Playbook, whistle: &WhistleKind, place: &Place, found: &mut Found) {
    for (n, code) in whistle.units.iter().enumerate() {
        unit(playbook, Some(code), &place.item("units", n), found);
    }
    for level in whistle.levels.iter().filter(|level| !playbook.levels.contains(level)) {
        let message = format!("“{}”写给{}，但 levels 里没有这一层级", whistle.name, chinese::level(*level));
        found.error("unknown_level", &place.key("levels"), message, "改成 levels 里有的层级。");
    }
    clocks(&whistle.clocks, place, found);
    let blows = |def: &&ActionDef| def.effects.contains(&Effect::Call(TaskKind::Whistle));
    let may =
        |def: &ActionDef| def.who.iter().any(|who| who.role.is_none_or(|role| whistle.initiators.contains(&role)));
    let mut blowing = draft.flows.iter().flat_map(|flow| &flow.flow.actions).filter(blows).peekable();
    // A playbook whose flows know no whistle need not unlearn those that it inherits.
    if blowing.peek().is_some() && !blowing.any(may) {
        let message = format!("没有人能吹“{}”", whistle.name);
        let hint = "initiators 里写流程的吹哨动作（whistle）里有的角色。";
        found.error("nobody_may_take", &place.key("initiators"), message, hint);
    }
}

/// Whoever is called has a clock.
fn call(playbook: &Playbook, def: &ActionDef, effect: Effect, place: &Place, found: &mut Found) {
    let Effect::Call(kind) = effect else { return };
    let at = place.key("effects");
    if kind == TaskKind::Whistle {
        if playbook.whistles.is_empty() {
            let message = format!("动作“{}”要吹哨，却没有哪一种哨", def.name);
            found.error("effect_cannot_happen", &at, message, "在 tasks.toml 里写一个 [[whistles]]。");
        }
        return;
    }
    let (clocks, _) = playbook.task_clocks(kind, None, None);
    if clocks == TaskClocks::default() {
        let message = format!("动作“{}”请来的单位没有任何时限", def.name);
        let hint = format!("在 tasks.toml 里写一条 kind = \"{kind}\" 的 [[tasks]]，至少写 sign 或 handle。");
        found.error("deadline_without_clock", &at, message, hint);
    }
}

fn settings(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    let top = At { file: format!("{}/playbook.toml", draft.head.id), line: 1 };
    let at = |key: &str| {
        let own = draft.head.at.get(&format!("settings.{key}"));
        own.or_else(|| draft.head.at.get("settings")).unwrap_or(&top)
    };
    let settings = &playbook.settings;
    let rules = Effect::Seat(SeatMove::Arbiter);
    let has_rulings = playbook.flows.iter().flat_map(|flow| &flow.actions).any(|def| def.effects.contains(&rules));
    if has_rulings && !playbook.levels.contains(&settings.arbiter_level) {
        let message = format!("由{}裁定，但 levels 里没有这一层级", chinese::level(settings.arbiter_level));
        found.error("unknown_level", at("arbiter_level"), message, "把 arbiter_level 改成 levels 里有的层级。");
    }
    if settings.follow_up_percent > 100 {
        found.error("out_of_range", at("follow_up_percent"), "回访比例超过 100", "写 0 到 100。");
    }
    if settings.hot_spot_cases > 0 && settings.hot_spot_days == 0 {
        found.error("out_of_range", at("hot_spot_days"), "热点的天数是 0，永远不会有热点", "写大于 0 的天数。");
    }
    if settings.visit_problem_visits == 1 {
        let message = "走访问题的次数是 1，每一条走访记录都会成为问题";
        found.error("out_of_range", at("visit_problem_visits"), message, "写 2 以上的次数；写 0 表示不汇总。");
    }
    // Each look reads so many days of a community: a quarter is what a page can wait for.
    if settings.visit_problem_visits > 0 && !(1..=92).contains(&settings.visit_problem_days) {
        let message = "走访问题的天数不在 1 到 92 之间";
        found.error("out_of_range", at("visit_problem_days"), message, "写 1 到 92 的天数。");
    }
}
