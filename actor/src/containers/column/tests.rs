#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{containers::disk::Disk, field::Field};

const PAGE: u64 = COLUMN_PAGE_VALUES as u64;

/// A committed column of `0..len`.
fn stored(disk: &Disk, len: u64) -> Column {
    let mut column: Column = disk.load("field").unwrap();
    column.extend(numbers(0..len));
    disk.commit_one(&mut column).unwrap();
    column
}

fn numbers(range: std::ops::Range<u64>) -> impl Iterator<Item = f64> {
    range.map(|number| number as f64)
}

fn all(column: &Column) -> Vec<f64> {
    column.iter(..).unwrap().collect()
}

#[test]
fn values_are_there_after_an_eviction_whatever_the_length() {
    for len in [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 4 * PAGE + 7] {
        let disk = Disk::new();
        stored(&disk, len);
        let column: Column = disk.reopen().load("field").unwrap();
        assert_eq!((column.len(), column.is_empty()), (len, len == 0));
        assert_eq!(column.last(), len.checked_sub(1).map(|last| last as f64));
        assert!(all(&column).into_iter().eq(numbers(0..len)));
    }
}

#[test]
fn every_bit_is_kept() {
    let bits = [0, 1 << 63, 0x7ff8_0000_0000_1234, 0xfff4_0000_0000_0001, 1, f64::INFINITY.to_bits()];
    let disk = Disk::new();
    let mut column: Column = disk.load("field").unwrap();
    column.extend(bits.map(f64::from_bits));
    disk.commit_one(&mut column).unwrap();
    let column: Column = disk.reopen().load("field").unwrap();
    assert!(column.iter(..).unwrap().map(f64::to_bits).eq(bits));
}

#[test]
fn a_turn_writes_the_pages_that_it_appended_to() {
    let disk = Disk::new();
    let mut column = stored(&disk, 3 * PAGE - 1);
    for (count, writes) in [(0, 0), (1, 1), (1, 1), (PAGE - 1, 1), (2 * PAGE + 1, 3)] {
        column.extend(numbers(0..count));
        assert_eq!(disk.commit_one(&mut column).unwrap(), writes, "{count}");
    }
    assert_eq!(disk.rows(), 7);
}

#[test]
fn a_column_is_hydrated_by_one_read_and_loads_a_page_once() {
    let disk = Disk::new();
    stored(&disk, 10 * PAGE + 1);
    disk.reads();
    disk.rows_read();
    let mut column: Column = disk.load("field").unwrap();
    assert_eq!((disk.reads(), disk.rows_read()), (1, 1));
    column.push(1.0);
    assert_eq!((column.last(), column.get(10 * PAGE).unwrap()), (Some(1.0), Some((10 * PAGE) as f64)));
    disk.commit_one(&mut column).unwrap();
    assert_eq!(disk.reads(), 0);
    assert_eq!(column.get(PAGE + 5).unwrap(), Some((PAGE + 5) as f64));
    assert_eq!(disk.reads(), 1);
    assert_eq!(column.get(PAGE).unwrap(), Some(PAGE as f64));
    assert_eq!(column.get(10 * PAGE + 2).unwrap(), None);
    assert_eq!(disk.reads(), 0);
}

#[test]
fn slices_load_what_is_missing_between_what_is_there() {
    let disk = Disk::new();
    stored(&disk, 8 * PAGE + 3);
    let column: Column = disk.reopen().load("field").unwrap();
    column.get(2 * PAGE).unwrap();
    column.get(5 * PAGE).unwrap();
    let slices = column.slices(PAGE - 1..8 * PAGE + 2).unwrap();
    assert_eq!(slices.len(), 9);
    assert!(slices.clone().flatten().copied().eq(numbers(PAGE - 1..8 * PAGE + 2)));
    assert_eq!(column.loaded.get(), 8);
}

