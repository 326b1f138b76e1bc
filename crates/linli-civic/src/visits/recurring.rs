//! What notes of visits keep coming upon: pure. Notes of one place that say much the same make one group.
//!
//! - A place is the building whose printed code was scanned, else the micro-grid, else the grid, else what was known of it; the
//!   smallest place that has enough notes takes them.
//! - Alike is what [`Words::are_alike`] says, by the same measure as for cases: notes whose words suggest the same category need
//!   fewer words in common.
//! - A note joins a group where it is alike to at least half of it: two matters do not grow together over a note of both.
//! - What is written down because all was well is no matter: a clause with one of the playbook's quiet words is left out.

use std::collections::{BTreeMap, BTreeSet};

use linli_kernel::{AreaCode, AreaLevel, Timestamp, VisitId, VisitKind};

use crate::cases::similar::{Words, letters};

/// Where a clause ends.
const BREAKS: &[char] = &['，', ',', '。', '；', ';', '！', '!', '？', '?', '、', '\n', '\r', '：', ':'];
/// Before a quiet word it says the opposite: 不正常.
const NEGATIONS: &[char] = &['不', '没', '未', '欠', '非'];
/// Fewer two-character sequences than these say nothing that could be compared.
const LEAST_WORDS: usize = 2;
/// Shared words that are shown.
const MOST_SHOWN: usize = 5;

/// What one visit noted.
#[derive(Clone, Debug)]
pub struct Note {
    /// The visit.
    pub visit: VisitId,
    /// What kind of visit it was.
    pub kind: VisitKind,
    /// Where.
    pub area: AreaCode,
    /// The printed code that was scanned.
    pub place_code: Option<String>,
    /// Where, in words.
    pub place_text: String,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
    /// What was the matter.
    pub said: String,
    /// The category that the words suggest.
    pub category: Option<String>,
    /// Whether somebody decided before that nothing follows.
    pub is_dismissed: bool,
    /// Its words.
    pub words: Words,
}

/// What is the matter in a note, without what was well; `None` where nothing is left to compare.
#[must_use]
pub fn matter(note: &str, quiet: &[String]) -> Option<(String, Words)> {
    let clauses: Vec<&str> =
        note.split(BREAKS).map(str::trim).filter(|clause| !clause.is_empty() && !is_quiet(clause, quiet)).collect();
    let said = clauses.join("，");
    let words = Words::of(&said);
    (words.len() >= LEAST_WORDS).then_some((said, words))
}

fn is_quiet(clause: &str, quiet: &[String]) -> bool {
    quiet.iter().filter(|word| !word.is_empty()).any(|word| {
        clause.match_indices(word.as_str()).any(|(at, _)| {
            let before = clause.get(..at).and_then(|head| head.chars().next_back());
            before.is_none_or(|before| !NEGATIONS.contains(&before))
        })
    })
}

/// Notes of one place about one matter, the oldest first.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where.
    pub area: AreaCode,
    /// The building, where all were to one.
    pub place_code: Option<String>,
    /// The notes.
    pub notes: Vec<Note>,
}

impl Group {
    /// How many of the visits nobody decided about.
    #[must_use]
    pub fn n_new(&self) -> usize {
        self.notes.iter().filter(|note| !note.is_dismissed).count()
    }

    /// Whether it holds each of `visits`.
    #[must_use]
    pub fn holds(&self, visits: &[VisitId]) -> bool {
        visits.iter().all(|visit| self.notes.iter().any(|note| note.visit == *visit))
    }
}

/// A place, the smallest kinds first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Building(AreaCode, String),
    Area(AreaCode),
}

type SpotOf<'a> = &'a dyn Fn(&Note) -> Option<Spot>;

