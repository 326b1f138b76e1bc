//! What a case counts for, told event by event; and that what is kept step by step is what all of it comes to.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use linli_kernel::{AreaCode, Timestamp};
use linli_playbook::{Sources, load};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::basis::Basis;
use super::count::{Changed, Counted, Sums, bit, count, difference};
use super::day::{Day, Grain};
use super::fold::{Facts, Told};

const GRID: &str = "610502005007001";
const COMMUNITY: &str = "610502005007";
const STREET: &str = "610502005000";
const COUNTY: &str = "610502000000";
const HOUR_MS: i64 = 3_600_000;

fn basis() -> Basis {
    static BASIS: LazyLock<Basis> = LazyLock::new(|| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks");
        Basis::of(&load(&Sources::from_dir(&folder).unwrap(), "base").unwrap().playbook)
    });
    BASIS.clone()
}

fn monday() -> Timestamp {
    "2026-09-28T09:00:00+08:00".parse().unwrap()
}

/// A case told event by event.
struct Tale {
    basis: Basis,
    told: Vec<Told>,
    at: Timestamp,
    area: AreaCode,
}

impl Tale {
    /// A lamp that is reported in a grid and given to its worker.
    fn lamp() -> Self {
        let mut tale = Self { basis: basis(), told: Vec::new(), at: monday(), area: GRID.parse().unwrap() };
        tale.say("reported", json!({ "kind": "request", "channel": "qr", "category": "street_light", "weight": "micro", "phase": "open", "to": "dispatched", "seat": seat(GRID, None) }));
        tale.say("dispatched", json!({ "to": "dispatched", "seat": seat(GRID, None) }));
        tale
    }

    fn say(&mut self, kind: &str, said: Value) -> &mut Self {
        let n = i64::try_from(self.told.len()).unwrap() + 1;
        let said = serde_json::from_value(said).unwrap();
        self.told.push(Told { n, kind: kind.to_owned(), at: self.at, area: Some(self.area), said });
        self
    }

    fn hours_later(&mut self, hours: i64) -> &mut Self {
        self.at = self.at.plus_ms(hours * HOUR_MS);
        self
    }

    /// Taken in time at the grid, settled in time, answered.
    fn settled(&mut self) -> &mut Self {
        self.hours_later(1).say("taken", json!({ "phase": "open", "to": "handling", "seat": seat(GRID, None), "met": [met("sign", monday(), false)] }));
        self.hours_later(4).say("settled", json!({ "phase": "open", "to": "verifying", "seat": seat(GRID, None), "met": [met("handle", monday(), false)] }));
        self.hours_later(2).say("verified", json!({ "phase": "settled", "to": "answered", "seat": seat(GRID, None), "met": [met("reply", monday(), false)] }))
    }

    fn rated(&mut self, solved: bool, satisfied: bool) -> &mut Self {
        self.hours_later(1).say("rated", json!({ "phase": if satisfied { "closed" } else { "open" }, "seat": seat(if satisfied { GRID } else { COMMUNITY }, None), "solved": solved, "satisfied": satisfied }));
        if !satisfied {
            self.say("reopened", json!({ "phase": "open", "seat": seat(COMMUNITY, None) }));
        }
        self
    }

    fn counted(&self) -> Vec<Counted> {
        count(&Facts::of(&self.told, &self.basis), &self.basis)
    }

    /// Above the line, below it, left out: of a figure, whenever and wherever.
    fn figure(&self, id: &str) -> (i64, i64, i64) {
        let (n, slot) = self.basis.find(id).unwrap();
        let has = |mask: i64| i64::from(mask & bit(n) != 0);
        let rows = self.counted().into_iter().filter(|counted| counted.subject == slot.subject);
        rows.fold((0, 0, 0), |(num, den, out), row| {
            (num + has(row.met), den + has(row.met) + has(row.missed), out + has(row.left_out))
        })
    }

    /// The units and days at which a figure is counted.
    fn places(&self, id: &str) -> Vec<(Option<String>, String)> {
        let (slot, _) = self.basis.find(id).unwrap();
        let rows = self.counted().into_iter().filter(|row| (row.met | row.missed | row.left_out) & bit(slot) != 0);
        rows.map(|row| (row.unit, row.day.to_string())).collect()
    }
}

fn seat(area: &str, unit: Option<&str>) -> Value {
    json!({ "area_code": area, "unit_code": unit })
}

fn met(deadline: &str, started: Timestamp, late: bool) -> Value {
    json!({ "deadline": deadline, "started": started, "late": late })
}

