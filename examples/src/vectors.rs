//! Vectors of unit length, the rows of one matrix that lies in memory as a kernel reads it.
//!
//! It is a container of its own kind, since none of Duractor's keeps its entries side by side: a `Table` or an `Arena` would
//! need the matrix beside it, as a second copy that no rollback touches, so that every call would first have to find out
//! whether the two still agree. Here the matrix is what commits and rolls back.
//!
//! In storage some rows together are a value, a page. Its key is the number of the page, u32 big-endian, without gaps; its
//! value is the list of the rows' `(id, payload)` in postcard, and behind it their components, f32 little-endian, as they lie
//! in memory. A turn writes the pages that it touched, of 32 KiB and a bit. Were each row a value, one vector would be put
//! for less, but to put many, and to read all, would take twenty times as many values, which is what the platform bills.
//!
//! All pages are read at the first call after an eviction, in the order in which the rows lay before, so that equal scores
//! stay in their order. For 10,000 vectors of 384 dimensions that takes about 80 ms of processor time in a local workerd,
//! the greater part of it SQLite's.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use bytemuck::{cast_slice, cast_slice_mut};
use duractor::kernels::{dot_rows, l2_norm, top_k};
use duractor::{Batch, Field, Home, Layout, Result, Slot, Stay};
use serde::Serialize;

/// Most vectors of an index.
pub(crate) const VECTORS_MAX: usize = 10_000;

/// Most dimensions of a vector.
pub(crate) const DIMENSIONS_MAX: usize = 4_096;

/// Greatest matrix, in bytes: 16 MiB, which is 10,922 vectors of 384 dimensions, or 1,024 of 4,096. Beside it there are ids
/// and payloads; the platform allows 128 MB for all actors of an isolate together.
const MATRIX_MAX_BYTES: usize = 16 << 20;

/// What a page's vectors take, in bytes, without ids and payloads. A value of more than 64 KiB would be cut into parts.
const PAGE_BYTES: usize = 32 << 10;

/// Most rows of a page: short vectors can have long payloads.
const PAGE_MAX_ROWS: usize = 32;

// Components are copied between memory and storage as they are.
const _: () = assert!(cfg!(target_endian = "little"), "stored components are little-endian");

/// Vectors by their ids. All have the same number of dimensions, that of the first one.
#[derive(Default)]
pub(crate) struct Vectors {
    /// Row by row.
    matrix: Vec<f32>,
    /// Of each row.
    labels: Vec<Label>,
    /// Which row an id has.
    rows: BTreeMap<Rc<str>, usize>,
    /// Pages that differ from what is stored under their numbers.
    touched: BTreeSet<usize>,
    /// How many pages are stored.
    stored: usize,
    home: Home,
}

struct Label {
    id: Rc<str>,
    payload: Option<Box<str>>,
}

/// A vector, of unit length, with what it was put with.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Entry<'v> {
    pub(crate) id: &'v str,
    pub(crate) vector: &'v [f32],
    pub(crate) payload: Option<&'v str>,
}

/// What was found.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Near<'v> {
    pub(crate) id: &'v str,
    /// The cosine of the angle: 1 in the same direction, 0 at a right angle, -1 in the opposite one.
    pub(crate) score: f32,
    pub(crate) payload: Option<&'v str>,
}

/// The vector of unit length that has the same direction; None if there is none, since it is zero, or not finite.
pub(crate) fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    // The squares of all f32 are within the range of f64.
    let wide: Vec<f64> = vector.iter().map(|component| f64::from(*component)).collect();
    let length = l2_norm(&wide);
    (length.is_finite() && length > 0.0).then(|| wide.iter().map(|component| (component / length) as f32).collect())
}

