//! What is reported when, where, by whom, and what shall become of it.

mod moments;

use std::collections::{BTreeMap, BTreeSet};

use linli_civic::areas::synth::Chance;
use linli_kernel::{AreaLevel, Channel, Timestamp, Weight};
use linli_playbook::{Host, Playbook};

use super::chance::Draw;
use super::duty::local;
use super::ground::{Ground, Neighbourhood, Spot};
use super::scenes::{self, Stop};
use super::texts::Texts;
use super::words::{Slots, dressed};

const HOUR_MS: i64 = 3_600_000;
/// Share of cases in communities that have no grids yet.
const ELSEWHERE: f64 = 0.015;
/// Share of matters that an office closes with advice, by ground of the flow's close form.
const CLOSED_BY: [(&str, f64); 6] = [
    ("court", 0.002),
    ("reconsideration", 0.001),
    ("arbitration", 0.001),
    ("not_verifiable", 0.005),
    ("withdrawn", 0.006),
    ("not_ours", 0.002),
];
const WITHDRAWN: f64 = 0.012;
/// Share of what reaches a community that it gives down to a grid; with what grids get at once, about 80 % is settled there.
const GIVEN_DOWN: f64 = 0.97;
/// Share of cases for which a department is called, if they reach a community or a street.
const CALLED: f64 = 0.03;
/// Share of matters of usual weight that are small after all: whoever writes them down says so.
const LIGHTER: f64 = 0.5;
/// Words tried for a report before it may repeat another.
const TRIES: u32 = 12;
/// Share of the public's reports that name no category.
const UNSURE: f64 = 0.10;

/// One report that will be made.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// About what, though the reporter may not say so.
    pub category: String,
    /// Its first-level category.
    pub parent: String,
    /// Where.
    pub spot: Spot,
    /// How it comes.
    pub channel: Channel,
    /// What is said.
    pub text: String,
    /// The words of this case.
    pub slots: Slots,
    /// How heavy it really is.
    pub weight: Weight,
    /// The invented phone.
    pub phone: Option<String>,
    /// How the reporter signs.
    pub name: Option<String>,
    /// Photos that come with it.
    pub n_photos: u32,
    /// What shall become of it.
    pub fate: Fate,
}

/// What shall become of a case, as far as the engine lets it.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// The reporter names no category.
    pub unsure: bool,
    /// The community gives it down to a grid.
    pub given_down: bool,
    /// The resident is asked …
    pub asked: bool,
    /// … and never answers.
    pub unanswered: bool,
    /// Progress notes.
    pub n_notes: u32,
    /// A note of the resident's own.
    pub resident_note: bool,
    /// Goes sideways.
    pub handed_on: bool,
    /// Goes back.
    pub sent_back: bool,
    /// Goes up by hand.
    pub escalated: bool,
    /// Nobody signs in time.
    pub unsigned: bool,
    /// Nobody finishes in time.
    pub overdue: bool,
    /// Nobody checks in time.
    pub checked_late: bool,
    /// The check fails once.
    pub rejected: bool,
    /// Rated; satisfied or not.
    pub rated: Option<bool>,
    /// The same as an earlier report.
    pub same_as: Option<usize>,
    /// The resident takes it back.
    pub withdrawn: bool,
    /// Closed by an office with advice.
    pub closed_by: Option<String>,
    /// The handler adds a photo.
    pub photo_after: bool,
    /// The community or the street calls on this unit.
    pub to_unit: Option<String>,
    /// The community cannot say who shall do it.
    pub up_at_reception: bool,
    /// Everything happens within minutes.
    pub brisk: bool,
    /// Nothing happens from here on.
    pub stop: Option<Stop>,
    /// The account that takes it, where it sits at the seat.
    pub hands: Option<String>,
    /// What is done with it once it stands where it shall stop; a script of `loop.toml`.
    pub then: Option<String>,
}

/// How long, how many, until when.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The end of the story: the present.
    pub now: Timestamp,
    /// Days told.
    pub days: i64,
    /// Cases told.
    pub cases: usize,
}

