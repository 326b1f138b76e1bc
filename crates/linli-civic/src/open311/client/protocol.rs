//! What is asked of another server and how its answers are read. Pure: no network, no database.

use linli_kernel::Timestamp;

use super::super::date;
use super::super::element::Element;
use super::terms::{AttributeStyle, ServerTerms, WireFormat};
use crate::areas::Point;

/// A request as it is sent.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Their service.
    pub service: String,
    /// What is the matter.
    pub description: String,
    /// Where exactly, if known.
    pub point: Option<Point>,
    /// Where, in words.
    pub address: String,
    /// Our own number of it.
    pub reference: String,
    /// The reporter's name, if it may go.
    pub name: Option<String>,
    /// The reporter's phone, if it may go.
    pub phone: Option<String>,
}

/// Names and values of a form.
pub type Pairs = Vec<(String, String)>;

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// The form of a new request.
#[must_use]
pub fn request_form(terms: &ServerTerms, key: &str, request: &Outgoing) -> Pairs {
    let mut form = vec![pair("api_key", key), pair("service_code", &request.service)];
    form.extend(terms.jurisdiction.iter().map(|id| pair("jurisdiction_id", id)));
    form.push(pair("description", &request.description));
    if let Some(point) = request.point {
        form.push(pair("lat", point.lat.to_string()));
        form.push(pair("long", point.lon.to_string()));
    }
    form.push(pair("address_string", &request.address));
    form.push(pair("service_request_id_ext", &request.reference));
    form.extend(request.name.iter().map(|name| pair("first_name", name)));
    form.extend(request.phone.iter().map(|phone| pair("phone", phone)));
    for (code, values) in &terms.attributes {
        let name = match terms.attribute_style {
            AttributeStyle::Brackets if values.len() > 1 => format!("attribute[{code}][]"),
            AttributeStyle::Brackets | AttributeStyle::Repeated => format!("attribute[{code}]"),
        };
        form.extend(values.iter().map(|value| (name.clone(), value.clone())));
    }
    form
}

/// An update as it is sent.
#[derive(Clone, Debug)]
pub struct OutgoingUpdate {
    /// Their number of the request.
    pub remote_id: String,
    /// Ours of the update.
    pub update_id: String,
    /// Ours of the request.
    pub reference: String,
    /// A word of the extension, lower case.
    pub status: String,
    /// When.
    pub at: Timestamp,
    /// What was said.
    pub description: String,
}

/// The form of an update.
#[must_use]
pub fn update_form(terms: &ServerTerms, key: &str, update: &OutgoingUpdate) -> Pairs {
    let mut form = vec![pair("api_key", key)];
    form.extend(terms.jurisdiction.iter().map(|id| pair("jurisdiction_id", id)));
    form.extend([
        pair("service_request_id", &update.remote_id),
        pair("service_request_id_ext", &update.reference),
        pair("update_id", &update.update_id),
        pair("status", update.status.to_uppercase()),
        pair("updated_datetime", terms.date_style.say(update.at)),
        pair("description", &update.description),
    ]);
    form
}

/// A form as a body.
#[must_use]
pub fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// They say that something is wrong with what we sent.
    #[error("对方拒绝（{code}）：{said}")]
    Refused {
        /// Their code, or the HTTP status.
        code: String,
        /// Their sentences.
        said: String,
    },
    /// They do not know our key.
    #[error("对方不认可密钥：{0}")]
    Key(String),
    /// It is no answer of the protocol: a page of HTML (also with status 200), half a document, a server in trouble.
    #[error("对方答复读不懂（HTTP {status}）：{said}")]
    NoAnswer {
        /// The HTTP status.
        status: u16,
        /// The beginning of it.
        said: String,
    },
}

/// Reads an answer: errors in its body count whatever its status says.
///
/// # Errors
/// What is wrong.
pub fn read(format: WireFormat, status: u16, body: &[u8], root: &str, item: &str) -> Result<Element, Trouble> {
    let text = String::from_utf8_lossy(body);
    let excerpt = || text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect::<String>();
    let parsed = match format {
        WireFormat::Xml => Element::from_xml(&text),
        WireFormat::Json => Element::from_json(&text, root, item),
    };
    let ok = (200..300).contains(&status);
    let Ok(element) = parsed else { return Err(no_answer(status, excerpt())) };
    let said = errors(&element, format);
    if said.is_empty() && ok {
        return Ok(element);
    }
    let code = said.first().map_or_else(|| status.to_string(), |(code, _)| code.clone());
    let sentences = if said.is_empty() {
        excerpt()
    } else {
        said.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("；")
    };
    if status == 403 || status == 401 || code.starts_with("403") {
        return Err(Trouble::Key(sentences));
    }
    if said.is_empty() && !matches!(status, 400 | 404 | 409 | 410 | 413 | 422) || status >= 500 || status == 429 {
        return Err(no_answer(status, sentences));
    }
    Err(Trouble::Refused { code, said: sentences })
}

