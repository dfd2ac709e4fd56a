#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{codec::encode, containers::disk::Disk};

/// A committed arena of `0..len`, with its keys.
fn stored(disk: &Disk, len: u32) -> (Arena<u32>, Vec<ArenaKey<u32>>) {
    let mut arena: Arena<u32> = disk.load("field").unwrap();
    arena.extend(0..len);
    disk.commit_one(&mut arena).unwrap();
    let keys = arena.keys().collect();
    (arena, keys)
}

fn values<T: Copy>(arena: &Arena<T>) -> Vec<T> {
    arena.values().copied().collect()
}

#[test]
fn entries_are_there_after_an_eviction() {
    let disk = Disk::new();
    let (_, keys) = stored(&disk, 10);
    let arena: Arena<u32> = disk.reopen().load("field").unwrap();
    assert_eq!(arena.len(), 10);
    assert!(keys.iter().enumerate().all(|(value, key)| arena[*key] as usize == value));
    assert!(arena.keys().eq(keys));
}

#[test]
fn a_turn_writes_what_it_touched_and_reads_nothing() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 100);
    disk.reads();
    arena[keys[3]] += 1;
    *arena.get_mut(keys[3]).unwrap() += 1;
    arena.remove(keys[5]);
    arena.insert(100);
    let _ = (arena.get(keys[7]), arena.iter().count(), arena.contains(keys[8]));
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 3);
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 0);
    assert_eq!(disk.reads(), 0);
}

#[test]
fn only_what_is_written_through_a_guard_is_stored() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 10);
    let guards: Vec<_> = arena.iter_mut().collect();
    for (key, mut value) in guards {
        if key == keys[2] || *value == 4 {
            *value += 100;
            *value += 100;
        }
    }
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 2);
    let arena: Arena<u32> = disk.reopen().load("field").unwrap();
    assert_eq!(values(&arena), [0, 1, 202, 3, 204, 5, 6, 7, 8, 9]);
}

#[test]
fn a_removed_key_is_stale_for_ever() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 3);
    assert_eq!(arena.remove(keys[1]), Some(1));
    let check = |arena: &mut Arena<u32>| {
        assert!(!arena.contains(keys[1]) && arena.get_mut(keys[1]).is_none() && arena.remove(keys[1]).is_none());
    };
    check(&mut arena);
    disk.commit_one(&mut arena).unwrap();
    let mut arena: Arena<u32> = disk.reopen().load("field").unwrap();
    check(&mut arena);
    let again = arena.insert(7);
    assert_eq!((again.index, again.generation), (1, 1));
    check(&mut arena);
    assert_eq!(arena[again], 7);
}

#[test]
fn keys_stay_stale_when_everything_is_removed() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 5);
    arena.clear();
    assert!(arena.is_empty() && arena.iter().next().is_none());
    disk.commit_one(&mut arena).unwrap();
    let mut arena: Arena<u32> = disk.reopen().load("field").unwrap();
    arena.extend(10..15);
    assert!(keys.iter().all(|key| !arena.contains(*key)));
    assert_eq!(disk.rows(), 5);
}

#[test]
#[should_panic(expected = "stale key 1.0")]
fn an_index_by_a_stale_key_panics() {
    let mut arena = Arena::from_iter([1, 2]);
    let key = arena.keys().nth(1).unwrap();
    arena.remove(key);
    let _ = arena[key];
}

#[test]
fn a_rollback_reads_what_was_touched() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 100);
    disk.reads();
    arena[keys[3]] = 0;
    arena.remove(keys[5]);
    let new = arena.insert(100);
    arena.remove(new);
    let newer = arena.insert(101);
    disk.rollback_one(&mut arena).unwrap();
    assert_eq!(disk.reads(), 2);
    assert!(values(&arena).into_iter().eq(0..100));
    assert!(arena.keys().eq(keys) && !arena.contains(newer));
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 0);
}

#[test]
fn a_rollback_of_most_entries_scans_them() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 100);
    disk.reads();
    arena.iter_mut().for_each(|(_, mut value)| *value = 0);
    arena.clear();
    arena.insert(7);
    disk.rollback_one(&mut arena).unwrap();
    assert!(disk.reads() < 40);
    assert!(values(&arena).into_iter().eq(0..100) && arena.keys().eq(keys));
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 0);
}

