//! The playbooks that ship with linli load without a finding and fit the schema.

use serde_json::Value;

use super::support::{self, shipped};
use crate::{json_schema, load};

#[test]
fn every_shipped_playbook_is_without_findings() {
    let sources = shipped();
    assert!(sources.ids().contains(&"base".to_owned()));
    for id in sources.ids() {
        let loaded = load(&sources, &id).unwrap();
        let findings: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{id}:\n{}", findings.join("\n"));
    }
}

#[test]
fn a_playbook_reads_back_from_json_as_it_was_pinned() {
    let sources = shipped();
    for id in sources.ids() {
        let playbook = load(&sources, &id).unwrap().playbook;
        let json = serde_json::to_string(&playbook).unwrap();
        assert_eq!(serde_json::from_str::<crate::Playbook>(&json).unwrap(), playbook);
    }
}

/// The "eight categories" of one place are data: another list takes the place of ours as a whole.
#[test]
fn a_place_replaces_the_categories_of_care_with_its_own() {
    let own: String = ["a", "b", "c", "d", "e", "f", "g", "h"]
        .iter()
        .map(|code| format!("[[categories]]\ncode = '{code}'\nname = '类别{code}'\nabout = '走访慰问'\nbases = ['consent']\nowner = 'seat'\nreview_months = 12\nexpires_months = 12\nplans = ['visit']\nseen_by = ['community_clerk']\n"))
        .collect();
    let text = format!("inherit = false\n[[plans]]\ncode = 'visit'\nname = '走访'\nvisit_days = 30\n{own}");
    let loaded = support::on_base(&[("care.toml", &text)]);
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    let care = loaded.playbook.care;
    assert_eq!((care.categories.len(), care.plans.len(), care.services.len()), (8, 1, 0));
}

#[test]
fn a_version_that_was_stored_before_care_had_packages_reads_back() {
    let loaded = support::on_base(&[]);
    let mut stored = serde_json::to_value(&loaded.playbook).unwrap();
    stored["care"].as_object_mut().unwrap().remove("packages");
    for service in stored["care"]["services"].as_array_mut().unwrap() {
        for key in ["every_days", "standing", "by_helper"] {
            service.as_object_mut().unwrap().remove(key);
        }
    }
    let read: crate::types::Playbook = serde_json::from_value(stored).unwrap();
    assert_eq!((read.care.packages.len(), read.care.services.len()), (0, loaded.playbook.care.services.len()));
}

#[test]
fn the_schema_accepts_every_shipped_file() {
    let schema = json_schema();
    for (path, text) in support::shipped_files() {
        let (_, name) = path.split_once('/').unwrap();
        let definition = match name {
            _ if name.starts_with("flows/") => "flow",
            _ if name.starts_with("additions/") => "addition",
            _ => name.trim_end_matches(".toml"),
        };
        let value = serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap();
        let faults = faults(&value, &schema["$defs"][definition], "");
        assert!(faults.is_empty(), "{path}: {faults:?}");
    }
}

#[test]
fn the_schema_refuses_what_the_loader_refuses() {
    let schema = json_schema();
    let category = |toml: &str| {
        let value = serde_json::to_value(toml::from_str::<toml::Table>(toml).unwrap()).unwrap();
        faults(&value, &schema["$defs"]["categories"], "").len()
    };
    assert_eq!(category("[[categories]]\ncode = 'a'\nname = 'b'"), 0);
    assert_eq!(category("[[categories]]\ncode = 'a'"), 1);
    assert_eq!(category("[[categories]]\ncode = 'a'\nname = 'b'\ncolour = 'c'"), 1);
    assert_eq!(category("[[categories]]\ncode = 'a'\nname = 'b'\nweight = 'heavy'"), 1);
}

/// The part of JSON Schema that ours uses.
fn faults(value: &Value, schema: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(options) = schema["anyOf"].as_array() {
        if options.iter().all(|option| !faults(value, option, path).is_empty()) {
            found.push(format!("{path}: none of the options"));
        }
        return found;
    }
    let is_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        other => panic!("{path}: schema has no type: {other:?}"),
    };
    if !is_type {
        return vec![format!("{path}: {value} is not {}", schema["type"])];
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{path}: {value} is none of {}", schema["enum"]));
    }
    if schema["minLength"] == 1 && value == "" {
        found.push(format!("{path}: blank"));
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(item, &schema["items"], &format!("{path}[{n}]")));
    }
    if let Some(object) = value.as_object() {
        for (key, item) in object {
            match schema["properties"].get(key) {
                Some(property) => found.extend(faults(item, property, &format!("{path}.{key}"))),
                None => found.push(format!("{path}.{key}: unknown")),
            }
        }
        for key in schema["required"].as_array().unwrap() {
            if object.get(key.as_str().unwrap()).is_none() {
                found.push(format!("{path}: {key} is missing"));
            }
        }
    }
    found
}
