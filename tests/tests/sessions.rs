//! Actors that belong to visitors: nobody reaches one that was not given to them.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use duractor_tests::{http::Answer, wait_until, workerd};

const COOKIE: &str = "__Host-visitor=";

/// The value of the session's cookie that an answer sets, if it does.
fn set_cookie(answer: &Answer) -> Option<String> {
    let cookie = answer.headers("set-cookie").find_map(|cookie| cookie.strip_prefix(COOKIE))?;
    Some(cookie.split(';').next().unwrap().to_owned())
}

fn ask(method: &str, target: &str, value: &str) -> Answer {
    workerd().request(method, target).header("cookie", format!("{COOKIE}{value}")).send()
}

/// A new visitor's cookie.
fn arrive() -> String {
    let answer = workerd().get("/visitor/name");
    assert_eq!(answer.status, 200, "{}", answer.text());
    set_cookie(&answer).expect("a new visitor gets a cookie")
}

#[test]
fn a_new_visitor_gets_a_cookie_and_comes_back_with_it() {
    let answer = workerd().post("/visitor/add/milk");
    assert_eq!(answer.ok(), "milk");
    let cookies: Vec<&str> = answer.headers("set-cookie").collect();
    assert_eq!(cookies.len(), 1);
    let attributes: HashSet<&str> = cookies[0].split("; ").skip(1).collect();
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(attribute), "{attribute}: {cookies:?}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let value = set_cookie(&answer).unwrap();
    let again = ask("POST", "/visitor/add/eggs", &value);
    assert_eq!((again.ok(), set_cookie(&again)), ("milk eggs", None));
    assert_eq!(again.header("cache-control"), None);
    assert_eq!(workerd().get("/visitor").ok(), "");
}

#[test]
fn a_cookie_among_others_is_found() {
    let value = arrive();
    ask("POST", "/visitor/add/milk", &value).ok();
    let cookies = format!("a=1; {COOKIE}nonsense; b={value}; visitor={value};{COOKIE}{value}; c");
    let answer = workerd().request("GET", "/visitor").header("cookie", cookies).send();
    assert_eq!((answer.ok(), set_cookie(&answer)), ("milk", None));
}

#[test]
fn who_needs_a_session_and_has_none_is_refused() {
    let answer = workerd().get("/member/name");
    answer.assert_problem(401, "no-session");
    assert!(answer.header("www-authenticate").is_some());
    assert_eq!(set_cookie(&answer), None);
    let value = arrive();
    let name = ask("GET", "/visitor/name", &value);
    assert_eq!(ask("GET", "/member/name", &value).ok(), name.ok());
}

#[test]
fn a_worker_without_its_secret_says_so_in_its_log_only() {
    let answer = workerd().get("/unset/name");
    answer.assert_problem(500, "internal");
    assert!(!answer.text().contains("UNSET_KEYS"), "{}", answer.text());
    wait_until("the log tells", || workerd().log().contains("wrangler secret put UNSET_KEYS").then_some(()));
}

