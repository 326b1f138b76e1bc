//! An account, the posts that its holder has, and what may be decided about them. Pure.

use linli_access::{Caller, Grant, Keys, Scope};
use linli_kernel::{
    AccountId, Actor, AreaCode, AreaLevel, Change, GrantId, NewEvent, Problem, ProblemCode, Role, Stream, StreamKind,
    Timestamp,
};
use linli_playbook::Playbook;
use serde_json::{Value, json};

/// The fewest characters of a sign-in name.
pub const MIN_NAME: usize = 3;
/// The most characters of a sign-in name and of a display name.
pub const MAX_NAME: usize = 40;

/// 账号: someone who works here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// The sign-in name.
    pub name: String,
    /// As colleagues and residents know them.
    pub display_name: String,
    /// The work phone, sealed.
    pub phone_sealed: Option<Vec<u8>>,
    /// Since when it cannot sign in.
    pub disabled_at: Option<Timestamp>,
    /// Until when it rests after wrong passwords.
    pub locked_until: Option<Timestamp>,
    /// When it last signed in.
    pub last_login_at: Option<Timestamp>,
    /// How often it was changed.
    pub version: i64,
    /// Every grant that it ever had, oldest first.
    pub grants: Vec<Grant>,
}

/// 岗位: a role at an area, for a unit where the role needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// What they are to be.
    pub role: Role,
    /// Where.
    pub area: AreaCode,
    /// For which unit.
    pub unit: Option<String>,
}

/// The levels at which a role can be held. A street's clerk of a department is held by its unit's level.
#[must_use]
pub const fn levels_of(role: Role) -> &'static [AreaLevel] {
    use AreaLevel::{City, Community, County, Grid, MicroGrid, Street};
    match role {
        // Residents act by the public code of their case and hold no account.
        Role::Resident => &[],
        Role::GridWorker => &[Grid, MicroGrid],
        Role::GridHead => &[Community, Grid],
        // A compound is a grid of the first level where grids have three, else a grid or a part of one.
        Role::CompoundLead | Role::LinkPerson => &[Grid, MicroGrid],
        Role::CommunityClerk => &[Community],
        Role::StreetDispatcher => &[Street],
        Role::DepartmentClerk => &[City, County, Street, Community],
        Role::HotlineClerk => &[City, County],
        Role::CountyLeader => &[County],
        Role::Auditor | Role::Administrator => &[City, County, Street, Community],
    }
}

impl Post {
    /// Whether the role can be held there: it fits the area's level, and a department's clerk names a unit that the area has.
    ///
    /// # Errors
    /// `Invalid` naming the field.
    pub fn check(&self, book: &Playbook) -> Result<(), Problem> {
        if !levels_of(self.role).contains(&self.area.level()) {
            return Err(Problem::field("role", "role_level"));
        }
        match (self.role, self.unit.as_deref()) {
            (Role::DepartmentClerk, None) => Err(Problem::field("unit_code", "unit_needed")),
            (Role::DepartmentClerk, Some(code)) => {
                let unit = book.unit(code).ok_or_else(|| Problem::field("unit_code", "unknown_unit"))?;
                let is_here = unit.level == self.area.level() && unit.area.is_none_or(|area| area == self.area);
                if is_here { Ok(()) } else { Err(Problem::field("unit_code", "unit_elsewhere")) }
            }
            (_, Some(_)) => Err(Problem::field("unit_code", "unit_not_for_role")),
            (_, None) => Ok(()),
        }
    }
}

/// Whether a text can be a sign-in name: 3 to 40 letters, digits, Chinese characters, `-`, `_` and `.`.
///
/// # Errors
/// `Invalid` naming what is wrong.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let is_han = |c: char| matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}');
    let n_chars = name.chars().count();
    if n_chars < MIN_NAME {
        Err(Problem::field("name", "too_short").with("min", MIN_NAME.to_string()))
    } else if n_chars > MAX_NAME {
        Err(Problem::field("name", "too_long").with("max", MAX_NAME.to_string()))
    } else if name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || is_han(c)) {
        Ok(())
    } else {
        Err(Problem::field("name", "bad_name"))
    }
}

/// An account on its way into the table, with the hash of its first password.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The account with its first grant.
    pub account: Account,
    /// Of the password that is shown once.
    pub password_hash: String,
    /// Whether a new password is due at the first sign-in.
    pub must_change_password: bool,
}

