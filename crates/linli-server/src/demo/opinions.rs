//! What residents of the first demo community proposed, told to everybody by its clerks, each a day after it was answered.

use linli_access::{Act, Caller, scope};
use linli_civic::app::App;
use linli_civic::cases::store::{self as cases, Named};
use linli_civic::http::{Answer, Refused};
use linli_civic::opinions::command::{PublishOpinion, publish_in};
use linli_civic::opinions::model::Adoption;
use linli_civic::opinions::store;
use linli_kernel::{AreaLevel, ManualClock, Role, Timestamp};

use super::tale::Stage;

const DAY_MS: i64 = 86_400_000;
/// A word of what residents said, and how a clerk tells it to everybody.
const SUMMARIES: &[(&str, &str)] = &[
    ("矮灯", "花园里加几盏矮灯和两条长椅，方便老人晚上坐坐"),
    ("图书室", "社区图书室周末也开门"),
    ("公交站", "在附近加一个公交站"),
    ("通知", "社区通知也贴到每个单元，照顾不看手机的老人"),
    ("晒被子", "划一块地方给大家晒被子"),
    ("磨剪刀", "多办几次磨剪刀、修小家电的便民活动"),
    ("折叠凳", "楼道里装折叠凳，爬楼时能歇一歇"),
    ("燃气报警器", "由社区牵头，团购燃气报警器"),
    ("跳绳", "放学后把社区门口的空地留给孩子们活动"),
    ("志愿者", "志愿打扫少拍照、多干活"),
    ("荒地", "把小区旁边的荒地改成菜园或停车场"),
    ("居民会", "居民会改到晚上或者周末开"),
    ("减速带", "小区出入口加减速带和限速牌"),
    ("棋盘", "院子里放一张棋盘桌"),
];
/// A few wait for whoever signs in.
const LEFT: usize = 3;

/// Tells them.
///
/// # Errors
/// The database's.
pub async fn tell(app: &App, clock: &ManualClock, stage: &Stage) -> Answer<()> {
    let first = stage.texts.people.demo.first().and_then(|person| person.area.parse::<linli_kernel::AreaCode>().ok());
    let Some(community) = first.map(|area| area.at(AreaLevel::Community)) else { return Ok(()) };
    let is_clerk = |caller: &Caller| {
        caller.grants.iter().any(|grant| grant.role == Role::CommunityClerk && grant.area == community)
    };
    let Some(clerk) = stage.cast.callers().into_iter().find(is_clerk) else { return Ok(()) };
    let book = app.playbooks.current();
    let keys: Vec<String> = scope(&clerk, Act::PublishOpinions).keys().map(str::to_owned).collect();
    let waiting = app.db.read(move |conn| {
        let opinions = book.categories.iter().filter(|category| category.opinion);
        let codes: Vec<&str> = opinions.map(|category| category.code.as_str()).collect();
        store::waiting(conn, &codes, &keys).map_err(Refused::from)
    });
    let mut waiting = waiting.await?;
    waiting.sort_by_key(|one| one.settled_at);
    let n_told = waiting.len().saturating_sub(LEFT);
    let mut told: Vec<&str> = Vec::new();
    for one in waiting.into_iter().take(n_told) {
        let summary = SUMMARIES.iter().find(|(word, _)| one.body.contains(word)).map(|(_, summary)| *summary);
        let Some(summary) = summary.filter(|summary| !told.contains(summary)) else { continue };
        told.push(summary);
        let settled_at: Timestamp = one.settled_at.unwrap_or(stage.frame.now);
        clock.set(settled_at.plus_ms(DAY_MS).min(stage.frame.now));
        let (writer, caller) = (app.clone(), clerk.clone());
        let publish = app.db.write(move |tx| {
            let answer = cases::load(tx, &Named::Id(one.case))?.and_then(|case| case.reply).map(|reply| reply.done);
            // Withdrawn, or ended by itself: nobody answered it, and there is nothing to tell.
            let Some(answer) = answer.filter(|answer| !answer.trim().is_empty()) else { return Ok(()) };
            let body = PublishOpinion { summary: summary.to_owned(), outcome: outcome(&answer), answer, version: None };
            publish_in(&writer, tx, &caller, one.case, &body).map(drop)
        });
        publish.await?;
    }
    clock.set(stage.frame.now);
    Ok(())
}

/// What came of it, as far as the answer says.
fn outcome(answer: &str) -> Adoption {
    match answer {
        answer if answer.contains("研究") => Adoption::Partly,
        answer if answer.contains("列入") => Adoption::Planned,
        _ => Adoption::Adopted,
    }
}
