//! What a row of a ledger says: in which grid, of whom, and what is wrong with it. Pure.

use std::collections::HashMap;

use linli_kernel::calendar::beijing_date;
use linli_kernel::{AreaCode, AreaLevel, IdNumber, Timestamp, Weight};
use serde::{Deserialize, Serialize};

use crate::areas::tree::AreaTree;
use crate::registry::fields::Kind;
use crate::registry::ledger::{Column, Layout, Subject, title};
use crate::registry::merge::Edits;
use crate::registry::model::Left;
use crate::sheets::clean::{self, Called, key};
use crate::sheets::header::is_hint;
use crate::sheets::when;

/// Longest words on what was done. Unit: characters.
const MOST_NOTE: usize = 1_800;
/// Longest address. Unit: characters.
const MOST_PLACE: usize = 200;

/// Why a row was not entered. It names the column, never what stood in it: the sheet of errors has the row itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// A word of `registry_fault` in the locale files.
    pub code: String,
    /// The header of the column.
    #[serde(default)]
    pub column: String,
    /// An area's name, where it helps.
    #[serde(default)]
    pub area: String,
}

impl RowFault {
    pub(super) fn of(code: &str, column: &str) -> Self {
        Self { code: code.to_owned(), column: column.to_owned(), area: String::new() }
    }
}

/// A row of a file as it is kept while it waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptRow {
    /// Which sheet, from 0.
    pub s: u32,
    /// Which row, from 1.
    pub n: u32,
    /// Its cells.
    pub c: Vec<String>,
}

/// What a row says.
#[derive(Clone, Debug)]
pub struct Said {
    /// Where.
    pub grid: AreaCode,
    /// What it says of the record itself.
    pub edits: Edits,
    /// What it says of the dwelling, for residents.
    pub dwelling: Edits,
    /// The number of the household, for residents.
    pub household_no: Option<String>,
    /// That the person left.
    pub left: Option<Left>,
    /// What was done, where the ledger is of visits or hazards.
    pub done: Option<Done>,
}

/// A visit or a hazard, as a row tells of it.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// When.
    pub at: Option<Timestamp>,
    /// Where, in words: the door as the registry writes it, or the address.
    pub place: String,
    /// At which premises.
    pub title: String,
    /// What was seen or is wrong.
    pub note: String,
    /// Who was there, by name.
    pub worker: String,
    /// Whether somebody was met.
    pub met: Option<bool>,
    /// How heavy.
    pub weight: Option<Weight>,
    /// By when it is to be put right, as it was written.
    pub due: String,
    /// Whether it was put right.
    pub is_over: bool,
    /// Its number, where it has been here.
    pub paper_no: String,
}

/// What a row is.
#[derive(Clone, Debug)]
pub enum Reading {
    /// An explanation, a sum, or nothing that is read.
    Hint,
    /// It cannot be entered.
    Bad(Vec<RowFault>),
    /// It can.
    Row(Box<Said>),
}

/// Everything by which rows are read.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Of what.
    pub kind: Subject,
    /// Where its records may lie.
    pub area: AreaCode,
    /// The present.
    pub now: Timestamp,
    /// The grids of that area by every name that people use.
    grids: HashMap<String, Vec<AreaCode>>,
    /// How each sheet is read.
    pub layouts: HashMap<u32, Layout>,
}

impl Ledger {
    /// For an area as it stands in the tree.
    #[must_use]
    pub fn new(
        kind: Subject,
        area: AreaCode,
        (tree, now): (&AreaTree, Timestamp),
        layouts: HashMap<u32, Layout>,
    ) -> Self {
        let mut grids: HashMap<String, Vec<AreaCode>> = HashMap::new();
        for known in tree.iter().filter(|known| known.code.level() == AreaLevel::Grid && area.contains(&known.code)) {
            let mut names = vec![key(&known.name), key(&known.short_name), known.code.to_string()];
            names.sort();
            names.dedup();
            for name in names {
                grids.entry(name).or_default().push(known.code);
            }
        }
        Self { kind, area, now, grids, layouts }
    }

