//! `linli user add`: makes an account; this is how the first administrator is made.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use linli_access::{Grant, Vault, password};
use linli_civic::areas::tree::AreaTree;
use linli_civic::people::duty::PHONE_FIELD;
use linli_civic::people::model::{Account, Post, check_name};
use linli_civic::people::store;
use linli_civic::say::Lang;
use linli_db::StoreError;
use linli_kernel::{AccountId, Actor, AreaCode, Clock as _, GrantId, IdSource, Phone, Problem, Role, SystemClock};
use linli_server::open;

use super::DataArgs;
use super::out::say;

/// What is done with accounts.
#[derive(Subcommand, Clone)]
pub enum User {
    /// Makes an account with one role and prints an invented password once.
    Add(AddArgs),
}

/// Who is added.
#[derive(Args, Clone)]
pub struct AddArgs {
    /// The sign-in name.
    #[arg(long)]
    name: String,
    /// As colleagues and residents know them.
    #[arg(long)]
    display_name: String,
    /// The role: grid_worker, grid_head, community_clerk, street_dispatcher, department_clerk, hotline_clerk, county_leader, auditor
    /// or administrator.
    #[arg(long)]
    role: Role,
    /// The code of the area where they hold it.
    #[arg(long)]
    area: String,
    /// The unit that they work for; for department_clerk.
    #[arg(long)]
    unit: Option<String>,
    /// The work phone.
    #[arg(long)]
    phone: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs it.
///
/// # Errors
/// When something given is wrong, or the database fails.
pub async fn run(command: &User) -> anyhow::Result<ExitCode> {
    let User::Add(args) = command;
    let db = args.data.open().await?;
    let name = args.name.trim().to_owned();
    let display_name = args.display_name.trim().to_owned();
    check_name(&name).map_err(|problem| said("登录名", &problem))?;
    if display_name.is_empty() || display_name.chars().count() > 50 {
        bail!("姓名应为 1 到 50 个字符");
    }
    let area = AreaCode::parse(&args.area).with_context(|| format!("区域编码“{}”不合规", args.area))?;
    let tree = db.read(AreaTree::load).await?;
    if tree.get(&area).is_none() {
        bail!("系统里没有编码为 {area} 的区域，请先用 linli import areas 导入");
    }
    let id = open::setting(&db, "playbook").await?.unwrap_or_else(|| "base".to_owned());
    let book = open::load_playbook(&args.data.data, &id)?.playbook;
    let post = Post { role: args.role, area, unit: args.unit.clone() };
    post.check(&book).map_err(|problem| said("岗位", &problem))?;
    let phone = args.phone.as_deref().map(Phone::parse).transpose().context("电话号码不合规")?;
    let vault = Vault::new(&open::secret(&args.data.data)?);
    let ids = IdSource::random();
    let now = SystemClock.now();
    let invented = password::invent().map_err(|error| anyhow::anyhow!("没有随机数可用：{error}"))?;
    let account = Account {
        id: AccountId::new(ids.uuid(now)),
        name: name.clone(),
        display_name,
        phone_sealed: phone.map(|phone| vault.seal_phone(PHONE_FIELD, &phone)).transpose()?,
        disabled_at: None,
        locked_until: None,
        last_login_at: None,
        version: 1,
        grants: vec![Grant {
            id: GrantId::new(ids.uuid(now)),
            role: args.role,
            area,
            unit: args.unit.clone(),
            starts_at: now,
            ends_at: None,
        }],
    };
    let hash = password::hash(&invented).map_err(|error| anyhow::anyhow!("算不出密码摘要：{error}"))?;
    let wanted = name.clone();
    let is_free = db
        .write(move |tx| {
            if store::is_taken(tx, &wanted)? {
                return Ok(false);
            }
            tx.commit(account.clone().open(hash.clone(), Actor::System, now))?;
            Ok::<_, StoreError>(true)
        })
        .await?;
    if !is_free {
        bail!("登录名“{name}”已经有人用了");
    }
    say(&format!("已建立账号 {name}。初始密码（只显示这一次，首次登录须更换）：{invented}"));
    Ok(ExitCode::SUCCESS)
}

/// A refusal of the rules as a sentence.
fn said(what: &str, problem: &Problem) -> anyhow::Error {
    let values: Vec<(&str, &str)> = problem.params.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sentences: Vec<String> =
        problem.errors.iter().map(|error| Lang::ZhCn.say(&format!("field_problem.{}", error.code), &values)).collect();
    anyhow::anyhow!("{what}：{}", sentences.join("；"))
}
