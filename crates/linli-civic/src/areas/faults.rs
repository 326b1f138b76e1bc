//! What can be wrong with one row of an import, as data; the sentence is made when it is shown.

use std::fmt;

use super::crs::Crs;

/// Longest name of an area. The longest official name of 620,573 villages has 33 characters.
pub const MAX_NAME_CHARS: usize = 60;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The row was kept; something in it was mended or left out.
    Warning,
    /// The row was refused.
    Error,
}

/// 导入发现的问题: one fault with the line it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Line in the unpacked file, from 1; 0 when it concerns the file.
    pub line: u32,
    /// The code of the row as written, where there is one.
    pub subject: Option<String>,
    pub fault: Fault,
}

impl Finding {
    #[must_use]
    pub fn new(line: u32, subject: Option<&str>, fault: Fault) -> Self {
        Self { line, subject: subject.map(str::to_owned), fault }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "第 {} 行", self.line)?;
        } else {
            write!(f, "整个文件")?;
        }
        if let Some(subject) = &self.subject {
            write!(f, "（{subject}）")?;
        }
        write!(f, "：{} [{}]", self.fault.sentence(), self.fault.code())
    }
}

/// Everything the importers of areas can find in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    // rows of tables
    BadCode {
        written: String,
    },
    /// Excel turned the code into 6.10502E+11 and its digits are lost.
    CodeLostDigits {
        written: String,
    },
    ProvinceNotUsed,
    /// 不设区县的地级市 (东莞、中山、儋州): the code jumps over a level that our codes need.
    NoCountyLevel {
        written: String,
    },
    EmptyName,
    NameTooLong {
        n_chars: usize,
    },
    MissingParent {
        parent: String,
    },
    /// The parent stands in the same file but was refused itself.
    RefusedParent {
        parent: String,
    },
    ParentMismatch {
        written: String,
        expected: String,
    },
    LevelMismatch {
        written: String,
        expected: String,
    },
    DuplicateRow {
        first_line: u32,
    },
    /// `is_repeated`: the row is about an area below, which was kept.
    NameConflict {
        kept: String,
        refused: String,
        is_repeated: bool,
    },
    NulRemoved {
        n: u32,
    },
    BadNumber {
        column: String,
        written: String,
    },
    BadRow {
        n_fields: usize,
        expected: usize,
    },
    /// 由内置名录补上: the city above the counties was taken from the list that is built in.
    CitySupplied {
        name: String,
    },
    // boundaries
    BadJson {
        cause: String,
    },
    NotAFeature {
        found: String,
    },
    MissingCode,
    UnknownCode,
    DuplicateBoundary {
        first_line: u32,
    },
    NoGeometry,
    NotAPolygon {
        found: String,
    },
    EmptyPolygon,
    TooFewPoints {
        n: usize,
    },
    RingClosed,
    BadNumberInGeometry,
    OutOfRange {
        lon: f64,
        lat: f64,
    },
    LatLonSwapped {
        lon: f64,
        lat: f64,
    },
    ProjectedCoordinates {
        x: f64,
        y: f64,
    },
    SelfCrossing {
        lon: f64,
        lat: f64,
    },
    StrayHole,
    ZeroArea,
    OffParent {
        parent: String,
        distance_m: f64,
    },
    WrongCrs {
        declared: Crs,
        fits: Option<Crs>,
        share_declared: f64,
        share_fits: f64,
        n_checked: usize,
    },
}

