//! A case as it was entered just now: shown from what the transaction held, without reading it again.

use std::collections::HashMap;
use std::sync::Arc;

use linli_db::feed;
use linli_kernel::{NewEvent, PublicCode, Timestamp};
use linli_playbook::Playbook;

use super::contact::ContactLook;
use super::model::Case;
use super::reader::Shown;
use crate::people::posts::Around;

/// What became of a report.
#[derive(Debug)]
pub enum Entered {
    /// A new case.
    New(Box<Fresh>),
    /// The same report was entered before.
    Before(PublicCode),
}

impl Entered {
    /// The code of the case.
    #[must_use]
    pub fn code(&self) -> &PublicCode {
        match self {
            Self::New(fresh) => &fresh.case.code,
            Self::Before(code) => code,
        }
    }
}

/// A case as it was entered just now, with everything that showing it to its reporter needs.
#[derive(Debug)]
pub struct Fresh {
    /// The case.
    pub case: Case,
    /// What happened to it so far.
    pub events: Vec<NewEvent>,
    /// Who answers around its place; not known when the database was asked instead.
    pub around: Option<Around>,
    /// The playbook that it is pinned to.
    pub book: Arc<Playbook>,
}

impl Shown {
    /// Of what was entered just now, without reading it again; `None` where more belongs to it than was kept: photos, or the
    /// name of whoever registered it.
    #[must_use]
    pub fn fresh(fresh: Fresh, now: Timestamp) -> Option<Self> {
        let Fresh { case, events, around, book } = fresh;
        let on_duty = around?.on_duty(&case.answering_areas(), now)?;
        if case.n_photos > 0 || events.iter().any(|event| event.actor.account().is_some() || event.text.is_some()) {
            return None;
        }
        let history = (1..).zip(&events).map(|(n, event)| (feed::Event::of(event, n), None)).collect();
        Some(Self {
            case,
            book,
            history,
            attachments: Vec::new(),
            people: HashMap::new(),
            on_duty,
            relatives: Vec::new(),
            looks: Vec::new(),
        })
    }

    /// With who looked at the reporter's contact.
    #[must_use]
    pub fn with_looks(mut self, looks: Vec<ContactLook>) -> Self {
        self.looks = looks;
        self
    }
}
