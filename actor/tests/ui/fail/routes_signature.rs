#![allow(unused)]

use duractor::prelude::*;

#[routes]
async fn waits() -> Router {
    Router::new()
}

#[routes]
unsafe fn not_safe() -> Router {
    Router::new()
}

#[routes]
extern "C" fn of_another_language() -> Router {
    Router::new()
}

#[routes]
fn generic<T>() -> Router {
    Router::new()
}

#[routes]
fn takes(prefix: &str, name: &str) -> Router {
    Router::new()
}

#[routes]
fn returns_nothing() {}

#[routes("/api")]
fn arguments() -> Router {
    Router::new()
}

fn main() {}
