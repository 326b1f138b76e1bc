//! A city in memory: areas, people with their posts, cases and their histories. What the database would do between commands
//! (counting followers and parts, answering those who follow) is done here by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use linli_access::{Act, Caller, Decision, Grant, decide};
use linli_kernel::{
    AccountId, Action, Actor, AreaCode, AreaLevel, Calendar, CaseId, CaseKind, Change, Channel, DeadlineState, GrantId,
    IdSource, NewEvent, Phase, Problem, Role, Timestamp, Weight,
};
use linli_playbook::{ActionDef, Playbook, Sources, Standing, load};
use serde_json::{Map, Value};

use super::super::act::Given;
use super::super::effects::Master;
use super::super::model::Reporter;
use super::super::{Case, Doer, Draft, Seat, World};

pub const CITY: &str = "610500000000";
pub const COUNTY: &str = "610502000000";
pub const STREET: &str = "610502005000";
pub const COMMUNITY: &str = "610502005007";
pub const GRID: &str = "610502005007001";

const AREAS: &[&str] = &[
    CITY,
    COUNTY,
    STREET,
    "610502006000",
    COMMUNITY,
    "610502005008",
    "610502006001",
    GRID,
    "610502005007002",
    "610502005008001",
    "610502006001001",
    "610502005007001001",
    "610524000000",
    "610524001000",
    "610524001020",
];

/// Where residents report from: grids, a micro-grid, a community without a grid, a whole street.
pub const PLACES: &[&str] = &[
    GRID,
    "610502005007002",
    "610502005008001",
    "610502006001001",
    "610502005007001001",
    "610502005008",
    STREET,
    "610524001020",
];

/// A Monday morning at nine, Beijing time, with a holiday ahead.
pub fn monday() -> Timestamp {
    "2026-09-28T09:00:00+08:00".parse().unwrap()
}

pub fn area(code: &str) -> AreaCode {
    AreaCode::parse(code).unwrap()
}

pub fn calendar() -> &'static Calendar {
    static CALENDAR: OnceLock<Calendar> = OnceLock::new();
    let file = || Calendar::from_json(include_str!("../../../../../data/calendar/chinese-days.json")).unwrap();
    CALENDAR.get_or_init(file)
}

/// A playbook of the repository.
pub fn shipped(id: &str) -> &'static Playbook {
    static BOOKS: OnceLock<BTreeMap<String, Playbook>> = OnceLock::new();
    let books = BOOKS.get_or_init(|| {
        let sources = Sources::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks")).unwrap();
        let ids = sources.ids();
        ids.into_iter().map(|id| (id.clone(), load(&sources, &id).unwrap().playbook)).collect()
    });
    &books[id]
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Player {
    /// Somebody with an account.
    Staff(usize),
    /// Whoever holds the public code.
    Resident,
    /// linli itself.
    System,
}

/// See the module.
pub struct City {
    pub book: Playbook,
    pub ids: IdSource,
    pub now: Timestamp,
    pub people: Vec<Caller>,
    pub cases: BTreeMap<CaseId, Case>,
    pub histories: BTreeMap<CaseId, Vec<NewEvent>>,
}

impl City {
    pub fn new(book: &Playbook) -> Self {
        Self {
            book: book.clone(),
            ids: IdSource::seeded(7),
            now: monday(),
            people: Vec::new(),
            cases: BTreeMap::new(),
            histories: BTreeMap::new(),
        }
    }

    /// A city where every office is held, twice at the community.
    pub fn staffed(book: &Playbook) -> Self {
        let mut city = Self::new(book);
        let posts: &[(Role, &str)] = &[
            (Role::GridWorker, GRID),
            (Role::GridWorker, "610502005007002"),
            (Role::GridHead, COMMUNITY),
            (Role::CommunityClerk, COMMUNITY),
            (Role::CommunityClerk, COMMUNITY),
            (Role::CommunityClerk, "610502005008"),
            (Role::StreetDispatcher, STREET),
            (Role::StreetDispatcher, STREET),
            (Role::HotlineClerk, COUNTY),
            (Role::CountyLeader, COUNTY),
            (Role::CountyLeader, COUNTY),
            (Role::GridWorker, "610502006001001"),
            (Role::CommunityClerk, "610524001020"),
            (Role::CountyLeader, "610524000000"),
        ];
        for (role, at) in posts {
            city.hire(&[(*role, at, None)]);
        }
        let units: Vec<(String, AreaLevel)> =
            book.units.iter().take(8).map(|unit| (unit.code.clone(), unit.level)).collect();
        for (code, level) in units {
            let at = area(COMMUNITY).at(level).to_string();
            city.hire(&[(Role::DepartmentClerk, &at, Some(&code))]);
        }
        city
    }

