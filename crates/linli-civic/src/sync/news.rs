//! What happened since a phone last asked. The feed is that of the whole city: what concerns the phone is found where the events
//! lie, and only that is looked at. On a phone that is full the newest stands in place of the oldest; a case is never what is left out.

use std::collections::{BTreeSet, HashMap, VecDeque};

use linli_access::Caller;
use linli_db::{Bind, Conn, Val, feed};
use linli_kernel::calendar::beijing_date;
use linli_kernel::{DeviceId, Timestamp};

use super::pull::{Draft, MOST_ROWS, VISITS_MS, book_version, keys};
use super::registry::{self, Changed};
use super::rows::{self, Sight};
use super::store;
use crate::areas::tree::code_range;
use crate::http::Answer;
use crate::visits;

/// Events of the city that are looked through at once.
const EVENTS_AT_ONCE: i64 = 5_000;
/// How often in one answer.
const STRETCHES: usize = 10;
/// What is due is worked out again after so long, though nothing was done: a day ends, a window opens. Unit: ms.
const DUTIES_MS: i64 = 30 * 60_000;
/// More than one page can ask for.
const SPARE_AT_ONCE: i64 = 1_000;

/// The events that may change what is on a phone: of the owner's areas, by the owner, about what the phone holds or the owner was
/// called to. Wider than what is sent, never narrower: whether the owner may see it is decided row by row.
fn wanted(caller: &Caller, device: DeviceId) -> (String, Vec<Val>) {
    let mut values = Vec::new();
    let mut next = |value: Val| {
        values.push(value);
        format!("${}", values.len() + 4)
    };
    let mut areas: Vec<_> = caller.grants.iter().map(|grant| grant.area).collect();
    areas.sort();
    areas.dedup();
    let mut ranges = Vec::new();
    for area in &areas {
        let (low, high) = code_range(area);
        ranges.push((next(low.val()), next(high.val())));
    }
    let within = |column: &str| {
        let parts: Vec<String> =
            ranges.iter().map(|(low, high)| format!("({column} >= {low} AND {column} < {high})")).collect();
        if parts.is_empty() { "1 = 0".to_owned() } else { format!("({})", parts.join(" OR ")) }
    };
    let (me, phone) = (next(caller.account.val()), next(device.val()));
    let above: BTreeSet<String> =
        areas.iter().flat_map(linli_kernel::AreaCode::lineage).map(|area| area.to_string()).collect();
    let above: Vec<String> = above.iter().map(|area| next(area.val())).collect();
    let keys: Vec<String> = keys(caller).iter().map(|key| next(key.val())).collect();
    let any = |column: &str, of: &[String]| {
        if of.is_empty() { "1 = 0".to_owned() } else { format!("{column} IN ({})", of.join(", ")) }
    };
    let condition = format!(
        "{} OR e.actor_id = {me} OR (e.stream_kind = 'area' AND {}) OR (e.stream_kind IN ('gathering', 'leave', 'place') AND {}) \
         OR EXISTS (SELECT 1 FROM sync_row r WHERE r.device_id = {phone} AND r.kind = CASE e.stream_kind WHEN 'registry' THEN 'record' ELSE e.stream_kind END AND r.row_id = e.stream_id) \
         OR (e.stream_kind = 'case' AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = e.stream_id AND {})) \
         OR (e.stream_kind = 'account' AND EXISTS (SELECT 1 FROM grant_role g WHERE g.account_id = e.stream_id AND {}))",
        within("e.area_code"),
        any("e.stream_id", &above),
        any("e.area_code", &above),
        any("s.scope_key", &keys),
        within("g.area_code"),
    );
    (condition, values)
}

/// How much a phone holds, and what makes way when it is full.
struct Room {
    device: DeviceId,
    n_held: usize,
    spare: HashMap<&'static str, VecDeque<String>>,
}

impl Room {
    fn of(conn: &mut Conn, device: DeviceId) -> Answer<Self> {
        let n_held = usize::try_from(store::n_rows_held(conn, device)?).unwrap_or(usize::MAX);
        Ok(Self { device, n_held, spare: HashMap::new() })
    }

