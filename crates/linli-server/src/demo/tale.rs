//! The story told through the engine: one clock, everything in order of time.
//!
//! Many commands share a transaction, which is all that makes it quick; each of them is loaded, decided and committed
//! exactly as if it had come over HTTP, by a caller who holds the role. Deadlines that run out on the way fire
//! between the commands.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use linli_civic::app::App;
use linli_civic::areas::synth::Chance;
use linli_civic::areas::view::PointView;
use linli_civic::cases::command::{Command, Who, run_in};
use linli_civic::cases::report::{Ready, ReportCase, enter, prepare};
use linli_civic::cases::store::{self, Named};
use linli_civic::cases::task::{Party, Task, TaskSaid};
use linli_civic::cases::task_command::{self, TaskCommand};
use linli_civic::cases::{Case, sweep};
use linli_civic::files::Attachment;
use linli_civic::http::{Answer, Refused};
use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{
    Action, AttachmentId, CaseId, Channel, DeadlineId, ManualClock, Phase, ProblemCode, PublicCode, TaskAction,
    Timestamp,
};
use serde_json::{Map, Value};

use super::cast::{Cast, Person};
use super::duty::Shifts;
use super::field::Field;
use super::photos::Scene;
use super::plan::{Arrival, Fate, Frame};
use super::steps::{Next, Step, Todo};
use super::texts::Texts;

/// Reports told in one transaction, with everything that happens between them.
const CHUNK: usize = 24;
/// A command that is refused again and again leaves its case as it stands.
const TRIES: u32 = 3;

/// Everything that the story is told with.
pub struct Stage {
    /// What people say.
    pub texts: Texts,
    /// Who they are.
    pub cast: Cast,
    /// When they work.
    pub shifts: Shifts,
    /// What is reported.
    pub arrivals: Vec<Arrival>,
    /// Drawn pictures, kept.
    pub pictures: HashMap<&'static str, Picture>,
    /// From when to when.
    pub frame: Frame,
}

/// A picture in the folder of photos.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its digest.
    pub sha256: String,
    /// Bytes.
    pub size_bytes: i64,
    /// Pixels across.
    pub width: i64,
    /// Pixels down.
    pub height: i64,
}

/// How much was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Cases reported.
    pub n_cases: usize,
    /// Commands given by people.
    pub n_commands: usize,
    /// Deadlines that ran out.
    pub n_fired: usize,
    /// Commands that the engine refused; a fault of ours.
    pub n_refused: usize,
}

/// A case that still goes on.
#[derive(Clone)]
pub struct Running {
    /// Its id.
    pub case: CaseId,
    /// What shall yet become of it.
    pub fate: Fate,
    /// Its own chance: no case's luck depends on another's.
    pub chance: Chance,
    /// What its handler means to do, in order.
    pub todo: Vec<(Timestamp, Todo)>,
    /// When somebody first took it.
    pub taken_at: Option<Timestamp>,
    /// Notes made so far.
    pub n_noted: u32,
    /// Whether the note that fits only its category was made.
    pub own_note_made: bool,
    /// Lines of its script that were spoken.
    pub n_lines: usize,
    next: Option<Step>,
    version: u32,
    n_refused: u32,
}

/// The story so far; cloned for each transaction, which may be run again.
#[derive(Clone)]
struct Tale {
    running: HashMap<usize, Running>,
    by_case: HashMap<CaseId, usize>,
    wakes: BinaryHeap<Reverse<(Timestamp, usize)>>,
    codes: HashMap<usize, PublicCode>,
    told: Told,
    /// The time of what was told last; the clock is set by it, also when a transaction is run again.
    at: Timestamp,
}

/// What every transaction needs.
#[derive(Clone)]
struct House {
    app: App,
    clock: ManualClock,
    stage: Arc<Stage>,
    /// Arrivals whose code another one names.
    wanted: Arc<HashSet<usize>>,
}

/// A report with the pictures that go with it.
#[derive(Clone)]
struct Entry {
    nth: usize,
    ready: Ready,
    photos: Vec<Attachment>,
}

