// The operations of one call: outbound requests, at most so many at once, and waits.

/** @import { FrameReader } from "./frame.js" */
/** @import { Outcome, Surroundings, Want } from "./types.d.ts" */

const WANT_SLOTS = 9, SLEEP_SLOTS = 3, CANCEL_SLOTS = 2;
const CANCEL = 0, SLEEP = 2;
const REDIRECT = ["follow", "manual", "error"];

// Codes of failures (docs/exchange.md).
const OTHER = 0, INVALID = 1, REFUSED = 2, NOT_FOUND = 3, TIMEOUT = 4, TOO_LARGE = 5, LOST = 6;

/** An answer with a lower one, such as 101, is none. */
const STATUS_MIN = 200;

/** The longest time that a timer of the runtime can wait, in ms. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * What a call wants, copied out of linear memory.
 *
 * @param {FrameReader} reader
 * @param {number} first
 * @param {number} count
 * @returns {Want[]}
 */
export function readWants(reader, first, count) {
  const wants = [];
  for (let slot = first; slot < first + count; slot++) {
    const id = reader.frame(slot, CANCEL_SLOTS).i32(0);
    const kind = reader.frame(slot, CANCEL_SLOTS).i32(1);
    if (kind === CANCEL) wants.push({ id, kind });
    else if (kind === SLEEP) wants.push({ id, kind, time: reader.frame(slot, SLEEP_SLOTS).f64(2) });
    else wants.push(readFetch(reader.frame(slot, WANT_SLOTS), id, kind));
  }
  return wants;
}

/** @param {FrameReader} want @param {number} id @param {number} kind @returns {Want} */
function readFetch(want, id, kind) {
  return {
    id,
    kind,
    method: /** @type {string} */ (want.str(2)),
    url: /** @type {string} */ (want.str(3)),
    headers: want.headers(4) ?? undefined,
    body: want.bytes(5)?.slice(),
    time: want.f64(6),
    bodyMax: want.f64(7),
    redirect: REDIRECT[want.i32(8)],
  };
}

/**
 * A stream's bytes, or null when there are more than allowed.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} max
 */
