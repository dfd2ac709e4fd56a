//! Bodies that come and go piece by piece.

use duractor::{StreamReply, prelude::*};
use futures::{StreamExt, TryStreamExt, stream};

use crate::UPSTREAM;

#[derive(Default, Actor)]
pub(crate) struct Streams {
    written: u64,
}

#[methods]
impl Streams {
    /// How many bytes there are, and how many pieces.
    #[get("/count/{*path}")]
    async fn count(path: &str, cx: &Cx) -> Result<String> {
        let mut body = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.into_body();
        let (mut bytes, mut pieces) = (0, 0);
        while let Some(piece) = body.next().await {
            bytes += piece?.len();
            pieces += 1;
        }
        Ok(format!("{bytes} in {pieces}"))
    }

    #[get("/pipe/{*path}")]
    async fn pipe(path: &str, cx: &Cx) -> Result<StreamReply> {
        Ok(cx.get(format!("{UPSTREAM}/{path}")).stream().await?)
    }

    /// Every byte is one more.
    #[get("/changed/{*path}")]
    async fn changed(path: &str, cx: &Cx) -> Result<Response> {
        let body = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.into_body();
        let changed = body.map_ok(|piece| piece.iter().map(|byte| byte.wrapping_add(1)).collect::<Vec<_>>());
        Ok(Response::stream(changed))
    }

    /// The first piece is left out.
    #[get("/rest/{*path}")]
    async fn rest(path: &str, cx: &Cx) -> Result<Response> {
        let mut body = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.into_body();
        body.next().await.transpose()?;
        Ok(body.into_response())
    }

    /// So many pieces of 1 KiB, from a method that never waits.
    #[post("/made/{pieces}")]
    fn made(&mut self, pieces: u32) -> Response {
        self.written += u64::from(pieces);
        Response::stream(stream::iter(0..pieces).map(|piece| Ok::<_, Error>(vec![piece as u8; 1024])))
    }

    /// Pieces without end, and how many left the method.
    #[get("/endless")]
    fn endless(me: Me<Self>) -> Response {
        Response::stream(stream::unfold(me, async |me| {
            let written = me
                .turn(|streams| {
                    streams.written += 1;
                    Ok::<_, Error>(streams.written)
                })
                .await;
            Some((written.map(|_| vec![b'x'; 64 << 10]), me))
        }))
    }

    #[get("/written")]
    fn written(&self) -> u64 {
        self.written
    }

    /// Breaks off after the first piece: by an error, or by a panic.
    #[get("/broken/{how}")]
    fn broken(how: &str) -> Response {
        let is_panic = how == "panic";
        let response = Response::stream(stream::iter(0..2).map(move |piece| match piece {
            0 => Ok("begun"),
            _ if is_panic => panic!("on purpose"),
            _ => Err(Error::from(Problem::new(500, "broken", "on purpose"))),
        }));
        if how == "unsized" { response } else { response.with_length(10) }
    }

    /// Sends on what it gets from one path to another, and answers what that says.
    #[post("/copy/{to}/{*from}")]
    async fn copy(from: &str, to: &str, cx: &Cx) -> Result<Response> {
        let body = cx.get(format!("{UPSTREAM}/{from}")).stream().await?.into_body();
        let reply = cx.put(format!("{UPSTREAM}/{to}")).body_stream(body).await?;
        Ok(Response::text(reply.text().into_owned()).with_status(reply.status())?)
    }

    /// What another actor of this worker writes.
    #[get("/own/{*path}")]
    async fn own(path: &str, cx: &Cx) -> Result<StreamReply> {
        Ok(cx.get(format!("/{path}")).stream().await?)
    }

    /// Sends a body to another actor of this worker, which sends elsewhere with that status.
    #[post("/onward/{status}")]
    async fn onward(status: u16, cx: &Cx) -> String {
        let body = stream::iter([Ok::<_, Error>("a body")]);
        let sent = cx.post(format!("/place/first/onward/{status}/place/p/any")).body_stream(body).await;
        sent.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned())
    }

    /// Sends a body to another actor of this worker, which sends it back.
    #[post("/echoed/{pieces}")]
    async fn echoed(pieces: u32, cx: &Cx) -> Result<StreamReply> {
        let body = stream::iter(0..pieces).map(|piece| Ok::<_, Error>(format!("{piece} ")));
        Ok(cx.post("/inputs/echo").body_stream(body).stream().await?)
    }

    /// A body whose stream fails.
    #[post("/unmade")]
    async fn unmade(cx: &Cx) -> String {
        let pieces = [Ok("begun"), Err(Error::from(Problem::new(500, "broken", "on purpose")))];
        let sent = cx.put(format!("{UPSTREAM}/length")).body_stream(stream::iter(pieces)).await;
        sent.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned())
    }

    /// Takes heads, drops their bodies, and then asks for a text.
    #[get("/heads/{count}")]
    async fn heads(count: u32, cx: &Cx) -> Result<String> {
        for _ in 0..count {
            cx.get(format!("{UPSTREAM}/many/1000000")).stream().await?;
        }
        Ok(cx.get(format!("{UPSTREAM}/text/still-there")).await?.text().into_owned())
    }

    /// An upstream whose body stops.
    #[get("/stalled")]
    async fn stalled(cx: &Cx) -> Result<String> {
        let mut body = cx.get(format!("{UPSTREAM}/stall")).timeout(millis(300)).stream().await?.into_body();
        let first = body.next().await.transpose()?.map_or(0, |piece| piece.len());
        let second = body.next().await.map(|piece| piece.map(|piece| piece.len()).map_err(|error| error.to_string()));
        Ok(format!("{first} {second:?}"))
    }
}
