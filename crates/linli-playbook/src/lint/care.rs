//! Care: nobody without a basis, nothing without an end, no reader who gives no help.

use crate::care::{
    CareBasis, CareCategory, CarePackage, CarePlan, HELPING_ROLES, MOST_EXPIRES_MONTHS, MOST_REVIEW_MONTHS,
};
use crate::lint::Found;
use crate::load::Draft;
use crate::read::{At, Place};
use crate::types::{Host, Playbook};

/// The longest rhythm of visits and of services. Unit: days.
const MOST_DAYS: u32 = 366;

pub(crate) fn check(draft: &Draft, playbook: &Playbook, found: &mut Found) {
    for placed in &draft.care_services {
        code(&placed.item.code, &placed.place.key("code"), found);
        if placed.item.every_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            let message = format!("服务 {} 的间隔不在 1–{MOST_DAYS} 天之内", placed.item.code);
            found.error("care_rhythm", &placed.place.key("every_days"), message, "写几天一次；只做一次就去掉这一行。");
        }
        if placed.item.standing && placed.item.every_days.is_some() {
            let message = format!("服务 {} 既是长期的又写了几天一次", placed.item.code);
            found.error("care_rhythm", &placed.place.key("standing"), message, "长期的不用逐次记录，两样只留一样。");
        }
    }
    for placed in &draft.care_packages {
        code(&placed.item.code, &placed.place.key("code"), found);
        package(playbook, &placed.item, &placed.place, found);
    }
    for placed in &draft.care_plans {
        code(&placed.item.code, &placed.place.key("code"), found);
        plan(playbook, &placed.item, &placed.place, found);
    }
    for placed in &draft.care_categories {
        code(&placed.item.code, &placed.place.key("code"), found);
        basis(&placed.item, &placed.place, found);
        time(&placed.item, &placed.place, found);
        who(playbook, &placed.item, &placed.place, found);
        plans(playbook, &placed.item, &placed.place, found);
    }
}

fn code(code: &str, at: &At, found: &mut Found) {
    let is_good = !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_good {
        found.error("bad_code", at, format!("代码“{code}”里有不能用的字符"), "只用小写字母、数字和下划线。");
    }
}

fn plan(playbook: &Playbook, plan: &CarePlan, place: &Place, found: &mut Found) {
    if plan.visit_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        let message = format!("计划 {} 的走访间隔不在 1–{MOST_DAYS} 天之内", plan.code);
        found.error("care_rhythm", &place.key("visit_days"), message, "写几天走访一次；不需要走访就去掉这一行。");
    }
    if plan.visit_days.is_none() && plan.services.is_empty() {
        let message = format!("计划 {} 既没有走访也没有服务", plan.code);
        found.error("care_rhythm", &place.at(), message, "写上 visit_days 或 services，登记了就要有帮助。");
    }
    services(playbook, &plan.services, place, found);
}

fn package(playbook: &Playbook, package: &CarePackage, place: &Place, found: &mut Found) {
    if package.services.is_empty() {
        let message = format!("套餐 {} 里没有服务", package.code);
        found.error("care_rhythm", &place.key("services"), message, "写上 services：套餐里有哪些服务。");
    }
    if package.from_age.zip(package.to_age).is_some_and(|(from, to)| from > to) {
        let message = format!("套餐 {} 的年龄范围前大后小", package.code);
        found.error("care_age", &place.key("to_age"), message, "to_age 不小于 from_age；不限年龄就去掉。");
    }
    services(playbook, &package.services, place, found);
}

fn services(playbook: &Playbook, services: &[String], place: &Place, found: &mut Found) {
    for (n, service) in services.iter().enumerate().filter(|(_, code)| playbook.care.service(code).is_none()) {
        let hint = "先在 [[services]] 里写上这项服务。";
        found.error("unknown_care", &place.item("services", n), format!("没有关爱服务 {service}"), hint);
    }
}

fn basis(category: &CareCategory, place: &Place, found: &mut Found) {
    if category.bases.is_empty() {
        let message = format!("类别 {} 没有登记依据", category.code);
        let hint = "写上 bases = [\"consent\"]，或者法定名册 \"list\"。没有依据就不登记。";
        found.error("care_without_basis", &place.key("bases"), message, hint);
    }
    let is_listed = category.bases.contains(&CareBasis::List);
    if is_listed && category.list.is_none() {
        let message = format!("类别 {} 以名册为依据，没有写是哪个名册", category.code);
        let hint = "写上 list = \"…\"：哪部法规要求、由谁掌握的名册。";
        found.error("care_without_basis", &place.key("bases"), message, hint);
    }
}

fn time(category: &CareCategory, place: &Place, found: &mut Found) {
    if category.review_months == 0 || category.review_months > MOST_REVIEW_MONTHS {
        let message = format!("类别 {} 超过 {MOST_REVIEW_MONTHS} 个月才复核", category.code);
        let hint = format!("review_months 写 1–{MOST_REVIEW_MONTHS}：情况会变，每年至少由人看一次。");
        found.error("care_review_too_late", &place.key("review_months"), message, hint);
    }
    if category.expires_months < category.review_months || category.expires_months > MOST_EXPIRES_MONTHS {
        let message = format!("类别 {} 的有效期不对", category.code);
        let hint = format!("expires_months 不短于复核间隔，不长于 {MOST_EXPIRES_MONTHS}；需要时复核后延长。");
        found.error("care_expiry", &place.key("expires_months"), message, hint);
    }
}

fn who(playbook: &Playbook, category: &CareCategory, place: &Place, found: &mut Found) {
    if let Host::Unit(code) = &category.owner
        && !playbook.units.iter().any(|unit| unit.code == *code)
    {
        let hint = "写 owner = \"seat\"（社区），或者 units.toml 里有的单位。";
        found.error("unknown_unit", &place.key("owner"), format!("没有单位 {code}"), hint);
    }
    if category.seen_by.is_empty() {
        let hint = "写上 seen_by = [\"community_clerk\"]：谁提供帮助，谁知道。";
        found.error("care_seen", &place.key("seen_by"), format!("类别 {} 谁也看不到", category.code), hint);
    }
    for (n, role) in category.seen_by.iter().enumerate().filter(|(_, role)| !HELPING_ROLES.contains(role)) {
        let message = format!("类别 {} 给不直接帮助的人看（{role}）", category.code);
        let hint = "只写提供帮助的岗位：grid_worker、community_clerk、department_clerk；其他人只看到“该走访了”。";
        found.error("care_seen", &place.item("seen_by", n), message, hint);
    }
}

fn plans(playbook: &Playbook, category: &CareCategory, place: &Place, found: &mut Found) {
    if category.plans.is_empty() {
        let hint = "写上 plans：登记了就要说清做什么。";
        found.error("unknown_care", &place.key("plans"), format!("类别 {} 没有关爱计划", category.code), hint);
    }
    for (n, plan) in category.plans.iter().enumerate().filter(|(_, code)| playbook.care.plan(code).is_none()) {
        found.error(
            "unknown_care",
            &place.item("plans", n),
            format!("没有关爱计划 {plan}"),
            "先在 [[plans]] 里写上这个计划。",
        );
    }
}
