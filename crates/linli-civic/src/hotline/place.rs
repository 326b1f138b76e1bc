//! 地址 → 区域: the hotline's words for a place against the area tree. Pure.
//!
//! The columns narrow from the district down; only what they leave open is looked for in the whole address. A known
//! community is enough: its people find the grid, and a grid that the spot names is taken.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use linli_kernel::{AreaCode, AreaLevel};

use super::order::{Place, RowFault};
use crate::areas::short_name;
use crate::areas::tree::{AreaTree, Meant};
use crate::sheets::clean::key;

/// So many candidates are named to the person who has to choose.
const NAMED: usize = 4;
/// So many addresses are remembered in one run.
const KEPT: usize = 20_000;

/// Finds areas by the hotline's words, quickly for many orders of the same places.
pub struct Places {
    tree: Arc<AreaTree>,
    by_name: HashMap<(AreaLevel, String), Vec<AreaCode>>,
    known: Mutex<HashMap<Place, Result<AreaCode, RowFault>>>,
}

impl Places {
    /// Over the areas as they stand.
    #[must_use]
    pub fn new(tree: Arc<AreaTree>) -> Self {
        let mut by_name: HashMap<(AreaLevel, String), Vec<AreaCode>> = HashMap::new();
        for area in tree.iter().filter(|area| (AreaLevel::County..=AreaLevel::Community).contains(&area.code.level())) {
            let mut names = vec![key(&area.name), key(&area.short_name), stem(&area.short_name)];
            names.sort();
            names.dedup();
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                by_name.entry((area.code.level(), name)).or_default().push(area.code);
            }
        }
        by_name.values_mut().for_each(|codes| codes.sort_unstable());
        Self { tree, by_name, known: Mutex::new(HashMap::new()) }
    }

    /// The area that a place means.
    ///
    /// # Errors
    /// `unknown_place`, or `ambiguous_place` with the candidates.
    pub fn find(&self, place: &Place) -> Result<AreaCode, RowFault> {
        if let Some(found) = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(place) {
            return found.clone();
        }
        let found = self.look(place);
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() < KEPT {
            known.insert(place.clone(), found.clone());
        }
        found
    }

    /// Where an area lies, from the county down.
    #[must_use]
    pub fn full_name(&self, area: &AreaCode) -> String {
        self.tree.full_name(area)
    }

    fn look(&self, place: &Place) -> Result<AreaCode, RowFault> {
        let within = |codes: Vec<AreaCode>, above: &[AreaCode]| -> Vec<AreaCode> {
            if above.is_empty() {
                codes
            } else {
                codes.into_iter().filter(|code| above.iter().any(|above| above.contains(code))).collect()
            }
        };
        let counties = self.named(AreaLevel::County, &place.district);
        let streets = within(self.named(AreaLevel::Street, &place.street), &counties);
        let above = if streets.is_empty() { &counties } else { &streets };
        let communities = within(self.named(AreaLevel::Community, &place.community), above);
        match communities.as_slice() {
            [one] => return Ok(self.grid_of(*one, &place.spot)),
            [] => {}
            several => {
                // The address may say what the columns do not.
                let told: Vec<AreaCode> =
                    several.iter().filter(|code| self.is_named_above(code, &place.spot)).copied().collect();
                return match told.as_slice() {
                    [one] => Ok(self.grid_of(*one, &place.spot)),
                    _ => Err(self.ambiguous(&place.community, several)),
                };
            }
        }
        let found = match self.tree.meant(&place.address()) {
            Meant::One(area) if above.is_empty() || above.iter().any(|above| above.contains(&area)) => Some(area),
            Meant::One(area) => {
                return Err(RowFault::new(
                    "place_contradicts",
                    &[("area", &self.tree.full_name(&area)), ("said", &format!("{}{}", place.district, place.street))],
                ));
            }
            Meant::Several(codes) => {
                let inside: Vec<AreaCode> = within(codes, above);
                match inside.as_slice() {
                    [one] => Some(*one),
                    [] => None,
                    several => match common(several) {
                        // 红旗社区 and a word that several of its grids have: the community is known.
                        Some(community) => Some(community),
                        None => return Err(self.ambiguous(&place.address(), several)),
                    },
                }
            }
            Meant::None => None,
        };
        // A street that is known and a community that is not: the people of the street find it.
        let found = found
            .filter(|area| area.level() >= AreaLevel::Street)
            .or_else(|| streets.as_slice().first().filter(|_| streets.len() == 1).copied());
        match (found, streets.as_slice()) {
            (Some(area), _) => Ok(area),
            (None, [_, _, ..]) => Err(self.ambiguous(&place.street, &streets)),
            (None, _) => Err(RowFault::new("unknown_place", &[("value", &place.address())])),
        }
    }

    fn named(&self, level: AreaLevel, name: &str) -> Vec<AreaCode> {
        let find = |name: String| self.by_name.get(&(level, name)).cloned().unwrap_or_default();
        let exact = find(key(name));
        if !exact.is_empty() {
            return exact;
        }
        let short = short_name(name, None);
        let by_short = find(key(&short));
        if by_short.is_empty() { find(stem(&short)) } else { by_short }
    }

    /// Whether the county or street of `code` stands in `text`.
    fn is_named_above(&self, code: &AreaCode, text: &str) -> bool {
        let above =
            code.lineage().into_iter().filter(|above| (AreaLevel::County..=AreaLevel::Street).contains(&above.level()));
        above.into_iter().any(|above| text.contains(&self.tree.name(&above)))
    }

    /// The grid that the spot names, or the community itself.
    fn grid_of(&self, community: AreaCode, spot: &str) -> AreaCode {
        let spot = key(spot);
        let named: Vec<AreaCode> = self
            .tree
            .children(&community)
            .iter()
            .filter(|grid| spot.contains(&key(&self.tree.name(grid))))
            .copied()
            .collect();
        match named.as_slice() {
            [one] => *one,
            _ => community,
        }
    }

    fn ambiguous(&self, said: &str, codes: &[AreaCode]) -> RowFault {
        let names: Vec<String> = codes.iter().take(NAMED).map(|code| self.tree.full_name(code)).collect();
        let mut fault = RowFault::new("ambiguous_place", &[("value", said), ("n", &codes.len().to_string())]);
        fault.values.insert("names".to_owned(), names.join("、"));
        fault
    }
}