#[test]
fn a_stream_keeps_nothing_and_borrows_what_is_there() {
    let disk = Disk::new();
    stored(&disk, 8 * PAGE + 3);
    let column: Column = disk.reopen().load("field").unwrap();
    column.get(2 * PAGE).unwrap();
    let slices: Vec<_> = column.stream(3..).map(Result::unwrap).collect();
    assert!(slices.iter().flat_map(|slice| slice.iter().copied()).eq(numbers(3..8 * PAGE + 3)));
    let is_borrowed = |slice: &std::borrow::Cow<'_, [f64]>| matches!(slice, std::borrow::Cow::Borrowed(_));
    let borrowed: Vec<_> = (0..).zip(&slices).filter(|(_, slice)| is_borrowed(slice)).map(|(at, _)| at).collect();
    assert_eq!(borrowed, [2, 8]);
    assert_eq!(column.loaded.get(), 1);
}

#[test]
fn ranges_end_where_the_column_ends() {
    let column = Column::from_iter(numbers(0..5));
    let get = |range: (std::ops::Bound<u64>, std::ops::Bound<u64>)| column.iter(range).unwrap().collect::<Vec<_>>();
    use std::ops::Bound::{Excluded, Included, Unbounded};
    assert_eq!(get((Included(3), Unbounded)), [3.0, 4.0]);
    assert_eq!(get((Excluded(3), Included(u64::MAX))), [4.0]);
    assert_eq!(get((Included(1), Excluded(3))), [1.0, 2.0]);
    for nothing in [(Excluded(u64::MAX), Unbounded), (Included(5), Unbounded), (Included(3), Excluded(2))] {
        assert!(get(nothing).is_empty());
    }
    assert_eq!(Column::new().slices(..).unwrap().count(), 0);
}

#[test]
fn a_partition_point_loads_few_pages() {
    let disk = Disk::new();
    let len = 100 * PAGE + 10;
    stored(&disk, len);
    for point in
        [0, 1, PAGE - 1, PAGE, PAGE + 1, 57 * PAGE + 3, 100 * PAGE - 1, 100 * PAGE, 100 * PAGE + 1, len - 1, len]
    {
        let column: Column = disk.load("field").unwrap();
        disk.reads();
        assert_eq!(column.partition_point(|value| value < point as f64).unwrap(), point);
        assert!(disk.reads() <= 7);
    }
}

#[test]
fn a_rollback_takes_off_what_was_appended_and_reads_nothing() {
    for len in [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE] {
        for more in [0, 1, PAGE - 1, PAGE, 2 * PAGE + 1] {
            let disk = Disk::new();
            stored(&disk, len);
            let mut column: Column = disk.load("field").unwrap();
            disk.reads();
            column.extend(numbers(0..more));
            disk.rollback_one(&mut column).unwrap();
            assert_eq!((column.len(), disk.reads()), (len, 0));
            assert_eq!(column.last(), len.checked_sub(1).map(|last| last as f64));
            column.extend(numbers(len..len + more));
            disk.commit_one(&mut column).unwrap();
            let loaded: Column = disk.load("field").unwrap();
            assert!(all(&loaded).into_iter().eq(numbers(0..len + more)), "{len} {more}");
        }
    }
}

#[test]
fn a_cleared_column_is_stored_anew_or_comes_back() {
    let disk = Disk::new();
    let mut column = stored(&disk, 2 * PAGE + 1);
    column.clear();
    column.push(7.0);
    disk.rollback_one(&mut column).unwrap();
    assert_eq!(column.len(), 2 * PAGE + 1);
    column.clear();
    column.push(8.0);
    disk.commit_one(&mut column).unwrap();
    assert_eq!(disk.rows(), 1);
    assert_eq!(all(&disk.load("field").unwrap()), [8.0]);
}

