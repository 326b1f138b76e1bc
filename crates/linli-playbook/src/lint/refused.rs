//! What linli refuses to do, whatever a playbook asks: nothing scores, ranks or tracks people.

use crate::lint::Found;
use crate::load::Draft;
use crate::read::At;

/// Why something is refused.
pub(crate) struct Refusal {
    pub why: &'static str,
    pub hint: &'static str,
}

/// A refusal and the words that give it away: parts of keys, and parts of names.
struct Rule {
    refusal: Refusal,
    keys: &'static [&'static str],
    names: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        refusal: Refusal {
            why: "不给居民打分、评级、贴标签", hint: "去掉这一项；服务只看事项，不看人。"
        },
        keys: &["score", "credit", "risk", "label_color", "blacklist", "profile", "health_code", "colour_code"],
        names: &[
            "信用分",
            "信用积分",
            "信用等级",
            "居民积分",
            "积分排名",
            "积分榜",
            "红码",
            "黄码",
            "绿码",
            "赋码",
            "风险等级",
            "风险标签",
            "风险人员",
            "红黑榜",
            "黑名单",
            "重点人员",
            "不放心人员",
        ],
    },
    Rule {
        refusal: Refusal {
            why: "不建由其他机关管控的人员名单",
            hint: "去掉这一项；关爱台账只登记有权得到帮助的人，凭依据、限期限、看需要。",
        },
        keys: &["correction", "released", "drug_user", "petitioner", "controlled_person"],
        names: &[
            "矫正对象",
            "社区矫正人员",
            "刑满释放",
            "刑释人员",
            "吸毒人员",
            "涉毒人员",
            "肇事肇祸",
            "上访人员",
            "信访人员",
            "管控对象",
            "管控人员",
        ],
    },
    Rule {
        refusal: Refusal {
            why: "办事不看是不是党员，也不看属于哪个组织",
            hint: "去掉这一项；只对以党员身份服务的人登记党员身份。",
        },
        keys: &["party_member", "membership", "political_status"],
        names: &["政治面貌", "党员优先", "仅限党员", "党员专享", "非党员"],
    },
    Rule {
        refusal: Refusal {
            why: "不给工作人员排名、按积分比高低",
            hint: "去掉这一项；考核只看已办的事，按公开规则由人评定。",
        },
        keys: &["rank", "leaderboard", "points", "top_worker"],
        names: &["排名", "排行", "积分制", "末位"],
    },
    Rule {
        refusal: Refusal {
            why: "不强制打卡，不按在线时长、登录次数考核",
            hint: "去掉这一项；看事情办没办，不看人在不在线。",
        },
        keys: &[
            "check_in",
            "checkin",
            "clock_in",
            "online_time",
            "online_minutes",
            "online_hours",
            "login",
            "quota",
            "attendance",
        ],
        names: &["打卡", "在线时长", "登录次数", "上线率", "登录率"],
    },
    Rule {
        refusal: Refusal { why: "不做人脸、声纹识别，不记录人的行踪", hint: "去掉这一项。" },
        keys: &["face", "voiceprint", "track", "trajectory"],
        names: &["人脸", "声纹", "行踪", "轨迹"],
    },
];

/// What is a record of a record: the work itself leaves one already.
const RETOLD: Rule = Rule {
    refusal: Refusal {
        why: "不要求为留痕再填一遍",
        hint: "去掉这一项；走访、巡查、会议记一次就够，报表由系统从记录里算。",
    },
    keys: &[],
    names: &["留痕", "周报表", "月报表", "日报表", "填报", "补录台账", "重复上报", "截图上报"],
};

/// What the system holds already, or what nobody at a case needs: no form asks for it again.
const HELD: Rule = Rule {
    refusal: Refusal {
        why: "不重复要已经有的资料",
        hint: "去掉这一项；联系方式、地点、照片登记时已有，身份证件办事时不需要留。",
    },
    keys: &[],
    names: &["身份证", "户口本", "手机号", "联系电话", "反映人姓名", "家庭住址"],
};

