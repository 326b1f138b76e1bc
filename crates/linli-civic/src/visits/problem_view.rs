//! What visits keep coming upon, as pages show it: by place and matter. No resident's name, no worker's.

use std::collections::{BTreeSet, HashMap};

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, AreaLevel, CaseId, StreamKind, Timestamp, VisitId, VisitProblemId};
use linli_playbook::Playbook;
use serde::Serialize;

use super::problem::{Outcome, VisitProblem};
use super::problem_store::{self as store, Noted};
use super::recurring::{self, Group, Note};
use super::unnamed::Names;
use crate::app::App;
use crate::areas::store as areas;
use crate::areas::tree::{AreaRef, AreaTree};
use crate::cases::proactive;
use crate::cases::report::short;
use crate::say::Lang;

const DAY_MS: i64 = 86_400_000;
/// Proposals that are shown; more are no help to whoever decides.
const MOST: usize = 100;
/// In place of shared words, where there are none: so much of the last note. Unit: characters.
const INSTEAD: usize = 16;

/// How a problem stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitProblemState {
    /// A person has to look.
    Open,
    /// A case was opened.
    Opened,
    /// Somebody said why nothing follows.
    Dismissed,
}

/// 走访问题: what notes of visits keep coming upon at one place.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = VisitProblem)]
pub struct VisitProblemView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: VisitProblemId,
    /// How it stands.
    pub state: VisitProblemState,
    /// Where.
    pub area: AreaRef,
    /// Which building, where all the visits were to one.
    pub building: Option<String>,
    /// The words that the notes share; never a name.
    pub words: Vec<String>,
    /// How many visits noted it.
    pub n_visits: u32,
    /// How many of them came after somebody said that nothing follows; all of them where nobody did.
    pub n_new: u32,
    /// When the first of them came.
    pub first_at: Timestamp,
    /// When the last of them came.
    pub last_at: Timestamp,
    /// The visits, the newest first.
    pub visits: Vec<ProblemVisit>,
    /// What a case could say; nothing once it was decided.
    pub draft: Option<String>,
    /// The category that the words suggest.
    pub category: Option<SuggestedCategory>,
    /// What was decided, once it was.
    pub decision: Option<VisitProblemDecision>,
    /// Whether the reader may decide.
    pub may_decide: bool,
}

/// A visit that noted it: not by whom.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemVisit {
    /// Which.
    pub id: VisitId,
    /// What kind of visit it was, in words.
    pub kind_name: String,
    /// Where, in words; empty after its retention.
    pub place_text: String,
    /// What was the matter, without names; empty after its retention.
    pub said: String,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
}

/// A category that the words suggest.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SuggestedCategory {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Which words suggest it.
    pub why: String,
}

/// What a person decided.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct VisitProblemDecision {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The case that was opened.
    pub case_id: Option<CaseId>,
    /// Why nothing follows.
    pub reason: Option<String>,
}

