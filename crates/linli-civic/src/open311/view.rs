//! A request and its updates as they are shown.

use linli_kernel::Timestamp;

use super::date;
use super::node::{Document, Node};
use super::store::{Answered, Listed, Told};
use crate::areas::Point;
use crate::areas::tree::AreaTree;
use crate::cases::Reply;
use crate::say::Lang;

/// What a client sees of its own request beyond what everybody sees.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// What its user said.
    pub description: String,
    /// Where, as its user said it.
    pub place_text: String,
    /// Where exactly.
    pub point: Option<Point>,
}

/// Who reads, and with what.
pub struct Teller<'a> {
    /// The areas.
    pub areas: &'a AreaTree,
    /// The reader's language.
    pub lang: Lang,
}

impl Teller<'_> {
    /// A request. `own` is there when the one who asks handed it in.
    #[must_use]
    pub fn request(&self, (listed, answer): &Answered, own: Option<&Own>, notes: Option<&[Told]>) -> Node {
        let place = self.areas.full_name(&listed.area);
        let point = own.and_then(|own| own.point).or(listed.point);
        let degrees = |of: fn(Point) -> f64| point.map_or(Node::Empty, |point| Node::Number(of(point)));
        let mut fields = vec![
            ("service_request_id", Node::text(listed.id.clone())),
            ("status", Node::text(listed.status.georeport())),
            ("status_notes", Node::text(self.status_notes(listed, answer.as_deref(), own.is_some()))),
            ("service_name", Node::text(listed.service_name.clone())),
            (
                "service_code",
                Node::text(listed.service_code.clone().unwrap_or_else(|| super::catalogue::UNSORTED.to_owned())),
            ),
            ("description", Node::text(own.map_or_else(|| self.about(listed, &place), |own| own.description.clone()))),
            ("agency_responsible", Node::text(listed.agency.clone())),
            ("service_notice", self.promise(listed)),
            ("requested_datetime", Node::text(date::said(listed.requested_at))),
            ("updated_datetime", Node::text(date::said(listed.updated_at))),
            ("expected_datetime", Node::maybe(listed.expected_at.map(date::said))),
            ("address", Node::text(own.map_or(place, |own| own.place_text.clone()))),
            ("address_id", Node::text(listed.area.to_string())),
            ("zipcode", Node::Empty),
            ("lat", degrees(|point| point.lat)),
            ("long", degrees(|point| point.lon)),
            ("media_url", Node::Empty),
        ];
        if let Some(notes) = notes {
            let note = |told: &Told| {
                Node::Record(vec![
                    ("datetime", Node::text(date::said(told.update.published_at))),
                    ("description", Node::text(self.words(told))),
                    ("type", Node::text(told.update.status.word())),
                ])
            };
            fields.push((
                "extended_attributes",
                Node::Record(vec![
                    ("status", Node::text(listed.status.word())),
                    ("status_name", Node::text(self.status_word(listed.status.word()))),
                    ("area_code", Node::text(listed.area.to_string())),
                    ("location_is_approximate", Node::Flag(own.is_none())),
                ]),
            ));
            fields.push(("notes", Node::List("note", notes.iter().map(note).collect())));
        }
        Node::Record(fields)
    }

    /// 路灯照明（临渭区向阳街道红旗社区第一网格）: the matter without the resident's own words.
    #[must_use]
    pub fn about(&self, listed: &Listed, place: &str) -> String {
        self.lang.say("open311.about", &[("what", &listed.service_name), ("where", place)])
    }

    fn status_word(&self, word: &str) -> String {
        self.lang.text(&format!("open311_status.{word}"))
    }

    /// The status in words, with the published answer.
    #[must_use]
    pub fn status_notes(&self, listed: &Listed, answer: Option<&str>, whole: bool) -> String {
        let word = self.status_word(listed.status.word());
        match answer {
            Some(answer) => format!("{word}：{}", self.answer(answer, whole)),
            None => word,
        }
    }

    /// The promise, as long as it stands.
    fn promise(&self, listed: &Listed) -> Node {
        match listed.expected_at {
            Some(at) if listed.status.is_open() => Node::text(self.promised(at)),
            _ => Node::Empty,
        }
    }

    /// 承诺10月9日18:00前答复
    #[must_use]
    pub fn promised(&self, at: Timestamp) -> String {
        const BEIJING_MS: i64 = 8 * 3_600_000;
        let at = at.plus_ms(BEIJING_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
        let day = self.lang.say("due.date", &[("month", &at.month().to_string()), ("day", &at.day().to_string())]);
        let when = format!("{day}{:02}:{:02}", at.hour(), at.minute());
        self.lang.say("open311.promise", &[("when", &when)])
    }

    /// An update (request-updates extension).
    #[must_use]
    pub fn update(&self, told: &Told) -> Node {
        let mut fields = vec![
            ("update_id", Node::text(update_id(told))),
            ("service_request_id", Node::text(told.request.clone())),
            ("status", Node::text(told.update.status.word())),
            ("updated_datetime", Node::text(date::said(told.update.published_at))),
            ("description", Node::text(self.words(told))),
            ("media_url", Node::Empty),
        ];
        if let Some(number) = told.client_ref.as_deref().and_then(|text| text.strip_prefix("fixmystreet_id:")) {
            fields.push(("fixmystreet_id", Node::text(number)));
        }
        Node::Record(fields)
    }

    /// What an update says; never nothing, because clients show it.
    fn words(&self, told: &Told) -> String {
        let word = self.status_word(told.update.status.word());
        match told.words.as_deref() {
            Some(words) if told.update.words_public => format!("{word}：{}", self.answer(words, told.is_own)),
            Some(words) => words.to_owned(),
            None => word,
        }
    }

    /// A four-part answer; for everybody only what was done and by when, without anything that looks like a number to call.
    fn answer(&self, text: &str, whole: bool) -> String {
        let Ok(reply) = serde_json::from_str::<Reply>(text) else {
            return if whole { text.to_owned() } else { unnumbered(text) };
        };
        if whole {
            let parts = [
                ("received", &reply.received),
                ("talked_to", &reply.talked_to),
                ("done", &reply.done),
                ("by_when", &reply.by_when),
            ];
            let values: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
            return self.lang.say("open311.answer_whole", &values);
        }
        let (done, by_when) = (unnumbered(&reply.done), unnumbered(&reply.by_when));
        self.lang.say("open311.answer", &[("done", &done), ("by_when", &by_when)])
    }
}

