//! 关爱登记: one person's entitlement, and what may happen to it. Pure.

use jiff::civil::Date;
use linli_access::scope::unit_key;
use linli_access::{Keys, Vault};
use linli_kernel::{
    AccountId, Actor, AreaCode, AreaLevel, CareId, CareRequestId, Change, NewEvent, Problem, ProblemCode, RecordId,
    Stream, StreamKind, Timestamp, VisitId,
};
use linli_playbook::{CareBasis, CareCategory, CareLife, CarePlan, CareRules, Host, UnitDef};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::due::{self, plus_months};
use super::service::Service;
use super::words::{ConsentHow, EndReason, Met, Mute, State, Whose};

/// Under this age the guardian consents. 个人信息保护法 第三十一条. Unit: years.
const GUARDIAN_UNDER: i64 = 14;
/// Most people paired with one person.
const MOST_HELPERS: usize = 6;
/// The field that seals reasons in the history.
pub const REASON_FIELD: &str = "care.reason";
/// The field that seals what was said in a call.
pub const CALL_FIELD: &str = "care.call";

/// 登记依据, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CareBasisGiven)]
pub struct Basis {
    /// A statutory list, or consent.
    #[schema(value_type = linli_playbook::CareBasis)]
    pub kind: CareBasis,
    /// Where on the list, or which document: 名册编号、批准文号.
    #[serde(default)]
    pub reference: Option<String>,
    /// Who consented.
    #[serde(default)]
    pub by: Option<Whose>,
    /// How.
    #[serde(default)]
    pub how: Option<ConsentHow>,
    /// The guardian's name, where it was the guardian.
    #[serde(default)]
    pub guardian: Option<String>,
}

/// What is sealed of an entry. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    /// Code of the category.
    pub category: String,
    /// On which basis.
    pub basis: Basis,
    /// Code of the plan.
    pub plan: String,
    /// Services that were spoken about.
    pub services: Vec<Service>,
    /// Which contact is wanted, in the person's words.
    pub wish: Option<String>,
    /// Why it is muted.
    pub muted: Option<Mute>,
    /// The key of whoever answers for it: the community's code, or `area/unit`.
    pub owner: String,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

/// 关爱登记
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which.
    pub id: CareId,
    /// Where: a grid.
    pub area: AreaCode,
    /// Who: a resident of the registry.
    pub resident: RecordId,
    /// What is sealed.
    pub held: Held,
    /// Old, young, or neither.
    pub life: Option<CareLife>,
    /// A visit every so many days.
    pub visit_days: Option<u32>,
    /// How it stands.
    pub state: State,
    /// Visits are counted from here.
    pub since: Timestamp,
    /// When somebody went and met nobody.
    pub tried_at: Option<Timestamp>,
    /// By when a person looks at it again.
    pub review_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Who is paired.
    pub helpers: Vec<AccountId>,
    /// Its version; 0 before it is there.
    pub version: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// What is written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The entry as it stands now.
    pub entry: Entry,
    /// What belongs to the same decision.
    pub beside: Beside,
}

/// What is written beside an entry.
#[derive(Clone, Debug)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// The entry is erased with all that belongs to it.
    Erased,
    /// The person asked for something to be put right; the words are sealed.
    Request(CareRequestId, Vec<u8>),
    /// An answer to it, sealed.
    Answer(CareRequestId, Vec<u8>),
    /// A code of the counter, by its index, and until when it opens.
    Code(String, Timestamp),
    /// The code was used: its index, the index of the secret, and until when that holds.
    Opened(String, String, Timestamp),
}

/// Who decides, when, with what.
#[derive(Clone, Debug)]
pub struct By<'a> {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// Seals.
    pub vault: &'a Vault,
}

/// What came of a visit or a call.
#[derive(Clone, Copy, Debug)]
pub struct Been<'a> {
    /// The record of the visit; none of a call.
    pub visit: Option<VisitId>,
    /// Whether somebody was met.
    pub met: Met,
    /// The day.
    pub on: Date,
    /// Codes of services given on the way.
    pub services: &'a [String],
    /// What was said in a call.
    pub note: Option<&'a str>,
    /// Knows the services.
    pub rules: &'a CareRules,
}

/// Where somebody is to be entered, and as what.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The category of the playbook.
    pub category: &'a CareCategory,
    /// The plan of the playbook.
    pub plan: &'a CarePlan,
    /// On which basis.
    pub basis: Basis,
    /// Which contact is wanted.
    pub wish: Option<String>,
    /// By when it is looked at again; as late as the category allows without it.
    pub review_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The resident's age in whole years, where the registry knows the month of birth.
    pub age: Option<i64>,
}

