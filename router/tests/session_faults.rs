//! What is wrong with a session is told: at start-up what the mount says, at a request what the secret holds.

mod support;

use duractor_router::{
    Builder, COOKIE_NAME_MAX_BYTES, CookieFault, KEY_MIN_BYTES, KEYS_MAX, NameRefusal, SESSION_LIFETIME_MAX,
    SESSION_LIFETIME_MIN, Session, SessionFault, Verb,
};
use std::time::Duration;
use support::leak;
use support::visit::{CART, KEY, OTHER_KEY, Worker, begin, router, visit, visit_at};

fn conflicts(session: Session) -> String {
    let builder = Builder::<(), ()>::new().mount("Cart", "/cart", session, [(Verb::Get, "/", ())]);
    builder.build().err().map(|conflicts| conflicts.to_string()).unwrap_or_default()
}

/// What a request comes to when the secret holds this text.
fn fault(keys: Option<&str>) -> SessionFault {
    let worker = Worker::new("");
    *worker.keys.borrow_mut() = keys.map(str::to_owned);
    match visit(CART, &worker, "").unwrap_err() {
        NameRefusal::Misconfigured(fault) => fault,
        refusal => panic!("{refusal:?}"),
    }
}

#[test]
fn a_cookie_needs_a_name() {
    let long = leak("x".repeat(COOKIE_NAME_MAX_BYTES + 1));
    for name in ["", "a b", "a;b", "a=b", "a,b", "é", "a\n", "__Host-cart", "__secure-cart", long] {
        let told = CookieFault::Name { name }.to_string();
        assert_eq!(conflicts(Session::cookie(name)), format!("Cart at `/cart` cannot be named: {told}"), "{name:?}");
    }
    for name in ["cart", "_", "a.b-c", &long[1..]] {
        assert_eq!(conflicts(Session::cookie(name)), "", "{name}");
    }
}

#[test]
fn a_cookie_name_is_explained() {
    assert_eq!(
        conflicts(Session::cookie("my cart")),
        "Cart at `/cart` cannot be named: `my cart` is no cookie name: write 1 to 64 letters, digits, `-` or `_`, without \
         the prefix `__Host-`"
    );
}

#[test]
fn a_lifetime_has_bounds() {
    let nano = Duration::from_nanos(1);
    for lifetime in [Duration::ZERO, SESSION_LIFETIME_MIN - nano, SESSION_LIFETIME_MAX + nano, Duration::MAX] {
        let told = "Cart at `/cart` cannot be named: its session's lifetime is not within 1 and 34560000 seconds";
        assert_eq!(conflicts(CART.lifetime(lifetime)), told, "{lifetime:?}");
    }
    for lifetime in [SESSION_LIFETIME_MIN, SESSION_LIFETIME_MAX] {
        assert_eq!(conflicts(CART.lifetime(lifetime)), "");
    }
}

#[test]
fn a_secret_needs_a_binding() {
    assert_eq!(conflicts(CART.secret("")), "Cart at `/cart` cannot be named: the name of its secret binding is empty");
}

#[test]
fn the_name_must_fit_into_the_bound_of_the_builder() {
    let bound = |bytes| Builder::<(), ()>::new().name_max_bytes(bytes).mount("Cart", "/cart", CART, []).build();
    assert!(bound(32).is_ok());
    let told = bound(31).unwrap_err().to_string();
    assert_eq!(told, "Cart at `/cart` cannot be named: a name has 1 to 31 bytes, this one 32");
}

#[test]
fn a_missing_secret_says_how_to_set_it() {
    let fault = fault(None);
    assert_eq!(fault, SessionFault::NoSecret { binding: "SESSION_KEYS" });
    assert_eq!(
        fault.to_string(),
        "the secret `SESSION_KEYS` is not set: `npx wrangler secret put SESSION_KEYS`, with the output of `openssl rand \
         -base64 32`"
    );
}

#[test]
fn an_empty_secret_holds_no_key() {
    for keys in ["", " ", ",\n,"] {
        assert_eq!(fault(Some(keys)), SessionFault::NoKey { binding: "SESSION_KEYS" });
    }
    assert!(fault(Some("")).to_string().starts_with("the secret `SESSION_KEYS` holds no key: `npx wrangler"));
}

#[test]
fn a_short_key_is_counted_and_not_shown() {
    let short = &KEY[..KEY_MIN_BYTES - 1];
    let fault = fault(Some(&format!("{KEY},{short}")));
    assert_eq!(fault, SessionFault::ShortKey { binding: "SESSION_KEYS", key: 2 });
    let told = format!("{fault} {fault:?}");
    assert!(told.starts_with("key 2 of the secret `SESSION_KEYS` has fewer than 32 bytes: `npx wrangler"), "{told}");
    assert!(!told.contains(&short[..8]), "{told}");
}

#[test]
fn there_is_a_bound_of_keys() {
    let keys = [KEY; KEYS_MAX + 1].join("\n");
    assert_eq!(fault(Some(&keys)), SessionFault::TooManyKeys { binding: "SESSION_KEYS" });
    assert_eq!(
        fault(Some(&keys)).to_string(),
        "the secret `SESSION_KEYS` holds more than 8 keys: leave out the oldest, which stand last"
    );
    assert!(visit(CART, &Worker::new(&keys[KEY.len() + 1..]), "").is_ok());
}

#[test]
fn faulty_keys_are_told_to_those_with_a_session_too() {
    let (_, cookie) = begin(CART, &Worker::new(KEY));
    for session in [CART, CART.required()] {
        let refusal = visit(session, &Worker::new("short"), &cookie).unwrap_err();
        assert!(matches!(refusal, NameRefusal::Misconfigured(SessionFault::ShortKey { .. })), "{refusal:?}");
    }
}

#[test]
fn faults_are_not_remembered_and_keys_are() {
    let (router, worker) = (router(CART), Worker::new(""));
    assert!(visit_at(&router, &worker, None).is_err());
    worker.set_keys(KEY);
    let first = visit_at(&router, &worker, None).unwrap();
    worker.set_keys(OTHER_KEY);
    let second = visit_at(&router, &worker, Some(&support::visit::cookie(&first))).unwrap();
    assert_eq!(second.text, first.text);
}
