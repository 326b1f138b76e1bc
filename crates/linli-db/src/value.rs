//! Parameters and rows, the same for both databases.

use linli_kernel::{
    AccountId, AreaCode, AttachmentId, CaseId, DeadlineId, DeliveryId, EventId, GrantId, ImportId, JobId, PublicCode,
    Timestamp, words,
};

use crate::error::StoreError;

/// A parameter. Nulls keep their type, because PostgreSQL wants one.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// BIGINT
    Int(Option<i64>),
    /// TEXT
    Text(Option<String>),
    /// DOUBLE PRECISION
    Real(Option<f64>),
    /// BOOLEAN
    Bool(Option<bool>),
    /// bytes
    Bytes(Option<Vec<u8>>),
}

/// What can be a parameter.
pub trait Bind {
    /// The parameter.
    fn val(&self) -> Val;
    /// The null of the same type.
    fn null() -> Val
    where
        Self: Sized;
}

macro_rules! bind {
    ($($type:ty => $variant:ident |$value:ident| $to:expr),+ $(,)?) => { $(
        impl Bind for $type {
            fn val(&self) -> Val { let $value = self; Val::$variant(Some($to)) }
            fn null() -> Val { Val::$variant(None) }
        }
    )+ };
}

bind! {
    i64 => Int |v| *v,
    u32 => Int |v| i64::from(*v),
    f64 => Real |v| *v,
    bool => Bool |v| *v,
    String => Text |v| v.clone(),
    &str => Text |v| (*v).to_owned(),
    Vec<u8> => Bytes |v| v.clone(),
    &[u8] => Bytes |v| v.to_vec(),
    [u8; 32] => Bytes |v| v.to_vec(),
    Timestamp => Int |v| v.ms(),
    AreaCode => Text |v| v.to_string(),
    PublicCode => Text |v| v.to_string(),
    AccountId => Text |v| v.to_string(),
    AttachmentId => Text |v| v.to_string(),
    CaseId => Text |v| v.to_string(),
    DeadlineId => Text |v| v.to_string(),
    DeliveryId => Text |v| v.to_string(),
    EventId => Text |v| v.to_string(),
    GrantId => Text |v| v.to_string(),
    ImportId => Text |v| v.to_string(),
    JobId => Text |v| v.to_string(),
    linli_kernel::EntryId => Text |v| v.to_string(),
    linli_kernel::HotSpotId => Text |v| v.to_string(),
    linli_kernel::VisitProblemId => Text |v| v.to_string(),
    linli_kernel::TaskId => Text |v| v.to_string(),
    linli_kernel::VisitId => Text |v| v.to_string(),
    linli_kernel::DeviceId => Text |v| v.to_string(),
    words::VisitKind => Text |v| v.to_string(),
    words::VisitResult => Text |v| v.to_string(),
    linli_kernel::RecordId => Text |v| v.to_string(),
    linli_kernel::ProposalId => Text |v| v.to_string(),
    linli_kernel::CareId => Text |v| v.to_string(),
    linli_kernel::CareRequestId => Text |v| v.to_string(),
    linli_kernel::GatheringId => Text |v| v.to_string(),
    linli_kernel::ShiftId => Text |v| v.to_string(),
    linli_kernel::LeaveId => Text |v| v.to_string(),
    linli_kernel::InspectionId => Text |v| v.to_string(),
    words::GatheringKind => Text |v| v.to_string(),
    words::ShiftKind => Text |v| v.to_string(),
    words::Role => Text |v| v.to_string(),
    words::Phase => Text |v| v.to_string(),
    words::Weight => Text |v| v.to_string(),
    words::CaseKind => Text |v| v.to_string(),
    linli_kernel::Approval => Text |v| v.to_string(),
    linli_kernel::TaskKind => Text |v| v.to_string(),
    linli_kernel::TaskState => Text |v| v.to_string(),
    words::Channel => Text |v| v.to_string(),
    words::DeadlineKind => Text |v| v.to_string(),
    words::DeadlineState => Text |v| v.to_string(),
    linli_kernel::AreaLevel => Text |v| v.to_string(),
    linli_kernel::StreamKind => Text |v| v.to_string(),
}

impl<T: Bind> Bind for Option<T> {
    fn val(&self) -> Val {
        self.as_ref().map_or_else(T::null, Bind::val)
    }
    fn null() -> Val {
        T::null()
    }
}

