use std::collections::BTreeMap;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{containers::disk::Disk, field::Field};

type Text = Table<String, String>;

fn all<K, V>(table: &Table<K, V>) -> Vec<(K, V)>
where
    K: Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    table.iter().collect::<Result<_>>().expect("it can be read")
}

/// A stored table of 0 to `count`, each its own square, as after an eviction.
fn squares(disk: &Disk, count: u64) -> Table<u64, u64> {
    let mut table = Table::from_iter((0..count).map(|n| (n, n * n)));
    disk.commit_one(&mut table).expect("it is stored");
    disk.reads();
    disk.load("field").expect("it is hydrated")
}

#[test]
fn hydrating_reads_nothing() {
    let disk = Disk::new();
    squares(&disk, 100);
    assert_eq!(disk.reads(), 0);
}

#[test]
fn an_entry_is_read_once_and_so_is_one_that_is_missing() {
    let disk = Disk::new();
    let table = squares(&disk, 10);
    for _ in 0..3 {
        assert_eq!(table.get(&3).unwrap(), Some(&9));
        assert_eq!(table.get(&99).unwrap(), None);
        assert!(table.contains_key(&3).unwrap());
    }
    assert_eq!(disk.reads(), 2);
}

#[test]
fn what_is_lent_stays_while_more_is_read() {
    let disk = Disk::new();
    let table = squares(&disk, 1_000);
    let lent: Vec<_> = (0..1_000).map(|n| table.get(&n).unwrap().unwrap()).collect();
    assert!(lent.iter().zip(0..).all(|(square, n)| **square == n * n));
}

#[test]
fn only_what_is_touched_is_written() {
    let disk = Disk::new();
    let mut table = squares(&disk, 1_000);
    *table.get_mut(&7).unwrap().unwrap() += 1;
    assert_eq!(table.get_mut(&5_000).unwrap(), None);
    table.get(&8).unwrap();
    assert_eq!(disk.commit_one(&mut table).unwrap(), 1);
    assert_eq!(disk.commit_one(&mut table).unwrap(), 0);
    assert_eq!(disk.load::<Table<u64, u64>>("field").unwrap().get(&7).unwrap(), Some(&50));
}

#[test]
fn insert_and_remove_read_nothing() {
    let disk = Disk::new();
    let mut table = squares(&disk, 10);
    table.insert(3, 0);
    table.remove(&4);
    table.remove(&99);
    table.remove_range(6..8);
    assert_eq!(disk.commit_one(&mut table).unwrap(), 4);
    assert_eq!(disk.reads(), 0);
    let table: Table<u64, u64> = disk.load("field").unwrap();
    assert_eq!(all(&table), [(0, 0), (1, 1), (2, 4), (3, 0), (5, 25), (8, 64), (9, 81)]);
}

#[test]
fn what_was_written_is_not_read_again() {
    let disk = Disk::new();
    let mut table = squares(&disk, 10);
    table.insert(3, 0);
    table.remove(&4);
    disk.commit_one(&mut table).unwrap();
    assert_eq!((table.get(&3).unwrap(), table.get(&4).unwrap()), (Some(&0), None));
    assert_eq!(disk.reads(), 0);
}

#[test]
fn clearing_is_one_write_whatever_the_size() {
    let disk = Disk::new();
    let mut table = squares(&disk, 1_000);
    table.clear();
    assert!(table.is_empty().unwrap());
    assert_eq!(table.get(&1).unwrap(), None);
    table.insert(1, 1);
    assert_eq!(disk.commit_one(&mut table).unwrap(), 2);
    assert_eq!(disk.reads(), 0);
    assert_eq!(disk.rows(), 1);
}

#[test]
fn a_range_sees_the_turns_changes_from_both_ends() {
    let disk = Disk::new();
    let mut table = squares(&disk, 10);
    table.insert(20, 1);
    table.insert(4, 1);
    table.remove(&5);
    table.remove_range(7..=8);
    table.insert(8, 1);
    let mut range = table.range(3..=20);
    let mut next = |is_back: bool| if is_back { range.next_back() } else { range.next() }.map(|entry| entry.unwrap());
    assert_eq!(next(true), Some((20, 1)));
    assert_eq!(next(false), Some((3, 9)));
    assert_eq!(next(false), Some((4, 1)));
    assert_eq!(next(true), Some((9, 81)));
    assert_eq!(next(true), Some((8, 1)));
    assert_eq!(next(false), Some((6, 36)));
    assert_eq!(next(true), None);
    assert_eq!(next(false), None);
    assert_eq!(table.count(3..=20).unwrap(), 6);
}

