//! The kernels as exports of a wasm module, which `cargo xtask bench kernels` measures.
//!
//! An export runs its kernel as often as it is told, since to call wasm takes as long as to add up some hundred numbers.
//! The module is built twice: as a worker gets the kernels, and with the scalar twin in place of simd128
//! (`--cfg duractor_kernels="scalar"`).
//!
//! Modules, low to high: `memory`, `outcome`, `run`, `baseline`, `exports`.

#[cfg(all(target_arch = "wasm32", not(duractor_kernels = "scalar")))]
mod baseline;
mod exports;
mod memory;
mod outcome;
mod run;
