//! The least that a worker can be: one actor, one route.

use duractor::prelude::*;

/// An actor without state.
#[derive(Default, Actor)]
pub struct Shop {}

#[methods]
impl Shop {
    #[get("/hello")]
    fn hello(&self) -> &str {
        "Hello from actor"
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Shop>("/", "a")
}
