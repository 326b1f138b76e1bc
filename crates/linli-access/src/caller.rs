//! The person behind a request and the roles that they hold now.

use linli_kernel::{AccountId, Actor, AreaCode, GrantId, Role, Timestamp};

/// 授权: a role at an area, for a time; a department's people hold it for their unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which.
    pub id: GrantId,
    /// What they are.
    pub role: Role,
    /// Where; everything below the area is meant too.
    pub area: AreaCode,
    /// The unit (部门) that they work for, for `department_clerk`.
    pub unit: Option<String>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; `None` while it lasts.
    pub ends_at: Option<Timestamp>,
}

impl Grant {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.starts_at <= now && self.ends_at.is_none_or(|end| now < end)
    }
}

/// A signed-in account with the grants that hold now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The sign-in name.
    pub name: String,
    /// As colleagues know them.
    pub display_name: String,
    /// The first sign-in demands a new password.
    pub must_change_password: bool,
    /// What they are, where.
    pub grants: Vec<Grant>,
}

impl Caller {
    /// The actor of an act that `role` allowed.
    #[must_use]
    pub const fn acting_as(&self, role: Role) -> Actor {
        Actor::Staff { account: self.account, role }
    }

    /// Whether any grant has this role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }
}
