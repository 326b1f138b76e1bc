//! The invented staff: who works where, and who answers at which seat.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;

use linli_access::{Caller, Grant, password};
use linli_civic::app::App;
use linli_civic::areas::synth::Chance;
use linli_civic::cases::{Case, Seat};
use linli_civic::people::duty::PHONE_FIELD;
use linli_civic::people::model::Account;
use linli_db::StoreError;
use linli_kernel::{AccountId, Actor, AreaCode, AreaLevel, GrantId, Phone, Role};
use linli_playbook::Playbook;

use super::chance::Draw;
use super::ground::Ground;
use super::texts::{DemoPerson, People};

/// Someone who works here.
#[derive(Clone, Debug)]
pub struct Person {
    /// As the engine knows them.
    pub caller: Caller,
    /// What they are; a head of three grids is one at each.
    pub role: Role,
    /// The unit that they work for.
    pub unit: Option<String>,
}

/// Everybody who works in the demo.
pub struct Cast {
    people: Vec<Person>,
    at_seat: HashMap<String, Vec<usize>>,
    passwords: HashMap<AccountId, String>,
    phones: HashMap<AccountId, Phone>,
}

/// No password has this hash: whoever has no part on the sign-in page cannot sign in.
const NO_PASSWORD: &str = "!";
/// Roles that accept, dispatch and close.
const CLERKS: [Role; 4] = [Role::CommunityClerk, Role::StreetDispatcher, Role::HotlineClerk, Role::CountyLeader];
const LEVELS_UP: [AreaLevel; 4] = [AreaLevel::Community, AreaLevel::Street, AreaLevel::County, AreaLevel::City];

impl Cast {
    /// Invents everybody.
    ///
    /// # Errors
    /// When the texts name an area that is none: a fault of ours.
    pub fn invent(app: &App, people: &People, ground: &Ground, book: &Playbook) -> anyhow::Result<Self> {
        let mut invention = Invention {
            app,
            names: Names::new(people),
            next_phone: people.phones.staff_from.parse().context("the first invented phone number")?,
            demo: people.demo.clone(),
            cast: Self {
                people: Vec::new(),
                at_seat: HashMap::new(),
                passwords: HashMap::new(),
                phones: HashMap::new(),
            },
        };
        for neighbourhood in &ground.neighbourhoods {
            for grid in &neighbourhood.grids {
                invention.hire(Role::GridWorker, &[*grid], None)?;
            }
            for micro in &neighbourhood.micro_grids {
                invention.hire(Role::GridWorker, &[*micro], None)?;
            }
            for grids in neighbourhood.grids.chunks(3) {
                invention.hire(Role::GridHead, grids, None)?;
            }
            for _ in 0..3 {
                invention.hire(Role::CommunityClerk, &[neighbourhood.code], None)?;
            }
        }
        for (community, _) in &ground.around {
            invention.hire(Role::CommunityClerk, &[*community], None)?;
            invention.hire(Role::CommunityClerk, &[*community], None)?;
        }
        let at = |level: AreaLevel| -> BTreeSet<AreaCode> {
            ground.neighbourhoods.iter().map(|neighbourhood| neighbourhood.code.at(level)).collect()
        };
        for unit in &book.units {
            for area in at(unit.level) {
                invention.hire(Role::DepartmentClerk, &[area], Some(&unit.code))?;
            }
        }
        for street in at(AreaLevel::Street) {
            invention.hire(Role::StreetDispatcher, &[street], None)?;
            invention.hire(Role::StreetDispatcher, &[street], None)?;
        }
        for county in at(AreaLevel::County) {
            invention.hire(Role::CountyLeader, &[county], None)?;
        }
        for city in at(AreaLevel::City) {
            invention.hire(Role::HotlineClerk, &[city], None)?;
            invention.hire(Role::HotlineClerk, &[city], None)?;
        }
        // Who works on no case: auditor, administrator.
        for person in invention.demo.clone() {
            let area = AreaCode::parse(&person.area)?;
            invention.hire(person.role, &[area], person.unit.as_deref())?;
        }
        // Posted at their compounds beside those who answer. After all others: whoever else is invented stays as they were.
        for neighbourhood in &ground.neighbourhoods {
            for grids in neighbourhood.grids.chunks(2) {
                invention.hire(Role::CompoundLead, grids, None)?;
            }
            for grids in neighbourhood.grids.chunks(3) {
                invention.hire(Role::LinkPerson, grids, None)?;
            }
        }
        Ok(invention.cast)
    }