    /// Reads a row below the header.
    #[must_use]
    pub fn read(&self, row: &KeptRow) -> Reading {
        let Some(layout) = self.layouts.get(&row.s).filter(|layout| row.n > layout.header_row) else {
            return Reading::Hint;
        };
        let first = row.c.iter().find(|cell| !cell.is_empty());
        if first.is_none_or(|cell| is_hint(cell)) {
            return Reading::Hint;
        }
        let cells = Cells { kind: self.kind, layout, row };
        if layout.columns.iter().flatten().all(|column| cells.text(*column).is_empty()) {
            return Reading::Hint;
        }
        let mut faults = Vec::new();
        let grid = self.grid(&cells).map_err(|fault| faults.push(fault)).ok();
        let mut said = Said {
            grid: grid.unwrap_or(self.area),
            edits: Edits::new(),
            dwelling: Edits::new(),
            household_no: None,
            left: None,
            done: None,
        };
        let Some(kind) = self.kind.record() else {
            said.done = Some(cells.done(&mut faults, self.now));
            return if faults.is_empty() { Reading::Row(Box::new(said)) } else { Reading::Bad(faults) };
        };
        match kind {
            Kind::Resident => cells.resident(&mut said, &mut faults),
            Kind::Dwelling => {
                said.edits = cells.dwelling(&mut faults);
                cells.put(&mut said.edits, &mut faults, "area_m2", Column::AreaM2, |text| text);
                let used = |text: String| dwelling_use(&text).to_owned();
                cells.put(&mut said.edits, &mut faults, "dwelling_use", Column::DwellingUse, used);
            }
            Kind::Premises => cells.premises(&mut said.edits, &mut faults),
            Kind::Firm => cells.firm(&mut said.edits, &mut faults),
            Kind::Facility => cells.facility(&mut said.edits, &mut faults),
            Kind::Household => {}
        }
        if faults.is_empty() { Reading::Row(Box::new(said)) } else { Reading::Bad(faults) }
    }

    fn grid(&self, cells: &Cells<'_>) -> Result<AreaCode, RowFault> {
        let title = title(self.kind, Column::Grid);
        let name = key(&cells.text(Column::Grid));
        if name.is_empty() {
            let is_grid = self.area.level() >= AreaLevel::Grid;
            return if is_grid { Ok(self.area) } else { Err(RowFault::of("grid_needed", title)) };
        }
        match self.grids.get(&name).map(Vec::as_slice) {
            Some([one]) => Ok(*one),
            Some(_) => Err(RowFault::of("grid_ambiguous", title)),
            None => Err(RowFault::of("grid_unknown", title)),
        }
    }
}

struct Cells<'a> {
    kind: Subject,
    layout: &'a Layout,
    row: &'a KeptRow,
}

