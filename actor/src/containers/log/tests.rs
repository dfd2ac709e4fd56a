#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{containers::disk::Disk, field::Field};

fn all<T: Serialize + DeserializeOwned>(log: &Log<T>) -> Vec<(u64, T)> {
    log.range(..).collect::<Result<_>>().expect("it can be read")
}

/// A stored log of 0 to `count`, as after an eviction.
fn numbers(disk: &Disk, count: u64) -> Log<u64> {
    let mut log = Log::default();
    (0..count).for_each(|n| assert_eq!(log.push(n).expect("a number can be encoded"), n));
    disk.commit_one(&mut log).expect("it is stored");
    let log = disk.load("field").expect("it is hydrated");
    disk.reads();
    log
}

#[test]
fn hydrating_reads_the_ends() {
    let disk = Disk::new();
    numbers(&disk, 100);
    let log: Log<u64> = disk.load("field").unwrap();
    assert_eq!(disk.reads(), 2);
    assert_eq!((log.first(), log.end()), (0, 100));
}

#[test]
fn only_what_is_pushed_is_written_and_nothing_is_read() {
    let disk = Disk::new();
    let mut log = numbers(&disk, 100);
    assert_eq!(log.push(7).unwrap(), 100);
    let lent = &8;
    assert_eq!(log.push(lent).unwrap(), 101);
    assert_eq!(disk.commit_one(&mut log).unwrap(), 2);
    assert_eq!(disk.commit_one(&mut log).unwrap(), 0);
    assert_eq!(disk.reads(), 0);
    assert_eq!(disk.load::<Log<u64>>("field").unwrap().get(101).unwrap(), Some(8));
}

#[test]
fn a_range_sees_the_turns_pushes_from_both_ends() {
    let disk = Disk::new();
    let mut log = numbers(&disk, 5);
    log.push(55).unwrap();
    log.push(66).unwrap();
    let mut range = log.range(3..=6);
    assert_eq!(range.next_back().unwrap().unwrap(), (6, 66));
    assert_eq!(range.next().unwrap().unwrap(), (3, 3));
    assert_eq!(range.next().unwrap().unwrap(), (4, 4));
    assert_eq!(range.next_back().unwrap().unwrap(), (5, 55));
    assert!(range.next().is_none() && range.next_back().is_none());
    let newest: Vec<_> = log.range(..).rev().map(|entry| entry.unwrap().1).collect();
    assert_eq!(newest, [66, 55, 4, 3, 2, 1, 0]);
    assert_eq!((log.count(3..).unwrap(), log.count(..).unwrap()), (4, 7));
    assert_eq!((log.get(4).unwrap(), log.get(6).unwrap(), log.get(7).unwrap()), (Some(4), Some(66), None));
}

#[test]
fn looking_for_what_is_beyond_the_end_reads_nothing() {
    let disk = Disk::new();
    let log = numbers(&disk, 5);
    assert!(log.range(5..).next().is_none());
    assert_eq!(log.get(5).unwrap(), None);
    assert_eq!(log.count(5..).unwrap(), 0);
    assert_eq!(disk.reads(), 0);
}

#[test]
fn the_extremes_are_no_positions() {
    let disk = Disk::new();
    let log = numbers(&disk, 5);
    assert_eq!(log.get(u64::MAX).unwrap(), None);
    assert_eq!(log.range(..=u64::MAX).count(), 5);
    let beyond = (Bound::Excluded(u64::MAX), Bound::Unbounded);
    assert_eq!(log.range(beyond).count(), 0);
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tested")]
    let reversed = 4..2;
    assert_eq!(log.range(reversed).count(), 0);
}

