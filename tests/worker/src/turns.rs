//! Turns: who waits for whom, and what a turn leaves.

use duractor::{Cache, prelude::*};

use crate::{
    UPSTREAM,
    journal::{self, NoteOnDrop},
};

#[derive(Default, Actor)]
pub(crate) struct Turns {
    value: u64,
    words: Vec<String>,
}

#[methods]
impl Turns {
    #[get("/ping")]
    fn ping() {}

    #[get("/journal")]
    fn journal(cx: &Cx) -> Json<Vec<String>> {
        Json(journal::read(cx.name()))
    }

    #[get("/value")]
    fn value(&self) -> u64 {
        self.value
    }

    #[get("/words")]
    fn words(&self) -> Json<&Vec<String>> {
        Json(&self.words)
    }

    #[get("/read/{gate}")]
    async fn read(&self, gate: &str, cx: &Cx) -> Result<u64> {
        pass(cx, "read", gate).await?;
        Ok(self.value)
    }

    #[post("/write/{gate}")]
    async fn write(&mut self, gate: &str, cx: &Cx) -> Result<u64> {
        self.value += 1;
        self.words.push(gate.to_owned());
        pass(cx, "write", gate).await?;
        Ok(self.value)
    }

    #[post("/fail/{gate}")]
    async fn fail(&mut self, gate: &str, cx: &Cx) -> Result<u64> {
        self.value += 100;
        self.words.clear();
        pass(cx, "fail", gate).await?;
        Err(Problem::new(409, "on-purpose", "this turn fails"))?
    }

    #[post("/add/{by}")]
    fn add(&mut self, by: u64, cx: &Cx) -> u64 {
        journal::note(cx.name(), format!("add {by}"));
        self.value += by;
        self.value
    }

    #[get("/look/{mark}")]
    fn look(&self, mark: &str, cx: &Cx) -> u64 {
        journal::note(cx.name(), format!("look {mark}"));
        self.value
    }

    #[post("/fail-at-once")]
    fn fail_at_once(&mut self) -> Result<(), Problem> {
        self.value += 100;
        self.words.clear();
        Err(Problem::new(409, "on-purpose", "this turn fails"))
    }

    #[post("/take-back")]
    fn take_back(&mut self) -> Response {
        self.value += 100;
        Response::text(self.value.to_string()).rollback()
    }

    /// Waits for another actor's call.
    #[get("/hear/{word}")]
    async fn hear(word: &str) -> Result<String> {
        Ok(journal::hear(word).await?)
    }

    /// Wakes who waits for the word.
    #[post("/say/{word}")]
    fn say(word: &str, cx: &Cx) -> usize {
        journal::say(word, cx.name())
    }

    /// Only an error rolls back, not a status.
    #[post("/conflict")]
    fn conflict(&mut self) -> Result<Response, duractor::ReplyError> {
        self.value += 1;
        Response::text("kept").with_status(409)
    }

    /// Two short turns, and a wait between them that holds none.
    #[post("/short/{gate}")]
    async fn short(me: Me<Self>, gate: &str, cx: &Cx) -> Result<u64> {
        let before = me
            .turn(|turns| {
                turns.value += 1;
                Ok::<_, Error>(turns.value)
            })
            .await?;
        pass(cx, "short", gate).await?;
        let after = me.read(|turns| turns.value).await;
        me.turn(|turns| {
            turns.value += 1;
            Ok(after - before)
        })
        .await
    }

    #[post("/short-fail")]
    async fn short_fail(me: Me<Self>) -> Result<u64> {
        me.turn(|turns| {
            turns.value += 100;
            Err(Problem::new(409, "on-purpose", "this turn fails").into())
        })
        .await
    }
}

/// Waits at a gate of the upstream until it is opened.
async fn pass(cx: &Cx, what: &str, gate: &str) -> Result<(), FetchError> {
    journal::note(cx.name(), format!("{what} {gate} begins"));
    let gone = NoteOnDrop::new(cx.name(), format!("{what} {gate} ends"));
    cx.get(format!("{UPSTREAM}/gate/{gate}")).cache(Cache::NoStore).await?;
    journal::note(cx.name(), format!("{what} {gate} passed"));
    drop(gone);
    Ok(())
}
