//! Keys of an [`Arena`](super::Arena).

use std::{
    cmp::Ordering,
    error::Error as StdError,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

/// Names an entry of an [`Arena`](super::Arena), for as long as the entry is there.
///
/// It is 8 bytes and `Copy`, so entries refer to each other by it. A place that becomes free is used again with the next
/// generation: a key whose entry was removed finds nothing, and never the entry that stands there now, also after the
/// actor was evicted.
///
/// As text it is `index.generation`, so it can stand in a path and in JSON, where it is a string:
///
/// ```
/// use duractor::{Arena, ArenaKey};
///
/// let mut arena = Arena::default();
/// let key = arena.insert("milk");
/// assert_eq!(key.to_string(), "0.0");
/// assert_eq!("0.0".parse(), Ok(key));
/// assert_eq!(serde_json::to_string(&key)?, r#""0.0""#);
/// assert!("0".parse::<ArenaKey<&str>>().is_err());
/// # Ok::<_, serde_json::Error>(())
/// ```
pub struct ArenaKey<T> {
    pub(super) index: u32,
    pub(super) generation: u32,
    /// A key has no `T`: it is `Send`, `Sync` and `Copy` whatever the entries are.
    entry: PhantomData<fn() -> T>,
}

impl<T> ArenaKey<T> {
    pub(super) const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation, entry: PhantomData }
    }

    /// The same key of entries of another type: for a migration, where [`Arena::map`](super::Arena::map) keeps keys.
    #[must_use]
    pub const fn cast<U>(self) -> ArenaKey<U> {
        ArenaKey::new(self.index, self.generation)
    }

    pub(super) const fn parts(self) -> (u32, u32) {
        (self.index, self.generation)
    }
}

// By hand, since derives would ask the same of `T`.

impl<T> Clone for ArenaKey<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ArenaKey<T> {}

impl<T> PartialEq for ArenaKey<T> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl<T> Eq for ArenaKey<T> {}

impl<T> PartialOrd for ArenaKey<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In the order of [`Arena::iter`](super::Arena::iter).
impl<T> Ord for ArenaKey<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl<T> Hash for ArenaKey<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl<T> fmt::Debug for ArenaKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> fmt::Display for ArenaKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

/// A text that is no [`ArenaKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseKeyError;

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key is two numbers with a dot between, such as `5.2`")
    }
}

impl StdError for ParseKeyError {}

impl<T> FromStr for ArenaKey<T> {
    type Err = ParseKeyError;

    /// Accepts what `Display` writes and no other spelling, so that a key has one text.
    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        let (index, generation) = parse(text).ok_or(ParseKeyError)?;
        Ok(Self::new(index, generation))
    }
}

fn parse(text: &str) -> Option<(u32, u32)> {
    let (index, generation) = text.split_once('.')?;
    Some((parse_number(index)?, parse_number(generation)?))
}

fn parse_number(text: &str) -> Option<u32> {
    let is_plain = text == "0" || text.starts_with(|first| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| is_plain)
}

impl<T> Serialize for ArenaKey<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.parts().serialize(serializer) }
    }
}

impl<'de, T> Deserialize<'de> for ArenaKey<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (index, generation) = if deserializer.is_human_readable() {
            deserializer.deserialize_str(TextVisitor)?
        } else {
            Deserialize::deserialize(deserializer)?
        };
        Ok(Self::new(index, generation))
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = (u32, u32);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key such as \"5.2\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(u32, u32), E> {
        parse(text).ok_or_else(|| E::custom(ParseKeyError))
    }
}
