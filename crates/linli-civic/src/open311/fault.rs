//! What is wrong with a request, as Open311 says it: a list of errors in the format that was asked for, and the HTTP status
//! that goes with it: 404 for what is not there, 403 for the key, 400 for all else.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use linli_kernel::{Problem, ProblemCode};

use super::node::{Document, Format, Node};
use crate::http::Refused;
use crate::say::Lang;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// 404, 403 or 400; 429 and 5xx where the protocol leaves us alone.
    pub status: u16,
    /// More exact than the status, for machines: `service_code`, `lat`.
    pub about: &'static str,
    /// The sentence: `open311.fault.KEY`.
    pub key: &'static str,
    /// What the sentence names.
    pub value: String,
    /// A sentence that is ready, in place of the key's.
    pub said: Option<String>,
}

impl Fault {
    /// 400: `about` is wrong.
    pub fn bad(about: &'static str, key: &'static str, value: impl Into<String>) -> Self {
        Self { status: 400, about, key, value: value.into(), said: None }
    }

    /// 404: there is no such thing.
    pub fn missing(about: &'static str, key: &'static str, value: impl Into<String>) -> Self {
        Self { status: 404, about, key, value: value.into(), said: None }
    }

    /// 403: the key is missing, unknown or not for this.
    pub const fn key(key: &'static str) -> Self {
        Self { status: 403, about: "api_key", key, value: String::new(), said: None }
    }

    fn sentence(&self, lang: Lang) -> String {
        match &self.said {
            Some(said) => said.clone(),
            None => lang.say(&format!("open311_fault.{}", self.key), &[("about", self.about), ("value", &self.value)]),
        }
    }
}

/// Everything that is wrong with a request; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl From<Refused> for Faults {
    fn from(refused: Refused) -> Self {
        of_problem(&refused.into_problem())
    }
}

impl From<linli_db::StoreError> for Faults {
    fn from(error: linli_db::StoreError) -> Self {
        Refused::from(error).into()
    }
}

/// What the rules of the house refuse, in the words of this protocol.
fn of_problem(problem: &Problem) -> Faults {
    let status = match problem.code {
        ProblemCode::NotFound => 404,
        ProblemCode::TooMany | ProblemCode::Busy | ProblemCode::Internal | ProblemCode::TooLarge => {
            problem.code.status()
        }
        _ => 400,
    };
    let values: Vec<(&str, &str)> = problem.params.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let lang = Lang::default();
    if problem.errors.is_empty() {
        let said = lang.say_fullest(&format!("problem.{}", problem.code.as_str()), &values);
        return Fault { status, about: problem.code.as_str(), key: "other", value: String::new(), said: Some(said) }
            .into();
    }
    let of_field = |error: &linli_kernel::FieldProblem| {
        let said = if error.message.is_empty() {
            lang.say_fullest(&format!("field_problem.{}", error.code), &values)
        } else {
            error.message.clone()
        };
        Fault {
            status,
            about: "invalid",
            key: "other",
            value: String::new(),
            said: Some(format!("{}: {said}", error.field)),
        }
    };
    Faults(problem.errors.iter().map(of_field).collect())
}

impl Faults {
    /// The HTTP status: the key first, then what is not there.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        let has = |status: u16| self.0.iter().any(|fault| fault.status == status);
        let first = self.0.first().map_or(400, |fault| fault.status);
        let status = [403, 404].into_iter().find(|status| has(*status)).unwrap_or(first);
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// The answer.
    #[must_use]
    pub fn answer(&self, format: Format, lang: Lang) -> Response {
        let error = |fault: &Fault| {
            Node::Record(vec![
                ("code", Node::text(fault.status.to_string())),
                ("description", Node::text(fault.sentence(lang))),
            ])
        };
        let document = Document::list("errors", "error", self.0.iter().map(error).collect());
        let mut response = answer(&document, format);
        *response.status_mut() = self.status();
        response
    }
}

/// A whole answer in its format.
#[must_use]
pub fn answer(document: &Document, format: Format) -> Response {
    let body = match format {
        Format::Xml => document.to_xml().unwrap_or_default(),
        Format::Json => document.to_json().unwrap_or_default(),
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    response
}
