//! 字段: which fields each kind of record has, what may stand in them, and what is sealed. Pure.
//!
//! The purpose of each field is said in the migration and to the user (`registry_purpose` of the locale files). What has no
//! purpose has no field.

use linli_kernel::{IdNumber, Phone, RealName};
use serde::{Deserialize, Serialize};

use crate::sheets::{clean, when};

/// 类别 of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RegistryKind)]
pub enum Kind {
    /// 房屋
    Dwelling,
    /// 户
    Household,
    /// 住户: a resident of a household.
    Resident,
    /// 场所
    Premises,
    /// 企业、个体工商户
    Firm,
    /// 公共设施: what stands in public and is mended when somebody reports it.
    Facility,
}

impl Kind {
    /// Every kind: what others refer to comes first.
    pub const ALL: &'static [Self] =
        &[Self::Dwelling, Self::Household, Self::Resident, Self::Premises, Self::Firm, Self::Facility];

    /// The stable identifier, and the name of its table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dwelling => "dwelling",
            Self::Household => "household",
            Self::Resident => "resident",
            Self::Premises => "premises",
            Self::Firm => "firm",
            Self::Facility => "facility",
        }
    }

    /// Its fields, in the order in which people fill them in.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Dwelling => DWELLING,
            Self::Household => HOUSEHOLD,
            Self::Resident => RESIDENT,
            Self::Premises => PREMISES,
            Self::Firm => FIRM,
            Self::Facility => FACILITY,
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn field(self, key: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.key == key)
    }
}

impl std::str::FromStr for Kind {
    type Err = ();
    /// The identifier or, as in addresses, its plural.
    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "dwelling" | "dwellings" => Ok(Self::Dwelling),
            "household" | "households" => Ok(Self::Household),
            "resident" | "residents" => Ok(Self::Resident),
            "premises" => Ok(Self::Premises),
            "firm" | "firms" => Ok(Self::Firm),
            "facility" | "facilities" => Ok(Self::Facility),
            _ => Err(()),
        }
    }
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Words, at most so many characters.
    Text(usize),
    /// One of these.
    Word(&'static [&'static str]),
    /// A whole number up to this.
    Number(i64),
    /// A number of square metres, two digits behind the point: GB/T 31000-2015 has 8,2.
    Area,
    /// A year and a month: enough to know an age.
    Month,
    /// 电话
    Phone,
    /// 公民身份号码, GB 11643
    IdNumber,
    /// 姓名, GB/T 31000-2015: 50 characters.
    Name,
    /// 统一社会信用代码, GB 32100
    UnifiedCode,
    /// Another record.
    Ref(Kind),
}

/// Whether a record may be without a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No record without it.
    Required,
    /// A record without it is not complete.
    Wanted,
    /// Only where it is known and useful.
    Optional,
}

/// 字段
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The stable identifier, and the name of its column.
    pub key: &'static str,
    /// What may stand in it.
    pub shape: Shape,
    /// Whether it may be missing.
    pub need: Need,
}

const fn field(key: &'static str, shape: Shape, need: Need) -> Field {
    Field { key, shape, need }
}

use Need::{Optional, Required, Wanted};

const YES_NO: &[&str] = &["yes", "no"];

