//! Different parameters never make the same name.

mod support;

use duractor_router::{Builder, Verb};
use proptest::prelude::*;
use std::fmt::Write;
use support::{Nowhere, Request, leak};

/// Text between parameters; most of it has a character that keeps them apart.
fn text() -> impl Strategy<Value = String> {
    "[a-c:/%é_.-]{0,3}"
}

/// Few characters, so that values look like each other, like the template's text and like escapes.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-c25F%:/é_.\n-]{1,4}", 1 => "\\PC{1,4}", 1 => prop::char::any().prop_map(String::from)]
}

fn values() -> impl Strategy<Value = [String; 3]> {
    [value(), value(), value()]
}

fn encoded(values: &[String; 3]) -> &'static str {
    let mut path = String::new();
    for value in values {
        path.push('/');
        value.bytes().for_each(|byte| write!(path, "%{byte:02X}").unwrap());
    }
    leak(path)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        max_global_rejects: 100_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn different_values_make_different_names(
        texts in [text(), text(), text(), text()],
        params in Just(["{x}", "{y}", "{z}"]).prop_shuffle(),
        one in values(),
        other in values(),
    ) {
        let [a, b, c, d] = texts;
        let template = leak(format!("{a}{}{b}{}{c}{}{d}", params[0], params[1], params[2]));
        let builder = Builder::<(), ()>::new().mount("A", "/{x}/{y}/{z}", template, [(Verb::Get, "/", ())]);
        let router = builder.build();
        prop_assume!(router.is_ok());
        let router = router.unwrap();
        let name = |values: &[String; 3]| {
            let request = Request { path: encoded(values), header: None };
            router.name(&router.resolve("GET", request.path).unwrap(), &request, &Nowhere).unwrap().text.into_owned()
        };
        prop_assert_eq!(name(&one) == name(&other), one == other, "{} {}", name(&one), name(&other));
    }

    /// Shifts text over the border between two values, where a careless scheme fails.
    #[test]
    fn moving_text_from_one_value_to_the_next_changes_the_name(
        between in "[:/_.-]{1,2}",
        words in prop::collection::vec("[a%:/_.-]{1,2}", 3..6),
    ) {
        let template = leak(format!("{{x}}{between}{{y}}"));
        let router = Builder::<(), ()>::new()
            .mount("A", "/{x}/{y}", template, [(Verb::Get, "/", ())])
            .build()
            .unwrap();
        let name = |cut: usize| {
            let (left, right) = words.split_at(cut);
            let path = leak(format!("/{}/{}", escape(&left.join(&between)), escape(&right.join(&between))));
            let request = Request { path, header: None };
            router.name(&router.resolve("GET", path).unwrap(), &request, &Nowhere).unwrap().text.into_owned()
        };
        for cut in 2..words.len() {
            prop_assert_ne!(name(cut - 1), name(cut));
        }
    }

    /// What looks like the escaped text of another value is not taken for it.
    #[test]
    fn a_value_and_its_escaped_text_are_different_names(
        template in prop::sample::select(vec!["{x}", "{x}/{y}", "{y}:{x}", "a-{x}_{y}%"]),
        value in "[a%:/_\n-]{1,4}",
    ) {
        let router = Builder::<(), ()>::new()
            .mount("A", "/{x}/{y}", template, [(Verb::Get, "/", ())])
            .build()
            .unwrap();
        let name = |value: &str| {
            let request = Request { path: leak(format!("/{}/same", escape(value))), header: None };
            router.name(&router.resolve("GET", request.path).unwrap(), &request, &Nowhere).unwrap().text.into_owned()
        };
        let (once, twice) = (escape(&value), escape(&escape(&value)));
        let marks_only: String = value
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { escape(c.encode_utf8(&mut [0; 4])) })
            .collect();
        prop_assert_ne!(name(&value), name(&once));
        prop_assert_ne!(name(&once), name(&twice));
        if marks_only != value {
            prop_assert_ne!(name(&value), name(&marks_only));
        }
    }
}

fn escape(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
