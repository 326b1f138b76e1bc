//! Indicators: a figure that can be checked, of what can happen under this playbook.

use std::collections::BTreeSet;

use linli_kernel::{Action, Approval, AreaLevel, DeadlineKind, TaskAction, TaskKind};

use crate::effects::Effect;
use crate::flow::{ActionDef, FieldKind};
use crate::indicator::{Indicator, IndicatorHit, IndicatorKind, IndicatorSubject, MOST_INDICATORS};
use crate::lint::{Found, chinese, lists};
use crate::load::Draft;
use crate::read::Place;
use crate::tasks::TaskClocks;
use crate::types::Playbook;

pub(crate) fn check(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    let own_files = format!("{}/", draft.head.id);
    for (n, placed) in draft.indicators.iter().enumerate() {
        let (item, place) = (&placed.item, &placed.place);
        lists::code(&item.id, &place.key("id"), found);
        parts(item, place, found);
        words(item, place, found);
        // Inherited figures are left alone: a playbook with levels, lists and flows of its own need not count all that the one
        // it extends does.
        if place.file.starts_with(&own_files) {
            names(playbook, item, place, found);
            can_be(playbook, item, place, found);
        }
        if n == MOST_INDICATORS {
            let hint = "删去不看的指标，留下真正用得上的。";
            found.error("too_many_indicators", &place.at(), format!("指标超过 {MOST_INDICATORS} 个"), hint);
        }
    }
}

/// A key that this figure needs, or has no use for.
fn parts(item: &Indicator, place: &Place, found: &mut Found) {
    let mut need = |key: &str, is_there: bool, is_needed: bool, why: &str| match (is_there, is_needed) {
        (false, true) => found.error(
            "indicator_incomplete",
            &place.at(),
            format!("指标 {} 缺少 {key}", item.id),
            format!("{why}，要写上 {key}。"),
        ),
        (true, false) => found.error(
            "indicator_mismatch",
            &place.key(key),
            format!("指标 {} 用不上 {key}", item.id),
            format!("去掉这一行：{why}才写它。"),
        ),
        (true, true) | (false, false) => {}
    };
    let is_share = item.kind == IndicatorKind::Share;
    need("hit", item.hit.is_some(), is_share, "kind = \"share\"");
    need("on", !item.events.is_empty(), item.of == IndicatorSubject::Event, "of = \"event\"");
    need("clock", item.clock.is_some(), item.of == IndicatorSubject::Clock, "of = \"clock\"");
    need("level", item.level.is_some(), item.hit == Some(IndicatorHit::Within), "hit = \"within\"");
    if item.of != IndicatorSubject::Clock {
        need("task", item.task.is_some(), false, "of = \"clock\"");
    }
    if item.hit != Some(IndicatorHit::Within) {
        need("outside", !item.outside.is_empty(), false, "hit = \"within\"");
    }
    if item.kind != IndicatorKind::Stock || item.of != IndicatorSubject::Open {
        need("per", item.per.is_some(), false, "kind = \"stock\"、of = \"open\"");
    }
    if !is_share {
        need("healthy", item.healthy.is_some(), false, "kind = \"share\"");
    }
    if let Some(hit) = item.hit.filter(|hit| hit.subject() != item.of) {
        found.error(
            "indicator_mismatch",
            &place.key("hit"),
            format!("{} 说的是 of = \"{}\"，这里却是 \"{}\"", hit.as_str(), hit.subject().as_str(), item.of.as_str()),
            format!("改成 of = \"{}\"，或者换一个 hit。", hit.subject().as_str()),
        );
    }
    if !fits(item.kind, item.of) {
        found.error(
            "indicator_mismatch",
            &place.key("of"),
            format!("kind = \"{}\" 不能数 \"{}\"", item.kind.as_str(), item.of.as_str()),
            "stock 只数 open、suspended；duration 只数 clock、settlement、ending；其余见 docs/playbooks.md。",
        );
    }
    if item.healthy.is_some_and(|band| band.from >= band.to || band.to > 100) {
        let hint = "写成 healthy = { from = 1, to = 15 }，单位是百分之几。";
        found.error("bad_band", &place.key("healthy"), "健康区间不是从小到大、100 以内", hint);
    }
}

