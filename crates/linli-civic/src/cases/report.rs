//! From what was said to a case: check, find the place, number, enter.

use std::sync::Arc;

use linli_access::{Act, Caller, scope};
use linli_db::{Tx, idempotency};
use linli_kernel::{
    Actor, AreaCode, AreaLevel, CaseId, CaseKind, Channel, Phone, Problem, ProblemCode, PublicCode, RealName, RecordId,
    Role, Timestamp, Weight,
};
use serde::{Deserialize, Serialize};

use super::Case;
use super::fresh::{Entered, Fresh};
use super::http::{NAME_FIELD, PHONE_FIELD};
use super::model::{Draft, Reporter, Why};
use super::surroundings::Surroundings;
use crate::app::App;
use crate::areas::lookup::LocatedHow;
use crate::areas::store::PlaceKind;
use crate::areas::tree::Meant;
use crate::areas::view::PointView;
use crate::areas::{self, Point};
use crate::files;
use crate::http::{Answer, Refused};
use crate::people::Staffed;
use crate::people::posts::Around;
use crate::registry::code::Coded;
use crate::registry::model::State;
use crate::registry::{self, Kind};

pub(super) const MAX_TEXT: usize = 2_000;
pub(crate) const MAX_PLACE: usize = 200;
pub(super) const MAX_PHOTOS: usize = 9;

/// A report. Only `text` and one of `point`, `area_code`, `place` or `address` are needed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"text": "3号楼前的路灯不亮，晚上看不清路", "point": {"lon": 109.5, "lat": 34.5}, "category": "lamp", "phone": "19900000001"}))]
pub struct ReportCase {
    /// What is the matter, 2 to 2,000 characters.
    pub text: String,
    /// Where, WGS-84.
    #[serde(default)]
    pub point: Option<PointView>,
    /// Where, by area.
    #[serde(default)]
    pub area_code: Option<String>,
    /// Where, by the QR code of a building.
    #[serde(default)]
    pub place: Option<String>,
    /// Where, by a facility of the registry: what is reported is to be mended there. Staff only; anybody else scans its code.
    #[serde(default)]
    pub facility: Option<String>,
    /// Where, in words; alone it must name one area.
    #[serde(default)]
    pub address: Option<String>,
    /// The category's code.
    #[serde(default)]
    pub category: Option<String>,
    /// A phone number to be reached at; kept encrypted.
    #[serde(default)]
    pub phone: Option<String>,
    /// A name to be called by; kept encrypted.
    #[serde(default)]
    pub name: Option<String>,
    /// Ids of photos that were sent before.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// How it came; staff only.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// How heavy it is; staff only.
    #[serde(default)]
    pub weight: Option<Weight>,
    /// 不公开: seen only by those who answer for it, and in nothing public.
    #[serde(default)]
    pub private: bool,
    /// The `token` of a suggestion by `POST /api/similar`: the report is about the same matter and follows that case.
    #[serde(default)]
    pub same_as: Option<String>,
}

/// Makes a case of a report.
///
/// # Errors
/// `Invalid` naming the fields; `OutsideArea` for a point that no area contains.
pub async fn report(app: &App, body: ReportCase, sender: Sender, key: Option<idempotency::Key>) -> Answer<PublicCode> {
    Ok(report_case(app, body, sender, key).await?.code().clone())
}

/// As [`report`]; gives the case that was entered, so that it need not be read again to be shown.
///
/// # Errors
/// As [`report`].
pub async fn report_case(
    app: &App,
    body: ReportCase,
    sender: Sender,
    key: Option<idempotency::Key>,
) -> Answer<Entered> {
    let mut ready = prepare(app, body, sender).await?;
    ready.around = app.posts.around(&app.db, &app.vault, &ready.draft.area).await?;
    let app = app.clone();
    app.clone().db.write(move |tx| enter_case(&app, tx, &ready, key.as_ref())).await
}

/// Who hands a report in.
#[derive(Clone, Debug)]
pub enum Sender {
    /// A resident, known by nothing but what they said.
    Resident,
    /// Someone with an account, for a resident.
    Staff(Caller),
    /// Another system.
    Partner {
        /// Its id.
        id: String,
        /// What people call it.
        name: String,
        /// How its reports count as having come.
        channel: Channel,
    },
}

impl From<Option<Caller>> for Sender {
    fn from(caller: Option<Caller>) -> Self {
        caller.map_or(Self::Resident, Self::Staff)
    }
}

impl Sender {
    const fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Staff(caller) => Some(caller),
            Self::Resident | Self::Partner { .. } => None,
        }
    }

    /// Whether more is believed of them than of anybody: the channel, the weight.
    const fn is_trusted(&self) -> bool {
        matches!(self, Self::Staff(_) | Self::Partner { .. })
    }
}

