//! The tree of all routes: which of them answers a method and a path. Knows nothing of what a route does.

use crate::conflict::{Conflict, Place};
use crate::params::Params;
use crate::pattern::Pattern;
use crate::verb::{Verb, Verbs};
use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// All routes of all mounts in one tree.
#[derive(Default)]
pub(crate) struct Table {
    tree: matchit::Router<usize>,
    leaves: Vec<Leaf>,
    entries: Vec<Entry>,
}

/// The routes of one shape of path.
struct Leaf {
    shape: String,
    catch_all: bool,
    by_verb: [Option<usize>; Verb::COUNT],
}

/// A route; its parameters' names belong to it and not to the leaf, since `GET /{a}` and `PUT /{b}` share one.
struct Entry {
    place: Place,
    mount: usize,
    params: Vec<&'static str>,
}

/// The route that answers a request.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) route: usize,
    pub(crate) mount: usize,
    pub(crate) params: Params,
    pub(crate) head: bool,
}

impl Table {
    /// Adds a route; the first is number 0, the next number 1.
    ///
    /// # Errors
    ///
    /// The conflict that kept it from being added.
    pub(crate) fn insert(&mut self, place: Place, mount: usize, pattern: Pattern) -> Result<(), Conflict> {
        let params = pattern.params.clone();
        let leaf =
            self.leaf(pattern).map_err(|with| Conflict::Ambiguous { route: place, with: self.first_of(with) })?;
        let slot = &mut self.leaves[leaf].by_verb[place.verb as usize];
        if let Some(with) = *slot {
            return Err(Conflict::Same { route: place, with: self.entries[with].place });
        }
        *slot = Some(self.entries.len());
        self.entries.push(Entry { place, mount, params });
        Ok(())
    }

    /// The leaf of a shape, made if there is none.
    ///
    /// # Errors
    ///
    /// The leaf that matches some of the same paths without one of the two being more specific.
    fn leaf(&mut self, pattern: Pattern) -> Result<usize, usize> {
        let catch_all = pattern.catch_all;
        let shape = pattern.into_shape();
        let fresh = self.leaves.len();
        if self.tree.insert(shape.as_str(), fresh).is_err() {
            return self.known(&shape);
        }
        self.leaves.push(Leaf { shape, catch_all, by_verb: [None; Verb::COUNT] });
        Ok(fresh)
    }

    /// The leaf that kept a shape out of the tree: its own, or as an error the one that it is ambiguous with.
    fn known(&mut self, shape: &str) -> Result<usize, usize> {
        if let Some(own) = self.leaves.iter().position(|leaf| leaf.shape == shape) {
            return Ok(own);
        }
        // What a refused insertion leaves in the tree must not make later routes look ambiguous.
        self.tree = plant(&self.leaves);
        let refuses = |&last: &usize| plant(&self.leaves[..=last]).insert(shape, 0).is_err();
        Err((0..self.leaves.len()).find(refuses).unwrap_or_default())
    }

    fn first_of(&self, leaf: usize) -> Place {
        let first = self.leaves[leaf].by_verb.iter().flatten().min();
        self.entries[*first.expect("a leaf is made for a route")].place
    }

    /// The route that answers a request.
    ///
    /// # Errors
    ///
    /// How the request is answered without one.
    pub(crate) fn find(&self, method: &str, path: &str) -> Result<Found, Refusal> {
        let hit = self.tree.at(without_slash(path)).map_err(|_| Refusal::NotFound)?;
        let leaf = &self.leaves[*hit.value];
        let (route, head) = leaf.pick(method)?;
        let entry = &self.entries[route];
        let mut params = Params::default();
        for (&name, (_, value)) in entry.params.iter().zip(hit.params.iter()) {
            let start = value.as_ptr() as usize - path.as_ptr() as usize;
            let last = params.len() + 1 == entry.params.len();
            let end = if leaf.catch_all && last { path.len() } else { start + value.len() };
            params.push(name, path, start, end).map_err(|position| Refusal::Encoding { param: name, position })?;
        }
        Ok(Found { route, mount: entry.mount, params, head })
    }
}

impl Leaf {
    /// The route for a method, and whether it is one for `GET` that answers `HEAD`.
    fn pick(&self, method: &str) -> Result<(usize, bool), Refusal> {
        let verb = Verb::parse(method);
        let route = |verb: Verb| self.by_verb[verb as usize];
        if let Some(own) = verb.and_then(route) {
            return Ok((own, false));
        }
        if let (Some(Verb::Head), Some(get)) = (verb, route(Verb::Get)) {
            return Ok((get, true));
        }
        match (route(Verb::Any), verb) {
            (Some(any), _) => Ok((any, false)),
            (None, Some(Verb::Options)) => Err(Refusal::Options { allow: self.allow() }),
            (None, _) => Err(Refusal::MethodNotAllowed { allow: self.allow() }),
        }
    }

    fn allow(&self) -> Verbs {
        let has = |verb: Verb| self.by_verb[verb as usize].is_some();
        let methods = Verb::METHODS.into_iter().filter(|&verb| match verb {
            Verb::Options => true,
            Verb::Head => has(Verb::Head) || has(Verb::Get),
            _ => has(verb),
        });
        methods.collect()
    }
}

/// Patterns are kept without their trailing slash. A slash after a slash ends an empty segment and stays.
fn without_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() && !rest.ends_with('/') => rest,
        _ => path,
    }
}

fn plant(leaves: &[Leaf]) -> matchit::Router<usize> {
    let mut tree = matchit::Router::new();
    for (number, leaf) in leaves.iter().enumerate() {
        let again = tree.insert(leaf.shape.as_str(), number);
        debug_assert!(again.is_ok(), "a shape that was accepted is accepted again, in the same order");
    }
    tree
}

/// How a request is answered without an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No pattern matches the path: 404.
    NotFound,
    /// A pattern matches, but no route of it answers the method: 405 with an `Allow` header.
    MethodNotAllowed {
        /// The methods that are answered.
        allow: Verbs,
    },
    /// An `OPTIONS` request that no route answers: 204 with an `Allow` header.
    Options {
        /// The methods that are answered.
        allow: Verbs,
    },
    /// A parameter is not percent-encoded UTF-8: 400.
    Encoding {
        /// The name of the parameter.
        param: &'static str,
        /// The byte of the path from which on it cannot be decoded.
        position: usize,
    },
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no route matches the path"),
            Self::MethodNotAllowed { allow } => {
                write!(f, "the method is not allowed here, these are: {allow}")
            }
            Self::Options { allow } => write!(f, "these methods are allowed here: {allow}"),
            Self::Encoding { param, position } => {
                write!(f, "the parameter `{param}` is not percent-encoded UTF-8, from byte {position} of the path on")
            }
        }
    }
}

impl Error for Refusal {}
