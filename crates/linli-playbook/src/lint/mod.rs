//! The check of a resolved playbook: what no single file can tell.

mod care;
mod chinese;
mod duties;
mod flow;
mod graph;
mod indicators;
mod lists;
mod notices;
mod possible;
pub(crate) mod refused;
mod roles;
mod tasks;

use crate::finding::{Finding, Severity};
use crate::load::Draft;
use crate::read::At;

/// Everything that is wrong with a playbook as a whole.
pub(crate) fn check(draft: &Draft) -> Vec<Finding> {
    let mut found = Found::default();
    let playbook = draft.clone().into_playbook(String::new());
    lists::check(draft, &playbook, &mut found);
    for flow in &draft.flows {
        flow::check(&playbook, flow, &mut found);
        graph::check(draft, flow, &mut found);
        possible::check(flow, &mut found);
    }
    tasks::check(draft, &playbook, &mut found);
    notices::check(draft, &mut found);
    indicators::check(draft, &playbook, &mut found);
    care::check(draft, &playbook, &mut found);
    duties::check(draft, &playbook, &mut found);
    refused::check(draft, &mut found);
    found.findings
}

/// Findings, as they are collected.
#[derive(Default)]
pub(crate) struct Found {
    findings: Vec<Finding>,
}

impl Found {
    pub fn error(&mut self, code: &'static str, at: &At, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Severity::Error, code, at, message.into(), hint.into());
    }

    pub fn warning(&mut self, code: &'static str, at: &At, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Severity::Warning, code, at, message.into(), hint.into());
    }

    fn push(&mut self, severity: Severity, code: &'static str, at: &At, message: String, hint: String) {
        self.findings.push(Finding { severity, code, file: at.file.clone(), line: at.line, message, hint });
    }
}
