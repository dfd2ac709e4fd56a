//! Every shape of method that can be a route, under lints that a careful crate sets.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#![allow(clippy::unused_self, clippy::unused_async, clippy::missing_errors_doc, clippy::must_use_candidate)]
#![allow(clippy::needless_pass_by_value, clippy::elidable_lifetime_names, clippy::needless_lifetimes)]

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

/// An item.
#[derive(Serialize, Deserialize, Default)]
pub struct Item {
    text: String,
}

/// A selection.
#[derive(Deserialize)]
pub struct Page<'r> {
    prefix: Option<&'r str>,
}

/// A list.
#[derive(Default, Actor)]
pub struct List {
    items: Vec<Item>,
    title: String,
    r#type: u8,
    #[actor(transient)]
    reads: std::cell::Cell<u64>,
}

const STEP: u64 = 1;

#[methods]
impl List {
    /// A constant is left alone.
    const LIMIT: u64 = 10;

    #[get]
    fn root(&self) -> u64 {
        self.reads.set(self.reads.get() + STEP);
        Self::LIMIT + u64::from(self.r#type)
    }

    /// Several verbs and paths; with and without the parameter.
    #[get("/title")]
    #[put("/title/{title}")]
    #[patch("/title/{title}/")]
    pub fn rename(&mut self, title: &str) -> String {
        title.clone_into(&mut self.title);
        self.title.clone()
    }

    #[any("/any")]
    fn nothing(&mut self) {}

    #[delete("/files/{*rest}")]
    fn catch_all(&mut self, rest: &str) {
        rest.clone_into(&mut self.title);
    }

    #[get("/type/{type}/{fn}")]
    fn keywords(&self, r#type: u64, r#fn: u64) -> u64 {
        r#type + r#fn
    }

    #[post("/patterns/{count}/{name}")]
    fn patterns(&mut self, mut count: u64, mut name: String, Json((a, b)): Json<(u64, u64)>, _: &Cx) -> String {
        count += a + b;
        name.push('!');
        format!("{count}{name}")
    }

    #[get("/items")]
    fn borrows_from_self(&self) -> Json<Vec<&Item>> {
        Json(self.items.iter().collect())
    }

    #[get("/items/{prefix}")]
    async fn borrows_across_awaits(&self, prefix: &str, cx: &Cx) -> Json<Vec<&Item>> {
        let _ = cx;
        std::future::ready(()).await;
        Json(self.items.iter().filter(|item| item.text.starts_with(prefix)).collect())
    }

    #[post("/items")]
    async fn borrows_while_exclusive(&mut self, text: &str) -> Result<Json<&Item>> {
        std::future::ready(()).await;
        self.items.push(Item { text: text.to_owned() });
        Ok(Json(&self.items[0]))
    }

    #[get("/lifetimes/{text}")]
    fn lifetimes<'a>(&'a self, text: &'a str) -> &'a str
    where
        'a: 'a,
    {
        if text.is_empty() { &self.title } else { text }
    }

    #[get("/query")]
    fn query<'r>(&self, page: Query<Page<'r>>) -> &'r str {
        page.0.prefix.unwrap_or("")
    }

    #[get("/queries")]
    fn elided(&self, page: Query<Page<'_>>) -> String {
        page.0.prefix.unwrap_or("").to_owned()
    }

    #[get("/written")]
    #[allow(clippy::needless_arbitrary_self_type)]
    fn written_receiver(self: &Self) -> u64 {
        1
    }

    #[put("/written")]
    #[allow(clippy::needless_arbitrary_self_type)]
    fn written_exclusive(self: &mut List) -> u64 {
        1
    }

    #[get("/free")]
    fn no_receiver() -> u64 {
        1
    }

    #[post("/no-turn")]
    async fn no_turn(me: Me<Self>, cx: &Cx) -> Result<u64> {
        let _ = (me, cx);
        Ok(std::future::ready(1).await)
    }

    #[get("/constant")]
    const fn constant(&self) -> u64 {
        1
    }

    /// Still routed.
    #[get("/old")]
    #[deprecated]
    pub fn old(&self) -> u64 {
        1
    }

    #[cfg(target_os = "none")]
    #[get("/cfg")]
    fn only_on_nothing(&self) -> Absent {
        Absent
    }

    #[cfg(not(target_os = "none"))]
    #[get("/cfg")]
    fn everywhere_else(&self) -> u64 {
        1
    }

    fn not_a_route<T: Default>(self) -> T {
        T::default()
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<List>("/list/{name}", "{name}")
}

fn main() {
    let mut list = List::default();
    assert_eq!(list.rename("plain"), "plain");
    assert_eq!(list.not_a_route::<u8>(), 0);
}