impl Vectors {
    /// Most vectors that an index of so many dimensions has.
    pub(crate) fn max(dimensions: usize) -> usize {
        VECTORS_MAX.min(MATRIX_MAX_BYTES / (size_of::<f32>() * dimensions.max(1)))
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// None while it is empty: the first vector decides.
    pub(crate) fn dimensions(&self) -> Option<usize> {
        self.matrix.len().checked_div(self.len())
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Entry<'_>> {
        let row = *self.rows.get(id)?;
        let Label { id, payload } = &self.labels[row];
        Some(Entry { id, vector: self.row(row), payload: payload.as_deref() })
    }

    /// Puts a vector of unit length, in place of what the id had if it had any.
    ///
    /// # Panics
    ///
    /// If it has other dimensions than those that are there.
    pub(crate) fn put(&mut self, id: &str, unit: &[f32], payload: Option<&str>) {
        assert_eq!(self.dimensions().unwrap_or(unit.len()), unit.len(), "all vectors have the same dimensions");
        let row = match self.rows.get(id) {
            Some(&row) => {
                self.labels[row].payload = payload.map(Box::from);
                self.matrix[row * unit.len()..][..unit.len()].copy_from_slice(unit);
                row
            }
            None => {
                self.reserve(unit.len());
                self.matrix.extend_from_slice(unit);
                self.push_label(id, payload)
            }
        };
        self.touch(row);
    }

    /// Removes a vector; the last one takes its row.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some(row) = self.rows.remove(id) else { return false };
        let (last, dimensions) = (self.len() - 1, self.dimensions().unwrap_or_default());
        self.touch(row);
        self.touch(last);
        self.labels.swap_remove(row);
        if let Some(moved) = self.labels.get(row) {
            self.rows.insert(moved.id.clone(), row);
            self.matrix.copy_within(last * dimensions.., row * dimensions);
        }
        self.matrix.truncate(last * dimensions);
        true
    }

    pub(crate) fn clear(&mut self) {
        // What is stored, and where, stays known until the turn is committed.
        (self.matrix, self.labels) = Default::default();
        self.rows.clear();
        self.touched.clear();
    }

    /// The vectors with the `k` greatest cosines to a vector of unit length, the greatest first, equal ones by their rows.
    /// Each is compared: the answer is exact, within the precision of f32.
    ///
    /// # Panics
    ///
    /// If there are vectors, and they have other dimensions.
    pub(crate) fn nearest(&self, unit: &[f32], k: usize) -> Vec<Near<'_>> {
        let mut scores = vec![0.0; self.len()];
        if !scores.is_empty() {
            dot_rows(unit, &self.matrix, &mut scores);
        }
        let near = |(row, score): (usize, f32)| {
            let Label { id, payload } = &self.labels[row];
            // Of rounded components, the product can be slightly more than 1.
            Near { id, score: score.clamp(-1.0, 1.0), payload: payload.as_deref() }
        };
        top_k(&scores, k).into_iter().map(near).collect()
    }

    fn row(&self, row: usize) -> &[f32] {
        let dimensions = self.dimensions().unwrap_or_default();
        &self.matrix[row * dimensions..][..dimensions]
    }

    /// Makes room for a row.
    fn reserve(&mut self, dimensions: usize) {
        if self.matrix.capacity() - self.matrix.len() < dimensions {
            // For a quarter more and not for the double, since memory is scarce, and an instance never gives it back.
            self.matrix.reserve_exact(dimensions.max(self.matrix.len() / 4));
        }
    }

    fn push_label(&mut self, id: &str, payload: Option<&str>) -> usize {
        let (id, row) = (Rc::from(id), self.len());
        self.rows.insert(Rc::clone(&id), row);
        self.labels.push(Label { id, payload: payload.map(Box::from) });
        row
    }

    fn page_rows(&self) -> usize {
        let row_bytes = size_of::<f32>() * self.dimensions().unwrap_or_default();
        PAGE_BYTES.checked_div(row_bytes).unwrap_or_default().clamp(1, PAGE_MAX_ROWS)
    }

    fn pages(&self) -> usize {
        self.len().div_ceil(self.page_rows())
    }

    fn touch(&mut self, row: usize) {
        self.touched.insert(row / self.page_rows());
    }

    /// Takes in the next stored page, of so many.
    fn admit(&mut self, key: &[u8], value: &[u8], count: usize) -> Result<(), String> {
        let page = self.pages();
        if key != self::key(page) || self.len() != page * self.page_rows() {
            return Err(format!("page {page} of the matrix should be here"));
        }
        let (labels, bytes): (Vec<(&str, Option<&str>)>, _) =
            postcard::take_from_bytes(value).map_err(|why| why.to_string())?;
        let (rows, components) = (labels.len(), bytes.len() / size_of::<f32>());
        let dimensions = self.dimensions().or(components.checked_div(rows)).unwrap_or_default();
        if dimensions == 0 || dimensions * rows * size_of::<f32>() != bytes.len() {
            return Err(format!("{} bytes are not {rows} rows of {dimensions} dimensions", bytes.len()));
        }
        let start = self.matrix.len();
        if page == 0 {
            self.matrix.reserve_exact(components * count);
        }
        self.matrix.resize(start + components, 0.0);
        cast_slice_mut(&mut self.matrix[start..]).copy_from_slice(bytes);
        for (id, payload) in labels {
            self.push_label(id, payload);
        }
        Ok(())
    }

    fn encode(&self, page: usize) -> Result<Vec<u8>> {
        let (page_rows, dimensions) = (self.page_rows(), self.dimensions().unwrap_or_default());
        let from = page * page_rows;
        let to = self.len().min(from + page_rows);
        let labels = self.labels[from..to].iter().map(|Label { id, payload }| (&**id, payload.as_deref()));
        let bytes = cast_slice(&self.matrix[from * dimensions..to * dimensions]);
        let mut value = postcard::to_extend(&labels.collect::<Vec<_>>(), Vec::with_capacity(2 * bytes.len()))?;
        value.extend_from_slice(bytes);
        Ok(value)
    }
}