/// The id of an update: stable, and never twice.
#[must_use]
pub fn update_id(told: &Told) -> String {
    format!("{}-{}", told.request, told.update.event_n)
}

/// Digits in a row that could be a phone or an identity number become stars. Answers are written for one person; here everybody reads.
fn unnumbered(text: &str) -> String {
    const FEWEST: usize = 7;
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let mut n_digits = 0;
    let flush = |run: &mut String, n: &mut usize, out: &mut String| {
        if *n >= FEWEST {
            out.push_str("***");
        } else {
            out.push_str(run);
        }
        run.clear();
        *n = 0;
    };
    for c in text.chars() {
        let is_digit = c.is_ascii_digit() || ('０'..='９').contains(&c);
        if is_digit || (n_digits > 0 && matches!(c, '-' | ' ' | 'X' | 'x')) {
            run.push(c);
            n_digits += usize::from(is_digit);
        } else {
            flush(&mut run, &mut n_digits, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut n_digits, &mut out);
    out
}

/// Requests as a document.
#[must_use]
pub fn requests(nodes: Vec<Node>) -> Document {
    Document::list("service_requests", "request", nodes)
}

/// Updates as a document.
#[must_use]
pub fn updates(nodes: Vec<Node>) -> Document {
    Document::list("service_request_updates", "request_update", nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_number_to_call_is_not_published() {
        assert_eq!(unnumbered("已更换，联系19900000001或0913-2930000，3号楼2单元"), "已更换，联系***或***，3号楼2单元");
        assert_eq!(unnumbered("610502199001011234王某"), "***王某");
    }
}
