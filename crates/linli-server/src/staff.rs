//! Making an account from the command line and for the demo.

use serde_json::json;

use linli_access::Grant;
use linli_db::{Store, StoreError, Writer, params};
use linli_kernel::{AccountId, Actor, Change, NewEvent, Stream, StreamKind, Timestamp};

/// An account that is about to be made, with what it is where.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// The sign-in name.
    pub name: String,
    /// As colleagues know them.
    pub display_name: String,
    /// The sealed work phone.
    pub phone_sealed: Option<Vec<u8>>,
    /// The hash of the password; [`NO_PASSWORD`] for somebody who cannot sign in.
    pub password_hash: String,
    /// Whether a new password is due at the first sign-in.
    pub must_change_password: bool,
    /// What they are where.
    pub grants: Vec<Grant>,
}

/// No password has this hash.
pub const NO_PASSWORD: &str = "!";

impl NewAccount {
    /// The change that makes it.
    pub fn made(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let grants: Vec<_> = self
            .grants
            .iter()
            .map(
                |grant| json!({ "id": grant.id, "role": grant.role, "area_code": grant.area, "unit_code": grant.unit }),
            )
            .collect();
        let event = NewEvent {
            stream: Stream::new(StreamKind::Account, self.id.to_string()),
            kind: "account_made",
            at,
            actor,
            payload: json!({ "grants": grants }),
            text: None,
            area: self.grants.first().map(|grant| grant.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

impl Store for NewAccount {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec(
            "INSERT INTO account (id, name, display_name, phone_sealed, password_hash, must_change_password, version) VALUES ($1, $2, $3, $4, $5, $6, 1)",
            &params![self.id, self.name, self.display_name, self.phone_sealed, self.password_hash, self.must_change_password],
        )?;
        for grant in &self.grants {
            writer.exec(
                "INSERT INTO grant_role (id, account_id, role, area_code, unit_code, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &params![grant.id, self.id, grant.role, grant.area, grant.unit, grant.starts_at, grant.ends_at],
            )?;
        }
        Ok(())
    }
}