/// A page's key. There are far less than 2³² pages.
fn key(page: usize) -> [u8; 4] {
    (page as u32).to_be_bytes()
}

impl Field for Vectors {
    fn layout(&self) -> Layout {
        Layout::container("vectors", [Layout::of::<Vec<(String, Option<String>)>>(), Layout::of::<Vec<f32>>()])
    }

    fn load(&mut self, _: &[u8], slot: &Slot) -> Result<()> {
        // First of all, so that there are never two matrices in memory.
        *self = Self::default();
        let count = slot.count(..)? as usize;
        for row in slot.scan(..) {
            let (key, value) = row?;
            self.admit(&key, &value, count).map_err(|why| slot.unreadable(&key, why))?;
        }
        self.committed(slot);
        Ok(())
    }

    fn commit(&mut self, slot: &Slot, batch: &mut Batch) -> Result<()> {
        let stored = match self.home.stay(slot) {
            Stay::Here => self.stored,
            Stay::Elsewhere(home) => {
                batch.adopt(home, slot);
                self.stored
            }
            Stay::Nowhere | Stay::Lost => {
                batch.clear(slot);
                0
            }
        };
        let pages = self.pages();
        if pages < stored {
            batch.delete_range(slot, key(pages).to_vec()..);
        }
        let kept = stored.min(pages);
        for page in self.touched.range(..kept).copied().chain(kept..pages) {
            batch.put(slot, &key(page), self.encode(page)?);
        }
        Ok(())
    }

    fn committed(&mut self, slot: &Slot) {
        self.touched.clear();
        self.stored = self.pages();
        self.home.settle(slot);
    }

    /// Reads all of it again, if the turn has changed anything. An index looks at what it is to put before it puts it, so that is
    /// so only when storage has refused a commit.
    fn rollback(&mut self, slot: &Slot) -> Result<()> {
        if self.home.is(slot) && self.touched.is_empty() && self.stored == self.pages() {
            return Ok(());
        }
        self.load(&[], slot)
    }
}

#[cfg(test)]
mod tests {
    use std::mem;

    use duractor::{Native, native::Fault, prelude::*};
    use proptest::prelude::*;

    use super::*;
    use crate::embedding::random;

    fn index(vectors: impl IntoIterator<Item = Vec<f32>>) -> Vectors {
        let mut index = Vectors::default();
        for (at, vector) in vectors.into_iter().enumerate() {
            index.put(&at.to_string(), &unit(&vector).unwrap(), None);
        }
        index
    }

