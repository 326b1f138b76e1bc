//! From templates to what people said.

use jiff::civil::DateTime;

use linli_civic::areas::synth::Chance;

use super::chance::Draw;
use super::ground::{Neighbourhood, Spot};
use super::texts::{Mix, Talk};

/// What fills the slots of one case; the same words throughout.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    compound: String,
    building: String,
    unit: String,
    road: String,
    landmark: String,
    time: String,
}

impl Slots {
    /// For a matter at `spot`, said at `said` (Beijing time).
    #[must_use]
    pub fn at(mix: &Mix, place: &Neighbourhood, spot: &Spot, said: DateTime, chance: &mut Chance) -> Self {
        let fits: Vec<&str> = mix
            .time
            .phrases
            .iter()
            .filter(|phrase| (phrase.from..phrase.to).contains(&said.hour()))
            .map(|phrase| phrase.text.as_str())
            .collect();
        let pick = |chance: &mut Chance, of: &[String]| chance.pick(of).cloned().unwrap_or_default();
        Self {
            compound: spot.compound.clone(),
            building: spot.building.clone(),
            unit: spot.unit.clone(),
            road: pick(chance, &place.roads),
            landmark: pick(chance, &place.landmarks),
            time: chance.pick(&fits).copied().unwrap_or("刚才").to_owned(),
        }
    }

    /// Where, in words: 红旗小区3号楼2单元.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}{}{}", self.compound, self.building, self.unit)
    }

    /// Fills a template; `more` are slots that belong to the moment.
    #[must_use]
    pub fn fill(&self, template: &str, more: &[(&str, &str)], chance: &mut Chance) -> String {
        let mut out = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            match name {
                "compound" => out.push_str(&self.compound),
                "building" => out.push_str(&self.building),
                "unit" => out.push_str(&self.unit),
                "road" => out.push_str(&self.road),
                "landmark" => out.push_str(&self.landmark),
                "time" => out.push_str(&self.time),
                "n" => out.push_str(&chance.number(2, 9).to_string()),
                _ => out.push_str(more.iter().find(|(slot, _)| *slot == name).map_or("", |(_, value)| value)),
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

/// Puts a greeting or a request around a short report, so that 3,000 of them do not sound alike; `surely` where it would repeat
/// another.
#[must_use]
pub fn dressed(talk: &Talk, text: String, surely: bool, chance: &mut Chance) -> String {
    let style = &talk.style;
    let is_plain = text.chars().count() < style.max_chars && !style.never_with.iter().any(|word| text.contains(word));
    let mut text = text;
    if is_plain && (chance.hits(style.opening_share) || surely) {
        text.insert_str(0, chance.pick(&style.openings).map_or("", String::as_str));
    }
    if is_plain && (chance.hits(style.closing_share) || surely && chance.hits(0.5)) {
        if text.ends_with(|last: char| last.is_alphanumeric()) {
            text.push('，');
        }
        text.push_str(chance.pick(&style.closings).map_or("", String::as_str));
    }
    text
}

/// 10月9日
#[must_use]
pub fn day(at: DateTime) -> String {
    format!("{}月{}日", at.month(), at.day())
}

/// 10月9日15时20分
#[must_use]
pub fn moment(at: DateTime) -> String {
    format!("{}月{}日{}时{:02}分", at.month(), at.day(), at.hour(), at.minute())
}

/// The first entry that the report's own words call for, or one that fits any report.
#[must_use]
pub fn fitting<'a, T>(of: &'a [T], when: impl Fn(&T) -> &[String], said: &str, chance: &mut Chance) -> Option<&'a T> {
    let called = of.iter().find(|entry| when(entry).iter().any(|word| said.contains(word.as_str())));
    called.or_else(|| {
        let any: Vec<&T> = of.iter().filter(|entry| when(entry).is_empty()).collect();
        chance.pick(&any).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_an_unknown_slot_leaves_nothing_behind() {
        let slots = Slots { building: "3号楼".to_owned(), ..Slots::default() };
        let mut chance = Chance::of("test");
        assert_eq!(
            slots.fill("{building}门口，{worker}到了{what}。", &[("worker", "党晓燕")], &mut chance),
            "3号楼门口，党晓燕到了。"
        );
        let counted = slots.fill("{n}盏", &[], &mut chance);
        assert!(counted.ends_with('盏') && counted.chars().count() == 2, "{counted}");
    }

    #[test]
    fn the_words_of_a_report_choose_the_reply() {
        let entries = [vec!["树叶".to_owned()], vec![]];
        let mut chance = Chance::of("test");
        let chosen = fitting(&entries, |entry| entry, "路灯被树叶挡住", &mut chance);
        assert_eq!(chosen, Some(&entries[0]));
        assert_eq!(fitting(&entries, |entry| entry, "不亮", &mut chance), Some(&entries[1]));
    }
}
