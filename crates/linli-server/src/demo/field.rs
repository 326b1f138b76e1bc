//! The field work of the first demo community: key premises and their inspections, patrols and visits by list, meetings, the
//! roster of its warm station. Told day by day between the cases, through the same commands.

use linli_access::Caller;
use linli_civic::app::App;
use linli_civic::areas::synth::Chance;
use linli_civic::cases::command::{Command, Who, run_in};
use linli_civic::cases::report::{self, ReportCase, Sender};
use linli_civic::cases::store::{self as cases, Named};
use linli_civic::duties::gathering::{self, RecordGathering};
use linli_civic::duties::roster::{ListChange, Shift};
use linli_civic::http::{Answer, Refused};
use linli_civic::inspections::command::{self as inspections, RecordInspection};
use linli_civic::inspections::model::{ItemAnswer, Photos};
use linli_civic::registry::command::{self as registry, What};
use linli_civic::registry::fields::Kind;
use linli_civic::visits::command::{self as visits, RecordVisit};
use linli_db::Tx;
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{
    Action, AnswerWord, AreaCode, AreaLevel, CaseId, Channel, GatheringKind, Phase, RecordId, Role, ShiftId, ShiftKind,
    Timestamp, VisitKind,
};
use serde_json::{Map, Value, json};

use super::chance::Draw;
use super::tale::Stage;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Days before the end from which what was found stays open.
const OPEN_DAYS: i64 = 4;
/// Weeks of the roster.
const WEEKS: i64 = 15;

/// Name, kind, in which grid of the community, what is found wrong there.
const PREMISES: &[(&str, &str, usize, &str)] = &[
    ("红旗惠民超市", "shop", 0, "后门堆了整箱饮料，只能侧身过"),
    ("老渭南面馆", "catering", 0, "后厨门口堆着米面袋，门开不全"),
    ("阳光幼儿园", "school", 1, "西侧安全出口放了自行车"),
    ("家和宾馆", "lodging", 1, "二楼走廊堆着布草车"),
    ("康民药店", "medical", 2, "后门被货架挡了一半"),
    ("红旗便民市场", "shop", 2, "西侧通道多摆了两个摊"),
    ("星星网吧", "leisure", 3, "安全出口的门上了锁"),
    ("张记修车铺", "workshop", 3, "过道停着两辆待修的车"),
];
const NOTES: &[&str] =
    &["楼道通畅，没有新堆物", "垃圾点已清理，提醒一家把纸箱收走", "单元门完好，照明正常", "和两位老人聊了几句，都好"];
/// What each grid comes upon again and again, as it is noted now and then.
const TROUBLES: &[&[&str]] = &[
    &["3号楼东侧的井盖松动，踩上去响", "东侧井盖还是松动，踩上去响，放了一块提示牌"],
    &["充电棚有一个插座松动，已告诉物业", "充电棚的插座松动，还没有换"],
    &["健身器材有一处螺丝松了，有孩子在上面玩", "健身器材的螺丝松了，还没有人来紧"],
    &["垃圾点又有人倒装修垃圾", "垃圾点旁边堆着装修垃圾，问了不知道是谁家的"],
    &["南门口的路灯忽明忽暗", "南门口路灯忽明忽暗，老人晚上不敢走"],
];
/// 户 in a room, and how it is lived in: nothing lives in an empty one.
const ROOMS: &[(&str, &str, Option<&str>)] = &[
    ("101室", "owner", Some("3")),
    ("202室", "rented", Some("2")),
    ("303室", "owner", Some("4")),
    ("404室", "empty", None),
];
/// Name, kind, people who work there, in which grid.
const FIRMS: &[(&str, &str, &str, usize)] = &[
    ("临渭区红旗惠民超市", "sole_trader", "6", 0),
    ("临渭区老渭南面馆", "sole_trader", "4", 0),
    ("渭南康民药店有限公司", "small", "9", 2),
];

