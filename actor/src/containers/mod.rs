//! Containers: fields that keep values of their own, so that a turn writes only what it touched.

mod arena;
mod base;
mod column;
mod home;
mod log;
mod order;
mod span;
mod table;
mod walk;

#[cfg(test)]
mod disk;

pub use arena::{ARENA_MAX_BYTES, ARENA_MAX_ENTRIES, Arena, ArenaIter, ArenaIterMut, ArenaKey, Mut, ParseKeyError};
pub use column::{
    COLUMN_CACHE_MAX_BYTES, COLUMN_GROUPS_MAX, COLUMN_LENT_MAX_BYTES, COLUMN_MAX_PAGES, COLUMN_PAGE_VALUES, Column,
    ColumnSlices, ColumnStream,
};
pub use home::{Home, Stay};
pub use log::{Log, LogRange};
pub use table::{TABLE_CACHE_MAX_BYTES, Table, TableKeys, TableRange};
