//! Figures of `indicators.toml`.

use crate::indicator::{
    HealthyBand, Indicator, IndicatorFilter, IndicatorGood, IndicatorKind, IndicatorSubject, MergedRule,
};
use crate::tree::Node;

use super::Reader;

/// One figure.
pub(crate) fn indicator(node: &Node) -> Vec<Indicator> {
    let reader = Reader(node);
    let kind: IndicatorKind = reader.parsed("kind").unwrap_or(IndicatorKind::Count);
    let only = reader.node("only").map(Reader);
    let healthy = reader.node("healthy").map(Reader);
    vec![Indicator {
        id: reader.text("id"),
        name: reader.text("name"),
        group: reader.text("group"),
        about: reader.text("about"),
        numerator: reader.some_text("numerator"),
        denominator: reader.some_text("denominator"),
        left_out: reader.some_text("left_out"),
        source: reader.some_text("source"),
        unit: reader.some_text("unit").unwrap_or_else(|| usual_unit(kind).to_owned()),
        kind,
        of: reader.parsed("of").unwrap_or(IndicatorSubject::Report),
        hit: reader.parsed("hit"),
        events: reader.texts("on"),
        clock: reader.parsed("clock"),
        task: reader.parsed("task"),
        level: reader.parsed("level"),
        outside: reader.texts("outside"),
        per: reader.parsed("per"),
        only: only.as_ref().map(indicator_filter).unwrap_or_default(),
        merged: reader.parsed("merged").unwrap_or(MergedRule::Each),
        exclusions: reader.node("exclusions").map(|_| reader.texts("exclusions")),
        good: reader.parsed("good").unwrap_or(IndicatorGood::Neither),
        healthy: healthy
            .as_ref()
            .and_then(|band| Some(HealthyBand { from: band.number("from")?, to: band.number("to")? })),
    }]
}

fn indicator_filter(reader: &Reader<'_>) -> IndicatorFilter {
    IndicatorFilter {
        kinds: reader.many("kinds"),
        categories: reader.texts("categories"),
        weights: reader.many("weights"),
        channels: reader.many("channels"),
        levels: reader.many("levels"),
    }
}

/// The usual unit of a figure.
const fn usual_unit(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Share => "%",
        IndicatorKind::Count | IndicatorKind::Duration | IndicatorKind::Stock => "件",
    }
}
