//! Durable actors on Cloudflare Durable Objects: plain Rust structs with methods.

pub mod exchange;