/// A report that was checked, placed and numbered, ready to be entered.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The case to be.
    pub draft: Draft,
    /// Photos that were sent before.
    photos: Vec<String>,
    sender: Sender,
    /// The case that it is about too.
    same_as: Option<CaseId>,
    /// When it was said.
    at: Timestamp,
    /// Who answers around the place, where that is kept in memory.
    around: Option<Around>,
}

/// Checks a report and finds its place; nothing is written but the number for paper.
///
/// # Errors
/// As [`report`].
pub async fn prepare(app: &App, body: ReportCase, sender: Sender) -> Answer<Ready> {
    let same_as = body.same_as.as_deref().and_then(|token| super::similar_http::opened(&app.vault, token, app.now()));
    let checked = Checked::of(app, body, sender.caller())?;
    let found = find_place(app, &checked.place).await.map_err(Refused::from)?;
    if let Some(caller) = sender.caller()
        && scope(caller, Act::ReportOnBehalf).reaches(&linli_access::Keys::of_area(&found.area)).is_none()
    {
        return Err(ProblemCode::Forbidden.into());
    }
    let now = app.now();
    let paper_no = app.paper.next(&app.db, &found.area, now).await?;
    let channel = match (&sender, &found.qr) {
        (Sender::Staff(_), _) => checked.channel.unwrap_or(Channel::Visit),
        (Sender::Partner { channel, .. }, _) => *channel,
        (Sender::Resident, Some(_)) => Channel::Qr,
        (Sender::Resident, None) => Channel::Web,
    };
    let draft = Draft {
        id: CaseId::new(app.ids.uuid(now)),
        code: app.ids.public_code(),
        paper_no,
        kind: CaseKind::Request,
        category: checked.category,
        weight: checked.weight.filter(|_| sender.is_trusted()),
        channel,
        area: found.area,
        found_by: found.why,
        body: checked.text,
        place_text: found.place_text,
        point: found.point,
        reporter: checked.reporter,
        n_photos: u32::try_from(checked.photos.len()).unwrap_or(0),
        private: checked.private,
        parent: None,
        within: None,
        facility: found.facility,
    };
    Ok(Ready { draft, photos: checked.photos, sender, same_as, at: now, around: None })
}

