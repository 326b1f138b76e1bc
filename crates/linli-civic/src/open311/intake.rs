//! POST requests: from a form of the protocol to a case.

use linli_kernel::{Action, AreaCode, Channel, Phone, Problem, ProblemCode, RealName};
use serde_json::{Map, json};

use super::catalogue::{Catalogue, Service};
use super::fault::{Fault, Faults};
use super::form::Fields;
use super::key::Client;
use super::node::{Document, Node};
use super::pictures;
use super::publish::{self, HandedIn};
use super::store::{self, Listed};
use super::view::{self, Teller};
use crate::app::App;
use crate::areas::view::PointView;
use crate::areas::{Crs, Point};
use crate::cases::command::{Command, Who, run_in};
use crate::cases::report::{self, Ready, ReportCase, Sender};
use crate::cases::store::Named;
use crate::http::{Answer, Refused};
use crate::say::Lang;

/// The longest text of a case; the rest of a longer one follows as remarks. Unit: characters.
const FIRST_CHARS: usize = 2_000;
/// The longest description that is taken. The specification says 4,000, and clients add their decoration to it. Unit: characters.
const MOST_CHARS: usize = 20_000;
/// Some clients send this for "somewhere on the map, I do not know where".
const NOT_PINPOINTED: &str = "#NOTPINPOINTED#";

/// The sender's own number of what it sends: the same number again is the same thing again.
#[must_use]
pub fn reference(fields: &Fields, idempotency_key: Option<&str>) -> Option<String> {
    let short = |text: &str| text.chars().take(200).collect::<String>();
    let named = |prefix: &str, text: &str| format!("{prefix}:{}", short(text));
    idempotency_key
        .map(|text| named("key", text))
        .or_else(|| fields.attribute("fixmystreet_id").map(|text| named("fixmystreet_id", text)))
        .or_else(|| fields.get("service_request_id_ext").map(|text| named("ext", text)))
}

/// Takes a report in.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn take(
    app: &App,
    client: &Client,
    fields: &Fields,
    key: Option<&str>,
    lang: Lang,
) -> Result<Document, Faults> {
    if !client.terms.report {
        return Err(Fault::key("key_may_not").into());
    }
    let reference = reference(fields, key);
    if let Some(reference) = reference.clone() {
        let id = client.id.clone();
        let known = app.db.read(move |conn| store::by_ref(conn, &id, &reference).map_err(Refused::from)).await?;
        if let Some(known) = known {
            return Ok(accepted(&known, None));
        }
    }
    let book = app.playbooks.current();
    let catalogue = Catalogue { book: &book, config: &app.open311.config, lang };
    let asked = Asked::of(&catalogue, client, fields)?;
    let sender = Sender::Partner { id: client.id.clone(), name: client.name.clone(), channel: Channel::Api };
    let photos = pictures::keep_sent(app, fields).await?;
    let ready = place(app, client, &asked, photos, sender).await?;
    if !client.covers(&ready.draft.area) {
        return Err(Fault::bad("lat", "outside_areas", "").into());
    }
    let urls: Vec<String> = pictures::addresses(fields).map(str::to_owned).collect();
    let handed = HandedIn {
        client: client.id.clone(),
        client_ref: reference,
        with_token: asked.category.is_none(),
        withheld: fields.is_on("non_public"),
    };
    let who = Who::Partner { id: client.id.clone(), name: client.name.clone() };
    let entered = {
        let (app, rest) = (app.clone(), asked.rest.clone());
        let db = app.db.clone();
        db.write(move |tx| {
            if let Some(reference) = &handed.client_ref
                && let Some(known) = store::by_ref(tx, &handed.client, reference)?
            {
                return Ok((known, None));
            }
            let code = report::enter(&app, tx, &ready, None)?;
            let case = ready.draft.id;
            for text in &rest {
                let command = Command {
                    named: Named::Id(case),
                    verb: Action::Comment,
                    version: 1,
                    fields: Map::from_iter([("text".to_owned(), json!(text))]),
                    key: None,
                    who: who.clone(),
                };
                run_in(&app, tx, &command)?;
            }
            pictures::want(&app, tx, case, &handed.client, &urls)?;
            let listed = publish::handed_in(&app, tx, case, &handed)?;
            Ok::<_, Refused>((listed, Some(code)))
        })
        .await?
    };
    let (listed, code) = entered;
    let areas = app.areas();
    let teller = Teller { areas: &areas, lang };
    let notice = code.map(|code| {
        let url = format!("{}/c/{code}", app.site.public_url.trim_end_matches('/'));
        let promise = listed.expected_at.map(|at| teller.promised(at)).unwrap_or_default();
        lang.say("open311.accepted", &[("promise", &promise), ("url", &url)])
    });
    Ok(accepted(&listed, notice))
}

