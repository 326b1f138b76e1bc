//! Their services, taken over with care: what would change is shown first, and a half-filled answer takes nothing away.

use linli_kernel::{Problem, ProblemCode};
use serde::Serialize;

use super::Server;
use super::store::{self, Known};
use crate::app::App;
use crate::http::{Answer, Refused};

/// More services gone at once than this share of those known is taken for a broken answer. Unit: per cent.
const MOST_GONE: usize = 20;
/// So few may always go.
const FEW: usize = 2;

/// What would change, or has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CatalogueDiff {
    /// New services: code and name.
    pub added: Vec<ServiceRef>,
    /// Services with another name, group or other questions.
    pub changed: Vec<ServiceRef>,
    /// Services that are no longer in their list.
    pub gone: Vec<ServiceRef>,
    /// How many stay as they are.
    pub n_same: usize,
    /// What is odd about the list, and categories of ours that lead to a service that is not in it.
    pub warnings: Vec<String>,
    /// Whether so much is gone that it is only taken over when somebody insists.
    pub guarded: bool,
    /// Whether it was taken over.
    pub applied: bool,
}

/// A service of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ServiceRef {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// What to do with the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Show it.
    DryRun,
    /// Take it over, unless too much is gone.
    Apply,
    /// Take it over, whatever is gone.
    Insist,
}

/// Compares their services with those that we know, and takes them over where `mode` says so.
///
/// # Errors
/// `NotFound` for a server that there is not; `NotNow` with their words when they do not answer; the database's.
pub async fn sync(app: &App, id: &str, mode: Mode) -> Answer<CatalogueDiff> {
    let server = app.open311.servers.get(id).ok_or(ProblemCode::NotFound)?.clone();
    let asked = server.clone();
    let fetched =
        tokio::task::spawn_blocking(move || fetch(&asked)).await.map_err(|_| Refused::from(ProblemCode::Internal))?;
    let (theirs, odd) = fetched.map_err(|why| {
        Refused::from(Problem::new(ProblemCode::NotNow).with("detail", format!("{}：{why}", server.partner.name)))
    })?;
    let (partner, now) = (server.id().to_owned(), app.now());
    let known = app.db.read({
        let partner = partner.clone();
        move |conn| store::catalogue(conn, &partner)
    });
    let known = known.await?;
    let mut diff = compare(&known, &theirs);
    diff.warnings = odd;
    for (category, code) in &server.terms.services {
        if !theirs.iter().any(|service| service.code == *code || service.name == *code) {
            diff.warnings.push(format!("类别 {category} 对应的服务 {code} 不在对方目录里"));
        }
    }
    let apply = match mode {
        Mode::DryRun => false,
        Mode::Apply => !diff.guarded,
        Mode::Insist => true,
    };
    if apply {
        let gone: Vec<String> = diff.gone.iter().map(|service| service.code.clone()).collect();
        app.db.write(move |tx| store::take_over(tx, &partner, &theirs, &gone, now)).await?;
        diff.applied = true;
    }
    Ok(diff)
}

fn fetch(server: &Server) -> Result<(Vec<Known>, Vec<String>), String> {
    let (services, mut odd) = server.services().map_err(|failed| failed.to_string())?;
    let mut theirs = Vec::new();
    for service in services {
        let mut questions = Vec::new();
        if service.has_questions && server.terms.has_definitions {
            match server.questions(&service.code) {
                Ok(found) => questions = found,
                Err(failed) => odd.push(format!("{} 的提问读不到：{failed}", service.name)),
            }
            if questions.is_empty() {
                odd.push(format!("{} 说有提问，却没有列出", service.name));
            }
        }
        let questions: Vec<String> = questions
            .into_iter()
            .map(|(code, text, required)| format!("{code}{} {text}", if required { "*" } else { "" }))
            .collect();
        theirs.push(Known {
            code: service.code,
            name: service.name,
            group: service.group,
            has_questions: service.has_questions,
            questions: questions.join("\n"),
        });
    }
    Ok((theirs, odd))
}

fn compare(known: &[Known], theirs: &[Known]) -> CatalogueDiff {
    let name = |service: &Known| ServiceRef { code: service.code.clone(), name: service.name.clone() };
    let find = |list: &[Known], code: &str| list.iter().find(|service| service.code == code).cloned();
    let mut diff = CatalogueDiff::default();
    for service in theirs {
        match find(known, &service.code) {
            None => diff.added.push(name(service)),
            Some(old) if old != *service => diff.changed.push(name(service)),
            Some(_) => diff.n_same += 1,
        }
    }
    diff.gone = known.iter().filter(|service| find(theirs, &service.code).is_none()).map(name).collect();
    let n_gone = diff.gone.len();
    diff.guarded = (n_gone > FEW && n_gone * 100 > known.len() * MOST_GONE) || (theirs.is_empty() && !known.is_empty());
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(codes: &[&str]) -> Vec<Known> {
        let of = |code: &&str| Known {
            code: (*code).to_owned(),
            name: format!("服务{code}"),
            group: String::new(),
            questions: String::new(),
            has_questions: false,
        };
        codes.iter().map(of).collect()
    }

    #[test]
    fn what_changed_is_told_apart() {
        let mut theirs = known(&["2", "3"]);
        theirs[0].name = "新名字".to_owned();
        let diff = compare(&known(&["1", "2"]), &theirs);
        let codes = |list: &[ServiceRef]| list.iter().map(|service| service.code.clone()).collect::<Vec<_>>();
        assert_eq!(
            (codes(&diff.added), codes(&diff.changed), codes(&diff.gone)),
            (vec!["3".into()], vec!["2".into()], vec!["1".into()])
        );
        assert!(!diff.guarded);
    }

    #[test]
    fn a_half_filled_or_empty_answer_takes_nothing_away() {
        let all = known(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
        assert!(compare(&all, &[]).guarded);
        assert!(compare(&known(&["1"]), &[]).guarded);
        assert!(compare(&all, &all[..6]).guarded);
        assert!(!compare(&all, &all[..8]).guarded);
        assert!(!compare(&[], &all).guarded);
    }
}