#[test]
fn a_range_reads_pages_and_keeps_nothing() {
    let disk = Disk::new();
    let table = squares(&disk, 1_000);
    assert_eq!(table.range(500..).next().unwrap().unwrap(), (500, 250_000));
    assert_eq!(table.iter().next_back().unwrap().unwrap().0, 999);
    assert_eq!(disk.reads(), 2);
    assert_eq!(table.get(&500).unwrap(), Some(&250_000));
    assert_eq!(disk.reads(), 1);
}

#[test]
fn reversed_bounds_are_an_empty_range() {
    let disk = Disk::new();
    let mut table = squares(&disk, 10);
    table.insert(5, 0);
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tested")]
    let range = 7..3;
    assert_eq!(table.range(range.clone()).count(), 0);
    assert_eq!(table.count(range.clone()).unwrap(), 0);
    table.remove_range(range);
    assert_eq!(table.count(..).unwrap(), 10);
}

#[test]
fn composite_keys_are_found_by_their_first_fields() {
    let disk = Disk::new();
    let mut table: Table<(String, u8), u8> = Table::default();
    for (room, n) in [("a", 255), ("a\0", 0), ("ab", 1), ("a", 0), ("b", 3)] {
        table.insert((room.into(), n), n);
    }
    let numbers = |table: &Table<(String, u8), u8>| {
        table.prefix(&("a",)).map(|entry| entry.map(|(_, n)| n)).collect::<Result<Vec<_>>>().unwrap()
    };
    assert_eq!(numbers(&table), [0, 255]);
    disk.commit_one(&mut table).unwrap();
    assert_eq!(numbers(&disk.load("field").unwrap()), [0, 255]);
}

#[test]
fn rollback_forgets_the_turn() {
    let disk = Disk::new();
    let mut table = squares(&disk, 5);
    *table.get_mut(&1).unwrap().unwrap() = 77;
    table.insert(9, 9);
    table.remove(&0);
    table.remove_range(2..4);
    disk.rollback_one(&mut table).unwrap();
    assert_eq!(all(&table), [(0, 0), (1, 1), (2, 4), (3, 9), (4, 16)]);
    assert_eq!(table.get(&1).unwrap(), Some(&1));
    assert_eq!(table.get(&2).unwrap(), Some(&4));
    table.clear();
    disk.rollback_one(&mut table).unwrap();
    assert_eq!(table.count(..).unwrap(), 5);
    assert_eq!(disk.commit_one(&mut table).unwrap(), 0);
}

#[test]
fn a_commit_that_failed_leaves_what_was_there() {
    let disk = Disk::new();
    let mut table = squares(&disk, 3);
    table.insert(1, 7);
    table.remove_range(2..);
    disk.fail_commits(true);
    assert!(disk.commit_one(&mut table).is_err());
    disk.fail_commits(false);
    disk.rollback_one(&mut table).unwrap();
    assert_eq!(all(&table), [(0, 0), (1, 1), (2, 4)]);
    assert_eq!(disk.commit_one(&mut table).unwrap(), 0);
}

#[test]
fn a_table_that_is_replaced_takes_its_slot() {
    let disk = Disk::new();
    squares(&disk, 5);
    let mut table: Table<u64, u64> = Table::from_iter([(1, 0)]);
    disk.commit_one(&mut table).unwrap();
    assert_eq!(all(&disk.reopen().load::<Table<u64, u64>>("field").unwrap()), [(1, 0)]);

    table = Table::default();
    disk.rollback_one(&mut table).unwrap();
    assert_eq!(all(&table), [(1, 0)]);
}

#[test]
fn tables_can_swap_their_fields() {
    let disk = Disk::new();
    let (mut a, mut b) = (Table::from_iter([(1, 'a'), (2, 'a')]), Table::from_iter([(1, 'b')]));
    disk.commit(&mut [("a", &mut a), ("b", &mut b)]).unwrap();
    std::mem::swap(&mut a, &mut b);
    a.insert(3, 'c');
    disk.commit(&mut [("a", &mut a), ("b", &mut b)]).unwrap();
    let again = disk.reopen();
    for (a, b) in [(a, b), (again.load("a").unwrap(), again.load("b").unwrap())] {
        assert_eq!(all(&a), [(1, 'b'), (3, 'c')]);
        assert_eq!(all(&b), [(1, 'a'), (2, 'a')]);
    }
}

