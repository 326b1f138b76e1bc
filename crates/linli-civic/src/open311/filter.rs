//! Which requests are asked for.

use linli_kernel::Timestamp;

use super::date;
use super::fault::{Fault, Faults};
use super::form::Fields;
use crate::areas::Point;

const DAY_MS: i64 = 86_400_000;
/// The longest span of `start_date`–`end_date`, and how far back a list goes by itself. Source: GeoReport v2.
pub const SPAN_DAYS: i64 = 90;
/// The longest page. Source: GeoReport v2.
pub const MOST_REQUESTS: i64 = 1_000;
/// How far around a point, when nobody says. Source: `SeeClickFix`, about 750 m.
const RADIUS_M: f64 = 750.0;
const MOST_RADIUS_M: f64 = 50_000.0;

/// 筛选: what a list of requests is narrowed to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// These alone; overrides everything else.
    pub ids: Option<Vec<String>>,
    /// Of these services; all when empty.
    pub services: Vec<String>,
    /// Reported from.
    pub from: Option<Timestamp>,
    /// Reported until.
    pub to: Option<Timestamp>,
    /// Open ones or closed ones only.
    pub open: Option<bool>,
    /// Changed from.
    pub updated_after: Option<Timestamp>,
    /// Changed until.
    pub updated_before: Option<Timestamp>,
    /// Within this distance of the point. Unit: metres.
    pub near: Option<(Point, f64)>,
    /// Within these corners: south-west, north-east.
    pub within: Option<(Point, Point)>,
    /// From 1.
    pub page: i64,
    /// Requests a page.
    pub page_size: i64,
    /// With notes and the extended status.
    pub extensions: bool,
}

impl Filter {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Each that cannot be read, or a span that is too long.
    pub fn of(fields: &Fields, now: Timestamp) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let ids: Vec<String> = fields.list("service_request_id").into_iter().map(str::to_owned).collect();
        let extensions = fields.is_on("extensions");
        if !ids.is_empty() {
            return Ok(Self { ids: Some(ids), extensions, page: 1, page_size: MOST_REQUESTS, ..Self::default() });
        }
        let mut moment = |name: &'static str| {
            let text = fields.get(name)?;
            let at = date::heard(text);
            if at.is_none() {
                faults.push(Fault::bad(name, "date", text));
            }
            at
        };
        let (start, end) = (moment("start_date"), moment("end_date"));
        let (updated_after, updated_before) = (moment("updated_after"), moment("updated_before"));
        let by_change = updated_after.is_some() || updated_before.is_some();
        let (from, to) = match span(start, end, by_change, now) {
            Ok(span) => span,
            Err(fault) => {
                faults.push(fault);
                (None, None)
            }
        };
        let open = match status(&fields.list("status")) {
            Ok(open) => open,
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        let near = near(fields).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let within = within(fields).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let mut count = |name: &'static str, default: i64, most: i64| match fields.get(name).map(str::parse::<i64>) {
            None => default,
            Some(Ok(n)) if n >= 1 => n.min(most),
            Some(_) => {
                faults.push(Fault::bad(name, "number", fields.get(name).unwrap_or_default()));
                default
            }
        };
        let page = count("page", 1, i64::MAX / MOST_REQUESTS);
        let page_size = count("page_size", MOST_REQUESTS, MOST_REQUESTS);
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        Ok(Self {
            ids: None,
            services: fields.list("service_code").into_iter().map(str::to_owned).collect(),
            from,
            to,
            open,
            updated_after,
            updated_before,
            near,
            within,
            page,
            page_size,
            extensions,
        })
    }

    /// How many come before this page.
    #[must_use]
    pub const fn offset(&self) -> i64 {
        (self.page - 1) * self.page_size
    }
}

type Span = (Option<Timestamp>, Option<Timestamp>);

/// One date gives the other; none means the last 90 days, unless the list is narrowed by what changed.
fn span(start: Option<Timestamp>, end: Option<Timestamp>, by_change: bool, now: Timestamp) -> Result<Span, Fault> {
    let longest = SPAN_DAYS * DAY_MS;
    match (start, end) {
        (None, None) if by_change => Ok((None, None)),
        (None, None) => Ok((Some(now.plus_ms(-longest)), None)),
        (Some(start), None) => Ok((Some(start), Some(start.plus_ms(longest)))),
        (None, Some(end)) => Ok((Some(end.plus_ms(-longest)), Some(end))),
        // A day of grace: whoever asks for "90 days" by the calendar counts both ends.
        (Some(start), Some(end)) if end.since(start) > longest + DAY_MS => Err(Fault::bad("start_date", "span", "90")),
        (Some(start), Some(end)) => Ok((Some(start), Some(end))),
    }
}

