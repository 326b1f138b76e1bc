//! `linli verify`: checks every hash chain and names the first event that is not what was written.

use std::path::Path;
use std::process::ExitCode;

use linli_access::Vault;
use linli_db::roots::{self, BrokenRoot};
use linli_db::verify::{Broken, BrokenHow, verify};
use linli_db::{Conn, Db, StoreError, params};
use linli_server::open;

use super::DataArgs;
use super::out::say;

/// Runs it.
///
/// # Errors
/// When the database cannot be opened or fails.
pub async fn run(data: &DataArgs) -> anyhow::Result<ExitCode> {
    let db = data.open().await?;
    let (verified, what) = db
        .read(|conn| {
            let verified = verify(conn)?;
            let what = verified.broken.as_ref().map(|broken| sentence(conn, broken)).transpose()?;
            Ok::<_, StoreError>((verified, what))
        })
        .await?;
    let whole = match what {
        None => {
            say(&format!("历史完整：{} 条记录链，{} 条记录，没有发现改动。", verified.n_streams, verified.n_events));
            true
        }
        Some(sentence) => {
            say(&sentence);
            false
        }
    };
    let signed = daily_roots(&db, &data.data).await?;
    Ok(if whole && signed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks the signed root of every day; whether all of them are as they were signed.
async fn daily_roots(db: &Db, data: &Path) -> anyhow::Result<bool> {
    if !data.join("keys").join("data.key").exists() {
        say("没有密钥，无法核对每日签名（密钥在 keys/data.key）。");
        return Ok(true);
    }
    let vault = Vault::new(&open::secret(data)?);
    let checked = db.read(move |conn| roots::check(conn, &|bytes| vault.sign(bytes))).await;
    let checked = checked.map_err(|error: StoreError| error)?;
    match checked.broken {
        None => say(&format!("每日签名：{} 天，全部相符。", checked.n_days)),
        Some((day, BrokenRoot::Events)) => {
            say(&format!("每日签名不符：第一处在 {day}，那一天的记录有改动、增加或缺失。"));
            return Ok(false);
        }
        Some((day, BrokenRoot::Signature)) => {
            say(&format!("每日签名不符：第一处在 {day}，不是用本系统的密钥签的。"));
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is broken, so that a person finds it.
///
/// # Errors
/// The database's.
pub fn sentence(conn: &mut Conn, broken: &Broken) -> Result<String, StoreError> {
    let named = match broken.stream_kind.as_str() {
        "case" => {
            let case =
                conn.first("SELECT paper_no, code FROM cases WHERE id = $1", &params![broken.stream_id], |row| {
                    Ok((row.get::<String>("paper_no")?, row.get::<String>("code")?))
                })?;
            case.map_or_else(
                || format!("事项 {}（事项本身已不在）", broken.stream_id),
                |(paper_no, code)| format!("事项 {paper_no}（查询码 {code}）"),
            )
        }
        "area" => format!("区域 {}", broken.stream_id),
        "account" => format!("账号 {}", broken.stream_id),
        "place" => format!("二维码 {}", broken.stream_id),
        "playbook" => format!("工作法 {}", broken.stream_id),
        "banner" => format!("公告横幅 {}", broken.stream_id),
        "visit" => format!("走访记录 {}", broken.stream_id),
        "device" => format!("设备 {}", broken.stream_id),
        other => format!("{other} {}", broken.stream_id),
    };
    let what = match broken.what {
        BrokenHow::Content => "内容与写入时不一致",
        BrokenHow::Link => "与前一条记录接不上",
        BrokenHow::Gap => "之前缺少记录",
        BrokenHow::Text => "所附文字与写入时不一致",
        BrokenHow::End => "最后的记录缺失，或多出记录",
    };
    Ok(format!("历史被改动：{named}的第 {} 条记录，{what} [{:?}]。", broken.n, broken.what))
}
