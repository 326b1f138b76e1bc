//! The protocol of phones as a property: whatever the network does to what they send, the city ends as if every command had
//! been sent once and in order; each has one outcome, and sent again it is answered the same, byte for byte.
//!
//! A story is made from a seed: three phones of two people note and do things over 72 hours, with clocks that are wrong by up
//! to a day. They send when they can: some of it, out of order, twice; answers are lost; the server is gone and another is
//! opened on the same database. Then the same commands are sent to a fresh city, one by one, in the order in which they
//! were done.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{GRID_1, Session, World, monday, reply};
use linli_access::session::{self, Token};
use linli_kernel::{AccountId, Timestamp};
use linli_testkit::{Backend, TestDb};

const HOUR_MS: i64 = 3_600_000;
const STORY_MS: i64 = 72 * HOUR_MS;
/// Whose phones: two of one person, one of another.
const OWNERS: [&str; 3] = ["worker1", "worker1", "head"];
const N_CASES: u64 = 6;
/// Homes that are there already: few, so that their changes meet.
const N_HOMES: u64 = 3;
const OCCUPANCIES: [&str; 3] = ["owner", "rented", "empty"];

/// Chance that is the same on every run.
struct Chance(u64);

impl Chance {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    const fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn ms_below(&mut self, n: i64) -> i64 {
        i64::try_from(self.below(u64::try_from(n).unwrap())).unwrap()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = usize::try_from(self.below(u64::try_from(i + 1).unwrap())).unwrap();
            items.swap(i, j);
        }
    }
}

/// What a deed is about.
#[derive(Clone, Debug)]
enum About {
    /// Something that it makes, and that nobody needs to name.
    New,
    /// A case that is there already, by its number.
    Case(usize),
    /// A home that is there already, by its number.
    Home(usize),
    /// A home that it enters, under an id of the phone's own.
    Entered(String),
}

/// What somebody did, before any city knows of it.
#[derive(Clone, Debug)]
struct Deed {
    phone: usize,
    seq: u32,
    op_id: String,
    at: Timestamp,
    kind: &'static str,
    about: About,
    base_version: Option<u64>,
    captured_at: Timestamp,
    payload: Value,
}

fn changed(fields: Value) -> Value {
    json!({ "kind": "dwelling", "fields": fields })
}

fn home_fields(room: &str) -> Value {
    json!({ "compound": "幸福小区", "building": "3号楼", "room": room, "dwelling_use": "living", "occupancy": "owner" })
}

