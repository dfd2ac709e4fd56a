//! What is wrong with a router's mounts and routes, told all at once.

use crate::naming::NameFault;
use crate::pattern::PatternFault;
use crate::verb::Verb;
use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// A route and where it stands. Its `Display` reads like `GET /counter/{name}/add/{by} of Counter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The class of the mount.
    pub class: &'static str,
    /// The pattern of the mount.
    pub mount: &'static str,
    /// The verb of the route.
    pub verb: Verb,
    /// The pattern of the route, below the mount's.
    pub path: &'static str,
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { class, verb, .. } = self;
        let mount = self.mount.strip_suffix('/').unwrap_or(self.mount);
        let path = match self.path {
            "" | "/" if !mount.is_empty() => "",
            "" => "/",
            path => path,
        };
        write!(f, "{verb} {mount}{path} of {class}")
    }
}

/// One thing that keeps a router from being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// Two routes answer the same requests.
    Same {
        /// The route that came later.
        route: Place,
        /// The route that came first.
        with: Place,
    },
    /// Some paths match both routes, and neither is more specific.
    Ambiguous {
        /// The route that came later.
        route: Place,
        /// The route that came first.
        with: Place,
    },
    /// A mount's pattern is at fault.
    Mount {
        /// The class of the mount.
        class: &'static str,
        /// Its pattern.
        pattern: &'static str,
        /// What is wrong.
        fault: PatternFault,
    },
    /// A route's pattern is at fault, by itself or below its mount's.
    Route {
        /// The route.
        route: Place,
        /// What is wrong.
        fault: PatternFault,
    },
    /// A mount's naming is at fault.
    Name {
        /// The class of the mount.
        class: &'static str,
        /// Its pattern.
        pattern: &'static str,
        /// What is wrong.
        fault: NameFault,
    },
    /// A mount's name, always the same or always as long, is empty or too long.
    NameLength {
        /// The class of the mount.
        class: &'static str,
        /// Its pattern.
        pattern: &'static str,
        /// How long the name is.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
}

impl Display for Conflict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same { route, with } => write!(f, "{route} conflicts with {with}"),
            Self::Ambiguous { route, with } => {
                write!(f, "{route} conflicts with {with}: a path can match both, and neither is more specific")
            }
            Self::Mount { class, pattern, fault } => {
                write!(f, "the pattern `{pattern}` of {class} cannot be mounted: {fault}")
            }
            Self::Route { route, fault } => write!(f, "{route} cannot be a route: {fault}"),
            Self::Name { class, pattern, fault } => {
                write!(f, "{class} at `{pattern}` cannot be named: {fault}")
            }
            Self::NameLength { class, pattern, bytes, max } => {
                write!(f, "{class} at `{pattern}` cannot be named: a name has 1 to {max} bytes, this one {bytes}")
            }
        }
    }
}

/// Everything that keeps a router from being built. Its `Display` has one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts(pub(crate) Vec<Conflict>);

impl Conflicts {
    /// The conflicts; never empty.
    pub fn as_slice(&self) -> &[Conflict] {
        &self.0
    }
}

impl Display for Conflicts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for conflict in &self.0 {
            write!(f, "{between}{conflict}")?;
            between = "\n";
        }
        Ok(())
    }
}

impl Error for Conflicts {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_one_path() {
        let place = |mount, path| Place { class: "C", mount, verb: Verb::Get, path }.to_string();
        assert_eq!(place("/", ""), "GET / of C");
        assert_eq!(place("/", "/"), "GET / of C");
        assert_eq!(place("/", "/a"), "GET /a of C");
        assert_eq!(place("/a/", "/"), "GET /a of C");
        assert_eq!(place("/{a}", "/b"), "GET /{a}/b of C");
    }
}
