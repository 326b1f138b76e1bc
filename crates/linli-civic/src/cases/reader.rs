//! What is read to show a case, and how it is said to its reader.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use linli_access::{Caller, Vault};
use linli_db::{Conn, StoreError, feed};
use linli_kernel::{AccountId, AreaCode, AreaLevel, CaseKind, DeadlineState, Phase, PublicCode, Role, Timestamp};
use linli_playbook::{ActionDef, Field, Playbook, Standing};

use super::contact::ContactLook;
use super::deadline::Deadline;
use super::model::{Case, Reply, Seat, Why};
use super::publicity::{self, Publicity};
use super::relatives::{self, Relative};
use super::row::CaseRow;
use super::tell::seat_in;
use super::view::{
    ActionOffer, ActorView, CaseView, DeadlineView, FieldView, FieldWord, InvolvedPerson, OptionView, PinnedPlaybook,
    PublicCase, PublicStep, ReporterView, SeatView, StepKey, StepState, TimelineEntry, ToneView,
};
use super::words::Words;
use crate::areas::tree::AreaTree;
use crate::files::http::AttachmentView;
use crate::files::{self, Attachment};
use crate::people;
use crate::people::duty::{self, OnDuty, Person};
use crate::people::view::{Contact, UnitRef};
use crate::say::{Lang, beijing_minute};

/// Everything that is read to show one case.
pub struct Shown {
    /// The case.
    pub case: Case,
    /// The playbook that it is pinned to.
    pub book: Arc<Playbook>,
    pub(super) history: Vec<(feed::Event, Option<String>)>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) people: HashMap<AccountId, Person>,
    pub(super) on_duty: Vec<OnDuty>,
    pub(super) relatives: Vec<Relative>,
    /// Who looked at the reporter's contact; read for the reporter alone.
    pub(super) looks: Vec<ContactLook>,
}

impl Shown {
    /// Reads what belongs to a case.
    ///
    /// # Errors
    /// The database's.
    pub fn read(
        conn: &mut Conn,
        vault: &Vault,
        case: Case,
        book: Arc<Playbook>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let history = feed::history(conn, "case", &case.id.to_string())?;
        let attachments = files::of_case(conn, case.id)?;
        let mut known: HashSet<AccountId> =
            history.iter().filter_map(|(event, _)| event.actor_id.as_deref()?.parse().ok()).collect();
        known.extend(case.handler);
        known.extend(case.dossier.pending.as_ref().and_then(|pending| pending.by));
        known.extend(case.dossier.force.iter().flat_map(|force| &force.members));
        let people = duty::people(conn, vault, &known)?;
        let on_duty = duty::on_duty(conn, vault, &case.answering_areas(), now)?;
        let relatives = relatives::read(conn, &case)?;
        Ok(Self { case, book, history, attachments, people, on_duty, relatives, looks: Vec::new() })
    }
}

impl Shown {
    /// The photos that the holder of the public code sees.
    pub fn public_attachments(&self) -> impl Iterator<Item = &Attachment> {
        let publicity = publicity::of(&self.history);
        let whole: HashSet<i64> = self
            .history
            .iter()
            .zip(publicity)
            .filter(|(_, publicity)| *publicity == Publicity::Whole)
            .map(|((event, _), _)| event.n)
            .collect();
        self.attachments.iter().filter(move |attachment| attachment.event_n.is_some_and(|n| whole.contains(&n)))
    }
}

/// Who reads, and with what.
pub struct Reader<'a> {
    /// The areas.
    pub areas: &'a AreaTree,
    /// Opens what may be shown masked.
    pub vault: &'a Vault,
    /// The reader's language.
    pub lang: Lang,
    /// The present.
    pub now: Timestamp,
    /// The address that residents open.
    pub public_url: &'a str,
}

