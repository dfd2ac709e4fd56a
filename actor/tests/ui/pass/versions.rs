//! Old versions of an actor are kept for their state; only the last has methods.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]

use duractor::prelude::*;

mod v1 {
    #[derive(Default, duractor::Actor)]
    pub(super) struct Todo {
        pub(super) items: Vec<String>,
    }
}

mod v2 {
    use super::v1;

    #[derive(Default, duractor::Actor)]
    #[actor(version = 2, from = v1::Todo)]
    pub(super) struct Todo {
        pub(super) items: Vec<String>,
        pub(super) title: String,
    }

    impl From<v1::Todo> for Todo {
        fn from(old: v1::Todo) -> Self {
            Self { items: old.items, title: String::new() }
        }
    }
}

/// A list.
#[derive(Default, Actor)]
#[actor(from = v2::Todo)]
#[actor(version = 3)]
pub struct Todo {
    texts: Vec<String>,
}

impl From<v2::Todo> for Todo {
    fn from(old: v2::Todo) -> Self {
        let title = (!old.title.is_empty()).then_some(old.title);
        Self { texts: title.into_iter().chain(old.items).collect() }
    }
}

#[methods]
impl Todo {
    #[get]
    fn texts(&self) -> Json<&[String]> {
        Json(&self.texts)
    }
}

/// What came before is no longer found anywhere.
#[derive(Default, Actor)]
#[actor(version = 7)]
pub struct Counter;

macro_rules! next {
    ($name:ident, $version:literal, $from:ty) => {
        #[derive(Default, Actor)]
        #[actor(version = $version, from = $from)]
        struct $name;

        impl From<$from> for $name {
            fn from(_: $from) -> Self {
                Self
            }
        }
    };
}

next!(Next, 8, Counter);

fn version<A: Actor>() -> u32 {
    A::VERSION
}

fn main() {
    let versions = [version::<v1::Todo>(), version::<v2::Todo>(), version::<Todo>()];
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!([version::<Counter>(), version::<Next>()], [7, 8]);
}
