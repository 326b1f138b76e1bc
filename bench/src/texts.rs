//! Synthetic texts from a vocabulary of our own. What matters to a search is set on purpose: some words are frequent, one is
//! very rare, and two frequent ones never meet; the rest has a long tail of names and numbers, as real texts have.

use linli_civic::areas::synth::Chance;

/// Stands in 8 of 100 texts.
pub const FREQUENT: &str = "路灯";
/// Frequent too, and never together with [`FREQUENT`].
pub const NEVER_WITH_IT: &str = "井盖";
/// Stands in five texts, however many there are.
pub const RARE: &str = "白孔雀";
/// A phrase of several pairs, as people type it.
pub const PHRASE: &str = "路灯不亮";

/// Out of 100, what it is about, its category, and what is wrong with it.
const MATTERS: &[(u32, &str, &str, &[&str])] = &[
    (8, "路灯", "street_light", &["不亮", "一闪一闪的", "整夜不亮", "杆子歪了", "坏了三天没人修"]),
    (5, "井盖", "road_surface", &["松动，车一过就响", "破了一个角", "不见了，很危险", "高出路面一截"]),
    (9, "垃圾桶", "rubbish", &["满了没人清运", "旁边堆满了装修垃圾", "味道很大，苍蝇多", "被挪走了"]),
    (6, "下水道", "sewage", &["堵了往外冒污水", "返臭味", "一下雨就积水", "清掏的人一直没来"]),
    (10, "停车", "parking", &["占了消防通道", "把单元门口堵住了", "占了盲道", "没有划线，天天吵"]),
    (8, "楼上装修", "noise", &["中午也不停", "晚上十点还在打孔", "周末一早就开始", "震得天花板掉灰"]),
    (6, "暖气", "water_power_heat", &["一直不热", "漏水把地板泡了", "说是欠费停了，其实交过", "只有半边热"]),
    (5, "自来水", "water_power_heat", &["发黄有味道", "水压太小，上不到六楼", "停水没有通知", "水表走得不对"]),
    (8, "物业", "property_service", &["收费不公示", "保洁不到位", "报修一周没人来", "不让业主看合同"]),
    (4, "电梯", "property_service", &["困人两次了", "按键失灵", "关门太快夹人", "年检过期"]),
    (2, "流浪狗", "other", &["追着小孩跑", "成群在草坪上", "咬伤了人"]),
    (4, "行道树", "other", &["挡住了信号灯", "枝条快碰到电线", "枯死了怕砸到人"]),
    (6, "人行道", "road_surface", &["地砖松动绊人", "塌了一个坑", "被摊点占满", "积水结冰很滑"]),
    (3, "消防栓", "fire_hazard", &["没有水", "被杂物挡住", "箱子打不开"]),
    (4, "医保", "errand", &["异地怎么报销", "缴费查不到记录", "老人不会用手机办"]),
    (3, "公交站", "suggestion", &["牌子倒了", "建议加个座椅", "班次太少等半小时"]),
    (3, "燃气", "danger_to_life", &["报警器一直响", "闻到味道", "管道锈得厉害"]),
    (2, "宽带线", "other", &["垂到半空", "剪断了没人接"]),
    (2, "学校门口", "order", &["放学堵得走不动", "没有斑马线"]),
    (2, "独居老人", "help_needed", &["两天没见出门", "想要助餐", "需要有人陪着看病"]),
];
const WHEN: &[&str] = &[
    "昨天晚上",
    "从上周三开始",
    "今天一早",
    "已经半个多月了",
    "这两天",
    "一到下雨天",
    "刚才",
    "上个月就反映过",
    "国庆前",
    "每天傍晚",
];
const SIDES: &[&str] = &["东侧", "西侧", "门口", "对面", "后面", "拐角处", "楼下", "北边", "入口", "旁边"];
const ENDS: &[&str] = &[
    "请尽快处理",
    "麻烦派人来看看",
    "希望给个答复",
    "老人孩子走路不方便",
    "晚上看不清路",
    "已经有人摔倒了",
    "谢谢",
    "找过物业没有用",
    "邻居都有意见",
    "请告知什么时候能好",
];
const ONE: &str = "新文红华长安永兴东南西北建民光明和平春秋金玉福寿康宁德仁义礼智信龙凤山水云松柏竹梅兰菊星月阳晨曦海江河湖泉石林园庭堡桥关市农工商学";
const ROADS: &[&str] = &["路", "街", "巷", "大道"];
const HOMES: &[&str] = &["苑", "花园", "家园", "小区", "公馆", "佳苑"];
const SHOPS: &[&str] = &["超市", "饭店", "药房", "理发店", "五金店", "幼儿园", "茶楼", "面馆"];
const DONE: &[&str] = &[
    "已更换损坏的部件，现场试过正常",
    "联系施工单位当天清理干净",
    "与双方当面说清，约定了时间",
    "划了线并立了牌子",
    "已通知产权单位修复，复查合格",
    "上门解释政策并代为办理",
    "加固后恢复通行",
    "列入本季度维修计划，先设了围挡",
];

/// What one case says.
#[derive(Clone, Debug)]
pub struct Said {
    /// The matter.
    pub body: String,
    /// Where, in words.
    pub place: String,
    /// The category's code.
    pub category: &'static str,
    /// What was done, once something was.
    pub done: String,
}

/// The `n`th of `of` texts.
#[must_use]
pub fn said(chance: &mut Chance, n: u64, of: u64) -> Said {
    let mut at = below(chance, 100);
    let matter = MATTERS.iter().find(|(share, ..)| {
        let found = at < u64::from(*share);
        at = at.saturating_sub(u64::from(*share));
        found
    });
    let (_, what, category, faults) = matter.or(MATTERS.first()).copied().unwrap_or((0, "", "other", &[]));
    let place = place(chance);
    let when = pick(chance, WHEN);
    let side = pick(chance, SIDES);
    let (fault, end) = (pick(chance, faults), pick(chance, ENDS));
    let mut body = match below(chance, 3) {
        0 => format!("{place}{side}的{what}{fault}，{when}就这样，{end}"),
        1 => format!("{when}，{place}{what}{fault}。{end}"),
        _ => format!("{what}{fault}，在{place}{side}，{}{}旁边，{end}", name(chance, 3), pick(chance, SHOPS)),
    };
    // Five of them, spread over all.
    if n % (of / 5).max(1) == of / 10 {
        body.push_str("，还有一只");
        body.push_str(RARE);
    }
    let done = format!("{}，经办编号{}", pick(chance, DONE), below(chance, 900_000) + 100_000);
    Said { body, place, category, done }
}

fn place(chance: &mut Chance) -> String {
    match below(chance, 3) {
        0 => format!("{}{}{}号", name(chance, 2), pick(chance, ROADS), below(chance, 300) + 1),
        1 => format!(
            "{}{}{}号楼{}单元",
            name(chance, 2),
            pick(chance, HOMES),
            below(chance, 40) + 1,
            below(chance, 4) + 1
        ),
        _ => format!("{}{}与{}{}交叉口", name(chance, 2), pick(chance, ROADS), name(chance, 2), pick(chance, ROADS)),
    }
}

fn name(chance: &mut Chance, n: usize) -> String {
    let all: Vec<char> = ONE.chars().collect();
    (0..n).filter_map(|_| chance.pick(&all).copied()).collect()
}

fn pick(chance: &mut Chance, of: &[&'static str]) -> &'static str {
    chance.pick(of).copied().unwrap_or_default()
}

fn below(chance: &mut Chance, n: u64) -> u64 {
    chance.whole() % n.max(1)
}