impl Reader<'_> {
    /// The case for staff.
    #[must_use]
    pub fn staff(&self, shown: &Shown, caller: &Caller, may_call: bool, earlier: Vec<CaseRow>) -> CaseView {
        let Shown { case, book, .. } = shown;
        let row = self.row_of(shown);
        let standing = case.standing(caller);
        let open = |sealed: &Option<Vec<u8>>, open: fn(&Vault, &[u8]) -> Option<String>| {
            sealed.as_deref().filter(|_| may_call).and_then(|sealed| open(self.vault, sealed))
        };
        let reporter = ReporterView {
            anonymous: case.reporter.phone_sealed.is_none(),
            phone_masked: open(&case.reporter.phone_sealed, |vault, sealed| {
                vault.open_phone(super::http::PHONE_FIELD, sealed).ok().map(|phone| phone.masked())
            }),
            name_masked: open(&case.reporter.name_sealed, |vault, sealed| {
                vault.open_name(super::http::NAME_FIELD, sealed).ok().map(|name| name.masked())
            }),
            earlier,
        };
        CaseView {
            row,
            kind: case.kind,
            kind_name: self.lang.word("case_kind", case.kind.as_str()),
            category: case.category.clone(),
            category_path: case.category.as_deref().and_then(|code| book.category_path(code)),
            full_text: case.body.clone(),
            place_text: case.place_text.clone(),
            seat: SeatView {
                area: self.areas.reference(&case.seat.area),
                unit: self.unit(book, &case.seat),
                level: case.seat.level(),
            },
            handler: case.handler.and_then(|id| self.contact_of(shown, id)),
            promised_at: case.promise().map(|promise| promise.due_at),
            provisional: case.promise().is_some_and(|promise| promise.provisional),
            supervised_at: case.supervised_at,
            settled_at: case.settled_at,
            closed_at: case.closed_at,
            reporter,
            channel_name: self.lang.word("channel", case.channel.as_str()),
            reply: case.reply.clone(),
            rating: case.rating.clone(),
            question: case.question.clone(),
            // Those of a task stand beside the task.
            deadlines: case
                .deadlines
                .iter()
                .filter(|deadline| deadline.task.is_none())
                .map(|deadline| self.deadline(book, deadline))
                .collect(),
            timeline: self.timeline(shown, None),
            attachments: shown.attachments.iter().map(|attachment| AttachmentView::of(attachment, None)).collect(),
            tasks: self.tasks(shown, caller, &standing),
            pending: self.pending(shown),
            private: case.private,
            suspended_until: case.dossier.suspended_until,
            excluded: case.dossier.excluded.as_deref().map(|code| self.ground(shown, code)),
            force: self.force(shown),
            follow_up: case.dossier.follow_up.clone(),
            links: self.links(shown, caller),
            templates: self.templates(shown, &standing),
            people: self.involved(shown),
            routing: case.routing.iter().map(|why| self.why(why)).collect(),
            actions: self.offers(case, book, &standing),
            follow_url: self.follow_url(&case.code),
            playbook: PinnedPlaybook { id: case.playbook.0.clone(), version: case.playbook.1.clone() },
        }
    }

    /// The case for whoever holds its public code.
    #[must_use]
    pub fn public(&self, shown: &Shown) -> PublicCase {
        let Shown { case, book, .. } = shown;
        let stage = book.stage(case.kind, &case.stage);
        let promise = case.promise();
        PublicCase {
            code: case.code.clone(),
            category_name: case
                .category
                .as_deref()
                .and_then(|code| book.category(code))
                .map(|category| category.name.clone()),
            text: case.body.clone(),
            place_text: case.place_text.clone(),
            area: self.areas.reference(&case.area),
            stage_name: stage.map_or_else(|| case.stage.clone(), |stage| stage.public_name.clone()),
            phase: case.phase,
            reported_at: case.reported_at,
            promised_at: promise.map(|promise| promise.due_at),
            late: promise.is_some_and(|promise| {
                promise.is_owed() && promise.state != DeadlineState::Paused && promise.due_at <= self.now
            }),
            settled_at: case.settled_at,
            closed_at: case.closed_at,
            version: case.version,
            seat_name: self.seat_name(book, &case.seat),
            worker: self.worker(&shown.on_duty, &case.area),
            steps: self.steps(shown),
            timeline: self.timeline(shown, Some(&case.code)),
            reply: case.reply.clone().filter(|_| matches!(case.phase, Phase::Settled | Phase::Closed)),
            question: case.question.clone(),
            rating: case.rating.clone(),
            attachments: shown
                .public_attachments()
                .map(|attachment| AttachmentView::of(attachment, Some(&case.code)))
                .collect(),
            actions: case.offers(book, &Standing::reporter(), self.now).into_iter().map(offer).collect(),
            qr_url: format!("/api/public/cases/{}/qr.svg", case.code),
            point: case.point.map(Into::into),
            joined: self.joined(shown),
            contact_looks: shown.looks.clone(),
        }
    }

    /// What lists show of a case.
    #[must_use]
    pub fn row_of(&self, shown: &Shown) -> CaseRow {
        let handler_name = shown.case.handler.and_then(|id| shown.people.get(&id)).map(|person| person.name.clone());
        CaseRow::of(&shown.case, &shown.book, self, handler_name)
    }

    const fn words(&self) -> Words<'_> {
        Words { areas: self.areas, lang: self.lang }
    }

    /// Who answers, in words: 红旗社区第三网格, 临渭区城市管理执法局.
    #[must_use]
    pub fn seat_name(&self, book: &Playbook, seat: &Seat) -> String {
        self.words().seat_name(book, seat)
    }

    /// The address at which the resident follows the case.
    #[must_use]
    pub fn follow_url(&self, code: &PublicCode) -> String {
        format!("{}/c/{code}", self.public_url.trim_end_matches('/'))
    }

    /// A reason in words.
    #[must_use]
    pub fn why(&self, why: &Why) -> String {
        self.words().why(why)
    }

    /// The grid worker (or head) to turn to at a place.
    #[must_use]
    pub fn worker(&self, on_duty: &[OnDuty], area: &AreaCode) -> Option<Contact> {
        people::view::worker(on_duty, area, self.lang)
    }

    /// Someone to turn to.
    #[must_use]
    pub fn contact(&self, person: &Person, role: Role) -> Contact {
        Contact::of(person, role, self.lang)
    }

    fn contact_of(&self, shown: &Shown, id: AccountId) -> Option<Contact> {
        let person = shown.people.get(&id)?;
        let acted =
            shown.history.iter().rev().find(|(event, _)| event.actor_id.as_deref() == Some(id.to_string().as_str()));
        let role = acted
            .and_then(|(event, _)| event.actor_role.as_deref())
            .and_then(|role| role.parse().ok())
            .unwrap_or(Role::GridWorker);
        Some(self.contact(person, role))
    }

    fn involved(&self, shown: &Shown) -> Vec<InvolvedPerson> {
        let handler = shown.case.handler.and_then(|id| self.contact_of(shown, id)).map(|contact| (contact, "handler"));
        let seat = shown
            .on_duty
            .iter()
            .filter(|duty| {
                duty.area == shown.case.seat.area
                    && duty.unit == shown.case.seat.unit
                    && Some(duty.account) != shown.case.handler
            })
            .take(8)
            .map(|duty| (self.contact(&duty.person, duty.role), "seat"));
        handler
            .into_iter()
            .chain(seat)
            .map(|(contact, relation)| InvolvedPerson {
                name: contact.name,
                role_name: contact.role_name,
                phone: contact.phone,
                relation: relation.to_owned(),
            })
            .collect()
    }

    /// The unit of a seat.
    #[must_use]
    pub fn unit(&self, book: &Playbook, seat: &Seat) -> Option<UnitRef> {
        let code = seat.unit.as_deref()?;
        let name = book.unit(code).map_or_else(|| code.to_owned(), |unit| unit.name.clone());
        Some(UnitRef { code: code.to_owned(), name })
    }

    /// The actions that the caller may take now, as a page draws them.
    #[must_use]
    pub fn offers(&self, case: &Case, book: &Playbook, standing: &Standing) -> Vec<ActionOffer> {
        let filled_in = |def: &ActionDef| {
            let mut offer = offer(def);
            for field in offer.form.iter_mut().filter(|field| matches!(field.kind, FieldWord::Whistle)) {
                field.options = case.whistles(book, def, standing).into_iter().map(whistle).collect();
            }
            offer
        };
        case.offers(book, standing, self.now).into_iter().map(filled_in).collect()
    }

    pub(super) fn deadline(&self, book: &Playbook, deadline: &Deadline) -> DeadlineView {
        let n = deadline.rule.amount.n.to_string();
        let amount = self.lang.say(&format!("time_unit.{}", deadline.rule.amount.unit), &[("n", &n)]);
        let name = self.lang.word("deadline", deadline.kind.as_str());
        let mut rule = format!("{} {name} {amount}", self.lang.word("level", deadline.level.as_str()));
        if let Some(basis) = &deadline.rule.basis {
            rule = format!("{rule}（{basis}）");
        }
        let on_breach = deadline.on_breach.action().and_then(|verb| book.action_name(CaseKind::Request, verb));
        DeadlineView {
            kind: deadline.kind,
            name,
            starts_at: deadline.starts_at,
            due_at: deadline.due_at,
            state: if deadline.is_over(self.now) { DeadlineState::Breached } else { deadline.state },
            met_at: deadline.met_at,
            breached_at: deadline.breached_at,
            provisional: deadline.provisional,
            rule,
            on_breach: on_breach.map(str::to_owned),
        }
    }

    /// The history; for the holder of `code` as [`super::publicity`] says, without names of anyone but the grid's own people.
    fn timeline(&self, shown: &Shown, code: Option<&PublicCode>) -> Vec<TimelineEntry> {
        let publicity = publicity::of(&shown.history);
        let told = shown
            .history
            .iter()
            .zip(publicity)
            .filter(|(_, publicity)| code.is_none() || *publicity > Publicity::Hidden);
        told.map(|((event, text), publicity)| self.entry(shown, event, text.as_deref(), publicity, code)).collect()
    }

    fn entry(
        &self,
        shown: &Shown,
        event: &feed::Event,
        text: Option<&str>,
        publicity: Publicity,
        code: Option<&PublicCode>,
    ) -> TimelineEntry {
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let actor = self.actor(shown, event, &payload, code.is_some());
        let mut sentence = self.sentence(shown, event, &payload, &actor);
        let captured = payload.get("captured_at").and_then(serde_json::Value::as_str);
        if let Some(captured) = captured.and_then(|text| text.parse::<Timestamp>().ok()) {
            let when = beijing_minute(captured);
            sentence.push_str(&self.lang.say("text.captured_at", &[("when", &when)]));
        }
        let text = text.filter(|_| code.is_none() || publicity == Publicity::Whole);
        let reply: Option<Reply> = text.and_then(|text| serde_json::from_str(text).ok());
        let attachments = shown.attachments.iter().filter(|attachment| attachment.event_n == Some(event.n));
        let attachments = attachments.filter(|_| code.is_none() || publicity == Publicity::Whole);
        TimelineEntry {
            n: event.n,
            kind: event.kind.clone(),
            at: event.at,
            actor,
            sentence,
            text: text.filter(|_| reply.is_none()).map(str::to_owned),
            reply,
            attachments: attachments.map(|attachment| AttachmentView::of(attachment, code)).collect(),
            public: publicity > Publicity::Hidden,
        }
    }

    fn actor(&self, shown: &Shown, event: &feed::Event, payload: &serde_json::Value, for_public: bool) -> ActorView {
        let role: Option<Role> = event.actor_role.as_deref().and_then(|role| role.parse().ok());
        let role_name = role.map(|role| self.lang.word("role", role.as_str()));
        let person =
            event.actor_id.as_deref().and_then(|id| id.parse().ok()).and_then(|id: AccountId| shown.people.get(&id));
        let posted = matches!(role, Some(Role::GridWorker | Role::GridHead));
        let name = match (event.actor_kind.as_str(), person) {
            ("reporter", _) => self.lang.text("actor.reporter"),
            ("system", _) => self.lang.text("actor.system"),
            ("partner", _) => payload
                .get("partner")
                .and_then(serde_json::Value::as_str)
                .map_or_else(|| self.lang.text("actor.partner"), str::to_owned),
            (_, Some(person)) if !for_public || posted => person.name.clone(),
            _ => {
                let office = self.office(shown, payload, role);
                role_name.as_deref().map_or_else(|| office.clone(), |role_name| joined(&office, role_name))
            }
        };
        ActorView { kind: event.actor_kind.clone(), name, role_name }
    }

    /// Where somebody works whose name is not public: the area of their role's level around the case, or else the seat.
    fn office(&self, shown: &Shown, payload: &serde_json::Value, role: Option<Role>) -> String {
        let level = match role {
            Some(Role::CommunityClerk) => AreaLevel::Community,
            Some(Role::StreetDispatcher) => AreaLevel::Street,
            Some(Role::CountyLeader) => AreaLevel::County,
            Some(Role::HotlineClerk) => AreaLevel::City,
            _ => {
                let seat = seat_in(payload, "seat_before").or_else(|| seat_in(payload, "seat"));
                return seat.map(|seat| self.seat_name(&shown.book, &seat)).unwrap_or_default();
            }
        };
        self.areas.name(&shown.case.area.at(level))
    }

    fn steps(&self, shown: &Shown) -> Vec<PublicStep> {
        let last = |kind: &str| {
            shown.history.iter().rev().find(|(event, _)| event.kind == kind).map(|(event, _)| (event.n, event.at))
        };
        let since = last("reopened").map_or(0, |(n, _)| n);
        let done_at = |kind: &str| last(kind).filter(|(n, _)| *n > since).map(|(_, at)| at);
        let settled = matches!(shown.case.phase, Phase::Settled | Phase::Closed);
        let times = [
            (StepKey::Reported, Some(shown.case.reported_at)),
            (StepKey::Taken, done_at("taken").or(shown.case.settled_at.filter(|_| settled))),
            (StepKey::Settled, shown.case.settled_at.filter(|_| settled)),
            (StepKey::Rated, done_at("rated").or(shown.case.closed_at)),
        ];
        let first_open = times.iter().position(|(_, at)| at.is_none());
        times
            .into_iter()
            .enumerate()
            .map(|(i, (key, at))| {
                let state = if at.is_some() {
                    StepState::Done
                } else if Some(i) == first_open {
                    StepState::Now
                } else {
                    StepState::Todo
                };
                let word = match key {
                    StepKey::Reported => "reported",
                    StepKey::Taken => "taken",
                    StepKey::Settled => "settled",
                    StepKey::Rated => "rated",
                };
                PublicStep { key, name: self.lang.word("step", word), at, state }
            })
            .collect()
    }
}

