//! The two pages. Pure: from what is known to HTML.

use crate::cases::view::PublicCase;
use crate::say::Lang;

/// What was filled in, to be shown again when something is wrong with it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct Filled {
    /// The key of this intention.
    #[serde(default)]
    pub key: String,
    /// What is the matter.
    #[serde(default)]
    pub text: String,
    /// Where, in words.
    #[serde(default)]
    pub address: String,
    /// Where, by the printed code of a building.
    #[serde(default)]
    pub place: String,
    /// The category.
    #[serde(default)]
    pub category: String,
    /// A phone number.
    #[serde(default)]
    pub phone: String,
    /// Which known matter it is: the token of a suggestion; `none` once they said that it is none of them.
    #[serde(default)]
    pub same: String,
}

/// Said of the known matters that were shown: it is none of them.
pub const NONE_OF_THEM: &str = "none";

/// A matter that may be the same, to choose: its token, what it is, and lines of how it stands.
pub struct Known {
    /// Sent back as `same`.
    pub token: String,
    /// What and where.
    pub title: String,
    /// Since when, where it stands, what was promised.
    pub lines: Vec<String>,
}

/// A category to choose: code, name, the name above it.
pub struct Choice {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The one above it.
    pub group: String,
}

/// A field that is wrong: its name and what to do.
pub type Wrong = (String, String);

const STYLE: &str = "body{font:18px/1.6 'PingFang SC','Noto Sans SC','Microsoft YaHei',system-ui,sans-serif;color:#16302d;background:#fff;margin:0}\
main{max-width:36rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;line-height:1.3}label{display:block;font-weight:700;margin:1.2rem 0 .3rem}\
.h{color:#4d625f;margin:0 0 .3rem;font-weight:400}input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border:2px solid #4d625f;border-radius:6px;background:#fff;color:inherit}\
button{font:inherit;font-weight:700;width:100%;min-height:3.2rem;margin-top:1.6rem;border:0;border-radius:8px;background:#006a60;color:#fff}\
:focus-visible{outline:3px solid #006a60;outline-offset:2px}.e{border:3px solid #b3261e;border-radius:8px;padding:.8rem 1rem}.e a,.w{color:#b3261e}\
.n{background:#e6f2f0;border-left:6px solid #006a60;padding:.6rem 1rem;margin:.5rem 0}.n.warn{background:#fdf1d8;border-color:#8a5a00}.n.urgent{background:#fbe9e7;border-color:#b3261e;font-weight:700}.s{border:2px solid #4d625f;border-radius:8px;padding:.2rem 1rem 1rem;margin:1rem 0}.s button{margin-top:0;background:#fff;color:#006a60;border:2px solid #006a60}.p{background:#e6f2f0;border-radius:8px;padding:.8rem 1rem;font-weight:700}ol{padding-left:1.2rem}time{color:#4d625f;display:block;font-size:.9em}a{color:#006a60}code{font-size:1.3em;letter-spacing:.1em}";

fn shell(lang: Lang, title: &str, body: &str) -> String {
    let tag = match lang {
        Lang::ZhCn => "zh-CN",
        Lang::ZhTw => "zh-TW",
        Lang::En => "en",
    };
    format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} · {name}</title><style>{STYLE}</style><main>{body}</main></html>",
        title = escape(title),
        name = escape(&lang.text("site.name"))
    )
}