#[test]
fn a_table_that_is_taken_moves_its_entries() {
    let disk = Disk::new();
    let (mut a, mut b) = (Table::from_iter([(1, 'a'), (2, 'a')]), Table::<u8, char>::default());
    disk.commit(&mut [("a", &mut a), ("b", &mut b)]).unwrap();
    b = std::mem::take(&mut a);
    b.remove(&1);
    disk.commit(&mut [("a", &mut a), ("b", &mut b)]).unwrap();
    assert!(all(&disk.load::<Table<u8, char>>("a").unwrap()).is_empty());
    assert_eq!(all(&disk.load::<Table<u8, char>>("b").unwrap()), [(2, 'a')]);
}

#[test]
fn a_table_whose_field_another_has_taken_meanwhile_fails() {
    let disk = Disk::new();
    let mut table = squares(&disk, 5);
    let mut taken = std::mem::take(&mut table);
    disk.commit_one(&mut table).unwrap();
    assert!(taken.get(&1).is_err());
    assert!(taken.iter().next().unwrap().is_err());
    assert!(taken.count(..).is_err());
    assert!(disk.commit_one(&mut taken).is_err());
    taken.clear();
    taken.insert(1, 2);
    disk.commit_one(&mut taken).unwrap();
    assert_eq!(all(&disk.load::<Table<u64, u64>>("field").unwrap()), [(1, 2)]);
}

#[test]
fn entries_above_the_bound_are_let_go() {
    let disk = Disk::new();
    let mut table: Table<u8, String> = Table::from_iter((0..4).map(|n| (n, "x".repeat(400_000))));
    disk.commit_one(&mut table).unwrap();
    assert_eq!(disk.reads(), 0);
    // What was written was kept within the bound.
    let reads = |table: &mut Table<u8, String>| {
        (0..4).for_each(|n| assert_eq!(table.get(&n).unwrap().map(String::len), Some(400_000)));
        table.trim();
        disk.reads()
    };
    assert_eq!(reads(&mut table), 2);
    assert_eq!(reads(&mut table), 4, "all was above the bound");
    table.get(&1).unwrap();
    table.trim();
    table.get(&1).unwrap();
    assert_eq!(disk.reads(), 1, "one is not");
}

#[test]
fn a_turn_that_looks_for_what_is_missing_stays_within_the_bound() {
    let disk = Disk::new();
    let mut table = squares(&disk, 1);
    for n in 1..50_000 {
        assert_eq!(table.take(&n).unwrap(), None);
        assert!(table.cache.bytes() <= 2 * TABLE_CACHE_MAX_BYTES);
    }
}

#[test]
fn an_entry_or_key_that_cannot_be_decoded_is_named() {
    let disk = Disk::new();
    let mut table: Text = Table::from_iter([("ann".to_owned(), "x".to_owned())]);
    disk.commit_one(&mut table).unwrap();
    disk.put(b"ann\0", &[200]);
    let table: Text = disk.load("field").unwrap();
    let error = table.get("ann").unwrap_err();
    assert_eq!(error.problem().status(), 500);
    let text = error.to_string();
    assert!(text.contains("field `field`") && text.contains("ann"), "{text}");

    disk.put(b"ann\0", &[1, b'x']);
    disk.put(b"bob", &[1, b'x']);
    let mut range = table.iter();
    assert_eq!(range.next().unwrap().unwrap().0, "ann");
    let text = range.next().unwrap().unwrap_err().to_string();
    assert!(text.contains("bob"), "{text}");
}

#[test]
fn storage_that_fails_is_an_error_and_changes_nothing() {
    let disk = Disk::new();
    let mut table = squares(&disk, 5);
    disk.fail(true);
    assert_eq!(table.get(&1).unwrap_err().problem().status(), 503);
    assert!(table.get_mut(&1).is_err());
    assert!(table.replace(1, 5).is_err());
    assert!(table.take(&1).is_err());
    assert!(table.get_or_insert_with(1, || 0).is_err());
    assert!(table.count(..).is_err());
    let mut range = table.iter();
    assert!(range.next().is_some_and(|entry| entry.is_err()));
    assert!(range.next().is_none());
    drop(range);
    disk.fail(false);
    assert_eq!(disk.commit_one(&mut table).unwrap(), 0);
    assert_eq!(all(&table).len(), 5);
}