#[test]
fn indices_that_a_rollback_left_unused_are_no_gap() {
    let disk = Disk::new();
    let (mut arena, _) = stored(&disk, 1);
    arena.extend(0..5);
    disk.rollback_one(&mut arena).unwrap();
    let keys: Vec<_> = (0..3).map(|value| arena.insert(value)).collect();
    arena.remove(keys[0]);
    disk.commit_one(&mut arena).unwrap();
    let loaded: Arena<u32> = disk.reopen().load("field").unwrap();
    assert!(loaded.iter().eq(&arena));
    assert_eq!(values(&loaded), [0, 1, 2]);
}

#[test]
fn a_commit_that_fails_can_be_rolled_back() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 3);
    arena.remove(keys[0]);
    arena[keys[1]] = 9;
    disk.fail(true);
    assert_eq!(disk.commit_one(&mut arena).unwrap_err().problem().status(), 503);
    assert!(disk.rollback_one(&mut arena).is_err());
    disk.fail(false);
    disk.rollback_one(&mut arena).unwrap();
    assert_eq!(values(&arena), [0, 1, 2]);
}

#[test]
fn a_new_arena_replaces_what_is_stored() {
    let disk = Disk::new();
    let (mut arena, _) = stored(&disk, 5);
    drop(mem::replace(&mut arena, Arena::from_iter([7])));
    disk.commit_one(&mut arena).unwrap();
    assert_eq!(disk.rows(), 1);
    arena.insert(8);
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 1);
    assert_eq!(values(&disk.reopen().load::<Arena<u32>>("field").unwrap()), [7, 8]);
}

#[test]
fn a_new_arena_is_rolled_back_to_what_is_stored() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 5);
    drop(mem::take(&mut arena));
    arena.insert(7);
    disk.rollback_one(&mut arena).unwrap();
    assert!(arena.keys().eq(keys));
    arena.insert(5);
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 1);
}

#[test]
fn arenas_can_be_swapped_and_written_in_one_turn() {
    let disk = Disk::new();
    let (mut left, mut right) = (disk.load::<Arena<u32>>("left").unwrap(), disk.load::<Arena<u32>>("right").unwrap());
    left.extend([1, 2, 3]);
    right.extend([10, 20]);
    disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    mem::swap(&mut left, &mut right);
    left.insert(30);
    let first = right.keys().next().unwrap();
    right.remove(first);
    disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    right.insert(4);
    assert_eq!(disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap(), 1);
    let disk = disk.reopen();
    assert_eq!(values(&disk.load::<Arena<u32>>("left").unwrap()), [10, 20, 30]);
    assert_eq!(values(&disk.load::<Arena<u32>>("right").unwrap()), [4, 2, 3]);
}

#[test]
fn a_swap_is_rolled_back() {
    let disk = Disk::new();
    let (mut left, mut right) = (disk.load::<Arena<u32>>("left").unwrap(), disk.load::<Arena<u32>>("right").unwrap());
    left.insert(1);
    disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    mem::swap(&mut left, &mut right);
    left.insert(2);
    disk.rollback(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    assert_eq!((values(&left), values(&right)), (vec![1], vec![]));
}

#[test]
fn an_arena_that_was_taken_out_by_an_earlier_turn_is_written_whole() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 3);
    let mut taken = mem::take(&mut arena);
    arena.extend([10, 11, 12, 13]);
    disk.commit_one(&mut arena).unwrap();
    taken.remove(keys[0]);
    mem::swap(&mut arena, &mut taken);
    assert_eq!(disk.commit_one(&mut arena).unwrap(), 4);
    assert_eq!(values(&disk.load::<Arena<u32>>("field").unwrap()), [1, 2]);
    // Neither does another field take what is not there any more.
    disk.commit(&mut [("field", &mut Arena::<u32>::new()), ("other", &mut taken)]).unwrap();
    assert_eq!(values(&disk.load::<Arena<u32>>("other").unwrap()), [10, 11, 12, 13]);
}

#[test]
fn an_arena_of_an_activation_that_has_ended_is_written_whole() {
    let disk = Disk::new();
    let (mut arena, _) = stored(&disk, 3);
    let disk = disk.reopen();
    disk.commit_one(&mut disk.load::<Arena<u32>>("field").unwrap()).unwrap();
    arena.insert(3);
    disk.commit_one(&mut arena).unwrap();
    assert_eq!(values(&disk.load::<Arena<u32>>("field").unwrap()), [0, 1, 2, 3]);
}

#[test]
fn a_detached_arena_is_all_in_memory_and_uses_indices_again() {
    let mut arena = Arena::default();
    for round in 0..10 {
        let key = arena.insert(round);
        assert_eq!((key.index, key.generation), (0, round));
        assert_eq!(arena.remove(key), Some(round));
    }
    assert_eq!(arena.entries.capacity(), Arena::from_iter([0]).entries.capacity());
}

