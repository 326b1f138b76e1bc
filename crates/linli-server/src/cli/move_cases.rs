//! `linli playbook move`: running cases go by another version.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;

use linli_civic::cases::store::{self, Named};
use linli_civic::cases::version::Move;
use linli_civic::cases::version_http::obstacle;
use linli_civic::playbooks::Shelf;
use linli_civic::say::Lang;
use linli_db::{Db, StoreError, Tx};
use linli_kernel::{Actor, Calendar, CaseId, Clock, IdSource, Problem, SystemClock, Timestamp};
use linli_playbook::Playbook;
use linli_server::open;

use super::DataArgs;
use super::out::say;

/// Cases read in one go.
const CHUNK: u32 = 200;

/// What is moved where.
#[derive(Args, Clone)]
pub struct MoveArgs {
    /// The version that the cases go by now: the 12 digits that `linli playbook check` prints.
    #[arg(long)]
    from: String,
    /// The version that they shall go by; a server has run with it before.
    #[arg(long)]
    to: String,
    /// A stage that the other version does not have, and the one to stand in there: handling=working. Given again for each.
    #[arg(long = "stage", value_name = "OLD=NEW", value_parser = pair)]
    stages: Vec<(String, String)>,
    /// Why; kept in the history of every case.
    #[arg(long)]
    reason: String,
    /// Moves them; without it nothing is changed.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    data: DataArgs,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (old, new) = text.split_once('=').ok_or_else(|| format!("{text:?} is no OLD=NEW"))?;
    Ok((old.trim().to_owned(), new.trim().to_owned()))
}

/// What moving needs.
struct Mover {
    from: Playbook,
    to: Playbook,
    stages: Vec<(String, String)>,
    reason: String,
    apply: bool,
    calendar: Calendar,
    ids: IdSource,
}

/// How it went with one case.
struct Told {
    paper_no: String,
    stage: String,
    promises: (Option<Timestamp>, Option<Timestamp>),
    problem: Option<Problem>,
}

/// Runs it.
///
/// # Errors
/// When a version is not there, or the database fails.
pub async fn run(args: &MoveArgs) -> anyhow::Result<ExitCode> {
    if args.reason.trim().is_empty() {
        bail!("--reason 要写明为什么换，会记进每件事项的历史");
    }
    let db = args.data.open().await?;
    let (from, to) = (version(&db, &args.from).await?, version(&db, &args.to).await?);
    let mover = Arc::new(Mover {
        from,
        to,
        stages: args.stages.clone(),
        reason: args.reason.clone(),
        apply: args.apply,
        calendar: open::calendar(&args.data.data)?,
        ids: IdSource::random(),
    });
    let (mut n_moved, mut n_stuck, mut after) = (0_usize, 0_usize, None);
    loop {
        let ids = page(&db, &mover, after).await?;
        after = ids.last().copied();
        for id in &ids {
            let Some(told) = move_one(&db, &mover, *id).await? else { continue };
            tell(&told);
            n_moved += usize::from(told.problem.is_none());
            n_stuck += usize::from(told.problem.is_some());
        }
        if ids.is_empty() {
            break;
        }
    }
    let done = if args.apply { "已换" } else { "可换" };
    say(&format!("{} → {}：{done} {n_moved} 件，换不了 {n_stuck} 件。", args.from, args.to));
    if !args.apply {
        say("这是试算，什么都没有改。确认后加上 --apply。");
    }
    Ok(if args.apply && n_stuck > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A version that is on the shelf.
async fn version(db: &Db, version: &str) -> anyhow::Result<Playbook> {
    let wanted = version.to_owned();
    let found = db.read(move |conn| {
        let on_shelf = Shelf::versions(conn)?.into_iter().find(|one| one.version == wanted);
        on_shelf.map_or(Ok(None), |one| Shelf::stored(conn, &one.id, &one.version))
    });
    match found.await? {
        Some(playbook) => Ok(playbook),
        None => bail!("没有版本 {version}。用它启动过一次 linli serve 之后才有；linli playbook check 会写出版本号。"),
    }
}

async fn page(db: &Db, mover: &Arc<Mover>, after: Option<CaseId>) -> Result<Vec<CaseId>, StoreError> {
    let mover = Arc::clone(mover);
    db.read(move |conn| store::running_by(conn, (&mover.from.id, &mover.from.version), after, CHUNK)).await
}

async fn move_one(db: &Db, mover: &Arc<Mover>, id: CaseId) -> Result<Option<Told>, StoreError> {
    let mover = Arc::clone(mover);
    if mover.apply {
        return db.write(move |tx| mover.commit(tx, id)).await;
    }
    db.read(move |conn| Ok(store::load(conn, &Named::Id(id))?.map(|case| mover.decide(case).0))).await
}

impl Mover {
    fn decide(&self, case: linli_civic::cases::Case) -> (Told, Option<linli_kernel::Change<linli_civic::cases::Case>>) {
        let promise = |case: &linli_civic::cases::Case| case.promise().map(|promise| promise.due_at);
        let (paper_no, before, here) = (case.paper_no.clone(), promise(&case), case.stage.clone());
        let is_there = case.stages_in(&self.to).iter().any(|stage| stage.id == here);
        let named = self.stages.iter().find(|(old, _)| *old == here && !is_there).map(|(_, new)| new.as_str());
        let wish = Move { from: &self.from, stage: named, reason: &self.reason };
        let surroundings = (&self.calendar, &self.ids, SystemClock.now());
        match wish.decide(case, &self.to, surroundings, Actor::System) {
            Ok(change) => {
                let after = promise(change.state());
                let stage = change.state().stage.clone();
                (Told { paper_no, stage, promises: (before, after), problem: None }, Some(change))
            }
            Err(problem) => (Told { paper_no, stage: here, promises: (before, None), problem: Some(problem) }, None),
        }
    }

    fn commit(&self, tx: &mut Tx<'_>, id: CaseId) -> Result<Option<Told>, StoreError> {
        let Some(case) = store::load_for_change(tx, &Named::Id(id))? else { return Ok(None) };
        // Somebody moved it meanwhile.
        if case.playbook != (self.from.id.clone(), self.from.version.clone()) {
            return Ok(None);
        }
        let (told, change) = self.decide(case);
        if let Some(change) = change {
            tx.commit(change)?;
        }
        Ok(Some(told))
    }
}

fn tell(told: &Told) {
    let day = |at: Option<Timestamp>| at.map_or_else(|| "无".to_owned(), |at| at.plus_ms(8 * 3_600_000).to_string());
    let day = |at: Option<Timestamp>| day(at).chars().take(16).collect::<String>().replace('T', " ");
    say(&match &told.problem {
        Some(problem) => format!("{}　{}　换不了：{}", told.paper_no, told.stage, obstacle(problem, Lang::ZhCn)),
        None if told.promises.0 == told.promises.1 => {
            format!("{}　{}　答复承诺 {}，不变", told.paper_no, told.stage, day(told.promises.0))
        }
        None => {
            format!("{}　{}　答复承诺 {} → {}", told.paper_no, told.stage, day(told.promises.0), day(told.promises.1))
        }
    });
}
