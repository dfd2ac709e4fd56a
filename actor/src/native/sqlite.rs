//! One actor's storage: a SQLite database, as a Durable Object has one, with the platform's limits
//! ([Cloudflare, "Durable Objects limits"](https://developers.cloudflare.com/durable-objects/platform/limits/)).

use std::{
    cell::Cell,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use rusqlite::{Connection, Error as SqlError, hooks::AuthContext, limits::Limit, params, types::ValueRef};

use super::{
    codes::failure,
    page::{Page, behind, owned, rows},
    sql::{Runner, authorize},
};
use crate::{
    host::{PART_MAX_BYTES, Read, StorageError, Write},
    rows::Rows,
    value::Value,
};

const LIMITS: [(Limit, i32); 6] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2_000_000),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
];

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS _duractor (key BLOB NOT NULL UNIQUE, value BLOB, parts INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS _duractor_parts
        (key BLOB NOT NULL, part INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (key, part));";

/// One actor's database.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    /// How many savepoints are open, one in the other. The outermost is the transaction.
    depth: Cell<usize>,
    /// Whether the tables are known to be there.
    has_tables: Cell<bool>,
    /// Whether something was written since the transaction began.
    has_written: Cell<bool>,
    /// Whether a statement of the user's is being prepared, which may do less than ours.
    is_users: Arc<AtomicBool>,
}

