//! What phones are sent: first what to take off, then rows, page by page, none that the caller may not see.
//!
//! A first sync sends everything once, from a position of the feed that is remembered before it begins. From there on the
//! feed says what changed. What was sent is noted by its id, so that exactly that can be taken off again.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use sha2::{Digest, Sha256};

use linli_access::scope::person_key;
use linli_access::{Act, Caller, scope};
use linli_db::{Conn, feed};
use linli_kernel::{self as kernel, DeviceId, ProblemCode, Timestamp};

use super::care;
use super::cursor::{Cursor, Part, Sent};
use super::registry::{self, At};
use super::rows::{self, Sight, Upsert};
use super::store::{self, Moves};
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::say::Lang;
use crate::visits;
use crate::visits::store::Wish;

/// Most rows of a page.
pub const PAGE_ROWS: usize = 500;
/// Most of a page. Unit: bytes.
const PAGE_BYTES: usize = 512 * 1_024;
/// Most rows of a phone.
pub const MOST_ROWS: usize = 5_000;
/// Most of a phone. Unit: bytes.
const MOST_BYTES: usize = 8 * 1_024 * 1_024;
/// A phone that is so far behind is told everything anew: shorter than all that happened in the city meanwhile. Unit: events.
const MOST_BEHIND: i64 = 100_000;
/// Own visits are kept on the phone for so long. Unit: ms.
pub(super) const VISITS_MS: i64 = 180 * 24 * 3_600_000;

/// Kinds of rows that are noted by their ids, so that exactly they can be taken off again.
const NOTED: [&str; 7] =
    [rows::CASE, rows::VISIT, rows::CARE_VISIT, rows::RECORD, rows::AREA, rows::DUTY, rows::CHECKLIST];

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who.
    pub caller: Caller,
    /// Their phone.
    pub device: DeviceId,
    /// How far it has read.
    pub cursor: Option<Cursor>,
    /// Rows wanted.
    pub limit: usize,
    /// In which language.
    pub lang: Lang,
}

