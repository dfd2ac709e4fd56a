//! Visitors get a session, come back to it, and keep it as long as they come.

mod support;

use duractor_router::{Name, SESSION_LIFETIME, SESSION_LIFETIME_MAX, Session};
use std::time::Duration;
use support::visit::{CART, KEY, OTHER_KEY, START, Worker, begin, cookie, is_refused, router, visit, visit_at};

const LIFETIME_SECS: u64 = SESSION_LIFETIME.as_secs();

/// Made by Python's `hmac`: the key `KEY`, the id of the bytes from 0 to 15, issued at `START`.
const KNOWN: &str = "__Host-cart=AQABAgMEBQYHCAkKCwwNDg8AAAAAa0nSAD3QjF_jJOnPfKI-oTT0xuGGgSguJ8SdysOsYnx2HeBY";

#[test]
fn a_new_session_has_known_bytes() {
    let name = visit(CART, &Worker::new(KEY), "").unwrap();
    assert_eq!(name.text, "000102030405060708090a0b0c0d0e0f");
    let attributes = "; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(name.set_cookie, Some(format!("{KNOWN}{attributes}")));
}

#[test]
fn a_visitor_comes_back_to_the_same_actor() {
    let worker = Worker::new(KEY);
    let (first, cookie) = begin(CART, &worker);
    assert_eq!(visit(CART, &worker, &cookie), Ok(Name { text: first.into(), set_cookie: None }));
}

#[test]
fn without_a_cookie_header_too_a_session_begins() {
    let worker = Worker::new(KEY);
    let name = visit_at(&router(CART), &worker, None).unwrap();
    assert_eq!(cookie(&name), KNOWN);
}

#[test]
fn every_new_visitor_has_another_actor() {
    let worker = Worker::new(KEY);
    let ((one, one_cookie), (two, two_cookie)) = (begin(CART, &worker), begin(CART, &worker));
    assert_ne!(one, two);
    assert_eq!(visit(CART, &worker, &one_cookie).unwrap().text, one);
    assert_eq!(visit(CART, &worker, &two_cookie).unwrap().text, two);
}

#[test]
fn a_required_session_is_not_begun_but_kept_and_renewed() {
    let worker = Worker::new(KEY);
    assert!(is_refused(&visit(CART.required(), &worker, "")));
    assert!(is_refused(&visit_at(&router(CART.required()), &worker, None)));
    let (first, cookie) = begin(CART, &worker);
    assert_eq!(visit(CART.required(), &worker, &cookie).unwrap().text, first);
    let renewed = visit(CART.required(), worker.at(START + LIFETIME_SECS - 1), &cookie).unwrap();
    assert!(renewed.set_cookie.is_some());
}

#[test]
fn a_refusal_names_the_cookie() {
    let refusal = visit(CART.required(), &Worker::new(KEY), "").unwrap_err();
    assert_eq!(refusal.to_string(), "no valid session comes with the cookie `__Host-cart`");
}

#[test]
fn a_session_ends_on_the_second() {
    let worker = Worker::new(KEY);
    let (first, cookie) = begin(CART, &worker);
    let end = Duration::from_secs(START + LIFETIME_SECS);
    worker.now.set(end - Duration::from_nanos(1));
    assert_eq!(visit(CART.required(), &worker, &cookie).unwrap().text, first);
    worker.now.set(end);
    assert!(is_refused(&visit(CART.required(), &worker, &cookie)));
    assert_ne!(visit(CART, &worker, &cookie).unwrap().text, first);
}

#[test]
fn its_cookie_is_issued_anew_after_more_than_half_of_its_lifetime() {
    for lifetime_secs in [LIFETIME_SECS, 5] {
        let session = CART.lifetime(Duration::from_secs(lifetime_secs));
        let worker = Worker::new(KEY);
        let (_, cookie) = begin(session, &worker);
        let half = START + lifetime_secs / 2;
        assert_eq!(visit(session, worker.at(half), &cookie).unwrap().set_cookie, None, "{lifetime_secs}");
        assert!(visit(session, worker.at(half + 1), &cookie).unwrap().set_cookie.is_some(), "{lifetime_secs}");
    }
}

