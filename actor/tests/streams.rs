//! Bodies that come and go piece by piece.

use duractor::{
    Limits, Native, Retry, StreamReply,
    native::{Answer, Sent},
    prelude::*,
};
use futures::{StreamExt, TryStreamExt, stream};

const UPSTREAM: &str = "https://files.example";

#[derive(Default, Actor)]
struct Files {
    count: u64,
}

#[methods]
impl Files {
    /// How long each piece is.
    #[get("/pieces/{*path}")]
    async fn pieces(path: &str, cx: &Cx) -> Result<Json<Vec<usize>>> {
        let body = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.into_body();
        Ok(Json(body.map_ok(|piece| piece.len()).try_collect().await?))
    }

    #[get("/pipe/{*path}")]
    async fn pipe(path: &str, cx: &Cx) -> Result<StreamReply> {
        Ok(cx.get(format!("{UPSTREAM}/{path}")).stream().await?)
    }

    #[get("/again/{*path}")]
    async fn again(path: &str, cx: &Cx) -> Result<StreamReply> {
        Ok(cx.get(format!("{UPSTREAM}/{path}")).retry(Retry::attempts(3)).stream().await?)
    }

    /// The body of the upstream in upper case.
    #[get("/shout/{*path}")]
    async fn shout(path: &str, cx: &Cx) -> Result<Response> {
        let body = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.into_body();
        Ok(Response::stream(body.map_ok(|piece| piece.to_ascii_uppercase())).with_status(203)?)
    }

    /// The first piece, and then the rest by itself.
    #[get("/rest/{*path}")]
    async fn rest(path: &str, cx: &Cx) -> Result<Response> {
        let mut body = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.into_body();
        body.next().await.transpose()?;
        Ok(body.into_response())
    }

    /// A reply of a method that never waits, within a turn.
    #[post("/numbers/{count}")]
    fn numbers(&mut self, count: u32) -> Response {
        self.count += 1;
        Response::stream(stream::iter(0..count).map(|number| Ok::<_, Error>(format!("{number} "))))
    }

    #[get("/count")]
    fn count(&self) -> u64 {
        self.count
    }

    /// Breaks off.
    #[get("/broken")]
    fn broken(&self) -> Response {
        let pieces = [Ok("begun"), Err(Error::from(Problem::new(500, "broken", "on purpose")))];
        Response::stream(stream::iter(pieces))
    }

    #[post("/copy/{*path}")]
    async fn copy(path: &str, cx: &Cx) -> Result<u16> {
        let from = cx.get(format!("{UPSTREAM}/{path}")).stream().await?.error_for_status()?;
        Ok(cx.put(format!("{UPSTREAM}/copy")).body_stream(from.into_body()).await?.status())
    }

    #[post("/upload-broken")]
    async fn upload_broken(cx: &Cx) -> String {
        let pieces = [Ok("begun"), Err(Error::from(Problem::new(500, "broken", "on purpose")))];
        let sent = cx.put(format!("{UPSTREAM}/copy")).body_stream(stream::iter(pieces)).await;
        sent.map_or_else(|error| error.to_string(), |reply| reply.status().to_string())
    }

    #[post("/upload-again")]
    async fn upload_again(cx: &Cx) -> String {
        let body = stream::iter([Ok::<_, Error>("a")]);
        let sent = cx.put(format!("{UPSTREAM}/copy")).body_stream(body).retry(Retry::attempts(2)).await;
        sent.unwrap_err().to_string()
    }

