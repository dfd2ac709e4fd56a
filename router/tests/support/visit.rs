//! Visits of a mount that is named by a session.

use duractor_router::{Builder, Head, Name, NameRefusal, Platform, Router, Session, Verb};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::time::Duration;

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

pub(crate) const OTHER_KEY: &str = "fedcba9876543210fedcba9876543210";

/// When sessions begin.
pub(crate) const START: u64 = 1_800_000_000;

pub(crate) const CART: Session = Session::cookie("cart");

pub(crate) type Visited = Result<Name<'static>, NameRefusal<Infallible>>;

/// Where visitors arrive: clock, secret and random bytes are the test's.
pub(crate) struct Worker {
    pub(crate) now: Cell<Duration>,
    pub(crate) keys: RefCell<Option<String>>,
    pub(crate) binding: &'static str,
    drawn: Cell<u64>,
}

impl Worker {
    pub(crate) fn new(keys: &str) -> Self {
        let now = Cell::new(Duration::from_secs(START));
        Self { now, keys: RefCell::new(Some(keys.to_owned())), binding: "SESSION_KEYS", drawn: Cell::new(0) }
    }

    pub(crate) fn at(&self, secs: u64) -> &Self {
        self.now.set(Duration::from_secs(secs));
        self
    }

    pub(crate) fn set_keys(&self, keys: &str) {
        *self.keys.borrow_mut() = Some(keys.to_owned());
    }

    /// The name that the next new session has.
    pub(crate) fn next_name(&self) -> String {
        self.draw().map(|byte| format!("{byte:02x}")).concat()
    }

    /// The first are the bytes from 0 to 15, and no two are the same.
    fn draw(&self) -> [u8; 16] {
        let drawn = self.drawn.get().to_be_bytes();
        std::array::from_fn(|at| at as u8 ^ drawn[at % 8])
    }
}

impl Platform for Worker {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.draw());
        self.drawn.set(self.drawn.get() + 1);
    }

    fn secret(&self, binding: &str) -> Option<String> {
        self.keys.borrow().clone().filter(|_| binding == self.binding)
    }
}

struct Request<'a>(Option<&'a str>);

impl Head for Request<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn path(&self) -> &str {
        "/cart"
    }

    fn query(&self) -> &str {
        ""
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.0.filter(|_| name.eq_ignore_ascii_case("cookie"))
    }
}

/// A router whose `/cart` is named by a session.
pub(crate) fn router(session: Session) -> Router<(), Infallible> {
    Builder::new().mount("Cart", "/cart", session, [(Verb::Get, "/", ())]).build().unwrap()
}

/// What a request with a `Cookie` header, or without one, comes to.
pub(crate) fn visit_at(router: &Router<(), Infallible>, worker: &Worker, cookies: Option<&str>) -> Visited {
    let hit = router.resolve("GET", "/cart").unwrap();
    let request = Request(cookies);
    let Name { text, set_cookie } = router.name(&hit, &request, worker)?;
    Ok(Name { text: text.into_owned().into(), set_cookie })
}

/// The same with a router of its own, which has not read any keys yet.
pub(crate) fn visit(session: Session, worker: &Worker, cookies: &str) -> Visited {
    visit_at(&router(session), worker, Some(cookies))
}

/// A new session: its name, and what the browser sends from then on.
pub(crate) fn begin(session: Session, worker: &Worker) -> (String, String) {
    let name = visit(session, worker, "").unwrap();
    (name.text.clone().into_owned(), cookie(&name))
}

/// What the browser sends after a reply: `__Host-cart=…`.
pub(crate) fn cookie(name: &Name<'_>) -> String {
    let set_cookie = name.set_cookie.as_deref().expect("a cookie is set");
    set_cookie.split(';').next().unwrap_or_default().to_owned()
}

/// Whether a visit counts as one of nobody known.
pub(crate) fn is_refused(visited: &Visited) -> bool {
    matches!(visited, Err(NameRefusal::NoSession { cookie }) if cookie == "__Host-cart")
}
