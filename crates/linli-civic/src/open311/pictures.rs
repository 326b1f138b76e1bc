//! Pictures that come with a report: in the body, or as an address that is fetched afterwards.

use std::time::Duration;

use base64::Engine as _;
use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{AttachmentId, CaseId, JobId, ProblemCode, Timestamp};

use super::form::Fields;
use crate::app::App;
use crate::delivery::web::{self, Call, Reach};
use crate::files::{Attachment, Photo};
use crate::http::{Answer, Refused};

/// As many as a report may have.
pub const MOST: usize = 9;

/// Keeps the pictures of a body; what is no picture is passed over. Their ids.
///
/// # Errors
/// The database's and the disk's.
pub async fn keep_sent(app: &App, fields: &Fields) -> Answer<Vec<String>> {
    let mut kept = Vec::new();
    let inline = fields.all("media_url").filter_map(of_data_url);
    for bytes in fields.files().iter().map(|part| part.bytes.to_vec()).chain(inline).take(MOST) {
        match keep(app, bytes).await {
            Ok(id) => kept.push(id.to_string()),
            Err(Refused::Problem(problem))
                if matches!(problem.code, ProblemCode::NotAnImage | ProblemCode::TooLarge) => {}
            Err(refused) => return Err(refused),
        }
    }
    Ok(kept)
}

/// `data:image/png;base64,…`
fn of_data_url(url: &str) -> Option<Vec<u8>> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    // A `+` of base64 that was not escaped comes as a space.
    let data = data.replace(' ', "+");
    kind.ends_with(";base64").then(|| base64::engine::general_purpose::STANDARD.decode(data).ok()).flatten()
}

/// Keeps one picture that belongs to no case yet.
///
/// # Errors
/// `NotAnImage`, `TooLarge`; the database's and the disk's.
pub async fn keep(app: &App, bytes: Vec<u8>) -> Answer<AttachmentId> {
    let (now, files) = (app.now(), app.files.clone());
    let worked = app.slowly(move || {
        let photo = Photo::read(&bytes).map_err(Refused::from)?;
        let sha256 = files.keep(&photo).map_err(|error| {
            tracing::error!(%error, "a photo cannot be written");
            Refused::from(ProblemCode::Internal)
        })?;
        Ok::<_, Refused>((photo, sha256))
    });
    let (photo, sha256) = worked.await??;
    let attachment = Attachment {
        id: AttachmentId::new(app.ids.uuid(now)),
        case: None,
        event_n: None,
        visit: None,
        sent_sha256: None,
        sha256,
        size_bytes: i64::try_from(photo.jpeg.len()).unwrap_or(i64::MAX),
        width: i64::from(photo.width),
        height: i64::from(photo.height),
        by_staff: false,
        account: None,
        at: now,
    };
    let id = attachment.id;
    app.db.write(move |tx| attachment.note(tx).map_err(Refused::from)).await?;
    Ok(id)
}

/// A picture that is to be fetched.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub id: String,
    /// Of which case.
    pub case: CaseId,
    /// Who named it.
    pub client: String,
    /// Where it is.
    pub url: String,
    /// How often it was tried.
    pub n_attempts: i64,
}

/// The addresses of pictures in a body.
pub fn addresses(fields: &Fields) -> impl Iterator<Item = &str> {
    fields.all("media_url").filter(|url| url.starts_with("http://") || url.starts_with("https://")).take(MOST)
}

/// Notes the addresses of pictures, to be fetched after the answer was given.
///
/// # Errors
/// The database's.
pub fn want(app: &App, tx: &mut Tx<'_>, case: CaseId, client: &str, urls: &[String]) -> Result<(), StoreError> {
    let now = app.now();
    for url in urls {
        let id = JobId::new(app.ids.uuid(now));
        tx.bookkeep(|writer| {
            writer.exec(
                "INSERT INTO open311_picture (id, case_id, client_id, url, n_attempts, next_at) VALUES ($1, $2, $3, $4, 0, $5)",
                &params![id, case, client, url.as_str(), now],
            )
        })?;
    }
    Ok(())
}