export async function readStream(stream, max) {
  const source = stream.getReader();
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for (;;) {
    const { done, value } = await source.read();
    if (done) break;
    length += value.length;
    if (length > max) {
      await source.cancel().catch(() => {});
      return null;
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A name of a header (RFC 9110, section 5.1), as far as the exchange cares. */
const NAME = /^[\x21-\x7e]+$/;

/**
 * Names and values. The runtime lets names through that are none; nobody can ask for them, and they are left out.
 *
 * @param {Headers} headers
 */
export function headerPairs(headers) {
  /** @type {[string, string][]} */
  const pairs = [];
  headers.forEach((value, name) => {
    if (NAME.test(name)) pairs.push([name, value]);
  });
  return pairs;
}

/** An operation that has not ended. */
class Operation {
  /** @type {AbortController | null} */ controller = null;
  isDue = false;

  /** @param {Want} want @param {number} deadline */
  constructor(want, deadline) {
    this.want = want;
    this.deadline = deadline;
  }
}

/** The operations of one call. They are delivered in the order in which they end. */
export class Operations {
  /** @type {Surroundings} */ #around;
  /** @type {Map<number, Operation>} */ #live = new Map();
  /** Requests that wait for a connection. @type {Operation[]} */ #queue = [];
  #connections = 0;
  /** One timer, for the earliest deadline. @type {ReturnType<typeof setTimeout> | null} */ #timer = null;
  /** The earliest deadline, or an earlier one that is no longer of interest. */ #due = Infinity;
  /** What the timer is set for. */ #set = Infinity;
  /** Names this call to the calls that it makes to its own worker. */ #token = "";

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /** @param {string} token */
  isNamed(token) {
    return this.#token !== "" && this.#token === token;
  }

  /** @param {Want[]} wants */
  start(wants) {
    for (const want of wants) {
      if (want.kind === CANCEL) this.#cancel(want.id);
      else this.#begin(want);
    }
    this.#schedule();
  }

  /** Takes an operation that has ended out of the list. Whether it was still there. @param {number} id */
  settle(id) {
    return this.#live.delete(id);
  }

  /** The call has ended: what is under way is aborted. */
  stop() {
    for (const id of [...this.#live.keys()]) this.#cancel(id);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** @param {Want} want */
  #begin(want) {
    const operation = new Operation(want, Date.now() + Math.min(want.time ?? 0, Number.MAX_SAFE_INTEGER));
    this.#live.set(want.id, operation);
    this.#due = Math.min(this.#due, operation.deadline);
    if (want.kind === SLEEP) return;
    if (this.#connections < this.#around.connections) this.#fetch(operation);
    else this.#queue.push(operation);
  }

  /** @param {number} id */
  #cancel(id) {
    const operation = this.#live.get(id);
    if (operation === undefined) return;
    this.#live.delete(id);
    operation.controller?.abort();
  }

  /** @param {Operation} operation */
  #fetch(operation) {
    this.#connections++;
    this.#answer(operation).then((outcome) => {
      this.#connections--;
      if (!operation.isDue) this.#deliver(operation, outcome);
      this.#next();
    });
  }

  /** The connection that has become free goes to who waits longest. */
  #next() {
    let operation = this.#queue.shift();
    while (operation !== undefined && !this.#isWanted(operation)) operation = this.#queue.shift();
    if (operation !== undefined) this.#fetch(operation);
  }

  /** @param {Operation} operation */
  #isWanted(operation) {
    return this.#live.get(operation.want.id) === operation && !operation.isDue;
  }

  /** @param {Operation} operation @param {Outcome} outcome */
  #deliver(operation, outcome) {
    if (this.#live.get(operation.want.id) === operation) this.#around.deliver(operation.want.id, outcome);
  }

  /** @param {Operation} operation @returns {Promise<Outcome>} */
  async #answer(operation) {
    const { want } = operation;
    let request;
    try {
      request = this.#request(operation);
    } catch (error) {
      return { code: INVALID, text: String(error instanceof Error ? error.message : error) };
    }
    try {
      const response = await (want.url?.[0] === "/" ? this.#around.own(request) : fetch(request));
      return await readResponse(response, want.bodyMax ?? 0);
    } catch (error) {
      return failure(error);
    }
  }

  /** @param {Operation} operation */
  #request(operation) {
    const { url = "", method, headers, body, redirect } = operation.want;
    const { origin, chain, chainHeader } = this.#around;
    const isOwn = url[0] === "/";
    operation.controller = new AbortController();
    const init = { method, headers, body, redirect, signal: operation.controller.signal };
    const request = new Request(isOwn ? origin + url : url, init);
    if (isOwn) request.headers.set(chainHeader, chain((this.#token ||= crypto.randomUUID())));
    return request;
  }

  /** Sets the timer for the earliest deadline, unless it ends by then. */
  #schedule() {
    if (this.#due >= this.#set) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#set = this.#due;
    const wait = Math.min(Math.max(this.#due - Date.now(), 0), TIMER_MAX);
    this.#timer = setTimeout(() => this.#expire(), wait);
  }

  #expire() {
    this.#timer = null;
    this.#due = this.#set = Infinity;
    const now = Date.now();
    for (const operation of this.#live.values()) {
      if (operation.isDue) continue;
      if (operation.deadline > now) this.#due = Math.min(this.#due, operation.deadline);
      else this.#end(operation);
    }
    this.#schedule();
  }

  /** Its time is over: a wait is done, a request has failed. @param {Operation} operation */
  #end(operation) {
    operation.isDue = true;
    operation.controller?.abort();
    this.#deliver(operation, operation.want.kind === SLEEP ? { status: 0 } : { code: TIMEOUT });
  }
}

/** @param {Response} response @param {number} max @returns {Promise<Outcome>} */
async function readResponse(response, max) {
  if (response.status < STATUS_MIN) return { code: OTHER, text: `the answer's status is ${response.status}` };
  const body = await readBody(response, max);
  if (body === null) return { code: TOO_LARGE };
  return { status: response.status, body, headers: headerPairs(response.headers) };
}

/** @param {Response} response @param {number} max */
async function readBody(response, max) {
  if (response.body === null) return undefined;
  const declared = response.headers.get("content-length");
  const isEncoded = response.headers.has("content-encoding");
  if (declared === null || isEncoded) return readStream(/** @type {ReadableStream<Uint8Array>} */ (response.body), max);
  if (Number(declared) > max) {
    await response.body.cancel().catch(() => {});
    return null;
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** What went wrong, as far as the runtime's words tell. @param {unknown} error @returns {Outcome} */
function failure(error) {
  const text = error instanceof Error ? error.message : String(error);
  if (/refused/i.test(text)) return { code: REFUSED, text };
  if (/dns|not known|ENOTFOUND|resolve/i.test(text)) return { code: NOT_FOUND, text };
  if (/connection lost|disconnected|reset|closed/i.test(text)) return { code: LOST, text };
  if (/invalid url|unsupported|unknown protocol|fetch api cannot load/i.test(text)) return { code: INVALID, text };
  return { code: OTHER, text };
}