/// Tells the whole story.
///
/// # Errors
/// The database's; a report that the engine refuses, which is a fault of ours.
pub async fn tell(
    app: &App,
    clock: &ManualClock,
    stage: &Arc<Stage>,
    mut progress: impl FnMut(Told),
) -> anyhow::Result<Told> {
    let wanted: HashSet<usize> = stage.arrivals.iter().filter_map(|arrival| arrival.fate.same_as).collect();
    let house = House { app: app.clone(), clock: clock.clone(), stage: Arc::clone(stage), wanted: Arc::new(wanted) };
    let mut tale = Tale {
        running: HashMap::new(),
        by_case: HashMap::new(),
        wakes: BinaryHeap::new(),
        codes: HashMap::new(),
        told: Told::default(),
        at: stage.frame.start(),
    };
    clock.set(stage.frame.start().min(stage.arrivals.first().map_or(stage.frame.start(), |arrival| arrival.at)));
    let mut field = Field::begin(app, stage).await?;
    let mut begun = 0;
    while begun < stage.arrivals.len() {
        let ended = (begun + CHUNK).min(stage.arrivals.len());
        if let Some(arrival) = stage.arrivals.get(begun) {
            clock.set(arrival.at);
            field.go_on(app, stage).await?;
        }
        let mut entries = Vec::new();
        for nth in begun..ended {
            let Some(arrival) = stage.arrivals.get(nth) else { continue };
            clock.set(arrival.at);
            entries.push(entry(app, stage, nth, arrival).await?);
        }
        let until = stage.arrivals.get(ended).map_or(stage.frame.now, |arrival| arrival.at);
        tale = told(&house, tale, entries, until).await?;
        progress(tale.told);
        begun = ended;
    }
    clock.set(stage.frame.now);
    Ok(tale.told)
}

async fn told(house: &House, tale: Tale, entries: Vec<Entry>, until: Timestamp) -> anyhow::Result<Tale> {
    let (db, house) = (house.app.db.clone(), house.clone());
    let done = db.write(move |tx| {
        let mut teller = Teller { house: &house, tale: tale.clone() };
        for entry in &entries {
            let Some(arrival) = house.stage.arrivals.get(entry.nth) else { continue };
            teller.go_on(tx, arrival.at)?;
            teller.report(tx, arrival, entry)?;
        }
        teller.go_on(tx, until)?;
        Ok::<_, Refused>(teller.tale)
    });
    Ok(done.await?)
}

/// Checks and numbers a report as its caller would send it.
async fn entry(app: &App, stage: &Stage, nth: usize, arrival: &Arrival) -> anyhow::Result<Entry> {
    let mut chance = Chance::of(&format!("registrar {nth}"));
    let registrar = stage.cast.registrar(&arrival.spot.area, arrival.channel, &mut chance);
    let registrar = registrar.and_then(|who| stage.cast.get(who));
    let account = registrar.map(|person| person.caller.account);
    let scene = Scene::of(&arrival.category, &arrival.parent);
    let photos: Vec<Attachment> =
        (0..arrival.n_photos).filter_map(|_| picture(app, stage, scene, account, arrival.at)).collect();
    let by_qr = arrival.channel == Channel::Qr;
    let body = ReportCase {
        text: arrival.text.clone(),
        point: arrival.spot.point.filter(|_| !by_qr).map(PointView::from),
        area_code: (!by_qr).then(|| arrival.spot.area.to_string()),
        place: arrival.spot.qr.clone().filter(|_| by_qr),
        address: (!by_qr).then(|| arrival.slots.address()),
        category: Some(arrival.category.clone()).filter(|_| !arrival.fate.unsure),
        phone: arrival.phone.clone(),
        name: arrival.name.clone(),
        attachments: photos.iter().map(|photo| photo.id.to_string()).collect(),
        channel: Some(arrival.channel).filter(|_| registrar.is_some()),
        weight: Some(arrival.weight).filter(|_| registrar.is_some()),
        ..ReportCase::default()
    };
    let caller = registrar.map(|person| person.caller.clone());
    let ready = prepare(app, body, caller.into()).await?;
    Ok(Entry { nth, ready, photos })
}

fn picture(
    app: &App,
    stage: &Stage,
    scene: Scene,
    account: Option<linli_kernel::AccountId>,
    at: Timestamp,
) -> Option<Attachment> {
    let kept = stage.pictures.get(scene.name())?;
    Some(Attachment {
        id: AttachmentId::new(app.ids.uuid(at)),
        case: None,
        event_n: None,
        visit: None,
        sent_sha256: None,
        sha256: kept.sha256.clone(),
        size_bytes: kept.size_bytes,
        width: kept.width,
        height: kept.height,
        by_staff: account.is_some(),
        account,
        at,
    })
}