impl Cells<'_> {
    fn text(&self, column: Column) -> String {
        let at = self.layout.of(column).next();
        at.and_then(|i| self.row.c.get(i)).cloned().unwrap_or_default()
    }

    /// The header as it stands in the file.
    fn title(&self, column: Column) -> String {
        let at = self.layout.of(column).next();
        let header = at.and_then(|i| self.layout.headers.get(i)).cloned();
        header.unwrap_or_else(|| title(self.kind, column).to_owned())
    }

    fn put(
        &self,
        edits: &mut Edits,
        faults: &mut Vec<RowFault>,
        field: &'static str,
        column: Column,
        even: impl FnOnce(String) -> String,
    ) {
        let Some(kind) = self.kind.record() else { return };
        self.put_into(kind, edits, faults, (field, column), even);
    }

    /// Reads a cell into a field; an empty cell says nothing.
    fn put_into(
        &self,
        kind: Kind,
        edits: &mut Edits,
        faults: &mut Vec<RowFault>,
        (field, column): (&'static str, Column),
        even: impl FnOnce(String) -> String,
    ) {
        let text = self.text(column);
        if text.is_empty() {
            return;
        }
        let Some(known) = kind.field(field) else { return };
        match known.read(&even(text)) {
            Ok(Some(value)) => drop(edits.insert(known.key, Some(value))),
            Ok(None) => {}
            Err(code) => faults.push(RowFault::of(code, &self.title(column))),
        }
    }

    fn require(&self, edits: &Edits, faults: &mut Vec<RowFault>, field: &str, column: Column) {
        let title = self.title(column);
        if !edits.contains_key(field) && !faults.iter().any(|fault| fault.column == title) {
            faults.push(RowFault::of("required", &title));
        }
    }

    fn dwelling(&self, faults: &mut Vec<RowFault>) -> Edits {
        let mut edits = Edits::new();
        let kind = Kind::Dwelling;
        let door = door(&self.text(Column::Door));
        for (part, field) in door.iter().zip(["building", "unit", "room"]) {
            match kind.field(field).map(|field| (field.key, field.read(part))) {
                Some((key, Ok(Some(value)))) => drop(edits.insert(key, Some(value))),
                Some((_, Err(code))) => faults.push(RowFault::of(code, &self.title(Column::Door))),
                _ => {}
            }
        }
        for (field, column) in [
            ("compound", Column::Compound),
            ("building", Column::Building),
            ("unit", Column::Unit),
            ("room", Column::Room),
        ] {
            self.put_into(kind, &mut edits, faults, (field, column), |text| text);
        }
        let state = self.text(Column::Occupancy);
        if !state.is_empty() {
            match occupancy(&state, &self.title(Column::Occupancy)) {
                Some(word) => drop(edits.insert("occupancy", Some(word.to_owned()))),
                None => faults.push(RowFault::of("not_an_option", &self.title(Column::Occupancy))),
            }
        }
        self.require(&edits, faults, "compound", Column::Compound);
        edits
    }

    /// A row of what was done. An address may stand in one column or in the parts of a door.
    fn done(&self, faults: &mut Vec<RowFault>, now: Timestamp) -> Done {
        let clean = |column: Column| clean::text(&self.text(column));
        let door: String = [Column::Compound, Column::Building, Column::Unit, Column::Room].map(clean).concat();
        let (title, address, note) = (clean(Column::Title), clean(Column::Address), clean(Column::Note));
        let day = self.text(Column::Day);
        let at = when::moment(&day, false);
        if at.is_none() && (!day.is_empty() || self.kind == Subject::Visit) {
            faults.push(RowFault::of(if day.is_empty() { "required" } else { "bad_day" }, &self.title(Column::Day)));
        }
        if note.is_empty() && (self.kind == Subject::Hazard || (door.is_empty() && address.is_empty())) {
            faults.push(RowFault::of("required", &self.title(Column::Note)));
        }
        for (text, most, column) in [(&note, MOST_NOTE, Column::Note), (&address, MOST_PLACE, Column::Address)] {
            if text.chars().count() > most {
                faults.push(RowFault::of("too_long", &self.title(column)));
            }
        }
        let progress = self.text(Column::Progress);
        let said = key(&progress);
        // A day that is planned, a dash, or “没有整改” beside it, is no day on which it was done.
        let closed = when::moment(&self.text(Column::ClosedDay), false).is_some_and(|day| day <= now);
        let is_open = any(&said, &["未", "没", "正在", "部分"]);
        let is_said = matches!(said.as_str(), "是" | "已" | "1" | "√" | "完成" | "闭环")
            || any(&said, &["已整改", "已完成", "已销号", "已闭环", "整改完成", "整改到位"]);
        let is_over = !is_open && (closed || is_said);
        let met = key(&self.text(Column::Met));
        Done {
            at,
            place: if door.is_empty() { address } else { door },
            title,
            note,
            worker: clean(Column::Worker),
            met: (!met.is_empty())
                .then(|| is_yes(&met) || any(&met, &["见到", "在家"]) && !any(&met, &["不", "未", "没"])),
            weight: weight(&self.text(Column::Weight)),
            due: match when::moment(&self.text(Column::DueDay), false) {
                Some(day) => beijing_date(day).to_string(),
                None => clean(Column::DueDay),
            },
            is_over,
            paper_no: clean(Column::PaperNo),
        }
    }

    fn resident(&self, said: &mut Said, faults: &mut Vec<RowFault>) {
        said.dwelling = self.dwelling(faults);
        let number = clean::text(&self.text(Column::HouseholdNo));
        said.household_no = Some(number).filter(|number| !number.is_empty());
        if said.household_no.as_ref().is_some_and(|number| number.chars().count() > 20) {
            faults.push(RowFault::of("too_long", &self.title(Column::HouseholdNo)));
        }
        self.put(&mut said.edits, faults, "name", Column::PersonName, |text| text);
        self.require(&said.edits, faults, "name", Column::PersonName);
        self.put(&mut said.edits, faults, "relation", Column::Relation, |text| relation(&text).to_owned());
        self.put(&mut said.edits, faults, "sex", Column::Sex, |text| sex(&text).to_owned());
        self.put(&mut said.edits, faults, "birth_month", Column::Birth, |text| text);
        self.phone(&mut said.edits, faults);
        self.put(&mut said.edits, faults, "id_number", Column::IdNumber, |text| {
            text.trim_start_matches('\'').to_owned()
        });
        from_id_number(&mut said.edits);
        if is_yes(&self.text(Column::Deceased)) {
            said.left = Some(Left::Deceased);
        } else if is_yes(&self.text(Column::MovedAway)) {
            said.left = Some(Left::MovedAway);
        }
    }

    /// 电话: several with a mark between, as a number, or a word that says there is none.
    fn phone(&self, edits: &mut Edits, faults: &mut Vec<RowFault>) {
        match clean::phone(&self.text(Column::Phone)) {
            Called::By(phone) => drop(edits.insert("phone", Some(phone.reveal().to_owned()))),
            Called::Nobody => {}
            Called::Unreadable => faults.push(RowFault::of("bad_phone", &self.title(Column::Phone))),
        }
    }

    fn premises(&self, edits: &mut Edits, faults: &mut Vec<RowFault>) {
        self.put(edits, faults, "name", Column::Title, |text| text);
        self.require(edits, faults, "name", Column::Title);
        self.put(edits, faults, "premises_kind", Column::Sort, |text| premises_kind(&text).to_owned());
        edits.entry("premises_kind").or_insert_with(|| Some("other".to_owned()));
        self.put(edits, faults, "address", Column::Address, |text| text);
        // A building's ledger has the name of the building only: that is where it is.
        if let (false, Some(name)) = (edits.contains_key("address"), edits.get("name").cloned()) {
            edits.insert("address", name);
        }
        self.put(edits, faults, "in_charge", Column::InCharge, |text| text);
        self.phone(edits, faults);
        self.put(edits, faults, "is_key", Column::IsKey, |text| if is_yes(&text) { "yes" } else { "no" }.to_owned());
    }

    fn facility(&self, edits: &mut Edits, faults: &mut Vec<RowFault>) {
        self.put(edits, faults, "name", Column::Title, |text| text);
        self.require(edits, faults, "name", Column::Title);
        let sort = self.text(Column::Sort);
        let said = if sort.is_empty() { self.text(Column::Title) } else { sort };
        edits.insert("facility_kind", Some(facility_kind(&said).to_owned()));
        self.put(edits, faults, "address", Column::Address, |text| text);
        self.require(edits, faults, "address", Column::Address);
        self.put(edits, faults, "keeper", Column::InCharge, |text| text);
    }

    fn firm(&self, edits: &mut Edits, faults: &mut Vec<RowFault>) {
        self.put(edits, faults, "name", Column::Title, |text| text);
        self.require(edits, faults, "name", Column::Title);
        self.put(edits, faults, "firm_kind", Column::Sort, |text| firm_kind(&text).to_owned());
        edits.entry("firm_kind").or_insert_with(|| Some("other".to_owned()));
        self.put(edits, faults, "unified_code", Column::UnifiedCode, |text| text);
        self.put(edits, faults, "address", Column::Address, |text| text);
        self.put(edits, faults, "n_employees", Column::NEmployees, |text| {
            key(&text).trim_end_matches(['人', '名']).to_owned()
        });
    }
}

