//! The actor whose cache is measured: it fetches pages, of which the cache keeps as many as its entry says.

use duractor::{Cache, Limits, prelude::*};

/// Fetches pages by their numbers.
#[derive(Default, Actor)]
pub struct Reader {
    /// How many it has fetched by way of the cache.
    #[actor(transient)]
    pages: u64,
    /// How many it has fetched past the cache.
    #[actor(transient)]
    passed: u64,
}

#[methods]
impl Reader {
    /// Fetches any of the pages that are kept; how many of these were hits. Nothing else may have used the cache since it
    /// was filled, so that what is kept are the last pages.
    #[get("/fetch/{count}")]
    async fn fetch(&self, count: u64, cx: &Cx) -> Result<u64> {
        let before = cx.cache().stats();
        let mut dice = Dice(u64::from_le_bytes(cx.random()));
        for _ in 0..count {
            let page = self.pages - 1 - dice.below(before.entries.into());
            cx.get(url(page)).await?;
        }
        Ok(cx.cache().stats().hits - before.hits)
    }

    /// Fetches pages that were not fetched before; how many are kept then.
    #[post("/fill/{count}")]
    async fn fill(me: Me<Self>, count: u64, cx: &Cx) -> Result<u64> {
        let first = me.turn(|reader| Ok::<_, Error>(take(&mut reader.pages, count))).await?;
        for page in first..first + count {
            cx.get(url(page)).await?;
        }
        Ok(cx.cache().stats().entries.into())
    }

    /// Fetches pages past the cache; how many others are kept there.
    #[post("/pass/{count}")]
    async fn pass(me: Me<Self>, count: u64, cx: &Cx) -> Result<u64> {
        let first = me.turn(|reader| Ok::<_, Error>(take(&mut reader.passed, count))).await?;
        for page in first..first + count {
            cx.get(url(page)).cache(Cache::NoStore).await?;
        }
        Ok(cx.cache().stats().entries.into())
    }

    /// How many pages have left the cache.
    #[get("/left")]
    fn left(cx: &Cx) -> u64 {
        cx.cache().stats().evictions
    }
}

/// The first of so many further numbers. Each call takes others, since equal requests at once would be one.
fn take(numbers: &mut u64, count: u64) -> u64 {
    let first = *numbers;
    *numbers += count;
    first
}

fn url(page: u64) -> String {
    format!("http://upstream.test/kept/0?page={page}")
}

/// Chooses pages.
struct Dice(u64);

impl Dice {
    /// The high bits of a linear congruential generator (Knuth's MMIX).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    /// How many answers the cache keeps. The entry says it, so that one build serves for all sizes.
    #[wasm_bindgen(js_name = cacheEntries)]
    fn cache_entries() -> u32;
}

#[cfg(not(target_arch = "wasm32"))]
fn cache_entries() -> u32 {
    Limits::default().cache_max_entries
}

/// The routes with a cache of so many entries. Nothing else bounds it, and no memory is given back while it is measured.
pub fn router(entries: u32) -> Router {
    let limits = Limits {
        cache_max_entries: entries,
        cache_max_bytes: u32::MAX,
        memory_max_bytes: u32::MAX,
        recycle_min_bytes: u32::MAX,
        ..Limits::default()
    };
    Router::new().limits(limits).mount::<Reader>("/", "a")
}

#[routes]
fn routes() -> Router {
    router(cache_entries())
}
