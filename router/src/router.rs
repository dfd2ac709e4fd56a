//! The router that users of this crate see: mounts, their names, and what a match brings.

use crate::conflict::{Conflict, Conflicts, Place};
use crate::name::{Head, NAME_MAX_BYTES, Name, Platform};
use crate::naming::{self, IntoNaming, NameRefusal, Namer};
use crate::params::Params;
use crate::pattern::Pattern;
use crate::table::{Refusal, Table};
use crate::verb::Verb;
use std::fmt::{self, Debug, Formatter};

/// Collects mounts, and all that is wrong with them.
pub struct Builder<R, E> {
    draft: Draft,
    routes: Vec<R>,
    mounts: Vec<Mount<E>>,
    name_max_bytes: usize,
}

/// The part of a builder that does not depend on its types.
#[derive(Default)]
struct Draft {
    table: Table,
    classes: Vec<&'static str>,
    conflicts: Vec<Conflict>,
}

impl Draft {
    fn class(&mut self, class: &'static str) -> usize {
        self.classes.iter().position(|&known| known == class).unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        })
    }

    fn pattern(&mut self, class: &'static str, pattern: &'static str) -> Option<Pattern> {
        let parsed = Pattern::parse(pattern);
        parsed.map_err(|fault| self.conflicts.push(Conflict::Mount { class, pattern, fault })).ok()
    }

    /// Adds a route and says whether it could. Without its mount's pattern it is checked by itself.
    fn route(&mut self, place: Place, mount: usize, pattern: Option<&Pattern>) -> bool {
        let added = self.try_route(place, mount, pattern);
        added.map_err(|conflict| self.conflicts.push(conflict)).is_ok()
    }

    fn try_route(&mut self, place: Place, mount: usize, pattern: Option<&Pattern>) -> Result<(), Conflict> {
        let path = if place.path.is_empty() { "/" } else { place.path };
        let bad = |fault| Conflict::Route { route: place, fault };
        let route = Pattern::parse(path).map_err(bad)?;
        match pattern {
            Some(pattern) => self.table.insert(place, mount, pattern.join(&route).map_err(bad)?),
            None => Ok(()),
        }
    }
}

impl<R, E> Default for Builder<R, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R, E> Builder<R, E> {
    /// A builder without mounts.
    pub fn new() -> Self {
        Self { draft: Draft::default(), routes: Vec::new(), mounts: Vec::new(), name_max_bytes: NAME_MAX_BYTES }
    }

    /// How long a name may be, instead of [`NAME_MAX_BYTES`].
    #[must_use]
    pub const fn name_max_bytes(mut self, bytes: usize) -> Self {
        self.name_max_bytes = bytes;
        self
    }

    /// Puts a class's routes below a pattern. A route's own pattern is `/`, or empty, where it answers at the mount's.
    #[must_use]
    pub fn mount(
        mut self,
        class: &'static str,
        pattern: &'static str,
        naming: impl IntoNaming<E>,
        routes: impl IntoIterator<Item = (Verb, &'static str, R)>,
    ) -> Self {
        let parsed = self.draft.pattern(class, pattern);
        let params = parsed.as_ref().map(|pattern| &*pattern.params);
        match Namer::new(naming.into_naming(), params) {
            Ok(namer) => {
                let class_index = self.draft.class(class);
                self.mounts.push(Mount { class, class_index, pattern, namer });
            }
            Err(fault) => self.draft.conflicts.push(Conflict::Name { class, pattern, fault }),
        }
        // Without a mount of its own it counts as the next one's; then there is a conflict, and no router.
        let mount = self.mounts.len().saturating_sub(1);
        for (verb, path, route) in routes {
            if self.draft.route(Place { class, mount: pattern, verb, path }, mount, parsed.as_ref()) {
                self.routes.push(route);
            }
        }
        self
    }

    /// The router.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the mounts and their routes.
    pub fn build(mut self) -> Result<Router<R, E>, Conflicts> {
        let max = self.name_max_bytes;
        let too_long = self.mounts.iter().filter_map(|mount| mount.name_length_conflict(max));
        self.draft.conflicts.extend(too_long);
        if !self.draft.conflicts.is_empty() {
            return Err(Conflicts(self.draft.conflicts));
        }
        let Draft { table, classes, .. } = self.draft;
        Ok(Router { table, classes, routes: self.routes, mounts: self.mounts, name_max_bytes: max })
    }
}

/// A class below a pattern.
pub struct Mount<E> {
    class: &'static str,
    class_index: usize,
    pattern: &'static str,
    namer: Namer<E>,
}

impl<E> Mount<E> {
    /// The class of its actors.
    pub const fn class(&self) -> &'static str {
        self.class
    }

    /// Where the class stands in [`Router::classes`].
    pub const fn class_index(&self) -> usize {
        self.class_index
    }

