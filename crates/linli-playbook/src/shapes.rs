//! The shapes of every file of a playbook. `docs/playbooks.md` says the same in prose.

use linli_kernel::{
    Action, AreaLevel, CaseKind, Channel, DeadlineKind, DutyKind, Phase, Role, TaskKind, TimeUnit, Weight,
};

use crate::care::{CareBasis, CareLife};
use crate::effects::Effect;
use crate::flow::{FieldKind, Relation, Tone};
use crate::indicator::{IndicatorGood, IndicatorHit, IndicatorKind, IndicatorPer, IndicatorSubject, MergedRule};
use crate::notice::{NoticeTo, NoticeWay};
use crate::shape::{Key, Kind, Presence, Shape};
use crate::types::OnBreach;

mod duties;

pub(crate) use duties::{CHECKLISTS, DUTIES};

macro_rules! words {
    ($($name:ident: $of:ident),+ $(,)?) => {
        $(fn $name() -> Vec<String> { $of::ALL.iter().map(|word| word.as_str().to_owned()).collect() })+
    };
}

words! {
    actions: Action, levels: AreaLevel, kinds: CaseKind, deadline_kinds: DeadlineKind, duties: DutyKind, phases: Phase,
    roles: Role, weights: Weight, relations: Relation, tones: Tone, task_kinds: TaskKind,
}

words! { care_bases: CareBasis, care_lives: CareLife }

words! { notice_tos: NoticeTo, notice_ways: NoticeWay }

words! {
    channels: Channel, goods: IndicatorGood, hits: IndicatorHit, indicator_kinds: IndicatorKind, mergeds: MergedRule, pers: IndicatorPer,
    subjects: IndicatorSubject,
}

/// The units of an amount.
pub(crate) fn time_units() -> Vec<String> {
    TimeUnit::ALL.iter().map(|unit| unit.as_str().to_owned()).collect()
}

fn field_kinds() -> Vec<String> {
    FieldKind::WORDS.iter().map(|word| (*word).to_owned()).collect()
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, presence: Presence::Required, doc }
}

const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, presence: Presence::Optional, doc }
}

const INHERIT: Key = optional("inherit", Kind::Bool, "false leaves out the inherited entries of this file");

/// `playbook.toml`
pub(crate) static HEAD: Shape = Shape {
    what: "playbook.toml ",
    keys: &[
        required("id", Kind::Text, "the folder's name"),
        required("name", Kind::Text, "what people call it"),
        optional("extends", Kind::Text, "id of the playbook that this one builds on"),
        optional("about", Kind::Text, "what it is about"),
        optional("source", Kind::Text, "where the way of working was published"),
        optional("levels", Kind::Words(levels), "levels that may answer for a case, from the top"),
        optional("first_seat", Kind::Table(&FIRST_SEAT), "weight to the level that answers first"),
        optional("working_hours", Kind::Table(&WORKING_HOURS), "office hours of a working day, Beijing time"),
        optional("settings", Kind::Table(&SETTINGS), "numbers that steer the flows"),
    ],
};

static FIRST_SEAT: Shape = Shape {
    what: "first_seat ",
    keys: &[
        optional("micro", Kind::Word(levels), "level for micro matters"),
        optional("general", Kind::Word(levels), "level for general matters"),
        optional("larger", Kind::Word(levels), "level for larger matters"),
        optional("major", Kind::Word(levels), "level for major matters"),
    ],
};

static WORKING_HOURS: Shape =
    Shape { what: "working_hours ", keys: &[required("spans", Kind::Spans, "spans such as 09:00-12:00")] };

static SETTINGS: Shape = Shape {
    what: "settings ",
    keys: &[
        optional("reopen_limit", Kind::Number, "how often a case goes back by the resident's word alone"),
        optional("reopen_window_days", Kind::Number, "calendar days after the answer in which a case can be reopened"),
        optional("send_back_within", Kind::Amount, "how long after the dispatch a seat may send a case back"),
        optional("arbiter_level", Kind::Word(levels), "the level that rules on objections"),
        optional("follow_up_percent", Kind::Number, "how many of a hundred answered cases are followed up"),
        optional("hot_spot_cases", Kind::Number, "so many alike cases in one grid make a hot spot; 0 looks for none"),
        optional("hot_spot_days", Kind::Number, "within so many calendar days"),
        optional(
            "visit_problem_visits",
            Kind::Number,
            "so many visits that noted alike words at one place are proposed as a problem; 0 looks for none",
        ),
        optional("visit_problem_days", Kind::Number, "within so many calendar days, 92 at most"),
        optional("visit_quiet_words", Kind::Texts, "what is noted in a clause with one of these words is no problem"),
        optional(
            "rank_departments",
            Kind::Bool,
            "whether departments may be listed by their figures; false without it",
        ),
    ],
};

