//! What can be reported: the leaves of the playbook's categories, as services.

use linli_playbook::{Category, Playbook};

use super::config::{Attribute, Datatype, Open311Config};
use super::fault::Fault;
use super::form::Fields;
use super::node::{Document, Node};
use crate::say::Lang;

/// The service for what the reporter cannot put a name to: a person sorts it first, so it answers with a token.
pub const UNSORTED: &str = "unsorted";

/// What can be reported now.
pub struct Catalogue<'a> {
    /// The present playbook.
    pub book: &'a Playbook,
    /// What the operator adds.
    pub config: &'a Open311Config,
    /// The reader's language.
    pub lang: Lang,
}

/// A service that was asked for.
#[derive(Clone, Copy, Debug)]
pub enum Service<'a> {
    /// A category.
    Of(&'a Category),
    /// None that the reporter knows.
    Unsorted,
}

impl Service<'_> {
    /// Its category's code.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        match self {
            Self::Of(category) => Some(&category.code),
            Self::Unsorted => None,
        }
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.category().unwrap_or(UNSORTED)
    }
}

impl<'a> Catalogue<'a> {
    /// Categories that residents may choose, but those of life and limb: for them people call.
    pub fn categories(&self) -> impl Iterator<Item = &'a Category> {
        self.book.leaves().filter(|leaf| leaf.public && leaf.emergency.is_none())
    }

    /// The service with this code; its name will do too (some clients know no codes).
    ///
    /// # Errors
    /// 404 when there is none; 400 with the numbers to call for a matter of life and limb.
    pub fn find(&self, code: &str) -> Result<Service<'a>, Fault> {
        let is = |category: &Category| category.code == code || category.name == code;
        if code == UNSORTED {
            return Ok(Service::Unsorted);
        }
        if let Some(category) = self.categories().find(|category| is(category)) {
            return Ok(Service::Of(category));
        }
        let emergency = self.book.leaves().filter(|leaf| is(leaf)).find_map(|leaf| leaf.emergency.clone());
        match emergency {
            Some(said) => Err(Fault { said: Some(said), ..Fault::bad("service_code", "emergency", code) }),
            None => Err(Fault::missing("service_code", "no_service", code)),
        }
    }

    /// GET services.
    #[must_use]
    pub fn services(&self) -> Document {
        let unsorted = Node::Record(vec![
            ("service_code", Node::text(UNSORTED)),
            ("service_name", Node::text(self.lang.text("open311.unsorted"))),
            ("description", Node::text(self.lang.text("open311.unsorted_about"))),
            ("metadata", Node::Flag(false)),
            ("type", Node::text("batch")),
            ("keywords", Node::Empty),
            ("group", Node::Empty),
        ]);
        let items = self.categories().map(|category| self.service(category)).chain([unsorted]).collect();
        Document::list("services", "service", items)
    }

    fn service(&self, category: &Category) -> Node {
        let group =
            category.parent.as_deref().and_then(|code| self.book.category(code)).map(|parent| parent.name.clone());
        Node::Record(vec![
            ("service_code", Node::text(category.code.clone())),
            ("service_name", Node::text(category.name.trim())),
            ("description", Node::text(category.hint.clone().unwrap_or_else(|| category.name.clone()))),
            ("metadata", Node::Flag(self.config.questions(&category.code).next().is_some())),
            ("type", Node::text("realtime")),
            ("keywords", Node::text(category.keywords.join(","))),
            ("group", Node::maybe(group)),
        ])
    }

    /// GET service definition.
    #[must_use]
    pub fn definition(&self, service: &Service<'_>) -> Document {
        let attributes = self
            .config
            .questions(service.code())
            .zip(1_u32..)
            .map(|(attribute, order)| attribute_node(attribute, order));
        Document {
            root: "service_definition",
            node: Node::Record(vec![
                ("service_code", Node::text(service.code())),
                ("attributes", Node::List("attribute", attributes.collect())),
            ]),
        }
    }

    /// The answers to a service's questions as lines of text; what was not asked is passed over, however it is called.
    ///
    /// # Errors
    /// 400 for each required question without an answer and each answer that is none.
    pub fn answers(&self, service: &Service<'_>, fields: &Fields) -> Result<Vec<String>, Vec<Fault>> {
        let given = fields.attributes();
        let (mut lines, mut faults) = (Vec::new(), Vec::new());
        for question in self.config.questions(service.code()).filter(|question| !question.notice) {
            let answers = given.get(question.code.as_str()).cloned().unwrap_or_default();
            if answers.is_empty() {
                if question.required {
                    faults.push(Fault::bad("attribute", "attribute_required", question.code.clone()));
                }
                continue;
            }
            match said(question, &answers) {
                Some(text) => {
                    lines.push(format!("{}：{text}", question.description.trim_end_matches([':', '：', '?', '？'])))
                }
                None => faults.push(Fault::bad("attribute", "attribute_wrong", question.code.clone())),
            }
        }
        if faults.is_empty() { Ok(lines) } else { Err(faults) }
    }
}

