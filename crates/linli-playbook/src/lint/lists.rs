//! The lists: levels, categories, units, responsibilities, deadlines.

use std::collections::{BTreeMap, BTreeSet};

use linli_kernel::{AreaLevel, DutyKind, Weight};

use crate::effects::Effect;
use crate::lint::{Found, chinese};
use crate::load::Draft;
use crate::lookup::ANY_CATEGORY;
use crate::read::{At, Placed};
use crate::types::{Category, DeadlineRule, Host, Playbook, Responsibility, UnitDef};

pub(crate) fn check(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    head(draft, found);
    draft.categories.iter().for_each(|placed| category(playbook, placed, found));
    keywords(&draft.categories, found);
    draft.units.iter().for_each(|placed| unit(placed, found));
    draft.responsibilities.iter().for_each(|placed| responsibility(playbook, placed, found));
    coverage(draft, playbook, found);
    draft.deadlines.iter().for_each(|placed| deadline(playbook, placed, found));
    never_started(draft, found);
}

fn head(draft: &Draft, found: &mut Found) {
    let head = &draft.head;
    let top = At { file: format!("{}/playbook.toml", head.id), line: 1 };
    let at = |key: &str| head.at.get(key).or_else(|| head.at.get(key.split('.').next()?)).unwrap_or(&top);
    let levels = head.levels.as_deref().unwrap_or_default();
    if levels.is_empty() {
        found.error(
            "no_levels",
            at("levels"),
            "没有写哪些层级承办事项",
            "写上 levels = [\"county\", \"street\", \"community\", \"grid\"]",
        );
    }
    if levels.iter().collect::<BTreeSet<_>>().len() != levels.len() {
        found.error("duplicate", at("levels"), "levels 里有层级写了两次", "每个层级只写一次。");
    }
    for weight in Weight::ALL {
        let key = format!("first_seat.{weight}");
        match head.first_seat.get(weight) {
            None => {
                let message = format!("轻重“{}”没有首派层级", chinese::weight(*weight));
                found.error(
                    "weight_without_seat",
                    at(&key),
                    message,
                    format!("在 [first_seat] 里写上 {weight} = \"…\""),
                );
            }
            Some(level) if !levels.contains(level) => {
                let message = format!(
                    "轻重“{}”首派到{}，但 levels 里没有这一层级",
                    chinese::weight(*weight),
                    chinese::level(*level)
                );
                found.error("weight_without_seat", at(&key), message, "改成 levels 里有的层级，或者把它加进 levels。");
            }
            Some(_) => {}
        }
    }
}

fn category(playbook: &Playbook, placed: &Placed<Category>, found: &mut Found) {
    let Placed { item: category, place } = placed;
    code(&category.code, &place.key("code"), found);
    if let Some(parent) = &category.parent {
        match playbook.category(parent) {
            None => unknown_category(parent, &place.key("parent"), found),
            Some(above) if above.parent.is_some() || *parent == category.code => {
                let message = format!("“{}”在第三级：上级“{}”自己也有上级", category.name, above.name);
                found.error("too_deep", &place.key("parent"), message, "类别只有两级；把它放到一级类别下面。");
            }
            Some(_) => {}
        }
    }
    if category.emergency.as_ref().is_some_and(|text| text.trim().is_empty()) {
        let message = format!("紧急类别“{}”没有写给居民看的话", category.name);
        found.error(
            "emergency_without_text",
            &place.key("emergency"),
            message,
            "写明先做什么、打哪个电话，例如：请立即离开现场，拨打 119。",
        );
    }
}

fn keywords(categories: &[Placed<Category>], found: &mut Found) {
    let mut owners: BTreeMap<&str, &Category> = BTreeMap::new();
    for Placed { item: category, place } in categories {
        for (n, word) in category.keywords.iter().enumerate() {
            if let Some(other) = owners.insert(word.as_str(), category) {
                let message = format!("关键词“{word}”已经属于“{}”", other.name);
                found.warning(
                    "keyword_twice",
                    &place.item("keywords", n),
                    message,
                    "一个关键词只归一个类别，否则推荐时分不清。",
                );
            }
        }
    }
}

fn unit(placed: &Placed<UnitDef>, found: &mut Found) {
    let Placed { item: unit, place } = placed;
    code(&unit.code, &place.key("code"), found);
    if Host::from(unit.code.clone()) == Host::Seat {
        found.error("reserved", &place.key("code"), "单位代码不能叫 seat", "seat 表示当地的人；换一个代码。");
    }
    if let Some(area) = unit.area.filter(|area| area.level() != unit.level) {
        let message = format!("{}的区域 {area} 不是{}一级", unit.name, chinese::level(unit.level));
        found.error("unit_at_wrong_level", &place.key("area"), message, "区域编码的层级要和 level 一致。");
    }
}

pub(super) fn code(code: &str, at: &At, found: &mut Found) {
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !code.chars().all(is_good) {
        found.error("bad_code", at, format!("代码“{code}”里有不能用的字符"), "只用小写字母、数字和下划线。");
    }
}

pub(super) fn unknown_category(code: &str, at: &At, found: &mut Found) {
    found.error("unknown_category", at, format!("没有类别 {code}"), "写 categories.toml 里有的 code。");
}