/// Groups of at least `least` notes, the one that came last first. Those about which everything was decided are left out.
#[must_use]
pub fn groups(mut notes: Vec<Note>, least: usize) -> Vec<Group> {
    notes.sort_by_key(|note| note.visit);
    let building = |note: &Note| note.place_code.clone().map(|code| Spot::Building(note.area, code));
    let micro = |note: &Note| (note.area.level() > AreaLevel::Grid).then_some(Spot::Area(note.area));
    let grid = |note: &Note| Some(Spot::Area(note.area.at(note.area.level().min(AreaLevel::Grid))));
    let steps: [SpotOf<'_>; 3] = [&building, &micro, &grid];
    let mut found = Vec::new();
    for spot_of in steps {
        let mut rest = Vec::new();
        let mut spots: BTreeMap<Spot, Vec<Note>> = BTreeMap::new();
        for note in notes {
            match spot_of(&note) {
                Some(spot) => spots.entry(spot).or_default().push(note),
                None => rest.push(note),
            }
        }
        for (spot, notes) in spots {
            let (full, short) = alike(notes).into_iter().partition::<Vec<_>, _>(|group| group.len() >= least);
            rest.extend(short.into_iter().flatten());
            found.extend(full.into_iter().map(|notes| group(&spot, notes)));
        }
        rest.sort_by_key(|note| note.visit);
        notes = rest;
    }
    found.retain(|group| group.n_new() > 0);
    found.sort_by_key(|group| std::cmp::Reverse(group.notes.last().map(|note| note.visit)));
    found
}

fn group(spot: &Spot, notes: Vec<Note>) -> Group {
    match spot {
        Spot::Building(area, code) => Group { area: *area, place_code: Some(code.clone()), notes },
        Spot::Area(area) => Group { area: *area, place_code: None, notes },
    }
}

/// Notes of one place by what they say.
fn alike(notes: Vec<Note>) -> Vec<Vec<Note>> {
    let mut groups: Vec<Vec<Note>> = Vec::new();
    for note in notes {
        let fit = |group: &Vec<Note>| {
            let n = group.iter().filter(|other| is_same_matter(&note, other)).count();
            (n * 2 >= group.len()).then_some(n).filter(|n| *n > 0)
        };
        let best = groups.iter().enumerate().filter_map(|(at, group)| Some((fit(group)?, at))).max_by_key(|(n, _)| *n);
        match best.and_then(|(_, at)| groups.get_mut(at)) {
            Some(group) => group.push(note),
            None => groups.push(vec![note]),
        }
    }
    groups
}

fn is_same_matter(a: &Note, b: &Note) -> bool {
    a.words.are_alike(&b.words, a.category.is_some() && a.category == b.category)
}

/// The words that most of `texts` have, in the order of the text that has most of them.
#[must_use]
pub fn shared(texts: &[String]) -> Vec<String> {
    let words: Vec<Words> = texts.iter().map(|text| Words::of(text)).collect();
    let is_shared = |pair: (char, char)| {
        let n = words.iter().filter(|words| words.has(pair)).count();
        n > 1 && n * 3 >= words.len() * 2
    };
    let runs = texts.iter().map(|text| runs(text, &is_shared)).max_by_key(|runs| {
        let n: usize = runs.iter().map(|run| run.chars().count()).sum();
        n
    });
    let mut seen = BTreeSet::new();
    let mut runs: Vec<String> = runs.unwrap_or_default().into_iter().filter(|run| seen.insert(run.clone())).collect();
    runs.truncate(MOST_SHOWN);
    runs
}

/// The stretches of a text all of whose neighbouring characters are shared.
fn runs(text: &str, is_shared: &impl Fn((char, char)) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    // A break in the text is a break in the words: what stands on either side of it is no word.
    for part in text.split(|c: char| !c.is_alphanumeric()) {
        let mut run = String::new();
        let mut before: Option<char> = None;
        for letter in letters(part) {
            if before.is_some_and(|before| is_shared((before, letter))) {
                if run.is_empty() {
                    run.extend(before);
                }
                run.push(letter);
            } else if !run.is_empty() {
                found.push(std::mem::take(&mut run));
            }
            before = Some(letter);
        }
        if !run.is_empty() {
            found.push(run);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: &str = "610502005007001";

    fn quiet() -> Vec<String> {
        ["正常", "未发现", "已劝导"].map(str::to_owned).to_vec()
    }

    fn note(n: u32, area: &str, building: Option<&str>, text: &str) -> Note {
        let (said, words) = matter(text, &quiet()).unwrap();
        Note {
            visit: format!("019a5f0e-7c3a-7000-8000-{n:012}").parse().unwrap(),
            kind: VisitKind::Patrol,
            area: area.parse().unwrap(),
            place_code: building.map(str::to_owned),
            place_text: String::new(),
            captured_at: Timestamp::from_ms(i64::from(n)),
            received_at: Timestamp::from_ms(i64::from(n)),
            said,
            category: None,
            is_dismissed: false,
            words,
        }
    }

    fn numbers(group: &Group) -> Vec<i64> {
        group.notes.iter().map(|note| note.received_at.ms()).collect()
    }

    #[test]
    fn what_was_well_is_no_matter_and_its_opposite_is() {
        assert_eq!(matter("楼道灯正常，未发现隐患。", &quiet()), None);
        assert_eq!(matter("门禁正常，楼道堆放杂物", &quiet()).unwrap().0, "楼道堆放杂物");
        assert_eq!(matter("电梯运行不正常", &quiet()).unwrap().0, "电梯运行不正常");
        assert_eq!(matter("好", &quiet()), None);
    }

    #[test]
    fn alike_notes_of_one_place_make_a_group_and_others_do_not() {
        let found = groups(
            vec![
                note(1, GRID, None, "二单元楼道堆放杂物"),
                note(2, GRID, None, "楼道又堆放杂物，门禁正常"),
                note(3, GRID, None, "下水道返水"),
                note(4, GRID, None, "楼道还是堆放杂物没人清"),
                note(5, "610502005007002", None, "楼道堆放杂物"),
            ],
            3,
        );
        assert_eq!(found.iter().map(numbers).collect::<Vec<_>>(), [vec![1, 2, 4]]);
        let texts: Vec<String> = found.first().unwrap().notes.iter().map(|note| note.said.clone()).collect();
        assert_eq!(shared(&texts), ["楼道", "堆放杂物"]);
    }

    #[test]
    fn the_smallest_place_with_enough_notes_takes_them() {
        let micro = "610502005007001001";
        let text = "楼道堆放杂物";
        let found = groups(
            vec![
                note(1, GRID, Some("RQ3H"), text),
                note(2, GRID, Some("RQ3H"), text),
                note(3, GRID, Some("RQ5H"), text),
                note(4, micro, None, text),
                note(5, GRID, Some("RQ3H"), text),
            ],
            2,
        );
        let places: Vec<_> = found.iter().map(|group| (group.place_code.as_deref(), numbers(group))).collect();
        assert_eq!(places, [(Some("RQ3H"), vec![1, 2, 5]), (None, vec![3, 4])]);
        assert_eq!(found.last().unwrap().area.to_string(), GRID);
    }

    #[test]
    fn a_note_of_two_matters_does_not_make_them_one() {
        let (clutter, drain) = ("楼道堆放杂物", "下水道返水外溢");
        let both = format!("{clutter}，{drain}");
        let mut notes: Vec<Note> = (1..=3).map(|n| note(n, GRID, None, clutter)).collect();
        notes.extend((4..=6).map(|n| note(n, GRID, None, drain)));
        notes.push(note(7, GRID, None, &both));
        let found = groups(notes, 3);
        assert_eq!(found.len(), 2);
        assert_eq!(found.iter().map(|group| group.notes.len()).sum::<usize>(), 7);
    }

    #[test]
    fn what_was_dismissed_comes_back_with_a_new_note_alone() {
        let mut notes: Vec<Note> = (1..=3).map(|n| note(n, GRID, None, "楼道堆放杂物")).collect();
        for note in &mut notes {
            note.is_dismissed = true;
        }
        assert!(groups(notes.clone(), 3).is_empty());
        notes.push(note(4, GRID, None, "楼道堆放杂物"));
        let found = groups(notes, 3);
        assert_eq!(found.iter().map(|group| (group.notes.len(), group.n_new())).collect::<Vec<_>>(), [(4, 1)]);
    }
}
