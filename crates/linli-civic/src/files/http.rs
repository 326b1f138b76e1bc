//! Sending photos, and seeing those of cases that one may see.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use linli_access::{Act, Decision, decide};
use linli_kernel::{AccountId, AttachmentId, Problem, ProblemCode, PublicCode, Timestamp};

use super::parts::{Come, Coming};
use super::{Attachment, MAX_BYTES, Photo};
use crate::app::App;
use crate::cases::publicity::{self, Publicity};
use crate::cases::store::{self, Named};
use crate::http::{Answer, MaybeSigned, Origin, Path, Query, Raw, Refused, Signed};
use crate::visits;

/// A photo as pages show it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Attachment)]
pub struct AttachmentView {
    /// Which; pass it in `attachments` of a command.
    pub id: AttachmentId,
    /// Where the photo is.
    pub url: String,
    /// Where a small one is.
    pub thumb_url: String,
    /// Pixels across.
    pub width: i64,
    /// Pixels down.
    pub height: i64,
    /// Bytes of the photo as kept.
    pub size_bytes: i64,
    /// Who sent it.
    pub by: SentBy,
    /// When.
    pub at: Timestamp,
}

/// Who sent a photo.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SentBy {
    /// The resident.
    Reporter,
    /// Staff.
    Staff,
}

impl AttachmentView {
    /// As seen by whoever holds `code`, or by staff without one.
    #[must_use]
    pub fn of(attachment: &Attachment, code: Option<&PublicCode>) -> Self {
        let url = format!("/api/attachments/{}", attachment.id);
        let with = |name: &str| {
            code.map_or_else(
                || if name.is_empty() { url.clone() } else { format!("{url}?{name}") },
                |code| {
                    let sep = if name.is_empty() { "" } else { "&" };
                    format!("{url}?code={code}{sep}{name}")
                },
            )
        };
        Self {
            id: attachment.id,
            url: with(""),
            thumb_url: with("size=thumb"),
            width: attachment.width,
            height: attachment.height,
            size_bytes: attachment.size_bytes,
            by: if attachment.by_staff { SentBy::Staff } else { SentBy::Reporter },
            at: attachment.at,
        }
    }
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(send_photo).map(|route| route.layer(axum::extract::DefaultBodyLimit::max(MAX_BYTES + 1024))))
        .routes(
            routes!(photo_received, send_part)
                .map(|route| route.layer(axum::extract::DefaultBodyLimit::max(MAX_BYTES + 1024))),
        )
        .routes(routes!(show_photo))
}

/// Sends one photo (JPEG, PNG or WebP, at most 10 MB). It is decoded and encoded anew, so that nothing but
/// pixels is kept; attach it to a report or an action within a day.
#[utoipa::path(post, path = "/api/attachments", tag = "files",
    request_body(content = Vec<u8>, content_type = "image/*", description = "The photo"),
    responses((status = 201, body = AttachmentView), (status = 413, body = crate::http::ProblemBody), (status = 415, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn send_photo(
    State(app): State<App>,
    origin: Origin,
    MaybeSigned(caller): MaybeSigned,
    Raw(body): Raw,
) -> Answer<(StatusCode, Json<AttachmentView>)> {
    let now = app.now();
    if caller.is_none() {
        app.limits.take(origin, now)?;
    }
    let attachment = kept(&app, body.to_vec(), caller.map(|caller| caller.account)).await?;
    let view = AttachmentView::of(&attachment, None);
    app.db.write(move |tx| attachment.note(tx).map_err(Refused::from)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// A photo as it is kept, which belongs to nothing yet.
async fn kept(app: &App, sent: Vec<u8>, account: Option<AccountId>) -> Answer<Attachment> {
    let files = app.files.clone();
    let worked = app.slowly(move || {
        let photo = Photo::read(&sent).map_err(Refused::from)?;
        let sha256 = files.keep(&photo).map_err(unwritten)?;
        Ok::<_, Refused>((photo, sha256, hex::encode(Sha256::digest(&sent))))
    });
    let (photo, sha256, sent_sha256) = worked.await??;
    let now = app.now();
    Ok(Attachment {
        id: AttachmentId::new(app.ids.uuid(now)),
        case: None,
        event_n: None,
        visit: None,
        sent_sha256: Some(sent_sha256),
        sha256,
        size_bytes: i64::try_from(photo.jpeg.len()).unwrap_or(i64::MAX),
        width: i64::from(photo.width),
        height: i64::from(photo.height),
        by_staff: account.is_some(),
        account,
        at: now,
    })
}

fn unwritten(error: std::io::Error) -> Refused {
    tracing::error!(%error, "a photo cannot be written");
    ProblemCode::Internal.into()
}

/// Which part of a photo it is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SendPart {
    /// Where it begins. Unit: bytes.
    at: u64,
    /// Of how many bytes in all, at most 10 MB.
    size: u64,
}

/// How far a photo has come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PhotoReceived)]
pub struct PhotoReceived {
    /// So many bytes are here: the next part begins there.
    received: u64,
    /// Whether it is all here.
    is_whole: bool,
    /// To how many records that named it it was put; with 0 it waits for one for a day.
    n_placed: i64,
}

impl PhotoReceived {
    const fn part(received: u64) -> Self {
        Self { received, is_whole: false, n_placed: 0 }
    }
}

/// A photo that is here already: its last answer was lost.
async fn whole(app: &App, account: AccountId, sent: &str, size: u64) -> Answer<Option<PhotoReceived>> {
    let sent = sent.to_owned();
    let (n, n_placed) = app.db.read(move |conn| super::n_here(conn, account, &sent).map_err(Refused::from)).await?;
    Ok((n > 0).then_some(PhotoReceived { received: size, is_whole: true, n_placed }))
}

fn coming(app: &App, account: AccountId, sent: &str) -> Answer<Coming> {
    let is_digest = sent.len() == 64 && sent.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_digest {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(Coming::of(&app.files.parts(), account, sent))
}

/// Says how much of a photo is here that the caller's phone began to send, by the SHA-256 of all its bytes.
#[utoipa::path(get, path = "/api/attachments/parts/{sha256}", tag = "files", params(("sha256" = String, Path)),
    responses((status = 200, body = PhotoReceived), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("signed_in"))))]
async fn photo_received(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(sent): Path<String>,
) -> Answer<Json<PhotoReceived>> {
    let coming = coming(&app, caller.account, &sent)?;
    if let Some(whole) = whole(&app, caller.account, &sent, 0).await? {
        return Ok(Json(whole));
    }
    let received = app.slowly(move || coming.received().map_err(unwritten)).await??;
    Ok(Json(PhotoReceived::part(received)))
}

/// Sends a part of a photo, named by the SHA-256 of all its bytes. What has come stays for a day. When it is whole it is put to the
/// record of the same sender that named it; one that comes before its record waits for it for a day.
#[utoipa::path(put, path = "/api/attachments/parts/{sha256}", tag = "files", params(("sha256" = String, Path), SendPart),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The bytes from `at` on"),
    responses((status = 200, body = PhotoReceived), (status = 413, body = crate::http::ProblemBody), (status = 415, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("signed_in"))))]