#[test]
fn columns_that_are_not_loaded_can_be_swapped() {
    let disk = Disk::new();
    let (mut left, mut right) = (disk.load::<Column>("left").unwrap(), disk.load::<Column>("right").unwrap());
    left.extend(numbers(0..3 * PAGE));
    right.push(-1.0);
    disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    let disk = disk.reopen();
    let (mut left, mut right) = (disk.load::<Column>("left").unwrap(), disk.load::<Column>("right").unwrap());
    mem::swap(&mut left, &mut right);
    left.push(-2.0);
    right.push((3 * PAGE) as f64);
    assert_eq!(right.get(1).unwrap(), Some(1.0));
    disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    assert_eq!(right.get(PAGE).unwrap(), Some(PAGE as f64));
    let disk = disk.reopen();
    assert_eq!(all(&disk.load("left").unwrap()), [-1.0, -2.0]);
    assert!(all(&disk.load("right").unwrap()).into_iter().eq(numbers(0..3 * PAGE + 1)));
}

#[test]
fn a_column_that_an_earlier_turn_took_out_is_refused_if_pages_are_missing() {
    let disk = Disk::new();
    stored(&disk, 3 * PAGE);
    let mut column: Column = disk.load("field").unwrap();
    let mut taken = mem::take(&mut column);
    assert_eq!(taken.get(0).unwrap(), Some(0.0));
    column.push(7.0);
    disk.commit_one(&mut column).unwrap();
    assert_eq!(taken.get(0).unwrap(), Some(0.0));
    assert_eq!(taken.get(PAGE).unwrap_err().problem().kind(), "state-unreadable");
    assert_eq!(disk.commit_one(&mut taken).unwrap_err().problem().kind(), "state-unreadable");
    disk.rollback_one(&mut taken).unwrap();
    assert_eq!(all(&taken), [7.0]);
    let mut taken = mem::take(&mut taken);
    disk.commit_one(&mut Column::new()).unwrap();
    taken.push(8.0);
    disk.commit_one(&mut taken).unwrap();
    assert_eq!(all(&disk.load("field").unwrap()), [7.0, 8.0]);
}

#[test]
fn pages_above_the_bound_are_let_go_the_oldest_first() {
    let max = (COLUMN_CACHE_MAX_BYTES / 8) as u64;
    let disk = Disk::new();
    let mut column = stored(&disk, max + 3 * PAGE);
    column.extend(numbers(0..PAGE));
    column.trim();
    assert_eq!(column.loaded.get() as u64, max / PAGE);
    assert!(!column.is_in_memory(3) && column.is_in_memory(4));
    disk.rollback_one(&mut column).unwrap();
    assert_eq!(column.len(), max + 3 * PAGE);
    assert_eq!(column.get(5).unwrap(), Some(5.0));
    let mut small = stored(&Disk::new(), 3 * PAGE);
    small.trim();
    assert_eq!(small.loaded.get(), 3);
}

#[test]
fn nothing_is_let_go_that_is_not_stored() {
    let mut column = Column::from_iter(numbers(0..(COLUMN_CACHE_MAX_BYTES / 8) as u64 + 3 * PAGE));
    let before = column.loaded.get();
    column.trim();
    assert_eq!(column.loaded.get(), before);
}

#[test]
fn a_range_that_is_too_large_to_lend_is_refused_and_streams() {
    let len = (COLUMN_LENT_MAX_BYTES / 8) as u64;
    let disk = Disk::new();
    disk.put(&key_of(len / PAGE), &1f64.to_le_bytes());
    let column: Column = disk.load("field").unwrap();
    let error = column.slices(..).unwrap_err();
    assert_eq!((error.problem().status(), error.problem().kind()), (507, "range-too-large"));
    assert_eq!(column.slices(len..).unwrap().flatten().count(), 1);
}

fn key_of(page: u64) -> [u8; 4] {
    (page as u32).to_be_bytes()
}

#[test]
fn a_column_beyond_its_bound_is_refused() {
    let disk = Disk::new();
    disk.put(&key_of(COLUMN_MAX_PAGES as u64 - 1), &[0; 8 * COLUMN_PAGE_VALUES]);
    let mut column: Column = disk.load("field").unwrap();
    column.push(1.0);
    assert_eq!(disk.commit_one(&mut column).unwrap_err().problem().kind(), "state-too-large");
    disk.rollback_one(&mut column).unwrap();
    assert_eq!(column.len(), COLUMN_MAX_PAGES as u64 * PAGE);
}

