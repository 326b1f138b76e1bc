//! 工单: one work order of the hotline, and how it is read from a row. Pure.

use std::collections::BTreeMap;

use linli_kernel::{Amount, Phone, RealName, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::columns::{Column, Layout};
use crate::sheets::clean::{self, Called};
use crate::sheets::header::is_hint;
use crate::sheets::sheet::{Cell, SheetRow};
use crate::sheets::when;

/// Most characters of a number.
const MAX_NO: usize = 64;
/// Most characters of what was said: as every other report.
const MAX_MATTER: usize = 2_000;
/// Most characters of a short field.
const MAX_SHORT: usize = 200;
/// Most characters of a reply.
const MAX_REPLY: usize = 4_000;
/// A call that is said to come from further in the future than this is a mistake, not a clock that runs ahead.
const AHEAD_MS: i64 = 24 * 3_600_000;

/// Where, in the hotline's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// 被反映区
    pub district: String,
    /// 被反映街乡镇
    pub street: String,
    /// 被反映社区
    pub community: String,
    /// 被反映点位
    pub spot: String,
}

impl Place {
    /// All of it as one address; what the spot repeats is said once.
    #[must_use]
    pub fn address(&self) -> String {
        let mut out = String::new();
        for part in [&self.district, &self.street, &self.community] {
            if !part.is_empty() && !self.spot.contains(part.as_str()) && !out.contains(part.as_str()) {
                out.push_str(part);
            }
        }
        out.push_str(&self.spot);
        out
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.district.is_empty() && self.street.is_empty() && self.community.is_empty() && self.spot.is_empty()
    }
}

/// 办理时限, as a moment or as a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// By then.
    At(Timestamp),
    /// So long after the call.
    Within(Amount),
}

/// What the hotline learnt when it asked the caller. Each is an answer of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// 是否联系
    pub reached: Option<bool>,
    /// 是否解决
    pub solved: Option<bool>,
    /// 是否满意
    pub satisfied: Option<bool>,
}

impl FollowUp {
    /// Whether both questions about the result were answered.
    #[must_use]
    pub fn verdict(&self) -> Option<(bool, bool)> {
        self.solved.zip(self.satisfied)
    }
}

/// A work order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// 工单编号
    pub no: String,
    /// 来电人
    pub name: Option<RealName>,
    /// 来电号码
    pub phone: Option<Phone>,
    /// 来电时间
    pub said_at: Option<Timestamp>,
    /// 工单类型
    pub order_type: String,
    /// 问题分类, from the widest.
    pub category: Vec<String>,
    /// 标题
    pub title: String,
    /// 主要内容
    pub content: String,
    /// Where.
    pub place: Place,
    /// 紧急程度
    pub urgency: String,
    /// 办理时限, as it stands.
    pub limit_text: String,
    /// 办理时限, understood.
    pub limit: Option<Limit>,
    /// 承办单位
    pub host_unit: String,
    /// 工单性质: 主办, 协办, 转办
    pub host_role: String,
    /// 办理结果
    pub outcome: String,
    /// 回复内容
    pub reply: String,
    /// 办结时间
    pub finished_at: Option<Timestamp>,
    /// What the caller said of the result.
    pub follow_up: FollowUp,
    /// 标签
    pub tags: String,
}

impl Order {
    /// What is the matter: the title in front where the content does not say it itself.
    #[must_use]
    pub fn matter(&self) -> String {
        match (self.title.as_str(), self.content.as_str()) {
            (title, "") => title.to_owned(),
            ("", content) => content.to_owned(),
            (title, content) if content.contains(title) => content.to_owned(),
            (title, content) => format!("{title}\n{content}"),
        }
    }

    /// 城市管理->路灯->路灯不亮
    #[must_use]
    pub fn category_path(&self) -> String {
        self.category.join("->")
    }

