//! 范围: cases that a caller's keys reach, read off `case_scope` alone, in the order of its indexes: a page costs the same however many
//! cases lie in the scope. It knows of each case the phase, and of each that is open or waits, the clock that ends next.

use linli_db::{Bind, Conn, StoreError, Val, padded, placeholders};
use linli_kernel::{CaseId, Phase, Timestamp};

use super::row::{COLUMNS, Facts};

/// A `WHERE` under construction: conditions on `cases c`, and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) said: Vec<String>,
    pub(super) values: Vec<Val>,
}

impl Conditions {
    pub(super) fn bind(&mut self, value: &impl Bind) -> String {
        self.values.push(value.val());
        format!("${}", self.values.len())
    }

    /// A list of values, for `IN (…)`.
    pub(super) fn list(&mut self, values: &[String]) -> String {
        let list = placeholders(self.values.len() + 1, values.len());
        self.values.extend(values.iter().map(Bind::val));
        list
    }

    pub(super) fn any_of(&mut self, column: &str, values: &[String]) {
        let list = self.list(values);
        self.said.push(format!("{column} IN ({list})"));
    }

    /// Looked at case by case: for few. The offset keeps PostgreSQL from joining them with everything that the keys reach.
    pub(super) fn reached_by(&mut self, keys: &[String]) {
        let list = self.list(keys);
        self.said.push(format!(
            "EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({list}) LIMIT 1 OFFSET 0)"
        ));
    }

    pub(super) fn and(&mut self, condition: String) {
        self.said.push(condition);
    }

    pub(super) fn clause(&self) -> String {
        if self.said.is_empty() { "TRUE".to_owned() } else { self.said.join(" AND ") }
    }
}

/// Which of the cases in reach, by their clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Whatever they say.
    Any,
    /// Over: only of open cases, for what waits for the resident is neither late nor soon.
    Late,
    /// Nearly over.
    Soon,
}

/// Cases in reach of some keys.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    pub(super) keys: Vec<String>,
    pub(super) phases: &'static [Phase],
    pub(super) clocks: Clocks,
}

/// Where a page by clocks goes on.
#[derive(Clone, Debug)]
pub(super) enum After {
    /// From the start.
    Nothing,
    /// After a case whose clock ends then.
    Due(i64, String),
    /// After a case without a clock; those come last.
    NoDue(String),
}

