//! KV namespaces and R2 buckets in memory.

use std::{
    cell::{RefCell, RefMut},
    collections::BTreeMap,
    fmt,
    hash::Hasher,
    time::Duration,
};

use serde_json::{Value, json};
use twox_hash::XxHash64;

use super::{Native, answer::Answer};
use crate::ops::Bound;

/// Keys of a page, at most and unless less is asked for.
const PAGE_MAX: usize = 1_000;

/// What a key holds.
#[derive(Clone, Debug, Default)]
struct Entry {
    bytes: Vec<u8>,
    /// What was said of it, as JSON.
    options: Value,
    /// By the virtual clock, in ms since 1970.
    stored_at: f64,
}

impl Entry {
    fn expires_at(&self) -> Option<f64> {
        Some(self.stored_at + self.options["expirationTtl"].as_f64()? * 1e3)
    }
}

/// A namespace or a bucket.
#[derive(Debug, Default)]
struct Store {
    entries: BTreeMap<String, Entry>,
    delay: Duration,
    failure: Option<String>,
}

/// All bindings of a worker, by kind and name.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    stores: RefCell<BTreeMap<(&'static str, String), Store>>,
}

const KV: &str = "kv";
const R2: &str = "r2";

impl Bindings {
    /// The bindings of a host that is given up.
    pub(super) fn take(&self) -> Self {
        Self { stores: self.stores.take().into() }
    }

    /// What an operation comes to. `now` is in ms since 1970.
    pub(super) fn answer(&self, bound: &Bound, now: f64) -> Answer {
        let kind = if bound.action.starts_with(KV) { KV } else { R2 };
        let mut stores = self.stores.borrow_mut();
        let Some(store) = stores.get_mut(&(kind, bound.binding.clone())) else { return Answer::no_binding() };
        store.entries.retain(|_, entry| entry.expires_at().is_none_or(|at| at > now));
        let answer = match &store.failure {
            Some(text) => Answer::other(text),
            None => store.answer(bound, now),
        };
        answer.after(store.delay)
    }
}

impl Store {
    fn answer(&mut self, bound: &Bound, now: f64) -> Answer {
        let options: Value = serde_json::from_str(&bound.options).unwrap_or_default();
        match bound.action {
            "kv.get" => self.get(bound, kv_info),
            "r2.get" => self.get_object(bound, &options),
            "r2.head" => self.get(bound, |entry| r2_info(&bound.key, entry)).without_body(),
            "kv.put" | "r2.put" => {
                let entry = Entry { bytes: bound.body.clone().unwrap_or_default(), options, stored_at: now };
                let info = r2_info(&bound.key, &entry);
                self.entries.insert(bound.key.clone(), entry);
                Answer::status(200).header("info", info.to_string())
            }
            "kv.delete" | "r2.delete" => {
                self.entries.remove(&bound.key);
                Answer::status(200)
            }
            "kv.list" => self.list(&options, "keys", |key, entry| {
                let expiration = entry.expires_at().map(|at| (at / 1e3) as u64);
                json!({"name": key, "expiration": expiration, "metadata": entry.options["metadata"]})
            }),
            "r2.list" => self.list(&options, "objects", r2_info),
            other => unreachable!("there is no operation {other}"),
        }
    }

    fn get(&self, bound: &Bound, info: impl FnOnce(&Entry) -> Value) -> Answer {
        match self.entries.get(&bound.key) {
            Some(entry) => Answer::bytes(entry.bytes.clone()).header("info", info(entry).to_string()),
            None => Answer::status(404),
        }
    }

    fn get_object(&self, bound: &Bound, options: &Value) -> Answer {
        let Some(range) = options.get("range") else { return self.get(bound, |entry| r2_info(&bound.key, entry)) };
        let Some(entry) = self.entries.get(&bound.key) else { return Answer::status(404) };
        let (offset, length) = (number(&range["offset"]), number(&range["length"]));
        let rest = entry.bytes.get(offset..).filter(|rest| !rest.is_empty());
        let Some(rest) = rest else { return Answer::other("the range is not of the object") };
        Answer::bytes(&rest[..length.min(rest.len())]).header("info", r2_info(&bound.key, entry).to_string())
    }