    /// Somebody new with these posts; who they are among the people.
    pub fn hire(&mut self, posts: &[(Role, &str, Option<&str>)]) -> usize {
        let grants = posts.iter().map(|(role, at, unit)| Grant {
            id: GrantId::new(self.ids.uuid(self.now)),
            role: *role,
            area: area(at),
            unit: unit.map(str::to_owned),
            starts_at: self.now,
            ends_at: None,
        });
        let name = format!("p{}", self.people.len());
        let caller = Caller {
            account: AccountId::new(self.ids.uuid(self.now)),
            name: name.clone(),
            display_name: name,
            must_change_password: false,
            grants: grants.collect(),
        };
        self.people.push(caller);
        self.people.len() - 1
    }

    /// Whoever holds a role there, the first of them.
    pub fn who(&self, role: Role, at: &str) -> Player {
        let holds = |caller: &Caller| {
            caller.grants.iter().any(|grant| grant.role == role && grant.area == area(at) && grant.unit.is_none())
        };
        Player::Staff(self.people.iter().position(holds).unwrap())
    }

    pub fn seats(&self) -> BTreeSet<Seat> {
        let beside = |role: Role| matches!(role, Role::CompoundLead | Role::LinkPerson);
        let answers =
            |role: Role| !matches!(role, Role::Resident | Role::Auditor | Role::Administrator) && !beside(role);
        let grants = self.people.iter().flat_map(|caller| &caller.grants).filter(|grant| answers(grant.role));
        grants.map(|grant| Seat { area: grant.area, unit: grant.unit.clone() }).collect()
    }

