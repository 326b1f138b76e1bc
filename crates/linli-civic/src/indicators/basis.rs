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
    /// The definitions; the place in the list is the slot.
    indicators: Vec<(Indicator, BTreeSet<String>)>,
    /// Phases of stages, for events that do not say theirs.
    phases: BTreeMap<(CaseKind, String), Phase>,
    /// Names of events that are counted.
    events: BTreeSet<String>,
    /// What all of it comes to, in a word.
    hash: String,
}

impl Basis {
    /// Of a playbook.
    #[must_use]
    pub fn of(book: &Playbook) -> Self {
        let indicators: Vec<_> =
            book.indicators.iter().map(|indicator| (indicator.clone(), leaves(book, indicator))).collect();
        let stages = book.flows.iter().flat_map(|flow| flow.stages.iter().map(|stage| (flow.kind, stage)));
        let events = book.indicators.iter().flat_map(|indicator| indicator.events.iter().cloned()).collect();
        let mut hash = Sha256::new();
        hash.update(format!("{WAY_OF_COUNTING} "));
        hash.update(serde_json::to_vec(&indicators).unwrap_or_default());
        Self {
            phases: stages.map(|(kind, stage)| ((kind, stage.id.clone()), stage.phase)).collect(),
            events,
            hash: hex::encode(hash.finalize()),
            indicators,
        }
    }

    /// Every definition with its slot and the categories that it is narrowed to.
    pub fn slots(&self) -> impl Iterator<Item = (u8, &Indicator, &BTreeSet<String>)> {
        (0_u8..).zip(&self.indicators).map(|(slot, (indicator, categories))| (slot, indicator, categories))
    }

    /// A definition by its id, with its slot.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(u8, &Indicator)> {
        self.slots().find(|(_, indicator, _)| indicator.id == id).map(|(slot, indicator, _)| (slot, indicator))
    }

    /// The definition of a slot.
    #[must_use]
    pub fn at(&self, slot: u8) -> Option<&Indicator> {
        self.indicators.get(usize::from(slot)).map(|(indicator, _)| indicator)
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
