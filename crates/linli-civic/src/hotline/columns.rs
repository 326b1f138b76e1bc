//! 导入列: what the columns of the hotline's export mean. Pure.
//!
//! Headers are found by their names and by what other cities call them; a person may change what was found, and the
//! choice is remembered for the partner.

use serde::{Deserialize, Serialize};

use crate::sheets::clean::key;
use crate::sheets::header::{self, Meaning, header_key};

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident = $word:literal $title:literal [$($synonym:literal),* $(,)?]),+ $(,)?) => {
        /// A column of a work order, in and out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = HotlineColumn)]
        pub enum Column { $($(#[$doc])* $name),+ }

        impl Column {
            /// Every column, in the order of a sheet.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The stable identifier.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word),+ } }
            /// The header that is written.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title),+ } }
            const fn synonyms(self) -> &'static [&'static str] { match self { $(Self::$name => &[$($synonym),*]),+ } }
        }

        impl std::str::FromStr for Column {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> { match word { $($word => Ok(Self::$name),)+ _ => Err(()) } }
        }
    };
}

columns! {
    /// 工单编号
    OrderNo = "order_no" "工单编号" ["工单号", "编号", "受理编号", "工单流水号", "流水号", "诉求编号", "热线编号", "案件编号", "受理单号", "单号", "事项编号"],
    /// 来电人
    CallerName = "caller_name" "来电人" ["来电人姓名", "姓名", "联系人", "诉求人", "反映人", "市民姓名", "来电者", "投诉人", "诉求人姓名", "反映人姓名", "来话人"],
    /// 来电号码
    CallerPhone = "caller_phone" "来电号码" ["来电电话", "联系电话", "电话", "手机号", "手机号码", "电话号码", "联系方式", "主叫号码", "反映人电话", "诉求人电话", "市民电话", "来话号码"],
    /// 来电时间
    SaidAt = "said_at" "来电时间" ["受理时间", "诉求时间", "反映时间", "登记时间", "来话时间", "创建时间", "工单创建时间", "录入时间", "来件时间"],
    /// 工单类型
    OrderType = "order_type" "工单类型" ["诉求类型", "类型", "诉求类别", "诉求性质", "工单类别", "信件类型"],
    /// 问题分类
    Category = "category" "问题分类" ["分类", "诉求分类", "问题类别", "内容分类", "事项分类", "问题类型", "分类路径", "五级分类", "一级分类", "二级分类", "三级分类", "四级分类", "归口分类"],
    /// 标题
    Title = "title" "标题" ["诉求标题", "工单标题", "主题", "事项标题", "问题标题"],
    /// 主要内容
    Content = "content" "主要内容" ["内容", "诉求内容", "反映内容", "工单内容", "问题描述", "诉求描述", "事项内容", "来电内容", "具体内容", "问题内容", "市民诉求"],
    /// 被反映区
    District = "district" "被反映区" ["区", "区县", "县区", "所属区", "所属区县", "所属县区", "被反映区县", "事发区县", "行政区", "区域", "属地"],
    /// 被反映街乡镇
    Street = "street" "被反映街乡镇" ["街道", "乡镇", "镇街", "街乡镇", "街镇", "街道乡镇", "所属街道", "所属镇街", "被反映街道", "事发街道", "所属街乡镇", "乡镇街道"],
    /// 被反映社区
    Community = "community" "被反映社区" ["社区", "村", "村社区", "社区村", "所属社区", "被反映村社区", "事发社区", "村居", "所属村社区"],
    /// 被反映点位
    Spot = "spot" "被反映点位" ["点位", "地址", "事发地址", "详细地址", "地点", "事发地点", "诉求地址", "反映地址", "问题地址", "具体地址", "位置", "事件地址"],
    /// 紧急程度
    Urgency = "urgency" "紧急程度" ["紧急", "紧急级别", "缓急", "优先级", "是否紧急", "加急"],
    /// 办理时限
    Limit = "limit" "办理时限" ["截止时间", "办结时限", "要求办结时间", "限办时间", "处理时限", "到期时间", "办理期限", "要求反馈时间", "反馈时限"],
    /// 承办单位
    HostUnit = "host_unit" "承办单位" ["主办单位", "办理单位", "责任单位", "处理单位", "转办单位", "派单单位", "接收单位"],
    /// 工单性质: 主办, 协办, 转办
    HostRole = "host_role" "工单性质" ["办理性质", "主协办", "承办性质", "性质"],
    /// 办理结果
    Outcome = "outcome" "办理结果" ["处理结果", "工单状态", "办理状态", "状态", "当前状态", "处理状态"],
    /// 回复内容
    Reply = "reply" "回复内容" ["答复内容", "办理情况", "处理情况", "反馈内容", "回复意见", "办理意见", "答复意见", "反馈意见"],
    /// 办结时间
    FinishedAt = "finished_at" "办结时间" ["结案时间", "完成时间", "办理完成时间", "归档时间", "反馈时间", "回复时间"],
    /// 是否联系
    Reached = "reached" "是否联系" ["是否联系诉求人", "联系情况", "响应", "是否响应", "是否联系群众"],
    /// 是否解决
    Solved = "solved" "是否解决" ["解决情况", "解决"],
    /// 是否满意
    Satisfied = "satisfied" "是否满意" ["满意情况", "满意度", "评价结果", "满意"],
    /// 标签
    Tags = "tags" "标签" ["工单标签", "专题标签", "标记"],
}

impl Column {
    /// Whether several columns of a sheet may be read as this one: levels of a category, parts of an address.
    #[must_use]
    pub const fn may_repeat(self) -> bool {
        matches!(self, Self::Category | Self::Spot | Self::Content)
    }

    /// The column that a header names.
    #[must_use]
    pub fn of_header(header: &str) -> Option<Self> {
        let header = header_key(header);
        let is_named =
            |column: &&Self| key(column.title()) == header || column.synonyms().iter().any(|word| key(word) == header);
        Self::ALL.iter().find(is_named).copied()
    }
}

impl Meaning for Column {
    fn of_header(header: &str) -> Option<Self> {
        Self::of_header(header)
    }

    fn may_repeat(self) -> bool {
        Self::may_repeat(self)
    }

    /// An order has a matter, or at least a number by which it is known.
    fn is_enough(columns: &[Option<Self>]) -> bool {
        columns.iter().flatten().any(|column| matches!(column, Self::Content | Self::Title | Self::OrderNo))
    }
}

/// What a header is read as; `None` means that it is not read.
pub type Mapping = header::Mapping<Column>;

/// The columns of one sheet.
pub type Layout = header::Layout<Column>;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn row(n: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (n, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn every_title_and_every_synonym_names_one_column() {
        let mut seen: HashMap<String, Column> = HashMap::new();
        for column in Column::ALL {
            assert_eq!(column.as_str().parse(), Ok(*column));
            assert_eq!(Column::of_header(column.title()), Some(*column));
            for word in column.synonyms().iter().chain([&column.title()]) {
                assert_eq!(seen.insert(header_key(word), *column).filter(|other| other != column), None, "{word}");
            }
        }
        assert_eq!(Column::of_header(" *来电 号码（必填）"), Some(Column::CallerPhone));
        assert_eq!(Column::of_header("被反映街/乡镇"), Some(Column::Street));
    }

    #[test]
    fn the_header_is_found_below_titles_and_over_two_rows() {
        let head = [
            row(1, &["渭南市12345热线工单导出表"]),
            row(2, &["导出时间：2026-09-28"]),
            row(3, &["工单编号", "来电人信息", "", "诉求内容", "被反映地址", "", "", ""]),
            row(4, &["", "姓名", "联系电话", "", "区县", "街道", "社区", "地址"]),
            row(5, &["WN20260928001", "李女士", "19900000001", "路灯不亮", "临渭区", "向阳街道", "红旗社区", "3号楼"]),
        ];
        let layout = Layout::find(&head, &Mapping::new()).unwrap();
        assert_eq!(layout.header_row, 4);
        use Column::{CallerName, CallerPhone, Community, Content, District, OrderNo, Spot, Street};
        assert_eq!(
            layout.columns,
            [OrderNo, CallerName, CallerPhone, Content, District, Street, Community, Spot].map(Some)
        );
    }

    #[test]
    fn a_choice_wins_over_a_name_and_may_leave_a_column_out() {
        let head = [row(1, &["工单编号", "备注信息", "内容", "联系电话", "主叫号码"])];
        let mut chosen = Mapping::new();
        chosen.insert("备注信息".to_owned(), Some(Column::Tags));
        chosen.insert("联系电话".to_owned(), None);
        let layout = Layout::find(&head, &chosen).unwrap();
        assert_eq!(
            layout.columns,
            [Some(Column::OrderNo), Some(Column::Tags), Some(Column::Content), None, Some(Column::CallerPhone)]
        );
        // By name alone the first of two phones is read.
        let layout = Layout::find(&head, &Mapping::new()).unwrap();
        assert_eq!(
            layout.columns,
            [Some(Column::OrderNo), None, Some(Column::Content), Some(Column::CallerPhone), None]
        );
    }

    #[test]
    fn a_sheet_without_orders_has_no_layout() {
        assert_eq!(
            Layout::find(&[row(1, &["姓名", "电话", "地址"]), row(2, &["张三", "1", "x"])], &Mapping::new()),
            None
        );
        assert_eq!(Layout::find(&[], &Mapping::new()), None);
    }
}
