//! The areas in memory: names, lineage, search by name, and which area a point lies in.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use linli_db::{Conn, Row, StoreError};
use linli_kernel::{AreaCode, AreaLevel};
use serde::Serialize;

use super::gazetteer::Gazetteer;
use super::geometry::{Point, Shape};
use super::lookup::{AreaIndex, Located};
use super::records::Profile;

/// 区域 as it stands.
#[derive(Clone, Debug)]
pub struct Area {
    /// Its code.
    pub code: AreaCode,
    /// The official name.
    pub name: String,
    /// The name that people use.
    pub short_name: String,
    /// Households, residents, merchants.
    pub profile: Profile,
    /// How often it was changed.
    pub version: i64,
}

impl Area {
    pub(crate) const COLUMNS: &str = "code, name, short_name, n_households, n_residents, n_merchants, version";

    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let count = |column: &'static str| -> Result<Option<u32>, StoreError> {
            Ok(row.get::<Option<i64>>(column)?.and_then(|n| u32::try_from(n).ok()))
        };
        Ok(Self {
            code: row.parse("code")?,
            name: row.get("name")?,
            short_name: row.get("short_name")?,
            profile: Profile {
                households: count("n_households")?,
                residents: count("n_residents")?,
                merchants: count("n_merchants")?,
            },
            version: row.get("version")?,
        })
    }
}

/// An area as answers name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AreaRef {
    /// Its code.
    pub code: AreaCode,
    /// The name that people use.
    pub name: String,
    /// Its level.
    pub level: AreaLevel,
    /// Where it lies, from the county down: 临渭区向阳街道红旗社区第三网格.
    pub full_name: String,
}

/// What an address text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// One area.
    One(AreaCode),
    /// Several: a bare community name is ambiguous.
    Several(Vec<AreaCode>),
    /// None that we know.
    None,
}

/// All areas; immutable, replaced as a whole.
#[derive(Clone, Debug)]
pub struct AreaTree {
    areas: HashMap<AreaCode, Area>,
    children: HashMap<AreaCode, Vec<AreaCode>>,
    cities: Vec<AreaCode>,
    index: Arc<AreaIndex>,
    /// Made when first asked for: a server is ready before anybody has searched.
    names: Arc<OnceLock<Gazetteer>>,
}

const MOST_CANDIDATES: usize = 20;
/// Fewer digits are a house number rather than the beginning of a code.
const LEAST_CODE: usize = 4;

/// What one word may mean, both in order.
struct Alike {
    /// Areas of that name.
    whole: Vec<AreaCode>,
    /// Areas with the word somewhere in their name, and those.
    like: Vec<AreaCode>,
    /// Those of them that are so by a rare reading only.
    hardly: Vec<AreaCode>,
}

impl Alike {
    fn is_whole(&self, code: &AreaCode) -> bool {
        self.whole.binary_search(code).is_ok()
    }

    fn is_hardly(&self, code: &AreaCode) -> bool {
        self.hardly.binary_search(code).is_ok()
    }

    /// Whether an area lies within what the word may mean.
    fn holds(&self, code: &AreaCode) -> bool {
        code.lineage().iter().any(|above| self.like.binary_search(above).is_ok())
    }
}

/// The codes of an area and of everything below it, as a half-open range of texts compared bytewise: for conditions of a
/// query. The prefix is cut by level: zeros that belong to the area's own number (社区 010) are kept.
#[must_use]
pub fn code_range(code: &AreaCode) -> (String, String) {
    let keep = match code.level() {
        AreaLevel::City => 4,
        AreaLevel::County => 6,
        AreaLevel::Street => 9,
        AreaLevel::Community => 12,
        AreaLevel::Grid => 15,
        AreaLevel::MicroGrid => 18,
    };
    let prefix: String = code.as_str().chars().take(keep).collect();
    let below = format!("{prefix}~");
    (prefix, below)
}

