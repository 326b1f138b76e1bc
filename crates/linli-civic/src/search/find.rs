//! Finding: the index leads to cases, newest first; each is read, and the words looked for in it, before it is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use linli_db::{Bind, Conn, StoreError, Val, params, placeholders};

use super::members;
use super::plan::{self, Held, Plan, Rank};
use super::query::{Asked, Placed};
use super::terms::Term;
use crate::cases::found::{self, Found, Narrowed};

/// Cases that are read for one page at most: of words that lead to many and stand in none, a page may stay short.
const MOST_READ: usize = 2_000;
/// Cases that are not in the index yet and are read all the same; of more, the oldest wait.
pub const MOST_FRESH: i64 = 1_024;
/// Cases read at once.
const AT_ONCE: usize = 64;
/// Blocks looked at together: few first, because a page is full soon where there is much to find.
const WINDOWS: [usize; 3] = [4, 16, 64];

/// What is looked for, by whom and where.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was typed.
    pub asked: Asked,
    /// The places in it.
    pub placed: Option<Placed>,
    /// What it is narrowed to.
    pub narrowed: Narrowed,
    /// What a case has to have.
    pub plan: Plan,
    /// Rows of cases that bear the number that was typed.
    pub numbered: Vec<i64>,
}

/// Where a page ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How well the last case fitted.
    pub rank: Rank,
    /// Its row.
    pub row_no: i64,
}

/// A case that was found.
pub struct Hit {
    /// The case.
    pub found: Found,
    /// How well it fits.
    pub rank: Rank,
}

/// One page of what was found.
pub struct Outcome {
    /// The best first.
    pub hits: Vec<Hit>,
    /// Where to go on.
    pub next: Option<Mark>,
    /// Whether every case was looked at: not while the index is still being made.
    pub is_whole: bool,
}

/// One page after `after`.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, search: &Search, after: Option<Mark>, limit: usize) -> Result<Outcome, StoreError> {
    let mut page = Page { hits: Vec::new(), limit, stopped: None, n_left: MOST_READ };
    if after.is_none_or(|mark| mark.rank == Rank::Number) {
        let before = after.map_or(i64::MAX, |mark| mark.row_no);
        let numbered: Vec<i64> = search.numbered.iter().copied().filter(|row_no| *row_no < before).collect();
        page.add(Rank::Number, found::read(conn, &numbered, &search.narrowed)?, Vec::new());
    }
    if search.asked.is_empty() {
        return Ok(page.outcome(true));
    }
    // Whoever types a number wants the case that bears it. What only speaks of the number is looked for when it is asked for.
    if after.is_none()
        && let Some(last) = page.hits.last()
    {
        page.stopped = Some(Mark { rank: Rank::Number, row_no: last.found.row_no });
        return Ok(page.outcome(true));
    }
    // The fresh ones before the index: a case that is being written to it just now is then seen twice rather than not at all.
    let mut fresh = Fresh::read(conn, search)?;
    let mut read = BlocksRead::default();
    for rank in
        [Rank::Place, Rank::Said, Rank::Anywhere].into_iter().filter(|rank| after.is_none_or(|mark| mark.rank <= *rank))
    {
        let before = after.filter(|mark| mark.rank == rank).map_or(i64::MAX, |mark| mark.row_no);
        let indexed = Walk { search, rank, before, known: &fresh.rows }.hits(conn, &mut page, &mut read)?;
        page.add(rank, indexed, fresh.take(rank, before));
        if page.is_full() {
            break;
        }
    }
    Ok(page.outcome(fresh.is_whole))
}

/// A page that is being filled.
struct Page {
    hits: Vec<Hit>,
    limit: usize,
    /// Where it was given up to go on.
    stopped: Option<Mark>,
    /// Cases that may still be read for it.
    n_left: usize,
}

impl Page {
    /// One more than is shown says that there is another page.
    fn wanted(&self) -> usize {
        (self.limit + 1).saturating_sub(self.hits.len())
    }

    fn is_full(&self) -> bool {
        self.wanted() == 0 || self.stopped.is_some()
    }

    /// Adds what the index led to and what was fresh, the newest first.
    fn add(&mut self, rank: Rank, indexed: Vec<Found>, fresh: Vec<Found>) {
        let mut found: Vec<Found> = indexed.into_iter().chain(fresh).collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.row_no));
        // What is older than where the walk stopped belongs to the page after.
        if let Some(stopped) = self.stopped {
            found.retain(|found| found.row_no >= stopped.row_no);
        }
        let wanted = self.wanted();
        self.hits.extend(found.into_iter().take(wanted).map(|found| Hit { found, rank }));
    }

    fn outcome(mut self, is_whole: bool) -> Outcome {
        let more = self.hits.len() > self.limit;
        self.hits.truncate(self.limit);
        let last = self.hits.last().map(|hit| Mark { rank: hit.rank, row_no: hit.found.row_no });
        Outcome { next: if more { last } else { self.stopped }, hits: self.hits, is_whole }
    }
}