    /// Makes their accounts.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self, app: &App, mut progress: impl FnMut(usize)) -> anyhow::Result<()> {
        let at = app.now();
        let mut hashes: HashMap<String, String> = HashMap::new();
        let mut accounts = Vec::new();
        for person in &self.people {
            let id = person.caller.account;
            let password_hash = match self.passwords.get(&id) {
                Some(word) => match hashes.get(word) {
                    Some(hash) => hash.clone(),
                    None => {
                        let hash = password::hash(word).map_err(|error| anyhow::anyhow!("cannot hash: {error}"))?;
                        hashes.insert(word.clone(), hash.clone());
                        hash
                    }
                },
                None => NO_PASSWORD.to_owned(),
            };
            let phone = self.phones.get(&id);
            let account = Account {
                id,
                name: person.caller.name.clone(),
                display_name: person.caller.display_name.clone(),
                phone_sealed: phone.map(|phone| app.vault.seal_phone(PHONE_FIELD, phone)).transpose()?,
                disabled_at: None,
                locked_until: None,
                last_login_at: None,
                version: 1,
                grants: person.caller.grants.clone(),
            };
            accounts.push((account, password_hash));
        }
        for batch in accounts.chunks(200) {
            let batch = batch.to_vec();
            let n = batch.len();
            app.db
                .write(move |tx| {
                    batch.iter().try_for_each(|(account, hash)| {
                        tx.commit(account.clone().open_ready(hash.clone(), Actor::System, at)).map(drop)
                    })
                })
                .await
                .map_err(|error: StoreError| error)?;
            progress(n);
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.people.len()
    }

    /// Everybody, as the engine knows them.
    #[must_use]
    pub fn callers(&self) -> Vec<Caller> {
        self.people.iter().map(|person| person.caller.clone()).collect()
    }

    /// Somebody.
    #[must_use]
    pub fn get(&self, who: usize) -> Option<&Person> {
        self.people.get(who)
    }

    /// The name of an account.
    #[must_use]
    pub fn name_of(&self, account: AccountId) -> &str {
        self.people
            .iter()
            .find(|person| person.caller.account == account)
            .map_or("", |person| person.caller.display_name.as_str())
    }

    fn holding(&self, key: &str, roles: &[Role]) -> Vec<usize> {
        let at = self.at_seat.get(key).map(Vec::as_slice).unwrap_or_default();
        at.iter()
            .copied()
            .filter(|who| self.people.get(*who).is_some_and(|person| roles.contains(&person.role)))
            .collect()
    }

    /// Whether anybody answers at a seat.
    #[must_use]
    pub fn answers(&self, seat: &Seat) -> bool {
        self.at_seat.contains_key(&seat.key())
    }

    /// The one with this sign-in name, if they answer at the seat.
    #[must_use]
    pub fn named(&self, seat: &Seat, name: &str) -> Option<usize> {
        let at = self.at_seat.get(&seat.key())?;
        at.iter().copied().find(|who| self.people.get(*who).is_some_and(|person| person.caller.name == name))
    }

    /// The one with this sign-in name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<usize> {
        self.people.iter().position(|person| person.caller.name == name)
    }

    /// Who takes a case at a seat.
    #[must_use]
    pub fn taker(&self, seat: &Seat, chance: &mut Chance) -> Option<usize> {
        let key = seat.key();
        let workers = self.holding(&key, &[Role::GridWorker]);
        let heads = self.holding(&key, &[Role::GridHead]);
        if !workers.is_empty() && (heads.is_empty() || chance.hits(0.93)) {
            return chance.pick(&workers).copied();
        }
        let others =
            [Role::GridHead, Role::CommunityClerk, Role::StreetDispatcher, Role::DepartmentClerk, Role::CountyLeader];
        chance.pick(&self.holding(&key, &others)).copied()
    }

    /// A clerk at the seat's area or the nearest above it, who never handled the case.
    #[must_use]
    pub fn clerk(&self, case: &Case, chance: &mut Chance) -> Option<usize> {
        // A grid has no clerks of its own: those of its community decide.
        LEVELS_UP.into_iter().filter(|level| *level <= case.seat.level()).find_map(|level| {
            let mut found = self.holding(&case.seat.area.at(level).to_string(), &CLERKS);
            found.retain(|who| self.is_free_of(*who, case));
            chance.pick(&found).copied()
        })
    }

    /// Who checks what others did: heads of the grid, clerks of the community, the street, the hotline.
    #[must_use]
    pub fn checker(&self, case: &Case, chance: &mut Chance) -> Option<usize> {
        let own = case.seat.area.to_string();
        let mut likely: Vec<(usize, f64)> = Vec::new();
        let mut add = |found: Vec<usize>, weight: f64| {
            likely.extend(found.into_iter().map(|who| (who, weight)));
        };
        add(self.holding(&own, &[Role::GridHead]), 3.0);
        add(self.holding(&case.area.at(AreaLevel::Community).to_string(), &[Role::CommunityClerk]), 1.2);
        if case.seat.level() <= AreaLevel::Community {
            add(self.holding(&case.area.at(AreaLevel::Street).to_string(), &[Role::StreetDispatcher]), 0.8);
            add(self.holding(&case.area.at(AreaLevel::City).to_string(), &[Role::HotlineClerk]), 0.5);
        }
        likely.retain(|(who, _)| self.is_free_of(*who, case));
        let chosen = chance.weighted(likely.iter().map(|(_, weight)| *weight));
        likely.get(chosen).map(|(who, _)| *who)
    }

    fn is_free_of(&self, who: usize, case: &Case) -> bool {
        self.people.get(who).is_some_and(|person| {
            !case.hands.contains(&person.caller.account) && case.handler != Some(person.caller.account)
        })
    }

    /// Who writes down what a resident says: on a visit, at the counter, on the telephone, at the hotline.
    #[must_use]
    pub fn registrar(&self, area: &AreaCode, channel: linli_kernel::Channel, chance: &mut Chance) -> Option<usize> {
        use linli_kernel::Channel;
        match channel {
            Channel::Web | Channel::Qr => None,
            Channel::Visit => {
                let mut found = self.holding(area.as_str(), &[Role::GridWorker]);
                if found.is_empty() || chance.hits(0.4) {
                    found = self.holding(area.at(AreaLevel::Grid).as_str(), &[Role::GridWorker]);
                }
                if found.is_empty() {
                    found = self.holding(area.at(AreaLevel::Community).as_str(), &[Role::CommunityClerk]);
                }
                chance.pick(&found).copied()
            }
            Channel::Counter | Channel::Phone | Channel::Proactive | Channel::Split => {
                chance.pick(&self.holding(area.at(AreaLevel::Community).as_str(), &[Role::CommunityClerk])).copied()
            }
            Channel::Hotline | Channel::Api => {
                chance.pick(&self.holding(area.at(AreaLevel::City).as_str(), &[Role::HotlineClerk])).copied()
            }
        }
    }

    /// The one who has the case in hand.
    #[must_use]
    pub fn handler(&self, case: &Case) -> Option<usize> {
        let account = case.handler?;
        let at = self.at_seat.get(&case.seat.key())?;
        let holds = |who: &&usize| self.people.get(**who).is_some_and(|person| person.caller.account == account);
        at.iter().find(holds).copied()
    }
}