impl AreaTree {
    /// Reads every area and its present boundary.
    ///
    /// # Errors
    /// The database's; `Inconsistent` for a boundary that cannot be read.
    pub fn load(conn: &mut Conn) -> Result<Self, StoreError> {
        let areas = conn.all(&format!("SELECT {} FROM area ORDER BY code", Area::COLUMNS), &[], Area::from_row)?;
        let mut shapes: Vec<(AreaCode, Shape)> = Vec::new();
        conn.each("SELECT area_code, wkb FROM area_boundary WHERE valid_to IS NULL", &[], |row| {
            let code: AreaCode = row.parse("area_code")?;
            let wkb: Vec<u8> = row.get("wkb")?;
            let shape = Shape::from_wkb(&wkb).map_err(|error| StoreError::Inconsistent {
                table: "area_boundary",
                row: code.to_string(),
                what: error.to_string(),
            })?;
            shapes.push((code, shape));
            Ok(())
        })?;
        Ok(Self::new(areas, shapes))
    }

    /// From areas and boundaries.
    #[must_use]
    pub fn new(areas: Vec<Area>, shapes: Vec<(AreaCode, Shape)>) -> Self {
        let mut children: HashMap<AreaCode, Vec<AreaCode>> = HashMap::new();
        let mut cities = Vec::new();
        for area in &areas {
            match area.code.parent() {
                Some(parent) => children.entry(parent).or_default().push(area.code),
                None => cities.push(area.code),
            }
        }
        children.values_mut().for_each(|codes| codes.sort_unstable());
        cities.sort_unstable();
        let areas = areas.into_iter().map(|area| (area.code, area)).collect();
        Self { areas, children, cities, index: Arc::new(AreaIndex::build(shapes)), names: Arc::default() }
    }

    /// Reads one area by its code.
    ///
    /// # Errors
    /// The database's.
    pub fn read_one(conn: &mut Conn, code: &AreaCode) -> Result<Option<Area>, StoreError> {
        conn.first(
            &format!("SELECT {} FROM area WHERE code = $1", Area::COLUMNS),
            &linli_db::params![code],
            Area::from_row,
        )
    }

    /// The same areas with `area` in place of the one with its code, or new among them. Boundaries are shared, not built anew.
    #[must_use]
    pub fn with(&self, area: Area) -> Self {
        let mut tree = Self { names: Arc::default(), ..self.clone() };
        let code = area.code;
        if tree.areas.insert(code, area).is_none() {
            let siblings = code.parent().map_or(&mut tree.cities, |parent| tree.children.entry(parent).or_default());
            siblings.push(code);
            siblings.sort_unstable();
        }
        tree
    }

    /// An area.
    #[must_use]
    pub fn get(&self, code: &AreaCode) -> Option<&Area> {
        self.areas.get(code)
    }

