//! Every other finding, one small fault at a time.

use super::support::{on_base, shipped_files, told};

/// A fault in a list file: `(file, text, finding)`.
const LISTS: &[(&str, &str, &str)] = &[
    (
        "categories.toml",
        "[[categories]]\ncode = 'a'\nname = '甲'\nparent = 'nowhere'",
        "unknown_category mine/categories.toml:4",
    ),
    ("categories.toml", "[[categories]]\ncode = 'a'\nname = '甲'\nparent = 'noise'", "too_deep mine/categories.toml:4"),
    ("categories.toml", "[[categories]]\ncode = 'A b'\nname = '甲'", "bad_code mine/categories.toml:2"),
    (
        "categories.toml",
        "[[categories]]\ncode = 'a'\nname = '甲'\n[[categories]]\ncode = 'a'\nname = '乙'",
        "duplicate mine/categories.toml:4",
    ),
    (
        "categories.toml",
        "[[categories]]\ncode = 'a'\nname = '甲'\nkeywords = [\n'新词',\n'噪声']",
        "keyword_twice mine/categories.toml:6",
    ),
    (
        "categories.toml",
        "[[categories]]\ncode = 'a'\nname = '甲'\nweight = 'heavy'",
        "unknown_word mine/categories.toml:4",
    ),
    ("categories.toml", "[[categories]]\ncode = 'a'\nname = ''", "blank mine/categories.toml:3"),
    ("categories.toml", "[[categories]]\ncode = 'a'", "missing_key mine/categories.toml:1"),
    ("categories.toml", "[[categories]]\ncode = 'a'\nname = '甲'\npublic = 'yes'", "wrong_type mine/categories.toml:4"),
    ("categories.toml", "[[categories]]\ncode = 'a'\nname = '居民信用分'", "forbidden_setting mine/categories.toml:3"),
    (
        "categories.toml",
        "[[categories]]\ncode = 'a'\nname = '甲'\nweight = 'major'\nduty = 'cooperating'",
        "duty_without_unit mine/categories.toml:2",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'fired'\nto = 'seat'\nchannels = 'in_app'\ntitle = '甲'\ntext = '乙'",
        "unknown_event mine/notices.toml:3",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'taken'\nto = 'seat'\nchannels = 'in_app'\ntitle = '甲'\ntext = '{phone}'",
        "unknown_placeholder mine/notices.toml:7",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'taken'\nto = 'reporter'\nchannels = 'sms'\ntitle = '甲'\ntext = '{seat}已接单'",
        "notice_tells_too_much mine/notices.toml:7",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'taken'\nto = 'reporter'\nchannels = 'in_app'\ntitle = '甲'\ntext = '乙'",
        "notice_unreachable mine/notices.toml:5",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'taken'\nto = ['reporter', 'seat']\nchannels = 'sms'\ntitle = '甲'\ntext = '乙'",
        "notice_mixed mine/notices.toml:4",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'taken'\nto = 'seat'\nchannels = 'pigeon'\ntitle = '甲'\ntext = '乙'",
        "unknown_word mine/notices.toml:5",
    ),
    (
        "notices.toml",
        "[[notices]]\nid = 'a'\non = 'taken'\nto = 'above'\nchannels = 'in_app'\ntitle = '网格员排名'\ntext = '乙'",
        "forbidden_setting mine/notices.toml:6",
    ),
    ("notices.toml", "quiet_from = '22:00'\nquiet_to = '7点'", "bad_time mine/notices.toml:2"),
    ("notices.toml", "[[notices]]\nid = 'a'", "missing_key mine/notices.toml:1"),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 18\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "care_review_too_late mine/care.toml:7",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 60\nplans = ['child']\nseen_by = ['community_clerk']",
        "care_expiry mine/care.toml:8",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 6\nplans = ['child']\nseen_by = ['community_clerk']",
        "care_expiry mine/care.toml:8",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = []\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "care_without_basis mine/care.toml:5",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['list']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "care_without_basis mine/care.toml:5",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['rumour']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "unknown_word mine/care.toml:5",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'nobody'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "unknown_unit mine/care.toml:6",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['childe']\nseen_by = ['community_clerk']",
        "unknown_care mine/care.toml:9",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = []\nseen_by = ['community_clerk']",
        "unknown_care mine/care.toml:9",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk',\n'county_leader']",
        "care_seen mine/care.toml:11",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = []",
        "care_seen mine/care.toml:10",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'X-1'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "bad_code mine/care.toml:2",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '高危老人'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "forbidden_setting mine/care.toml:3",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '一级关爱老人'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "forbidden_setting mine/care.toml:3",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '精神障碍患者'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "forbidden_setting mine/care.toml:3",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '社区矫正人员'\nabout = '乙'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "forbidden_setting mine/care.toml:3",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '红色预警对象'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "forbidden_setting mine/care.toml:4",
    ),
    (
        "care.toml",
        "[[categories]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nbases = ['consent']\nrisk = 'high'\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['child']\nseen_by = ['community_clerk']",
        "forbidden_setting mine/care.toml:6",
    ),
    ("care.toml", "[[plans]]\ncode = 'x'\nname = '甲'\nvisit_days = 0", "care_rhythm mine/care.toml:4"),
    ("care.toml", "[[plans]]\ncode = 'x'\nname = '甲'", "care_rhythm mine/care.toml:1"),
    (
        "care.toml",
        "[[services]]\ncode = 'x'\nname = '甲'\nevery_days = 4\nstanding = true",
        "care_rhythm mine/care.toml:5",
    ),
    (
        "care.toml",
        "[[packages]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nlife = 'old'\nservices = ['fly']",
        "unknown_care mine/care.toml:6",
    ),
    (
        "care.toml",
        "[[packages]]\ncode = 'x'\nname = '甲'\nabout = '乙'\nlife = 'old'\nfrom_age = 80\nto_age = 60\nservices = ['meal_delivery']",
        "care_age mine/care.toml:7",
    ),
    ("care.toml", "[[plans]]\ncode = 'x'\nname = '甲'\nservices = ['fly']", "unknown_care mine/care.toml:4"),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'event'\non = ['closed', 'fired']",
        "unknown_event mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'event'",
        "indicator_incomplete mine/indicators.toml:1",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'share'\nof = 'rating'\nhit = 'reached'\nnumerator = '丁'\ndenominator = '戊'",
        "indicator_mismatch mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'duration'\nof = 'report'",
        "indicator_mismatch mine/indicators.toml:7",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'report'\nclock = 'sign'",
        "indicator_mismatch mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'share'\nof = 'rating'\nhit = 'solved'\nnumerator = '丁'",
        "indicator_without_words mine/indicators.toml:1",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'report'\nonly = { kinds = 'dispute' }",
        "never_counted mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'share'\nof = 'clock'\nhit = 'in_time'\nnumerator = '丁'\ndenominator = '戊'\nclock = 'arrive'",
        "never_counted mine/indicators.toml:11",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'report'\nonly = { kinds = 'petition' }",
        "unknown_word mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'report'\nonly = { categories = 'nose' }",
        "unknown_category mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'report'\nexclusions = ['withdrawn', 'inconvenient']",
        "unknown_ground mine/indicators.toml:8",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'share'\nof = 'report'\nhit = 'whistled'\nnumerator = '丁'\ndenominator = '戊'\nhealthy = { from = 20, to = 5 }",
        "bad_band mine/indicators.toml:11",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '网格员办结排名'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'closing'",
        "forbidden_setting mine/indicators.toml:3",
    ),
    (
        "indicators.toml",
        "[[indicators]]\nid = 'a'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'closing'\nrank_workers = true",
        "forbidden_setting mine/indicators.toml:8",
    ),
    ("units.toml", "[[units]]\ncode = 'seat'\nname = '甲'\nlevel = 'county'", "reserved mine/units.toml:2"),
    (
        "units.toml",
        "[[units]]\ncode = 'a'\nname = '甲'\nlevel = 'county'\narea = '610500000000'",
        "unit_at_wrong_level mine/units.toml:5",
    ),
    (
        "units.toml",
        "[[units]]\ncode = 'a'\nname = '甲'\nlevel = 'county'\narea = '6105'",
        "wrong_type mine/units.toml:5",
    ),
    (
        "responsibilities.toml",
        "[[responsibilities]]\ncategory = 'nose'\nlevel = 'grid'\nhost = 'seat'\nbasis = '甲'",
        "unknown_category mine/responsibilities.toml:2",
    ),
    (
        "responsibilities.toml",
        "[[responsibilities]]\ncategory = 'noise'\nlevel = 'grid'\nhost = 'polise'\nbasis = '甲'",
        "unknown_unit mine/responsibilities.toml:4",
    ),
    (
        "responsibilities.toml",
        "[[responsibilities]]\ncategory = 'noise'\nlevel = 'street'\nhost = 'property'\nbasis = '甲'",
        "unit_at_wrong_level mine/responsibilities.toml:4",
    ),
    (
        "responsibilities.toml",
        "[[responsibilities]]\ncategory = 'noise'\nlevel = 'county'\nhost = 'seat'\nduty = 'cooperating'\nbasis = '甲'",
        "duty_without_unit mine/responsibilities.toml:4",
    ),
    (
        "responsibilities.toml",
        "inherit = false\n[[responsibilities]]\ncategory = '*'\nlevel = ['grid', 'street', 'county']\nhost = 'seat'\nbasis = '甲'",
        "nobody_responsible base/categories.toml:17",
    ),
    ("deadlines.toml", "[[deadlines]]\nkind = 'sign'\namount = '0 days'", "deadline_zero mine/deadlines.toml:3"),
    ("deadlines.toml", "[[deadlines]]\nkind = 'sign'\namount = '2 weeks'", "wrong_type mine/deadlines.toml:3"),
    (
        "deadlines.toml",
        "[[deadlines]]\nkind = 'sign'\namount = '2 days'\nsoon = '2 days'",
        "soon_too_long mine/deadlines.toml:4",
    ),
    (
        "deadlines.toml",
        "[[deadlines]]\nkind = 'sign'\ncategory = 'nose'\namount = '2 days'",
        "unknown_category mine/deadlines.toml:3",
    ),
    (
        "deadlines.toml",
        "[[deadlines]]\nkind = 'sign'\nlevel = 'city'\namount = '2 days'",
        "unknown_level mine/deadlines.toml:3",
    ),
    (
        "deadlines.toml",
        "inherit = false\n[[deadlines]]\nkind = 'sign'\namount = '2 days'",
        "deadline_without_clock base/flows/request.toml",
    ),
    (
        "deadlines.toml",
        "[[deadlines]]\nkind = 'arrive'\namount = '2 days'",
        "deadline_never_started mine/deadlines.toml:2",
    ),
    ("tasks.toml", "[[tasks]]\nkind = 'help'\nunit = 'nobody'\nhandle = '2 days'", "unknown_unit mine/tasks.toml:3"),
    ("tasks.toml", "[[tasks]]\nkind = 'help'\nsign = '0 hours'", "deadline_zero mine/tasks.toml:3"),
    (
        "tasks.toml",
        "[[whistles]]\ncode = 'w'\nname = '哨'\nabout = '事'\ninitiators = ['grid_worker']\nlevels = ['grid']\nunits = [\n'polise']\nsign = '1 hours'\nhandle = '1 days'",
        "unknown_unit mine/tasks.toml:8",
    ),
    (
        "tasks.toml",
        "[[whistles]]\ncode = 'w'\nname = '哨'\nabout = '事'\ninitiators = ['grid_worker']\nlevels = ['city']\nsign = '1 hours'\nhandle = '1 days'",
        "unknown_level mine/tasks.toml:6",
    ),
    (
        "tasks.toml",
        "[[whistles]]\ncode = 'w'\nname = '哨'\nabout = '事'\ninitiators = ['auditor']\nlevels = ['grid']\nsign = '1 hours'\nhandle = '0 days'",
        "deadline_zero mine/tasks.toml:8",
    ),
    ("tasks.toml", "inherit = false", "deadline_without_clock base/flows/request.toml"),
    ("tasks.toml", "inherit = false", "effect_cannot_happen base/flows/request.toml"),
    (
        "replies.toml",
        "[[templates]]\ncode = 'a'\ntitle = '甲'\nverb = 'settle'\ncategory = 'nose'\ntext = '乙'",
        "unknown_category mine/replies.toml:5",
    ),
    (
        "additions/wish.toml",
        "kind = 'wish'\n[[stages]]\nid = 'a'\nname = '甲'\npublic_name = '甲'\nphase = 'open'",
        "addition_without_flow mine/additions/wish.toml:1",
    ),
    (
        "additions/request.toml",
        "kind = 'request'\n[[stages]]\nid = 'a'\nname = '甲'\npublic_name = '甲'\nphase = 'open'",
        "unreachable_stage mine/additions/request.toml:3",
    ),
    ("additions/request.toml", "kind = 'request'\nstart = 'received'", "unknown_key mine/additions/request.toml:2"),
];

