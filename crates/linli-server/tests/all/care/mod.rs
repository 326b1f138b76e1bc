//! 关爱 over HTTP, on both databases: nobody without a basis, nobody learns more than they need, every look is told to the person, and
//! what has ended is gone.

mod going;
mod keeping;
mod knowing;
mod serving;

use serde_json::{Value, json};

use crate::world::{Answered, Session, World};
use linli_db::StoreError;

const DAY_MS: i64 = 86_400_000;
/// What nobody may find in a list: what only an entry says.
const WISH: &str = "下午三点以后先打电话";
const REFERENCE: &str = "渭残补〔2026〕077号";

async fn record(world: &World, who: &Session, kind: &str, area: &str, fields: Value) -> String {
    let path = format!("/api/registry/{kind}");
    let entered = world.post(who, &path, json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

/// A resident of the registry, alone in a flat of their own.
struct Person {
    dwelling: String,
    id: String,
}

async fn person(world: &World, who: &Session, (area, room): (&str, &str), more: Value) -> Person {
    let flat = json!({ "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": room, "dwelling_use": "living", "occupancy": "owner" });
    let dwelling = record(world, who, "dwellings", area, flat).await;
    let household = record(world, who, "households", area, json!({ "dwelling_id": dwelling })).await;
    let mut fields = json!({ "household_id": household, "name": "周秀兰", "relation": "head", "phone": "19900000001", "birth_month": "1944-05" });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = record(world, who, "residents", area, fields).await;
    Person { dwelling, id }
}

fn consent() -> Value {
    json!({ "kind": "consent", "by": "person", "how": "written" })
}

fn alone(person: &Person) -> Value {
    json!({ "resident_id": person.id, "category": "elder_alone", "basis": consent(), "plan": "living_alone", "wish": WISH, "expires_on": "2027-09-27" })
}

async fn enter(world: &World, who: &Session, body: Value) -> String {
    let entered = world.post(who, "/api/care", body).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

async fn act(world: &World, who: &Session, id: &str, body: Value) -> Answered {
    world.post(who, &format!("/api/care/{id}/acts"), body).await
}

async fn read(world: &World, who: &Session, id: &str, purpose: &str) -> Answered {
    world.post(who, &format!("/api/care/{id}/private"), json!({ "purpose": purpose })).await
}

async fn ids(world: &World, who: &Session, show: &str) -> Vec<String> {
    let list = world.get(who, &format!("/api/care?show={show}")).await.ok();
    list["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The account of somebody who may be paired.
async fn candidate(world: &World, clerk: &Session, id: &str, name: &str) -> String {
    let page = world.get(clerk, &format!("/api/care/{id}")).await.ok();
    let found = page["candidates"].as_array().unwrap().iter().find(|one| one["name"].as_str().unwrap().contains(name));
    found.unwrap_or_else(|| panic!("{name} is not among {page}"))["account"].as_str().unwrap().to_owned()
}

/// The person at their own phone, with a code from the counter.
async fn opened(world: &World, clerk: &Session, id: &str) -> Session {
    let given = world.post(clerk, &format!("/api/care/{id}/code"), json!({ "checked": "person" })).await;
    assert_eq!(given.status, 201, "{}", given.body);
    open(world, given.body["code"].as_str().unwrap()).await.unwrap()
}

async fn open(world: &World, code: &str) -> Result<Session, Answered> {
    let answered = world.post(&Session::none(), "/api/public/care/open", json!({ "code": code })).await;
    if answered.status == 204 { Ok(Session(answered.cookie)) } else { Err(answered) }
}

async fn own(world: &World, who: &Session, body: Value) -> Answered {
    world.post(who, "/api/public/care/acts", body).await
}

async fn number(world: &World, sql: &'static str) -> i64 {
    world.app.db.read(move |conn| conn.number(sql, &[])).await.map_err(|error: StoreError| error).unwrap()
}

/// A phone that asks and obeys.
struct Phone {
    who: Session,
    id: String,
    cursor: Option<String>,
    rows: std::collections::BTreeMap<String, Value>,
    next: u32,
}

impl Phone {
    async fn of(world: &World, who: Session) -> Self {
        let device = world.post(&who, "/api/sync/devices", json!({ "name": "我的手机" })).await;
        let id = device.body["id"].as_str().unwrap().to_owned();
        Self { who, id, cursor: None, rows: std::collections::BTreeMap::new(), next: 1 }
    }

    /// Asks until there is no more; how many rows of care were sent.
    async fn pull(&mut self, world: &World) -> usize {
        let mut n_sent = 0;
        loop {
            let cursor = self.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = world.get(&self.who, &format!("/api/sync/pull?device={}{cursor}", self.id)).await.ok();
            for gone in page["removals"].as_array().unwrap().iter().filter(|row| row["kind"] == "care_visit") {
                self.rows.remove(gone["id"].as_str().unwrap());
            }
            for row in page["upserts"].as_array().unwrap().iter().filter(|row| row["kind"] == "care_visit") {
                self.rows.insert(row["id"].as_str().unwrap().to_owned(), row["body"].clone());
                n_sent += 1;
            }
            self.cursor = page["next_cursor"].as_str().map(str::to_owned);
            if page["has_more"] != true {
                return n_sent;
            }
        }
    }

    async fn visit(&mut self, world: &World, id: &str, met: &str) -> Value {
        self.record(world, id, json!({ "met": met, "note": "精神不错，药按时吃" })).await
    }

    async fn record(&mut self, world: &World, id: &str, payload: Value) -> Value {
        let command = json!({
            "op_id": format!("019a5f0e-7c3a-7000-8000-{:012x}", u128::from_str_radix(&self.id.replace('-', "")[20..], 16).unwrap() % 0xffff_ffff * 4_096 + u128::from(self.next)),
            "device_id": self.id, "device_seq": self.next, "type": "care.visit", "entity_id": id, "captured_at": world.app.now(),
            "payload": payload, "attachments": [],
        });
        self.next += 1;
        let body = world.post(&self.who, "/api/sync/push", json!({ "commands": [command] })).await.ok();
        body["results"][0]["outcome"].clone()
    }
}

fn field(body: &Value) -> (&str, &str) {
    (body["errors"][0]["field"].as_str().unwrap(), body["errors"][0]["code"].as_str().unwrap())
}

/// What somebody learns of an entry, in a line.
async fn view(world: &World, name: &str, id: &str) -> String {
    let who = world.as_(name).await;
    let list = world.get(&who, "/api/care?show=all").await;
    let page = world.get(&who, &format!("/api/care/{id}")).await;
    let why = read(world, &who, id, "核对").await;
    let (page_status, why_status) = (page.status.as_u16(), why.status.as_u16());
    if !list.status.is_success() {
        return format!("{name}: {} {page_status} {why_status}", list.status.as_u16());
    }
    let items = list.body["items"].as_array().unwrap();
    let Some(row) = items.iter().find(|row| row["id"] == id) else {
        return format!("{name}: - {page_status} {why_status}");
    };
    let due = if row["due"] == "now" { "due" } else { "not due" };
    format!(
        "{name}: {due} {} {page_status} {why_status} keep={} visit={} state={}",
        row["name"].as_str().unwrap(),
        page.body["may_keep"],
        page.body["may_visit"],
        row["state"]
    )
}
