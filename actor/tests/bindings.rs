//! KV namespaces and R2 buckets.

use duractor::{BindingError, Native, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Default, Actor)]
struct Store {}

#[derive(Serialize, Deserialize)]
struct Note {
    by: String,
}

#[methods]
impl Store {
    #[put("/kv/{key}")]
    async fn put(cx: &Cx, key: &str, text: &str) -> Result<()> {
        let note = Note { by: "ann".into() };
        Ok(cx.kv("NOTES").put(key, text).metadata(&note).expires_in(secs(60)).await?)
    }

    #[get("/kv/{key}")]
    async fn get(cx: &Cx, key: &str) -> Result<Option<String>> {
        let Some(value) = cx.kv("NOTES").get(key).await? else { return Ok(None) };
        let by = value.metadata::<Note>()?.map_or("nobody".into(), |note| note.by);
        Ok(Some(format!("{} by {by}", value.text())))
    }

    #[delete("/kv/{key}")]
    async fn delete(cx: &Cx, key: &str) -> Result<()> {
        Ok(cx.kv("NOTES").delete(key).await?)
    }

    /// Pages of two keys.
    #[get("/kv")]
    async fn list(cx: &Cx) -> Result<Json<Vec<Vec<String>>>> {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = cx.kv("NOTES").list().prefix("a").limit(2).cursor(cursor).await?;
            pages.push(page.keys.into_iter().map(|key| key.name).collect());
            let Some(next) = page.cursor else { return Ok(Json(pages)) };
            cursor = next;
        }
    }

    #[get("/missing")]
    async fn missing(cx: &Cx) -> String {
        cx.r2("NOWHERE").head("key").await.unwrap_err().to_string()
    }

    #[get("/flaws")]
    async fn flaws(cx: &Cx) -> Json<Vec<bool>> {
        let kv = cx.kv("NOTES");
        let long = "k".repeat(513);
        let failed = [
            kv.get("").await.err(),
            kv.get(long).await.err(),
            kv.get("..").await.err(),
            kv.put("key", "value").expires_in(secs(59)).await.err(),
            kv.put("key", "value").metadata(&"m".repeat(1024)).await.err(),
            cx.r2("PHOTOS").get("a").range(3..3).await.err(),
        ];
        Json(failed.iter().map(|error| matches!(error, Some(BindingError::InvalidRequest { .. }))).collect())
    }

    #[put("/r2/{key}")]
    async fn put_object(cx: &Cx, key: &str, bytes: &[u8]) -> Result<String> {
        let put = cx.r2("PHOTOS").put(key, bytes).content_type("image/png").custom("by", "ann").await?;
        Ok(format!("{} {}", put.key, put.size))
    }

    #[get("/r2/{key}")]
    async fn get_object(cx: &Cx, key: &str) -> Result<Option<String>> {
        let photos = cx.r2("PHOTOS");
        let (whole, part, head) = (photos.get(key), photos.get(key).range(1..3), photos.head(key));
        let (whole, (part, head)) = try_join(whole, try_join(part, head)).await?;
        let (Some(whole), Some(part), Some(head)) = (whole, part, head) else { return Ok(None) };
        let said = (head.content_type().unwrap_or_default(), head.custom("by").unwrap_or_default());
        Ok(Some(format!("{} {} {} of {}", whole.text(), part.text(), said.0.to_owned() + said.1, part.info.size)))
    }

    #[get("/r2")]
    async fn list_objects(cx: &Cx) -> Result<Json<(Vec<String>, Vec<String>)>> {
        let page = cx.r2("PHOTOS").list().prefix("p/").delimiter("/").await?;
        Ok(Json((page.objects.into_iter().map(|object| object.key).collect(), page.prefixes)))
    }

    /// A value, an object and an answer at once.
    #[get("/all/{key}")]
    async fn all(cx: &Cx, key: &str) -> Result<String> {
        let beside =
            try_join(async { Ok(cx.r2("PHOTOS").get(key).await?) }, async { Ok(cx.get("https://a.example/").await?) });
        let (value, (object, reply)) =
            try_join(async { Ok::<_, Error>(cx.kv("NOTES").get(key).await?) }, beside).await?;
        let texts = [value.map(|value| value.text().into_owned()), object.map(|object| object.text().into_owned())];
        Ok(format!("{texts:?} {}", reply.text()))
    }

    #[get("/impatient")]
    async fn impatient(cx: &Cx) -> String {
        cx.kv("NOTES").get("key").timeout(millis(5)).await.unwrap_err().to_string()
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Store>("/store", "store")
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.kv("NOTES");
    native.r2("PHOTOS");
    native
}