#[test]
fn every_fault_of_a_list_is_named_where_it_stands() {
    for (file, text, expected) in LISTS {
        let told = told(&on_base(&[(file, text)]));
        assert!(told.iter().any(|line| line.starts_with(expected)), "{text}\nexpected {expected}\ntold {told:#?}");
    }
}

/// A fault in the base flow: `(what is replaced, by what, how the findings begin)`.
const FLOWS: &[(&str, &str, &[&str])] = &[
    ("start = \"received\"", "start = \"recieved\"", &["unknown_stage mine/flows/"]),
    ("to = \"ruling\"", "to = \"rulling\"", &["unknown_stage mine/flows/", "unreachable_stage mine/flows/"]),
    ("to = \"asking\"", "to = \"handling\"", &["unreachable_stage mine/flows/"]),
    (
        "verb = \"take\"\nname = \"接单\"\nfrom = [\"dispatched\"]",
        "verb = \"take\"\nname = \"接单\"",
        &["wrong_from mine/flows/"],
    ),
    ("guards = [\"satisfied is true\"]", "guards = [\"content is true\"]", &["guard_without_field mine/flows/"]),
    ("guards = [\"satisfied is true\"]", "guards = [\"happy\"]", &["unknown_word mine/flows/"]),
    ("guards = [\"satisfied is true\"]", "guards = [\"routed\"]", &["guard_never_holds mine/flows/"]),
    (
        "who = [{ relation = \"handler\" }]\nguards = [\"tasks_done\"",
        "who = []\nguards = [\"tasks_done\"",
        &["nobody_may_take mine/flows/"],
    ),
    (
        "effects = [\"meet handle\", \"start verify\"]",
        "effects = [\"meet handle\", \"meet reply\"]",
        &["open_without_deadline mine/flows/"],
    ),
    (
        "effects = [\"meet handle\", \"start verify\"]",
        "effects = [\"meat handle\", \"start verify\"]",
        &["unknown_word mine/flows/"],
    ),
    ("kind = \"reply\", required = true", "kind = \"reply\"", &["settle_without_reply mine/flows/"]),
    (
        "kind = \"ground\", required = true, options = [\n    { value = \"not_our_area\"",
        "kind = \"choice\", required = true, options = [\n    { value = \"not_our_area\"",
        &["send_back_without_ground mine/flows/"],
    ),
    ("{ name = \"seat\", label = \"转给\", kind = \"seat\", required = true },", "", &["seat_not_asked mine/flows/"]),
    (
        "label = \"想说的话\", kind = \"longtext\", max_len = 1000",
        "label = \"想说的\", kind = \"longtext\", max_len = 1000",
        &["forms_differ mine/flows/"],
    ),
    (
        "name = \"到期结案\"\nfrom = [\"answered\"]\nto = \"closed\"\nwho = [{ relation = \"system\" }]",
        "name = \"到期结案\"\nfrom = [\"answered\"]\nto = \"closed\"\nwho = [{ relation = \"above\" }]",
        &["breach_without_action base/deadlines.toml"],
    ),
    ("name = \"接单\"", "name = \"打卡接单\"", &["forbidden_setting mine/flows/"]),
    (
        "effects = [\"meet sign\", \"assign actor\"]",
        "effects = [\"meet arrive\", \"assign actor\"]",
        &["effect_cannot_happen mine/flows/"],
    ),
    (
        "effects = [\"ask extension\"]",
        "effects = [\"start approve\"]",
        &["effect_cannot_happen mine/flows/", "guard_never_holds mine/flows/"],
    ),
    ("effects = [\"object\", ", "effects = [", &["effect_cannot_happen mine/flows/"]),
    ("\"merge\", \"cancel sign\"", "\"cancel sign\"", &["effect_cannot_happen mine/flows/"]),
    ("\"open force\", ", "", &["effect_cannot_happen mine/flows/", "guard_never_holds mine/flows/"]),
    ("when = [\"late >= 3\"]", "when = [\"satisfied is true\"]", &["guard_never_holds mine/flows/"]),
    ("take = \"supervise\"", "take = \"dispatch\"", &["rule_without_action mine/flows/"]),
    ("min = 1, max = 10", "min = 9, max = 1", &["empty_range mine/flows/"]),
    (
        "name = \"photos\", label = \"办结照片\", kind = \"photos\", max_len = 9",
        "name = \"photos\", label = \"办结照片\", kind = \"photos\", max_len = 9, required = true, min = 1",
        &["photos_without_reason mine/flows/"],
    ),
    (
        "relation = \"not_handler\", roles = [\"grid_head\"",
        "relation = \"seat\", roles = [\"grid_head\"",
        &["own_work mine/flows/"],
    ),
    ("id = \"asking\"", "id = \"handling\"", &["duplicate mine/flows/", "unknown_stage mine/flows/"]),
];