/// The community that holds all of them, if one does.
fn common(codes: &[AreaCode]) -> Option<AreaCode> {
    let first = codes.first().filter(|code| code.level() >= AreaLevel::Community)?.at(AreaLevel::Community);
    codes.iter().all(|code| first.contains(code)).then_some(first)
}

/// A name without the word for its level: 红旗 for 红旗社区, 向阳 for 向阳街道. Never a single character.
fn stem(name: &str) -> String {
    let name = key(name);
    let endings = ["街道办事处", "街道", "社区", "镇", "乡", "村", "区", "县", "市"];
    let base = endings.iter().find_map(|ending| name.strip_suffix(ending)).filter(|base| base.chars().count() >= 2);
    base.map_or_else(|| name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::areas::Profile;
    use crate::areas::tree::Area;

    fn places() -> Places {
        let area = |code: &str, name: &str, short: &str| Area {
            code: AreaCode::parse(code).unwrap(),
            name: name.to_owned(),
            short_name: short.to_owned(),
            profile: Profile::default(),
            version: 1,
        };
        let areas = vec![
            area("610500000000", "渭南市", "渭南市"),
            area("610502000000", "临渭区", "临渭区"),
            area("610502005000", "向阳街道", "向阳街道"),
            area("610502005007", "红旗社区居委会", "红旗社区"),
            area("610502005007001", "第一网格", "第一网格"),
            area("610502005007002", "第二网格", "第二网格"),
            area("610502005008", "金水社区居委会", "金水社区"),
            area("610524000000", "合阳县", "合阳县"),
            area("610524001000", "城关街道", "城关街道"),
            area("610524001020", "红旗社区居委会", "红旗社区"),
        ];
        Places::new(Arc::new(AreaTree::new(areas, Vec::new())))
    }

    fn find(district: &str, street: &str, community: &str, spot: &str) -> Result<String, String> {
        let place = Place {
            district: district.to_owned(),
            street: street.to_owned(),
            community: community.to_owned(),
            spot: spot.to_owned(),
        };
        places().find(&place).map(|code| code.to_string()).map_err(|fault| fault.code)
    }

    #[test]
    fn the_columns_narrow_and_the_spot_names_the_grid() {
        assert_eq!(find("临渭区", "向阳街道", "红旗社区", "3号楼").as_deref(), Ok("610502005007"));
        assert_eq!(
            find("临渭区", "向阳街道办事处", "红旗社区居委会", "第二网格 3号楼").as_deref(),
            Ok("610502005007002")
        );
        assert_eq!(find("临渭", "向阳", "红旗", "").as_deref(), Ok("610502005007"));
        assert_eq!(find("", "", "金水社区", "2号楼").as_deref(), Ok("610502005008"));
        assert_eq!(find("", "", "", "临渭区向阳街道红旗社区第一网格5号楼").as_deref(), Ok("610502005007001"));
        assert_eq!(find("合阳县", "", "", "红旗社区门口").as_deref(), Ok("610524001020"));
    }

    #[test]
    fn a_known_street_is_enough_and_a_known_county_is_not() {
        assert_eq!(find("临渭区", "向阳街道", "没有的社区", "某某大厦").as_deref(), Ok("610502005000"));
        assert_eq!(find("临渭区", "", "", "某某大厦"), Err("unknown_place".to_owned()));
        assert_eq!(find("", "", "", "某某大厦"), Err("unknown_place".to_owned()));
    }

    #[test]
    fn a_name_that_two_places_have_is_answered_with_both() {
        let place = Place { community: "红旗社区".to_owned(), ..Place::default() };
        let fault = places().find(&place).unwrap_err();
        assert_eq!(fault.code, "ambiguous_place");
        assert_eq!(fault.values["names"], "临渭区向阳街道红旗社区、合阳县城关街道红旗社区");
        assert_eq!(find("", "", "红旗社区", "合阳县城关街道红旗社区3号楼").as_deref(), Ok("610524001020"));
    }
}
