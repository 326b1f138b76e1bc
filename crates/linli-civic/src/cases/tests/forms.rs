//! What is filled in: right, and wrong.

use linli_kernel::{AreaLevel, Phase, Weight};
use linli_playbook::{ActionDef, Field, FieldKind};
use serde_json::{Map, Value, json};

use super::super::{Case, Seat};
use super::city::{City, Player};
use linli_kernel::Action;

/// Draws from one number; the same number draws the same.
pub struct Luck(u64);

impl Luck {
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % u64::try_from(below.max(1)).unwrap()).unwrap()
    }

    pub fn hits(&mut self, percent: usize) -> bool {
        self.number(100) < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.number(of.len()))
    }
}

/// Fields that the form of an offered action accepts; `None` where nothing in this city could be named.
pub fn right(
    city: &City,
    case: &Case,
    player: &Player,
    def: &ActionDef,
    luck: &mut Luck,
) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    // Where it goes depends on what it is: the other fields first.
    let (seats, others): (Vec<&Field>, Vec<&Field>) =
        def.form.iter().partition(|field| matches!(field.kind, FieldKind::Seat));
    for field in others {
        if !field.required && luck.hits(60) {
            continue;
        }
        match value(city, case, player, def, field, luck) {
            Some(value) => drop(fields.insert(field.name.clone(), value)),
            None if field.required => return None,
            None => {}
        }
    }
    let is_upheld = fields.get("upheld") == Some(&Value::Bool(true));
    let must = |field: &Field| field.required || (def.verb == Action::Rule && is_upheld);
    for field in seats {
        if !must(field) && luck.hits(60) {
            continue;
        }
        let category = fields.get("category").and_then(Value::as_str).or(case.category.as_deref());
        let may = |seat: &Seat| {
            let is_sideways = seat.unit.is_some() || seat.level() == case.seat.level();
            can_be_chosen(city, case, seat)
                && city.book.may_sit_at(category, seat.level())
                && (def.verb != Action::HandOn || is_sideways)
        };
        let seats: Vec<Seat> = city.seats().into_iter().filter(may).collect();
        match luck.pick(&seats) {
            Some(seat) => drop(fields.insert(field.name.clone(), json!(seat))),
            None if must(field) => return None,
            None => {}
        }
    }
    Some(fields)
}

fn can_be_chosen(city: &City, case: &Case, seat: &Seat) -> bool {
    let is_near = seat.area.at(AreaLevel::County) == case.area.at(AreaLevel::County);
    let is_unit =
        seat.unit.as_deref().is_none_or(|code| city.book.unit(code).is_some_and(|unit| unit.level == seat.level()));
    is_near && is_unit
}

fn value(city: &City, case: &Case, player: &Player, def: &ActionDef, field: &Field, luck: &mut Luck) -> Option<Value> {
    Some(match &field.kind {
        FieldKind::Text => json!(format!("维修单位{}", luck.number(100_000))),
        FieldKind::LongText => json!("已到现场看过"),
        FieldKind::Choice { options } | FieldKind::Ground { options } => json!(luck.pick(options)?.value),
        FieldKind::Photos { .. } => json!(["0190f1d2-0000-7000-8000-000000000001"]),
        FieldKind::Category => {
            let leaves: Vec<&str> = city.book.leaves().map(|leaf| leaf.code.as_str()).collect();
            json!(luck.pick(&leaves)?)
        }
        FieldKind::Weight => json!(luck.pick(Weight::ALL)?),
        FieldKind::Stars => json!(luck.number(5) + 1),
        FieldKind::Boolean => json!(luck.hits(50)),
        FieldKind::Number { min, max } => {
            let span = usize::try_from(max - min).unwrap() + 1;
            json!(usize::try_from(*min).unwrap() + luck.number(span))
        }
        FieldKind::Date => {
            let days = i64::try_from(luck.number(30)).unwrap() + 2;
            let day = city.now.plus_ms(days * 86_400_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
            json!(day.to_string())
        }
        FieldKind::Case => {
            let may = |other: &&Case| {
                let is_open = matches!(other.phase, Phase::Open | Phase::Waiting);
                is_open && other.id != case.id && other.master.is_none() && !other.private
            };
            let others: Vec<&Case> = city.cases.values().filter(may).collect();
            json!(luck.pick(&others)?.id)
        }
        FieldKind::People => {
            let people: Vec<String> = city.people.iter().map(|caller| caller.account.to_string()).collect();
            json!([luck.pick(&people)?, luck.pick(&people)?])
        }
        FieldKind::Whistle => {
            let doer = city.doer(case, player)?;
            let kinds = case.whistles(&city.book, def, &doer.standing);
            json!(luck.pick(&kinds)?.code)
        }
        FieldKind::Seats => {
            let is_free = |seat: &Seat| {
                let is_called = case.tasks.iter().any(|task| task.state.is_open() && task.seat() == Some(seat));
                can_be_chosen(city, case, seat) && *seat != case.seat && !is_called
            };
            let seats: Vec<Seat> = city.seats().into_iter().filter(is_free).collect();
            json!([luck.pick(&seats)?, luck.pick(&seats)?])
        }
        FieldKind::Seat => return None,
        FieldKind::Reply => json!({
            "received": "9月28日9时", "talked_to": "反映人", "done": "更换灯泡并检查线路", "by_when": "当日完成",
        }),
    })
}

/// Anything at all, under the names that forms use and under others.
pub fn wrong(def: Option<&ActionDef>, luck: &mut Luck) -> Map<String, Value> {
    let junk = [
        json!(null),
        json!(-1),
        json!(""),
        json!([]),
        json!([1, null, {}]),
        json!({ "area_code": "610500000000", "unit_code": "nobody" }),
        json!([{ "area_code": "61" }]),
        json!(true),
        json!("2026-02-30"),
        json!("不".repeat(3_000)),
        json!(99_999_999_999_u64),
        json!({ "done": "已阅" }),
    ];
    let known: Vec<String> = def.iter().flat_map(|def| &def.form).map(|field| field.name.clone()).collect();
    let n = luck.number(4) + 1;
    (0..n)
        .map(|_| {
            let name = luck.pick(&known).cloned().unwrap_or_else(|| "something".to_owned());
            (name, luck.pick(&junk).cloned().unwrap_or_default())
        })
        .collect()
}