#[test]
fn no_forged_cookie_reaches_an_actor() {
    let value = arrive();
    let name = ask("GET", "/member/name", &value).ok().to_owned();
    let mut forged: Vec<Vec<u8>> = Vec::new();
    for at in 0..value.len() {
        for byte in [b'A', b'_', b'0', b' ', b'"', b'\\', 0xff, value.as_bytes()[at] ^ 1, value.as_bytes()[at] ^ 0x20] {
            let mut bytes = value.clone().into_bytes();
            bytes[at] = byte;
            // What is no text is refused before it gets here.
            if bytes != value.as_bytes() && byte >= b' ' && byte != 0x7f {
                forged.push(bytes);
            }
        }
        forged.push(value.as_bytes()[..at].to_vec());
    }
    for more in ["A", "=", "==", "%00", "\u{e9}", ",x"] {
        forged.push(format!("{value}{more}").into_bytes());
    }
    forged.extend([name.clone().into_bytes(), vec![b'A'; 8 << 10], b"\xf0\x9f".to_vec()]);
    let refused = AtomicUsize::new(0);
    thread::scope(|scope| {
        for part in forged.chunks(forged.len().div_ceil(8)) {
            let refused = &refused;
            scope.spawn(move || {
                for bytes in part {
                    let header = [COOKIE.as_bytes(), bytes].concat();
                    let answer = workerd().request("GET", "/member/name").header("cookie", header).send();
                    assert_eq!(answer.status, 401, "{}: {}", String::from_utf8_lossy(bytes), answer.text());
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(refused.into_inner(), forged.len());
    let fresh = ask("GET", "/visitor/name", &forged.iter().map(|_| 'x').take(76).collect::<String>());
    assert_ne!(fresh.ok(), name);
}

#[test]
fn strange_cookie_headers_are_no_session() {
    let value = arrive();
    let many = (0..200).map(|at| format!("c{at}={at}")).collect::<Vec<_>>().join("; ");
    let longest = format!("{COOKIE}{}", "v".repeat(8 << 10));
    let crowd = format!("{COOKIE}x; ").repeat(200);
    for header in [many.as_str(), &longest, &crowd, "", ";", "=", ";;;=;", "__Host-visitor", "\u{1f36a}=1", COOKIE] {
        let answer = workerd().request("GET", "/visitor/name").header("cookie", header).send();
        assert!(set_cookie(&answer).is_some(), "{header}: {}", answer.text());
        assert_eq!(answer.ok().len(), 32);
        let answer = workerd().request("GET", "/member/name").header("cookie", header).send();
        answer.assert_problem(401, "no-session");
    }
    let last = format!("{many}; {COOKIE}{value}");
    assert_eq!(workerd().request("GET", "/member").header("cookie", last).send().ok(), "");
}

#[test]
fn who_leaves_loses_state_and_cookie() {
    let value = arrive();
    assert_eq!(ask("POST", "/visitor/add/milk", &value).ok(), "milk");
    let name = ask("GET", "/visitor/name", &value).ok().to_owned();
    let answer = ask("POST", "/visitor/leave", &value);
    assert_eq!(answer.ok(), "gone");
    let cookies: Vec<&str> = answer.headers("set-cookie").collect();
    assert!(cookies.len() == 1 && cookies[0].contains("Max-Age=0"), "{cookies:?}");
    // Who has kept the cookie finds a new actor.
    assert_eq!(ask("GET", "/visitor/name", &value).ok(), name);
    assert_eq!(ask("GET", "/visitor", &value).ok(), "");
    assert_eq!(ask("POST", "/visitor/add/eggs", &value).ok(), "eggs");
}

#[test]
fn who_leaves_takes_tables_along_and_is_made_anew() {
    let counts = || workerd().get("/household/a/counts");
    for _ in 0..3 {
        assert_eq!(counts().ok(), "0 0 1 true");
        assert_eq!(workerd().post("/household/a/add/milk").status, 204);
        assert_eq!(counts().ok(), "1 1 1 true");
        assert_eq!(workerd().post("/household/a/leave").status, 204);
    }
}

#[test]
fn a_new_visitor_that_leaves_at_once_gets_no_cookie() {
    let answer = workerd().post("/visitor/leave");
    assert_eq!(answer.headers("set-cookie").count(), 1);
    assert_eq!(set_cookie(&answer).unwrap(), "");
}

#[test]
fn who_leaves_in_a_turn_that_fails_stays() {
    let value = arrive();
    ask("POST", "/visitor/add/milk", &value).ok();
    assert_eq!(ask("POST", "/visitor/stay", &value).status, 409);
    assert_eq!(ask("GET", "/visitor", &value).ok(), "milk");
}

#[test]
fn calls_that_wait_for_who_leaves_are_told_to_try_again() {
    let value = arrive();
    let cookie = format!("{COOKIE}{value}");
    let waiting = workerd().request("POST", "/visitor/wait/leaving").header("cookie", cookie).start().unwrap();
    wait_until("it waits at the gate", || (workerd().waiting_at("leaving") == 1).then_some(()));
    assert_eq!(ask("POST", "/visitor/leave", &value).ok(), "gone");
    let answer = waiting.answer().unwrap();
    answer.assert_problem(503, "interrupted");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[test]
fn a_reply_with_an_encoding_of_its_own_gets_its_cookie() {
    let answer = workerd().get("/visitor/encoded");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.body, b"no gzip at all");
    assert!(set_cookie(&answer).is_some());
}
