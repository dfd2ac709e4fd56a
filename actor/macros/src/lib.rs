//! The macros of duractor: derive(Actor), methods, routes, derive(Problem).
