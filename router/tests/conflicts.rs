//! What is wrong at start-up is told all at once, with the names of those concerned.

mod support;

use duractor_router::{Builder, Conflict, Header, Verb};
use support::leak;

type Routes<'a> = &'a [(Verb, &'static str)];

fn mount(
    builder: Builder<(), ()>,
    class: &'static str,
    pattern: &'static str,
    naming: &'static str,
    routes: Routes<'_>,
) -> Builder<(), ()> {
    builder.mount(class, pattern, naming, routes.iter().map(|&(verb, path)| (verb, path, ())))
}

fn told(mounts: &[(&'static str, &'static str, &'static str, Routes<'_>)]) -> Vec<String> {
    let builder = mounts.iter().fold(Builder::new(), |builder, &(class, pattern, naming, routes)| {
        mount(builder, class, pattern, naming, routes)
    });
    match builder.build() {
        Ok(_) => Vec::new(),
        Err(conflicts) => conflicts.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn two_routes_for_the_same_requests_are_both_named() {
    assert_eq!(
        told(&[
            ("Counter2", "/counter/{id}", "{id}", &[(Verb::Get, "/add/{n}")]),
            ("Counter", "/counter/{name}/", "{name}", &[(Verb::Get, "/add/{by}/")]),
        ]),
        ["GET /counter/{name}/add/{by}/ of Counter conflicts with GET /counter/{id}/add/{n} of Counter2"]
    );
}

#[test]
fn the_same_path_may_be_reached_from_different_mounts_with_different_verbs() {
    let mounts: &[(_, _, _, Routes<'_>)] = &[
        ("A", "/x/{a}", "{a}", &[(Verb::Get, "/y")]),
        ("B", "/{b}/y", "{b}", &[(Verb::Get, "/")]),
        ("C", "/x/{c}/y", "{c}", &[(Verb::Put, "/"), (Verb::Any, "/")]),
        ("Home", "/", "home", &[(Verb::Get, "")]),
    ];
    assert_eq!(told(mounts), [""; 0]);
}

#[test]
fn one_class_may_be_mounted_twice() {
    let routes = &[(Verb::Get, "/"), (Verb::Post, "/{x}")];
    assert_eq!(told(&[("A", "/a/{n}", "{n}", routes), ("A", "/b/{n}", "{n}", routes)]), [""; 0]);
}

#[test]
fn a_parameter_beside_a_catch_all_is_ambiguous() {
    assert_eq!(
        told(&[
            ("A", "/other", "a", &[(Verb::Get, "/")]),
            ("B", "/x/{name}", "{name}", &[(Verb::Get, "/"), (Verb::Get, "/y")]),
            ("C", "/x", "c", &[(Verb::Post, "/{*rest}"), (Verb::Get, "/z")]),
        ]),
        ["POST /x/{*rest} of C conflicts with GET /x/{name} of B: a path can match both, and neither is more specific"]
    );
}

#[test]
fn a_refused_route_does_not_refuse_others() {
    let conflicts = told(&[(
        "A",
        "/",
        "a",
        &[
            (Verb::Get, "/{*all}"),
            (Verb::Get, "/{x}/y"),
            (Verb::Get, "/static/{a}/b"),
            (Verb::Get, "/static/{a}/c"),
            (Verb::Get, "/{x}/y"),
        ],
    )]);
    assert_eq!(conflicts.len(), 2, "{conflicts:#?}");
    assert!(conflicts.iter().all(|told| told.starts_with("GET /{x}/y of A conflicts with GET /{*all} of A")));
}

#[test]
fn everything_is_told_at_once() {
    assert_eq!(
        told(&[
            ("A", "a/{n}", "{other}", &[(Verb::Get, "/"), (Verb::Get, "b")]),
            ("B", "/b/{n}", "{m}", &[(Verb::Get, "/{n}"), (Verb::Put, "/{x")]),
            ("C", "/c/{x}/{y}", "{x}{y}", &[(Verb::Any, "//")]),
            ("D", "/d", "", &[(Verb::Any, "/"), (Verb::Any, "")]),
        ]),
        [
            "the pattern `a/{n}` of A cannot be mounted: it does not start with `/`",
            "GET a/{n}b of A cannot be a route: it does not start with `/`",
            "B at `/b/{n}` cannot be named: the mount's pattern has no parameter `{m}`",
            "GET /b/{n}/{n} of B cannot be a route: two parameters are called `n`",
            "PUT /b/{n}/{x of B cannot be a route: `{x` is not a segment: write text without braces, `{name}` or `{*name}`",
            "C at `/c/{x}/{y}` cannot be named: nothing keeps {x} and {y} apart, so two actors could share a name: write `{x}/{y}`",
            "ANY /c/{x}/{y}// of C cannot be a route: it has an empty segment: write single slashes",
            "ANY /d of D conflicts with ANY /d of D",
            "D at `/d` cannot be named: a name has 1 to 1024 bytes, this one 0",
        ]
    );
}

#[test]
fn a_header_needs_a_name() {
    let builder = Builder::<(), ()>::new().mount("A", "/", Header("x tenant"), []);
    assert_eq!(builder.build().unwrap_err().to_string(), "A at `/` cannot be named: `x tenant` is no header name");
}

#[test]
fn a_fixed_name_has_the_bound_of_the_builder() {
    let long = leak("x".repeat(9));
    let builder = mount(Builder::new(), "A", "/", long, &[]).name_max_bytes(8);
    let conflicts = builder.build().unwrap_err();
    assert_eq!(conflicts.as_slice(), [Conflict::NameLength { class: "A", pattern: "/", bytes: 9, max: 8 }]);
}

#[test]
fn too_many_parameters_are_refused_together() {
    let conflicts = told(&[("A", "/{a}/{b}/{c}/{d}", "{a}", &[(Verb::Get, "/{e}/{f}/{g}/{h}/{i}")])]);
    assert_eq!(
        conflicts,
        ["GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i} of A cannot be a route: it has more than 8 parameters"]
    );
}

#[test]
fn nothing_follows_a_catch_all_of_the_mount() {
    let conflicts = told(&[("A", "/{*a}", "{a}", &[(Verb::Get, "/"), (Verb::Get, "/x")])]);
    assert_eq!(conflicts, ["GET /{*a}/x of A cannot be a route: nothing can follow a catch-all"]);
}