#[test]
fn an_entry_that_cannot_be_encoded_fails_the_commit() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    impl<'de> serde::Deserialize<'de> for Refuses {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }
    let disk = Disk::new();
    let mut table: Table<u8, Refuses> = disk.load("field").unwrap();
    table.insert(1, Refuses);
    assert!(disk.commit_one(&mut table).is_err());
    disk.rollback_one(&mut table).unwrap();
    assert!(table.is_empty().unwrap());
}

#[cfg(unix)]
#[test]
#[should_panic(expected = "a table's key cannot be encoded")]
fn a_key_that_cannot_be_encoded_panics() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf};
    let mut table: Table<PathBuf, ()> = Table::default();
    table.insert(PathBuf::from(OsStr::from_bytes(&[0xff])), ());
}

#[test]
fn a_mapped_table_is_read_as_mapped_and_written_whole() {
    let disk = Disk::new();
    let mut table = squares(&disk, 10).map(|n| format!("<{n}>"));
    assert_eq!(table.get(&3).unwrap().map(String::as_str), Some("<9>"));
    table.insert(4, "four".into());
    table.remove(&5);
    table.remove_range(6..8);
    let expected = [(0, "<0>"), (1, "<1>"), (2, "<4>"), (3, "<9>"), (4, "four"), (8, "<64>"), (9, "<81>")];
    let expected = expected.map(|(key, value)| (key, value.to_owned()));
    assert_eq!(all(&table), expected);
    disk.commit_one(&mut table).unwrap();
    assert_eq!(all(&table), expected);
    assert_eq!(all(&disk.load::<Table<u64, String>>("field").unwrap()), expected);
}

#[test]
fn a_table_can_be_mapped_twice() {
    let disk = Disk::new();
    let mut table = squares(&disk, 3).map(|n| n as f64).map(|n| n / 2.0);
    assert_eq!(all(&table), [(0, 0.0), (1, 0.5), (2, 2.0)]);
    disk.commit_one(&mut table).unwrap();
    assert_eq!(all(&disk.load::<Table<u64, f64>>("field").unwrap()), [(0, 0.0), (1, 0.5), (2, 2.0)]);
}

#[test]
fn a_mapped_table_that_is_rolled_back_is_as_stored() {
    let disk = Disk::new();
    let mut table = squares(&disk, 3).map(|n| n + 100);
    assert_eq!(table.get(&1).unwrap(), Some(&101));
    disk.rollback_one(&mut table).unwrap();
    assert_eq!(table.get(&1).unwrap(), Some(&1));
}

/// Both ways of writing: in one batch, and in pieces of one transaction.
#[test]
fn a_mapped_table_moves_to_another_field_whose_own_rows_are_replaced() {
    for is_in_pieces in [false, true] {
        let disk = Disk::new();
        let mut old: Table<u32, u32> = Table::from_iter((0..2_000).map(|n| (n, n)));
        let mut other: Table<u32, u32> = Table::from_iter([(7, 7)]);
        disk.commit(&mut [("old", &mut old), ("new", &mut other)]).unwrap();

        // The field `old` becomes `new`, with other entries, and there is a new field `old`.
        let mut new = disk.load::<Table<u32, u32>>("old").unwrap().map(|n| format!("{n} {}", "x".repeat(1_000)));
        let mut old: Table<u32, u32> = Table::from_iter([(1, 1)]);
        new.remove_range(1_999..);
        new.insert(5, "five".into());
        let fields: &mut [(&str, &mut dyn Field)] = &mut [("old", &mut old), ("new", &mut new)];
        if is_in_pieces { disk.migrate(fields) } else { disk.commit(fields) }.unwrap();

        for new in [new, disk.reopen().load("new").unwrap()] {
            assert_eq!(new.get(&5).unwrap().map(String::as_str), Some("five"));
            assert!(new.get(&1_998).unwrap().unwrap().starts_with("1998 x"));
            assert_eq!(new.get(&1_999).unwrap(), None);
            assert_eq!(new.count(..).unwrap(), 1_999);
        }
        assert_eq!(all(&disk.load::<Table<u32, u32>>("old").unwrap()), [(1, 1)]);
    }
}

#[test]
fn a_migration_that_meets_what_it_cannot_read_fails() {
    let disk = Disk::new();
    let mut table = squares(&disk, 3);
    disk.commit_one(&mut table).unwrap();
    disk.put(&1_u64.to_be_bytes(), &[]);
    let mut table = table.map(|n| n + 1);
    let error = disk.commit_one(&mut table).unwrap_err();
    assert!(error.to_string().contains("field `field`"), "{error}");
}