#[test]
fn a_value_is_kept_until_it_expires() {
    let native = native();
    assert_eq!(native.get("/store/kv/key").send().status, 404);
    assert_eq!(native.request("PUT", "/store/kv/key").body("text").send().status, 204);
    assert_eq!(native.get("/store/kv/key").send().text(), "text by ann");
    native.advance(secs(59));
    assert_eq!(native.get("/store/kv/key").send().status, 200);
    native.advance(secs(2));
    assert_eq!(native.get("/store/kv/key").send().status, 404);
}

#[test]
fn a_value_is_deleted_and_may_be_empty() {
    let native = native();
    native.kv("NOTES").put("key", "");
    assert_eq!(native.get("/store/kv/key").send().text(), " by nobody");
    assert_eq!(native.delete("/store/kv/key").send().status, 204);
    assert_eq!(native.delete("/store/kv/key").send().status, 204);
    assert_eq!(native.get("/store/kv/key").send().status, 404);
}

#[test]
fn keys_are_listed_page_by_page() {
    let native = native();
    for key in ["a1", "a2", "a3", "b", "a4", "a5"] {
        native.kv("NOTES").put(key, key);
    }
    let pages = native.get("/store/kv").send().json::<Vec<Vec<String>>>();
    assert_eq!(pages, [vec!["a1", "a2"], vec!["a3", "a4"], vec!["a5"]]);
}

#[test]
fn a_binding_that_is_missing_is_named_with_the_lines_to_add() {
    let text = native().get("/store/missing").send().text().into_owned();
    assert!(text.contains("`NOWHERE`") && text.contains("[[r2_buckets]]\nbinding = \"NOWHERE\""), "{text}");
}

#[test]
fn what_the_platform_would_refuse_is_refused() {
    assert_eq!(native().get("/store/flaws").send().json::<Vec<bool>>(), [true; 6]);
}

#[test]
fn an_object_is_stored_with_what_it_is() {
    let native = native();
    assert_eq!(native.get("/store/r2/photo").send().status, 404);
    assert_eq!(native.request("PUT", "/store/r2/photo").body("pixels").send().text(), "photo 6");
    assert_eq!(native.get("/store/r2/photo").send().text(), "pixels ix image/pngann of 6");
}

#[test]
fn objects_are_listed_up_to_a_delimiter() {
    let native = native();
    for key in ["p/a", "p/b/1", "p/b/2", "p/c", "q"] {
        native.r2("PHOTOS").put(key, key);
    }
    let (keys, prefixes) = native.get("/store/r2").send().json::<(Vec<String>, Vec<String>)>();
    assert_eq!((keys, prefixes), (vec!["p/a".to_owned(), "p/c".into()], vec!["p/b/".to_owned()]));
}

#[test]
fn bindings_and_requests_are_asked_at_once() {
    let native = native();
    native.kv("NOTES").put("key", "value");
    native.kv("NOTES").slow(secs(2));
    native.r2("PHOTOS").put("key", "object");
    native.r2("PHOTOS").slow(secs(3));
    native.upstream("https://a.example/", duractor::native::Answer::text("answer").after(secs(3)));
    let before = native.now();
    assert_eq!(native.get("/store/all/key").send().text(), r#"[Some("value"), Some("object")] answer"#);
    assert_eq!(native.now().duration_since(before).unwrap(), secs(3));
}

#[test]
fn what_was_asked_is_not_asked_again_after_a_trap() {
    let native = native();
    native.kv("NOTES").put("key", "value");
    native.upstream("https://a.example/", duractor::native::Answer::text("answer").after(secs(3)));
    let call = native.get("/store/all/key").start();
    native.advance(secs(1));
    native.kv("NOTES").put("key", "changed");
    native.trap();
    assert_eq!(call.wait().text(), r#"[Some("value"), None] answer"#);
}

#[test]
fn a_binding_has_a_deadline_and_may_fail() {
    let native = native();
    native.kv("NOTES").slow(secs(1));
    assert_eq!(native.get("/store/impatient").send().text(), "NOTES/key: no answer in time");
    native.kv("NOTES").slow(secs(0));
    native.kv("NOTES").fail(Some("out of order"));
    assert_eq!(native.get("/store/impatient").send().text(), "NOTES/key: out of order");
}
