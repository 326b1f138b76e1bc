//! Where photos lie and to which case they belong.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use linli_db::{Conn, Row, StoreError, Tx, params};
use linli_kernel::{AccountId, AttachmentId, CaseId, Problem, Timestamp, VisitId};

use super::photo::Photo;

/// The folder of photos, named by their content.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// In `root`, which is made when the first photo comes.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Keeps a photo; the digest that names it. The same photo is kept once.
    ///
    /// # Errors
    /// The file system's.
    pub fn keep(&self, photo: &Photo) -> std::io::Result<String> {
        let sha256 = hex::encode(Sha256::digest(&photo.jpeg));
        write_once(&self.path(&sha256, "jpg"), &photo.jpeg)?;
        write_once(&self.path(&sha256, "thumb.jpg"), &photo.thumb)?;
        Ok(sha256)
    }

    /// Reads a photo or its thumbnail.
    ///
    /// # Errors
    /// The file system's.
    pub fn read(&self, sha256: &str, thumb: bool) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.path(sha256, if thumb { "thumb.jpg" } else { "jpg" }))
    }

    /// Removes a photo that nobody refers to any more, unless the same photo was sent again since `before`.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self, sha256: &str, before: Timestamp) -> std::io::Result<()> {
        let before = UNIX_EPOCH + Duration::from_millis(u64::try_from(before.ms()).unwrap_or(0));
        for ending in ["jpg", "thumb.jpg"] {
            remove_unused(&self.path(sha256, ending), before)?;
        }
        Ok(())
    }

    /// Where the parts of photos lie that are on their way.
    #[must_use]
    pub fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    fn path(&self, sha256: &str, ending: &str) -> PathBuf {
        self.root.join(sha256.get(..2).unwrap_or("00")).join(format!("{sha256}.{ending}"))
    }
}

static NEXT_PART: AtomicU64 = AtomicU64::new(0);

/// Taken aside before it is looked at: whoever sends the same photo at this moment either marks this file, and it is put back,
/// or finds none and writes another.
fn remove_unused(path: &Path, before: SystemTime) -> std::io::Result<()> {
    let aside = path.with_extension("gone");
    match std::fs::rename(path, &aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    if std::fs::metadata(&aside)?.modified()? >= before {
        return std::fs::rename(&aside, path);
    }
    std::fs::remove_file(&aside)
}

/// Marks a photo that is there as sent again; whether it still is there.
fn mark(path: &Path) -> std::io::Result<bool> {
    match std::fs::OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(file) => {
            // The disk's own time, which is what the mark is compared with.
            let part = part_of(path);
            let now = std::fs::File::create(&part)?.metadata()?.modified()?;
            std::fs::remove_file(&part)?;
            file.set_modified(now)?;
        }
    }
    path.try_exists()
}

/// A name beside `path` that nobody else has.
fn part_of(path: &Path) -> PathBuf {
    path.with_extension(format!("{}-{}.part", std::process::id(), NEXT_PART.fetch_add(1, Ordering::Relaxed)))
}

