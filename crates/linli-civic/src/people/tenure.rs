//! Who held which post when: for looking back. Not scoped: whoever replays the past needs all of it, and shows none of it.

use std::collections::HashMap;

use linli_access::scope::unit_key;
use linli_access::{Caller, Grant};
use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, Role, Timestamp};

/// Every post, held now or before.
#[derive(Clone, Debug, Default)]
pub struct Tenures {
    by_account: HashMap<AccountId, Vec<Grant>>,
    /// From when until when somebody answered, by the key of the seat.
    by_seat: HashMap<String, Vec<(Timestamp, Option<Timestamp>)>>,
}

impl Tenures {
    /// Reads them.
    ///
    /// # Errors
    /// The database's.
    pub fn read(conn: &mut Conn) -> Result<Self, StoreError> {
        let sql = "SELECT g.id, g.account_id, g.role, g.area_code, g.unit_code, g.starts_at, g.ends_at, a.disabled_at \
                   FROM grant_role g JOIN account a ON a.id = g.account_id";
        let held = conn.all(sql, &[], |row| {
            let (ends_at, disabled_at) = (row.at_opt("ends_at")?, row.at_opt("disabled_at")?);
            let grant = Grant {
                id: row.parse("id")?,
                role: row.parse("role")?,
                area: row.parse("area_code")?,
                unit: row.get("unit_code")?,
                starts_at: row.at("starts_at")?,
                // Whoever cannot sign in holds nothing any more.
                ends_at: ends_at.into_iter().chain(disabled_at).min(),
            };
            Ok((row.parse("account_id")?, grant))
        })?;
        let mut tenures = Self::default();
        for (account, grant) in held {
            tenures.add(account, grant);
        }
        Ok(tenures)
    }

    pub(crate) fn add(&mut self, account: AccountId, grant: Grant) {
        if answers(grant.role) {
            let key = grant.unit.as_deref().map_or_else(|| grant.area.to_string(), |unit| unit_key(&grant.area, unit));
            self.by_seat.entry(key).or_default().push((grant.starts_at, grant.ends_at));
        }
        self.by_account.entry(account).or_default().push(grant);
    }

    /// Somebody with the posts that they held at `at`, without a name.
    #[must_use]
    pub fn caller(&self, account: AccountId, at: Timestamp) -> Caller {
        let grants = self.by_account.get(&account).into_iter().flatten().filter(|grant| grant.holds(at));
        Caller {
            account,
            name: String::new(),
            display_name: String::new(),
            must_change_password: false,
            grants: grants.cloned().collect(),
        }
    }

    /// Whether somebody answered at the seat with this key at `at`.
    #[must_use]
    pub fn is_held(&self, seat_key: &str, at: Timestamp) -> bool {
        let held = self.by_seat.get(seat_key).into_iter().flatten();
        held.into_iter().any(|(from, until)| *from <= at && until.is_none_or(|until| at < until))
    }
}

/// Roles that answer for cases.
const fn answers(role: Role) -> bool {
    match role {
        Role::GridWorker
        | Role::GridHead
        | Role::CommunityClerk
        | Role::StreetDispatcher
        | Role::DepartmentClerk
        | Role::HotlineClerk
        | Role::CountyLeader => true,
        Role::Resident | Role::CompoundLead | Role::LinkPerson | Role::Auditor | Role::Administrator => false,
    }
}
