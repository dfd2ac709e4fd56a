//! Only a cookie that was issued lets anyone in, wherever it stands in the header.

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use duractor_router::{Name, Session};
use proptest::prelude::*;
use support::visit::{CART, KEY, OTHER_KEY, Visited, Worker, begin, is_refused, router, visit, visit_at};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const JUNK: &str = "+/=. \t\"%;,\0é";

/// What nobody is let in with who has no session.
fn visit_required(cookies: &str) -> Visited {
    visit(CART.required(), &Worker::new(KEY), cookies)
}

fn is_let_in(cookies: &str) -> bool {
    let (name, _) = genuine();
    visit_required(cookies) == Ok(Name { text: name.into(), set_cookie: None })
}

/// A session's name and its cookie's value.
fn genuine() -> (String, String) {
    let (name, cookie) = begin(CART, &Worker::new(KEY));
    (name, cookie.strip_prefix("__Host-cart=").unwrap().to_owned())
}

fn value() -> String {
    genuine().1
}

/// What reads like a cookie of the session, signed by a key that is not the worker's.
fn forged() -> String {
    begin(CART, &Worker::new(OTHER_KEY)).1
}

#[test]
fn no_character_can_be_another() {
    let (router, worker, value) = (router(CART.required()), Worker::new(KEY), value());
    assert!(visit_at(&router, &worker, Some(&format!("__Host-cart={value}"))).is_ok());
    for (at, genuine) in value.char_indices() {
        for other in ALPHABET.chars().chain(JUNK.chars()).filter(|&other| other != genuine) {
            let changed = format!("__Host-cart={}{other}{}", &value[..at], &value[at + 1..]);
            assert!(is_refused(&visit_at(&router, &worker, Some(&changed))), "{changed:?}");
        }
    }
}

#[test]
fn no_value_is_shorter_or_longer() {
    let value = value();
    for len in 0..value.len() {
        assert!(is_refused(&visit_required(&format!("__Host-cart={}", &value[..len]))), "{len}");
        assert!(is_refused(&visit_required(&format!("__Host-cart={}", &value[len + 1..]))), "{len}");
    }
    for more in ["A", "=", "==", "AAAA", "%00", "\0", &value] {
        assert!(is_refused(&visit_required(&format!("__Host-cart={value}{more}"))), "{more:?}");
        assert!(is_refused(&visit_required(&format!("__Host-cart={more}{value}"))), "{more:?}");
    }
}

#[test]
fn another_key_lets_nobody_in() {
    assert!(is_refused(&visit_required(&forged())));
    assert!(visit(CART.required(), &Worker::new(OTHER_KEY), &forged()).is_ok());
}

#[test]
fn the_cookie_of_another_name_lets_nobody_in() {
    let worker = Worker::new(KEY);
    let (_, cookie) = begin(Session::cookie("car"), &worker);
    let renamed = cookie.replace("__Host-car=", "__Host-cart=");
    assert_ne!(renamed, cookie);
    assert!(is_refused(&visit_required(&renamed)));
}

#[test]
fn a_signature_belongs_to_one_id_and_one_time() {
    let worker = Worker::new(KEY);
    let [one, two] = [begin(CART, &worker), begin(CART, worker.at(1_800_000_001))]
        .map(|(_, cookie)| URL_SAFE_NO_PAD.decode(cookie.strip_prefix("__Host-cart=").unwrap()).unwrap());
    let spliced = |id: &[u8], issued: &[u8], mac: &[u8]| {
        let bytes = [&[1], &id[1..17], &issued[17..25], &mac[25..]].concat();
        visit_required(&format!("__Host-cart={}", URL_SAFE_NO_PAD.encode(bytes)))
    };
    assert!(spliced(&one, &one, &one).is_ok());
    for (id, issued, mac) in [(&two, &one, &one), (&one, &two, &one), (&one, &one, &two)] {
        assert!(is_refused(&spliced(id, issued, mac)));
    }
}

/// Made by Python's `hmac`, as a later version with the same key might.
#[test]
fn another_version_is_not_read() {
    let value = "AgABAgMEBQYHCAkKCwwNDg8AAAAAa0nSAONvI-u8fK5T-6IaCD2rdz7GCsBFuQs_aesWr8DYLn9U";
    assert!(is_refused(&visit_required(&format!("__Host-cart={value}"))));
}

#[test]
fn the_cookie_may_stand_anywhere() {
    let cookie = format!("__Host-cart={}", value());
    for around in ["{}", "a=b; {}", "{}; a=b", "a=b;{};c", ";;;=; {} ;", "é=ü; {}", "\t{}\t", "\"; {}; \"", "a={}; {}"]
    {
        assert!(is_let_in(&around.replace("{}", &cookie)), "{around}");
    }
}

#[test]
fn the_name_is_whole_and_the_value_bare() {
    let value = value();
    for cookies in [
        format!("cart={value}"),
        format!("__host-cart={value}"),
        format!("__Host-Cart={value}"),
        format!("x__Host-cart={value}"),
        format!("__Host-cart2={value}"),
        format!("__Host-car={value}"),
        format!("__Host-cart ={value}"),
        format!("__Host-cart= {value}"),
        format!("__Host-cart=={value}"),
        format!("__Host-cart{value}"),
        format!("=__Host-cart={value}"),
        format!("a=__Host-cart={value}"),
        format!("__Host-cart=\"{value}\""),
        format!("__Host-cart=\"{}\"", &value[1..75]),
        format!("a, __Host-cart={value}"),
    ] {
        assert!(is_refused(&visit_required(&cookies)), "{cookies}");
    }
}

