//! The user's own SQL: [`Cx::sql`] anywhere, [`Sql`] within a turn's transaction.

mod answer;
mod decode;
mod params;
mod statement;

use std::{fmt, rc::Rc};

pub use answer::Rows;
pub use params::{Params, SQL_PARAMS_MAX};
pub use statement::{SQL_MAX_BYTES, SQL_WRITES_MAX, Statement};

use crate::{cx::Cx, host::StorageError, sql_error::SqlError, store::Place};
use statement::Access;

impl Cx {
    /// A statement in the actor's own SQLite database, beside its state.
    ///
    /// It reads at once, wherever it stands, and sees what is committed: in an exclusive turn neither what the turn has
    /// queued nor what it has changed in the actor's fields. [`execute`](Statement::execute) queues a write into the
    /// turn's commit. A method that reads what it writes takes [`Sql`] instead.
    ///
    /// ```
    /// use duractor::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize, Serialize)]
    /// struct User {
    ///     id: u64,
    ///     name: String,
    /// }
    ///
    /// #[derive(Default, Actor)]
    /// struct Users {}
    ///
    /// #[methods]
    /// impl Users {
    ///     #[get]
    ///     fn search(&self, cx: &Cx, text: &str) -> Result<Json<Vec<User>>> {
    ///         let like = format!("{text}%");
    ///         Ok(Json(cx.sql("SELECT id, name FROM users WHERE name LIKE ? ORDER BY id", (like,)).all()?))
    ///     }
    /// }
    /// ```
    ///
    /// Tables whose names begin with `_duractor` hold the actor's fields. They are not to be touched.
    pub fn sql<'s>(&'s self, text: &'s str, params: impl Params) -> Statement<'s> {
        Statement::new(text, params.into_params(), &self.0.home.place, Access::Queue(&self.0))
    }
}

/// SQL within the transaction of a turn: the argument `sql: &mut Sql` of a method or a hook that takes `&mut self` and
/// does not wait.
///
/// Statements run at once and see each other. They are kept if the turn commits, in the same transaction as the changed
/// state, and leave no trace if it is rolled back. A statement that fails has changed nothing; the turn may go on, and
/// what it did before still stands.
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Shop {
///     sold: u64,
/// }
///
/// #[methods]
/// impl Shop {
///     #[created]
///     fn create(&mut self, sql: &mut Sql) -> Result<()> {
///         sql.execute("CREATE TABLE stock (item TEXT PRIMARY KEY, pieces INTEGER NOT NULL CHECK (pieces >= 0))", ())?;
///         Ok(())
///     }
///
///     /// How many are left.
///     #[post("/sell/{item}")]
///     fn sell(&mut self, sql: &mut Sql, item: &str) -> Result<Option<u64>> {
///         self.sold += 1;
///         Ok(sql.query("UPDATE stock SET pieces = pieces - 1 WHERE item = ? RETURNING pieces", (item,)).optional()?)
///     }
/// }
/// ```
pub struct Sql {
    place: Rc<Place>,
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sql({}/{})", self.place.class, self.place.name)
    }
}

impl Sql {
    pub(crate) fn new(place: Rc<Place>) -> Self {
        Self { place }
    }

    /// A statement to be read. It may write, such as `INSERT … RETURNING`.
    pub fn query<'s>(&'s mut self, text: &'s str, params: impl Params) -> Statement<'s> {
        Statement::new(text, params.into_params(), &self.place, Access::Write)
    }

    /// Runs a statement and returns how many rows it has inserted, updated or deleted, without what triggers have done.
    ///
    /// The text may hold several statements, one after the other. The parameters are then the last one's, and so is the
    /// count.
    ///
    /// # Errors
    ///
    /// If the statement fails. Of several the ones before it have been run.
    pub fn execute(&mut self, text: &str, params: impl Params) -> Result<u64, SqlError> {
        let answer = self.query(text, params).read()?;
        Ok(answer.rows.changed())
    }

    /// Runs `body` as a transaction within that of the turn: if it fails, what it has written with `sql` is rolled back,
    /// and nothing else. Fields of the actor that it has changed stay changed.
    ///
    /// ```
    /// use duractor::{Sql, SqlError};
    ///
    /// /// Imports what can be imported.
    /// fn import(sql: &mut Sql, orders: &[(u64, Vec<&str>)]) -> usize {
    ///     let insert = |sql: &mut Sql, id: u64, items: &[&str]| {
    ///         sql.execute("INSERT INTO orders (id) VALUES (?)", (id,))?;
    ///         for item in items {
    ///             sql.execute("INSERT INTO items (id, item) VALUES (?, ?)", (id, *item))?;
    ///         }
    ///         Ok::<_, SqlError>(())
    ///     };
    ///     orders.iter().filter(|(id, items)| sql.transaction(|sql| insert(sql, *id, items)).is_ok()).count()
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What `body` returns, and an [`SqlError`] if the transaction cannot be begun or kept.
    pub fn transaction<R, E: From<SqlError>>(&mut self, body: impl FnOnce(&mut Self) -> Result<R, E>) -> Result<R, E> {
        let place = self.place.clone();
        let (mut body, mut outcome) = (Some(body), None);
        let kept = place.host.transact(place.actor, &mut || {
            outcome = body.take().map(|body| body(self));
            matches!(outcome, Some(Ok(_)))
        });
        match (outcome, kept) {
            (Some(Err(error)), _) => Err(error),
            (Some(outcome), Ok(())) => outcome,
            (_, Err(error)) => Err(unkept(&error).into()),
            (None, Ok(())) => Err(unkept(&StorageError::new("the host did not begin it")).into()),
        }
    }
}

fn unkept(error: &StorageError) -> SqlError {
    SqlError::of_host(&error.message, "a transaction")
}