/// A banner on such a page: how loud, what it says, where more is written.
pub type Line = (&'static str, String, Option<String>);

/// Puts banners above a page.
pub fn below_banners(page: String, banners: &[Line]) -> String {
    if banners.is_empty() {
        return page;
    }
    let line = |(severity, said, link): &Line| {
        let said = escape(said);
        let said = match link {
            Some(link) => format!("<a href=\"{}\">{said}</a>", escape(link)),
            None => said,
        };
        format!("<p class=\"n {severity}\">{said}</p>")
    };
    let lines: String = banners.iter().map(line).collect();
    page.replacen("<main>", &format!("<main><div role=region>{lines}</div>"), 1)
}

/// The page to report on.
pub fn report(lang: Lang, filled: &Filled, place_name: Option<&str>, choices: &[Choice], wrong: &[Wrong]) -> String {
    let say = |key: &str| escape(&lang.text(&format!("plain.{key}")));
    let mut body = format!("<h1>{}</h1>", say("report_title"));
    if !wrong.is_empty() {
        body.push_str(&format!("<div class=e role=alert><strong>{}</strong><ul>", say("wrong_title")));
        for (field, message) in wrong {
            body.push_str(&format!("<li><a href=\"#{}\">{}</a></li>", escape(field), escape(message)));
        }
        body.push_str("</ul></div>");
    }
    body.push_str(&format!(
        "<form method=post action=\"/plain\"><input type=hidden name=key value=\"{}\">",
        escape(&filled.key)
    ));
    body.push_str(&format!("<label for=text>{}</label><p class=h id=text-h>{}</p>", say("text"), say("text_hint")));
    body.push_str(&format!(
        "<textarea id=text name=text rows=5 maxlength=2000 required aria-describedby=text-h>{}</textarea>",
        escape(&filled.text)
    ));
    match place_name {
        Some(name) => body.push_str(&format!(
            "<label for=address>{}</label><p class=p>{}</p><input type=hidden name=place value=\"{}\"><p class=h>{}</p><input id=address name=address maxlength=200 value=\"{}\">",
            say("where"), escape(name), escape(&filled.place), say("where_more"), escape(&filled.address)
        )),
        None => body.push_str(&format!(
            "<label for=address>{}</label><p class=h id=address-h>{}</p><input id=address name=address maxlength=200 required aria-describedby=address-h value=\"{}\">",
            say("where"), say("where_hint"), escape(&filled.address)
        )),
    }
    body.push_str(&format!(
        "<label for=category>{}</label><select id=category name=category><option value=\"\">{}</option>",
        say("category"),
        say("category_none")
    ));
    let mut group = "";
    for choice in choices {
        if choice.group != group {
            if !group.is_empty() {
                body.push_str("</optgroup>");
            }
            body.push_str(&format!("<optgroup label=\"{}\">", escape(&choice.group)));
            group = &choice.group;
        }
        let selected = if choice.code == filled.category { " selected" } else { "" };
        body.push_str(&format!(
            "<option value=\"{}\"{selected}>{}</option>",
            escape(&choice.code),
            escape(&choice.name)
        ));
    }
    if !group.is_empty() {
        body.push_str("</optgroup>");
    }
    body.push_str(&format!(
        "</select><label for=phone>{}</label><p class=h id=phone-h>{}</p>",
        say("phone"),
        escape(&lang.text("notice.privacy"))
    ));
    body.push_str(&format!(
        "<input id=phone name=phone type=tel autocomplete=tel aria-describedby=phone-h value=\"{}\">",
        escape(&filled.phone)
    ));
    body.push_str(&format!(
        "<p class=h>{}</p><button>{}</button></form>",
        escape(&lang.text("notice.emergency")),
        say("send")
    ));
    body.push_str(&format!(
        "<h2>{}</h2><form method=get action=\"/plain/follow\"><label for=code>{}</label><input id=code name=code required><button>{}</button></form>",
        say("follow_title"), say("code"), say("follow")
    ));
    shell(lang, &lang.text("plain.report_title"), &body)
}

/// The page between filling in and sending: matters near by that may be the same. What was filled in goes along, unseen.
pub fn same(lang: Lang, filled: &Filled, known: &[Known]) -> String {
    let say = |key: &str| escape(&lang.text(&format!("plain.{key}")));
    let kept = [
        ("key", &filled.key),
        ("text", &filled.text),
        ("address", &filled.address),
        ("place", &filled.place),
        ("category", &filled.category),
        ("phone", &filled.phone),
    ];
    let mut body =
        format!("<h1>{}</h1><p>{}</p><form method=post action=\"/plain\">", say("same_title"), say("same_lead"));
    for (name, value) in kept {
        body.push_str(&format!("<input type=hidden name={name} value=\"{}\">", escape(value)));
    }
    for one in known {
        let lines: String = one.lines.iter().map(|line| format!("<br>{}", escape(line))).collect();
        body.push_str(&format!(
            "<div class=s><p><strong>{}</strong>{lines}</p><button name=same value=\"{}\">{}</button></div>",
            escape(&one.title),
            escape(&one.token),
            say("same_follow")
        ));
    }
    body.push_str(&format!("<button name=same value={NONE_OF_THEM}>{}</button></form>", say("same_none")));
    shell(lang, &lang.text("plain.same_title"), &body)
}

/// The page to follow a case on.
pub fn follow(
    lang: Lang,
    case: &PublicCase,
    lines: &[(String, String, String)],
    looks: &[(String, String)],
    promise: Option<&str>,
) -> String {
    let say = |key: &str| escape(&lang.text(&format!("plain.{key}")));
    let mut body = format!(
        "<h1>{}</h1><p>{}<br><code>{}</code></p>",
        escape(case.stage_name()),
        say("code"),
        escape(case.code.as_str())
    );
    if let Some(promise) = promise {
        body.push_str(&format!("<p class=p>{}</p>", escape(promise)));
    }
    if let Some(stage) = case.joined_stage() {
        body.push_str(&format!("<p>{}</p>", escape(&lang.say("plain.joined", &[("stage", stage)]))));
    }
    body.push_str(&format!("<p>{}</p>", escape(case.text())));
    body.push_str(&format!("<h2>{}</h2><ol>", say("history")));
    for (at, sentence, text) in lines {
        body.push_str(&format!("<li><time>{}</time>{}", escape(at), escape(sentence)));
        if !text.is_empty() {
            body.push_str(&format!("<br>“{}”", escape(text)));
        }
        body.push_str("</li>");
    }
    body.push_str(&format!("</ol><h2>{}</h2>", say("looks_title")));
    if looks.is_empty() {
        body.push_str(&format!("<p>{}</p>", say("looks_none")));
    } else {
        body.push_str("<ol>");
        for (at, line) in looks {
            body.push_str(&format!("<li><time>{}</time>{}</li>", escape(at), escape(line)));
        }
        body.push_str("</ol>");
    }
    body.push_str(&format!(
        "<p>{}</p><p><a href=\"/plain\">{}</a></p>",
        escape(&lang.say("notice.follow", &[("code", case.code.as_str())])),
        say("report_title")
    ));
    shell(lang, case.stage_name(), &body)
}

/// The page that says that there is no such case.
pub fn nothing(lang: Lang) -> String {
    let body = format!(
        "<h1>{}</h1><p>{}</p><p><a href=\"/plain\">{}</a></p>",
        escape(&lang.text("problem_title.not_found")),
        escape(&lang.text("problem.not_found")),
        escape(&lang.text("plain.report_title"))
    );
    shell(lang, &lang.text("problem_title.not_found"), &body)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
