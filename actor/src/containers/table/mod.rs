//! [`Table`]: an ordered map that is read entry by entry.

mod cache;
mod iter;
mod stored;
#[cfg(test)]
mod tests;

use std::{borrow::Borrow, collections::BTreeMap, fmt, marker::PhantomData, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};

use self::cache::{Cache, Entry};
use super::{base::Base, order, span::Span};
use crate::problem::Result;

pub use self::{
    cache::TABLE_CACHE_MAX_BYTES,
    iter::{TableKeys, TableRange},
};

/// A map in the order of its keys, for state that may be larger than memory.
///
/// Each entry is a stored value of its own. What a method asks for is read then, and kept in memory within
/// [`TABLE_CACHE_MAX_BYTES`]; a turn writes the entries that it touched, whatever the size of the table. An entry that
/// was read, or found missing, is not read again while it is kept. Whatever may read returns a [`Result`]: storage can
/// fail, and stored bytes can be broken.
///
/// Keys are of any type that serde knows, and sort as their derived `Ord` does: numbers by value, text by its bytes,
/// tuples and structs field by field, enums by variant. (`HashMap`s have no order, and are no keys.) Where entries belong
/// to something, such as the messages of a room, the key is a tuple, and [`prefix`](Self::prefix) finds what belongs
/// together:
///
/// ```
/// use duractor::{Result, Table};
///
/// let mut messages: Table<(String, u64), String> = Table::default();
/// messages.insert(("attic".into(), 2), "anybody there?".into());
/// messages.insert(("attic".into(), 1), "hello".into());
/// messages.insert(("cellar".into(), 1), "dark here".into());
///
/// let attic: Vec<String> = messages.prefix(&("attic",)).map(|entry| Ok(entry?.1)).collect::<Result<_>>()?;
/// assert_eq!(attic, ["hello", "anybody there?"]);
///
/// // The newest message of the house's last room.
/// let (_, text) = messages.last()?.expect("there is one");
/// assert_eq!(text, "dark here");
/// # Ok::<_, duractor::Error>(())
/// ```
///
/// A key can be given by its borrowed form, such as `&str` for a `String`. Beware of arrays: as a slice they are
/// encoded differently, and not found.
///
/// A table made by `Default` is detached: it is in memory alone, and does everything that a stored one does. One that is
/// taken out of its field ([`std::mem::take`]) belongs into a field again before the turn ends: with the turn, what it has
/// stored goes to the field that holds it then, or is gone.
///
/// # Panics
///
/// A key that cannot be encoded panics where the method returns no `Result`: one with a field that is left out
/// (`skip_serializing_if`), or whose own `Serialize` fails, as paths do that are not text. Keys of plain derived types
/// never do.
pub struct Table<K, V> {
    base: Base,
    /// What the turn touched; what it removed is an entry that has no value.
    changes: BTreeMap<Vec<u8>, Box<Entry<V>>>,
    cache: Cache<V>,
    /// How what is stored becomes an entry, where that is not by decoding alone.
    read: Option<Rc<Read<V>>>,
    key: PhantomData<fn() -> K>,
}

type Read<V> = dyn Fn(&[u8]) -> Result<V, String>;

/// Empty and detached.
impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { base: Base::default(), changes: BTreeMap::new(), cache: Cache::default(), read: None, key: PhantomData }
    }
}

impl<K, V> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} changed entries)", self.changes.len())
    }
}

