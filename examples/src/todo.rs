//! A to-do list for every name: entries with keys, and an effect that waits for the commit.

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

use crate::page::{escape, page};

/// Most items of a list.
const ITEMS_MAX: usize = 1_000;

/// Longest text of an item, in bytes.
const TEXT_MAX_BYTES: usize = 500;

/// What is to be done. Only the items that a turn touches are written.
#[derive(Default, Actor)]
pub struct Todo {
    items: Arena<Item>,
}

/// One thing to do.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    text: String,
    is_done: bool,
}

/// The keys of several items.
type Keys = Vec<Key<Item>>;

/// An item with its key, by which it is changed and deleted.
#[derive(Serialize)]
pub struct Line<'i> {
    key: Key<Item>,
    text: &'i str,
    is_done: bool,
}

/// What is to be different about an item.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    text: Option<String>,
    is_done: Option<bool>,
}

/// What the page's buttons do.
#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
pub enum Act {
    /// Adds an item.
    Add {
        /// What is to be done.
        text: String,
    },
    /// Gives an item another text.
    Save {
        /// Which item.
        key: Key<Item>,
        /// Its text from now on.
        text: String,
    },
    /// Marks an item as done, or as not done.
    Tick {
        /// Which item.
        key: Key<Item>,
    },
    /// Deletes an item.
    Delete {
        /// Which item.
        key: Key<Item>,
    },
    /// Marks all items as done.
    Finish,
}

/// Why a list stays as it was.
#[derive(Debug, PartialEq, Problem)]
pub enum Refused {
    /// The key is of no item, or of one that was deleted.
    #[problem(404, "there is no item {0}")]
    NoItem(Key<Item>),
    /// The text is empty or too long.
    #[problem(422, "an item's text has 1 to {max} bytes, not {bytes}")]
    BadLength {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// The list cannot be longer.
    #[problem(409, "a list has {0} items at most")]
    Full(usize),
}

#[methods]
impl Todo {
    /// `GET /todo/{list}/items`
    #[get("/items")]
    pub fn items(&self) -> Json<Vec<Line<'_>>> {
        let items = self.items.iter();
        Json(items.map(|(key, item)| Line { key, text: &item.text, is_done: item.is_done }).collect())
    }

    /// `POST /todo/{list}/items`: adds all of them, or none, and answers with their keys.
    #[post("/items")]
    pub fn add(&mut self, Json(texts): Json<Vec<String>>) -> Result<(u16, Json<Keys>), Refused> {
        let keys: Result<_, Refused> = texts.into_iter().map(|text| self.insert(text)).collect();
        Ok((201, Json(keys?)))
    }

    /// `GET /todo/{list}/items/{key}`
    #[get("/items/{key}")]
    pub fn item(&self, key: Key<Item>) -> Option<Json<&Item>> {
        self.items.get(key).map(Json)
    }

    /// `PATCH /todo/{list}/items/{key}`: changes text, or state, or both.
    #[patch("/items/{key}")]
    pub fn change(&mut self, key: Key<Item>, Json(change): Json<Change>, cx: &Cx) -> Result<Json<&Item>> {
        if let Some(is_done) = change.is_done {
            self.set_done(key, is_done, cx)?;
        }
        let item = self.get_mut(key)?;
        if let Some(text) = change.text {
            // If it is refused the item is not done either.
            item.text = checked(text)?;
        }
        Ok(Json(item))
    }

    /// `DELETE /todo/{list}/items/{key}`: the key is stale from now on, also when its place is used again.
    #[delete("/items/{key}")]
    pub fn delete(&mut self, key: Key<Item>) -> Result<(), Refused> {
        self.items.remove(key).map(drop).ok_or(Refused::NoItem(key))
    }

    /// `POST /todo/{list}/finish`: marks all items as done, and answers how many were not. Only those are written.
    #[post("/finish")]
    pub fn finish(&mut self, cx: &Cx) -> Result<u64> {
        let mut finished = 0;
        for (_, mut item) in self.items.iter_mut() {
            if !item.is_done {
                item.is_done = true;
                finished += 1;
            }
        }
        count_done(finished, cx)?;
        Ok(finished)
    }

    /// `GET /todo/{list}`: a page with all that.
    #[get]
    pub fn page(&self, req: &Request) -> Html<String> {
        self.draw(req.param("list").unwrap_or_default())
    }

