// Answers of upstreams: their heads, their bodies within a bound, and what their failures mean.

import { readStream } from "./streams.js";

/** @import { HeadersLike } from "./frame.js" */
/** @import { Outcome } from "./types.d.ts" */

/** Codes of failures (docs/exchange.md). */
export const OTHER = 0, INVALID = 1, TIMEOUT = 4, TOO_LARGE = 5, LOST = 6, CANCELLED = 7, REDIRECTED = 10, NO_BINDING = 12;
const REFUSED = 2, NOT_FOUND = 3, REDIRECTS_ON = 9, INVALID_ANSWER = 11, INVALID_URL = 14;

/** What the runtime says when redirects lead on and on. */
export const REDIRECTED_ON = "Too many redirects";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What has no body, whatever length it says that one would have. */
const BODILESS = new Set([204, 304]);

/** A body without a byte. */
const NOTHING = new Uint8Array();

/** The encodings that the runtime undoes. */
const DECODED = new Set(["gzip", "br"]);

/** What is said of a body that is encoded. */
const ENCODED = new Set(["content-encoding", "content-length"]);

/** An answer with a lower one, such as 101, or a higher one is none. */
const STATUS_MIN = 200, STATUS_MAX = 599;

/** A name of a header (RFC 9110, section 5.1), as far as the exchange cares. */
const NAME = /^[\x21-\x7e]+$/;

/**
 * Headers without those whose names are none: the runtime lets them through, but nobody can ask for them.
 *
 * @param {Headers} headers
 * @param {string} [except] a name that is left out, too
 * @returns {HeadersLike}
 */
export function sendable(headers, except) {
  return {
    forEach(visit) {
      headers.forEach((value, name) => {
        if (name !== except && NAME.test(name)) visit(value, name);
      });
    },
  };
}

/** Names and values. @param {Headers} headers */
function headerPairs(headers) {
  /** @type {[string, string][]} */
  const pairs = [];
  sendable(headers).forEach((value, name) => pairs.push([name, value]));
  return pairs;
}

/** Where an answer points, if it is a redirect. @param {Response} response */
export function locationOf(response) {
  return REDIRECTS.has(response.status) ? response.headers.get("location") : null;
}

/** Status and headers. @param {Response} response @returns {Outcome} */
export function readHead({ status, headers }) {
  if (status < STATUS_MIN || status > STATUS_MAX) return { code: INVALID_ANSWER, text: `its status is ${status}` };
  const pairs = headerPairs(headers);
  // The runtime decodes as it reads: what is handed on is no longer encoded, and as long as it turns out to be.
  const isEncoded = pairs.some(([name, value]) => name === "content-encoding" && DECODED.has(value));
  return { status, headers: isEncoded ? pairs.filter(([name]) => !ENCODED.has(name)) : pairs };
}

/** The whole answer, or why there is none. @param {Response} response @param {Outcome} head @param {number} max @returns {Outcome | Promise<Outcome>} */
export function readBody(response, head, max) {
  const length = head.headers?.find(([name]) => name === "content-length")?.[1];
  if (Number(length) > max && !BODILESS.has(response.status)) return without(response, { code: TOO_LARGE });
  const bytes = length === undefined ? undeclared(response, max) : response.arrayBuffer();
  return bytes.then((bytes) => {
    if (bytes === null) return { code: TOO_LARGE };
    head.body = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
    return head;
  }, broken);
}

/** What went wrong within a body: if it cannot be decoded, it is not whole. @param {unknown} error @returns {Outcome} */
function broken(error) {
  const outcome = failure(error);
  return outcome.code === INVALID ? { code: LOST, text: outcome.text } : outcome;
}

/** @param {Response} response @param {number} max @returns {Promise<Uint8Array | null>} */
function undeclared({ body }, max) {
  return body === null ? Promise.resolve(NOTHING) : readStream(body, max);
}

/** Gives a body up. @param {Response} response @param {Outcome} outcome */
export function without(response, outcome) {
  response.body?.cancel().catch(() => {});
  return outcome;
}

/** What went wrong, as far as the runtime's words tell. @param {unknown} error @returns {Outcome} */
export function failure(error) {
  const text = error instanceof Error ? error.message : String(error);
  if (/too many redirects/i.test(text)) return { code: REDIRECTS_ON };
  if (error instanceof TypeError) return { code: /url|cannot load/i.test(text) ? INVALID_URL : INVALID, text };
  // What is no HTTP, and what a resolver does not know.
  if (/^internal error/i.test(text)) return { code: INVALID_ANSWER, text };
  if (/refused/i.test(text)) return { code: REFUSED, text };
  if (/dns|not known|ENOTFOUND/i.test(text)) return { code: NOT_FOUND, text };
  if (/connection lost|disconnected|reset|closed/i.test(text)) return { code: LOST, text };
  return { code: OTHER, text };
}