    pub fn decide<T>(&self, decide: impl FnOnce(&World<'_>) -> T) -> T {
        let seats = self.seats();
        let world = World {
            book: &self.book,
            calendar: calendar(),
            staffed: &|seat: &Seat| seats.contains(seat),
            exists: &|code: &AreaCode| AREAS.contains(&code.as_str()),
            amended: &[],
            ids: &self.ids,
            at: self.now,
        };
        decide(&world)
    }

    pub fn report(&mut self, place: &str, category: Option<&str>, weight: Option<Weight>) -> Result<CaseId, Problem> {
        let draft = self.draft(place, category, weight);
        let id = draft.id;
        let change = self.decide(|world| Case::report(draft, world, Actor::Reporter))?;
        self.commit(change);
        Ok(id)
    }

    pub fn draft(&self, place: &str, category: Option<&str>, weight: Option<Weight>) -> Draft {
        Draft {
            id: CaseId::new(self.ids.uuid(self.now)),
            code: self.ids.public_code(),
            paper_no: String::new(),
            kind: CaseKind::Request,
            category: category.map(str::to_owned),
            weight,
            channel: Channel::Web,
            area: area(place),
            found_by: Vec::new(),
            body: String::new(),
            place_text: String::new(),
            point: None,
            reporter: Reporter::default(),
            n_photos: 0,
            private: false,
            parent: None,
            within: None,
            facility: None,
        }
    }

    /// The state and the history after a change.
    pub fn commit(&mut self, change: Change<Case>) -> CaseId {
        let (case, events, _) = change.into_parts();
        let id = case.id;
        self.histories.entry(id).or_default().extend(events);
        self.cases.insert(id, case);
        self.count();
        id
    }

    /// What the database counts when it reads a case.
    fn count(&mut self) {
        let masters: Vec<CaseId> = self.cases.values().filter_map(|case| case.master).collect();
        let is_open = |case: &&Case| matches!(case.phase, Phase::Open | Phase::Waiting);
        let parents: Vec<CaseId> = self.cases.values().filter(is_open).filter_map(|case| case.parent).collect();
        let n_of =
            |ids: &[CaseId], id: CaseId| u32::try_from(ids.iter().filter(|other| **other == id).count()).unwrap();
        for case in self.cases.values_mut() {
            case.n_followers = n_of(&masters, case.id);
            case.n_children_open = n_of(&parents, case.id);
        }
    }

    /// How somebody stands to a case; `None` for those who may not work on it.
    pub fn doer(&self, case: &Case, player: &Player) -> Option<Doer> {
        match player {
            Player::Resident => Some(Doer { actor: Actor::Reporter, standing: Standing::reporter() }),
            Player::System => Some(Doer { actor: Actor::System, standing: Standing::system() }),
            Player::Staff(nth) => {
                let caller = &self.people[*nth];
                let Decision::Allowed(role) = decide(caller, Act::WorkOnCase, &case.keys()) else { return None };
                Some(Doer { actor: caller.acting_as(role), standing: case.standing(caller) })
            }
        }
    }

    pub fn offers(&self, case: &Case, player: &Player) -> Vec<&ActionDef> {
        self.doer(case, player).map(|doer| case.offers(&self.book, &doer.standing, self.now)).unwrap_or_default()
    }

    /// What a command says of other cases.
    pub fn given(&self, fields: &Map<String, Value>) -> Given {
        let named = fields.get("case").and_then(Value::as_str).and_then(|id| id.parse::<CaseId>().ok());
        let master = named.and_then(|id| self.cases.get(&id)).map(|other| Master {
            id: other.id,
            is_open: matches!(other.phase, Phase::Open | Phase::Waiting) && other.master.is_none() && !other.private,
        });
        Given { fields: fields.clone(), master, ..Given::default() }
    }

    /// What would come of an action.
    pub fn try_act(
        &self,
        id: CaseId,
        player: &Player,
        verb: Action,
        fields: &Map<String, Value>,
    ) -> Option<Result<Change<Case>, Problem>> {
        let case = &self.cases[&id];
        let doer = self.doer(case, player)?;
        let given = self.given(fields);
        Some(self.decide(|world| case.clone().act(verb, &given, &doer, world)))
    }

    /// Takes an action, with what follows for other cases.
    pub fn act(
        &mut self,
        id: CaseId,
        player: &Player,
        verb: Action,
        fields: &Map<String, Value>,
    ) -> Result<(), Problem> {
        let before = self.cases[&id].phase;
        let change = self.try_act(id, player, verb, fields).unwrap()?;
        self.commit(change);
        self.follow_through(id, before);
        if verb == Action::Split {
            let category = fields["category"].as_str().unwrap().to_owned();
            let place = self.cases[&id].area.to_string();
            let mut draft = self.draft(&place, Some(&category), None);
            (draft.parent, draft.private) = (Some(id), self.cases[&id].private);
            let change = self.decide(|world| Case::report(draft, world, Actor::System))?;
            self.commit(change);
        }
        Ok(())
    }

    /// Everyone who called gets the answer of the case that theirs follows.
    fn follow_through(&mut self, id: CaseId, before: Phase) {
        let master = self.cases[&id].clone();
        let is_answered = |phase| matches!(phase, Phase::Settled | Phase::Closed);
        if !is_answered(master.phase) || is_answered(before) {
            return;
        }
        let waits = |case: &&Case| case.master == Some(master.id) && matches!(case.phase, Phase::Open | Phase::Waiting);
        let followers: Vec<Case> = self.cases.values().filter(waits).cloned().collect();
        let actor = self.histories[&id].last().unwrap().actor.clone();
        for follower in followers {
            let change = self.decide(|world| follower.after_its_master(&master, &actor, world)).unwrap();
            self.commit(change);
        }
    }

    /// The clock that ended first and was not looked at.
    fn over(&self) -> Option<(CaseId, linli_kernel::DeadlineId)> {
        let clocks = self.cases.values().flat_map(|case| case.deadlines.iter().map(move |clock| (case.id, clock)));
        let over = clocks.filter(|(_, clock)| clock.state == DeadlineState::Running && clock.due_at <= self.now);
        over.min_by_key(|(_, clock)| (clock.due_at, clock.id)).map(|(case, clock)| (case, clock.id))
    }

    /// What time alone changes.
    pub fn sweep(&mut self) -> usize {
        let mut n_fired = 0;
        while let Some((case, clock)) = self.over() {
            let before = self.cases[&case].phase;
            let change = self.decide(|world| self.cases[&case].clone().fall_due(clock, world)).unwrap();
            self.commit(change);
            self.follow_through(case, before);
            n_fired += 1;
            assert!(n_fired < 10_000, "a clock runs out without an end");
        }
        n_fired
    }
}

/// The fields of a command.
pub fn fields(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}