    fn ids<'v>(found: &[Near<'v>]) -> Vec<&'v str> {
        found.iter().map(|near| near.id).collect()
    }

    /// The best scores by a sort of all, in f64.
    fn oracle(vectors: &[Vec<f32>], query: &[f32], k: usize) -> Vec<f64> {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let cosine = |vector: &Vec<f32>| dot(vector, query) / (dot(vector, vector) * dot(query, query)).sqrt();
        let mut scores: Vec<f64> = vectors.iter().map(cosine).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores.truncate(k);
        scores
    }

    #[test]
    fn of_ten_thousand_vectors_the_nearest_are_found() {
        let vectors: Vec<Vec<f32>> = (0..VECTORS_MAX as u64).map(|seed| random(seed << 32, 384)).collect();
        let (index, query) = (index(vectors.clone()), random(7, 384));
        let found = index.nearest(&unit(&query).unwrap(), 10);
        let expected = oracle(&vectors, &query, 10);
        assert_eq!(found.len(), 10);
        for (near, expected) in found.iter().zip(expected) {
            assert!((f64::from(near.score) - expected).abs() < 1e-6, "{near:?} is not {expected}");
            let own = oracle(&vectors[near.id.parse::<usize>().unwrap()..][..1], &query, 1)[0];
            assert!((own - expected).abs() < 1e-6, "{near:?} scores {own}");
        }
    }

    #[test]
    fn equal_scores_are_in_the_order_of_rows() {
        let index = index([vec![0.0, 1.0], vec![3.0, 0.0], vec![1.0, 0.0], vec![-1.0, 0.0], vec![0.5, 0.0]]);
        let found = index.nearest(&[1.0, 0.0], 2);
        assert_eq!((ids(&found), found[1].score), (vec!["1", "2"], 1.0));
        assert_eq!(ids(&index.nearest(&[1.0, 0.0], 9)), ["1", "2", "4", "0", "3"]);
    }

    #[test]
    fn length_does_not_count() {
        for vector in [[3e38, 3e38], [1e-45, 1e-45], [-2.0, -2.0]] {
            let unit = unit(&vector).unwrap();
            assert!((unit[0].abs() - 0.5_f32.sqrt()).abs() < 1e-6, "{vector:?} became {unit:?}");
        }
        for vector in [&[0.0, -0.0][..], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0], &[]] {
            assert_eq!(unit(vector), None, "{vector:?}");
        }
    }

    #[test]
    fn an_empty_index_finds_nothing_and_takes_any_dimensions() {
        let mut index = index([vec![1.0, 2.0]]);
        assert!(index.remove("0") && !index.remove("0"));
        assert_eq!((index.len(), index.dimensions(), index.nearest(&[1.0], 5)), (0, None, vec![]));
        index.put("a", &[1.0], None);
        assert_eq!(index.dimensions(), Some(1));
    }

    #[test]
    fn a_matrix_is_bounded_in_rows_and_in_bytes() {
        assert_eq!([1, 384, 768, DIMENSIONS_MAX].map(Vectors::max), [10_000, 10_000, 5_461, 1_024]);
    }

    /// Two indices of one actor, between which vectors can be moved. They have two rows in a page.
    #[derive(Default, Actor)]
    struct Pair {
        one: Vectors,
        other: Vectors,
        #[actor(transient)]
        kept: Vectors,
    }

    #[methods]
    impl Pair {
        #[put("/{id}/{x}/{y}")]
        fn put(&mut self, id: &str, x: f32, y: f32) {
            let mut vector = vec![0.0; DIMENSIONS_MAX];
            (vector[0], vector[DIMENSIONS_MAX - 1]) = (x, y);
            self.one.put(id, &vector, Some(id));
        }

        #[delete("/{id}")]
        fn remove(&mut self, id: &str) -> bool {
            self.one.remove(id)
        }

        #[post("/clear")]
        fn clear(&mut self) {
            self.one.clear();
        }

        #[post("/swap")]
        fn swap(&mut self) {
            mem::swap(&mut self.one, &mut self.other);
        }

        #[post("/take")]
        fn take(&mut self) {
            self.other = mem::take(&mut self.one);
        }

        /// Takes the vectors out for longer than a turn.
        #[post("/keep")]
        fn keep(&mut self) {
            self.kept = mem::take(&mut self.one);
        }

        #[post("/give-back")]
        fn give_back(&mut self) {
            self.one = mem::take(&mut self.kept);
        }

        #[get]
        fn all(&self) -> String {
            let all = |vectors: &Vectors| {
                let each = vectors.labels.iter().map(|label| {
                    let Entry { id, vector, payload } = vectors.get(&label.id).unwrap();
                    format!("{id}: {} {} {payload:?}\n", vector[0], vector[DIMENSIONS_MAX - 1])
                });
                each.collect::<String>()
            };
            format!("{}--\n{}", all(&self.one), all(&self.other))
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Send(&'static str, String),
        /// The same, refused by storage.
        Fail(&'static str, String),
        Evict,
    }

    fn step() -> impl Strategy<Value = Step> {
        let put = (0..9, -2..3, 1..3).prop_map(|(id, x, y)| ("PUT", format!("/pair/{id}/{x}/{y}")));
        let remove = (0..9).prop_map(|id| ("DELETE", format!("/pair/{id}")));
        let other = |path: &str| Just(("POST", format!("/pair/{path}")));
        let send = prop_oneof![8 => put, 4 => remove, 1 => other("clear"), 1 => other("swap"), 1 => other("take")];
        (send, 0..8).prop_map(|((method, target), chance)| match chance {
            0 => Step::Fail(method, target),
            1 => Step::Evict,
            _ => Step::Send(method, target),
        })
    }

    fn pair() -> Native {
        Native::new().routes(Router::new().mount::<Pair>("/pair", "pair"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_stored_is_what_is_in_memory(steps in prop::collection::vec(step(), 1..40)) {
            let (native, mut free) = (pair(), Pair::default());
            for step in steps {
                match step {
                    Step::Send(method, target) => {
                        let reply = native.request(method, &target).send();
                        prop_assert!(reply.status < 300, "{}", reply.text());
                        let parts: Vec<&str> = target.split('/').skip(2).collect();
                        match parts[..] {
                            [id, x, y] => free.put(id, x.parse().unwrap(), y.parse().unwrap()),
                            ["clear"] => free.clear(),
                            ["swap"] => free.swap(),
                            ["take"] => free.take(),
                            _ => drop(free.remove(parts[0])),
                        }
                    }
                    Step::Fail(method, target) => {
                        native.inject(Fault::FailCommit);
                        let reply = native.request(method, &target).send();
                        prop_assert!(reply.status == 503 || reply.status < 300, "{}", reply.text());
                        // It may have had nothing to commit.
                        native.heal();
                    }
                    Step::Evict => native.evict("Pair", "pair"),
                }
                let reply = native.get("/pair").send();
                prop_assert_eq!(reply.text(), free.all());
            }
        }
    }

    #[test]
    fn vectors_that_come_back_in_a_later_turn_are_written_anew() {
        let native = pair();
        for id in 0..5 {
            native.put(&format!("/pair/{id}/1/{id}")).send();
        }
        let all = native.get("/pair").send();
        for step in ["keep", "give-back"] {
            assert_eq!(native.post(&format!("/pair/{step}")).send().status, 204);
        }
        native.evict("Pair", "pair");
        assert_eq!(native.get("/pair").send().text(), all.text());
    }

    #[test]
    fn a_turn_writes_the_pages_that_it_touched() {
        let native = pair();
        for id in 0..9 {
            native.put(&format!("/pair/{id}/1/{id}")).send();
        }
        let before = native.stored("Pair", "pair");
        native.delete("/pair/4").send();
        let after = native.stored("Pair", "pair");
        assert_eq!((before.len(), after.len()), (6, 5), "pages of two rows, and the record");
        assert_eq!(after.iter().filter(|page| !before.contains(page)).count(), 1, "the last row has moved");
    }

    #[test]
    fn a_page_that_is_missing_is_noticed() {
        let native = pair();
        for id in 0..3 {
            native.put(&format!("/pair/{id}/1/{id}")).send();
        }
        let stored = native.stored("Pair", "pair");
        let (key, _) = stored.iter().find(|(key, _)| key.ends_with(&[0, 0, 0, 0])).expect("the first page");
        native.evict("Pair", "pair");
        native.store("Pair", "pair", key, None);
        let reply = native.get("/pair").send();
        assert_eq!((reply.status, reply.text().contains("state-unreadable")), (500, true));
        assert!(native.log().concat().contains("page 0 of the matrix should be here"), "{:?}", native.log());
        assert_eq!(native.stored("Pair", "pair").len(), stored.len() - 1);
    }
}