#[test]
fn a_cookie_issued_anew_begins_a_whole_lifetime_of_the_same_session() {
    let worker = Worker::new(KEY);
    let (first, old) = begin(CART, &worker);
    let renewed_at = START + LIFETIME_SECS - 1;
    let renewed = cookie(&visit(CART, worker.at(renewed_at), &old).unwrap());
    assert_ne!(renewed, old);
    let session = CART.required();
    assert_eq!(visit(session, worker.at(renewed_at + LIFETIME_SECS / 2), &renewed).unwrap().set_cookie, None);
    assert_eq!(visit(session, worker.at(renewed_at + LIFETIME_SECS - 1), &renewed).unwrap().text, first);
    assert!(is_refused(&visit(session, worker.at(renewed_at + LIFETIME_SECS), &renewed)));
}

#[test]
fn the_lifetime_is_the_cookies_too() {
    for (lifetime, max_age) in [(Duration::from_millis(1_999), "1"), (SESSION_LIFETIME_MAX, "34560000")] {
        let set_cookie = visit(CART.lifetime(lifetime), &Worker::new(KEY), "").unwrap().set_cookie.unwrap();
        assert!(set_cookie.contains(&format!("; Max-Age={max_age};")), "{set_cookie}");
    }
}

#[test]
fn a_retired_key_lets_in_and_the_new_one_signs() {
    let worker = Worker::new(KEY);
    let (first, old) = begin(CART, &worker);
    worker.set_keys(&format!("{OTHER_KEY}\n{KEY}"));
    let rotated = visit(CART.required(), worker.at(START + 1), &old).unwrap();
    assert_eq!(rotated.text, first);
    let new = cookie(&rotated);
    worker.set_keys(OTHER_KEY);
    assert_eq!(visit(CART.required(), &worker, &new), Ok(Name { text: first.into(), set_cookie: None }));
    assert!(is_refused(&visit(CART.required(), &worker, &old)));
}

#[test]
fn a_clock_that_is_a_little_behind_lets_in() {
    let worker = Worker::new(KEY);
    let (first, cookie) = begin(CART, &worker);
    let early = visit(CART.required(), worker.at(START - 60), &cookie);
    assert_eq!(early, Ok(Name { text: first.into(), set_cookie: None }));
    assert!(is_refused(&visit(CART.required(), worker.at(START - 61), &cookie)));
}

#[test]
fn a_clock_at_zero_works() {
    let worker = Worker::new(KEY);
    let (first, cookie) = begin(CART, worker.at(0));
    assert_eq!(visit(CART.required(), &worker, &cookie).unwrap().text, first);
    let (_, later) = begin(CART, worker.at(61));
    assert!(is_refused(&visit(CART.required(), worker.at(0), &later)));
}

/// Made by Python's `hmac`: a key of a hundred `x`, the id of all ones, issued at `u64::MAX`.
#[test]
fn the_end_of_time_does_not_overflow() {
    let cookie = "__Host-cart=Af_______________________________3wGH2pf1wl6qXrFQUJQ_Eozhk4VZ1RVRPpWeVfzWldf";
    let worker = Worker::new(&"x".repeat(100));
    let near = visit(CART.required(), worker.at(u64::MAX - 1), cookie).unwrap();
    assert_eq!(near.text, "f".repeat(32));
    for now in [0, START, u64::MAX - 61, u64::MAX] {
        assert!(is_refused(&visit(CART.required(), worker.at(now), cookie)), "{now}");
    }
}

#[test]
fn a_session_may_have_its_own_secret() {
    let mut worker = Worker::new(KEY);
    worker.binding = "CART_KEYS";
    assert!(visit(CART.secret("CART_KEYS"), &worker, "").is_ok());
    assert!(visit(CART, &worker, "").is_err());
}

#[test]
fn logging_out_takes_away_the_same_cookie() {
    let (name, value) = Session::cookie("cart").expired();
    assert_eq!(
        (name, value.as_str()),
        ("set-cookie", "__Host-cart=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    );
    assert!(is_refused(&visit(CART.required(), &Worker::new(KEY), "__Host-cart=")));
}