    /// Whether the hotline counts it as finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        const DONE: &[&str] =
            &["已办结", "办结", "已结案", "结案", "已完成", "已归档", "归档", "已关闭", "已回访", "已评价"];
        self.finished_at.is_some() || DONE.iter().any(|word| self.outcome == *word)
    }

    /// A digest of everything that was sent: the same order again has the same.
    #[must_use]
    pub fn digest(&self) -> String {
        let flag = |value: Option<bool>| value.map_or("", |yes| if yes { "1" } else { "0" }).to_owned();
        let at = |value: Option<Timestamp>| value.map(|at| at.ms().to_string()).unwrap_or_default();
        let parts = [
            self.no.clone(),
            self.name.as_ref().map(|name| name.reveal().to_owned()).unwrap_or_default(),
            self.phone.as_ref().map(|phone| phone.reveal().to_owned()).unwrap_or_default(),
            at(self.said_at),
            self.order_type.clone(),
            self.category_path(),
            self.matter(),
            self.place.address(),
            self.urgency.clone(),
            self.limit_text.clone(),
            self.host_unit.clone(),
            self.host_role.clone(),
            self.outcome.clone(),
            self.reply.clone(),
            at(self.finished_at),
            flag(self.follow_up.reached),
            flag(self.follow_up.solved),
            flag(self.follow_up.satisfied),
            self.tags.clone(),
        ];
        digest_of(&parts)
    }

    /// A digest of what is the matter alone.
    #[must_use]
    pub fn matter_digest(&self) -> String {
        digest_of(&[self.matter()])
    }
}

fn digest_of(parts: &[String]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_string().as_bytes());
        digest.update(b":");
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Why a row was refused or left out: a sentence of the translation files (`hotline_fault.CODE`) and its values. No value
/// quotes a name or a number of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// Which.
    pub code: String,
    /// Its values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl RowFault {
    /// A fault.
    #[must_use]
    pub fn new(code: &str, values: &[(&str, &str)]) -> Self {
        let short = |text: &str| text.chars().take(60).collect::<String>();
        Self {
            code: code.to_owned(),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), short(value))).collect(),
        }
    }
}

/// What a row of a sheet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// An order.
    Order(Box<Order>),
    /// An explanation of the sheet, an example, a sum: no order.
    Hint,
    /// A row that cannot be read as an order: its number, if it has one, and why.
    Bad(String, Vec<RowFault>),
}

/// Reads a row.
#[must_use]
pub fn read(row: &SheetRow, layout: &Layout, now: Timestamp) -> Read {
    let fields = Fields { row, layout };
    let first = row.cells.iter().find(|cell| !cell.is_empty()).map(Cell::text).unwrap_or_default();
    let no = fields.text(Column::OrderNo).replace(char::is_whitespace, "");
    if is_hint(&first) || is_hint(&no) || Column::of_header(&no) == Some(Column::OrderNo) {
        return Read::Hint;
    }
    order_of(&fields, no.clone(), now).map_or_else(|faults| Read::Bad(no, faults), |order| Read::Order(Box::new(order)))
}

/// What an order's fields are read from: a row, or a request.
pub trait Source {
    /// The cells of a column, from the left.
    fn cells(&self, column: Column) -> Vec<Cell>;

    /// The first that holds something, as text.
    fn text(&self, column: Column) -> String {
        self.cells(column).iter().find(|cell| !cell.is_empty()).map(Cell::text).unwrap_or_default()
    }
}

struct Fields<'a> {
    row: &'a SheetRow,
    layout: &'a Layout,
}

impl Source for Fields<'_> {
    fn cells(&self, column: Column) -> Vec<Cell> {
        self.layout.of(column).filter_map(|i| self.row.cells.get(i).cloned()).collect()
    }
}

