//! What a case asks its playbook.

use linli_kernel::{Action, AreaLevel, CaseKind, DeadlineKind, DutyKind, Phase, TaskKind, Weight};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flow::{Flow, Stage};
use crate::tasks::{TaskClocks, TaskRule, WhistleKind};
use crate::types::{Category, DeadlineRule, Playbook, Responsibility, UnitDef};

/// Stands for every category in the responsibility list.
pub(crate) const ANY_CATEGORY: &str = "*";

/// A category that a report's words suggest. A person confirms it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The category.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The words of the report that suggest it.
    pub words: Vec<String>,
}

impl Playbook {
    /// The highest level that answers for cases.
    #[must_use]
    pub fn top_level(&self) -> AreaLevel {
        self.levels.iter().min().copied().unwrap_or(AreaLevel::County)
    }

    /// A category by its code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// The names of a category and the one above it: 公共设施 / 路灯不亮.
    #[must_use]
    pub fn category_path(&self, code: &str) -> Option<String> {
        let category = self.category(code)?;
        let parent = category.parent.as_deref().and_then(|parent| self.category(parent));
        Some(parent.map_or_else(|| category.name.clone(), |parent| format!("{} / {}", parent.name, category.name)))
    }

    /// The categories that a case can have: those without any below them.
    pub fn leaves(&self) -> impl Iterator<Item = &Category> {
        let is_parent = |code: &str| self.categories.iter().any(|other| other.parent.as_deref() == Some(code));
        self.categories.iter().filter(move |category| !is_parent(&category.code))
    }

    /// A unit by its code.
    #[must_use]
    pub fn unit(&self, code: &str) -> Option<&UnitDef> {
        self.units.iter().find(|unit| unit.code == code)
    }

    /// The flow of a kind of case.
    #[must_use]
    pub fn flow(&self, kind: CaseKind) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.kind == kind)
    }

    /// A stage of a kind of case.
    #[must_use]
    pub fn stage(&self, kind: CaseKind, id: &str) -> Option<&Stage> {
        self.flow(kind)?.stage(id)
    }

    /// The phase of a stage.
    #[must_use]
    pub fn phase(&self, kind: CaseKind, stage: &str) -> Option<Phase> {
        self.stage(kind, stage).map(|stage| stage.phase)
    }

    /// The name of the first button of a verb, for lists and histories.
    #[must_use]
    pub fn action_name(&self, kind: CaseKind, verb: Action) -> Option<&str> {
        self.flow(kind)?.actions.iter().find(|def| def.verb == verb).map(|def| def.name.as_str())
    }

    /// The level that answers first: by weight, but never below the county for what was taken back up.
    #[must_use]
    pub fn first_level(&self, category: Option<&str>, weight: Weight) -> AreaLevel {
        let by_weight = self.first_seat.of(weight);
        if self.may_sit_at(category, by_weight) { by_weight } else { AreaLevel::County.max(self.top_level()) }
    }

    /// Whether a case of this category may be dispatched to this level: what was taken back upward (上级收回) stays at
    /// the county or above. Source: 国办函〔2025〕66号, what departments must handle may not be dispatched down.
    #[must_use]
    pub fn may_sit_at(&self, category: Option<&str>, level: AreaLevel) -> bool {
        let taken_back =
            category.and_then(|code| self.category(code)).is_some_and(|category| category.duty == DutyKind::TakenBack);
        !taken_back || level <= AreaLevel::County
    }

    /// The rule for a deadline: the most specific wins, by category, then weight, then level.
    #[must_use]
    pub fn deadline(
        &self,
        kind: DeadlineKind,
        category: Option<&str>,
        weight: Weight,
        level: AreaLevel,
    ) -> Option<&DeadlineRule> {
        let fits = |rule: &&DeadlineRule| {
            rule.kind == kind
                && rule.weight.is_none_or(|own| own == weight)
                && rule.level.is_none_or(|own| own == level)
        };
        let parent = self.parent_of(category);
        let nearness = |rule: &DeadlineRule| match &rule.category {
            None => Some(0),
            Some(own) => nearness(own, category, parent),
        };
        self.deadlines
            .iter()
            .filter(fits)
            .filter_map(|rule| Some(((nearness(rule)?, rule.weight.is_some(), rule.level.is_some()), rule)))
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, rule)| rule)
    }

    /// The line of the responsibility list for a case at a level: the most specific category wins.
    #[must_use]
    pub fn responsible(&self, category: Option<&str>, level: AreaLevel) -> Option<&Responsibility> {
        let parent = self.parent_of(category);
        self.responsibilities
            .iter()
            .filter(|line| line.level == level)
            .filter_map(|line| Some((nearness(&line.category, category, parent)?, line)))
            .max_by_key(|(nearness, _)| *nearness)
            .map(|(_, line)| line)
    }

    /// The categories that a text suggests by their keywords, best first, at most three.
    #[must_use]
    pub fn suggest_categories(&self, text: &str) -> Vec<Suggestion> {
        let text = text.to_lowercase();
        let mut scored: Vec<(usize, &Category, Vec<&str>)> = self
            .leaves()
            .filter_map(|category| {
                let words: Vec<&str> = category
                    .keywords
                    .iter()
                    .map(String::as_str)
                    .filter(|word| text.contains(&word.to_lowercase()))
                    .collect();
                // A long word says more than a short one.
                let weight: usize = words.iter().map(|word| word.chars().count()).sum();
                (weight > 0).then_some((weight, category, words))
            })
            .collect();
        scored.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
        scored
            .into_iter()
            .take(3)
            .map(|(_, category, words)| Suggestion {
                code: category.code.clone(),
                name: category.name.clone(),
                words: words.into_iter().map(str::to_owned).collect(),
            })
            .collect()
    }

    /// A kind of whistle by its code.
    #[must_use]
    pub fn whistle(&self, code: &str) -> Option<&WhistleKind> {
        self.whistles.iter().find(|whistle| whistle.code == code)
    }

    /// The clocks of a kind of task; a whistle's own come before all others, those for the unit that is called before those for
    /// everyone.
    #[must_use]
    pub fn task_clocks(&self, kind: TaskKind, whistle: Option<&str>, unit: Option<&str>) -> (TaskClocks, Option<&str>) {
        if let Some(whistle) = whistle.and_then(|code| self.whistle(code)) {
            return (whistle.clocks.clone(), whistle.basis.as_deref());
        }
        let fits = |rule: &&TaskRule| rule.kind == kind && (rule.unit.is_none() || rule.unit.as_deref() == unit);
        let rule = self.tasks.iter().filter(fits).max_by_key(|rule| rule.unit.is_some());
        rule.map_or_else(Default::default, |rule| (rule.clocks.clone(), rule.basis.as_deref()))
    }

    /// The code of the first-level category above a category.
    fn parent_of(&self, category: Option<&str>) -> Option<&str> {
        self.category(category?)?.parent.as_deref()
    }
}

/// How exactly `rule` names `category`: the code 3, its first-level code 2, `*` 1.
fn nearness(rule: &str, category: Option<&str>, parent: Option<&str>) -> Option<u8> {
    if category == Some(rule) {
        Some(3)
    } else if parent == Some(rule) {
        Some(2)
    } else {
        (rule == ANY_CATEGORY).then_some(1)
    }
}
