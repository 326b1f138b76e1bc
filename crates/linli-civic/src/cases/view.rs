//! A case as pages show it: to staff, and to whoever holds its public code. What is read for it and how it is said:
//! [`super::reader`].

use linli_kernel::{
    Action, Approval, AreaLevel, CaseId, CaseKind, DeadlineKind, DeadlineState, Phase, PublicCode, Timestamp,
};
use serde::Serialize;

use super::contact::ContactLook;
use super::dossier::FollowUp;
use super::model::{Rating, Reply};
use super::row::CaseRow;
use super::task_view::TaskView;
use crate::areas::tree::AreaRef;
use crate::areas::view::PointView;
use crate::files::http::AttachmentView;
use crate::people::view::{Contact, UnitRef};

/// Someone and how they stand to the case.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct InvolvedPerson {
    /// Their name.
    pub(super) name: String,
    /// What they are.
    pub(super) role_name: String,
    /// Their work phone.
    pub(super) phone: Option<String>,
    /// `handler` or `seat`.
    pub(super) relation: String,
}

/// Who answers for the case.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SeatView {
    /// The area.
    pub area: AreaRef,
    /// The unit, if one answers.
    pub unit: Option<UnitRef>,
    /// The level at which the case stands.
    pub level: AreaLevel,
}

/// A field of an action's form, as the page draws it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Field)]
pub struct FieldView {
    /// Its name in `fields`.
    pub(super) name: String,
    /// What people read.
    pub(super) label: String,
    /// How it is drawn.
    pub(super) kind: FieldWord,
    /// Whether the action waits for it.
    pub(super) required: bool,
    /// Longest text in characters; most photos.
    pub(super) max_len: u32,
    /// Fewest photos; least number.
    pub(super) min: u32,
    /// Greatest number.
    pub(super) max: Option<u32>,
    /// A line below the field.
    pub(super) help: Option<String>,
    /// What to choose from.
    pub(super) options: Vec<OptionView>,
}

/// How a field is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each says itself")]
pub enum FieldWord {
    Text,
    LongText,
    Choice,
    Photos,
    Seat,
    Category,
    Weight,
    Stars,
    Boolean,
    Number,
    Date,
    Seats,
    Case,
    People,
    Whistle,
    Reply,
    Ground,
}

/// One entry of a list to choose from.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FieldOption)]
pub struct OptionView {
    /// What is stored.
    pub(super) value: String,
    /// What people read.
    pub(super) label: String,
}

/// How loud a button is.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActionTone)]
#[expect(missing_docs, reason = "each says itself")]
pub enum ToneView {
    Primary,
    Normal,
    Danger,
}

/// An action that this reader may take now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ActionOffer {
    /// What is done.
    pub(crate) verb: Action,
    /// The button.
    pub(super) name: String,
    /// How loud it is.
    pub(super) tone: ToneView,
    /// A line below it.
    pub(super) hint: Option<String>,
    /// What must be said.
    pub(crate) form: Vec<FieldView>,
}

/// One entry of the history.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TimelineEntry {
    /// Its number, from 1.
    pub(super) n: i64,
    /// What happened, in one word.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// When.
    pub(super) at: Timestamp,
    /// Who.
    pub(super) actor: ActorView,
    /// What happened, ready to show, in the reader's language.
    pub(super) sentence: String,
    /// What was written.
    pub(super) text: Option<String>,
    /// The four parts, where a reply was given.
    pub(super) reply: Option<Reply>,
    /// Photos that came with it.
    pub(super) attachments: Vec<AttachmentView>,
    /// Whether the resident sees it.
    pub(super) public: bool,
}

/// Who did a thing.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// `reporter`, `staff` or `system`.
    pub(super) kind: String,
    /// As the reader may know them.
    pub(super) name: String,
    /// The role acted in.
    pub(super) role_name: Option<String>,
}

/// A clock as staff see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DeadlineView {
    /// Of what.
    pub(super) kind: DeadlineKind,
    /// In words.
    pub(super) name: String,
    /// When it started.
    pub(super) starts_at: Timestamp,
    /// When it ends.
    pub(super) due_at: Timestamp,
    /// How it stands.
    pub(super) state: DeadlineState,
    /// When it was met.
    pub(super) met_at: Option<Timestamp>,
    /// When it was over.
    pub(super) breached_at: Option<Timestamp>,
    /// Counted without a published holiday list.
    pub(super) provisional: bool,
    /// The rule in words.
    pub(super) rule: String,
    /// What linli does when it is over.
    pub(super) on_breach: Option<String>,
}

