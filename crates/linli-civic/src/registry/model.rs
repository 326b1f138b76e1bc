//! 底数记录: a dwelling, a household, a resident, premises or a firm, and what may happen to it. Pure.

use std::collections::BTreeMap;

use linli_access::Vault;
use linli_kernel::{
    AccountId, Actor, AreaCode, Change, ImportId, NewEvent, Problem, ProblemCode, ProposalId, RecordId, Stream,
    StreamKind, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fields::{Field, Kind, Need, Shape};
use super::merge::{Clash, Values};

/// Why a record is no longer of the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RegistryLeft)]
pub enum Left {
    /// 迁出
    MovedAway,
    /// 去世
    Deceased,
    /// 停业、注销
    Closed,
    /// 拆除
    Demolished,
    /// 误登
    Mistake,
}

impl Left {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MovedAway => "moved_away",
            Self::Deceased => "deceased",
            Self::Closed => "closed",
            Self::Demolished => "demolished",
            Self::Mistake => "mistake",
        }
    }

    /// From the word in the database.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "moved_away" => Self::MovedAway,
            "deceased" => Self::Deceased,
            "closed" => Self::Closed,
            "demolished" => Self::Demolished,
            _ => Self::Mistake,
        }
    }

    /// Whether it can be said of a kind: nobody demolishes a resident.
    #[must_use]
    pub const fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Mistake => true,
            Self::MovedAway => matches!(kind, Kind::Household | Kind::Resident | Kind::Premises | Kind::Firm),
            Self::Deceased => matches!(kind, Kind::Resident),
            Self::Closed => matches!(kind, Kind::Premises | Kind::Firm),
            Self::Demolished => matches!(kind, Kind::Dwelling | Kind::Premises | Kind::Facility),
        }
    }
}

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Of the present.
    Active,
    /// Archived: kept for a year so that a mistake can be put right, then erased.
    Left {
        /// Why.
        reason: Left,
        /// Since when.
        at: Timestamp,
    },
}

/// Where a change comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person at a page or on the way.
    Hand,
    /// A row of an import.
    Import(ImportId),
    /// Two that are the same were put together: nobody was there for it.
    Merge,
}

/// 底数记录
#[derive(Clone, Debug)]
pub struct Record {
    /// Which.
    pub id: RecordId,
    /// What it is of.
    pub kind: Kind,
    /// Where: a grid.
    pub area: AreaCode,
    /// What stands in its fields.
    pub values: Values,
    /// How it stands.
    pub state: State,
    /// Its version; 0 before it is there.
    pub version: i64,
    /// The order of lists: for what lies in a dwelling, that of the dwelling.
    pub sort_key: String,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When a person last said that it is as it stands here.
    pub confirmed_at: Option<Timestamp>,
}

/// 待定的改动: a value that met another and waits for a person.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Which.
    pub id: ProposalId,
    /// Of which record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Where.
    pub area: AreaCode,
    /// Which field.
    pub field: &'static str,
    /// The version on which it was decided.
    pub base_version: i64,
    /// What is proposed; `None` empties the field.
    pub value: Secret,
    /// Who.
    pub by: Option<AccountId>,
    /// When.
    pub at: Timestamp,
}

/// A value whose `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Option<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What a person said to a proposal.
#[derive(Clone, Copy, Debug)]
pub struct Ruling {
    /// Which.
    pub proposal: ProposalId,
    /// Whether it stands now.
    pub is_accepted: bool,
    /// Who.
    pub by: Option<AccountId>,
}

/// What is written: the record with what is sealed of it, and what belongs to the same decision.
#[derive(Clone, Debug)]
pub struct Written {
    /// The record as it stands now.
    pub record: Record,
    /// What is sealed, with the index by which it is found.
    pub seals: BTreeMap<&'static str, (Vec<u8>, String)>,
    /// New proposals with their sealed values.
    pub proposals: Vec<(Proposal, Vec<u8>)>,
    /// What was decided.
    pub ruling: Option<Ruling>,
    /// Whether it is erased.
    pub is_erased: bool,
}

/// What an event tells of fields, beside the chain: it can be erased. What is sealed in the record is sealed here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    /// Before and after of each field.
    pub fields: BTreeMap<String, (Option<String>, Option<String>)>,
}

