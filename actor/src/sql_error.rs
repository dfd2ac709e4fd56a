//! [`SqlError`]: why a statement failed.

use std::{error::Error as StdError, fmt};

use crate::sql_text::is_single;

/// How much of a statement an error shows, in bytes.
const SHOWN_MAX_BYTES: usize = 1 << 10;
/// How much of that stands before the position, where the statement's start is too far away.
const SHOWN_BEFORE_BYTES: usize = 256;

/// A statement that failed, and why.
///
/// By `?` it becomes an [`Error`](crate::Error) of status 500: the log shows the statement, the client does not. A
/// constraint that was violated is often the client's doing and deserves an answer of its own:
///
/// ```
/// use duractor::prelude::*;
///
/// fn register(sql: &mut Sql, email: &str) -> Result<()> {
///     match sql.execute("INSERT INTO users (email) VALUES (?)", (email,)) {
///         Err(error) if error.is_constraint() => Err(Problem::new(409, "taken", "this address is registered"))?,
///         outcome => outcome.map(drop).map_err(Into::into),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    message: String,
    code: Option<String>,
    sql: String,
    offset: Option<usize>,
}

impl SqlError {
    /// An error of Duractor's own.
    pub(crate) fn new(message: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { message: message.into(), code: None, sql: sql.into(), offset: None }
    }

    /// What SQLite said, as the host words it: `message[ at offset n][: SQLITE_CODE[ (extended: SQLITE_CODE_DETAIL)]]`.
    pub(crate) fn of_host(text: &str, sql: impl Into<String>) -> Self {
        let sql = sql.into();
        let (text, code) = split_code(text);
        let (message, offset) = split_offset(text);
        // Of several statements the host counts from the start of the one that failed, and does not say which.
        let offset = offset.filter(|offset| sql.is_char_boundary(*offset) && is_single(&sql));
        Self { message: message.to_owned(), code: code.map(str::to_owned), sql, offset }
    }

    /// Why, in SQLite's words where it is SQLite that refused the statement.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The statement.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Where in the statement, in bytes, if that is known.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// SQLite's [result code](https://www.sqlite.org/rescode.html) by name, such as `SQLITE_CONSTRAINT_UNIQUE`, if the
    /// host tells it.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether a constraint was violated: `UNIQUE`, `NOT NULL`, `CHECK`, a primary or a foreign key, the type of a
    /// column in a `STRICT` table.
    pub fn is_constraint(&self) -> bool {
        self.code().is_some_and(|code| code.starts_with("SQLITE_CONSTRAINT"))
            || self.message.contains("constraint failed")
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.offset.and_then(|offset| self.sql.get(..offset)) {
            Some(before) => write!(f, " at character {} of: ", before.chars().count())?,
            None => f.write_str(" in: ")?,
        }
        f.write_str(&shown(&self.sql, self.offset.unwrap_or_default()))
    }
}

impl StdError for SqlError {}

/// The extended code, which says more, stands in brackets behind the code.
fn split_code(text: &str) -> (&str, Option<&str>) {
    match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (extended: ")) {
        Some((text, extended)) if is_code(extended) => (split_last(text).0, Some(extended)),
        _ => split_last(text),
    }
}

fn split_last(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(": ") {
        Some((message, code)) if is_code(code) => (message, Some(code)),
        _ => (text, None),
    }
}

fn is_code(word: &str) -> bool {
    let is_part = |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    word.starts_with("SQLITE_") && word.bytes().all(is_part)
}

fn split_offset(text: &str) -> (&str, Option<usize>) {
    let split = text.rsplit_once(" at offset ");
    let parsed = split.and_then(|(message, offset)| Some((message, offset.parse().ok()?)));
    parsed.map_or((text, None), |(message, offset)| (message, Some(offset)))
}

/// The part of a statement that an error shows.
fn shown(sql: &str, offset: usize) -> String {
    if sql.len() <= SHOWN_MAX_BYTES {
        return sql.trim_end().to_owned();
    }
    let start = if offset < SHOWN_MAX_BYTES { 0 } else { sql.floor_char_boundary(offset - SHOWN_BEFORE_BYTES) };
    let end = sql.floor_char_boundary(start + SHOWN_MAX_BYTES);
    let (before, behind) = (if start > 0 { "…" } else { "" }, if end < sql.len() { "…" } else { "" });
    format!("{before}{}{behind}", &sql[start..end])
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_the_host_says_is_taken_apart() {
        for (text, message, code, offset) in [
            ("no such table: users: SQLITE_ERROR", "no such table: users", Some("SQLITE_ERROR"), None),
            (
                "near \"FORM\": syntax error at offset 9: SQLITE_ERROR",
                "near \"FORM\": syntax error",
                Some("SQLITE_ERROR"),
                Some(9),
            ),
            (
                "UNIQUE constraint failed: t.b: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
                "UNIQUE constraint failed: t.b",
                Some("SQLITE_CONSTRAINT_UNIQUE"),
                None,
            ),
            ("no such table: SQLITE_users", "no such table: SQLITE_users", None, None),
            ("no such column: a at offset 99: SQLITE_ERROR", "no such column: a", Some("SQLITE_ERROR"), None),
            ("", "", None, None),
            (": SQLITE_BUSY)", ": SQLITE_BUSY)", None, None),
            ("wrong at offset x", "wrong at offset x", None, None),
        ] {
            let error = SqlError::of_host(text, "SELECT * FORM x");
            assert_eq!((error.message(), error.code(), error.offset()), (message, code, offset), "{text}");
        }
    }

    #[test]
    fn an_error_shows_its_statement_and_where_it_is_wrong() {
        let error = SqlError::of_host("no such table: users: SQLITE_ERROR", "SELECT * FROM users");
        assert_eq!(error.to_string(), "no such table: users in: SELECT * FROM users");
        let error = SqlError::of_host("near \"FORM\": syntax error at offset 15: SQLITE_ERROR", "SELECT 'ä', * FORM x");
        assert_eq!(error.to_string(), "near \"FORM\": syntax error at character 14 of: SELECT 'ä', * FORM x");
    }

    #[test]
    fn a_position_among_several_statements_is_not_known() {
        let text = "near \"FORM\": syntax error at offset 9: SQLITE_ERROR";
        assert_eq!(SqlError::of_host(text, "SELECT 1; SELECT * FORM x").offset(), None);
        assert_eq!(SqlError::of_host(text, "SELECT * FORM x; ").offset(), Some(9));
        assert_eq!(SqlError::of_host(text, "SELECT 'äääääääää").offset(), None, "it is within a character");
    }

    #[test]
    fn a_long_statement_is_shown_around_its_position() {
        let sql = format!("SELECT '{}' FORM x", "ä".repeat(4_000));
        let text =
            SqlError::of_host(&format!("near \"FORM\": syntax error at offset {}", sql.len() - 6), &sql).to_string();
        assert!(text.ends_with("FORM x") && text.contains("of: …ä") && text.len() < 600, "{text}");
        let text = SqlError::new("no", &sql).to_string();
        assert!(text.starts_with("no in: SELECT 'ä") && text.ends_with("ä…") && text.len() < 1_100, "{text}");
    }

    #[test]
    fn a_violated_constraint_is_told_by_its_code_or_its_words() {
        for text in [
            "UNIQUE constraint failed: t.b",
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
            "cannot store TEXT value in INTEGER column u.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_DATATYPE)",
        ] {
            assert!(SqlError::of_host(text, "").is_constraint(), "{text}");
        }
        assert!(!SqlError::of_host("no such table: users: SQLITE_ERROR", "").is_constraint());
    }
}
