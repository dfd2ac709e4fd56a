//! The user's own statements, with what the platform lets them do.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};

use rusqlite::{
    Batch, Connection, Error as SqlError, Statement, ToSql,
    fallible_iterator::FallibleIterator,
    hooks::{AuthAction, AuthContext, Authorization},
    types::{ToSqlOutput, ValueRef},
};

use super::{
    codes::failure,
    page::{answer, owned},
};
use crate::{
    host::{ANSWER_MAX_BYTES, StorageError},
    rows::Rows,
    value::Value,
};

const WRITES: &str = "this statement writes: queue it with `.execute()`, or take `sql: &mut Sql`";

/// What runs the user's statements.
pub(super) struct Runner<'d> {
    pub(super) connection: &'d Connection,
    /// Whether a statement of the user's is being prepared, which may do less than ours.
    pub(super) is_users: &'d AtomicBool,
    /// Becomes whether something was written.
    pub(super) has_written: &'d Cell<bool>,
}

impl<'d> Runner<'d> {
    /// Runs the user's statements, one after the other. The parameters are for the last, and so are the rows.
    pub(super) fn run(&self, text: &str, params: &[Value], may_write: bool) -> Result<Rows, StorageError> {
        let mut batch = Batch::new(self.connection, text);
        let (mut found, mut is_bound) = (None, false);
        while let Some(mut statement) = self.next(&mut batch)? {
            if !statement.readonly() {
                if !may_write {
                    return Err(StorageError::new(WRITES));
                }
                self.has_written.set(true);
            }
            let count = statement.parameter_count();
            let given = if count == 0 { &[] } else { params };
            if is_bound || count != given.len() {
                return Err(wrong_count(count, params.len()));
            }
            is_bound = count > 0;
            found = Some(self.collect(&mut statement, given)?);
        }
        if !is_bound && !params.is_empty() {
            return Err(wrong_count(0, params.len()));
        }
        found.ok_or_else(|| StorageError::new("there is no statement in this text"))
    }

    fn next(&self, batch: &mut Batch<'d, '_>) -> Result<Option<Statement<'d>>, StorageError> {
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
    StorageError::new(format!(
        "wrong number of parameters: a statement has {wanted}, {given} were given, which are for the last one"
    ))
}

/// What a cell takes in a frame, in bytes.
fn size(value: &Value) -> usize {
    16 + match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 0,
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
pub(super) fn authorize(is_users: &AtomicBool, context: &AuthContext<'_>) -> Authorization {
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
    const KNOWN: [&str; 10] = [
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
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known))
        || name.eq_ignore_ascii_case("optimize")
        || (name.eq_ignore_ascii_case("data_version") && value.is_none())
}
