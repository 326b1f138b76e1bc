//! 规范名称: official names carry the name of the committee in five spellings; people say the place.

/// Endings of official names, the longest first, and what people say instead.
const COMMITTEES: [(&str, &str); 12] = [
    ("社区居民委员会", "社区"),
    ("社区村民委员会", "社区"),
    ("嘎查村民委员会", "嘎查"),
    ("社区居委会", "社区"),
    ("社区村委会", "社区"),
    ("居民委员会", "社区"),
    ("村民委员会", "村"),
    ("嘎查委员会", "嘎查"),
    ("嘎查委会", "嘎查"),
    ("村委员会", "村"),
    ("居委会", "社区"),
    ("村委会", "村"),
];

/// Bodies whose name some registers put before the community's own: 姬家管委会陕汽路社区居民委员会.
const BODIES: [&str; 4] = ["街道办事处", "管理委员会", "管委会", "街道办"];

/// The name that people use, from the official one: 姬家管委会陕汽路社区居民委员会 → 陕汽路社区, 东杨村委会 → 东杨村.
/// `parent` is the name of the area above, which is dropped where the official name repeats it.
#[must_use]
pub fn short_name(official: &str, parent: Option<&str>) -> String {
    let official = official.trim();
    let (base, ending) = split_committee(official);
    let base = without_parent(without_body(base), parent);
    let base = base.strip_suffix(ending).unwrap_or(base);
    if base.is_empty() { official.to_owned() } else { format!("{base}{ending}") }
}

fn split_committee(official: &str) -> (&str, &'static str) {
    if let Some(base) = official.strip_suffix("街道办事处") {
        return (base, "街道");
    }
    COMMITTEES
        .iter()
        .find_map(|(long, short)| {
            official.strip_suffix(long).filter(|base| !base.is_empty()).map(|base| (base, *short))
        })
        .unwrap_or((official, ""))
}

fn without_body(name: &str) -> &str {
    BODIES
        .iter()
        .find_map(|body| name.split_once(body).map(|(_, rest)| rest).filter(|rest| has_own_name(rest)))
        .unwrap_or(name)
}

fn without_parent<'a>(name: &'a str, parent: Option<&str>) -> &'a str {
    parent
        .filter(|parent| parent.chars().count() >= 3)
        .and_then(|parent| name.strip_prefix(parent))
        .filter(|rest| has_own_name(rest))
        .unwrap_or(name)
}

/// A rest such as 社区 or 村 is no name.
fn has_own_name(rest: &str) -> bool {
    let own = rest.strip_suffix("社区").or_else(|| rest.strip_suffix('村')).unwrap_or(rest);
    own.chars().count() >= 2 || (own.chars().count() == 1 && own != rest)
}
