//! What a case asks its playbook.

use linli_kernel::{AreaLevel, DeadlineKind, TimeUnit, Weight};

use super::support::{base, on_base};
use crate::{Host, Playbook};

fn days(playbook: &Playbook, category: Option<&str>, weight: Weight, level: AreaLevel) -> u32 {
    let rule = playbook.deadline(DeadlineKind::Handle, category, weight, level).unwrap();
    assert_eq!(rule.amount.unit, TimeUnit::WorkingDays);
    rule.amount.n
}

#[test]
fn the_most_specific_deadline_wins() {
    let rules = "
        [[deadlines]]
        kind = 'handle'
        category = 'order'
        amount = '6 working_days'
        [[deadlines]]
        kind = 'handle'
        category = 'noise'
        amount = '7 working_days'
        [[deadlines]]
        kind = 'handle'
        category = 'noise'
        level = 'street'
        amount = '8 working_days'
        [[deadlines]]
        kind = 'handle'
        category = 'noise'
        weight = 'major'
        amount = '9 working_days'";
    let playbook = on_base(&[("deadlines.toml", rules)]).playbook;
    let community = AreaLevel::Community;
    assert_eq!(days(&playbook, None, Weight::General, community), 5);
    assert_eq!(days(&playbook, Some("street_light"), Weight::Micro, community), 2);
    assert_eq!(days(&playbook, Some("parking"), Weight::Micro, community), 6);
    assert_eq!(days(&playbook, Some("noise"), Weight::Micro, community), 7);
    assert_eq!(days(&playbook, Some("noise"), Weight::Micro, AreaLevel::Street), 8);
    assert_eq!(days(&playbook, Some("noise"), Weight::Major, AreaLevel::Street), 9);
}

#[test]
fn every_deadline_of_base_has_a_rule_and_says_its_basis() {
    let playbook = base();
    let kinds = [
        DeadlineKind::Sign,
        DeadlineKind::Contact,
        DeadlineKind::Handle,
        DeadlineKind::Reply,
        DeadlineKind::Verify,
        DeadlineKind::Rate,
    ];
    for (kind, weight) in kinds.iter().flat_map(|kind| Weight::ALL.iter().map(move |weight| (*kind, *weight))) {
        for level in AreaLevel::ALL {
            assert!(playbook.deadline(kind, None, weight, *level).unwrap().basis.is_some());
        }
    }
}

#[test]
fn the_most_specific_responsibility_wins() {
    let playbook = base();
    let host = |category, level| playbook.responsible(category, level).unwrap().host.clone();
    assert_eq!(host(None, AreaLevel::County), Host::Seat);
    assert_eq!(host(Some("suggestion"), AreaLevel::County), Host::Seat);
    assert_eq!(host(Some("street_light"), AreaLevel::County), Host::Unit("urban_management".to_owned()));
    // By its first-level category.
    assert_eq!(host(Some("fire_hazard"), AreaLevel::County), Host::Unit("emergency".to_owned()));
    assert_eq!(host(Some("fire_hazard"), AreaLevel::Grid), Host::Seat);
    assert!(playbook.responsible(None, AreaLevel::City).is_none());
}

#[test]
fn what_was_taken_back_up_sits_at_the_county_whatever_its_weight() {
    let category =
        "[[categories]]\ncode = 'illegal_building'\nparent = 'order'\nname = '违法建设'\nduty = 'taken_back'";
    let line = "[[responsibilities]]\ncategory = 'illegal_building'\nlevel = 'county'\nhost = 'urban_management'\nduty = 'taken_back'\nbasis = '清单'";
    let loaded = on_base(&[("categories.toml", category), ("responsibilities.toml", line)]);
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    let playbook = loaded.playbook;
    let code = Some("illegal_building");
    assert_eq!(playbook.first_level(code, Weight::Micro), AreaLevel::County);
    assert!(!playbook.may_sit_at(code, AreaLevel::Street));
    assert!(!playbook.may_sit_at(code, AreaLevel::Grid));
    assert!(playbook.may_sit_at(code, AreaLevel::County));
    assert!(playbook.may_sit_at(Some("noise"), AreaLevel::Grid));
    assert_eq!(playbook.first_level(Some("noise"), Weight::Micro), AreaLevel::Grid);
}

#[test]
fn a_text_suggests_categories_and_says_why() {
    let playbook = base();
    let suggestions = playbook.suggest_categories("小区门口的路灯不亮，旁边还有人占道停车");
    let codes: Vec<&str> = suggestions.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["street_light", "parking"]);
    assert_eq!(suggestions[1].words, ["停车", "占道"]);
    assert!(playbook.suggest_categories("你好").is_empty());
    // What residents may not choose is not suggested, nor what has categories below it.
    assert!(playbook.suggest_categories("公共设施").is_empty());
}

#[test]
fn a_category_is_read_with_the_one_above_it() {
    let playbook = base();
    assert_eq!(playbook.category_path("street_light").as_deref(), Some("公共设施 / 路灯照明"));
    assert_eq!(playbook.category_path("facilities").as_deref(), Some("公共设施"));
    assert_eq!(playbook.category_path("nothing"), None);
}
