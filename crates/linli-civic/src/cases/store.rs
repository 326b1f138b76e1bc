//! How a case is read and written.

use std::collections::BTreeSet;

use linli_db::{Conn, Row, Store, StoreError, Val, Writer, params, value_rows};
use linli_kernel::{AccountId, CaseId, PublicCode};

use super::deadline::Deadline;
use super::dossier::Dossier;
use super::model::{Case, Listing, Reporter, Seat};
use crate::areas::Point;

const COLUMNS: &str = "c.id, c.code, c.paper_no, c.kind, c.category, c.weight, c.channel, c.area_code, c.seat_area, c.seat_unit, c.back_area, c.back_unit, c.risen_from, \
    c.stage, c.phase, c.handler_id, c.playbook_id, c.playbook_version, c.body, c.place_text, c.lon, c.lat, c.reporter_phone_sealed, \
    c.reporter_phone_index, c.reporter_name_sealed, c.reporter_account, c.routing, c.reply, c.question, c.rating, c.n_reopened, c.n_sent_back, \
    c.n_photos, c.reported_at, c.supervised_at, c.settled_at, c.closed_at, c.version, c.private, c.parent_id, c.master_id, c.dossier, \
    (SELECT COUNT(*) FROM cases f WHERE f.master_id = c.id) AS n_followers, \
    (SELECT COUNT(*) FROM cases k WHERE k.parent_id = c.id AND k.phase IN ('open', 'waiting')) AS n_children_open";

/// How a case is named by whoever asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By its id.
    Id(CaseId),
    /// By its public code.
    Code(PublicCode),
}

impl std::str::FromStr for Named {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().map(Self::Id).or_else(|_| PublicCode::parse(text).map(Self::Code).ok_or(()))
    }
}

/// Reads a case to look at.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, named: &Named) -> Result<Option<Case>, StoreError> {
    read(conn, named, "")
}

/// Reads a case that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn load_for_change(conn: &mut Conn, named: &Named) -> Result<Option<Case>, StoreError> {
    let lock = conn.dialect().for_update();
    read(conn, named, lock)
}

fn read(conn: &mut Conn, named: &Named, lock: &str) -> Result<Option<Case>, StoreError> {
    let (column, value) = match named {
        Named::Id(id) => ("id", params![id]),
        Named::Code(code) => ("code", params![code]),
    };
    let found = conn.first(&format!("SELECT {COLUMNS} FROM cases c WHERE c.{column} = $1{lock}"), &value, from_row)?;
    let Some(mut case) = found else { return Ok(None) };
    case.deadlines = deadlines(conn, case.id)?;
    case.hands = hands(conn, case.id)?;
    case.tasks = super::task_store::of_case(conn, case.id)?;
    case.listed = Some(case.listing());
    Ok(Some(case))
}

fn from_row(row: &Row<'_>) -> Result<Case, StoreError> {
    let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
    let back_area = row.parse_opt("back_area")?;
    let back_unit: Option<String> = row.get("back_unit")?;
    let code: String = row.get("code")?;
    let code = PublicCode::parse(&code).ok_or_else(|| StoreError::Inconsistent {
        table: "cases.code",
        row: code.clone(),
        what: "no public code".to_owned(),
    })?;
    Ok(Case {
        id: row.parse("id")?,
        code,
        paper_no: row.get("paper_no")?,
        kind: row.parse("kind")?,
        category: row.get("category")?,
        weight: row.parse("weight")?,
        channel: row.parse("channel")?,
        area: row.parse("area_code")?,
        seat: Seat { area: row.parse("seat_area")?, unit: row.get("seat_unit")? },
        back: back_area.map(|area| Seat { area, unit: back_unit }),
        risen_from: row.parse_opt("risen_from")?,
        stage: row.get("stage")?,
        phase: row.parse("phase")?,
        handler: row.parse_opt("handler_id")?,
        playbook: (row.get("playbook_id")?, row.get("playbook_version")?),
        body: row.get("body")?,
        place_text: row.get("place_text")?,
        point: lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat)),
        reporter: Reporter {
            phone_sealed: row.get("reporter_phone_sealed")?,
            phone_index: row.get("reporter_phone_index")?,
            name_sealed: row.get("reporter_name_sealed")?,
            account: row.parse_opt("reporter_account")?,
        },
        routing: row.json("routing")?,
        reply: row.json_opt("reply")?,
        question: row.get("question")?,
        rating: row.json_opt("rating")?,
        n_reopened: row.count("n_reopened")?,
        n_sent_back: row.count("n_sent_back")?,
        n_photos: row.count("n_photos")?,
        reported_at: row.at("reported_at")?,
        supervised_at: row.at_opt("supervised_at")?,
        settled_at: row.at_opt("settled_at")?,
        closed_at: row.at_opt("closed_at")?,
        version: row.count("version")?,
        private: row.get("private")?,
        parent: row.parse_opt("parent_id")?,
        master: row.parse_opt("master_id")?,
        dossier: row.json_opt("dossier")?.unwrap_or_default(),
        tasks: Vec::new(),
        n_followers: row.count("n_followers")?,
        n_children_open: row.count("n_children_open")?,
        deadlines: Vec::new(),
        hands: BTreeSet::new(),
        listed: None,
    })
}