/// Of care it is never said how dangerous or how heavy somebody is, and no list that another system controls comes in by this door.
const CARE: Rule = Rule {
    refusal: Refusal {
        why: "关爱类别只写有权得到什么帮助，不写等级、风险、颜色，也不写由其他机关管控的人",
        hint: "按需要的帮助起名，如“独居老人”“困境儿童”；该由法定机关掌握的名单不进入关爱台账。",
    },
    keys: &[],
    names: &[
        "风险",
        "等级",
        "分级",
        "级别",
        "一级",
        "二级",
        "三级",
        "评分",
        "打分",
        "得分",
        "积分",
        "星级",
        "红色",
        "橙色",
        "黄色",
        "绿色",
        "重点",
        "高危",
        "危险",
        "信用",
        "稳控",
        "维稳",
        "管控",
        "列管",
        "精神障碍",
        "精神病",
        "矫正",
        "刑满",
        "刑释",
        "吸毒",
        "戒毒",
        "涉毒",
        "信访",
        "上访",
        "缠访",
        "邪教",
        "前科",
    ],
};

/// Whether a key that no file has asks for something that is refused.
pub(crate) fn key(key: &str) -> Option<&'static Refusal> {
    let key = key.to_lowercase().replace('-', "_");
    // A word of the key begins with it, so that `ranking` is found and `interface` is not.
    let asks = |word: &&str| key.starts_with(*word) || key.contains(&format!("_{word}"));
    let refuses = |rule: &&Rule| rule.keys.iter().any(asks) || rule.names.iter().any(|word| key.contains(word));
    RULES.iter().find(refuses).map(|rule| &rule.refusal)
}

/// Names and labels that ask for something that is refused.
pub(crate) fn check(draft: &Draft, found: &mut Found) {
    let mut name = |text: &str, at: At, rules: &[Rule]| {
        for rule in rules {
            if let Some(word) = rule.names.iter().find(|word| text.contains(*word)) {
                let message = format!("不允许的设置“{text}”（{word}）：{}", rule.refusal.why);
                found.error("forbidden_setting", &at, message, rule.refusal.hint);
            }
        }
    };
    // A resident may complain of a broken face-recognition gate: of categories only those that label or list people are refused.
    let labels = RULES.get(..2).unwrap_or_default();
    for placed in &draft.categories {
        name(&placed.item.name, placed.place.key("name"), labels);
    }
    for placed in &draft.units {
        name(&placed.item.name, placed.place.key("name"), labels);
    }
    for placed in &draft.notices {
        name(&placed.item.title, placed.place.key("title"), RULES);
        name(&placed.item.text, placed.place.key("text"), RULES);
    }
    for placed in &draft.indicators {
        let said = [("name", &placed.item.name), ("group", &placed.item.group), ("about", &placed.item.about)];
        said.into_iter().for_each(|(key, text)| name(text, placed.place.key(key), RULES));
    }
    let care = [CARE];
    let mut care_name = |text: &str, at: At| {
        name(text, at.clone(), RULES);
        name(text, at, &care);
    };
    for placed in &draft.care_categories {
        care_name(&placed.item.name, placed.place.key("name"));
        care_name(&placed.item.about, placed.place.key("about"));
    }
    for placed in &draft.care_plans {
        care_name(&placed.item.name, placed.place.key("name"));
    }
    for placed in &draft.care_services {
        care_name(&placed.item.name, placed.place.key("name"));
    }
    for placed in &draft.duties {
        let said = [("name", Some(&placed.item.name)), ("about", placed.item.about.as_ref())];
        for (key, text) in said.into_iter().filter_map(|(key, text)| Some((key, text?))) {
            name(text, placed.place.key(key), RULES);
            name(text, placed.place.key(key), &[RETOLD]);
        }
    }
    for placed in &draft.self_checks {
        name(&placed.item.name, placed.place.key("name"), RULES);
        placed.item.items.iter().for_each(|line| name(&line.name, placed.place.key("items"), RULES));
    }
    for placed in &draft.checklists {
        for (n, item) in placed.item.items.iter().enumerate() {
            name(&item.text, placed.place.item("items", n), RULES);
            name(&item.text, placed.place.item("items", n), &[HELD]);
        }
    }
    for flow in &draft.flows {
        for (stage, place) in flow.stages() {
            name(&stage.name, place.key("name"), RULES);
            name(&stage.public_name, place.key("public_name"), RULES);
        }
        for (def, place) in flow.actions() {
            name(&def.name, place.key("name"), RULES);
            for (n, field) in def.form.iter().enumerate() {
                name(&field.label, place.item("form", n), RULES);
                name(&field.label, place.item("form", n), &[HELD]);
                field.kind.options().iter().for_each(|option| name(&option.label, place.item("form", n), RULES));
            }
        }
    }
}