/// The key of whoever answers for an entry of this category in `area`.
#[must_use]
pub fn owner_key(category: &CareCategory, units: &[UnitDef], area: &AreaCode) -> String {
    match &category.owner {
        Host::Seat => area.at(AreaLevel::Community).to_string(),
        Host::Unit(code) => {
            let unit = units.iter().find(|unit| unit.code == *code);
            let at = unit
                .and_then(|unit| unit.area)
                .unwrap_or_else(|| area.at(unit.map_or(AreaLevel::Community, |unit| unit.level)));
            unit_key(&at, code)
        }
    }
}

impl Basis {
    /// # Errors
    /// `Invalid` with the field that is missing.
    fn check(&self, wanted: &Wanted<'_>) -> Result<(), Problem> {
        if !wanted.category.bases.contains(&self.kind) {
            return Err(Problem::field("basis.kind", "care_basis_not_allowed"));
        }
        match self.kind {
            CareBasis::List if blank(self.reference.as_deref()) => Err(Problem::field("basis.reference", "required")),
            CareBasis::List => Ok(()),
            CareBasis::Consent => self.check_consent(wanted),
        }
    }

    fn check_consent(&self, wanted: &Wanted<'_>) -> Result<(), Problem> {
        let by = self.by.ok_or_else(|| Problem::field("basis.by", "required"))?;
        if self.how.is_none() {
            return Err(Problem::field("basis.how", "required"));
        }
        let is_child = wanted.age.is_some_and(|age| age < GUARDIAN_UNDER);
        match by {
            Whose::Guardian if blank(self.guardian.as_deref()) => Err(Problem::field("basis.guardian", "required")),
            Whose::Guardian => Ok(()),
            Whose::Person if is_child => Err(Problem::field("basis.by", "care_guardian_needed")),
            // Whether somebody may consent alone is not guessed.
            Whose::Person if wanted.age.is_none() => Err(Problem::field("basis.by", "care_age_unknown")),
            Whose::Person => Ok(()),
        }
    }
}

fn blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

impl Entry {
    /// Enters somebody.
    ///
    /// # Errors
    /// `Invalid` without a basis that the category allows, with a plan that does not fit, without a day of review and an end within what
    /// the category allows.
    pub fn enter(
        (id, resident, area): (CareId, RecordId, AreaCode),
        owner: String,
        wanted: Wanted<'_>,
        by: &By<'_>,
    ) -> Result<Change<Written>, Problem> {
        wanted.basis.check(&wanted)?;
        if !wanted.category.plans.contains(&wanted.plan.code) {
            return Err(Problem::field("plan", "care_plan_does_not_fit"));
        }
        let latest = plus_months(by.at, wanted.category.review_months);
        let (review_at, expires_at) =
            times(wanted.category, wanted.review_at.unwrap_or(latest), wanted.expires_at, by.at)?;
        let held = Held {
            category: wanted.category.code.clone(),
            basis: wanted.basis,
            plan: wanted.plan.code.clone(),
            services: Vec::new(),
            wish: wanted.wish,
            muted: None,
            owner,
        };
        let entry = Self {
            id,
            area,
            resident,
            held,
            life: wanted.category.life,
            visit_days: wanted.plan.visit_days,
            state: State::Active,
            since: by.at,
            tried_at: None,
            review_at,
            expires_at,
            helpers: Vec::new(),
            version: 1,
            created_at: by.at,
            changed_at: by.at,
        };
        Ok(entry.told("care_entered", by, None))
    }

    /// Another plan.
    ///
    /// # Errors
    /// `Invalid` for one that does not fit the category.
    pub fn plan(&self, rules: &CareRules, plan: &str, by: &By<'_>) -> Result<Change<Written>, Problem> {
        let fits =
            rules.category(&self.held.category).is_some_and(|category| category.plans.iter().any(|code| code == plan));
        let plan = rules.plan(plan).filter(|_| fits).ok_or_else(|| Problem::field("plan", "care_plan_does_not_fit"))?;
        let mut next = self.next(by);
        next.held.plan = plan.code.clone();
        next.visit_days = plan.visit_days;
        Ok(next.told("care_planned", by, None))
    }

    /// Which contact is wanted.
    pub fn wish(&self, wish: Option<String>, by: &By<'_>) -> Change<Written> {
        let mut next = self.next(by);
        next.held.wish = wish;
        next.told("care_wish_changed", by, None)
    }

