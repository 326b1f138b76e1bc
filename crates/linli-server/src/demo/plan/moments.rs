//! When what is reported: every hour weighs by season, weekday and time of day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use linli_civic::areas::synth::Chance;
use linli_kernel::Timestamp;

use super::super::chance::Draw;
use super::super::duty::local;
use super::super::texts::{Mix, Season};
use super::{Frame, HOUR_MS};

/// Moments and categories: every hour weighs by season, weekday and time of day.
pub fn draw(mix: &Mix, parents: &BTreeMap<&str, &str>, frame: Frame, chance: &mut Chance) -> Vec<(Timestamp, String)> {
    let hours = frame.days * 24;
    let curves: BTreeMap<&str, Vec<f64>> = mix
        .weights
        .keys()
        .map(|category| {
            let parent = parents.get(category.as_str()).copied().unwrap_or_default();
            let curve = [category.as_str(), parent, "any"].iter().find_map(|key| mix.hours.get(*key));
            let curve = curve.cloned().unwrap_or_else(|| vec![1.0; 24]);
            let total: f64 = curve.iter().sum();
            (category.as_str(), curve.into_iter().map(|hour| hour / total).collect())
        })
        .collect();
    let mut slots: Vec<(i64, Vec<f64>)> = Vec::new();
    for nth in 0..hours {
        let start = frame.start().plus_ms(nth * HOUR_MS);
        let said = local(start);
        let weekday = usize::try_from(said.weekday().to_monday_zero_offset()).unwrap_or(0);
        let day = mix.weekdays.factors.get(weekday).copied().unwrap_or(1.0);
        let hour = usize::try_from(said.hour()).unwrap_or(0);
        let weights = mix.weights.iter().map(|(category, weight)| {
            let of_day = curves.get(category.as_str()).and_then(|curve| curve.get(hour)).copied().unwrap_or(0.0);
            weight * season(&mix.seasons, category, said.date()) * day * of_day
        });
        slots.push((nth, weights.collect()));
    }
    let by_hour: Vec<f64> = slots.iter().map(|(_, weights)| weights.iter().sum()).collect();
    let categories: Vec<&String> = mix.weights.keys().collect();
    let mut sums = Vec::with_capacity(by_hour.len());
    let mut total = 0.0;
    for weight in &by_hour {
        total += weight;
        sums.push(total);
    }
    let mut out = Vec::with_capacity(frame.cases);
    for _ in 0..frame.cases {
        let drawn = chance.unit() * total;
        let index = sums.partition_point(|sum| *sum < drawn).min(sums.len().saturating_sub(1));
        let Some((nth, weights)) = slots.get(index) else { continue };
        let category = categories.get(chance.weighted(weights.iter().copied()));
        let within = i64::from(chance.number(0, 3_599_999));
        if let Some(category) = category {
            out.push((frame.start().plus_ms(nth * HOUR_MS + within), (*category).clone()));
        }
    }
    out
}

fn season(seasons: &[Season], category: &str, date: Date) -> f64 {
    let today = format!("{:02}-{:02}", date.month(), date.day());
    let falls_in = |season: &Season| {
        if season.from <= season.to {
            (season.from.as_str()..=season.to.as_str()).contains(&today.as_str())
        } else {
            today >= season.from || today <= season.to
        }
    };
    let of_it: Vec<&Season> =
        seasons.iter().filter(|season| season.categories.iter().any(|own| own == category)).collect();
    let now = of_it.iter().find(|season| falls_in(season)).map(|season| season.factor);
    now.or_else(|| of_it.first().and_then(|season| season.otherwise)).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::super::texts::Texts;
    use super::*;

    #[test]
    fn heating_is_not_reported_in_summer_and_a_season_may_wrap_over_new_year() {
        let texts = Texts::load().unwrap();
        let at = |month, day| season(&texts.mix.seasons, "heating", Date::new(2026, month, day).unwrap());
        assert_eq!(at(7, 1), 0.0);
        assert!(at(11, 20) > at(1, 10));
        assert!(at(1, 10) > 0.0);
        assert_eq!(season(&texts.mix.seasons, "garbage", Date::new(2026, 7, 1).unwrap()), 1.0);
    }
}