/// 公共设施: name, kind, category of what is reported, where, who keeps it, in which grid, what goes wrong.
const FACILITIES: &[(&str, &str, &str, &str, &str, usize, &str)] = &[
    ("3号楼前路灯", "light", "lamp", "红旗小区3号楼南侧", "红旗物业", 0, "这盏路灯不亮了，晚上路口很黑"),
    ("东门井盖", "manhole", "manhole", "红旗小区东门外人行道", "市政养护所", 0, "井盖松动，踩上去响，怕翻"),
    ("12号楼电梯", "lift", "lift", "红旗小区12号楼1单元", "安达电梯维保", 1, "电梯按钮失灵，要按好几次"),
    ("中心花园健身器材", "fitness", "fitness", "红旗小区中心花园", "社区居委会", 1, "扭腰器的螺丝松了，孩子在上面玩"),
    ("南门充电棚", "charging", "charger", "红旗小区南门内侧", "红旗物业", 2, "三个充电口没有电"),
    ("西侧花坛长椅", "seat", "fitness", "红旗小区西侧花坛", "社区居委会", 2, "长椅断了一根木条"),
    ("2号楼东侧消火栓", "fire", "other", "红旗小区2号楼东侧", "红旗物业", 3, "消火栓箱门关不上"),
    ("北门宣传栏", "sign", "other", "红旗小区北门", "社区居委会", 3, "宣传栏的玻璃裂了一道"),
];

/// How far the field work is.
#[derive(Default)]
pub struct Field {
    workers: Vec<(Caller, AreaCode)>,
    heads: Vec<(Caller, AreaCode)>,
    community: Option<AreaCode>,
    premises: Vec<(RecordId, usize)>,
    dwellings: Vec<(RecordId, usize)>,
    facilities: Vec<RecordId>,
    hazards: Vec<(CaseId, Timestamp)>,
    day: Option<jiff::civil::Date>,
    n_inspected: usize,
}

impl Field {
    /// Who works there, and what is looked at.
    ///
    /// # Errors
    /// The database's; a record that is refused, which is a fault of ours.
    pub async fn begin(app: &App, stage: &Stage) -> Answer<Self> {
        let mut field = Self::default();
        let first = stage.texts.people.demo.first().and_then(|person| person.area.parse::<AreaCode>().ok());
        let Some(community) = first.map(|area| area.at(AreaLevel::Community)) else { return Ok(field) };
        for who in 0..stage.cast.len() {
            let Some(person) = stage.cast.get(who) else { continue };
            let grants = person.caller.grants.iter().filter(|grant| community.contains(&grant.area));
            for grant in grants.take(1) {
                match (grant.role, grant.area.level()) {
                    (Role::GridWorker, AreaLevel::Grid) => field.workers.push((person.caller.clone(), grant.area)),
                    (Role::GridHead, _) => field.heads.push((person.caller.clone(), grant.area)),
                    _ => {}
                }
            }
        }
        field.workers.sort_by_key(|(_, area)| *area);
        field.community = Some(community);
        field.enter_records(app).await?;
        field.set_roster(app, stage.frame.start()).await?;
        Ok(field)
    }

    fn worker(&self, nth: usize) -> Option<&(Caller, AreaCode)> {
        self.workers.get(nth % self.workers.len().max(1))
    }

    async fn enter_records(&mut self, app: &App) -> Answer<()> {
        for (name, kind, nth, _) in PREMISES {
            let fields = [("premises_kind", *kind), ("name", *name), ("address", "红旗路沿街"), ("is_key", "yes")];
            if let Some(id) = self.enter(app, Kind::Premises, *nth, &fields).await? {
                self.premises.push((id, *nth));
            }
        }
        for nth in 0..self.workers.len().min(6) {
            for (room, occupancy, n_persons) in ROOMS {
                let building = format!("{}号楼", nth + 1);
                let fields = [
                    ("compound", "红旗小区"),
                    ("building", &building),
                    ("room", room),
                    ("dwelling_use", "living"),
                    ("occupancy", occupancy),
                ];
                let Some(id) = self.enter(app, Kind::Dwelling, nth, &fields).await? else { continue };
                let Some(n_persons) = n_persons else { continue };
                let inside = id.to_string();
                self.enter(app, Kind::Household, nth, &[("dwelling_id", &inside), ("n_persons", n_persons)]).await?;
                self.dwellings.push((id, nth));
                self.list(app, id, nth).await?;
            }
        }
        for (name, kind, _, address, keeper, nth, _) in FACILITIES {
            let fields = [("facility_kind", *kind), ("name", *name), ("address", *address), ("keeper", *keeper)];
            self.facilities.extend(self.enter(app, Kind::Facility, *nth, &fields).await?);
        }
        for (name, kind, n_employees, nth) in FIRMS {
            let fields =
                [("firm_kind", *kind), ("name", *name), ("address", "红旗路沿街"), ("n_employees", *n_employees)];
            self.enter(app, Kind::Firm, *nth, &fields).await?;
        }
        Ok(())
    }

