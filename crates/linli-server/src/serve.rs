//! The server: layers around the routes, background work, an orderly end.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use linli_civic::app::App;
use linli_civic::http::{guard, say_problems};
use linli_civic::origin::know_origin;
use linli_civic::{cases, delivery, hotline, imports, indicators, live, notices, open311, search};

const MAX_JSON_BYTES: usize = 256 * 1024;

static BY_CLASS: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];

/// The whole server as one service.
pub fn service(app: &App) -> Router {
    // Server-sent events must not wait in a compressor; photos and sheets are compressed already.
    let compress = DefaultPredicate::new()
        .and(NotForContentType::new("text/event-stream"))
        .and(NotForContentType::new("image/jpeg"))
        .and(NotForContentType::new("application/vnd.openxmlformats"));
    crate::routes::router()
        .route_layer(middleware::from_fn_with_state(app.clone(), guard))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_JSON_BYTES))
        .fallback(crate::faces::serve)
        .layer(middleware::from_fn_with_state(app.clone(), protect))
        .layer(middleware::from_fn(in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(say_problems))
        .layer(CompressionLayer::new().compress_when(compress))
        .layer(middleware::from_fn_with_state(app.clone(), know_origin))
        .layer(middleware::from_fn(log))
        .with_state(app.clone())
}

/// The longest that a request may take until its answer begins: a photo of 10 MB over a slow line in a village.
const REQUEST_TIME: Duration = Duration::from_secs(120);

/// A request that is sent drop by drop, or waits for ever, gives its place back.
async fn in_time(request: Request, next: Next) -> Response {
    use axum::response::IntoResponse;
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => linli_civic::http::Refused::from(linli_kernel::ProblemCode::Busy).into_response(),
    }
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    use axum::response::IntoResponse;
    tracing::error!("a request panicked");
    linli_civic::http::Refused::from(linli_kernel::ProblemCode::Internal).into_response()
}

/// Headers that keep a page from being framed, sniffed or fed by strangers.
async fn protect(State(app): State<App>, request: Request, next: Next) -> Response {
    // Scripts and styles take the policy of the page that they belong to; a worker has its own.
    let path = request.uri().path();
    let is_part_of_page = path.starts_with("/assets/") && !path.contains("worker");
    let mut response = next.run(request).await;
    if is_part_of_page {
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        return response;
    }
    let tiles = app.site.tile_url.as_deref().and_then(origin_of).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; img-src 'self' data: blob: {tiles}; style-src 'self' 'unsafe-inline'; script-src 'self'; worker-src 'self' blob:; \
         connect-src 'self' {tiles}; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    );
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let (Ok(value), false) = (HeaderValue::from_str(value), headers.contains_key(&name)) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("permissions-policy"), "geolocation=(self), camera=(self), microphone=()");
    response
}

fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    Some(format!("{scheme}://{}", rest.split('/').next()?))
}

/// One line a request: what was asked (the route's template, never the address with its codes), how it ended, how long it took.
async fn log(request: Request, next: Next) -> Response {
    let started = tokio::time::Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    if let Some(counter) = BY_CLASS.get(usize::from(status / 100)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    if let Some(route) = route {
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(%method, route, status, duration_ms, "request");
    }
    response
}

/// Requests answered so far, by class of status, labelled for Prometheus.
#[must_use]
pub fn counted() -> Vec<(String, u64)> {
    BY_CLASS
        .iter()
        .enumerate()
        .skip(1)
        .map(|(class, counter)| (format!("{{status=\"{class}xx\"}}"), counter.load(Ordering::Relaxed)))
        .collect()
}

/// Starts what runs beside the requests.
pub fn start_background(app: &App) {
    tokio::spawn(live::run(app.clone()));
    tokio::spawn(cases::sweep::run(app.clone()));
    tokio::spawn(cases::hot_spots::run(app.clone()));
    tokio::spawn(indicators::consumer::run(app.clone()));
    tokio::spawn(open311::publish::run(app.clone()));
    tokio::spawn(open311::pictures::run(app.clone()));
    tokio::spawn(open311::client::poll::run(app.clone()));
    tokio::spawn(delivery::consume::run(app.clone(), std::sync::Arc::new(open311::client::send::Sender)));
    tokio::spawn(delivery::worker::run(app.clone()));
    tokio::spawn(notices::digest::run(app.clone()));
    for consumer in crate::open::consumers() {
        tokio::spawn(delivery::consume::run(app.clone(), consumer));
    }
    tokio::spawn(hotline::run::run(app.clone()));
    tokio::spawn(search::index::run(app.clone()));
    tokio::spawn(imports::run::run(app.clone()));
    hotline::push::start(app);
    tokio::spawn(crate::housekeeping::run(app.clone()));
}

/// Serves until it is told to stop; requests under way are finished first.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(app: App, listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    start_background(&app);
    ready(address);
    let service = service(&app).into_make_service_with_connect_info::<SocketAddr>();
    let stopping = std::sync::Arc::new(tokio::sync::Notify::new());
    let told = std::sync::Arc::clone(&stopping);
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        told_to_stop().await;
        told.notify_one();
    });
    tokio::select! {
        ended = server => ended.context("the server ended")?,
        // Pages that listen for news never end by themselves.
        () = async { stopping.notified().await; tokio::time::sleep(Duration::from_secs(3)).await; } => {}
    }
    Ok(())
}

async fn told_to_stop() {
    let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! { () = ctrl_c => {} () = terminated => {} }
}