struct Teller<'a> {
    house: &'a House,
    tale: Tale,
}

impl Teller<'_> {
    fn set(&mut self, at: Timestamp) {
        self.tale.at = at;
        self.house.clock.set(at);
    }

    /// Everything that happens up to `until`: what people do and what time does, in order.
    fn go_on(&mut self, tx: &mut Tx<'_>, until: Timestamp) -> Answer<()> {
        loop {
            let wake = self.tale.wakes.peek().map(|Reverse(wake)| *wake).filter(|(at, _)| *at <= until);
            // A deadline changes plans: look again at what comes next after each.
            if self.fire_one(tx, wake.map_or(until, |(at, _)| at))? {
                continue;
            }
            let Some((at, nth)) = wake else { return Ok(()) };
            self.tale.wakes.pop();
            let Some(running) = self.tale.running.get_mut(&nth) else { continue };
            // Plans change when a deadline ran out: an older wake finds nothing to do.
            let Some(step) = running.next.take_if(|step| step.at == at) else { continue };
            self.set(at);
            self.take(tx, nth, step)?;
        }
    }

    fn report(&mut self, tx: &mut Tx<'_>, arrival: &Arrival, entry: &Entry) -> Answer<()> {
        self.set(arrival.at);
        entry.photos.iter().try_for_each(|photo| photo.note(tx))?;
        let code = enter(&self.house.app, tx, &entry.ready, None)?;
        if self.house.wanted.contains(&entry.nth) {
            self.tale.codes.insert(entry.nth, code);
        }
        self.tale.told.n_cases += 1;
        let case = entry.ready.draft.id;
        let running = Running {
            case,
            fate: arrival.fate.clone(),
            chance: Chance::of(&format!("case {}", entry.nth)),
            todo: Vec::new(),
            taken_at: None,
            n_noted: 0,
            own_note_made: false,
            n_lines: 0,
            next: None,
            version: 0,
            n_refused: 0,
        };
        self.tale.by_case.insert(case, entry.nth);
        self.tale.running.insert(entry.nth, running);
        self.look_ahead(tx, entry.nth)
    }

    /// Takes a step as the engine allows it, and plans the next.
    fn take(&mut self, tx: &mut Tx<'_>, nth: usize, step: Step) -> Answer<()> {
        // The case that it was to follow may have been answered meanwhile: then it is told so instead.
        if step.verb == Action::Merge && !self.first_is_open(tx, nth)? {
            return self.look_ahead(tx, nth);
        }
        let Some(running) = self.tale.running.get_mut(&nth) else { return Ok(()) };
        let mut fields = step.fields;
        let person = step.who.and_then(|who| self.house.stage.cast.get(who));
        if let Some(scene) = step.scene
            && let Some(photo) =
                picture(&self.house.app, &self.house.stage, scene, person.map(|person| person.caller.account), step.at)
        {
            photo.note(tx)?;
            fields.insert("photos".to_owned(), Value::from(vec![photo.id.to_string()]));
        }
        let done = match (step.task, person) {
            (Some((party, verb)), Some(person)) => on_task(tx, running.case, &party, verb, &fields, person, step.at),
            _ => {
                let command = Command {
                    named: Named::Id(running.case),
                    verb: step.verb,
                    version: running.version,
                    fields,
                    key: None,
                    who: person.map_or(Who::Reporter { signed_in: None }, |person| Who::Staff(person.caller.clone())),
                };
                run_in(&self.house.app, tx, &command)
            }
        };
        match done {
            Ok(()) => self.tale.told.n_commands += 1,
            Err(Refused::Problem(problem)) => {
                tracing::warn!(verb = %step.verb, code = problem.code.as_str(), fields = ?problem.errors, "the demo's step was refused");
                self.tale.told.n_refused += 1;
                running.n_refused += 1;
                if running.n_refused >= TRIES {
                    self.forget(nth);
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
        self.look_ahead(tx, nth)
    }

    /// Looks at a case as it stands and plans what happens to it next.
    fn look_ahead(&mut self, tx: &mut Tx<'_>, nth: usize) -> Answer<()> {
        let now = self.tale.at;
        let first_is_open = self.first_is_open(tx, nth)?;
        let (Some(running), Some(arrival)) = (self.tale.running.get_mut(&nth), self.house.stage.arrivals.get(nth))
        else {
            return Ok(());
        };
        let Some(case) = store::load(tx, &Named::Id(running.case))? else { return Ok(()) };
        running.version = case.version;
        let first = running.fate.same_as.and_then(|first| self.tale.codes.get(&first));
        let (app, stage) = (&self.house.app, &self.house.stage);
        let mut next = Next { app, stage, arrival, case: &case, now, first, first_is_open };
        running.next = next.step(running);
        match &running.next {
            Some(step) => self.tale.wakes.push(Reverse((step.at, nth))),
            None if is_over(&case, running) => self.forget(nth),
            // Nobody does anything until a deadline runs out.
            None => {}
        }
        Ok(())
    }

    /// Whether the case that is the same can be followed still.
    fn first_is_open(&self, conn: &mut Conn, nth: usize) -> Answer<bool> {
        let first = self.tale.running.get(&nth).and_then(|running| running.fate.same_as);
        let Some(code) = first.and_then(|first| self.tale.codes.get(&first)) else { return Ok(false) };
        Ok(store::load(conn, &Named::Code(code.clone()))?.is_some_and(|first| can_be_followed(&first)))
    }

    fn forget(&mut self, nth: usize) {
        if let Some(running) = self.tale.running.remove(&nth) {
            self.tale.by_case.remove(&running.case);
        }
    }

    /// Fires the first clock that runs out up to `until`, at its time.
    fn fire_one(&mut self, tx: &mut Tx<'_>, until: Timestamp) -> Answer<bool> {
        let Some((deadline, case, due_at)) = first_due(tx, until)? else { return Ok(false) };
        // The sweep looks once a second; it never goes back in time.
        let at = due_at.plus_ms(600).max(self.tale.at).min(until);
        self.set(at);
        if !sweep::fire(&self.house.app, tx, deadline, case)? {
            return Ok(false);
        }
        self.tale.told.n_fired += 1;
        let Some(nth) = self.tale.by_case.get(&case).copied() else { return Ok(true) };
        if let Some(running) = self.tale.running.get_mut(&nth) {
            running.fate.unsigned = false;
            running.fate.overdue = false;
            running.todo.clear();
        }
        self.look_ahead(tx, nth)?;
        Ok(true)
    }
}

/// Whether nothing but time can happen to it any more.
fn is_over(case: &Case, running: &Running) -> bool {
    let waits_for_a_word = running.fate.rated.is_some() || case.follow_up_due().is_some();
    matches!(case.stage.as_str(), "closed") || (case.stage == "answered" && !waits_for_a_word)
}

fn can_be_followed(case: &Case) -> bool {
    matches!(case.phase, Phase::Open | Phase::Waiting) && case.master.is_none() && !case.private
}

/// What somebody does with the task of a unit or an outside party.
fn on_task(
    tx: &mut Tx<'_>,
    case: CaseId,
    party: &str,
    verb: TaskAction,
    fields: &Map<String, Value>,
    person: &Person,
    at: Timestamp,
) -> Answer<()> {
    let named = Named::Id(case);
    let of_party = |task: &Task| match &task.party {
        Party::Seat(seat) => seat.unit.as_deref() == Some(party),
        Party::Outside(name) => name == party,
    };
    let found =
        store::load(tx, &named)?.and_then(|case| case.tasks.iter().find(|task| of_party(task)).map(|task| task.id));
    let task = found.ok_or(ProblemCode::NotFound)?;
    let command = TaskCommand { named, task, verb, said: TaskSaid::from_fields(fields) };
    task_command::run_in(tx, &command, &person.caller, at)
}

fn first_due(conn: &mut Conn, until: Timestamp) -> Result<Option<(DeadlineId, CaseId, Timestamp)>, StoreError> {
    conn.first(
        "SELECT id, case_id, due_at FROM deadline WHERE state = 'running' AND due_at <= $1 ORDER BY due_at LIMIT 1",
        &params![until],
        |row| Ok((row.parse("id")?, row.parse("case_id")?, row.at("due_at")?)),
    )
}
