//! The last days, arranged: whoever signs in to the demo finds something in every box that is theirs.
//!
//! These cases go through the engine like all the others; only where they stand in the end is chosen.

use linli_civic::areas::synth::Chance;
use linli_kernel::{AreaCode, AreaLevel, Channel, Weight};

use super::ground::{Ground, Spot};
use super::plan::{Arrival, Fate, Frame, Planner};

/// Where an arranged case stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// 待受理
    Received,
    /// 被退回
    SentBack,
    /// 待签收
    Dispatched,
    /// 办理中
    Handling,
    /// 等待居民补充
    Asking,
    /// 待核查
    Verifying,
}

/// One arranged case.
struct Scene {
    grid: &'static str,
    category: &'static str,
    channel: Channel,
    weight: Option<Weight>,
    age_minutes: i64,
    fate: Fate,
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const HONGQI_3: &str = "610502005007003";
const HONGQI_5: &str = "610502005007005";
const HONGQI_8: &str = "610502005007008";
const NANYUAN_2: &str = "610524001020002";
const NANYUAN_6: &str = "610524001020006";

fn scene(grid: &'static str, category: &'static str, channel: Channel, age_minutes: i64, stop: Stop) -> Scene {
    let fate = Fate { stop: Some(stop), brisk: true, asked: stop == Stop::Asking, ..Fate::default() };
    Scene { grid, category, channel, weight: None, age_minutes, fate }
}

impl Scene {
    const fn weighing(mut self, weight: Weight) -> Self {
        self.weight = Some(weight);
        self
    }

    fn by(mut self, account: &str) -> Self {
        self.fate.hands = Some(account.to_owned());
        self
    }

    /// Goes on by a script of `loop.toml` once it stands where it stops.
    fn then(mut self, script: &str) -> Self {
        self.fate.then = Some(script.to_owned());
        self
    }

    fn called(mut self, unit: &str) -> Self {
        self.fate.to_unit = Some(unit.to_owned());
        self
    }

