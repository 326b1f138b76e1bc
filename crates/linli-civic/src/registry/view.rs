//! What is shown of a record to whoever may see it: nothing that is sealed, but a masked name.

use std::collections::{BTreeMap, HashMap, HashSet};

use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, RealName, Timestamp};
use serde::Serialize;

use super::fields::{Field, Kind, Need, Shape};
use super::history::{self, Step};
use super::list::{self, Beside};
use super::model::{Proposal, Record, State};
use super::{store, twins};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::people::duty;
use crate::say::Lang;

/// A record as a list shows it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryRow)]
pub struct RowView {
    /// Which.
    id: String,
    /// Of which kind.
    kind: Kind,
    /// Where.
    area: AreaRef,
    /// What it is called: a masked name for people and households.
    name: String,
    /// Its address.
    address: String,
    /// What stands in its open fields, in the words of the standard values.
    fields: BTreeMap<String, String>,
    /// The sealed fields in which something stands.
    sealed: Vec<String>,
    /// Whether nothing is missing.
    is_complete: bool,
    /// When somebody last confirmed it.
    confirmed_at: Option<Timestamp>,
    /// Why it left, in words; `null` for what is of the present.
    left: Option<String>,
    /// When it left.
    left_at: Option<Timestamp>,
    /// The version that a change names.
    version: i64,
}

/// A record as a list shows it.
#[must_use]
pub fn row(app: &App, record: &Record, beside: &Beside, lang: Lang) -> RowView {
    let open = |field: &&Field| !field.is_sealed();
    let value = |field: &Field| record.values.get(field.key).map(|value| (field.key.to_owned(), value.to_owned()));
    let (left, left_at) = match record.state {
        State::Active => (None, None),
        State::Left { reason, at } => (Some(lang.word("registry_left", reason.as_str())), Some(at)),
    };
    let fields = record.kind.fields();
    RowView {
        id: record.id.to_string(),
        kind: record.kind,
        area: app.areas().reference(&record.area),
        name: name(record, beside),
        address: address(record, beside),
        fields: fields.iter().filter(open).filter_map(value).collect(),
        sealed: fields
            .iter()
            .filter(|field| field.is_sealed() && record.values.get(field.key).is_some())
            .map(|field| field.key.to_owned())
            .collect(),
        is_complete: record.is_complete(),
        confirmed_at: record.confirmed_at,
        left,
        left_at,
        version: record.version,
    }
}

fn name(record: &Record, beside: &Beside) -> String {
    match record.kind {
        Kind::Resident => {
            record.values.get("name").and_then(RealName::parse).map(|name| name.masked()).unwrap_or_default()
        }
        Kind::Household => beside.heads.get(&record.id.to_string()).cloned().unwrap_or_default(),
        Kind::Dwelling | Kind::Premises | Kind::Firm | Kind::Facility => record.label(),
    }
}

fn address(record: &Record, beside: &Beside) -> String {
    let of = |key: &str| record.values.get(key).and_then(|id| beside.addresses.get(id)).cloned().unwrap_or_default();
    match record.kind {
        Kind::Dwelling => record.label(),
        Kind::Household => of("dwelling_id"),
        Kind::Resident => of("household_id"),
        Kind::Premises | Kind::Firm | Kind::Facility => record.values.get("address").unwrap_or_default().to_owned(),
    }
}

/// One line of a record's history.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryHistoryLine)]
pub struct HistoryLine {
    /// When.
    at: Timestamp,
    /// Who, in words.
    who: String,
    /// What happened, in words.
    what: String,
    /// Each field that changed.
    changes: Vec<FieldChange>,
    /// The version after it.
    version: i64,
}

/// A field that changed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryFieldChange)]
pub struct FieldChange {
    /// Its name in words.
    field: String,
    /// What stood there; nothing for what is sealed.
    before: Option<String>,
    /// What stands there since; nothing for what is sealed.
    after: Option<String>,
    /// Whether it is sealed.
    is_sealed: bool,
}