fn story(seed: u64, n: usize) -> Vec<Deed> {
    let mut chance = Chance(seed);
    let skews: Vec<i64> = OWNERS.iter().map(|_| chance.ms_below(48 * HOUR_MS) - 24 * HOUR_MS).collect();
    let mut moments: Vec<i64> = (0..n).map(|_| chance.ms_below(STORY_MS)).collect();
    moments.sort_unstable();
    let mut seqs = [0_u32; 3];
    let deed = |(n, ms): (usize, i64)| {
        let phone = usize::try_from(chance.below(3)).unwrap();
        seqs[phone] += 1;
        let at = monday().plus_ms(ms);
        let case = usize::try_from(chance.below(N_CASES)).unwrap();
        let home = About::Home(usize::try_from(chance.below(N_HOMES)).unwrap());
        let act = |action: &str, fields: Value| json!({ "action": action, "fields": fields });
        let (kind, about, payload) = match chance.below(15) {
            0 | 1 => (
                "case.report",
                About::New,
                json!({ "text": format!("第{n}件：路灯不亮"), "area_code": GRID_1, "category": "street_light" }),
            ),
            2 | 3 => (
                "visit.record",
                About::New,
                json!({ "kind": "patrol", "area_code": GRID_1, "note": format!("第{n}次巡查") }),
            ),
            4 => (
                "visit.finding",
                About::New,
                json!({ "kind": "visit", "area_code": GRID_1, "note": format!("第{n}次走访"), "finding": { "text": format!("第{n}件：井盖松动"), "category": "street_light" } }),
            ),
            5 => ("case.act", About::Case(case), act("take", json!({}))),
            6 => ("case.act", About::Case(case), act("settle", json!({ "reply": reply() }))),
            7 => ("case.act", About::Case(case), act("accept", json!({}))),
            8 => ("case.no_such", About::Case(case), json!({})),
            9 => ("registry.change", home, changed(json!({ "area_m2": (60 + n % 7).to_string() }))),
            10 => ("registry.change", home, changed(json!({ "occupancy": OCCUPANCIES[n % OCCUPANCIES.len()] }))),
            11 => (
                "registry.change",
                home,
                changed(json!({ "unit": format!("{}单元", n % 4), "area_m2": (90 + n % 3).to_string() })),
            ),
            12 => ("registry.confirm", home, json!({ "kind": "dwelling" })),
            13 => (
                "registry.enter",
                About::Entered(format!("019a5f0e-7c3a-7000-8000-d{n:011x}")),
                json!({ "kind": "dwelling", "area_code": GRID_1, "fields": home_fields(&format!("{n}室")) }),
            ),
            _ => ("case.act", About::Case(case), act("comment", json!({ "text": format!("第{n}句话") }))),
        };
        Deed {
            phone,
            seq: seqs[phone],
            op_id: format!("019a5f0e-7c3a-7000-8000-{n:012x}"),
            at,
            kind,
            base_version: match about {
                About::Case(_) => Some(chance.below(8)),
                About::Home(_) => Some(1 + chance.below(4)),
                About::New | About::Entered(_) => None,
            },
            about,
            captured_at: at.plus_ms(skews[phone]),
            payload,
        }
    };
    moments.into_iter().enumerate().map(deed).collect()
}

/// A city with the phones enrolled and the cases reported that the story is about.
struct City {
    world: World,
    accounts: BTreeMap<String, AccountId>,
    devices: Vec<String>,
    cases: Vec<String>,
    homes: Vec<String>,
}

impl City {
    async fn new(backend: Backend) -> Self {
        let world = World::new(TestDb::new(backend)).await;
        let accounts = world
            .app
            .db
            .read(|conn| {
                conn.all("SELECT name, id FROM account", &[], |row| Ok((row.get::<String>("name")?, row.parse("id")?)))
            })
            .await
            .map_err(|error: linli_db::StoreError| error)
            .unwrap();
        let mut city = Self {
            world,
            accounts: accounts.into_iter().collect(),
            devices: Vec::new(),
            cases: Vec::new(),
            homes: Vec::new(),
        };
        for n in 0..N_CASES {
            let body =
                json!({ "text": format!("原有第{n}件：路灯不亮"), "area_code": GRID_1, "category": "street_light" });
            let made = city.world.post(&Session::none(), "/api/cases", body).await.ok();
            let code = made["code"].as_str().unwrap().to_owned();
            let id = city.world.app.db.read(move |conn| {
                conn.first("SELECT id FROM cases WHERE code = $1", &linli_db::params![code], |row| {
                    row.get::<String>("id")
                })
            });
            city.cases.push(id.await.map_err(|error: linli_db::StoreError| error).unwrap().unwrap());
        }
        let worker = city.session("worker1").await;
        for n in 0..N_HOMES {
            let body = json!({ "area_code": GRID_1, "fields": home_fields(&format!("原{n}室")) });
            let made = city.world.post(&worker, "/api/registry/dwellings", body).await.ok();
            city.homes.push(made["id"].as_str().unwrap().to_owned());
        }
        for owner in OWNERS {
            let who = city.session(owner).await;
            let made = city.world.post(&who, "/api/sync/devices", json!({ "name": owner })).await.ok();
            city.devices.push(made["id"].as_str().unwrap().to_owned());
        }
        city
    }

