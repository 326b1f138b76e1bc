//! 未诉先办: the same kind of matter keeps coming from the same place. linli says so and drafts; a person opens a case that goes to
//! the root of it, or says why not. Source: 国办函〔2025〕66号 第十条 (高频共性问题未诉先办).

use std::time::Duration;

use linli_db::{Conn, Row, Store, StoreError, Val, Writer, params, placeholders};
use linli_kernel::{
    Actor, AreaCode, CaseId, Change, HotSpotId, NewEvent, Problem, ProblemCode, Stream, StreamKind, Timestamp,
};
use serde_json::json;

use super::row::Facts;
use crate::app::App;
use crate::areas::tree::code_range;
use crate::http::{Answer, Refused};

const EVERY: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;
/// Shown and looked at in one go.
const MOST: i64 = 200;

/// How a hot spot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HotSpotState {
    /// A person has to look.
    Open,
    /// A case was opened.
    Opened,
    /// Somebody said why nothing follows.
    Dismissed,
}

impl HotSpotState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Opened => "opened",
            Self::Dismissed => "dismissed",
        }
    }
}

/// One place with one kind of matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotSpot {
    /// Which.
    pub id: HotSpotId,
    /// Where.
    pub area: AreaCode,
    /// What kind.
    pub category: String,
    /// How it stands.
    pub state: HotSpotState,
    /// Cases within the days that the playbook looks back.
    pub n_cases: i64,
    /// When the first of them was said.
    pub first_at: Timestamp,
    /// When the last of them was said.
    pub last_at: Timestamp,
    /// The case that was opened.
    pub case: Option<CaseId>,
    /// The number of its last event.
    pub version: u32,
}

impl HotSpot {
    /// It was found.
    pub fn found(id: HotSpotId, seen: &Seen, at: Timestamp) -> Change<Self> {
        let spot = Self {
            id,
            area: seen.area,
            category: seen.category.clone(),
            state: HotSpotState::Open,
            n_cases: seen.n_cases,
            first_at: seen.first_at,
            last_at: seen.last_at,
            case: None,
            version: 1,
        };
        let event = spot.event("found", None, at, Actor::System);
        Change::new(spot, event)
    }

    /// More came.
    pub fn grown(mut self, seen: &Seen, at: Timestamp) -> Change<Self> {
        (self.n_cases, self.first_at, self.last_at) = (seen.n_cases, seen.first_at, seen.last_at);
        self.version += 1;
        let event = self.event("grown", None, at, Actor::System);
        Change::new(self, event)
    }

    /// A case was opened for it.
    ///
    /// # Errors
    /// `NotNow` when somebody decided before.
    pub fn open(mut self, case: CaseId, at: Timestamp, by: Actor) -> Result<Change<Self>, Problem> {
        self.undecided()?;
        (self.state, self.case) = (HotSpotState::Opened, Some(case));
        self.version += 1;
        let event = self.event("opened", None, at, by);
        Ok(Change::new(self, event))
    }

    /// Nothing follows, and why.
    ///
    /// # Errors
    /// `NotNow` when somebody decided before.
    pub fn dismiss(mut self, reason: String, at: Timestamp, by: Actor) -> Result<Change<Self>, Problem> {
        self.undecided()?;
        self.state = HotSpotState::Dismissed;
        self.version += 1;
        let event = self.event("dismissed", Some(reason), at, by);
        Ok(Change::new(self, event))
    }

    fn undecided(&self) -> Result<(), Problem> {
        if self.state == HotSpotState::Open { Ok(()) } else { Err(ProblemCode::NotNow.into()) }
    }

    fn event(&self, kind: &'static str, text: Option<String>, at: Timestamp, actor: Actor) -> NewEvent {
        NewEvent {
            stream: Stream::new(StreamKind::HotSpot, self.id.to_string()),
            kind,
            at,
            actor,
            payload: json!({ "category": self.category, "n_cases": self.n_cases, "case": self.case }),
            text,
            area: Some(self.area),
            unit: None,
        }
    }
}

impl Store for HotSpot {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO hot_spot (id, area_code, category, state, n_cases, first_at, last_at, case_id, version) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                   ON CONFLICT (id) DO UPDATE SET state = $4, n_cases = $5, first_at = $6, last_at = $7, case_id = $8, version = $9";
        writer.exec_one(
            sql,
            &params![
                self.id,
                self.area,
                self.category,
                self.state.as_str(),
                self.n_cases,
                self.first_at,
                self.last_at,
                self.case,
                self.version
            ],
        )
    }
}

const COLUMNS: &str = "id, area_code, category, state, n_cases, first_at, last_at, case_id, version";

fn from_row(row: &Row<'_>) -> Result<HotSpot, StoreError> {
    let state: String = row.get("state")?;
    Ok(HotSpot {
        id: row.parse("id")?,
        area: row.parse("area_code")?,
        category: row.get("category")?,
        state: match state.as_str() {
            "open" => HotSpotState::Open,
            "opened" => HotSpotState::Opened,
            _ => HotSpotState::Dismissed,
        },
        n_cases: row.get("n_cases")?,
        first_at: row.at("first_at")?,
        last_at: row.at("last_at")?,
        case: row.parse_opt("case_id")?,
        version: row.count("version")?,
    })
}

/// One by its id.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: HotSpotId) -> Result<Option<HotSpot>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM hot_spot WHERE id = $1"), &params![id], from_row)
}

