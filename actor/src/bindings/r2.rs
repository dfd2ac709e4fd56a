//! R2 ([the platform's documentation](https://developers.cloudflare.com/r2/api/workers/workers-api-reference/)).

use std::{collections::BTreeMap, fmt, ops::Range, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::ask::{Ask, Kind, Paging, ask, contents, info, key_flaw, paged};
use crate::{
    binding_error::BindingError,
    cx::Cx,
    ops::{Bound, Inbound},
    time::since_epoch,
};

/// Longest key, in bytes: 1,024.
pub const R2_KEY_MAX_BYTES: usize = 1024;

impl Cx {
    /// An R2 bucket, by the name of its binding in `wrangler.toml`. Its operations fan out with requests, take connections and
    /// have deadlines as they do, and are noted in the call's journal.
    ///
    /// ```
    /// # use duractor::{Cx, Result};
    /// # async fn thumbnail(cx: &Cx, name: &str) -> Result<Option<Vec<u8>>> {
    /// let photos = cx.r2("PHOTOS");
    /// photos.put("a.jpg", "…").content_type("image/jpeg").custom("by", "ann").await?;
    /// let photo = photos.get("a.jpg").await?;
    /// # Ok(photo.map(|photo| photo.bytes().to_vec())) }
    /// ```
    pub fn r2(&self, binding: &str) -> R2 {
        R2 { cx: self.clone(), binding: binding.to_owned() }
    }
}

/// An R2 bucket; see [`Cx::r2`].
#[derive(Clone)]
pub struct R2 {
    cx: Cx,
    binding: String,
}

impl fmt::Debug for R2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R2({})", self.binding)
    }
}

impl R2 {
    fn ask<O: Default + Serialize>(&self, action: &'static str, key: impl Into<String>) -> Ask<O> {
        Ask::new(&self.cx, Kind::R2, action, &self.binding, key.into())
    }

    /// An object, whole in memory, or `None` where there is none.
    pub fn get(&self, key: impl Into<String>) -> R2Get {
        R2Get(self.ask("r2.get", key))
    }

    /// What an object is, without its bytes, or `None` where there is none.
    pub fn head(&self, key: impl Into<String>) -> R2Head {
        R2Head(self.ask("r2.head", key))
    }

    /// Stores an object, in place of the one before.
    pub fn put(&self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> R2Put {
        let mut ask = self.ask("r2.put", key);
        ask.bound.body = Some(value.into());
        R2Put(ask)
    }

    /// Deletes an object. One that is not there is no error.
    pub fn delete(&self, key: impl Into<String>) -> R2Delete {
        R2Delete(self.ask("r2.delete", key))
    }

    /// The objects, in the order of their keys, a page at a time.
    pub fn list(&self) -> R2List {
        R2List(self.ask("r2.list", ""))
    }
}

#[derive(Default, Serialize)]
struct NoOptions {}

#[derive(Default, Serialize)]
struct GetOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Part>,
}

#[derive(Serialize)]
struct Part {
    offset: u64,
    length: u64,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutOptions {
    http_metadata: HttpMetadata,
    custom_metadata: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<String>,
}

fn check_key<O>(bound: &Bound, _: &O) -> Option<String> {
    key_flaw(&bound.key, R2_KEY_MAX_BYTES)
}

fn check_get(bound: &Bound, options: &GetOptions) -> Option<String> {
    let is_empty = options.range.as_ref().is_some_and(|range| range.length == 0);
    is_empty.then(|| "the range is empty".to_owned()).or_else(|| check_key(bound, options))
}

ask! {
    /// See [`R2::get`].
    R2Get<GetOptions> -> Option<R2Object>, check_get, |answer| R2Object::read(answer)
}

impl R2Get {
    /// Only these bytes of the object.
    pub fn range(mut self, range: Range<u64>) -> Self {
        let length = range.end.saturating_sub(range.start);
        self.0.options.range = Some(Part { offset: range.start, length });
        self
    }

    /// The greatest object that is taken; without it [`Limits::fetch_body_max_bytes`](crate::Limits).
    pub fn body_max_bytes(mut self, max: u32) -> Self {
        self.0.bound.body_max_bytes = max;
        self
    }
}

ask! {
    /// See [`R2::head`].
    R2Head<NoOptions> -> Option<R2Info>, check_key, |answer| R2Info::read(&answer)
}

ask! {
    /// See [`R2::put`].
    R2Put<PutOptions> -> R2Info, check_key, |answer| serde_json::from_slice(info(&answer))
}

impl R2Put {
    /// The object's media type.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.0.options.http_metadata.content_type = Some(content_type.into());
        self
    }

    /// How long caches may keep the object.
    pub fn cache_control(mut self, cache_control: impl Into<String>) -> Self {
        self.0.options.http_metadata.cache_control = Some(cache_control.into());
        self
    }

    /// A text of your own beside the object.
    pub fn custom(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.options.custom_metadata.insert(name.into(), value.into());
        self
    }
}

ask! {
    /// See [`R2::delete`].
    R2Delete<NoOptions> -> (), check_key, |_| Ok(())
}

ask! {
    /// See [`R2::list`].
    R2List<Paging> -> R2Page, |_, _| None, |answer| answer.json()
}

paged! { R2List }

impl R2List {
    /// Keys are cut behind the first delimiter that follows the prefix, and each such beginning is listed once.
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.0.options.delimiter = Some(delimiter.into());
        self
    }
}

/// What an object is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct R2Info {
    /// The key.
    pub key: String,
    /// Of the object, in bytes, whatever part of it was asked for.
    pub size: u64,
    /// What changes with the bytes, without quotes.
    pub etag: String,
    /// In ms since 1970.
    uploaded: f64,
    #[serde(default)]
    http_metadata: HttpMetadata,
    #[serde(default)]
    custom_metadata: BTreeMap<String, String>,
}

impl R2Info {
    fn read(answer: &Inbound) -> serde_json::Result<Option<Self>> {
        if answer.status == 404 { Ok(None) } else { serde_json::from_slice(info(answer)).map(Some) }
    }

    /// When it was stored.
    pub fn uploaded(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + since_epoch(self.uploaded)
    }

    /// Its media type, if it was given one.
    pub fn content_type(&self) -> Option<&str> {
        self.http_metadata.content_type.as_deref()
    }

    /// How long caches may keep it, if that was said.
    pub fn cache_control(&self) -> Option<&str> {
        self.http_metadata.cache_control.as_deref()
    }

    /// A text that was put beside it.
    pub fn custom(&self, name: &str) -> Option<&str> {
        self.custom_metadata.get(name).map(String::as_str)
    }
}

/// An object of an R2 bucket.
#[derive(Clone)]
pub struct R2Object {
    answer: Inbound,
    /// What it is.
    pub info: R2Info,
}

impl fmt::Debug for R2Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R2Object({}, {} bytes)", self.info.key, self.bytes().len())
    }
}

impl R2Object {
    fn read(answer: Inbound) -> serde_json::Result<Option<Self>> {
        Ok(R2Info::read(&answer)?.map(|info| Self { answer, info }))
    }
}

contents! { R2Object }

/// Objects of an R2 bucket.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct R2Page {
    /// In the order of their keys.
    pub objects: Vec<R2Info>,
    /// Beginnings of keys, where a delimiter was given.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// What the next page is asked for by; `None` where this is the last one.
    #[serde(default)]
    pub cursor: Option<String>,
}
