//! Which route of a path answers a method, and what is answered where none does.

mod support;

use duractor_router::{Builder, Refusal, Verb};
use support::router;

fn refused(routes: &[(Verb, &'static str)], method: &str) -> Refusal {
    router(routes).resolve(method, "/x").unwrap_err()
}

#[test]
fn every_verb_reaches_its_own_route() {
    let verbs = [Verb::Get, Verb::Head, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete, Verb::Options, Verb::Any];
    let router =
        Builder::<Verb, ()>::new().mount("Actor", "/x", "x", verbs.map(|verb| (verb, "/", verb))).build().unwrap();
    for verb in &verbs[..7] {
        let hit = router.resolve(verb.as_str(), "/x").unwrap();
        assert_eq!(hit.route, *verb);
        assert!(!hit.head);
    }
    assert_eq!(router.resolve("PROPFIND", "/x").unwrap().route, Verb::Any);
}

#[test]
fn another_method_is_refused_with_those_that_are_allowed() {
    let routes = [(Verb::Post, "/x"), (Verb::Get, "/x"), (Verb::Put, "/y")];
    for method in ["PUT", "PROPFIND", "get", ""] {
        match refused(&routes, method) {
            Refusal::MethodNotAllowed { allow } => {
                assert_eq!(allow.to_string(), "GET, HEAD, OPTIONS, POST")
            }
            other => panic!("{method}: {other:?}"),
        }
    }
}

#[test]
fn options_lists_the_methods() {
    match refused(&[(Verb::Delete, "/x")], "OPTIONS") {
        Refusal::Options { allow } => assert_eq!(allow.to_string(), "DELETE, OPTIONS"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_route_for_get_answers_head() {
    let router = router(&[(Verb::Get, "/x")]);
    assert!(router.resolve("HEAD", "/x").unwrap().head);
    assert!(!router.resolve("GET", "/x").unwrap().head);
}

#[test]
fn head_goes_to_its_own_route_then_to_get_then_to_any() {
    let hit = |routes: &[(Verb, &'static str)]| {
        let routes = routes.iter().map(|&(verb, path)| (verb, path, verb));
        let router = Builder::<Verb, ()>::new().mount("Actor", "/", "x", routes).build().unwrap();
        let hit = router.resolve("HEAD", "/x").unwrap();
        (hit.route, hit.head)
    };
    assert_eq!(hit(&[(Verb::Any, "/x"), (Verb::Get, "/x"), (Verb::Head, "/x")]), (Verb::Head, false));
    assert_eq!(hit(&[(Verb::Any, "/x"), (Verb::Get, "/x")]), (Verb::Get, true));
    assert_eq!(hit(&[(Verb::Any, "/x"), (Verb::Put, "/x")]), (Verb::Any, false));
}

#[test]
fn any_takes_what_is_left_and_options_too() {
    let router = Builder::<&str, ()>::new()
        .mount("Actor", "/x", "x", [(Verb::Any, "", "any"), (Verb::Post, "", "post")])
        .build()
        .unwrap();
    for (method, route) in [("POST", "post"), ("GET", "any"), ("OPTIONS", "any"), ("PROPFIND", "any"), ("ANY", "any")] {
        assert_eq!(router.resolve(method, "/x").unwrap().route, route, "{method}");
    }
}

#[test]
fn the_path_alone_chooses_the_pattern() {
    let router = router(&[(Verb::Get, "/a/b"), (Verb::Post, "/a/{x}")]);
    assert!(matches!(router.resolve("POST", "/a/b"), Err(Refusal::MethodNotAllowed { .. })));
    assert!(router.resolve("POST", "/a/c").is_ok());
}

#[test]
fn routes_of_one_path_may_name_its_parameters_differently() {
    let router = router(&[(Verb::Get, "/{a}/{b}"), (Verb::Put, "/{b}/{a}")]);
    assert_eq!(router.resolve("GET", "/1/2").unwrap().param("a"), Some("1"));
    assert_eq!(router.resolve("PUT", "/1/2").unwrap().param("a"), Some("2"));
}