/// Which of them a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Those that wait for a person.
    #[default]
    Open,
    /// Those that somebody decided.
    Decided,
}

/// Those within the areas of `keys`; the newest first.
///
/// # Errors
/// The database's.
pub fn within(conn: &mut Conn, keys: &[AreaCode], standing: Standing) -> Result<Vec<HotSpot>, StoreError> {
    let mut values = Vec::new();
    let mut areas = Vec::new();
    for key in keys {
        let (low, high) = code_range(key);
        values.extend(params![low, high].iter().cloned());
        areas.push(format!("(area_code >= ${} AND area_code < ${})", values.len() - 1, values.len()));
    }
    if areas.is_empty() {
        return Ok(Vec::new());
    }
    let state = match standing {
        Standing::Open => "state = 'open'",
        Standing::Decided => "state <> 'open'",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM hot_spot WHERE {state} AND ({}) ORDER BY id DESC LIMIT {MOST}",
        areas.join(" OR ")
    );
    conn.all(&sql, &values, from_row)
}

/// What is not counted: private matters, and those that linli's own staff opened or split off. In the words of `seen` and of
/// `behind`, so that a number and the cases behind it agree.
const COUNTED: &str = "c.private = FALSE AND c.channel NOT IN ('proactive', 'split')";

/// What was counted at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where.
    pub area: AreaCode,
    /// What kind.
    pub category: String,
    /// How many.
    pub n_cases: i64,
    /// When the first was said.
    pub first_at: Timestamp,
    /// When the last was said.
    pub last_at: Timestamp,
}

/// Counts what came since `since`, where it came at least `least` times. Not scoped: looking is linli's own work.
fn seen(conn: &mut Conn, since: Timestamp, least: u32) -> Result<Vec<Seen>, StoreError> {
    let sql = format!(
        "SELECT c.area_code, c.category, COUNT(*) AS n, MIN(c.reported_at) AS first_at, MAX(c.reported_at) AS last_at \
         FROM cases c WHERE c.id >= $1 AND c.category IS NOT NULL AND {COUNTED} \
         GROUP BY c.area_code, c.category HAVING COUNT(*) >= $2 LIMIT $3"
    );
    conn.all(&sql, &params![super::list::id_at(since), least, MOST], |row| {
        Ok(Seen {
            area: row.parse("area_code")?,
            category: row.get("category")?,
            n_cases: row.get("n")?,
            first_at: row.at("first_at")?,
            last_at: row.at("last_at")?,
        })
    })
}

/// Looks for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(error) = look(&app).await {
            tracing::warn!(error = ?error, "hot spots could not be looked for; trying again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Looks once; how many are new.
///
/// # Errors
/// The database's.
pub async fn look(app: &App) -> Answer<u32> {
    let settings = app.playbooks.current().settings.clone();
    if settings.hot_spot_cases == 0 || settings.hot_spot_days == 0 {
        return Ok(0);
    }
    let now = app.now();
    let since = now.plus_ms(-i64::from(settings.hot_spot_days) * DAY_MS);
    let found = app.db.read(move |conn| seen(conn, since, settings.hot_spot_cases).map_err(Refused::from)).await?;
    let mut n_new = 0;
    for seen in found {
        let app = app.clone();
        n_new += app
            .clone()
            .db
            .write(move |tx| {
                let known = of_place(tx, &seen, since)?;
                match known {
                    Some(spot) if spot.state == HotSpotState::Open && spot.n_cases < seen.n_cases => {
                        tx.commit(spot.grown(&seen, now))?;
                        Ok::<_, Refused>(0)
                    }
                    // Decided, or as it was.
                    Some(_) => Ok(0),
                    None => {
                        tx.commit(HotSpot::found(HotSpotId::new(app.ids.uuid(now)), &seen, now))?;
                        Ok(1)
                    }
                }
            })
            .await?;
    }
    Ok(n_new)
}

/// The latest one of the same place and kind that still counts: open, or decided within the days that are looked at.
fn of_place(conn: &mut Conn, seen: &Seen, since: Timestamp) -> Result<Option<HotSpot>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM hot_spot WHERE area_code = $1 AND category = $2 AND (state = 'open' OR last_at >= $3) ORDER BY id DESC LIMIT 1"
    );
    conn.first(&sql, &params![seen.area, seen.category, since], from_row)
}

/// The cases that made a hot spot, of those that are reached by `keys`; the newest first.
///
/// # Errors
/// The database's.
pub(super) fn behind(conn: &mut Conn, spot: &HotSpot, keys: &[String]) -> Result<Vec<Facts>, StoreError> {
    let list = placeholders(6, keys.len());
    let sql = format!(
        "SELECT DISTINCT {} FROM cases c JOIN case_scope s ON s.case_id = c.id \
         WHERE c.id >= $1 AND c.reported_at >= $2 AND c.reported_at <= $3 AND c.area_code = $4 AND c.category = $5 AND {COUNTED} \
         AND s.scope_key IN ({list}) ORDER BY c.id DESC LIMIT {MOST}",
        super::row::COLUMNS
    );
    let mut values =
        params![super::list::id_at(spot.first_at), spot.first_at, spot.last_at, spot.area, spot.category].to_vec();
    values.extend(keys.iter().map(|key| Val::Text(Some(key.clone()))));
    conn.all(&sql, &values, Facts::from_row)
}
