//! Server-sent events for signed-in staff and for whoever holds a public code.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Scope, scope};
use linli_kernel::{ProblemCode, PublicCode};

use super::{News, Seat};
use crate::app::App;
use crate::cases::store::{self, Named};
use crate::http::{Answer, Origin, Path, Refused, Signed};
use crate::limits::subscriber;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(listen)).routes(routes!(listen_to_case))
}

/// News of the caller's cases as server-sent events: `case` with `{id, version, type}`; `again` when the listener fell
/// behind and should look at everything anew.
#[utoipa::path(get, path = "/api/live", tag = "live", responses((status = 200, content_type = "text/event-stream", body = String), (status = 429, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn listen(State(app): State<App>, Signed(caller): Signed) -> Answer<impl IntoResponse> {
    let seat = app.listeners.enter(Some(caller.account.to_string()))?;
    let reach = scope(&caller, Act::ViewCase);
    let stream = BroadcastStream::new(app.live.listen()).filter_map(move |heard| {
        let said = match heard {
            Ok(news) => may_hear(&reach, &news).then(|| {
                Event::default()
                    .event("case")
                    .data(json!({ "id": news.stream_id, "version": news.n, "type": news.kind }).to_string())
            }),
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(Event::default().event("again").data("{}")),
        };
        std::future::ready(said.map(Ok::<_, Infallible>))
    });
    Ok(sse(stream, seat))
}

fn may_hear(reach: &Scope, news: &Arc<News>) -> bool {
    news.stream_kind == "case" && reach.reaches(&news.keys).is_some()
}

/// News of one case for whoever holds its public code: `case` with `{version}`.
#[utoipa::path(get, path = "/api/public/cases/{code}/live", tag = "public", params(("code" = String, Path)),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn listen_to_case(State(app): State<App>, origin: Origin, Path(code): Path<String>) -> Answer<impl IntoResponse> {
    let code = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
    let seat = app.listeners.enter(origin.0.map(|address| subscriber(address).to_string()))?;
    let heard = app.live.listen();
    let case = app
        .db
        .read(move |conn| store::load(conn, &Named::Code(code)).map_err(Refused::from))
        .await?
        .ok_or(ProblemCode::NotFound)?;
    let id = case.id.to_string();
    let stream = BroadcastStream::new(heard).filter_map(move |heard| {
        let said = match heard {
            Ok(news) => (news.stream_kind == "case" && news.stream_id == id).then(|| json!({ "version": news.n })),
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(json!({})),
        };
        std::future::ready(said.map(|data| Ok::<_, Infallible>(Event::default().event("case").data(data.to_string()))))
    });
    Ok(sse(stream, seat))
}

/// A stream lives so long; the browser then asks again, and whoever may no longer hear is refused.
const LIFE: Duration = Duration::from_secs(300);

fn sse<S: Stream<Item = Result<Event, Infallible>> + Send + 'static>(stream: S, seat: Seat) -> impl IntoResponse {
    // The place among the listeners is held for as long as the stream is.
    let stream = stream.map(move |event| {
        let _held = &seat;
        event
    });
    // A proxy that buffers would hold news back.
    (
        [("x-accel-buffering", "no"), ("cache-control", "no-store")],
        Sse::new(stream.take_until(tokio::time::sleep(LIFE)))
            .keep_alive(KeepAlive::new().interval(Duration::from_secs(20))),
    )
}
