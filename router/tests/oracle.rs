//! The tree against a matcher that tries every pattern.

mod support;

use duractor_router::{Builder, Conflict, Refusal, Verb};
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use support::leak;

/// In the order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Static(&'static str),
    Param,
    CatchAll,
}

type Pattern = Vec<Segment>;

fn text(pattern: &Pattern) -> String {
    let segments = pattern.iter().enumerate().map(|(at, segment)| match segment {
        Segment::Static(text) => format!("/{text}"),
        Segment::Param => format!("/{{p{at}}}"),
        Segment::CatchAll => format!("/{{*p{at}}}"),
    });
    if pattern.is_empty() { "/".to_owned() } else { segments.collect() }
}

/// What the parameters match, or `None` if the path does not match.
fn matches<'p>(pattern: &[Segment], path: &'p str) -> Option<Vec<&'p str>> {
    let rest = path.strip_prefix('/');
    let (first, others) = match (pattern.split_first(), rest) {
        (None, _) => return matches!(path, "" | "/").then(Vec::new),
        (Some(_), None | Some("")) => return None,
        (Some((Segment::CatchAll, _)), Some(rest)) => return Some(vec![rest]),
        (Some(first), Some(_)) => first,
    };
    let rest = rest?;
    let (segment, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // Below a segment there is the end, a slash and the end, or another segment.
    let mut values = matches(others, rest)?;
    match first {
        Segment::Static(text) if *text != segment => return None,
        Segment::Param if segment.is_empty() => return None,
        Segment::Param => values.insert(0, segment),
        _ => {}
    }
    Some(values)
}

fn rank(pattern: &Pattern) -> Vec<u8> {
    pattern
        .iter()
        .map(|segment| match segment {
            Segment::Static(_) => 2,
            Segment::Param => 1,
            Segment::CatchAll => 0,
        })
        .collect()
}

/// Two patterns whose first difference is a parameter here and a catch-all there.
fn ambiguous(one: &Pattern, other: &Pattern) -> bool {
    use Segment::{CatchAll, Param};
    let difference = one.iter().zip(other).find(|(one, other)| one != other);
    matches!(difference, Some((Param, CatchAll) | (CatchAll, Param)))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let fixed = prop::sample::select(vec!["a", "b", "ab", "abc", "%2F", "x.y"]).prop_map(Segment::Static);
    let segment = prop_oneof![3 => fixed, 2 => Just(Segment::Param)];
    (prop::collection::vec(segment, 0..5), prop::bool::weighted(0.2)).prop_map(|(mut pattern, catch_all)| {
        pattern.extend(catch_all.then_some(Segment::CatchAll));
        pattern
    })
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "ab", "abc", "abcd", "%2F", "x.y", "z", "é", ""]);
    (prop::collection::vec(segment, 0..6), any::<bool>()).prop_map(|(segments, slash)| {
        let path: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        if slash { path + "/" } else { path }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_agrees_with_trying_every_pattern(
        patterns in prop::collection::btree_set(pattern(), 0..12),
        paths in prop::collection::vec(path(), 1..24),
    ) {
        // Whatever is ambiguous with an earlier pattern goes; that it does is the other test's.
        let mut kept: Vec<Pattern> = Vec::new();
        for pattern in patterns {
            if !kept.iter().any(|other| ambiguous(&pattern, other)) {
                kept.push(pattern);
            }
        }
        let routes = kept.iter().enumerate().map(|(number, pattern)| (Verb::Get, leak(text(pattern)), number));
        let router = Builder::<usize, ()>::new().mount("A", "/", "a", routes).build().unwrap();

        for path in &paths {
            let expected = kept
                .iter()
                .enumerate()
                .filter(|_| path.starts_with('/'))
                .filter_map(|(number, pattern)| Some((rank(pattern), Reverse(number), matches(pattern, path)?)))
                .max();
            match (router.resolve("GET", path), expected) {
                (Ok(hit), Some((_, Reverse(number), values))) => {
                    prop_assert_eq!(hit.route, number, "{}", path);
                    let decoded: Vec<String> = values.iter().map(|value| value.replace("%2F", "/")).collect();
                    let found: Vec<&str> = hit.params.iter(path).map(|(_, value)| value).collect();
                    prop_assert_eq!(found, decoded, "{}", path);
                }
                (Err(Refusal::NotFound), None) => {}
                (found, expected) => prop_assert!(false, "{path}: {found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn what_is_ambiguous_is_refused_and_nothing_else(
        patterns in prop::collection::btree_set(pattern(), 0..12),
    ) {
        let texts: Vec<&'static str> = patterns.iter().map(|pattern| leak(text(pattern))).collect();
        let mut accepted: Vec<&Pattern> = Vec::new();
        let mut expected: BTreeSet<&'static str> = BTreeSet::new();
        for (pattern, text) in patterns.iter().zip(&texts) {
            if accepted.iter().any(|other| ambiguous(pattern, other)) {
                expected.insert(text);
            } else {
                accepted.push(pattern);
            }
        }
        let routes = texts.iter().map(|text| (Verb::Get, *text, ()));
        let refused: BTreeSet<&'static str> = match Builder::<(), ()>::new().mount("A", "/", "a", routes).build() {
            Ok(_) => BTreeSet::new(),
            Err(conflicts) => conflicts
                .as_slice()
                .iter()
                .map(|conflict| match conflict {
                    Conflict::Ambiguous { route, with } => {
                        let pattern = |path| patterns.iter().find(|pattern| text(pattern) == path).unwrap();
                        assert!(ambiguous(pattern(route.path), pattern(with.path)), "{conflict}");
                        route.path
                    }
                    other => panic!("{other}"),
                })
                .collect(),
        };
        prop_assert_eq!(refused, expected);
    }
}
