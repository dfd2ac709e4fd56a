//! What several tests need.
#![allow(dead_code, reason = "not every test needs all of it")]

pub(crate) mod visit;

use duractor_router::{Builder, Head, Match, Platform, Router, Verb};
use std::time::Duration;

/// A request's head with at most one header.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) path: &'static str,
    pub(crate) header: Option<(&'static str, &'static str)>,
}

impl Head for Request {
    fn method(&self) -> &str {
        "GET"
    }

    fn path(&self) -> &str {
        self.path
    }

    fn query(&self) -> &str {
        ""
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.header.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Where no naming asks for anything.
pub(crate) struct Nowhere;

impl Platform for Nowhere {
    fn now(&self) -> Duration {
        unreachable!("the clock is read without a session")
    }

    fn random(&self, _: &mut [u8]) {
        unreachable!("random bytes are drawn without a session")
    }

    fn secret(&self, binding: &str) -> Option<String> {
        unreachable!("{binding} is read without a session")
    }
}

/// A router with one mount at the root whose routes are known by their patterns.
pub(crate) fn router(routes: &[(Verb, &'static str)]) -> Router<&'static str, String> {
    let routes = routes.iter().map(|&(verb, path)| (verb, path, path));
    Builder::new().mount("Actor", "/", "actor", routes).build().unwrap()
}

/// Routes for `GET` only.
pub(crate) fn get(paths: &[&'static str]) -> Router<&'static str, String> {
    router(&paths.iter().map(|path| (Verb::Get, *path)).collect::<Vec<_>>())
}

/// The parameters of a match, by name.
pub(crate) fn params<E>(hit: &Match<'_, &'static str, E>) -> Vec<(&'static str, String)> {
    hit.params.iter(hit.path).map(|(name, value)| (name, value.to_owned())).collect()
}

/// Patterns live as long as the program.
pub(crate) fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