#[test]
fn every_fault_of_a_flow_is_named() {
    let (_, flow) = shipped_files().into_iter().find(|(path, _)| path == "base/flows/request.toml").unwrap();
    for (good, bad, expected) in FLOWS {
        assert!(flow.contains(good), "the base flow has no {good}");
        let told = told(&on_base(&[("flows/request.toml", &flow.replacen(good, bad, 1))]));
        for finding in *expected {
            assert!(told.iter().any(|line| line.starts_with(finding)), "{bad}\nexpected {finding}\ntold {told:#?}");
        }
    }
}

/// What linli refuses, whatever a playbook asks: a button, a form, a category or a key that would do it.
const REFUSED: &[(&str, &str)] = &[
    ("居民积分", "不给居民打分"),
    ("信用等级", "不给居民打分"),
    ("风险标签", "不给居民打分"),
    ("黄码", "不给居民打分"),
    ("上访人员台账", "管控的人员"),
    ("吸毒人员登记", "管控的人员"),
    ("矫正对象", "管控的人员"),
    ("党员优先办理", "党员"),
    ("积分制考核", "不给工作人员排名"),
    ("网格员排名", "不给工作人员排名"),
    ("到岗打卡", "不强制打卡"),
    ("在线时长", "不强制打卡"),
    ("登录次数", "不强制打卡"),
    ("人脸核验", "不做人脸"),
    ("声纹采集", "不做人脸"),
    ("走访轨迹", "不做人脸"),
    ("反映人身份证", "不重复要"),
    ("再留一次手机号", "不重复要"),
];

