//! A sheet of work orders as a city's hotline exports them: natural Chinese, invented people, real places, and faults planted
//! where they are wanted.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

/// Where orders come from: district, street, community.
#[derive(Clone, Debug)]
pub struct Spot {
    /// 临渭区
    pub district: String,
    /// 向阳街道
    pub street: String,
    /// 红旗社区
    pub community: String,
}

/// What a sheet holds.
#[derive(Clone, Debug, Default)]
pub struct Planted {
    /// Rows that hold an order or a fault.
    pub n_rows: u32,
    /// Good rows.
    pub n_good: u32,
    /// Rows that cannot be read, with the code of each.
    pub bad: Vec<(u32, &'static str)>,
}

const MATTERS: &[(&str, &str, &str)] = &[
    (
        "城市管理->市政设施->路灯",
        "路灯不亮",
        "楼前的路灯连续几晚不亮，晚上回家看不清路，老人孩子出门不安全，请尽快派人来看看",
    ),
    (
        "城市管理->环境卫生->垃圾清运",
        "垃圾没有清运",
        "单元门口的垃圾桶满了两天没有人清运，天热味道很大，请协调尽快拉走",
    ),
    ("城市管理->市政设施->井盖", "井盖松动", "路口的井盖松动，车一过就响，夜里影响休息，也怕有人踩空"),
    (
        "公共安全->消防->消防通道",
        "车辆堵住消防通道",
        "小区东门的消防通道长期停满私家车，消防车进不来，多次反映没有解决",
    ),
    ("环境保护->噪声->社会生活噪声", "广场舞音乐太吵", "每天晚上七点到九点半跳广场舞，音响声音很大，孩子没法写作业"),
    ("住房建设->物业管理->电梯", "电梯停用", "三号楼的电梯坏了一个星期还没修好，楼上有行动不便的老人"),
    ("水电气暖->供水->停水", "没有通知就停水", "今天一早全楼停水，没有看到通知，想知道什么时候恢复"),
    ("城市管理->环境卫生->污水", "下水道返水", "一楼下水道返水，污水流到了楼道里，请尽快疏通"),
    ("邻里->邻里纠纷", "楼上漏水", "楼上卫生间漏水到我家，和对方沟通过两次没有结果，请社区帮忙协调"),
    ("其他->政策咨询", "咨询老旧小区改造", "想问一下我们小区今年是不是在老旧小区改造的名单里，什么时候动工"),
];
const SURNAMES: &[&str] =
    &["李", "王", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "胡", "朱", "郭"];
const TYPES: &[&str] = &["诉求", "投诉", "咨询", "求助", "建议"];

/// One row in so many is faulty.
pub const ONE_FAULT_IN: u32 = 100;
const FAULTS: &[&str] = &["no_order_no", "bad_time", "bad_phone", "no_content", "unknown_place", "content_too_long"];

/// Writes `n` rows below two lines of title and one of hints, on one sheet, beside a sheet that holds no orders.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &std::path::Path, n: u32, spots: &[Spot]) -> Result<Planted, XlsxError> {
    let mut book = Workbook::new();
    let page = book.add_worksheet_with_constant_memory()?;
    page.set_name("工单明细")?;
    page.write(0, 0, "渭南市12345政务服务便民热线工单导出表")?;
    page.write(1, 0, "导出时间：2024-09-28 08:00    导出人：热线平台")?;
    let headers = [
        "工单编号",
        "来电人",
        "联系电话",
        "来电时间",
        "工单类型",
        "问题分类",
        "标题",
        "主要内容",
        "被反映区",
        "被反映街乡镇",
        "被反映社区",
        "被反映点位",
        "紧急程度",
        "办理时限",
        "承办单位",
        "工单性质",
        "办理结果",
        "回复内容",
        "办结时间",
        "是否联系",
        "是否解决",
        "是否满意",
        "标签",
    ];
    for (header, column) in headers.iter().zip(0_u16..) {
        page.write(2, column, *header)?;
    }
    page.write(3, 0, "填写说明：红色为必填，时间精确到分钟")?;
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let mut planted = Planted { n_rows: n, ..Planted::default() };
    for i in 0..n {
        let row = i + 4;
        let fault = (i % ONE_FAULT_IN == ONE_FAULT_IN - 1).then(|| pick(FAULTS, i / ONE_FAULT_IN)).flatten().copied();
        let (category, title, matter) = pick(MATTERS, i.wrapping_mul(7)).copied().unwrap_or_default();
        let spot = pick(spots, i.wrapping_mul(13)).cloned().unwrap_or(Spot {
            district: String::new(),
            street: String::new(),
            community: String::new(),
        });
        let building = i % 30 + 1;
        let mut text = |column: u16, value: &str| page.write_string(row, column, value).map(drop);
        if fault != Some("no_order_no") {
            text(0, &format!("WN20240927{i:06}"))?;
        }
        text(
            1,
            &format!("{}{}", pick(SURNAMES, i).copied().unwrap_or_default(), if i % 2 == 0 { "女士" } else { "先生" }),
        )?;
        text(4, pick(TYPES, i).copied().unwrap_or_default())?;
        text(5, category)?;
        if fault != Some("no_content") {
            text(6, title)?;
            // Control characters that old systems leave behind are written by no library: a full-width space stands for them here.
            text(
                7,
                &if fault == Some("content_too_long") {
                    matter.repeat(80)
                } else {
                    format!("{}{building}号楼{}\u{3000}", spot.community, matter)
                },
            )?;
        }
        if fault == Some("unknown_place") {
            text(11, "某某大厦对面")?;
        } else {
            text(8, &spot.district)?;
            text(9, &spot.street)?;
            text(10, &spot.community)?;
            text(11, &format!("{building}号楼"))?;
        }
        text(12, if i % 20 == 0 { "紧急" } else { "一般" })?;
        text(13, if i % 3 == 0 { "24小时" } else { "5个工作日" })?;
        text(14, &spot.street)?;
        text(15, "主办")?;
        text(16, "待办理")?;
        text(22, if i % 10 == 0 { "=七有五性" } else { "" })?;
        match fault {
            Some("bad_phone") => text(2, "1.99E+10")?,
            // Phones as numbers and as texts with spaces, as they come.
            _ if i % 4 == 0 => drop(page.write_number(row, 2, f64::from(i % 10_000) + 19_900_000_000.0)?),
            _ => page.write_string(row, 2, format!("199 0000 {:04}", i % 10_000)).map(drop)?,
        }
        match fault {
            Some("bad_time") => page.write_string(row, 3, "前天下午").map(drop)?,
            _ if i % 2 == 0 => drop(page.write_datetime_with_format(
                row,
                3,
                ExcelDateTime::parse_from_str("2024-09-27T10:30:00")?,
                &date,
            )?),
            _ => page.write_string(row, 3, format!("2024/9/27 {}:{:02}", 8 + i % 10, i % 60)).map(drop)?,
        }
        match fault {
            Some(code) => planted.bad.push((row + 1, code)),
            None => planted.n_good += 1,
        }
    }
    let notes = book.add_worksheet();
    notes.set_name("说明")?;
    notes.write(0, 0, "本表由热线平台导出，请在三天内反馈。")?;
    book.save(path)?;
    Ok(planted)
}

fn pick<T>(of: &[T], i: u32) -> Option<&T> {
    let n = u32::try_from(of.len()).ok().filter(|n| *n > 0)?;
    of.get(usize::try_from(i % n).ok()?)
}