/// A grant on its way into the table.
#[derive(Clone, Debug)]
pub struct Granted(pub AccountId, pub Grant);

/// A grant that ends.
#[derive(Clone, Debug)]
pub struct GrantEnded {
    /// Which.
    pub grant: GrantId,
    /// When.
    pub at: Timestamp,
}

/// An account whose rest is over before its time.
#[derive(Clone, Debug)]
pub struct Unlocked(pub AccountId);

/// What is to be changed of an account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// As colleagues and residents know them.
    pub display_name: Option<String>,
    /// The work phone, sealed; `Some(None)` removes it.
    pub phone_sealed: Option<Option<Vec<u8>>>,
    /// Whether it is kept from signing in.
    pub disabled: Option<bool>,
}

/// Administrator grants without an end, of accounts that can sign in: somebody must be left to help the others.
#[derive(Clone, Debug, Default)]
pub struct Administrators(pub Vec<(GrantId, AccountId, AreaCode)>);

impl Administrators {
    /// Whether somebody administers `area` when the grants that `gone` names are gone.
    fn remain(&self, area: &AreaCode, gone: impl Fn(GrantId, AccountId) -> bool) -> bool {
        self.0.iter().any(|(grant, account, at)| !gone(*grant, *account) && at.contains(area))
    }
}

impl Account {
    /// Opens an account with its first post.
    pub fn open(self, password_hash: String, actor: Actor, now: Timestamp) -> Change<Opened> {
        let given: Vec<NewEvent> = self.grants.iter().map(|grant| granted(self.id, grant, &actor, now)).collect();
        let event = self.event("account_opened", json!({}), &actor, now);
        let opened = Opened { account: self, password_hash, must_change_password: true };
        given.into_iter().fold(Change::new(opened, event), Change::and)
    }

    /// Opens an account of the demo: its password is shown to everybody and stays.
    pub fn open_ready(self, password_hash: String, actor: Actor, now: Timestamp) -> Change<Opened> {
        let given: Vec<NewEvent> = self.grants.iter().map(|grant| granted(self.id, grant, &actor, now)).collect();
        let event = self.event("account_opened", json!({}), &actor, now);
        let opened = Opened { account: self, password_hash, must_change_password: false };
        given.into_iter().fold(Change::new(opened, event), Change::and)
    }