/// `categories.toml`
pub(crate) static CATEGORIES: Shape = Shape {
    what: "categories.toml ",
    keys: &[INHERIT, optional("categories", Kind::Tables(&CATEGORY), "what residents report, in two levels")],
};

static CATEGORY: Shape = Shape {
    what: "类别",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        optional("parent", Kind::Text, "code of the first-level category above"),
        required("name", Kind::Text, "what people read"),
        optional("hint", Kind::Text, "what to say so that it can be settled at once"),
        optional("icon", Kind::Text, "a name of the icon set"),
        optional("keywords", Kind::Texts, "words in a report that suggest this category"),
        optional("weight", Kind::Word(weights), "default weight; general without it"),
        optional("public", Kind::Bool, "whether residents may choose it; true without it"),
        optional("emergency", Kind::Prose, "shown instead of the form, for matters of life and limb"),
        optional(
            "opinion",
            Kind::Bool,
            "whether it is an opinion, whose answer can be told to everybody; false without it",
        ),
        optional("duty", Kind::Word(duties), "duty of the place; basic without it"),
    ],
};

/// `units.toml`
pub(crate) static UNITS: Shape = Shape {
    what: "units.toml ",
    keys: &[INHERIT, optional("units", Kind::Tables(&UNIT), "departments and companies that may answer")],
};

static UNIT: Shape = Shape {
    what: "单位",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _; seat is reserved"),
        required("name", Kind::Text, "full name"),
        optional("short", Kind::Text, "short name"),
        required("level", Kind::Word(levels), "the level of the areas that have such a unit"),
        optional("area", Kind::Area, "the one area that has it"),
        optional("duties", Kind::Text, "what it answers for"),
    ],
};

/// `responsibilities.toml`
pub(crate) static RESPONSIBILITIES: Shape = Shape {
    what: "responsibilities.toml ",
    keys: &[INHERIT, optional("responsibilities", Kind::Tables(&RESPONSIBILITY), "who answers, by category and level")],
};

static RESPONSIBILITY: Shape = Shape {
    what: "责任条目",
    keys: &[
        required("category", Kind::TextOrTexts, "a code, a list of codes, or *"),
        required("level", Kind::WordOrWords(levels), "a level or a list of levels"),
        required("host", Kind::Text, "seat, or a unit's code"),
        optional("helpers", Kind::Texts, "seat, or units' codes"),
        optional("duty", Kind::Word(duties), "duty of the place; basic without it"),
        required("basis", Kind::Text, "why, in words that a clerk can quote"),
    ],
};

/// `deadlines.toml`
pub(crate) static DEADLINES: Shape = Shape {
    what: "deadlines.toml ",
    keys: &[INHERIT, optional("deadlines", Kind::Tables(&DEADLINE), "how long each step may last")],
};

static DEADLINE: Shape = Shape {
    what: "时限",
    keys: &[
        required("kind", Kind::Word(deadline_kinds), "of what"),
        optional("weight", Kind::Word(weights), "for this weight only"),
        optional("level", Kind::Word(levels), "while the seat is at this level only"),
        optional("category", Kind::Text, "for this category, or all below this first-level one, only"),
        required("amount", Kind::Amount, "number and unit, such as 5 working_days"),
        optional("soon", Kind::Amount, "from how long before the end it is due soon"),
        optional("on_breach", Kind::Word(OnBreach::words), "what linli does when it falls due; nothing without it"),
        optional("basis", Kind::Text, "which rule says so"),
    ],
};

/// `notices.toml`
pub(crate) static NOTICES: Shape = Shape {
    what: "notices.toml ",
    keys: &[
        INHERIT,
        optional("quiet_from", Kind::Text, "from when people are left in peace, such as 22:00, Beijing time"),
        optional("quiet_to", Kind::Text, "until when"),
        optional("digest_at", Kind::Text, "when collected news is sent; 08:30 without it"),
        optional("notices", Kind::Tables(&NOTICE), "who is told what, when something happened"),
    ],
};

