//! `linli backup`: a copy of the embedded database, made while it is in use and checked after.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;

use linli_db::verify::verify;
use linli_db::{Config, Db};
use linli_kernel::IdSource;

use super::DataArgs;
use super::out::{say, tell};

/// Copies the database to FILE while the server may go on.
///
/// The photos (DATA/files) and the keys (DATA/keys) are plain files: copy them with any tool, the keys to another place than the
/// database. Without the keys no phone number of the copy can be read. PostgreSQL is backed up with its own tools.
#[derive(Args, Clone)]
pub struct BackupArgs {
    /// The copy; must not exist yet.
    file: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs it.
///
/// # Errors
/// When the copy exists already, cannot be written, or does not pass its check.
pub async fn run(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    if args.file.exists() {
        bail!("{} 已存在，不覆盖旧的备份", args.file.display());
    }
    if args.data.database_url.is_some() {
        bail!("PostgreSQL 请用它自己的工具备份");
    }
    if !args.data.data.join("linli.db").exists() {
        bail!("{} 里没有数据库", args.data.data.display());
    }
    let db = args.data.open().await?;
    db.backup_to(args.file.clone()).await?;
    let n_events = checked(&args.file).await?;
    say(&format!("已备份到 {}，并核对了 {n_events} 条历史记录。", args.file.display()));
    let data = args.data.data.display();
    tell(&format!("照片在 {data}/files，密钥在 {data}/keys：请另行复制，密钥不要和数据库放在一起。"));
    Ok(ExitCode::SUCCESS)
}

/// A backup that was never read is none.
async fn checked(file: &Path) -> anyhow::Result<u64> {
    let config = Config::Sqlite { path: file.to_owned() };
    let (copy, _) = tokio::task::spawn_blocking(move || Db::open(config, Arc::new(IdSource::random()))).await??;
    let verified = copy.read(verify).await?;
    if let Some(broken) = verified.broken {
        bail!("副本有缺损（{} {} 的第 {} 条记录），请勿使用", broken.stream_kind, broken.stream_id, broken.n);
    }
    Ok(verified.n_events)
}