    /// `POST /todo/{list}`: what the page's buttons do.
    #[post]
    pub fn submit(&mut self, Form(act): Form<Act>, req: &Request, cx: &Cx) -> Result<Redirect> {
        match act {
            Act::Add { text } => drop(self.insert(text)?),
            Act::Save { key, text } => self.get_mut(key)?.text = checked(text)?,
            Act::Tick { key } => {
                let is_done = self.get_mut(key)?.is_done;
                self.set_done(key, !is_done, cx)?;
            }
            Act::Delete { key } => self.delete(key)?,
            Act::Finish => drop(self.finish(cx)?),
        }
        Ok(Redirect::to(req.path()))
    }
}

impl Todo {
    fn insert(&mut self, text: String) -> Result<Key<Item>, Refused> {
        if self.items.len() == ITEMS_MAX {
            return Err(Refused::Full(ITEMS_MAX));
        }
        Ok(self.items.insert(Item { text: checked(text)?, is_done: false }))
    }

    fn get_mut(&mut self, key: Key<Item>) -> Result<&mut Item, Refused> {
        self.items.get_mut(key).ok_or(Refused::NoItem(key))
    }

    fn set_done(&mut self, key: Key<Item>, is_done: bool, cx: &Cx) -> Result<()> {
        let item = self.get_mut(key)?;
        if is_done && !item.is_done {
            count_done(1, cx)?;
        }
        item.is_done = is_done;
        Ok(())
    }

    fn draw(&self, list: &str) -> Html<String> {
        let list = escape(list);
        let rows: String = self.items.iter().map(row).collect();
        page(
            &format!("To do: {list}"),
            &format!(
                r#"<form method="post">
  <label>New <input name="text" maxlength="{TEXT_MAX_BYTES}" required></label>
  <button name="act" value="add">Add</button>
</form>
<div class="scroll"><table>{rows}</table></div>
<form method="post"><button name="act" value="finish">Finish all</button></form>
<p>Restart the server: the list stays. What is done is counted by an actor of another class, once it is committed:
<a href="/counter/done/page">the counter “done”</a>.</p>"#
            ),
        )
    }
}

/// Has it counted that so many items are done, if the turn commits.
fn count_done(items: u64, cx: &Cx) -> Result<()> {
    cx.after_commit(async move |cx| {
        cx.post(format!("/counter/done/add/{items}")).await?.error_for_status()?;
        Ok(())
    })
}

fn checked(text: String) -> Result<String, Refused> {
    match text.len() {
        1..=TEXT_MAX_BYTES => Ok(text),
        bytes => Err(Refused::BadLength { bytes, max: TEXT_MAX_BYTES }),
    }
}

fn row((key, Item { text, is_done }): (Key<Item>, &Item)) -> String {
    let text = escape(text);
    let (class, tick) = if *is_done { ("done", "Not done") } else { ("", "Done") };
    format!(
        r#"<tr><td><form method="post" aria-label="{text}"><input type="hidden" name="key" value="{key}">
  <input name="text" class="wide {class}" value="{text}" maxlength="{TEXT_MAX_BYTES}" aria-label="Text" required>
  <button name="act" value="save">Save</button>
  <button name="act" value="tick">{tick}</button>
  <button name="act" value="delete">Delete</button>
</form></tr>
"#
    )
}

#[cfg(test)]
mod tests {
    use duractor::{Native, native::Fault};
    use serde_json::{Value, json};

    use super::*;

    /// A worker with a list of these items, whose memory is gone.
    fn worker(texts: &[&str]) -> Native {
        let native = Native::new().routes(crate::routes());
        let reply = native.post("/todo/home/items").json(&texts).send();
        assert_eq!(reply.status, 201, "{}", reply.text());
        native.evict("Todo", "home");
        native
    }

    fn items(native: &Native) -> Value {
        native.evict("Todo", "home");
        native.get("/todo/home/items").send().json()
    }

    fn change(native: &Native, key: &str, change: Value) -> u16 {
        native.request("PATCH", &format!("/todo/home/items/{key}")).json(&change).send().status
    }

    #[test]
    fn items_are_added_without_any_host() {
        let mut todo = Todo::default();
        let (status, Json(keys)) = todo.add(Json(vec!["milk".into(), "bread".into()])).unwrap();
        assert_eq!((status, keys.len()), (201, 2));
        assert_eq!(todo.items[keys[1]], Item { text: "bread".into(), is_done: false });
    }

