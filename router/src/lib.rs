//! Path patterns to actor class, actor name and route.
//!
//! ```
//! use duractor_router::{Builder, Head, Header, Platform, Refusal, Session, Verb};
//!
//! let router = Builder::<&str, std::convert::Infallible>::new()
//!     .mount("Home", "/", "home", [(Verb::Get, "", "index")])
//!     .mount("Room", "/org/{org}/room/{room}", "{org}/{room}", [(Verb::Post, "/say", "say")])
//!     .mount("Tenant", "/tenant", Header("x-tenant"), [(Verb::Get, "/{*page}", "page")])
//!     .mount("Cart", "/cart", Session::cookie("cart"), [(Verb::Get, "/", "list")])
//!     .build()?;
//!
//! # struct Request;
//! # impl Head for Request {
//! #     fn method(&self) -> &str { "POST" }
//! #     fn path(&self) -> &str { "/org/acme/room/a%2Fb/say" }
//! #     fn query(&self) -> &str { "" }
//! #     fn header(&self, _: &str) -> Option<&str> { None }
//! # }
//! # struct Worker;
//! # impl Platform for Worker {
//! #     fn now(&self) -> std::time::Duration { unreachable!("no session is asked for") }
//! #     fn random(&self, _: &mut [u8]) { unreachable!("no session is asked for") }
//! #     fn secret(&self, _: &str) -> Option<String> { unreachable!("no session is asked for") }
//! # }
//! # let (request, worker) = (Request, Worker);
//! let hit = router.resolve("POST", "/org/acme/room/a%2Fb/say")?;
//! assert_eq!((hit.mount.class(), hit.route), ("Room", "say"));
//! assert_eq!(hit.param("room"), Some("a/b"));
//! assert_eq!(router.name(&hit, &request, &worker)?.text, "acme/a%2Fb");
//!
//! // Answered before any actor is woken.
//! assert_eq!(router.resolve("GET", "/nowhere").unwrap_err(), Refusal::NotFound);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Static text is compared with the path as sent: `/café` is written `/caf%C3%A9`, in upper-case hexadecimal as URL parsers
//! produce it. Escapes of other characters are not undone there: `/%61dd` is not `/add`.
//!
//! # Patterns
//!
//! - `{name}` is one whole segment, and never an empty one. Text beside it, as in `/v{version}`, is refused at start-up:
//!   which of several such patterns a path matches would depend on the order in which they are mounted.
//! - `{*name}` is all the rest of the path, slashes included, and stands at the end. It is never empty either, so
//!   `/files/{*path}` answers neither `/files` nor `/files/`.
//! - A trailing slash makes no difference, in patterns and in requests, except that it belongs to the text of a catch-all.
//!   Other repeated slashes are empty segments, which only a catch-all matches.
//! - Static text goes before parameters and parameters before a catch-all, segment by segment from the left. A parameter
//!   and a catch-all in the same place are ambiguous, which is refused at start-up.
//! - The path alone chooses the pattern, and then the method chooses among its routes: with `GET /a/b` and `POST /a/{x}`,
//!   `POST /a/b` is not allowed.
//! - A parameter is percent-decoded once, after the match: `%2F` is a slash that is data, `%252F` is `%2F`.
//!
//! # Methods
//!
//! `HEAD` is answered by a route for `GET`, `OPTIONS` by the router, each unless there is a route for it.
//! [`Verb::Any`] takes the methods that no other route of the path takes, unknown ones and `OPTIONS` included.
//!
//! # Sessions
//!
//! [`Session`] names an actor by a signed cookie, so that every visitor has their own. It needs a clock, randomness and a
//! secret, which the caller provides as a [`Platform`]; the reply must carry the cookie that comes with the [`Name`].
//!
//! # How does it work?
//!
//! One [matchit](https://docs.rs/matchit) tree holds, for every mount, its pattern joined with those of its routes, so
//! a single descent gives class, mount, route and all parameters. A leaf of the tree is a shape of path; it knows a
//! route per verb, with the names that this route gives to the parameters. What is not generic stays so: the tree
//! deals in numbers, and [`Router`] looks up the caller's routes and mounts by them.
//!
//! # Contents
//!
//! - [`Builder`], [`Router`], [`Mount`], [`Match`], [`Params`], [`Refusal`]: building and looking up
//! - [`Verb`], [`Verbs`]: request methods
//! - [`Naming`], [`IntoNaming`], [`Header`], [`Head`], [`Name`], [`NameRefusal`]: an actor's name
//! - [`Session`], [`Keeper`], [`Platform`], [`SessionFault`]: a name by a signed cookie
//! - [`Conflicts`], [`Conflict`], [`Place`], [`PatternFault`], [`NameFault`], [`TemplateFault`], [`CookieFault`]: what is wrong
//!   at start-up

#![forbid(unsafe_code)]

mod verb;

mod pattern;

mod params;

mod template;

mod name;

mod session;

mod naming;

mod conflict;

mod table;

mod router;

pub use conflict::{Conflict, Conflicts, Place};
pub use name::{Head, NAME_MAX_BYTES, Name, Platform};
pub use naming::{Header, IntoNaming, NameFault, NameFn, NameRefusal, Naming};
pub use params::Params;
pub use pattern::{PARAMS_MAX, PatternFault};
pub use router::{Builder, Match, Mount, Router};
pub use session::{
    COOKIE_NAME_MAX_BYTES, CookieFault, KEY_MIN_BYTES, KEYS_MAX, Keeper, SESSION_LIFETIME, SESSION_LIFETIME_MAX,
    SESSION_LIFETIME_MIN, Session, SessionFault,
};
pub use table::Refusal;
pub use template::TemplateFault;
pub use verb::{Verb, Verbs};
