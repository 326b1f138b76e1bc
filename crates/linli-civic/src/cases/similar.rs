//! 疑似重复: open cases about what may be the same matter. A suggestion with its reasons; whoever reports or works decides.
//!
//! Same place (within 150 m; where a point is missing, the same grid, or the community that was named) and the same category, or
//! much the same words. Source of
//! the idea: nearby reports of the same category are offered before sending (FixMyStreet); repeated requests are in principle
//! merged (国办函〔2025〕66号 第三条).

use std::collections::BTreeSet;

use linli_db::{Conn, Row, StoreError, params};
use linli_kernel::{AreaCode, AreaLevel, CaseId, CaseKind, StreamKind, Timestamp};

use crate::areas::Point;

/// Cases that are looked at, the newest first.
const LOOKED_AT: i64 = 300;
/// Suggestions at most.
const MOST: usize = 5;
/// Two points this near are one place. Unit: metres.
const NEAR_M: f64 = 150.0;
/// So much the same words are one matter: the share of two-character sequences that both texts have.
const ALIKE: f64 = 0.25;
/// Words of another category, or of a place that is only known to lie around the other, must be more alike.
const VERY_ALIKE: f64 = 0.5;
const METRES_A_DEGREE: f64 = 111_320.0;

/// What is compared.
pub struct Matter<'a> {
    /// What it is: a request is no dispute.
    pub kind: CaseKind,
    /// Where.
    pub area: AreaCode,
    /// Where on the map.
    pub point: Option<Point>,
    /// What kind.
    pub category: Option<&'a str>,
    /// What was said.
    pub text: &'a str,
    /// Not this one.
    pub except: Option<CaseId>,
}

/// One that may be the same matter.
#[derive(Clone, Debug)]
pub struct Similar {
    /// Its id.
    pub id: CaseId,
    /// The number for paper.
    pub paper_no: String,
    /// The category's code.
    pub category: Option<String>,
    /// What was said: for staff alone.
    pub body: String,
    /// Its stage.
    pub stage: String,
    /// Where it is.
    pub area: AreaCode,
    /// The building whose printed code was scanned, if one was: as the list of places calls it.
    pub building: Option<String>,
    /// When it was said.
    pub reported_at: Timestamp,
    /// When an answer was promised.
    pub promised_at: Option<Timestamp>,
    /// How many people said it.
    pub n_callers: i64,
    /// How far away. Unit: metres.
    pub distance_m: Option<f64>,
    alike: f64,
}

/// How near two places are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    /// One place.
    Here,
    /// One is known no better than by an area around the other.
    Around,
    /// Another place.
    Elsewhere,
}

/// Looks for open cases about what may be the same matter.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, matter: &Matter<'_>) -> Result<Vec<Similar>, StoreError> {
    // A street or a county is no place.
    if matter.area.level() < AreaLevel::Community {
        return Ok(Vec::new());
    }
    // Within the community: what is farther away is another place. A part that was split off is none of a caller's.
    let within = matter.area.at(AreaLevel::Community);
    let sql = "SELECT c.id, c.paper_no, c.category, c.body, c.stage, c.reported_at, c.promised_at, c.area_code, c.lon, c.lat, \
               (SELECT COUNT(*) FROM cases f WHERE f.master_id = c.id) AS n_followers \
               FROM case_scope s JOIN cases c ON c.id = s.case_id \
               WHERE s.scope_key = $1 AND s.phase IN ('open', 'waiting') AND c.private = FALSE AND c.master_id IS NULL \
               AND c.kind = $3 AND c.parent_id IS NULL ORDER BY s.case_id DESC LIMIT $2";
    let words = Words::of(matter.text);
    let found = conn.all(sql, &params![within, LOOKED_AT, matter.kind], |row| candidate(row, matter, &words))?;
    let mut found: Vec<Similar> = found.into_iter().flatten().filter(|other| Some(other.id) != matter.except).collect();
    found.sort_by(|a, b| b.alike.total_cmp(&a.alike).then(b.id.cmp(&a.id)));
    found.truncate(MOST);
    for other in &mut found {
        other.building = building(conn, other.id)?;
    }
    Ok(found)
}