#[test]
fn a_detached_table_is_a_map() {
    let mut table: Text = Table::default();
    assert_eq!(table.replace("a".into(), "1".into()).unwrap(), None);
    assert_eq!(table.replace("a".into(), "2".into()).unwrap().as_deref(), Some("1"));
    table.get_or_insert_with("b".into(), String::new).unwrap().push('3');
    assert_eq!(all(&table), [("a", "2"), ("b", "3")].map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(table.take("a").unwrap().as_deref(), Some("2"));
    assert_eq!(table.take("a").unwrap(), None);
    assert_eq!(table.first().unwrap(), table.last().unwrap());
    table.remove("b");
    assert!(table.is_empty().unwrap());
    assert_eq!(table.count(..).unwrap(), 0);
}

#[test]
fn a_turn_on_one_entry_costs_the_same_whatever_the_size() {
    let disk = Disk::new();
    let mut table = squares(&disk, 100_000);
    for n in (0..100_000).step_by(9_973) {
        *table.get_mut(&n).unwrap().unwrap() += 1;
        assert_eq!(disk.commit_one(&mut table).unwrap(), 1);
        assert_eq!(disk.reads(), 1);
    }
    assert_eq!(table.cache.len(), 11, "nothing else is in memory");
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    type Model = BTreeMap<String, u16>;

    /// Two fields of an actor, and what they should hold.
    struct Actor {
        disk: Disk,
        tables: [Table<String, u16>; 2],
        models: [Model; 2],
        committed: [Model; 2],
    }

    #[derive(Clone, Debug)]
    enum Step {
        Get(String),
        GetMut(String, u16),
        GetOrInsert(String, u16),
        Insert(String, u16),
        Remove(String),
        Replace(String, u16),
        Take(String),
        Clear,
        RemoveRange(String, String),
        Walk(String, String, Vec<bool>),
        Ends,
        Count(String, String),
        Trim,
        Replaced,
        Swap,
        Moved,
        Mapped,
        Commit,
        FailingCommit,
        Rollback,
        Evict,
    }

    /// Few, so that they meet, some of which begin with others.
    fn key() -> impl Strategy<Value = String> {
        "[\0a]{0,3}"
    }

    fn step() -> impl Strategy<Value = Step> {
        let value = any::<u16>;
        prop_oneof![
            3 => key().prop_map(Step::Get),
            3 => (key(), value()).prop_map(|(key, value)| Step::GetMut(key, value)),
            2 => (key(), value()).prop_map(|(key, value)| Step::GetOrInsert(key, value)),
            9 => (key(), value()).prop_map(|(key, value)| Step::Insert(key, value)),
            3 => key().prop_map(Step::Remove),
            2 => (key(), value()).prop_map(|(key, value)| Step::Replace(key, value)),
            2 => key().prop_map(Step::Take),
            1 => Just(Step::Clear),
            2 => (key(), key()).prop_map(|(from, to)| Step::RemoveRange(from, to)),
            5 => (key(), key(), any::<Vec<bool>>()).prop_map(|(from, to, ends)| Step::Walk(from, to, ends)),
            2 => Just(Step::Ends),
            2 => (key(), key()).prop_map(|(from, to)| Step::Count(from, to)),
            1 => Just(Step::Trim),
            1 => Just(Step::Replaced),
            1 => Just(Step::Swap),
            1 => Just(Step::Moved),
            1 => Just(Step::Mapped),
            4 => Just(Step::Commit),
            2 => Just(Step::FailingCommit),
            2 => Just(Step::Rollback),
            2 => Just(Step::Evict),
        ]
    }

    impl Actor {
        fn new() -> Self {
            let disk = Disk::new();
            let tables = [disk.load("a").unwrap(), disk.load("b").unwrap()];
            Self { disk, tables, models: Default::default(), committed: Default::default() }
        }

        fn commit(&mut self) -> Result<usize> {
            let [a, b] = &mut self.tables;
            self.disk.commit(&mut [("a", a), ("b", b)])
        }

        fn rollback(&mut self) {
            let [a, b] = &mut self.tables;
            self.disk.rollback(&mut [("a", a), ("b", b)]).unwrap();
            self.models = self.committed.clone();
        }

        fn run(&mut self, at: usize, step: Step) {
            let (table, model) = (&mut self.tables[at], &mut self.models[at]);
            match step {
                Step::Get(key) => assert_eq!(table.get(key.as_str()).unwrap(), model.get(&key)),
                Step::GetMut(key, value) => {
                    let (entry, expected) = (table.get_mut(key.as_str()).unwrap(), model.get_mut(&key));
                    assert_eq!(entry, expected);
                    if let Some((entry, expected)) = entry.zip(expected) {
                        (*entry, *expected) = (value, value);
                    }
                }
                Step::GetOrInsert(key, value) => {
                    let entry = table.get_or_insert_with(key.clone(), || value).unwrap();
                    assert_eq!(entry, model.entry(key).or_insert(value));
                }
                Step::Insert(key, value) => {
                    table.insert(key.clone(), value);
                    model.insert(key, value);
                }
                Step::Remove(key) => {
                    table.remove(&key);
                    model.remove(&key);
                }
                Step::Replace(key, value) => {
                    assert_eq!(table.replace(key.clone(), value).unwrap(), model.insert(key, value));
                }
                Step::Take(key) => assert_eq!(table.take(&key).unwrap(), model.remove(&key)),
                Step::Clear => {
                    table.clear();
                    model.clear();
                }
                Step::RemoveRange(from, to) => {
                    table.remove_range(from.clone()..=to.clone());
                    model.retain(|key, _| !(&from..=&to).contains(&key));
                }
                Step::Walk(from, to, ends) => walk(table, model, &from, &to, ends),
                Step::Ends => {
                    let owned = |entry: Option<(&String, &u16)>| entry.map(|(key, value)| (key.clone(), *value));
                    assert_eq!(table.first().unwrap(), owned(model.first_key_value()));
                    assert_eq!(table.last().unwrap(), owned(model.last_key_value()));
                    assert_eq!(table.is_empty().unwrap(), model.is_empty());
                }
                Step::Count(from, to) => {
                    let expected = model.keys().filter(|key| (&from..&to).contains(key)).count();
                    assert_eq!(table.count(from.clone()..to.clone()).unwrap(), expected as u64);
                }
                Step::Trim => table.trim(),
                Step::Replaced => {
                    *table = Table::default();
                    model.clear();
                }
                Step::Swap => {
                    self.tables.swap(0, 1);
                    self.models.swap(0, 1);
                }
                Step::Moved => {
                    self.tables[1 - at] = std::mem::take(&mut self.tables[at]);
                    self.models[1 - at] = std::mem::take(&mut self.models[at]);
                }
                Step::Mapped => {
                    *table = std::mem::take(table).map(|value| value ^ 1);
                    model.values_mut().for_each(|value| *value ^= 1);
                }
                Step::Commit => {
                    self.commit().unwrap();
                    self.committed = self.models.clone();
                }
                Step::FailingCommit => {
                    // A table whose rows are rewritten reads them when it is committed.
                    self.disk.fail_commits(true);
                    assert!(self.commit().is_err());
                    self.disk.fail_commits(false);
                    self.rollback();
                }
                Step::Rollback => self.rollback(),
                Step::Evict => {
                    self.disk = self.disk.reopen();
                    self.tables = [self.disk.load("a").unwrap(), self.disk.load("b").unwrap()];
                    self.models = self.committed.clone();
                }
            }
        }
    }

    /// Takes from either end of a range, as `ends` says, then the rest.
    fn walk(table: &Table<String, u16>, model: &Model, from: &str, to: &str, ends: Vec<bool>) {
        let mut range = table.range(from.to_owned()..to.to_owned());
        let mut keys = table.keys(from.to_owned()..to.to_owned());
        let expected: Vec<_> = model.iter().filter(|(key, _)| (from..to).contains(&key.as_str())).collect();
        let mut expected = expected.into_iter();
        for is_back in ends.into_iter().chain([false; 50]) {
            let (entry, key, expected) = if is_back {
                (range.next_back(), keys.next_back(), expected.next_back())
            } else {
                (range.next(), keys.next(), expected.next())
            };
            let (entry, key) = (entry.transpose().unwrap(), key.transpose().unwrap());
            assert_eq!(entry.as_ref().map(|(key, value)| (key, value)), expected);
            assert_eq!(key.as_ref(), expected.map(|(key, _)| key));
        }
        assert!(range.next().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_table_does_what_a_map_does(steps in proptest::collection::vec((0..2_usize, step()), 1..60)) {
            let mut actor = Actor::new();
            for (at, step) in steps {
                actor.run(at, step);
            }
            for (table, model) in actor.tables.iter().zip(&actor.models) {
                let entries: Vec<_> = model.iter().map(|(key, value)| (key.clone(), *value)).collect();
                prop_assert_eq!(all(table), entries);
            }
        }
    }
}