    async fn enter(&self, app: &App, kind: Kind, nth: usize, fields: &[(&str, &str)]) -> Answer<Option<RecordId>> {
        let Some((caller, area)) = self.worker(nth) else { return Ok(None) };
        let id = RecordId::new(app.ids.uuid(app.now()));
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
        let what = What::Enter { id, kind, area: *area, fields, even_so: true };
        registry::run(app, registry::Command { what, key: None, caller: caller.clone() }).await?;
        Ok(Some(id))
    }

    async fn list(&self, app: &App, record: RecordId, nth: usize) -> Answer<()> {
        let Some((caller, area)) = self.worker(nth) else { return Ok(()) };
        let duty = "list_visits".to_owned();
        let change = ListChange { duty, record, area: *area, is_on: true, by: caller.account, at: app.now() };
        let actor = caller.acting_as(Role::GridWorker);
        app.db.write(move |tx| tx.commit(change.clone().decide(actor.clone())).map_err(Refused::from)).await?;
        Ok(())
    }

    /// 暖心驿站: two evenings a week, by turns.
    async fn set_roster(&self, app: &App, start: Timestamp) -> Answer<()> {
        let (Some(community), Some((head, _))) = (self.community, self.heads.first()) else { return Ok(()) };
        let monday = Chance::of("roster").number(0, 0);
        let first = beijing_midnight(beijing_date(start)).plus_ms(i64::from(monday) * DAY_MS);
        let mut shifts = Vec::new();
        for week in 0..WEEKS {
            for (turn, weekday) in [(0_usize, 1_i64), (1, 4)] {
                let nth = usize::try_from(week).unwrap_or(0) * 2 + turn;
                let Some((caller, _)) = self.worker(nth) else { continue };
                let begins = first.plus_ms((week * 7 + weekday) * DAY_MS + 18 * HOUR_MS);
                shifts.push(Shift {
                    id: ShiftId::new(app.ids.uuid(app.now())),
                    area: community,
                    kind: ShiftKind::Station,
                    title: "暖心驿站".to_owned(),
                    place_text: "社区服务中心一楼".to_owned(),
                    note: None,
                    accounts: vec![caller.account],
                    units: Vec::new(),
                    starts_at: begins,
                    ends_at: begins.plus_ms(2 * HOUR_MS),
                    series: None,
                    cancelled_at: None,
                    version: 0,
                });
            }
        }
        let (actor, now) = (head.acting_as(Role::GridHead), app.now());
        let set = app.db.write(move |tx| {
            for shift in &shifts {
                tx.commit(shift.clone().set(actor.clone(), now)?)?;
            }
            Ok::<_, Refused>(())
        });
        set.await
    }