fn whistle(whistle: &linli_playbook::WhistleKind) -> OptionView {
    OptionView { value: whistle.code.clone(), label: format!("{}：{}", whistle.name, whistle.about) }
}

fn offer(def: &ActionDef) -> ActionOffer {
    ActionOffer {
        verb: def.verb,
        name: def.name.clone(),
        tone: match def.tone {
            linli_playbook::Tone::Primary => ToneView::Primary,
            linli_playbook::Tone::Normal => ToneView::Normal,
            linli_playbook::Tone::Danger => ToneView::Danger,
        },
        hint: def.hint.clone(),
        form: def.form.iter().map(field).collect(),
    }
}

fn field(field: &Field) -> FieldView {
    use linli_playbook::FieldKind;
    let max = match &field.kind {
        FieldKind::Number { max, .. } => Some(*max),
        _ => None,
    };
    let (kind, min) = match &field.kind {
        FieldKind::Text => (FieldWord::Text, 0),
        FieldKind::LongText => (FieldWord::LongText, 0),
        FieldKind::Choice { .. } => (FieldWord::Choice, 0),
        FieldKind::Photos { min, .. } => (FieldWord::Photos, *min),
        FieldKind::Seat => (FieldWord::Seat, 0),
        FieldKind::Category => (FieldWord::Category, 0),
        FieldKind::Weight => (FieldWord::Weight, 0),
        FieldKind::Stars => (FieldWord::Stars, 0),
        FieldKind::Boolean => (FieldWord::Boolean, 0),
        FieldKind::Number { min, .. } => (FieldWord::Number, *min),
        FieldKind::Date => (FieldWord::Date, 0),
        FieldKind::Seats => (FieldWord::Seats, 0),
        FieldKind::Case => (FieldWord::Case, 0),
        FieldKind::People => (FieldWord::People, 0),
        FieldKind::Whistle => (FieldWord::Whistle, 0),
        FieldKind::Reply => (FieldWord::Reply, 0),
        FieldKind::Ground { .. } => (FieldWord::Ground, 0),
    };
    FieldView {
        name: field.name.clone(),
        label: field.label.clone(),
        kind,
        required: field.required,
        max_len: field.max_len,
        min,
        max,
        help: field.help.clone(),
        options: field
            .kind
            .options()
            .iter()
            .map(|option| OptionView { value: option.value.clone(), label: option.label.clone() })
            .collect(),
    }
}

/// An office and a role in one, without saying a word twice: 红旗社区 and 社区工作人员 are 红旗社区工作人员.
pub(super) fn joined(office: &str, role_name: &str) -> String {
    let starts = role_name.char_indices().map(|(at, _)| at).chain([role_name.len()]);
    let shared = starts.filter(|at| role_name.get(..*at).is_some_and(|start| office.ends_with(start))).max();
    format!("{office}{}", role_name.get(shared.unwrap_or(0)..).unwrap_or_default())
}
