//! Cases that belong to another: the one that it follows, those that follow it, the whole and its parts.

use linli_access::Keys;
use linli_db::{Conn, StoreError, params};
use linli_kernel::{CaseId, CaseKind, Phase};

use super::model::Case;

/// More are not shown one by one. Unit: cases.
const MOST: i64 = 50;

/// One of them.
pub struct Relative {
    /// `master`, `follower`, `parent` or `child`.
    pub relation: &'static str,
    /// Its id.
    pub id: CaseId,
    /// The number for paper.
    pub paper_no: String,
    /// What it is.
    pub kind: CaseKind,
    /// What was said.
    pub body: String,
    /// Its stage.
    pub stage: String,
    /// Its summary.
    pub phase: Phase,
    /// Whether it is for those alone who answer for it.
    pub is_private: bool,
    /// By what it is reached.
    pub keys: Keys,
}

/// Reads them.
///
/// # Errors
/// The database's.
pub fn read(conn: &mut Conn, case: &Case) -> Result<Vec<Relative>, StoreError> {
    let mut found = Vec::new();
    let wanted: [(&'static str, &str, Option<CaseId>); 4] = [
        ("master", "id", case.master),
        ("parent", "id", case.parent),
        ("follower", "master_id", (case.n_followers > 0).then_some(case.id)),
        ("child", "parent_id", Some(case.id).filter(|_| case.may_have_children())),
    ];
    for (relation, column, value) in wanted {
        let Some(value) = value else { continue };
        let sql = format!("SELECT id FROM cases WHERE {column} = $1 ORDER BY id LIMIT {MOST}");
        let ids: Vec<CaseId> = conn.all(&sql, &params![value], |row| row.parse("id"))?;
        for id in ids {
            found.extend(super::store::load(conn, &super::store::Named::Id(id))?.map(|other| Relative {
                relation,
                id,
                keys: other.keys(),
                is_private: other.private,
                paper_no: other.paper_no,
                kind: other.kind,
                body: other.body,
                stage: other.stage,
                phase: other.phase,
            }));
        }
    }
    Ok(found)
}