/// A value that met another and waits for a person.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryProposal)]
pub struct ProposalView {
    /// Which.
    id: String,
    /// Of which record.
    record: RowView,
    /// Which field.
    field: String,
    /// The field in words.
    field_name: String,
    /// What stands now; nothing for what is sealed.
    stands: Option<String>,
    /// What is proposed; nothing for what is sealed.
    proposed: Option<String>,
    /// Whether it is sealed: read the record's private fields first.
    is_sealed: bool,
    /// Who.
    who: String,
    /// When.
    at: Timestamp,
}

/// A record with everything that its page shows.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryRecord)]
pub struct RecordView {
    /// As in a list.
    record: RowView,
    /// Others that seem to be the same, the oldest first.
    twins: Vec<RowView>,
    /// How many records of the present lie in it.
    n_inside: i64,
    /// Its history, newest first.
    history: Vec<HistoryLine>,
    /// What waits for a person.
    proposals: Vec<ProposalView>,
    /// Whether the caller may change it.
    may_edit: bool,
    /// Whether the caller may bring it back from the archive.
    may_unarchive: bool,
    /// Whether the caller may decide about proposals.
    may_decide: bool,
    /// Whether the caller may read what is sealed.
    may_read: bool,
}

/// What the caller may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights {
    /// Change it.
    pub edit: bool,
    /// Decide about proposals.
    pub decide: bool,
    /// Read what is sealed.
    pub read: bool,
}

/// A record's page.
///
/// # Errors
/// The database's.
pub fn record(
    conn: &mut Conn,
    app: &App,
    record: &Record,
    rights: Rights,
    lang: Lang,
) -> Result<RecordView, StoreError> {
    let beside = list::beside(conn, &app.vault, std::slice::from_ref(record))?;
    let steps = history::of(conn, record)?;
    let open = store::proposals_of(conn, &app.vault, record.id)?;
    let mut who: HashSet<AccountId> = store::authors(&open);
    who.extend(
        steps.iter().filter_map(|step| step.event.actor_id.as_deref().and_then(|id| id.parse::<AccountId>().ok())),
    );
    let people = duty::people(conn, &app.vault, &who)?;
    let twins = if record.state == State::Active { twins::of(conn, &app.vault, record)? } else { Vec::new() };
    let around = list::beside(conn, &app.vault, &twins)?;
    Ok(RecordView {
        twins: twins.iter().map(|twin| row(app, twin, &around, lang)).collect(),
        record: row(app, record, &beside, lang),
        n_inside: store::n_inside(conn, record.kind, record.id)?,
        history: steps.iter().rev().map(|step| line(record.kind, step, &people, lang)).collect(),
        proposals: open.iter().map(|proposal| self::proposal(app, proposal, record, &beside, &people, lang)).collect(),
        may_edit: rights.edit && record.state == State::Active,
        may_unarchive: rights.edit && record.state != State::Active,
        may_decide: rights.decide,
        may_read: rights.read,
    })
}

/// A proposal beside the record that it is about.
#[must_use]
pub fn proposal(
    app: &App,
    proposal: &Proposal,
    record: &Record,
    beside: &Beside,
    people: &HashMap<AccountId, duty::Person>,
    lang: Lang,
) -> ProposalView {
    let field = record.kind.field(proposal.field);
    let is_sealed = field.is_none_or(|field| field.is_sealed());
    let shown = |value: Option<&str>| match field {
        Some(field) if !is_sealed => value.map(|value| in_words(field, value, lang)),
        _ => None,
    };
    ProposalView {
        id: proposal.id.to_string(),
        field: proposal.field.to_owned(),
        field_name: field_name(record.kind, proposal.field, lang),
        stands: shown(record.values.get(proposal.field)),
        proposed: shown(proposal.value.0.as_deref()),
        is_sealed,
        who: proposal.by.and_then(|id| people.get(&id)).map(|person| person.name.clone()).unwrap_or_default(),
        at: proposal.at,
        record: row(app, record, beside, lang),
    }
}