fn attribute_node(attribute: &Attribute, order: u32) -> Node {
    let values = attribute.values.iter().map(|choice| {
        Node::Record(vec![("key", Node::text(choice.key.clone())), ("name", Node::text(choice.name.clone()))])
    });
    let mut fields = vec![
        ("variable", Node::Flag(!attribute.notice)),
        ("code", Node::text(attribute.code.clone())),
        ("datatype", Node::text(attribute.datatype.word())),
        ("required", Node::Flag(attribute.required)),
        ("datatype_description", Node::text(attribute.help.clone())),
        ("order", Node::text(order.to_string())),
        ("description", Node::text(attribute.description.clone())),
    ];
    if !attribute.values.is_empty() {
        fields.push(("values", Node::List("value", values.collect())));
    }
    Node::Record(fields)
}

/// The answer as people read it; `None` when it is none of the type.
fn said(question: &Attribute, answers: &[&str]) -> Option<String> {
    let name = |answer: &&str| {
        question
            .values
            .iter()
            .find(|choice| choice.key == **answer || choice.name == **answer)
            .map(|choice| choice.name.clone())
    };
    match question.datatype {
        Datatype::String | Datatype::Text => Some(answers.join("\n")),
        Datatype::Number => answers.first().filter(|text| text.parse::<f64>().is_ok()).map(|text| (*text).to_owned()),
        Datatype::Datetime => {
            answers.first().filter(|text| super::date::heard(text).is_some()).map(|text| (*text).to_owned())
        }
        Datatype::SingleValueList => answers.first().and_then(name),
        Datatype::MultiValueList => answers.iter().map(name).collect::<Option<Vec<_>>>().map(|names| names.join("、")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTIONS: &str = r#"
        [[attribute]]
        service = "unsorted"
        code = "pole"
        description = "灯杆编号？"
        required = true
        [[attribute]]
        service = "unsorted"
        code = "when"
        description = "什么时段"
        datatype = "multivaluelist"
        values = [{ key = "d", name = "白天" }, { key = "n", name = "夜间" }]
        [[attribute]]
        service = "unsorted"
        code = "note"
        description = "高压线下请勿靠近"
        notice = true
    "#;

    fn with<T>(check: impl FnOnce(Catalogue<'_>) -> T) -> T {
        let sources = linli_playbook::Sources::from_dir(std::path::Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../playbooks"
        )))
        .unwrap();
        let book = linli_playbook::load(&sources, "base").unwrap().playbook;
        let config = Open311Config::parse(QUESTIONS).unwrap();
        check(Catalogue { book: &book, config: &config, lang: Lang::ZhCn })
    }

    #[test]
    fn a_definition_says_what_is_asked() {
        let json = with(|catalogue| catalogue.definition(&Service::Unsorted).to_json().unwrap());
        let said: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(said["attributes"][0]["order"], "1");
        assert_eq!(said["attributes"][0]["required"], true);
        assert_eq!(said["attributes"][1]["values"][1]["key"], "n");
        assert_eq!(said["attributes"][2]["variable"], false);
    }

    #[test]
    fn answers_are_checked_by_their_type_and_strangers_are_passed_over() {
        with(|catalogue| {
            let good =
                Fields::of_text("attribute[pole]=12&attribute[when]=d&attribute[when]=n&attribute[uprn]=9".as_bytes());
            assert_eq!(catalogue.answers(&Service::Unsorted, &good).unwrap(), ["灯杆编号：12", "什么时段：白天、夜间"]);
            let bad = Fields::of_text("attribute[when][]=x".as_bytes());
            assert_eq!(catalogue.answers(&Service::Unsorted, &bad).unwrap_err().len(), 2);
        });
    }

    #[test]
    fn every_service_has_a_code_and_a_name_and_none_is_an_emergency() {
        with(|catalogue| {
            assert!(catalogue.categories().count() > 5);
            assert!(catalogue.find("street_light").is_ok() && catalogue.find("路灯照明").is_ok());
            assert_eq!(catalogue.find("nothing").unwrap_err().status, 404);
            for category in catalogue.book.leaves().filter(|leaf| leaf.emergency.is_some()) {
                assert_eq!(catalogue.find(&category.code).unwrap_err().status, 400);
            }
        });
    }
}
