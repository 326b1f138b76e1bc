//! How banners are read and written.

use linli_db::{Conn, Row, Store, StoreError, Writer, params};
use linli_kernel::{AreaCode, Timestamp};

use super::model::{Banner, Face, Severity};

impl Store for Banner {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let faces = serde_json::to_string(&self.faces)?;
        let values = params![
            self.id,
            self.area,
            self.severity.as_str(),
            self.said,
            self.link,
            faces,
            self.starts_at,
            self.ends_at,
            self.version
        ];
        if self.version == 0 {
            return writer.exec_one(
                "INSERT INTO banner (id, area_code, severity, said, link, faces, starts_at, ends_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
                values.get(..8).unwrap_or_default(),
            );
        }
        writer.exec_one(
            "UPDATE banner SET area_code = $2, severity = $3, said = $4, link = $5, faces = $6, starts_at = $7, ends_at = $8, version = version + 1 WHERE id = $1 AND version = $9",
            &values,
        )
    }
}

const COLUMNS: &str = "id, area_code, severity, said, link, faces, starts_at, ends_at, version";

fn from_row(row: &Row<'_>) -> Result<Banner, StoreError> {
    let severity: String = row.get("severity")?;
    Ok(Banner {
        id: row.get("id")?,
        area: row.parse("area_code")?,
        severity: match severity.as_str() {
            "urgent" => Severity::Urgent,
            "warn" => Severity::Warn,
            _ => Severity::Info,
        },
        said: row.get("said")?,
        link: row.get("link")?,
        faces: row.json("faces")?,
        starts_at: row.at("starts_at")?,
        ends_at: row.at_opt("ends_at")?,
        version: row.get("version")?,
    })
}

/// One banner.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: &str) -> Result<Option<Banner>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM banner WHERE id = $1"), &params![id], from_row)
}

/// The newest banners, those of the past too.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn) -> Result<Vec<Banner>, StoreError> {
    conn.all(&format!("SELECT {COLUMNS} FROM banner ORDER BY starts_at DESC, id DESC LIMIT 200"), &[], from_row)
}

/// For whom banners are looked up.
#[derive(Clone, Debug)]
pub enum Place {
    /// A page of these areas.
    Areas(Vec<AreaCode>),
    /// A page of no place: what is for the whole of one of these.
    Nowhere(Vec<AreaCode>),
}

/// What a face shows now, the loudest first.
///
/// # Errors
/// The database's.
pub fn shown(conn: &mut Conn, face: Face, place: &Place, now: Timestamp) -> Result<Vec<Banner>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM banner WHERE starts_at <= $1 AND (ends_at IS NULL OR ends_at > $1) ORDER BY starts_at DESC, id DESC LIMIT 500"
    );
    let mut banners = conn.all(&sql, &params![now], from_row)?;
    banners.retain(|banner| {
        banner.faces.contains(&face)
            && match place {
                Place::Areas(areas) => areas.iter().any(|area| banner.is_for(area)),
                Place::Nowhere(tops) => tops.iter().any(|top| banner.is_for(top)),
            }
    });
    banners.sort_by_key(|banner| std::cmp::Reverse(banner.severity));
    banners.truncate(5);
    Ok(banners)
}