    /// 复核延长: somebody looked at it again and says why it goes on.
    ///
    /// # Errors
    /// `Invalid` beyond what the category allows; the vault's.
    pub fn extend(
        &self,
        category: &CareCategory,
        (review_at, expires_at): (Timestamp, Timestamp),
        reason: &str,
        by: &By<'_>,
    ) -> Result<Change<Written>, Problem> {
        let (review_at, expires_at) = times(category, review_at, expires_at, by.at)?;
        let mut next = self.next(by);
        (next.review_at, next.expires_at) = (review_at, expires_at);
        let text = seal(by.vault, REASON_FIELD, reason)?;
        Ok(next.told("care_extended", by, Some(hex(&text))))
    }

    /// 结对
    ///
    /// # Errors
    /// `Invalid` for one who is paired already, or one too many.
    pub fn pair(&self, helper: AccountId, by: &By<'_>) -> Result<Change<Written>, Problem> {
        if self.helpers.contains(&helper) {
            return Err(Problem::field("account", "care_paired_already"));
        }
        if self.helpers.len() >= MOST_HELPERS {
            return Err(Problem::field("account", "too_many").with("max", MOST_HELPERS.to_string()));
        }
        let mut next = self.next(by);
        next.helpers.push(helper);
        Ok(next.told_of("care_paired", by, json!({ "helper": helper })))
    }

    /// Ends a pairing.
    ///
    /// # Errors
    /// `NotNow` for one who is not paired.
    pub fn unpair(&self, helper: AccountId, by: &By<'_>) -> Result<Change<Written>, Problem> {
        if !self.helpers.contains(&helper) {
            return Err(ProblemCode::NotNow.into());
        }
        let mut next = self.next(by);
        next.helpers.retain(|known| *known != helper);
        Ok(next.told_of("care_unpaired", by, json!({ "helper": helper })))
    }

    /// 暂停: nobody goes there for now.
    pub fn mute(&self, reason: Mute, by: &By<'_>) -> Change<Written> {
        let mut next = self.next(by);
        next.state = if self.state == State::Objected { State::Objected } else { State::Muted };
        next.held.muted = Some(reason);
        next.told("care_muted", by, None)
    }

    /// 恢复: it was a mistake, or they are back. An objection stays.
    ///
    /// # Errors
    /// `NotNow` unless it is muted.
    pub fn unmute(&self, by: &By<'_>) -> Result<Change<Written>, Problem> {
        if self.held.muted.is_none() {
            return Err(ProblemCode::NotNow.into());
        }
        let mut next = self.next(by);
        next.held.muted = None;
        if next.state == State::Muted {
            (next.state, next.since) = (State::Active, by.at);
        }
        Ok(next.told("care_unmuted", by, None))
    }

    /// 本人提出不要上门: visits stop now.
    ///
    /// # Errors
    /// `NotNow` when they have stopped already.
    pub fn object(&self, by: &By<'_>) -> Result<Change<Written>, Problem> {
        if self.state == State::Objected {
            return Err(ProblemCode::NotNow.into());
        }
        let mut next = self.next(by);
        next.state = State::Objected;
        Ok(next.told("care_objected", by, None))
    }

    /// The person wants visits again; how they said so, where it was not done by themselves.
    ///
    /// # Errors
    /// `NotNow` unless they had objected.
    pub fn resume(&self, how: Option<ConsentHow>, by: &By<'_>) -> Result<Change<Written>, Problem> {
        if self.state != State::Objected {
            return Err(ProblemCode::NotNow.into());
        }
        let mut next = self.next(by);
        next.state = if next.held.muted.is_some() { State::Muted } else { State::Active };
        next.since = by.at;
        Ok(next.told_of("care_resumed", by, json!({ "how": how })))
    }

    /// 退出: erased with all that belongs to it. The chain says that it ended and nothing of the person.
    pub fn end(&self, reason: EndReason, by: &By<'_>) -> Change<Written> {
        // Why it ended could tell of the person: only that it did, and whether by itself.
        let kind = match reason {
            EndReason::Expired => "care_expired",
            EndReason::Left | EndReason::NoLongerNeeded | EndReason::Deceased | EndReason::Mistake => "care_ended",
        };
        self.next(by).with(Beside::Erased, kind, by, json!({}), None)
    }

    /// Somebody went there, or called.
    ///
    /// # Errors
    /// `NotNow` when visits had stopped and somebody went all the same. A service that cannot be noted is left out.
    pub fn visited(&self, been: Been<'_>, by: &By<'_>) -> Result<Change<Written>, Problem> {
        if self.state == State::Objected {
            return Err(ProblemCode::NotNow.into());
        }
        let mut next = self.next(by);
        for service in been.services {
            // What happened is noted: that the person declined the service meanwhile makes the visit no less true.
            drop(next.mark_given(been.rules, service, been.on, by));
        }
        if been.met == Met::Called {
            let text = been.note.map(|note| seal(by.vault, CALL_FIELD, note)).transpose()?;
            let payload = json!({ "on": been.on.to_string() });
            return Ok(next.with(Beside::Nothing, "care_called", by, payload, text.as_deref().map(hex)));
        }
        next.tried_at = if been.met == Met::NotHome { Some(by.at) } else { None };
        if been.met == Met::AskedNotToCome {
            next.state = State::Objected;
        }
        Ok(next.told_of("care_visited", by, json!({ "visit": been.visit, "met": been.met })))
    }

