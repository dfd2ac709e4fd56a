//! Nothing that is mounted or requested makes the router panic.

mod support;

use duractor_router::{Builder, Verb};
use proptest::prelude::*;
use support::{Nowhere, Request, leak};

/// Text that is a pattern more often than not.
fn pattern() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "/", "/", "/", "a", "b", "ab", "-", "é", "%2F", "%", "{x}", "{y}", "{z}", "{*r}", "{", "}", "{{", "}}", "{}",
    ]);
    prop_oneof![
        4 => prop::collection::vec(part, 0..8).prop_map(|parts| format!("/{}", parts.concat())),
        1 => "\\PC{0,12}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![4 => "/[ab/-]{0,10}", 2 => "/[ab/%2F{}*é-]{0,10}", 1 => any::<String>()]
}

fn verb() -> impl Strategy<Value = Verb> {
    prop::sample::select(vec![Verb::Get, Verb::Post, Verb::Any])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_pattern_template_method_or_path_panics(
        mounts in prop::collection::vec(
            (pattern(), pattern(), prop::collection::vec((verb(), pattern()), 0..5)),
            0..4,
        ),
        requests in prop::collection::vec((any::<String>(), path()), 0..8),
    ) {
        let mut builder = Builder::<(), ()>::new();
        for (mount, name, routes) in mounts {
            let routes = routes.into_iter().map(|(verb, path)| (verb, leak(path), ()));
            builder = builder.mount("A", leak(mount), leak(name), routes);
        }
        match builder.build() {
            Err(conflicts) => prop_assert!(!conflicts.to_string().is_empty()),
            Ok(router) => for (method, path) in requests {
                for method in ["GET", "HEAD", "OPTIONS", &method] {
                    if let Ok(hit) = router.resolve(method, &path) {
                        let _ = router.name(&hit, &Request::default(), &Nowhere);
                    }
                }
            },
        }
    }
}