/// The answer to a report: its id, or a token while a person has to look at it first.
fn accepted(listed: &Listed, notice: Option<String>) -> Document {
    let named = match &listed.token {
        Some(token) if listed.service_code.is_none() => ("token", Node::text(token.clone())),
        _ => ("service_request_id", Node::text(listed.id.clone())),
    };
    let fields = vec![named, ("service_notice", Node::maybe(notice)), ("account_id", Node::Empty)];
    view::requests(vec![Node::Record(fields)])
}

/// A report whose fields could be read.
struct Asked {
    text: String,
    rest: Vec<String>,
    category: Option<String>,
    point: Option<Point>,
    area: Option<AreaCode>,
    address: Option<String>,
    phone: Option<String>,
    name: Option<String>,
}

impl Asked {
    fn of(catalogue: &Catalogue<'_>, client: &Client, fields: &Fields) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let service = match fields.get("service_code") {
            None => Err(Fault::bad("service_code", "required", "service_code")),
            Some(code) => catalogue.find(code),
        };
        let service = match service {
            Ok(service) if client.may_use(service.code()) => Some(service),
            Ok(_) => {
                faults.push(Fault::key("key_may_not"));
                None
            }
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        let answers = match service.map(|service| catalogue.answers(&service, fields)) {
            Some(Ok(lines)) => lines,
            Some(Err(wrong)) => {
                faults.extend(wrong);
                Vec::new()
            }
            None => Vec::new(),
        };
        let point = point(fields, client.terms.crs).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let (area, address) = address(fields);
        if point.is_none() && area.is_none() && address.is_none() && client.terms.default_area.is_none() {
            faults.push(Fault::bad("lat", "location_required", ""));
        }
        let whole = text(fields, service, &answers);
        if whole.chars().count() > MOST_CHARS {
            faults.push(Fault::bad("description", "too_long", MOST_CHARS.to_string()));
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let mut pieces = pieces(&whole, FIRST_CHARS).into_iter();
        Ok(Self {
            text: pieces.next().unwrap_or_default(),
            rest: pieces.collect(),
            category: service.and_then(|service| service.category().map(str::to_owned)),
            point,
            area,
            address,
            phone: fields.get("phone").and_then(|text| Phone::parse(text).ok()).map(|phone| phone.reveal().to_owned()),
            name: name(fields),
        })
    }
}

/// What is the matter: the title where it is not part of the text already, the text, the answers; the service's name where
/// nothing was said at all (the specification asks for no words).
fn text(fields: &Fields, service: Option<Service<'_>>, answers: &[String]) -> String {
    let description = fields.get("description").unwrap_or_default();
    let title = fields.get("title").filter(|title| !description.contains(*title));
    let lines: Vec<&str> = title
        .into_iter()
        .chain([description])
        .chain(answers.iter().map(String::as_str))
        .filter(|line| !line.is_empty())
        .collect();
    let said = lines.join("\n");
    match service {
        Some(Service::Of(category)) if said.chars().count() < 2 => {
            format!("{} {said}", category.name).trim().to_owned()
        }
        _ => said,
    }
}

/// A text in pieces of at most `most` characters.
pub(super) fn pieces(text: &str, most: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(most)
        .map(|piece| piece.iter().collect::<String>().trim().to_owned())
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// Where on the map. Half a pair, or 0, 0, is no place; a pair that is no pair of numbers is a mistake.
fn point(fields: &Fields, crs: Crs) -> Result<Option<Point>, Fault> {
    let (Some(lat), Some(lon)) = (fields.get("lat"), fields.get("long").or_else(|| fields.get("lon"))) else {
        return Ok(None);
    };
    let wrong = || Fault::bad("lat", "point", format!("{lat} {lon}"));
    let (Ok(y), Ok(x)) = (lat.parse::<f64>(), lon.parse::<f64>()) else { return Err(wrong()) };
    if x == 0.0 && y == 0.0 {
        return Ok(None);
    }
    let point = Point::new(x, y);
    if point.is_in_china() { Ok(Some(crs.to_wgs84(point))) } else { Err(wrong()) }
}

/// Where by our own code of an area, and where in words.
fn address(fields: &Fields) -> (Option<AreaCode>, Option<String>) {
    let id = fields.get("address_id").filter(|id| *id != NOT_PINPOINTED);
    let area = id.and_then(|id| AreaCode::parse(id).ok());
    let words = fields.get("address_string").or_else(|| fields.attribute("closest_address"));
    (area, words.map(|words| words.chars().take(200).collect()))
}

/// What to call the reporter. A last name `-` stands for none; Chinese names are family name first, without a space.
fn name(fields: &Fields) -> Option<String> {
    let given = |field: &str| fields.get(field).filter(|text| *text != "-");
    let name = match (given("first_name"), given("last_name")) {
        (Some(first), Some(last)) if first.is_ascii() || last.is_ascii() => format!("{first} {last}"),
        (Some(first), Some(last)) => format!("{last}{first}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => fields.get("contact_name")?.to_owned(),
    };
    RealName::parse(&name).map(|_| name)
}

/// Checks and places the report; where its place means nothing to us, it goes where the client's file says.
async fn place(
    app: &App,
    client: &Client,
    asked: &Asked,
    photos: Vec<String>,
    sender: Sender,
) -> Result<Ready, Faults> {
    let known = asked.area.filter(|code| app.areas().get(code).is_some());
    let body = ReportCase {
        text: asked.text.clone(),
        point: asked.point.map(PointView::from),
        area_code: known.map(|code| code.to_string()),
        address: asked.address.clone(),
        category: asked.category.clone(),
        phone: asked.phone.clone(),
        name: asked.name.clone(),
        attachments: photos,
        channel: Some(Channel::Api),
        ..ReportCase::default()
    };
    match (report::prepare(app, body.clone(), sender.clone()).await, &client.terms.default_area) {
        (Err(Refused::Problem(problem)), Some(area)) if is_about_place(&problem) => {
            let there = ReportCase { point: None, area_code: Some(area.clone()), ..body };
            Ok(report::prepare(app, there, sender).await?)
        }
        (ready, _) => Ok(known_problem(ready)?),
    }
}

fn is_about_place(problem: &Problem) -> bool {
    let fields = ["point", "address", "area_code", "place"];
    problem.code == ProblemCode::OutsideArea
        || (!problem.errors.is_empty() && problem.errors.iter().all(|error| fields.contains(&error.field.as_str())))
}

/// Our fields are not the protocol's: where ours is wrong, theirs is named.
fn known_problem(ready: Answer<Ready>) -> Result<Ready, Faults> {
    match ready {
        Err(Refused::Problem(problem)) if is_about_place(&problem) => {
            Err(Fault::bad("address_string", "place_unknown", "").into())
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Fields {
        Fields::of_text(text.as_bytes())
    }

    #[test]
    fn a_chinese_name_arrives_whole_and_a_dash_is_no_name() {
        assert_eq!(name(&of("first_name=李春梅&last_name=")).as_deref(), Some("李春梅"));
        assert_eq!(name(&of("first_name=李春梅&last_name=-")).as_deref(), Some("李春梅"));
        assert_eq!(name(&of("first_name=春梅&last_name=李")).as_deref(), Some("李春梅"));
        assert_eq!(name(&of("first_name=Ann&last_name=Lee")).as_deref(), Some("Ann Lee"));
        assert_eq!(name(&of("")), None);
    }

    #[test]
    fn the_senders_own_number_is_found_wherever_it_puts_it() {
        assert_eq!(reference(&of("attribute[fixmystreet_id]=12"), None).as_deref(), Some("fixmystreet_id:12"));
        assert_eq!(reference(&of("service_request_id_ext=12"), None).as_deref(), Some("ext:12"));
        assert_eq!(reference(&of("service_request_id_ext=12"), Some("k")).as_deref(), Some("key:k"));
        assert_eq!(reference(&of(""), None), None);
    }

    #[test]
    fn a_long_text_is_cut_into_pieces_and_loses_nothing() {
        let text = "路".repeat(4_500);
        let cut = pieces(&text, 2_000);
        assert_eq!(cut.iter().map(|piece| piece.chars().count()).collect::<Vec<_>>(), [2_000, 2_000, 500]);
        assert_eq!(cut.concat(), text);
    }
}