#[test]
fn a_case_that_was_only_reported_is_open_and_says_nothing_else() {
    let tale = Tale::lamp();
    assert_eq!(tale.figure("reported"), (1, 1, 0));
    assert_eq!(tale.figure("in_hand"), (1, 1, 0));
    assert_eq!(tale.figure("sent_back"), (0, 1, 0));
    assert_eq!(tale.figure("whistle_rate"), (0, 1, 0));
    for id in [
        "closed",
        "on_time",
        "signed_in_time",
        "solved",
        "satisfied",
        "reopened",
        "within_grid",
        "days_to_settle",
        "reached",
    ] {
        assert_eq!(tale.figure(id), (0, 0, 0), "{id}");
    }
}

#[test]
fn a_lamp_that_is_mended_counts_for_every_figure_once() {
    let mut tale = Tale::lamp();
    tale.settled().rated(true, true);
    for id in [
        "reported",
        "closed",
        "on_time",
        "signed_in_time",
        "promise_kept",
        "solved",
        "satisfied",
        "within_grid",
        "within_community",
        "within_street",
        "within_county",
        "days_to_settle",
    ] {
        assert_eq!(tale.figure(id), (1, 1, 0), "{id}");
    }
    assert_eq!(tale.figure("reopened"), (0, 1, 0));
    assert_eq!(tale.figure("in_hand"), (0, 0, 0));
    let (slot, _) = tale.basis.find("days_to_settle").unwrap();
    let took: Vec<_> =
        tale.counted().into_iter().filter(|row| row.met & bit(slot) != 0).map(|row| row.value_ms).collect();
    assert_eq!(took, [Some(7 * HOUR_MS)]);
}

#[test]
fn a_clock_that_ran_out_is_held_against_whoever_had_the_case_and_not_against_the_next() {
    let mut tale = Tale::lamp();
    let late = json!({ "deadline": "handle", "started": monday(), "seat": seat(GRID, None) });
    tale.hours_later(48).say("deadline_breached", late);
    tale.say(
        "escalated",
        json!({ "phase": "open", "seat": seat(COMMUNITY, Some("property")), "seat_before": seat(GRID, None) }),
    );
    let begun = tale.at;
    tale.hours_later(2).say(
        "settled",
        json!({ "phase": "open", "seat": seat(COMMUNITY, Some("property")), "met": [met("handle", begun, false)] }),
    );
    assert_eq!(tale.figure("on_time"), (1, 2, 0));
    let unit = Some(format!("{COMMUNITY}/property"));
    assert_eq!(tale.places("on_time"), [(None, "2026-09-30".to_owned()), (unit, "2026-09-30".to_owned())]);
}

#[test]
fn a_clock_that_ran_out_and_was_met_after_is_late_once() {
    let mut tale = Tale::lamp();
    tale.hours_later(48)
        .say("deadline_breached", json!({ "deadline": "sign", "started": monday(), "seat": seat(GRID, None) }));
    tale.hours_later(30)
        .say("taken", json!({ "phase": "open", "seat": seat(GRID, None), "met": [met("sign", monday(), true)] }));
    assert_eq!(tale.figure("signed_in_time"), (0, 1, 0));
    assert_eq!(tale.places("signed_in_time"), [(None, "2026-09-30".to_owned())]);
}

#[test]
fn a_ruling_that_overrules_corrects_the_day_of_the_send_back() {
    let mut tale = Tale::lamp();
    let unit = || seat(COUNTY, Some("urban_management"));
    tale.say("accepted", json!({ "phase": "open", "seat": unit() }));
    tale.hours_later(2)
        .say("sent_back", json!({ "phase": "open", "seat": seat(COUNTY, None), "ground": "not_our_duty" }));
    assert_eq!(tale.figure("sent_back"), (1, 2, 0));
    assert_eq!(tale.figure("overruled"), (0, 1, 0));
    tale.hours_later(24).say("dispatched", json!({ "phase": "open", "seat": unit() }));
    tale.say("objected", json!({ "phase": "open", "seat": seat(COUNTY, None) }));
    let before = tale.counted();
    tale.hours_later(24).say("ruled", json!({ "phase": "open", "seat": unit(), "upheld": false }));
    assert_eq!(tale.figure("overruled"), (1, 1, 0));
    let key = format!("{COUNTY}/urban_management");
    assert_eq!(tale.places("overruled"), [(Some(key.clone()), "2026-09-28".to_owned())]);
    // The sums of that day change, though the ruling came two days later.
    let mut sums = Changed::default();
    drop(difference(before, tale.counted(), &tale.basis, &mut sums));
    let (slot, _) = tale.basis.find("overruled").unwrap();
    let sums = sums.spread();
    let then = sums.0.get(&(key, Grain::Day, Day::of(monday()))).unwrap();
    assert_eq!((then.of(slot).num, then.of(slot).den), (1, 0));
}

