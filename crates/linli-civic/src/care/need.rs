//! 按需知晓: who learns what of an entry. The one rule; lists, pages, phones and counts all ask it. Pure.
//!
//! | who | learns |
//! |---|---|
//! | whoever owns the entry, is paired with the person, or gives help of this category there | why, one entry at a time, for a purpose that is recorded |
//! | the grid worker, while nobody is paired | that a visit is due, where and for whom |
//! | the grid head | that a visit is due |
//! | everybody else, and where visits stand still all but those who keep the entry | nothing |

use linli_access::matrix::{Reach, reach};
use linli_access::scope::unit_key;
use linli_access::{Act, Caller, scope};
use linli_kernel::{AreaLevel, Role};
use linli_playbook::CareCategory;

use super::model::Entry;
use super::words::State;

/// What somebody learns of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Not that it is there.
    Nothing,
    /// That a visit is due, where and for whom.
    Due,
    /// What it is about, for a purpose; as what.
    Why(Role),
}

/// What `caller` learns of `entry`, whose category is `category`; `None` where the playbook does not know it any more. Where visits
/// stand still, whoever goes there need not know of it.
#[must_use]
pub fn sight(caller: &Caller, entry: &Entry, category: Option<&CareCategory>) -> Sight {
    let keeps = || scope(caller, Act::KeepCare).reaches(&entry.keys()).is_some();
    if entry.state == State::Active || keeps() { going(caller, entry, category) } else { Sight::Nothing }
}

/// What `caller` learns of `entry` while visits go on: whoever is on the way is told that they have stopped.
#[must_use]
pub fn going(caller: &Caller, entry: &Entry, category: Option<&CareCategory>) -> Sight {
    let Some(role) = scope(caller, Act::ViewCare).reaches(&entry.keys()) else { return Sight::Nothing };
    if entry.helpers.contains(&caller.account) {
        return Sight::Why(role);
    }
    if let Some(role) = knows(caller, entry, category) {
        return Sight::Why(role);
    }
    match role {
        Role::GridHead => Sight::Due,
        Role::GridWorker if entry.helpers.is_empty() => Sight::Due,
        _ => Sight::Nothing,
    }
}

/// The role by which somebody owns the entry, or gives its help where it is.
fn knows(caller: &Caller, entry: &Entry, category: Option<&CareCategory>) -> Option<Role> {
    let holds = caller.grants.iter().find(|grant| match reach(grant.role, Act::ReadCare) {
        Some(Reach::Area) => {
            let owns = grant.role == Role::CommunityClerk
                && entry.held.owner == entry.area.at(AreaLevel::Community).to_string();
            let helps = category.is_some_and(|category| category.seen_by.contains(&grant.role));
            grant.area.contains(&entry.area) && (owns || helps)
        }
        Some(Reach::Unit) => grant.unit.as_deref().is_some_and(|unit| unit_key(&grant.area, unit) == entry.held.owner),
        None => false,
    });
    holds.map(|grant| grant.role)
}

/// Whether `caller` is one who goes there: paired, or the grid's worker while nobody is.
#[must_use]
pub fn goes_there(caller: &Caller, entry: &Entry, sight: Sight) -> bool {
    if sight == Sight::Nothing {
        return false;
    }
    let is_worker = || {
        let mut grants = caller.grants.iter();
        grants.any(|grant| grant.role == Role::GridWorker && grant.area.contains(&entry.area))
    };
    entry.helpers.contains(&caller.account) || (entry.helpers.is_empty() && is_worker())
}