/// What an ID number says by itself need not be asked: the month of birth and the sex, where the ledger is silent.
fn from_id_number(edits: &mut Edits) {
    let Some(number) = edits.get("id_number").cloned().flatten().and_then(|number| IdNumber::parse(&number)) else {
        return;
    };
    let digits = number.reveal();
    if let (Some(year), Some(month)) = (digits.get(6..10), digits.get(10..12)) {
        edits.entry("birth_month").or_insert_with(|| Some(format!("{year}-{month}")));
    }
    let is_odd = digits.get(16..17).and_then(|digit| digit.parse::<u32>().ok()).map(|digit| digit % 2 == 1);
    if let Some(is_odd) = is_odd {
        edits.entry("sex").or_insert_with(|| Some(if is_odd { "male" } else { "female" }.to_owned()));
    }
}

/// A door as ledgers write it in one cell: 3号楼2单元101室, 2单元101, 3-2-101.
#[must_use]
pub fn door(text: &str) -> [String; 3] {
    let plain = clean::text(text).replace(char::is_whitespace, "");
    let by_marks: Vec<&str> = plain.split(['-', '—', '－']).collect();
    if let [building, unit, room] = by_marks.as_slice()
        && by_marks.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
    {
        return [format!("{building}号楼"), format!("{unit}单元"), format!("{room}室")];
    }
    let cut = |text: &str, marks: &[&str]| -> Option<(String, String)> {
        let (at, mark) = marks.iter().filter_map(|mark| text.find(mark).map(|at| (at, *mark))).min()?;
        let (head, tail) = text.split_at_checked(at + mark.len())?;
        Some((head.to_owned(), tail.to_owned()))
    };
    let (building, rest) = cut(&plain, &["号楼", "栋", "幢"]).unwrap_or_else(|| (String::new(), plain.clone()));
    let (unit, room) = cut(&rest, &["单元"]).unwrap_or_else(|| (String::new(), rest.clone()));
    [building, unit, room]
}

