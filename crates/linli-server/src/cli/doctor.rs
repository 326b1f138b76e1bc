//! `linli doctor`: looks at an instance and says what to do. A line for each thing; ends with 1 when something fails.

use std::path::Path;
use std::process::ExitCode;

use linli_access::Vault;
use linli_civic::areas::tree::AreaTree;
use linli_civic::cases::{Seat, unattended};
use linli_civic::partners::Partners;
use linli_civic::people::duty::PHONE_FIELD;
use linli_db::verify::verify;
use linli_db::{Db, LATEST, StoreError, params};
use linli_kernel::{AreaLevel, Clock as _, SystemClock};
use linli_playbook::Severity;
use linli_server::open;

use super::DataArgs;
use super::out::say;

/// A chain check of more events than this is left to `linli verify`.
const MOST_EVENTS: i64 = 1_000_000;
/// Files looked for at most.
const MOST_FILES: i64 = 20_000;
/// Less free space than this is said.
const LITTLE_SPACE_MB: u64 = 2_048;

/// How a thing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Look,
    Bad,
}

/// What was found.
#[derive(Default)]
struct Report {
    n_warned: u32,
    n_failed: u32,
}

impl Report {
    fn line(&mut self, state: State, what: &str, said: &str) {
        let word = match state {
            State::Good => "ok  ",
            State::Look => "warn",
            State::Bad => "fail",
        };
        self.n_warned += u32::from(state == State::Look);
        self.n_failed += u32::from(state == State::Bad);
        say(&format!("{word}  {what}：{said}"));
    }
}

/// Runs it.
///
/// # Errors
/// When the database breaks off in the middle; one that cannot be opened is a finding.
pub async fn run(data: &DataArgs) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    calendar(&mut report, &data.data);
    space(&mut report, &data.data);
    partners(&mut report, data);
    match data.open().await {
        Err(error) => {
            report.line(State::Bad, "数据库", &format!("打不开（{error:#}）。请检查 --data 目录或 --database-url。"))
        }
        Ok(db) => {
            database(&mut report, &db).await?;
            playbooks(&mut report, &db, &data.data).await?;
            ground(&mut report, &db).await?;
            people(&mut report, &db).await?;
            empty_seats(&mut report, &db).await?;
            key(&mut report, &db, &data.data).await?;
            files(&mut report, &db, &data.data).await?;
            deliveries(&mut report, &db).await?;
        }
    }
    say(&match (report.n_failed, report.n_warned) {
        (0, 0) => "一切正常。".to_owned(),
        (failed, warned) => format!("{failed} 项有问题，{warned} 项需要留意。"),
    });
    Ok(if report.n_failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn calendar(report: &mut Report, data: &Path) {
    match open::calendar(data) {
        Err(error) => report.line(State::Bad, "工作日历", &format!("读不了（{error:#}）。")),
        Ok(calendar) => {
            let missing = calendar.missing(SystemClock.now());
            let years: Vec<String> = missing.iter().map(|year| format!("{year} 年")).collect();
            if missing.is_empty() {
                report.line(State::Good, "工作日历", "今年和明年的放假调休安排都有。");
            } else {
                let said = format!(
                    "缺少 {} 的放假调休安排！落在缺少年份的时限只能按周一至周五暂算，并标为“暂定”。国务院办公厅公布后，把新的 chinese-days.json 存为 {}。",
                    years.join("、"),
                    data.join("calendar.json").display()
                );
                report.line(State::Look, "工作日历", &said);
            }
        }
    }
}

fn partners(report: &mut Report, data: &DataArgs) {
    let folder = data.partners.clone().unwrap_or_else(|| data.data.join("partners"));
    let loaded = Partners::load(&folder).and_then(|partners| {
        let faults = open::partner_faults(&partners);
        if faults.is_empty() { Ok(partners) } else { Err(faults) }
    });
    match loaded {
        Err(faults) => {
            let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
            report.line(State::Bad, "外部系统", &format!("文件有错误，服务起不来：{}。", said.join("；")));
        }
        Ok(partners) => {
            let names: Vec<String> = partners
                .all()
                .map(|partner| {
                    let off = if partner.enabled { "" } else { "，已停用" };
                    format!("{}（{}，{}{off}）", partner.name, partner.id, partner.kind)
                })
                .collect();
            let said = if names.is_empty() { "还没有。".to_owned() } else { format!("{}。", names.join("、")) };
            report.line(State::Good, "外部系统", &said);
        }
    }
}

async fn deliveries(report: &mut Report, db: &Db) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let figures = db.read(move |conn| linli_civic::delivery::store::figures(conn, now)).await?;
    let hours = figures.oldest_at.map_or(0, |at| now.since(at) / 3_600_000);
    match (figures.n_dead, hours) {
        (0, 0) => report.line(State::Good, "出站", &format!("{} 条待发送，没有未送达的。", figures.n_waiting)),
        (0, hours) => report.line(
            State::Look,
            "出站",
            &format!("{} 条待发送，最早的已等了 {hours} 小时，请在工作台“出站记录”查看原因。", figures.n_waiting),
        ),
        (dead, _) => report.line(
            State::Look,
            "出站",
            &format!("{dead} 条未能送达，{} 条待发送，请在工作台“出站记录”查看原因并重发或放弃。", figures.n_waiting),
        ),
    }
    Ok(())
}