    /// A day's work, once a day; what was noted on the way comes here by now.
    ///
    /// # Errors
    /// The database's; a record that is refused, which is a fault of ours.
    pub async fn go_on(&mut self, app: &App, stage: &Stage) -> Answer<()> {
        let now = app.now();
        let today = beijing_date(now);
        if self.day == Some(today) || !app.calendar.is_workday(today).worked() || self.community.is_none() {
            return Ok(());
        }
        let is_first = self.day.is_none_or(|day| day.month() != today.month());
        let is_week =
            self.day.is_none_or(|day| day.weekday().to_monday_zero_offset() > today.weekday().to_monday_zero_offset());
        self.day = Some(today);
        let mut chance = Chance::of(&format!("field {today}"));
        let seen = self.seen(app, &mut chance).await?;
        let mut met = Vec::new();
        if is_week {
            met.push(self.meeting(app, GatheringKind::Meeting, "本周碰头：上周的事、这周的事")?);
        }
        if is_first {
            met.push(self.meeting(app, GatheringKind::Training, "业务学习：调解怎么开头、怎么收尾")?);
        }
        let looked = self.inspection(app, &mut chance).await?;
        if let Some(broken) = self.broken(app, &mut chance).await? {
            self.hazards.push((broken, now));
        }
        let is_open = stage.frame.now.since(now) < OPEN_DAYS * DAY_MS;
        let due: Vec<CaseId> = if is_open { Vec::new() } else { self.hazards.iter().map(|(case, _)| *case).collect() };
        let (writer, cast) = (app.clone(), stage.cast.callers());
        let done = app.db.write(move |tx| {
            for visit in &seen {
                visits::record(&writer, tx, visit, None)?;
            }
            for one in met.iter().flatten() {
                gathering::record(tx, one, None)?;
            }
            let mut found = Vec::new();
            if let Some(ready) = &looked {
                inspections::record(&writer, tx, ready, None)?;
                found = ready.inspection().hazards.iter().map(|(_, case)| *case).collect();
            }
            for case in &due {
                put_right(&writer, tx, *case, &cast)?;
            }
            Ok::<_, Refused>(found)
        });
        let found = done.await?;
        self.hazards.extend(found.into_iter().map(|case| (case, now)));
        Ok(())
    }

    async fn seen(&self, app: &App, chance: &mut Chance) -> Answer<Vec<visits::Ready>> {
        let mut seen = Vec::new();
        for (nth, (caller, area)) in self.workers.iter().enumerate() {
            if chance.hits(0.85) {
                let trouble = TROUBLES.get(nth).filter(|_| chance.hits(0.2));
                let note = chance.pick(trouble.copied().unwrap_or(NOTES)).map(|note| (*note).to_owned());
                seen.push(
                    visits::prepare(app, visit(VisitKind::Patrol, Some(area), None, note, app.now()), caller.clone())
                        .await?,
                );
            }
            let own: Vec<RecordId> = self.dwellings.iter().filter(|(_, of)| *of == nth).map(|(id, _)| *id).collect();
            if chance.hits(0.12)
                && let Some(record) = chance.pick(&own)
            {
                let body = visit(VisitKind::Visit, None, Some(*record), Some("一切都好".to_owned()), app.now());
                seen.push(visits::prepare(app, body, caller.clone()).await?);
            }
        }
        Ok(seen)
    }

    fn meeting(&self, app: &App, kind: GatheringKind, title: &str) -> Answer<Option<gathering::Ready>> {
        let Some((head, area)) = self.heads.first() else { return Ok(None) };
        let body = RecordGathering {
            kind,
            area_code: area.to_string(),
            title: title.to_owned(),
            place_text: "社区会议室".to_owned(),
            note: None,
            units: Vec::new(),
            n_guests: 0,
            attendee_ids: self.workers.iter().map(|(caller, _)| caller.account.to_string()).collect(),
            held_at: None,
        };
        Ok(Some(gathering::prepare(app, &body, head.clone())?))
    }

    /// Now and then something in public is broken, and whoever passes by reports it.
    async fn broken(&self, app: &App, chance: &mut Chance) -> Answer<Option<CaseId>> {
        if !chance.hits(0.2) {
            return Ok(None);
        }
        let known: Vec<_> = self.facilities.iter().zip(FACILITIES).collect();
        let Some((facility, (_, _, category, _, _, nth, wrong))) = chance.pick(&known) else { return Ok(None) };
        let Some((caller, _)) = self.worker(*nth) else { return Ok(None) };
        let body = ReportCase {
            text: (*wrong).to_owned(),
            facility: Some(facility.to_string()),
            category: Some((*category).to_owned()),
            channel: Some(Channel::Visit),
            ..ReportCase::default()
        };
        let code = report::report(app, body, Sender::Staff(caller.clone()), None).await?;
        let case = app.db.read(move |conn| cases::load(conn, &Named::Code(code)).map_err(Refused::from)).await?;
        Ok(case.map(|case| case.id))
    }