impl<T: Bind> Bind for &T {
    fn val(&self) -> Val {
        (*self).val()
    }
    fn null() -> Val {
        T::null()
    }
}

impl Bind for Val {
    fn val(&self) -> Val {
        self.clone()
    }
    fn null() -> Val {
        Val::Text(None)
    }
}

/// Parameters in the order of `$1`, `$2`, …
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Bind::val(&$value)),*] };
}

/// `$from, $from+1, …`: the placeholders of a list of `n` values for `IN (…)`; for none, what nothing equals.
#[must_use]
pub fn placeholders(from: usize, n: usize) -> String {
    if n == 0 {
        return "NULL".to_owned();
    }
    let list: Vec<String> = (from..from + n).map(|i| format!("${i}")).collect();
    list.join(", ")
}

/// The values of a list of `size` placeholders: the last one is said again for those that are left, which changes nothing in
/// `IN (…)` and saves a statement for every length.
pub fn padded<T: Bind>(values: &[T], size: usize) -> impl Iterator<Item = Val> {
    let rest = values.last().into_iter().cycle().take(size.saturating_sub(values.len()));
    values.iter().chain(rest).map(Bind::val)
}

/// `($1, $2), ($3, $4), …`: the placeholders of `n_rows` rows of `n_columns` values each for `VALUES`.
#[must_use]
pub fn value_rows(n_columns: usize, n_rows: usize) -> String {
    let rows: Vec<String> =
        (0..n_rows).map(|row| format!("({})", placeholders(row * n_columns + 1, n_columns))).collect();
    rows.join(", ")
}

impl rusqlite::ToSql for Val {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Int(v) => v.to_sql(),
            Self::Text(v) => v.to_sql(),
            Self::Real(v) => v.to_sql(),
            Self::Bool(v) => v.to_sql(),
            Self::Bytes(v) => v.to_sql(),
        }
    }
}

impl Val {
    pub(crate) fn as_postgres(&self) -> &(dyn postgres::types::ToSql + Sync) {
        match self {
            Self::Int(v) => v,
            Self::Text(v) => v,
            Self::Real(v) => v,
            Self::Bool(v) => v,
            Self::Bytes(v) => v,
        }
    }
}

/// A row of either database; columns are named.
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a postgres::Row),
}

/// A type that both databases read.
pub trait FromColumn: rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a> {}
impl<T: rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a>> FromColumn for T {}

impl Row<'_> {
    /// The value of `column`.
    ///
    /// # Errors
    /// The database's, when the column is absent or of another type.
    pub fn get<T: FromColumn>(&self, column: &str) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A moment.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn at(&self, column: &str) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_ms)
    }

    /// A moment that may be absent.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn at_opt(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_ms))
    }

    /// A typed value that is stored as text.
    ///
    /// # Errors
    /// `Inconsistent` when the text is not such a value.
    pub fn parse<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let text: String = self.get(column)?;
        parse(column, &text)
    }

    /// A typed value that is stored as text and may be absent.
    ///
    /// # Errors
    /// `Inconsistent` when the text is not such a value.
    pub fn parse_opt<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let text: Option<String> = self.get(column)?;
        text.map(|text| parse(column, &text)).transpose()
    }

    /// A count.
    ///
    /// # Errors
    /// `Inconsistent` when it is negative or too large.
    pub fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        let n: i64 = self.get(column)?;
        u32::try_from(n).map_err(|_| StoreError::Inconsistent {
            table: column,
            row: n.to_string(),
            what: "not a count".to_owned(),
        })
    }

    /// A value stored as JSON text.
    ///
    /// # Errors
    /// `Inconsistent` when the text does not read as one.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let text: String = self.get(column)?;
        from_json(column, &text)
    }

    /// A value stored as JSON text that may be absent.
    ///
    /// # Errors
    /// `Inconsistent` when the text does not read as one.
    pub fn json_opt<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| from_json(column, &text)).transpose()
    }
}

fn parse<T>(column: &'static str, text: &str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| StoreError::Inconsistent {
        table: column,
        row: text.to_owned(),
        what: error.to_string(),
    })
}

fn from_json<T: serde::de::DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Inconsistent {
        table: column,
        row: String::new(),
        what: error.to_string(),
    })
}
