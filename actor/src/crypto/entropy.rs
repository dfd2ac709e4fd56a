//! Randomness for nonces and keys. It is not that of [`Cx::random`], which a call that is run again gets again.

#[cfg(not(target_arch = "wasm32"))]
use crate::native::entropy;
#[cfg(target_arch = "wasm32")]
use crate::workerd::entropy;

use crate::cx::Cx;

/// Fills `bytes`. The platform has randomness only for who serves a request, hence the context.
pub(super) fn fill(_: &Cx, bytes: &mut [u8]) {
    entropy(bytes);
}
