//! Workers KV ([the platform's documentation](https://developers.cloudflare.com/kv/api/)).

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::ask::{Ask, Kind, Paging, ask, contents, info, key_flaw, paged};
use crate::{
    binding_error::BindingError,
    cx::Cx,
    ops::{Bound, Inbound},
};

/// Longest key, in bytes: 512.
pub const KV_KEY_MAX_BYTES: usize = 512;
/// Greatest metadata of a value, as JSON, in bytes: 1024.
pub const KV_METADATA_MAX_BYTES: usize = 1024;
/// Shortest life of a value that expires, in seconds.
const EXPIRATION_MIN_SECONDS: u64 = 60;

impl Cx {
    /// A KV namespace, by the name of its binding in `wrangler.toml`. Its operations fan out with requests, take connections
    /// and have deadlines as they do, and are noted in the call's journal.
    ///
    /// ```
    /// # use duractor::{prelude::*, Native};
    /// #[derive(Default, Actor)]
    /// struct Themes {}
    ///
    /// #[methods]
    /// impl Themes {
    ///     #[put("/{user}")]
    ///     async fn choose(cx: &Cx, user: &str, theme: &str) -> Result<()> {
    ///         Ok(cx.kv("THEMES").put(user, theme).await?)
    ///     }
    ///
    ///     #[get("/{user}")]
    ///     async fn chosen(cx: &Cx, user: &str) -> Result<String> {
    ///         let theme = cx.kv("THEMES").get(user).await?;
    ///         Ok(theme.map_or("plain".into(), |theme| theme.text().into_owned()))
    ///     }
    /// }
    /// # #[routes]
    /// # fn routes() -> Router { Router::new().mount::<Themes>("/themes", "themes") }
    ///
    /// let native = Native::new().routes(routes());
    /// native.kv("THEMES").put("bob", "dark");
    /// assert_eq!(native.get("/themes/bob").send().text(), "dark");
    /// ```
    pub fn kv(&self, binding: &str) -> Kv {
        Kv { cx: self.clone(), binding: binding.to_owned() }
    }
}

/// A KV namespace; see [`Cx::kv`].
#[derive(Clone)]
pub struct Kv {
    cx: Cx,
    binding: String,
}

impl fmt::Debug for Kv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kv({})", self.binding)
    }
}

impl Kv {
    fn ask<O: Default + Serialize>(&self, action: &'static str, key: impl Into<String>) -> Ask<O> {
        Ask::new(&self.cx, Kind::Kv, action, &self.binding, key.into())
    }

    /// The value of a key, with its metadata, or `None` where there is none.
    pub fn get(&self, key: impl Into<String>) -> KvGet {
        KvGet(self.ask("kv.get", key))
    }

