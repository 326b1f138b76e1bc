//! Duties and checklists: somebody owes them, some record shows them, and nobody writes anything down twice.

use std::collections::BTreeSet;

use linli_kernel::{AreaLevel, CaseKind, Role};

use crate::checklist::Checklist;
use crate::duty::{Duty, DutyEvidence, DutyRhythm, DutyTarget};
use crate::flow::{Relation, Who};
use crate::lint::{Found, chinese, lists, roles};
use crate::load::Draft;
use crate::read::{Place, Placed};
use crate::types::Playbook;

/// Most times in a day, a week, a longer period: more is a quota and no duty.
const fn most_times(rhythm: DutyRhythm) -> u32 {
    match rhythm {
        DutyRhythm::Day => 3,
        DutyRhythm::Week => 7,
        DutyRhythm::Month | DutyRhythm::Quarter | DutyRhythm::Year => 12,
    }
}

pub(crate) fn check(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    for placed in &draft.duty_categories {
        lists::code(&placed.item.code, &placed.place.key("code"), found);
    }
    for (n, placed) in draft.duties.iter().enumerate() {
        duty(draft, playbook, placed, found);
        twice(draft.duties.iter().take(n), placed, found);
    }
    for Placed { item, place } in &draft.self_checks {
        lists::code(&item.id, &place.key("id"), found);
        who(playbook, &item.name, (&item.roles, &item.levels), place, found);
        if item.items.is_empty() {
            found.error("no_items", &place.key("items"), format!("自查“{}”没有看的内容", item.name), "写上 items。");
        }
    }
    draft.checklists.iter().for_each(|placed| checklist(playbook, placed, found));
}

fn duty(draft: &Draft, playbook: &Playbook, placed: &Placed<Duty>, found: &mut Found) {
    let Placed { item: duty, place } = placed;
    lists::code(&duty.id, &place.key("id"), found);
    who(playbook, &duty.name, (&duty.roles, &duty.levels), place, found);
    let categories = || draft.duty_categories.iter().map(|known| known.item.code.as_str());
    if let Some(code) = duty.category.as_deref().filter(|code| categories().all(|known| known != *code)) {
        let message = format!("职责目录里没有类别 {code}");
        found.error("unknown_category", &place.key("category"), message, "写同一个文件里 [[categories]] 有的 code。");
    }
    if duty.times == 0 {
        found.error("out_of_range", &place.key("times"), "次数是 0，永远不会到期", "写大于 0 的数。");
    }
    if duty.times > most_times(duty.rhythm) {
        let message = format!("“{}”一期要 {} 次，成了凑数的指标", duty.name, duty.times);
        let hint = format!("最多写 {}；看事情做没做，不看次数多少。", most_times(duty.rhythm));
        found.error("forbidden_setting", &place.key("times"), message, hint);
    }
    window(duty, place, found);
    evidence(duty, place, found);
    photo(&duty.name, duty.photo_reason.as_deref(), place, found);
}

fn who(playbook: &Playbook, name: &str, (holders, levels): (&[Role], &[AreaLevel]), place: &Place, found: &mut Found) {
    for level in levels.iter().filter(|level| !playbook.levels.contains(level)) {
        let message = format!("“{name}”写给{}，但 levels 里没有这一层级", chinese::level(*level));
        found.error("unknown_level", &place.key("levels"), message, "改成 playbook.toml 的 levels 里有的层级。");
    }
    let can_hold = |role: &Role| roles::can_be(Who { relation: Relation::Seat, role: Some(*role) }, levels);
    if !holders.iter().any(can_hold) {
        let message = format!("没有人会担“{name}”这项职责");
        found.error("nobody_may_take", &place.key("roles"), message, "写这些层级真有的角色；审计员、管理员不办事。");
    }
}

fn window(duty: &Duty, place: &Place, found: &mut Found) {
    let (from, to) = (duty.from_day.unwrap_or(1), duty.to_day.unwrap_or(duty.rhythm.most_days()));
    if from == 0 || to > duty.rhythm.most_days() || from > to {
        let key = if duty.to_day.is_some() { "to_day" } else { "from_day" };
        let hint = format!("写 1 到 {} 之间的日子，from_day 不晚于 to_day。", duty.rhythm.most_days());
        found.error("out_of_range", &place.key(key), format!("“{}”的时段不在一期之内", duty.name), hint);
    }
}