#[test]
fn rows_that_are_not_a_columns_are_refused_by_name() {
    let cases: [(&[u8], &[u8]); 6] = [
        (&[0, 0, 0], &[0; 8]),
        (&[255; 4], &[0; 8]),
        (&[0; 4], &[0; 7]),
        (&[0; 4], &[]),
        (&[0; 4], &[0; 8 * COLUMN_PAGE_VALUES + 8]),
        (&[0, 16, 0, 0], &[0; 8]),
    ];
    for (key, row) in cases {
        let disk = Disk::new();
        disk.put(key, row);
        let error = disk.load::<Column>("field").unwrap_err();
        assert_eq!(error.problem().kind(), "state-unreadable");
        let text = error.source().unwrap().to_string();
        assert!(text.starts_with("Test/test: field `field`"), "{text}");
    }
}

#[test]
fn a_page_that_is_missing_or_short_is_found_when_it_is_read() {
    for damage in [(|disk| disk.delete(&key_of(1))) as fn(&Disk), |disk| disk.put(&key_of(1), &[0; 8])] {
        let disk = Disk::new();
        stored(&disk, 3 * PAGE);
        damage(&disk);
        let column: Column = disk.load("field").unwrap();
        assert_eq!(column.slices(..).unwrap_err().problem().kind(), "state-unreadable");
        assert_eq!(column.stream(..).filter_map(Result::err).count(), 1);
        assert_eq!(column.stream(..).count(), 2);
        assert_eq!(column.get(0).unwrap(), Some(0.0));
    }
}

#[test]
fn a_read_that_failed_can_be_tried_again() {
    let disk = Disk::new();
    stored(&disk, 3 * PAGE);
    let column: Column = disk.load("field").unwrap();
    disk.fail(true);
    assert_eq!(column.get(0).unwrap_err().problem().status(), 503);
    disk.fail(false);
    assert_eq!(column.get(0).unwrap(), Some(0.0));
}

/// Columns that are read back from storage.
fn stored_pair(values: impl Fn(u64) -> [f64; 2], len: u64) -> [Column; 2] {
    let disk = Disk::new();
    let (mut left, mut right) = (disk.load::<Column>("left").unwrap(), disk.load::<Column>("right").unwrap());
    for [l, r] in (0..len).map(values) {
        left.push(l);
        right.push(r);
    }
    disk.commit(&mut [("left", &mut left), ("right", &mut right)]).unwrap();
    let disk = disk.reopen();
    [disk.load("left").unwrap(), disk.load("right").unwrap()]
}

#[test]
fn statistics_of_a_range_are_those_of_its_values_in_one_slice() {
    use crate::kernels;

    let group = |at: u64| (at % 5) as f64;
    let [column, keys] = stored_pair(|at| [(at as f64 * 0.7).sin() * 9.0, group(at)], 3 * PAGE + 9);
    let (from, to) = (PAGE - 3, 3 * PAGE + 2);
    let values: Vec<f64> = (from..to).map(|at| (at as f64 * 0.7).sin() * 9.0).collect();
    let groups: Vec<f64> = (from..to).map(group).collect();
    let len = values.len();

    assert_eq!(column.stats(from..to).unwrap(), kernels::stats(&values));
    let quantiles = kernels::quantiles(&values, &[0.1, 0.5]).unwrap();
    assert_eq!(column.quantiles(from..to, [0.1, 0.5]).unwrap(), Some([quantiles[0], quantiles[1]]));
    let mut out = vec![0.0; len];
    kernels::normalise_to(&values, &mut out);
    assert_eq!(column.normalised(from..to).unwrap(), out);
    kernels::rolling_mean(&values, 4, &mut out);
    let means = column.rolling_mean(from..to, 4).unwrap();
    assert!(means[..3].iter().all(|mean| mean.is_nan()) && means[3..] == out[3..]);
    assert_eq!(column.correlation(&keys, from..to).unwrap(), kernels::correlation(&values, &groups));
    assert_eq!(column.weighted_sum(&keys, from..to).unwrap(), kernels::dot(&values, &groups));
    let mut sums = [0.0; 5];
    kernels::group_sum(&groups, &values, &mut sums).unwrap();
    assert_eq!(column.group_sum(&keys, from..to, 5).unwrap(), sums);
    assert_eq!(column.buckets(from..to, 7).unwrap(), kernels::min_max_buckets(&values, 7));
    assert_eq!(keys.lttb(&column, from..to, 9).unwrap(), kernels::lttb(&groups, &values, 9));
}