#[test]
fn what_linli_refuses_is_refused_in_every_form() {
    let (_, flow) = shipped_files().into_iter().find(|(path, _)| path == "base/flows/request.toml").unwrap();
    for (label, why) in REFUSED {
        let asked = flow.replacen("label = \"进展\"", &format!("label = \"{label}\""), 1);
        let loaded = on_base(&[("flows/request.toml", &asked)]);
        let refusals: Vec<&crate::Finding> =
            loaded.findings.iter().filter(|finding| finding.code == "forbidden_setting").collect();
        assert!(refusals.iter().any(|finding| finding.message.contains(why)), "{label}: {refusals:?}");
        assert!(!loaded.is_usable());
    }
}

#[test]
fn nothing_is_kept_of_people_whom_others_control() {
    let category = "[[categories]]\ncode = 'a'\nparent = 'order'\nname = '信访人员管理'";
    assert!(
        told(&on_base(&[("categories.toml", category)]))
            .contains(&"forbidden_setting mine/categories.toml:4".to_owned())
    );
    let unit = "[[units]]\ncode = 'a'\nname = '管控对象专班'\nlevel = 'county'";
    assert!(told(&on_base(&[("units.toml", unit)])).contains(&"forbidden_setting mine/units.toml:3".to_owned()));
}

