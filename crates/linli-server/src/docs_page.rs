//! The API's document as a page, without a script: every route with its access, its fields and its answers.

use serde_json::Value;

/// The page.
#[must_use]
pub fn page(document: &Value) -> String {
    let mut html = String::from(HEAD);
    let text = |value: &Value, key: &str| escape(value.get(key).and_then(Value::as_str).unwrap_or_default());
    if let Some(info) = document.get("info") {
        html.push_str(&format!(
            "<h1>{}</h1><p>{}</p><p><a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI 3.1)</p>",
            text(info, "title"),
            text(info, "description")
        ));
    }
    for tag in document.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let name = tag.get("name").and_then(Value::as_str).unwrap_or_default();
        html.push_str(&format!("<h2 id=\"{0}\">{0}</h2><p>{1}</p>", escape(name), text(tag, "description")));
        for (path, operations) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for (method, operation) in
                operations.as_object().into_iter().flatten().filter(|(_, operation)| has_tag(operation, name))
            {
                html.push_str(&operation_html(path, method, operation));
            }
        }
    }
    html.push_str("<h2 id=\"problems\">problems</h2><p>RFC 9457, <code>application/problem+json</code>.</p><table><tr><th>code<th>status<th>title</tr>");
    for code in linli_kernel::ProblemCode::ALL {
        let title = linli_civic::say::Lang::ZhCn.text(&format!("problem_title.{}", code.as_str()));
        html.push_str(&format!(
            "<tr id=\"problem-{0}\"><td><code>{0}</code><td>{1}<td>{2}</tr>",
            code.as_str(),
            code.status(),
            escape(&title)
        ));
    }
    html.push_str("</table></main>");
    html
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>linli API</title>\
<style>body{font:15px/1.6 system-ui,sans-serif;margin:0;color:#1c2b2a;background:#fff}main{max-width:960px;margin:0 auto;padding:16px}\
h2{border-top:1px solid #cfd8d7;padding-top:16px;margin-top:32px}details{border:1px solid #cfd8d7;border-radius:6px;margin:8px 0;padding:8px 12px}\
summary{cursor:pointer}code,pre{font-family:ui-monospace,monospace;font-size:13px}pre{background:#f2f6f5;padding:8px;overflow:auto}\
.m{display:inline-block;min-width:4.5em;font-weight:700;color:#00695f}.a{color:#5b6b69}table{border-collapse:collapse}td,th{border:1px solid #cfd8d7;padding:4px 8px;text-align:left}</style><main>";

fn has_tag(operation: &Value, name: &str) -> bool {
    operation.get("tags").and_then(Value::as_array).is_some_and(|tags| tags.iter().any(|tag| tag == name))
}

fn operation_html(path: &str, method: &str, operation: &Value) -> String {
    let text = |key: &str| escape(operation.get(key).and_then(Value::as_str).unwrap_or_default());
    let mut html = format!(
        "<details id=\"{id}\"><summary><span class=m>{method}</span> <code>{path}</code> — {summary} <span class=a>[{access}]</span></summary><p>{description}</p>",
        id = text("operationId"),
        method = method.to_ascii_uppercase(),
        path = escape(path),
        summary = text("summary"),
        access = text("x-access"),
        description = text("description"),
    );
    let params = operation.get("parameters").and_then(Value::as_array);
    if let Some(params) = params.filter(|params| !params.is_empty()) {
        html.push_str("<table><tr><th>parameter<th>in<th>required<th></tr>");
        for param in params {
            let text = |key: &str| escape(param.get(key).and_then(Value::as_str).unwrap_or_default());
            let required = param.get("required").and_then(Value::as_bool).unwrap_or(false);
            html.push_str(&format!(
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}</tr>",
                text("name"),
                text("in"),
                required,
                text("description")
            ));
        }
        html.push_str("</table>");
    }
    for (title, key) in [("body", "requestBody"), ("answers", "responses")] {
        if let Some(value) = operation.get(key) {
            let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
            html.push_str(&format!("<p>{title}</p><pre tabindex=0>{}</pre>", escape(&pretty)));
        }
    }
    html.push_str("</details>");
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