fn line(kind: Kind, step: &Step, people: &HashMap<AccountId, duty::Person>, lang: Lang) -> HistoryLine {
    let account = step.event.actor_id.as_deref().and_then(|id| id.parse::<AccountId>().ok());
    let role = step.event.actor_role.as_deref().map(|role| lang.word("role", role)).unwrap_or_default();
    let who = match account.and_then(|id| people.get(&id)) {
        Some(person) => lang.say("actor.staff", &[("role", &role), ("name", &person.name)]),
        None => lang.text(&format!("actor.{}", step.event.actor_kind)),
    };
    let by_import = if step.payload.import.is_some() { "_by_import" } else { "" };
    let named = step.payload.kept.first().or(step.payload.field.as_ref());
    let values = [
        ("field", named.map(|key| field_name(kind, key, lang)).unwrap_or_default()),
        ("reason", step.payload.reason.as_deref().map(|word| lang.word("registry_left", word)).unwrap_or_default()),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let key = format!("registry_event.{}{by_import}", step.event.kind);
    let key = if lang.has(&key) { key } else { format!("registry_event.{}", step.event.kind) };
    HistoryLine {
        at: step.event.at,
        who,
        what: lang.say(&key, &values),
        changes: step.payload.fields.iter().filter_map(|key| changed(kind, key, step, lang)).collect(),
        version: step.payload.version,
    }
}

fn changed(kind: Kind, key: &str, step: &Step, lang: Lang) -> Option<FieldChange> {
    let field = kind.field(key)?;
    if matches!(field.shape, Shape::Ref(_)) {
        return None;
    }
    let (before, after) = step.told.fields.get(key).cloned().unwrap_or_default();
    let shown = |value: Option<String>| value.filter(|_| !field.is_sealed()).map(|value| in_words(field, &value, lang));
    Some(FieldChange {
        field: field_name(kind, key, lang),
        before: shown(before),
        after: shown(after),
        is_sealed: field.is_sealed(),
    })
}

/// A value as people read it.
#[must_use]
pub fn in_words(field: &Field, value: &str, lang: Lang) -> String {
    match field.shape {
        Shape::Word(_) => lang.word("registry_word", &format!("{}_{value}", field.key)),
        _ => value.to_owned(),
    }
}

/// What a field is called.
#[must_use]
pub fn field_name(kind: Kind, key: &str, lang: Lang) -> String {
    lang.word("registry_field", &format!("{}_{key}", kind.as_str()))
}

/// A field as a form needs to know it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryField)]
pub struct FieldView {
    /// The stable identifier.
    key: String,
    /// What it is called.
    name: String,
    /// Why it is asked for: 为什么问.
    purpose: String,
    /// `text`, `word`, `number`, `area`, `month`, `phone`, `id_number`, `name`, `unified_code` or `ref`.
    shape: String,
    /// The words that may stand in it, with what they are called.
    words: Vec<WordView>,
    /// Most characters of a text.
    max: Option<i64>,
    /// Whether no record is without it.
    is_required: bool,
    /// Whether it is sealed.
    is_sealed: bool,
    /// The kind of record that it refers to.
    of: Option<Kind>,
}

/// A standard value.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryWord)]
pub struct WordView {
    /// The stable identifier.
    word: String,
    /// What it is called.
    name: String,
}

/// The fields of a kind.
#[must_use]
pub fn fields(kind: Kind, lang: Lang) -> Vec<FieldView> {
    kind.fields()
        .iter()
        .map(|field| {
            let (shape, max, of) = match field.shape {
                Shape::Text(max) => ("text", i64::try_from(max).ok(), None),
                Shape::Word(_) => ("word", None, None),
                Shape::Number(max) => ("number", Some(max), None),
                Shape::Area => ("area", None, None),
                Shape::Month => ("month", None, None),
                Shape::Phone => ("phone", None, None),
                Shape::IdNumber => ("id_number", None, None),
                Shape::Name => ("name", Some(50), None),
                Shape::UnifiedCode => ("unified_code", None, None),
                Shape::Ref(of) => ("ref", None, Some(of)),
            };
            let word = |word: &&str| WordView { word: (*word).to_owned(), name: in_words(field, word, lang) };
            FieldView {
                key: field.key.to_owned(),
                name: field_name(kind, field.key, lang),
                purpose: lang.word("registry_purpose", &format!("{}_{}", kind.as_str(), field.key)),
                shape: shape.to_owned(),
                words: field.words().iter().map(word).collect(),
                max,
                is_required: field.need == Need::Required,
                is_sealed: field.is_sealed(),
                of,
            }
        })
        .collect()
}
