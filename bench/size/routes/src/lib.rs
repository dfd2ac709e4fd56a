//! The least that a worker can be, and ten routes of the usual kinds more.

use std::{borrow::Cow, collections::BTreeMap};

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

/// An actor with the state that most begin with.
#[derive(Default, Actor)]
pub struct Shop {
    next: u64,
    items: BTreeMap<u64, Item>,
    opens: Hours,
}

/// What is for sale.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    name: String,
    price: u32,
    tags: Vec<String>,
}

/// What a client may change of an item.
#[derive(Debug, Deserialize)]
pub struct Change {
    name: Option<String>,
    price: Option<u32>,
}

/// When the shop is open.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hours {
    from: u8,
    to: u8,
}

/// Which items to show.
#[derive(Debug, Deserialize)]
pub struct Page<'r> {
    tag: Option<Cow<'r, str>>,
    limit: Option<usize>,
}

/// How the shop does.
#[derive(Debug, Serialize)]
pub struct Summary {
    items: usize,
    value: u64,
}

/// What the bank says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rate {
    currency: String,
    per_euro: f64,
}

#[methods]
impl Shop {
    #[get("/hello")]
    fn hello(&self) -> &str {
        "Hello from actor"
    }

    #[get("/items/{id}")]
    fn item(&self, id: u64) -> Option<Json<&Item>> {
        self.items.get(&id).map(Json)
    }

    #[get("/items")]
    fn list(&self, Query(page): Query<Page<'_>>) -> Json<Vec<(u64, &Item)>> {
        let is_shown = |item: &Item| page.tag.as_ref().is_none_or(|tag| item.tags.iter().any(|t| t == tag));
        let items = self.items.iter().filter(|(_, item)| is_shown(item));
        Json(items.map(|(id, item)| (*id, item)).take(page.limit.unwrap_or(20)).collect())
    }

    #[post("/items")]
    fn add(&mut self, Json(item): Json<Item>) -> Json<u64> {
        self.next += 1;
        self.items.insert(self.next, item);
        Json(self.next)
    }

    #[patch("/items/{id}")]
    fn change(&mut self, id: u64, Json(change): Json<Change>) -> Option<Json<Item>> {
        let item = self.items.get_mut(&id)?;
        if let Some(name) = change.name {
            item.name = name;
        }
        if let Some(price) = change.price {
            item.price = price;
        }
        Some(Json(item.clone()))
    }

    #[delete("/items/{id}")]
    fn remove(&mut self, id: u64) -> Result<(), Problem> {
        match self.items.remove(&id) {
            Some(_) => Ok(()),
            None => Err(Problem::new(404, "no-such-item", format!("there is no item {id}"))),
        }
    }

    #[get("/summary")]
    fn summary(&self) -> Json<Summary> {
        let value = self.items.values().map(|item| u64::from(item.price)).sum();
        Json(Summary { items: self.items.len(), value })
    }

    #[get("/hours")]
    fn hours(&self) -> Json<&Hours> {
        Json(&self.opens)
    }

    #[put("/hours")]
    fn open(&mut self, Json(hours): Json<Hours>) {
        self.opens = hours;
    }

    #[post("/clear")]
    fn clear(&mut self) -> usize {
        let count = self.items.len();
        self.items.clear();
        count
    }

    #[get("/rates/{currency}")]
    async fn rate(&self, currency: &str, cx: &Cx) -> Result<Json<Rate>> {
        let reply = cx.get(format!("https://bank.example/rates/{currency}")).await?;
        Ok(Json(reply.json()?))
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Shop>("/", "a")
}
