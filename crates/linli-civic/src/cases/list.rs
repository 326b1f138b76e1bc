//! The inbox and its lists: everything that a caller reaches, by what they must do now.

use linli_access::{Act, Caller, scope, scope::unit_key};
use linli_db::{Conn, StoreError};
use linli_kernel::{Action, AreaCode, AreaLevel, CaseId, CaseKind, Cursor, Page, Phase, Role, Timestamp, Weight};
use linli_playbook::Playbook;
use serde::Deserialize;

pub use super::boxes::BoxKey;
use super::reached::{After, Clocks, Conditions, Reached};
use super::reader::Reader;
use super::row::{COLUMNS, CaseRow, Facts, rows};
use super::unattended::handler_is_gone;
use crate::areas::tree::code_range;

/// What a list is asked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCases {
    /// A box of the inbox; all open cases without one.
    #[serde(rename = "box")]
    #[param(rename = "box")]
    pub key: Option<BoxKey>,
    /// Only within this area.
    #[param(value_type = Option<String>)]
    pub area: Option<AreaCode>,
    /// Only of this category, or below it.
    pub category: Option<String>,
    /// Only of this weight.
    pub weight: Option<Weight>,
    /// Only at this stage.
    pub stage: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Rows wanted, at most 200.
    pub limit: Option<u32>,
}

/// From where the cases of a box are read.
enum Start {
    /// From all that are open: those of a seat or of a person have an index of their own.
    Open,
    /// From so few that they are found first, in whatever phase, and their scope is looked at after.
    Few,
    /// From what the caller reaches.
    Reached(Reached),
}

/// What belongs to a box.
pub(super) struct Filter {
    start: Start,
    pub(super) more: Conditions,
}

impl Filter {
    fn open() -> Self {
        Self { start: Start::Open, more: Conditions::default() }
    }

    fn reached(keys: Vec<String>, phases: &'static [Phase], clocks: Clocks) -> Self {
        Self { start: Start::Reached(Reached { keys, phases, clocks }), more: Conditions::default() }
    }

    /// Cases of which a partial index knows all.
    fn few(condition: &str, keys: &[String]) -> Self {
        let mut more = Conditions::default();
        more.and(condition.to_owned());
        more.reached_by(keys);
        Self { start: Start::Few, more }
    }

    /// The cases of ranges of `case_scope`, if they are read from there.
    pub(super) const fn as_reached(&self) -> Option<&Reached> {
        match &self.start {
            Start::Reached(reached) => Some(reached),
            Start::Open | Start::Few => None,
        }
    }
}

/// Who asks, as lists need to know them.
pub struct Asker<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The playbook of new cases: which stages belong to which box.
    pub book: &'a Playbook,
    /// What lies below the areas that they verify for.
    pub areas: &'a crate::areas::tree::AreaTree,
    /// The present.
    pub now: Timestamp,
}

