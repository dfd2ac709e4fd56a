//! Actors that call their own routes.

use duractor::prelude::*;
use serde::Serialize;

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Chain {
    value: u64,
}

/// What an inner call answered.
#[derive(Serialize)]
pub(crate) struct Inner {
    status: u16,
    body: String,
}

#[methods]
impl Chain {
    #[get("/ping")]
    fn ping() {}

    #[get("/value")]
    fn value(&self) -> u64 {
        self.value
    }

    #[post("/add")]
    fn add(&mut self) -> u64 {
        self.value += 1;
        self.value
    }

    /// Holds a shared turn at a gate, then reads itself by its own route.
    #[get("/shared/{gate}")]
    async fn shared(&self, gate: &str, cx: &Cx) -> Result<Json<Inner>> {
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        inner(cx, format!("/chain/{}/value", cx.name())).await
    }

    #[get("/shared-to-exclusive")]
    async fn shared_to_exclusive(&self, cx: &Cx) -> Result<Json<Inner>> {
        let reply = cx.post(format!("/chain/{}/add", cx.name())).await?;
        Ok(Json(Inner { status: reply.status(), body: reply.text().into_owned() }))
    }

    #[post("/exclusive")]
    async fn exclusive(&mut self, cx: &Cx) -> Result<Json<Inner>> {
        self.value += 1;
        inner(cx, format!("/chain/{}/value", cx.name())).await
    }

    /// Holds its turn while another actor asks for it.
    #[post("/through/{other}")]
    async fn through(&mut self, other: &str, cx: &Cx) -> Result<Json<Inner>> {
        inner(cx, format!("/chain/{other}/ask/{}", cx.name())).await
    }

    /// Passes on what another actor answers.
    #[get("/ask/{whom}")]
    async fn ask(&self, whom: &str, cx: &Cx) -> Result<Response> {
        pass_on(cx, format!("/chain/{whom}/value")).await
    }

    #[get("/forever")]
    async fn forever(cx: &Cx) -> Result<Response> {
        pass_on(cx, format!("/chain/{}/forever", cx.name())).await
    }

    #[get("/header")]
    fn header(req: &Request) -> Option<String> {
        req.header("duractor-chain").map(str::to_owned)
    }

    #[get("/ask-header/{whom}")]
    async fn ask_header(&self, whom: &str, cx: &Cx) -> Result<Response> {
        pass_on(cx, format!("/chain/{whom}/header")).await
    }

    /// What a foreign host is told.
    #[get("/abroad")]
    async fn abroad(&self, cx: &Cx) -> Result<Response> {
        pass_on(cx, format!("{UPSTREAM}/echo")).await
    }
}

async fn inner(cx: &Cx, url: String) -> Result<Json<Inner>> {
    let reply = cx.get(url).await?;
    Ok(Json(Inner { status: reply.status(), body: reply.text().into_owned() }))
}

async fn pass_on(cx: &Cx, url: String) -> Result<Response> {
    let reply = cx.get(url).await?;
    Ok(Response::bytes(reply.bytes()).with_status(reply.status())?)
}
