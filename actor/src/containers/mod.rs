//! Containers: fields that keep values of their own, so that a turn writes only what it touched.

mod arena;
mod column;
mod home;

#[cfg(test)]
mod disk;

pub use arena::{ARENA_MAX_BYTES, ARENA_MAX_ENTRIES, Arena, ArenaIter, ArenaIterMut, ArenaKey, Mut, ParseKeyError};
pub use home::{Home, Stay};
pub use column::{
    COLUMN_CACHE_MAX_BYTES, COLUMN_LENT_MAX_BYTES, COLUMN_MAX_PAGES, COLUMN_PAGE_VALUES, Column, ColumnSlices,
    ColumnStream,
};
