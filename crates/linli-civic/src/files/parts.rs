//! A photo that comes in parts: where the network breaks off every few seconds, what has come stays, and the rest follows.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use linli_kernel::{AccountId, Timestamp};
use sha2::{Digest, Sha256};

/// What may lie here of one account that has not become whole: as much as a phone keeps. Unit: bytes.
const MOST_BYTES: u64 = 200 * 1_024 * 1_024;

/// The photo of `account` whose bytes have this digest.
#[derive(Clone, Debug)]
pub struct Coming {
    path: PathBuf,
    sent: String,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Come {
    /// So many bytes are here; the next part begins there.
    Part(u64),
    /// All of it, and it is what was announced.
    Whole(Vec<u8>),
    /// All of it, and it is something else: nothing of it is kept.
    Other,
    /// More than one account may leave here.
    TooMany,
}

impl Coming {
    /// In the folder `parts`; `sent` is 64 hexadecimal digits.
    #[must_use]
    pub fn of(parts: &Path, account: AccountId, sent: &str) -> Self {
        Self { path: parts.join(format!("{account}-{sent}.part")), sent: sent.to_owned() }
    }

    /// How many bytes are here.
    ///
    /// # Errors
    /// The file system's.
    pub fn received(&self) -> std::io::Result<u64> {
        match std::fs::metadata(&self.path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Takes the part that begins at `at` of `size` bytes in all. One that does not follow what is here is left, and the answer says
    /// where to go on.
    ///
    /// # Errors
    /// The file system's.
    pub fn take(&self, at: u64, size: u64, bytes: &[u8]) -> std::io::Result<Come> {
        let Some(folder) = self.path.parent() else { return Ok(Come::Other) };
        std::fs::create_dir_all(folder)?;
        // One part is written after the other, by whichever node: a try that was given up may still be arriving beside the next.
        let lock = std::fs::OpenOptions::new().create(true).append(true).open(folder.join(".lock"))?;
        lock.lock()?;
        let received = self.received()?;
        if received != at {
            return Ok(Come::Part(received));
        }
        if received == 0 && self.n_bytes_of_account(folder)?.saturating_add(size) > MOST_BYTES {
            return Ok(Come::TooMany);
        }
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(bytes)?;
        drop(file);
        let received = self.received()?;
        if received < size {
            return Ok(Come::Part(received));
        }
        let whole = std::fs::read(&self.path)?;
        std::fs::remove_file(&self.path)?;
        Ok(if hex::encode(Sha256::digest(&whole)) == self.sent { Come::Whole(whole) } else { Come::Other })
    }
}

impl Coming {
    /// What lies here of this account.
    fn n_bytes_of_account(&self, folder: &Path) -> std::io::Result<u64> {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let account = name.get(..36).unwrap_or(name);
        let mut sum = 0_u64;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(account)) {
                sum = sum.saturating_add(entry.metadata().map_or(0, |found| found.len()));
            }
        }
        Ok(sum)
    }
}

/// Removes what has not gone on since `before`.
///
/// # Errors
/// The file system's.
pub fn sweep(parts: &Path, before: Timestamp) -> std::io::Result<()> {
    let before = UNIX_EPOCH + Duration::from_millis(u64::try_from(before.ms()).unwrap_or(0));
    let found = match std::fs::read_dir(parts) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    for entry in found {
        let entry = entry?;
        // It may have become whole meanwhile.
        let is_old = entry.metadata().and_then(|found| found.modified()).is_ok_and(|written| written < before);
        if is_old && entry.file_name() != ".lock" {
            drop(std::fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coming(folder: &Path, bytes: &[u8]) -> Coming {
        Coming::of(folder, AccountId::new(uuid::Uuid::from_u128(7)), &hex::encode(Sha256::digest(bytes)))
    }

    #[test]
    fn what_has_come_stays_and_the_rest_follows() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = b"a photo of a lamp";
        let photo = coming(folder.path(), bytes);
        assert_eq!(photo.take(0, 17, &bytes[..5]).unwrap(), Come::Part(5));
        // The answer was lost and it is sent again; or a part is skipped.
        assert_eq!(photo.take(0, 17, &bytes[..5]).unwrap(), Come::Part(5));
        assert_eq!(photo.take(9, 17, &bytes[9..]).unwrap(), Come::Part(5));
        assert_eq!(coming(folder.path(), bytes).received().unwrap(), 5, "another start of the app goes on there");
        assert_eq!(photo.take(5, 17, &bytes[5..]).unwrap(), Come::Whole(bytes.to_vec()));
        assert_eq!(photo.received().unwrap(), 0);
    }

    #[test]
    fn what_is_something_else_than_was_announced_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let photo = coming(folder.path(), b"lamp");
        assert_eq!(photo.take(0, 4, b"tree").unwrap(), Come::Other);
        assert_eq!(photo.received().unwrap(), 0);
        assert_eq!(photo.take(0, 4, b"lamp").unwrap(), Come::Whole(b"lamp".to_vec()));
    }

    #[test]
    fn what_never_went_on_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let photo = coming(folder.path(), b"lamp");
        photo.take(0, 4, b"la").unwrap();
        let written = std::fs::metadata(&photo.path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
        let written = Timestamp::from_ms(i64::try_from(written.as_millis()).unwrap());
        sweep(folder.path(), written.plus_ms(-3_600_000)).unwrap();
        assert_eq!(photo.received().unwrap(), 2);
        sweep(folder.path(), written.plus_ms(3_600_000)).unwrap();
        assert_eq!(photo.received().unwrap(), 0);
        sweep(&folder.path().join("none"), written).unwrap();
    }
}
