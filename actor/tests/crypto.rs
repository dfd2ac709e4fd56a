//! Sealed texts and generated keys of calls that are run again after a trap.
#![cfg(not(target_arch = "wasm32"))] // There a panic ends the test.

use std::{cell::RefCell, collections::HashSet};

use duractor::{
    crypto::{Aes256GcmKey, HmacKey, Sha256},
    native::{Answer, Native},
    prelude::*,
};

const UPSTREAM: &str = "https://up.example";
const SECRET: [u8; 32] = [7; 32];
const NONCE_BYTES: usize = 12;

thread_local! {
    /// What every run has made, in order.
    static MADE: RefCell<Vec<Vec<u8>>> = RefCell::default();
}

fn made(bytes: &[u8]) {
    MADE.with_borrow_mut(|made| made.push(bytes.to_vec()));
}

#[derive(Default, Actor)]
struct Desk {
    text: String,
    sealed: Vec<u8>,
}

#[methods]
impl Desk {
    #[post("/write/{text}")]
    fn write(&mut self, text: String) {
        self.text = text;
    }

    /// Seals what is stored at that time, and waits before it returns that.
    #[get("/seal")]
    async fn seal(me: Me<Self>, cx: &Cx) -> Result<Vec<u8>> {
        let text = me.read(|desk| desk.text.clone()).await;
        let sealed = Aes256GcmKey::new(&SECRET)?.seal(cx, text.as_bytes(), b"");
        made(&sealed);
        cx.get(format!("{UPSTREAM}/wait")).await?;
        Ok(sealed)
    }

    /// Seals in a turn that waits before it commits.
    #[post("/keep")]
    async fn keep(&mut self, cx: &Cx) -> Result<Vec<u8>> {
        self.sealed = Aes256GcmKey::new(&SECRET)?.seal(cx, b"kept", b"");
        made(&self.sealed);
        cx.get(format!("{UPSTREAM}/wait")).await?;
        Ok(self.sealed.clone())
    }

    #[get("/kept")]
    fn kept(&self) -> Vec<u8> {
        self.sealed.clone()
    }

    /// Draws a key, beside a number that is drawn in the same way.
    #[get("/generate")]
    async fn generate(cx: &Cx) -> Result<String> {
        let number = u64::from_le_bytes(cx.random());
        made(HmacKey::<Sha256>::generate(cx).as_bytes());
        made(Aes256GcmKey::generate(cx).as_bytes());
        cx.get(format!("{UPSTREAM}/wait/{number}")).await?;
        Ok(format!("{number} {}", u64::from_le_bytes(cx.random())))
    }

    #[post("/send/{how}")]
    async fn send(how: &str, cx: &Cx) -> Result<()> {
        let body = match how {
            "sealed" => Aes256GcmKey::new(&SECRET)?.seal(cx, b"text", b""),
            _ => HmacKey::<Sha256>::new(&SECRET)?.sign(b"text").as_bytes().to_vec(),
        };
        cx.post(format!("{UPSTREAM}/hook")).body(body).await?;
        Ok(())
    }
}

#[routes]
fn routes() -> Router {
    Router::new().mount::<Desk>("/desk/{name}", "{name}")
}

fn native() -> Native {
    let native = Native::new().routes(routes());
    native.upstream(&format!("{UPSTREAM}/*"), Answer::text("done").after(millis(10)));
    native
}

fn open(sealed: &[u8]) -> Vec<u8> {
    Aes256GcmKey::new(&SECRET).unwrap().open(sealed, b"").unwrap()
}

/// Two texts that are sealed with one nonce are open to whoever sees both.
#[test]
fn another_text_in_a_later_run_has_another_nonce() {
    let native = native();
    native.post("/desk/a/write/before").send();
    let call = native.get("/desk/a/seal").start();
    native.post("/desk/a/write/after").send();
    native.trap();
    let answer = call.wait();
    assert_eq!((answer.status, open(&answer.body)), (200, b"after".to_vec()));
    let runs = MADE.take();
    assert_eq!((open(&runs[0]), open(&runs[1])), (b"before".to_vec(), b"after".to_vec()));
    assert_ne!(runs[0][..NONCE_BYTES], runs[1][..NONCE_BYTES]);
    assert_eq!(native.sent().len(), 1);
}

#[test]
fn no_nonce_comes_twice_whatever_is_interrupted_evicted_and_deployed() {
    let mut native = native();
    for _ in 0..5 {
        let call = native.get("/desk/a/seal").start();
        (0..3).for_each(|_| native.trap());
        call.wait();
        native.evict("Desk", "a");
        native = native.routes(routes());
    }
    drop(native);
    for _ in 0..5 {
        self::native().get("/desk/a/seal").send();
    }
    let nonces: Vec<_> = MADE.take().iter().map(|sealed| sealed[..NONCE_BYTES].to_vec()).collect();
    assert_eq!((nonces.len(), HashSet::<_>::from_iter(&nonces).len()), (25, 25));
}

#[test]
fn what_a_turn_keeps_is_what_its_last_run_has_sealed() {
    let native = native();
    let call = native.post("/desk/a/keep").start();
    native.trap();
    let answer = call.wait();
    let runs = MADE.take();
    assert_ne!(runs[0], runs[1]);
    assert_eq!((&answer.body, &native.get("/desk/a/kept").send().body), (&runs[1], &runs[1]));
}

#[test]
fn generated_keys_are_others_in_a_later_run_and_numbers_are_the_same() {
    let calm = native().get("/desk/a/generate").send();
    let native = native();
    let call = native.get("/desk/a/generate").start();
    native.trap();
    assert_eq!(call.wait(), calm);
    let keys = MADE.take();
    assert_eq!((keys.len(), HashSet::<_>::from_iter(&keys).len()), (6, 6));
}

#[test]
fn what_was_sealed_and_sent_is_not_the_same_again() {
    let native = native();
    let call = native.post("/desk/a/send/sealed").start();
    native.trap();
    let answer = call.wait();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert!(answer.text().contains("/problems/interrupted"), "{}", answer.text());
    assert_eq!(native.sent().len(), 1);
}

#[test]
fn what_was_signed_and_sent_is_the_same_again() {
    let native = native();
    let call = native.post("/desk/a/send/signed").start();
    native.trap();
    assert_eq!(call.wait().status, 204);
    assert_eq!(native.sent().len(), 1);
}
