//! The demo city: 渭南 and the communities of the published accounts, with invented people and 90 days of cases.
//!
//! - Names and codes of areas are official; boundaries, grids, compounds, people and cases are invented, and say so.
//! - Every case went through the engine: reported, taken, settled by callers who hold the role, at moments that a moving clock
//!   gives, with the deadlines that ran out on the way. Nothing is written around it.
//! - The same moment gives the same cases on every machine: chance is seeded.
//! - Its accounts exist in demo mode only: a folder with demo data is refused by `linli serve`.

mod care;
mod cast;
mod chance;
mod duty;
mod field;
mod ground;
mod opinions;
mod photos;
mod plan;
mod scenes;
mod steps;
mod tale;
mod texts;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, bail};

use linli_civic::app::App;
use linli_civic::http::Answer;
use linli_civic::say::Lang;
use linli_db::{Db, StoreError, params};
use linli_kernel::{AreaCode, IdSource, ManualClock, Timestamp};

use crate::open::{self, Options};
use crate::ops::DemoAccount;

use cast::Cast;
use duty::Shifts;
use ground::Ground;
use photos::Scene;
use plan::Frame;
use tale::{Picture, Stage, Told};
use texts::{People, Texts};

/// The setting that marks an instance as the demo.
const SETTING: &str = "demo";
const LOADING: &str = "loading";
const LOADED: &str = "loaded";
const SEED: u64 = 0x6C69_6E6C_6920_3031;
const DAY_MS: i64 = 86_400_000;
/// The way of working of the demo city.
pub const PLAYBOOK: &str = "weinan";

/// How large a demo is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Days of cases before now.
    pub days: i64,
    /// Cases in those days.
    pub cases: usize,
}

impl Size {
    /// As `demo/mix.toml` says.
    ///
    /// # Errors
    /// When the texts do not read: a fault of ours.
    pub fn usual() -> anyhow::Result<Self> {
        let total = Texts::load()?.mix.total;
        Ok(Self { days: total.days, cases: total.cases })
    }
}

/// What loading reports on its way.
#[derive(Clone, Debug)]
pub enum Progress {
    /// A part begins.
    Begin(&'static str),
    /// So many of so many.
    Step {
        /// Done.
        n: usize,
        /// Of.
        of: usize,
    },
    /// The part is done; so many.
    Done(usize),
}

/// What was loaded.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Areas of all levels.
    pub n_areas: usize,
    /// Accounts.
    pub n_people: usize,
    /// What was told of cases.
    pub cases: usize,
    /// Commands that people gave.
    pub n_commands: usize,
    /// Deadlines that ran out.
    pub n_deadlines: usize,
    /// Commands that the engine refused; none when all is well.
    pub n_refused: usize,
}

/// How a folder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is in it.
    Empty,
    /// The demo is loaded.
    Loaded,
    /// A load was broken off.
    HalfLoaded,
    /// Somebody's own data.
    NotDemo,
}

impl State {
    /// Whether the demo, or a part of it, is in it.
    #[must_use]
    pub const fn is_demo(self) -> bool {
        matches!(self, Self::Loaded | Self::HalfLoaded)
    }
}

/// How the database stands.
///
/// # Errors
/// The database's.
pub async fn state(db: &Db) -> Result<State, StoreError> {
    Ok(match open::setting(db, SETTING).await?.as_deref() {
        Some(LOADED) => State::Loaded,
        Some(_) => State::HalfLoaded,
        None => {
            let n_areas = db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM area", &[])).await?;
            let n_accounts = db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM account", &[])).await?;
            if n_areas + n_accounts == 0 { State::Empty } else { State::NotDemo }
        }
    })
}

