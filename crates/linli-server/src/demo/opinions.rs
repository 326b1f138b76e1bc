//! What residents of the first demo community proposed, told to everybody by its clerks.

use linli_access::{Act, Caller, scope};
use linli_civic::app::App;
use linli_civic::cases::store::{self as cases, Named};
use linli_civic::http::{Answer, Refused};
use linli_civic::opinions::command::{PublishOpinion, publish_in};
use linli_civic::opinions::model::{Adoption, MAX_SUMMARY};
use linli_civic::opinions::store;
use linli_kernel::{AreaLevel, Role};

use super::tale::Stage;

/// So many are told; a few wait for whoever signs in.
const TOLD: usize = 9;

/// Tells them.
///
/// # Errors
/// The database's.
pub async fn tell(app: &App, stage: &Stage) -> Answer<()> {
    let first = stage.texts.people.demo.first().and_then(|person| person.area.parse::<linli_kernel::AreaCode>().ok());
    let Some(community) = first.map(|area| area.at(AreaLevel::Community)) else { return Ok(()) };
    let is_clerk = |caller: &Caller| {
        caller.grants.iter().any(|grant| grant.role == Role::CommunityClerk && grant.area == community)
    };
    let callers = stage.cast.callers();
    let Some(clerk) = callers.into_iter().find(is_clerk) else { return Ok(()) };
    let writer = app.clone();
    let told = app.db.write(move |tx| {
        let book = writer.playbooks.current();
        let codes: Vec<&str> =
            book.categories.iter().filter(|category| category.opinion).map(|category| category.code.as_str()).collect();
        let keys: Vec<String> = scope(&clerk, Act::PublishOpinions).keys().map(str::to_owned).collect();
        let waiting = store::waiting(tx, &codes, &keys)?;
        for (one, adoption) in waiting.into_iter().skip(2).take(TOLD).zip(Adoption::ALL.into_iter().cycle()) {
            let Some(case) = cases::load(tx, &Named::Id(one.case))? else { continue };
            let Some(reply) = case.reply else { continue };
            let body = PublishOpinion {
                summary: one.body.chars().take(MAX_SUMMARY).collect(),
                outcome: adoption,
                answer: reply.done,
                version: None,
            };
            // Words that are not for everybody stay with the case.
            drop(publish_in(&writer, tx, &clerk, one.case, &body));
        }
        Ok::<_, Refused>(())
    });
    told.await
}
