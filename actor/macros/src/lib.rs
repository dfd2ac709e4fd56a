//! The macros of [`duractor`](https://docs.rs/duractor): [`Actor`](macro@Actor), [`macro@methods`],
//! [`macro@routes`] and [`Problem`](macro@Problem).
//!
//! ```
//! use duractor::prelude::*;
//!
//! /// Counts, one count per name.
//! #[derive(Default, Actor)]
//! struct Counter {
//!     count: u64,
//! }
//!
//! #[methods]
//! impl Counter {
//!     #[get]
//!     fn count(&self) -> u64 {
//!         self.count
//!     }
//!
//!     #[post("/add/{by}")]
//!     fn add(&mut self, by: u64) -> u64 {
//!         self.count += by;
//!         self.count
//!     }
//! }
//!
//! #[routes]
//! fn routes() -> Router {
//!     Router::new().mount::<Counter>("/counter/{name}", "{name}")
//! }
//!
//! // The methods are still methods.
//! let mut counter = Counter::default();
//! assert_eq!(counter.add(5), 5);
//! ```
//!
//! Use them through `duractor`, which exports them: what they write names `::duractor`.
//!
//! # How does it work?
//!
//! Each macro has its file: what is written is parsed, checked into what is meant, and turned into
//! code that calls plain functions in `duractor::__rt`. All mistakes are reported in one build, and
//! what is right is still generated, so that a mistake is not followed by others of its making.

mod actor;
mod attributes;
mod errors;
mod methods;
mod names;
mod problem;
mod routes;
mod spans;

use proc_macro::TokenStream;
use syn::{DeriveInput, Item, parse_macro_input};

