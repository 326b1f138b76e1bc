//! What a command on a case answers: the case as it stands now, or that the command was done and took the case out of the
//! sight of whoever gave it. A department that sends a case back no longer sees it; that is no failure and is not told as one.

use linli_access::Caller;
use linli_kernel::ProblemCode;
use serde::Serialize;

use super::http::view;
use super::store::Named;
use super::view::CaseView;
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::say::Lang;

/// What became of a command.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Acted {
    /// It is done; the case as it stands now.
    Seen(Box<CaseView>),
    /// It is done, and the case is no longer the caller's to see.
    Gone(Gone),
}

/// 已办并移出: the command was done, and the case has gone to where the caller does not see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ActedAndGone)]
pub struct Gone {
    /// Always: a command that was not done is a problem, never this.
    done: bool,
    /// Always: a case that is still seen is answered as itself.
    gone: bool,
    /// What to tell the person.
    pub(super) sentence: String,
}

impl Gone {
    /// In the reader's language.
    #[must_use]
    pub fn said(lang: Lang) -> Self {
        Self { done: true, gone: true, sentence: lang.text("acted.gone") }
    }
}

/// Shows the case to whoever has just done something with it, or says that it is done and gone.
///
/// # Errors
/// The database's.
pub async fn acted(app: &App, named: Named, caller: Caller, lang: Lang) -> Answer<Acted> {
    match view(app, named, caller, lang).await {
        Ok(case) => Ok(Acted::Seen(Box::new(case))),
        Err(Refused::Problem(problem)) if problem.code == ProblemCode::NotFound => Ok(Acted::Gone(Gone::said(lang))),
        Err(refused) => Err(refused),
    }
}
