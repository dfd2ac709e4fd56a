//! One actor's storage: a SQLite database, as a Durable Object has one, with the platform's limits
//! ([Cloudflare, "Durable Objects limits"](https://developers.cloudflare.com/durable-objects/platform/limits/)).

use std::{
    cell::Cell,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::{
    Connection, Error as SqlError, Statement, ToSql,
    fallible_iterator::FallibleIterator,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    params,
    types::{ToSqlOutput, ValueRef},
};

use super::page::{Page, answer, behind, rows};
use crate::{
    host::{ANSWER_MAX_BYTES, PART_MAX_BYTES, Read, StorageError, Write},
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
    CREATE TABLE IF NOT EXISTS _duractor (key BLOB PRIMARY KEY, value BLOB, parts INTEGER) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS _duractor_parts (key BLOB, part INTEGER, value BLOB, PRIMARY KEY (key, part))
        WITHOUT ROWID;";

const WRITES: &str = "this statement writes: queue it with `.execute()`, or take `sql: &mut Sql`";

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
        if self.depth.get() == 0 {
            self.has_written.set(false);
        }
        self.run(&format!("SAVEPOINT duractor{}", self.depth.get()))?;
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Ends what was begun last, and keeps it.
    pub(crate) fn keep(&self) -> Result<(), StorageError> {
        self.run(&format!("RELEASE duractor{}", self.depth.get() - 1))?;
        self.depth.set(self.depth.get() - 1);
        Ok(())
    }

    /// Ends what was begun last, as if it had not been.
    pub(crate) fn undo(&self) -> Result<(), StorageError> {
        let depth = self.depth.get() - 1;
        self.has_tables.set(false);
        self.depth.set(depth);
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
        match *read {
            Read::Get { key } => self.get(key),
            Read::Scan { from, to, is_descending } => self.scan(from, to, is_descending),
            Read::Count { from, to } => self.count(from, to),
            Read::Sql { text, params, may_write } => return self.sql(text, params, may_write),
        }
        .map_err(failure)
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

    fn scan(&self, from: &[u8], to: &[u8], is_descending: bool) -> Result<Rows, SqlError> {
        let mut page = Page::default();
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
        self.has_written.set(true);
        match write {
            Write::Sql { text, params } => return self.sql(text, params, true).map(drop),
            Write::Put { key, value } => self.put(key, value),
            Write::Delete { key } => self.delete(key, Some(&[key.as_slice(), &[0]].concat())),
            Write::DeleteRange { from, to } => self.delete(from, Some(to)),
            Write::Move { from, to } => self.relocate(from, to),
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

    /// Runs the user's statements, one after the other. The parameters are for the one that has some, which is the
    /// last, and the rows are the last one's.
    fn sql(&self, text: &str, params: &[Value], may_write: bool) -> Result<Rows, StorageError> {
        let mut batch = rusqlite::Batch::new(&self.connection, text);
        let (mut found, mut is_bound) = (None, params.is_empty());
        while let Some(mut statement) = self.next(&mut batch)? {
            if !statement.readonly() {
                if !may_write {
                    return Err(StorageError::new(WRITES));
                }
                self.has_written.set(true);
            }
            let count = statement.parameter_count();
            let params = if count == 0 { &[] } else { params };
            if count != params.len() || (is_bound && count > 0) {
                return Err(wrong_count(count, params.len()));
            }
            is_bound |= count > 0;
            found = Some(self.collect(&mut statement, params)?);
        }
        if !is_bound {
            return Err(wrong_count(0, params.len()));
        }
        found.ok_or_else(|| StorageError::new("there is no statement in this text"))
    }

    fn next<'c>(&self, batch: &mut rusqlite::Batch<'c, '_>) -> Result<Option<Statement<'c>>, StorageError> {
        self.is_users.store(true, Ordering::Relaxed);
        let statement = batch.next();
        self.is_users.store(false, Ordering::Relaxed);
        statement.map_err(failure)
    }

    fn collect(&self, statement: &mut Statement<'_>, params: &[Value]) -> Result<Rows, StorageError> {
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let before = self.connection.total_changes();
        let mut found = statement.query(rusqlite::params_from_iter(params.iter().map(Param))).map_err(failure)?;
        let (mut values, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.next().map_err(failure)? {
            for column in 0..names.len() {
                let value = owned(row.get_ref(column).map_err(failure)?);
                bytes += size(&value);
                values.push(value);
            }
            if bytes > ANSWER_MAX_BYTES as usize {
                return Err(too_large());
            }
        }
        let has_changed = self.connection.total_changes() > before;
        Ok(answer(&names, if has_changed { self.connection.changes() } else { 0 }, &values))
    }
}

fn too_large() -> StorageError {
    StorageError::new(format!("the answer is larger than {ANSWER_MAX_BYTES} bytes: ask for less at once"))
}

fn wrong_count(wanted: usize, given: usize) -> StorageError {
    StorageError::new(format!("wrong number of parameters: the last statement has {wanted}, {given} were given"))
}

/// What a cell takes in a frame, in bytes.
fn size(value: &Value) -> usize {
    16 + match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 0,
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// A parameter as the runtime binds it: its numbers are all of one kind.
struct Param<'v>(&'v Value);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, SqlError> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Real(*number as f64),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Refuses what the platform refuses a user's statement.
fn authorize(is_users: &AtomicBool, context: &AuthContext<'_>) -> Authorization {
    if !is_users.load(Ordering::Relaxed) {
        return Authorization::Allow;
    }
    match context.action {
        AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. } => Authorization::Deny,
        AuthAction::Pragma { pragma_name, pragma_value } if !allows_pragma(pragma_name, pragma_value) => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

/// The pragmas of the platform
/// ([Cloudflare, "SQL statements"](https://developers.cloudflare.com/d1/sql-api/sql-statements/)).
fn allows_pragma(name: &str, value: Option<&str>) -> bool {
    const WITH_ANY: [&str; 10] = [
        "table_list",
        "table_info",
        "table_xinfo",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
        "defer_foreign_keys",
        "quick_check",
    ];
    WITH_ANY.iter().any(|known| name.eq_ignore_ascii_case(known))
        || (name.eq_ignore_ascii_case("optimize"))
        || (["data_version", "user_version"].contains(&name) && value.is_none())
}

/// SQLite's own words.
fn failure(error: SqlError) -> StorageError {
    StorageError::new(match error {
        SqlError::SqliteFailure(_, Some(message)) => message,
        SqlError::SqlInputError { msg, offset, .. } => format!("{msg} at offset {offset}"),
        other => other.to_string(),
    })
}
