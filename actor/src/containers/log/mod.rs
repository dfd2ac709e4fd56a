//! [`Log`]: entries that are appended, and read by position.

mod iter;
mod stored;
#[cfg(test)]
mod tests;

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    ops::{Bound, RangeBounds},
    rc::Rc,
};

use serde::{Serialize, de::DeserializeOwned};

use super::{base::Base, span::Span};
use crate::{codec, problem::Result};

pub use self::iter::LogRange;

/// Entries in the order in which they were pushed, each at a position of its own.
///
/// A position is given to one entry and never to another, also after the log was truncated or cleared and the actor was
/// evicted: whoever has read up to a position goes on from there. Nothing of the log is in memory but what the
/// present turn pushed; a turn writes what it pushed, whatever the length of the log. Whatever reads returns a
/// [`Result`]: storage can fail, and stored bytes can be broken.
///
/// ```
/// use duractor::{Log, Result};
///
/// let mut log: Log<String> = Log::default();
/// for text in ["opened", "moved", "closed"] {
///     log.push(text.to_owned())?;
/// }
/// let newest = log.range(..).rev().take(2).collect::<Result<Vec<_>>>()?;
/// assert_eq!(newest, [(2, "closed".to_owned()), (1, "moved".to_owned())]);
///
/// log.truncate_before(2);
/// assert_eq!((log.first(), log.end()), (2, 3));
/// assert_eq!(log.get(0)?, None);
/// # Ok::<_, duractor::Error>(())
/// ```
///
/// A log made by `Default` is detached: it is in memory alone, and does everything that a stored one does. One that is
/// taken out of its field ([`std::mem::take`]) belongs into a field again before the turn ends: with the turn, what it has
/// stored goes to the field that holds it then, or is gone.
pub struct Log<T> {
    base: Base,
    /// By position.
    pushed: BTreeMap<Vec<u8>, Pushed>,
    now: Ends,
    committed: Ends,
    /// Whether the turn dropped something, so that the ends cannot be told from the entries that are there.
    is_cut: bool,
    /// How what is stored becomes an entry, where that is not by decoding alone.
    read: Option<Rc<Read<T>>>,
    entry: PhantomData<fn() -> T>,
}

type Read<T> = dyn Fn(&[u8]) -> Result<T, String>;

/// Where a log begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    /// Entries before this were dropped.
    first: u64,
    /// The next position.
    end: u64,
}

/// An entry of the present turn, encoded.
struct Pushed(Vec<u8>);

/// Empty and detached.
impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            base: Base::default(),
            pushed: BTreeMap::new(),
            now: Ends::default(),
            committed: Ends::default(),
            is_cut: false,
            read: None,
            entry: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Log<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log({}..{})", self.now.first, self.now.end)
    }
}

impl<T> Log<T> {
    /// The position before which everything was dropped; 0 if nothing was.
    pub fn first(&self) -> u64 {
        self.now.first
    }

    /// The position that the next entry gets.
    pub fn end(&self) -> u64 {
        self.now.end
    }

    /// Drops the entries before a position: the oldest ones.
    pub fn truncate_before(&mut self, position: u64) {
        let position = position.min(self.now.end);
        if position > self.now.first {
            self.now.first = position;
            self.drop_span(span(0, position));
        }
    }

    /// Drops the entries from a position on: the newest ones. Their positions stay used: the next entry goes to
    /// [`end`](Self::end) as if they were there, and between it and the entry before it there is nothing.
    ///
    /// ```
    /// use duractor::Log;
    ///
    /// let mut log: Log<char> = Log::default();
    /// for letter in ['a', 'b', 'c'] {
    ///     log.push(letter)?;
    /// }
    /// log.truncate(1);
    /// assert_eq!(log.push('d')?, 3);
    /// assert_eq!(log.count(..)?, 2);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    pub fn truncate(&mut self, position: u64) {
        if position <= self.now.first {
            return self.clear();
        }
        if position < self.now.end {
            self.drop_span(span(position, u64::MAX));
        }
    }

    /// Drops every entry. [`first`](Self::first) becomes [`end`](Self::end), which stays.
    pub fn clear(&mut self) {
        if self.now.first < self.now.end {
            self.now.first = self.now.end;
            self.drop_span(Span::ALL);
        }
    }

    fn drop_span(&mut self, span: Span) {
        self.pushed.retain(|key, _| !span.contains(key));
        self.base.remove(span);
        self.is_cut = true;
    }

    /// The keys of a range of positions, as far as there can be entries.
    fn span(&self, range: &impl RangeBounds<u64>) -> Span {
        let from = match range.start_bound() {
            Bound::Included(position) => *position,
            Bound::Excluded(position) => position.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(position) => position.saturating_add(1),
            Bound::Excluded(position) => *position,
            Bound::Unbounded => u64::MAX,
        };
        span(from.max(self.now.first), to.min(self.now.end))
    }
}

