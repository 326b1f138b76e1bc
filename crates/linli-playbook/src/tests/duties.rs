//! What is wrong with duties and checklists is named, and what linli refuses is refused there too.

use super::support::{on_base, told};

/// A duty as it may be, and what is added to it or written in place of a line.
fn duty(more: &str) -> Vec<String> {
    let lines = [
        "id = 'a'",
        "name = '甲'",
        "rhythm = 'day'",
        "evidence = 'visit'",
        "roles = ['grid_worker']",
        "levels = ['grid']",
    ];
    let key = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let own: Vec<&str> = more.lines().collect();
    let kept = lines.iter().map(|line| own.iter().find(|other| key(other) == key(line)).unwrap_or(line).to_string());
    let added =
        own.iter().filter(|line| lines.iter().all(|known| key(known) != key(line))).map(|line| (*line).to_owned());
    let text: Vec<String> = ["[[duties]]".to_owned()].into_iter().chain(kept).chain(added).collect();
    told(&on_base(&[("duties.toml", &text.join("\n"))]))
}

#[test]
fn a_duty_is_owed_by_somebody_and_shown_by_the_work_itself() {
    assert!(duty("").is_empty(), "{:?}", duty(""));
    for (more, finding) in [
        ("roles = ['auditor']", "nobody_may_take mine/duties.toml:6"),
        ("category = 'nowhere'", "unknown_category mine/duties.toml:8"),
        ("from_day = 5", "out_of_range mine/duties.toml:8"),
        ("times = 0", "out_of_range mine/duties.toml:8"),
        ("evidence = []", "no_evidence mine/duties.toml:5"),
        ("evidence = 'patrol'\ntarget = 'visit_list'", "evidence_without_target mine/duties.toml:5"),
        ("evidence = 'wink'", "unknown_word mine/duties.toml:5"),
        ("photo = true", "photos_without_reason mine/duties.toml:8"),
    ] {
        assert!(duty(more).contains(&finding.to_owned()), "{more}: {:?}", duty(more));
    }
}

#[test]
fn a_duty_is_no_quota_no_check_in_no_contest_and_no_second_record() {
    for (more, line) in [
        ("times = 9", 8),
        ("name = '每日打卡'", 3),
        ("name = '走访排名'", 3),
        ("name = '走访留痕'", 3),
        ("about = '每天填报走访情况'", 8),
        ("check_in = true", 8),
        ("points = 3", 8),
        ("ranking = true", 8),
        // The same as the daily patrol of base, under another name.
        ("evidence = 'patrol'", 1),
    ] {
        assert_eq!(duty(more), [format!("forbidden_setting mine/duties.toml:{line}")], "{more}");
    }
}

#[test]
fn a_checklist_asks_for_no_more_than_it_needs() {
    let item = |item: &str| {
        let text = format!("[[checklists]]\ncode = 'c'\nname = '清单'\nitems = [\n{{ {item} }},\n]");
        told(&on_base(&[("checklists.toml", &text)]))
    };
    assert!(item("code = 'a', text = '通道畅通', within = '1 days'").is_empty());
    for (more, finding) in [
        ("code = 'a', text = '登记店主身份证', within = '1 days'", "forbidden_setting"),
        ("code = 'a', text = '人脸门禁在用', within = '1 days'", "forbidden_setting"),
        ("code = 'a', text = '通道', within = '0 days'", "deadline_zero"),
        ("code = 'a', text = '通道', within = '1 days', photo = true", "photos_without_reason"),
        ("code = 'a', text = '通道', within = '1 days', category = 'nowhere'", "unknown_category"),
        ("code = 'a', text = '通道', within = '1 days', score = 5", "forbidden_setting"),
    ] {
        assert_eq!(item(more), [format!("{finding} mine/checklists.toml:5")], "{more}");
    }
}