/// Enters a report in a transaction that may hold other work too.
///
/// # Errors
/// `Invalid` for an unknown category or photo; `KeyReused`; the database's.
pub fn enter(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<PublicCode> {
    Ok(enter_case(app, tx, ready, key)?.code().clone())
}

/// As [`enter`]; gives the case.
///
/// # Errors
/// As [`enter`].
pub fn enter_case(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<Entered> {
    let Ready { draft, photos, sender, at, around, .. } = ready;
    if let Some(key) = key {
        // The code is fresh: whoever finds another one under the key was here before.
        match idempotency::claim::<String>(tx, key, &draft.code.as_str().to_owned(), *at)? {
            idempotency::Known::Done(code) => {
                let code = PublicCode::parse(&code).ok_or_else(|| Refused::from(ProblemCode::Internal))?;
                return Ok(Entered::Before(code));
            }
            idempotency::Known::Reused => return Err(Refused::from(ProblemCode::KeyReused)),
            idempotency::Known::New => {}
        }
    }
    let staffed = match around {
        Some(around) => around.staffed(*at),
        None => Staffed::above(tx, &draft.area, *at)?,
    };
    let book = app.playbooks.current();
    let surroundings = Surroundings::of(app, Arc::clone(&book), staffed);
    let actor = match sender {
        Sender::Resident => Actor::Reporter,
        Sender::Partner { id, name, .. } => Actor::Partner { id: id.clone(), name: name.clone() },
        Sender::Staff(caller) => {
            let role = scope(caller, Act::ReportOnBehalf)
                .reaches(&linli_access::Keys::of_area(&draft.area))
                .unwrap_or(Role::GridWorker);
            caller.acting_as(role)
        }
    };
    let account = actor.account();
    let change = surroundings.decide(app, *at, |world| Case::report(draft.clone(), world, actor))?;
    let events = change.events().to_vec();
    let case = tx.commit(change)?;
    files::attach::<Refused>(tx, photos, case.id, 1, account)?;
    if let Some(master) = ready.same_as
        && super::command::follow_case(app, tx, case.id, master, sender, *at)?
    {
        // It is no longer as it was entered.
        return Ok(Entered::Before(case.code));
    }
    Ok(Entered::New(Box::new(Fresh { case, events, around: around.clone(), book })))
}

/// A report whose fields are right.
struct Checked {
    text: String,
    category: Option<String>,
    reporter: Reporter,
    photos: Vec<String>,
    channel: Option<Channel>,
    weight: Option<Weight>,
    private: bool,
    place: Wanted,
}

/// How a place was named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) point: Option<Point>,
    pub(crate) area: Option<AreaCode>,
    pub(crate) place: Option<String>,
    pub(crate) facility: Option<RecordId>,
    pub(crate) address: Option<String>,
}

impl Checked {
    fn of(app: &App, body: ReportCase, caller: Option<&Caller>) -> Result<Self, Refused> {
        let mut problem = Problem::new(ProblemCode::Invalid);
        let text = body.text.trim().replace('\0', "");
        match text.chars().count() {
            0 | 1 => problem = problem.and_field("text", "required"),
            n if n > MAX_TEXT => problem = problem.and_field("text", "too_long").with("max", MAX_TEXT.to_string()),
            _ => {}
        }
        let phone = body.phone.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(Phone::parse);
        if matches!(phone, Some(Err(_))) {
            problem = problem.and_field("phone", "bad_phone");
        }
        let phone = phone.and_then(Result::ok);
        let name = body.name.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(RealName::parse);
        if matches!(name, Some(None)) {
            problem = problem.and_field("name", "too_long").with("max", "50");
        }
        let area = body.area_code.as_deref().map(AreaCode::parse);
        if matches!(area, Some(Err(_))) {
            problem = problem.and_field("area_code", "bad_code");
        }
        let area = area.and_then(Result::ok);
        match area {
            Some(code) if app.areas().get(&code).is_none() => problem = problem.and_field("area_code", "unknown"),
            // Nobody answers for a whole city: such a report would reach no one.
            Some(code) if code.level() == AreaLevel::City => problem = problem.and_field("area_code", "too_wide"),
            _ => {}
        }
        let point = body.point.map(Point::from);
        if point.is_some_and(|point| !point.is_in_china()) {
            problem = problem.and_field("point", "bad_point");
        }
        let address = body.address.map(|text| text.trim().replace('\0', "")).filter(|text| !text.is_empty());
        if address.as_ref().is_some_and(|text| text.chars().count() > MAX_PLACE) {
            problem = problem.and_field("address", "too_long").with("max", MAX_PLACE.to_string());
        }
        let place = body.place.filter(|code| !code.is_empty());
        let facility = body.facility.as_deref().filter(|id| !id.is_empty()).map(str::parse::<RecordId>);
        if facility.as_ref().is_some_and(|id| id.is_err() || caller.is_none()) {
            problem = problem.and_field("facility", "unknown");
        }
        let facility = facility.and_then(Result::ok);
        let is_somewhere = place.is_some() || facility.is_some() || address.is_some();
        if point.is_none() && body.area_code.is_none() && !is_somewhere {
            problem = problem.and_field("point", "no_place");
        }
        if body.attachments.len() > MAX_PHOTOS {
            problem = problem.and_field("attachments", "too_many").with("max", MAX_PHOTOS.to_string());
        }
        if !problem.errors.is_empty() {
            return Err(problem.into());
        }
        let seal =
            |field: &str, plain: &str| app.vault.seal(field, plain).map_err(|_| Refused::from(ProblemCode::Internal));
        let reporter = Reporter {
            phone_sealed: phone.as_ref().map(|phone| seal(PHONE_FIELD, phone.reveal())).transpose()?,
            phone_index: phone.as_ref().map(|phone| app.vault.index(PHONE_FIELD, phone.reveal())),
            name_sealed: name.flatten().map(|name| seal(NAME_FIELD, name.reveal())).transpose()?,
            account: caller.map(|caller| caller.account),
        };
        Ok(Self {
            text,
            category: body.category.filter(|code| !code.is_empty()),
            reporter,
            photos: body.attachments,
            channel: body.channel,
            weight: body.weight,
            private: body.private,
            place: Wanted { point, area, place, facility, address },
        })
    }
}

/// A place that was found.
pub(crate) struct FoundPlace {
    pub(crate) area: AreaCode,
    pub(crate) point: Option<Point>,
    pub(crate) place_text: String,
    pub(crate) qr: Option<String>,
    pub(crate) facility: Option<RecordId>,
    pub(crate) why: Vec<Why>,
}

/// Why no place was found.
pub(crate) enum NoPlace {
    /// The address means several.
    Several(Vec<AreaCode>),
    /// It means none, or lies outside.
    Refused(Refused),
}

impl From<Refused> for NoPlace {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<NoPlace> for Refused {
    fn from(none: NoPlace) -> Self {
        match none {
            NoPlace::Several(_) => Problem::field("address", "ambiguous").into(),
            NoPlace::Refused(refused) => refused,
        }
    }
}

/// The first `max` characters.
pub fn short(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

pub(crate) async fn find_place(app: &App, wanted: &Wanted) -> Result<FoundPlace, NoPlace> {
    let tree = app.areas();
    let text = |area: &AreaCode| wanted.address.clone().unwrap_or_else(|| tree.full_name(area));
    if let Some(code) = &wanted.place {
        let code = code.clone();
        let found = app.db.read(move |conn| {
            let Some(place) = areas::store::place(conn, &code)? else { return Ok(None) };
            let facility = match place.kind {
                PlaceKind::Facility => registry::store::of_code(conn, Coded::Facility, &place.code)?,
                _ => None,
            };
            Ok::<_, Refused>(Some((place, facility)))
        });
        let (place, facility) = found.await?.ok_or_else(|| Refused::from(Problem::field("place", "unknown")))?;
        let why = vec![Why::new("place", &[("area", place.area.to_string()), ("place", place.name.clone())])];
        let words =
            wanted.address.as_deref().map_or_else(|| place.name.clone(), |more| format!("{} {more}", place.name));
        return Ok(FoundPlace {
            area: place.area,
            point: wanted.point.or(place.point),
            place_text: words,
            qr: Some(place.code),
            facility,
            why,
        });
    }
    if let Some(id) = wanted.facility {
        return at_facility(app, wanted, id).await;
    }
    if let Some(point) = wanted.point {
        let located = tree.locate(point);
        return match (located, wanted.area) {
            // Both were said: the point decides as long as it lies inside the area that was named.
            (Some(located), named) if named.is_none_or(|named| named.contains(&located.code)) => {
                let why = match located.how {
                    LocatedHow::Inside => Why::new("point_inside", &[("area", located.code.to_string())]),
                    LocatedHow::Nearest { distance_m } => Why::new(
                        "point_nearest",
                        &[("area", located.code.to_string()), ("n", format!("{distance_m:.0}"))],
                    ),
                };
                Ok(FoundPlace {
                    area: located.code,
                    point: Some(point),
                    place_text: text(&located.code),
                    qr: None,
                    facility: None,
                    why: vec![why],
                })
            }
            (_, Some(area)) => {
                let why = vec![Why::new("area_chosen", &[("area", area.to_string())])];
                Ok(FoundPlace { area, point: Some(point), place_text: text(&area), qr: None, facility: None, why })
            }
            _ => Err(Refused::from(ProblemCode::OutsideArea).into()),
        };
    }
    if let Some(area) = wanted.area {
        let why = vec![Why::new("area_chosen", &[("area", area.to_string())])];
        return Ok(FoundPlace { area, point: None, place_text: text(&area), qr: None, facility: None, why });
    }
    // A look through every name of the city is no work for an async thread.
    let meant = app.slowly({
        let (tree, address) = (app.areas(), wanted.address.clone().unwrap_or_default());
        move || tree.meant(&address)
    });
    match meant.await? {
        Meant::One(area) => {
            let why = vec![Why::new("address_match", &[("area", area.to_string()), ("word", tree.name(&area))])];
            Ok(FoundPlace { area, point: None, place_text: text(&area), qr: None, facility: None, why })
        }
        Meant::Several(codes) => Err(NoPlace::Several(codes)),
        Meant::None => Err(Refused::from(Problem::field("address", "unknown")).into()),
    }
}

/// A facility that somebody with an account names; where it stands and what it is called is where the matter is.
async fn at_facility(app: &App, wanted: &Wanted, id: RecordId) -> Result<FoundPlace, NoPlace> {
    let reader = app.clone();
    let found =
        app.db.read(move |conn| registry::store::load(conn, &reader.vault, Kind::Facility, id).map_err(Refused::from));
    let record = found.await?.filter(|record| record.state == State::Active);
    let record = record.ok_or_else(|| Refused::from(Problem::field("facility", "unknown")))?;
    let address = record.values.get("address").unwrap_or_default().to_owned();
    let words = [Some(address), Some(record.label()), wanted.address.clone()];
    let why = vec![Why::new("place", &[("area", record.area.to_string()), ("place", record.label())])];
    Ok(FoundPlace {
        area: record.area,
        point: wanted.point,
        place_text: short(&words.into_iter().flatten().collect::<Vec<_>>().join(" "), MAX_PLACE),
        qr: None,
        facility: Some(id),
        why,
    })
}