const DWELLING: &[Field] = &[
    field("compound", Shape::Text(100), Required),
    field("building", Shape::Text(100), Wanted),
    field("unit", Shape::Text(20), Optional),
    field("room", Shape::Text(50), Wanted),
    field("dwelling_use", Shape::Word(&["living", "business", "mixed", "other"]), Wanted),
    field("area_m2", Shape::Area, Optional),
    field("occupancy", Shape::Word(&["owner", "rented", "empty"]), Wanted),
];
const HOUSEHOLD: &[Field] = &[
    field("dwelling_id", Shape::Ref(Kind::Dwelling), Required),
    field("household_no", Shape::Text(20), Optional),
    field("n_persons", Shape::Number(99), Wanted),
];
const RESIDENT: &[Field] = &[
    field("household_id", Shape::Ref(Kind::Household), Required),
    field("name", Shape::Name, Required),
    field("relation", Shape::Word(&["head", "spouse", "child", "parent", "tenant", "other"]), Wanted),
    field("sex", Shape::Word(&["male", "female", "unknown"]), Optional),
    field("birth_month", Shape::Month, Wanted),
    field("phone", Shape::Phone, Wanted),
    field("id_number", Shape::IdNumber, Optional),
];
const PREMISES: &[Field] = &[
    field(
        "premises_kind",
        Shape::Word(&[
            "shop", "catering", "lodging", "school", "medical", "leisure", "office", "workshop", "storage", "worship",
            "rental", "other",
        ]),
        Required,
    ),
    field("name", Shape::Text(100), Required),
    field("address", Shape::Text(200), Required),
    field("in_charge", Shape::Text(50), Wanted),
    field("phone", Shape::Phone, Wanted),
    field("is_key", Shape::Word(YES_NO), Optional),
];
const FIRM: &[Field] = &[
    field("firm_kind", Shape::Word(&["sole_trader", "small", "other"]), Required),
    field("name", Shape::Text(100), Required),
    field("unified_code", Shape::UnifiedCode, Wanted),
    field("address", Shape::Text(200), Wanted),
    field("n_employees", Shape::Number(999_999), Wanted),
];

const FACILITY: &[Field] = &[
    field(
        "facility_kind",
        Shape::Word(&[
            "light", "lift", "manhole", "road", "pipe", "power", "charging", "fitness", "seat", "gate", "fire",
            "rubbish", "sign", "green", "other",
        ]),
        Required,
    ),
    field("name", Shape::Text(100), Required),
    field("address", Shape::Text(200), Required),
    field("keeper", Shape::Text(100), Wanted),
    field("service", Shape::Word(&["in_use", "stopped"]), Optional),
];

impl Field {
    /// Whether it is of class S: sealed, in no list, each look recorded.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        matches!(self.shape, Shape::Phone | Shape::IdNumber | Shape::Name)
    }

    /// The words that may stand in it, if it is one of a list.
    #[must_use]
    pub const fn words(&self) -> &'static [&'static str] {
        match self.shape {
            Shape::Word(words) => words,
            _ => &[],
        }
    }

    /// Makes what was typed even; `None` for nothing.
    ///
    /// # Errors
    /// The code of a field problem: `too_long`, `not_an_option`, `bad_phone`, …
    pub fn read(&self, raw: &str) -> Result<Option<String>, &'static str> {
        let text = clean::text(raw).replace('\n', " ");
        if text.is_empty() {
            return Ok(None);
        }
        let value = match self.shape {
            Shape::Text(max) if text.chars().count() > max => return Err("too_long"),
            Shape::Text(_) => text,
            Shape::Word(words) if words.contains(&text.as_str()) => text,
            Shape::Word(_) => return Err("not_an_option"),
            Shape::Number(max) => number(&text, max)?,
            Shape::Area => area(&text)?,
            Shape::Month => month(&text).ok_or("bad_month")?,
            Shape::Phone => Phone::parse(&text).map_err(|_| "bad_phone")?.reveal().to_owned(),
            Shape::IdNumber => IdNumber::parse(&clean::key(&text)).ok_or("bad_id_number")?.reveal().to_owned(),
            Shape::Name => RealName::parse(&text).ok_or("too_long")?.reveal().to_owned(),
            Shape::UnifiedCode => unified_code(&text).ok_or("bad_unified_code")?,
            Shape::Ref(_) => text.parse::<linli_kernel::RecordId>().map_err(|_| "unknown")?.to_string(),
        };
        Ok(Some(value))
    }
}

fn number(text: &str, max: i64) -> Result<String, &'static str> {
    let plain = clean::half_width(text);
    let n: i64 = plain.trim().trim_end_matches(".0").parse().map_err(|_| "wrong_type")?;
    if (0..=max).contains(&n) { Ok(n.to_string()) } else { Err("out_of_range") }
}