impl Asker<'_> {
    /// The seats whose work is this caller's own.
    fn seats(&self) -> Vec<String> {
        let works = scope(self.caller, Act::WorkOnCase);
        let mut keys: Vec<String> = Vec::new();
        for grant in &self.caller.grants {
            let key = grant.unit.as_deref().map_or_else(|| grant.area.to_string(), |unit| unit_key(&grant.area, unit));
            let answers = !matches!(grant.role, Role::Auditor | Role::Administrator | Role::Resident);
            if answers && !works.is_empty() {
                keys.push(key);
            }
        }
        keys.sort();
        keys.dedup();
        keys
    }

    /// Areas whose finished work this caller checks: their own and those directly below.
    fn verified_areas(&self) -> Vec<AreaCode> {
        let mut codes: Vec<AreaCode> = Vec::new();
        for grant in
            self.caller.grants.iter().filter(|grant| grant.unit.is_none() && grant.area.level() <= AreaLevel::Grid)
        {
            codes.push(grant.area);
            codes.extend(self.areas.children(&grant.area));
        }
        codes.sort();
        codes.dedup();
        codes
    }

    /// The keys of everything that they may see, narrowed to an area if one is asked for.
    #[must_use]
    pub fn keys(&self, area: Option<&AreaCode>) -> Vec<String> {
        let view = scope(self.caller, Act::ViewCase);
        area.map_or_else(|| view.keys().map(str::to_owned).collect(), |area| view.within(area))
    }

    /// A category and those below it.
    #[must_use]
    pub fn categories(&self, code: &str) -> Vec<String> {
        let below = self.book.categories.iter().filter(|other| other.parent.as_deref() == Some(code));
        std::iter::once(code.to_owned()).chain(below.map(|other| other.code.clone())).collect()
    }

    fn stages(&self, verb: Action) -> Vec<String> {
        let flow = self.book.flow(CaseKind::Request);
        let mut stages: Vec<String> = flow
            .iter()
            .flat_map(|flow| &flow.actions)
            .filter(|def| def.verb == verb)
            .flat_map(|def| def.from.iter().cloned())
            .collect();
        stages.sort();
        stages.dedup();
        stages
    }

    /// Whether a box is the caller's at all: one of their roles may take one of its actions.
    pub(super) fn has(&self, key: BoxKey) -> bool {
        let verbs = key.verbs();
        let flow = self.book.flow(CaseKind::Request);
        let roles =
            flow.iter().flat_map(|flow| &flow.actions).filter(|def| verbs.contains(&def.verb)).flat_map(|def| &def.who);
        let mut roles = roles.filter_map(|who| who.role);
        verbs.is_empty() || roles.any(|role| self.caller.grants.iter().any(|grant| grant.role == role))
    }

    /// Cases that others answer for and that the caller was called to.
    fn tasks(&self, more: &mut Conditions) {
        let list = more.list(&self.seats());
        let me = more.bind(&linli_access::scope::person_key(self.caller.account));
        more.and(format!(
            "c.id IN (SELECT t.case_id FROM case_task t WHERE t.state IN ('called', 'signed') AND t.seat_key IN ({list}) \
             UNION SELECT f.case_id FROM case_scope f WHERE f.scope_key = {me} AND f.phase IN ('open', 'waiting'))"
        ));
    }

    /// Seats below those of the caller; what stands at a unit of their own area is below them too.
    fn below(&self, more: &mut Conditions) {
        let areas = self.caller.grants.iter().filter(|grant| grant.unit.is_none()).map(|grant| grant.area);
        let below = areas.map(|area| {
            let (low, high) = code_range(&area);
            let (low, high, own) = (more.bind(&low), more.bind(&high), more.bind(&area));
            format!("(c.seat_key >= {low} AND c.seat_key < {high} AND c.seat_key <> {own})")
        });
        let below: Vec<String> = below.collect();
        more.and(any(&below));
    }

    /// Seats of the areas whose finished work the caller checks, units too. The key of a unit is that of its area, a stroke and a
    /// name, which sorts before every longer number.
    fn verified_seats(&self, more: &mut Conditions) {
        let phase_of = |stage: &String| self.book.stage(CaseKind::Request, stage).map(|stage| stage.phase);
        let is_open = |stage: &String| matches!(phase_of(stage), Some(Phase::Open | Phase::Waiting) | None);
        // Said with each seat, so that the index over what is open serves each of them.
        let open =
            if self.stages(Action::Verify).iter().all(is_open) { "c.phase IN ('open', 'waiting') AND " } else { "" };
        let seats = self.verified_areas().into_iter().map(|area| {
            let (own, beyond) = (more.bind(&area), more.bind(&format!("{area}0")));
            format!("({open}c.seat_key >= {own} AND c.seat_key < {beyond})")
        });
        let seats: Vec<String> = seats.collect();
        more.and(any(&seats));
    }

    pub(super) fn filter(&self, key: BoxKey, area: Option<&AreaCode>) -> Filter {
        const OPEN: &[Phase] = &[Phase::Open];
        const ACTIVE: &[Phase] = &[Phase::Open, Phase::Waiting];
        let mut filter = match key {
            BoxKey::Waiting => Filter::reached(self.keys(area), &[Phase::Waiting], Clocks::Any),
            BoxKey::Below | BoxKey::AllOpen => Filter::reached(self.keys(area), ACTIVE, Clocks::Any),
            BoxKey::Late => Filter::reached(self.keys(area), OPEN, Clocks::Late),
            BoxKey::Soon => Filter::reached(self.keys(area), OPEN, Clocks::Soon),
            BoxKey::Closed => Filter::reached(self.keys(area), &[Phase::Settled, Phase::Closed], Clocks::Any),
            BoxKey::ToApprove => Filter::few("c.pending IS NOT NULL", &self.keys(area)),
            BoxKey::ToFollowUp => Filter::few("c.follow_up_at IS NOT NULL", &self.keys(area)),
            BoxKey::Suspended => Filter::few("c.suspended_until IS NOT NULL", &self.keys(area)),
            BoxKey::Supervised => {
                Filter::few("c.supervised_at IS NOT NULL AND c.phase IN ('open', 'waiting')", &self.keys(area))
            }
            BoxKey::ToAccept
            | BoxKey::SentBack
            | BoxKey::ToSign
            | BoxKey::Mine
            | BoxKey::Unattended
            | BoxKey::CameUp
            | BoxKey::Tasks
            | BoxKey::ToRule
            | BoxKey::ToVerify => Filter::open(),
        };
        let more = &mut filter.more;
        match key {
            BoxKey::ToAccept | BoxKey::SentBack => {
                self.at_my_seats(more, Action::Accept);
                let sign = if key == BoxKey::SentBack { ">" } else { "=" };
                more.and(format!("c.n_sent_back {sign} 0"));
            }
            BoxKey::ToSign => self.at_my_seats(more, Action::Take),
            BoxKey::ToRule => self.at_my_seats(more, Action::Rule),
            BoxKey::Mine => {
                // What they settled waits for another person's check, not for them.
                let me = more.bind(&self.caller.account);
                // Said twice, so that SQLite sees that its index over what is open has them all.
                more.and(format!("c.handler_id = {me} AND c.phase IN ('open', 'waiting') AND c.phase = 'open'"));
                more.any_of("c.stage", &self.stages(Action::Settle));
            }
            BoxKey::Unattended => {
                // Begun from the few who left, not from all that is open.
                let now = more.bind(&self.now);
                more.and(format!("c.phase IN ('open', 'waiting') AND {}", handler_is_gone(&now)));
                more.reached_by(&self.keys(area));
            }
            BoxKey::Waiting => more.and("c.suspended_until IS NULL AND c.master_id IS NULL".to_owned()),
            BoxKey::CameUp => {
                more.any_of("c.seat_key", &self.seats());
                more.and("c.risen_from IS NOT NULL AND c.phase IN ('open', 'waiting')".to_owned());
            }
            BoxKey::Below => self.below(more),
            BoxKey::Tasks => self.tasks(more),
            BoxKey::ToVerify => self.to_verify(more, area),
            BoxKey::ToApprove
            | BoxKey::ToFollowUp
            | BoxKey::Suspended
            | BoxKey::Supervised
            | BoxKey::Soon
            | BoxKey::Late
            | BoxKey::AllOpen
            | BoxKey::Closed => {}
        }
        let knows_area = matches!(key, BoxKey::ToVerify) || !matches!(filter.start, Start::Open);
        if let (Some(area), false) = (area, knows_area) {
            // Seats and handlers know no area: narrow by where the case is.
            let (low, high) = code_range(area);
            let (low, high) = (filter.more.bind(&low), filter.more.bind(&high));
            filter.more.and(format!("c.area_code >= {low} AND c.area_code < {high}"));
        }
        filter
    }

    /// Cases of my seats at which an action may be taken.
    fn at_my_seats(&self, more: &mut Conditions, verb: Action) {
        more.any_of("c.seat_key", &self.seats());
        more.any_of("c.stage", &self.stages(verb));
        more.and("c.phase IN ('open', 'waiting')".to_owned());
    }

    /// What others settled at the seats that the caller checks.
    fn to_verify(&self, more: &mut Conditions, area: Option<&AreaCode>) {
        self.verified_seats(more);
        more.any_of("c.stage", &self.stages(Action::Verify));
        more.reached_by(&self.keys(area));
        let me = more.bind(&self.caller.account);
        more.and(format!("NOT EXISTS (SELECT 1 FROM case_hand h WHERE h.case_id = c.id AND h.account_id = {me})"));
    }
}

