//! duractor build: a crate of actors to a worker that wrangler runs.
fn main() {}
