//! POST servicerequestupdates: what the reporter says through the client that handed the request in.
//!
//! One update that cannot be entered would hold back all later ones (clients send them in order and try for ever), so what the case
//! is no longer open to is kept beside it for staff to read, and answered as received.

use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{Action, CaseId, Problem, ProblemCode};
use linli_playbook::{ActionDef, FieldKind, Standing};
use serde_json::{Map, Value, json};

use super::fault::{Fault, Faults};
use super::form::Fields;
use super::intake::pieces;
use super::key::Client;
use super::node::{Document, Node};
use super::pictures;
use super::status::Wish;
use super::store;
use super::view;
use crate::app::App;
use crate::cases;
use crate::cases::command::{Command, Who, run_in};
use crate::cases::store::Named;
use crate::http::{Answer, Refused};
use crate::say::Lang;

/// The case was no longer open to it.
const OUTCOME_KEPT: &str = "kept";
/// There was nothing in it.
const OUTCOME_NOTHING: &str = "nothing";

/// Takes an update in.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn take(app: &App, client: &Client, fields: &Fields) -> Result<Document, Faults> {
    if !client.terms.update {
        return Err(Fault::key("key_may_not").into());
    }
    let mut faults = Vec::new();
    let mut need = |names: &[&'static str]| {
        let found = names.iter().find_map(|name| fields.get(name));
        if found.is_none() {
            let name = names.first().copied().unwrap_or_default();
            faults.push(Fault::bad(name, "required", name));
        }
        found.unwrap_or_default().to_owned()
    };
    let request = need(&["service_request_id"]);
    let update_id = need(&["update_id", "update_id_ext"]);
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let (id, wanted) = (client.id.clone(), request.clone());
    let listed = app.db.read(move |conn| store::by_id(conn, &wanted).map_err(Refused::from)).await?;
    let Some(listed) = listed.filter(|listed| listed.client.as_deref() == Some(id.as_str())) else {
        return Err(Fault::missing("service_request_id", "no_request", request).into());
    };
    let photos = pictures::keep_sent(app, fields).await?;
    let received = Received {
        client: client.clone(),
        case: listed.case,
        update_id: update_id.chars().take(200).collect(),
        wish: Wish::of(fields.get("status").unwrap_or_default()),
        text: said(fields),
        photos,
        urls: pictures::addresses(fields).map(str::to_owned).collect(),
    };
    {
        let app = app.clone();
        let db = app.db.clone();
        db.write(move |tx| received.enter(&app, tx)).await?;
    }
    let safe: String = update_id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let named = ("update_id", Node::text(format!("{}-c{safe}", listed.id)));
    Ok(view::updates(vec![Node::Record(vec![named, ("account_id", Node::Empty)])]))
}

/// The words of an update; a title in front where it is not part of them.
fn said(fields: &Fields) -> String {
    let description = fields.get("description").unwrap_or_default();
    match fields.get("title") {
        Some(title) if !description.contains(title) => format!("{title}\n{description}").trim().to_owned(),
        _ => description.to_owned(),
    }
}

struct Received {
    client: Client,
    case: CaseId,
    update_id: String,
    wish: Wish,
    text: String,
    photos: Vec<String>,
    urls: Vec<String>,
}

impl Received {
    fn enter(&self, app: &App, tx: &mut Tx<'_>) -> Answer<()> {
        if is_known(tx, &self.client.id, &self.update_id)? {
            return Ok(());
        }
        let outcome = self.act(app, tx)?;
        pictures::want(app, tx, self.case, &self.client.id, &self.urls)?;
        let kept = (outcome == OUTCOME_KEPT).then_some(self.text.as_str());
        let stored = tx.bookkeep(|writer| {
            writer.exec(
                "INSERT INTO open311_inbound (client_id, update_id, case_id, outcome, body, at) VALUES ($1, $2, $3, $4, $5, $6)",
                &params![self.client.id, self.update_id, self.case, outcome, kept, app.now()],
            )
        });
        match stored {
            // The same update is being entered elsewhere at this moment: look again.
            Err(error) if error.is_duplicate() => Err(StoreError::Retry.into()),
            other => Ok(other.map(drop)?),
        }
    }

    /// Takes the action of the reporter that fits; its word.
    fn act(&self, app: &App, tx: &mut Tx<'_>) -> Answer<&'static str> {
        let case = cases::store::load_for_change(tx, &Named::Id(self.case))?.ok_or(ProblemCode::NotFound)?;
        let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
        let offers = case.offers(&book, &Standing::reporter(), app.now());
        let offered = |verb: Action| offers.iter().find(|def| def.verb == verb).copied();
        let wished = match self.wish {
            Wish::Reopen => offered(Action::Reopen),
            Wish::Comment => None,
        };
        let text = if self.text.is_empty() && wished.is_some() {
            Lang::ZhCn.text("open311.reopen")
        } else {
            self.text.clone()
        };
        if text.is_empty() && self.photos.is_empty() {
            return Ok(OUTCOME_NOTHING);
        }
        let Some(def) = wished.or_else(|| offered(Action::Answer)).or_else(|| offered(Action::Comment)) else {
            return Ok(OUTCOME_KEPT);
        };
        let most = def
            .form
            .iter()
            .find(|field| is_text(&field.kind))
            .map_or(500, |field| usize::try_from(field.max_len).unwrap_or(500));
        let text = if text.is_empty() { Lang::ZhCn.text("open311.picture") } else { text };
        for (i, piece) in pieces(&text, most).into_iter().enumerate() {
            let (verb, photos) = if i == 0 { (def.verb, self.photos.as_slice()) } else { (Action::Comment, &[][..]) };
            let fields = filled(if i == 0 { Some(def) } else { None }, &piece, photos);
            let version = if i == 0 { case.version } else { 0 };
            let who = Who::Partner { id: self.client.id.clone(), name: self.client.name.clone() };
            let command = Command { named: Named::Id(self.case), verb, version, fields, key: None, who };
            match run_in(app, tx, &command) {
                Ok(()) => {}
                Err(Refused::Problem(problem)) if is_decided(&problem) => return Ok(OUTCOME_KEPT),
                Err(refused) => return Err(refused),
            }
        }
        Ok(def.verb.as_str())
    }
}

/// A rule said no, before anything was written.
fn is_decided(problem: &Problem) -> bool {
    matches!(
        problem.code,
        ProblemCode::NotNow | ProblemCode::Invalid | ProblemCode::Forbidden | ProblemCode::VersionConflict
    )
}

const fn is_text(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::LongText | FieldKind::Text)
}

/// The fields of an action: its first text, and the pictures where it takes any.
fn filled(def: Option<&ActionDef>, text: &str, photos: &[String]) -> Map<String, Value> {
    let name = def
        .and_then(|def| def.form.iter().find(|field| is_text(&field.kind)))
        .map_or("text", |field| field.name.as_str());
    let mut fields = Map::from_iter([(name.to_owned(), json!(text))]);
    let takes_photos =
        def.is_some_and(|def| def.form.iter().any(|field| matches!(field.kind, FieldKind::Photos { .. })));
    if takes_photos && !photos.is_empty() {
        fields.insert("photos".to_owned(), json!(photos));
    }
    fields
}

fn is_known(conn: &mut Conn, client: &str, update_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM open311_inbound WHERE client_id = $1 AND update_id = $2";
    Ok(conn.number(sql, &params![client, update_id])? > 0)
}