const fn no_answer(status: u16, said: String) -> Trouble {
    Trouble::NoAnswer { status, said }
}

/// `errors/error`, or in JSON a list whose members have a code and a description.
fn errors(element: &Element, format: WireFormat) -> Vec<(String, String)> {
    let of = |error: &Element| {
        let code = error.get("code")?.to_owned();
        Some((code, error.get("description").unwrap_or_default().to_owned()))
    };
    let wrapped = element.name == "errors" || element.child("errors").is_some();
    let bare = format == WireFormat::Json
        && !element.children.is_empty()
        && element.children.iter().all(|child| of(child).is_some() && child.get("service_request_id").is_none());
    if !wrapped && !bare {
        return Vec::new();
    }
    let list = element.child("errors").unwrap_or(element);
    let found: Vec<_> = list.children.iter().filter_map(of).collect();
    if found.is_empty() { of(list).into_iter().collect() } else { found }
}

/// What they made of a request of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Its number.
    Id(String),
    /// A token: the number comes later.
    Token(String),
}

/// Reads the answer to a new request, or to a token.
#[must_use]
pub fn made(answer: &Element) -> Option<Made> {
    let request = answer.children.first().unwrap_or(answer);
    let id = request.get("service_request_id").filter(|id| *id != "0");
    id.map(|id| Made::Id(id.to_owned())).or_else(|| request.get("token").map(|token| Made::Token(token.to_owned())))
}

/// News of a request: an update of theirs, or its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Their number of the update; made up of what it says where they give none.
    pub update_id: String,
    /// Their number of the request.
    pub remote_id: String,
    /// Their word of the status.
    pub status: String,
    /// When.
    pub at: Option<Timestamp>,
    /// What they say.
    pub text: String,
}

/// Reads updates.
#[must_use]
pub fn updates(answer: &Element) -> Vec<News> {
    answer.children.iter().filter_map(|update| news(update, update.get("update_id"), "description")).collect()
}

/// Reads requests as news: each state is an update whose number is what it says.
#[must_use]
pub fn states(answer: &Element) -> Vec<News> {
    answer.children.iter().filter_map(|request| news(request, None, "status_notes")).collect()
}

fn news(element: &Element, update_id: Option<&str>, words: &str) -> Option<News> {
    let remote_id = element.get("service_request_id")?.to_owned();
    let status = element.get("status").unwrap_or_default().to_owned();
    let said_at = element.get("updated_datetime").unwrap_or_default();
    let text = element.get(words).unwrap_or_default().to_owned();
    let made_up = || format!("{remote_id}@{said_at}#{status}");
    let update_id = update_id.map_or_else(made_up, str::to_owned).chars().take(200).collect();
    Some(News { update_id, at: date::heard(said_at), remote_id, status, text })
}

/// A service of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteService {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its group.
    pub group: String,
    /// Whether it asks questions.
    pub has_questions: bool,
}

/// Reads their services, and what is odd about the list. One without a code, or with the code of another, is left out.
#[must_use]
pub fn services(answer: &Element) -> (Vec<RemoteService>, Vec<String>) {
    let (mut found, mut odd): (Vec<RemoteService>, Vec<String>) = (Vec::new(), Vec::new());
    for service in &answer.children {
        let name = service.get("service_name").unwrap_or_default().to_owned();
        let Some(code) = service.get("service_code") else {
            odd.push(format!("服务“{name}”没有编码，已略过"));
            continue;
        };
        if found.iter().any(|known| known.code == code) {
            odd.push(format!("编码 {code} 出现两次，只取第一个"));
            continue;
        }
        let group = service.get("group").or_else(|| service.child("groups").and_then(|groups| groups.get("group")));
        found.push(RemoteService {
            code: code.to_owned(),
            name: if name.is_empty() { code.to_owned() } else { name },
            group: group.unwrap_or_default().to_owned(),
            has_questions: service.get("metadata").is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1"),
        });
    }
    (found, odd)
}

/// Reads a definition: the questions, each with its code, its text and whether it must be answered.
#[must_use]
pub fn questions(answer: &Element) -> Vec<(String, String, bool)> {
    let lists = answer.all("attributes").chain(answer.children.iter().flat_map(|child| child.all("attributes")));
    let attributes: Vec<&Element> = lists
        .flat_map(|list| if list.child("code").is_some() { vec![list] } else { list.children.iter().collect() })
        .collect();
    attributes
        .into_iter()
        .filter(|attribute| attribute.get("variable") != Some("false"))
        .filter_map(|attribute| {
            let code = attribute.get("code")?.to_owned();
            let text = attribute.get("description").unwrap_or_default().trim_end_matches([':', '：']).to_owned();
            Some((code, text, attribute.get("required") == Some("true")))
        })
        .collect()
}