/// The least id that a case reported at `at` can have: ids carry their time.
#[must_use]
pub fn id_at(at: Timestamp) -> String {
    let hex = format!("{:012x}", u64::try_from(at.ms()).unwrap_or(0));
    let (high, low) = hex.split_at(8);
    format!("{high}-{low}-0000-0000-000000000000")
}

/// One page of a list.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    asker: &Asker<'_>,
    wish: &ListCases,
    reader: &Reader<'_>,
) -> Result<Page<CaseRow>, StoreError> {
    let cursor = Cursor::new(wish.cursor.clone(), wish.limit);
    let key = wish.key.unwrap_or(BoxKey::AllOpen);
    let mut filter = asker.filter(key, wish.area.as_ref());
    if let Some(category) = &wish.category {
        filter.more.any_of("c.category", &asker.categories(category));
    }
    if let Some(weight) = wish.weight {
        let weight = filter.more.bind(&weight);
        filter.more.and(format!("c.weight = {weight}"));
    }
    if let Some(stage) = &wish.stage {
        let stage = filter.more.bind(stage);
        filter.more.and(format!("c.stage = {stage}"));
    }
    let facts = match (&filter.start, key.by_due()) {
        (Start::Reached(reached), true) => {
            reached.by_due(conn, &filter.more, (&after(&cursor), asker.now), cursor.fetch())?
        }
        (Start::Reached(reached), false) => {
            reached.newest(conn, &filter.more, cursor.after.as_deref(), cursor.fetch())?
        }
        (Start::Open | Start::Few, _) => sorted(conn, filter.more, &cursor)?,
    };
    let page = cursor.page(facts, |facts| key_of(facts, key.by_due()));
    rows(conn, asker.book, page, reader)
}

