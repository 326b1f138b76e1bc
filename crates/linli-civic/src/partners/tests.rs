use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn said(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let faults = Partners::load(folder.path()).unwrap_err();
    let base = format!("{}/", folder.path().display());
    faults.iter().map(|fault| fault.to_string().replace(&base, "")).collect()
}

const HOTLINE: &str = "kind = \"hotline\"\nname = \"市12345热线\"\nareas = [\"610500000000\"]\nsecret_file = \"hotline.key\"\n\n[hotline]\nurl = \"https://example.org/\"\n";

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct HotlineTable {
    url: String,
}

#[test]
fn a_partner_is_read_with_its_secret_from_beside_it() {
    let folder = folder(&[("city.toml", HOTLINE), ("hotline.key", "s3cret\n"), ("notes.txt", "nothing")]);
    let partners = Partners::load(folder.path()).unwrap();
    let city = partners.get("city").unwrap();
    assert_eq!(
        (city.kind, city.name.as_str(), city.rate, city.enabled),
        (PartnerKind::Hotline, "市12345热线", 5, true)
    );
    assert_eq!(city.parse::<HotlineTable>().unwrap().url, "https://example.org/");
    let secret = city.secret.as_ref().unwrap();
    assert!(secret.matches("s3cret") && !secret.matches("s3cre") && !secret.matches("S3cret"));
    assert!(!format!("{city:?}").contains("s3cret"));
    assert!(city.covers(&"610502005007001".parse().unwrap()) && !city.covers(&"610300000000".parse().unwrap()));
    assert_eq!(partners.of(PartnerKind::Hotline).count(), 1);
    assert_eq!(partners.of(PartnerKind::Sms).count(), 0);
}

#[test]
fn a_folder_that_is_not_there_holds_no_partner() {
    assert_eq!(Partners::load(std::path::Path::new("/nowhere/at/all")).unwrap().all().count(), 0);
}

#[test]
fn a_partner_that_is_switched_off_is_kept_and_not_used() {
    let folder = folder(&[("off.toml", "kind = \"sms\"\nname = \"短信\"\nenabled = false\n")]);
    let partners = Partners::load(folder.path()).unwrap();
    assert!(partners.get("off").is_some());
    assert_eq!(partners.of(PartnerKind::Sms).count(), 0);
}

#[test]
fn every_fault_names_its_file_and_line() {
    let unknown = said(&[("a.toml", "kind = \"sms\"\nname = \"短信\"\nsecret = \"no\"\n")]);
    assert!(unknown[0].starts_with("a.toml:3: ") && unknown[0].contains("secret"), "{unknown:?}");
    assert!(said(&[("a.toml", "kind = \"fax\"\nname = \"传真\"\n")])[0].starts_with("a.toml:1: "));
    assert!(said(&[("a.toml", "kind = \n")])[0].starts_with("a.toml:1: "));
    let many = said(&[(
        "a.toml",
        "kind = \"sms\"\nname = \" \"\nareas = [\"123\"]\nrate = 0\nsecret_file = \"gone.key\"\n[smtp]\nhost = \"x\"\n",
    )]);
    let lines: Vec<&str> = many.iter().filter_map(|fault| fault.split(": ").next()).collect();
    assert_eq!(lines, ["a.toml:2", "a.toml:3", "a.toml:4", "a.toml:6", "a.toml:5"], "{many:?}");
    assert!(said(&[("A b.toml", "kind = \"sms\"\nname = \"短信\"\n")])[0].starts_with("A b.toml:1"));
}

#[test]
fn the_slices_own_table_is_strict_too() {
    let folder = folder(&[("city.toml", "kind = \"hotline\"\nname = \"热线\"\n[hotline]\nurl = \"x\"\ncolour = 1\n")]);
    let partners = Partners::load(folder.path()).unwrap();
    let fault = partners.get("city").unwrap().parse::<HotlineTable>().unwrap_err();
    assert_eq!(fault.line, 5, "{fault}");
    let fault = partners.get("city").unwrap().fault("url", "不是网址");
    assert_eq!(fault.line, 4);
}
