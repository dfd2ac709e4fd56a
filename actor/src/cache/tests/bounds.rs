//! The bounds of a store, held against a naive one.

use proptest::prelude::*;

use super::super::{
    answer::Answer,
    entries::{ENTRY_BYTES, Entry},
};
use super::*;

const FRESH: (&str, &str) = ("cache-control", "max-age=60");

fn page(n: usize) -> Ask {
    get().url(&format!("https://a.example/{n:07}"))
}

fn world(entries_max: u32, bytes_max: u32) -> World {
    World { store: Store::new(entries_max, bytes_max), ..World::new() }
}

/// What an answer with a body of so many bytes takes.
fn bytes_of(body: usize) -> usize {
    let mut world = world(1, u32::MAX);
    world.keep_as(&page(0), 200, &[FRESH], &"x".repeat(body));
    world.store.stats().bytes as usize
}

#[test]
fn url_headers_body_and_overhead_are_counted() {
    assert_eq!(bytes_of(1_000), bytes_of(0) + 1_000);
    assert!(bytes_of(0) > ENTRY_BYTES + page(0).url.len());
}

#[test]
fn the_overhead_leaves_room_for_what_is_behind_pointers() {
    assert!(size_of::<Entry>() + size_of::<Answer>() < ENTRY_BYTES / 2);
}

#[test]
fn an_answer_above_half_of_the_bytes_is_not_kept() {
    let max = bytes_of(0) * 2;
    let mut world = world(10, max as u32);
    world.keep_as(&page(0), 200, &[FRESH], "");
    world.keep_as(&page(1), 200, &[FRESH], "x");
    assert_eq!((world.sees(&page(0)), world.sees(&page(1))), (Saw::Fresh, Saw::Miss));
}

#[test]
fn what_was_used_longest_ago_leaves_first() {
    let mut world = world(2, u32::MAX);
    world.keep_as(&page(0), 200, &[FRESH], "");
    world.keep_as(&page(1), 200, &[FRESH], "");
    world.sees(&page(0));
    world.keep_as(&page(2), 200, &[FRESH], "");
    assert_eq!([0, 1, 2].map(|n| world.sees(&page(n))), [Saw::Fresh, Saw::Miss, Saw::Fresh]);
    assert_eq!(world.store.stats().evictions, 1);
}

#[test]
fn a_store_of_nothing_keeps_nothing() {
    for (entries_max, bytes_max) in [(0, u32::MAX), (10, 0)] {
        let mut world = world(entries_max, bytes_max);
        world.keep(&[FRESH]);
        assert_eq!((world.sees(&get()), world.store.stats().bytes), (Saw::Miss, 0));
    }
}

/// Most entries that a round of look-ups, replacements, removals and evictions looks at.
fn visits_of_full_store(entries: usize) -> u64 {
    let mut world = world(entries as u32, u32::MAX);
    for n in 0..entries {
        world.keep_as(&page(n), 200, &[FRESH], "");
    }
    let mut most = 0;
    for n in 0..200 {
        world.store.entries.visits.set(0);
        world.sees(&page(entries / 2 + n));
        world.keep_as(&page(entries + n), 200, &[FRESH], "");
        world.keep_as(&page(entries / 3 + n), 200, &[FRESH], "");
        world.store.remove_url(&page(entries - 1 - n).url);
        most = most.max(world.store.entries.visits.get());
    }
    most
}

#[test]
fn a_store_of_100_000_looks_at_no_more_entries_than_a_small_one() {
    let few = visits_of_full_store(1_000);
    assert!(few > 0);
    assert_eq!(visits_of_full_store(100_000), few);
}

/// Entries as a list from the oldest to the newest use.
struct Naive {
    list: Vec<(usize, usize)>,
    entries_max: usize,
    bytes_max: usize,
}

impl Naive {
    fn bytes(&self) -> usize {
        self.list.iter().map(|(_, bytes)| bytes).sum()
    }

    fn remove(&mut self, page: usize) -> Option<(usize, usize)> {
        let at = self.list.iter().position(|(other, _)| *other == page)?;
        Some(self.list.remove(at))
    }

    fn keep(&mut self, page: usize, bytes: usize) {
        self.remove(page);
        if bytes > self.bytes_max / 2 {
            return;
        }
        self.list.push((page, bytes));
        while self.list.len() > self.entries_max || self.bytes() > self.bytes_max {
            self.list.remove(0);
        }
    }

    fn touch(&mut self, page: usize) -> bool {
        let found = self.remove(page);
        self.list.extend(found);
        found.is_some()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Keep(usize, usize),
    LookUp(usize),
    Remove(usize),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let page = 0..12_usize;
    let step = prop_oneof![
        8 => (page.clone(), 0..4_000_usize).prop_map(|(page, body)| Step::Keep(page, body)),
        6 => page.clone().prop_map(Step::LookUp),
        2 => page.prop_map(Step::Remove),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_store_does_what_a_naive_one_does(steps in steps(), entries_max in 1..8_u32, bytes_max in 5_000..30_000_u32) {
        let mut world = world(entries_max, bytes_max);
        let mut naive = Naive { list: Vec::new(), entries_max: entries_max as usize, bytes_max: bytes_max as usize };
        let overhead = bytes_of(0);
        for step in steps {
            match step {
                Step::Keep(n, body) => {
                    world.keep_as(&page(n), 200, &[FRESH], &"x".repeat(body));
                    naive.keep(n, overhead + body);
                }
                Step::LookUp(n) => prop_assert_eq!(world.sees(&page(n)) == Saw::Fresh, naive.touch(n)),
                Step::Remove(n) => {
                    world.store.remove_url(&page(n).url);
                    naive.remove(n);
                }
                Step::Clear => {
                    world.store.clear();
                    naive.list.clear();
                }
            }
            let urls: Vec<_> = naive.list.iter().map(|(n, _)| page(*n).url).collect();
            prop_assert_eq!(world.store.entries.urls(), urls);
            prop_assert_eq!(world.store.stats().bytes as usize, naive.bytes());
        }
    }
}