    /// The oldest row of a kind that `is_free` to go.
    fn oldest(
        &mut self,
        conn: &mut Conn,
        kind: &'static str,
        is_free: impl Fn(&String) -> bool,
    ) -> Answer<Option<String>> {
        if !self.spare.contains_key(kind) {
            let held = store::oldest_held(conn, self.device, kind, ("~", SPARE_AT_ONCE))?;
            self.spare.insert(kind, held.into());
        }
        let spare = self.spare.entry(kind).or_default();
        while let Some(id) = spare.pop_front() {
            if is_free(&id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

impl Draft {
    /// What changed since the position, event by event, until the page is full; then what is due, where that may have changed.
    pub(super) fn changes(&mut self, conn: &mut Conn, sight: &Sight<'_>, device: DeviceId) -> Answer<()> {
        let (condition, values) = wanted(sight.caller, device);
        let mut news = News { room: None, looked_at: BTreeSet::new(), is_ground: false, is_work: false };
        for _ in 0..STRETCHES {
            let window = feed::window(conn, self.cursor.position, EVENTS_AT_ONCE, (&condition, &values))?;
            self.has_more = window.has_more;
            for event in window.events {
                if self.is_full() {
                    self.has_more = true;
                    break;
                }
                self.cursor.position = event.position;
                self.change(conn, sight, device, (&event, &mut news))?;
            }
            if !self.is_full() {
                self.cursor.position = window.end;
            }
            if !self.has_more || self.is_full() {
                break;
            }
        }
        let book = book_version(sight.app);
        if self.cursor.book != book {
            self.cursor.book = book;
            (news.is_ground, news.is_work) = (true, true);
        }
        if news.is_ground {
            for row in sight.ground(conn)? {
                self.put(row);
            }
        }
        let last = self.cursor.duties_at;
        let is_stale = sight.now.since(last).abs() >= DUTIES_MS || beijing_date(last) != beijing_date(sight.now);
        if news.is_work || is_stale {
            self.duties(conn, sight, device, false)?;
        }
        if is_stale {
            self.forget_old_visits(conn, sight.now, device)?;
        }
        Ok(())
    }

    /// Whether a row that the phone holds may go: this page neither puts it nor takes it off already.
    fn is_free(&self, kind: &'static str, id: &str) -> bool {
        let is_going = || self.removals.iter().any(|removal| removal.kind == kind && removal.id == id);
        !self.placed.contains_key(&(kind, id.to_owned())) && !is_going()
    }

    fn change(
        &mut self,
        conn: &mut Conn,
        sight: &Sight<'_>,
        device: DeviceId,
        (event, news): (&feed::Event, &mut News),
    ) -> Answer<()> {
        match event.stream_kind.as_str() {
            "case" if news.looked_at.insert(event.stream_id.clone()) => {
                self.change_case(conn, sight, (device, &event.stream_id), news)
            }
            "case" => Ok(()),
            "visit" => {
                news.is_work = true;
                let is_own = event.actor_id.as_deref() == Some(&sight.caller.account.to_string());
                let is_held = store::holds(conn, device, rows::VISIT, &event.stream_id)?;
                if is_own || is_held {
                    self.change_visit(conn, sight, (device, &event.stream_id, is_held), news)
                } else {
                    Ok(())
                }
            }
            "registry" => {
                news.is_work = true;
                let is_new = news.looked_at.insert(event.stream_id.clone());
                if is_new { self.change_record(conn, sight, (device, event), news) } else { Ok(()) }
            }
            kind => {
                news.is_ground |= matches!(kind, "place" | "area" | "account");
                news.is_work = true;
                Ok(())
            }
        }
    }

    /// Makes way for a row of `kind`; `false` where nothing may go for it.
    fn make_room(&mut self, conn: &mut Conn, kind: &str, news: &mut News, device: DeviceId) -> Answer<bool> {
        let room = match &mut news.room {
            Some(room) => room,
            none => none.insert(Room::of(conn, device)?),
        };
        let before: &[&'static str] =
            if kind == rows::CASE { &[rows::VISIT, rows::RECORD, rows::CASE] } else { &[rows::VISIT, rows::RECORD] };
        while room.n_held >= MOST_ROWS {
            self.cursor.is_full = true;
            let mut found = None;
            for spare in before {
                let oldest = room.oldest(conn, spare, |id| self.is_free(spare, id))?;
                if let Some(id) = oldest {
                    found = Some((*spare, id));
                    break;
                }
            }
            let Some((spare, id)) = found else { return Ok(false) };
            self.remove(spare, id);
            room.n_held -= 1;
        }
        room.n_held += 1;
        Ok(true)
    }

    fn change_case(
        &mut self,
        conn: &mut Conn,
        sight: &Sight<'_>,
        (device, id): (DeviceId, &str),
        news: &mut News,
    ) -> Answer<()> {
        let is_held = store::holds(conn, device, rows::CASE, id)?;
        if self.put_case(conn, sight, id)? {
            if !is_held {
                self.make_room(conn, rows::CASE, news, device)?;
            }
        } else if is_held {
            self.remove(rows::CASE, id.to_owned());
            news.gone();
        }
        Ok(())
    }

    fn change_record(
        &mut self,
        conn: &mut Conn,
        sight: &Sight<'_>,
        (device, event): (DeviceId, &feed::Event),
        news: &mut News,
    ) -> Answer<()> {
        match registry::changed(conn, sight, event)? {
            Changed::Nothing => {}
            Changed::Put(changed) => {
                for row in changed {
                    let is_held = store::holds(conn, device, rows::RECORD, &row.id)?;
                    if is_held || self.make_room(conn, rows::RECORD, news, device)? {
                        self.put(row);
                    }
                }
            }
            Changed::Gone => {
                if store::holds(conn, device, rows::RECORD, &event.stream_id)? {
                    self.remove(rows::RECORD, event.stream_id.clone());
                    news.gone();
                }
            }
        }
        Ok(())
    }

    fn change_visit(
        &mut self,
        conn: &mut Conn,
        sight: &Sight<'_>,
        (device, id, is_held): (DeviceId, &str, bool),
        news: &mut News,
    ) -> Answer<()> {
        let Ok(visit) = id.parse() else { return Ok(()) };
        let visit = visits::store::load(conn, visit)?.filter(|visit| visit.is_seen_by(sight.caller));
        if visit.is_none() && is_held {
            self.remove(rows::VISIT, id.to_owned());
            news.gone();
        }
        for row in sight.visits(conn, visit.into_iter().collect())? {
            if is_held || self.make_room(conn, rows::VISIT, news, device)? {
                self.put(row);
            }
        }
        Ok(())
    }

    /// Own visits of long ago go, whether the phone is full or not.
    fn forget_old_visits(&mut self, conn: &mut Conn, now: Timestamp, device: DeviceId) -> Answer<()> {
        let before = first_id_of(now.plus_ms(-VISITS_MS));
        for id in store::oldest_held(conn, device, rows::VISIT, (&before, SPARE_AT_ONCE))? {
            if self.is_free(rows::VISIT, &id) {
                self.remove(rows::VISIT, id);
            }
        }
        Ok(())
    }
}

/// What a look at the news comes upon.
struct News {
    /// Counted only where something comes or goes.
    room: Option<Room>,
    looked_at: BTreeSet<String>,
    /// Whether places, people or areas changed.
    is_ground: bool,
    /// Whether something was done that what is due may depend on.
    is_work: bool,
}

impl News {
    fn gone(&mut self) {
        if let Some(room) = &mut self.room {
            room.n_held = room.n_held.saturating_sub(1);
        }
    }
}

/// No id that was made at `at` or later is smaller (RFC 9562 §5.7: the first 48 bits are the time in ms).
fn first_id_of(at: Timestamp) -> String {
    let hex = format!("{:012x}", at.ms().max(0));
    let (high, low) = hex.split_at(8);
    format!("{high}-{low}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_by_when_they_were_made() {
        let ids = linli_kernel::IdSource::random();
        let at = Timestamp::from_ms(1_790_000_000_000);
        let (before, then) = (ids.uuid(at.plus_ms(-1)).to_string(), ids.uuid(at).to_string());
        let first = first_id_of(at);
        assert!(before < first && first < then, "{before} {first} {then}");
    }
}