    /// Changes what `edit` names; `None` when nothing of it differs.
    ///
    /// # Errors
    /// `Invalid` when it would leave an area without an administrator.
    pub fn edit(
        mut self,
        edit: Edit,
        administrators: &Administrators,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Change<Self>>, Problem> {
        let mut changed = Vec::new();
        if let Some(name) = edit.display_name.filter(|name| *name != self.display_name) {
            self.display_name = name;
            changed.push("display_name");
        }
        if let Some(phone) = edit.phone_sealed {
            self.phone_sealed = phone;
            changed.push("phone");
        }
        let mut events = Vec::new();
        if !changed.is_empty() {
            events.push(self.event("account_changed", json!({ "fields": changed }), actor, now));
        }
        match edit.disabled {
            Some(true) if self.disabled_at.is_none() => {
                if !self.leaves_an_administrator(administrators) {
                    return Err(Problem::field("disabled", "last_administrator"));
                }
                self.disabled_at = Some(now);
                events.push(self.event("account_disabled", json!({}), actor, now));
            }
            Some(false) if self.disabled_at.is_some() => {
                self.disabled_at = None;
                events.push(self.event("account_enabled", json!({}), actor, now));
            }
            Some(_) | None => {}
        }
        let mut events = events.into_iter();
        let Some(first) = events.next() else { return Ok(None) };
        Ok(Some(events.fold(Change::new(self, first), Change::and)))
    }

    fn leaves_an_administrator(&self, administrators: &Administrators) -> bool {
        self.administered().all(|area| administrators.remain(&area, |_, account| account == self.id))
    }

    /// Areas that this account administers without an end.
    pub fn administered(&self) -> impl Iterator<Item = AreaCode> {
        self.grants
            .iter()
            .filter(|grant| grant.role == Role::Administrator && grant.ends_at.is_none())
            .map(|grant| grant.area)
    }

    /// Gives it a post.
    ///
    /// # Errors
    /// `Invalid` when someone grants to themself or the end has passed; `AlreadyExists` when it has the post.
    pub fn grant(&self, grant: Grant, actor: &Actor, now: Timestamp) -> Result<Change<Granted>, Problem> {
        if actor.account() == Some(self.id) {
            return Err(Problem::field("role", "own_grant"));
        }
        if grant.ends_at.is_some_and(|end| end <= now) {
            return Err(Problem::field("expires_at", "in_past"));
        }
        let same = |held: &&Grant| held.role == grant.role && held.area == grant.area && held.unit == grant.unit;
        if self.grants.iter().filter(same).any(|held| held.holds(now)) {
            return Err(Problem::new(ProblemCode::AlreadyExists));
        }
        let event = granted(self.id, &grant, actor, now);
        Ok(Change::new(Granted(self.id, grant), event))
    }

    /// Ends a post now; `None` when it has ended.
    ///
    /// # Errors
    /// `NotFound` when the account never had it; `Invalid` when it would leave the area without an administrator.
    pub fn end_grant(
        &self,
        id: GrantId,
        administrators: &Administrators,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Change<GrantEnded>>, Problem> {
        let grant = self.grants.iter().find(|grant| grant.id == id).ok_or(ProblemCode::NotFound)?;
        if grant.ends_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let stands = grant.role == Role::Administrator && grant.ends_at.is_none() && self.disabled_at.is_none();
        if stands && !administrators.remain(&grant.area, |other, _| other == id) {
            return Err(Problem::field("grant_id", "last_administrator"));
        }
        let payload = json!({ "grant_id": id, "role": grant.role, "area_code": grant.area });
        let event = NewEvent { area: Some(grant.area), ..event_of(self.id, "grant_ended", payload, actor, now) };
        Ok(Some(Change::new(GrantEnded { grant: id, at: now }, event)))
    }

    /// Ends its rest after wrong passwords; `None` when it does not rest.
    #[must_use]
    pub fn unlock(&self, actor: &Actor, now: Timestamp) -> Option<Change<Unlocked>> {
        self.locked_until.filter(|until| *until > now)?;
        Some(Change::new(Unlocked(self.id), self.event("account_unlocked", json!({}), actor, now)))
    }

    /// The areas that it belongs to: where it has a post, or, when it has none now, where it had one.
    #[must_use]
    pub fn areas(&self, now: Timestamp) -> Vec<AreaCode> {
        let lasting = |grant: &&Grant| grant.ends_at.is_none_or(|end| now < end);
        let current: Vec<AreaCode> = self.grants.iter().filter(lasting).map(|grant| grant.area).collect();
        if current.is_empty() { self.grants.iter().map(|grant| grant.area).collect() } else { current }
    }

    /// Whether whoever has `scope` may know of it: one of its areas is theirs.
    #[must_use]
    pub fn is_seen_by(&self, scope: &Scope, now: Timestamp) -> bool {
        self.areas(now).iter().any(|area| scope.reaches(&Keys::of_area(area)).is_some())
    }

    /// The role by which whoever has `scope` may change the account itself. All of its areas must be theirs: a password that
    /// one county resets would otherwise open another county's door.
    #[must_use]
    pub fn is_ruled_by(&self, scope: &Scope, now: Timestamp) -> Option<Role> {
        let mut ruling = None;
        for area in self.areas(now) {
            ruling = Some(scope.reaches(&Keys::of_area(&area))?);
        }
        ruling
    }

    fn event(&self, kind: &'static str, payload: Value, actor: &Actor, at: Timestamp) -> NewEvent {
        event_of(self.id, kind, payload, actor, at)
    }
}

/// Nobody changes their own account by way of administration: their own password and phone have a page of their own.
///
/// # Errors
/// `Invalid` naming `field` when the account is the caller's.
pub fn not_own(caller: &Caller, account: AccountId, field: &'static str) -> Result<(), Problem> {
    if caller.account == account { Err(Problem::field(field, "own_account")) } else { Ok(()) }
}

fn granted(account: AccountId, grant: &Grant, actor: &Actor, at: Timestamp) -> NewEvent {
    let payload = json!({
        "grant_id": grant.id, "role": grant.role, "area_code": grant.area, "unit_code": grant.unit, "ends_at": grant.ends_at
    });
    NewEvent { area: Some(grant.area), ..event_of(account, "role_granted", payload, actor, at) }
}

fn event_of(account: AccountId, kind: &'static str, payload: Value, actor: &Actor, at: Timestamp) -> NewEvent {
    NewEvent {
        stream: Stream::new(StreamKind::Account, account.to_string()),
        kind,
        at,
        actor: actor.clone(),
        payload,
        text: None,
        area: None,
        unit: None,
    }
}