    /// How many areas there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.areas.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.areas.is_empty()
    }

    /// Every area, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Area> {
        self.areas.values()
    }

    /// The cities, in order.
    #[must_use]
    pub fn cities(&self) -> &[AreaCode] {
        &self.cities
    }

    /// What lies directly below, in order.
    #[must_use]
    pub fn children(&self, code: &AreaCode) -> &[AreaCode] {
        self.children.get(code).map(Vec::as_slice).unwrap_or_default()
    }

    /// The index of boundaries.
    #[must_use]
    pub fn index(&self) -> &AreaIndex {
        &self.index
    }

    /// The deepest area that a point belongs to.
    #[must_use]
    pub fn locate(&self, at: Point) -> Option<Located> {
        self.index.locate(at).filter(|located| self.areas.contains_key(&located.code))
    }

    /// The name that people use; the code itself for an area that is gone.
    #[must_use]
    pub fn name(&self, code: &AreaCode) -> String {
        self.areas.get(code).map_or_else(|| code.to_string(), |area| area.short_name.clone())
    }

    /// Where it lies, from the county down (from the city for a city).
    #[must_use]
    pub fn full_name(&self, code: &AreaCode) -> String {
        let lineage = code.lineage();
        let named: Vec<String> = lineage
            .iter()
            .filter(|above| above.level() > AreaLevel::City || lineage.len() == 1)
            .map(|above| self.name(above))
            .collect();
        named.concat()
    }

    /// An area as answers name it.
    #[must_use]
    pub fn reference(&self, code: &AreaCode) -> AreaRef {
        AreaRef { code: *code, name: self.name(code), level: code.level(), full_name: self.full_name(code) }
    }

    /// Which areas a word names.
    #[must_use]
    pub fn names(&self) -> &Gazetteer {
        self.names.get_or_init(|| Gazetteer::of(self.areas.values()))
    }

    /// Areas that the words of `query` name, in Chinese, in pinyin or by the beginning of their code, each within what the other
    /// words name: whole names first, those that are `near` before others, wider areas first. What lies directly below the first
    /// one follows.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize, near: impl Fn(&AreaCode) -> bool) -> Vec<AreaCode> {
        let words: Vec<Alike> =
            query.split_whitespace().flat_map(|word| self.parts(word)).map(|word| self.alike(word)).collect();
        let mut found: Vec<(bool, bool, AreaCode)> = words
            .iter()
            .flat_map(|word| word.like.iter().map(|code| (word.is_hardly(code), !word.is_whole(code), *code)))
            .filter(|(_, _, code)| words.iter().all(|word| word.holds(code)))
            .collect();
        found.sort_by_key(|(is_hardly, is_part, code)| (*is_hardly, *is_part, !near(code), code.level(), *code));
        let mut codes: Vec<AreaCode> = found.into_iter().map(|(_, _, code)| code).collect();
        let below = codes.first().map(|first| self.children(first).to_vec()).unwrap_or_default();
        codes.extend(below);
        let mut seen = HashSet::new();
        codes.retain(|code| seen.insert(*code));
        codes.truncate(limit);
        codes
    }

    /// 向阳街道红旗社区 written as one word is two names.
    fn parts<'a>(&self, word: &'a str) -> Vec<&'a str> {
        let mut parts = Vec::new();
        let mut rest = word;
        while let (true, Some((_, after))) = (self.names().like(rest).is_empty(), self.names().split(rest)) {
            if after.is_empty() {
                break;
            }
            parts.extend(rest.strip_suffix(after));
            rest = after;
        }
        parts.push(rest);
        parts
    }

    /// Areas that a word may mean.
    fn alike(&self, word: &str) -> Alike {
        let mut like = self.names().like(word);
        if word.len() >= LEAST_CODE && word.bytes().all(|byte| byte.is_ascii_digit()) {
            like.extend(self.areas.keys().filter(|code| code.as_str().starts_with(word)));
            like.sort_unstable();
        }
        Alike { whole: self.names().named(word), like, hardly: self.names().hardly_like(word) }
    }

    /// The area that an address text names: the deepest one whose names, from the county down, all stand in it.
    #[must_use]
    pub fn meant(&self, address: &str) -> Meant {
        let text: String = address.chars().filter(|c| !c.is_whitespace()).collect();
        let named = |code: &AreaCode| {
            self.areas.get(code).is_some_and(|area| text.contains(&area.short_name) || text.contains(&area.name))
        };
        let mut best: Vec<(usize, AreaCode)> = Vec::new();
        for area in self.areas.values().filter(|area| area.code.level() >= AreaLevel::Street && named(&area.code)) {
            let n_named = area.code.lineage().iter().filter(|above| named(above)).count();
            best.push((n_named, area.code));
        }
        let Some(most) = best.iter().map(|(n, _)| *n).max() else { return Meant::None };
        let mut codes: Vec<AreaCode> = best.into_iter().filter(|(n, _)| *n == most).map(|(_, code)| code).collect();
        codes.sort_unstable();
        // 红旗社区第三网格 names both: the deeper one is meant.
        let deepest = codes.iter().map(AreaCode::level).max();
        codes.retain(|code| Some(code.level()) == deepest);
        codes.truncate(MOST_CANDIDATES);
        match codes.as_slice() {
            [one] => Meant::One(*one),
            _ => Meant::Several(codes),
        }
    }
}