/// How heavy a hazard is, in the words of safety offices.
fn weight(text: &str) -> Option<Weight> {
    if any(text, &["重大", "严重"]) {
        Some(Weight::Major)
    } else if any(text, &["较大"]) {
        Some(Weight::Larger)
    } else if any(text, &["一般"]) {
        Some(Weight::General)
    } else if any(text, &["轻微", "较小", "低"]) {
        Some(Weight::Micro)
    } else {
        None
    }
}

fn any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

fn is_yes(text: &str) -> bool {
    matches!(
        key(text).as_str(),
        "是" | "1" | "√" | "有" | "已" | "y" | "yes" | "true" | "已迁出" | "已死亡" | "死亡" | "迁出" | "重点"
    )
}

fn sex(text: &str) -> &'static str {
    match key(text).as_str() {
        "男" | "1" | "男性" => "male",
        "女" | "2" | "女性" => "female",
        _ => "unknown",
    }
}

fn relation(text: &str) -> &'static str {
    let text = key(text);
    match text.as_str() {
        "户主" | "本人" | "本人或户主" => "head",
        "配偶" | "妻" | "夫" | "妻子" | "丈夫" => "spouse",
        "子" | "女" | "儿子" | "女儿" | "子女" | "长子" | "长女" | "次子" | "次女" | "独生子" | "独生女" => {
            "child"
        }
        "父" | "母" | "父亲" | "母亲" | "父母" => "parent",
        _ if any(&text, &["租"]) => "tenant",
        _ => "other",
    }
}

fn dwelling_use(text: &str) -> &'static str {
    if any(text, &["商住", "混合", "综合"]) {
        "mixed"
    } else if any(text, &["住宅", "居住", "公寓", "民宅", "民房", "私人", "自建", "小区"]) {
        "living"
    } else if any(text, &["商", "办公", "写字楼", "店", "经营"]) {
        "business"
    } else {
        "other"
    }
}