/// The keys of the positions from the first on and before the second.
fn span(from: u64, to: u64) -> Span {
    let [from, to] = [from, to].map(|position| position.to_be_bytes().to_vec());
    Span::new(Bound::Included(from), Bound::Excluded(to))
}

impl<T: Serialize + DeserializeOwned> Log<T> {
    /// Appends an entry, or a borrowed one, which is encoded at once. Returns its position.
    ///
    /// # Errors
    ///
    /// If the entry cannot be encoded; nothing is appended then.
    pub fn push(&mut self, entry: impl Borrow<T>) -> Result<u64> {
        let position = self.now.end;
        self.pushed.insert(position.to_be_bytes().to_vec(), Pushed(codec::encode(entry.borrow())?));
        self.now.end += 1;
        Ok(position)
    }

    /// The entry at a position, if it is there. It is the caller's own: decoded for the caller, and kept nowhere.
    ///
    /// # Errors
    ///
    /// If storage fails, or what is stored cannot be decoded.
    pub fn get(&self, position: u64) -> Result<Option<T>> {
        if !(self.now.first..self.now.end).contains(&position) {
            return Ok(None);
        }
        let key = position.to_be_bytes();
        let entry = match self.pushed.get(&key[..]) {
            Some(pushed) => codec::decode(&pushed.0).map(Some),
            None => self.base.get(&key)?.map(|bytes| decode(self.read.as_deref(), &bytes)).transpose(),
        };
        entry.map_err(|why| self.base.unreadable(&key, why))
    }

    /// The entries of a range of positions, from both ends. They are read page by page. What the present turn pushed is
    /// among them.
    ///
    /// Items are `Result`s; the first error is the last item.
    pub fn range(&self, range: impl RangeBounds<u64>) -> LogRange<'_, T> {
        LogRange::new(self, self.span(&range))
    }

    /// How many entries a range of positions has. It takes time in proportion to them. Of a log from whose end nothing
    /// was [dropped](Self::truncate), all of it has `end() - first()`.
    ///
    /// # Errors
    ///
    /// If storage fails.
    pub fn count(&self, range: impl RangeBounds<u64>) -> Result<u64> {
        let span = self.span(&range);
        let pushed = self.pushed.range(span.bounds()).count() as u64;
        Ok(pushed + self.base.count(span)?)
    }

    /// Whether there is no entry.
    ///
    /// # Errors
    ///
    /// If storage fails, or what is stored cannot be decoded.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.range(..).next().transpose()?.is_none())
    }

    /// Makes other entries of all entries, at the same positions: for a migration. It does so when an entry is read, and
    /// to all of them, page by page, at the end of the turn. `convert` may see an entry more than once.
    ///
    /// ```
    /// use duractor::Log;
    ///
    /// let mut lines: Log<String> = Log::default();
    /// lines.push("four".to_owned())?;
    /// let lengths = lines.map(|line| line.len())?;
    /// assert_eq!(lengths.get(0)?, Some(4));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an entry of the present turn does not come back from its bytes, or what is made of it cannot be encoded.
    pub fn map<U: Serialize + DeserializeOwned>(self, convert: impl Fn(T) -> U + 'static) -> Result<Log<U>>
    where
        T: 'static,
    {
        let mut pushed = BTreeMap::new();
        for (key, entry) in self.pushed {
            let old = codec::decode(&entry.0).map_err(|why| self.base.unreadable(&key, why))?;
            pushed.insert(key, Pushed(codec::encode(&convert(old))?));
        }
        let read = self.read;
        let read = Rc::new(move |bytes: &[u8]| decode(read.as_deref(), bytes).map(&convert));
        let Self { base, now, committed, is_cut, .. } = self;
        Ok(Log { base, pushed, now, committed, is_cut, read: Some(read), entry: PhantomData })
    }
}

/// A stored value as an entry.
fn decode<T: DeserializeOwned>(read: Option<&Read<T>>, bytes: &[u8]) -> Result<T, String> {
    read.map_or_else(|| codec::decode(bytes), |read| read(bytes))
}
