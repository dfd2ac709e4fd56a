//! Slashes, catch-alls, percent-encoding, and paths that nothing matches.

mod support;

use duractor_router::{Builder, Refusal, Verb};
use support::{get, params};

#[test]
fn one_match_gives_class_mount_route_and_all_parameters() {
    let router = Builder::<&str, ()>::new()
        .mount("Home", "/", "home", [(Verb::Get, "", "index")])
        .mount("Counter", "/counter/{name}", "{name}", [(Verb::Post, "/add/{by}", "add"), (Verb::Get, "/", "value")])
        .mount("Home", "/about", "home", [(Verb::Get, "/", "about")])
        .build()
        .unwrap();
    assert_eq!(router.classes(), ["Home", "Counter"]);

    let hit = router.resolve("POST", "/counter/visits/add/2").unwrap();
    assert_eq!((hit.mount.class(), hit.mount.class_index()), ("Counter", 1));
    assert_eq!((hit.mount.pattern(), hit.route), ("/counter/{name}", "add"));
    assert_eq!((hit.param("name"), hit.param("by"), hit.param("to")), (Some("visits"), Some("2"), None));

    assert_eq!(router.resolve("GET", "/").unwrap().route, "index");
    let about = router.resolve("GET", "/about").unwrap();
    assert_eq!((about.route, about.mount.class_index()), ("about", 0));
    assert_eq!(router.resolve("POST", "/counter/visits/add").unwrap_err(), Refusal::NotFound);
}

#[test]
fn a_trailing_slash_is_the_same_route() {
    let router = Builder::<&str, ()>::new()
        .mount("Counter", "/counter/{name}/", "{name}", [(Verb::Get, "/", "value"), (Verb::Get, "/log/", "log")])
        .build()
        .unwrap();
    for (path, route) in
        [("/counter/a", "value"), ("/counter/a/", "value"), ("/counter/a/log", "log"), ("/counter/a/log/", "log")]
    {
        let hit = router.resolve("GET", path).unwrap();
        assert_eq!((hit.route, hit.param("name")), (route, Some("a")), "{path}");
    }
}

#[test]
fn repeated_slashes_are_not_collapsed() {
    let router = get(&["/", "/a", "/a/{x}", "/a/{x}/b"]);
    for path in ["//", "//a", "/a//", "/a//b", "/a/1//", "/a/1//b", "///"] {
        assert_eq!(router.resolve("GET", path).unwrap_err(), Refusal::NotFound, "{path}");
    }
}

#[test]
fn what_does_not_start_with_a_slash_is_not_found() {
    let router = get(&["/", "/a", "/{*rest}"]);
    for path in ["", "a", "*", "a/", "http://host/a"] {
        assert_eq!(router.resolve("GET", path).unwrap_err(), Refusal::NotFound, "{path}");
    }
}

#[test]
fn a_parameter_never_matches_nothing() {
    let router = get(&["/a/{x}", "/{y}/c"]);
    for path in ["/a", "/a/", "//c", "//", "/"] {
        assert_eq!(router.resolve("GET", path).unwrap_err(), Refusal::NotFound, "{path}");
    }
}

#[test]
fn a_catch_all_keeps_its_text_exactly() {
    let router = get(&["/files/{*path}", "/files/readme"]);
    for (path, text) in [
        ("/files/a", "a"),
        ("/files/a/b.txt", "a/b.txt"),
        ("/files/a/", "a/"),
        ("/files/a//", "a//"),
        ("/files//a", "/a"),
        ("/files//", "/"),
        ("/files/readme/x", "readme/x"),
    ] {
        assert_eq!(router.resolve("GET", path).unwrap().param("path"), Some(text), "{path}");
    }
    assert_eq!(router.resolve("GET", "/files/readme/").unwrap().route, "/files/readme");
    for path in ["/files", "/files/"] {
        assert_eq!(router.resolve("GET", path).unwrap_err(), Refusal::NotFound, "{path}");
    }
}

#[test]
fn the_longer_of_two_catch_alls_wins_also_with_nothing_but_a_slash() {
    let router = get(&["/{*all}", "/a/{*rest}"]);
    assert_eq!(router.resolve("GET", "/a//").unwrap().param("rest"), Some("/"));
    assert_eq!(router.resolve("GET", "/a/").unwrap().param("all"), Some("a/"));
    assert_eq!(router.resolve("GET", "//").unwrap().param("all"), Some("/"));
}

#[test]
fn a_mount_may_end_in_a_catch_all() {
    let router = Builder::<(), ()>::new()
        .mount("Page", "/wiki/{*page}", "{page}", [(Verb::Get, "/", ()), (Verb::Put, "", ())])
        .build()
        .unwrap();
    assert_eq!(router.resolve("PUT", "/wiki/a/b").unwrap().param("page"), Some("a/b"));
}

#[test]
fn parameters_are_decoded_once_and_after_the_match() {
    let router = get(&["/{a}/{b}", "/files/{*path}"]);
    let decoded = |path| params(&router.resolve("GET", path).unwrap());
    assert_eq!(decoded("/a%2Fb/c"), [("a", "a/b".to_owned()), ("b", "c".to_owned())]);
    assert_eq!(decoded("/%252F/%C3%A9"), [("a", "%2F".to_owned()), ("b", "é".to_owned())]);
    assert_eq!(decoded("/a+b/~"), [("a", "a+b".to_owned()), ("b", "~".to_owned())]);
    assert_eq!(decoded("/files/a%20b/c"), [("path", "a b/c".to_owned())]);
}

#[test]
fn static_text_is_compared_as_sent() {
    let router = get(&["/caf%C3%A9", "/add"]);
    assert!(router.resolve("GET", "/caf%C3%A9").is_ok());
    for path in ["/caf%c3%a9", "/café", "/%61dd", "/ADD"] {
        assert_eq!(router.resolve("GET", path).unwrap_err(), Refusal::NotFound, "{path}");
    }
}

#[test]
fn malformed_percent_encoding_is_told_with_its_place() {
    let router = get(&["/static/{a}/{*rest}"]);
    for (path, param, position) in [
        ("/static/%/x", "a", 8),
        ("/static/ab%2/x", "a", 10),
        ("/static/%zz/x", "a", 8),
        ("/static/ok/y%FF", "rest", 12),
        ("/static/ok/y/%41%C3%28", "rest", 16),
        ("/static/ok/y/%", "rest", 13),
    ] {
        assert_eq!(router.resolve("GET", path).unwrap_err(), Refusal::Encoding { param, position }, "{path}");
    }
    assert_eq!(router.resolve("GET", "/other/%").unwrap_err(), Refusal::NotFound);
}

#[test]
fn as_many_parameters_as_are_allowed_fit() {
    let router = get(&["/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{*h}"]);
    let hit = router.resolve("GET", "/1/2/3/4/5/6/7/8/9").unwrap();
    assert_eq!(hit.params.len(), duractor_router::PARAMS_MAX);
    assert_eq!(hit.param("h"), Some("8/9"));
}

#[test]
fn an_empty_router_finds_nothing() {
    let router = Builder::<(), ()>::new().build().unwrap();
    assert_eq!(router.resolve("GET", "/").unwrap_err(), Refusal::NotFound);
    assert!(router.classes().is_empty());
}
