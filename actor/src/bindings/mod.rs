//! What a worker is bound to and reaches by operations: KV namespaces and R2 buckets.

mod ask;
mod kv;
mod r2;

pub use kv::{KV_KEY_MAX_BYTES, KV_METADATA_MAX_BYTES, Kv, KvDelete, KvGet, KvKey, KvList, KvPage, KvPut, KvValue};
pub use r2::{R2, R2_KEY_MAX_BYTES, R2Delete, R2Get, R2Head, R2Info, R2List, R2Object, R2Page, R2Put};