    /// Takes a head, and nothing of the body, many times.
    #[get("/heads/{count}")]
    async fn heads(count: u32, cx: &Cx) -> Result<u32> {
        for _ in 0..count {
            cx.get(format!("{UPSTREAM}/large")).stream().await?;
        }
        Ok(count)
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Files>("/files", "files")
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream("https://files.example/words", Answer::pieces(["one ", "two ", "three"]).header("x-from", "words"));
    native.upstream("https://files.example/large", Answer::bytes(vec![7; 200_000]));
    native.upstream("https://files.example/cut", Answer::pieces(["one ", "two "]).cut());
    native.upstream("https://files.example/empty", Answer::status(204));
    native.upstream("https://files.example/missing", Answer::status(404));
    native.upstream("https://files.example/copy", |sent: &Sent| {
        Answer::status(if sent.body.is_empty() { 400 } else { 201 })
    });
    native
}

#[test]
fn pieces_come_as_they_are_and_none_is_larger_than_64_kib() {
    let native = native();
    assert_eq!(native.get("/files/pieces/words").send().json::<Vec<usize>>(), [4, 4, 5]);
    let large = native.get("/files/pieces/large").send().json::<Vec<usize>>();
    assert_eq!(large, [65_536, 65_536, 65_536, 3_392]);
    assert_eq!(native.get("/files/pieces/empty").send().json::<Vec<usize>>(), [0; 0]);
}

#[test]
fn an_answer_goes_on_to_the_client_with_status_and_headers() {
    let native = native();
    let reply = native.get("/files/pipe/words").send();
    assert_eq!((reply.status, reply.text().as_ref(), reply.header("x-from")), (200, "one two three", Some("words")));
    assert!(!reply.is_cut);
    assert_eq!(native.get("/files/pipe/large").send().body, vec![7; 200_000]);
    assert_eq!(native.get("/files/pipe/missing").send().status, 404);
    let empty = native.get("/files/pipe/empty").send();
    assert_eq!((empty.status, empty.body.len()), (204, 0));
    assert_eq!(native.request("HEAD", "/files/pipe/words").send().body, b"");
}

#[test]
fn what_is_left_of_a_body_goes_on_too() {
    assert_eq!(native().get("/files/rest/words").send().text(), "two three");
    assert_eq!(native().get("/files/rest/empty").send().text(), "");
}

#[test]
fn a_body_is_changed_on_its_way() {
    let reply = native().get("/files/shout/words").send();
    assert_eq!((reply.status, reply.text().as_ref(), reply.is_cut), (203, "ONE TWO THREE", false));
}

#[test]
fn a_turn_is_over_when_its_body_is_written() {
    let native = native();
    let reply = native.post("/files/numbers/5").send();
    assert_eq!((reply.text().as_ref(), reply.is_cut), ("0 1 2 3 4 ", false));
    native.evict("Files", "files");
    assert_eq!(native.get("/files/count").send().text(), "1");
    assert_eq!(native.post("/files/numbers/0").send().text(), "");
}

#[test]
fn a_stream_that_fails_cuts_the_body_and_is_logged() {
    let native = native();
    let reply = native.get("/files/broken").send();
    assert_eq!((reply.status, reply.text().as_ref(), reply.is_cut), (200, "begun", true));
    let cut = native.get("/files/shout/cut").send();
    assert_eq!((cut.text().as_ref(), cut.is_cut), ("ONE TWO ", true));
    assert!(native.log().iter().any(|line| line.contains("the connection was lost")), "{:?}", native.log());
    assert!(native.get("/files/pipe/cut").send().is_cut);
    assert_eq!(native.get("/files/pieces/cut").send().status, 502);
}

#[test]
fn a_body_is_sent_as_it_comes() {
    let native = native();
    assert_eq!(native.post("/files/copy/words").send().text(), "201");
    let sent = native.sent();
    assert_eq!((sent[1].method.as_str(), sent[1].body.as_slice()), ("PUT", b"one two three".as_slice()));
}

#[test]
fn a_body_that_cannot_be_made_is_not_sent() {
    let native = native();
    let text = native.post("/files/upload-broken").send().text().into_owned();
    assert!(text.contains("the request's body cannot be made"), "{text}");
    assert!(native.sent().is_empty());
    let again = native.post("/files/upload-again").send().text().into_owned();
    assert!(again.contains("a body that is a stream can be sent only once"), "{again}");
}

#[test]
fn a_call_with_a_body_under_way_is_not_run_again() {
    let native = native();
    native.upstream("https://files.example/copy", Answer::status(201).after(secs(1)));
    let call = native.post("/files/copy/words").start();
    native.run();
    native.trap();
    assert_eq!(call.wait().status, 503);
    assert_eq!(native.sent().len(), 2);
}

#[test]
fn a_body_is_written_only_while_there_is_room_for_a_call_that_waits() {
    let native = Native::new().routes(routes().limits(Limits { tasks_max: 0, ..Limits::default() }));
    let reply = native.post("/files/numbers/3").send();
    assert_eq!((reply.status, reply.header("retry-after")), (503, None));
    // What the method did is done.
    assert_eq!(native.get("/files/count").send().text(), "1");
}

#[test]
fn a_body_that_waits_too_long_for_its_taker_is_late() {
    let native = native();
    native.upstream("https://files.example/copy", Answer::never());
    let reply = native.post("/files/copy/words").send();
    assert_eq!(reply.status, 504, "{}", reply.text());
}

#[test]
fn an_answer_that_is_asked_for_again_gives_its_body_up() {
    let native = native();
    let count = std::cell::Cell::new(0);
    native.upstream("https://files.example/words", move |_: &Sent| {
        count.set(count.get() + 1);
        if count.get() < 3 { Answer::text("not yet").with_status(503) } else { Answer::text("at last") }
    });
    assert_eq!(native.get("/files/again/words").send().text(), "at last");
}

#[test]
fn bodies_that_nobody_takes_are_given_up() {
    let native = Native::new().routes(routes().limits(Limits { operations_max: 2, ..Limits::default() }));
    native.upstream("https://files.example/large", Answer::bytes(vec![7; 200_000]));
    assert_eq!(native.get("/files/heads/50").send().text(), "50");
}
