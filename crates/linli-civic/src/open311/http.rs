//! The routes under `/open311/v2/`. Each is described; all of them do the same: read the parameters, ask, answer in the format of
//! the path. A path with doubled slashes (clients join addresses as texts) is taken for what it means.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::fault::{self, Fault, Faults};
use super::form::Fields;
use super::key::Client;
use super::node::{Document, Format};
use super::{conversation, intake, reading};
use crate::app::App;
use crate::http::{Origin, lang_of};
use crate::say::Lang;

/// Nine pictures of a phone, shrunk by no one, do not fit; those that clients send do. Unit: bytes.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
const ROOT: &str = "/open311/v2/";

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    let large = axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES);
    OpenApiRouter::new().routes(routes!(open311_read, open311_write).map(|route| route.layer(large)))
}

/// Open311 GeoReport v2, reading: `discovery`, `services`, `services/CODE`, `requests`, `requests/ID`, `tokens/TOKEN`, `servicerequestupdates`,
/// each as `.xml` or `.json`, and `requests.csv`. The protocol is described in docs/open311.md: its answers are XML first, which this document
/// cannot describe.
#[utoipa::path(get, path = "/open311/v2/{*path}", tag = "open311", params(("*path" = String, Path, description = "Such as `services.json`")),
    responses((status = 200, content_type = "text/xml", body = String), (status = 400, content_type = "text/xml", body = String), (status = 404, content_type = "text/xml", body = String)),
    extensions(("x-access" = json!("public"))))]
async fn open311_read(State(app): State<App>, origin: Origin, request: Request) -> Response {
    answer(app, origin, request).await
}

/// Open311 GeoReport v2, writing: `requests` and `servicerequestupdates` with an `api_key` among the fields, which is checked by the handler;
/// `requests/search` takes the parameters of `requests` as a form, for lists of ids that are too long for an address.
#[utoipa::path(post, path = "/open311/v2/{*path}", tag = "open311", params(("*path" = String, Path, description = "Such as `requests.json`")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/xml", body = String), (status = 201, content_type = "text/xml", body = String), (status = 400, content_type = "text/xml", body = String), (status = 403, content_type = "text/xml", body = String), (status = 404, content_type = "text/xml", body = String)),
    extensions(("x-access" = json!("public"))))]
async fn open311_write(State(app): State<App>, origin: Origin, request: Request) -> Response {
    answer(app, origin, request).await
}

/// A request of the protocol, taken apart.
struct Call {
    app: App,
    /// Below `/open311/v2/`, without empty parts.
    path: Vec<String>,
    format: Format,
    method: Method,
    headers: HeaderMap,
    fields: Fields,
    lang: Lang,
}

/// Answers any request below `/open311/v2/`.
async fn answer(app: App, origin: Origin, request: Request) -> Response {
    let lang = lang_of(request.headers());
    let path: Vec<String> = request
        .uri()
        .path()
        .strip_prefix(ROOT.trim_end_matches('/'))
        .unwrap_or_default()
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| {
            form_urlencoded::parse(format!("p={}", part.replace('+', "%2B")).as_bytes())
                .map(|(_, value)| value.into_owned())
                .collect()
        })
        .collect();
    let (stem, format) = path
        .last()
        .and_then(|file| Format::split(file))
        .map_or((None, None), |(stem, format)| (Some(stem.to_owned()), Some(format)));
    let is_csv = path.last().is_some_and(|file| file == "requests.csv");
    let mut path = path;
    if let (Some(stem), Some(last)) = (stem, path.last_mut()) {
        *last = stem;
    }
    let shown = format.unwrap_or(Format::Xml);
    let done = match format {
        None if !is_csv => Err(Fault::missing("format", "format", "").into()),
        _ => run(app, origin, request, path, shown, lang, is_csv).await,
    };
    let mut response = match done {
        Ok(response) => response,
        Err(faults) => faults.answer(shown, lang),
    };
    // Whoever may read without a key may read from a page of their own, too.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn run(
    app: App,
    origin: Origin,
    request: Request,
    path: Vec<String>,
    format: Format,
    lang: Lang,
    is_csv: bool,
) -> Result<Response, Faults> {
    if request.method().is_safe() {
        app.reading.take(origin, app.now())?;
    }
    let query = Fields::of_text(request.uri().query().unwrap_or_default().as_bytes());
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let text = |name: header::HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|_| Fault { status: 413, ..Fault::bad("body", "too_large", "") })?;
    let body = Fields::of_body(&text(header::CONTENT_TYPE), body).await.map_err(|_| Fault::bad("body", "body", ""))?;
    let call = Call { app, path, format, method, headers, fields: query.and(body), lang };
    if is_csv {
        let bytes = reading::bulk(&call.app, &call.fields, lang).await?;
        let mut response = Response::new(Body::from(bytes));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"requests.csv\""));
        return Ok(response);
    }
    let (document, status) = call.dispatch().await?;
    let mut response = fault::answer(&document, call.format);
    *response.status_mut() = status;
    Ok(response)
}

impl Call {
    async fn dispatch(&self) -> Result<(Document, StatusCode), Faults> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let is_post = self.method == Method::POST;
        let (app, fields, lang) = (&self.app, &self.fields, self.lang);
        let found = match (is_post, path.as_slice()) {
            (true, ["requests"]) => {
                let client = self.writer()?;
                let key = self.headers.get("idempotency-key").and_then(|value| value.to_str().ok());
                return Ok((intake::take(app, &client, fields, key, lang).await?, StatusCode::CREATED));
            }
            (true, ["servicerequestupdates"]) => conversation::take(app, &self.writer()?, fields).await?,
            (true, ["requests", "search"]) | (false, ["requests"]) => {
                reading::requests(app, self.reader(), fields, lang).await?
            }
            (false, ["discovery"]) => reading::discovery(app),
            (false, ["services"]) => reading::services(app, fields, lang),
            (false, ["services", code]) => reading::definition(app, code, lang)?,
            (false, ["requests", id]) => reading::request(app, self.reader(), id, fields, lang).await?,
            (false, ["tokens", token]) => reading::token(app, token).await?,
            (false, ["servicerequestupdates"]) => reading::updates(app, self.reader(), fields, lang).await?,
            _ => return Err(Fault::missing("path", "path", path.join("/")).into()),
        };
        Ok((found, StatusCode::OK))
    }

    /// Whose key came, for reading: a key that is empty or unknown reads what everybody reads (some clients always send one).
    fn reader(&self) -> Option<Client> {
        self.app.open311.clients.client_of(self.fields.get("api_key")?).cloned()
    }

    /// Whose key came, for writing.
    fn writer(&self) -> Result<Client, Fault> {
        let is_plain =
            self.headers.get("x-forwarded-proto").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"http"));
        if is_plain && self.app.site.public_url.starts_with("https:") {
            // A key that travelled in the clear is everybody's key.
            return Err(Fault::key("key_in_the_clear"));
        }
        let key = self.fields.get("api_key").ok_or_else(|| Fault::key("key_missing"))?;
        let client = self.app.open311.clients.client_of(key).cloned().ok_or_else(|| Fault::key("key_unknown"))?;
        self.app.open311.rates.take(&client, self.app.now())?;
        Ok(client)
    }
}