/// The cases of a box that are few enough to be sorted: by what ends next.
fn sorted(conn: &mut Conn, mut more: Conditions, cursor: &Cursor) -> Result<Vec<Facts>, StoreError> {
    match after(cursor) {
        After::Nothing => {}
        After::Due(due, id) => {
            let (due, id) = (more.bind(&due), more.bind(&id));
            more.and(format!("(c.due_at IS NULL OR (c.due_at, c.id) > ({due}, {id}))"));
        }
        After::NoDue(id) => {
            let id = more.bind(&id);
            more.and(format!("c.due_at IS NULL AND c.id > {id}"));
        }
    }
    let limit = more.bind(&cursor.fetch());
    let sql = format!(
        "SELECT {COLUMNS} FROM cases c WHERE {} ORDER BY c.due_at NULLS LAST, c.id LIMIT {limit}",
        more.clause()
    );
    conn.all(&sql, &more.values, Facts::from_row)
}

/// Earlier cases of the same phone number that the caller may see, newest first.
///
/// # Errors
/// The database's.
pub fn earlier(
    conn: &mut Conn,
    asker: &Asker<'_>,
    phone_index: &str,
    except: CaseId,
    reader: &Reader<'_>,
) -> Result<Vec<CaseRow>, StoreError> {
    let mut more = Conditions::default();
    let (index, except) = (more.bind(&phone_index), more.bind(&except));
    more.and(format!("c.reporter_phone_index = {index} AND c.id <> {except}"));
    // The number finds a handful of cases: the scope is looked at for those, not the other way round.
    more.reached_by(&asker.keys(None));
    let sql = format!("SELECT {COLUMNS} FROM cases c WHERE {} ORDER BY c.id DESC LIMIT 10", more.clause());
    let facts = conn.all(&sql, &more.values, Facts::from_row)?;
    Ok(rows(conn, asker.book, Page { items: facts, next: None }, reader)?.items)
}

/// Cases of a phone number whose contact the caller may read, newest first, each with the role that lets them.
///
/// # Errors
/// The database's.
pub(super) fn of_phone(
    conn: &mut Conn,
    asker: &Asker<'_>,
    phone_index: &str,
    limit: i64,
    reader: &Reader<'_>,
) -> Result<Vec<(CaseRow, Role)>, StoreError> {
    let reach = scope(asker.caller, Act::ReadContact);
    let mut more = Conditions::default();
    let index = more.bind(&phone_index);
    more.and(format!("c.reporter_phone_index = {index}"));
    more.reached_by(&reach.keys().map(str::to_owned).collect::<Vec<_>>());
    let limit = more.bind(&limit);
    let sql = format!("SELECT {COLUMNS} FROM cases c WHERE {} ORDER BY c.id DESC LIMIT {limit}", more.clause());
    let facts = conn.all(&sql, &more.values, Facts::from_row)?;
    let roles: Vec<Option<Role>> = facts.iter().map(|facts| reach.reaches(&facts.keys())).collect();
    let page = rows(conn, asker.book, Page { items: facts, next: None }, reader)?;
    Ok(page.items.into_iter().zip(roles).filter_map(|(row, role)| Some((row, role?))).collect())
}

/// One of these.
fn any(conditions: &[String]) -> String {
    if conditions.is_empty() { "FALSE".to_owned() } else { format!("({})", conditions.join(" OR ")) }
}

/// What a case without a clock has in place of its end: it comes after all others.
const NO_DUE: &str = "none";

fn after(cursor: &Cursor) -> After {
    match cursor.after.as_deref().and_then(|after| after.split_once('_')) {
        None => After::Nothing,
        Some((due, id)) => {
            due.parse().map_or_else(|_| After::NoDue(id.to_owned()), |due| After::Due(due, id.to_owned()))
        }
    }
}

fn key_of(facts: &Facts, by_due: bool) -> String {
    match &facts.due {
        _ if !by_due => facts.id.to_string(),
        Some((due, _, _)) => format!("{}_{}", due.ms(), facts.id),
        None => format!("{NO_DUE}_{}", facts.id),
    }
}
