//! Draws the synthetic outlines of the demo as SVG or GeoJSON, to be looked at.
//!
//! `cargo run -p linli-civic --example draw_areas -- svg|geojson CODE [N_GRIDS [N_MICRO]] FILE.csv... > out`
//! draws the area CODE; a community gets `N_GRIDS` grids of `N_MICRO` micro-grids.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Write as _, stdout};

use linli_civic::areas::synth::{SYNTHETIC_NOTE, SynthArea, generate};
use linli_civic::areas::{NothingKnown, Shape, parse_areas};
use linli_kernel::{AreaCode, AreaLevel};

const WIDTH_PX: f64 = 1400.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).peekable();
    let form = args.next().ok_or("svg or geojson?")?;
    let root = AreaCode::parse(&args.next().ok_or("which area?")?)?;
    let mut counts = Vec::new();
    while let Some(count) = args.peek().and_then(|arg| arg.parse::<u32>().ok()) {
        counts.push(count);
        args.next();
    }
    let mut areas = Vec::new();
    for file in args {
        let parsed = parse_areas(File::open(file)?, &NothingKnown)?;
        areas.extend(parsed.rows.into_iter().map(|row| SynthArea { code: row.code, name: row.name }));
    }
    for grid in 1..=counts.first().copied().unwrap_or(0) {
        let code = root.child(grid)?;
        areas.push(SynthArea { code, name: format!("第{grid}网格") });
        for micro in 1..=counts.get(1).copied().unwrap_or(0) {
            areas.push(SynthArea { code: code.child(micro)?, name: format!("微网格{micro}") });
        }
    }
    let shapes = generate(&areas);
    let picture = if form == "svg" { svg(&root, &shapes) } else { geojson(&root, &shapes) };
    stdout().write_all(picture.as_bytes())?;
    Ok(())
}

fn geojson(root: &AreaCode, shapes: &BTreeMap<AreaCode, Shape>) -> String {
    let features: Vec<serde_json::Value> = shapes
        .iter()
        .filter(|(code, _)| root.contains(code))
        .map(|(code, shape)| {
            let properties = serde_json::json!({"code": code, "note": SYNTHETIC_NOTE});
            serde_json::json!({"type": "Feature", "properties": properties, "geometry": shape.to_geojson()})
        })
        .collect();
    serde_json::json!({"type": "FeatureCollection", "features": features}).to_string()
}

fn svg(root: &AreaCode, shapes: &BTreeMap<AreaCode, Shape>) -> String {
    let Some(frame) = shapes.get(root).map(Shape::bounds) else { return String::new() };
    let (min, max) = (frame.min.point(), frame.max.point());
    let px = WIDTH_PX / (max.lon - min.lon);
    let stretch = 1.0 / min.lat.to_radians().cos();
    let height = (max.lat - min.lat) * px * stretch;
    let mut out = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='-10 -10 {} {}' width='{WIDTH_PX}'><rect x='-10' y='-10' width='100%' height='100%' fill='#f7f5f0'/>",
        WIDTH_PX + 20.0,
        height + 20.0
    );
    for (code, shape) in shapes.iter().filter(|(code, _)| root.contains(code)) {
        let depth = u32::from(code.level() > root.level()) + u32::try_from(code.lineage().len()).unwrap_or(0);
        let top = u32::try_from(root.lineage().len()).unwrap_or(0);
        let (width, colour) = match depth.saturating_sub(top) {
            0 => (3.0, "#123"),
            2 => (2.4, "#234"),
            3 => (1.2, "#567"),
            _ => (0.5, "#9ab"),
        };
        let fill = if code.level() == AreaLevel::Community { "#e4eee9" } else { "none" };
        let mut path = String::new();
        for ring in shape.rings() {
            for (nth, vertex) in ring.iter().enumerate() {
                let at = vertex.point();
                let letter = if nth == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{letter}{:.1} {:.1}", (at.lon - min.lon) * px, (max.lat - at.lat) * px * stretch);
            }
            path.push('Z');
        }
        let _ = write!(
            out,
            "<path d='{path}' fill='{fill}' fill-opacity='0.25' fill-rule='evenodd' stroke='{colour}' stroke-width='{width}'/>"
        );
    }
    out.push_str("</svg>");
    out
}