/// By the system's own `df`: the standard library knows no free space.
fn space(report: &mut Report, data: &Path) {
    let asked = data.ancestors().find(|folder| folder.exists()).unwrap_or(data);
    let output = std::process::Command::new("df").arg("-Pk").arg(asked).output();
    let text = output.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let free_kb =
        text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|n| n.parse::<u64>().ok());
    match free_kb.map(|kb| kb / 1024) {
        None => report.line(State::Look, "磁盘", "看不到剩余空间，请自行确认。"),
        Some(free_mb) if free_mb < LITTLE_SPACE_MB => {
            report.line(State::Look, "磁盘", &format!("只剩 {free_mb} MB，请尽快清理或扩容。"));
        }
        Some(free_mb) => report.line(State::Good, "磁盘", &format!("剩余 {} GB。", free_mb / 1024)),
    }
}

async fn database(report: &mut Report, db: &Db) -> anyhow::Result<()> {
    let level = db.read(|conn| conn.number("SELECT COALESCE(MAX(n), 0) AS n FROM migration", &[])).await;
    let level = level.map_err(|error: StoreError| error)?;
    report.line(State::Good, "数据库", &format!("可以读写，结构版本 {level}（本程序 {LATEST}）。"));
    let n_events = db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM event", &[])).await;
    let n_events = n_events.map_err(|error: StoreError| error)?;
    if n_events > MOST_EVENTS {
        report.line(State::Look, "历史", &format!("{n_events} 条，较多，请另用 linli verify 全面核对。"));
        return Ok(());
    }
    let checked = db
        .read(|conn| {
            let verified = verify(conn)?;
            let what = verified.broken.as_ref().map(|broken| super::verify::sentence(conn, broken)).transpose()?;
            Ok::<_, StoreError>((verified.n_events, what))
        })
        .await?;
    match checked {
        (n_events, None) => report.line(State::Good, "历史", &format!("{n_events} 条记录首尾相接，没有改动。")),
        (_, Some(sentence)) => report.line(State::Bad, "历史", &format!("{sentence}请停止使用并从备份核对。")),
    }
    Ok(())
}

async fn playbooks(report: &mut Report, db: &Db, data: &Path) -> anyhow::Result<()> {
    let id = open::setting(db, "playbook").await?.unwrap_or_else(|| "base".to_owned());
    match open::load_playbook(data, &id) {
        Err(error) => report.line(State::Bad, "工作法", &format!("{id} 读不了（{error:#}）。")),
        Ok(loaded) => {
            let n_errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
            let n_warnings = loaded.findings.len() - n_errors;
            let name = &loaded.playbook.name;
            match (n_errors, n_warnings) {
                (0, 0) => report.line(State::Good, "工作法", &format!("{name}（{id}），检查没有发现问题。")),
                (0, n) => report.line(
                    State::Look,
                    "工作法",
                    &format!("{name}（{id}）有 {n} 处提醒，见 linli playbook check {id}。"),
                ),
                (n, _) => report.line(
                    State::Bad,
                    "工作法",
                    &format!("{name}（{id}）有 {n} 处错误，见 linli playbook check {id}。"),
                ),
            }
        }
    }
    Ok(())
}

async fn ground(report: &mut Report, db: &Db) -> anyhow::Result<()> {
    let tree = db.read(AreaTree::load).await?;
    if tree.is_empty() {
        report.line(State::Look, "区域", "还没有区域，请用 linli import areas 导入区划和网格。");
        return Ok(());
    }
    report.line(State::Good, "区域", &format!("{} 个。", tree.len()));
    let grids: Vec<_> = tree.iter().filter(|area| area.code.level() >= AreaLevel::Grid).map(|area| area.code).collect();
    let bare = grids.iter().filter(|code| !tree.index().has(code)).count();
    let n_shapes = tree.iter().filter(|area| tree.index().has(&area.code)).count();
    match (n_shapes, bare) {
        (0, _) => report.line(
            State::Look,
            "边界",
            "一个也没有：按位置上报的事项找不到网格。请用 linli import boundaries 导入。",
        ),
        (n, 0) => report.line(State::Good, "边界", &format!("{n} 个，网格都有边界。")),
        (n, bare) => {
            report.line(State::Look, "边界", &format!("{n} 个，另有 {bare} 个网格没有边界，地图选点时找不到它们。"))
        }
    }
    let held = db.read(|conn| {
        conn.all(
            "SELECT DISTINCT g.area_code FROM grant_role g JOIN account a ON a.id = g.account_id \
             WHERE g.role IN ('grid_worker', 'grid_head') AND g.ends_at IS NULL AND a.disabled_at IS NULL",
            &[],
            |row| row.get::<String>("area_code"),
        )
    });
    let held = held.await.map_err(|error: StoreError| error)?;
    let empty: Vec<_> = grids.iter().filter(|code| !held.iter().any(|area| area == code.as_str())).collect();
    let names: Vec<String> = empty.iter().take(3).map(|code| tree.full_name(code)).collect();
    match (grids.len(), empty.len()) {
        (0, _) => report.line(State::Look, "网格", "还没有网格，事项会直接派到社区。"),
        (n, 0) => report.line(State::Good, "网格", &format!("{n} 个网格都有人。")),
        (_, n) => report.line(
            State::Look,
            "网格",
            &format!("{n} 个网格没有网格员（{}…），它们的事项会派到社区。", names.join("、")),
        ),
    }
    Ok(())
}