/// In front of a sealed value in [`Told`], in hex.
pub const SEALED: &str = "sealed:";

/// The name under which a field is sealed.
#[must_use]
pub fn seal_name(kind: Kind, field: &Field) -> String {
    format!("{}.{}", kind.as_str(), field.key)
}

/// The name under which a value is indexed: a phone number is found in whatever kind of record it stands.
#[must_use]
pub fn index_name(kind: Kind, field: &Field) -> String {
    match field.shape {
        Shape::Phone => "registry.phone".to_owned(),
        _ => seal_name(kind, field),
    }
}

/// The name under which a proposed value is sealed.
pub const PROPOSAL_SEAL: &str = "registry_proposal.value";

/// Who decides, when, with what.
#[derive(Clone)]
pub struct Deciding<'a> {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// Seals.
    pub vault: &'a Vault,
    /// Where the change comes from.
    pub origin: Origin,
}

impl Record {
    /// The words under which it is found: an address, a name. Nothing for people.
    #[must_use]
    pub fn label(&self) -> String {
        let text = |key: &str| self.values.get(key).unwrap_or_default();
        match self.kind {
            Kind::Dwelling => ["compound", "building", "unit", "room"].map(text).concat(),
            Kind::Premises | Kind::Firm | Kind::Facility => text("name").to_owned(),
            Kind::Household | Kind::Resident => String::new(),
        }
    }