static NOTICE: Shape = Shape {
    what: "通知规则",
    keys: &[
        required("id", Kind::Text, "unique; the log names it"),
        required("on", Kind::TextOrTexts, "one or more events, past tense"),
        optional("when", Kind::Table(&NOTICE_WHEN), "words of the event that must be so"),
        required("to", Kind::WordOrWords(notice_tos), "who is told"),
        optional("roles", Kind::Words(roles), "only those in one of these roles"),
        required(
            "channels",
            Kind::WordOrWords(notice_ways),
            "the first by which somebody can be reached; in_app always too",
        ),
        required("title", Kind::Text, "the first line"),
        required("text", Kind::Text, "what is said"),
        optional("urgent", Kind::Bool, "breaks the peace of the night"),
        optional("digest", Kind::Bool, "collected, and sent once a day"),
    ],
};

static NOTICE_WHEN: Shape = Shape {
    what: "when ",
    keys: &[
        optional("category", Kind::TextOrTexts, "the category is one of these"),
        optional("deadline", Kind::WordOrWords(deadline_kinds), "the clock is one of these"),
        optional("from", Kind::TextOrTexts, "the stage before is one of these"),
        optional("level", Kind::WordOrWords(levels), "the seat is at one of these levels"),
        optional("to", Kind::TextOrTexts, "the stage after is one of these"),
        optional("weight", Kind::WordOrWords(weights), "the weight is one of these"),
    ],
};

/// `care.toml`
pub(crate) static CARE: Shape = Shape {
    what: "care.toml ",
    keys: &[
        INHERIT,
        optional("services", Kind::Tables(&CARE_SERVICE), "help that a plan may hold besides visits"),
        optional("plans", Kind::Tables(&CARE_PLAN), "which visits at which rhythm, and which services, by ability"),
        optional("packages", Kind::Tables(&CARE_PACKAGE), "services that go together, offered by age"),
        optional("categories", Kind::Tables(&CARE_CATEGORY), "who is entitled to care"),
    ],
};

static CARE_SERVICE: Shape = Shape {
    what: "关爱服务",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        optional("by", Kind::Text, "who gives it, in words"),
        optional("every_days", Kind::Number, "given again every so many days, 1 to 366; once without it"),
        optional("standing", Kind::Bool, "it goes on once it began: nobody notes each time"),
        optional("by_helper", Kind::Bool, "whoever is paired gives it and notes it on the phone"),
    ],
};

static CARE_PACKAGE: Shape = Shape {
    what: "服务套餐",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        required("about", Kind::Text, "for whom, in a sentence"),
        required("life", Kind::Word(care_lives), "for old people or for children"),
        optional("from_age", Kind::Number, "from this age, in years"),
        optional("to_age", Kind::Number, "to this age, inclusive, in years"),
        required("services", Kind::Texts, "codes of services"),
    ],
};

static CARE_PLAN: Shape = Shape {
    what: "关爱计划",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "for whom: self-caring, living alone, …"),
        optional("visit_days", Kind::Number, "a visit every so many days, 1 to 366; none without it"),
        optional("services", Kind::Texts, "codes of services"),
    ],
};

static CARE_CATEGORY: Shape = Shape {
    what: "关爱类别",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what those who give the help and the person read"),
        required("about", Kind::Text, "which help it entitles to, told to the person"),
        required("bases", Kind::Words(care_bases), "on which basis somebody may be entered"),
        optional("list", Kind::Text, "the statutory list that basis \"list\" refers to, and who keeps it"),
        required("owner", Kind::Text, "who answers for an entry: \"seat\" for the community, or a unit's code"),
        required("review_months", Kind::Number, "a person looks at it again after at most so many months; 1 to 12"),
        required("expires_months", Kind::Number, "it ends by itself after so many months unless extended; up to 36"),
        required("plans", Kind::Texts, "codes of plans that fit"),
        required("seen_by", Kind::Words(roles), "who may read why, where they work; whoever is paired may always"),
        optional("life", Kind::Word(care_lives), "counted as old or young in the view 一老一小"),
    ],
};

/// `indicators.toml`
pub(crate) static INDICATORS: Shape = Shape {
    what: "indicators.toml ",
    keys: &[INHERIT, optional("indicators", Kind::Tables(&INDICATOR), "what is counted")],
};