fn status(words: &[&str]) -> Result<Option<bool>, Fault> {
    let (mut open, mut closed) = (false, false);
    for word in words {
        match word.to_ascii_lowercase().as_str() {
            "open" => open = true,
            "closed" => closed = true,
            other => return Err(Fault::bad("status", "status", other)),
        }
    }
    Ok((open != closed).then_some(open))
}

fn near(fields: &Fields) -> Result<Option<(Point, f64)>, Fault> {
    let (Some(lat), Some(lon)) = (fields.get("lat"), fields.get("long").or_else(|| fields.get("lon"))) else {
        return Ok(None);
    };
    let (Ok(lat), Ok(lon)) = (lat.parse::<f64>(), lon.parse::<f64>()) else {
        return Err(Fault::bad("lat", "point", format!("{lat} {lon}")));
    };
    let radius = match fields.get("radius").map(str::parse::<f64>) {
        None => RADIUS_M,
        Some(Ok(radius)) if radius > 0.0 => radius.min(MOST_RADIUS_M),
        Some(_) => return Err(Fault::bad("radius", "number", fields.get("radius").unwrap_or_default())),
    };
    if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
        return Err(Fault::bad("lat", "point", format!("{lat} {lon}")));
    }
    Ok(Some((Point::new(lon, lat), radius)))
}

/// `bbox=west,south,east,north`.
fn within(fields: &Fields) -> Result<Option<(Point, Point)>, Fault> {
    let Some(text) = fields.get("bbox") else { return Ok(None) };
    let numbers: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match numbers.as_slice() {
        [west, south, east, north] if west <= east && south <= north => {
            Ok(Some((Point::new(*west, *south), Point::new(*east, *north))))
        }
        _ => Err(Fault::bad("bbox", "bbox", text)),
    }
}

/// Metres between two points: the earth is a ball here, which is good to half a per cent.
#[must_use]
pub fn distance_m(a: Point, b: Point) -> f64 {
    const EARTH_M: f64 = 6_371_008.8;
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let (d_lat, d_lon) = ((b.lat - a.lat).to_radians(), (b.lon - a.lon).to_radians());
    let h = (d_lat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (d_lon / 2.0).sin().powi(2);
    2.0 * EARTH_M * h.sqrt().min(1.0).asin()
}

/// The corners of a box that holds the circle.
#[must_use]
pub fn around(at: Point, radius_m: f64) -> (Point, Point) {
    const DEGREE_M: f64 = 111_195.0;
    let d_lat = radius_m / DEGREE_M;
    let d_lon = radius_m / (DEGREE_M * at.lat.to_radians().cos().abs().max(0.01));
    (Point::new(at.lon - d_lon, at.lat - d_lat), Point::new(at.lon + d_lon, at.lat + d_lat))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-09-28T09:00:00+08:00".parse().unwrap()
    }

    fn of(query: &str) -> Result<Filter, Faults> {
        Filter::of(&Fields::of_text(query.as_bytes()), now())
    }

    #[test]
    fn without_dates_it_is_the_last_ninety_days_and_the_first_thousand() {
        let filter = of("").unwrap();
        assert_eq!(filter.from, Some(now().plus_ms(-90 * DAY_MS)));
        assert_eq!((filter.page_size, filter.offset()), (1_000, 0));
        assert_eq!(of("updated_after=2020-01-01T00:00:00Z").unwrap().from, None);
    }

    #[test]
    fn an_id_overrides_everything_even_what_cannot_be_read() {
        let filter = of("service_request_id=R-1,R-2&start_date=nonsense&status=closed").unwrap();
        assert_eq!(filter.ids, Some(vec!["R-1".to_owned(), "R-2".to_owned()]));
        assert_eq!(filter.open, None);
    }

    #[test]
    fn comma_lists_are_read_and_both_statuses_are_all() {
        assert_eq!(of("service_code=a,b").unwrap().services, ["a", "b"]);
        assert_eq!(of("status=open").unwrap().open, Some(true));
        assert_eq!(of("status=CLOSED").unwrap().open, Some(false));
        assert_eq!(of("status=open,closed").unwrap().open, None);
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let faults = of("start_date=x&status=broken&lat=a&long=b&bbox=1,2&page=0").unwrap_err();
        assert_eq!(
            faults.0.iter().map(|fault| fault.about).collect::<Vec<_>>(),
            ["start_date", "status", "lat", "bbox", "page"]
        );
        assert_eq!(faults.status(), 400);
        assert!(of("start_date=2026-01-01T00:00:00Z&end_date=2026-09-01T00:00:00Z").is_err());
    }

    #[test]
    fn a_circle_lies_in_its_box() {
        let at = Point::new(109.5, 34.5);
        let (low, high) = around(at, 750.0);
        assert!(distance_m(at, Point::new(high.lon, at.lat)) >= 749.0);
        assert!(distance_m(at, Point::new(at.lon, low.lat)) >= 749.0);
        assert!((distance_m(at, Point::new(109.51, 34.5)) - 916.4).abs() < 1.0);
    }
}
