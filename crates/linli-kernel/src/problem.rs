//! One table of everything that can be refused: code, HTTP status; the sentence is in the translation files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:literal),+ $(,)?) => {
        /// A stable code of a problem (RFC 9457 `code`), with its HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $($(#[$doc])* $name),+ }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The code as the API says it and the translation files key it.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $code),+ } }
            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status),+ } }
        }
    };
}

problems! {
    /// The body or a parameter cannot be read.
    BadRequest = "bad_request" 400,
    /// One or more fields are wrong; `errors` names them.
    Invalid = "invalid" 422,
    /// Nobody is signed in.
    NotSignedIn = "not_signed_in" 401,
    /// Name or password is wrong.
    WrongPassword = "wrong_password" 401,
    /// A signed request whose signature, time or nonce is not believed.
    BadSignature = "bad_signature" 401,
    /// Five failures; the account rests for 30 minutes.
    AccountLocked = "account_locked" 423,
    /// The account was disabled.
    AccountDisabled = "account_disabled" 403,
    /// The request came from another site.
    CrossSite = "cross_site" 403,
    /// The case is seen, the act is not allowed.
    Forbidden = "forbidden" 403,
    /// Does not exist, or may not be known.
    NotFound = "not_found" 404,
    /// The action is not possible at this stage.
    NotNow = "not_now" 409,
    /// Somebody else changed it first.
    VersionConflict = "version_conflict" 409,
    /// The device was revoked: it gets no data and no key any more.
    DeviceRevoked = "device_revoked" 410,
    /// The same Idempotency-Key with another body.
    KeyReused = "key_reused" 422,
    /// The name or code exists already.
    AlreadyExists = "already_exists" 409,
    /// Whoever handled a case cannot verify it.
    OwnWork = "own_work" 403,
    /// The matter was taken back upward and may not be dispatched down.
    TakenBack = "taken_back" 409,
    /// No seat answers for this place.
    NoSeat = "no_seat" 409,
    /// The place is outside every area that this instance serves.
    OutsideArea = "outside_area" 422,
    /// The file is not an image that we read.
    NotAnImage = "not_an_image" 415,
    /// The body is larger than allowed.
    TooLarge = "too_large" 413,
    /// Too many requests from one address.
    TooMany = "too_many" 429,
    /// The database is busy; try again.
    Busy = "busy" 503,
    /// A fault of ours; the log has it.
    Internal = "internal" 500,
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// The field, as in the request body (`fields.reply.done`).
    pub field: String,
    /// A stable code: `required`, `too_long`, `unknown`.
    pub code: String,
    /// What is wrong and how to mend it, in the reader's language.
    pub message: String,
}

/// Something refused, on its way to whoever asked.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which.
    pub code: ProblemCode,
    /// Values for the sentence of the translation file.
    pub params: BTreeMap<&'static str, String>,
    /// The fields that are wrong.
    pub errors: Vec<FieldProblem>,
    /// The present state, where it helps to go on.
    pub current: Option<serde_json::Value>,
}

impl Problem {
    /// A problem without particulars.
    #[must_use]
    pub const fn new(code: ProblemCode) -> Self {
        Self { code, params: BTreeMap::new(), errors: Vec::new(), current: None }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.insert(name, value.into());
        self
    }

    /// One field that is wrong.
    #[must_use]
    pub fn field(field: impl Into<String>, code: impl Into<String>) -> Self {
        Self::new(ProblemCode::Invalid).and_field(field, code)
    }

    /// Another field that is wrong.
    #[must_use]
    pub fn and_field(mut self, field: impl Into<String>, code: impl Into<String>) -> Self {
        self.errors.push(FieldProblem { field: field.into(), code: code.into(), message: String::new() });
        self
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}