#[test]
fn an_objection_that_is_upheld_was_no_wrong_send_back() {
    let mut tale = Tale::lamp();
    tale.say("sent_back", json!({ "phase": "open", "seat": seat(COMMUNITY, None) }));
    tale.say("dispatched", json!({ "phase": "open", "seat": seat(GRID, None) }));
    tale.say("objected", json!({ "phase": "open", "seat": seat(STREET, None) }));
    tale.say("ruled", json!({ "phase": "open", "seat": seat(COUNTY, Some("urban_management")), "upheld": true }));
    assert_eq!(tale.figure("overruled"), (0, 1, 0));
    assert_eq!(tale.figure("sent_back"), (1, 3, 0));
}

#[test]
fn a_case_that_is_opened_again_takes_back_that_it_was_closed_and_each_answer_of_the_resident_counts() {
    let mut tale = Tale::lamp();
    tale.settled().rated(false, false);
    assert_eq!((tale.figure("solved"), tale.figure("satisfied")), ((0, 1, 0), (0, 1, 0)));
    assert_eq!(tale.figure("reopened"), (1, 1, 0));
    assert_eq!((tale.figure("closed"), tale.figure("within_grid")), ((0, 0, 0), (0, 0, 0)));
    tale.hours_later(20).say("verified", json!({ "phase": "settled", "seat": seat(COMMUNITY, None) }));
    tale.say("rated", json!({ "phase": "closed", "seat": seat(COMMUNITY, None), "solved": true, "satisfied": true }));
    assert_eq!((tale.figure("solved"), tale.figure("satisfied")), ((1, 2, 0), (1, 2, 0)));
    assert_eq!((tale.figure("reopened"), tale.figure("closed")), ((1, 2, 0), (1, 1, 0)));
    assert_eq!((tale.figure("within_grid"), tale.figure("within_community")), ((0, 1, 0), (1, 1, 0)));
    // The second answer is counted from the reopening on.
    let (slot, _) = tale.basis.find("days_to_settle").unwrap();
    let took: Vec<_> =
        tale.counted().into_iter().filter(|row| row.met & bit(slot) != 0).map(|row| row.value_ms).collect();
    assert_eq!(took, [Some(7 * HOUR_MS), Some(20 * HOUR_MS)]);
}

#[test]
fn an_exclusion_takes_a_case_out_of_shares_and_leaves_it_in_counts() {
    let mut tale = Tale::lamp();
    tale.settled().rated(true, false);
    tale.say("closed", json!({ "phase": "closed", "seat": seat(COMMUNITY, None) }));
    tale.say("excluded", json!({ "phase": "closed", "seat": seat(COMMUNITY, None), "ground": "beyond_law" }));
    for id in ["on_time", "solved", "satisfied", "reopened", "days_to_settle", "sent_back"] {
        assert_eq!(tale.figure(id), (0, 0, 1), "{id}");
    }
    assert_eq!((tale.figure("reported"), tale.figure("closed")), ((1, 1, 0), (1, 1, 0)));
}

#[test]
fn what_follows_another_case_counts_each_where_each_caller_is_answered_and_once_where_work_is_measured() {
    let mut tale = Tale::lamp();
    tale.say("merged", json!({ "phase": "waiting", "seat": seat(GRID, None) }));
    tale.hours_later(9).say(
        "followed",
        json!({ "phase": "settled", "seat": seat(GRID, None), "met": [met("reply", monday(), false)] }),
    );
    tale.rated(true, true);
    for id in ["reported", "closed", "promise_kept", "solved", "satisfied"] {
        assert_eq!(tale.figure(id), (1, 1, 0), "{id}");
    }
    for id in ["days_to_settle", "reopened", "within_grid"] {
        assert_eq!(tale.figure(id), (0, 0, 0), "{id}");
    }
}