    /// Sets the value of a key. Elsewhere in the world it is seen after up to a minute.
    pub fn put(&self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> KvPut {
        let mut ask = self.ask("kv.put", key);
        ask.bound.body = Some(value.into());
        KvPut(ask)
    }

    /// Deletes a key. One that is not there is no error.
    pub fn delete(&self, key: impl Into<String>) -> KvDelete {
        KvDelete(self.ask("kv.delete", key))
    }

    /// The keys, in order, a page at a time.
    pub fn list(&self) -> KvList {
        KvList(self.ask("kv.list", ""))
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct GetOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_ttl: Option<u64>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
    /// Why the metadata is none.
    #[serde(skip)]
    flaw: Option<String>,
}

fn check_key<O>(bound: &Bound, _: &O) -> Option<String> {
    key_flaw(&bound.key, KV_KEY_MAX_BYTES)
}

fn check_put(bound: &Bound, options: &PutOptions) -> Option<String> {
    if let Some(seconds) = options.expiration_ttl.filter(|seconds| *seconds < EXPIRATION_MIN_SECONDS) {
        return Some(format!("a value expires after {EXPIRATION_MIN_SECONDS} s or more, not after {seconds} s"));
    }
    let bytes = options.metadata.as_ref().map_or(0, |metadata| metadata.to_string().len());
    if bytes > KV_METADATA_MAX_BYTES {
        return Some(format!("the metadata has {bytes} bytes as JSON; at most {KV_METADATA_MAX_BYTES}"));
    }
    options.flaw.clone().or_else(|| check_key(bound, options))
}

ask! {
    /// See [`Kv::get`].
    KvGet<GetOptions> -> Option<KvValue>, check_key, |answer| KvValue::read(answer)
}

impl KvGet {
    /// How long the value may be kept at this place of the world, in whole seconds; 60 s unless it is set.
    pub fn cache_for(mut self, duration: Duration) -> Self {
        self.0.options.cache_ttl = Some(duration.as_secs());
        self
    }

    /// The greatest value that is taken; without it [`Limits::fetch_body_max_bytes`](crate::Limits).
    pub fn body_max_bytes(mut self, max: u32) -> Self {
        self.0.bound.body_max_bytes = max;
        self
    }
}

ask! {
    /// See [`Kv::put`].
    KvPut<PutOptions> -> (), check_put, |_| Ok(())
}

impl KvPut {
    /// Deletes the key after so long, in whole seconds, 60 at least.
    pub fn expires_in(mut self, duration: Duration) -> Self {
        self.0.options.expiration_ttl = Some(duration.as_secs());
        self
    }

    /// Data beside the value, read together with it and with a page of keys; see [`KV_METADATA_MAX_BYTES`].
    pub fn metadata(mut self, metadata: &impl Serialize) -> Self {
        match serde_json::to_value(metadata) {
            Ok(value) => self.0.options.metadata = Some(value),
            Err(error) => self.0.options.flaw = Some(error.to_string()),
        }
        self
    }
}

ask! {
    /// See [`Kv::delete`].
    KvDelete<GetOptions> -> (), check_key, |_| Ok(())
}

ask! {
    /// See [`Kv::list`].
    KvList<Paging> -> KvPage, |_, _| None, |answer| answer.json()
}

paged! { KvList }

/// A value of a KV namespace.
#[derive(Clone)]
pub struct KvValue {
    answer: Inbound,
    metadata: Value,
}

#[derive(Deserialize)]
struct Info {
    metadata: Value,
}

impl fmt::Debug for KvValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KvValue({} bytes)", self.bytes().len())
    }
}

impl KvValue {
    fn read(answer: Inbound) -> serde_json::Result<Option<Self>> {
        if answer.status == 404 {
            return Ok(None);
        }
        let Info { metadata } = serde_json::from_slice(info(&answer))?;
        Ok(Some(Self { answer, metadata }))
    }

    /// What was put beside the value; `None` where there is nothing.
    ///
    /// # Errors
    ///
    /// If it is not an `M`.
    pub fn metadata<M: DeserializeOwned>(&self) -> Result<Option<M>, serde_json::Error> {
        metadata(&self.metadata)
    }
}

contents! { KvValue }

fn metadata<M: DeserializeOwned>(value: &Value) -> serde_json::Result<Option<M>> {
    if value.is_null() { Ok(None) } else { M::deserialize(value).map(Some) }
}

/// Keys of a KV namespace.
#[derive(Clone, Debug, Deserialize)]
pub struct KvPage {
    /// In the order of their bytes.
    pub keys: Vec<KvKey>,
    /// What the next page is asked for by; `None` where this is the last one.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A key of a KV namespace.
#[derive(Clone, Debug, Deserialize)]
pub struct KvKey {
    /// The key.
    pub name: String,
    /// When its value is deleted, in seconds since 1970.
    #[serde(default)]
    pub expiration: Option<u64>,
    #[serde(default)]
    metadata: Value,
}

impl KvKey {
    /// What was put beside the value; `None` where there is nothing.
    ///
    /// # Errors
    ///
    /// If it is not an `M`.
    pub fn metadata<M: DeserializeOwned>(&self) -> Result<Option<M>, serde_json::Error> {
        metadata(&self.metadata)
    }
}
