//! What the definitions of a playbook come to: which cases count for which figure. Pure.

use std::collections::{BTreeMap, BTreeSet};

use linli_kernel::{CaseKind, Phase};
use linli_playbook::{Indicator, Playbook};
use sha2::{Digest, Sha256};

/// Changes with how cases are folded and counted, so that what was counted in another way is counted again.
const WAY_OF_COUNTING: u32 = 1;

/// The definitions of a playbook, ready to count by.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The place in the list is the slot.
    slots: Vec<Slot>,
    /// Phases of stages, for events that do not say theirs.
    phases: BTreeMap<(CaseKind, String), Phase>,
    /// Names of events that are counted.
    events: BTreeSet<String>,
    /// What all of it comes to, in a word.
    hash: String,
}

/// One definition, ready to count by.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The definition.
    pub indicator: Indicator,
    /// What it counts, as rows name it: `report`, `clock.handle`, `clock.arrive.whistle`.
    pub subject: String,
    /// The categories that it is narrowed to, those below first-level ones included; all without any.
    pub categories: BTreeSet<String>,
}

impl Slot {
    fn of(book: &Playbook, indicator: &Indicator) -> Self {
        let clock = indicator.clock.map(|clock| clock.as_str());
        let task = indicator.task.map(|task| task.as_str());
        let subject: Vec<&str> = [Some(indicator.of.as_str()), clock, task].into_iter().flatten().collect();
        Self { indicator: indicator.clone(), subject: subject.join("."), categories: leaves(book, indicator) }
    }
}

impl Basis {
    /// Of a playbook.
    #[must_use]
    pub fn of(book: &Playbook) -> Self {
        let slots: Vec<Slot> = book.indicators.iter().map(|indicator| Slot::of(book, indicator)).collect();
        let stages = book.flows.iter().flat_map(|flow| flow.stages.iter().map(|stage| (flow.kind, stage)));
        let events = book.indicators.iter().flat_map(|indicator| indicator.events.iter().cloned()).collect();
        let mut hash = Sha256::new();
        hash.update(format!("{WAY_OF_COUNTING} "));
        for slot in &slots {
            hash.update(serde_json::to_vec(&(&slot.indicator, &slot.categories)).unwrap_or_default());
        }
        Self {
            phases: stages.map(|(kind, stage)| ((kind, stage.id.clone()), stage.phase)).collect(),
            events,
            hash: hex::encode(hash.finalize()),
            slots,
        }
    }

    /// Every definition with its number.
    pub fn slots(&self) -> impl Iterator<Item = (u8, &Slot)> {
        (0_u8..).zip(&self.slots)
    }

    /// A definition by its id, with its slot.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(u8, &Slot)> {
        self.slots().find(|(_, slot)| slot.indicator.id == id)
    }

    /// Whether events of this name are counted as such.
    #[must_use]
    pub fn counts_event(&self, name: &str) -> bool {
        self.events.contains(name)
    }

    /// The phase of a stage.
    #[must_use]
    pub fn phase(&self, kind: CaseKind, stage: &str) -> Option<Phase> {
        self.phases.get(&(kind, stage.to_owned())).copied()
    }

    /// What all of it comes to, in a word: another one means that everything is counted again.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// The categories that a figure is narrowed to, those below first-level ones included.
fn leaves(book: &Playbook, indicator: &Indicator) -> BTreeSet<String> {
    let named = &indicator.only.categories;
    let below =
        book.categories.iter().filter(|category| category.parent.as_ref().is_some_and(|parent| named.contains(parent)));
    named.iter().cloned().chain(below.map(|category| category.code.clone())).collect()
}
