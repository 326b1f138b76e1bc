//! What other servers say of the cases that they have from us.

use std::time::Duration;

use linli_db::{StoreError, Tx};
use linli_kernel::{Action, Problem, ProblemCode};
use linli_playbook::Standing;
use serde_json::{Map, json};

use super::super::intake::pieces;
use super::protocol::News;
use super::{Server, store};
use crate::app::App;
use crate::cases;
use crate::cases::command::{Command, Who, run_in};
use crate::cases::store::Named;
use crate::http::{Answer, Refused};
use crate::say::Lang;

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Windows overlap by this much, because not every server publishes by the time that it names. Unit: milliseconds.
const OVERLAP_MS: i64 = 2 * 3_600_000;
/// The first window.
const FIRST_MS: i64 = 24 * 3_600_000;
/// After a longer silence a window is cut, so that it stays one that servers accept.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;

/// Asks every server in its turn, for as long as this one runs.
pub async fn run(app: App) {
    if app.open311.servers.iter().next().is_none() {
        return;
    }
    loop {
        for server in app.open311.servers.iter() {
            match is_due(&app, server).await {
                Ok(true) => drop(ask(&app, server.id()).await),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "whether a partner is to be asked cannot be read"),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn is_due(app: &App, server: &Server) -> Result<bool, StoreError> {
    let (id, now) = (server.id().to_owned(), app.now());
    let last = app.db.read(move |conn| store::exchange(conn, &id)).await?;
    let every = i64::from(server.terms.poll_every_s.max(10)) * 1_000;
    let tried = last.polled_until.max(last.last_error_at);
    Ok(tried.is_none_or(|tried| now.since(tried) >= every))
}

/// How an exchange went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Numbers that tokens stood for.
    pub n_numbers: usize,
    /// News that was not known before.
    pub n_news: usize,
}

/// Asks one server now; how it went is noted either way.
///
/// # Errors
/// `NotFound` for a server that there is not; the database's. What the server says wrong is noted, and given back as a problem.
pub async fn ask(app: &App, id: &str) -> Answer<Heard> {
    let server = app.open311.servers.get(id).ok_or(ProblemCode::NotFound)?.clone();
    let now = app.now();
    let (partner, name) = (server.id().to_owned(), server.partner.name.clone());
    match exchange(app, server).await {
        Ok(heard) => {
            app.db.write(move |tx| store::went_well(tx, &partner, now)).await?;
            Ok(heard)
        }
        Err(why) => {
            tracing::info!(partner, why, "an Open311 server was asked in vain");
            let said = why.clone();
            app.db.write(move |tx| store::went_wrong(tx, &partner, &said, now)).await?;
            Err(Problem::new(ProblemCode::NotNow).with("detail", format!("{name}：{why}")).into())
        }
    }
}

async fn exchange(app: &App, server: Server) -> Result<Heard, String> {
    let broken = |refused: Refused| refused.into_problem().code.as_str().to_owned();
    let mut heard = Heard { n_numbers: numbers(app, &server).await?, n_news: 0 };
    let (partner, now) = (server.id().to_owned(), app.now());
    let read = app
        .db
        .read(move |conn| Ok::<_, StoreError>((store::exchange(conn, &partner)?, store::open_ids(conn, &partner)?)));
    let (last, ids) = read.await.map_err(|error| error.to_string())?;
    let from = last
        .polled_until
        .map_or(now.plus_ms(-FIRST_MS), |until| until.plus_ms(-OVERLAP_MS).max(now.plus_ms(-LONGEST_MS)));
    let asked = server.clone();
    let news = blocking(move || {
        let mut news = Vec::new();
        if asked.terms.poll.updates() {
            news.extend(asked.updates(from, now).map_err(|failed| failed.to_string())?);
        }
        if asked.terms.poll.requests() && !ids.is_empty() {
            news.extend(asked.states(&ids).map_err(|failed| failed.to_string())?);
        }
        Ok(news)
    })
    .await?;
    for news in news {
        let (with, server) = (app.clone(), server.clone());
        let is_new = app.db.write(move |tx| enter(&with, tx, &server, &news)).await.map_err(broken)?;
        heard.n_news += usize::from(is_new);
    }
    Ok(heard)
}

/// Asks for the numbers that tokens stand for.
async fn numbers(app: &App, server: &Server) -> Result<usize, String> {
    let partner = server.id().to_owned();
    let waiting =
        app.db.read(move |conn| store::with_token(conn, &partner)).await.map_err(|error| error.to_string())?;
    let mut n_numbers = 0;
    for sent in waiting {
        let Some(token) = sent.token else { continue };
        let asked = server.clone();
        let number = blocking(move || asked.resolve(&token).map_err(|failed| failed.to_string())).await?;
        if let Some(number) = number {
            let partner = server.id().to_owned();
            let made = app.db.write(move |tx| store::made(tx, &partner, sent.case, Some(&number), None));
            made.await.map_err(|error| error.to_string())?;
            n_numbers += 1;
        }
    }
    Ok(n_numbers)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
}

/// Enters a piece of news, once; whether it was new.
fn enter(app: &App, tx: &mut Tx<'_>, server: &Server, news: &News) -> Answer<bool> {
    let Some(sent) = store::by_remote(tx, server.id(), &news.remote_id)? else { return Ok(false) };
    if !store::heard(tx, server.id(), &news.update_id, sent.case, app.now())? {
        return Ok(false);
    }
    let status = server.terms.status_meant(&news.status);
    let is_old = news.at.zip(sent.seen_at).is_some_and(|(at, seen)| at < seen);
    let has_changed = !status.is_empty() && sent.status.as_deref() != Some(status.as_str()) && !is_old;
    if has_changed {
        store::stands(tx, server.id(), sent.case, &status, news.at)?;
    }
    let word = word(&status);
    let words = match (news.text.as_str(), has_changed) {
        ("", false) => return Ok(true),
        ("", true) => Lang::ZhCn.say("open311.their_status", &[("word", &word)]),
        (text, false) => text.to_owned(),
        (text, true) => format!("{} {text}", Lang::ZhCn.say("open311.their_status", &[("word", &word)])),
    };
    if !remark(app, tx, server, &sent, &words)? {
        store::keep_words(tx, server.id(), &news.update_id, &words)?;
    }
    Ok(true)
}

fn word(status: &str) -> String {
    let key = format!("open311_status.{status}");
    if Lang::ZhCn.has(&key) { Lang::ZhCn.text(&key) } else { status.to_owned() }
}

/// Enters words as a remark of the partner; false where the case is not open to one.
fn remark(app: &App, tx: &mut Tx<'_>, server: &Server, sent: &store::Sent, words: &str) -> Answer<bool> {
    let Some(case) = cases::store::load_for_change(tx, &Named::Id(sent.case))? else { return Ok(true) };
    let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    if !case.offers(&book, &Standing::reporter(), app.now()).iter().any(|def| def.verb == Action::Comment) {
        return Ok(false);
    }
    for piece in pieces(words, 2_000) {
        let command = Command {
            named: Named::Id(sent.case),
            verb: Action::Comment,
            version: case.version,
            fields: Map::from_iter([("text".to_owned(), json!(piece))]),
            key: None,
            who: Who::Partner { id: server.id().to_owned(), name: server.partner.name.clone() },
        };
        match run_in(app, tx, &command) {
            Ok(()) => {}
            Err(Refused::Problem(_)) => return Ok(false),
            Err(refused) => return Err(refused),
        }
    }
    Ok(true)
}
