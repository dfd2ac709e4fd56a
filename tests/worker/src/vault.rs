//! What is computed with keys.

use duractor::{
    crypto::{Aes256GcmKey, Hkdf, HmacKey, Sha256, Sha512, sha256, sha512},
    prelude::*,
};

use crate::UPSTREAM;

/// Known to the test as well.
const SECRET: [u8; 32] = [7; 32];

const DERIVED_BYTES: usize = 42;

#[derive(Default, Actor)]
pub(crate) struct Vault {
    /// A key of its own, once it has one.
    key: Vec<u8>,
}

#[methods]
impl Vault {
    /// Both hashes of the body.
    #[post("/hash")]
    fn hash(body: &[u8]) -> Vec<u8> {
        [&sha256(body)[..], &sha512(body)].concat()
    }

    /// Both signatures of the body.
    #[post("/sign")]
    fn sign(body: &[u8]) -> Result<Vec<u8>> {
        let (short, long) = (HmacKey::<Sha256>::new(&SECRET)?.sign(body), HmacKey::<Sha512>::new(&SECRET)?.sign(body));
        Ok([short.as_bytes(), long.as_bytes()].concat())
    }

    /// The body is a tag of 32 bytes and what it signs.
    #[post("/verify")]
    fn verify(body: &[u8]) -> Result<()> {
        let (tag, message) = body.split_at(body.len().min(32));
        HmacKey::<Sha256>::new(&SECRET)?.verify(message, tag)?;
        Ok(())
    }

    /// What both hashes derive for the purpose that the body names.
    #[post("/derive")]
    fn derive(body: &[u8]) -> Result<Vec<u8>> {
        let mut derived = [0; 2 * DERIVED_BYTES];
        let (short, long) = derived.split_at_mut(DERIVED_BYTES);
        Hkdf::<Sha256>::new(&SECRET, b"salt")?.expand(body, short)?;
        Hkdf::<Sha512>::new(&SECRET, b"salt")?.expand(body, long)?;
        Ok(derived.to_vec())
    }

    /// Seals the body, for this actor.
    #[post("/seal")]
    fn seal(body: &[u8], cx: &Cx) -> Result<Vec<u8>> {
        Ok(Aes256GcmKey::new(&SECRET)?.seal(cx, body, cx.name().as_bytes()))
    }

    /// Opens the body, if it was sealed for this actor.
    #[post("/open")]
    fn open(body: &[u8], cx: &Cx) -> Result<Vec<u8>> {
        Ok(Aes256GcmKey::new(&SECRET)?.open(body, cx.name().as_bytes())?)
    }

    /// Gets a key of its own, and seals the body with it.
    #[post("/own-seal")]
    fn own_seal(&mut self, body: &[u8], cx: &Cx) -> Result<Vec<u8>> {
        if self.key.is_empty() {
            self.key = Aes256GcmKey::generate(cx).as_bytes().to_vec();
        }
        Ok(Aes256GcmKey::new(&self.key)?.seal(cx, body, b""))
    }

    #[post("/own-open")]
    fn own_open(&self, body: &[u8]) -> Result<Vec<u8>> {
        Ok(Aes256GcmKey::new(&self.key)?.open(body, b"")?)
    }

    /// Seals, says so in the log, and waits before it tells what it has sealed.
    #[get("/seal-and-wait/{gate}")]
    async fn seal_and_wait(gate: &str, cx: &Cx) -> Result<Vec<u8>> {
        let sealed = Aes256GcmKey::new(&SECRET)?.seal(cx, b"text", cx.name().as_bytes());
        worker::console_log!("{gate} sealed {sealed:?}");
        cx.get(format!("{UPSTREAM}/gate/{gate}")).await?;
        Ok(sealed)
    }

    /// Sends what it has sealed, and waits for the answer.
    #[post("/send-sealed/{gate}")]
    async fn send_sealed(gate: &str, cx: &Cx) -> Result<()> {
        let sealed = Aes256GcmKey::new(&SECRET)?.seal(cx, b"text", b"");
        cx.post(format!("{UPSTREAM}/gate/{gate}")).body(sealed).await?;
        Ok(())
    }

    /// Sends what it has signed, and waits for the answer.
    #[post("/send-signed/{gate}")]
    async fn send_signed(gate: &str, cx: &Cx) -> Result<()> {
        let tag = HmacKey::<Sha256>::new(&SECRET)?.sign(b"text");
        cx.post(format!("{UPSTREAM}/gate/{gate}")).body(tag.as_bytes()).await?;
        Ok(())
    }
}
