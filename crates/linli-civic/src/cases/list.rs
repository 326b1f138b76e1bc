//! The inbox and its lists: everything that a caller reaches, by what they must do now.

use linli_access::{Act, Caller, scope, scope::unit_key};
use linli_db::{Bind, Conn, StoreError, Val, placeholders};
use linli_kernel::{Action, AreaCode, AreaLevel, CaseId, CaseKind, Cursor, Page, Phase, Role, Timestamp, Weight};
use linli_playbook::Playbook;
use serde::{Deserialize, Serialize};

pub use super::boxes::BoxKey;
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

/// A `WHERE` under construction.
struct Filter {
    conditions: Vec<String>,
    values: Vec<Val>,
    /// Whether `case_scope s` is joined.
    scoped: bool,
    /// Whether a case may be reached by two keys and would be listed twice.
    repeats: bool,
    /// Whether so few cases are meant that they are found first, and their scope is looked at after.
    few: bool,
}

impl Filter {
    const fn new() -> Self {
        Self { conditions: Vec::new(), values: Vec::new(), scoped: false, repeats: false, few: false }
    }

    fn bind(&mut self, value: &impl Bind) -> String {
        self.values.push(value.val());
        format!("${}", self.values.len())
    }

    fn any_of(&mut self, column: &str, values: &[String]) {
        let list = placeholders(self.values.len() + 1, values.len());
        self.values.extend(values.iter().map(Bind::val));
        self.conditions.push(format!("{column} IN ({list})"));
    }

    fn within(&mut self, keys: &[String], phases: &[Phase]) {
        self.scoped = true;
        self.repeats = keys.len() > 1;
        self.any_of("s.scope_key", keys);
        let phases: Vec<String> = phases.iter().map(ToString::to_string).collect();
        self.any_of("s.phase", &phases);
    }

    /// Cases of which a partial index knows all, in whatever phase.
    fn few(&mut self, condition: &str, keys: &[String]) {
        (self.scoped, self.few, self.repeats) = (true, true, keys.len() > 1);
        self.conditions.push(condition.to_owned());
        self.any_of("s.scope_key", keys);
    }

