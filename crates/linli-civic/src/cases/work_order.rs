//! 工单: a case as the words that a document of it is filled with. Pure. The document is the office's: in Chinese, whatever
//! language the page of whoever prints it is in.
//!
//! What may be missing (a reply, a rating) is a list of one or none, so that its row is gone where there is nothing to say.

use linli_kernel::{DeadlineState, Timestamp, Weight};

use super::contact::ReporterContact;
use super::view::{CaseView, DeadlineView, TimelineEntry};
use crate::docx::{Entry, Known, Picture, Values};
use crate::say::Lang;

/// The template's name in a playbook.
pub const TEMPLATE: &str = "work-order.docx";

/// What a work order can be filled with. Who printed it and when is on every one.
pub const KNOWN: Known = Known {
    texts: &[
        "office",
        "county",
        "kind",
        "paper_no",
        "code",
        "urgent",
        "reported_at",
        "channel",
        "category",
        "weight",
        "reporter",
        "stage",
        "place",
        "area",
        "text",
        "seat",
        "handler",
        "promised_at",
        "why",
        "follow_url",
        "printed_by",
        "printed_at",
    ],
    lists: &[
        ("clock", &["name", "due_at", "state"]),
        ("task", &["party", "kind", "state", "text"]),
        ("reply", &["received", "talked_to", "done", "by_when"]),
        ("rating", &["stars", "solved", "satisfied", "text"]),
        ("record", &["at", "what", "text", "said"]),
    ],
    pictures: &["qr"],
    needed: &["printed_by", "printed_at"],
};

const LANG: Lang = Lang::ZhCn;
/// Beijing time is ahead of UTC by this much.
const ZONE_MS: i64 = 8 * 3_600_000;

/// Who takes a document out, and when.
#[derive(Clone, Debug)]
pub struct Printing {
    /// The office's name on top.
    pub office: String,
    /// The county that the case lies in.
    pub county: String,
    /// The person, with their post.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The picture of the case's code, as PNG.
    pub qr: Vec<u8>,
}

/// Fills a work order in; the reporter's number only where somebody said what it is needed for.
#[must_use]
pub fn values(case: &CaseView, contact: Option<&ReporterContact>, printing: Printing) -> Values {
    let row = &case.row;
    let handler = case.handler.as_ref().map(|person| {
        [Some(person.role_name.as_str()), Some(person.name.as_str()), person.phone.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let texts = [
        ("office", printing.office),
        ("county", printing.county),
        ("kind", case.kind_name.clone()),
        ("paper_no", row.paper_no.clone()),
        ("code", row.code.to_string()),
        ("urgent", urgent(case)),
        ("reported_at", stamp(row.reported_at)),
        ("channel", case.channel_name.clone()),
        ("category", case.category_path.clone().unwrap_or_else(|| LANG.text("work_order.no_category"))),
        ("weight", row.weight_name.clone()),
        ("reporter", reporter(case, contact)),
        ("stage", row.stage_name.clone()),
        ("place", place(case)),
        ("area", row.area.full_name.clone()),
        ("text", case.full_text.clone()),
        ("seat", row.seat_name.clone()),
        ("handler", handler.unwrap_or_else(|| LANG.text("work_order.no_handler"))),
        ("promised_at", case.promised_at.map(stamp).unwrap_or_default()),
        ("why", case.routing.join("\n")),
        ("follow_url", case.follow_url.clone()),
        ("printed_by", printing.by),
        ("printed_at", stamp(printing.at)),
    ];
    // What was called off says nothing on paper.
    let clocks = case.deadlines.iter().filter(|clock| clock.state != DeadlineState::Cancelled);
    let lists = [
        ("clock", clocks.map(clock).collect()),
        ("task", tasks(case)),
        ("reply", replies(case)),
        ("rating", ratings(case)),
        ("record", case.timeline.iter().map(record).collect()),
    ];
    let qr = Picture { png: printing.qr, says: LANG.text("work_order.qr") };
    Values { texts: texts.into(), lists: lists.into(), pictures: [("qr", qr)].into() }
}

/// 2026年10月9日 18:00
fn stamp(at: Timestamp) -> String {
    let at = at.plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    format!("{}年{}月{}日 {:02}:{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute())
}

/// In the words of whoever reported it, and below them the area, where that is not the same.
fn place(case: &CaseView) -> String {
    let (words, area) = (&case.place_text, &case.row.area.full_name);
    if words == area { words.clone() } else { format!("{words}\n{area}") }
}

fn urgent(case: &CaseView) -> String {
    match (case.supervised_at, case.row.weight) {
        (Some(_), _) => LANG.text("work_order.supervised"),
        (None, Weight::Major) => LANG.text("work_order.urgent"),
        (None, Weight::Micro | Weight::General | Weight::Larger) => String::new(),
    }
}

fn reporter(case: &CaseView, contact: Option<&ReporterContact>) -> String {
    let said = |name: Option<&str>, phone: Option<&str>| {
        let name = name.map_or_else(|| LANG.text("reader.anonymous"), str::to_owned);
        let phone = phone.map_or_else(|| LANG.text("reader.no_phone"), str::to_owned);
        format!("{name} {phone}")
    };
    let masked = &case.reporter;
    match contact {
        Some(contact) => said(contact.name.as_deref(), contact.phone.as_deref()),
        None if masked.anonymous => said(None, None),
        // There is a number, and this reader calls nobody.
        None if masked.phone_masked.is_none() => LANG.text("reader.masked"),
        None => said(masked.name_masked.as_deref(), masked.phone_masked.as_deref()),
    }
}

fn clock(clock: &DeadlineView) -> Entry {
    let state = LANG.word("deadline_state", clock.state.as_str());
    Entry::from([("name", clock.name.clone()), ("due_at", stamp(clock.due_at)), ("state", state)])
}

fn tasks(case: &CaseView) -> Vec<Entry> {
    let entry = |task: &super::task_view::TaskView| {
        Entry::from([
            ("party", task.party_name.clone()),
            ("kind", task.kind_name.clone()),
            ("state", task.state_name.clone()),
            ("text", task.result.clone().unwrap_or_else(|| task.body.clone())),
        ])
    };
    case.tasks.iter().map(entry).collect()
}

fn replies(case: &CaseView) -> Vec<Entry> {
    let entry = |reply: &super::Reply| {
        Entry::from([
            ("received", reply.received.clone()),
            ("talked_to", reply.talked_to.clone()),
            ("done", reply.done.clone()),
            ("by_when", reply.by_when.clone()),
        ])
    };
    case.reply.iter().map(entry).collect()
}

fn ratings(case: &CaseView) -> Vec<Entry> {
    let word = |key: &str, yes: bool| LANG.text(&format!("work_order.{}{key}", if yes { "" } else { "not_" }));
    let entry = |rating: &super::Rating| {
        Entry::from([
            ("stars", LANG.say("work_order.stars", &[("n", &rating.stars.to_string())])),
            ("solved", word("solved", rating.solved)),
            ("satisfied", word("satisfied", rating.satisfied)),
            ("text", rating.text.clone().unwrap_or_default()),
        ])
    };
    case.rating.iter().map(entry).collect()
}

/// The words of the report and of the last reply stand above; the record tells that they were said.
fn record(entry: &TimelineEntry) -> Entry {
    let text = entry.text.clone().filter(|_| entry.kind != "reported").unwrap_or_default();
    let what = entry.sentence.clone();
    let said = if text.is_empty() { what.clone() } else { format!("{what}\n{text}") };
    Entry::from([("at", stamp(entry.at)), ("what", what), ("text", text), ("said", said)])
}
