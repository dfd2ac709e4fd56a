//! [`Statement`]: SQL with its parameters, to be read or executed.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{
    answer::{Answer, Rows},
    params::check,
};
use crate::{
    activation::Call,
    host::Read,
    sql_error::SqlError,
    sql_text::{begins_as_read, is_single},
    store::Place,
    turn::Turn,
    value::Value,
};

/// Longest text of SQL, in bytes: as much as the platform takes.
pub const SQL_MAX_BYTES: u32 = 100_000;
/// Most statements that one turn may queue into its commit.
pub const SQL_WRITES_MAX: u32 = 10_000;

/// SQL with its parameters. Made by [`Cx::sql`](crate::Cx::sql) and [`Sql::query`](super::Sql::query).
///
/// # Rows
///
/// A row becomes whatever type its reader names, by serde:
///
/// | type | takes |
/// |---|---|
/// | a struct, a map | columns by their names; columns that it has no field for are left out |
/// | a tuple, an array | all columns by their position |
/// | a number, `bool`, text, bytes, an enum, a newtype of these | the only column |
/// | `Option` | `NULL` as `None`, which is an error for every other type |
/// | `()` | nothing |
/// | [`Value`], `serde_json::Value` | the only column, or of several an object |
///
/// Within a row, integers are exact or an error, as is one that its type has no room for; `bool` is 0 or 1; enums of unit
/// variants are text; bytes, also as `Vec<u8>` and `[u8; N]`, are a blob.
///
/// ```
/// use duractor::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct User {
///     id: u64,
///     name: String,
///     email: Option<String>,
/// }
///
/// # fn read(cx: &Cx) -> Result<()> {
/// let users: Vec<User> = cx.sql("SELECT * FROM users", ()).all()?;
/// let pairs: Vec<(u64, String)> = cx.sql("SELECT id, name FROM users", ()).all()?;
/// let count: u64 = cx.sql("SELECT count(*) FROM users", ()).one()?;
/// # Ok(()) }
/// ```
///
/// # Bounds
///
/// [`SQL_MAX_BYTES`] of text, [`SQL_PARAMS_MAX`](super::SQL_PARAMS_MAX) parameters, 32 MiB of rows.
#[must_use = "a statement does nothing until it is read or executed"]
pub struct Statement<'s> {
    text: &'s str,
    params: Vec<Value>,
    place: &'s Place,
    access: Access<'s>,
}

/// What a statement may do.
#[derive(Clone, Copy)]
pub(super) enum Access<'s> {
    /// Read at once, write with the commit of the call's turn.
    Queue(&'s Call),
    /// Both at once.
    Write,
}

impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({}, {:?})", self.text, self.params)
    }
}

impl<'s> Statement<'s> {
    pub(super) fn new(text: &'s str, params: Vec<Value>, place: &'s Place, access: Access<'s>) -> Self {
        Self { text, params, place, access }
    }

    /// Every row.
    ///
    /// # Errors
    ///
    /// If the statement fails, or a row is not a `T`; if it writes, unless it is of [`Sql`](super::Sql).
    pub fn all<T: DeserializeOwned>(self) -> Result<Vec<T>, SqlError> {
        self.rows()?.collect()
    }

    /// The only row.
    ///
    /// # Errors
    ///
    /// As of [`all`](Self::all), and if there is not exactly one row.
    pub fn one<T: DeserializeOwned>(self) -> Result<T, SqlError> {
        let answer = self.read()?;
        if answer.rows.len() == 1 { answer.get(0) } else { Err(answer.miscounted("one")) }
    }