impl Frame {
    /// When the story begins.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.now.plus_ms(-self.days * 24 * HOUR_MS)
    }
}

/// Draws every report of the story, in order of time. The same frame, the same reports.
#[must_use]
pub fn arrivals(texts: &Texts, ground: &Ground, book: &Playbook, frame: Frame) -> Vec<Arrival> {
    let mut chance = Chance::of("the reports of the demo");
    let parents: BTreeMap<&str, &str> =
        book.leaves().filter_map(|leaf| Some((leaf.code.as_str(), leaf.parent.as_deref()?))).collect();
    let n_drawn = frame.cases.saturating_sub(scenes::count());
    let mut moments = moments::draw(&texts.mix, &parents, Frame { cases: n_drawn, ..frame }, &mut chance);
    moments.sort();
    let elsewhere = elsewhere(ground);
    let mut planner = Planner {
        texts,
        parents: parents.clone(),
        places: &ground.neighbourhoods,
        elsewhere: &elsewhere,
        book,
        chance,
        n_major: 0,
        next_phone: texts.people.phones.reporters_from.parse().unwrap_or(19_900_005_000),
        phones: Vec::new(),
        left: BTreeMap::new(),
        said: BTreeSet::new(),
    };
    let mut out: Vec<Arrival> = Vec::with_capacity(moments.len());
    for (at, category) in moments {
        let parent = parents.get(category.as_str()).copied().unwrap_or_default().to_owned();
        if let Some(arrival) = planner.arrival(at, category, parent, &out) {
            out.push(arrival);
        }
    }
    let arranged = planner.arranged(ground, frame);
    in_order(out, arranged)
}

/// Both in order of time; who is the same as whom is told by the new places.
fn in_order(drawn: Vec<Arrival>, arranged: Vec<Arrival>) -> Vec<Arrival> {
    let mut all: Vec<(usize, Arrival)> = drawn.into_iter().chain(arranged).enumerate().collect();
    all.sort_by_key(|(before, arrival)| (arrival.at, *before));
    let places: BTreeMap<usize, usize> = all.iter().enumerate().map(|(after, (before, _))| (*before, after)).collect();
    let mut out: Vec<Arrival> = all.into_iter().map(|(_, arrival)| arrival).collect();
    for arrival in &mut out {
        arrival.fate.same_as = arrival.fate.same_as.and_then(|before| places.get(&before).copied());
    }
    out
}

/// Communities without grids, as places to report from.
fn elsewhere(ground: &Ground) -> Vec<Neighbourhood> {
    ground
        .around
        .iter()
        .filter(|(code, _)| code.as_str().starts_with("6105"))
        .filter_map(|(code, point)| {
            // Their roads and landmarks are those of the neighbouring community with grids.
            let near = ground
                .neighbourhoods
                .iter()
                .find(|own| own.code.at(AreaLevel::Street) == code.at(AreaLevel::Street))?;
            let name = ground.areas.iter().find(|area| area.code == *code)?.short_name.clone();
            let spot = Spot {
                area: *code,
                qr: None,
                point: *point,
                compound: name,
                building: String::new(),
                unit: String::new(),
                lift: false,
                homes: true,
            };
            let spots = (1..=12).map(|nth| Spot { building: format!("{nth}号楼"), ..spot.clone() }).collect();
            Some(Neighbourhood {
                code: *code,
                share: 0.0,
                spots,
                grids: Vec::new(),
                micro_grids: Vec::new(),
                ..near.clone()
            })
        })
        .collect()
}

/// Draws one report after the other.
pub struct Planner<'a> {
    texts: &'a Texts,
    parents: BTreeMap<&'a str, &'a str>,
    places: &'a [Neighbourhood],
    elsewhere: &'a [Neighbourhood],
    book: &'a Playbook,
    chance: Chance,
    n_major: u32,
    next_phone: u64,
    phones: Vec<(String, Option<String>)>,
    /// Texts of a category in the order in which they are used; a new round begins when all were.
    left: BTreeMap<(String, &'static str), Vec<usize>>,
    /// What was said so far.
    said: BTreeSet<String>,
}