/// What is due for a dwelling or for premises is shown by a record that names it.
fn evidence(duty: &Duty, place: &Place, found: &mut Found) {
    let fits = |evidence: &DutyEvidence| match duty.target {
        DutyTarget::Area => true,
        DutyTarget::VisitList => matches!(evidence, DutyEvidence::Visit | DutyEvidence::Any),
        DutyTarget::KeyPremises => {
            matches!(evidence, DutyEvidence::Inspection | DutyEvidence::Visit | DutyEvidence::Any)
        }
    };
    if duty.evidence.is_empty() {
        let hint = "写上做这件事本来就会留下的记录，如 \"visit\"、\"patrol\"。";
        found.error("no_evidence", &place.key("evidence"), format!("“{}”没有凭据，做了也看不出", duty.name), hint);
    }
    if let Some(n) = duty.evidence.iter().position(|evidence| !fits(evidence)) {
        let hint = "逐户的写 visit，逐个场所的写 inspection 或 visit。";
        let message = format!("“{}”的凭据不说是哪一户、哪一处", duty.name);
        found.error("evidence_without_target", &place.item("evidence", n), message, hint);
    }
}

fn photo(name: &str, reason: Option<&str>, place: &Place, found: &mut Found) {
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        let message = format!("“{name}”必须拍照，却没有说为什么");
        found.error(
            "photos_without_reason",
            &place.key("photo"),
            message,
            "写上 photo_reason = \"…\"，或者不强制拍照。",
        );
    }
}

/// The same record for the same people in the same rhythm, demanded under two names.
fn twice<'a>(before: impl Iterator<Item = &'a Placed<Duty>>, placed: &Placed<Duty>, found: &mut Found) {
    let own = &placed.item;
    let evidence = |duty: &Duty| duty.evidence.iter().copied().collect::<BTreeSet<_>>();
    let same = |other: &&Placed<Duty>| {
        let other = &other.item;
        (other.rhythm, other.target, other.from_day, other.to_day) == (own.rhythm, own.target, own.from_day, own.to_day)
            && evidence(other) == evidence(own)
            && other.roles.iter().any(|role| own.roles.contains(role))
            && other.levels.iter().any(|level| own.levels.contains(level))
    };
    if let Some(other) = before.into_iter().find(same) {
        let message = format!("“{}”和“{}”要的是同一份记录", own.name, other.item.name);
        found.error("forbidden_setting", &placed.place.at(), message, "留下一条：记一次就够，不重复要。");
    }
}

fn checklist(playbook: &Playbook, placed: &Placed<Checklist>, found: &mut Found) {
    let Placed { item: checklist, place } = placed;
    lists::code(&checklist.code, &place.key("code"), found);
    if checklist.items.is_empty() {
        found.error("no_items", &place.key("items"), format!("清单“{}”没有检查项", checklist.name), "写上 items。");
    }
    if playbook.flow(CaseKind::Hazard).is_none() {
        let hint = "在 flows/ 里写一个 kind = \"hazard\" 的流程，或者 extends 一个有的工作法。";
        let message = format!("清单“{}”查出的隐患没有流程可走", checklist.name);
        found.error("checklist_without_flow", &place.at(), message, hint);
    }
    let mut seen = BTreeSet::new();
    for (n, item) in checklist.items.iter().enumerate() {
        let at = place.item("items", n);
        lists::code(&item.code, &at, found);
        if !seen.insert(item.code.as_str()) {
            found.error("duplicate", &at, format!("检查项 {} 写了两次", item.code), "换一个 code。");
        }
        if item.within.n == 0 {
            found.error("deadline_zero", &at, "整改期限是 0", "写一个大于 0 的数。");
        }
        if let Some(code) = item.category.as_deref().filter(|code| playbook.leaves().all(|leaf| leaf.code != *code)) {
            let hint = "写 categories.toml 里有的二级类别，或者不写：按轻重派给所在的网格。";
            found.error("unknown_category", &at, format!("没有类别 {code}"), hint);
        }
        if item.photo_reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            let message = format!("检查项“{}”必须拍照，却没有说为什么", item.text);
            found.error("photos_without_reason", &at, message, "写上 photo_reason = \"…\"，或者不强制拍照。");
        }
    }
}
