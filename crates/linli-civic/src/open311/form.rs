//! What came with a request: the query, the form, the parts of a multipart body. An empty value is as good as none.

use std::collections::BTreeMap;

use axum::body::Bytes;

/// A file that came in a multipart body.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name of its field: `photo1`, `file_0`, `media`.
    pub field: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// Named values, each perhaps several times, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    files: Vec<Part>,
}

/// A body that cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the multipart body is broken or too large")]
pub struct BadBody;

const MOST_PARTS: usize = 500;

impl Fields {
    /// Of `a=1&b=2`. What is no UTF-8 is read as well as it goes.
    #[must_use]
    pub fn of_text(text: &[u8]) -> Self {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
            fields.push(&name, &value);
        }
        fields
    }

    /// Of a body, by its `Content-Type`.
    ///
    /// # Errors
    /// `BadBody` for a multipart body that is broken.
    pub async fn of_body(content_type: &str, body: Bytes) -> Result<Self, BadBody> {
        let Ok(boundary) = multer::parse_boundary(content_type) else { return Ok(Self::of_text(&body)) };
        let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|_| BadBody)? {
            if fields.pairs.len() + fields.files.len() >= MOST_PARTS {
                return Err(BadBody);
            }
            let name = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some_and(|name| !name.is_empty())
                || part.content_type().is_some_and(|mime| mime.type_() == "image");
            let bytes = part.bytes().await.map_err(|_| BadBody)?;
            if is_file {
                fields.files.push(Part { field: name, bytes });
            } else {
                fields.push(&name, &String::from_utf8_lossy(&bytes));
            }
        }
        Ok(fields)
    }

    /// Both; what `other` says comes after.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.pairs.extend(other.pairs);
        self.files.extend(other.files);
        self
    }

    fn push(&mut self, name: &str, value: &str) {
        let value = value.replace('\0', "").trim().to_owned();
        if !value.is_empty() {
            self.pairs.push((name.to_owned(), value));
        }
    }

    /// The last value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Every value of `name`, also when it was written `name[]`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(own, _)| own == name || own.strip_suffix("[]") == Some(name))
            .map(|(_, value)| value.as_str())
    }

    /// The members of comma lists called `name`.
    #[must_use]
    pub fn list<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        self.all(name).flat_map(|value| value.split(',')).map(str::trim).filter(|part| !part.is_empty()).collect()
    }

    /// Whether `name` says yes.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
    }

    /// The answers to questions by their code: `attribute[CODE]=a`, repeated, or `attribute[CODE][]=a`.
    #[must_use]
    pub fn attributes(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.pairs {
            let Some(code) = name.strip_prefix("attribute[") else { continue };
            let code = code.strip_suffix("[]").unwrap_or(code);
            if let Some(code) = code.strip_suffix(']') {
                found.entry(code).or_default().push(value);
            }
        }
        found
    }

    /// The first answer to the question `code`.
    #[must_use]
    pub fn attribute(&self, code: &str) -> Option<&str> {
        self.attributes().get(code).and_then(|values| values.first().copied())
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[Part] {
        &self.files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_as_good_as_none_and_the_last_one_counts() {
        let fields = Fields::of_text("a=&b=1&b=2&c=%E8%B7%AF+%00灯&d= ".as_bytes());
        assert_eq!(
            (fields.get("a"), fields.get("b"), fields.get("c"), fields.get("d")),
            (None, Some("2"), Some("路 灯"), None)
        );
    }

    #[test]
    fn lists_come_with_commas_or_repeated_or_both() {
        let fields = Fields::of_text(b"id=1,2,,3&id[]=4");
        assert_eq!(fields.list("id"), ["1", "2", "3", "4"]);
    }

    #[tokio::test]
    async fn a_multipart_body_gives_texts_and_files() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n路灯不亮\r\n\
                    --X\r\nContent-Disposition: form-data; name=\"photo1\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\n--X--\r\n";
        let fields = Fields::of_body("multipart/form-data; boundary=X", body.into()).await.unwrap();
        assert_eq!(fields.get("description"), Some("路灯不亮"));
        assert_eq!((fields.files().len(), fields.files()[0].field.as_str()), (1, "photo1"));
        assert_eq!(
            Fields::of_body("multipart/form-data; boundary=X", "--X\r\nbroken".into()).await.unwrap_err(),
            BadBody
        );
    }
}
