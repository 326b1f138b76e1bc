//! Notes without the names of residents: what visits keep coming upon is told by place and matter, never by who lives there.
//!
//! A name is known by the registry's keyed index: nothing is opened for it, so no read of a name is to be logged. Besides, a
//! surname before a form of address (李大爷) is one. The name of somebody whom the registry does not have, without such a
//! word, cannot be told from other words and stays.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use linli_access::Vault;
use linli_db::{Conn, StoreError};
use linli_kernel::AreaCode;

use crate::registry;

/// What stands in place of a name.
const MASK: &str = "＊＊";
/// The longest and the shortest name. Unit: characters.
const LENGTHS: [usize; 3] = [4, 3, 2];
const ADDRESSES: &[&str] = &[
    "大爷", "大妈", "大娘", "大伯", "大叔", "大婶", "大哥", "大姐", "大嫂", "阿姨", "奶奶", "爷爷", "叔叔", "婆婆",
    "先生", "女士", "小姐", "师傅", "某",
];
/// The hundred commonest.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧肖程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎闫余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";

/// The residents' names of a place, by their index.
pub struct Names<'a> {
    vault: &'a Vault,
    known: HashSet<String>,
    asked: RefCell<HashMap<String, bool>>,
}

impl<'a> Names<'a> {
    /// Those of the registry within `area`.
    ///
    /// # Errors
    /// The database's.
    pub fn read(conn: &mut Conn, vault: &'a Vault, area: &AreaCode) -> Result<Self, StoreError> {
        Ok(Self::of(vault, registry::store::name_indexes(conn, area)?))
    }

    fn of(vault: &'a Vault, known: HashSet<String>) -> Self {
        Self { vault, known, asked: RefCell::default() }
    }

    fn is_name(&self, text: &str) -> bool {
        if self.known.is_empty() {
            return false;
        }
        let found = self.asked.borrow().get(text).copied();
        found.unwrap_or_else(|| {
            let is_known = self.known.contains(&registry::store::name_index(self.vault, text));
            self.asked.borrow_mut().insert(text.to_owned(), is_known);
            is_known
        })
    }

    /// `text` without names.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let letters: Vec<char> = text.chars().collect();
        let mut rest = letters.as_slice();
        let mut masked = String::with_capacity(text.len());
        while let Some((first, after)) = rest.split_first() {
            match self.name_at(rest).and_then(|n| rest.get(n..)) {
                Some(beyond) => {
                    masked.push_str(MASK);
                    rest = beyond;
                }
                None => {
                    masked.push(*first);
                    rest = after;
                }
            }
        }
        masked
    }

    /// How long the name is with which `text` begins.
    fn name_at(&self, text: &[char]) -> Option<usize> {
        let name = LENGTHS.into_iter().find(|n| {
            let name: Option<&[char]> = text.get(..*n).filter(|name| name.iter().all(|c| is_han(*c)));
            name.is_some_and(|name| self.is_name(&name.iter().collect::<String>()))
        });
        name.or_else(|| addressed(text))
    }
}

/// A surname and the form of address after it.
fn addressed(text: &[char]) -> Option<usize> {
    let (surname, after) = text.split_first()?;
    let after: String = after.iter().take(2).collect();
    let address = ADDRESSES.iter().find(|address| after.starts_with(**address))?;
    SURNAMES.contains(*surname).then(|| 1 + address.chars().count())
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_registry_and_forms_of_address_are_masked_and_nothing_else() {
        let vault = Vault::new(&[7; 32]);
        let known = ["李桂英", "欧阳建国"].iter().map(|name| registry::store::name_index(&vault, name)).collect();
        let names = Names::of(&vault, known);
        assert_eq!(names.masked("李桂英家水管漏水，欧阳建国也说"), "＊＊家水管漏水，＊＊也说");
        assert_eq!(names.masked("3号楼张大爷、王某反映路灯不亮"), "3号楼＊＊、＊＊反映路灯不亮");
        assert_eq!(names.masked("高层住户反映王府小区围墙破损"), "高层住户反映王府小区围墙破损");
    }
}
