//! [`Router`]: which actors a worker has, and where.

use std::{
    cell::{OnceCell, RefCell},
    fmt,
};

use duractor_router::{self as router, Conflicts, IntoNaming, Verb};

use crate::{
    activation::{Activation, Settings, StateCell},
    cx::Cx,
    field::Actor,
    limits::Limits,
    problem::{Problem, Result},
    request::Request,
    response::Response,
    sql::Sql,
    state::{self, Layouts},
    turn::Turn,
};

/// A method that answers requests.
#[derive(Debug)]
pub struct Route {
    /// The request method.
    pub verb: Verb,
    /// The pattern below the mount's.
    pub path: &'static str,
    /// The method's name.
    pub name: &'static str,
    /// The turn that the method takes.
    pub turn: Turn,
    /// The method.
    pub run: Run,
}

/// How a method is called. The runtime holds its turn meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// It never waits.
    Sync(fn(&Request) -> Response),
    /// It never waits, and runs within a transaction of storage.
    Sql(fn(&Request, &mut Sql) -> Response),
    /// It may wait.
    Async(fn(Request) -> Task),
}

/// A call under way.
pub type Task = std::pin::Pin<Box<dyn Future<Output = Response>>>;

/// An actor with methods that answer requests. Implemented by `#[methods]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no methods that answer requests",
    note = "put `#[methods]` on its `impl` block"
)]
pub trait Methods: Actor {
    /// The routes, in the order of the methods.
    const ROUTES: &'static [Route];

    /// What is called when an actor comes into memory.
    const HOOKS: Hooks<Self> = Hooks { created: None, activated: None };
}

/// A method under `#[created]` or `#[activated]`.
pub type Hook<A> = fn(&mut A, &Cx, &mut Sql) -> Response;

/// What is called when an actor comes into memory.
#[derive(Debug)]
pub struct Hooks<A> {
    /// Once in an actor's life, before its first call.
    pub created: Option<Hook<A>>,
    /// Whenever it comes into memory, before the call that it comes for.
    pub activated: Option<Hook<A>>,
}

/// Calls the hooks that an actor has: `created` only if it is new. None if there are none to call.
pub(crate) type CallHooks = fn(&Activation, &Cx, &mut Sql, is_new: bool) -> Option<Response>;

pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// Makes an actor's default value.
    pub(crate) make: fn() -> Box<dyn StateCell>,
    pub(crate) hooks: CallHooks,
    layouts: OnceCell<Layouts>,
    /// The bounds of its calls, made of the worker's.
    limits: fn(Limits) -> Limits,
    keeps_cache: bool,
}

impl Class {
    fn of<A: Methods>() -> Self {
        Self {
            name: A::CLASS,
            make: make::<A>,
            hooks: call_hooks::<A>,
            layouts: OnceCell::new(),
            limits: A::limits,
            keeps_cache: A::DURABLE_CACHE,
        }
    }

    pub(crate) fn settings(&self, worker: Limits) -> Settings {
        Settings { limits: (self.limits)(worker), keeps_cache: self.keeps_cache }
    }

    /// The layouts of its fields, traced at the first use.
    ///
    /// # Errors
    ///
    /// If a field cannot be stored.
    pub(crate) fn layouts(&self) -> Result<Layouts> {
        if let Some(layouts) = self.layouts.get() {
            return Ok(layouts.clone());
        }
        let mut traced = Ok(Layouts::default());
        (self.make)().with_state(&mut |state| traced = state::layouts(self.name, state));
        let traced = traced?;
        Ok(self.layouts.get_or_init(|| traced).clone())
    }

    /// Its name, version, and of each field the layout and its hash, as a member of a JSON object.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn describe(&self) -> String {
        let (mut version, mut fields) = (0, Vec::new());
        (self.make)().with_state(&mut |state| {
            version = state.version();
            fields = state::describe(state);
        });
        let fields: Vec<String> = fields.iter().map(|(name, layout)| describe_field(name, layout)).collect();
        format!("\"{}\":{{\"version\":{version},\"fields\":{{{}}}}}", self.name, fields.join(","))
    }
}

