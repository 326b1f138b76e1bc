//! The shapes of `duties.toml` and `checklists.toml`.

use crate::checklist::PREMISES_KINDS;
use crate::duty::{DutyEvidence, DutyRhythm, DutyShare, DutyTarget, SelfCheckItem};
use crate::shape::{Kind, Shape};

use super::{INHERIT, levels, optional, required, roles, weights};

macro_rules! words {
    ($($name:ident: $of:ident),+ $(,)?) => {
        $(fn $name() -> Vec<String> { $of::ALL.iter().map(|word| word.as_str().to_owned()).collect() })+
    };
}

words! { rhythms: DutyRhythm, targets: DutyTarget, evidences: DutyEvidence, shares: DutyShare, check_items: SelfCheckItem }

fn premises_kinds() -> Vec<String> {
    PREMISES_KINDS.iter().map(|word| (*word).to_owned()).collect()
}

/// `duties.toml`
pub(crate) static DUTIES: Shape = Shape {
    what: "duties.toml ",
    keys: &[
        INHERIT,
        optional("categories", Kind::Tables(&DUTY_CATEGORY), "the duty catalogue, by category"),
        optional("duties", Kind::Tables(&DUTY), "what recurs, for whom, and by which record it counts as done"),
        optional("self_checks", Kind::Tables(&SELF_CHECK), "whether the work shows, computed from what was recorded"),
    ],
};

static DUTY_CATEGORY: Shape = Shape {
    what: "职责类别",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        required("items", Kind::Texts, "what a worker does there, and what not"),
    ],
};

static DUTY: Shape = Shape {
    what: "职责任务",
    keys: &[
        required("id", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        optional("about", Kind::Text, "what is to be done, in a sentence"),
        optional("group", Kind::Text, "the formula that it belongs to"),
        optional("category", Kind::Text, "its category in the duty catalogue"),
        required("rhythm", Kind::Word(rhythms), "how often"),
        optional("times", Kind::Number, "how many times in a period; 1 without it"),
        optional("workdays_only", Kind::Bool, "whether it is due on working days alone; true without it"),
        optional("target", Kind::Word(targets), "of what once for each; the area of the post without it"),
        required("evidence", Kind::WordOrWords(evidences), "any one of these records of the work will do"),
        optional("share", Kind::Word(shares), "who owes it where several hold the post; each without it"),
        required("roles", Kind::Words(roles), "who"),
        required("levels", Kind::Words(levels), "at which levels"),
        optional("from_day", Kind::Number, "the first day of the period on which it can be done, from 1"),
        optional("to_day", Kind::Number, "the last day of the period on which it can be done"),
        optional("photo", Kind::Bool, "whether a photo is needed; false without it"),
        optional("photo_reason", Kind::Prose, "why a photo is needed"),
        optional("basis", Kind::Text, "which rule says so"),
    ],
};

static SELF_CHECK: Shape = Shape {
    what: "到位自查",
    keys: &[
        required("id", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        optional("rhythm", Kind::Word(rhythms), "over which period; a month without it"),
        required("roles", Kind::Words(roles), "who"),
        required("levels", Kind::Words(levels), "at which levels"),
        required("items", Kind::Tables(&SELF_CHECK_LINE), "what it looks at; yes or no, never how many times"),
    ],
};

static SELF_CHECK_LINE: Shape = Shape {
    what: "自查项",
    keys: &[
        required("of", Kind::Word(check_items), "what is looked for in what was recorded"),
        required("name", Kind::Text, "what people call it"),
        required("help", Kind::Text, "what a head can help with where it is missing"),
    ],
};

/// `checklists.toml`
pub(crate) static CHECKLISTS: Shape = Shape {
    what: "checklists.toml ",
    keys: &[INHERIT, optional("checklists", Kind::Tables(&CHECKLIST), "what is looked at in premises of a kind")],
};

static CHECKLIST: Shape = Shape {
    what: "检查清单",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        optional("premises", Kind::Words(premises_kinds), "for which kinds of premises; all without it"),
        required("items", Kind::Tables(&CHECKLIST_ITEM), "what is looked at, in the order of going through"),
        optional("basis", Kind::Text, "which rule says so"),
    ],
};

static CHECKLIST_ITEM: Shape = Shape {
    what: "检查项",
    keys: &[
        required("code", Kind::Text, "unique within the checklist; a-z, 0-9, _"),
        required("text", Kind::Text, "what must be so"),
        optional("help", Kind::Text, "how to look"),
        optional("category", Kind::Text, "the category of a hazard that is found here"),
        optional("weight", Kind::Word(weights), "how heavy such a hazard is; general without it"),
        required("within", Kind::Amount, "how long it may take to put it right"),
        optional("photo", Kind::Bool, "whether a photo of the finding is needed; false without it"),
        optional("photo_reason", Kind::Prose, "why a photo is needed"),
        optional("basis", Kind::Text, "which rule says so"),
    ],
};
