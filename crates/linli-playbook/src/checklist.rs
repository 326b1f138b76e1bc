//! 检查清单: what is looked at in premises of a kind, how heavy a finding is, and by when it is put right.

use linli_kernel::{Amount, Weight};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds of premises, as the registry has them.
pub const PREMISES_KINDS: &[&str] = &[
    "shop", "catering", "lodging", "school", "medical", "leisure", "office", "workshop", "storage", "worship",
    "rental", "other",
];

/// 检查清单
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checklist {
    /// Stable code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// For which kinds of premises; all without any.
    pub premises: Vec<String>,
    /// What is looked at, in the order of going through.
    pub items: Vec<ChecklistItem>,
    /// Which rule says so.
    pub basis: Option<String>,
}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChecklistItem {
    /// Stable within the checklist.
    pub code: String,
    /// What must be so.
    pub text: String,
    /// How to look.
    pub help: Option<String>,
    /// The category of a hazard that is found here.
    pub category: Option<String>,
    /// How heavy such a hazard is.
    pub weight: Weight,
    /// How long it may take to put it right.
    pub within: Amount,
    /// Why a photo is needed of a finding, where one is.
    pub photo_reason: Option<String>,
    /// Which rule says so.
    pub basis: Option<String>,
}

impl Checklist {
    /// An item by its code.
    #[must_use]
    pub fn item(&self, code: &str) -> Option<&ChecklistItem> {
        self.items.iter().find(|item| item.code == code)
    }

    /// Whether it is made for premises of a kind.
    #[must_use]
    pub fn fits(&self, premises_kind: &str) -> bool {
        self.premises.is_empty() || self.premises.iter().any(|kind| kind == premises_kind)
    }
}
