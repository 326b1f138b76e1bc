//! Cases by the million, written in bulk: what a city has after three years. Nothing of it goes through the engine, and their
//! histories are no chains; they are there to be listed, counted and found.

use std::sync::Arc;

use linli_access::Keys;
use linli_civic::app::App;
use linli_civic::areas::synth::Chance;
use linli_db::{StoreError, Val, Writer, params, value_rows};
use linli_kernel::{AccountId, AreaCode, AreaLevel, CaseId, DeadlineId, IdSource, Phase, Timestamp};

use crate::city::City;
use crate::texts::{self, Said};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How far back they reach.
const DAYS: i64 = 1_095;
/// Cases of one transaction.
const BATCH: usize = 1_000;
/// Rows of one statement.
const ROWS: usize = 100;

/// One case, as it is written.
struct Row {
    id: CaseId,
    code: String,
    n: u64,
    area: AreaCode,
    seat: AreaCode,
    unit: Option<&'static str>,
    stage: &'static str,
    phase: Phase,
    handler: Option<AccountId>,
    at: Timestamp,
    due: Option<Timestamp>,
    said: Said,
}

/// Where cases happen and who works on them.
pub struct Filler {
    communities: Vec<(AreaCode, Option<AccountId>)>,
    ids: Arc<IdSource>,
    now: Timestamp,
    chance: Chance,
}

impl Filler {
    /// For a city whose clerks are known.
    #[must_use]
    pub fn new(city: &City, clerks: &[AccountId], app: &App) -> Self {
        let clerks = clerks.iter().copied().map(Some).chain(std::iter::repeat(None));
        Self {
            communities: city.communities.iter().copied().zip(clerks).collect(),
            ids: Arc::clone(&app.ids),
            now: app.now(),
            chance: Chance::of("linli-bench"),
        }
    }

    /// Writes `n` cases, the oldest first; the search has yet to take them in.
    ///
    /// # Errors
    /// The database's.
    pub async fn fill(&mut self, app: &App, n: u64) -> anyhow::Result<()> {
        for from in (0..n).step_by(BATCH) {
            let to = n.min(from + u64::try_from(BATCH)?);
            let rows: Vec<Row> = (from..to).filter_map(|i| self.case(i, n)).collect();
            let (ids, now) = (Arc::clone(&self.ids), self.now);
            app.db.write(move |tx| tx.bookkeep(|w| write(w, &rows, &ids, now))).await?;
        }
        Ok(())
    }

    fn below(&mut self, n: u64) -> u64 {
        self.chance.whole() % n.max(1)
    }

    /// A community: the first of 2,343 has 2 of 100 cases, the first 600 have half of them.
    fn community(&mut self) -> Option<(AreaCode, Option<AccountId>)> {
        const FINE: u64 = 100_000;
        let (n, at) = (u64::try_from(self.communities.len()).ok()?, self.below(FINE));
        self.communities.get(usize::try_from(n * at * at / (FINE * FINE)).ok()?).copied()
    }

    fn case(&mut self, i: u64, of: u64) -> Option<Row> {
        let (community, clerk) = self.community()?;
        // Every tenth case of a community is in its first grid.
        let grid = if self.below(10) == 0 { 1 } else { u32::try_from(self.below(38)).ok()? + 1 };
        let area = community.child(grid).ok()?;
        let (seat, unit) = match self.below(100) {
            0..60 => (area, None),
            60..80 => (community, None),
            80..92 => (community.at(AreaLevel::Street), None),
            92..98 => (community.at(AreaLevel::County), self.chance.pick(&UNITS).copied()),
            _ => (community.at(AreaLevel::County), None),
        };
        let (stage, phase) = self.stage(i, of);
        let back = i64::try_from((of - i) * 1_000_000 / of.max(1)).ok()? * DAYS * DAY_MS / 1_000_000;
        let at = self.now.plus_ms(-back - self.hours(20) - HOUR_MS);
        let due = match self.below(100) {
            // Some are over, the rest end well ahead: nothing runs out while it is measured.
            0..12 => self.now.plus_ms(-self.hours(200) - HOUR_MS),
            12..22 => self.now.plus_ms(12 * HOUR_MS + self.hours(10)),
            _ => self.now.plus_ms(2 * DAY_MS + self.hours(240)),
        };
        Some(Row {
            id: CaseId::new(self.ids.uuid(at)),
            code: self.ids.public_code().to_string(),
            n: i,
            area,
            seat,
            unit,
            stage,
            phase,
            handler: clerk.filter(|_| !matches!(stage, "received" | "dispatched")),
            at,
            due: matches!(phase, Phase::Open | Phase::Waiting).then_some(due),
            said: texts::said(&mut self.chance, i, of),
        })
    }

    fn hours(&mut self, most: u64) -> i64 {
        i64::try_from(self.below(most)).unwrap_or(0) * HOUR_MS
    }

    /// The newest twelfth is half open; of what is older, two in a thousand still wait for something.
    fn stage(&mut self, i: u64, of: u64) -> (&'static str, Phase) {
        match (i > of - of / 12, self.below(1_000)) {
            (true, 0..60) => ("received", Phase::Open),
            (true, 60..200) => ("dispatched", Phase::Open),
            (true, 200..430) => ("handling", Phase::Open),
            (true, 430..470) => ("verifying", Phase::Open),
            (true, 470..500) => ("asking", Phase::Waiting),
            (true, 500..600) => ("answered", Phase::Settled),
            (false, 0..2) => ("asking", Phase::Waiting),
            _ => ("closed", Phase::Closed),
        }
    }
}

const UNITS: [&str; 3] = [crate::city::UNIT, "housing", "civil_affairs"];