    /// The pattern below which its routes are.
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// Whether method and path of a request decide its actor, and no header, session or function does: then the same
    /// method and path always name the same one, and its name may be remembered, whatever other mounts do.
    ///
    /// # Examples
    ///
    /// ```
    /// use duractor_router::{Builder, Session, Verb};
    ///
    /// let router = Builder::<(), ()>::new()
    ///     .mount("Room", "/room/{room}", "{room}", [(Verb::Get, "/", ())])
    ///     .mount("Cart", "/cart", Session::cookie("cart"), [(Verb::Get, "/", ())])
    ///     .build()
    ///     .unwrap();
    ///
    /// assert!(router.resolve("GET", "/room/lobby").unwrap().mount.reads_path_only());
    /// assert!(!router.resolve("GET", "/cart").unwrap().mount.reads_path_only());
    /// ```
    pub fn reads_path_only(&self) -> bool {
        self.namer.reads_path_only()
    }

    fn name_length_conflict(&self, max: usize) -> Option<Conflict> {
        let bytes = self.namer.fixed_len()?;
        let (class, pattern) = (self.class, self.pattern);
        (bytes == 0 || bytes > max).then_some(Conflict::NameLength { class, pattern, bytes, max })
    }
}

impl<E> Debug for Mount<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount").field("class", &self.class).field("pattern", &self.pattern).finish_non_exhaustive()
    }
}

/// From a request to a class, an actor's name and a route.
///
/// `R` is what a route brings to whoever runs it, `E` the error of functions that make names.
pub struct Router<R, E> {
    table: Table,
    classes: Vec<&'static str>,
    routes: Vec<R>,
    mounts: Vec<Mount<E>>,
    name_max_bytes: usize,
}

impl<R: Copy, E> Router<R, E> {
    /// The route that answers a request, with its mount and its parameters. `path` is the path as sent, without the
    /// query.
    ///
    /// # Examples
    ///
    /// ```
    /// use duractor_router::{Builder, Refusal, Verb};
    ///
    /// let router = Builder::<&str, ()>::new()
    ///     .mount("Counter", "/counter/{name}", "{name}", [(Verb::Get, "/", "value"), (Verb::Post, "/add/{by}", "add")])
    ///     .build()
    ///     .unwrap();
    ///
    /// let hit = router.resolve("POST", "/counter/visits/add/2").unwrap();
    /// assert_eq!((hit.mount.class(), hit.route, hit.param("by")), ("Counter", "add", Some("2")));
    ///
    /// assert_eq!(router.resolve("GET", "/counters").unwrap_err(), Refusal::NotFound);
    /// match router.resolve("PUT", "/counter/visits") {
    ///     Err(Refusal::MethodNotAllowed { allow }) => assert_eq!(allow.to_string(), "GET, HEAD, OPTIONS"),
    ///     other => unreachable!("{other:?}"),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// How the request is answered without an actor.
    pub fn resolve<'a>(&'a self, method: &str, path: &'a str) -> Result<Match<'a, R, E>, Refusal> {
        let found = self.table.find(method, path)?;
        let (mount, route) = (&self.mounts[found.mount], self.routes[found.route]);
        Ok(Match { mount, route, path, params: found.params, head: found.head })
    }
}

impl<R, E> Router<R, E> {
    /// The name of the actor that a matched request is for, and perhaps a cookie for the reply.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn name<'a>(
        &self,
        hit: &'a Match<'_, R, E>,
        head: &'a dyn Head,
        platform: &dyn Platform,
    ) -> Result<Name<'a>, NameRefusal<E>> {
        let name = hit.mount.namer.name(head, platform, &|param| hit.param(param).unwrap_or_default())?;
        naming::check(&name.text, self.name_max_bytes)?;
        Ok(name)
    }

    /// Whether every mount [reads the path only](Mount::reads_path_only).
    ///
    /// # Examples
    ///
    /// ```
    /// use duractor_router::{Builder, Header, Verb};
    ///
    /// let by_path = || Builder::<(), ()>::new().mount("Room", "/room/{room}", "{room}", [(Verb::Get, "/", ())]);
    /// assert!(by_path().build().unwrap().reads_path_only());
    ///
    /// let by_header = by_path().mount("Inbox", "/inbox", Header("x-tenant"), [(Verb::Get, "/", ())]);
    /// assert!(!by_header.build().unwrap().reads_path_only());
    /// ```
    pub fn reads_path_only(&self) -> bool {
        self.mounts.iter().all(Mount::reads_path_only)
    }

    /// The mounted classes, each once, in the order of their first mounts.
    pub fn classes(&self) -> &[&'static str] {
        &self.classes
    }
}

impl<R, E> Debug for Router<R, E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("mounts", &self.mounts).finish_non_exhaustive()
    }
}

/// The route that answers a request.
#[non_exhaustive]
pub struct Match<'a, R, E> {
    /// The mount that the route belongs to.
    pub mount: &'a Mount<E>,
    /// What the route brings.
    pub route: R,
    /// The path that was resolved.
    pub path: &'a str,
    /// The parameters of the mount's pattern and of the route's.
    pub params: Params,
    /// Whether a `HEAD` request is answered by a route for `GET`, whose body is then left out.
    pub head: bool,
}

impl<R, E> Match<'_, R, E> {
    /// The value of a parameter, or `None` if neither pattern has one of that name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(self.path, name)
    }
}

impl<R: Debug, E> Debug for Match<'_, R, E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Match")
            .field("mount", &self.mount)
            .field("route", &self.route)
            .field("path", &self.path)
            .field("params", &self.params)
            .field("head", &self.head)
            .finish()
    }
}