    /// The person asks for something to be put right.
    ///
    /// # Errors
    /// The vault's.
    pub fn ask(&self, id: CareRequestId, text: &str, by: &By<'_>) -> Result<Change<Written>, Problem> {
        let sealed = seal(by.vault, "care_request.text", text)?;
        Ok(self.next(by).with(Beside::Request(id, sealed), "care_correction_asked", by, json!({ "request": id }), None))
    }

    /// An answer to it.
    ///
    /// # Errors
    /// The vault's.
    pub fn answer(&self, id: CareRequestId, text: &str, by: &By<'_>) -> Result<Change<Written>, Problem> {
        let sealed = seal(by.vault, "care_request.answer", text)?;
        Ok(self.next(by).with(
            Beside::Answer(id, sealed),
            "care_correction_answered",
            by,
            json!({ "request": id }),
            None,
        ))
    }

    /// The counter saw who they are and gives a code.
    pub fn give_code(&self, index: String, until: Timestamp, checked: Whose, by: &By<'_>) -> Change<Written> {
        let payload = json!({ "checked": checked });
        self.next(by).with(Beside::Code(index, until), "care_code_given", by, payload, None)
    }

    /// The code was used.
    pub fn open(&self, code: String, session: String, until: Timestamp, by: &By<'_>) -> Change<Written> {
        self.next(by).with(Beside::Opened(code, session, until), "care_opened", by, json!({}), None)
    }

    /// The keys by which it can be reached: where it is, and whoever answers for it.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::of_area(&self.area).with_key(&self.held.owner)
    }

    /// Whether it is about a child.
    #[must_use]
    pub fn is_young(&self) -> bool {
        self.life == Some(CareLife::Young)
    }

    /// When the next visit is due, after the last one at which somebody was met; `None` while nobody is to go.
    #[must_use]
    pub fn visit_due_at(&self, last_met: Option<Timestamp>) -> Option<Timestamp> {
        let days = self.visit_days.filter(|_| self.state == State::Active)?;
        Some(due::next_visit(days, self.since, last_met))
    }

    pub(super) fn next(&self, by: &By<'_>) -> Self {
        let mut next = self.clone();
        next.version = self.version + 1;
        next.changed_at = by.at;
        next
    }

    pub(super) fn told(self, kind: &'static str, by: &By<'_>, text: Option<String>) -> Change<Written> {
        self.with(Beside::Nothing, kind, by, json!({}), text)
    }

    fn told_of(self, kind: &'static str, by: &By<'_>, payload: serde_json::Value) -> Change<Written> {
        self.with(Beside::Nothing, kind, by, payload, None)
    }

    fn with(
        self,
        beside: Beside,
        kind: &'static str,
        by: &By<'_>,
        payload: serde_json::Value,
        text: Option<String>,
    ) -> Change<Written> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Care, self.id.to_string()),
            kind,
            at: by.at,
            actor: by.actor.clone(),
            payload,
            text,
            area: Some(self.area),
            unit: None,
        };
        Change::new(Written { entry: self, beside }, event)
    }
}

/// The day of review and the end, within what the category allows.
fn times(
    category: &CareCategory,
    review_at: Timestamp,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), Problem> {
    if expires_at <= now {
        return Err(Problem::field("expires_on", "care_in_the_past"));
    }
    if expires_at > plus_months(now, category.expires_months).plus_ms(due::DAY_MS) {
        return Err(Problem::field("expires_on", "care_too_late").with("max", category.expires_months.to_string()));
    }
    // What ends sooner than it would be looked at again is looked at when it ends.
    let review_at = review_at.min(expires_at);
    if review_at <= now {
        return Err(Problem::field("review_on", "care_in_the_past"));
    }
    if review_at > plus_months(now, category.review_months).plus_ms(due::DAY_MS) {
        return Err(Problem::field("review_on", "care_too_late").with("max", category.review_months.to_string()));
    }
    Ok((review_at, expires_at))
}

/// Seals a text.
///
/// # Errors
/// `Internal` when the system has no randomness.
pub fn seal(vault: &Vault, field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    vault.seal(field, text).map_err(|_| ProblemCode::Internal.into())
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}
