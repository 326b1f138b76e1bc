//! What every route shares: refusals as RFC 9457 problems, the caller, the language, the body, the declared access.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use linli_access::{Act, Caller, scope, session};
use linli_db::{AsStoreError, StoreError, idempotency};
use linli_kernel::{FieldProblem, Problem, ProblemCode};

use crate::app::App;
pub use crate::origin::Origin;
use crate::people::cookie::token_of;
use crate::say::Lang;

/// Why something was not done: a rule said no, or the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A rule said no; whoever asked is told why.
    #[error("refused: {}", .0.code.as_str())]
    Problem(Box<Problem>),
    /// The database failed; whoever asked is told that it is our fault.
    #[error("the database failed")]
    Store(#[from] StoreError),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<ProblemCode> for Refused {
    fn from(code: ProblemCode) -> Self {
        Problem::new(code).into()
    }
}

impl AsStoreError for Refused {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Problem(_) => None,
        }
    }
}

impl Refused {
    /// What is said of it: the rule's own words, or that it is our fault.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Problem(problem) => *problem,
            Self::Store(StoreError::Busy | StoreError::Retry) => Problem::new(ProblemCode::Busy),
            Self::Store(error) => {
                tracing::error!(error = chain(&error), "a request failed in the database");
                Problem::new(ProblemCode::Internal)
            }
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// What a route answers.
pub type Answer<T> = Result<T, Refused>;

/// The body of a refusal (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A reference that names the problem.
    #[serde(rename = "type")]
    #[schema(example = "/api/docs#problem-version_conflict")]
    kind: String,
    /// What kind of problem it is, in a few words of the reader's language.
    title: String,
    /// The HTTP status again.
    status: u16,
    /// The stable code.
    pub(crate) code: String,
    /// What happened and what to do, in the reader's language.
    pub(crate) detail: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldProblem>,
    /// The present state, where it helps to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<serde_json::Value>,
}

#[derive(Clone)]
struct Unsaid(Arc<Problem>);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = self.into_problem();
        let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        // The sentence is said by `say_problems`, which knows the reader's language.
        response.extensions_mut().insert(Unsaid(Arc::new(problem)));
        response
    }
}

/// Puts a refusal into the reader's language.
pub async fn say_problems(request: Request, next: Next) -> Response {
    let lang = lang_of(request.headers());
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    // Shared computers in a hall: nothing of a case stays in a cache unless its route says so.
    if is_api && !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let Some(Unsaid(problem)) = response.extensions().get::<Unsaid>().cloned() else { return response };
    let mut said = (response.status(), Json(body_of(&problem, lang))).into_response();
    said.headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8"));
    if problem.code == ProblemCode::DeviceRevoked {
        // Not the storage: a second person may have an outbox in the same browser. The app takes off what belongs to this account.
        said.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cookies\""));
    }
    if problem.code == ProblemCode::Busy || problem.code == ProblemCode::TooMany {
        let seconds = problem.params.get("seconds").and_then(|text| HeaderValue::from_str(text).ok());
        said.headers_mut().insert(header::RETRY_AFTER, seconds.unwrap_or_else(|| HeaderValue::from_static("1")));
    }
    said
}

/// The body of a refusal as its reader is told of it.
#[must_use]
pub fn body_of(problem: &Problem, lang: Lang) -> ProblemBody {
    let values: Vec<(&str, &str)> = problem.params.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let code = problem.code.as_str();
    let errors = problem
        .errors
        .iter()
        .map(|error| {
            let message = if error.message.is_empty() {
                lang.say_fullest(&format!("field_problem.{}", error.code), &values)
            } else {
                error.message.clone()
            };
            FieldProblem { message, ..error.clone() }
        })
        .collect();
    ProblemBody {
        kind: format!("/api/docs#problem-{code}"),
        title: lang.text(&format!("problem_title.{code}")),
        status: problem.code.status(),
        code: code.to_owned(),
        detail: [
            lang.say_fullest(&format!("problem.{code}"), &values),
            problem
                .params
                .get("detail_key")
                .map(|key| lang.say(&format!("problem_detail.{key}"), &values))
                // What another system said, or what is wrong with its file: in its own words.
                .or_else(|| problem.params.get("detail").cloned())
                .unwrap_or_default(),
        ]
        .join(" ")
        .trim()
        .to_owned(),
        errors,
        current: problem.current.clone(),
    }
}

/// The language of a request.
#[must_use]
pub fn lang_of(headers: &HeaderMap) -> Lang {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(Lang::accepted).unwrap_or_default()
}

impl<S: Send + Sync> FromRequestParts<S> for Lang {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(lang_of(&parts.headers))
    }
}

/// A JSON body; what cannot be read is a problem with the place of the fault.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refused;
    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            Problem::new(ProblemCode::BadRequest)
                .with("detail_key", "body")
                .with("line", error.line().to_string())
                .with("column", error.column().to_string())
                .with("what", error.to_string())
                .into()
        })
    }
}

/// A body as it came.
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Refused;
    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        Bytes::from_request(request, state).await.map(Self).map_err(|_| ProblemCode::TooLarge.into())
    }
}

/// Query parameters; what cannot be read is a problem.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let axum::extract::Query(value) =
            axum::extract::Query::<T>::from_request_parts(parts, state).await.map_err(|error| {
                Problem::new(ProblemCode::BadRequest).with("detail_key", "query").with("what", error.body_text())
            })?;
        Ok(Self(value))
    }
}

