//! Who did a thing.

use crate::ids::AccountId;
use crate::words::Role;

/// Who acts. Events carry ids only: removing a person's row is enough to forget the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The person who reported the case, known by its public code alone.
    Reporter,
    /// Someone with an account, acting in a role.
    Staff {
        /// The account.
        account: AccountId,
        /// The role that the act was allowed by.
        role: Role,
    },
    /// linli itself: a deadline that fell due, an automatic routing.
    System,
}

impl Actor {
    /// `reporter`, `staff` or `system`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Staff { .. } => "staff",
            Self::System => "system",
        }
    }

    /// The account, where there is one.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Staff { account, .. } => Some(*account),
            Self::Reporter | Self::System => None,
        }
    }

    /// The role acted in, where there is one.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::Staff { role, .. } => Some(*role),
            Self::Reporter | Self::System => None,
        }
    }
}