/// Cases that are not, or not as they are now, in the index.
struct Fresh {
    /// Every one of them, and the numbered ones: the index does not lead to them.
    rows: HashSet<i64>,
    found: Vec<Hit>,
    is_whole: bool,
}

impl Fresh {
    fn read(conn: &mut Conn, search: &Search) -> Result<Self, StoreError> {
        let sql = "SELECT row_no FROM case_fresh ORDER BY row_no DESC LIMIT $1";
        let mut rows: Vec<i64> = conn.all(sql, &params![MOST_FRESH + 1], |row| row.get("row_no"))?;
        let most = usize::try_from(MOST_FRESH).unwrap_or(usize::MAX);
        let is_whole = rows.len() <= most;
        rows.truncate(most);
        rows.retain(|row_no| !search.numbered.contains(row_no));
        let found = found::read(conn, &rows, &search.narrowed)?;
        let found = found.into_iter().filter_map(|found| Some(Hit { rank: search.rank(&found)?, found }));
        let found = found.collect();
        Ok(Self { rows: rows.into_iter().chain(search.numbered.iter().copied()).collect(), found, is_whole })
    }

    /// Takes out those of a rank that come after a row.
    fn take(&mut self, rank: Rank, before: i64) -> Vec<Found> {
        let all = std::mem::take(&mut self.found);
        let (taken, left) = all.into_iter().partition(|hit| hit.rank == rank && hit.found.row_no < before);
        self.found = left;
        let taken: Vec<Hit> = taken;
        taken.into_iter().map(|hit| hit.found).collect()
    }
}

impl Search {
    fn rank(&self, found: &Found) -> Option<Rank> {
        plan::rank(&self.asked, self.placed.as_ref(), [&found.said, &found.place, &found.done], found.area())
    }

    /// Whether a case to which the index led is shown among those of a rank. Of a word whose pairs stand apart in what was said
    /// and together elsewhere, the index knows no better.
    fn fits(&self, found: &Found, rank: Rank) -> bool {
        self.rank(found).is_some_and(|own| own.is_shown_among(rank))
    }
}

/// A walk through the index, from the newest block to the oldest.
struct Walk<'a> {
    search: &'a Search,
    rank: Rank,
    /// Only rows before this one.
    before: i64,
    /// Rows that are seen without the index.
    known: &'a HashSet<i64>,
}

impl Walk<'_> {
    /// The newest cases of the rank, as many as the page wants.
    fn hits(&self, conn: &mut Conn, page: &mut Page, read: &mut BlocksRead) -> Result<Vec<Found>, StoreError> {
        let mut hits = Vec::new();
        if self.rank == Rank::Place && self.search.placed.is_none() {
            return Ok(hits);
        }
        let mut blocks = self.blocks(conn)?.into_iter().peekable();
        let mut windows = WINDOWS.into_iter();
        let mut size = windows.next().unwrap_or(1);
        while blocks.peek().is_some() {
            let window: Vec<i64> = blocks.by_ref().take(size).collect();
            let rows = self.candidates(conn, &window, size, read)?;
            let mut rows = rows.as_slice();
            while !rows.is_empty() && hits.len() < page.wanted() {
                let n_missing = page.wanted() - hits.len();
                let (some, left) = rows.split_at(AT_ONCE.min(n_missing).min(rows.len()));
                rows = left;
                if !self.read(conn, page, some, &mut hits)? {
                    return Ok(hits);
                }
            }
            if hits.len() >= page.wanted() {
                return Ok(hits);
            }
            size = windows.next().unwrap_or(size);
        }
        Ok(hits)
    }

    /// The blocks that hold what every case of the rank has to have, the newest first.
    fn blocks(&self, conn: &mut Conn) -> Result<Vec<i64>, StoreError> {
        let newest = conn.number("SELECT COALESCE(MAX(block), -1) AS n FROM case_term", &[])?;
        let (last, _) = members::at(self.before.saturating_sub(1));
        let required = self.search.plan.required(self.rank);
        // What begins with something is many terms: to look for their blocks would cost more than it spares.
        let exact: Vec<Vec<&str>> = required.iter().filter_map(|any| any.iter().map(Term::exact).collect()).collect();
        let terms: BTreeSet<&str> = exact.iter().flatten().copied().collect();
        let mut held: HashMap<String, HashSet<i64>> = HashMap::new();
        if !terms.is_empty() {
            let mut values: Vec<Val> = terms.iter().map(Bind::val).collect();
            values.resize(values.len().next_multiple_of(TERMS), "".val());
            let sql = format!("SELECT term, block FROM case_term WHERE term IN ({})", placeholders(1, values.len()));
            conn.each(&sql, &values, |row| {
                held.entry(row.get("term")?).or_default().insert(row.get("block")?);
                Ok(())
            })?;
        }
        let has = |block: i64, term: &str| held.get(term).is_some_and(|blocks| blocks.contains(&block));
        let may_have = |block: &i64| exact.iter().all(|any| any.iter().any(|term| has(*block, term)));
        Ok((0..=newest.min(last)).rev().filter(may_have).collect())
    }

    /// Reads some candidates; `false` when no more may be read for this page.
    fn read(&self, conn: &mut Conn, page: &mut Page, rows: &[i64], hits: &mut Vec<Found>) -> Result<bool, StoreError> {
        let mut found = found::read(conn, rows, &self.search.narrowed)?;
        found.retain(|found| self.search.fits(found, self.rank));
        found.sort_by_key(|found| std::cmp::Reverse(found.row_no));
        hits.extend(found);
        page.n_left = page.n_left.saturating_sub(rows.len());
        if page.n_left > 0 {
            return Ok(true);
        }
        page.stopped = rows.last().map(|row_no| Mark { rank: self.rank, row_no: *row_no });
        Ok(false)
    }

    /// The rows of some blocks that may be of the rank, the newest first.
    fn candidates(
        &self,
        conn: &mut Conn,
        blocks: &[i64],
        size: usize,
        read: &mut BlocksRead,
    ) -> Result<Vec<i64>, StoreError> {
        read.add(conn, blocks, size, &self.search.plan, self.rank)?;
        let of_block = |block: &i64| {
            let members =
                read.held.get(block).map(|held| self.search.plan.members(self.rank, held)).unwrap_or_default();
            let rows: Vec<i64> = members.iter().rev().map(|place| members::row_no(*block, place)).collect();
            rows.into_iter().filter(|row_no| *row_no < self.before && !self.known.contains(row_no))
        };
        Ok(blocks.iter().flat_map(of_block).collect())
    }
}