#[test]
fn what_stands_still_is_in_the_ledger_and_in_nobodys_hands() {
    let mut tale = Tale::lamp();
    tale.hours_later(1).say("suspended", json!({ "phase": "waiting", "seat": seat(GRID, None) }));
    assert_eq!(
        (tale.figure("suspended"), tale.figure("newly_suspended"), tale.figure("in_hand")),
        ((1, 1, 0), (1, 1, 0), (0, 0, 0))
    );
    tale.hours_later(30).say("resumed", json!({ "phase": "open", "seat": seat(GRID, None) }));
    assert_eq!(
        (tale.figure("suspended"), tale.figure("newly_suspended"), tale.figure("in_hand")),
        ((0, 0, 0), (1, 1, 0), (1, 1, 0))
    );
    // Above the grid it is in no grid worker's hands.
    tale.say("escalated", json!({ "phase": "open", "seat": seat(COMMUNITY, None) }));
    assert_eq!(tale.figure("in_hand"), (0, 0, 0));
}

#[test]
fn tries_that_reach_nobody_count_once_and_are_no_answer() {
    let mut tale = Tale::lamp();
    tale.settled();
    for _ in 0..2 {
        tale.hours_later(24).say("followed_up", json!({ "phase": "settled", "seat": seat(GRID, None), "reached": false, "solved": false, "satisfied": false }));
    }
    assert_eq!((tale.figure("reached"), tale.figure("solved")), ((0, 1, 0), (0, 0, 0)));
    tale.hours_later(24).say(
        "followed_up",
        json!({ "phase": "closed", "seat": seat(GRID, None), "reached": true, "solved": false, "satisfied": true }),
    );
    assert_eq!(
        (tale.figure("reached"), tale.figure("solved"), tale.figure("satisfied")),
        ((1, 1, 0), (0, 1, 0), (1, 1, 0))
    );
    assert_eq!(tale.places("reached"), [(None, "2026-10-01".to_owned())]);
}

#[test]
fn whoever_was_whistled_for_is_counted_by_their_own_clock() {
    let mut tale = Tale::lamp();
    let task = |id: &str, unit: &str| json!({ "id": id, "kind": "whistle", "area_code": COUNTY, "unit_code": unit });
    tale.say("whistled", json!({ "phase": "open", "seat": seat(COMMUNITY, None) }));
    tale.say("task_called", json!({ "task": task("a", "urban_management"), "whistle": "work" }));
    tale.say("task_called", json!({ "task": task("b", "housing"), "whistle": "work" }));
    let begun = tale.at;
    tale.hours_later(3).say("task_arrived", json!({ "task": task("a", "urban_management"), "seat": seat(COMMUNITY, None), "met": [met("contact", begun, false), met("arrive", begun, false)] }));
    tale.hours_later(90).say(
        "deadline_breached",
        json!({ "task": task("b", "housing"), "deadline": "arrive", "started": begun, "seat": seat(COMMUNITY, None) }),
    );
    tale.hours_later(5).say(
        "task_arrived",
        json!({ "task": task("b", "housing"), "seat": seat(COMMUNITY, None), "met": [met("arrive", begun, true)] }),
    );
    assert_eq!((tale.figure("whistle_rate"), tale.figure("arrived_in_time")), ((1, 1, 0), (1, 2, 0)));
    let units: Vec<_> = tale.places("arrived_in_time").into_iter().filter_map(|(unit, _)| unit).collect();
    assert_eq!(units, [format!("{COUNTY}/urban_management"), format!("{COUNTY}/housing")]);
    // The clocks of a task are none of the case's.
    assert_eq!(tale.figure("on_time"), (0, 0, 0));
}

#[test]
fn a_case_that_is_made_private_counts_where_it_is_answered() {
    let mut tale = Tale::lamp();
    tale.say("escalated", json!({ "phase": "open", "seat": seat(COMMUNITY, None) }));
    tale.area = COMMUNITY.parse().unwrap();
    tale.say("privacy_set", json!({ "phase": "open", "seat": seat(COMMUNITY, None) }));
    assert!(tale.counted().iter().all(|row| row.area == tale.area));
}

#[test]
fn a_case_that_went_to_court_did_not_stay_in_the_county_and_one_that_was_withdrawn_says_nothing_of_it() {
    let mut tale = Tale::lamp();
    tale.say("closed", json!({ "phase": "closed", "seat": seat(GRID, None), "ground": "court" }));
    assert_eq!((tale.figure("within_county"), tale.figure("within_grid")), ((0, 1, 0), (0, 1, 0)));
    let mut tale = Tale::lamp();
    tale.say("closed", json!({ "phase": "closed", "seat": seat(GRID, None) }));
    assert_eq!((tale.figure("within_county"), tale.figure("closed")), ((0, 0, 0), (1, 1, 0)));
}

