//! Playbooks (工作法): a place's way of working as data, and the engine that interprets it.
//!
//! A playbook is a folder of TOML files (`docs/playbooks.md` describes every key). This crate reads
//! it, checks it with file, line and hint, and answers the questions a case asks: which actions
//! may this person take now, who answers for this category, how long may it last.
//!
//! Everything here is pure, except that [`Sources::from_dir`] reads a folder. What the engine decides,
//! the case slice carries out: it moves seats, writes deadlines, assigns people.

mod care;
mod checklist;
mod duty;
mod effects;
mod engine;
mod finding;
mod flow;
mod form;
mod guards;
mod indicator;
mod lint;
mod load;
mod lookup;
mod notice;
mod read;
mod replies;
mod schema;
mod shape;
mod shapes;
mod standing;
mod tasks;
#[cfg(test)]
mod tests;
mod tree;
mod types;
mod vocabulary;

pub use care::{CareBasis, CareCategory, CareLife, CarePackage, CarePlan, CareRules, CareService};
pub use checklist::{Checklist, ChecklistItem, PREMISES_KINDS};
pub use duty::{
    Duties, Duty, DutyCategory, DutyEvidence, DutyRhythm, DutyShare, DutyTarget, SelfCheck, SelfCheckItem,
    SelfCheckLine,
};
pub use effects::{Assignee, BadRule, Effect, SeatMove};
pub use engine::{Facts, FlowRefusal, Seating, Situation};
pub use finding::{Finding, Severity};
pub use flow::{ActionDef, Choice, Field, FieldKind, Flow, Relation, Rule, Stage, Tone, Who};
pub use form::{FieldError, FieldFault, check_form};
pub use guards::{Compare, Counter, Guard};
pub use indicator::{
    HealthyBand, Indicator, IndicatorFilter, IndicatorGood, IndicatorHit, IndicatorKind, IndicatorPer,
    IndicatorSubject, MOST_INDICATORS, MergedRule,
};
pub use load::{Document, Documents, LoadError, Loaded, Sources, load};
pub use lookup::Suggestion;
pub use notice::{NoticeRule, NoticeTo, NoticeWay, Notices, Quiet};
pub use replies::{Phrase, ReplyFault, ReplyRules, Template};
pub use schema::json_schema;
pub use standing::{GrantPlace, Handled, Hold, Standing};
pub use tasks::{TaskClocks, TaskRule, WhistleKind};
pub use types::{Category, DeadlineRule, FirstSeat, Host, OnBreach, Playbook, Responsibility, Settings, UnitDef};