    /// Signs in without the slow hash: the story is about what is sent, over more hours than a session lasts.
    async fn session(&self, name: &str) -> Session {
        let (account, now, token) = (self.accounts[name], self.world.app.now(), Token::new().unwrap());
        let started = token.clone();
        self.world.app.db.write(move |tx| session::start(tx, &started, account, now)).await.unwrap();
        Session(token.cookie(false, linli_access::session::LIFE_MS).split(';').next().map(str::to_owned))
    }

    fn command(&self, deed: &Deed) -> Value {
        let entity = match &deed.about {
            About::New => None,
            About::Case(case) => Some(self.cases[*case].clone()),
            About::Home(home) => Some(self.homes[*home].clone()),
            About::Entered(id) => Some(id.clone()),
        };
        json!({
            "op_id": deed.op_id, "device_id": self.devices[deed.phone], "device_seq": deed.seq, "type": deed.kind,
            "entity_id": entity, "base_version": deed.base_version,
            "captured_at": deed.captured_at, "payload": deed.payload, "attachments": [],
        })
    }

    async fn push(&self, phone: usize, deeds: &[&Deed]) -> Vec<(String, Value)> {
        let who = self.session(OWNERS[phone]).await;
        let commands: Vec<Value> = deeds.iter().map(|deed| self.command(deed)).collect();
        let answered = self.world.post(&who, "/api/sync/push", json!({ "commands": commands })).await.ok();
        let results = answered["results"].as_array().unwrap().iter();
        results.map(|result| (result["op_id"].as_str().unwrap().to_owned(), result["outcome"].clone())).collect()
    }

    async fn rows(&self, sql: &'static str, columns: &'static [&'static str]) -> Vec<Vec<String>> {
        let rows = self.world.app.db.read(move |conn| {
            conn.all(sql, &[], |row| {
                columns.iter().map(|column| row.get::<Option<String>>(column).map(Option::unwrap_or_default)).collect()
            })
        });
        rows.await.map_err(|error: linli_db::StoreError| error).unwrap()
    }

    /// The city as it stands, without what differs between two cities by nature: ids and codes.
    async fn state(&self) -> BTreeMap<&'static str, Vec<Vec<String>>> {
        let mut state = BTreeMap::new();
        state.insert(
            "cases",
            self.rows(
                "SELECT c.body, c.stage, c.phase, c.channel, a.name AS handler, CAST(c.version AS TEXT) AS version, CAST(c.reported_at AS TEXT) AS reported_at FROM cases c LEFT JOIN account a ON a.id = c.handler_id ORDER BY c.body",
                &["body", "stage", "phase", "channel", "handler", "version", "reported_at"],
            )
            .await,
        );
        state.insert(
            "events",
            self.rows(
                "SELECT c.body, CAST(e.n AS TEXT) AS n, e.kind, CAST(e.at AS TEXT) AS at, a.name AS actor, t.body AS said FROM event e JOIN cases c ON e.stream_kind = 'case' AND c.id = e.stream_id \
                 LEFT JOIN account a ON a.id = e.actor_id LEFT JOIN event_text t ON t.stream_kind = e.stream_kind AND t.stream_id = e.stream_id AND t.n = e.n ORDER BY c.body, e.n",
                &["body", "n", "kind", "at", "actor", "said"],
            )
            .await,
        );
        state.insert(
            "visits",
            self.rows(
                "SELECT v.note, v.kind, v.result, c.body AS matter, a.name AS who, CAST(v.captured_at AS TEXT) AS captured_at, CAST(v.received_at AS TEXT) AS received_at FROM visit v \
                 LEFT JOIN cases c ON c.id = v.case_id LEFT JOIN account a ON a.id = v.account_id ORDER BY v.note",
                &["note", "kind", "result", "matter", "who", "captured_at", "received_at"],
            )
            .await,
        );
        state.insert(
            "homes",
            self.rows(
                "SELECT label, area_m2, occupancy, CAST(version AS TEXT) AS version, CAST(changed_at AS TEXT) AS changed_at, CAST(confirmed_at AS TEXT) AS confirmed_at FROM dwelling ORDER BY label, id",
                &["label", "area_m2", "occupancy", "version", "changed_at", "confirmed_at"],
            )
            .await,
        );
        state.insert(
            "proposals",
            self.rows(
                "SELECT d.label, p.field, CAST(p.base_version AS TEXT) AS base_version, CAST(p.at AS TEXT) AS at, p.state FROM registry_proposal p JOIN dwelling d ON d.id = p.record_id ORDER BY p.at, d.label, p.field",
                &["label", "field", "base_version", "at", "state"],
            )
            .await,
        );
        state
    }