    fn with(mut self, change: fn(&mut Fate)) -> Self {
        change(&mut self.fate);
        self
    }
}

#[rustfmt::skip]
fn scenes() -> Vec<Scene> {
    use Channel::{Counter, Hotline, Phone, Qr, Visit, Web};
    vec![
        // 网格员, 网格长 of the third grid
        scene(HONGQI_3, "lamp", Qr, 12, Stop::Dispatched),
        scene(HONGQI_3, "garbage", Web, 41, Stop::Dispatched),
        scene(HONGQI_3, "loose_wire", Visit, 21 * HOUR + 30, Stop::Handling).weighing(Weight::Micro).by("wangge"),
        scene(HONGQI_3, "stair_clutter", Visit, 5 * HOUR, Stop::Handling).by("wangge"),
        scene(HONGQI_3, "pets", Qr, 27 * HOUR, Stop::Handling).by("wanggezhang"),
        scene(HONGQI_3, "noise", Web, 20 * HOUR, Stop::Asking).by("wangge"),
        scene(HONGQI_3, "parking", Qr, 4 * HOUR, Stop::Verifying).by("wangge"),
        scene(HONGQI_3, "tree", Web, 9 * DAY, Stop::Verifying).by("wangge"),
        // 社区
        scene(HONGQI_5, "sewage", Web, 26, Stop::Received).with(|fate| fate.unsure = true),
        scene(HONGQI_8, "charger", Qr, 80, Stop::Received).with(|fate| fate.unsure = true),
        scene(HONGQI_8, "manhole", Phone, 35, Stop::Dispatched),
        scene(HONGQI_5, "leak", Counter, 22 * HOUR, Stop::Handling).by("shequ"),
        scene(HONGQI_5, "advice", Web, 30 * HOUR, Stop::Handling).by("shequ"),
        scene(HONGQI_5, "property_fee", Web, 95, Stop::SentBack).with(|fate| { fate.given_down = true; fate.sent_back = true; }),
        scene(HONGQI_8, "fire_gear", Hotline, 26 * HOUR, Stop::Verifying),
        // 街道
        scene(HONGQI_8, "house_risk", Hotline, 50, Stop::Dispatched),
        scene(HONGQI_5, "road", Phone, 28 * HOUR, Stop::Handling).weighing(Weight::Larger).by("jiedao"),
        scene(HONGQI_8, "stall", Hotline, 110, Stop::SentBack).weighing(Weight::Larger).with(|fate| fate.sent_back = true),
        scene(HONGQI_5, "drain", Web, 100, Stop::Received).with(|fate| { fate.unsure = true; fate.up_at_reception = true; }),
        // 城管局
        scene(HONGQI_8, "lamp", Phone, 3 * HOUR, Stop::Dispatched).weighing(Weight::General).called("city_mgmt"),
        scene(HONGQI_5, "ads", Counter, 30 * HOUR, Stop::Handling).weighing(Weight::General).called("city_mgmt").by("chengguan"),
        scene(HONGQI_8, "fumes", Hotline, 26 * HOUR, Stop::Asking).weighing(Weight::General).called("city_mgmt").by("chengguan"),
        scene(HONGQI_5, "fitness", Counter, 9 * DAY, Stop::Verifying).weighing(Weight::General).called("city_mgmt").by("chengguan"),
        // 物业
        scene(HONGQI_3, "stair_light", Phone, 70, Stop::Dispatched).weighing(Weight::General),
        scene(HONGQI_8, "access_door", Counter, 23 * HOUR, Stop::Handling).weighing(Weight::General).by("wuye"),
        scene(HONGQI_5, "stair_light", Phone, 27 * HOUR, Stop::Asking).weighing(Weight::General).by("wuye"),
        scene(HONGQI_8, "access_door", Phone, 9 * DAY + HOUR, Stop::Verifying).weighing(Weight::General).by("wuye"),
        // 县区
        scene(HONGQI_5, "advice", Hotline, 2 * HOUR, Stop::Dispatched).weighing(Weight::Major),
        scene(HONGQI_8, "advice", Counter, 29 * HOUR, Stop::Handling).weighing(Weight::Major).by("quzhang"),
        // 几家一起办的、等人批的、等人裁定的
        scene(HONGQI_8, "parking", Phone, 2 * DAY + 5 * HOUR, Stop::Handling).weighing(Weight::General).by("shequ").then("late_whistle"),
        scene(HONGQI_5, "drain", Hotline, 6 * DAY, Stop::Handling).weighing(Weight::Major).by("quzhang").then("task_force"),
        scene(HONGQI_3, "road", Hotline, 11 * DAY, Stop::Handling).weighing(Weight::Larger).by("jiedao").then("suspended"),
        scene(HONGQI_5, "charger", Counter, 31 * HOUR, Stop::Handling).by("shequ").then("extension_asked"),
        scene(HONGQI_8, "public_space", Phone, 4 * DAY, Stop::Handling).by("shequ").then("extension_granted"),
        scene(HONGQI_3, "ads", Counter, 7 * HOUR, Stop::Dispatched).weighing(Weight::General).called("city_mgmt").then("objection"),
        scene(HONGQI_8, "property_service", Counter, 3 * DAY, Stop::Handling).by("shequ").then("supervised"),
        scene(HONGQI_5, "lift", Phone, 9 * HOUR, Stop::Handling).by("shequ").then("outside"),
        // 合阳南苑
        scene(NANYUAN_2, "debris", Web, 33, Stop::Received).with(|fate| fate.unsure = true),
        scene(NANYUAN_6, "manhole", Web, 55, Stop::Dispatched),
        scene(NANYUAN_2, "neighbour_dispute", Counter, 25 * HOUR, Stop::Handling).by("nanyuan"),
        scene(NANYUAN_6, "lamp", Qr, 5 * HOUR, Stop::Verifying),
    ]
}

/// How many there are.
#[must_use]
pub fn count() -> usize {
    scenes().len()
}

impl Planner<'_> {
    /// The arranged cases; fewer where the story is too short for the older ones.
    pub fn arranged(&mut self, ground: &Ground, frame: Frame) -> Vec<Arrival> {
        let all = scenes().into_iter().filter(|scene| scene.age_minutes < frame.days * DAY);
        all.filter_map(|scene| {
            let grid = AreaCode::parse(scene.grid).ok()?;
            let place = ground.neighbourhoods.iter().find(|place| place.code.contains(&grid))?;
            let spots: Vec<&Spot> = place.spots.iter().filter(|spot| spot.area.at(AreaLevel::Grid) == grid).collect();
            let mut chance = Chance::of(&format!("scene {} {} {}", scene.grid, scene.category, scene.age_minutes));
            let spot = (*chance.pick(&spots)?).clone();
            let at = frame.now.plus_ms(-scene.age_minutes * 60_000);
            Some(self.placed(at, scene.category, scene.channel, scene.weight, place, spot, scene.fate))
        })
        .collect()
    }
}
