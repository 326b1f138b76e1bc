//! `care.toml`, read.

use super::Reader;
use crate::care::{CareCategory, CareLife, CarePackage, CarePlan, CareService};
use crate::tree::Node;
use crate::types::Host;

pub(crate) fn care_service(node: &Node) -> Vec<CareService> {
    let reader = Reader(node);
    vec![CareService {
        code: reader.text("code"),
        name: reader.text("name"),
        by: reader.some_text("by"),
        every_days: reader.number("every_days"),
        standing: reader.truth("standing").unwrap_or(false),
        by_helper: reader.truth("by_helper").unwrap_or(false),
    }]
}

pub(crate) fn care_package(node: &Node) -> Vec<CarePackage> {
    let reader = Reader(node);
    vec![CarePackage {
        code: reader.text("code"),
        name: reader.text("name"),
        about: reader.text("about"),
        life: reader.parsed("life").unwrap_or(CareLife::Old),
        from_age: reader.number("from_age"),
        to_age: reader.number("to_age"),
        services: reader.texts("services"),
    }]
}

pub(crate) fn care_plan(node: &Node) -> Vec<CarePlan> {
    let reader = Reader(node);
    vec![CarePlan {
        code: reader.text("code"),
        name: reader.text("name"),
        visit_days: reader.number("visit_days"),
        services: reader.texts("services"),
    }]
}

pub(crate) fn care_category(node: &Node) -> Vec<CareCategory> {
    let reader = Reader(node);
    vec![CareCategory {
        code: reader.text("code"),
        name: reader.text("name"),
        about: reader.text("about"),
        bases: reader.many("bases"),
        list: reader.some_text("list"),
        owner: Host::from(reader.text("owner")),
        review_months: reader.number("review_months").unwrap_or(1),
        expires_months: reader.number("expires_months").unwrap_or(1),
        plans: reader.texts("plans"),
        seen_by: reader.many("seen_by"),
        life: reader.parsed("life"),
    }]
}