/// A name in a folder lasts once the folder is written too.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Other systems cannot open a folder and need no such thing.
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Written beside and renamed, so that a crash leaves no half photo under a good name.
fn write_once(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if mark(path)? {
        return Ok(());
    }
    if let Some(folder) = path.parent()
        && !folder.try_exists()?
    {
        std::fs::create_dir_all(folder)?;
        folder.parent().map_or(Ok(()), sync_folder)?;
    }
    let part = part_of(path);
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(part, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// 附件
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Which.
    pub id: AttachmentId,
    /// The case; none until it is attached.
    pub case: Option<CaseId>,
    /// The event of the case that it came with.
    pub event_n: Option<i64>,
    /// The visit on which it was taken.
    pub visit: Option<VisitId>,
    /// The digest of the bytes as they were sent.
    pub sent_sha256: Option<String>,
    /// The digest that names the file; empty while the photo is on its way.
    pub sha256: String,
    /// Bytes of the photo as kept.
    pub size_bytes: i64,
    /// Pixels across.
    pub width: i64,
    /// Pixels down.
    pub height: i64,
    /// Whether staff sent it.
    pub by_staff: bool,
    /// The account that sent it.
    pub account: Option<AccountId>,
    /// When.
    pub at: Timestamp,
}

const COLUMNS: &str =
    "id, case_id, event_n, visit_id, sent_sha256, sha256, size_bytes, width, height, by_staff, account_id, at";

impl Attachment {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.parse("id")?,
            case: row.parse_opt("case_id")?,
            event_n: row.get("event_n")?,
            visit: row.parse_opt("visit_id")?,
            sent_sha256: row.get("sent_sha256")?,
            sha256: row.get("sha256")?,
            size_bytes: row.get("size_bytes")?,
            width: row.get("width")?,
            height: row.get("height")?,
            by_staff: row.get("by_staff")?,
            account: row.parse_opt("account_id")?,
            at: row.at("at")?,
        })
    }

    /// Notes a photo that was sent and belongs to no case yet.
    ///
    /// # Errors
    /// The database's.
    pub fn note(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.bookkeep(|writer| {
            writer.exec(
                "INSERT INTO attachment (id, sha256, mime, size_bytes, width, height, by_staff, account_id, at, sent_sha256) VALUES ($1, $2, 'image/jpeg', $3, $4, $5, $6, $7, $8, $9)",
                &params![self.id, self.sha256, self.size_bytes, self.width, self.height, self.by_staff, self.account, self.at, self.sent_sha256],
            )
        })?;
        Ok(())
    }

    /// Keeps the place of a photo that a phone sends later; whatever it is attached to meanwhile has it then.
    ///
    /// # Errors
    /// The database's.
    pub fn await_photo(
        tx: &mut Tx<'_>,
        id: AttachmentId,
        (account, sent): (AccountId, &str),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        // It came while its record was on the way.
        if let Some(loose) = loose_by_sent(tx, account, sent)? {
            let sql = "UPDATE attachment SET id = $2 WHERE id = $1 AND case_id IS NULL AND visit_id IS NULL";
            if tx.bookkeep(|writer| writer.exec(sql, &params![loose, id]))? == 1 {
                return Ok(());
            }
        }
        // The same picture was taken for another record before: it stands in both.
        let sql = format!(
            "SELECT {COLUMNS} FROM attachment WHERE account_id = $1 AND sent_sha256 = $2 AND sha256 <> '' ORDER BY id LIMIT 1"
        );
        if let Some(same) = tx.first(&sql, &params![account, sent], Self::from_row)? {
            return Self { id, case: None, event_n: None, visit: None, at, ..same }.note(tx);
        }
        let awaited = Self {
            id,
            case: None,
            event_n: None,
            visit: None,
            sent_sha256: Some(sent.to_owned()),
            sha256: String::new(),
            size_bytes: 0,
            width: 0,
            height: 0,
            by_staff: true,
            account: Some(account),
            at,
        };
        awaited.note(tx)
    }

    /// Puts this photo where its sender's phone said that it would come; in how many places.
    ///
    /// # Errors
    /// The database's.
    pub fn arrive(&self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        let sql = "UPDATE attachment SET sha256 = $3, size_bytes = $4, width = $5, height = $6 WHERE account_id = $1 AND sent_sha256 = $2 AND sha256 = ''";
        tx.bookkeep(|writer| {
            writer.exec(
                sql,
                &params![self.account, self.sent_sha256, self.sha256, self.size_bytes, self.width, self.height],
            )
        })
    }

    /// The attachment with this id, if its photo is here.
    ///
    /// # Errors
    /// The database's.
    pub fn find(conn: &mut Conn, id: AttachmentId) -> Result<Option<Self>, StoreError> {
        conn.first(
            &format!("SELECT {COLUMNS} FROM attachment WHERE id = $1 AND sha256 <> ''"),
            &params![id],
            Self::from_row,
        )
    }
}

/// Puts photos to the event of a case that they came with.
///
/// # Errors
/// `Invalid` for an id that is no loose photo of the same sender: nobody attaches what is not theirs.
pub fn attach<E: From<StoreError> + From<Problem>>(
    tx: &mut Tx<'_>,
    ids: &[String],
    case: CaseId,
    event_n: u32,
    account: Option<AccountId>,
) -> Result<(), E> {
    for id in ids {
        let owner = account.map(|account| account.to_string()).unwrap_or_default();
        let n = tx.bookkeep(|writer| {
            writer.exec(
                "UPDATE attachment SET case_id = $2, event_n = $3 WHERE id = $1 AND case_id IS NULL AND visit_id IS NULL AND COALESCE(account_id, '') = $4",
                &params![id, case, event_n, owner],
            )
        })?;
        if n != 1 {
            return Err(Problem::field("attachments", "unknown").into());
        }
    }
    Ok(())
}

/// Puts photos to the visit on which they were taken; those that its finding took to a case belong to both.
///
/// # Errors
/// As [`attach`].
pub fn attach_to_visit<E: From<StoreError> + From<Problem>>(
    tx: &mut Tx<'_>,
    ids: &[String],
    visit: VisitId,
    case: Option<CaseId>,
    account: AccountId,
) -> Result<(), E> {
    for id in ids {
        let n = tx.bookkeep(|writer| {
            writer.exec(
                "UPDATE attachment SET visit_id = $2 WHERE id = $1 AND visit_id IS NULL AND account_id = $3 AND COALESCE(case_id, '') = COALESCE($4, '')",
                &params![id, visit, account, case],
            )
        })?;
        if n != 1 {
            return Err(Problem::field("attachments", "unknown").into());
        }
    }
    Ok(())
}