    /// One of the key premises every third day; in one of three something is found.
    async fn inspection(&mut self, app: &App, chance: &mut Chance) -> Answer<Option<inspections::Ready>> {
        if !chance.hits(0.4) || self.premises.is_empty() {
            return Ok(None);
        }
        let at = self.n_inspected % self.premises.len();
        self.n_inspected += 1;
        let (Some((record, nth)), Some((_, kind, _, wrong))) = (self.premises.get(at), PREMISES.get(at)) else {
            return Ok(None);
        };
        let Some((caller, _)) = self.worker(*nth) else { return Ok(None) };
        let book = app.playbooks.current();
        let Some(list) = book.checklists.iter().find(|list| list.fits(kind)) else { return Ok(None) };
        let is_found = chance.hits(0.4);
        // A line that asks for a photo would be told without one.
        let found =
            list.items.iter().find(|item| is_found && item.photo_reason.is_none()).map(|item| item.code.clone());
        let answer = |code: &String| {
            let is_wrong = found.as_ref() == Some(code);
            let answer = if is_wrong { AnswerWord::Finding } else { AnswerWord::Fine };
            ItemAnswer {
                item: code.clone(),
                answer,
                note: is_wrong.then(|| (*wrong).to_owned()),
                attachments: Vec::new(),
            }
        };
        let body = RecordInspection {
            record_id: record.to_string(),
            checklist: list.code.clone(),
            answers: list.items.iter().map(|item| answer(&item.code)).collect(),
            note: None,
            units: Vec::new(),
            captured_at: None,
        };
        Ok(Some(inspections::prepare(app, body, caller.clone(), Photos::Here).await?))
    }
}

fn visit(
    kind: VisitKind,
    area: Option<&AreaCode>,
    record: Option<RecordId>,
    note: Option<String>,
    at: Timestamp,
) -> RecordVisit {
    RecordVisit {
        kind,
        point: None,
        area_code: area.map(ToString::to_string),
        place: None,
        address: None,
        record_id: record.map(|record| record.to_string()),
        met: None,
        note,
        companions: Vec::new(),
        attachments: Vec::new(),
        captured_at: Some(at.plus_ms(-HOUR_MS)),
        finding: None,
    }
}

/// A step nearer to being put right: whoever may take it does.
fn put_right(app: &App, tx: &mut Tx<'_>, case: CaseId, cast: &[Caller]) -> Answer<()> {
    let Some(found) = cases::load(tx, &Named::Id(case))? else { return Ok(()) };
    if found.phase == Phase::Closed {
        return Ok(());
    }
    let book = app.playbooks.pinned(tx, &found.playbook.0, &found.playbook.1)?;
    for (verb, fields) in [
        (Action::Take, json!({})),
        (Action::Settle, settled()),
        (Action::Verify, json!({ "text": "到现场看过，已经整改到位。" })),
    ] {
        let may = |caller: &&Caller| {
            found.offers(&book, &found.standing(caller), app.now()).iter().any(|def| def.verb == verb)
        };
        let Some(caller) = cast.iter().find(may) else { continue };
        let fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
        let who = Who::Staff(caller.clone());
        let command = Command { named: Named::Id(case), verb, version: found.version, fields, key: None, who };
        run_in(app, tx, &command)?;
        return Ok(());
    }
    Ok(())
}

fn settled() -> Value {
    json!({ "reply": {
        "received": "检查当天", "talked_to": "场所负责人", "done": "陪着负责人当场清理，又看了一遍，通道和器材都已恢复正常。", "by_when": "今天",
    } })
}