/// Reads an order from `source`.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn order_of(source: &dyn Source, no: String, now: Timestamp) -> Result<Order, Vec<RowFault>> {
    let mut faults: Vec<RowFault> = Vec::new();
    let joined = |column: Column, glue: &str| {
        source.cells(column).iter().map(Cell::text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(glue)
    };
    if no.is_empty() {
        faults.push(RowFault::new("no_order_no", &[]));
    } else if no.chars().count() > MAX_NO || no.chars().any(char::is_control) {
        faults.push(RowFault::new("bad_order_no", &[("value", &no)]));
    }
    let mut at = |column: Column, end_of_day: bool| match source.cells(column).into_iter().find(|cell| !cell.is_empty())
    {
        None => None,
        Some(Cell::At(at)) => Some(at),
        Some(cell) => {
            let text = cell.text();
            let found = if let Cell::Number(n) = cell { when::of_number(n) } else { when::moment(&text, end_of_day) };
            if found.is_none() && !is_blank(&text) {
                faults.push(RowFault::new("bad_time", &[("column", column.title()), ("value", &text)]));
            }
            found
        }
    };
    let said_at = at(Column::SaidAt, false);
    let finished_at = at(Column::FinishedAt, true);
    if said_at.is_some_and(|said| said.since(now) > AHEAD_MS) {
        faults.push(RowFault::new(
            "future_time",
            &[("column", Column::SaidAt.title()), ("value", &said_at.map(when::written).unwrap_or_default())],
        ));
    }
    let (limit_text, limit) = limit_of(source);
    let phone = match clean::phone(&source.text(Column::CallerPhone)) {
        Called::By(phone) => Some(phone),
        Called::Nobody => None,
        Called::Unreadable => {
            faults.push(RowFault::new("bad_phone", &[]));
            None
        }
    };
    let name = source.text(Column::CallerName);
    let order = Order {
        no,
        name: Some(name).filter(|name| !is_blank(name)).and_then(|name| RealName::parse(&name)),
        phone,
        said_at,
        order_type: short(source, Column::OrderType),
        category: category_of(&joined(Column::Category, "->")),
        title: short(source, Column::Title),
        content: joined(Column::Content, "\n"),
        place: Place {
            district: short(source, Column::District),
            street: short(source, Column::Street),
            community: short(source, Column::Community),
            spot: cut(&joined(Column::Spot, ""), MAX_SHORT),
        },
        urgency: short(source, Column::Urgency),
        limit_text,
        limit,
        host_unit: short(source, Column::HostUnit),
        host_role: short(source, Column::HostRole),
        outcome: short(source, Column::Outcome),
        reply: cut(&joined(Column::Reply, "\n"), MAX_REPLY),
        finished_at,
        follow_up: FollowUp {
            reached: said_yes(&source.text(Column::Reached)),
            solved: said_yes(&source.text(Column::Solved)),
            satisfied: said_yes(&source.text(Column::Satisfied)),
        },
        tags: short(source, Column::Tags),
    };
    let n_chars = order.matter().chars().count();
    if n_chars < 2 {
        faults.push(RowFault::new("no_content", &[]));
    } else if n_chars > MAX_MATTER {
        faults
            .push(RowFault::new("content_too_long", &[("n", &n_chars.to_string()), ("max", &MAX_MATTER.to_string())]));
    }
    if order.place.is_empty() {
        faults.push(RowFault::new("no_place", &[]));
    }
    if faults.is_empty() { Ok(order) } else { Err(faults) }
}

fn limit_of(source: &dyn Source) -> (String, Option<Limit>) {
    let Some(cell) = source.cells(Column::Limit).into_iter().find(|cell| !cell.is_empty()) else {
        return (String::new(), None);
    };
    let text = cell.text();
    let limit = match cell {
        Cell::At(at) => Some(Limit::At(at)),
        Cell::Number(n) => when::of_number(n).map(Limit::At),
        _ => when::span(&text).map(Limit::Within).or_else(|| when::moment(&text, true).map(Limit::At)),
    };
    (cut(&text, 60), limit)
}

/// 城市管理->市容环卫->路灯, also with /, >, →, — or - between.
fn category_of(path: &str) -> Vec<String> {
    let even = clean::half_width(path).replace("->", "\u{1}").replace(['>', '→', '/', '\\', '|', '—', '·'], "\u{1}");
    let parts = even.split(['\u{1}', '-']).map(str::trim).filter(|part| !part.is_empty() && !is_blank(part));
    parts.map(|part| cut(part, 60)).take(6).collect()
}

/// 是, 已联系, 满意 and what else people tick; nothing for 未评价 and for what is neither.
fn said_yes(raw: &str) -> Option<bool> {
    match clean::key(raw).as_str() {
        "是" | "1" | "y" | "yes" | "true" | "√" | "✓" | "已联系" | "联系" | "已响应" | "响应" | "解决" | "已解决"
        | "满意" | "非常满意" | "很满意" | "基本满意" | "比较满意" => Some(true),
        "否" | "0" | "n" | "no" | "false" | "×" | "未联系" | "没有联系" | "未响应" | "未解决" | "没解决"
        | "没有解决" | "部分解决" | "不满意" | "非常不满意" | "很不满意" => Some(false),
        _ => None,
    }
}

fn is_blank(text: &str) -> bool {
    matches!(
        clean::key(text).as_str(),
        "" | "无" | "/" | "-" | "--" | "—" | "null" | "暂无" | "空" | "不详" | "匿名" | "未知"
    )
}