#[cfg(target_arch = "wasm32")]
fn describe_field(name: &str, layout: &crate::layout::Layout) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let refusal = layout.refusal().map_or_else(String::new, |why| format!(",\"refusal\":{}", quoted(why)));
    let (hash, text) = (layout.hash(), quoted(&layout.to_string()));
    format!("{}:{{\"hash\":\"{hash:016x}\",\"layout\":{text}{refusal}}}", quoted(name))
}

/// Path patterns, and the actors behind them.
///
/// ```
/// use duractor::{prelude::*, Header};
///
/// #[derive(Default, Actor)]
/// struct Counter {
///     count: u64,
/// }
///
/// #[methods]
/// impl Counter {
///     #[get]
///     fn count(&self) -> u64 {
///         self.count
///     }
/// }
///
/// #[routes]
/// fn routes() -> Router {
///     Router::new()
///         .mount::<Counter>("/counter/{name}", "{name}") // one counter per name
///         .mount::<Counter>("/total", "total") // this one
///         .mount::<Counter>("/tenant", Header("x-tenant")) // one per tenant
/// }
/// # duractor::Native::new().routes(routes());
/// ```
pub struct Router {
    builder: router::Builder<&'static Route, Problem>,
    classes: Vec<Class>,
    limits: Limits,
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.classes.iter().map(|class| class.name)).finish()
    }
}

impl Router {
    /// A router without mounts, which answers 404.
    pub fn new() -> Self {
        Self { builder: router::Builder::new(), classes: Vec::new(), limits: Limits::default() }
    }

    /// Puts the methods of `A` below a pattern. `naming` says which actor a request is for: a fixed name, a template
    /// of the pattern's parameters, a [`Header`](router::Header), or a function of the request's
    /// [`Head`](router::Head).
    ///
    /// What is wrong with a mount, such as two routes that match the same request, is an error when the worker starts,
    /// and lists everything.
    #[must_use]
    pub fn mount<A: Methods>(mut self, pattern: &'static str, naming: impl IntoNaming<Problem>) -> Self {
        let routes = A::ROUTES.iter().map(|route| (route.verb, route.path, route));
        self.builder = self.builder.mount(A::CLASS, pattern, naming, routes);
        if self.classes.iter().all(|class| class.name != A::CLASS) {
            self.classes.push(Class::of::<A>());
        }
        self
    }

    /// Sets the worker's bounds. Fewer than one connection or one link of a chain count as one.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        let (connections_max, chain_max) = (limits.connections_max.max(1), limits.chain_max.max(1));
        self.limits = Limits { connections_max, chain_max, ..limits };
        self
    }

    /// # Errors
    ///
    /// Everything that is wrong with the mounts.
    pub(crate) fn build(self) -> Result<App, Conflicts> {
        let table = self.builder.build()?;
        let is_by_path = table.reads_path_only();
        Ok(App { table, is_by_path, classes: self.classes, limits: self.limits })
    }
}

fn make<A: Actor>() -> Box<dyn StateCell> {
    Box::new(RefCell::new(A::default()))
}

fn call_hooks<A: Methods>(home: &Activation, cx: &Cx, sql: &mut Sql, is_new: bool) -> Option<Response> {
    let created = A::HOOKS.created.filter(|_| is_new);
    let mut reply = None;
    for hook in [created, A::HOOKS.activated].into_iter().flatten() {
        let response = hook(&mut home.cell::<A>().borrow_mut(), cx, sql);
        let is_over = response.is_rollback();
        reply = Some(response);
        if is_over {
            break;
        }
    }
    reply
}

/// A router that is free of conflicts.
pub(crate) struct App {
    pub(crate) table: router::Router<&'static Route, Problem>,
    /// Whether method and path alone decide which actor a request is for. Told to the host with every entry.
    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "the native host asks the router each time"))]
    pub(crate) is_by_path: bool,
    pub(crate) classes: Vec<Class>,
    pub(crate) limits: Limits,
}

impl App {
    pub(crate) fn class(&self, name: &str) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == name)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}