/// What staff may know of the reporter without a logged look.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReporterView {
    /// Whether nothing is known.
    pub(super) anonymous: bool,
    /// 199****0001
    pub(super) phone_masked: Option<String>,
    /// 李**
    pub(super) name_masked: Option<String>,
    /// Earlier cases of the same phone number that the reader may see.
    pub(super) earlier: Vec<CaseRow>,
}

/// Which playbook a case is pinned to.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PinnedPlaybook {
    /// Its id.
    pub(super) id: String,
    /// Its version.
    pub(super) version: String,
}

/// A case as staff see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CaseView {
    /// What lists show of it.
    #[serde(flatten)]
    pub(super) row: CaseRow,
    /// What it is.
    pub(super) kind: CaseKind,
    /// In words.
    pub(super) kind_name: String,
    /// The category's code.
    pub(super) category: Option<String>,
    /// 公共设施 / 路灯不亮
    pub(super) category_path: Option<String>,
    /// All that was said.
    pub(super) full_text: String,
    /// Where, in words.
    pub(super) place_text: String,
    /// Who answers now.
    pub(super) seat: SeatView,
    /// Who has it in hand.
    pub(super) handler: Option<Contact>,
    /// When the resident was promised an answer.
    pub(super) promised_at: Option<Timestamp>,
    /// Whether the promise was counted without a published holiday list.
    pub(super) provisional: bool,
    /// Since when the top level supervises it.
    pub(super) supervised_at: Option<Timestamp>,
    /// When it was answered.
    pub(super) settled_at: Option<Timestamp>,
    /// When it was closed.
    pub(super) closed_at: Option<Timestamp>,
    /// Who said it, masked.
    pub(super) reporter: ReporterView,
    /// How it came, in words.
    pub(super) channel_name: String,
    /// The last reply.
    pub(super) reply: Option<Reply>,
    /// The last rating.
    pub(super) rating: Option<Rating>,
    /// The question that waits for the resident.
    pub(super) question: Option<String>,
    /// Its clocks.
    pub(super) deadlines: Vec<DeadlineView>,
    /// Its history.
    pub(super) timeline: Vec<TimelineEntry>,
    /// All photos.
    pub(super) attachments: Vec<AttachmentView>,
    /// Work on it beside its seat.
    pub(super) tasks: Vec<TaskView>,
    /// What was asked of the level above.
    pub(super) pending: Option<PendingView>,
    /// Whether only those who answer for it see it.
    pub(super) private: bool,
    /// 挂账: until when it stands still.
    pub(super) suspended_until: Option<Timestamp>,
    /// 剔除: why it is left out of the figures, in words.
    pub(super) excluded: Option<String>,
    /// 专班
    pub(super) force: Option<ForceView>,
    /// 回访
    pub(super) follow_up: Option<FollowUp>,
    /// Cases that belong to it: the one that it follows, those that follow it, parts and the whole.
    pub(super) links: Vec<CaseLink>,
    /// Texts to begin from, by action.
    pub(super) templates: Vec<TemplateView>,
    /// Who is involved.
    pub(super) people: Vec<InvolvedPerson>,
    /// Why it went where it went.
    pub(super) routing: Vec<String>,
    /// What the reader may do now.
    pub(super) actions: Vec<ActionOffer>,
    /// Where the resident follows it.
    pub(super) follow_url: String,
    /// The playbook it is pinned to.
    pub(super) playbook: PinnedPlaybook,
}

/// What was asked of the level above and is not answered yet.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Pending)]
pub struct PendingView {
    /// What.
    pub(super) what: Approval,
    /// In words.
    pub(super) name: String,
    /// Who asked.
    pub(super) by: Option<String>,
    /// When.
    pub(super) at: Timestamp,
    /// So many working days more.
    pub(super) days: Option<u32>,
    /// Until then.
    pub(super) until: Option<Timestamp>,
    /// Why.
    pub(super) reason: String,
}

/// 专班
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Force)]
pub struct ForceView {
    /// What it is called.
    pub(super) name: String,
    /// Who leads it.
    pub(super) lead: Option<String>,
    /// Who belongs to it.
    pub(super) members: Vec<String>,
    /// Since when.
    pub(super) opened_at: Timestamp,
    /// When it ended.
    pub(super) closed_at: Option<Timestamp>,
}

