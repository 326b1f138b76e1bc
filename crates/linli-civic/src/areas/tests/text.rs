use std::io::Cursor;

use encoding_rs::GB18030;

use super::super::text::{Encoding, TextError, open, read_all};
use super::{bytes, xz};

const LIMIT: u64 = 1_000_000;

fn read(data: &[u8]) -> super::super::text::Text {
    read_all(Cursor::new(data.to_vec()), LIMIT).unwrap()
}

fn lines(data: &[u8]) -> Vec<(u32, String, u32)> {
    let mut lines = open(Cursor::new(data.to_vec()), LIMIT).unwrap();
    let mut all = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        all.push((line.number, line.text, line.n_nul));
    }
    all
}

#[test]
fn a_byte_order_mark_is_removed_and_told() {
    let text = read("\u{feff}code,name\n".as_bytes());
    assert_eq!(text.body, "code,name\n");
    assert!(text.notes.had_bom);
    assert_eq!(lines("\u{feff}甲\r\n乙".as_bytes()), [(1, "甲".to_owned(), 0), (2, "乙".to_owned(), 0)]);
}

#[test]
fn gbk_is_detected_converted_and_told() {
    let (gbk, _, _) = GB18030.encode("编码,名称\n610502005007,红旗社区\n");
    let text = read(&gbk);
    assert_eq!(text.body, "编码,名称\n610502005007,红旗社区\n");
    assert_eq!(text.notes.encoding, Encoding::Gb18030);
    assert!(text.notes.sentences().join("").contains("GBK"));
}

#[test]
fn after_the_first_gbk_line_every_line_is_gbk() {
    // 联通 in GBK happens to be valid UTF-8.
    let (gbk, _, _) = GB18030.encode("红旗社区\n联通\n");
    assert_eq!(lines(&gbk).into_iter().map(|line| line.1).collect::<Vec<_>>(), ["红旗社区", "联通"]);
}

#[test]
fn utf_16_is_read_with_and_without_its_mark() {
    for with_mark in [true, false] {
        let mut data = if with_mark { vec![0xFF, 0xFE] } else { Vec::new() };
        data.extend("code,名称\nab".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(read(&data).body, "code,名称\nab");
        assert_eq!(lines(&data).len(), 2);
    }
}

#[test]
fn nul_bytes_are_removed_and_told_by_line() {
    let text = read(b"a,b\nx\0,y\0\nz,w\n");
    assert_eq!(text.body, "a,b\nx,y\nz,w\n");
    assert_eq!(text.nul_lines, [(2, 2)]);
    assert_eq!(lines(b"a\nx\0y\n"), [(1, "a".to_owned(), 0), (2, "xy".to_owned(), 1)]);
}

#[test]
fn xz_is_known_by_its_magic_and_read_as_a_stream() {
    let packed = xz("甲\n乙\n".as_bytes());
    assert_eq!(read(&packed).body, "甲\n乙\n");
    assert!(read(&packed).notes.was_compressed);
    assert_eq!(lines(&packed).len(), 2);
    // Two packed files one after the other are one file, as `xz -dc` has it.
    let two = [packed.clone(), packed].concat();
    assert_eq!(lines(&two).len(), 4);
}

#[test]
fn a_cut_off_xz_file_is_an_error_and_not_half_a_city() {
    let packed = xz("甲乙丙丁".repeat(2_000).as_bytes());
    let half = packed.get(..packed.len() / 2).unwrap().to_vec();
    assert!(matches!(read_all(Cursor::new(half), LIMIT), Err(TextError::Io(_))));
}

#[test]
fn a_file_that_unpacks_to_more_than_the_limit_is_refused() {
    let bomb = xz(&vec![b'a'; 2_000_000]);
    assert!(bomb.len() < 2_000);
    assert!(matches!(read_all(Cursor::new(bomb.clone()), LIMIT), Err(TextError::TooLarge { .. })));
    let mut lines = open(Cursor::new(bomb), LIMIT).unwrap();
    assert!(matches!(lines.next_line(), Err(TextError::TooLarge { .. })));
}

#[test]
fn an_empty_file_is_refused_with_a_sentence() {
    let refused = read_all(bytes(""), LIMIT).unwrap_err();
    assert_eq!((refused.code(), refused.sentence().as_str()), ("file_empty", "文件是空的。"));
}
