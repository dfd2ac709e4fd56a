//! What SQLite says when it fails.

use rusqlite::Error as SqlError;

use crate::host::StorageError;

/// SQLite's own words, with the names of its codes as the runtime adds them.
pub(super) fn failure(error: SqlError) -> StorageError {
    let (message, code) = match error {
        SqlError::SqliteFailure(code, Some(message)) => (message, code),
        SqlError::SqlInputError { msg, offset, error, .. } => (format!("{msg} at offset {offset}"), error),
        other => return StorageError::new(other.to_string()),
    };
    StorageError::new(message + &code_names(code.extended_code))
}

/// Result codes that statements end with, by number ([SQLite, "Result and Error Codes"](https://www.sqlite.org/rescode.html)).
const CODES: [(i32, &str); 20] = [
    (1, "SQLITE_ERROR"),
    (5, "SQLITE_BUSY"),
    (6, "SQLITE_LOCKED"),
    (8, "SQLITE_READONLY"),
    (10, "SQLITE_IOERR"),
    (11, "SQLITE_CORRUPT"),
    (13, "SQLITE_FULL"),
    (18, "SQLITE_TOOBIG"),
    (19, "SQLITE_CONSTRAINT"),
    (20, "SQLITE_MISMATCH"),
    (23, "SQLITE_AUTH"),
    (26, "SQLITE_NOTADB"),
    (275, "SQLITE_CONSTRAINT_CHECK"),
    (787, "SQLITE_CONSTRAINT_FOREIGNKEY"),
    (1299, "SQLITE_CONSTRAINT_NOTNULL"),
    (1555, "SQLITE_CONSTRAINT_PRIMARYKEY"),
    (1811, "SQLITE_CONSTRAINT_TRIGGER"),
    (2067, "SQLITE_CONSTRAINT_UNIQUE"),
    (2579, "SQLITE_CONSTRAINT_ROWID"),
    (3091, "SQLITE_CONSTRAINT_DATATYPE"),
];

fn code_names(extended: i32) -> String {
    let name = |code| CODES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name);
    match (name(extended & 0xff), name(extended)) {
        (Some(primary), Some(detail)) if primary != detail => format!(": {primary} (extended: {detail})"),
        (Some(primary), _) => format!(": {primary}"),
        (None, _) => String::new(),
    }
}
