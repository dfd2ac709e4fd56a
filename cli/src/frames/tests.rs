//! Frames of `tests/golden/exchange.json` in made-up memory.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::dump::PAGE_BYTES;

const GOLDEN: &str = include_str!("../../../tests/golden/exchange.json");

const PIECES: &str = "operations: an answer in pieces, a value of a binding, a reply in pieces";
const RESULTS: &str = "resume with a body in pieces and a binding that is not there";

const MEMORY_BYTES: usize = 4 * PAGE_BYTES;

/// The bytes of a golden frame.
fn golden(name: &str) -> Vec<u8> {
    let golden: Json = serde_json::from_str(GOLDEN).unwrap();
    let frames = golden["frames"].as_array().unwrap();
    let frame = frames.iter().find(|frame| frame["name"] == name).unwrap_or_else(|| panic!("no frame {name}"));
    frame["hex"].as_array().unwrap().iter().flat_map(line).collect()
}

fn line(line: &Json) -> Vec<u8> {
    match line.as_str() {
        Some(text) => hex(text),
        None => hex(line["repeat"].as_str().unwrap()).repeat(line["times"].as_u64().unwrap() as usize),
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Bytes that look random and are always the same.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Memory of which every other page is noise and the others zeros, with frames in it.
fn memory(frames: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let mut memory = noise(MEMORY_BYTES);
    memory.chunks_mut(PAGE_BYTES).step_by(2).for_each(|page| page.fill(0));
    for (address, bytes) in frames {
        memory[*address..][..bytes.len()].copy_from_slice(bytes);
    }
    memory
}

/// What is found of a golden frame, at each of four addresses among zeros and noise.
fn shown(name: &str) -> String {
    let bytes = golden(name);
    let addresses = [0, 40_008, PAGE_BYTES + 16, MEMORY_BYTES - bytes.len().next_multiple_of(8)];
    let memory = memory(&addresses.map(|address| (address, bytes.clone())));
    let found: Vec<_> = scan(&memory).collect();
    assert_eq!(found.iter().map(|found| found.address).collect::<Vec<_>>(), addresses, "{name}: {found:?}");
    found[0].frame.to_string()
}

#[test]
fn requests_are_found() {
    assert_eq!(
        shown("request without body and headers"),
        "request   call 1, GET /counter/one?by=2, 0 headers, no body"
    );
    assert_eq!(shown("request"), "request   call 4294967296, POST /ledger/acme/transfer, 2 headers, body of 32 bytes");
    assert_eq!(shown("request with an empty body"), "request   call 2, PUT /, 0 headers, body of 0 bytes");
    assert_eq!(
        shown("request of a chain of calls"),
        "request   call 2, GET /, 0 headers, no body, waited for by Rates/home → Rates/home"
    );
    assert_eq!(shown("request with another method"), "request   call 3, PROPFIND /dav/ä%20b, 3 headers, no body");
}

#[test]
fn responses_are_found() {
    assert_eq!(shown("response"), "response  call 1, 200 application/json, 0 headers, body of 2 bytes");
    assert_eq!(shown("response without a body"), "response  call 1, 204, 0 headers, no body");
    assert_eq!(
        shown("response with a view"),
        "response  call 2, 200 application/octet-stream, 3 headers, body of 97.7 KiB"
    );
    assert_eq!(
        shown("response with a content type of its own"),
        "response  call 3, 404 text/markdown; charset=utf-8, 0 headers, body of 7 bytes"
    );
    assert_eq!(
        shown("response whose body an operation has brought"),
        "response  call 4, 200 application/octet-stream, 0 headers, body of operation 3"
    );
    assert_eq!(
        shown("response whose body its call writes"),
        "response  call 5, 200 text/plain; charset=utf-8, 1 header, body that the call writes"
    );
}

#[test]
fn waits_are_found_with_what_they_want() {
    assert_eq!(
        shown("operations: two fetches, a sleep, a cancel"),
        "wait      call 11, task 1048579: 0 fetch GET https://example.com/a?b=c; \
         1 fetch POST https://example.com/b, body of 4 bytes; 2 sleep 250 ms; cancel 1"
    );
    assert_eq!(
        shown("operations: a fetch with a view"),
        "wait      call 12, task 1048579: 0 fetch PUT https://example.com/, body of 0 bytes"
    );
    assert_eq!(
        shown("operations: a hit in the cache"),
        "wait      call 13, task 1048579: 0 hit GET https://example.com/c: 200, body of 4 bytes"
    );
    assert_eq!(
        shown(PIECES),
        "wait      call 14, task 1048579: 0 fetch GET https://example.com/a, answer in pieces; \
         1 kv.get SETTINGS/theme; 2 pull of 0; 3 push to the reply, body of 4 bytes; 4 push to the reply, end"
    );
    assert_eq!(
        shown("operations: a request in pieces, a value for a binding"),
        "wait      call 15, task 1048579: 5 fetch PUT https://example.com/b, body in pieces, answer in pieces; \
         6 push to 5, body of 5 bytes; 7 r2.put FILES/a/b.txt, body of 4 bytes"
    );
}

#[test]
fn resumes_are_found_with_what_they_bring() {
    assert_eq!(
        shown("resume with two results"),
        "resume    task 7 operation 0 200, body of 11 bytes; task 7 operation 1 failed: timeout (timed out after 2 s)"
    );
    assert_eq!(shown("resume with a sleep that has ended"), "resume    task 9 operation 3 slept");
    assert_eq!(
        shown("resume with a result that an equal request has brought"),
        "resume    task 7 operation 2 204, no body"
    );
    assert_eq!(
        shown(RESULTS),
        "resume    task 7 operation 0 200, body in pieces; task 7 operation 1 200, body of 5 bytes; \
         task 7 operation 2 200, no body; task 7 operation 3 failed: no such binding"
    );
}

#[test]
fn every_response_of_a_chain_is_found() {
    for (name, addresses) in [
        ("response chain of three", &[4096, 4096 + 104, 4096 + 104 + 168][..]),
        ("response chain of two without padding", &[4096, 4096 + 104]),
        ("response chain of a head and the first piece of its body", &[4096, 4096 + 96]),
    ] {
        let memory = memory(&[(4096, golden(name))]);
        assert_eq!(scan(&memory).map(|found| found.address).collect::<Vec<_>>(), addresses, "{name}");
    }
}

#[test]
fn other_frames_zeros_and_noise_are_not_taken_for_these() {
    let others = [
        "commit",
        "read of one value",
        "read of a range",
        "read by a statement",
        "rows",
        "why there are no rows",
        "commit of nothing",
        "activate",
        "activate without name and record",
        "route",
        "frames in frames",
        "integers",
        "floats",
        "strings",
        "bytes",
    ];
    let placed: Vec<_> = others.iter().enumerate().map(|(at, name)| (at * 2048, golden(name))).collect();
    assert_eq!(scan(&memory(&placed)).collect::<Vec<_>>(), []);
}

#[test]
fn a_frame_off_a_multiple_of_eight_is_none() {
    assert_eq!(scan(&memory(&[(4100, golden("request"))])).count(), 0);
}

/// A golden frame with one byte changed.
fn altered(name: &str, at: usize, byte: u8) -> usize {
    let mut bytes = golden(name);
    assert_ne!(bytes[at], byte, "{name}: that changes nothing");
    bytes[at] = byte;
    scan(&memory(&[(4096, bytes)])).count()
}

#[test]
fn what_breaks_a_rule_is_no_frame() {
    for (why, name, at, byte) in [
        ("an unknown method", "request", 4, 7),
        ("a reserved byte", "request", 3, 1),
        ("half of a slot that is not used", "request", 8, 1),
        ("an unknown tag", "request", 16, 5),
        ("a path among the slots", "request", 20, 0x50),
        ("a path off a multiple of four", "request", 20, 0x61),
        ("a path beyond memory", "request", 23, 0x7f),
        ("a path without its slash", "request", 100, b'l'),
        ("a path that is not UTF-8", "request", 101, 0xff),
        ("a path that is far too long", "request", 98, 3),
        ("padding", "request", 121, 1),
        ("headers cut short", "request", 160, 0x34),
        ("a header's name in upper case", "request", 168, b'A'),
        ("half a number", "request", 88, 1),
        ("a number of another sign", "request", 95, 0xc1),
        ("a status out of range", "response", 5, 3),
        ("a content type that is none", "response", 20, 6),
        ("a view beyond memory", "response with a view", 38, 4),
        ("a chain that goes back", "response chain of two without padding", 68, 0x60 - 8),
        ("an operation without its frame", "operations: a fetch with a view", 36, 2),
        ("an operation of another kind", "operations: a fetch with a view", 136, 3),
        ("a hit without a status", "operations: a hit in the cache", 212, 4),
        ("an answer that says what is not known", "resume with a result that an equal request has brought", 216, 8),
        ("a response with the body of no operation", "response whose body its call writes", 36, 0xfe),
        ("pieces of what is no body", PIECES, 344, 4),
        ("a binding that is asked for what is not known", PIECES, 528, b'x'),
        ("a binding without its key", PIECES, 548, b'.'),
        ("a binding's bound that is no number", PIECES, 508, 2),
        ("a pull of nothing", PIECES, 619, 0x80),
        ("a pull with a piece", PIECES, 628, 2),
        ("a push to nothing", PIECES, 700, 0xfe),
        ("a push without its deadline", PIECES, 728, 0),
        ("a failure that is not known", RESULTS, 644, 15),
        ("results that are none", "resume with a sleep that has ended", 68, 0),
        ("a task that is no integer", "resume with a sleep that has ended", 116, 3),
    ] {
        let left = usize::from(name.contains("chain"));
        assert_eq!(altered(name, at, byte), left, "{why}");
    }
}

#[test]
fn a_body_that_has_come_is_not_to_be_pulled() {
    let mut bytes = golden(RESULTS);
    // What the first result says of itself, for the second, which has a body.
    bytes.copy_within(260..276, 412);
    assert_eq!(scan(&memory(&[(4096, bytes)])).count(), 0);
}

#[test]
fn a_frame_that_is_cut_at_the_end_of_memory_is_none() {
    let bytes = golden("operations: two fetches, a sleep, a cancel");
    for length in (0..bytes.len()).step_by(8) {
        let mut memory = vec![0; PAGE_BYTES];
        memory[PAGE_BYTES - length..].copy_from_slice(&bytes[..length]);
        assert_eq!(scan(&memory).count(), 0, "{length}");
    }
}

proptest! {
    /// Slots with known tags and small offsets: what random bytes would hardly ever be.
    #[test]
    fn anything_in_memory_is_scanned_to_its_end(
        words in prop::collection::vec(prop_oneof![0_u32..12, 0_u32..300, any::<u32>()], 0..400),
        cut in 0_usize..4,
    ) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let memory = &bytes[..bytes.len().saturating_sub(cut)];
        for found in scan(memory) {
            prop_assert!(found.address.is_multiple_of(FRAME_ALIGN) && !found.frame.to_string().is_empty());
        }
    }

    #[test]
    fn damaged_frames_are_scanned_to_their_end(at in 0_usize..600, byte in any::<u8>()) {
        for name in [
            "operations: two fetches, a sleep, a cancel",
            PIECES,
            "resume with two results",
            RESULTS,
            "request",
            "response with a view",
            "response whose body its call writes",
        ] {
            let mut bytes = golden(name);
            let at = at % bytes.len();
            bytes[at] = byte;
            prop_assert!(scan(&bytes).count() <= 1);
        }
    }
}
