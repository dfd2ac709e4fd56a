//! Whatever an upstream says, the store neither panics nor loses its bounds.

use proptest::prelude::*;

use super::*;

const ENTRIES_MAX: u32 = 6;
const BYTES_MAX: u32 = 20_000;

const NAMES: [&str; 14] = [
    "age",
    "cache-control",
    "connection",
    "content-length",
    "content-location",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "pragma",
    "set-cookie",
    "vary",
    "warning",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "max-age=",
        "max-age=60",
        "no-store",
        "no-cache",
        "no-cache=\"",
        "must-revalidate",
        "must-understand",
        "private",
        "stale-if-error=99999999999999999999",
        "stale-while-revalidate=5",
        "max-stale",
        "min-fresh=3",
        "only-if-cached",
        "18446744073709551615",
        "18446744073709551616",
        "-1",
        "0",
        "\"",
        "\\",
        ",",
        "=",
        " ",
        "\u{fc}",
        "*",
        "accept",
        "Tue, 02 Jan 2024 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "W/\"1\"",
        "../..",
        "//",
        "https://a.example/x",
        "?",
        "#",
        "%",
    ]);
    prop_oneof![
        prop::collection::vec(words, 0..6).prop_map(|words| words.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..24),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    prop::collection::vec((prop::sample::select(&NAMES[..]), value()), 0..8)
}

/// A request with what of the headers a request can have.
fn ask(method: &str, url: String, headers: &[(&str, Vec<u8>)], mode: Cache) -> Ask {
    let mut ask = get().method(method).url(&url).mode(mode);
    for (name, value) in headers {
        ask.headers.extend(HeaderValue::from_bytes(value).ok().map(|value| (name.parse().unwrap(), value)));
    }
    ask
}

fn mode() -> impl Strategy<Value = Cache> {
    prop_oneof![
        3 => Just(Cache::Standard),
        1 => Just(Cache::NoStore),
        1 => Just(Cache::Refresh),
        1 => any::<u64>().prop_map(|seconds| Cache::FreshFor(Duration::from_secs(seconds))),
    ]
}

#[derive(Clone, Debug)]
struct Step {
    method: &'static str,
    url: String,
    sent: Vec<(&'static str, Vec<u8>)>,
    came: Vec<(&'static str, Vec<u8>)>,
    status: u16,
    mode: Cache,
    seconds: u64,
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop::sample::select(vec!["GET", "GET", "GET", "HEAD", "POST", "?"]);
    let url = prop_oneof![3 => Just(URL.to_owned()), 1 => Just("/x".to_owned()), 1 => "[a-z:/?#.@]{0,12}", 1 => any::<String>()];
    let status = prop_oneof![4 => Just(200_u16), 2 => Just(304), 1 => any::<u16>()];
    let sent = prop_oneof![2 => Just(Vec::new()), 1 => headers()];
    (method, url, sent, headers(), status, mode(), 0..1_000_u64).prop_map(
        |(method, url, sent, came, status, mode, seconds)| Step { method, url, sent, came, status, mode, seconds },
    )
}

fn take(world: &mut World, step: &Step) {
    world.wait(step.seconds);
    let ask = ask(step.method, step.url.clone(), &step.sent, step.mode);
    let found = world.find(&ask);
    let fields = Fields::collect(step.came.iter().map(|(name, value)| (*name, value.as_slice())));
    let sent_at = world.now - Duration::from_secs(1);
    let arrived = Arrived { status: step.status, headers: fields.get(), body: b"body", sent_at, now: world.now };
    match found {
        Found::Stale(stale) if step.status == 304 => {
            let stored = world.store.revalidated(&stale.ticket, &ask.request(), step.mode, &arrived);
            stored.iter().for_each(|stored| assert!(stored.headers().count() > 0));
        }
        _ => drop(world.store.keep(&ask.request(), step.mode, &arrived)),
    }
    world.store.invalidate(&ask.request(), &arrived);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn nothing_that_comes_makes_it_panic_or_grow(steps in prop::collection::vec(step(), 0..40)) {
        let mut world = World { store: Store::new(ENTRIES_MAX, BYTES_MAX), ..World::new() };
        for step in &steps {
            take(&mut world, step);
            let stats = world.store.stats();
            prop_assert!(stats.entries <= ENTRIES_MAX && stats.bytes <= u64::from(BYTES_MAX));
            prop_assert_eq!(world.store.entries.urls().len(), stats.entries as usize);
        }
    }

    #[test]
    fn an_answer_that_says_no_store_in_any_line_is_not_stored(mut came in headers(), at in any::<prop::sample::Index>()) {
        came.retain(|(name, value)| *name != "cache-control" || !value.to_ascii_lowercase().starts_with(b"must-u"));
        came.retain(|(_, value)| !value.windows(10).any(|word| word == b"understand"));
        came.insert(at.index(came.len() + 1), ("cache-control", b"No-Store".to_vec()));
        let mut world = World::new();
        let fields = Fields::collect(came.iter().map(|(name, value)| (*name, value.as_slice())));
        let arrived = Arrived { status: 200, headers: fields.get(), body: b"", sent_at: world.now, now: world.now };
        world.store.keep(&get().request(), Cache::Standard, &arrived);
        prop_assert_eq!(world.store.stats().entries, 0);
    }
}