const fn fits(kind: IndicatorKind, of: IndicatorSubject) -> bool {
    match kind {
        IndicatorKind::Stock => matches!(of, IndicatorSubject::Open | IndicatorSubject::Suspended),
        IndicatorKind::Duration => {
            matches!(of, IndicatorSubject::Clock | IndicatorSubject::Settlement | IndicatorSubject::Ending)
        }
        IndicatorKind::Count | IndicatorKind::Share => {
            !matches!(of, IndicatorSubject::Open | IndicatorSubject::Suspended)
        }
    }
}

/// A share that does not say what it is a share of cannot be checked by anybody.
fn words(item: &Indicator, place: &Place, found: &mut Found) {
    for (key, words) in [("numerator", &item.numerator), ("denominator", &item.denominator)] {
        if item.kind == IndicatorKind::Share && words.is_none() {
            found.error(
                "indicator_without_words",
                &place.at(),
                format!("比率 {} 没有写明{}", item.id, if key == "numerator" { "分子" } else { "分母" }),
                format!("补上一行 {key} = \"…\"，用平常话说清数的是什么。"),
            );
        }
    }
}

/// Names of things that are not there.
fn names(playbook: &Playbook, item: &Indicator, place: &Place, found: &mut Found) {
    let known: BTreeSet<&str> = events_there_are().collect();
    for (n, event) in item.events.iter().enumerate().filter(|(_, event)| !known.contains(event.as_str())) {
        let hint = format!("可以写的有：{}。", known.iter().copied().collect::<Vec<_>>().join("、"));
        found.error("unknown_event", &place.item("on", n), format!("没有“{event}”这种事件"), hint);
    }
    for code in item.only.categories.iter().filter(|code| playbook.category(code).is_none()) {
        lists::unknown_category(code, &place.key("only"), found);
    }
    let of_level = item.level.map(|level| ("level", level));
    let levels = item.only.levels.iter().map(|level| ("only", *level)).chain(of_level);
    for (key, level) in levels.filter(|(_, level)| !has_level(playbook, *level)) {
        let message = format!("指标写给{}，但 levels 里没有这一层级", chinese::level(level));
        found.error("unknown_level", &place.key(key), message, "改成 levels 里有的层级。");
    }
    let mut grounds = |key: &str, codes: &[String], verb: Action, button: &str| {
        let known = grounds_of(playbook, verb);
        for (n, code) in codes.iter().enumerate().filter(|(_, code)| !known.contains(code.as_str())) {
            let hint = match known.is_empty() {
                true => format!("流程里没有{button}理由可选。"),
                false => format!("可以写的有：{}。", known.iter().copied().collect::<Vec<_>>().join("、")),
            };
            found.error("unknown_ground", &place.item(key, n), format!("{button}理由里没有“{code}”"), hint);
        }
    };
    grounds("exclusions", item.exclusions.as_deref().unwrap_or_default(), Action::AskExclusion, "剔除");
    grounds("outside", &item.outside, Action::Close, "结案");
}

/// A level that answers for cases. `settled within the city` means something where only its counties answer.
fn has_level(playbook: &Playbook, level: AreaLevel) -> bool {
    level == AreaLevel::City || playbook.levels.contains(&level)
}

fn events_there_are() -> impl Iterator<Item = &'static str> {
    let verbs = Action::ALL.iter().map(|verb| verb.event());
    let tasks = TaskAction::ALL.iter().map(|verb| verb.event());
    verbs.chain(tasks).chain(["deadline_breached", "task_called"])
}

fn grounds_of(playbook: &Playbook, verb: Action) -> BTreeSet<&str> {
    let forms = actions(playbook).filter(|def| def.verb == verb).flat_map(|def| &def.form);
    let grounds = forms.filter(|field| matches!(field.kind, FieldKind::Ground { .. }));
    grounds.flat_map(|field| field.kind.options()).map(|option| option.value.as_str()).collect()
}

fn actions(playbook: &Playbook) -> impl Iterator<Item = &ActionDef> {
    playbook.flows.iter().flat_map(|flow| &flow.actions)
}