impl Row {
    fn seat_key(&self) -> String {
        self.unit.map_or_else(|| self.seat.to_string(), |unit| linli_access::scope::unit_key(&self.seat, unit))
    }

    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Waiting)
    }

    fn case(&self, now: Timestamp) -> Result<Vec<Val>, StoreError> {
        let done = (!self.is_open()).then(|| {
            serde_json::json!({ "received": "当日", "talked_to": "反映人", "done": self.said.done, "by_when": "已办完" }).to_string()
        });
        let ended = (!self.is_open()).then(|| self.at.plus_ms(3 * DAY_MS).min(now));
        let soon = self.due.map(|due| due.plus_ms(-DAY_MS));
        Ok(params![
            self.id,
            self.code,
            format!("{}-{}-{:08}", self.area.at(AreaLevel::County).as_str().get(..6).unwrap_or_default(), 2026, self.n),
            "request",
            self.said.category,
            "micro",
            "web",
            self.area,
            self.seat,
            self.unit,
            self.seat_key(),
            self.stage,
            self.phase,
            self.handler,
            "base",
            "000000000000",
            self.said.body,
            self.said.place,
            109.5 + f64::from(u32::try_from(self.n % 1_000).unwrap_or(0)) / 1_000.0,
            34.5,
            vec![7_u8; 40],
            format!("{:032x}", self.n / 3),
            r#"[{"key":"why.by_area","values":{}}]"#,
            done,
            0_i64,
            0_i64,
            0_i64,
            self.at,
            self.due,
            self.due,
            self.due.map(|_| "handle"),
            soon,
            ended,
            ended.filter(|_| self.phase == Phase::Closed),
            3_i64
        ]
        .to_vec())
    }

    fn scopes(&self) -> Vec<Vec<Val>> {
        let keys = Keys::of_area(&self.area).with_seat(&self.seat, self.unit);
        let soon = self.due.map(|due| due.plus_ms(-DAY_MS));
        keys.iter().map(|key| params![key, self.phase, self.id, self.due, soon].to_vec()).collect()
    }

    fn deadline(&self, ids: &IdSource, now: Timestamp) -> Vec<Val> {
        let (state, due) = match self.due {
            Some(due) if due <= now => ("breached", due),
            Some(due) => ("running", due),
            None => ("met", self.at.plus_ms(5 * DAY_MS)),
        };
        let met = (state == "met").then(|| self.at.plus_ms(3 * DAY_MS));
        params![
            DeadlineId::new(ids.uuid(self.at)),
            self.id,
            "handle",
            self.seat.level(),
            state,
            self.at,
            due,
            due.plus_ms(-DAY_MS),
            false,
            "working_days",
            met,
            (state == "breached").then_some(due),
            "escalate",
            r#"{"amount":{"n":5,"unit":"working_days"},"basis":null}"#
        ]
        .to_vec()
    }

    fn events(&self) -> Vec<Vec<Val>> {
        let payload = serde_json::json!({
            "to": self.stage, "seat": { "area_code": self.seat, "unit_code": self.unit }, "category": self.said.category,
            "weight": "micro", "channel": "web",
        });
        let payload = payload.to_string();
        let one = |n: i64, kind: &str| {
            params![
                "case",
                self.id.to_string(),
                n,
                kind,
                self.at,
                "reporter",
                self.area,
                self.seat_key(),
                payload,
                vec![7_u8; 32],
                vec![7_u8; 32]
            ]
            .to_vec()
        };
        vec![one(1, "reported"), one(2, "dispatched"), one(3, "taken")]
    }
}

const CASE: &str = "INSERT INTO cases (id, code, paper_no, kind, category, weight, channel, area_code, seat_area, seat_unit, seat_key, stage, phase, handler_id, \
    playbook_id, playbook_version, body, place_text, lon, lat, reporter_phone_sealed, reporter_phone_index, routing, reply, n_reopened, n_sent_back, n_photos, \
    reported_at, promised_at, due_at, due_kind, due_soon_at, settled_at, closed_at, version) VALUES";
const DEADLINE: &str = "INSERT INTO deadline (id, case_id, kind, level, state, starts_at, due_at, soon_at, provisional, unit, met_at, breached_at, on_breach, rule) VALUES";
const EVENT: &str = "INSERT INTO event (stream_kind, stream_id, n, kind, at, actor_kind, area_code, unit_code, payload, prev_hash, hash) VALUES";

fn write(w: &mut Writer<'_>, rows: &[Row], ids: &IdSource, now: Timestamp) -> Result<(), StoreError> {
    let cases: Vec<Vec<Val>> = rows.iter().map(|row| row.case(now)).collect::<Result<_, _>>()?;
    insert(w, CASE, &cases)?;
    insert(
        w,
        "INSERT INTO case_scope (scope_key, phase, case_id, due_at, soon_at) VALUES",
        &rows.iter().flat_map(Row::scopes).collect::<Vec<_>>(),
    )?;
    insert(w, DEADLINE, &rows.iter().map(|row| row.deadline(ids, now)).collect::<Vec<_>>())?;
    insert(w, EVENT, &rows.iter().flat_map(Row::events).collect::<Vec<_>>())?;
    let handled = rows.iter().filter_map(|row| Some(params![row.id, row.handler?, row.at].to_vec()));
    insert(w, "INSERT INTO case_hand (case_id, account_id, first_at) VALUES", &handled.collect::<Vec<_>>())
}

fn insert(w: &mut Writer<'_>, sql: &str, rows: &[Vec<Val>]) -> Result<(), StoreError> {
    for part in rows.chunks(ROWS) {
        let n_columns = part.first().map_or(0, Vec::len);
        w.exec(&format!("{sql} {}", value_rows(n_columns, part.len())), &part.concat())?;
    }
    Ok(())
}