    /// The only row, if there is one.
    ///
    /// ```
    /// # use duractor::prelude::*;
    /// # #[derive(Default, Actor)] struct Users {}
    /// # #[methods] impl Users {
    /// /// 404 where there is no such user.
    /// #[get("/{id}")]
    /// fn name(cx: &Cx, id: u64) -> Result<Option<String>> {
    ///     Ok(cx.sql("SELECT name FROM users WHERE id = ?", (id,)).optional()?)
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`all`](Self::all), and if there is more than one row.
    pub fn optional<T: DeserializeOwned>(self) -> Result<Option<T>, SqlError> {
        let answer = self.read()?;
        match answer.rows.len() {
            0 => Ok(None),
            1 => answer.get(0).map(Some),
            _ => Err(answer.miscounted("at most one")),
        }
    }

    /// Every row, decoded as the iterator comes to it: for an answer of which not all is kept.
    ///
    /// ```
    /// # use duractor::prelude::*;
    /// # fn read(cx: &Cx) -> Result<()> {
    /// let mut total = 0.0;
    /// for order in cx.sql("SELECT price, amount FROM orders", ()).rows()? {
    ///     let (price, amount): (f64, u32) = order?;
    ///     total += price * f64::from(amount);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the statement fails; if it writes, unless it is of [`Sql`](super::Sql).
    pub fn rows<T: DeserializeOwned>(self) -> Result<Rows<T>, SqlError> {
        self.read().map(Rows::new)
    }

    /// Writes. A statement of [`Cx::sql`](crate::Cx::sql) is queued and runs when its turn commits, in the same
    /// transaction as the changed state; one of [`Sql::query`](super::Sql::query) runs now.
    ///
    /// ```
    /// use duractor::prelude::*;
    ///
    /// #[derive(Default, Actor)]
    /// struct Orders {
    ///     count: u64,
    /// }
    ///
    /// #[methods]
    /// impl Orders {
    ///     /// Either both the count and the row are there, or neither.
    ///     #[post]
    ///     fn add(&mut self, cx: &Cx, item: &str) -> Result<()> {
    ///         self.count += 1;
    ///         cx.sql("INSERT INTO orders (id, item) VALUES (?, ?)", (self.count, item)).execute()?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Outside of an exclusive turn, and beyond a bound. What is wrong with a queued statement itself shows at the
    /// commit, which then fails as a whole.
    pub fn execute(self) -> Result<(), SqlError> {
        let Access::Queue(call) = self.access else { return self.read().map(drop) };
        self.check()?;
        if call.held.get() != Turn::Exclusive {
            let why = "a write is queued in an exclusive turn only: in a method with `&mut self`, or `me.turn(…)`";
            return Err(self.error(why));
        }
        let mut writes = call.writes.borrow_mut();
        if writes.len() >= SQL_WRITES_MAX as usize {
            return Err(self.error(format!("one turn may queue {SQL_WRITES_MAX} statements")));
        }
        writes.push((self.text.to_owned(), self.params));
        Ok(())
    }

    /// Runs it and takes all of its answer, in one crossing.
    pub(super) fn read(self) -> Result<Answer, SqlError> {
        self.check()?;
        let may_write = matches!(self.access, Access::Write);
        if !may_write {
            self.check_reads()?;
        }
        let read = Read::Sql { text: self.text, params: &self.params, may_write };
        match self.place.host.read(self.place.actor, &read) {
            Ok(rows) => Ok(Answer { rows, sql: self.text.to_owned() }),
            Err(error) => Err(SqlError::of_host(&error.message, self.text)),
        }
    }

    fn check(&self) -> Result<(), SqlError> {
        if self.text.len() > SQL_MAX_BYTES as usize {
            let len = self.text.len();
            return Err(self.error(format!("{len} bytes of SQL, where the platform takes {SQL_MAX_BYTES} at most")));
        }
        check(&self.params).map_err(|why| self.error(why))
    }

    /// The host refuses a statement that writes rows. It may not notice one among several, nor one that writes none,
    /// such as `DROP TABLE`.
    fn check_reads(&self) -> Result<(), SqlError> {
        if !begins_as_read(self.text) {
            let why = "this is no statement that reads: one that writes is queued with `.execute()`, or run by an argument \
                       `sql: &mut Sql`";
            return Err(self.error(why));
        }
        if !is_single(self.text) {
            return Err(self.error("a read is one statement; several are run by an argument `sql: &mut Sql`"));
        }
        Ok(())
    }

    fn error(&self, why: impl Into<String>) -> SqlError {
        SqlError::new(why, self.text)
    }
}