#[test]
fn a_whistle_that_nobody_can_blow_is_named() {
    let whistle = "[[whistles]]\ncode = 'w'\nname = '哨'\nabout = '事'\ninitiators = ['hotline_clerk']\nlevels = ['county']\nsign = '1 hours'\nhandle = '1 days'";
    let (_, flow) = shipped_files().into_iter().find(|(path, _)| path == "base/flows/request.toml").unwrap();
    // Whoever has it in hand may blow it in any role; without that nobody in the hotline's may.
    let narrow = flow.replacen(
        "roles = [\"street_dispatcher\", \"county_leader\"] },\n]\nhint = \"本级解决不了、要部门到场的",
        "roles = [\"street_dispatcher\", \"county_leader\"] },\n]\nhint = \"要部门到场的",
        1,
    );
    let narrow = narrow.replacen("  { relation = \"handler\" },\n  { relation = \"above\", roles = [\"street_dispatcher\", \"county_leader\"] },\n]\nhint = \"要部门到场的", "  { relation = \"above\", roles = [\"street_dispatcher\", \"county_leader\"] },\n]\nhint = \"要部门到场的", 1);
    assert_ne!(narrow, flow);
    assert!(told(&on_base(&[("tasks.toml", whistle)])).is_empty());
    let told = told(&on_base(&[("tasks.toml", whistle), ("flows/request.toml", &narrow)]));
    assert_eq!(told, ["nobody_may_take mine/tasks.toml:5"]);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let head = |settings: &str| {
        let text = format!("id = 'mine'\nname = '我们'\nextends = 'base'\n[settings]\n{settings}");
        let files = shipped_files().into_iter().chain([("mine/playbook.toml".to_owned(), text)]);
        told(&crate::load(&crate::Sources::from_files(files), "mine").unwrap())
    };
    assert_eq!(head("arbiter_level = 'city'"), ["unknown_level mine/playbook.toml:5"]);
    assert_eq!(head("follow_up_percent = 120"), ["out_of_range mine/playbook.toml:5"]);
    assert_eq!(head("hot_spot_cases = 3\nhot_spot_days = 0"), ["out_of_range mine/playbook.toml:6"]);
    assert_eq!(head("visit_problem_visits = 1"), ["out_of_range mine/playbook.toml:5"]);
    assert_eq!(head("visit_problem_visits = 3\nvisit_problem_days = 0"), ["out_of_range mine/playbook.toml:6"]);
    assert_eq!(head("visit_problem_visits = 3\nvisit_problem_days = 120"), ["out_of_range mine/playbook.toml:6"]);
    assert!(head("visit_problem_visits = 0\nvisit_problem_days = 0").is_empty());
    assert!(head("follow_up_percent = 100").is_empty());
}