/// Loads the demo into an empty instance, as if the last days had happened up to `now`.
///
/// # Errors
/// When the instance is not empty, or the database fails.
pub async fn load(
    options: &Options,
    now: Timestamp,
    size: Size,
    mut report: impl FnMut(Progress),
) -> anyhow::Result<Loaded> {
    let frame = Frame { now, days: size.days, cases: size.cases };
    let clock = ManualClock::at(frame.start().plus_ms(-DAY_MS));
    let mut options = options.clone();
    options.clock = Arc::new(clock.clone());
    options.ids = Arc::new(IdSource::seeded(SEED));
    options.playbook = options.playbook.or_else(|| Some(PLAYBOOK.to_owned()));
    let app = open::open_app(&options).await?;
    if state(&app.db).await? != State::Empty {
        bail!("the database is not empty");
    }
    open::set(&app.db, SETTING, LOADING).await?;

    report(Progress::Begin("区划、网格和边界"));
    let texts = Texts::load()?;
    let ids = Arc::clone(&app.ids);
    let places = texts.places.communities.clone();
    let ground = tokio::task::spawn_blocking(move || {
        Ground::lay_out(&texts::Places { communities: places }, || ids.public_code().as_str().to_owned())
    })
    .await??;
    let of = ground.areas.len() + ground.shapes.len() + ground.places.len();
    let mut n = 0;
    ground
        .write(&app, |done| {
            n += done;
            report(Progress::Step { n, of })
        })
        .await?;
    report(Progress::Done(ground.areas.len()));

    report(Progress::Begin("工作人员"));
    let book = app.playbooks.current();
    let cast = Cast::invent(&app, &texts.people, &ground, &book)?;
    let (mut n, of) = (0, cast.len());
    cast.write(&app, |done| {
        n += done;
        report(Progress::Step { n, of })
    })
    .await?;
    report(Progress::Done(cast.len()));

    let in_care = care::enter(&app, &cast).await?;

    report(Progress::Begin("事项"));
    let pictures = pictures(&app)?;
    let arrivals = plan::arrivals(&texts, &ground, &book, frame);
    let shifts = Shifts::of(&texts.people.duty)?;
    let (n_areas, n_people, of) = (ground.areas.len(), cast.len(), arrivals.len());
    let stage = Arc::new(Stage { texts, cast, shifts, arrivals, pictures, frame });
    let told = tale::tell(&app, &clock, &stage, |told: Told| report(Progress::Step { n: told.n_cases, of })).await?;
    opinions::tell(&app, &clock, &stage).await.map_err(|refused| anyhow::anyhow!("{refused:?}"))?;
    report(Progress::Done(told.n_cases));
    clock.set(now);
    care::visit(&app, in_care).await?;
    linli_civic::search::index::catch_up(&app.db, 1, linli_civic::search::index::BATCH).await?;
    open::set(&app.db, SETTING, LOADED).await?;
    Ok(Loaded {
        n_areas,
        n_people,
        cases: told.n_cases,
        n_commands: told.n_commands,
        n_deadlines: told.n_fired,
        n_refused: told.n_refused,
    })
}

fn pictures(app: &App) -> anyhow::Result<HashMap<&'static str, Picture>> {
    Scene::ALL
        .iter()
        .map(|scene| {
            let photo = scene.photo()?;
            let sha256 = app.files.keep(&photo).context("cannot keep a picture")?;
            let size_bytes = i64::try_from(photo.jpeg.len()).unwrap_or(0);
            let picture =
                Picture { sha256, size_bytes, width: i64::from(photo.width), height: i64::from(photo.height) };
            Ok((scene.name(), picture))
        })
        .collect()
}

/// The code of a building of the first demo community, for the printed link.
///
/// # Errors
/// The database's.
pub async fn a_building(db: &Db) -> anyhow::Result<Option<(String, String)>> {
    let Some(person) = People::load()?.demo.into_iter().next() else { return Ok(None) };
    let area = person.area;
    let found = db
        .read(move |conn| {
            conn.first(
                "SELECT code, name FROM place WHERE kind = 'building' AND area_code >= $1 AND area_code < $2 ORDER BY name, code LIMIT 1",
                &params![area, format!("{area}~")],
                |row| Ok((row.get("code")?, row.get("name")?)),
            )
        })
        .await
        .map_err(|error: StoreError| error)?;
    Ok(found)
}

/// The accounts of the demo, one for each role, for its sign-in page.
///
/// # Errors
/// The database's.
pub async fn accounts(app: &App, lang: Lang) -> Answer<Vec<DemoAccount>> {
    let Ok(people) = People::load() else { return Ok(Vec::new()) };
    let (areas, book) = (app.areas(), app.playbooks.current());
    let shown = people.demo.into_iter().map(|person| {
        let area = AreaCode::parse(&person.area).map(|code| areas.full_name(&code)).unwrap_or(person.area);
        let unit = person.unit.as_deref().and_then(|code| book.unit(code)).map(|unit| unit.name.clone());
        DemoAccount {
            name: person.name,
            password: person.password,
            display_name: person.display_name,
            role_name: lang.word("role", person.role.as_str()),
            area_name: format!("{area}{}", unit.unwrap_or_default()),
            face: person.face,
        }
    });
    Ok(shown.collect())
}
