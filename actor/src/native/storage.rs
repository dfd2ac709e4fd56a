//! The databases of all actors.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use twox_hash::XxHash64;

#[cfg(target_arch = "wasm32")]
pub(crate) use super::memory::Database;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use super::sqlite::Database;
use crate::host::StorageError;

/// An actor's class and name.
pub(crate) type Identity = (String, String);

/// A key and its value, whole.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// How much of a name is in its file's, in bytes: file systems allow 255, and SQLite 512 for the whole path. A longer
/// name is told by its hash.
const FILE_MAX_BYTES: usize = 150;

/// The databases of all actors: in memory, or each in a file of its own.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    folder: Option<PathBuf>,
    databases: RefCell<HashMap<Identity, Rc<Database>>>,
}

impl Storage {
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, databases: RefCell::default() }
    }

    /// The database of an actor, made where there is none.
    pub(crate) fn of(&self, identity: &Identity) -> Result<Rc<Database>, StorageError> {
        if let Some(database) = self.databases.borrow().get(identity) {
            return Ok(database.clone());
        }
        let file = self.folder.as_deref().map(|folder| file(folder, identity)).transpose()?;
        let database = Rc::new(Database::open(file.as_deref())?);
        self.databases.borrow_mut().insert(identity.clone(), database.clone());
        Ok(database)
    }
}

/// An actor's file. Its folder is made.
fn file(folder: &Path, (class, name): &Identity) -> Result<PathBuf, StorageError> {
    let folder = folder.join(class);
    fs::create_dir_all(&folder).map_err(|error| StorageError::new(format!("{}: {error}", folder.display())))?;
    let mut file = escape(name);
    if file.len() > FILE_MAX_BYTES {
        let [low, high] = [0, 1].map(|seed| XxHash64::oneshot(seed, name.as_bytes()));
        file.truncate(FILE_MAX_BYTES);
        write!(file, ".{high:016x}{low:016x}").expect("a string has room");
    }
    Ok(folder.join(file + ".sqlite"))
}

/// A name by which every file system tells actors apart, also one that takes `A` for `a`.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => escaped.push(char::from(byte)),
            _ => write!(escaped, "_{byte:02x}").expect("a string has room"),
        }
    }
    escaped
}

/// A transaction, or one within it. It is undone unless it is kept.
#[must_use = "it is undone when this is dropped"]
pub(crate) struct Savepoint<'d> {
    database: &'d Database,
    is_open: bool,
}

impl<'d> Savepoint<'d> {
    pub(crate) fn begin(database: &'d Database) -> Result<Self, StorageError> {
        database.begin()?;
        Ok(Self { database, is_open: true })
    }

    pub(crate) fn keep(mut self) -> Result<(), StorageError> {
        self.database.keep()?;
        self.is_open = false;
        Ok(())
    }

    /// Leaves it open, to be undone later.
    pub(crate) fn leave(mut self) {
        self.is_open = false;
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.database.undo().expect("what was begun can be undone");
        }
    }
}
