//! People in care: entered when the story begins, visited on its last day, all through the ordinary commands.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Deserialize;

use linli_access::Caller;
use linli_civic::app::App;
use linli_civic::care::command::{self as care, CareAct, EnterCare};
use linli_civic::care::due::{DAY_MS, date_of, plus_months};
use linli_civic::care::model::Basis;
use linli_civic::care::visit::{self, CareVisit};
use linli_civic::care::words::{ConsentHow, Met, Whose};
use linli_civic::http::Refused;
use linli_civic::registry::Kind;
use linli_civic::registry::command::{self as registry, What};
use linli_kernel::{AreaCode, CareId, RecordId};
use linli_playbook::CareBasis;

use super::cast::Cast;

/// Who is in care, and who keeps and visits them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    clerk: String,
    worker: String,
    note: String,
    people: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    name: String,
    area: String,
    compound: String,
    building: String,
    unit: String,
    room: String,
    birth_month: String,
    category: String,
    plan: String,
    #[serde(default)]
    wish: Option<String>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    guardian: Option<String>,
    #[serde(default)]
    visited: bool,
    #[serde(default)]
    paired: bool,
    #[serde(default)]
    objects: bool,
    /// The package that the person chose.
    #[serde(default)]
    package: Option<String>,
    /// Services that are arranged: code, who gives it, in how many days.
    #[serde(default)]
    arranged: Vec<(String, String, i64)>,
    /// Services that were given, or began.
    #[serde(default)]
    given: Vec<String>,
    /// Services that the person does not want.
    #[serde(default)]
    declined: Vec<String>,
}

/// What was entered, for the last day.
pub struct Entered {
    worker: Caller,
    clerk: Caller,
    note: String,
    people: Vec<(CareId, Person)>,
}

/// Enters everybody.
///
/// # Errors
/// When the texts do not read, or a command is refused: a fault of ours.
pub async fn enter(app: &App, cast: &Cast) -> anyhow::Result<Entered> {
    let texts: Texts = toml::from_str(include_str!("../../demo/care.toml")).context("the demo's care.toml")?;
    let caller = |name: &str| {
        let person = cast.by_name(name).and_then(|who| cast.get(who));
        person.map(|person| person.caller.clone()).with_context(|| format!("nobody is called {name}"))
    };
    let (clerk, worker) = (caller(&texts.clerk)?, caller(&texts.worker)?);
    let mut people = Vec::new();
    for person in texts.people {
        let id = one(app, &clerk, &person).await.with_context(|| person.category.clone())?;
        if person.paired {
            act(app, &clerk, id, CareAct::Pair { account: worker.account.to_string() }).await?;
        }
        if let Some(package) = &person.package {
            act(app, &clerk, id, CareAct::Package { package: package.clone() }).await?;
        }
        if person.objects {
            act(app, &clerk, id, CareAct::Object).await?;
        }
        people.push((id, person));
    }
    Ok(Entered { worker, clerk, note: texts.note, people })
}

/// The grid worker's visits of the last day, and what is arranged by then.
///
/// # Errors
/// When a command is refused: a fault of ours.
pub async fn visit(app: &App, entered: Entered) -> anyhow::Result<()> {
    for (id, person) in &entered.people {
        services(app, &entered.clerk, *id, person).await?;
        if !person.visited {
            continue;
        }
        let body =
            CareVisit { met: Met::Done, note: Some(entered.note.clone()), services: Vec::new(), captured_at: None };
        let ready = said(visit::prepare(app, entered.worker.clone(), *id, body).await)?;
        let writer = app.clone();
        said(app.db.write(move |tx| visit::record(&writer, tx, &ready, None)).await)?;
    }
    Ok(())
}

/// What is settled with the person by the last day.
async fn services(app: &App, clerk: &Caller, id: CareId, person: &Person) -> anyhow::Result<()> {
    for (service, by, days) in &person.arranged {
        let on = date_of(app.now().plus_ms(days * DAY_MS)).to_string();
        act(app, clerk, id, CareAct::Arrange { service: service.clone(), by: by.clone(), on }).await?;
    }
    for service in &person.given {
        act(app, clerk, id, CareAct::Give { service: service.clone(), on: None }).await?;
    }
    for service in &person.declined {
        act(app, clerk, id, CareAct::Decline { service: service.clone() }).await?;
    }
    Ok(())
}

async fn one(app: &App, clerk: &Caller, person: &Person) -> anyhow::Result<CareId> {
    let area = AreaCode::parse(&person.area)?;
    let flat = [
        ("compound", person.compound.as_str()),
        ("building", person.building.as_str()),
        ("unit", person.unit.as_str()),
        ("room", person.room.as_str()),
        ("dwelling_use", "living"),
        ("occupancy", "owner"),
    ];
    let dwelling = record(app, clerk, (Kind::Dwelling, area), &flat).await?.to_string();
    let household = record(app, clerk, (Kind::Household, area), &[("dwelling_id", &dwelling)]).await?.to_string();
    let resident = [
        ("household_id", household.as_str()),
        ("name", person.name.as_str()),
        ("relation", "head"),
        ("birth_month", person.birth_month.as_str()),
    ];
    let resident = record(app, clerk, (Kind::Resident, area), &resident).await?;
    let rules = app.playbooks.current();
    let months = rules.care.category(&person.category).context("no such category")?.expires_months;
    let by = if person.guardian.is_some() { Whose::Guardian } else { Whose::Person };
    let basis = match &person.reference {
        Some(reference) => {
            Basis { kind: CareBasis::List, reference: Some(reference.clone()), by: None, how: None, guardian: None }
        }
        None => Basis {
            kind: CareBasis::Consent,
            reference: None,
            by: Some(by),
            how: Some(ConsentHow::Written),
            guardian: person.guardian.clone(),
        },
    };
    let body = EnterCare {
        resident_id: resident.to_string(),
        category: person.category.clone(),
        basis: Some(basis),
        plan: person.plan.clone(),
        wish: person.wish.clone(),
        review_on: None,
        expires_on: Some(date_of(plus_months(app.now(), months)).to_string()),
    };
    Ok(said(care::enter(app, clerk.clone(), body, None).await)?.id)
}

async fn record(
    app: &App,
    clerk: &Caller,
    (kind, area): (Kind, AreaCode),
    fields: &[(&str, &str)],
) -> anyhow::Result<RecordId> {
    let fields: BTreeMap<String, Option<String>> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
    let id = RecordId::new(app.ids.uuid(app.now()));
    let what = What::Enter { id, kind, area, fields, even_so: true };
    let done = registry::run(app, registry::Command { what, key: None, caller: clerk.clone() }).await;
    Ok(said(done)?.id)
}

async fn act(app: &App, clerk: &Caller, id: CareId, act: CareAct) -> anyhow::Result<()> {
    said(care::act(app, clerk.clone(), id, act, None).await)?;
    Ok(())
}

fn said<T>(answer: Result<T, Refused>) -> anyhow::Result<T> {
    match answer {
        Ok(value) => Ok(value),
        Err(Refused::Store(error)) => Err(error.into()),
        Err(Refused::Problem(problem)) => {
            bail!("a command of the demo was refused: {:?} {:?}", problem.code, problem.errors)
        }
    }
}