impl<K, V> Table<K, V>
where
    K: Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    /// The key's entry, if there is one.
    ///
    /// ```
    /// use duractor::Table;
    ///
    /// let mut balances: Table<String, i64> = Table::default();
    /// balances.insert("ann".into(), 5);
    /// assert_eq!(balances.get("ann")?, Some(&5));
    /// assert_eq!(balances.get("bob")?.copied().unwrap_or(0), 0);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// What is lent stays in memory as long as the method borrows from the table: whoever goes through much of it takes
    /// [`range`](Self::range), which keeps nothing.
    ///
    /// # Errors
    ///
    /// If storage fails, or what is stored cannot be decoded.
    pub fn get<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Option<&V>>
    where
        K: Borrow<Q>,
    {
        let key = order::encode(key)?;
        if let Some(change) = self.changes.get(&key) {
            return Ok(change.value.as_ref());
        }
        if !self.base.may_hold(&key) {
            return Ok(None);
        }
        if let Some(known) = self.cache.get(&key) {
            return Ok(known);
        }
        let entry = self.read(&key)?;
        Ok(self.cache.insert(key, entry))
    }

    /// Whether the key has an entry.
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn contains_key<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<bool>
    where
        K: Borrow<Q>,
    {
        Ok(self.get(key)?.is_some())
    }

    /// The key's entry, if there is one, to be changed: it is written when the turn ends, changed or not.
    ///
    /// ```
    /// use duractor::Table;
    ///
    /// let mut stock: Table<u32, u32> = Table::from_iter([(7, 10)]);
    /// if let Some(left) = stock.get_mut(&7)? {
    ///     *left -= 1;
    /// }
    /// assert_eq!(stock.get(&7)?, Some(&9));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn get_mut<Q: Serialize + ?Sized>(&mut self, key: &Q) -> Result<Option<&mut V>>
    where
        K: Borrow<Q>,
    {
        let key = order::encode(key)?;
        if !self.changes.contains_key(&key) {
            let Some(entry) = self.fetch(&key)? else { return Ok(None) };
            self.changes.insert(key.clone(), entry);
        }
        Ok(self.changes.get_mut(&key).and_then(|change| change.value.as_mut()))
    }

    /// The key's entry, to be changed; where there is none, it is made first.
    ///
    /// ```
    /// use duractor::Table;
    ///
    /// let mut counts: Table<String, u32> = Table::default();
    /// for word in ["to", "be", "or", "not", "to", "be"] {
    ///     *counts.get_or_insert_with(word.to_owned(), || 0)? += 1;
    /// }
    /// assert_eq!(counts.get("be")?, Some(&2));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get).
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> Result<&mut V> {
        let key = order::encode(&key)?;
        if !self.changes.contains_key(&key) {
            let entry = self.fetch(&key)?;
            self.changes.insert(key.clone(), entry.unwrap_or_else(|| Entry::new(None)));
        }
        let change = self.changes.entry(key).or_insert_with(|| Entry::new(None));
        Ok(change.value.get_or_insert_with(make))
    }

    /// Stores an entry, in place of the key's earlier one if there is one. It reads nothing.
    ///
    /// # Panics
    ///
    /// If the key cannot be encoded.
    pub fn insert(&mut self, key: K, value: V) {
        let key = encode(&key);
        self.cache.take(&key);
        self.changes.insert(key, Entry::new(Some(value)));
    }

    /// Removes the key's entry, if there is one. It reads nothing.
    ///
    /// # Panics
    ///
    /// If the key cannot be encoded.
    pub fn remove<Q: Serialize + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let key = encode(key);
        self.cache.take(&key);
        if self.base.may_hold(&key) {
            self.changes.insert(key, Entry::new(None));
        } else {
            self.changes.remove(&key);
        }
    }

    /// Stores an entry, and returns the key's earlier one.
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get); nothing is changed then.
    pub fn replace(&mut self, key: K, value: V) -> Result<Option<V>> {
        self.exchange(order::encode(&key)?, Some(value))
    }

    /// Removes the key's entry, and returns it.
    ///
    /// ```
    /// use duractor::Table;
    ///
    /// let mut seats: Table<u8, String> = Table::from_iter([(1, "ann".to_owned())]);
    /// assert_eq!(seats.take(&1)?.as_deref(), Some("ann"));
    /// assert_eq!(seats.take(&1)?, None);
    /// # Ok::<_, duractor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`get`](Self::get); nothing is changed then.
    pub fn take<Q: Serialize + ?Sized>(&mut self, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
    {
        self.exchange(order::encode(key)?, None)
    }

    fn exchange(&mut self, key: Vec<u8>, value: Option<V>) -> Result<Option<V>> {
        if value.is_none() && !self.base.may_hold(&key) {
            return Ok(self.changes.remove(&key).and_then(|change| change.value));
        }
        if let Some(change) = self.changes.get_mut(&key) {
            return Ok(std::mem::replace(&mut change.value, value));
        }
        let old = self.fetch(&key)?;
        if old.is_some() || value.is_some() {
            self.changes.insert(key, Entry::new(value));
        }
        Ok(old.and_then(|old| old.value))
    }

    /// Removes every entry. It reads nothing, and writes one command.
    pub fn clear(&mut self) {
        self.base.remove(Span::ALL);
        self.changes.clear();
        self.cache = Cache::default();
    }

    /// Makes other entries of all entries, under the same keys: for a migration. It does so when an entry is read, and to
    /// all of them, page by page, at the end of the turn. `convert` may see an entry more than once.
    ///
    /// ```
    /// use duractor::Table;
    ///
    /// let cents: Table<String, i64> = Table::from_iter([("ann".to_owned(), 250)]);
    /// let euros = cents.map(|cents| cents as f64 / 100.0);
    /// assert_eq!(euros.get("ann")?, Some(&2.5));
    /// # Ok::<_, duractor::Error>(())
    /// ```
    pub fn map<U>(self, convert: impl Fn(V) -> U + 'static) -> Table<K, U>
    where
        V: 'static,
    {
        let changes = self.changes.into_iter();
        let changes = changes.map(|(key, change)| (key, Entry::new(change.value.map(&convert)))).collect();
        let read = self.read;
        let read = Rc::new(move |bytes: &[u8]| stored::decode(read.as_deref(), bytes).map(&convert));
        Table { base: self.base, changes, cache: Cache::default(), read: Some(read), key: PhantomData }
    }

    /// What is stored under a key.
    fn read(&self, key: &[u8]) -> Result<Box<Entry<V>>> {
        let Some(bytes) = self.base.get(key)? else { return Ok(Entry::new(None)) };
        let value = stored::decode(self.read.as_deref(), &bytes);
        let value = Some(value.map_err(|why| self.base.unreadable(key, why))?);
        Ok(Box::new(Entry { value, bytes: bytes.len() }))
    }

    /// What is stored under a key that the turn has not changed, taken from the cache. That there is nothing stays there.
    fn fetch(&mut self, key: &[u8]) -> Result<Option<Box<Entry<V>>>> {
        self.cache.trim();
        if !self.base.may_hold(key) {
            return Ok(None);
        }
        let entry = match self.cache.take(key) {
            Some(known) => known,
            None => self.read(key)?,
        };
        if entry.value.is_none() {
            self.cache.insert(key.to_vec(), entry);
            return Ok(None);
        }
        Ok(Some(entry))
    }
}

/// # Panics
///
/// If the key cannot be encoded.
fn encode<K: Serialize + ?Sized>(key: &K) -> Vec<u8> {
    order::encode(key).unwrap_or_else(|why| no_key(&why))
}

#[cold]
fn no_key(why: &dyn fmt::Display) -> ! {
    panic!("a table's key cannot be encoded: {why}")
}

/// As by [`Table::insert`], one after the other.
impl<K, V> Extend<(K, V)> for Table<K, V>
where
    K: Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

/// Detached.
impl<K, V> FromIterator<(K, V)> for Table<K, V>
where
    K: Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut table = Self::default();
        table.extend(entries);
        table
    }
}
