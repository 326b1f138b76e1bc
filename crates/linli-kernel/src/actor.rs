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
    /// Another system that hands cases over or answers for them: a hotline, an Open311 client, whoever holds a one-time link.
    Partner {
        /// Its id: the name of its file, or of the link.
        id: String,
        /// What people call it; the name of an organisation.
        name: String,
    },
}

impl Actor {
    /// `reporter`, `staff`, `system` or `partner`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Staff { .. } => "staff",
            Self::System => "system",
            Self::Partner { .. } => "partner",
        }
    }

    /// Which one: the account, or the partner.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Staff { account, .. } => Some(account.to_string()),
            Self::Partner { id, .. } => Some(id.clone()),
            Self::Reporter | Self::System => None,
        }
    }

    /// The account, where there is one.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Staff { account, .. } => Some(*account),
            Self::Reporter | Self::System | Self::Partner { .. } => None,
        }
    }

    /// The role acted in, where there is one.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::Staff { role, .. } => Some(*role),
            Self::Reporter | Self::System | Self::Partner { .. } => None,
        }
    }
}