/// The communities in which `caller` may look, in order of their codes; those of a street or more one by one.
#[must_use]
pub fn communities(tree: &AreaTree, caller: &Caller) -> Vec<AreaCode> {
    let mut found = Vec::new();
    let mut left: Vec<AreaCode> = scope(caller, Act::ViewVisits).keys().filter_map(|key| key.parse().ok()).collect();
    while let Some(area) = left.pop() {
        if area.level() >= AreaLevel::Community {
            found.push(area.at(AreaLevel::Community));
        } else {
            left.extend(tree.children(&area));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What was found in one look.
#[derive(Debug, Default)]
pub struct Looked {
    /// The groups.
    pub groups: Vec<Group>,
    /// Whether there were more notes than one look reads.
    pub is_cut: bool,
}

/// Looks for what notes keep coming upon within `area`, a community or a part of it, as far as `caller` reads notes there.
///
/// # Errors
/// The database's.
pub fn look(conn: &mut Conn, app: &App, caller: &Caller, area: &AreaCode) -> Result<Looked, StoreError> {
    let (book, tree) = (app.playbooks.current(), app.areas());
    let settings = &book.settings;
    if settings.visit_problem_visits == 0 || settings.visit_problem_days == 0 {
        return Ok(Looked::default());
    }
    let since = app.now().plus_ms(-i64::from(settings.visit_problem_days) * DAY_MS);
    let mut codes = Vec::new();
    let mut left: Vec<AreaCode> =
        scope(caller, Act::ViewVisits).within(area).iter().filter_map(|key| key.parse().ok()).collect();
    while let Some(code) = left.pop() {
        codes.push(code);
        left.extend(tree.children(&code));
    }
    let mut noted = store::notes(conn, &codes, since)?;
    let most = usize::try_from(store::MOST_NOTES).unwrap_or(usize::MAX);
    let is_cut = noted.len() > most;
    noted.truncate(most);
    let decided = store::decided_visits(conn, &area.at(area.level().min(AreaLevel::Community)), since)?;
    noted.retain(|noted| !decided.opened.contains(&noted.visit));
    let notes = noted.into_iter().filter_map(|noted| {
        let is_dismissed = decided.dismissed.contains(&noted.visit);
        note(&book, noted, is_dismissed)
    });
    let least = usize::try_from(settings.visit_problem_visits).unwrap_or(usize::MAX);
    Ok(Looked { groups: recurring::groups(notes.collect(), least), is_cut })
}

fn note(book: &Playbook, noted: Noted, is_dismissed: bool) -> Option<Note> {
    let (said, words) = recurring::matter(noted.note.as_deref()?, &book.settings.visit_quiet_words)?;
    let category = book.suggest_categories(&said).into_iter().next().map(|found| found.code);
    Some(Note {
        visit: noted.visit,
        kind: noted.kind,
        area: noted.area,
        place_code: noted.place_code,
        place_text: noted.place_text,
        captured_at: noted.captured_at,
        received_at: noted.received_at,
        said,
        category,
        is_dismissed,
        words,
    })
}

/// The id under which a group is proposed.
#[must_use]
pub fn id_of(group: &Group) -> Option<VisitProblemId> {
    group.notes.iter().find(|note| !note.is_dismissed).map(|note| VisitProblemId::new(note.visit.uuid()))
}

/// The words that a group shares, without names.
#[must_use]
pub fn words_of(group: &Group, names: &Names<'_>) -> Vec<String> {
    let texts: Vec<String> = group.notes.iter().map(|note| names.masked(&note.said)).collect();
    let shared = recurring::shared(&texts);
    if shared.is_empty() { texts.last().map(|text| short(text, INSTEAD)).into_iter().collect() } else { shared }
}

/// The names of buildings, by their printed codes.
///
/// # Errors
/// The database's.
pub fn buildings<'a>(
    conn: &mut Conn,
    codes: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, String>, StoreError> {
    let codes: BTreeSet<String> = codes.map(str::to_owned).collect();
    let places = areas::places(conn, &codes.into_iter().collect::<Vec<_>>())?;
    Ok(places.into_iter().map(|place| (place.code, place.name)).collect())
}

/// Whether `caller` may decide what follows there.
#[must_use]
pub fn may_decide(caller: &Caller, area: &AreaCode) -> bool {
    let keys = Keys::of_area(area);
    [Act::DecideVisitProblems, Act::ReportOnBehalf].iter().all(|act| scope(caller, *act).reaches(&keys).is_some())
}

/// Who reads, and in which language.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The server.
    pub app: &'a App,
    /// Who.
    pub caller: &'a Caller,
    /// In which language.
    pub lang: Lang,
}

impl Reader<'_> {
    /// What is proposed to decide.
    ///
    /// # Errors
    /// The database's.
    pub fn proposed(
        &self,
        conn: &mut Conn,
        names: &Names<'_>,
        groups: Vec<Group>,
    ) -> Result<Vec<VisitProblemView>, StoreError> {
        let groups: Vec<Group> = groups.into_iter().take(MOST).collect();
        let buildings = buildings(conn, groups.iter().filter_map(|group| group.place_code.as_deref()))?;
        let view = |group: &Group| {
            let building = group.place_code.as_ref().and_then(|code| buildings.get(code)).cloned();
            self.proposal(group, names, building)
        };
        Ok(groups.iter().filter_map(view).collect())
    }

    fn proposal(&self, group: &Group, names: &Names<'_>, building: Option<String>) -> Option<VisitProblemView> {
        let (first, last) = (group.notes.first()?, group.notes.last()?);
        let area = self.app.areas().reference(&group.area);
        let words = words_of(group, names);
        Some(VisitProblemView {
            id: id_of(group)?,
            state: VisitProblemState::Open,
            n_visits: u32::try_from(group.notes.len()).unwrap_or(u32::MAX),
            n_new: u32::try_from(group.n_new()).unwrap_or(u32::MAX),
            first_at: first.received_at,
            last_at: last.received_at,
            visits: group.notes.iter().rev().map(|note| self.visit_of(note, names)).collect(),
            draft: Some(self.draft(&area, building.as_deref(), &words, group.notes.len())),
            category: self.category(group),
            decision: None,
            may_decide: may_decide(self.caller, &group.area),
            area,
            building,
            words,
        })
    }

    fn draft(&self, area: &AreaRef, building: Option<&str>, words: &[String], n: usize) -> String {
        let place = place_text(&area.full_name, building);
        let words = words.join(&self.lang.text("visit_problem.between"));
        let days = self.app.playbooks.current().settings.visit_problem_days.to_string();
        let values = [("place", &*place), ("words", &*words), ("n", &*n.to_string()), ("days", &*days)];
        self.lang.say("visit_problem.draft", &values)
    }

    /// The category that most of the notes suggest, by the suggestion that there is for reports.
    fn category(&self, group: &Group) -> Option<SuggestedCategory> {
        let said: Vec<&str> = group.notes.iter().map(|note| note.said.as_str()).collect();
        let n_of = |code: &str| group.notes.iter().filter(|note| note.category.as_deref() == Some(code)).count();
        let found = self.app.playbooks.current().suggest_categories(&said.join("，"));
        let found = found.into_iter().max_by_key(|found| n_of(&found.code))?;
        let words = found.words.join(&self.lang.text("why.words_between"));
        Some(SuggestedCategory {
            code: found.code,
            name: found.name,
            why: self.lang.say("why.words", &[("words", &words)]),
        })
    }

    fn visit_of(&self, note: &Note, names: &Names<'_>) -> ProblemVisit {
        ProblemVisit {
            id: note.visit,
            kind_name: self.lang.word("visit_kind", note.kind.as_str()),
            place_text: names.masked(&note.place_text),
            said: names.masked(&note.said),
            captured_at: note.captured_at,
        }
    }

    /// What was decided.
    ///
    /// # Errors
    /// The database's.
    pub fn decided(
        &self,
        conn: &mut Conn,
        names: &Names<'_>,
        problems: Vec<VisitProblem>,
    ) -> Result<Vec<VisitProblemView>, StoreError> {
        let mut visits = store::visits_of(conn, &problems)?;
        let buildings = buildings(conn, problems.iter().filter_map(|problem| problem.place_code.as_deref()))?;
        let ids: Vec<String> = problems.iter().map(|problem| problem.id.to_string()).collect();
        let mut decided = proactive::decisions(self.app, conn, (StreamKind::VisitProblem, &ids), self.lang)?;
        let mut views = Vec::new();
        for problem in problems {
            let noted = visits.remove(&problem.id).unwrap_or_default();
            let building = problem.place_code.as_ref().and_then(|code| buildings.get(code)).cloned();
            let case_id = match problem.outcome {
                Outcome::Opened(case) => Some(case),
                Outcome::Dismissed => None,
            };
            let decision = decided.remove(&problem.id.to_string());
            let decision =
                decision.map(|proactive::Decision { at, by, reason }| VisitProblemDecision { at, by, case_id, reason });
            let quiet = &self.app.playbooks.current().settings.visit_quiet_words;
            let shown = noted.into_iter().map(|noted| ProblemVisit {
                id: noted.visit,
                kind_name: self.lang.word("visit_kind", noted.kind.as_str()),
                place_text: names.masked(&noted.place_text),
                said: noted
                    .note
                    .and_then(|note| recurring::matter(&note, quiet))
                    .map_or_else(String::new, |(said, _)| names.masked(&said)),
                captured_at: noted.captured_at,
            });
            views.push(VisitProblemView {
                id: problem.id,
                state: match problem.outcome {
                    Outcome::Opened(_) => VisitProblemState::Opened,
                    Outcome::Dismissed => VisitProblemState::Dismissed,
                },
                area: self.app.areas().reference(&problem.area),
                building,
                words: problem.words,
                n_visits: problem.n_visits,
                n_new: problem.n_visits,
                first_at: problem.first_at,
                last_at: problem.last_at,
                visits: shown.collect(),
                draft: None,
                category: None,
                decision,
                may_decide: false,
            });
        }
        Ok(views)
    }
}

/// 红旗社区第三网格 3号楼.
#[must_use]
pub fn place_text(area: &str, building: Option<&str>) -> String {
    building.map_or_else(|| area.to_owned(), |building| format!("{area} {building}"))
}