async fn send_part(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(sent): Path<String>,
    Query(part): Query<SendPart>,
    Raw(body): Raw,
) -> Answer<Json<PhotoReceived>> {
    let coming = coming(&app, caller.account, &sent)?;
    let end = part.at.saturating_add(u64::try_from(body.len()).unwrap_or(u64::MAX));
    if part.size > u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) || end > part.size {
        return Err(ProblemCode::TooLarge.into());
    }
    // The same photo of two records comes once.
    if let Some(whole) = whole(&app, caller.account, &sent, part.size).await?.filter(|whole| whole.n_placed > 0) {
        return Ok(Json(whole));
    }
    let come = app.slowly(move || coming.take(part.at, part.size, &body).map_err(unwritten)).await??;
    match come {
        Come::Part(received) => Ok(Json(PhotoReceived::part(received))),
        Come::TooMany => Err(ProblemCode::TooLarge.into()),
        Come::Other => Err(Problem::field("sha256", "unknown").into()),
        Come::Whole(whole) => {
            let attachment = kept(&app, whole, Some(caller.account)).await?;
            let placed = app.db.write(move |tx| {
                let n_placed = attachment.arrive(tx)?;
                if n_placed == 0 {
                    attachment.note(tx)?;
                }
                Ok::<_, Refused>(i64::try_from(n_placed).unwrap_or(i64::MAX))
            });
            Ok(Json(PhotoReceived { received: part.size, is_whole: true, n_placed: placed.await? }))
        }
    }
}

/// How a photo is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ShowPhoto {
    /// `thumb` for a small one.
    size: Option<String>,
    /// The public code of the case, for its reporter.
    code: Option<String>,
}

/// Shows a photo to those who may see its case: staff of the area, or whoever holds the public code.
#[utoipa::path(get, path = "/api/attachments/{id}", tag = "files", params(("id" = String, Path), ShowPhoto),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn show_photo(
    State(app): State<App>,
    MaybeSigned(caller): MaybeSigned,
    Path(id): Path<AttachmentId>,
    Query(wish): Query<ShowPhoto>,
) -> Answer<Response> {
    let code = wish.code.as_deref().and_then(PublicCode::parse);
    let found = app
        .db
        .read(move |conn| {
            let Some(attachment) = Attachment::find(conn, id)? else { return Ok(None) };
            let case = match attachment.case {
                Some(case) => store::load(conn, &Named::Id(case))?,
                None => None,
            };
            let public = match &case {
                Some(case) => {
                    let history = linli_db::feed::history(conn, "case", &case.id.to_string())?;
                    let publicity = publicity::of(&history);
                    let of_photo =
                        history.iter().zip(publicity).find(|((event, _), _)| Some(event.n) == attachment.event_n);
                    of_photo.is_some_and(|(_, publicity)| publicity == Publicity::Whole)
                }
                None => false,
            };
            let visit = match attachment.visit {
                Some(visit) => visits::store::load(conn, visit)?,
                None => None,
            };
            Ok::<_, Refused>(Some((attachment, case, public, visit)))
        })
        .await?;
    let (attachment, case, public, visit) = found.ok_or(ProblemCode::NotFound)?;
    let account = caller.as_ref().map(|caller| caller.account);
    let on_visit = visit.zip(caller.as_ref()).is_some_and(|(visit, caller)| visit.is_seen_by(caller));
    let may = match &case {
        _ if on_visit => true,
        // Not attached yet: only its sender previews it.
        None => attachment.visit.is_none() && account.is_some() && account == attachment.account,
        Some(case) => {
            (public && code.as_ref() == Some(&case.code))
                || caller
                    .as_ref()
                    .is_some_and(|caller| matches!(decide(caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)))
        }
    };
    if !may {
        return Err(ProblemCode::NotFound.into());
    }
    let (files, thumb) = (app.files.clone(), wish.size.as_deref() == Some("thumb"));
    let bytes = tokio::task::spawn_blocking(move || files.read(&attachment.sha256, thumb))
        .await
        .map_err(|_| Refused::from(ProblemCode::Internal))?;
    let bytes = bytes.map_err(|error| {
        tracing::error!(%error, "a photo is in the books and not on disk");
        Refused::from(ProblemCode::NotFound)
    })?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    // Private: a shared cache must not show it to the next person.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok((headers, bytes).into_response())
}