async fn people(report: &mut Report, db: &Db) -> anyhow::Result<()> {
    let n = db.read(|conn| {
        conn.number(
            "SELECT COUNT(*) AS n FROM grant_role g JOIN account a ON a.id = g.account_id \
             WHERE g.role = 'administrator' AND g.ends_at IS NULL AND a.disabled_at IS NULL",
            &[],
        )
    });
    let n = n.await.map_err(|error: StoreError| error)?;
    if n == 0 {
        report.line(State::Look, "管理员", "还没有系统管理员，请用 linli user add --role administrator 建立。");
    } else {
        report.line(State::Good, "管理员", &format!("{n} 个。"));
    }
    Ok(())
}

/// Seats at which cases wait and nobody answers.
async fn empty_seats(report: &mut Report, db: &Db) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let (found, tree) = db
        .read(move |conn| Ok::<_, StoreError>((unattended::empty_seats(conn, None, now)?, AreaTree::load(conn)?)))
        .await?;
    if found.is_empty() {
        report.line(State::Good, "经办", "在办事项所在的岗位都有人。");
        return Ok(());
    }
    let n_open: i64 = found.iter().map(|one| one.n_open).sum();
    let name = |seat: &Seat| {
        format!(
            "{}{}",
            tree.full_name(&seat.area),
            seat.unit.as_deref().map(|unit| format!("（{unit}）")).unwrap_or_default()
        )
    };
    let names: Vec<String> = found.iter().take(3).map(|one| name(&one.seat)).collect();
    let said =
        format!("{} 处岗位没有人，压着 {n_open} 件在办事项（{}…），请安排人员或改派。", found.len(), names.join("、"));
    report.line(State::Look, "经办", &said);
    Ok(())
}

async fn key(report: &mut Report, db: &Db, data: &Path) -> anyhow::Result<()> {
    let path = data.join("keys").join("data.key");
    let sealed = db.read(|conn| {
        conn.first("SELECT phone_sealed FROM account WHERE phone_sealed IS NOT NULL ORDER BY id LIMIT 1", &[], |row| {
            row.get::<Vec<u8>>("phone_sealed")
        })
    });
    let sealed = sealed.await.map_err(|error: StoreError| error)?;
    if !path.exists() {
        let (state, said) = match sealed {
            None => (State::Look, "还没有密钥，第一次启动时会生成。"),
            Some(_) => (State::Bad, "密钥不见了，已存的电话号码都打不开！请从备份恢复密钥，切勿重新生成。"),
        };
        report.line(state, "密钥", said);
        return Ok(());
    }
    let vault = Vault::new(&open::secret(data)?);
    match sealed {
        None => report.line(State::Good, "密钥", "在。"),
        Some(sealed) if vault.open_phone(PHONE_FIELD, &sealed).is_ok() => {
            report.line(State::Good, "密钥", "在，能打开已存的电话号码。");
        }
        Some(_) => report.line(State::Bad, "密钥", "与数据不符，打不开已存的电话号码！请从备份恢复原来的密钥。"),
    }
    Ok(())
}

async fn files(report: &mut Report, db: &Db, data: &Path) -> anyhow::Result<()> {
    let folder = linli_civic::files::Files::new(data.join("files"));
    let photos = db.read(|conn| {
        conn.all(
            "SELECT DISTINCT sha256 FROM attachment WHERE sha256 <> '' ORDER BY sha256 LIMIT $1",
            &params![MOST_FILES],
            |row| row.get::<String>("sha256"),
        )
    });
    let photos: Vec<String> = photos.await.map_err(|error: StoreError| error)?;
    let n = photos.len();
    let lost = photos.iter().filter(|sha256| folder.read(sha256, true).is_err()).count();
    match (n, lost) {
        (0, _) => report.line(State::Good, "照片", "还没有。"),
        (n, 0) => report.line(State::Good, "照片", &format!("{n} 张都在。")),
        (n, lost) => {
            let folder = data.join("files");
            report.line(
                State::Bad,
                "照片",
                &format!("{n} 张里有 {lost} 张的文件不见了，请从备份恢复 {}。", folder.display()),
            );
        }
    }
    Ok(())
}
