//! Arenas and columns in actors: by HTTP, through failures and evictions.
use duractor::{native::Native, prelude::*};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[derive(Default, Actor)]
struct Shop {
    items: Arena<String>,
    prices: Column,
    archive: Column,
}

#[methods]
impl Shop {
    #[post("/items/{name}")]
    fn add(&mut self, name: String) -> Json<Key<String>> {
        self.prices.push(name.len() as f64);
        Json(self.items.insert(name))
    }

    #[get("/items/{key}")]
    fn item(&self, key: Key<String>) -> Option<&str> {
        self.items.get(key).map(String::as_str)
    }

    #[delete("/items/{key}")]
    fn remove(&mut self, key: Key<String>) -> Option<String> {
        self.items.remove(key)
    }

    #[post("/rename")]
    fn rename_all(&mut self, Json(keys): Json<Vec<Key<String>>>) -> Result<()> {
        for key in keys {
            self.prices.push(0.0);
            let item = self.items.get_mut(key).ok_or_else(|| Problem::new(404, "no-item", "no such item"))?;
            item.make_ascii_uppercase();
        }
        Ok(())
    }

    #[get("/all")]
    fn all(&self) -> Result<String> {
        let prices: Vec<_> = self.prices.iter(..)?.collect();
        let items: Vec<_> = self.items.values().collect();
        Ok(format!("{items:?} {prices:?} {}", self.archive.len()))
    }

    #[post("/archive")]
    fn archive(&mut self) {
        self.archive = std::mem::take(&mut self.prices);
        self.prices.push(1.0);
    }

    /// Takes the items in one turn, and puts them back in another.
    #[post("/reprint")]
    async fn reprint(me: Me<Self>, cx: &Cx) -> Result<()> {
        let take = |shop: &mut Self| (std::mem::take(&mut shop.items), std::mem::take(&mut shop.prices));
        let (items, prices) = me.turn(|shop| Ok::<_, Error>(take(shop))).await?;
        cx.sleep(millis(10)).await;
        me.turn(|shop| {
            (shop.items, shop.prices) = (items, prices);
            Ok(())
        })
        .await
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Shop>("/{shop}", "{shop}")
}

/// A shop with two items, which is not in memory.
fn shop() -> Native {
    let native = Native::new().routes(routes());
    assert_eq!(native.post("/a/items/milk").send().text(), "\"0.0\"");
    assert_eq!(native.post("/a/items/bread").send().text(), "\"1.0\"");
    native.evict("Shop", "a");
    native
}

#[test]
fn keys_stand_in_paths_and_bodies_and_outlive_the_actor() {
    let native = shop();
    assert_eq!(native.get("/a/items/1.0").send().text(), "bread");
    assert_eq!(native.post("/a/rename").json(&["0.0"]).send().status, 204);
    assert_eq!(native.delete("/a/items/1.0").send().text(), "bread");
    native.evict("Shop", "a");
    assert_eq!(native.get("/a/items/1.0").send().status, 404);
    assert_eq!(native.post("/a/items/tea").send().text(), "\"1.1\"");
    assert_eq!(native.get("/a/items/0.0").send().text(), "MILK");
    for wrong in ["1", "1.x", "-1.0"] {
        assert_eq!(native.get(&format!("/a/items/{wrong}")).send().status, 400, "{wrong}");
    }
}

#[test]
fn a_method_that_fails_leaves_no_trace_in_containers() {
    let native = shop();
    assert_eq!(native.post("/a/rename").json(&["0.0", "1.0", "2.0"]).send().status, 404);
    let before = native.get("/a/all").send().text().into_owned();
    assert_eq!(before, r#"["milk", "bread"] [4.0, 5.0] 0"#);
    native.fail_commits(1);
    assert_eq!(native.post("/a/items/tea").send().status, 503);
    assert_eq!(native.get("/a/all").send().text(), before);
    native.evict("Shop", "a");
    assert_eq!(native.get("/a/all").send().text(), before);
}

#[test]
fn a_column_moves_to_another_field() {
    let native = shop();
    native.post("/a/archive").send();
    native.evict("Shop", "a");
    assert_eq!(native.get("/a/all").send().text(), r#"["milk", "bread"] [1.0] 2"#);
}

#[test]
fn containers_can_come_back_in_a_later_turn() {
    let native = shop();
    assert_eq!(native.post("/a/reprint").send().status, 204);
    native.evict("Shop", "a");
    assert_eq!(native.get("/a/all").send().text(), r#"["milk", "bread"] [4.0, 5.0] 0"#);
}
