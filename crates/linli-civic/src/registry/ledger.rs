//! 台账: what the columns of an office's own workbook mean. Pure.

use serde::{Deserialize, Serialize};

use super::fields::Kind;
use crate::sheets::header::{self, Meaning, header_key};

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// A column of a ledger.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = LedgerColumn)]
        pub enum Column { $($(#[$doc])* $name),+ }

        impl Column {
            /// The stable identifier.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word),+ } }
        }
    };
}

columns! {
    /// 所属网格
    Grid = "grid",
    /// 小区
    Compound = "compound",
    /// 楼栋
    Building = "building",
    /// 单元
    Unit = "unit",
    /// 室
    Room = "room",
    /// 门牌地址: building, unit and room in one.
    Door = "door",
    /// 房屋用途
    DwellingUse = "dwelling_use",
    /// 建筑面积
    AreaM2 = "area_m2",
    /// 居住状态
    Occupancy = "occupancy",
    /// 户编号
    HouseholdNo = "household_no",
    /// 与户主关系
    Relation = "relation",
    /// 姓名
    PersonName = "person_name",
    /// 性别
    Sex = "sex",
    /// 出生日期
    Birth = "birth",
    /// 联系电话
    Phone = "phone",
    /// 身份证号
    IdNumber = "id_number",
    /// 是否已迁出
    MovedAway = "moved_away",
    /// 是否已死亡
    Deceased = "deceased",
    /// 名称 of premises or a firm.
    Title = "title",
    /// 类型
    Sort = "sort",
    /// 地址
    Address = "address",
    /// 负责人
    InCharge = "in_charge",
    /// 是否重点场所
    IsKey = "is_key",
    /// 统一社会信用代码
    UnifiedCode = "unified_code",
    /// 从业人数
    NEmployees = "n_employees",
}

impl Meaning for Column {
    const LEAST: usize = 2;

    /// The same words mean different things in ledgers of different kinds: [`names`] says which.
    fn of_header(_: &str) -> Option<Self> {
        None
    }

    fn may_repeat(self) -> bool {
        false
    }

    fn is_enough(columns: &[Option<Self>]) -> bool {
        columns
            .iter()
            .flatten()
            .any(|column| matches!(column, Self::PersonName | Self::Title | Self::Compound | Self::Door | Self::Room))
    }
}

/// How a sheet is read.
pub type Layout = header::Layout<Column>;
/// What headers are read as.
pub type Mapping = header::Mapping<Column>;

type Names = &'static [(Column, &'static [&'static str])];

const GRID: &[&str] = &["所属网格", "网格", "网格名称", "所在网格", "网格编码"];
const COMPOUND: &[&str] = &[
    "小区",
    "小区名称",
    "现住小区",
    "现住小区/建筑",
    "小区/建筑名称",
    "小区(单位)名称",
    "居住小区",
    "小区单位名称",
    "楼盘",
    "村组",
    "自然村",
];
const BUILDING: &[&str] = &["楼栋", "楼栋名称", "楼号", "楼幢", "幢号", "栋号", "楼栋号", "楼"];
const UNIT: &[&str] = &["单元", "单元号"];
const ROOM: &[&str] = &["室", "房号", "门牌号", "房间号", "室号", "户室"];
const PHONE: &[&str] = &[
    "联系电话",
    "电话",
    "手机",
    "手机号",
    "手机号码",
    "联系方式",
    "本人电话",
    "负责人电话",
    "安全负责人电话",
    "经营者电话",
    "联系人电话",
];
const OCCUPANCY: &[&str] = &["居住状态", "房屋状态", "房屋性质", "住所类型", "自住或出租", "是否出租", "使用状态"];

const RESIDENTS: Names = &[
    (Column::Grid, GRID),
    (Column::Compound, COMPOUND),
    (Column::Building, BUILDING),
    (Column::Unit, UNIT),
    (Column::Room, ROOM),
    (
        Column::Door,
        &[
            "门牌地址",
            "住址",
            "现住址",
            "现住门(楼)详址",
            "家庭住址",
            "居住地址",
            "详细住址",
            "地址",
            "详细地址",
            "家庭地址",
            "现居住地",
        ],
    ),
    (Column::Occupancy, OCCUPANCY),
    (Column::HouseholdNo, &["户编号", "户号", "户编码"]),
    (Column::Relation, &["与户主关系", "与其他人员关系", "关系", "家庭关系", "与户主的关系"]),
    (Column::PersonName, &["姓名", "居民姓名", "人员姓名", "名字"]),
    (Column::Sex, &["性别"]),
    (Column::Birth, &["出生日期", "出生年月", "生日", "出生年月日"]),
    (Column::Phone, PHONE),
    (Column::IdNumber, &["身份证号", "公民身份号码", "身份证", "身份证号码", "证件号码"]),
    (Column::MovedAway, &["是否已迁出", "是否迁出", "迁出"]),
    (Column::Deceased, &["是否已死亡", "是否死亡", "是否去世", "死亡"]),
];
const DWELLINGS: Names = &[
    (Column::Grid, GRID),
    (Column::Compound, COMPOUND),
    (Column::Building, BUILDING),
    (Column::Unit, UNIT),
    (Column::Room, ROOM),
    (Column::Door, &["门牌地址", "房屋地址", "地址", "门楼牌", "房屋门牌"]),
    (Column::DwellingUse, &["房屋用途", "建筑用途", "用途", "房屋类型", "类型"]),
    (Column::AreaM2, &["建筑面积", "面积", "房屋面积", "建筑面积(平方米)"]),
    (Column::Occupancy, OCCUPANCY),
];
const PREMISES: Names = &[
    (Column::Grid, GRID),
    (
        Column::Title,
        &[
            "场所名称",
            "名称",
            "单位名称",
            "店铺名称",
            "门店名称",
            "商户名称",
            "商铺名称",
            "字号",
            "小区/建筑名称",
            "店名",
        ],
    ),
    (Column::Sort, &["场所类型", "类型", "类别", "行业", "场所类别", "经营类别", "业态", "经营范围"]),
    (Column::Address, &["地址", "详细地址", "场所地址", "经营地址", "门牌地址"]),
    (Column::InCharge, &["负责人", "安全负责人", "经营者", "法定代表人", "店主", "负责人姓名", "联系人", "经营者姓名"]),
    (Column::Phone, PHONE),
    (Column::IsKey, &["是否重点场所", "重点场所"]),
];
const FIRMS: Names = &[
    (Column::Grid, GRID),
    (
        Column::Title,
        &[
            "企业名称",
            "名称",
            "单位名称",
            "公司名称",
            "个体户名称",
            "字号名称",
            "市场主体名称",
            "商户名称",
            "个体工商户名称",
        ],
    ),
    (Column::Sort, &["企业类型", "类型", "主体类型", "市场主体类型", "企业类别", "类别"]),
    (Column::UnifiedCode, &["统一社会信用代码", "信用代码", "社会信用代码", "税号", "统一代码", "统一信用代码"]),
    (Column::Address, &["地址", "经营地址", "注册地址", "住所", "详细地址", "企业地址"]),
    (Column::NEmployees, &["从业人数", "员工人数", "职工人数", "员工数", "人数", "用工人数", "从业人员数"]),
];

const FACILITIES: Names = &[
    (Column::Grid, GRID),
    (Column::Title, &["设施名称", "名称", "部件名称", "设备名称", "设施编号", "部件标识码", "编号"]),
    (Column::Sort, &["设施类型", "类型", "类别", "部件类型", "设施类别", "大类名称", "小类名称"]),
    (Column::Address, &["地址", "位置", "所在位置", "安装位置", "详细地址", "具体位置"]),
    (Column::InCharge, &["维护单位", "管护单位", "权属单位", "养护单位", "主管部门", "责任单位"]),
];

/// The columns that a ledger of this kind may have. Households come with their residents.
const fn known(kind: Kind) -> Names {
    match kind {
        Kind::Dwelling => DWELLINGS,
        Kind::Resident => RESIDENTS,
        Kind::Premises => PREMISES,
        Kind::Firm => FIRMS,
        Kind::Facility => FACILITIES,
        Kind::Household => &[],
    }
}

/// Whether ledgers of this kind can be brought in.
#[must_use]
pub const fn is_brought(kind: Kind) -> bool {
    !matches!(kind, Kind::Household)
}

/// The columns of a kind, each with the header that is shown.
pub fn columns(kind: Kind) -> impl Iterator<Item = (Column, &'static str)> {
    known(kind).iter().map(|(column, words)| (*column, words.first().copied().unwrap_or_default()))
}

/// The header of a column, as it is shown.
#[must_use]
pub fn title(kind: Kind, column: Column) -> &'static str {
    columns(kind).find(|(known, _)| *known == column).map_or("", |(_, title)| title)
}

/// What headers mean in a ledger of this kind, with what was chosen over it.
#[must_use]
pub fn names(kind: Kind, chosen: &Mapping) -> Mapping {
    let mut names = Mapping::new();
    for (column, words) in known(kind) {
        names.extend(words.iter().map(|word| (header_key(word), Some(*column))));
    }
    names.extend(chosen.iter().map(|(header, column)| (header.clone(), *column)));
    names
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_header_of_a_kind_names_two_columns() {
        for kind in Kind::ALL {
            let mut seen: HashMap<String, Column> = HashMap::new();
            for (column, words) in known(*kind) {
                for word in *words {
                    let other = seen.insert(header_key(word), *column).filter(|other| other != column);
                    assert_eq!(other, None, "{kind:?} {word}");
                }
            }
        }
    }

    #[test]
    fn no_column_that_is_read_is_a_column_that_is_refused() {
        for kind in Kind::ALL {
            for (_, words) in known(*kind) {
                for word in *words {
                    assert_eq!(super::super::refused::why(word), None, "{word}");
                }
            }
        }
    }
}
