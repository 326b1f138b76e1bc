//! Collected news: one message for each person when its time has come.

use std::time::Duration;

use linli_db::StoreError;
use linli_playbook::NoticeWay;

use super::model::{Notice, Recipient};
use super::send::{self, Manner};
use super::store;
use crate::app::App;

/// How often it is looked whether collected news is due.
const EVERY: Duration = Duration::from_secs(30);
/// Lines of one message; more are only counted.
const MOST_LINES: usize = 40;

/// Sends collected news for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(error) = send_due(&app).await {
            tracing::warn!(%error, "collected news could not be sent; trying again later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Sends what is due; how many people were written to.
///
/// # Errors
/// The database's.
pub async fn send_due(app: &App) -> Result<usize, StoreError> {
    let with = app.clone();
    app.db
        .write(move |tx| {
            let now = with.now();
            let people = store::take_collected(tx, now)?;
            let notices = with.playbooks.current().notices.clone();
            for person in &people {
                let mut lines: Vec<String> =
                    person.lines.iter().take(MOST_LINES).map(|(title, said)| format!("{title}\n{said}")).collect();
                let n_more = person.lines.len().saturating_sub(MOST_LINES);
                if n_more > 0 {
                    lines.push(format!("另有 {n_more} 条，请到工作台查看。"));
                }
                let notice = Notice {
                    case: None,
                    rule: "digest".to_owned(),
                    event: "digest".to_owned(),
                    to: Recipient::Staff(person.account),
                    title: format!("昨日以来的 {} 条消息", person.lines.len()),
                    said: lines.join("\n\n"),
                    dedup: format!("digest {} {}", person.account, person.first_n),
                };
                let manner = Manner { ways: &[NoticeWay::Email, NoticeWay::WebPush], urgent: false, digest: false };
                send::tell(&with, tx, &notice, &manner, None, &notices)?;
            }
            Ok(people.len())
        })
        .await
}