    #[test]
    fn items_outlive_their_object() {
        let native = worker(&["milk", "bread"]);
        assert_eq!(change(&native, "1.0", json!({"text": "rye bread"})), 200);
        let rye = json!({"key": "1.0", "text": "rye bread", "is_done": false});
        assert_eq!(items(&native), json!([{"key": "0.0", "text": "milk", "is_done": false}, rye]));
    }

    #[test]
    fn a_deleted_items_key_is_stale_for_ever() {
        let native = worker(&["milk"]);
        assert_eq!(native.delete("/todo/home/items/0.0").send().status, 204);
        native.evict("Todo", "home");
        let keys: Value = native.post("/todo/home/items").json(&["bread"]).send().json();
        assert_eq!(keys, json!(["0.1"]));
        for method in ["GET", "DELETE"] {
            assert_eq!(native.request(method, "/todo/home/items/0.0").send().status, 404);
        }
    }

    #[test]
    fn all_are_added_or_none() {
        let native = worker(&["milk"]);
        let reply = native.post("/todo/home/items").json(&["bread", ""]).send();
        assert_eq!((reply.status, reply.text().contains("1 to 500 bytes, not 0")), (422, true));
        assert_eq!(items(&native).as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_change_that_is_refused_halfway_leaves_no_trace() {
        let native = worker(&["milk"]);
        assert_eq!(change(&native, "0.0", json!({"is_done": true, "text": ""})), 422);
        assert_eq!(native.get("/todo/home/items/0.0").send().text(), r#"{"text":"milk","is_done":false}"#);
        assert_eq!(native.get("/counter/done").send().text(), "0");
    }

    #[test]
    fn what_is_done_is_counted_once_it_is_committed() {
        let native = worker(&["milk", "bread", "salt"]);
        assert_eq!(change(&native, "1.0", json!({"is_done": true})), 200);
        assert_eq!(change(&native, "1.0", json!({"is_done": true})), 200);
        assert_eq!(native.get("/counter/done").send().text(), "1");

        native.inject_into("Todo", "home", Fault::FailCommit);
        assert_eq!(native.post("/todo/home/finish").send().status, 503);
        assert_eq!(native.get("/counter/done").send().text(), "1");

        assert_eq!(native.post("/todo/home/finish").send().text(), "2");
        assert_eq!(native.get("/counter/done").send().text(), "3");
    }

    #[test]
    fn a_list_is_bounded() {
        let mut todo = Todo::default();
        todo.items.extend((0..ITEMS_MAX).map(|_| Item { text: "more".into(), is_done: true }));
        assert_eq!(todo.insert("still more".into()), Err(Refused::Full(ITEMS_MAX)));
        assert_eq!(checked("x".repeat(501)), Err(Refused::BadLength { bytes: 501, max: 500 }));
    }

    #[test]
    fn the_pages_buttons_do_what_they_say() {
        let native = worker(&["milk"]);
        let press = |fields: &[(&str, &str)]| {
            let reply = native.post("/todo/home").form(&fields).send();
            assert_eq!((reply.status, reply.header("location")), (303, Some("/todo/home")), "{}", reply.text());
        };
        press(&[("text", "<b>"), ("act", "add")]);
        press(&[("key", "0.0"), ("text", "oat milk"), ("act", "save")]);
        press(&[("key", "1.0"), ("text", ""), ("act", "tick")]);
        let page = native.get("/todo/home").send();
        for part in [r#"value="oat milk""#, r#"class="wide done" value="&lt;b&gt;""#, ">Not done<"] {
            assert!(page.text().contains(part), "{part} is missing in {}", page.text());
        }
        press(&[("key", "1.0"), ("text", "<b>"), ("act", "delete")]);
        press(&[("act", "finish")]);
        assert_eq!(items(&native), json!([{"key": "0.0", "text": "oat milk", "is_done": true}]));
    }

    #[test]
    fn what_is_no_key_and_no_change_is_refused() {
        let native = worker(&["milk"]);
        assert_eq!(native.get("/todo/home/items/first").send().status, 400);
        assert_eq!(native.get("/todo/home/items/7.0").send().status, 404);
        assert_eq!(change(&native, "0.0", json!({"done": true})), 400);
        assert_eq!(native.post("/todo/home").form(&[("act", "burn")]).send().status, 400);
        assert_eq!(native.post("/todo/home").form(&[("act", "tick"), ("key", "0.9")]).send().status, 404);
    }
}