/// A row that is to be taken off the phone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[schema(as = SyncRemoval)]
pub struct Removal {
    /// `case`, `visit`, `care_visit`, `record`, `area`, `duty` or `checklist`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// One page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SyncPage)]
pub struct Page {
    /// What the caller may see has this version; with another one everything is sent anew.
    pub scope_version: String,
    /// To be taken off the phone before anything else is done or shown.
    pub removals: Vec<Removal>,
    /// To be put in place of what the phone has.
    pub upserts: Vec<Upsert>,
    /// Pass as `cursor` next time.
    pub next_cursor: String,
    /// Whether more is to be had now.
    pub has_more: bool,
    /// Whether there is more than a phone holds: the oldest stay here.
    pub truncated: bool,
    /// Rows that could not be read and were left out.
    pub n_skipped: usize,
    /// The server's time: a phone can say how wrong its clock is.
    pub server_time: Timestamp,
}

/// Answers a phone.
///
/// # Errors
/// `NotFound` for a device that is not the caller's; `DeviceRevoked`; the database's.
pub async fn pull(app: &App, ask: Ask) -> Answer<Page> {
    let (reader, device, account, lang) = (app.clone(), ask.device, ask.caller.account, ask.lang);
    // Before the read: what changes meanwhile is later than what was sent.
    let now = app.now();
    let (mut draft, seen) = app.db.read(move |conn| draft(&reader, conn, &ask)).await?;
    if draft.moves.is_something() {
        let (moves, looks, writer) = (draft.moves.clone(), std::mem::take(&mut draft.looks), app.clone());
        let purpose = lang.word("care", "visit_purpose");
        let noted = app.db.write(move |tx| {
            let n = store::moved(tx, device, &moves, now)?;
            care::log(&writer, tx, account, &looks, &purpose)?;
            Ok::<_, Refused>(n)
        });
        draft.cursor.seen = noted.await?;
    } else {
        draft.cursor.seen = seen;
    }
    Ok(Page {
        scope_version: draft.cursor.scope.clone(),
        removals: draft.removals.into_iter().collect(),
        upserts: draft.upserts,
        next_cursor: draft.cursor.to_string(),
        has_more: draft.has_more,
        truncated: draft.cursor.is_full,
        n_skipped: draft.n_skipped,
        server_time: now,
    })
}

impl Moves {
    fn is_something(&self) -> bool {
        !self.sent.is_empty() || !self.gone.is_empty()
    }
}

/// A page while it is made.
pub(super) struct Draft {
    pub(super) cursor: Cursor,
    pub(super) removals: BTreeSet<Removal>,
    upserts: Vec<Upsert>,
    /// Where in `upserts` a row stands.
    pub(super) placed: HashMap<(&'static str, String), usize>,
    forms: BTreeSet<String>,
    size_bytes: usize,
    limit: usize,
    moves: Moves,
    /// Names of people in care that go to the phone with this page.
    looks: Vec<care::Look>,
    pub(super) has_more: bool,
    n_skipped: usize,
}

fn draft(app: &App, conn: &mut Conn, ask: &Ask) -> Answer<(Draft, i64)> {
    let device = store::device(conn, ask.device)?.filter(|device| device.account == ask.caller.account);
    let device = device.ok_or(ProblemCode::NotFound)?;
    if device.revoked_at.is_some() {
        return Err(ProblemCode::DeviceRevoked.into());
    }
    let sight = Sight { app, caller: &ask.caller, lang: ask.lang, now: app.now() };
    let (scope, book) = (scope_version(&ask.caller, ask.lang), book_version(app));
    let end = feed::end(conn)?;
    let is_near = |cursor: &Cursor| end.seq - cursor.position.seq <= MOST_BEHIND;
    let known = ask.cursor.clone().filter(|cursor| cursor.scope == scope && is_near(cursor));
    let seen = ask.cursor.as_ref().map_or(0, |cursor| cursor.seen);
    let begins = known.is_none();
    let cursor = match known {
        Some(cursor) => cursor,
        None => {
            let part = Part::Cases(None, Sent::default());
            Cursor { position: end, scope, book, seen, part, duties_at: sight.now, is_full: false }
        }
    };
    let mut page = Draft {
        cursor,
        removals: BTreeSet::new(),
        upserts: Vec::new(),
        placed: HashMap::new(),
        forms: BTreeSet::new(),
        size_bytes: 0,
        limit: ask.limit.clamp(1, PAGE_ROWS),
        moves: Moves { seen, ..Moves::default() },
        looks: Vec::new(),
        has_more: false,
        n_skipped: 0,
    };
    // What it was told before and has not said that it did.
    for (kind, id) in store::rows_going(conn, ask.device, seen)? {
        page.removals.insert(Removal { kind, id });
    }
    if begins {
        page.take_off(conn, &sight, ask.device)?;
        for row in sight.ground(conn)? {
            page.put(row);
        }
        page.duties(conn, &sight, ask.device, true)?;
    }
    page.care(conn, &sight, ask.device, begins)?;
    page.fill(conn, &sight, ask.device)?;
    Ok((page, device.n_pulls))
}

/// The playbook of the present, in a word. With another one its rules and forms are sent anew, and not every case: each goes by its own.
pub(super) fn book_version(app: &App) -> String {
    let book = app.playbooks.current();
    let digest = Sha256::digest(format!("{} {}", book.id, book.version).as_bytes());
    hex::encode(digest).chars().take(8).collect()
}

/// The version of what a caller sees: their posts, and the language.
fn scope_version(caller: &Caller, lang: Lang) -> String {
    let mut digest = Sha256::new();
    let mut posts: Vec<String> = caller
        .grants
        .iter()
        .map(|grant| format!("{} {} {}", grant.role, grant.area, grant.unit.as_deref().unwrap_or("-")))
        .collect();
    posts.sort();
    posts.dedup();
    posts.push(format!("{lang:?}"));
    for post in posts {
        digest.update(post.as_bytes());
        digest.update(b"\n");
    }
    hex::encode(digest.finalize()).chars().take(16).collect()
}

/// The keys of what a caller sees, what they were called to by name included.
pub(super) fn keys(caller: &Caller) -> Vec<String> {
    let reach = scope(caller, Act::ViewCase);
    let own = (!reach.is_empty()).then(|| person_key(caller.account));
    reach.keys().map(str::to_owned).chain(own).collect()
}

fn own_visits(caller: &Caller, now: Timestamp) -> (Wish, bool) {
    let wish = Wish { mine: true, since: Some(now.plus_ms(-VISITS_MS)), ..Wish::default() };
    (wish, scope(caller, Act::ViewVisits).is_empty())
}

impl Draft {
    /// Takes off what the phone may hold and the caller no longer sees.
    fn take_off(&mut self, conn: &mut Conn, sight: &Sight<'_>, device: DeviceId) -> Answer<()> {
        let most = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
        let cases = store::open_cases(conn, &keys(sight.caller), None, most)?;
        self.take_off_all_but(conn, device, rows::CASE, &cases.into_iter().collect())?;
        let areas = sight.areas().iter().map(ToString::to_string).collect();
        self.take_off_all_but(conn, device, rows::AREA, &areas)?;
        let records = registry::ids(conn, sight)?;
        self.take_off_all_but(conn, device, rows::RECORD, &records)?;
        let held = store::rows_held(conn, device, rows::VISIT)?;
        for id in held {
            let kept = match id.parse() {
                Ok(id) => visits::store::load(conn, id)?.is_some_and(|visit| {
                    visit.is_seen_by(sight.caller) && sight.now.since(visit.received_at) < VISITS_MS
                }),
                Err(_) => false,
            };
            if !kept {
                self.remove(rows::VISIT, id);
            }
        }
        Ok(())
    }