#[test]
fn dropping_the_oldest_is_two_writes_and_reads_nothing() {
    let disk = Disk::new();
    let mut log = numbers(&disk, 100);
    log.truncate_before(50);
    log.truncate_before(98);
    log.truncate_before(97);
    assert_eq!((log.first(), log.get(97).unwrap()), (98, None));
    assert_eq!(disk.reads(), 0);
    assert_eq!(disk.commit_one(&mut log).unwrap(), 2);
    let log: Log<u64> = disk.load("field").unwrap();
    assert_eq!((log.first(), log.end()), (98, 100));
    assert_eq!(all(&log), [(98, 98), (99, 99)]);
}

#[test]
fn positions_are_never_used_twice() {
    let disk = Disk::new();
    let mut log = numbers(&disk, 5);
    log.truncate(3);
    assert_eq!(log.push(55).unwrap(), 5);
    disk.commit_one(&mut log).unwrap();
    let mut log: Log<u64> = disk.load("field").unwrap();
    assert_eq!(all(&log), [(0, 0), (1, 1), (2, 2), (5, 55)]);

    log.truncate(5);
    disk.commit_one(&mut log).unwrap();
    let mut log: Log<u64> = disk.load("field").unwrap();
    assert_eq!((log.first(), log.end(), log.count(..).unwrap()), (0, 6, 3));

    log.clear();
    disk.commit_one(&mut log).unwrap();
    let mut log: Log<u64> = disk.load("field").unwrap();
    assert_eq!((log.first(), log.end(), log.is_empty().unwrap()), (6, 6, true));
    assert_eq!(log.push(66).unwrap(), 6);

    log.truncate_before(u64::MAX);
    assert_eq!((log.first(), log.end(), log.push(77).unwrap()), (7, 7, 7));
    disk.commit_one(&mut log).unwrap();
    assert_eq!(all(&disk.load::<Log<u64>>("field").unwrap()), [(7, 77)]);
}

#[test]
fn rollback_forgets_the_turn() {
    let disk = Disk::new();
    let mut log = numbers(&disk, 5);
    log.push(5).unwrap();
    log.truncate_before(2);
    log.truncate(4);
    assert_eq!(all(&log), [(2, 2), (3, 3)]);
    disk.rollback_one(&mut log).unwrap();
    assert_eq!((log.first(), log.end()), (0, 5));
    assert_eq!(all(&log).len(), 5);
    log.clear();
    disk.rollback_one(&mut log).unwrap();
    assert_eq!(all(&log).len(), 5);
    assert_eq!(disk.commit_one(&mut log).unwrap(), 0);
}

#[test]
fn an_entry_that_cannot_be_encoded_is_not_pushed() {
    #[derive(Debug, serde::Deserialize)]
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    let mut log: Log<Refuses> = Log::default();
    assert!(log.push(Refuses).is_err());
    assert_eq!(log.end(), 0);
}

#[test]
fn a_log_that_is_replaced_takes_its_slot() {
    let disk = Disk::new();
    numbers(&disk, 5);
    let mut log: Log<u64> = Log::default();
    log.push(9).unwrap();
    disk.commit_one(&mut log).unwrap();
    let mut log: Log<u64> = disk.load("field").unwrap();
    assert_eq!(all(&log), [(0, 9)]);
    log = Log::default();
    disk.rollback_one(&mut log).unwrap();
    assert_eq!(all(&log), [(0, 9)]);
}

#[test]
fn logs_swap_their_fields_and_their_ends() {
    let disk = Disk::new();
    let (mut a, mut b) = (Log::<char>::default(), Log::<char>::default());
    a.push('a').unwrap();
    a.clear();
    b.push('b').unwrap();
    disk.commit(&mut [("a", &mut a), ("b", &mut b)]).unwrap();
    std::mem::swap(&mut a, &mut b);
    b.push('c').unwrap();
    disk.commit(&mut [("a", &mut a), ("b", &mut b)]).unwrap();
    let again = disk.reopen();
    for (a, b) in [(a, b), (again.load("a").unwrap(), again.load("b").unwrap())] {
        assert_eq!(all(&a), [(0, 'b')]);
        assert_eq!(all(&b), [(1, 'c')]);
        assert_eq!((b.first(), b.end()), (1, 2));
    }
}