/// What was read of the index for this page: a later rank needs most of what the one before it looked at.
#[derive(Default)]
struct BlocksRead {
    held: BTreeMap<i64, Held>,
    /// The terms that were looked for in a block, by the rank that did.
    ranks: HashMap<i64, Rank>,
}

/// Blocks that are kept for the next rank; of a larger index the oldest are read again. Unit: blocks, about 10 kB each.
const MOST_KEPT: usize = 256;

impl BlocksRead {
    /// Reads of some blocks what a rank needs and was not read before.
    fn add(&mut self, conn: &mut Conn, blocks: &[i64], size: usize, plan: &Plan, rank: Rank) -> Result<(), StoreError> {
        if self.held.len() > MOST_KEPT {
            *self = Self::default();
        }
        let mut by_before: BTreeMap<Option<Rank>, Vec<i64>> = BTreeMap::new();
        for block in blocks {
            by_before.entry(self.ranks.insert(*block, rank)).or_default().push(*block);
        }
        for (before, blocks) in by_before {
            let known = before.map(|before| plan.terms(before)).unwrap_or_default();
            let wanted = plan.terms(rank);
            let terms = wanted.difference(&known).copied();
            for (block, terms) in read_terms(conn, &blocks, size, terms)? {
                self.held.entry(block).or_default().extend(terms);
            }
        }
        Ok(())
    }
}

/// Terms of one statement: filled up to a multiple, so that there are few different statements to prepare.
const TERMS: usize = 4;

/// What the index holds of some blocks.
fn read_terms<'a>(
    conn: &mut Conn,
    blocks: &[i64],
    size: usize,
    terms: impl Iterator<Item = &'a Term>,
) -> Result<BTreeMap<i64, Held>, StoreError> {
    const NO_BLOCK: i64 = -1;
    let mut held: BTreeMap<i64, Held> = BTreeMap::new();
    let mut put = |row: &linli_db::Row<'_>| {
        let (term, bytes): (String, Vec<u8>) = (row.get("term")?, row.get("members")?);
        held.entry(row.get("block")?).or_default().insert(term, members::Members::from_bytes(&bytes));
        Ok(())
    };
    let mut within: Vec<Val> = blocks.iter().map(Bind::val).collect();
    within.resize(size, NO_BLOCK.val());
    let list = placeholders(1, size);
    let (mut exact, mut beginnings) = (Vec::new(), Vec::new());
    for term in terms {
        match term {
            Term::Is(term) => exact.push(term.val()),
            Term::Begins(start) => beginnings.push(start),
        }
    }
    if !exact.is_empty() {
        exact.resize(exact.len().next_multiple_of(TERMS), "".val());
        let sql = format!(
            "SELECT block, term, members FROM case_term WHERE block IN ({list}) AND term IN ({})",
            placeholders(size + 1, exact.len())
        );
        conn.each(&sql, &[within.clone(), exact].concat(), &mut put)?;
    }
    let (from, to) = (size + 1, size + 2);
    let sql = format!(
        "SELECT block, term, members FROM case_term WHERE block IN ({list}) AND term >= ${from} AND term < ${to}"
    );
    for start in beginnings {
        let last = format!("{start}{}", char::MAX);
        conn.each(&sql, &[within.clone(), vec![start.val(), last.val()]].concat(), &mut put)?;
    }
    Ok(held)
}