#[test]
fn an_event_that_names_no_phase_has_that_of_its_stage() {
    let mut tale = Tale::lamp();
    tale.say("verified", json!({ "to": "answered", "seat": seat(GRID, None) }));
    assert_eq!(tale.figure("within_grid"), (1, 1, 0));
}

#[test]
fn a_figure_counts_for_every_area_above_and_for_the_unit() {
    let mut tale = Tale::lamp();
    tale.say("accepted", json!({ "phase": "open", "seat": seat(COUNTY, Some("urban_management")) }));
    let mut sums = Changed::default();
    drop(difference(Vec::new(), tale.counted(), &tale.basis, &mut sums));
    let (slot, _) = tale.basis.find("sent_back").unwrap();
    let sums = sums.spread();
    let today = Day::of(monday());
    let mut scopes: Vec<(String, i64)> = Vec::new();
    for ((scope, grain, day), tallies) in &sums.0 {
        if *grain == Grain::Day && *day == today {
            scopes.push((scope.clone(), tallies.of(slot).den));
        }
    }
    let expected = [
        ("610500000000", 2),
        (COUNTY, 2),
        ("610502000000/urban_management", 1),
        (STREET, 2),
        (COMMUNITY, 2),
        (GRID, 2),
    ];
    assert_eq!(scopes, expected.map(|(scope, n)| (scope.to_owned(), n)));
    let month = sums.0.get(&(COUNTY.to_owned(), Grain::Month, today.month())).unwrap();
    assert_eq!(month.of(slot).den, 2);
}

// ── Step by step and all at once ────────────────────────────────────────────────────────────────────────────

/// What may happen to a case, in whatever order chance has it.
fn any_event() -> impl Strategy<Value = (String, Value, i64)> {
    let kinds = vec![
        "accepted",
        "dispatched",
        "taken",
        "handed_on",
        "escalated",
        "sent_back",
        "objected",
        "ruled",
        "settled",
        "verified",
        "rejected",
        "rated",
        "reopened",
        "closed",
        "merged",
        "unmerged",
        "followed",
        "followed_up",
        "suspended",
        "resumed",
        "excluded",
        "deadline_breached",
        "task_called",
        "task_arrived",
        "privacy_set",
        "commented",
    ];
    let phases = prop::option::of(prop::sample::select(vec!["open", "waiting", "settled", "closed"]));
    let seats = prop::sample::select(vec![
        seat(GRID, None),
        seat("610502005007002", None),
        seat(COMMUNITY, None),
        seat(COMMUNITY, Some("property")),
        seat(STREET, None),
        seat(COUNTY, Some("urban_management")),
    ]);
    let weights = prop::sample::select(vec!["micro", "general", "larger", "major"]);
    let clocks =
        prop::option::of((prop::sample::select(vec!["sign", "handle", "reply", "arrive"]), 0_i64..3, any::<bool>()));
    let said = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (prop::sample::select(kinds), phases, seats, weights, clocks, said, 0_i64..60).prop_map(
        |(kind, phase, seat, weight, clock, (reached, solved, satisfied, upheld), hours)| {
            let task = kind.starts_with("task_").then(|| json!({ "id": "t", "kind": "whistle", "area_code": COUNTY, "unit_code": "urban_management" }));
            let started = |n: i64| monday().plus_ms(n * HOUR_MS);
            let said = json!({
                "phase": phase, "seat": seat, "weight": weight, "reached": reached, "solved": solved, "satisfied": satisfied,
                "upheld": upheld, "ground": if solved { "court" } else { "withdrawn" }, "task": task,
                "deadline": clock.map(|(kind, _, _)| kind), "started": clock.map(|(_, n, _)| started(n)),
                "met": clock.map(|(kind, n, late)| vec![met(kind, started(n), late)]).unwrap_or_default(),
            });
            (kind.to_owned(), said, hours)
        },
    )
}

fn any_tale() -> impl Strategy<Value = Vec<Told>> {
    let areas = prop::sample::select(vec![GRID, "610502005007002", COMMUNITY]);
    (prop::collection::vec((any_event(), areas), 0..24)).prop_map(|events| {
        let mut tale = Tale { told: Vec::new(), ..Tale::lamp() };
        for ((kind, said, hours), area) in events {
            tale.area = area.parse().unwrap();
            tale.hours_later(hours).say(&kind, said);
        }
        let mut first = Tale::lamp().told;
        let n = i64::try_from(first.len()).unwrap();
        first.extend(tale.told.into_iter().map(|told| Told { n: told.n + n, ..told }));
        first
    })
}

