//! Actors that are deleted with a commit.
use duractor::{
    Session,
    native::{Answer, Fault, Native},
    prelude::*,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const UPSTREAM: &str = "https://up.example/";

#[derive(Default, Actor)]
struct Account {
    name: String,
    notes: Arena<String>,
    visits: Log<u64>,
    created: u64,
}

#[methods]
impl Account {
    #[created]
    fn create(&mut self) {
        self.created += 1;
    }

    #[get]
    fn show(&self) -> String {
        format!("{} {} {} {}", self.name, self.notes.len(), self.visits.end(), self.created)
    }

    #[post("/fill")]
    fn fill(&mut self) -> Result<()> {
        self.name = "ann".into();
        self.notes.insert("note".into());
        self.visits.push(7)?;
        Ok(())
    }

    #[delete]
    fn delete(&mut self, cx: &Cx) -> Result<()> {
        self.fill()?;
        cx.destroy()
    }

    #[post("/regret")]
    fn regret(&mut self, cx: &Cx) -> Result<()> {
        cx.destroy()?;
        Err(Problem::new(409, "regret", "stay"))?
    }

    #[post("/last-words")]
    fn last_words(&mut self, cx: &Cx) -> Result<()> {
        cx.after_commit(async |_| Ok(()))?;
        cx.destroy()
    }

    #[post("/too-late")]
    fn too_late(&mut self, cx: &Cx) -> Result<()> {
        cx.destroy()?;
        cx.after_commit(async |_| Ok(()))
    }

    #[post("/read")]
    async fn without_a_turn(cx: &Cx) -> Result<()> {
        cx.destroy()
    }

    #[post("/short")]
    async fn short(me: Me<Self>, cx: &Cx) -> Result<String> {
        me.turn(|_| cx.destroy()).await?;
        Ok(me.read(|account| account.name.clone()).await)
    }

    #[get("/wait")]
    async fn wait(cx: &Cx) -> Result<String> {
        Ok(cx.get(UPSTREAM).await?.text().into_owned())
    }

    #[post("/hold")]
    async fn hold(&mut self, cx: &Cx) -> Result<()> {
        cx.get(UPSTREAM).await?;
        cx.destroy()
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Account>("/account/{name}", "{name}").mount::<Account>("/mine", Session::cookie("mine"))
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream(UPSTREAM, Answer::text("up").after(millis(50)));
    assert_eq!(native.post("/account/a/fill").send().status, 204);
    native
}

fn show(native: &Native) -> String {
    native.get("/account/a").send().text().into_owned()
}

#[test]
fn what_is_destroyed_is_gone_and_comes_anew() {
    let native = native();
    native.post("/account/b/fill").send();
    assert_eq!(native.delete("/account/a").send().status, 204);
    assert_eq!(native.stored("Account", "a"), []);
    assert_eq!(show(&native), " 0 0 1");
    native.post("/account/a/fill").send();
    native.evict("Account", "a");
    assert_eq!(show(&native), "ann 1 1 1");
    assert_eq!(native.get("/account/b").send().text(), "ann 1 1 1");
}

#[test]
fn a_turn_that_fails_destroys_nothing() {
    let native = native();
    assert_eq!(native.post("/account/a/regret").send().status, 409);
    assert_eq!(show(&native), "ann 1 1 1");
    native.inject(Fault::FailCommit);
    assert_eq!(native.delete("/account/a").send().status, 503);
    assert_eq!(show(&native), "ann 1 1 1");
    // Where a panic ends the instance there is no test after it.
    #[cfg(not(target_arch = "wasm32"))]
    {
        native.inject(Fault::TrapAtCommit);
        assert_eq!(native.delete("/account/a").send().status, 500);
        assert_eq!(show(&native), "ann 1 1 1");
    }
    native.post("/account/a/fill").send();
    assert_eq!(show(&native), "ann 2 2 1");
}

#[test]
fn calls_that_wait_are_told_to_try_again() {
    let native = native();
    let holds = native.post("/account/a/hold").start();
    let all = [
        native.get("/account/a/wait").start(),
        native.get("/account/a").start(),
        native.post("/account/a/fill").start(),
    ];
    assert_eq!(holds.wait().status, 204);
    let [waits, reads, writes] = all.map(|call| call.wait());
    // What had come for it at that time was its own.
    assert!([200, 503].contains(&waits.status));
    for reply in [reads, writes] {
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
        assert!(reply.text().contains("interrupted"), "{}", reply.text());
    }
    assert_eq!(show(&native), " 0 0 1");
}

#[test]
fn a_wait_ends_with_its_actor() {
    let native = native();
    let waits = native.get("/account/a/wait").start();
    assert_eq!(native.delete("/account/a").send().status, 204);
    let reply = waits.response().expect("it ends with its actor");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    native.advance(secs(1));
    assert_eq!(show(&native), " 0 0 1");
}

#[test]
fn what_follows_in_the_same_call_is_refused() {
    let native = native();
    let reply = native.post("/account/a/short").send();
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(show(&native), " 0 0 1");
}

#[test]
fn effects_and_the_end_exclude_each_other() {
    for method in ["last-words", "too-late", "read"] {
        let native = native();
        assert_eq!(native.post(&format!("/account/a/{method}")).send().status, 500);
        assert_eq!(show(&native), "ann 1 1 1");
    }
}

#[test]
fn a_session_names_its_actor_and_its_cookie_is_set_once() {
    let native = native();
    let first = native.post("/mine/fill").send();
    let cookie = first.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let again = native.get("/mine").header("cookie", &cookie).send();
    assert_eq!((again.text().as_ref(), again.header("set-cookie")), ("ann 1 1 1", None));
    assert_eq!(native.get("/mine").send().text(), " 0 0 1");
    native.crash();
    assert_eq!(native.get("/mine").header("cookie", &cookie).send().text(), "ann 1 1 1");
}
