//! What is wrong with a playbook's template of the work order, with how to mend it.

use linli_playbook::{Document, Documents, Finding, Severity};

use super::work_order::{KNOWN, TEMPLATE};
use crate::docx::{self, Fault};

/// What the check of a playbook's documents finds.
#[must_use]
pub fn findings(documents: &Documents) -> Vec<Finding> {
    let Some(document) = documents.get(TEMPLATE) else { return Vec::new() };
    docx::check(&document.bytes, &KNOWN).into_iter().map(|fault| said(document, fault)).collect()
}

fn said(document: &Document, fault: Fault) -> Finding {
    const LIST: &str = "可用的占位符见 docs/playbooks.md 的“templates/”一节。";
    let (code, message, hint) = match fault {
        Fault::Unreadable(bad) => (
            "bad_document",
            format!("不是能用的 .docx 模板：{bad}"),
            "用 Word 或 WPS 打开，另存为 .docx（不带宏），不超过 5 MB。".to_owned(),
        ),
        Fault::Unknown(name) => ("unknown_placeholder", format!("没有“{{{{{name}}}}}”这个占位符"), LIST.to_owned()),
        Fault::TwoLists(names) => (
            "two_lists",
            format!("同一行里有几个清单：{}", names.join("、")),
            "一行（表格外是一段）只能按一个清单重复，请分成两行。".to_owned(),
        ),
        Fault::Missing(name) => (
            "document_without_mark",
            format!("没有写“{{{{{name}}}}}”"),
            "每份工单都要写明是谁、什么时候打印的，一般放在页脚。".to_owned(),
        ),
        Fault::FromElsewhere(target) => (
            "document_fetches",
            format!("打开时会从别处取内容：{target}"),
            "把外部图片改为插入文件，去掉附加的远程模板。".to_owned(),
        ),
        Fault::NotPng(name) => (
            "picture_not_png",
            format!("图片“{{{{{name}}}}}”不是 PNG"),
            "用一张 PNG 图片占位，把占位符写在它的“替代文字”里。".to_owned(),
        ),
    };
    Finding { severity: Severity::Error, code, file: document.file.clone(), line: 1, message, hint }
}
