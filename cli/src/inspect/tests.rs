//! What is printed of a dump.

use std::ffi::OsString;
use std::fs;

use super::*;
use crate::args::{Command, parse};
use crate::dump::{Call, Operation, PAGE_BYTES, Waiting, write};

const FILE: &str = "dumps/trap-1.dump";

fn header() -> Header {
    let operation = |id, kind: &str, url: Option<&str>| Operation {
        id: Some(id),
        kind: Some(kind.into()),
        method: url.map(|_| "GET".into()),
        url: url.map(Into::into),
        state: Some("under way".into()),
    };
    let waiting = Waiting {
        actor: Some("Cart/7f3a".into()),
        number: Some(2),
        task: Some(12),
        request: Some("GET /cart".into()),
        age_ms: Some(130.0),
        operations: Some(vec![operation(0, "fetch", Some("https://a.test/")), operation(1, "sleep", None)]),
    };
    Header {
        time: 1_795_600_000_000,
        message: "panicked at src/cart.rs:12:5:\nno \u{1b}[31mitem".into(),
        actor: Some("Cart/7f3a".into()),
        call: Some(Call {
            number: Some(4),
            method: Some("POST".into()),
            target: Some("/cart/items?x=1".into()),
            rust: Some("add".into()),
            turn: Some("exclusive".into()),
        }),
        inbox: Some((4096, 4096)),
        outbox: Some((8192, 96)),
        calls: Some(vec![waiting, Waiting::default()]),
    }
}

/// Responses of status 204 at some addresses, and some text.
fn memory() -> Vec<u8> {
    let mut memory = vec![0; PAGE_BYTES];
    for (call, address) in [(1_f64, 4096), (2.0, 8192), (3.0, 16_384)] {
        memory[address..][..8].copy_from_slice(&[2, 0, 0, 0, 204, 0, 0, 0]);
        memory[address + 80] = 3;
        memory[address + 88..][..8].copy_from_slice(&call.to_le_bytes());
    }
    memory[100..][..13].copy_from_slice(b"an empty Cart");
    memory[200..][..11].copy_from_slice(b"its content");
    memory
}

fn reported(header: &Header, switches: &str) -> String {
    let arguments = format!("inspect-dump {FILE} {switches}");
    let Ok(Command::Inspect(options)) = parse(arguments.split_whitespace().map(OsString::from)) else {
        panic!("{arguments}");
    };
    let bytes = write(header, &memory());
    report(&options, &dump::parse(&bytes).unwrap())
}

#[test]
fn a_summary_tells_when_why_and_whose_call() {
    let expected = "\
dumps/trap-1.dump
  when     2026-11-25T09:46:40Z
  message  panicked at src/cart.rs:12:5:
           no \\u{1b}[31mitem
  actor    Cart/7f3a
  call     4, POST /cart/items?x=1, method `add`, exclusive turn
  memory   64.0 KiB, 1 page
  waiting  2 calls with 2 operations
  inbox    0x00001000, 4.0 KiB
  outbox   0x00002000, 96 bytes

Go on with
  duractor inspect-dump dumps/trap-1.dump --tasks           every call that waited, and for what
  duractor inspect-dump dumps/trap-1.dump --frames          requests, responses, waits and results that are in memory
  duractor inspect-dump dumps/trap-1.dump --strings [TEXT]  text in memory, and where
";
    assert_eq!(reported(&header(), ""), expected);
}

#[test]
fn a_summary_leaves_out_what_the_dump_does_not_tell() {
    let text = reported(&Header { time: i64::MAX, message: "unreachable".into(), ..Header::default() }, "");
    assert!(text.contains("when     9223372036854775807 ms since 1970\n  message  unreachable\n  memory"), "{text}");
    assert!(text.contains("waiting  0 calls with 0 operations\n\nGo on"), "{text}");
}

#[test]
fn calls_that_waited_are_listed_with_their_operations() {
    let expected = "\
Cart/7f3a  call 2, task 12: GET /cart, for 130 ms
  0 fetch GET https://a.test/: under way
  1 sleep: under way
?  call ?, task ?: ?, for ? ms
";
    assert_eq!(reported(&header(), "--tasks"), expected);
    assert_eq!(reported(&Header::default(), "--tasks"), "no call waited\n");
}

#[test]
fn frames_are_listed_with_where_they_are() {
    let expected = "\
0x00001000  response  call 1, 204, 0 headers, no body  (inbox)
0x00002000  response  call 2, 204, 0 headers, no body  (outbox)
0x00004000  response  call 3, 204, 0 headers, no body
";
    assert_eq!(reported(&header(), "--frames"), expected);
}

#[test]
fn text_is_listed_with_where_it_is() {
    assert_eq!(reported(&header(), "--strings"), "0x00000064  an empty Cart\n0x000000c8  its content\n");
    assert_eq!(reported(&header(), "--strings CART"), "0x00000064  an empty Cart\n");
    let none = "\"dog\" stands nowhere in memory, in text of 6 characters or more\n";
    assert_eq!(reported(&header(), "--strings dog"), none);
}

#[test]
fn what_is_not_listed_is_counted() {
    let text = reported(&header(), "--strings --max 1");
    assert_eq!(text, "0x00000064  an empty Cart\n… and 1 more text: --max N shows more\n");
    let text = reported(&header(), "--frames --max 1");
    assert!(text.ends_with("… and 2 more frames: --max N shows more\n"), "{text}");
}

#[test]
fn several_lists_stand_one_below_the_other() {
    let text = reported(&header(), "--strings cart --tasks");
    assert!(text.contains("? ms\n\n0x00000064  an empty Cart\n"), "{text}");
}

fn error(content: Option<&[u8]>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("some.dump");
    if let Some(content) = content {
        fs::write(&file, content).unwrap();
    }
    format!("{:#}", inspect(&Inspect { file, ..Inspect::default() }).unwrap_err())
}

#[test]
fn what_cannot_be_read_is_named() {
    assert!(error(None).contains("cannot read") && error(None).contains("some.dump"));
    assert!(error(Some(b"")).ends_with("some.dump: it is empty"));
    assert!(error(Some(&[0; 100])).ends_with("some.dump: it is no dump of duractor"));
    let whole = write(&header(), &memory());
    assert!(error(Some(&whole[..whole.len() - 1])).contains("it is cut"));
}
