//! How a caller stands to a case.

use std::collections::BTreeSet;

use linli_kernel::Role;

use crate::flow::{Relation, Who};

/// Where a grant of the caller lies, as seen from the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantPlace {
    /// At the seat: its area, and its unit if it has one.
    Seat,
    /// At an area above the seat.
    Above,
    /// At the area of the case, or above it, but neither at the seat nor above it.
    Place,
}

/// Whether the caller handled the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// Never.
    Never,
    /// Once, but not now.
    Before,
    /// Now.
    Now,
}

/// A relation to a case and the role in which it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// `None` for those who need no account.
    pub role: Option<Role>,
    /// The relation.
    pub relation: Relation,
}

/// 身份: everything that the caller is to one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    holds: BTreeSet<Hold>,
    asked: bool,
}

impl Standing {
    /// Someone who holds the public code.
    #[must_use]
    pub fn reporter() -> Self {
        Self::default().with(None, Relation::Reporter)
    }

    /// linli itself.
    #[must_use]
    pub fn system() -> Self {
        Self { holds: BTreeSet::from([Hold { role: None, relation: Relation::System }]), asked: false }
    }

    /// Anybody, without any relation to the case.
    #[must_use]
    pub fn anyone() -> Self {
        Self::default().with(None, Relation::Anyone)
    }

    /// Someone with an account: the grants that touch the case, and whether they handled it.
    ///
    /// Grants that do not touch it are left out by the caller. A resident, an auditor and an administrator never act on a
    /// case by that role: those grants give nothing here.
    #[must_use]
    pub fn staff(grants: impl IntoIterator<Item = (Role, GrantPlace)>, handled: Handled) -> Self {
        let mut standing = Self::anyone();
        for (role, place) in grants.into_iter().filter(|(role, _)| works_on_cases(*role)) {
            let relations: &[Relation] = match place {
                GrantPlace::Seat => &[Relation::Seat],
                GrantPlace::Above => &[Relation::Above, Relation::Place],
                GrantPlace::Place => &[Relation::Place],
            };
            for relation in relations {
                standing = standing.with(Some(role), *relation);
            }
            standing = match handled {
                Handled::Never => standing.with(Some(role), Relation::NotHandler),
                Handled::Before => standing,
                Handled::Now => standing.with(Some(role), Relation::Handler),
            };
        }
        standing
    }

    /// The same person, who asked for what the level above is to grant.
    #[must_use]
    pub fn who_asked(mut self, asked: bool) -> Self {
        self.asked = asked;
        self
    }

    /// Whether they asked for what the level above is to grant.
    #[must_use]
    pub const fn asked(&self) -> bool {
        self.asked
    }

    /// The same person, who was called to help: in every role that touches the case, or in `role` alone.
    #[must_use]
    pub fn who_helps(self, role: Option<Role>) -> Self {
        self.with(role, Relation::Helper)
    }

    /// The same person, who has nothing to do with a seat that handled the case.
    #[must_use]
    pub fn not_of_the_unit(mut self) -> Self {
        let roles: Vec<Option<Role>> =
            self.holds.iter().filter(|hold| hold.relation == Relation::NotHandler).map(|hold| hold.role).collect();
        for role in roles {
            self = self.with(role, Relation::NotUnit);
        }
        self
    }

    /// This standing and one more relation.
    #[must_use]
    pub fn with(mut self, role: Option<Role>, relation: Relation) -> Self {
        self.holds.insert(Hold { role, relation });
        self.holds.insert(Hold { role, relation: Relation::Anyone });
        self
    }

    /// Whether the caller is one of those that `who` names.
    #[must_use]
    pub fn is(&self, who: &Who) -> bool {
        self.holds.iter().any(|hold| hold.relation == who.relation && (who.role.is_none() || who.role == hold.role))
    }

    /// Every role by which the caller is one of those that `who` names.
    #[must_use]
    pub fn roles_for(&self, who: &[Who]) -> BTreeSet<Role> {
        let fits = |hold: &&Hold| {
            who.iter().any(|who| hold.relation == who.relation && (who.role.is_none() || who.role == hold.role))
        };
        self.holds.iter().filter(fits).filter_map(|hold| hold.role).collect()
    }

    /// The role by which the caller is one of those that `who` names: what an event records as the acting role.
    #[must_use]
    pub fn role_for(&self, who: &[Who]) -> Option<Role> {
        who.iter().find_map(|who| {
            let fits = |hold: &&Hold| hold.relation == who.relation && (who.role.is_none() || who.role == hold.role);
            self.holds.iter().filter(fits).find_map(|hold| hold.role)
        })
    }
}

/// Roles that act on cases at all.
pub(crate) const fn works_on_cases(role: Role) -> bool {
    match role {
        Role::Resident | Role::CompoundLead | Role::LinkPerson | Role::Auditor | Role::Administrator => false,
        Role::GridWorker
        | Role::GridHead
        | Role::CommunityClerk
        | Role::StreetDispatcher
        | Role::DepartmentClerk
        | Role::HotlineClerk
        | Role::CountyLeader => true,
    }
}