/// The sums, made anew from what cases count for, without any of the code that keeps them.
fn naive(cases: &[Vec<Told>], basis: &Basis) -> BTreeMap<(String, String, u8), (i64, i64, i64)> {
    let mut sums: BTreeMap<(String, String, u8), (i64, i64, i64)> = BTreeMap::new();
    for told in cases {
        for row in count(&Facts::of(told, basis), basis) {
            let mut scopes: Vec<String> = row.area.lineage().iter().map(ToString::to_string).collect();
            scopes.extend(row.unit.clone());
            for scope in scopes {
                for slot in 0..60 {
                    let has = |mask: i64| (mask >> slot) & 1;
                    let (num, missed, out) = (has(row.met), has(row.missed), has(row.left_out));
                    if num + missed + out > 0 {
                        let sum = sums.entry((scope.clone(), row.day.to_string(), slot)).or_default();
                        *sum = (sum.0 + num, sum.1 + num + missed, sum.2 + out);
                    }
                }
            }
        }
    }
    sums
}

fn told_by(sums: &Sums, is_day: impl Fn(Grain) -> bool) -> BTreeMap<(String, String, u8), (i64, i64, i64)> {
    let mut told = BTreeMap::new();
    for ((scope, grain, day), tallies) in sums.0.iter().filter(|((_, grain, _), _)| is_day(*grain)) {
        for (slot, tally) in &tallies.0 {
            assert!(*grain == Grain::Now || day.0 > 0);
            told.insert((scope.clone(), day.to_string(), *slot), (tally.num, tally.den, tally.left_out));
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to cases and however the feed is cut into batches: what is kept step by step is what all of it comes to.
    #[test]
    fn figures_kept_batch_by_batch_are_those_of_the_whole_feed(
        tales in prop::collection::vec(any_tale(), 1..5),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..120),
        cuts in prop::collection::vec(1_usize..9, 1..60),
    ) {
        let basis = basis();
        // The events of all cases, mixed, each case's own in their order.
        let mut next: Vec<usize> = vec![0; tales.len()];
        let mut feed: Vec<usize> = Vec::new();
        for pick in order.iter().map(|index| index.index(tales.len())).chain((0..tales.len()).flat_map(|case| vec![case; tales[case].len()])) {
            if next[pick] < tales[pick].len() {
                next[pick] += 1;
                feed.push(pick);
            }
        }
        let mut kept: Vec<Vec<Counted>> = vec![Vec::new(); tales.len()];
        let mut seen: Vec<usize> = vec![0; tales.len()];
        let mut sums = Changed::default();
        let mut rest = feed.as_slice();
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (batch, after) = rest.split_at((*size).min(rest.len()));
            rest = after;
            let mut touched = batch.to_vec();
            touched.iter().for_each(|case| seen[*case] += 1);
            touched.sort_unstable();
            touched.dedup();
            for case in touched {
                let counted = count(&Facts::of(&tales[case][..seen[case]], &basis), &basis);
                drop(difference(std::mem::take(&mut kept[case]), counted.clone(), &basis, &mut sums));
                kept[case] = counted;
            }
        }
        let sums = sums.spread();
        // Nothing is ever below nothing, and what is written reads back.
        for tallies in sums.0.values() {
            prop_assert_eq!(&super::codec::read(&super::codec::write(tallies).unwrap()).unwrap(), tallies);
        }
        // The same by another way of adding up.
        prop_assert_eq!(told_by(&sums, |grain| grain != Grain::Month), naive(&tales, &basis));
        // And at once.
        let mut at_once = Changed::default();
        for tale in &tales {
            drop(difference(Vec::new(), count(&Facts::of(tale, &basis), &basis), &basis, &mut at_once));
        }
        prop_assert_eq!(sums, at_once.spread());
    }

    /// A share is never more than all of what it is a share of, and nothing is both above and beside the line.
    #[test]
    fn what_is_above_the_line_is_below_it_too(tale in any_tale()) {
        let basis = basis();
        for row in count(&Facts::of(&tale, &basis), &basis) {
            prop_assert_eq!(row.met & row.missed, 0);
            prop_assert_eq!((row.met | row.missed) & row.left_out, 0);
            prop_assert!(row.met | row.missed | row.left_out > 0);
        }
    }
}