static INDICATOR: Shape = Shape {
    what: "指标",
    keys: &[
        required("id", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        required("group", Kind::Text, "what it is shown with"),
        required("about", Kind::Text, "what it says and what it does not, in plain words"),
        optional("numerator", Kind::Text, "what is counted above the line, in words; required for a share"),
        optional("denominator", Kind::Text, "what is counted below the line, in words; required for a share"),
        optional("left_out", Kind::Text, "what is left out and why, in words"),
        optional("source", Kind::Text, "which rule or publication it comes from"),
        optional("unit", Kind::Text, "of what; 件 or % without it"),
        required("kind", Kind::Word(indicator_kinds), "how the figure is made"),
        required("of", Kind::Word(subjects), "what is counted"),
        optional("hit", Kind::Word(hits), "what makes one a hit of a share"),
        optional("on", Kind::TextOrTexts, "one or more events, past tense, for of = event"),
        optional("clock", Kind::Word(deadline_kinds), "which clock, for of = clock"),
        optional("task", Kind::Word(task_kinds), "of which tasks, for of = clock; the case's own clocks without it"),
        optional("level", Kind::Word(levels), "the level of hit = within"),
        optional("outside", Kind::Texts, "grounds of a closing that count as not within"),
        optional("per", Kind::Word(pers), "what a stock is divided by"),
        optional("only", Kind::Table(&INDICATOR_ONLY), "what alone is counted"),
        optional("merged", Kind::Word(mergeds), "how cases that follow another are counted; each without it"),
        optional(
            "exclusions",
            Kind::Texts,
            "grounds of exclusion that leave a case out; without it all do for shares and durations",
        ),
        optional("good", Kind::Word(goods), "which way is better than before; neither without it"),
        optional("healthy", Kind::Table(&HEALTHY), "where a share should lie, in per cent"),
    ],
};

static INDICATOR_ONLY: Shape = Shape {
    what: "only ",
    keys: &[
        optional("kinds", Kind::WordOrWords(kinds), "kinds of case"),
        optional("categories", Kind::TextOrTexts, "codes of categories; first-level ones for all below them"),
        optional("weights", Kind::WordOrWords(weights), "weights"),
        optional("channels", Kind::WordOrWords(channels), "how they came"),
        optional("levels", Kind::WordOrWords(levels), "levels of the seat at that moment"),
    ],
};

static HEALTHY: Shape = Shape {
    what: "healthy ",
    keys: &[required("from", Kind::Number, "per cent"), required("to", Kind::Number, "per cent")],
};

/// `flows/*.toml`
pub(crate) static FLOW: Shape = Shape {
    what: "流程",
    keys: &[
        required("kind", Kind::Word(kinds), "of which kind of case"),
        required("name", Kind::Text, "what people call it"),
        required("start", Kind::Text, "the stage of a new case that no seat was found for"),
        required("stages", Kind::Tables(&STAGE), "where a case can stand"),
        required("actions", Kind::Tables(&ACTION), "how it moves"),
        optional("rules", Kind::Tables(&RULE), "what linli does by itself once something has come to be so"),
    ],
};

/// `additions/*.toml`
pub(crate) static ADDITION: Shape = Shape {
    what: "流程补充",
    keys: &[
        required("kind", Kind::Word(kinds), "to the flow of which kind of case"),
        optional("stages", Kind::Tables(&STAGE), "more stages; one with the id of another replaces it"),
        optional("actions", Kind::Tables(&ACTION), "more actions; they come before those that are there"),
        optional("rules", Kind::Tables(&RULE), "more of what linli does by itself"),
    ],
};

static RULE: Shape = Shape {
    what: "自动规则",
    keys: &[
        required("when", Kind::Guards, "all must hold, and did not hold before"),
        required("take", Kind::Word(actions), "the action that system takes"),
        required("why", Kind::Text, "why, in words for the history"),
    ],
};

/// `tasks.toml`
pub(crate) static TASKS: Shape = Shape {
    what: "tasks.toml ",
    keys: &[
        INHERIT,
        optional("tasks", Kind::Tables(&TASK), "clocks of those who work on a case beside its seat"),
        optional("whistles", Kind::Tables(&WHISTLE), "kinds of whistle"),
    ],
};

static TASK: Shape = Shape {
    what: "任务",
    keys: &[
        required("kind", Kind::Word(task_kinds), "of which kind"),
        optional("unit", Kind::Text, "for this unit only, by its code"),
        optional("sign", Kind::Amount, "how long until it is signed for"),
        optional("contact", Kind::Amount, "how long until the place is contacted"),
        optional("arrive", Kind::Amount, "how long until somebody is there"),
        optional("handle", Kind::Amount, "how long until it is done"),
        optional("basis", Kind::Text, "which rule says so"),
    ],
};

static WHISTLE: Shape = Shape {
    what: "哨",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("name", Kind::Text, "what people call it"),
        required("about", Kind::Text, "when it is the right one"),
        required("initiators", Kind::Words(roles), "who may blow it"),
        required("levels", Kind::Words(levels), "at which levels of the seat"),
        optional("units", Kind::Texts, "codes of the units that are called unless others are chosen"),
        required("sign", Kind::Amount, "how long until it is signed for"),
        optional("contact", Kind::Amount, "how long until the place is contacted"),
        optional("arrive", Kind::Amount, "how long until somebody is there"),
        required("handle", Kind::Amount, "how long until it is done"),
        optional("basis", Kind::Text, "which rule says so"),
    ],
};