#[test]
fn additions_come_first_and_leave_the_rest() {
    let more = "kind = 'request'\n[[stages]]\nid = 'handling'\nname = '在办'\npublic_name = '正在办'\nphase = 'open'\n\
        [[actions]]\nverb = 'take'\nname = '我来办'\nfrom = ['dispatched']\nto = 'handling'\nwho = [{ relation = 'seat' }]\neffects = ['meet sign', 'assign actor']";
    let loaded = on_base(&[("additions/request.toml", more)]);
    assert!(told(&loaded).is_empty(), "{:?}", told(&loaded));
    let base = super::support::base();
    let of = |playbook: &crate::Playbook| playbook.flow(linli_kernel::CaseKind::Request).unwrap().clone();
    let (flow, before) = (of(&loaded.playbook), of(&base));
    assert_eq!(flow.actions.len(), before.actions.len() + 1);
    assert_eq!((flow.actions[0].name.as_str(), flow.stage("handling").unwrap().name.as_str()), ("我来办", "在办"));
    assert_eq!(flow.stages.len(), before.stages.len());
}

#[test]
fn a_deadline_that_shall_act_by_itself_can_do_so_wherever_it_runs() {
    let rule = "[[deadlines]]\nkind = 'verify'\namount = '2 days'\non_breach = 'escalate'";
    // In the flow of a request and in that of a hazard: both verify.
    assert_eq!(told(&on_base(&[("deadlines.toml", rule)])), ["breach_without_action mine/deadlines.toml:4"; 2]);
}