const DEADLINES: &str = "SELECT id, kind, task_id, level, state, starts_at, due_at, soon_at, provisional, unit, paused_at, met_at, breached_at, on_breach, rule \
    FROM deadline WHERE case_id = $1 ORDER BY id";

fn deadlines(conn: &mut Conn, case: CaseId) -> Result<Vec<Deadline>, StoreError> {
    conn.all(DEADLINES, &params![case], |row| {
        let on_breach: String = row.get("on_breach")?;
        let unit: String = row.get("unit")?;
        Ok(Deadline {
            id: row.parse("id")?,
            kind: row.parse("kind")?,
            task: row.parse_opt("task_id")?,
            level: row.parse("level")?,
            state: row.parse("state")?,
            starts_at: row.at("starts_at")?,
            due_at: row.at("due_at")?,
            soon_at: row.at("soon_at")?,
            provisional: row.get("provisional")?,
            unit: unit.parse().map_err(|_| StoreError::Inconsistent {
                table: "deadline.unit",
                row: unit,
                what: "no unit of time".to_owned(),
            })?,
            paused_at: row.at_opt("paused_at")?,
            met_at: row.at_opt("met_at")?,
            breached_at: row.at_opt("breached_at")?,
            on_breach: serde_json::from_value(on_breach.clone().into()).map_err(|error| StoreError::Inconsistent {
                table: "deadline.on_breach",
                row: on_breach,
                what: error.to_string(),
            })?,
            rule: row.json("rule")?,
        })
    })
}

fn hands(conn: &mut Conn, case: CaseId) -> Result<BTreeSet<AccountId>, StoreError> {
    let hands =
        conn.all("SELECT account_id FROM case_hand WHERE case_id = $1", &params![case], |row| row.parse("account_id"))?;
    Ok(hands.into_iter().collect())
}

impl Store for Case {
    fn begins(&self) -> bool {
        self.listed.is_none()
    }

    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.listed.is_none() {
            self.insert(writer)?;
            if let Some(facility) = self.dossier.facility {
                writer.exec(
                    "INSERT INTO facility_case (case_id, record_id, area_code) VALUES ($1, $2, $3)",
                    &params![self.id, facility, self.area],
                )?;
            }
        } else {
            self.update(writer)?;
        }
        self.list(writer)?;
        self.store_deadlines(writer)?;
        super::task_store::store(self, writer)?;
        for account in &self.hands {
            writer.exec(
                "INSERT INTO case_hand (case_id, account_id, first_at) VALUES ($1, $2, $3) ON CONFLICT (case_id, account_id) DO NOTHING",
                &params![self.id, account, self.reported_at],
            )?;
        }
        Ok(())
    }
}