/// Lets the photos of a visit go that is taken back: they belong to nothing any more.
///
/// # Errors
/// The database's.
pub fn release_visit(tx: &mut Tx<'_>, visit: VisitId) -> Result<(), StoreError> {
    let sql = "UPDATE attachment SET visit_id = NULL WHERE visit_id = $1";
    tx.bookkeep(|writer| writer.exec(sql, &params![visit])).map(drop)
}

/// The photo that `account` sent with these bytes and put to nothing yet; the newest, when it was sent twice.
///
/// # Errors
/// The database's.
pub fn loose_by_sent(conn: &mut Conn, account: AccountId, sent: &str) -> Result<Option<AttachmentId>, StoreError> {
    conn.first(
        "SELECT id FROM attachment WHERE case_id IS NULL AND visit_id IS NULL AND account_id = $1 AND sent_sha256 = $2 AND sha256 <> '' ORDER BY id DESC LIMIT 1",
        &params![account, sent],
        |row| row.parse("id"),
    )
}

/// A photo that `account` sent itself and put to nothing yet, by its own id: noted before the phone had a PIN.
///
/// # Errors
/// The database's.
pub fn loose_own(conn: &mut Conn, account: AccountId, id: AttachmentId) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM attachment WHERE id = $1 AND account_id = $2 AND case_id IS NULL AND visit_id IS NULL AND sha256 <> ''";
    Ok(conn.number(sql, &params![id, account])? > 0)
}

/// In how many places a photo of `account` with these bytes stands, or waits to be put; 0 where it is not here.
///
/// # Errors
/// The database's.
pub fn n_here(conn: &mut Conn, account: AccountId, sent: &str) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT COUNT(*) AS n, COUNT(CASE WHEN case_id IS NOT NULL OR visit_id IS NOT NULL THEN 1 END) AS n_placed FROM attachment WHERE account_id = $1 AND sent_sha256 = $2 AND sha256 <> ''";
    let found = conn.first(sql, &params![account, sent], |row| Ok((row.get("n")?, row.get("n_placed")?)))?;
    Ok(found.unwrap_or_default())
}

/// The photos of a visit that are here, oldest first.
///
/// # Errors
/// The database's.
pub fn of_visit(conn: &mut Conn, visit: VisitId) -> Result<Vec<Attachment>, StoreError> {
    conn.all(
        &format!("SELECT {COLUMNS} FROM attachment WHERE visit_id = $1 AND sha256 <> '' ORDER BY id"),
        &params![visit],
        Attachment::from_row,
    )
}

/// The photos of a case that are here, oldest first.
///
/// # Errors
/// The database's.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<Attachment>, StoreError> {
    conn.all(
        &format!("SELECT {COLUMNS} FROM attachment WHERE case_id = $1 AND sha256 <> '' ORDER BY id"),
        &params![case],
        Attachment::from_row,
    )
}

/// Takes note of loose photos sent before `before` out of the books; the digests that nobody refers to any more.
///
/// # Errors
/// The database's.
pub fn loose_older_than(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<String>, StoreError> {
    let gone = tx.bookkeep(|writer| {
        writer.returning(
            "DELETE FROM attachment WHERE case_id IS NULL AND visit_id IS NULL AND at < $1 RETURNING sha256",
            &params![before],
            |row| row.get::<String>("sha256"),
        )
    })?;
    let mut unused = Vec::new();
    for sha256 in gone.into_iter().filter(|sha256| !sha256.is_empty()) {
        if tx.number("SELECT COUNT(*) AS n FROM attachment WHERE sha256 = $1", &params![sha256])? == 0 {
            unused.push(sha256);
        }
    }
    Ok(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_that_was_sent_again_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path());
        let path = files.path("aa11", "jpg");
        write_once(&path, b"one").unwrap();
        write_once(&files.path("aa11", "thumb.jpg"), b"one").unwrap();
        let written = std::fs::metadata(&path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
        let written = Timestamp::from_ms(i64::try_from(written.as_millis()).unwrap());
        // Sent again a moment ago: it stays, under its own name.
        files.remove("aa11", written.plus_ms(-3_600_000)).unwrap();
        assert_eq!(files.read("aa11", false).unwrap(), b"one");
        // An old one goes, and a second removal finds nothing to do.
        let later = written.plus_ms(3_600_000);
        files.remove("aa11", later).unwrap();
        assert!(files.read("aa11", false).is_err() && files.read("aa11", true).is_err());
        files.remove("aa11", later).unwrap();
        // Sent once more it is there again.
        write_once(&path, b"one").unwrap();
        assert_eq!(files.read("aa11", false).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