#[test]
fn map_and_clone_keep_keys_and_detach() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 4);
    arena.remove(keys[0]);
    arena.remove(keys[3]);
    let mut clone = arena.clone();
    assert!(clone.iter().eq(&arena));
    let mapped = arena.map(|value| value.to_string());
    assert_eq!(mapped[keys[1].cast()], "1");
    assert_eq!((mapped.len(), mapped.contains(keys[0].cast())), (2, false));
    assert_ne!(clone.insert(9), keys[0]);
    assert_ne!(clone.insert(9), keys[3]);
    disk.commit_one(&mut clone).unwrap();
    let loaded: Arena<u32> = disk.load("field").unwrap();
    assert!(loaded.iter().eq(&clone));
}

#[test]
fn an_index_is_retired_after_its_last_generation() {
    let disk = Disk::new();
    disk.put(&[0; 4], &encode(&(u32::MAX - 1, Some(5u32))).unwrap());
    let mut arena: Arena<u32> = disk.load("field").unwrap();
    let last = arena.keys().next().unwrap();
    arena.remove(last);
    disk.commit_one(&mut arena).unwrap();
    assert_eq!(arena.insert(6).index, 1);
    let mut arena: Arena<u32> = disk.load("field").unwrap();
    assert_eq!(arena.insert(7).index, 1);
    disk.commit_one(&mut arena).unwrap();
    assert_eq!(values(&disk.load::<Arena<u32>>("field").unwrap()), [7]);
}

#[test]
fn rows_that_are_not_an_arenas_are_refused_by_name() {
    let row = |value: Option<u32>| encode(&(0u32, value)).unwrap();
    let cases: [(&[u8], Vec<u8>); 7] = [
        (&[0, 0, 0, 0], vec![]),
        (&[0, 0, 0, 0], vec![0, 2]),
        (&[0, 0, 0, 0], [row(Some(1)), vec![0]].concat()),
        (&[0, 0, 0, 1], row(Some(1))),
        (&[255, 255, 255, 255], row(None)),
        (&[0, 0, 0], row(Some(1))),
        (&[], row(Some(1))),
    ];
    for (key, value) in cases {
        let disk = Disk::new();
        disk.put(key, &value);
        let error = disk.load::<Arena<u32>>("field").unwrap_err();
        assert_eq!(error.problem().kind(), "state-unreadable");
        let text = error.source().unwrap().to_string();
        assert!(text.starts_with("Test/test: field `field`"), "{text}");
    }
}

#[test]
fn a_row_that_is_missing_or_foreign_is_refused() {
    let disk = Disk::new();
    let (mut arena, keys) = stored(&disk, 3);
    disk.delete(&[0, 0, 0, 1]);
    assert!(disk.load::<Arena<u32>>("field").is_err());
    arena[keys[1]] = 5;
    assert_eq!(disk.rollback_one(&mut arena).unwrap_err().problem().kind(), "state-unreadable");
}

#[test]
fn an_arena_beyond_its_bound_is_refused_and_rolled_back() {
    let disk = Disk::new();
    let mut arena: Arena<String> = disk.load("field").unwrap();
    let key = arena.insert("x".repeat(ARENA_MAX_BYTES - 100));
    disk.commit_one(&mut arena).unwrap();
    arena.insert("x".repeat(100));
    let error = disk.commit_one(&mut arena).unwrap_err();
    assert_eq!((error.problem().status(), error.problem().kind()), (507, "state-too-large"));
    disk.rollback_one(&mut arena).unwrap();
    assert_eq!(arena.len(), 1);
    arena[key].truncate(100);
    arena.insert("x".repeat(100));
    disk.commit_one(&mut arena).unwrap();
    assert_eq!(arena.bytes, arena.entries.iter().map(|(_, entry)| entry.bytes).sum::<usize>());
}

#[test]
fn keys_are_two_numbers() {
    let key: ArenaKey<u8> = ArenaKey::new(5, 2);
    assert_eq!(encode(&key).unwrap(), [5, 2]);
    assert_eq!(serde_json::from_str::<ArenaKey<u8>>("\"5.2\"").unwrap(), key);
    assert_eq!(serde_json::from_str::<ArenaKey<u8>>("\"5\\u002e2\"").unwrap(), key);
    assert_eq!(format!("{key:?}"), "5.2");
    for wrong in ["", "5", "5.", ".2", "5.2.1", "+5.2", "05.2", "5.02", " 5.2", "5.-2", "4294967296.0", "5.२"] {
        assert_eq!(wrong.parse::<ArenaKey<u8>>(), Err(ParseKeyError), "{wrong}");
    }
    assert!("4294967295.4294967295".parse::<ArenaKey<u8>>().is_ok());
    assert!(serde_json::from_str::<ArenaKey<u8>>("5.2").is_err());
}