    fn from(&self) -> &'static str {
        if self.few {
            // In this order: the few first.
            return "cases c CROSS JOIN case_scope s";
        }
        if self.scoped { "case_scope s JOIN cases c ON c.id = s.case_id" } else { "cases c" }
    }

    fn clause(&self) -> String {
        let joined = self.few.then(|| "s.case_id = c.id".to_owned());
        let conditions: Vec<String> = joined.into_iter().chain(self.conditions.iter().cloned()).collect();
        if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") }
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
    fn verified_areas(&self) -> Vec<String> {
        let mut codes: Vec<String> = Vec::new();
        for grant in
            self.caller.grants.iter().filter(|grant| grant.unit.is_none() && grant.area.level() <= AreaLevel::Grid)
        {
            codes.push(grant.area.to_string());
            codes.extend(self.areas.children(&grant.area).iter().map(ToString::to_string));
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
    fn has(&self, key: BoxKey) -> bool {
        let verbs = key.verbs();
        let flow = self.book.flow(CaseKind::Request);
        let roles =
            flow.iter().flat_map(|flow| &flow.actions).filter(|def| verbs.contains(&def.verb)).flat_map(|def| &def.who);
        let mut roles = roles.filter_map(|who| who.role);
        verbs.is_empty() || roles.any(|role| self.caller.grants.iter().any(|grant| grant.role == role))
    }

    /// Cases that others answer for and that the caller was called to.
    fn tasks(&self, filter: &mut Filter) {
        let seats = self.seats();
        let list = placeholders(filter.values.len() + 1, seats.len());
        filter.values.extend(seats.iter().map(Bind::val));
        let me = filter.bind(&linli_access::scope::person_key(self.caller.account));
        filter.conditions.push(format!(
            "c.id IN (SELECT t.case_id FROM case_task t WHERE t.state IN ('called', 'signed') AND t.seat_key IN ({list}) \
             UNION SELECT f.case_id FROM case_scope f WHERE f.scope_key = {me} AND f.phase IN ('open', 'waiting'))"
        ));
    }

    /// Seats below those of the caller; what stands at a unit of their own area is below them too.
    fn below(&self, filter: &mut Filter) {
        let areas = self.caller.grants.iter().filter(|grant| grant.unit.is_none()).map(|grant| grant.area);
        let below = areas.map(|area| {
            let (low, high) = code_range(&area);
            let (low, high, own) = (filter.bind(&low), filter.bind(&high), filter.bind(&area.to_string()));
            format!("(c.seat_area >= {low} AND c.seat_area < {high} AND c.seat_key <> {own})")
        });
        let below: Vec<String> = below.collect();
        filter.conditions.push(if below.is_empty() { "FALSE".to_owned() } else { format!("({})", below.join(" OR ")) });
    }

    fn filter(&self, key: BoxKey, area: Option<&AreaCode>) -> Filter {
        const ACTIVE: &[Phase] = &[Phase::Open, Phase::Waiting];
        let mut filter = Filter::new();
        match key {
            BoxKey::ToAccept | BoxKey::SentBack => {
                filter.any_of("c.seat_key", &self.seats());
                filter.any_of("c.stage", &self.stages(Action::Accept));
                let sign = if key == BoxKey::SentBack { ">" } else { "=" };
                filter.conditions.push(format!("c.n_sent_back {sign} 0 AND c.phase IN ('open', 'waiting')"));
            }
            BoxKey::ToSign => {
                filter.any_of("c.seat_key", &self.seats());
                filter.any_of("c.stage", &self.stages(Action::Take));
                filter.conditions.push("c.phase IN ('open', 'waiting')".to_owned());
            }
            BoxKey::Mine => {
                // What they settled waits for another person's check, not for them.
                let me = filter.bind(&self.caller.account);
                filter.conditions.push(format!("c.handler_id = {me} AND c.phase = 'open'"));
                filter.any_of("c.stage", &self.stages(Action::Settle));
            }
            BoxKey::Unattended => {
                // Begun from the few who left, not from all that is open.
                let now = filter.bind(&self.now);
                filter.conditions.push(format!("c.phase IN ('open', 'waiting') AND {}", handler_is_gone(&now)));
                let keys = self.keys(area);
                let list = placeholders(filter.values.len() + 1, keys.len());
                filter.values.extend(keys.iter().map(Bind::val));
                filter.conditions.push(format!(
                    "EXISTS (SELECT 1 FROM case_scope v WHERE v.case_id = c.id AND v.scope_key IN ({list}))"
                ));
            }
            BoxKey::Waiting => {
                filter.within(&self.keys(area), &[Phase::Waiting]);
                filter.conditions.push("c.suspended_until IS NULL AND c.master_id IS NULL".to_owned());
            }
            BoxKey::CameUp => {
                filter.any_of("c.seat_key", &self.seats());
                filter.conditions.push("c.risen_from IS NOT NULL AND c.phase IN ('open', 'waiting')".to_owned());
            }
            BoxKey::Below => {
                filter.within(&self.keys(area), ACTIVE);
                self.below(&mut filter);
            }
            BoxKey::Tasks => self.tasks(&mut filter),
            BoxKey::ToApprove => filter.few("c.pending IS NOT NULL", &self.keys(area)),
            BoxKey::ToRule => {
                filter.any_of("c.seat_key", &self.seats());
                filter.any_of("c.stage", &self.stages(Action::Rule));
                filter.conditions.push("c.phase IN ('open', 'waiting')".to_owned());
            }
            BoxKey::ToFollowUp => filter.few("c.follow_up_at IS NOT NULL", &self.keys(area)),
            BoxKey::Suspended => filter.few("c.suspended_until IS NOT NULL", &self.keys(area)),
            BoxKey::Supervised => {
                filter.few("c.supervised_at IS NOT NULL AND c.phase IN ('open', 'waiting')", &self.keys(area));
            }
            BoxKey::ToVerify => {
                filter.within(&self.keys(area), &[Phase::Open, Phase::Settled]);
                filter.any_of("c.stage", &self.stages(Action::Verify));
                filter.any_of("c.seat_area", &self.verified_areas());
                let me = filter.bind(&self.caller.account);
                filter.conditions.push(format!(
                    "NOT EXISTS (SELECT 1 FROM case_hand h WHERE h.case_id = c.id AND h.account_id = {me})"
                ));
            }
            BoxKey::Soon => {
                filter.within(&self.keys(area), &[Phase::Open]);
                let now = filter.bind(&self.now);
                filter.conditions.push(format!("c.due_soon_at <= {now} AND c.due_at > {now}"));
            }
            BoxKey::Late => {
                filter.within(&self.keys(area), &[Phase::Open]);
                let now = filter.bind(&self.now);
                filter.conditions.push(format!("c.due_at <= {now}"));
            }
            BoxKey::AllOpen => filter.within(&self.keys(area), ACTIVE),
            BoxKey::Closed => filter.within(&self.keys(area), &[Phase::Settled, Phase::Closed]),
        }
        if let (Some(area), false) = (area, filter.scoped) {
            // Seats and handlers know no area: narrow by where the case is.
            let (low, high) = code_range(area);
            let (low, high) = (filter.bind(&low), filter.bind(&high));
            filter.conditions.push(format!("c.area_code >= {low} AND c.area_code < {high}"));
        }
        filter
    }
}

/// One box with its counts.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct InboxBox {
    /// Which.
    pub key: BoxKey,
    /// In words.
    pub name: String,
    /// Cases in it.
    pub n: i64,
    /// Of them nearly over.
    pub n_soon: i64,
    /// Of them over.
    pub n_late: i64,
}

/// Counts every box. A case that waits for the resident is neither late nor soon, as in the boxes of those names.
///
/// # Errors
/// The database's.
pub fn count_boxes(
    conn: &mut Conn,
    asker: &Asker<'_>,
    area: Option<&AreaCode>,
    lang: crate::say::Lang,
) -> Result<Vec<InboxBox>, StoreError> {
    let mut boxes = Vec::new();
    for key in BoxKey::ALL.into_iter().filter(|key| asker.has(*key)) {
        let mut filter = asker.filter(key, area);
        if key == BoxKey::Closed {
            // Counting all that was ever closed would cost more with every year: the box counts the last 30 days.
            let since = filter.bind(&id_at(asker.now.plus_ms(-30 * DAY_MS)));
            filter.conditions.push(format!("s.case_id >= {since}"));
        }
        let now = filter.bind(&asker.now);
        let sql = format!(
            "SELECT COUNT(DISTINCT c.id) AS n, COUNT(DISTINCT CASE WHEN c.phase = 'open' AND c.due_at > {now} AND c.due_soon_at <= {now} THEN c.id END) AS n_soon, \
             COUNT(DISTINCT CASE WHEN c.phase = 'open' AND c.due_at <= {now} THEN c.id END) AS n_late FROM {} WHERE {}",
            filter.from(),
            filter.clause()
        );
        let counted =
            conn.first(&sql, &filter.values, |row| Ok((row.get("n")?, row.get("n_soon")?, row.get("n_late")?)))?;
        let (n, n_soon, n_late) = counted.unwrap_or_default();
        boxes.push(InboxBox { key, name: lang.word("box", key.as_str()), n, n_soon, n_late });
    }
    Ok(boxes)
}

const DAY_MS: i64 = 86_400_000;

/// The least id that a case reported at `at` can have: ids carry their time.
pub(super) fn id_at(at: Timestamp) -> String {
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
    let mut filter = asker.filter(wish.key.unwrap_or(BoxKey::AllOpen), wish.area.as_ref());
    if let Some(category) = &wish.category {
        filter.any_of("c.category", &asker.categories(category));
    }
    if let Some(weight) = wish.weight {
        let weight = filter.bind(&weight);
        filter.conditions.push(format!("c.weight = {weight}"));
    }
    if let Some(stage) = &wish.stage {
        let stage = filter.bind(stage);
        filter.conditions.push(format!("c.stage = {stage}"));
    }
    let by_due = wish.key.is_some_and(BoxKey::by_due);
    let order = if by_due { order_by_due(&mut filter, &cursor) } else { order_by_newest(&mut filter, &cursor) };
    let limit = filter.bind(&cursor.fetch());
    // DISTINCT costs a sort: only where two keys could list a case twice.
    let distinct = if filter.repeats { "DISTINCT " } else { "" };
    let sql = format!(
        "SELECT {distinct}{COLUMNS} FROM {} WHERE {} ORDER BY {order} LIMIT {limit}",
        filter.from(),
        filter.clause()
    );
    let facts = conn.all(&sql, &filter.values, Facts::from_row)?;
    let page = cursor.page(facts, |facts| key_of(facts, by_due));
    rows(conn, asker.book, page, reader)
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
    let mut filter = Filter::new();
    filter.within(&asker.keys(None), Phase::ALL);
    let (index, except) = (filter.bind(&phone_index), filter.bind(&except));
    filter.conditions.push(format!("c.reporter_phone_index = {index} AND c.id <> {except}"));
    let sql = format!(
        "SELECT DISTINCT {COLUMNS} FROM {} WHERE {} ORDER BY c.id DESC LIMIT 10",
        filter.from(),
        filter.clause()
    );
    let facts = conn.all(&sql, &filter.values, Facts::from_row)?;
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
    let mut filter = Filter::new();
    filter.any_of("s.scope_key", &reach.keys().map(str::to_owned).collect::<Vec<_>>());
    let (index, limit) = (filter.bind(&phone_index), filter.bind(&limit));
    // The number finds a handful of cases: the scope is looked at for those, not the other way round.
    let sql = format!(
        "SELECT {COLUMNS} FROM cases c WHERE c.reporter_phone_index = {index} AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND {}) \
         ORDER BY c.id DESC LIMIT {limit}",
        filter.clause()
    );
    let facts = conn.all(&sql, &filter.values, Facts::from_row)?;
    let roles: Vec<Option<Role>> = facts.iter().map(|facts| reach.reaches(&facts.keys())).collect();
    let page = rows(conn, asker.book, Page { items: facts, next: None }, reader)?;
    Ok(page.items.into_iter().zip(roles).filter_map(|(row, role)| Some((row, role?))).collect())
}

/// A case without a clock comes after all others.
const NEVER_MS: i64 = 9_000_000_000_000_000;

fn order_by_due(filter: &mut Filter, cursor: &Cursor) -> String {
    if let Some((due, id)) = cursor.after.as_deref().and_then(|after| after.split_once('_')) {
        let (due, id) = (filter.bind(&due.parse::<i64>().unwrap_or(NEVER_MS)), filter.bind(&id));
        filter.conditions.push(format!("(COALESCE(c.due_at, {NEVER_MS}), c.id) > ({due}, {id})"));
    }
    "c.due_at NULLS LAST, c.id".to_owned()
}

fn order_by_newest(filter: &mut Filter, cursor: &Cursor) -> String {
    if let Some(after) = &cursor.after {
        let after = filter.bind(after);
        let column = if filter.scoped { "s.case_id" } else { "c.id" };
        filter.conditions.push(format!("{column} < {after}"));
    }
    // By the column of the index that finds the rows, so that the page is read in order and not sorted.
    if filter.scoped && !filter.repeats { "s.case_id DESC" } else { "c.id DESC" }.to_owned()
}

fn key_of(facts: &Facts, by_due: bool) -> String {
    if by_due {
        let due = facts.due.as_ref().map_or(NEVER_MS, |(at, _, _)| at.ms());
        format!("{due}_{}", facts.id)
    } else {
        facts.id.to_string()
    }
}
