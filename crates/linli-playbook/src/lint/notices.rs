//! Notification rules: nobody is told of what no event says, and residents are told no more than their page shows.

use crate::lint::Found;
use crate::load::Draft;
use crate::notice::{
    CONDITIONS, NoticeRule, NoticeTo, NoticeWay, PLACEHOLDERS, PUBLIC_PLACEHOLDERS, events, minute, placeholders,
};
use crate::read::Place;

/// Longest text that goes by SMS, with what is filled in some three messages. Unit: characters.
const LONGEST_TEXT: usize = 180;

pub(crate) fn check(draft: &Draft, found: &mut Found) {
    for (key, (text, at)) in &draft.notice_times {
        if minute(text).is_none() {
            found.error(
                "bad_time",
                at,
                format!("{key} = \"{text}\" 不是一天里的时间"),
                "写成 22:00 这样的 24 小时制。",
            );
        }
    }
    for (key, other) in [("quiet_from", "quiet_to"), ("quiet_to", "quiet_from")] {
        if let (Some((_, at)), None) = (draft.notice_times.get(key), draft.notice_times.get(other)) {
            found.error(
                "bad_time",
                at,
                format!("写了 {key}，没有写 {other}"),
                "免打扰时段的起止两样都写，或者都不写。",
            );
        }
    }
    for placed in &draft.notices {
        rule(&placed.item, &placed.place, found);
    }
}

fn rule(rule: &NoticeRule, place: &Place, found: &mut Found) {
    for (n, event) in rule.on.iter().enumerate() {
        if !events().contains(&event.as_str()) {
            let hint = format!("可以写的有：{}。", events().join("、"));
            found.error("unknown_event", &place.item("on", n), format!("没有“{event}”这种事件"), hint);
        }
    }
    if rule.on.is_empty() || rule.to.is_empty() || rule.ways.is_empty() {
        found.error(
            "notice_to_nobody",
            &place.at(),
            format!("规则 {} 不会通知任何人", rule.id),
            "on、to、channels 都至少写一项。",
        );
    }
    for word in rule.when.keys().filter(|word| !CONDITIONS.contains(&word.as_str())) {
        let hint = format!("条件里可以写的有：{}。", CONDITIONS.join("、"));
        found.error("unknown_key", &place.key("when"), format!("条件里没有“{word}”"), hint);
    }
    let to_reporter = rule.to.contains(&NoticeTo::Reporter);
    if to_reporter && rule.to.len() > 1 {
        let hint = "给居民的和给工作人员的话不一样，分成两条规则写。";
        found.error("notice_mixed", &place.key("to"), "一条规则同时写给居民和工作人员", hint);
    }
    let is_reachable = |way: &NoticeWay| matches!(way, NoticeWay::Sms | NoticeWay::Email);
    if let Some(n) = rule.ways.iter().position(|way| to_reporter && !is_reachable(way)) {
        found.error(
            "notice_unreachable",
            &place.item("channels", n),
            "居民只能用短信或电子邮件通知",
            "写成 channels = [\"sms\", \"email\"]。",
        );
    }
    for (key, text) in [("title", &rule.title), ("text", &rule.text)] {
        for name in placeholders(text) {
            if !PLACEHOLDERS.contains(&name) {
                let hint = format!("可以写的有：{{{}}}。", PLACEHOLDERS.join("}、{"));
                found.error("unknown_placeholder", &place.key(key), format!("没有占位符 {{{name}}}"), hint);
            } else if to_reporter && !PUBLIC_PLACEHOLDERS.contains(&name) {
                let hint = format!("给居民的只写查询页上看得到的：{{{}}}。", PUBLIC_PLACEHOLDERS.join("}、{"));
                found.error("notice_tells_too_much", &place.key(key), format!("给居民的通知里不写 {{{name}}}"), hint);
            }
        }
    }
    if rule.ways.contains(&NoticeWay::Sms) && rule.text.chars().count() > LONGEST_TEXT {
        let message = format!("短信有 {} 个字，太长", rule.text.chars().count());
        found.warning(
            "notice_long",
            &place.key("text"),
            message,
            format!("{LONGEST_TEXT} 个字以内，说清是哪件事、到哪里看就够了。"),
        );
    }
    if to_reporter && rule.urgent {
        found.warning(
            "notice_at_night",
            &place.key("urgent"),
            "这条规则会在夜里打扰居民",
            "去掉 urgent = true，第二天早上再发。",
        );
    }
}