impl<'a> Planner<'a> {
    fn arrival(&mut self, at: Timestamp, category: String, parent: String, earlier: &[Arrival]) -> Option<Arrival> {
        let mix = &self.texts.mix;
        let same_as = self.same_as(at, earlier);
        let original = same_as.and_then(|nth| earlier.get(nth));
        let (category, parent) =
            original.map_or((category, parent), |first| (first.category.clone(), first.parent.clone()));
        let place = self.place()?;
        let spot = match original {
            Some(first) => first.spot.clone(),
            None => self.spot(place, &category, &parent)?,
        };
        let usual = self.book.category(&category).map_or(Weight::Micro, |category| category.default_weight);
        let weight = original.map_or_else(|| self.weight(usual), |first| first.weight);
        let slots = match original {
            Some(first) => first.slots.clone(),
            None => Slots::at(mix, place, &spot, local(at), &mut self.chance),
        };
        let channel = self.channel(&parent, &spot, at);
        let text = self.text(&category, &slots, &spot, weight > usual && weight >= Weight::Larger);
        let (phone, name) = self.reporter(channel);
        let can_show = matches!(channel, Channel::Web | Channel::Qr | Channel::Visit);
        let n_photos =
            if can_show && self.chance.hits(mix.reporter.photo_share) { self.chance.number(1, 2) } else { 0 };
        let mut fate = self.fate(usual, weight, channel, same_as);
        fate.to_unit = self.unit_called(&category);
        Some(Arrival { at, category, parent, spot, channel, text, slots, weight, phone, name, n_photos, fate })
    }

    /// A report of which everything but the words is given.
    pub fn placed(
        &mut self,
        at: Timestamp,
        category: &str,
        channel: Channel,
        weight: Option<Weight>,
        place: &Neighbourhood,
        spot: Spot,
        fate: Fate,
    ) -> Arrival {
        let usual = self.book.category(category).map_or(Weight::Micro, |category| category.default_weight);
        let weight = weight.unwrap_or(usual);
        let slots = Slots::at(&self.texts.mix, place, &spot, local(at), &mut self.chance);
        let text = self.text(category, &slots, &spot, weight > usual && weight >= Weight::Larger);
        let (phone, name) = self.reporter(channel);
        let n_photos = u32::from(matches!(channel, Channel::Web | Channel::Qr | Channel::Visit));
        let parent = self.parents.get(category).copied().unwrap_or_default().to_owned();
        let category = category.to_owned();
        Arrival { at, category, parent, spot, channel, text, slots, weight, phone, name, n_photos, fate }
    }

    /// The department that the responsibility list names, for a few: the street whistles, departments report in.
    fn unit_called(&mut self, category: &str) -> Option<String> {
        if !self.chance.hits(CALLED) {
            return None;
        }
        match &self.book.responsible(Some(category), AreaLevel::County)?.host {
            Host::Unit(code) => Some(code.clone()),
            Host::Seat => None,
        }
    }