/// What no case can come to is not counted: a figure that is always nothing looks like praise or blame and is neither.
fn can_be(playbook: &Playbook, item: &Indicator, place: &Place, found: &mut Found) {
    let mut never = |key: &str, what: String, hint: &str| {
        found.error("never_counted", &place.key(key), format!("指标 {} 永远数不到：{what}", item.id), hint);
    };
    for kind in item.only.kinds.iter().filter(|kind| playbook.flow(**kind).is_none()) {
        never("only", format!("没有 {} 的流程", kind.as_str()), "去掉这一类，或者写上它的流程。");
    }
    let happens = events_that_happen(playbook);
    let known: BTreeSet<&str> = events_there_are().collect();
    let lost = |event: &&String| known.contains(event.as_str()) && !happens.contains(event.as_str());
    if let Some(event) = item.events.iter().find(lost) {
        never("on", format!("没有动作会留下“{event}”"), "换一个会发生的事件。");
    }
    if let Some(clock) = item.clock.filter(|clock| !runs(playbook, *clock, item.task)) {
        let what = format!("没有动作会开始{}时限", chinese::deadline(clock));
        never("clock", what, "换一种时限；任务的时限在 tasks.toml 里写。");
    }
    let needed: &[&str] = match item.of {
        IndicatorSubject::SendBack => &["sent_back"],
        IndicatorSubject::Rating => &["rated", "followed_up"],
        IndicatorSubject::FollowUp => &["followed_up"],
        IndicatorSubject::Suspended => &["suspended"],
        IndicatorSubject::Report
        | IndicatorSubject::Event
        | IndicatorSubject::Closing
        | IndicatorSubject::Clock
        | IndicatorSubject::Dispatch
        | IndicatorSubject::Settlement
        | IndicatorSubject::Ending
        | IndicatorSubject::Open => &[],
    };
    if !needed.is_empty() && !needed.iter().any(|event| happens.contains(event)) {
        never("of", format!("流程里没有“{}”", needed.join("、")), "流程里没有这一步，就不要数它。");
    }
    let of_hit = match item.hit {
        Some(IndicatorHit::SentBack) => Some("sent_back"),
        Some(IndicatorHit::Overruled) => Some("ruled"),
        Some(IndicatorHit::Reopened) => Some("reopened"),
        Some(IndicatorHit::Whistled) => Some("whistled"),
        Some(
            IndicatorHit::InTime
            | IndicatorHit::Within
            | IndicatorHit::Solved
            | IndicatorHit::Satisfied
            | IndicatorHit::Reached,
        )
        | None => None,
    };
    if let Some(event) = of_hit.filter(|event| !happens.contains(event)) {
        never("hit", format!("流程里没有“{event}”"), "流程里没有这一步，就不要数它。");
    }
}

fn events_that_happen(playbook: &Playbook) -> BTreeSet<&str> {
    let mut happens = BTreeSet::from(["dispatched", "deadline_breached"]);
    for def in actions(playbook) {
        happens.insert(def.verb.event());
        if def.effects.contains(&Effect::CountReopen) {
            happens.insert("reopened");
        }
        if def.effects.iter().any(|effect| matches!(effect, Effect::Call(_))) {
            happens.insert("task_called");
            happens.extend(TaskAction::ALL.iter().map(|verb| verb.event()));
        }
    }
    happens
}

/// Whether a clock of the kind ever runs.
fn runs(playbook: &Playbook, clock: DeadlineKind, task: Option<TaskKind>) -> bool {
    let Some(task) = task else {
        let implied = |effect: &Effect| match effect {
            Effect::Ask(_) => clock == DeadlineKind::Approve,
            Effect::Grant(Approval::Suspension) => clock == DeadlineKind::Review,
            Effect::Sample => clock == DeadlineKind::FollowUp,
            _ => effect.starts() == Some(clock),
        };
        return actions(playbook).flat_map(|def| &def.effects).any(implied);
    };
    let has = |clocks: &TaskClocks| match clock {
        DeadlineKind::Sign => clocks.sign.is_some(),
        DeadlineKind::Contact => clocks.contact.is_some(),
        DeadlineKind::Arrive => clocks.arrive.is_some(),
        DeadlineKind::Handle => clocks.handle.is_some(),
        _ => false,
    };
    let is_called = actions(playbook).any(|def| def.effects.contains(&Effect::Call(task)));
    let of_whistles = task == TaskKind::Whistle && playbook.whistles.iter().any(|whistle| has(&whistle.clocks));
    is_called && (of_whistles || has(&playbook.task_clocks(task, None, None).0))
}