#[test]
fn a_log_whose_field_another_has_taken_meanwhile_fails() {
    let disk = Disk::new();
    let mut log = numbers(&disk, 5);
    let mut taken = std::mem::take(&mut log);
    disk.commit_one(&mut log).unwrap();
    assert!(taken.get(1).is_err());
    assert!(taken.range(..).next().unwrap().is_err());
    assert!(disk.commit_one(&mut taken).is_err());
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let disk = Disk::new();
    numbers(&disk, 3);
    disk.put(&1_u64.to_be_bytes(), &[]);
    let log: Log<u64> = disk.load("field").unwrap();
    let error = log.get(1).unwrap_err();
    assert_eq!(error.problem().status(), 500);
    assert!(error.to_string().contains("field `field`"), "{error}");
    let read: Vec<_> = log.range(..).map(|entry| entry.is_ok()).collect();
    assert_eq!(read, [true, false, true]);

    disk.put(&[0], &[9, 3]);
    assert!(disk.load::<Log<u64>>("field").is_err(), "it begins behind its end");
    disk.put(&[0], &[200]);
    assert!(disk.load::<Log<u64>>("field").is_err());
    disk.delete(&[0]);
    disk.put(&[1, 2, 3], &[1]);
    assert!(disk.load::<Log<u64>>("field").is_err(), "a key that is no position");
}

#[test]
fn storage_that_fails_is_an_error() {
    let disk = Disk::new();
    let log = numbers(&disk, 3);
    disk.fail(true);
    assert_eq!(log.get(1).unwrap_err().problem().status(), 503);
    assert!(log.range(..).next().unwrap().is_err());
    assert!(log.count(..).is_err());
    assert!(disk.load::<Log<u64>>("field").is_err());
}