/// Another case that belongs to this one.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CaseLink {
    /// `master`, `follower`, `parent` or `child`.
    pub(super) relation: String,
    /// Its id, for those who may see it.
    pub(super) id: Option<CaseId>,
    /// The number for paper.
    pub(super) paper_no: String,
    /// The first characters of what was said, for those who may see it.
    pub(super) text: Option<String>,
    /// Its stage in words.
    pub(super) stage_name: String,
    /// Its summary.
    pub(super) phase: Phase,
}

/// A text to begin from.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Template)]
pub struct TemplateView {
    /// For which action.
    pub(super) verb: Action,
    /// What people choose it by.
    pub(super) title: String,
    /// The text, filled in.
    pub(super) text: String,
    /// Who was spoken to, in a four-part reply.
    pub(super) talked_to: Option<String>,
    /// By when, in a four-part reply.
    pub(super) by_when: Option<String>,
    /// When it was received, in a four-part reply.
    pub(super) received: Option<String>,
}

/// One of the four plain steps.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicStep {
    /// Which.
    pub(super) key: StepKey,
    /// In words.
    pub(super) name: String,
    /// When it was done.
    pub(super) at: Option<Timestamp>,
    /// How it stands.
    pub(super) state: StepState,
}

/// The four plain steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says itself")]
pub enum StepKey {
    Reported,
    Taken,
    Settled,
    Rated,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says itself")]
pub enum StepState {
    Done,
    Now,
    Todo,
}

/// 并单: the case that this one goes along with. Of somebody else's case only where it stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct JoinedCase {
    /// Its stage in plain words.
    pub(super) stage_name: String,
    /// Its summary.
    pub(super) phase: Phase,
}

/// A case as whoever holds its public code sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicCase {
    /// The code.
    pub code: PublicCode,
    /// The category in words.
    pub(super) category_name: Option<String>,
    /// What was said.
    pub(super) text: String,
    /// Where, in words.
    pub(super) place_text: String,
    /// Where.
    pub(super) area: AreaRef,
    /// The stage in plain words.
    pub(super) stage_name: String,
    /// Its summary.
    pub(super) phase: Phase,
    /// When it was said.
    pub(super) reported_at: Timestamp,
    /// When an answer was promised.
    pub(super) promised_at: Option<Timestamp>,
    /// Whether the promise was broken.
    pub(super) late: bool,
    /// When it was answered.
    pub(super) settled_at: Option<Timestamp>,
    /// When it was closed.
    pub(super) closed_at: Option<Timestamp>,
    /// The version that a command names.
    pub(super) version: u32,
    /// Who answers now.
    pub(super) seat_name: String,
    /// The grid worker to turn to.
    pub(super) worker: Option<Contact>,
    /// The four plain steps.
    pub(super) steps: Vec<PublicStep>,
    /// What happened, as far as the resident sees it.
    pub(super) timeline: Vec<TimelineEntry>,
    /// The last reply.
    pub(super) reply: Option<Reply>,
    /// The question that waits for an answer.
    pub(super) question: Option<String>,
    /// The last rating.
    pub(super) rating: Option<Rating>,
    /// All photos.
    pub(super) attachments: Vec<AttachmentView>,
    /// What the reader may do now.
    pub(super) actions: Vec<ActionOffer>,
    /// The picture of the code.
    pub(super) qr_url: String,
    /// Where, on the map.
    pub(super) point: Option<PointView>,
    /// The same matter as somebody said it before, while both are worked on together.
    pub(super) joined: Option<JoinedCase>,
    /// Who looked at the reporter's contact and why, the newest first.
    pub contact_looks: Vec<ContactLook>,
}

impl PublicCase {
    /// The stage in plain words.
    #[must_use]
    pub fn stage_name(&self) -> &str {
        &self.stage_name
    }

    /// What was said.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the case stands that this one goes along with, in plain words.
    #[must_use]
    pub fn joined_stage(&self) -> Option<&str> {
        self.joined.as_ref().map(|joined| joined.stage_name.as_str())
    }

    /// The promise, while it is owed.
    #[must_use]
    pub fn promise(&self) -> Option<Timestamp> {
        self.promised_at.filter(|_| matches!(self.phase, Phase::Open | Phase::Waiting))
    }

    /// The history as lines: when, what, and what was written.
    pub fn lines(&self) -> impl Iterator<Item = (Timestamp, &str, Option<&str>)> {
        self.timeline.iter().map(|entry| {
            let text = entry.reply.as_ref().map(|reply| reply.done.as_str()).or(entry.text.as_deref());
            (entry.at, entry.sentence.as_str(), text)
        })
    }
}