    /// Whether everything is there that help needs.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut fields = self.kind.fields().iter().filter(|field| field.need != Need::Optional);
        fields.all(|field| self.values.get(field.key).is_some())
    }

    /// Enters it.
    ///
    /// # Errors
    /// `Invalid` with the fields that are missing.
    pub fn enter(mut self, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        self.check()?;
        self.version = 1;
        (self.created_at, self.changed_at) = (by.at, by.at);
        self.confirmed_at = (by.origin == Origin::Hand).then_some(by.at);
        self.settle_order();
        self.tell("record_entered", &Values::default(), by)
    }

    /// Puts new values in place of the old ones, and keeps what clashed for a person.
    ///
    /// # Errors
    /// `Invalid` with the fields that would be missing.
    pub fn change(
        &self,
        values: Values,
        clashes: Vec<(ProposalId, Clash)>,
        base_version: i64,
        by: &Deciding<'_>,
    ) -> Result<Change<Written>, Problem> {
        let mut next = self.next(by);
        let has_changed = values != self.values;
        next.values = values;
        next.check()?;
        if has_changed && by.origin == Origin::Hand {
            next.confirmed_at = Some(by.at);
        }
        next.settle_order();
        let kind = if has_changed { "record_changed" } else { "proposal_kept" };
        let mut proposals = Vec::new();
        for (id, clash) in clashes {
            let proposal = Proposal {
                id,
                record: self.id,
                kind: self.kind,
                area: self.area,
                field: clash.field,
                base_version,
                value: Secret(clash.wanted.clone()),
                by: by.actor.account(),
                at: by.at,
            };
            let sealed = seal(by.vault, PROPOSAL_SEAL, clash.wanted.as_deref().unwrap_or_default())?;
            proposals.push((proposal, sealed));
        }
        let kept: Vec<&str> = proposals.iter().map(|(proposal, _)| proposal.field).collect();
        let change = next.tell_with(kind, &self.values, by, json!({ "kept": kept }))?;
        let (mut written, events, _) = change.into_parts();
        written.proposals = proposals;
        rebuilt(written, events)
    }

    /// 核实: somebody saw that it is as it stands here.
    ///
    /// # Errors
    /// The vault's.
    pub fn confirm(&self, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        let mut next = self.next(by);
        next.confirmed_at = Some(by.at);
        next.tell("record_confirmed", &self.values, by)
    }

    /// 归档: the person moved away, the shop closed.
    ///
    /// # Errors
    /// `Invalid` for a reason that cannot be said of this kind; `NotNow` when it is archived already.
    pub fn leave(&self, reason: Left, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        if self.state != State::Active {
            return Err(ProblemCode::NotNow.into());
        }
        if !reason.fits(self.kind) {
            return Err(Problem::field("reason", "not_an_option"));
        }
        let mut next = self.next(by);
        next.state = State::Left { reason, at: by.at };
        next.tell_with("record_archived", &self.values, by, json!({ "reason": reason.as_str() }))
    }

    /// 恢复: it was archived by mistake and is of the present again, as it stood. The archiving stays in its history.
    ///
    /// # Errors
    /// `NotNow` when it is of the present.
    pub fn unarchive(&self, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        if self.state == State::Active {
            return Err(ProblemCode::NotNow.into());
        }
        let mut next = self.next(by);
        next.state = State::Active;
        next.tell("record_unarchived", &self.values, by)
    }

    /// Puts back what stood before an import.
    ///
    /// # Errors
    /// The vault's.
    pub fn restore(&self, values: Values, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        let mut next = self.next(by);
        next.values = values;
        next.state = State::Active;
        next.settle_order();
        next.tell("record_restored", &self.values, by)
    }

    /// Erases it with everything that its history says in words. The chain stays and says that it was erased.
    ///
    /// # Errors
    /// `NotNow` while it is of the present.
    pub fn erase(&self, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        if self.state == State::Active {
            return Err(ProblemCode::NotNow.into());
        }
        let next = self.next(by);
        let change = next.tell("record_erased", &self.values, by)?;
        let (mut written, mut events, _) = change.into_parts();
        written.is_erased = true;
        for event in &mut events {
            event.text = None;
        }
        rebuilt(written, events)
    }

    /// A person decided about a proposal.
    ///
    /// # Errors
    /// `Invalid` when the record cannot be with that value.
    pub fn rule(&self, proposal: &Proposal, is_accepted: bool, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        let mut next = self.next(by);
        if is_accepted {
            next.values.set(proposal.field, proposal.value.0.clone());
            next.check()?;
            next.confirmed_at = Some(by.at);
            next.settle_order();
        }
        let kind = if is_accepted { "proposal_accepted" } else { "proposal_rejected" };
        let change = next.tell_with(kind, &self.values, by, json!({ "field": proposal.field }))?;
        let (mut written, events, _) = change.into_parts();
        written.ruling = Some(Ruling { proposal: proposal.id, is_accepted, by: by.actor.account() });
        rebuilt(written, events)
    }

    fn next(&self, by: &Deciding<'_>) -> Self {
        let mut next = self.clone();
        next.version = self.version + 1;
        next.changed_at = by.at;
        next
    }

    /// Dwellings, premises and firms are listed by their own words; what lies in a dwelling by the dwelling's.
    fn settle_order(&mut self) {
        let label = self.label();
        if !label.is_empty() {
            self.sort_key = natural(&label);
        }
    }

    fn check(&self) -> Result<(), Problem> {
        let mut missing = self
            .kind
            .fields()
            .iter()
            .filter(|field| field.need == Need::Required && self.values.get(field.key).is_none());
        let Some(first) = missing.next() else { return Ok(()) };
        let problem = Problem::field(format!("fields.{}", first.key), "required");
        Err(missing.fold(problem, |problem, field| problem.and_field(format!("fields.{}", field.key), "required")))
    }

    fn tell(self, kind: &'static str, before: &Values, by: &Deciding<'_>) -> Result<Change<Written>, Problem> {
        self.tell_with(kind, before, by, json!({}))
    }

    fn tell_with(
        self,
        kind: &'static str,
        before: &Values,
        by: &Deciding<'_>,
        more: serde_json::Value,
    ) -> Result<Change<Written>, Problem> {
        let mut told = Told::default();
        let changed = self.values.differs_from(before);
        for field in self.kind.fields().iter().filter(|field| changed.contains(field.key)) {
            let written = |value: Option<&str>| said(self.kind, field, value, by.vault);
            let pair = (written(before.get(field.key))?, written(self.values.get(field.key))?);
            told.fields.insert(field.key.to_owned(), pair);
        }
        let mut payload = json!({ "kind": self.kind, "version": self.version, "fields": changed });
        if let (Some(into), serde_json::Value::Object(more)) = (payload.as_object_mut(), more) {
            into.extend(more);
            if let Origin::Import(import) = by.origin {
                into.insert("import".to_owned(), import.to_string().into());
            }
        }
        let text = if told.fields.is_empty() { None } else { serde_json::to_string(&told).ok() };
        let event = NewEvent {
            stream: Stream::new(StreamKind::Registry, self.id.to_string()),
            kind,
            at: by.at,
            actor: by.actor.clone(),
            payload,
            text,
            area: Some(self.area),
            unit: None,
        };
        let seals = self.seals(by.vault)?;
        let written = Written { record: self, seals, proposals: Vec::new(), ruling: None, is_erased: false };
        Ok(Change::new(written, event))
    }

    fn seals(&self, vault: &Vault) -> Result<BTreeMap<&'static str, (Vec<u8>, String)>, Problem> {
        let mut seals = BTreeMap::new();
        for field in self.kind.fields().iter().filter(|field| field.is_sealed()) {
            if let Some(value) = self.values.get(field.key) {
                let sealed = seal(vault, &seal_name(self.kind, field), value)?;
                seals.insert(field.key, (sealed, vault.index(&index_name(self.kind, field), value)));
            }
        }
        Ok(seals)
    }
}