impl Database {
    /// In memory, or in a file, which is made where there is none.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, StorageError> {
        let opened = match file {
            Some(file) => Connection::open(file),
            None => Connection::open_in_memory(),
        };
        opened.and_then(Self::new).map_err(failure)
    }

    fn new(mut connection: Connection) -> Result<Self, SqlError> {
        for (limit, value) in LIMITS {
            connection.set_limit(limit, value)?;
        }
        // A test's process may be killed, its machine does not lose power.
        connection.execute_batch("PRAGMA synchronous = OFF")?;
        let is_users = Arc::new(AtomicBool::new(false));
        let asks = is_users.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| authorize(&asks, &context)))?;
        let (depth, has_tables, has_written) = Default::default();
        Ok(Self { connection, depth, has_tables, has_written, is_users })
    }

    /// Begins a transaction, or one within it.
    pub(crate) fn begin(&self) -> Result<(), StorageError> {
        self.check()?;
        if self.depth.get() == 0 {
            self.has_written.set(false);
        }
        self.run(&format!("SAVEPOINT duractor{}", self.depth.get()))?;
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Whether the transaction is over before its end: SQLite itself ends it when the disk is full, and
    /// `INSERT OR ROLLBACK` does when there is a conflict.
    fn is_gone(&self) -> bool {
        self.depth.get() > 0 && self.connection.is_autocommit()
    }

    /// What is done after that would be kept, whatever becomes of the rest.
    fn check(&self) -> Result<(), StorageError> {
        if self.is_gone() {
            Err(StorageError::new("a statement has rolled back the whole transaction"))
        } else {
            Ok(())
        }
    }

    /// Ends what was begun last, and keeps it.
    pub(crate) fn keep(&self) -> Result<(), StorageError> {
        self.check()?;
        self.run(&format!("RELEASE duractor{}", self.depth.get() - 1))?;
        self.depth.set(self.depth.get() - 1);
        Ok(())
    }

    /// Ends what was begun last, as if it had not been.
    pub(crate) fn undo(&self) -> Result<(), StorageError> {
        let (depth, is_gone) = (self.depth.get() - 1, self.is_gone());
        self.has_tables.set(false);
        self.depth.set(depth);
        if is_gone {
            return Ok(());
        }
        self.run(&format!("ROLLBACK TO duractor{depth}; RELEASE duractor{depth}"))
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth.get()
    }

    /// Whether something was written in the present transaction, be it undone or not.
    pub(crate) fn has_written(&self) -> bool {
        self.has_written.get()
    }

    fn run(&self, sql: &str) -> Result<(), StorageError> {
        self.connection.execute_batch(sql).map_err(failure)
    }

    pub(crate) fn read(&self, read: &Read<'_>) -> Result<Rows, StorageError> {
        self.check()?;
        match *read {
            Read::Get { key } => self.get(key),
            Read::Scan { from, to, is_descending, rows_max } => self.scan(from, to, is_descending, rows_max),
            Read::Count { from, to } => self.count(from, to),
            Read::Sql { text, params, may_write } => return self.users().run(text, params, may_write),
        }
        .map_err(failure)
    }

    fn users(&self) -> Runner<'_> {
        Runner { connection: &self.connection, is_users: &self.is_users, has_written: &self.has_written }
    }

    fn get(&self, key: &[u8]) -> Result<Rows, SqlError> {
        let mut values = Vec::new();
        if self.has_tables()? {
            let mut found = self.connection.prepare("SELECT value, parts FROM _duractor WHERE key = ?1")?;
            let mut found = found.query([key])?;
            if let Some(row) = found.next()? {
                values.push(self.value(key, row.get_ref(0)?, row.get_ref(1)?)?);
            }
        }
        Ok(rows(&["value"], false, &values))
    }

    /// A row's value, put together where it is in parts. One that is none of ours is returned as it is, and one whose
    /// parts are not all there is empty: its checksum will tell.
    fn value(&self, key: &[u8], value: ValueRef<'_>, parts: ValueRef<'_>) -> Result<Value, SqlError> {
        if parts == ValueRef::Integer(0) {
            return Ok(owned(value));
        }
        let mut found = self.connection.prepare("SELECT value FROM _duractor_parts WHERE key = ?1 ORDER BY part")?;
        let mut found = found.query([key])?;
        let (mut whole, mut count) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            whole.extend_from_slice(row.get_ref(0)?.as_bytes_or_null()?.unwrap_or_default());
            count += 1;
        }
        if parts != ValueRef::Integer(count) {
            whole.clear();
        }
        Ok(Value::Blob(whole))
    }

    fn scan(&self, from: &[u8], to: &[u8], is_descending: bool, rows_max: u32) -> Result<Rows, SqlError> {
        let mut page = Page::new(rows_max);
        if !self.has_tables()? {
            return Ok(page.into_rows(false));
        }
        let order = if is_descending { "DESC" } else { "ASC" };
        let sql = format!("SELECT key, value, parts FROM _duractor WHERE key >= ?1 AND key < ?2 ORDER BY key {order}");
        let mut found = self.connection.prepare(&sql)?;
        let mut found = found.query([from, to])?;
        while let Some(row) = found.next()? {
            if page.is_full() {
                return Ok(page.into_rows(true));
            }
            let key = row.get_ref(0)?.as_bytes_or_null()?.unwrap_or_default().to_vec();
            let value = self.value(&key, row.get_ref(1)?, row.get_ref(2)?)?;
            page.push(key, value);
        }
        Ok(page.into_rows(false))
    }

    fn count(&self, from: &[u8], to: &[u8]) -> Result<Rows, SqlError> {
        let mut count = 0;
        if self.has_tables()? {
            let sql = "SELECT count(*) FROM _duractor WHERE key >= ?1 AND key < ?2";
            count = self.connection.query_row(sql, [from, to], |row| row.get(0))?;
        }
        Ok(rows(&["count"], false, &[Value::Integer(count)]))
    }

    fn has_tables(&self) -> Result<bool, SqlError> {
        if !self.has_tables.get() {
            let sql = "SELECT 1 FROM sqlite_schema WHERE name = '_duractor'";
            self.has_tables.set(self.connection.prepare(sql)?.exists([])?);
        }
        Ok(self.has_tables.get())
    }

    pub(crate) fn write(&self, write: &Write) -> Result<(), StorageError> {
        self.check()?;
        self.has_written.set(true);
        match write {
            Write::Sql { text, params } => return self.users().run(text, params, true).map(drop),
            Write::Put { key, value } => self.put(key, value),
            Write::Delete { key } => self.delete(key, Some(&[key.as_slice(), &[0]].concat())),
            Write::DeleteRange { from, to } => self.delete(from, Some(to)),
            Write::Move { from, to } => self.relocate(from, to),
            Write::Erase => self.erase(),
        }
        .map_err(failure)
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), SqlError> {
        if !self.has_tables()? {
            self.connection.execute_batch(TABLES)?;
        }
        let parts = if value.len() > PART_MAX_BYTES { value.len().div_ceil(PART_MAX_BYTES) } else { 0 };
        self.connection.execute("DELETE FROM _duractor_parts WHERE key = ?1", [key])?;
        let whole = (parts == 0).then_some(value);
        let sql = "INSERT OR REPLACE INTO _duractor (key, value, parts) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![key, whole, parts as i64])?;
        if parts == 0 {
            return Ok(());
        }
        let mut insert =
            self.connection.prepare("INSERT INTO _duractor_parts (key, part, value) VALUES (?1, ?2, ?3)")?;
        for (part, value) in (0_i64..).zip(value.chunks(PART_MAX_BYTES)) {
            insert.execute(params![key, part, value])?;
        }
        Ok(())
    }

    fn delete(&self, from: &[u8], to: Option<&[u8]>) -> Result<(), SqlError> {
        if self.has_tables()? {
            for table in ["_duractor", "_duractor_parts"] {
                let sql = format!("DELETE FROM {table} WHERE key >= ?1 AND (?2 IS NULL OR key < ?2)");
                self.connection.execute(&sql, params![from, to])?;
            }
        }
        Ok(())
    }

    /// Drops whatever there is. Tables go last, since dropping one takes its indices and triggers along, and a virtual
    /// one's own tables.
    fn erase(&self) -> Result<(), SqlError> {
        self.connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        let sql = "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view', 'table') AND substr(name, 1, 7) <> 'sqlite_'
                   ORDER BY type = 'table', sql NOT LIKE 'CREATE VIRTUAL%'";
        let all: Vec<(String, String)> = {
            let mut found = self.connection.prepare(sql)?;
            let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (kind, name) in all {
            let name = name.replace('"', "\"\"");
            self.connection.execute_batch(&format!("DROP {kind} IF EXISTS \"{name}\""))?;
        }
        self.has_tables.set(false);
        Ok(())
    }

    fn relocate(&self, from: &[u8], to: &[u8]) -> Result<(), SqlError> {
        if self.has_tables()? {
            for table in ["_duractor", "_duractor_parts"] {
                // `||` makes text, of the same bytes.
                let sql = format!(
                    "UPDATE {table} SET key = CAST(?1 || substr(key, ?2) AS BLOB)
                     WHERE key >= ?3 AND (?4 IS NULL OR key < ?4)"
                );
                self.connection.execute(&sql, params![to, from.len() as i64 + 1, from, behind(from)])?;
            }
        }
        Ok(())
    }
}