impl Reached {
    /// The newest, before the case `before`.
    pub(super) fn newest(
        &self,
        conn: &mut Conn,
        more: &Conditions,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Facts>, StoreError> {
        let mut query = Query::of(more);
        let before = before.map(|id| format!(" AND s.case_id < {}", query.bind(&id))).unwrap_or_default();
        let limit = query.bind(&limit);
        for key in &self.keys {
            let key = query.bind(key);
            for phase in self.phases {
                query.branch(&format!("s.scope_key = {key} AND s.phase = '{phase}'{before}"), "s.case_id DESC", &limit);
            }
        }
        query.read(conn, "case_id DESC", &limit)
    }

    /// Those whose clock ends next, then those without one.
    pub(super) fn by_due(
        &self,
        conn: &mut Conn,
        more: &Conditions,
        (after, now): (&After, Timestamp),
        limit: i64,
    ) -> Result<Vec<Facts>, StoreError> {
        let mut facts = Vec::new();
        if !matches!(after, After::NoDue(_)) {
            facts = self.with_clock(conn, more, (after, now), limit)?;
        }
        let left = limit - i64::try_from(facts.len()).unwrap_or(limit);
        if left > 0 && self.clocks == Clocks::Any {
            facts.extend(self.without_clock(conn, more, after, left)?);
        }
        Ok(facts)
    }

    fn with_clock(
        &self,
        conn: &mut Conn,
        more: &Conditions,
        (after, now): (&After, Timestamp),
        limit: i64,
    ) -> Result<Vec<Facts>, StoreError> {
        let mut query = Query::of(more).with_due();
        let after = match after {
            After::Due(due, id) => {
                let (due, id) = (query.bind(due), query.bind(id));
                format!(" AND (s.due_at, s.case_id) > ({due}, {id})")
            }
            After::Nothing | After::NoDue(_) => String::new(),
        };
        let range = self.range(&mut query, now);
        let limit = query.bind(&limit);
        for key in &self.keys {
            let key = query.bind(key);
            for phase in self.phases {
                let which = format!("s.scope_key = {key} AND s.phase = '{phase}'{range}{after}");
                query.branch(&which, "s.due_at, s.case_id", &limit);
            }
        }
        query.read(conn, "due_at, case_id", &limit)
    }

    fn without_clock(
        &self,
        conn: &mut Conn,
        more: &Conditions,
        after: &After,
        limit: i64,
    ) -> Result<Vec<Facts>, StoreError> {
        let mut query = Query::of(more);
        let after = match after {
            After::NoDue(id) => format!(" AND s.case_id > {}", query.bind(id)),
            After::Nothing | After::Due(..) => String::new(),
        };
        let limit = query.bind(&limit);
        for key in &self.keys {
            let key = query.bind(key);
            for phase in self.phases {
                let which = format!("s.scope_key = {key} AND s.phase = '{phase}' AND s.due_at IS NULL{after}");
                query.branch(&which, "s.case_id", &limit);
            }
        }
        query.read(conn, "case_id", &limit)
    }

    /// How many there are, up to `most`.
    pub(super) fn count(
        &self,
        conn: &mut Conn,
        more: &Conditions,
        now: Timestamp,
        most: i64,
    ) -> Result<i64, StoreError> {
        let mut query = Query::of(more);
        let range = match self.clocks {
            Clocks::Any => String::new(),
            Clocks::Late | Clocks::Soon => self.range(&mut query, now),
        };
        let most = query.bind(&most);
        for key in &self.keys {
            let key = query.bind(key);
            for phase in self.phases {
                query.branch(&format!("s.scope_key = {key} AND s.phase = '{phase}'{range}"), "", &most);
            }
        }
        if query.branches.is_empty() {
            return Ok(0);
        }
        let sql = format!("SELECT COUNT(*) AS n FROM (SELECT case_id FROM ({}) a LIMIT {most}) b", query.all());
        conn.number(&sql, &query.values)
    }

    /// The clocks that are meant, as a range of the index.
    fn range(&self, query: &mut Query, now: Timestamp) -> String {
        match self.clocks {
            Clocks::Any => " AND s.due_at IS NOT NULL".to_owned(),
            Clocks::Late => format!(" AND s.due_at <= {}", query.bind(&now)),
            Clocks::Soon => {
                let now = query.bind(&now);
                format!(" AND s.due_at > {now} AND s.soon_at <= {now}")
            }
        }
    }
}

/// One branch for each key and phase, because an index is in order within those; together they are put in order again.
struct Query {
    conditions: Conditions,
    values: Vec<Val>,
    branches: Vec<String>,
    /// What is read of each row: no more than the index holds, so that the table is left alone.
    columns: &'static str,
}

impl Query {
    fn of(more: &Conditions) -> Self {
        Self { conditions: more.clone(), values: more.values.clone(), branches: Vec::new(), columns: "case_id" }
    }

    fn with_due(mut self) -> Self {
        self.columns = "case_id, due_at";
        self
    }

    fn bind(&mut self, value: &impl Bind) -> String {
        self.values.push(value.val());
        format!("${}", self.values.len())
    }

    fn branch(&mut self, which: &str, order: &str, limit: &str) {
        let join = if self.conditions.said.is_empty() { "" } else { " JOIN cases c ON c.id = s.case_id" };
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {order}") };
        let (columns, n) = (self.columns, self.branches.len());
        let read = format!("s.{}", columns.replace(", ", ", s."));
        self.branches.push(format!(
            "SELECT {columns} FROM (SELECT {read} FROM case_scope s{join} WHERE {which} AND {}{order} LIMIT {limit}) b{n}",
            self.conditions.clause()
        ));
    }

    /// A case that two keys reach once.
    fn all(&self) -> String {
        self.branches.join(" UNION ")
    }

    fn read(self, conn: &mut Conn, order: &str, limit: &str) -> Result<Vec<Facts>, StoreError> {
        if self.branches.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT case_id FROM ({}) a ORDER BY {order} LIMIT {limit}", self.all());
        let ids: Vec<CaseId> = conn.all(&sql, &self.values, |row| row.parse("case_id"))?;
        read(conn, &ids)
    }
}

/// Cases by their ids, in that order.
fn read(conn: &mut Conn, ids: &[CaseId]) -> Result<Vec<Facts>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let n = ids.len().next_power_of_two();
    let sql = format!("SELECT {COLUMNS} FROM cases c WHERE c.id IN ({})", placeholders(1, n));
    let values: Vec<Val> = padded(ids, n).collect();
    let mut facts = conn.all(&sql, &values, Facts::from_row)?;
    facts.sort_by_key(|facts| ids.iter().position(|id| *id == facts.id));
    Ok(facts)
}