impl Default for AreaTree {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

/// The areas and boundaries that an import may build on.
pub struct Known(pub Arc<AreaTree>);

impl super::records::KnownAreas for Known {
    fn name_of(&self, code: &AreaCode) -> Option<String> {
        self.0.get(code).map(|area| area.name.clone())
    }
}

impl super::boundaries::KnownMap for Known {
    fn exists(&self, code: &AreaCode) -> bool {
        self.0.get(code).is_some()
    }

    fn shape_of(&self, code: &AreaCode) -> Option<Arc<Shape>> {
        self.0.index().shape(code).map(Arc::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> AreaTree {
        let area = |code: &str, name: &str, short: &str| Area {
            code: AreaCode::parse(code).unwrap(),
            name: name.to_owned(),
            short_name: short.to_owned(),
            profile: Profile::default(),
            version: 1,
        };
        AreaTree::new(
            vec![
                area("610500000000", "渭南市", "渭南市"),
                area("610502000000", "临渭区", "临渭区"),
                area("610502005000", "向阳街道", "向阳街道"),
                area("610502005007", "红旗社区居委会", "红旗社区"),
                area("610502005007003", "第三网格", "第三网格"),
                area("610524000000", "合阳县", "合阳县"),
                area("610524001000", "城关街道", "城关街道"),
                area("610524001020", "红旗社区居委会", "红旗社区"),
            ],
            Vec::new(),
        )
    }

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    #[test]
    fn a_full_name_runs_from_the_county_down() {
        assert_eq!(tree().full_name(&code("610502005007003")), "临渭区向阳街道红旗社区第三网格");
        assert_eq!(tree().full_name(&code("610500000000")), "渭南市");
    }

    #[test]
    fn a_bare_community_name_is_ambiguous_and_a_full_one_is_not() {
        assert_eq!(tree().meant("红旗社区3号楼"), Meant::Several(vec![code("610502005007"), code("610524001020")]));
        assert_eq!(tree().meant("合阳县红旗社区门口"), Meant::One(code("610524001020")));
        assert_eq!(tree().meant("临渭区 红旗社区 第三网格"), Meant::One(code("610502005007003")));
        assert_eq!(tree().meant("某某大厦"), Meant::None);
    }

    #[test]
    fn a_range_of_codes_holds_what_lies_inside_and_nothing_else() {
        let inside = |area: &str, other: &str| {
            let (from, below) = code_range(&code(area));
            from.as_str() <= other && other < below.as_str()
        };
        assert!(inside("610502005010", "610502005010003"));
        assert!(inside("610510000000", "610510001001"));
        assert!(!inside("610502005010", "610502005011"));
        assert!(!inside("610510000000", "610511000000"));
        assert!(!inside("610502005007", "610502005000"));
    }

    #[test]
    fn a_search_finds_by_name_by_code_and_by_both_words() {
        let search = |query: &str| tree().search(query, 10, |_| false);
        let flags = [code("610502005007"), code("610524001020"), code("610502005007003")];
        assert_eq!(search("红旗"), flags);
        assert_eq!(search("红旗 合阳"), [code("610524001020")]);
        assert_eq!(search("610502005007"), [code("610502005007"), code("610502005007003")]);
        assert_eq!(search("向阳街道红旗社区"), [code("610502005007"), code("610502005007003")]);
        assert!(search("  ").is_empty() && search("没有").is_empty());
    }

    #[test]
    fn a_search_in_pinyin_finds_the_same_and_one_s_own_areas_come_first() {
        let search = |query: &str| tree().search(query, 2, |_| false);
        let flags = [code("610502005007"), code("610524001020")];
        for query in ["hqsq", "hongqi", "HQ", "hqs"] {
            assert_eq!(search(query), flags, "{query}");
        }
        assert_eq!(search("hqsq heyang"), [code("610524001020")]);
        let own = tree().search("hqsq", 2, |area| code("610524000000").contains(area));
        assert_eq!(own, [code("610524001020"), code("610502005007")]);
    }
}