    /// What was done, in its order, with the moment.
    async fn order(&self) -> Vec<(String, Timestamp)> {
        let done = self.world.app.db.read(|conn| {
            conn.all(
                "SELECT op_id, done_at FROM sync_command WHERE outcome IS NOT NULL ORDER BY done_at, device_seq",
                &[],
                |row| Ok((row.get::<String>("op_id")?, row.at("done_at")?)),
            )
        });
        done.await.map_err(|error: linli_db::StoreError| error).unwrap()
    }
}

/// What an outcome says, without ids and codes.
fn told(outcome: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&outcome["status"]), text(&outcome["problem"]["code"]), outcome["entity"]["version"].to_string())
}

/// What the phones know of their commands.
#[derive(Default)]
struct Heard {
    /// Final outcomes, as the server said them first.
    outcomes: BTreeMap<String, String>,
    n_replays: usize,
    n_held: usize,
    n_restarts: usize,
}

impl Heard {
    fn note(&mut self, op_id: &str, outcome: &Value) {
        if outcome["status"] == "held" {
            assert!(!self.outcomes.contains_key(op_id), "what has an outcome is held no more");
            self.n_held += 1;
            return;
        }
        let said = outcome.to_string();
        match self.outcomes.get(op_id) {
            Some(before) => {
                self.n_replays += 1;
                assert_eq!(*before, said, "{op_id} is answered the same");
            }
            None => drop(self.outcomes.insert(op_id.to_owned(), said)),
        }
    }
}

/// Sends a story through a bad network; the city that came of it.
async fn through_a_bad_network(mut city: City, deeds: &[Deed], seed: u64) -> (City, Heard) {
    let mut chance = Chance(seed ^ 0x5EED);
    let mut heard = Heard::default();
    let mut acknowledged: BTreeMap<&str, ()> = BTreeMap::new();
    let mut now = monday();
    let n_rounds = deeds.len() / 3 + 6;
    for round in 0..=n_rounds {
        let is_last = round == n_rounds;
        let share = i64::try_from(round).unwrap() * (STORY_MS + HOUR_MS) / i64::try_from(n_rounds).unwrap();
        now = now.plus_ms(1_000).max(monday().plus_ms(share));
        for phone in 0..OWNERS.len() {
            now = now.plus_ms(1);
            city.world.clock.set(now);
            if chance.one_in(12) {
                city.world = city.world.reopened().await;
                heard.n_restarts += 1;
            }
            let noted = |deed: &&Deed| deed.phone == phone && deed.at <= now;
            let mut batch: Vec<&Deed> =
                deeds.iter().filter(noted).filter(|deed| !acknowledged.contains_key(deed.op_id.as_str())).collect();
            if !is_last {
                if chance.one_in(3) {
                    continue;
                }
                // Only a part gets through, with gaps.
                batch.retain(|_| !chance.one_in(4));
                // And some of what was sent long ago comes once more.
                let old: Vec<&Deed> = deeds.iter().filter(noted).collect();
                for _ in 0..chance.below(4).min(u64::try_from(old.len()).unwrap()) {
                    batch.push(old[usize::try_from(chance.below(u64::try_from(old.len()).unwrap())).unwrap()]);
                }
                chance.shuffle(&mut batch);
            }
            for batch in batch.chunks(50) {
                now = now.plus_ms(1);
                city.world.clock.set(now);
                let results = city.push(phone, batch).await;
                let is_lost = !is_last && chance.one_in(3);
                for (op_id, outcome) in results {
                    heard.note(&op_id, &outcome);
                    if !is_lost && outcome["status"] != "held" {
                        let known = deeds.iter().find(|deed| deed.op_id == op_id).unwrap();
                        acknowledged.insert(&known.op_id, ());
                    }
                }
            }
        }
    }
    (city, heard)
}

