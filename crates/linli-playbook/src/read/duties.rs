//! Duties of `duties.toml`, checklists of `checklists.toml`.

use linli_kernel::{Amount, TimeUnit, Weight};

use crate::checklist::{Checklist, ChecklistItem};
use crate::duty::{Duty, DutyCategory, DutyRhythm, DutyShare, DutyTarget, SelfCheck, SelfCheckItem, SelfCheckLine};
use crate::tree::Node;

use super::Reader;

/// Stands in for an amount that could not be read: the shape has said so.
const UNREAD: Amount = Amount { n: 1, unit: TimeUnit::WorkingDays };

pub(crate) fn duty(node: &Node) -> Vec<Duty> {
    let reader = Reader(node);
    vec![Duty {
        id: reader.text("id"),
        name: reader.text("name"),
        about: reader.some_text("about"),
        group: reader.some_text("group"),
        category: reader.some_text("category"),
        rhythm: reader.parsed("rhythm").unwrap_or(DutyRhythm::Month),
        times: reader.number("times").unwrap_or(1),
        workdays_only: reader.truth("workdays_only").unwrap_or(true),
        target: reader.parsed("target").unwrap_or(DutyTarget::Area),
        evidence: reader.many("evidence"),
        share: reader.parsed("share").unwrap_or(DutyShare::Each),
        roles: reader.many("roles"),
        levels: reader.many("levels"),
        from_day: reader.number("from_day"),
        to_day: reader.number("to_day"),
        photo_reason: reader.truth("photo").filter(|photo| *photo).map(|_| reader.text("photo_reason")),
        basis: reader.some_text("basis"),
    }]
}

pub(crate) fn duty_category(node: &Node) -> Vec<DutyCategory> {
    let reader = Reader(node);
    vec![DutyCategory { code: reader.text("code"), name: reader.text("name"), items: reader.texts("items") }]
}

pub(crate) fn self_check(node: &Node) -> Vec<SelfCheck> {
    let reader = Reader(node);
    let line = |line: &Reader<'_>| SelfCheckLine {
        of: line.parsed("of").unwrap_or(SelfCheckItem::Visits),
        name: line.text("name"),
        help: line.text("help"),
    };
    vec![SelfCheck {
        id: reader.text("id"),
        name: reader.text("name"),
        rhythm: reader.parsed("rhythm").unwrap_or(DutyRhythm::Month),
        roles: reader.many("roles"),
        levels: reader.many("levels"),
        items: reader.tables("items").iter().map(line).collect(),
    }]
}

pub(crate) fn checklist(node: &Node) -> Vec<Checklist> {
    let reader = Reader(node);
    let item = |item: &Reader<'_>| ChecklistItem {
        code: item.text("code"),
        text: item.text("text"),
        help: item.some_text("help"),
        category: item.some_text("category"),
        weight: item.parsed("weight").unwrap_or(Weight::General),
        within: item.amount("within").unwrap_or(UNREAD),
        photo_reason: item.truth("photo").filter(|photo| *photo).map(|_| item.text("photo_reason")),
        basis: item.some_text("basis"),
    };
    vec![Checklist {
        code: reader.text("code"),
        name: reader.text("name"),
        premises: reader.texts("premises"),
        items: reader.tables("items").iter().map(item).collect(),
        basis: reader.some_text("basis"),
    }]
}
