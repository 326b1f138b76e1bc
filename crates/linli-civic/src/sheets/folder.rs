//! Uploaded files on disk: personal data stands in them, so that nobody else reads them and they are gone soon.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use linli_kernel::ImportId;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

/// Where uploaded files wait, and the bell that says one is to be worked on.
#[derive(Clone, Debug)]
pub struct Folder {
    folder: PathBuf,
    bell: Arc<Notify>,
}

impl Folder {
    /// In `folder`, made when first needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, bell: Arc::new(Notify::new()) }
    }

    /// Where the file of an import is.
    #[must_use]
    pub fn path(&self, import: ImportId) -> PathBuf {
        self.folder.join(format!("{import}.table"))
    }

    /// A new file that only its owner may read.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self, import: ImportId) -> io::Result<File> {
        std::fs::create_dir_all(&self.folder)?;
        private(&self.path(import))
    }

    /// Where a file of this name is.
    #[must_use]
    pub fn path_named(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A new file of this name that only its owner may read.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_named(&self, name: &str) -> io::Result<File> {
        std::fs::create_dir_all(&self.folder)?;
        private(&self.path_named(name))
    }

    /// Removes the file of this name, if it is there.
    pub fn remove_named(&self, name: &str) {
        if let Err(error) = std::fs::remove_file(self.path_named(name))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a file of an import could not be removed");
        }
    }

    /// A file for what is being written to be sent: gone when it is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self, name: &str) -> io::Result<Scratch> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{name}.out"));
        private(&path).map(|file| Scratch { path, file: Some(file) })
    }

    /// Where pieces of a large sheet are kept while it is written.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> io::Result<&Path> {
        std::fs::create_dir_all(&self.folder)?;
        Ok(&self.folder)
    }

    /// Removes the file of an import, if it is there.
    pub fn remove(&self, import: ImportId) {
        if let Err(error) = std::fs::remove_file(self.path(import))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%import, %error, "the file of an import could not be removed");
        }
    }

    /// Says that there is work.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until there may be work.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }
}

/// A file that is removed when nobody needs it any more.
#[derive(Debug)]
pub struct Scratch {
    /// Where.
    pub path: PathBuf,
    /// Open for writing until it is taken.
    pub file: Option<File>,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// SHA-256 of a file's bytes, in hex, and how many there are.
///
/// # Errors
/// When it cannot be read.
pub fn digest(path: &Path) -> io::Result<(String, u64)> {
    let mut digest = HashWriter(Sha256::new());
    let n = io::copy(&mut File::open(path)?, &mut digest)?;
    Ok((hex::encode(digest.0.finalize()), n))
}

struct HashWriter(Sha256);

impl io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).read(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    std::fs::OpenOptions::new().write(true).read(true).create(true).truncate(true).open(path)
}

impl From<io::Error> for crate::http::Refused {
    fn from(error: io::Error) -> Self {
        tracing::error!(%error, "a file of a table cannot be made or read");
        linli_kernel::ProblemCode::Internal.into()
    }
}
