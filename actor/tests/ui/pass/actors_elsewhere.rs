//! The impl block may stand apart from the actor, in a function, or come out of a macro.
#![deny(warnings)]

use duractor::prelude::*;

mod state {
    #[derive(Default, duractor::Actor)]
    pub struct Counter {
        pub count: u64,
    }

    #[derive(Default, duractor::Actor)]
    pub struct Unit;

    #[derive(Default, duractor::Actor)]
    pub struct Empty {}
}

#[methods]
impl state::Counter {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }
}

#[methods]
impl crate::state::Unit {}

macro_rules! answers {
    ($actor:ty, $path:literal, $result:ty) => {
        #[methods]
        impl $actor {
            #[get($path)]
            fn made(&self, text: &str) -> $result {
                text.len() as $result
            }
        }
    };
}

answers!(state::Empty, "/{text}", u64);

macro_rules! actor {
    ($name:ident, $field:ident: $ty:ty) => {
        #[derive(Default, Actor)]
        pub struct $name {
            pub $field: $ty,
            pub own: u64,
        }
    };
}

actor!(Made, text: Vec<String>);

fn main() {
    #[derive(Default, Actor)]
    struct Inner {
        count: u64,
    }

    #[methods]
    impl Inner {
        #[post("/{by}")]
        fn add(&mut self, by: u64) -> u64 {
            self.count += by;
            self.count
        }
    }

    fn is_dispatched<A: duractor::Methods>() {}
    is_dispatched::<Inner>();
    is_dispatched::<state::Counter>();
    is_dispatched::<state::Unit>();
    is_dispatched::<state::Empty>();
}
