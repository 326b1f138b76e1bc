//! Where roles can be held, and so whom an action can mean.

use linli_kernel::{AreaLevel, Role};

use crate::flow::{Relation, Who};
use crate::standing::works_on_cases;

/// The levels at which a role is held. Source: 按格定岗; a department's clerk sits wherever the unit is.
const fn levels_of(role: Role) -> &'static [AreaLevel] {
    use AreaLevel::{City, Community, County, Grid, MicroGrid, Street};
    match role {
        Role::GridWorker => &[Grid, MicroGrid],
        Role::GridHead => &[Community, Grid, MicroGrid],
        Role::CommunityClerk => &[Community],
        Role::StreetDispatcher => &[Street],
        Role::DepartmentClerk => &[City, County, Street, Community],
        Role::HotlineClerk | Role::CountyLeader => &[City, County],
        // Who is posted at a compound answers beside the grid and holds no seat.
        Role::CompoundLead | Role::LinkPerson | Role::Resident | Role::Auditor | Role::Administrator => &[],
    }
}

/// Whether anybody can be `who` while the seat is at one of `seat_levels`.
pub(crate) fn can_be(who: Who, seat_levels: &[AreaLevel]) -> bool {
    match (who.relation, who.role) {
        (Relation::System, role) => role.is_none(),
        (Relation::Reporter, role) => role.is_none_or(|role| role == Role::Resident),
        (Relation::Seat, Some(role)) => levels_of(role).iter().any(|level| seat_levels.contains(level)),
        (Relation::Above, Some(role)) => {
            levels_of(role).iter().any(|level| seat_levels.iter().any(|seat| level < seat))
        }
        (
            Relation::Handler
            | Relation::NotHandler
            | Relation::NotUnit
            | Relation::Helper
            | Relation::Place
            | Relation::Anyone,
            Some(role),
        ) => works_on_cases(role),
        (Relation::Seat | Relation::Above, None) => !seat_levels.is_empty(),
        (
            Relation::Handler
            | Relation::NotHandler
            | Relation::NotUnit
            | Relation::Helper
            | Relation::Place
            | Relation::Anyone,
            None,
        ) => true,
    }
}