/// `replies.toml`
pub(crate) static REPLIES: Shape = Shape {
    what: "replies.toml ",
    keys: &[
        INHERIT,
        optional("min_len", Kind::Number, "fewest characters of what was done"),
        optional("avoid", Kind::Tables(&AVOID), "phrases that say nothing to a resident"),
        optional("templates", Kind::Tables(&TEMPLATE), "texts to begin from"),
    ],
};

static AVOID: Shape = Shape {
    what: "避免的话",
    keys: &[required("phrase", Kind::Text, "the words"), required("hint", Kind::Text, "what to say instead")],
};

static TEMPLATE: Shape = Shape {
    what: "模板",
    keys: &[
        required("code", Kind::Text, "unique; a-z, 0-9, _"),
        required("title", Kind::Text, "what people choose it by"),
        required("verb", Kind::Word(actions), "for which action"),
        optional("category", Kind::Text, "for this category, or all below this first-level one, only"),
        required("text", Kind::Text, "the text; {place} {category} {today} {reported} {promised} {seat} are filled in"),
        optional("talked_to", Kind::Text, "who was spoken to, in a four-part reply"),
        optional("by_when", Kind::Text, "by when, in a four-part reply"),
    ],
};

static STAGE: Shape = Shape {
    what: "环节",
    keys: &[
        required("id", Kind::Text, "unique within the flow"),
        required("name", Kind::Text, "what staff read"),
        required("public_name", Kind::Text, "what the resident reads"),
        required("phase", Kind::Word(phases), "open, waiting, settled or closed"),
    ],
};

static ACTION: Shape = Shape {
    what: "动作",
    keys: &[
        required("verb", Kind::Word(actions), "what is done"),
        required("name", Kind::Text, "the button"),
        optional("from", Kind::Texts, "stages it starts from; empty for report only"),
        optional("to", Kind::Text, "where it leads; without it the case stays"),
        required("who", Kind::Tables(&WHO), "any one of these may take it"),
        optional("seat_levels", Kind::Words(levels), "only while the seat is at one of these levels"),
        optional("guards", Kind::Guards, "all must hold"),
        optional("form", Kind::Tables(&FIELD), "what must be said"),
        optional("effects", Kind::Words(Effect::sentences), "what follows, in this order"),
        optional("hint", Kind::Text, "a line below the button"),
        optional("tone", Kind::Word(tones), "how loud the button is"),
    ],
};

static WHO: Shape = Shape {
    what: "who ",
    keys: &[
        required("relation", Kind::Word(relations), "how the person stands to the case"),
        optional("roles", Kind::Words(roles), "in one of these roles; any without it"),
    ],
};

static FIELD: Shape = Shape {
    what: "表单项",
    keys: &[
        required("name", Kind::Text, "key in the fields of the command"),
        required("label", Kind::Text, "what people read"),
        required("kind", Kind::Word(field_kinds), "what it holds"),
        optional("required", Kind::Bool, "whether the action waits for it"),
        optional("max_len", Kind::Number, "longest text in characters; most photos"),
        optional("help", Kind::Text, "a line below the field"),
        optional("options", Kind::Tables(&OPTION), "the list of a choice or ground"),
        optional("min", Kind::Number, "fewest photos; least number"),
        optional("max", Kind::Number, "greatest number"),
        optional("reason", Kind::Prose, "why photos are required"),
    ],
};

static OPTION: Shape = Shape {
    what: "选项",
    keys: &[required("value", Kind::Text, "what is stored"), required("label", Kind::Text, "what people read")],
};