impl Case {
    fn insert(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO cases (id, code, paper_no, kind, channel, area_code, playbook_id, playbook_version, body, place_text, lon, lat, \
                   reporter_phone_sealed, reporter_phone_index, reporter_name_sealed, reporter_account, reported_at, \
                   category, weight, seat_area, seat_unit, seat_key, back_area, back_unit, stage, phase, handler_id, routing, reply, question, stars, rating, \
                   n_reopened, n_sent_back, n_photos, supervised_at, promised_at, due_at, due_kind, due_soon_at, settled_at, closed_at, version, \
                   private, parent_id, master_id, pending, suspended_until, excluded, outcome, follow_up_at, dossier, risen_from) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, \
                   $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53) RETURNING row_no";
        let mut values = params![
            self.id,
            self.code,
            self.paper_no,
            self.kind,
            self.channel,
            self.area,
            self.playbook.0,
            self.playbook.1,
            self.body,
            self.place_text,
            self.point.map(|point| point.lon),
            self.point.map(|point| point.lat),
            self.reporter.phone_sealed,
            self.reporter.phone_index,
            self.reporter.name_sealed,
            self.reporter.account,
            self.reported_at
        ]
        .to_vec();
        values.extend(self.changing()?);
        let Some(both) = writer.dialect().insert_then(sql, FRESH) else {
            writer.returning(sql, &values, |_| Ok(()))?;
            writer.exec(&format!("{FRESH} FROM cases WHERE id = $1"), &params![self.id])?;
            return Ok(());
        };
        writer.exec(&both, &values)?;
        Ok(())
    }

    fn update(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let sql = "UPDATE cases SET category = $2, weight = $3, seat_area = $4, seat_unit = $5, seat_key = $6, back_area = $7, back_unit = $8, stage = $9, \
                   phase = $10, handler_id = $11, routing = $12, reply = $13, question = $14, stars = $15, rating = $16, n_reopened = $17, n_sent_back = $18, \
                   n_photos = $19, supervised_at = $20, promised_at = $21, due_at = $22, due_kind = $23, due_soon_at = $24, settled_at = $25, closed_at = $26, \
                   version = $27, private = $28, parent_id = $29, master_id = $30, pending = $31, suspended_until = $32, excluded = $33, outcome = $34, \
                   follow_up_at = $35, dossier = $36, risen_from = $37, playbook_id = $38, playbook_version = $39 WHERE id = $1 AND version < $27";
        let mut values = params![self.id].to_vec();
        values.extend(self.changing()?);
        values.extend(params![self.playbook.0, self.playbook.1]);
        writer.exec_one(sql, &values)
    }

    /// The columns that an action can change, in the order of both statements.
    fn changing(&self) -> Result<Vec<Val>, StoreError> {
        let json = |value: Option<String>| value;
        let due = self.next_due();
        let routing = serde_json::to_string(&self.routing)?;
        let reply = self.reply.as_ref().map(serde_json::to_string).transpose()?;
        let rating = self.rating.as_ref().map(serde_json::to_string).transpose()?;
        // Most cases never need one.
        let plain = self.dossier == Dossier::default();
        let dossier = (!plain).then(|| serde_json::to_string(&self.dossier)).transpose()?;
        Ok(params![
            self.category,
            self.weight,
            self.seat.area,
            self.seat.unit,
            self.seat.key(),
            self.back.as_ref().map(|seat| seat.area),
            self.back.as_ref().and_then(|seat| seat.unit.clone()),
            self.stage,
            self.phase,
            self.handler,
            routing,
            json(reply),
            self.question,
            self.rating.as_ref().map(|rating| rating.stars),
            json(rating),
            self.n_reopened,
            self.n_sent_back,
            self.n_photos,
            self.supervised_at,
            self.promise().map(|promise| promise.due_at),
            due.map(|deadline| deadline.due_at),
            due.map(|deadline| deadline.kind),
            due.map(|deadline| deadline.soon_at),
            self.settled_at,
            self.closed_at,
            self.version,
            self.private,
            self.parent,
            self.master,
            self.dossier.pending.as_ref().map(|pending| pending.what),
            self.dossier.suspended_until,
            self.dossier.excluded,
            self.dossier.outcome,
            self.follow_up_due(),
            dossier,
            self.risen_from
        ]
        .to_vec())
    }

    /// How lists and the search find it.
    fn listing(&self) -> Listing {
        Listing {
            phase: self.phase,
            keys: self.keys(),
            due: self.next_due().map(|deadline| (deadline.due_at, deadline.soon_at)),
            found_by: (self.category.clone(), self.weight, self.reply.clone()),
        }
    }

    /// Writes the rows by which lists find the case, when they changed, and notes it for the search.
    fn list(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let now = self.listing();
        let Some(before) = &self.listed else { return insert_scope(writer, self.id, &now) };
        if (before.phase, &before.keys) != (now.phase, &now.keys) {
            writer.exec("DELETE FROM case_scope WHERE case_id = $1", &params![self.id])?;
            insert_scope(writer, self.id, &now)?;
        } else if before.due != now.due {
            let (due, soon) = now.due.unzip();
            writer.exec(
                "UPDATE case_scope SET due_at = $2, soon_at = $3 WHERE case_id = $1",
                &params![self.id, due, soon],
            )?;
        }
        if (&before.keys, &before.found_by) != (&now.keys, &now.found_by) {
            writer.exec(&format!("{FRESH} FROM cases WHERE id = $1 {AGAIN}"), &params![self.id])?;
        }
        Ok(())
    }

    fn store_deadlines(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.deadlines.is_empty() {
            return Ok(());
        }
        let mut values = Vec::with_capacity(self.deadlines.len() * DEADLINE_COLUMNS);
        for deadline in &self.deadlines {
            let rule = serde_json::to_string(&deadline.rule)?;
            values.extend(params![
                deadline.id,
                self.id,
                deadline.kind,
                deadline.level,
                deadline.state,
                deadline.starts_at,
                deadline.due_at,
                deadline.soon_at,
                deadline.provisional,
                deadline.unit.as_str(),
                deadline.paused_at,
                deadline.met_at,
                deadline.breached_at,
                deadline.on_breach.as_str(),
                rule,
                deadline.task
            ]);
        }
        let sql = format!(
            "INSERT INTO deadline (id, case_id, kind, level, state, starts_at, due_at, soon_at, provisional, unit, paused_at, met_at, breached_at, on_breach, rule, task_id) \
             VALUES {} ON CONFLICT (id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at, soon_at = excluded.soon_at, \
             provisional = excluded.provisional, paused_at = excluded.paused_at, met_at = excluded.met_at, breached_at = excluded.breached_at, \
             on_breach = excluded.on_breach, rule = excluded.rule \
             WHERE deadline.state <> excluded.state OR deadline.due_at <> excluded.due_at OR deadline.on_breach <> excluded.on_breach",
            value_rows(DEADLINE_COLUMNS, self.deadlines.len())
        );
        writer.exec(&sql, &values)?;
        Ok(())
    }
}