fn responsibility(playbook: &Playbook, placed: &Placed<Responsibility>, found: &mut Found) {
    let Placed { item: line, place } = placed;
    if line.category != ANY_CATEGORY && playbook.category(&line.category).is_none() {
        unknown_category(&line.category, &place.key("category"), found);
    }
    let keys = std::iter::once(("host", &line.host)).chain(line.helpers.iter().map(|helper| ("helpers", helper)));
    for (key, host) in keys {
        if let Host::Unit(code) = host {
            match playbook.unit(code) {
                None => found.error(
                    "unknown_unit",
                    &place.key(key),
                    format!("没有单位 {code}"),
                    "写 units.toml 里有的 code，或者写 seat。",
                ),
                Some(unit) if key == "host" && unit.level > line.level => {
                    let message = format!(
                        "{}在{}一级，不能主办{}的事项",
                        unit.name,
                        chinese::level(unit.level),
                        chinese::level(line.level)
                    );
                    found.error("unit_at_wrong_level", &place.key(key), message, "主办单位要在同一层级或更高的层级。");
                }
                Some(_) => {}
            }
        }
    }
    // Whoever hosts in truth: a line may name a unit above its own level.
    let host_level = match &line.host {
        Host::Seat => line.level,
        Host::Unit(code) => playbook.unit(code).map_or(line.level, |unit| unit.level),
    };
    let is_taken_back = line.duty == DutyKind::TakenBack || !playbook.may_sit_at(Some(&line.category), host_level);
    if is_taken_back && host_level > AreaLevel::County {
        let name = category_name(playbook, &line.category);
        let message = format!("“{name}”已由上级收回，不能再派给{}", chinese::level(host_level));
        let hint = "上级收回的事项由县级以上部门主办；把 level 改成 county，host 写部门。";
        found.error("taken_back_dispatched_down", &place.key("level"), message, hint);
    } else if line.duty != DutyKind::Basic && line.host == Host::Seat {
        let message = format!("“{}”不是基本履职事项，主办却是当地", category_name(playbook, &line.category));
        found.error(
            "duty_without_unit",
            &place.key("host"),
            message,
            "配合履职和上级收回的事项要由部门主办，当地写进 helpers。",
        );
    }
}

fn category_name<'a>(playbook: &'a Playbook, code: &'a str) -> &'a str {
    playbook.category(code).map_or(code, |category| category.name.as_str())
}

/// Each leaf has a host where its default weight seats it.
fn coverage(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    let leaves: BTreeSet<&str> = playbook.leaves().map(|leaf| leaf.code.as_str()).collect();
    for Placed { item: category, place } in
        draft.categories.iter().filter(|placed| leaves.contains(placed.item.code.as_str()))
    {
        let level = playbook.first_level(Some(&category.code), category.default_weight);
        match playbook.responsible(Some(&category.code), level) {
            None => {
                let message = format!("“{}”在{}没有人负责", category.name, chinese::level(level));
                let hint = format!(
                    "在 responsibilities.toml 里写一条 category = \"{}\"、level = \"{level}\"。",
                    category.code
                );
                found.error("nobody_responsible", &place.key("code"), message, hint);
            }
            Some(line) if category.duty != DutyKind::Basic && level <= AreaLevel::County && line.host == Host::Seat => {
                let message = format!("“{}”不是基本履职事项，却没有写明主办部门", category.name);
                found.warning(
                    "duty_without_unit",
                    &place.key("code"),
                    message,
                    "在 responsibilities.toml 里给它写一个县级主办部门。",
                );
            }
            Some(_) => {}
        }
    }
}

fn deadline(playbook: &Playbook, placed: &Placed<DeadlineRule>, found: &mut Found) {
    let Placed { item: rule, place } = placed;
    if let Some(category) = rule.category.as_ref().filter(|code| playbook.category(code).is_none()) {
        unknown_category(category, &place.key("category"), found);
    }
    if let Some(level) = rule.level.filter(|level| !playbook.levels.contains(level)) {
        let message = format!("时限写给{}，但 levels 里没有这一层级", chinese::level(level));
        found.error("unknown_level", &place.key("level"), message, "改成 levels 里有的层级。");
    }
    if rule.amount.n == 0 {
        found.error("deadline_zero", &place.key("amount"), "时限是 0", "写一个大于 0 的数；不要时限就删去这一条。");
    }
    let is_too_long = |soon: &linli_kernel::Amount| soon.unit == rule.amount.unit && soon.n >= rule.amount.n;
    if rule.amount.n > 0 && rule.soon.as_ref().is_some_and(is_too_long) {
        found.error(
            "soon_too_long",
            &place.key("soon"),
            "“快到期”的提前量不短于时限本身",
            "把 soon 写得比 amount 短。",
        );
    }
}

/// Inherited rules are left alone: a playbook with a flow of its own need not start every kind of the one it extends.
fn never_started(draft: &Draft, found: &mut Found) {
    let own_files = format!("{}/", draft.head.id);
    let effects = draft.flows.iter().flat_map(|flow| &flow.flow.actions).flat_map(|def| &def.effects);
    let started: BTreeSet<_> = effects.filter_map(Effect::starts).collect();
    for Placed { item: rule, place } in draft
        .deadlines
        .iter()
        .filter(|placed| !started.contains(&placed.item.kind) && placed.place.file.starts_with(&own_files))
    {
        let message = format!("没有动作会开始{}时限，这条规则不起作用", chinese::deadline(rule.kind));
        found.error(
            "deadline_never_started",
            &place.key("kind"),
            message,
            format!("在流程里给一个动作写上 \"start {}\"，或者删去这条规则。", rule.kind),
        );
    }
}