struct Invention<'a> {
    app: &'a App,
    names: Names<'a>,
    next_phone: u64,
    demo: Vec<DemoPerson>,
    cast: Cast,
}

impl Invention<'_> {
    /// Puts somebody in place; the demo's own people first.
    fn hire(&mut self, role: Role, areas: &[AreaCode], unit: Option<&str>) -> anyhow::Result<()> {
        let now = self.app.now();
        let known = self.demo.iter().position(|person| {
            person.role == role
                && person.unit.as_deref() == unit
                && areas.iter().any(|area| area.as_str() == person.area)
        });
        let known = known.map(|index| self.demo.swap_remove(index));
        let who = self.cast.people.len();
        let account = AccountId::new(self.app.ids.uuid(now));
        let display_name = known.as_ref().map_or_else(|| self.names.next(role), |person| person.display_name.clone());
        let name = known.as_ref().map_or_else(|| format!("staff{:04}", who + 1), |person| person.name.clone());
        let grants = areas
            .iter()
            .map(|area| Grant {
                id: GrantId::new(self.app.ids.uuid(now)),
                role,
                area: *area,
                unit: unit.map(str::to_owned),
                starts_at: now,
                ends_at: None,
            })
            .collect();
        for area in areas {
            let seat = Seat { area: *area, unit: unit.map(str::to_owned) };
            self.cast.at_seat.entry(seat.key()).or_default().push(who);
        }
        if let Some(person) = known {
            self.cast.passwords.insert(account, person.password);
        }
        let phone = Phone::parse(&self.next_phone.to_string())?;
        self.next_phone += 1;
        self.cast.phones.insert(account, phone);
        let caller = Caller { account, name, display_name, must_change_password: false, grants };
        self.cast.people.push(Person { caller, role, unit: unit.map(str::to_owned) });
        Ok(())
    }
}

/// Invents names of people.
pub struct Names<'a> {
    people: &'a People,
    chance: Chance,
    used: BTreeSet<String>,
}

impl<'a> Names<'a> {
    /// Names that no demo account bears.
    #[must_use]
    pub fn new(people: &'a People) -> Self {
        let used = people.demo.iter().map(|person| person.display_name.clone()).collect();
        Self { people, chance: Chance::of("names of the demo"), used }
    }

    fn next(&mut self, role: Role) -> String {
        let born: &[&str] = match role {
            Role::GridWorker => &["y1970", "y1980", "y1990"],
            Role::CountyLeader | Role::GridHead => &["y1970", "y1980"],
            _ => &["y1980", "y1990"],
        };
        let mut name = String::new();
        for _ in 0..40 {
            let side = if self.chance.hits(0.55) { "women" } else { "men" };
            let decade = self.chance.pick(born).copied().unwrap_or("y1980");
            let given = self.people.given.get(side).and_then(|decades| decades.get(decade));
            let given = given.and_then(|names| self.chance.pick(names)).cloned().unwrap_or_default();
            name = format!("{}{given}", self.surname());
            if !self.people.never.contains(&name) && self.used.insert(name.clone()) {
                break;
            }
        }
        name
    }

    fn surname(&mut self) -> &'a str {
        let surnames = &self.people.surnames;
        let chosen = self.chance.weighted(surnames.iter().map(|surname| surname.weight));
        surnames.get(chosen).map_or("王", |surname| surname.name.as_str())
    }
}
