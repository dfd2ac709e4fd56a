//! KV namespaces and R2 buckets.

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Stores {}

#[derive(Serialize, Deserialize)]
struct Note {
    by: String,
}

#[methods]
impl Stores {
    #[put("/kv/{key}")]
    async fn put(cx: &Cx, key: &str, bytes: &[u8]) -> Result<()> {
        Ok(cx.kv("KV").put(key, bytes).metadata(&Note { by: "ann".into() }).expires_in(secs(600)).await?)
    }

    #[get("/kv/{key}")]
    async fn get(cx: &Cx, key: &str) -> Result<Option<String>> {
        let Some(value) = cx.kv("KV").get(key).await? else { return Ok(None) };
        let by = value.metadata::<Note>()?.map_or("nobody".into(), |note| note.by);
        Ok(Some(format!("{} by {by}", value.text())))
    }

    #[delete("/kv/{key}")]
    async fn delete(cx: &Cx, key: &str) -> Result<()> {
        Ok(cx.kv("KV").delete(key).await?)
    }

    /// Pages of two keys.
    #[get("/keys/{prefix}")]
    async fn keys(cx: &Cx, prefix: &str) -> Result<Json<Vec<Vec<String>>>> {
        let mut list = cx.kv("KV").list().prefix(prefix).limit(2);
        let mut pages = Vec::new();
        loop {
            let page = list.await?;
            pages.push(page.keys.into_iter().map(|key| key.name).collect());
            let Some(cursor) = page.cursor else { return Ok(Json(pages)) };
            list = cx.kv("KV").list().prefix(prefix).limit(2).cursor(cursor);
        }
    }

    /// A value that is larger than what is taken.
    #[get("/small/{key}")]
    async fn small(cx: &Cx, key: &str) -> String {
        cx.kv("KV").get(key).body_max_bytes(3).await.map_or_else(|error| error.to_string(), |_| "taken".into())
    }

    #[get("/missing/{kind}")]
    async fn missing(cx: &Cx, kind: &str) -> String {
        match kind {
            "kv" => cx.kv("NOWHERE").get("key").await.unwrap_err().to_string(),
            "r2" => cx.r2("NOWHERE").get("key").await.unwrap_err().to_string(),
            // A namespace is no bucket.
            _ => cx.r2("KV").get("key").await.unwrap_err().to_string(),
        }
    }

    #[put("/r2/{key}")]
    async fn put_object(cx: &Cx, key: &str, bytes: &[u8]) -> Result<String> {
        let put = cx.r2("R2").put(key, bytes).content_type("image/png").custom("by", "ann").await?;
        Ok(format!("{} {} {}", put.key, put.size, put.etag.len()))
    }

    #[get("/r2/{key}")]
    async fn get_object(cx: &Cx, key: &str) -> Result<Option<String>> {
        let bucket = cx.r2("R2");
        let (whole, part, head) = (bucket.get(key), bucket.get(key).range(1..3), bucket.head(key));
        let (whole, (part, head)) = try_join(whole, try_join(part, head)).await?;
        let (Some(whole), Some(part), Some(head)) = (whole, part, head) else { return Ok(None) };
        let is_new = cx.now().duration_since(head.uploaded()).unwrap_or_default() < secs(600);
        let (media, by) = (head.content_type().unwrap_or_default(), head.custom("by").unwrap_or_default());
        Ok(Some(format!("{} {} {media} {by} {} {is_new}", whole.text(), part.text(), part.info.size)))
    }

    #[delete("/r2/{key}")]
    async fn delete_object(cx: &Cx, key: &str) -> Result<()> {
        Ok(cx.r2("R2").delete(key).await?)
    }

    #[get("/objects/{prefix}")]
    async fn objects(cx: &Cx, prefix: &str) -> Result<String> {
        let page = cx.r2("R2").list().prefix(format!("{prefix}/")).delimiter("/").await?;
        let keys: Vec<_> = page.objects.iter().map(|object| object.key.as_str()).collect();
        Ok(format!("{} {} {}", keys.join(","), page.prefixes.join(","), page.cursor.is_some()))
    }

    /// A value, and what is behind a gate, at once.
    #[get("/beside/{key}/{gate}")]
    async fn beside(cx: &Cx, key: &str, gate: &str) -> Result<String> {
        let value = async { Ok::<_, Error>(cx.kv("KV").get(key).await?) };
        let reply = async { Ok(cx.get(format!("{UPSTREAM}/gate/{gate}")).await?) };
        let (value, reply) = try_join(value, reply).await?;
        Ok(format!("{} {}", value.map_or("nothing".into(), |value| value.text().into_owned()), reply.text()))
    }
}
