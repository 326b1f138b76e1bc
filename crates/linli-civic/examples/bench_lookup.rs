//! Measures import and point lookup on a real file: `bench_lookup FILE [wgs84|gcj02|bd09] [SECONDS] [PIECES]`.
//!
//! `PIECES` cuts every edge into so many, to see what finer borders cost.
//!
//! `cargo run --release -p linli-civic --example bench_lookup -- FILE.geojsonl.xz`
//! The file is read through the same parser as `linli import boundaries`; codes found in it count as known.

use std::fs::File;
use std::hint::black_box;
use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use linli_civic::areas::geometry::Vertex;
use linli_civic::areas::synth::Chance;
use linli_civic::areas::{AreaIndex, Crs, KnownMap, LocatedHow, Point, Shape, parse_boundaries};
use linli_kernel::AreaCode;

/// Every code counts as known, none has a boundary yet.
struct Everything;

impl KnownMap for Everything {
    fn exists(&self, _code: &AreaCode) -> bool {
        true
    }
    fn shape_of(&self, _code: &AreaCode) -> Option<Arc<Shape>> {
        None
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("usage: bench_lookup FILE [CRS] [SECONDS] [PIECES]")?;
    let crs: Crs = args.next().as_deref().unwrap_or("wgs84").parse()?;
    let seconds: u64 = args.next().as_deref().unwrap_or("3").parse()?;
    let pieces: u32 = args.next().as_deref().unwrap_or("1").parse()?;
    let mut out = stdout();
    writeln!(out, "memory before              {:>10} kB resident", resident_kb())?;

    let started = Instant::now();
    let parsed = parse_boundaries(File::open(&file)?, crs, &Everything, &mut |_| ())?;
    let read_in = started.elapsed();
    let n_corners: usize = parsed.rows.iter().map(|row| row.shape.vertices().len()).sum();
    writeln!(
        out,
        "read, checked              {:>10.3} s   {} kept of {}",
        read_in.as_secs_f64(),
        parsed.rows.len(),
        parsed.n_read
    )?;
    writeln!(out, "corners                    {n_corners:>10}     findings {}", parsed.findings.len())?;
    for finding in parsed.findings.iter().take(5) {
        writeln!(out, "  {finding}")?;
    }

    // A server starts from stored bytes, not from the file.
    let stored: Vec<(AreaCode, Vec<u8>)> =
        parsed.rows.iter().map(|row| (row.code, finer(&row.shape, pieces).to_wkb())).collect();
    drop(parsed);
    let started = Instant::now();
    let index = AreaIndex::build(stored.iter().filter_map(|(code, wkb)| Some((*code, Shape::from_wkb(wkb).ok()?))));
    let built_in = started.elapsed();
    drop(stored);
    writeln!(out, "index from stored bytes    {:>10.3} s   {} areas", built_in.as_secs_f64(), index.len())?;
    let n_corners: usize =
        index.codes().iter().filter_map(|code| index.shape(code)).map(|shape| shape.vertices().len()).sum();
    writeln!(out, "corners in the index       {n_corners:>10}")?;
    writeln!(out, "index holds                {:>10} kB", index.memory_bytes() / 1024)?;
    writeln!(out, "memory with the index      {:>10} kB resident", resident_kb())?;

    let points = points_over(&index);
    let (mut n_inside, mut n_near, mut n_none, mut farthest_m) = (0_u32, 0_u32, 0_u32, 0.0_f64);
    for point in &points {
        match index.locate(*point).map(|located| located.how) {
            Some(LocatedHow::Inside) => n_inside += 1,
            Some(LocatedHow::Nearest { distance_m }) => {
                n_near += 1;
                farthest_m = farthest_m.max(distance_m);
            }
            None => n_none += 1,
        }
    }
    let all = f64::from(n_inside + n_near + n_none);
    writeln!(
        out,
        "of {all} points near areas: inside {:.3} %, in slivers {:.3} % (farthest {farthest_m:.1} m), none {:.3} %",
        f64::from(n_inside) / all * 100.0,
        f64::from(n_near) / all * 100.0,
        f64::from(n_none) / all * 100.0
    )?;

    let until = Duration::from_secs(seconds);
    let (started, mut n) = (Instant::now(), 0.0);
    while started.elapsed() < until {
        for point in &points {
            black_box(index.locate(black_box(*point)));
        }
        n += all;
    }
    writeln!(out, "lookups on one core        {:>10.0} /s", n / started.elapsed().as_secs_f64())?;
    Ok(())
}

/// Random points, each in the box of a random area: like reports, they come from where people live.
fn points_over(index: &AreaIndex) -> Vec<Point> {
    let codes = index.codes();
    let mut chance = Chance::of("bench");
    (0..400_000)
        .filter_map(|_| {
            let bounds = index.shape(chance.pick(&codes)?)?.bounds();
            let (min, max) = (bounds.min.point(), bounds.max.point());
            let (x, y) = (chance.unit(), chance.unit());
            Some(Point::new(min.lon + x * (max.lon - min.lon), min.lat + y * (max.lat - min.lat)))
        })
        .collect()
}

/// The shape with every edge cut into pieces.
fn finer(shape: &Shape, pieces: u32) -> Shape {
    let cut = |ring: &[Vertex]| -> Vec<Vertex> {
        let next = ring.iter().cycle().skip(1);
        let edges = ring.iter().map(|v| v.point()).zip(next.map(|v| v.point()));
        edges
            .flat_map(|(a, b)| {
                (0..pieces).filter_map(move |nth| {
                    let share = f64::from(nth) / f64::from(pieces);
                    Vertex::of(Point::new(a.lon + (b.lon - a.lon) * share, a.lat + (b.lat - a.lat) * share))
                })
            })
            .collect()
    };
    let polygons = shape.polygons().into_iter().map(|rings| rings.into_iter().map(cut).collect()).collect();
    Shape::from_rings(polygons).unwrap_or_else(|| shape.clone())
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
