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

/// Of what a ledger is: records of the registry, or what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Records of this kind.
    Record(Kind),
    /// 走访台账
    Visit,
    /// 隐患台账
    Hazard,
}

impl Subject {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Kind::ALL.iter().copied().map(Self::Record).chain([Self::Visit, Self::Hazard]).collect()
    }

    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record(kind) => kind.as_str(),
            Self::Visit => "visit",
            Self::Hazard => "hazard",
        }
    }

    /// The kind of record, where it is of records.
    #[must_use]
    pub const fn record(self) -> Option<Kind> {
        match self {
            Self::Record(kind) => Some(kind),
            Self::Visit | Self::Hazard => None,
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "visit" => Ok(Self::Visit),
            "hazard" => Ok(Self::Hazard),
            _ => word.parse().map(Self::Record),
        }
    }
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
    /// 日期 of a visit, or on which a hazard was found.
    Day = "day",
    /// 走访人、检查人
    Worker = "worker",
    /// 走访内容、隐患内容
    Note = "note",
    /// 是否见到
    Met = "met",
    /// 走访结果: nothing found, or a finding.
    Result = "result",
    /// 编号 of the case.
    PaperNo = "paper_no",
    /// 隐患程度
    Weight = "weight",
    /// 整改期限
    DueDay = "due_day",
    /// 整改情况
    Progress = "progress",
    /// 整改完成日期
    ClosedDay = "closed_day",
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
        columns.iter().flatten().any(|column| {
            matches!(
                column,
                Self::PersonName | Self::Title | Self::Compound | Self::Door | Self::Room | Self::Note | Self::Day
            )
        })
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

const DAY: &[&str] = &["走访日期", "走访时间", "日期", "时间", "入户时间", "入户日期", "登记日期"];
const VISITS: Names = &[
    (Column::Grid, GRID),
    (Column::Day, DAY),
    (Column::Compound, COMPOUND),
    (Column::Building, BUILDING),
    (Column::Unit, UNIT),
    (Column::Room, ROOM),
    (
        Column::Address,
        &["走访地址", "走访地点", "地址", "地点", "住址", "家庭住址", "门牌地址", "走访户", "走访对象地址"],
    ),
    (Column::Worker, &["走访人", "走访人员", "网格员", "入户人员", "记录人", "走访干部"]),
    (Column::Met, &["是否见到", "是否在家", "是否入户", "是否见到本人"]),
    (
        Column::Note,
        &[
            "走访内容",
            "走访情况",
            "走访记录",
            "情况记录",
            "反映问题",
            "民情记录",
            "群众诉求",
            "工作内容",
            "内容",
            "备注",
        ],
    ),
    (Column::Result, &["走访结果", "是否发现问题", "结果"]),
    (Column::PaperNo, &["工单编号", "事项编号", "转办编号"]),
];
const HAZARDS: Names = &[
    (Column::Grid, GRID),
    (Column::Day, &["检查日期", "检查时间", "排查日期", "排查时间", "发现日期", "发现时间", "日期", "时间"]),
    (Column::Title, &["场所名称", "单位名称", "被检查单位", "检查对象", "隐患单位", "名称"]),
    (Column::Address, &["地址", "隐患地点", "隐患位置", "隐患部位", "地点", "位置", "详细地址"]),
    (Column::Note, &["隐患内容", "隐患描述", "存在隐患", "存在问题", "隐患情况", "问题描述", "隐患", "具体问题"]),
    (Column::Weight, &["隐患等级", "隐患级别", "隐患程度", "严重程度"]),
    (Column::Worker, &["检查人", "检查人员", "排查人", "排查人员", "发现人"]),
    (Column::DueDay, &["整改期限", "整改时限", "限期整改日期", "要求整改日期", "整改截止日期"]),
    (Column::Progress, &["整改情况", "整改状态", "是否整改", "办理情况", "进展"]),
    (Column::ClosedDay, &["整改完成日期", "整改完成时间", "完成日期", "销号日期"]),
    (Column::PaperNo, &["隐患编号", "编号", "工单编号"]),
];

/// The columns that a ledger of this subject may have. Households come with their residents.
const fn known(subject: Subject) -> Names {
    match subject {
        Subject::Record(Kind::Dwelling) => DWELLINGS,
        Subject::Record(Kind::Resident) => RESIDENTS,
        Subject::Record(Kind::Premises) => PREMISES,
        Subject::Record(Kind::Firm) => FIRMS,
        Subject::Record(Kind::Facility) => FACILITIES,
        Subject::Record(Kind::Household) => &[],
        Subject::Visit => VISITS,
        Subject::Hazard => HAZARDS,
    }
}

/// Whether there are ledgers of this subject. Households come and go with their residents.
#[must_use]
pub const fn has_ledger(subject: Subject) -> bool {
    !matches!(subject, Subject::Record(Kind::Household))
}

/// The columns of a subject, each with the header that is shown.
pub fn columns(subject: Subject) -> impl Iterator<Item = (Column, &'static str)> {
    known(subject).iter().map(|(column, words)| (*column, words.first().copied().unwrap_or_default()))
}

/// The header of a column, as it is shown.
#[must_use]
pub fn title(subject: Subject, column: Column) -> &'static str {
    columns(subject).find(|(known, _)| *known == column).map_or("", |(_, title)| title)
}

/// What headers mean in a ledger of this subject, with what was chosen over it.
#[must_use]
pub fn names(subject: Subject, chosen: &Mapping) -> Mapping {
    let mut names = Mapping::new();
    for (column, words) in known(subject) {
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
        for subject in Subject::all() {
            let mut seen: HashMap<String, Column> = HashMap::new();
            for (column, words) in known(subject) {
                for word in *words {
                    let other = seen.insert(header_key(word), *column).filter(|other| other != column);
                    assert_eq!(other, None, "{subject:?} {word}");
                }
            }
        }
    }

    #[test]
    fn no_column_that_is_read_is_a_column_that_is_refused() {
        for subject in Subject::all() {
            for (_, words) in known(subject) {
                for word in *words {
                    assert_eq!(super::super::refused::why(word), None, "{word}");
                }
            }
        }
    }
}