    fn place(&mut self) -> Option<&'a Neighbourhood> {
        if self.chance.hits(ELSEWHERE)
            && let Some(place) = self.chance.pick(self.elsewhere)
        {
            return Some(place);
        }
        let chosen = self.chance.weighted(self.places.iter().map(|place| place.share));
        self.places.get(chosen)
    }

    /// Lifts break down where there are lifts, stalls stand where there are shops.
    fn spot(&mut self, place: &Neighbourhood, category: &str, parent: &str) -> Option<Spot> {
        let by_the_street = matches!(parent, "city_order" | "market" | "traffic") && self.chance.hits(0.35);
        let fits = |spot: &&Spot| match category {
            "lift" => spot.lift,
            _ if by_the_street => !spot.homes,
            _ => spot.homes,
        };
        let fitting: Vec<&Spot> = place.spots.iter().filter(fits).collect();
        let found = self.chance.pick(&fitting).map(|spot| (*spot).clone());
        found.or_else(|| self.chance.pick(&place.spots).cloned())
    }

    /// A report of the same thing by another neighbour, soon after the first.
    fn same_as(&mut self, at: Timestamp, earlier: &[Arrival]) -> Option<usize> {
        if !self.chance.hits(self.texts.mix.outcomes.merged) {
            return None;
        }
        let recent: Vec<usize> = earlier
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, first)| at.since(first.at) < 20 * HOUR_MS)
            .filter(|(_, first)| {
                at.since(first.at) > HOUR_MS / 2 && first.fate.same_as.is_none() && !first.fate.withdrawn
            })
            .map(|(nth, _)| nth)
            .collect();
        self.chance.pick(&recent).copied()
    }

    fn weight(&mut self, usual: Weight) -> Weight {
        let heavier = &self.texts.mix.heavier;
        let steps = match self.chance.unit() {
            drawn if drawn < heavier.two_steps => 2,
            drawn if drawn < heavier.two_steps + heavier.one_step => 1,
            drawn if usual == Weight::General && drawn > 1.0 - LIGHTER => return Weight::Micro,
            _ => 0,
        };
        let mut weight = usual;
        for _ in 0..steps {
            weight = match weight {
                Weight::Micro => Weight::General,
                Weight::General => Weight::Larger,
                Weight::Larger | Weight::Major => Weight::Major,
            };
        }
        if weight == Weight::Major && self.n_major >= heavier.major_at_most {
            return usual;
        }
        self.n_major += u32::from(weight == Weight::Major);
        weight
    }

    fn text(&mut self, category: &str, slots: &Slots, spot: &Spot, serious: bool) -> String {
        let mix = &self.texts.mix;
        let Some(words) = self.texts.reports.get(category) else { return category.to_owned() };
        let is_local = mix.local_prefixes.iter().any(|prefix| spot.area.as_str().starts_with(prefix.as_str()));
        let (list, kind) = if serious && !words.serious.is_empty() {
            (&words.serious, "serious")
        } else if is_local && !words.local.is_empty() && self.chance.hits(mix.local_share) {
            (&words.local, "local")
        } else {
            (&words.reports, "reports")
        };
        // No two neighbours say the same thing in the same words: another template, other words around it.
        let mut said = String::new();
        for again in 0..TRIES {
            let left = self.left.entry((category.to_owned(), kind)).or_default();
            if left.is_empty() {
                left.extend(0..list.len());
            }
            let at = self.chance.number(0, u32::try_from(left.len().saturating_sub(1)).unwrap_or(0));
            let template = left.swap_remove(usize::try_from(at).unwrap_or(0));
            let template = list.get(template).map_or(category, String::as_str);
            let text = slots.fill(template, &[], &mut self.chance);
            said = dressed(&self.texts.talk, text, again > 0, &mut self.chance);
            if self.said.insert(said.clone()) {
                break;
            }
        }
        said
    }

    fn channel(&mut self, parent: &str, spot: &Spot, at: Timestamp) -> Channel {
        let channels = &self.texts.mix.channels;
        let Some(shares) = channels.get(parent).or_else(|| channels.get("any")) else { return Channel::Web };
        let chosen = self.chance.weighted(shares.values().copied());
        let channel = shares.keys().nth(chosen).and_then(|word| word.parse().ok()).unwrap_or(Channel::Web);
        let said = local(at);
        let is_open = said.weekday().to_monday_one_offset() <= 5 && (8..18).contains(&said.hour());
        match channel {
            Channel::Qr if spot.qr.is_none() => Channel::Web,
            // The counter is open in office hours, visits are made by day, and at night only the hotline answers.
            Channel::Counter if !is_open => Channel::Web,
            Channel::Visit if !(8..21).contains(&said.hour()) => Channel::Web,
            Channel::Phone if !(7..22).contains(&said.hour()) => Channel::Hotline,
            other => other,
        }
    }

    fn reporter(&mut self, channel: Channel) -> (Option<String>, Option<String>) {
        let mix = &self.texts.mix.reporter;
        // Whoever calls has a number.
        let leaves_phone = matches!(channel, Channel::Phone | Channel::Hotline) || self.chance.hits(mix.phone_share);
        let name = self.chance.hits(mix.name_share).then(|| self.signature());
        if !leaves_phone {
            return (None, name);
        }
        if self.chance.hits(mix.repeat_share)
            && let Some((phone, known)) = self.chance.pick(&self.phones)
        {
            return (Some(phone.clone()), known.clone());
        }
        let phone = self.next_phone.to_string();
        self.next_phone += 1;
        self.phones.push((phone.clone(), name.clone()));
        (Some(phone), name)
    }

    fn signature(&mut self) -> String {
        let surnames = &self.texts.people.surnames;
        let chosen = self.chance.weighted(surnames.iter().map(|surname| surname.weight));
        let surname = surnames.get(chosen).map_or("王", |surname| surname.name.as_str());
        let pattern = self.chance.pick(&self.texts.talk.anonymous_names.patterns);
        pattern.map_or_else(|| surname.to_owned(), |pattern| pattern.replace("{surname}", surname))
    }

    fn fate(&mut self, usual: Weight, weight: Weight, channel: Channel, same_as: Option<usize>) -> Fate {
        let outcomes = &self.texts.mix.outcomes;
        let chance = &mut self.chance;
        let by_public = matches!(channel, Channel::Web | Channel::Qr);
        let mut left = chance.unit();
        let mut closed_by = None;
        for (ground, share) in CLOSED_BY {
            if left >= 0.0 && left < share {
                closed_by = Some(ground.to_owned());
            }
            left -= share;
        }
        let n_notes =
            if chance.hits(outcomes.commented) { 1 + chance.number(0, 5) / 3 + chance.number(0, 3) / 3 } else { 0 };
        let asked = chance.hits(outcomes.asked);
        Fate {
            // The public cannot say how heavy it is: a clerk reads it first.
            unsure: by_public && (weight != usual || chance.hits(UNSURE)),
            given_down: chance.hits(GIVEN_DOWN),
            asked,
            unanswered: asked && chance.hits(outcomes.unanswered),
            n_notes,
            resident_note: chance.hits(0.06),
            handed_on: chance.hits(outcomes.handed_on),
            sent_back: chance.hits(outcomes.sent_back),
            escalated: chance.hits(outcomes.escalated_by_hand),
            unsigned: chance.hits(outcomes.escalated_by_deadline),
            overdue: chance.hits(outcomes.late / 2.0),
            checked_late: chance.hits(outcomes.late / 2.0),
            rejected: chance.hits(outcomes.rejected),
            rated: chance.hits(outcomes.rated).then(|| chance.hits(outcomes.satisfied)),
            same_as,
            withdrawn: chance.hits(WITHDRAWN),
            closed_by,
            photo_after: chance.hits(0.35),
            ..Fate::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use linli_kernel::{Action, CaseKind};
    use linli_playbook::FieldKind;

    use super::*;

    #[test]
    fn every_ground_of_closing_is_one_that_the_flow_knows_and_has_words() {
        let sources = crate::open::playbook_sources(None).unwrap();
        let book = linli_playbook::load(&sources, "weinan").unwrap().playbook;
        let closes = book.flow(CaseKind::Request).unwrap().actions.iter().filter(|def| def.verb == Action::Close);
        let grounds = closes.flat_map(|def| &def.form).filter_map(|field| match &field.kind {
            FieldKind::Ground { options } => Some(options),
            _ => None,
        });
        let known: Vec<&str> = grounds.flatten().map(|option| option.value.as_str()).collect();
        let texts = Texts::load().unwrap();
        for (ground, _) in CLOSED_BY {
            assert!(known.contains(&ground), "{ground} is none of {known:?}");
            assert!(texts.ends.close.contains_key(ground), "no words for {ground}");
        }
    }
}