/// Square metres, written with two digits behind the point.
fn area(text: &str) -> Result<String, &'static str> {
    let plain = clean::key(text);
    let plain = ["平方米", "平米", "㎡", "m2"].iter().fold(plain.as_str(), |text, unit| text.trim_end_matches(unit));
    let value: f64 = plain.parse().map_err(|_| "wrong_type")?;
    if (0.01..1_000_000.0).contains(&value) { Ok(format!("{value:.2}")) } else { Err("out_of_range") }
}

/// A month, from a month or a day: 1956-03, 195603, 19560312, 1956年3月12日.
fn month(text: &str) -> Option<String> {
    let plain = clean::key(text);
    let digits: Vec<&str> = plain.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (year, month) = match digits.as_slice() {
        [one] if matches!(one.len(), 6 | 8) => (one.get(..4)?, one.get(4..6)?),
        [one] if one.len() == 5 => {
            let at = when::of_number(one.parse().ok()?)?;
            return when::written(at).get(..7).map(str::to_owned);
        }
        [year, month, ..] if year.len() == 4 => (*year, *month),
        _ => return None,
    };
    let (year, month): (u16, u8) = (year.parse().ok()?, month.parse().ok()?);
    ((1900..=2100).contains(&year) && (1..=12).contains(&month)).then(|| format!("{year:04}-{month:02}"))
}

/// 18 characters with their check character (GB 32100-2015).
fn unified_code(text: &str) -> Option<String> {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let code = clean::key(text).to_ascii_uppercase();
    let mut sum = 0;
    let mut chars = code.chars();
    for weight in WEIGHTS {
        let c = chars.next()?;
        sum += ALPHABET.chars().position(|known| known == c)? * weight;
    }
    let check = ALPHABET.chars().nth((31 - sum % 31) % 31)?;
    (chars.next() == Some(check) && chars.next().is_none()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, key: &str, raw: &str) -> Result<Option<String>, &'static str> {
        kind.field(key).unwrap().read(raw)
    }

    #[test]
    fn a_day_of_birth_is_kept_as_a_month() {
        for raw in ["19560312", "1956-03-12", "1956年3月12日", "1956-03", "195603", "1956/3/12", "1956-03-12 00:00:00"]
        {
            assert_eq!(read(Kind::Resident, "birth_month", raw), Ok(Some("1956-03".to_owned())), "{raw}");
        }
        for raw in ["1956-13", "56-03", "三月", "1850-01"] {
            assert_eq!(read(Kind::Resident, "birth_month", raw), Err("bad_month"), "{raw}");
        }
    }

    #[test]
    fn what_is_typed_is_made_even_or_refused_with_its_reason() {
        assert_eq!(read(Kind::Dwelling, "area_m2", "89.5㎡"), Ok(Some("89.50".to_owned())));
        assert_eq!(read(Kind::Dwelling, "area_m2", "0"), Err("out_of_range"));
        assert_eq!(read(Kind::Household, "n_persons", "３"), Ok(Some("3".to_owned())));
        assert_eq!(read(Kind::Household, "n_persons", "100"), Err("out_of_range"));
        assert_eq!(read(Kind::Resident, "id_number", "11010519491231002x"), Ok(Some("11010519491231002X".to_owned())));
        assert_eq!(read(Kind::Resident, "id_number", "110105194912310021"), Err("bad_id_number"));
        assert_eq!(read(Kind::Resident, "phone", " "), Ok(None));
        assert_eq!(read(Kind::Dwelling, "occupancy", "unknown"), Err("not_an_option"));
        assert_eq!(read(Kind::Dwelling, "compound", &"长".repeat(101)), Err("too_long"));
    }

    #[test]
    fn a_unified_code_needs_its_check_character() {
        assert_eq!(read(Kind::Firm, "unified_code", "91350100m000100y43"), Ok(Some("91350100M000100Y43".to_owned())));
        assert_eq!(read(Kind::Firm, "unified_code", "91350100M000100Y44"), Err("bad_unified_code"));
    }

    #[test]
    fn checklists_know_the_same_kinds_of_premises() {
        assert_eq!(Kind::Premises.field("premises_kind").unwrap().words(), linli_playbook::PREMISES_KINDS);
    }
}