#[test]
fn a_mapped_log_is_read_as_mapped_and_written_whole() {
    for is_in_pieces in [false, true] {
        let disk = Disk::new();
        let mut log = numbers(&disk, 10);
        log.push(10).unwrap();
        log.truncate_before(7);
        let mut log = log.map(|n| format!("<{n}>")).unwrap();
        log.push("new".to_owned()).unwrap();
        assert_eq!(log.get(8).unwrap().as_deref(), Some("<8>"));
        let expected = [(7, "<7>"), (8, "<8>"), (9, "<9>"), (10, "<10>"), (11, "new")];
        let expected = expected.map(|(position, text)| (position, text.to_owned()));
        assert_eq!(all(&log), expected);
        // It moves to another field, and another log takes its place.
        let mut other: Log<u8> = Log::default();
        let fields: &mut [(&str, &mut dyn Field)] = &mut [("field", &mut other), ("moved", &mut log)];
        if is_in_pieces { disk.migrate(fields) } else { disk.commit(fields) }.unwrap();
        assert_eq!(all(&log), expected);
        let log: Log<String> = disk.load("moved").unwrap();
        assert_eq!(all(&log), expected);
        assert_eq!((log.first(), log.end()), (7, 12));
        assert_eq!(disk.load::<Log<u8>>("field").unwrap().end(), 0);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    /// What a log should hold: at each position an entry, or nothing any more.
    #[derive(Clone, Debug, Default)]
    struct Model {
        entries: Vec<Option<u8>>,
        first: usize,
    }

    impl Model {
        fn within(&self, from: usize, to: usize) -> Vec<(u64, u8)> {
            let all = self.entries.iter().enumerate().filter_map(|(at, entry)| Some((at, (*entry)?)));
            all.filter(|(at, _)| (from..to).contains(at)).map(|(at, entry)| (at as u64, entry)).collect()
        }

        fn remove(&mut self, from: usize, to: usize) {
            self.entries[from.min(to)..to].fill(None);
        }

        fn truncate_before(&mut self, position: usize) {
            let position = position.min(self.entries.len());
            self.remove(0, position);
            self.first = self.first.max(position);
        }

        fn truncate(&mut self, position: usize) {
            let end = self.entries.len();
            if position <= self.first {
                self.truncate_before(end);
            } else {
                self.remove(position.min(end), end);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        TruncateBefore(usize),
        Truncate(usize),
        Clear,
        Get(usize),
        Walk(usize, usize, Vec<bool>),
        Mapped,
        Commit,
        FailingCommit,
        Rollback,
        Evict,
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = || 0..24_usize;
        prop_oneof![
            9 => any::<u8>().prop_map(Step::Push),
            2 => at().prop_map(Step::TruncateBefore),
            2 => at().prop_map(Step::Truncate),
            1 => Just(Step::Clear),
            3 => at().prop_map(Step::Get),
            4 => (at(), at(), any::<Vec<bool>>()).prop_map(|(from, to, ends)| Step::Walk(from, to, ends)),
            1 => Just(Step::Mapped),
            4 => Just(Step::Commit),
            1 => Just(Step::FailingCommit),
            2 => Just(Step::Rollback),
            2 => Just(Step::Evict),
        ]
    }

    fn walk(log: &Log<u8>, model: &Model, from: usize, to: usize, ends: Vec<bool>) {
        let mut range = log.range(from as u64..to as u64);
        let expected = model.within(from, to);
        assert_eq!(log.count(from as u64..to as u64).unwrap(), expected.len() as u64);
        let mut expected = expected.into_iter();
        for is_back in ends.into_iter().chain([false; 25]) {
            let (entry, expected) =
                if is_back { (range.next_back(), expected.next_back()) } else { (range.next(), expected.next()) };
            assert_eq!(entry.transpose().unwrap(), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_log_does_what_a_list_does(steps in proptest::collection::vec(step(), 1..60)) {
            let mut disk = Disk::new();
            let mut log: Log<u8> = disk.load("field").unwrap();
            let (mut model, mut committed) = (Model::default(), Model::default());
            for step in steps {
                match step {
                    Step::Push(entry) => {
                        prop_assert_eq!(log.push(entry).unwrap(), model.entries.len() as u64);
                        model.entries.push(Some(entry));
                    }
                    Step::TruncateBefore(at) => {
                        log.truncate_before(at as u64);
                        model.truncate_before(at);
                    }
                    Step::Truncate(at) => {
                        log.truncate(at as u64);
                        model.truncate(at);
                    }
                    Step::Clear => {
                        log.clear();
                        model.truncate_before(usize::MAX);
                    }
                    Step::Get(at) => {
                        let expected = model.entries.get(at).copied().flatten();
                        prop_assert_eq!(log.get(at as u64).unwrap(), expected);
                    }
                    Step::Walk(from, to, ends) => walk(&log, &model, from, to, ends),
                    Step::Mapped => {
                        log = log.map(|entry| !entry).unwrap();
                        model.entries.iter_mut().flatten().for_each(|entry| *entry = !*entry);
                    }
                    Step::Commit => {
                        disk.commit_one(&mut log).unwrap();
                        committed = model.clone();
                    }
                    Step::FailingCommit => {
                        disk.fail_commits(true);
                        prop_assert!(disk.commit_one(&mut log).is_err());
                        disk.fail_commits(false);
                        disk.rollback_one(&mut log).unwrap();
                        model = committed.clone();
                    }
                    Step::Rollback => {
                        disk.rollback_one(&mut log).unwrap();
                        model = committed.clone();
                    }
                    Step::Evict => {
                        disk = disk.reopen();
                        log = disk.load("field").unwrap();
                        model = committed.clone();
                    }
                }
                prop_assert_eq!((log.first(), log.end()), (model.first as u64, model.entries.len() as u64));
            }
            prop_assert_eq!(all(&log), model.within(0, usize::MAX));
        }
    }
}