async fn check(backend: Backend, seed: u64, n: usize) {
    let deeds = story(seed, n);
    let (city, heard) = through_a_bad_network(City::new(backend).await, &deeds, seed).await;
    let order = city.order().await;
    assert_eq!(order.len(), deeds.len(), "seed {seed}: every command is done once");
    assert_eq!(heard.outcomes.len(), deeds.len(), "seed {seed}: every command has an outcome");
    for phone in 0..OWNERS.len() {
        let of_phone = |op_id: &String| {
            deeds.iter().find(|deed| deed.op_id == *op_id).filter(|deed| deed.phone == phone).map(|deed| deed.seq)
        };
        let seqs: Vec<u32> = order.iter().filter_map(|(op_id, _)| of_phone(op_id)).collect();
        assert!(seqs.is_sorted(), "seed {seed}: the commands of a phone are done in their order");
    }
    // Once more, all of it: nothing changes.
    let before = city.state().await;
    let mut heard = heard;
    for phone in 0..OWNERS.len() {
        let all: Vec<&Deed> = deeds.iter().filter(|deed| deed.phone == phone).collect();
        for batch in all.chunks(50) {
            for (op_id, outcome) in city.push(phone, batch).await {
                heard.note(&op_id, &outcome);
            }
        }
    }
    assert!(city.state().await == before, "seed {seed}: sent again it changes nothing");

    let plain = City::new(backend).await;
    for (op_id, at) in &order {
        let deed = deeds.iter().find(|deed| deed.op_id == *op_id).unwrap();
        plain.world.clock.set(*at);
        let results = plain.push(deed.phone, &[deed]).await;
        let outcome: Value = serde_json::from_str(&heard.outcomes[op_id]).unwrap();
        assert_eq!(told(&results[0].1), told(&outcome), "seed {seed}: {deed:?}");
    }
    let once = plain.state().await;
    for (what, rows) in &once {
        assert_eq!(&before[what], rows, "seed {seed}: {what}");
    }
    assert!(heard.n_replays > n / 3, "seed {seed}: the network was bad: {} replays", heard.n_replays);
    assert!(n < 100 || heard.n_held > 0, "seed {seed}: some came before their turn");
    let n_met = before["proposals"].len();
    assert!(n < 100 || n_met > 0, "seed {seed}: some changes of records meet");
    let n_applied = heard.outcomes.values().filter(|outcome| outcome.contains("\"status\":\"applied\"")).count();
    assert!(n_applied > n / 4 && n_applied < n, "seed {seed}: some is done and some is refused: {n_applied} of {n}");
    assert!(n < 100 || heard.n_restarts > 3, "seed {seed}: the server was gone {} times", heard.n_restarts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_commands_over_three_days_end_as_if_sent_once_in_order_on_sqlite() {
    check(Backend::Sqlite, 1, 300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_network_does_the_city_is_the_same_on_sqlite() {
    for seed in 2..8 {
        check(Backend::Sqlite, seed, 30).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_commands_over_three_days_end_as_if_sent_once_in_order_on_postgres() {
    check(Backend::Postgres, 101, 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_network_does_the_city_is_the_same_on_postgres() {
    for seed in 102..104 {
        check(Backend::Postgres, seed, 30).await;
    }
}