/// A value of the path; what is not one does not exist.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let axum::extract::Path(text) = axum::extract::Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Refused::from(ProblemCode::NotFound))?;
        text.parse().map(Self).map_err(|_| ProblemCode::NotFound.into())
    }
}

/// The signed-in caller; 401 without one.
#[derive(Clone, Debug)]
pub struct Signed(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ProblemCode::NotSignedIn.into())
    }
}

/// The caller where there may be none.
#[derive(Clone, Debug)]
pub struct MaybeSigned(pub Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeSigned {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Signed>().map(|signed| signed.0.clone())))
    }
}

/// The sender's `Idempotency-Key`: a command that is sent twice acts once.
#[derive(Clone, Debug)]
pub struct CommandKey(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for CommandKey {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match value.to_str() {
            Ok(text) if (1..=200).contains(&text.len()) => Ok(Self(Some(text.to_owned()))),
            _ => Err(Problem::new(ProblemCode::BadRequest).with("detail_key", "idempotency_key").into()),
        }
    }
}

impl CommandKey {
    /// The key within `scope` for the request whose parts are `request`; `None` when the sender named none.
    #[must_use]
    pub fn of(&self, scope: &str, request: &[&[u8]]) -> Option<idempotency::Key> {
        self.0.as_deref().map(|key| idempotency::Key::new(scope, key, request))
    }
}

/// The scope of a caller's idempotency keys; everyone without an account shares one.
#[must_use]
pub fn key_scope(caller: Option<&Caller>) -> String {
    caller.map_or_else(|| "reporters".to_owned(), |caller| caller.account.to_string())
}

/// The access that a route declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Anybody.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// Whoever may do this act somewhere; the handler decides where.
    May(Act),
}

impl std::str::FromStr for Need {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "public" => Ok(Self::Public),
            "signed_in" => Ok(Self::SignedIn),
            _ => word.parse().map(Self::May),
        }
    }
}

/// Every route with its declared access.
#[derive(Clone, Debug, Default)]
pub struct AccessTable(HashMap<(String, String), Need>);

/// A route that declares no access, or one that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the route {method} {path} declares no access (x-access)")]
pub struct Undeclared {
    /// `GET`
    pub method: String,
    /// The path's template.
    pub path: String,
}

impl AccessTable {
    /// Reads `x-access` of every operation of the document.
    ///
    /// # Errors
    /// `Undeclared` for the first route without one: such a server does not start.
    pub fn from_document(document: &serde_json::Value) -> Result<Self, Undeclared> {
        let mut table = HashMap::new();
        let paths = document.get("paths").and_then(|paths| paths.as_object()).into_iter().flatten();
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let method = method.to_ascii_uppercase();
                let need = operation.get("x-access").and_then(|word| word.as_str()).and_then(|word| word.parse().ok());
                let Some(need) = need else { return Err(Undeclared { method, path: path.clone() }) };
                table.insert((method, path.clone()), need);
            }
        }
        Ok(Self(table))
    }

    /// Every route, in order.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, Need)> {
        let mut rows: Vec<_> =
            self.0.iter().map(|((method, path), need)| (path.clone(), method.clone(), *need)).collect();
        rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        rows
    }

    fn need(&self, method: &Method, path: &str) -> Option<Need> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        self.0.get(&(method.to_owned(), path.to_owned())).copied()
    }
}

/// Lets a request through when the route's declared access says so; denies what declares nothing.
pub async fn guard(State(app): State<App>, matched: MatchedPath, mut request: Request, next: Next) -> Response {
    match admit(&app, matched.as_str(), &mut request).await {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

async fn admit(app: &App, path: &str, request: &mut Request) -> Result<(), Refused> {
    let Some(need) = app.access.need(request.method(), path) else { return Err(ProblemCode::NotFound.into()) };
    let caller = caller_of(app, request.headers()).await?;
    if caller.is_some() && !request.method().is_safe() {
        same_site(request.headers())?;
    }
    match (need, &caller) {
        (Need::Public, _) => {}
        (_, None) => return Err(ProblemCode::NotSignedIn.into()),
        (_, Some(caller)) if caller.must_change_password && !path.starts_with("/api/session") => {
            return Err(Problem::new(ProblemCode::Forbidden).with("detail_key", "password_first").into());
        }
        (Need::SignedIn, Some(_)) => {}
        (Need::May(act), Some(caller)) => {
            if scope(caller, act).is_empty() {
                return Err(ProblemCode::Forbidden.into());
            }
        }
    }
    if let Some(caller) = caller {
        request.extensions_mut().insert(Signed(caller));
    }
    Ok(())
}

async fn caller_of(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Refused> {
    let Some(token) = token_of(headers) else { return Ok(None) };
    let now = app.now();
    let found = {
        let token = token.clone();
        app.db.read(move |conn| session::look_up(conn, &token, now)).await?
    };
    let Some((caller, touch)) = found else { return Ok(None) };
    if touch {
        // Best effort: a page that can be read is read, even when nothing can be written just now.
        drop(app.db.write(move |tx| session::touch(tx, &token, now)).await);
    }
    Ok(Some(caller))
}

/// Defence against requests forged by another site: the browser itself says where a request comes from.
/// What is no browser sends neither header and carries no cookies by accident.
///
/// # Errors
/// `CrossSite` when the browser says so.
pub fn same_site(headers: &HeaderMap) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("x-forwarded-host").or_else(|| text("host"));
    let fine = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == host,
        (None, None) => true,
    };
    if fine { Ok(()) } else { Err(ProblemCode::CrossSite.into()) }
}
