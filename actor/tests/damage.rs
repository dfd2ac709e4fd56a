//! Stored bytes that are not what was written: an error that names them, never a panic, never a guess.
use duractor::{native::Native, prelude::*};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[derive(Default, Actor)]
struct Diary {
    title: String,
    count: Option<u64>,
    pages: Arena<String>,
    words: Column,
}

#[methods]
impl Diary {
    #[get]
    fn read(&self) -> Result<String> {
        let words: f64 = self.words.iter(..)?.sum();
        let pages: Vec<_> = self.pages.values().map(String::as_str).collect();
        Ok(format!("{} {:?} {} {words}", self.title, self.count, pages.join(",")))
    }

    #[post("/write/{text}")]
    fn write(&mut self, text: &str) {
        self.title.push_str(text);
        self.count = Some(self.count.unwrap_or_default() + 1);
        self.pages.insert(text.to_owned());
        self.words.push(text.len() as f64);
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Diary>("/diary/{name}", "{name}")
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    for (name, texts) in [("a", ["one", "two", "three"]), ("b", ["four", "five", "six"])] {
        texts.iter().for_each(|text| drop(native.post(&format!("/diary/{name}/write/{text}")).send()));
    }
    native
}

fn stored(native: &Native) -> Vec<(Vec<u8>, Vec<u8>)> {
    native.stored("Diary", "a")
}

/// The name of the field that a row is of, or what the log calls the record.
fn owner(key: &[u8]) -> String {
    match key.split(|byte| *byte == 0).next() {
        Some([]) | None => "the record".into(),
        Some(name) => format!("field `{}`", String::from_utf8_lossy(name)),
    }
}

/// With a row of these bytes every call fails in a way that can be found, and nothing is touched.
fn check(native: &Native, key: &[u8], damaged: &[u8], what: &str) {
    native.store("Diary", "a", key, Some(damaged));
    native.evict("Diary", "a");
    let (before, lines) = (stored(native), native.log().len());
    let reply = native.get("/diary/a").send();
    assert_eq!(reply.status, 500, "{what} of {}: {}", key.escape_ascii(), reply.text());
    assert!(reply.text().contains("state-unreadable"), "{}", reply.text());
    let log = native.log()[lines..].join("\n");
    assert!(log.contains("Diary/a") && log.contains(&owner(key)), "{what} of {}: {log}", key.escape_ascii());
    assert!(native.post("/diary/a/write/x").send().status >= 500 || owner(key) == "field `words`");
    if owner(key) != "field `words`" {
        assert_eq!(stored(native), before, "{what} of {}", key.escape_ascii());
    }
}

/// Damages every row in every way that `damage` knows, one at a time.
fn check_all(what: &str, damage: impl Fn(&[u8]) -> Vec<Vec<u8>>) {
    let native = native();
    let (whole, rows) = (native.get("/diary/a").send().text().into_owned(), stored(&native));
    assert!(rows.len() > 4, "the record, pages, words");
    for (key, value) in &rows {
        for damaged in damage(value) {
            check(&native, key, &damaged, what);
            for (key, value) in &rows {
                native.store("Diary", "a", key, Some(value));
            }
        }
    }
    native.evict("Diary", "a");
    assert_eq!(native.get("/diary/a").send().text(), whole, "put back, all is well");
    assert_eq!(native.get("/diary/b").send().status, 200, "nobody else was hurt");
}

#[test]
fn every_byte_counts() {
    check_all("a flipped byte", |value| {
        let flip = |at: usize| {
            let mut damaged = value.to_vec();
            damaged[at] ^= 1 << (at % 8);
            damaged
        };
        (0..value.len()).map(flip).collect()
    });
}

#[test]
fn every_length_counts() {
    check_all("a truncation", |value| (0..value.len()).map(|len| value[..len].to_vec()).collect());
    check_all("an addition", |value| vec![[value, &[0]].concat(), [&[0], value].concat()]);
}

#[test]
fn bytes_of_others_are_not_taken_for_ours() {
    check_all("foreign bytes", |value| vec![b"{}".to_vec(), vec![0; value.len()], vec![255; 70_000]]);
    let native = native();
    let rows = stored(&native);
    for (key, _) in &rows {
        for (other, value) in rows.iter().filter(|(other, _)| other != key) {
            check(&native, key, value, &format!("the bytes of {}", other.escape_ascii()));
            rows.iter().for_each(|(key, value)| native.store("Diary", "a", key, Some(value)));
        }
    }
}

/// The row of an entry under the key of another, which is of the same type and would decode.
#[test]
fn an_entry_under_a_key_that_nobody_gave_out_is_noticed() {
    let native = native();
    let (key, value) = stored(&native).into_iter().find(|(key, _)| key.starts_with(b"pages\0")).unwrap();
    check(&native, &[&key[..], b"x"].concat(), &value, "an entry");
}

/// Values in parts are put together, or told to be broken.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn large_values_are_checked_as_a_whole() {
    let native = native();
    native.post(&format!("/diary/a/write/{}", "w".repeat(5_000))).send();
    let (key, value) = stored(&native).into_iter().find(|(key, _)| owner(key) == "the record").unwrap();
    let large = [value, vec![1; 3 << 20]].concat();
    check(&native, &key, &large, "three more MiB");
}

#[test]
fn values_without_a_record_are_left_alone() {
    let native = native();
    native.store("Diary", "a", b"\0record", None);
    native.evict("Diary", "a");
    let before = stored(&native);
    for target in ["/diary/a/write/more", "/diary/a/write/again"] {
        assert_eq!(native.post(target).send().status, 500);
    }
    assert_eq!(stored(&native), before);
    assert!(native.log().concat().contains("Diary/a: the record cannot be read: it is missing"), "{:?}", native.log());
}