fn short(source: &dyn Source, column: Column) -> String {
    let text = source.text(column).replace('\n', " ");
    if is_blank(&text) { String::new() } else { cut(&text, MAX_SHORT) }
}

fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hotline::columns::Mapping;

    const HEADER: &[&str] = &[
        "工单编号",
        "来电人",
        "来电号码",
        "来电时间",
        "问题分类",
        "标题",
        "主要内容",
        "被反映区",
        "被反映街乡镇",
        "被反映社区",
        "被反映点位",
        "办理时限",
        "办理结果",
        "是否满意",
    ];

    fn now() -> Timestamp {
        "2026-09-28T12:00:00+08:00".parse().unwrap()
    }

    fn read_row(cells: &[&str]) -> Read {
        let header: Vec<String> = HEADER.iter().map(|cell| (*cell).to_owned()).collect();
        let layout = Layout::find(&[(1, header)], &Mapping::new()).unwrap();
        let cells = cells
            .iter()
            .map(|cell| if cell.is_empty() { Cell::Empty } else { Cell::Text((*cell).to_owned()) })
            .collect();
        read(&SheetRow { sheet: 0, n: 2, cells }, &layout, now())
    }

    fn good() -> Vec<&'static str> {
        vec![
            "WN20260928001",
            "李女士",
            "19900000001",
            "2026-09-28 09:30",
            "城市管理->市容环卫->路灯",
            "路灯不亮",
            "3号楼前的路灯不亮",
            "临渭区",
            "向阳街道",
            "红旗社区",
            "3号楼",
            "3个工作日",
            "办理中",
            "未评价",
        ]
    }

    #[test]
    fn a_row_becomes_an_order() {
        let Read::Order(order) = read_row(&good()) else { panic!("an order") };
        assert_eq!((order.no.as_str(), order.category_path().as_str()), ("WN20260928001", "城市管理->市容环卫->路灯"));
        assert_eq!(order.place.address(), "临渭区向阳街道红旗社区3号楼");
        assert_eq!(order.matter(), "3号楼前的路灯不亮");
        assert_eq!(order.said_at.map(when::written).as_deref(), Some("2026-09-28 09:30:00"));
        assert_eq!(order.follow_up, FollowUp::default());
        assert!(!order.is_finished() && matches!(order.limit, Some(Limit::Within(_))));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_quotes_no_number() {
        let Read::Bad(no, faults) =
            read_row(&["", "李女士", "not a phone", "昨天", "", "", "", "", "", "", "", "", "", ""])
        else {
            panic!("bad")
        };
        assert_eq!(no, "");
        let codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(codes, ["no_order_no", "bad_time", "bad_phone", "no_content", "no_place"]);
        assert!(faults.iter().all(|fault| fault.values.values().all(|value| !value.contains("phone"))));
    }

    #[test]
    fn a_call_from_the_future_is_a_mistake() {
        let mut cells = good();
        cells[3] = "2026-10-28 09:30";
        assert!(matches!(read_row(&cells), Read::Bad(_, faults) if faults[0].code == "future_time"));
    }

    #[test]
    fn explanations_examples_and_repeated_headers_are_no_orders() {
        for first in ["填写说明：必填项不能为空", "示例", "（示例）WN001", "工单编号"] {
            let mut cells = good();
            cells[0] = first;
            assert_eq!(read_row(&cells), Read::Hint, "{first}");
        }
    }

    #[test]
    fn the_digest_changes_with_anything_that_was_sent() {
        let order = |change: fn(&mut Vec<&'static str>)| {
            let mut cells = good();
            change(&mut cells);
            match read_row(&cells) {
                Read::Order(order) => (order.digest(), order.matter_digest()),
                other => panic!("{other:?}"),
            }
        };
        let plain = order(|_| {});
        assert_eq!(plain, order(|_| {}));
        let new_state = order(|cells| cells[12] = "已办结");
        assert!(plain.0 != new_state.0 && plain.1 == new_state.1);
        assert_ne!(plain.1, order(|cells| cells[6] = "3号楼前的路灯还是不亮").1);
    }

    #[test]
    fn ticks_are_read_and_a_missing_answer_is_no_answer() {
        assert_eq!(
            ["满意", "不满意", "基本满意", "未评价", "", "部分解决"].map(said_yes),
            [Some(true), Some(false), Some(true), None, None, Some(false)]
        );
    }
}
