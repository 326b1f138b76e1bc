//! People as answers name them.

use linli_kernel::{AreaCode, Role};
use serde::Serialize;

use super::duty::{OnDuty, Person};
use crate::say::Lang;

/// Someone to turn to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Contact {
    /// Their name.
    pub name: String,
    /// What they are.
    pub role_name: String,
    /// Their work phone.
    pub phone: Option<String>,
}

/// A unit as answers name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct UnitRef {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

impl Contact {
    /// Someone in the role that they are turned to in.
    #[must_use]
    pub fn of(person: &Person, role: Role, lang: Lang) -> Self {
        Self {
            name: person.name.clone(),
            role_name: lang.word("role", role.as_str()),
            phone: person.phone.as_ref().map(|phone| phone.reveal().to_owned()),
        }
    }
}

/// The grid worker (or head) to turn to at a place, one who is not on leave if there is one; their phones are posted in public.
#[must_use]
pub fn worker(on_duty: &[OnDuty], area: &AreaCode, lang: Lang) -> Option<Contact> {
    let posted = |role, is_away| {
        on_duty.iter().find(|duty| duty.role == role && duty.is_away == is_away && duty.area.contains(area))
    };
    let duty = [false, true]
        .into_iter()
        .find_map(|is_away| posted(Role::GridWorker, is_away).or_else(|| posted(Role::GridHead, is_away)))?;
    Some(Contact::of(&duty.person, duty.role, lang))
}
