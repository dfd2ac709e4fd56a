//! Hashes, signatures, derived keys and sealed texts, with the randomness of the platform.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard},
};

use duractor_tests::{
    http::{Answer, Exchange},
    wait_until, workerd,
};

const MESSAGE: &[u8] = b"paid: 5";

const NONCE_BYTES: usize = 12;

/// What Node.js and OpenSSL make of the message, with the key of `tests/worker/src/vault.rs`.
const HASHES: &str = "a11305ac674f5429ab14c9820eb0abb88b43f29c6fe6d4b077a4fef7f207b5bb\
    e9b461e1038ce8e2065ad3d0e6dbfedf2a2e6edfda140dc4b67f105fbcee24ac\
    5ce528bd619ce77b1603984ea471270b87c2ea7ad33ef11d30a5802119216432";
const TAGS: &str = "2618abf14da64cd12f14e7d66841da3555821da0620223f1a644a2a4e384b8f1\
    0fcaf64f8d608c94a11612164e8da12a8fe4fc981dbcd459e1f36d7c2aec9a48\
    1d87813eced67fe109ff2342e08ca864e5120ce53af6a4f96345f4120eb5f512";
const DERIVED: &str = "7d45da99b8ce5c6961c1678175a211a0865a2b4ac0368b4696ce09084e648aa5ec955184773a66b1f1a9\
    096489cd2d76dac4ea7556be48dbb1039486ef679804315bbd99151b6d819cea44bf38d3a32c3d8f5a1d";
/// For the actor `known`, with the nonce 00 to 0b.
const SEALED: &str = "000102030405060708090a0b68e080142729eca5e816e70d267637addae86ac65e0b62";

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// A trap interrupts the calls of every test.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn post(target: &str, body: &[u8]) -> Answer {
    workerd().request("POST", target).body(body).send()
}

fn made(target: &str, body: &[u8]) -> Vec<u8> {
    let answer = post(target, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.body
}

/// A client reads that it was refused, and nothing else.
fn assert_refused(answer: &Answer, kind: &str, detail: &str) {
    let problem = answer.assert_problem(400, kind);
    let members = problem.as_object().unwrap().keys().map(String::as_str).collect::<HashSet<_>>();
    assert_eq!(members, HashSet::from(["type", "title", "status", "detail"]));
    assert_eq!(problem["detail"], detail);
}

fn assert_not_opened(target: &str, sealed: &[u8]) {
    assert_refused(&post(target, sealed), "bad-seal", "what was sealed cannot be opened");
}

#[test]
fn what_is_computed_is_what_others_compute() {
    let _alone = alone();
    assert_eq!(made("/vault/known/hash", MESSAGE), bytes(HASHES));
    assert_eq!(made("/vault/known/sign", MESSAGE), bytes(TAGS));
    assert_eq!(made("/vault/known/derive", MESSAGE), bytes(DERIVED));
    assert_eq!(made("/vault/known/open", &bytes(SEALED)), MESSAGE);
}

#[test]
fn two_seals_of_a_text_differ_and_both_are_opened() {
    let _alone = alone();
    let mut seals = HashSet::new();
    for _ in 0..50 {
        let sealed = made("/vault/many/seal", MESSAGE);
        assert_eq!(made("/vault/many/open", &sealed), MESSAGE);
        assert!(seals.insert(sealed));
    }
    assert_eq!(made("/vault/many/open", &made("/vault/many/seal", b"")), b"");
    let large = vec![7; 1 << 20];
    assert!(made("/vault/many/open", &made("/vault/many/seal", &large)) == large);
}

#[test]
fn what_was_tampered_with_is_refused_and_the_client_does_not_read_why() {
    let _alone = alone();
    let sealed = made("/vault/tampered/seal", MESSAGE);
    for at in 0..sealed.len() {
        let mut forged = sealed.clone();
        forged[at] ^= 1;
        assert_not_opened("/vault/tampered/open", &forged);
        assert_not_opened("/vault/tampered/open", &sealed[..at]);
    }
    assert_not_opened("/vault/another/open", &sealed);
    assert_eq!(made("/vault/tampered/open", &sealed), MESSAGE);

    let signed = [&bytes(TAGS)[..32], MESSAGE].concat();
    assert_eq!(post("/vault/tampered/verify", &signed).status, 204);
    for forged in [&signed[1..], &signed[..signed.len() - 1], b"", b"short"] {
        assert_refused(&post("/vault/tampered/verify", forged), "bad-signature", "the signature does not fit");
    }
}

#[test]
fn an_actor_keeps_a_key_of_its_own() {
    let _alone = alone();
    let sealed = made("/vault/own/own-seal", MESSAGE);
    workerd().post("/traps/own/panic").assert_problem(500, "internal");
    assert_eq!(made("/vault/own/own-open", &sealed), MESSAGE);
    made("/vault/other/own-seal", MESSAGE);
    assert_not_opened("/vault/other/own-open", &sealed);
}

/// Starts a call, and lets it be run again while it waits.
fn interrupted(method: &str, target: &str, gate: &str) -> Exchange {
    let waiting = workerd().request(method, format!("{target}/{gate}")).start().unwrap();
    wait_until("it waits at the gate", || (workerd().waiting_at(gate) == 1).then_some(()));
    workerd().post("/traps/beside/panic").assert_problem(500, "internal");
    waiting
}

/// What each run of a call has sealed, by the log.
fn sealed_at(gate: &str) -> Vec<String> {
    let (log, start) = (workerd().log(), format!("{gate} sealed "));
    log.lines().filter_map(|line| Some(line.split_once(&start)?.1.trim().to_owned())).collect()
}

#[test]
fn a_call_that_is_run_again_seals_with_another_nonce() {
    let _alone = alone();
    let gate = "sealed-again";
    let waiting = interrupted("GET", "/vault/again/seal-and-wait", gate);
    wait_until("it has been run again", || (sealed_at(gate).len() == 2).then_some(()));
    workerd().open(gate);
    let answer = waiting.answer().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());

    let runs: Vec<Vec<u8>> = sealed_at(gate).iter().map(|list| serde_json::from_str(list).unwrap()).collect();
    assert_ne!(runs[0][..NONCE_BYTES], runs[1][..NONCE_BYTES]);
    assert_eq!(runs[1], answer.body);
    for sealed in runs {
        assert_eq!(made("/vault/again/open", &sealed), b"text");
    }
    assert_eq!(workerd().asked(&format!("/gate/{gate}")), 1);
}

#[test]
fn a_call_that_has_sent_what_it_sealed_is_told_to_try_again() {
    let _alone = alone();
    let gate = "sealed-and-sent";
    let answer = interrupted("POST", "/vault/again/send-sealed", gate).answer().unwrap();
    answer.assert_problem(503, "interrupted");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(workerd().asked(&format!("/gate/{gate}")), 1);
}

#[test]
fn a_call_that_has_sent_what_it_signed_goes_on() {
    let _alone = alone();
    let gate = "signed-and-sent";
    let waiting = interrupted("POST", "/vault/again/send-signed", gate);
    workerd().open(gate);
    assert_eq!(waiting.answer().unwrap().status, 204);
    assert_eq!(workerd().asked(&format!("/gate/{gate}")), 1);
}
