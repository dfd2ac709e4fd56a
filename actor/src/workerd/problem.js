// Problems (RFC 9457) that the JavaScript side answers by itself, as the Rust side writes them.

import { Trap, isDevelopment } from "./instance.js";

/** What the platform says when it fails itself, as when it cannot open an object's storage. */
const INTERNAL = /^internal error; reference = /;

/** The object could not be reached, or was reset while it worked. @param {any} error */
export function unavailable(error) {
  // The platform resets an object whose disk is full, whatever is made of the exception.
  if (error?.durableObjectReset && String(error).includes("SQLITE_FULL")) {
    console.error(error);
    return problem(507, "storage-full", "the actor's storage is full; nothing of the change was kept", {});
  }
  const isPlatforms = error?.retryable || error?.overloaded || error?.durableObjectReset || INTERNAL.test(error?.message);
  if (!isPlatforms) return failed(error);
  console.error(error);
  return problem(503, "unavailable", "the actor cannot be reached at the moment", { "retry-after": "1" });
}

/** The body broke off. The client may still listen, and what it sent is not the actor's failure. */
export function incomplete() {
  return problem(400, "body-incomplete", "the body ended before it was whole", {});
}

/** Storage has failed outside of the instance. */
export function storageFailed() {
  return problem(503, "storage-failed", "the actor's storage does not answer; try again", { "retry-after": "1" });
}

/** The client has gone; nobody reads this. */
export function clientGone() {
  return problem(499, "client-gone", "the client went away before the call ended", {});
}

/**
 * The instance was replaced while the call waited, and the call cannot be run again.
 *
 * @param {boolean} hasCommitted whether a turn of it is stored: then nothing says that it may be tried again
 */
export function interrupted(hasCommitted) {
  const detail = "the call was interrupted before it ended";
  if (!hasCommitted) return problem(503, "interrupted", detail, { "retry-after": "1" });
  return problem(503, "interrupted", `${detail}, after a part of what it changes was stored`, {}, { committed: true });
}

/** What a client reads when the reason is not for it. @param {unknown} error */
export function failed(error) {
  if (!(error instanceof Trap) && !isAbort(error)) console.error(error);
  const debug = isDevelopment() ? { debug: error instanceof Error ? error.message : String(error) } : {};
  return problem(500, "internal", "the actor failed to answer; the reason is in its log", {}, debug);
}

/** Who asked has gone: nothing has failed. @param {unknown} error */
function isAbort(error) {
  return error instanceof Error && error.name === "AbortError";
}

/**
 * @param {number} status
 * @param {string} kind
 * @param {string} detail
 * @param {Record<string, string>} headers
 * @param {object} [more]
 */
function problem(status, kind, detail, headers, more = {}) {
  const title = kind[0].toUpperCase() + kind.slice(1).replaceAll("-", " ");
  const body = JSON.stringify({ type: `/problems/${kind}`, title, status, detail, ...more });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
}