#[test]
fn a_complaint_may_name_what_a_setting_may_not() {
    let category = "[[categories]]\ncode = 'gate'\nparent = 'order'\nname = '人脸门禁故障'";
    assert!(on_base(&[("categories.toml", category)]).findings.is_empty());
    let key = |key: &str| crate::lint::refused::key(key).is_some();
    assert!(
        ["worker_ranking", "check_in_quota", "min_online_minutes", "resident-score", "积分排名"]
            .iter()
            .all(|bad| key(bad))
    );
    assert!(!["keyword", "interface", "publick", "surface"].iter().any(|good| key(good)));
}

#[test]
fn departments_may_be_listed_by_their_figures_and_nobody_else() {
    let settings = |line: &str| {
        let head = format!("id = 'mine'\nname = '我们'\nextends = 'base'\n[settings]\n{line}\n");
        let files = shipped_files().into_iter().chain([("mine/playbook.toml".to_owned(), head)]);
        crate::load(&crate::Sources::from_files(files), "mine").unwrap()
    };
    let loaded = settings("rank_departments = true");
    assert!(loaded.findings.is_empty(), "{:?}", told(&loaded));
    assert!(loaded.playbook.settings.rank_departments);
    assert!(!super::support::base().settings.rank_departments);
    for refused in ["rank_communities = true", "rank_grids = true", "rank_workers = true", "residents_ranking = true"] {
        assert_eq!(told(&settings(refused)), ["forbidden_setting mine/playbook.toml:5"], "{refused}");
    }
}

#[test]
fn there_is_room_for_sixty_figures() {
    let one = |n: usize| {
        format!(
            "[[indicators]]\nid = 'a{n}'\nname = '甲'\ngroup = '乙'\nabout = '丙'\nkind = 'count'\nof = 'closing'\n"
        )
    };
    let many = |n: usize| format!("inherit = false\n{}", (0..n).map(one).collect::<String>());
    assert!(on_base(&[("indicators.toml", &many(60))]).findings.is_empty());
    assert_eq!(told(&on_base(&[("indicators.toml", &many(61))])), ["too_many_indicators mine/indicators.toml:422"]);
}

#[test]
fn a_weight_needs_a_seat_that_exists() {
    let head = "id = 'mine'\nname = '我们'\nextends = 'base'\nlevels = ['county', 'street', 'community']\n";
    let files = shipped_files().into_iter().chain([("mine/playbook.toml".to_owned(), head.to_owned())]);
    let loaded = crate::load(&crate::Sources::from_files(files), "mine").unwrap();
    assert!(told(&loaded).contains(&"weight_without_seat base/playbook.toml:8".to_owned()), "{:?}", told(&loaded));
    let alone =
        crate::Sources::from_files([("mine/playbook.toml", "id = 'mine'\nname = '我们'\nlevels = ['county']\n")]);
    let findings = told(&crate::load(&alone, "mine").unwrap());
    assert_eq!(findings.iter().filter(|line| line.starts_with("weight_without_seat")).count(), 4);
}
