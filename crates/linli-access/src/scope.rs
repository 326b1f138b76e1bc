//! The one rule: an act is allowed where a key that the caller holds meets a key that the thing lists.
//!
//! A key is an area code, or `area/unit` for a unit. A case lists the keys of every area above it, of the
//! seat that answers for it, and of the unit, if one answers; those are the rows of `case_scope`, so that
//! a list is filtered by the same keys.

use std::collections::BTreeSet;

use linli_kernel::{AccountId, AreaCode, Role};

use crate::caller::Caller;
use crate::matrix::{Act, Reach, reach};

/// The key of a unit that is bound to an area.
#[must_use]
pub fn unit_key(area: &AreaCode, unit: &str) -> String {
    format!("{area}/{unit}")
}

/// The key of one person.
#[must_use]
pub fn person_key(account: AccountId) -> String {
    format!("{PERSON}{account}")
}

const PERSON: char = '@';

/// The keys by which a thing can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(BTreeSet<String>);

impl Keys {
    /// Of something that lies in `area`.
    #[must_use]
    pub fn of_area(area: &AreaCode) -> Self {
        Self(area.lineage().iter().map(ToString::to_string).collect())
    }

    /// Adds whoever answers: the seat's areas and its unit.
    #[must_use]
    pub fn with_seat(mut self, area: &AreaCode, unit: Option<&str>) -> Self {
        self.0.extend(area.lineage().iter().map(ToString::to_string));
        self.0.extend(unit.map(|unit| unit_key(area, unit)));
        self
    }

    /// Adds a seat's key alone: a department that is called does not bring in those above it.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.0.insert(key.to_owned());
        self
    }

    /// Adds one person: a member of a task force.
    #[must_use]
    pub fn with_person(mut self, account: AccountId) -> Self {
        self.0.insert(person_key(account));
        self
    }

    /// The keys in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The keys that a caller holds for an act, each with the role that gives it; none below another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    held: Vec<(String, Role)>,
}

impl Scope {
    /// The keys: the filter of a list. Without the caller's own: what they were called to by name has a list of its own, so
    /// that no other list has to look under two keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.held.iter().map(|(key, _)| key.as_str()).filter(|key| !key.starts_with(PERSON))
    }

    /// Whether nothing is reached.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// A role that gives a key, if any does.
    #[must_use]
    pub fn any_role(&self) -> Option<Role> {
        self.held.first().map(|(_, role)| *role)
    }

    /// The role that reaches `keys`; the deepest area wins, because it is the nearest duty.
    #[must_use]
    pub fn reaches(&self, keys: &Keys) -> Option<Role> {
        self.held
            .iter()
            .filter(|(key, _)| keys.0.contains(key))
            .max_by_key(|(key, _)| key.trim_end_matches('0').len())
            .map(|(_, role)| *role)
    }

    /// The keys of a list that may be narrowed to an area.
    #[must_use]
    pub fn keys_in(&self, area: Option<&AreaCode>) -> Vec<String> {
        area.map_or_else(|| self.keys().map(str::to_owned).collect(), |area| self.within(area))
    }

    /// The areas of a list that may be narrowed to one: [`Scope::keys_in`] without what is reached as a unit or by name.
    #[must_use]
    pub fn areas_in(&self, area: Option<&AreaCode>) -> Vec<AreaCode> {
        self.keys_in(area).iter().filter_map(|key| key.parse().ok()).collect()
    }

    /// The held keys that lie inside `area` or contain it, narrowed to it: the filter of a list within an area.
    #[must_use]
    pub fn within(&self, area: &AreaCode) -> Vec<String> {
        let mut keys = BTreeSet::new();
        for (key, _) in &self.held {
            match key.parse::<AreaCode>() {
                Ok(held) if held.contains(area) => drop(keys.insert(area.to_string())),
                Ok(held) if area.contains(&held) => drop(keys.insert(key.clone())),
                _ => {}
            }
        }
        keys.into_iter().collect()
    }
}

/// What may be done with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, by this role.
    Allowed(Role),
    /// They see it and may not do this: 403.
    Forbidden,
    /// They may not know of it: 404.
    Hidden,
}

/// Everything that `caller` reaches by `act`.
#[must_use]
pub fn scope(caller: &Caller, act: Act) -> Scope {
    let mut held: Vec<(String, Role)> = Vec::new();
    for grant in &caller.grants {
        match (reach(grant.role, act), &grant.unit) {
            (Some(Reach::Area), _) => held.push((grant.area.to_string(), grant.role)),
            (Some(Reach::Unit), Some(unit)) => held.push((unit_key(&grant.area, unit), grant.role)),
            (Some(Reach::Unit), None) | (None, _) => {}
        }
    }
    // Whoever may do it somewhere may do it where they were called by name.
    if matches!(act, Act::ViewCase | Act::WorkOnCase)
        && let Some((_, role)) = held.first()
    {
        held.push((person_key(caller.account), *role));
    }
    held.sort();
    held.dedup();
    let areas: Vec<AreaCode> = held.iter().filter_map(|(key, _)| key.parse().ok()).collect();
    // A key below another adds nothing and would list a case twice.
    held.retain(|(key, _)| {
        key.parse::<AreaCode>().map_or(true, |code| !areas.iter().any(|above| above.contains(&code) && *above != code))
    });
    held.dedup_by(|a, b| a.0 == b.0);
    Scope { held }
}

