//! Against the vectors of the standards, and against whoever tampers.

mod behaviour;
mod known;
#[cfg(not(target_arch = "wasm32"))]
mod random;
mod vectors;