fn rebuilt(written: Written, events: Vec<NewEvent>) -> Result<Change<Written>, Problem> {
    let mut events = events.into_iter();
    let first = events.next().ok_or(ProblemCode::Internal)?;
    Ok(events.fold(Change::new(written, first), Change::and))
}

fn said(kind: Kind, field: &Field, value: Option<&str>, vault: &Vault) -> Result<Option<String>, Problem> {
    match value {
        Some(value) if field.is_sealed() => {
            Ok(Some(format!("{SEALED}{}", hex::encode(seal(vault, &seal_name(kind, field), value)?))))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

fn seal(vault: &Vault, name: &str, value: &str) -> Result<Vec<u8>, Problem> {
    vault.seal(name, value).map_err(|_| ProblemCode::Internal.into())
}

/// Words in the order in which people read numbers in them: 2号楼 before 10号楼.
#[must_use]
pub fn natural(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            out.push_str(&format!("{digits:0>6}"));
            digits.clear();
        }
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(&[7; 32])
    }

    fn by(vault: &Vault) -> Deciding<'_> {
        Deciding { actor: Actor::System, at: Timestamp::from_ms(1_000), vault, origin: Origin::Hand }
    }

    fn resident() -> Record {
        let mut values = Values::default();
        values.set("household_id", Some("018f0000-0000-7000-8000-000000000001".to_owned()));
        values.set("name", Some("李晓梅".to_owned()));
        values.set("phone", Some("19900000001".to_owned()));
        Record {
            id: RecordId::new(Default::default()),
            kind: Kind::Resident,
            area: "610502005007001".parse().unwrap(),
            values,
            state: State::Active,
            version: 0,
            sort_key: String::new(),
            created_at: Timestamp::from_ms(0),
            changed_at: Timestamp::from_ms(0),
            confirmed_at: None,
        }
    }

    #[test]
    fn what_is_sealed_stands_nowhere_in_the_clear() {
        let vault = vault();
        let change = resident().enter(&by(&vault)).unwrap();
        let shown = format!("{:?} {:?}", change.events(), change.state());
        assert!(!shown.contains("李晓梅") && !shown.contains("19900000001"), "{shown}");
        assert_eq!(change.state().seals.keys().copied().collect::<Vec<_>>(), ["name", "phone"]);
    }

    #[test]
    fn a_record_without_what_it_needs_is_refused_by_the_field() {
        let mut without = resident();
        without.values.set("name", None);
        let problem = without.enter(&by(&vault())).unwrap_err();
        assert_eq!(problem.errors[0].field, "fields.name");
    }

    #[test]
    fn only_what_has_left_is_erased_and_its_last_event_says_nothing() {
        let vault = vault();
        let entered = resident().enter(&by(&vault)).unwrap().into_state().record;
        assert!(entered.erase(&by(&vault)).is_err());
        assert!(entered.leave(Left::Demolished, &by(&vault)).is_err());
        let left = entered.leave(Left::MovedAway, &by(&vault)).unwrap().into_state().record;
        assert!(left.leave(Left::MovedAway, &by(&vault)).is_err());
        let erased = left.erase(&by(&vault)).unwrap();
        assert!(erased.state().is_erased);
        assert!(erased.events().iter().all(|event| event.text.is_none()));
    }

    #[test]
    fn numbers_in_an_address_are_in_the_order_of_their_size() {
        assert!(natural("幸福小区2号楼") < natural("幸福小区10号楼"));
        assert_eq!(natural("3号"), "000003号");
    }
}