impl Fault {
    /// A stable code for programs and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadCode { .. } => "bad_code",
            Self::CodeLostDigits { .. } => "code_lost_digits",
            Self::ProvinceNotUsed => "province_not_used",
            Self::NoCountyLevel { .. } => "no_county_level",
            Self::EmptyName => "empty_name",
            Self::NameTooLong { .. } => "name_too_long",
            Self::MissingParent { .. } => "missing_parent",
            Self::RefusedParent { .. } => "refused_parent",
            Self::ParentMismatch { .. } => "parent_mismatch",
            Self::LevelMismatch { .. } => "level_mismatch",
            Self::DuplicateRow { .. } => "duplicate_row",
            Self::NameConflict { .. } => "name_conflict",
            Self::NulRemoved { .. } => "nul_removed",
            Self::BadNumber { .. } => "bad_number",
            Self::BadRow { .. } => "bad_row",
            Self::CitySupplied { .. } => "city_supplied",
            Self::BadJson { .. } => "bad_json",
            Self::NotAFeature { .. } => "not_a_feature",
            Self::MissingCode => "missing_code",
            Self::UnknownCode => "unknown_code",
            Self::DuplicateBoundary { .. } => "duplicate_boundary",
            Self::NoGeometry => "no_geometry",
            Self::NotAPolygon { .. } => "not_a_polygon",
            Self::EmptyPolygon => "empty_polygon",
            Self::TooFewPoints { .. } => "too_few_points",
            Self::RingClosed => "ring_closed",
            Self::BadNumberInGeometry => "bad_number_in_geometry",
            Self::OutOfRange { .. } => "out_of_range",
            Self::LatLonSwapped { .. } => "lat_lon_swapped",
            Self::ProjectedCoordinates { .. } => "projected_coordinates",
            Self::SelfCrossing { .. } => "self_crossing",
            Self::StrayHole => "stray_hole",
            Self::ZeroArea => "zero_area",
            Self::OffParent { .. } => "off_parent",
            Self::WrongCrs { .. } => "wrong_crs",
        }
    }

    /// Whether the row was refused or kept with a remark.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::ProvinceNotUsed
            | Self::DuplicateRow { .. }
            | Self::NulRemoved { .. }
            | Self::BadNumber { .. }
            | Self::CitySupplied { .. }
            | Self::NameConflict { is_repeated: true, .. }
            | Self::RingClosed => Severity::Warning,
            Self::BadCode { .. }
            | Self::CodeLostDigits { .. }
            | Self::NoCountyLevel { .. }
            | Self::EmptyName
            | Self::NameTooLong { .. }
            | Self::MissingParent { .. }
            | Self::RefusedParent { .. }
            | Self::ParentMismatch { .. }
            | Self::LevelMismatch { .. }
            | Self::NameConflict { is_repeated: false, .. }
            | Self::BadRow { .. }
            | Self::BadJson { .. }
            | Self::NotAFeature { .. }
            | Self::MissingCode
            | Self::UnknownCode
            | Self::DuplicateBoundary { .. }
            | Self::NoGeometry
            | Self::NotAPolygon { .. }
            | Self::EmptyPolygon
            | Self::TooFewPoints { .. }
            | Self::BadNumberInGeometry
            | Self::OutOfRange { .. }
            | Self::LatLonSwapped { .. }
            | Self::ProjectedCoordinates { .. }
            | Self::SelfCrossing { .. }
            | Self::StrayHole
            | Self::ZeroArea
            | Self::OffParent { .. }
            | Self::WrongCrs { .. } => Severity::Error,
        }
    }

    /// A sentence for the operator: what is wrong, and what to do where that is not plain.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::BadCode { written } if written.is_empty() => "编码是空的。".to_owned(),
            Self::BadCode { written } => {
                format!("编码“{written}”不合规：行政区划应为 4、6、9 或 12 位数字，网格为 15 位，微网格为 18 位。")
            }
            Self::CodeLostDigits { written } => {
                format!("编码“{written}”被 Excel 改成了科学计数法，数字已丢失；请把编码列设为“文本”后重新导出。")
            }
            Self::ProvinceNotUsed => "省级区划不在本系统的层级之内，已跳过。".to_owned(),
            Self::NoCountyLevel { written } => {
                format!("编码“{written}”属于不设区县的地级市，而本系统要求有区县这一级，暂不能导入。")
            }
            Self::EmptyName => "名称是空的。".to_owned(),
            Self::NameTooLong { n_chars } => {
                format!("名称有 {n_chars} 个字，最多 {MAX_NAME_CHARS} 个字。")
            }
            Self::MissingParent { parent } => {
                format!("上级区域 {parent} 不存在，请先导入上级，或检查编码。")
            }
            Self::RefusedParent { parent } => {
                format!("上级区域 {parent} 那一行有错未能导入，改正后再导入本行。")
            }
            Self::ParentMismatch { written, expected } => {
                format!("所属上级写的是 {written}，按编码应为 {expected}。")
            }
            Self::LevelMismatch { written, expected } => {
                format!("层级写的是“{written}”，按编码应为“{expected}”。")
            }
            Self::DuplicateRow { first_line } => {
                format!("与第 {first_line} 行重复，只保留一行。")
            }
            Self::NameConflict { kept, refused, is_repeated: _ } => {
                format!("同一编码有两个名称：保留“{kept}”，未采用“{refused}”。")
            }
            Self::NulRemoved { n } => format!("本行含有 {n} 个空字节（NUL），已去除。"),
            Self::BadNumber { column, written } => {
                format!("“{column}”写的是“{written}”，不是 0 以上的整数，未采用这一项。")
            }
            Self::BadRow { n_fields, expected } => {
                format!("本行有 {n_fields} 列，表头有 {expected} 列，请检查是否多了或少了逗号。")
            }
            Self::CitySupplied { name } => {
                format!("文件里没有所属地级市，已按内置的全国名录补上“{name}”。")
            }
            Self::BadJson { cause } => format!("不是合格的 GeoJSON（{cause}）。"),
            Self::NotAFeature { found } => {
                format!("应为一个 Feature，实际是“{found}”。")
            }
            Self::MissingCode => "没有区域编码：请在 properties 里写 code（或“网格编码”）。".to_owned(),
            Self::UnknownCode => "系统里没有这个编码的区域，请先导入区划和网格。".to_owned(),
            Self::DuplicateBoundary { first_line } => {
                format!("第 {first_line} 行已有这个区域的边界，保留先出现的。")
            }
            Self::NoGeometry => "没有几何图形（geometry 为空）。".to_owned(),
            Self::NotAPolygon { found } => {
                format!("边界应为 Polygon 或 MultiPolygon，实际是“{found}”。")
            }
            Self::EmptyPolygon => "多边形是空的，没有任何坐标点。".to_owned(),
            Self::TooFewPoints { n } => {
                format!("一个环只有 {n} 个不同的点，至少要有 3 个。")
            }
            Self::RingClosed => "环的首尾不相接，已自动闭合。".to_owned(),
            Self::BadNumberInGeometry => "坐标里有不是数字的值。".to_owned(),
            Self::OutOfRange { lon, lat } => {
                format!("坐标 {lon}, {lat} 不在中国范围内。")
            }
            Self::LatLonSwapped { lon, lat } => {
                format!("坐标 {lon}, {lat} 的经纬度写反了，应为经度在前、纬度在后。")
            }
            Self::ProjectedCoordinates { x, y } => {
                format!("坐标 {x}, {y} 像是投影坐标（米），请先转为经纬度。")
            }
            Self::SelfCrossing { lon, lat } => {
                format!("边界自相交，交叉点在 {lon:.6}, {lat:.6} 附近。")
            }
            Self::StrayHole => "多边形的洞落在外环之外。".to_owned(),
            Self::ZeroArea => "多边形面积为零，所有的点在一条线上。".to_owned(),
            Self::OffParent { parent, distance_m } => {
                format!("边界落在上级区域 {parent} 之外约 {distance_m:.0} 米。")
            }
            Self::WrongCrs { declared, fits, share_declared, share_fits, n_checked } => {
                let seen = format!(
                    "坐标系不对：按 {declared} 换算后，抽查的 {n_checked} 个区域只有 {:.0}% 的边界点落在上级区域内",
                    share_declared * 100.0
                );
                match fits {
                    Some(crs) => format!(
                        "{seen}；按 {crs} 有 {:.0}%，请改用 --crs {} 重新导入。未导入任何边界。",
                        share_fits * 100.0,
                        crs.key()
                    ),
                    None => format!("{seen}；换用其他坐标系也不合，请核对数据来源。未导入任何边界。"),
                }
            }
        }
    }
}

/// What an importer hands back: the good rows, and what was found in the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    pub rows: Vec<T>,
    /// In the order of lines.
    pub findings: Vec<Finding>,
    /// Data rows read, good and bad.
    pub n_read: u32,
    pub notes: super::text::SourceNotes,
}

impl<T> Parsed<T> {
    /// How many rows were refused: lines with at least one error.
    #[must_use]
    pub fn n_refused(&self) -> usize {
        let mut lines: Vec<u32> =
            self.findings.iter().filter(|f| f.fault.severity() == Severity::Error).map(|f| f.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.len()
    }
}
