//! What a contributor runs: dev, test, bench, size.
fn main() {}