    fn list(&self, options: &Value, what: &str, show: impl Fn(&str, &Entry) -> Value) -> Answer {
        let text = |name: &str| options[name].as_str().unwrap_or_default();
        let (prefix, delimiter, cursor) = (text("prefix"), text("delimiter"), text("cursor"));
        let max = options["limit"].as_u64().map_or(PAGE_MAX, |limit| (limit as usize).min(PAGE_MAX));
        let (mut shown, mut prefixes, mut last) = (Vec::new(), Vec::<String>::new(), None);
        let mut keys =
            self.entries.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > cursor).peekable();
        while shown.len() + prefixes.len() < max
            && let Some((key, entry)) = keys.next()
        {
            last = Some(key);
            let cut = (!delimiter.is_empty()).then(|| key[prefix.len()..].find(delimiter)).flatten();
            match cut.map(|at| key[..prefix.len() + at + delimiter.len()].to_owned()) {
                Some(beginning) if prefixes.last() == Some(&beginning) => {}
                Some(beginning) => prefixes.push(beginning),
                None => shown.push(show(key, entry)),
            }
        }
        let cursor = last.filter(|_| keys.peek().is_some());
        Answer::json(&json!({what: shown, "prefixes": prefixes, "cursor": cursor}))
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}

fn kv_info(entry: &Entry) -> Value {
    json!({"metadata": entry.options["metadata"]})
}

fn r2_info(key: &str, entry: &Entry) -> Value {
    let mut hasher = XxHash64::default();
    hasher.write(&entry.bytes);
    json!({
        "key": key,
        "size": entry.bytes.len(),
        "etag": format!("{:032x}", hasher.finish()),
        "uploaded": entry.stored_at,
        "httpMetadata": object(&entry.options["httpMetadata"]),
        "customMetadata": object(&entry.options["customMetadata"]),
    })
}

fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { json!({}) }
}

/// A KV namespace or an R2 bucket of the native host; see [`Native::kv`] and [`Native::r2`].
pub struct NativeStore<'n> {
    native: &'n Native,
    kind: &'static str,
    binding: String,
}

impl fmt::Debug for NativeStore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NativeStore({} {})", self.kind, self.binding)
    }
}

impl NativeStore<'_> {
    fn store(&self) -> RefMut<'_, Store> {
        let stores = self.native.bindings.stores.borrow_mut();
        RefMut::map(stores, |stores| stores.entry((self.kind, self.binding.clone())).or_default())
    }

    /// Sets the value of a key.
    pub fn put(&self, key: &str, value: impl Into<Vec<u8>>) {
        let stored_at = self.native.host.clock().as_secs_f64() * 1e3;
        self.store().entries.insert(key.to_owned(), Entry { bytes: value.into(), stored_at, ..Entry::default() });
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.store().entries.get(key).map(|entry| entry.bytes.clone())
    }

    /// The keys, in order.
    pub fn keys(&self) -> Vec<String> {
        self.store().entries.keys().cloned().collect()
    }

    /// Lets every operation take so long, by the virtual clock.
    pub fn slow(&self, delay: Duration) {
        self.store().delay = delay;
    }

    /// Lets every operation fail with a text, or none any more.
    pub fn fail(&self, text: Option<&str>) {
        self.store().failure = text.map(str::to_owned);
    }
}

impl Native {
    /// A KV namespace, which is bound to the worker from here on.
    ///
    /// ```
    /// # use duractor::Native;
    /// let native = Native::new();
    /// native.kv("SETTINGS").put("theme", "dark");
    /// assert_eq!(native.kv("SETTINGS").get("theme").unwrap(), b"dark");
    /// ```
    pub fn kv(&self, binding: &str) -> NativeStore<'_> {
        self.bind(KV, binding)
    }

    /// An R2 bucket, which is bound to the worker from here on.
    pub fn r2(&self, binding: &str) -> NativeStore<'_> {
        self.bind(R2, binding)
    }

    fn bind(&self, kind: &'static str, binding: &str) -> NativeStore<'_> {
        let store = NativeStore { native: self, kind, binding: binding.to_owned() };
        drop(store.store());
        store
    }
}