#[test]
fn headers_without_a_session_bring_none() {
    for cookies in ["", ";;;=", "=", ";", "__Host-cart", "__Host-cart=", "__Host-cart=;", "é", "\0", "\"\"", "a=b; c=d"]
    {
        assert!(is_refused(&visit_required(cookies)), "{cookies:?}");
    }
}

#[test]
fn large_headers_hide_no_session() {
    let cookie = format!("__Host-cart={}", value());
    let long = format!("big={}", "x".repeat(8 << 10));
    let many: String = (0..200).map(|at| format!("c{at}=v; ")).collect();
    assert!(is_let_in(&format!("{long}; {cookie}")));
    assert!(is_let_in(&format!("{many}{cookie}")));
    assert!(is_refused(&visit_required(&format!("__Host-cart={}", "A".repeat(8 << 10)))));
}

#[test]
fn the_first_genuine_cookie_counts() {
    let worker = Worker::new(KEY);
    let ((one, one_cookie), (two, two_cookie)) = (begin(CART, &worker), begin(CART, &worker));
    let both = |first: &str, second: &str| visit(CART, &worker, &format!("{first}; {second}")).unwrap().text;
    assert_eq!(both(&one_cookie, &two_cookie), one);
    assert_eq!(both(&two_cookie, &one_cookie), two);
}

#[test]
fn an_expired_cookie_does_not_hide_a_current_one() {
    let worker = Worker::new(KEY);
    let (_, old) = begin(CART, worker.at(0));
    let (new, cookie) = begin(CART, worker.at(1_800_000_000));
    assert!(is_refused(&visit(CART.required(), &worker, &old)));
    assert_eq!(visit(CART.required(), &worker, &format!("{old}; {cookie}")).unwrap().text, new);
}

/// Bits flipped, halves of two genuine ones joined, and random bytes.
#[test]
fn of_a_hundred_thousand_forged_cookies_none_lets_in() {
    const FORGED: u64 = 100_000;
    let (router, worker) = (router(CART.required()), Worker::new(KEY));
    let (one, another) = (value(), forged()["__Host-cart=".len()..].to_owned());
    let alphabet = ALPHABET.as_bytes();
    let mut random = 1_u64;
    let mut below = |bound: usize| {
        // Knuth's MMIX.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound
    };
    for at in 0..FORGED {
        let mut forged = one.clone().into_bytes();
        match at % 3 {
            0 => (0..=below(4)).for_each(|_| forged[below(76)] = alphabet[below(64)]),
            1 => {
                let cut = below(75) + 1;
                forged[cut..].copy_from_slice(&another.as_bytes()[cut..]);
            }
            _ => forged[2..].fill_with(|| alphabet[below(64)]),
        }
        if forged == one.as_bytes() {
            continue;
        }
        let forged = String::from_utf8(forged).unwrap();
        assert!(is_refused(&visit_at(&router, &worker, Some(&format!("__Host-cart={forged}")))), "{forged}");
    }
    assert!(visit_at(&router, &worker, Some(&format!("__Host-cart={one}"))).is_ok());
}

#[test]
fn only_so_many_signatures_are_computed() {
    let cookie = format!("__Host-cart={}", value());
    let after = |forgeries: usize, forgery: &str| format!("{}{cookie}", format!("{forgery}; ").repeat(forgeries));
    assert!(is_let_in(&after(3, &forged())));
    assert!(is_refused(&visit_required(&after(4, &forged()))));
    let unread = format!("__Host-cart={}", "?".repeat(76));
    assert!(is_let_in(&after(200, &unread)));
    let other_version = format!("__Host-cart={}", "A".repeat(76));
    assert!(is_let_in(&after(200, &other_version)));
}

/// Text that is nearly a header with a session.
fn header() -> impl Strategy<Value = String> {
    let value = value();
    let fixed = [";", "; ", "=", "\"", "é", "\0", "__Host-cart", "__Host-cart=", "a=b; ", &forged(), &value[..40]];
    let part = prop_oneof![
        4 => prop::sample::select(fixed.map(str::to_owned).to_vec()),
        2 => "__Host-cart=[A-Za-z0-9_-]{76}",
        1 => "__Host-cart=AQ[A-Za-z0-9_-]{74}",
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_headers_lead_to_a_new_actor(header in header()) {
        let worker = Worker::new(KEY);
        let next = worker.next_name();
        let name = visit(CART, &worker, &header).unwrap();
        prop_assert_eq!(name.text, next);
        prop_assert!(name.set_cookie.is_some());
        prop_assert!(is_refused(&visit(CART.required(), &worker, &header)));
    }

    #[test]
    fn a_session_is_found_among_other_cookies(
        before in prop::collection::vec("[a-z]{1,8}=[!-:<-~]{0,80}", 0..20),
        after in prop::collection::vec("[a-z]{1,8}=[!-:<-~]{0,80}", 0..20),
    ) {
        let cookie = format!("__Host-cart={}", value());
        let header = [before, vec![cookie], after].concat().join("; ");
        prop_assert!(is_let_in(&header), "{header}");
    }
}
