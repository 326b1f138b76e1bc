//! Inspections, premises and hazards as pages show them.

use std::collections::{HashMap, HashSet};

use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, AnswerWord, CaseId, CaseKind, InspectionId, Phase, RecordId, Timestamp, Weight};
use serde::Serialize;

use super::model::Inspection;
use super::store::{HazardRow, Looked};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::people::duty;
use crate::registry::{self, Kind};
use crate::say::Lang;

/// 检查记录
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Inspection)]
pub struct InspectionView {
    /// Which.
    #[schema(value_type = String)]
    pub id: InspectionId,
    /// Where.
    pub area: AreaRef,
    /// Which premises.
    #[schema(value_type = String)]
    pub record_id: RecordId,
    /// What people call them.
    pub premises_name: String,
    /// By which checklist.
    pub checklist: String,
    /// What people call it.
    pub checklist_name: String,
    /// Every line; empty after its retention.
    pub answers: Vec<AnswerView>,
    /// How many findings.
    pub n_findings: u32,
    /// What else was seen.
    pub note: Option<String>,
    /// Who looked.
    pub by_name: String,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
}

/// A line with its answer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = InspectionAnswerView)]
pub struct AnswerView {
    /// Which line.
    pub item: String,
    /// What must be so.
    pub text: String,
    /// How it was.
    pub answer: AnswerWord,
    /// In words.
    pub answer_name: String,
    /// What exactly.
    pub note: Option<String>,
    /// The hazard that it became.
    pub case_id: Option<CaseId>,
}

/// Inspections with names.
///
/// # Errors
/// The database's.
pub fn inspections(
    conn: &mut Conn,
    app: &App,
    found: Vec<Inspection>,
    lang: Lang,
) -> Result<Vec<InspectionView>, StoreError> {
    let accounts: HashSet<AccountId> = found.iter().map(|one| one.account).collect();
    let names = duty::people(conn, &app.vault, &accounts)?;
    let mut premises: HashMap<RecordId, String> = HashMap::new();
    let mut views = Vec::new();
    for one in found {
        if let std::collections::hash_map::Entry::Vacant(slot) = premises.entry(one.record) {
            let record = registry::store::load(conn, &app.vault, Kind::Premises, one.record)?;
            slot.insert(record.map(|record| record.label()).unwrap_or_default());
        }
        let name = premises.get(&one.record).cloned().unwrap_or_default();
        let book = app.playbooks.find(conn, &one.playbook.0, &one.playbook.1)?;
        let checklist = book.as_ref().and_then(|book| book.checklists.iter().find(|list| list.code == one.checklist));
        let text = |item: &str| {
            let known = checklist.and_then(|list| list.item(item));
            known.map_or_else(|| item.to_owned(), |item| item.text.clone())
        };
        let case_of = |item: &str| one.hazards.iter().find(|(own, _)| own == item).map(|(_, case)| *case);
        let answers = one.answers.iter().map(|answer| AnswerView {
            item: answer.item.clone(),
            text: text(&answer.item),
            answer: answer.answer,
            answer_name: lang.word("inspection_answer", answer.answer.as_str()),
            note: answer.note.clone(),
            case_id: case_of(&answer.item),
        });
        views.push(InspectionView {
            id: one.id,
            area: app.areas().reference(&one.area),
            record_id: one.record,
            premises_name: name,
            answers: answers.collect(),
            checklist_name: checklist.map_or_else(|| one.checklist.clone(), |list| list.name.clone()),
            checklist: one.checklist,
            n_findings: u32::try_from(one.hazards.len()).unwrap_or(u32::MAX),
            note: one.note,
            by_name: names.get(&one.account).map(|person| person.name.clone()).unwrap_or_default(),
            captured_at: one.captured_at,
            received_at: one.received_at,
        });
    }
    Ok(views)
}

/// Key premises with what is known of their inspections.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = KeyPremises)]
pub struct PremisesView {
    /// Which record of the registry.
    #[schema(value_type = String)]
    pub record_id: RecordId,
    /// Where.
    pub area: AreaRef,
    /// What people call them.
    pub name: String,
    /// Their address.
    pub address: String,
    /// What kind.
    pub premises_kind: String,
    /// In words.
    pub premises_kind_name: String,
    /// Checklists that fit.
    pub checklists: Vec<String>,
    /// When they were looked at last.
    pub last_at: Option<Timestamp>,
    /// Hazards that are not put right.
    pub n_open: u32,
    /// By when the next of them is to be put right.
    pub due_at: Option<Timestamp>,
    /// Their printed code.
    pub code: Option<String>,
}

/// One of them.
#[must_use]
pub fn premises(app: &App, looked: Looked, lang: Lang) -> PremisesView {
    let book = app.playbooks.current();
    let fitting = book.checklists.iter().filter(|list| list.fits(&looked.kind)).map(|list| list.code.clone());
    PremisesView {
        record_id: looked.record,
        area: app.areas().reference(&looked.area),
        premises_kind_name: lang.word("registry_word", &format!("premises_kind_{}", looked.kind)),
        checklists: fitting.collect(),
        name: looked.name,
        address: looked.address,
        premises_kind: looked.kind,
        last_at: looked.last_at,
        n_open: looked.n_open,
        due_at: looked.due_at,
        code: looked.code,
    }
}

/// A hazard in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Hazard)]
pub struct HazardView {
    /// Which case.
    pub case_id: CaseId,
    /// Its number for paper.
    pub paper_no: String,
    /// What it is.
    pub text: String,
    /// Which premises.
    pub premises_name: String,
    /// Which record of the registry.
    #[schema(value_type = String)]
    pub record_id: RecordId,
    /// Where.
    pub area: AreaRef,
    /// How heavy.
    pub weight: Weight,
    /// In words.
    pub weight_name: String,
    /// Where it stands.
    pub stage_name: String,
    /// In which phase.
    pub phase: Phase,
    /// By when it is to be put right.
    pub due_at: Option<Timestamp>,
    /// Whether that is over and it is not.
    pub is_late: bool,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// One of them.
///
/// # Errors
/// The database's.
pub fn hazard(conn: &mut Conn, app: &App, row: HazardRow, lang: Lang) -> Result<HazardView, StoreError> {
    let book = app.playbooks.find(conn, &row.playbook.0, &row.playbook.1)?;
    let stage = book.as_ref().and_then(|book| book.stage(CaseKind::Hazard, &row.stage)).map(|stage| stage.name.clone());
    let is_open = matches!(row.phase, Phase::Open | Phase::Waiting);
    Ok(HazardView {
        case_id: row.case,
        paper_no: row.paper_no,
        text: row.body,
        premises_name: row.premises,
        record_id: row.record,
        area: app.areas().reference(&row.area),
        weight: row.weight,
        weight_name: lang.word("weight", row.weight.as_str()),
        stage_name: stage.unwrap_or(row.stage),
        phase: row.phase,
        due_at: row.due_at,
        is_late: is_open && row.due_at.is_some_and(|due| due <= app.now()),
        found_at: row.found_at,
        closed_at: row.closed_at,
    })
}