/// Makes a struct an actor: its fields are the state.
///
/// The struct stays as it is written. Every field is visited by its name when the state is loaded
/// and saved, so its type must be a `duractor::Field`: any serde type, or a container such as
/// `Table`. A field that is found under another name is a new field.
///
/// The actor's class, by which `wrangler.toml` binds it, is the struct's name. A struct without
/// [`macro@methods`] is no class: it can only be an old version of one.
///
/// # Attributes
///
/// `#[actor(transient)]` on a field keeps it in memory only: it starts as its default whenever the
/// actor is activated, and no turn rolls it back. Its type can be anything.
///
/// `#[actor(version = 2, from = v1::Todo)]` on the struct says which version of its state it is, and
/// which struct was the version before. Without it, an actor is version 1.
///
/// `#[actor(limits = …)]` on the struct gives its calls bounds of their own: a function that makes
/// `Limits` of those of the worker. It counts for what a call asks for and waits for: operations, their
/// deadlines and connections, bodies that are fetched, the cache, what a turn writes. What is checked
/// before an actor is known, such as the size of a request, stays the worker's.
///
/// `#[actor(durable_cache)]` on the struct keeps what it fetches in its storage, so that the cache is
/// there again when the actor comes back into memory.
///
/// ```
/// use duractor::{Limits, prelude::*};
///
/// #[derive(Default, Actor)]
/// #[actor(durable_cache, limits = |worker| Limits { connections_max: 2, operation_time_max: secs(5), ..worker })]
/// struct Rates {}
/// ```
///
/// # Versions
///
/// Fields can be added and removed as they are. A field whose type changes, so that what is stored
/// reads otherwise, makes a new version: the struct as it was moves into a module, the new one has a
/// higher number and names the old one, and `From` makes the new of the old. Stored state of the same
/// version and another layout, or of a version that is not known, is not read: such an actor answers
/// 500, and the log says what to declare.
///
/// An actor is upgraded when it is next activated, in one transaction, through as many versions as
/// there are: an old version can have a `from` of its own. What `from` names derives `Actor`, too, and
/// needs no methods. A container moves over as it is, or entry by entry with its `map`.
///
/// ```
/// use duractor::prelude::*;
///
/// mod v1 {
///     #[derive(Default, duractor::Actor)]
///     pub struct Todo {
///         pub items: Vec<String>,
///     }
/// }
///
/// #[derive(Default, Actor)]
/// #[actor(version = 2, from = v1::Todo)]
/// struct Todo {
///     items: Vec<(String, bool)>,
/// }
///
/// impl From<v1::Todo> for Todo {
///     fn from(old: v1::Todo) -> Self {
///         Self { items: old.items.into_iter().map(|text| (text, false)).collect() }
///     }
/// }
///
/// #[methods]
/// impl Todo {
///     #[get]
///     fn items(&self) -> Json<&[(String, bool)]> {
///         Json(&self.items)
///     }
/// }
/// ```
///
/// # Examples
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Room {
///     topic: String,
///     visits: u64,
///     #[actor(transient)]
///     reads: std::cell::Cell<u64>,
/// }
/// ```
///
/// # Errors
///
/// - on an enum, a union, or a struct whose fields have no names
/// - on a generic struct, since an actor is one Durable Object class
/// - on a struct that is not `Default`, which is how a new actor starts
/// - on a field that is not a `duractor::Field`, reported under the field's type
/// - on `version = 0`, on `from` without a version above 1, and on a key twice
/// - on a `from` that is no `duractor::Actor`, or that the struct is not `From`, reported under it
/// - on any other `#[actor(…)]`
#[proc_macro_derive(Actor, attributes(actor))]
pub fn actor(input: TokenStream) -> TokenStream {
    actor::expand(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes methods of an actor answer requests.
///
/// The impl block stays as it is written, less the attributes below, so every method can be called
/// as usual. Methods without such an attribute, constants and types are left alone. An actor has one
/// such block; more blocks without the macro are fine.
///
/// # Routes
///
/// `#[get]`, `#[post]`, `#[put]`, `#[patch]`, `#[delete]` and `#[any]`, each with an optional path
/// below the actor's mount; without one it is the mount's root. A method can have several. A segment
/// of a path is text, a `{parameter}`, or, at the end, a `{*catch_all}` that takes the rest. A
/// trailing slash makes no difference.
///
/// # Arguments
///
/// An argument named like a parameter of the path is that parameter. Every other is made of the
/// request by its type (`duractor::FromRequest`): `&Cx`, `Json<T>`, `Query<T>`, and others. They are
/// all made before the actor is held, and may borrow from the request. The first that cannot be made
/// answers the request.
///
/// # Receivers
///
/// | receiver | while the method runs |
/// |---|---|
/// | `&self` | other `&self` methods of the actor may run |
/// | `&mut self` | no other method of the actor runs, also while this one waits |
/// | none, as with `me: Me<Self>` | anything may run: the method asks for turns |
///
/// # Replies
///
/// What a method returns is a `duractor::IntoResponse`. It becomes a response while the actor is
/// still held, so it may borrow from `self`.
///
/// # SQL
///
/// A method that takes `&mut self` and never waits can take `sql: &mut Sql`, too. It then runs inside
/// one transaction of the actor's database: what it reads is what it has written, and its SQL commits
/// together with the fields, or not at all. A method that waits cannot, since no transaction lasts
/// across an `await`: it queues its writes with `cx.sql(…).execute()`. To read, every method can use
/// `cx.sql(…)`.
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Ledger {
///     entries: u64,
/// }
///
/// #[methods]
/// impl Ledger {
///     #[post("/{account}/{amount}")]
///     fn book(&mut self, account: &str, amount: i64, sql: &mut Sql) -> Result<i64> {
///         self.entries += 1;
///         sql.execute("INSERT INTO entry (account, amount) VALUES (?, ?)", (account, amount))?;
///         Ok(sql.query("SELECT sum(amount) FROM entry WHERE account = ?", (account,)).one()?)
///     }
/// }
/// ```
///
/// # Hooks
///
/// A method with `#[created]` runs once in an actor's life, before its first call. A method with
/// `#[activated]` runs whenever the actor has come into memory, before the call that it came for; of a
/// new actor after `#[created]`. Both take `&mut self` and, in any order, `cx: &Cx` and
/// `sql: &mut Sql`, or none of them, never wait, and are one turn of their own: with `Err` nothing of
/// it is kept, and the call is answered with the error. An actor has at most one of each.
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Ledger {
///     name: String,
///     #[actor(transient)]
///     entries: u64,
/// }
///
/// #[methods]
/// impl Ledger {
///     #[created]
///     fn create(&mut self, cx: &Cx, sql: &mut Sql) -> Result<()> {
///         self.name = cx.name().to_owned();
///         sql.execute("CREATE TABLE entry (account TEXT, amount INTEGER)", ())?;
///         Ok(())
///     }
///
///     #[activated]
///     fn count(&mut self, sql: &mut Sql) -> Result<()> {
///         self.entries = sql.query("SELECT count(*) FROM entry", ()).one()?;
///         Ok(())
///     }
///
///     #[get]
///     fn entries(&self) -> u64 {
///         self.entries
///     }
/// }
/// # #[routes]
/// # fn routes() -> Router {
/// #     Router::new().mount::<Ledger>("/{name}", "{name}")
/// # }
/// # let native = duractor::Native::new().routes(routes());
/// # assert_eq!(native.get("/ann").send().text(), "0");
/// ```
///
/// # Examples
///
/// ```
/// use duractor::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Default)]
/// struct Item {
///     text: String,
/// }
///
/// #[derive(Deserialize)]
/// struct Page {
///     from: usize,
/// }
///
/// #[derive(Default, Actor)]
/// struct Todo {
///     items: Vec<Item>,
/// }
///
/// #[methods]
/// impl Todo {
///     #[get]
///     fn list(&self, Query(page): Query<Page>) -> Json<Vec<&Item>> {
///         Json(self.items.iter().skip(page.from).collect())
///     }
///
///     #[get("/items/{at}")]
///     fn item(&self, at: usize) -> Option<&str> {
///         self.items.get(at).map(|item| &*item.text)
///     }
///
///     #[post("/items")]
///     #[put("/items")]
///     fn add(&mut self, Json(item): Json<Item>) {
///         self.items.push(item);
///     }
/// }
/// ```
///
/// # Errors
///
/// - in a path: no `/` at its start, braces that do not match, a catch-all before the end, one name
///   twice, a name that no argument has, and text that no request's path holds
/// - two methods that answer the same requests, unless one is under `#[cfg]`
/// - on a route: `self` by value, generic types and constants, `impl Trait` arguments, `unsafe`,
///   `extern`, a variable number of arguments, an argument under `#[cfg]`
/// - on a hook: `async`, any receiver but `&mut self`, any argument but `&Cx` and `&mut Sql`, a second
///   hook of the kind unless one is under `#[cfg]`, and what a route cannot have either
/// - on `&mut Sql` in an `async fn`, without `&mut self`, or twice
/// - an argument that is no `duractor::FromRequest` and a reply that is no `duractor::IntoResponse`,
///   reported under the type
/// - on a generic impl block, on the impl of a trait, and on anything else
/// - a second block of the same actor, reported by the compiler as a conflicting implementation of
///   `Methods`
#[proc_macro_attribute]
pub fn methods(arguments: TokenStream, item: TokenStream) -> TokenStream {
    methods::expand(&arguments.into(), parse_macro_input!(item as Item)).into()
}

/// Names the function that makes the worker's routes.
///
/// The function stays as it is written, so tests can call it. A worker has one; on wasm32 the host
/// calls it once for every instance, before the first request.
///
/// # Examples
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Default, Actor)]
/// struct Home;
///
/// #[methods]
/// impl Home {
///     #[get]
///     fn page(&self) -> &str {
///         "hello"
///     }
/// }
///
/// #[routes]
/// fn routes() -> Router {
///     Router::new().mount::<Home>("/", "home")
/// }
/// ```
///
/// # Errors
///
/// - on anything but a plain function without arguments and type parameters
/// - on a function that returns something else than a `duractor::Router`
/// - at link time, on a second one in the same worker
#[proc_macro_attribute]
pub fn routes(arguments: TokenStream, item: TokenStream) -> TokenStream {
    routes::expand(&arguments.into(), &parse_macro_input!(item as Item)).into()
}

/// Makes an enum or a struct a problem that a method can return.
///
/// It converts into `duractor::Problem` and, by `?`, into `duractor::Error`, and is a
/// `duractor::IntoResponse`. It is not a `std::error::Error` and must not become one: as such it
/// would be a `duractor::Error` whose status is 500.
///
/// # Attributes
///
/// `#[problem(status, "detail", kind = "kind")]` on each variant, or on the struct.
///
/// - The status is 400 to 599.
/// - The detail is a format string; `{name}` or `{0}` is a field, as in `{name:?}` or `{0:.2}`.
/// - The kind names the problem for programs; without one it is the name of the variant or struct in
///   kebab-case.
///
/// # Examples
///
/// ```
/// use duractor::prelude::*;
///
/// #[derive(Problem)]
/// enum Refusal {
///     #[problem(409, "overdrawn by {0}")]
///     Overdrawn(u64),
///     #[problem(404, "{owner} has no account", kind = "unknown-owner")]
///     NoAccount { owner: String },
/// }
///
/// let problem = Problem::from(Refusal::Overdrawn(5));
/// assert_eq!(problem.status(), 409);
/// assert_eq!(problem.kind(), "overdrawn");
/// assert_eq!(problem.detail(), "overdrawn by 5");
/// ```
///
/// # Errors
///
/// - on a variant without the attribute, or with two of them
/// - on a status that is not an integer from 400 to 599
/// - on a detail that names a field that is not there, or whose braces do not match
/// - on a field in the detail that cannot be formatted, reported under the detail
/// - on a union
/// - on a type that is a `std::error::Error`, reported by the compiler as a conflicting
///   implementation of `From`
#[proc_macro_derive(Problem, attributes(problem))]
pub fn problem(input: TokenStream) -> TokenStream {
    problem::expand(&parse_macro_input!(input as DeriveInput)).into()
}