/// Pictures whose turn it is.
///
/// # Errors
/// The database's.
pub fn due(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<Wanted>, StoreError> {
    let sql = "SELECT id, case_id, client_id, url, n_attempts FROM open311_picture WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at LIMIT $2";
    conn.all(sql, &params![now, most], |row| {
        Ok(Wanted {
            id: row.get("id")?,
            case: row.parse("case_id")?,
            client: row.get("client_id")?,
            url: row.get("url")?,
            n_attempts: row.get("n_attempts")?,
        })
    })
}

/// Notes how fetching a picture went: `next_at` for another try, none when it is over.
///
/// # Errors
/// The database's.
pub fn tried(tx: &mut Tx<'_>, id: &str, error: Option<&str>, next_at: Option<Timestamp>) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "UPDATE open311_picture SET n_attempts = n_attempts + 1, last_error = $2, next_at = $3 WHERE id = $1",
            &params![id, error, next_at],
        )
    })
    .map(drop)
}

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Tries, each pause twice the one before, from a minute on.
const MOST_TRIES: i64 = 8;
const FIRST_PAUSE_MS: i64 = 60_000;
/// Source: the types that clients of Open311 take themselves.
const TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// Fetches pictures for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(refused) = fetch_due(&app).await {
            tracing::warn!(code = refused.into_problem().code.as_str(), "pictures cannot be fetched; trying again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Fetches the pictures whose turn it is; how many arrived.
///
/// # Errors
/// The database's.
pub async fn fetch_due(app: &App) -> Answer<usize> {
    let now = app.now();
    let wanted = app.db.read(move |conn| due(conn, now, 20)).await?;
    let mut n_arrived = 0;
    for wanted in wanted {
        let fetched = fetch(app, &wanted).await;
        let with = app.clone();
        match fetched {
            Ok(bytes) => match keep(app, bytes).await {
                Ok(picture) => {
                    app.db
                        .write(move |tx| {
                            // It belongs to what was reported.
                            crate::files::attach::<Refused>(tx, &[picture.to_string()], wanted.case, 1, None)?;
                            Ok::<_, Refused>(tried(tx, &wanted.id, None, None)?)
                        })
                        .await?;
                    n_arrived += 1;
                }
                Err(Refused::Problem(problem)) => {
                    let why = problem.code.as_str();
                    app.db.write(move |tx| tried(tx, &wanted.id, Some(why), None)).await?;
                }
                Err(refused) => return Err(refused),
            },
            Err(why) => {
                let doublings = u32::try_from(wanted.n_attempts.clamp(0, 16)).unwrap_or(0);
                let again =
                    (wanted.n_attempts + 1 < MOST_TRIES).then(|| with.now().plus_ms(FIRST_PAUSE_MS << doublings));
                app.db.write(move |tx| tried(tx, &wanted.id, Some(&why), again)).await?;
            }
        }
    }
    Ok(n_arrived)
}

/// Asks for a picture: only at an address of the public internet, unless the client's file says otherwise.
async fn fetch(app: &App, wanted: &Wanted) -> Result<Vec<u8>, String> {
    let partner = app.partners.get(&wanted.client).filter(|partner| partner.enabled);
    let reach = partner.map(Reach::from).ok_or_else(|| "no such partner".to_owned())?;
    let call = Call::new("GET", &wanted.url);
    let answered =
        tokio::task::spawn_blocking(move || web::call(reach, &call)).await.map_err(|error| error.to_string())?;
    let answered = answered.map_err(|fault| fault.to_string())?;
    let kind = answered
        .header("content-type")
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    if !answered.is_success() {
        return Err(format!("HTTP {}", answered.status));
    }
    if TYPES.contains(&kind.as_str()) { Ok(answered.body) } else { Err(format!("not a picture: {kind}")) }
}