const DEADLINE_COLUMNS: usize = 16;
/// Notes that the search has to read the case anew.
const FRESH: &str = "INSERT INTO case_fresh (row_no, afresh) SELECT row_no, FALSE";
/// The row is locked although nothing of it changes: whoever is reading the case for the search just now reads it once more.
const AGAIN: &str = "ON CONFLICT (row_no) DO UPDATE SET afresh = case_fresh.afresh";

/// The cases that follow another and wait for its answer.
///
/// # Errors
/// The database's.
pub fn followers(conn: &mut Conn, master: CaseId) -> Result<Vec<CaseId>, StoreError> {
    let sql = "SELECT id FROM cases WHERE master_id = $1 AND phase IN ('open', 'waiting') ORDER BY id";
    conn.all(sql, &params![master], |row| row.parse("id"))
}

/// Running cases that go by a version, after `after`, the oldest first. Not scoped: moving them all is the operator's work.
///
/// # Errors
/// The database's.
pub fn running_by(
    conn: &mut Conn,
    (id, version): (&str, &str),
    after: Option<CaseId>,
    limit: u32,
) -> Result<Vec<CaseId>, StoreError> {
    let sql = "SELECT id FROM cases WHERE playbook_id = $1 AND playbook_version = $2 AND phase <> 'closed' AND id > $3 ORDER BY id LIMIT $4";
    let after = after.map_or_else(String::new, |after| after.to_string());
    conn.all(sql, &params![id, version, after, i64::from(limit)], |row| row.parse("id"))
}

/// How many cases were split off another.
///
/// # Errors
/// The database's.
pub fn n_children(conn: &mut Conn, parent: CaseId) -> Result<i64, StoreError> {
    conn.number("SELECT COUNT(*) AS n FROM cases WHERE parent_id = $1", &params![parent])
}

fn insert_scope(writer: &mut Writer<'_>, case: CaseId, listing: &Listing) -> Result<(), StoreError> {
    let (due, soon) = listing.due.unzip();
    let mut values = params![case, listing.phase, due, soon].to_vec();
    let mut rows = Vec::new();
    for key in listing.keys.iter() {
        values.push(Val::Text(Some(key.to_owned())));
        rows.push(format!("(${}, $2, $1, $3, $4)", values.len()));
    }
    let sql = "INSERT INTO case_scope (scope_key, phase, case_id, due_at, soon_at) VALUES";
    writer.exec(&format!("{sql} {}", rows.join(", ")), &values)?;
    Ok(())
}
