//! 三方合并: what two people changed at the same time, put together field by field. Pure.
//!
//! Fields that only one of them changed are taken from that one. Where both changed the same field to different values, the
//! value that stands stays, and the other is kept for a person to decide. Guarded fields (class S) are taken only when nobody
//! changed anything meanwhile: a wrong phone number is worse than a question.

use std::collections::{BTreeMap, BTreeSet};

/// What stands in the fields of a record. What is in it may be personal: `Debug` shows the names of the fields only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<&'static str, String>);

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Values {
    /// What stands in a field.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Puts a value into a field, or empties it.
    pub fn set(&mut self, key: &'static str, value: Option<String>) {
        match value {
            Some(value) => drop(self.0.insert(key, value)),
            None => drop(self.0.remove(key)),
        }
    }

    /// These values with others over them.
    #[must_use]
    pub fn with(&self, edits: &Edits) -> Self {
        let mut values = self.clone();
        for (key, value) in edits {
            values.set(key, value.clone());
        }
        values
    }

    /// The fields in which two differ.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> BTreeSet<&'static str> {
        let keys = self.0.keys().chain(other.0.keys());
        keys.filter(|key| self.get(key) != other.get(key)).copied().collect()
    }
}

/// New values of some fields; `None` empties one.
pub type Edits = BTreeMap<&'static str, Option<String>>;

/// A value that met another in the same field.
#[derive(Clone, PartialEq, Eq)]
pub struct Clash {
    /// Where.
    pub field: &'static str,
    /// What was wanted and does not stand.
    pub wanted: Option<String>,
}

impl std::fmt::Debug for Clash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clash").field(&self.field).finish()
    }
}

/// What came of a merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What stands now.
    pub values: Values,
    /// The fields that were taken from the later one.
    pub taken: BTreeSet<&'static str>,
    /// What a person has to decide.
    pub clashes: Vec<Clash>,
}

/// Merges `mine`, decided on `base`, into `theirs`, which stands now.
#[must_use]
pub fn merge(base: &Values, theirs: &Values, mine: &Values, is_guarded: impl Fn(&str) -> bool) -> Merged {
    let moved = theirs.differs_from(base);
    let mut merged = Merged { values: theirs.clone(), ..Merged::default() };
    for field in mine.differs_from(base) {
        let wanted = mine.get(field);
        if theirs.get(field) == wanted {
            continue;
        }
        let is_free = !moved.contains(field) && (moved.is_empty() || !is_guarded(field));
        if is_free {
            merged.values.set(field, wanted.map(str::to_owned));
            merged.taken.insert(field);
        } else {
            merged.clashes.push(Clash { field, wanted: wanted.map(str::to_owned) });
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: &[&str] = &["a", "b", "c", "d", "phone"];

    fn guarded(field: &str) -> bool {
        field == "phone"
    }

    fn any_values() -> impl Strategy<Value = Values> {
        prop::collection::vec(prop::option::of("[xyz]"), FIELDS.len()).prop_map(|found| {
            let mut values = Values::default();
            for (key, value) in FIELDS.iter().zip(found) {
                values.set(key, value);
            }
            values
        })
    }

    proptest! {
        /// Two who changed different fields get the same record, whoever came first.
        #[test]
        fn the_order_of_disjoint_changes_does_not_matter(base in any_values(), a in any_values(), b in any_values(), split in prop::collection::vec(any::<bool>(), 4)) {
            let (mut first, mut second) = (base.clone(), base.clone());
            for (key, is_first) in FIELDS.iter().zip(split) {
                if is_first { first.set(key, a.get(key).map(str::to_owned)) } else { second.set(key, b.get(key).map(str::to_owned)) }
            }
            let one = merge(&base, &merge(&base, &base, &first, guarded).values, &second, guarded);
            let other = merge(&base, &merge(&base, &base, &second, guarded).values, &first, guarded);
            prop_assert_eq!(&one.values, &other.values);
            prop_assert!(one.clashes.is_empty() && other.clashes.is_empty());
        }

        /// Every field that somebody changed stands, or waits for a person.
        #[test]
        fn nothing_is_lost(base in any_values(), theirs in any_values(), mine in any_values()) {
            let merged = merge(&base, &theirs, &mine, guarded);
            for field in mine.differs_from(&base) {
                let stands = merged.values.get(field) == mine.get(field);
                let waits = merged.clashes.iter().any(|clash| clash.field == field && clash.wanted.as_deref() == mine.get(field));
                prop_assert!(stands != waits, "{}", field);
            }
            for field in theirs.differs_from(&base) {
                prop_assert_eq!(merged.values.get(field), theirs.get(field));
            }
        }

        /// The same change once more takes nothing and asks nothing new.
        #[test]
        fn a_merge_is_idempotent(base in any_values(), theirs in any_values(), mine in any_values()) {
            let once = merge(&base, &theirs, &mine, guarded);
            let twice = merge(&base, &once.values, &mine, guarded);
            prop_assert_eq!(&twice.values, &once.values);
            prop_assert!(twice.taken.is_empty());
            prop_assert_eq!(twice.clashes, once.clashes);
        }

        /// A guarded field never changes by itself when anything else did.
        #[test]
        fn a_guarded_field_is_never_merged_by_itself(base in any_values(), theirs in any_values(), mine in any_values()) {
            let merged = merge(&base, &theirs, &mine, guarded);
            if theirs != base {
                prop_assert_eq!(merged.values.get("phone"), theirs.get("phone"));
            }
        }
    }
}