/// Whether `caller` may do `act` to what lists `keys`.
#[must_use]
pub fn decide(caller: &Caller, act: Act, keys: &Keys) -> Decision {
    match scope(caller, act).reaches(keys) {
        Some(role) => Decision::Allowed(role),
        None if scope(caller, Act::ViewCase).reaches(keys).is_some() => Decision::Forbidden,
        None => Decision::Hidden,
    }
}

#[cfg(test)]
mod tests {
    use linli_kernel::{AccountId, GrantId, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::caller::Grant;

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    fn caller(grants: Vec<(Role, &str, Option<&str>)>) -> Caller {
        let grants = grants
            .into_iter()
            .map(|(role, area, unit)| Grant {
                id: GrantId::new(Default::default()),
                role,
                area: code(area),
                unit: unit.map(str::to_owned),
                starts_at: Timestamp::from_ms(0),
                ends_at: None,
            })
            .collect();
        Caller {
            account: AccountId::new(Default::default()),
            name: "a".into(),
            display_name: "甲".into(),
            must_change_password: false,
            grants,
        }
    }

    #[test]
    fn a_worker_of_one_grid_does_not_know_of_the_next() {
        let worker = caller(vec![(Role::GridWorker, "610502005007001", None)]);
        let own = Keys::of_area(&code("610502005007001"));
        let next = Keys::of_area(&code("610502005007002"));
        assert_eq!(decide(&worker, Act::ViewCase, &own), Decision::Allowed(Role::GridWorker));
        assert_eq!(decide(&worker, Act::ViewCase, &next), Decision::Hidden);
        assert_eq!(decide(&worker, Act::AdministerPeople, &own), Decision::Forbidden);
    }

    #[test]
    fn a_department_sees_what_it_answers_for_and_nothing_else() {
        let clerk = caller(vec![(Role::DepartmentClerk, "610502000000", Some("chengguan"))]);
        let place = code("610502005007001");
        let street = Keys::of_area(&place);
        let theirs = Keys::of_area(&place).with_seat(&code("610502000000"), Some("chengguan"));
        let others = Keys::of_area(&place).with_seat(&code("610502000000"), Some("zhujian"));
        assert_eq!(decide(&clerk, Act::ViewCase, &street), Decision::Hidden);
        assert_eq!(decide(&clerk, Act::ViewCase, &theirs), Decision::Allowed(Role::DepartmentClerk));
        assert_eq!(decide(&clerk, Act::ViewCase, &others), Decision::Hidden);
    }

    #[test]
    fn a_key_below_another_is_dropped_from_the_filter() {
        let clerk =
            caller(vec![(Role::CommunityClerk, "610502005007", None), (Role::GridWorker, "610502005007003", None)]);
        assert_eq!(scope(&clerk, Act::ViewCase).keys().collect::<Vec<_>>(), ["610502005007"]);
    }

    #[test]
    fn a_list_within_an_area_is_narrowed_and_never_widened() {
        let clerk = caller(vec![(Role::CommunityClerk, "610502005007", None)]);
        let view = scope(&clerk, Act::ViewCase);
        assert_eq!(view.within(&code("610502005007003")), ["610502005007003"]);
        assert_eq!(view.within(&code("610502000000")), ["610502005007"]);
        assert!(view.within(&code("610502005008")).is_empty());
    }

    fn any_area() -> impl Strategy<Value = AreaCode> {
        (1_u32..3, 1_u32..3, 1_u32..3, 0_u32..3, 0_usize..5).prop_map(|(county, street, community, grid, level)| {
            let full = format!("6105{county:02}{street:03}{community:03}");
            let community = code(&full);
            match level {
                0 => community.at(linli_kernel::AreaLevel::City),
                1 => community.at(linli_kernel::AreaLevel::County),
                2 => community.at(linli_kernel::AreaLevel::Street),
                3 => community,
                _ => community.child(grid + 1).unwrap(),
            }
        })
    }

    fn any_caller() -> impl Strategy<Value = Caller> {
        let grant = (0..Role::ALL.len(), any_area(), prop::option::of(prop::sample::select(vec!["a", "b"])));
        prop::collection::vec(grant, 0..4).prop_map(|grants| {
            let mut caller = caller(vec![]);
            caller.grants = grants
                .into_iter()
                .map(|(role, area, unit)| Grant {
                    id: GrantId::new(Default::default()),
                    role: Role::ALL[role],
                    area,
                    unit: unit.map(str::to_owned),
                    starts_at: Timestamp::from_ms(0),
                    ends_at: None,
                })
                .collect();
            caller
        })
    }

    proptest! {
        /// The list filter shows exactly what the decision allows.
        #[test]
        fn a_decision_and_a_list_never_disagree(caller in any_caller(), place in any_area(), seat in any_area(), unit in prop::option::of(prop::sample::select(vec!["a", "b"])), act in prop::sample::select(Act::ALL.to_vec())) {
            let keys = Keys::of_area(&place).with_seat(&seat, unit);
            let listed = scope(&caller, act).keys().any(|key| keys.iter().any(|listed| listed == key));
            let allowed = matches!(decide(&caller, act, &keys), Decision::Allowed(_));
            prop_assert_eq!(listed, allowed);
        }

        /// Without a grant nothing is allowed.
        #[test]
        fn nothing_is_allowed_without_a_grant(place in any_area(), act in prop::sample::select(Act::ALL.to_vec())) {
            prop_assert_eq!(decide(&caller(vec![]), act, &Keys::of_area(&place)), Decision::Hidden);
        }
    }
}