fn candidate(row: &Row<'_>, matter: &Matter<'_>, words: &Words) -> Result<Option<Similar>, StoreError> {
    let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
    let area: AreaCode = row.parse("area_code")?;
    let point = lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat));
    let distance_m = point.zip(matter.point).map(|(a, b)| distance_m(a, b));
    let category: Option<String> = row.get("category")?;
    let body: String = row.get("body")?;
    let alike = words.share(&Words::of(&body));
    let is_same_kind = category.is_some() && category.as_deref() == matter.category;
    let least = match near(&area, distance_m, matter) {
        Near::Here if is_same_kind => ALIKE,
        Near::Here | Near::Around => VERY_ALIKE,
        Near::Elsewhere => return Ok(None),
    };
    if alike < least {
        return Ok(None);
    }
    Ok(Some(Similar {
        id: row.parse("id")?,
        paper_no: row.get("paper_no")?,
        category,
        body,
        stage: row.get("stage")?,
        area,
        building: None,
        reported_at: row.at("reported_at")?,
        promised_at: row.at_opt("promised_at")?,
        n_callers: row.get::<i64>("n_followers")? + 1,
        distance_m,
        alike,
    }))
}

/// Two points tell; where one is missing, the areas do.
fn near(area: &AreaCode, distance_m: Option<f64>, matter: &Matter<'_>) -> Near {
    match distance_m {
        Some(distance_m) if distance_m <= NEAR_M => Near::Here,
        Some(_) => Near::Elsewhere,
        None if *area == matter.area => Near::Here,
        None if area.contains(&matter.area) || matter.area.contains(area) => Near::Around,
        None => Near::Elsewhere,
    }
}

/// The building whose printed code was scanned, as the report's event keeps it.
fn building(conn: &mut Conn, id: CaseId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT payload FROM event WHERE stream_kind = $1 AND stream_id = $2 AND n = 1";
    let payload = conn.first(sql, &params![StreamKind::Case, id], |row| row.json::<serde_json::Value>("payload"))?;
    Ok(payload.and_then(|payload| payload.get("place")?.as_str().map(str::to_owned)))
}

/// Flat enough for 150 m.
pub(super) fn distance_m(a: Point, b: Point) -> f64 {
    let x = (a.lon - b.lon) * a.lat.to_radians().cos();
    (x * x + (a.lat - b.lat).powi(2)).sqrt() * METRES_A_DEGREE
}

/// The words of a text as far as they can be compared: its two-character sequences, without spaces and punctuation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(BTreeSet<(char, char)>);

impl Words {
    /// Those of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let letters: Vec<char> = letters(text).collect();
        Self(letters.iter().copied().zip(letters.iter().copied().skip(1)).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two characters follow one another.
    #[must_use]
    pub fn has(&self, pair: (char, char)) -> bool {
        self.0.contains(&pair)
    }

    /// Whether this and what was said at the same place are about one matter; of the same kind, fewer words will do.
    #[must_use]
    pub fn are_alike(&self, other: &Self, is_same_kind: bool) -> bool {
        self.share(other) >= if is_same_kind { ALIKE } else { VERY_ALIKE }
    }

    /// How much of the shorter one both have.
    fn share(&self, other: &Self) -> f64 {
        let count = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
        let least = self.len().min(other.len());
        if least == 0 { 0.0 } else { count(self.0.intersection(&other.0).count()) / count(least) }
    }
}

/// The characters of a text that are compared.
pub fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_matter_in_other_words_is_alike_and_another_is_not() {
        let lamp = Words::of("3号楼前的路灯不亮，晚上看不清路");
        assert!(lamp.share(&Words::of("三号楼门口路灯不亮了")) >= ALIKE);
        assert!(lamp.share(&Words::of("垃圾桶满了没人清")) < ALIKE);
        assert!(lamp.share(&Words::of("")) < ALIKE);
    }
}