fn occupancy(text: &str, header: &str) -> Option<&'static str> {
    if header.contains("出租") && !header.contains("自住") {
        return Some(if is_yes(text) || any(text, &["租"]) { "rented" } else { "owner" });
    }
    if any(text, &["租"]) {
        Some("rented")
    } else if any(text, &["空", "闲置", "无人"]) {
        Some("empty")
    } else if any(text, &["自住", "自有", "自用", "业主", "自购", "入住"]) {
        Some("owner")
    } else {
        None
    }
}

fn premises_kind(text: &str) -> &'static str {
    const WORDS: &[(&str, &[&str])] = &[
        ("rental", &["出租", "群租"]),
        ("catering", &["餐", "饭", "小吃", "酒楼", "火锅", "烧烤", "奶茶", "食品"]),
        ("lodging", &["宾馆", "酒店", "旅馆", "民宿", "招待所"]),
        ("school", &["学校", "幼儿", "培训", "教育", "托管", "托育"]),
        ("medical", &["医", "诊所", "药", "卫生"]),
        ("leisure", &["网吧", "KTV", "娱乐", "棋牌", "健身", "影院", "足浴", "洗浴"]),
        ("worship", &["寺", "教堂", "清真", "道观"]),
        ("workshop", &["厂", "加工", "作坊", "生产"]),
        ("storage", &["仓", "库", "物流"]),
        ("office", &["办公", "写字楼", "公司", "大厦"]),
        ("shop", &["商", "店", "超市", "市场", "零售", "理发", "美容"]),
    ];
    WORDS.iter().find(|(_, words)| any(text, words)).map_or("other", |(word, _)| *word)
}

fn facility_kind(text: &str) -> &'static str {
    const WORDS: &[(&str, &[&str])] = &[
        ("charging", &["充电"]),
        ("fire", &["消防", "消火栓", "灭火"]),
        ("light", &["灯", "照明"]),
        ("lift", &["电梯"]),
        ("manhole", &["井盖", "雨箅", "雨篦", "窨井"]),
        ("pipe", &["管", "阀", "水泵", "水表", "化粪池"]),
        ("power", &["电箱", "变压器", "配电", "电杆", "线杆"]),
        ("fitness", &["健身", "器材", "乒乓", "篮球"]),
        ("seat", &["座椅", "长椅", "凉亭", "桌椅"]),
        ("gate", &["门禁", "大门", "道闸", "围墙", "护栏", "栏杆"]),
        ("rubbish", &["垃圾", "投放点", "果皮箱"]),
        ("sign", &["牌", "标识", "宣传栏", "公告栏"]),
        ("green", &["绿", "树", "花坛", "草"]),
        ("road", &["路", "台阶", "坡道", "步道"]),
    ];
    WORDS.iter().find(|(_, words)| any(text, words)).map_or("other", |(word, _)| *word)
}

fn firm_kind(text: &str) -> &'static str {
    if any(text, &["个体"]) {
        "sole_trader"
    } else if any(text, &["小微", "微型", "小型", "有限", "公司", "企业"]) {
        "small"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_in_one_cell_is_taken_apart() {
        for (text, parts) in [
            ("3号楼2单元101室", ["3号楼", "2单元", "101室"]),
            ("1单元101室", ["", "1单元", "101室"]),
            ("3-2-101", ["3号楼", "2单元", "101室"]),
            ("甲5栋 302", ["甲5栋", "", "302"]),
            ("前街12号", ["", "", "前街12号"]),
            ("", ["", "", ""]),
        ] {
            assert_eq!(door(text), parts.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn an_id_number_says_what_the_ledger_leaves_out() {
        let mut edits = Edits::from([("id_number", Some("11010519491231002X".to_owned()))]);
        from_id_number(&mut edits);
        assert_eq!(edits.get("birth_month"), Some(&Some("1949-12".to_owned())));
        assert_eq!(edits.get("sex"), Some(&Some("female".to_owned())));
    }
}