#[test]
fn statistics_of_nothing_are_none_or_empty() {
    let (none, other) = (Column::new(), Column::new());
    assert_eq!((none.stats(..).unwrap().count, none.quantiles(.., [0.5]).unwrap()), (0, None));
    assert_eq!((none.correlation(&other, ..).unwrap(), none.weighted_sum(&other, ..).unwrap()), (None, 0.0));
    assert!(none.normalised(..).unwrap().is_empty() && none.rolling_mean(.., 3).unwrap().is_empty());
    assert_eq!(none.group_sum(&other, .., 2).unwrap(), [0.0, 0.0]);
    assert!(none.buckets(.., 3).unwrap().is_empty() && none.lttb(&other, .., 3).unwrap().is_empty());
}

/// Status, kind and detail.
fn problem<T>(result: Result<T>) -> (u16, String, String) {
    let error = result.err().expect("it is refused");
    let problem = error.problem();
    (problem.status(), problem.kind().to_owned(), problem.detail().to_owned())
}

#[test]
fn columns_that_are_not_of_the_same_length_do_not_belong_together() {
    let (three, two) = (Column::from_iter(numbers(0..3)), Column::from_iter(numbers(0..2)));
    // Also of a range that both have: the rest of the one that is longer belongs to nothing.
    for refused in [
        problem(three.correlation(&two, ..2)),
        problem(three.weighted_sum(&two, ..2)),
        problem(three.group_sum(&two, ..2, 2)),
        problem(three.lttb(&two, ..2, 3)),
    ] {
        let detail = "columns of 3 and 2 values are not of the same length";
        assert_eq!(refused, (500, "columns-unequal".into(), detail.into()));
    }
}

#[test]
fn questions_without_an_answer_are_refused() {
    let column = Column::from_iter(numbers(0..3));
    for refused in [
        problem(column.quantiles(.., [0.5, 1.5])),
        problem(column.quantiles(.., [f64::NAN])),
        problem(column.rolling_mean(.., 0)),
        problem(column.buckets(.., 0)),
        problem(column.lttb(&column, .., 2)),
        problem(column.group_sum(&column, .., usize::MAX)),
    ] {
        assert_eq!((refused.0, &*refused.1), (422, "column-argument"), "{}", refused.2);
    }
}

#[test]
fn a_key_that_names_no_group_is_named() {
    let keys = Column::from_iter([0.0, 7.0, 1.0, 2.5]);
    let (status, kind, detail) = problem(keys.group_sum(&keys, 2.., 7));
    assert_eq!((status, &*kind), (500, "column-key"));
    assert_eq!(detail, "value 3 of the keys is 2.5, which names none of 7 groups");
    assert_eq!(problem(keys.group_sum(&keys, ..2, 7)).1, "column-key");
    assert_eq!(keys.group_sum(&keys, ..3, 8).unwrap().iter().sum::<f64>(), 8.0);
}