    fn take_off_all_but(
        &mut self,
        conn: &mut Conn,
        device: DeviceId,
        kind: &'static str,
        kept: &BTreeSet<String>,
    ) -> Answer<()> {
        for id in store::rows_held(conn, device, kind)?.difference(kept) {
            self.remove(kind, id.clone());
        }
        Ok(())
    }

    /// Visits to people in care: against what the phone holds, on every page, so that what is over goes first.
    fn care(&mut self, conn: &mut Conn, sight: &Sight<'_>, device: DeviceId, begins: bool) -> Answer<()> {
        let rows = care::rows(conn, sight, device, (self.moves.seen, begins))?;
        rows.gone.into_iter().for_each(|id| self.remove(rows::CARE_VISIT, id));
        rows.upserts.into_iter().for_each(|row| self.put(row));
        self.looks = rows.looks;
        Ok(())
    }

    pub(super) fn remove(&mut self, kind: &str, id: String) {
        self.moves.gone.push((kind.to_owned(), id.clone()));
        self.removals.insert(Removal { kind: kind.to_owned(), id });
    }

    /// Puts a row. What one page comes upon twice is sent once, as it stands: a household whose residents were all entered since.
    pub(super) fn put(&mut self, row: Upsert) {
        let known = self.placed.get(&(row.kind, row.id.clone())).and_then(|at| self.upserts.get_mut(*at));
        if let Some(known) = known {
            *known = row;
            return;
        }
        self.placed.insert((row.kind, row.id.clone()), self.upserts.len());
        self.size_bytes += row.size_bytes();
        if NOTED.contains(&row.kind) {
            // Sent again after all: it stays.
            self.removals.retain(|removal| removal.kind != row.kind || removal.id != row.id);
            self.moves.gone.retain(|(kind, id)| kind != row.kind || *id != row.id);
            self.moves.sent.push((row.kind, row.id.clone()));
        }
        self.upserts.push(row);
    }

    /// What is due changes with the day and with every record: rows that are no longer so are taken off, new ones are sent. A row is
    /// named by what stands in it, so one that stays as it was is not sent again.
    pub(super) fn duties(&mut self, conn: &mut Conn, sight: &Sight<'_>, device: DeviceId, begins: bool) -> Answer<()> {
        self.cursor.duties_at = sight.now;
        let rows = sight.duties(conn)?;
        for kind in [rows::DUTY, rows::CHECKLIST] {
            let held = store::rows_held(conn, device, kind)?;
            let now: BTreeSet<String> = rows.iter().filter(|row| row.kind == kind).map(|row| row.id.clone()).collect();
            for gone in held.difference(&now) {
                self.remove(kind, gone.clone());
            }
            // Whoever begins anew may have lost what they held.
            for row in rows.iter().filter(|row| row.kind == kind && (begins || !held.contains(&row.id))) {
                self.put(row.clone());
            }
        }
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.upserts.len() >= self.limit || self.size_bytes >= PAGE_BYTES
    }

    /// Puts a case with its forms; `false` when there is none to put. One odd row is left out, and the rest is sent.
    pub(super) fn put_case(&mut self, conn: &mut Conn, sight: &Sight<'_>, id: &str) -> Answer<bool> {
        let found = match sight.case(conn, id) {
            Ok(found) => found,
            Err(Refused::Store(error @ linli_db::StoreError::Inconsistent { .. })) => {
                tracing::error!(%error, "a case cannot be read for a phone");
                self.n_skipped += 1;
                return Ok(true);
            }
            Err(refused) => return Err(refused),
        };
        let Some(found) = found else { return Ok(false) };
        for (name, form) in found.forms {
            if self.forms.insert(name.clone()) {
                self.put(Upsert { kind: rows::FORM, id: name, body: form });
            }
        }
        self.put(found.row);
        Ok(true)
    }