#[cfg(not(target_arch = "wasm32"))]
mod random {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32),
        /// Of the key at this position among all that ever were.
        Remove(usize),
        Set(usize, u32),
        Double(u32),
        Clear,
        Take,
        Swap,
        Commit,
        FailCommit,
        Rollback,
        Evict,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => any::<u32>().prop_map(Step::Insert),
            6 => any::<usize>().prop_map(Step::Remove),
            4 => (any::<usize>(), any::<u32>()).prop_map(|(at, value)| Step::Set(at, value)),
            2 => (2..5u32).prop_map(Step::Double),
            1 => Just(Step::Clear),
            1 => Just(Step::Take),
            1 => Just(Step::Swap),
            5 => Just(Step::Commit),
            1 => Just(Step::FailCommit),
            3 => Just(Step::Rollback),
            2 => Just(Step::Evict),
        ];
        prop::collection::vec(step, 0..80)
    }

    type Oracle = BTreeMap<ArenaKey<u32>, u32>;

    /// Two arenas of an actor beside what they should be, now and as last committed.
    struct World {
        disk: Disk,
        arenas: [Arena<u32>; 2],
        now: [Oracle; 2],
        committed: [Oracle; 2],
        keys: Vec<ArenaKey<u32>>,
    }

    impl World {
        fn new() -> Self {
            let disk = Disk::new();
            let arenas = [disk.load("a").unwrap(), disk.load("b").unwrap()];
            Self { disk, arenas, now: Default::default(), committed: Default::default(), keys: Vec::new() }
        }

        fn key(&self, at: usize) -> ArenaKey<u32> {
            self.keys.get(at % self.keys.len().max(1)).copied().unwrap_or(ArenaKey::new(at as u32, 0))
        }

        fn step(&mut self, step: &Step) {
            let (key, [arena, other], [now, then]) = match step {
                Step::Remove(at) | Step::Set(at, _) => (self.key(*at), &mut self.arenas, &mut self.now),
                _ => (ArenaKey::new(0, 0), &mut self.arenas, &mut self.now),
            };
            match *step {
                Step::Insert(value) => {
                    let key = arena.insert(value);
                    assert_eq!(now.insert(key, value), None);
                    self.keys.push(key);
                }
                Step::Remove(_) => assert_eq!(arena.remove(key), now.remove(&key)),
                Step::Set(_, value) => match now.get_mut(&key) {
                    Some(old) => (arena[key], *old) = (value, value),
                    None => assert_eq!(arena.get(key), None),
                },
                Step::Double(by) => {
                    for (_, mut value) in arena.iter_mut().filter(|(_, value)| **value % by == 0) {
                        *value /= 2;
                    }
                    now.values_mut().filter(|value| **value % by == 0).for_each(|value| *value /= 2);
                }
                Step::Clear => (arena.clear(), now.clear()).1,
                Step::Take => drop((mem::take(arena), mem::take(now))),
                Step::Swap => (mem::swap(arena, other), mem::swap(now, then)).1,
                Step::Commit => {
                    self.disk.commit(&mut [("a", arena), ("b", other)]).unwrap();
                    self.committed = self.now.clone();
                }
                Step::FailCommit => {
                    self.disk.fail(true);
                    let result = self.disk.commit(&mut [("a", arena), ("b", other)]);
                    self.disk.fail(false);
                    result.unwrap_err();
                    self.rollback();
                }
                Step::Rollback => self.rollback(),
                Step::Evict => {
                    self.disk = self.disk.reopen();
                    self.arenas = [self.disk.load("a").unwrap(), self.disk.load("b").unwrap()];
                    self.now = self.committed.clone();
                }
            }
        }

        fn rollback(&mut self) {
            let [a, b] = &mut self.arenas;
            self.disk.rollback(&mut [("a", a), ("b", b)]).unwrap();
            self.now = self.committed.clone();
        }

        fn check(&self) {
            for (arena, now) in self.arenas.iter().zip(&self.now) {
                assert_eq!(arena.len(), now.len());
                assert!(arena.iter().eq(now.iter().map(|(key, value)| (*key, value))));
                assert!(self.keys.iter().all(|key| arena.get(*key) == now.get(key)));
            }
        }
    }

    proptest! {
        #[test]
        fn an_arena_is_a_map_by_key_whatever_happens(steps in steps()) {
            let mut world = World::new();
            for step in &steps {
                world.step(step);
                world.check();
            }
        }
    }
}