#[test]
fn statistics_of_what_is_too_large_or_cannot_be_read_are_refused() {
    let len = (COLUMN_LENT_MAX_BYTES / 8) as u64;
    let disk = Disk::new();
    disk.put(&key_of(len / PAGE), &1f64.to_le_bytes());
    let column: Column = disk.load("field").unwrap();
    for refused in [problem(column.stats(..)), problem(column.normalised(..)), problem(column.lttb(&column, .., 9))] {
        assert_eq!((refused.0, &*refused.1), (507, "range-too-large"));
    }
    disk.fail(true);
    assert_eq!(problem(column.stats(..9)).0, 503);
    assert_eq!(column.stats(len..).unwrap().sum, 1.0);
}

#[cfg(not(target_arch = "wasm32"))]
mod random {
    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Append(u64),
        Get(u64),
        Range(u64, u64),
        Clear,
        Trim,
        Commit,
        FailCommit,
        Rollback,
        Evict,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let index = || 0..3 * PAGE;
        let step = prop_oneof![
            6 => prop_oneof![0..4u64, PAGE - 2..PAGE + 2].prop_map(Step::Append),
            3 => index().prop_map(Step::Get),
            3 => (index(), index()).prop_map(|(from, to)| Step::Range(from, to)),
            1 => Just(Step::Clear),
            1 => Just(Step::Trim),
            4 => Just(Step::Commit),
            1 => Just(Step::FailCommit),
            2 => Just(Step::Rollback),
            2 => Just(Step::Evict),
        ];
        prop::collection::vec(step, 0..40)
    }

    /// A column beside the values that it should have, now and as last committed.
    #[derive(Default)]
    struct World {
        column: Column,
        now: Vec<f64>,
        committed: Vec<f64>,
        count: u64,
    }

    impl World {
        fn step(&mut self, disk: &Disk, step: &Step) {
            match *step {
                Step::Append(count) => {
                    let values: Vec<_> = numbers(self.count..self.count + count).collect();
                    self.count += count;
                    self.column.extend(&values);
                    self.now.extend(values);
                }
                Step::Get(at) => assert_eq!(self.column.get(at).unwrap(), self.now.get(at as usize).copied()),
                Step::Range(from, to) => self.check_range(from, to),
                Step::Clear => (self.column.clear(), self.now.clear()).1,
                Step::Trim => self.column.trim(),
                Step::Commit => {
                    disk.commit_one(&mut self.column).unwrap();
                    self.committed.clone_from(&self.now);
                }
                Step::FailCommit => {
                    disk.fail(true);
                    let result = disk.commit_one(&mut self.column);
                    disk.fail(false);
                    result.unwrap_err();
                    self.rollback(disk);
                }
                Step::Rollback => self.rollback(disk),
                Step::Evict => {
                    self.column = disk.load("field").unwrap();
                    self.now.clone_from(&self.committed);
                }
            }
        }

        fn rollback(&mut self, disk: &Disk) {
            disk.rollback_one(&mut self.column).unwrap();
            self.now.clone_from(&self.committed);
        }

        fn check_range(&self, from: u64, to: u64) {
            let expected: Vec<_> = self.now.iter().copied().take(to as usize).skip(from as usize).collect();
            let streamed: Vec<_> = self.column.stream(from..to).flat_map(|slice| slice.unwrap().into_owned()).collect();
            assert_eq!(streamed, expected);
            assert!(self.column.iter(from..to).unwrap().eq(expected));
        }

        fn check(&self) {
            assert_eq!(self.column.len(), self.now.len() as u64);
            assert_eq!(self.column.last(), self.now.last().copied());
            if let Some(middle) = self.now.get(self.now.len() / 2) {
                let point = self.column.partition_point(|value| value < *middle).unwrap();
                assert_eq!(point, self.now.len() as u64 / 2);
            }
        }
    }

    proptest! {
        #[test]
        fn a_column_is_a_vec_whatever_happens(steps in steps()) {
            let disk = Disk::new();
            let mut world = World { column: disk.load("field").unwrap(), ..World::default() };
            for step in &steps {
                world.step(&disk, step);
                world.check();
            }
        }
    }
}