    fn fill(&mut self, conn: &mut Conn, sight: &Sight<'_>, device: DeviceId) -> Answer<()> {
        loop {
            match self.cursor.part.clone() {
                Part::Cases(after, sent) => self.cases(conn, sight, after, sent)?,
                Part::Visits(after, sent) => return self.visits(conn, sight, after.as_deref(), sent),
                Part::Records(at, sent) => return self.records(conn, sight, at, sent),
                Part::Changes => return self.changes(conn, sight, device),
            }
            if self.has_more {
                return Ok(());
            }
        }
    }

    fn sent(&self, before: Sent) -> Sent {
        Sent { n_rows: before.n_rows + self.upserts.len(), size_bytes: before.size_bytes + self.size_bytes }
    }

    /// A page of open cases, the newest first.
    fn cases(&mut self, conn: &mut Conn, sight: &Sight<'_>, after: Option<String>, sent: Sent) -> Answer<()> {
        let limit = i64::try_from(self.limit).unwrap_or(1) + 1;
        let ids = store::open_cases(conn, &keys(sight.caller), after.as_deref(), limit)?;
        let mut last = after;
        for id in ids {
            let so_far = self.sent(sent);
            if so_far.n_rows >= MOST_ROWS || so_far.size_bytes >= MOST_BYTES {
                self.cursor.is_full = true;
                break;
            }
            if self.is_full() {
                (self.has_more, self.cursor.part) = (true, Part::Cases(last, so_far));
                return Ok(());
            }
            self.put_case(conn, sight, &id)?;
            last = Some(id);
        }
        self.cursor.part = Part::Visits(None, sent);
        Ok(())
    }

    /// A page of the caller's own visits, the newest first.
    fn visits(&mut self, conn: &mut Conn, sight: &Sight<'_>, after: Option<&str>, sent: Sent) -> Answer<()> {
        let (wish, none) = own_visits(sight.caller, sight.now);
        let left = self.left(sent);
        if none || self.sent(sent).n_rows >= MOST_ROWS {
            (self.has_more, self.cursor.is_full) = (true, self.cursor.is_full || !none);
            self.cursor.part = Part::Records(At::BEGIN, self.sent(sent));
            return Ok(());
        }
        if left == 0 {
            (self.has_more, self.cursor.part) = (true, Part::Visits(after.map(str::to_owned), self.sent(sent)));
            return Ok(());
        }
        let cursor = kernel::Cursor::new(after.map(str::to_owned), Some(left));
        let page = visits::store::list(conn, sight.caller, &wish, &cursor)?;
        for row in sight.visits(conn, page.items)? {
            self.put(row);
        }
        // What happened since the position was taken comes with the next page.
        self.has_more = true;
        self.cursor.part = match page.next {
            Some(next) => Part::Visits(Some(next), self.sent(sent)),
            None => Part::Records(At::BEGIN, self.sent(sent)),
        };
        Ok(())
    }

    /// Rows that still have a place on this page.
    fn left(&self, sent: Sent) -> u32 {
        let on_phone = MOST_ROWS.saturating_sub(self.sent(sent).n_rows);
        u32::try_from(self.limit.saturating_sub(self.upserts.len()).min(on_phone)).unwrap_or(0)
    }

    /// A page of records of the registry, kind by kind in the order of their addresses. Of a large community the last stay here.
    fn records(&mut self, conn: &mut Conn, sight: &Sight<'_>, at: At, sent: Sent) -> Answer<()> {
        // What happened since the position was taken comes with the page after the last.
        self.has_more = true;
        let mut next = Some(at);
        while let Some(at) = next {
            let so_far = self.sent(sent);
            if so_far.n_rows >= MOST_ROWS || so_far.size_bytes >= MOST_BYTES {
                self.cursor.is_full = true;
                break;
            }
            if self.is_full() {
                self.cursor.part = Part::Records(at, so_far);
                return Ok(());
            }
            let (rows, after) = registry::page(conn, sight, at, self.left(sent))?;
            rows.into_iter().for_each(|row| self.put(row));
            next = after;
        }
        self.cursor.part = Part::Changes;
        Ok(())
    }
}
