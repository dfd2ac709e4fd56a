// The operations of one call: outbound requests and operations of bindings, at most so many at once, pieces of bodies, and
// waits.

import { askBinding } from "./bindings.js";
import { Pulled, Pushed, readStream } from "./streams.js";

/** @import { FrameReader, HeadersLike } from "./frame.js" */
/** @import { Journal, Outcome, Sent, Surroundings, Want } from "./types.d.ts" */

const FETCH_SLOTS = 11, SLEEP_SLOTS = 3, CANCEL_SLOTS = 2, HIT_SLOTS = 7, BOUND_SLOTS = 8, PIECE_SLOTS = 5;
const CANCEL = 0, SLEEP = 2, HIT = 3, BOUND = 4, PULL = 5, PUSH = 6;
/** What a request's bodies are, when they come and go piece by piece. */
const IS_PULLED = 1, IS_PUSHED = 2;
const REDIRECT = ["follow", "manual", "error"];

/** What the runtime says when redirects lead on and on. */
const REDIRECTED_ON = "Too many redirects";
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Redirects that are followed, as many as the runtime follows. */
const HOPS_MAX = 20;
const BODY_HEADER = /^content-/i;
/** Not for another origin. */
const SECRET_HEADER = /^(authorization|cookie|proxy-authorization)$/i;

// Codes of failures (docs/exchange.md).
const OTHER = 0, INVALID = 1, REFUSED = 2, NOT_FOUND = 3, TIMEOUT = 4, TOO_LARGE = 5, LOST = 6, CANCELLED = 7;
const REDIRECTS_ON = 9, REDIRECTED = 10, INVALID_ANSWER = 11, INVALID_URL = 14;

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
    else if (kind === HIT) wants.push(readHit(reader.frame(slot, HIT_SLOTS), id, kind));
    else if (kind === BOUND) wants.push(readBound(reader.frame(slot, BOUND_SLOTS), id, kind));
    else if (kind >= PULL) wants.push(readPiece(reader.frame(slot, PIECE_SLOTS), id, kind));
    else wants.push(readFetch(reader.frame(slot, FETCH_SLOTS), id, kind));
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
    share: want.i32(9),
    pieces: want.i32(10),
  };
}

/** @param {FrameReader} want @param {number} id @param {number} kind @returns {Want} */
function readBound(want, id, kind) {
  return {
    id,
    kind,
    method: /** @type {string} */ (want.str(2)),
    url: /** @type {string} */ (want.str(3)),
    options: /** @type {string} */ (want.str(4)),
    body: want.bytes(5)?.slice(),
    time: want.f64(6),
    bodyMax: want.f64(7),
  };
}

/** @param {FrameReader} want @param {number} id @param {number} kind @returns {Want} */
function readPiece(want, id, kind) {
  return { id, kind, of: want.i32(2), body: want.bytes(3)?.slice(), time: want.f64(4) };
}

/** What the cache has answered, for the journal. @param {FrameReader} hit @param {number} id @param {number} kind @returns {Want} */
function readHit(hit, id, kind) {
  return {
    id,
    kind,
    method: /** @type {string} */ (hit.str(2)),
    url: /** @type {string} */ (hit.str(3)),
    outcome: { status: hit.i32(6), headers: hit.headers(4) ?? undefined, body: hit.bytes(5)?.slice() },
  };
}

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
  headers.forEach((value, name) => {
    if (NAME.test(name)) pairs.push([name, value]);
  });
  return pairs;
}

/**
 * What is sent after a redirect (https://fetch.spec.whatwg.org/#http-redirect-fetch).
 *
 * @param {Sent} sent
 * @param {number} status
 * @param {boolean} isOwn whether it goes to the same origin
 * @returns {Sent}
 */
function redirected({ method, headers, body }, status, isOwn) {
  const isGet = status === 303 ? method !== "HEAD" : status < 303 && method === "POST";
  const kept = headers?.filter(([name]) => !(isGet && BODY_HEADER.test(name)) && (isOwn || !SECRET_HEADER.test(name)));
  return isGet ? { method: "GET", headers: kept } : { method, headers: kept, body };
}

/** A request that serves several operations of one actor. It is aborted when the last of them has left. */
export class Shared {
  #users = 1;
  #all;
  #key;
  #controller;

  /**
   * @param {Map<string, Shared>} all those that equal ones may join
   * @param {string} key
   * @param {Promise<Outcome>} outcome
   * @param {AbortController | null} controller
   */
  constructor(all, key, outcome, controller) {
    this.outcome = outcome;
    this.#all = all;
    this.#key = key;
    this.#controller = controller;
    all.set(key, this);
  }

  join() {
    this.#users++;
    return this;
  }

  /** No other one may join. */
  close() {
    if (this.#all.get(this.#key) === this) this.#all.delete(this.#key);
  }

  abort() {
    if (--this.#users > 0) return;
    this.close();
    this.#controller?.abort();
  }
}

/** Whether it goes to this worker's own routes. @param {Want} want */
function isOwn({ kind, url }) {
  return kind !== BOUND && url?.[0] === "/";
}

/** What is sent at first, whose body may be a stream. @param {Operation} operation @returns {Sent} */
function withPushed({ want, pushed }) {
  return pushed === null ? want : { method: want.method, headers: want.headers, body: pushed.readable };
}

/** What makes two requests equal. @param {Want} want */
function keyOf({ method, url, headers, bodyMax, redirect, share }) {
  // No method and no number has a blank, and a URL with one is at the end.
  const lines = headers === undefined ? "" : JSON.stringify(headers);
  return `${method} ${share} ${bodyMax} ${redirect} ${lines.length} ${lines} ${url}`;
}

/** An operation that has not ended. */
class Operation {
  /** @type {AbortController | null} */ controller = null;
  /** @type {Shared | null} */ shared = null;
  /** What begins it when it has waited for a connection of its actor. @type {(() => void) | null} */ begin = null;
  /** The body that it writes. @type {Pushed | null} */ pushed = null;
  /** Whether own routes have redirected it. */ hasMoved = false;
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
  /** Bodies that are read, by the requests that have brought them. @type {Map<number, Pulled>} */ #pulled = new Map();
  /** The body of the call's reply, when it writes that. @type {Pushed | null} */ #reply = null;

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /** @param {string} token */
  isNamed(token) {
    return this.#token !== "" && this.#token === token;
  }

  /** Whether something is under way. */
  get isBusy() {
    return this.#live.size > 0;
  }

  /** Whether an operation is under way. @param {number} id */
  isLive(id) {
    return this.#live.has(id);
  }

  /** Begins what a call wants, unless its journal says that it has begun. @param {Want[]} wants @param {Journal} journal */
  start(wants, journal) {
    const fresh = wants.filter((want) => want.kind !== CANCEL && journal.begins(want));
    for (const { id, kind } of wants) {
      if (kind !== CANCEL) continue;
      journal.cancel(id);
      this.#cancel(id);
    }
    // What a call sends that is not the same as before is not to be sent.
    if (journal.hasDiverged) return;
    for (const want of fresh) if (want.kind !== HIT) this.#begin(want);
    this.#schedule();
  }

  /** Takes an operation that has ended out of the list. Whether it was still there. @param {number} id */
  settle(id) {
    return this.#live.delete(id);
  }

  /** The call has ended: what is under way is aborted. */
  stop() {
    this.#queue.length = 0;
    for (const id of [...this.#live.keys(), ...this.#pulled.keys()]) this.#cancel(id);
    this.#reply?.end();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** @param {Want} want */
  #begin(want) {
    const operation = new Operation(want, Date.now() + Math.min(want.time ?? 0, Number.MAX_SAFE_INTEGER));
    this.#live.set(want.id, operation);
    this.#due = Math.min(this.#due, operation.deadline);
    if (want.kind === SLEEP) return;
    if (want.kind >= PULL) return this.#move(operation);
    if (((want.pieces ?? 0) & IS_PUSHED) !== 0) operation.pushed = new Pushed(null);
    if (this.#join(operation)) return;
    if (this.#connections < this.#around.connectionsMax) this.#fetch(operation);
    else this.#queue.push(operation);
  }

  /** @param {number} id */
  #cancel(id) {
    this.#pulled.get(id)?.cancel();
    const operation = this.#live.get(id);
    if (operation === undefined) return;
    this.#live.delete(id);
    this.#leave(operation);
  }

  /** Whether it has a connection or waits for one, it gives that up. @param {Operation} operation */
  #leave(operation) {
    (operation.shared ?? operation.controller)?.abort();
    operation.pushed?.end();
    if (operation.begin !== null && this.#around.connections.leave(operation.begin)) {
      this.#connections--;
      this.#next();
    }
    const at = this.#queue.indexOf(operation);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** @param {Operation} operation */
  #fetch(operation) {
    this.#connections++;
    // Own routes may wait for connections of the same actor.
    if (isOwn(operation.want)) return this.#send(operation);
    operation.begin = () => {
      operation.begin = null;
      this.#send(operation);
    };
    this.#around.connections.take(this.#around.actorConnectionsMax, operation.begin);
  }

  /** It has its connection. @param {Operation} operation */
  #send(operation) {
    const answer = this.#answer(operation);
    const { want, controller } = operation;
    const shared = want.share ? new Shared(this.#around.shared, keyOf(want), answer, controller) : null;
    operation.shared = shared;
    answer.then((outcome) => {
      shared?.close();
      operation.pushed?.end();
      if (outcome.isPulled !== true) this.#free(operation);
      if (!operation.isDue) this.#deliver(operation, outcome);
    });
  }

  /** A connection is free. @param {Operation} operation */
  #free({ want }) {
    this.#connections--;
    if (!isOwn(want)) this.#around.connections.free();
    this.#next();
  }

  /** Waits for an equal request that is under way. Whether there is one. @param {Operation} operation */
  #join(operation) {
    const { want } = operation;
    const shared = want.share ? this.#around.shared.get(keyOf(want)) : undefined;
    if (shared === undefined) return false;
    operation.shared = shared.join();
    shared.outcome.then((outcome) => {
      if (!operation.isDue) this.#deliver(operation, { ...outcome, isShared: true });
    });
    return true;
  }

  /** The connection that has become free goes to who waits longest, unless it can join another request by now. */
  #next() {
    for (let operation; (operation = this.#queue.shift()) !== undefined; ) {
      if (!this.#join(operation)) return this.#fetch(operation);
    }
  }

  /** @param {Operation} operation @param {Outcome} outcome */
  #deliver(operation, outcome) {
    if (this.#live.get(operation.want.id) === operation) this.#around.deliver(operation.want.id, outcome);
  }

  /** @param {Operation} operation @returns {Promise<Outcome>} */
  #answer(operation) {
    const { want } = operation;
    const url = want.url ?? "";
    if (want.kind === BOUND) return askBinding(this.#around.env, want);
    try {
      const response = isOwn(want) ? this.#own(operation, url) : this.#around.upstream.fetch(url, this.#init(operation, withPushed(operation)));
      return response.then((response) => this.#read(operation, response), failure);
    } catch (error) {
      return Promise.resolve(failure(error));
    }
  }

  /** @param {Operation} operation @param {Response} response @returns {Outcome | Promise<Outcome>} */
  #read(operation, response) {
    const { id, method, pieces = 0, bodyMax = 0, redirect } = operation.want;
    const head = readHead(response);
    if (redirect === "error" && locationOf(response) !== null) return without(response, { code: REDIRECTED });
    if (head.code !== undefined) return without(response, head);
    if (response.redirected || operation.hasMoved) head.isRedirected = true;
    if ((pieces & IS_PULLED) === 0) return readBody(response, head, method === "HEAD" ? Infinity : bodyMax);
    // Nobody may be there to read it.
    if (operation.isDue || this.#live.get(id) !== operation) return without(response, head);
    const over = () => {
      this.#pulled.delete(id);
      this.#free(operation);
    };
    this.#pulled.set(id, new Pulled(response.body, isOwn(operation.want), over));
    head.isPulled = true;
    return head;
  }

  /** The next piece of a body. @param {Operation} operation */
  #move(operation) {
    const { kind, of = 0, body } = operation.want;
    const moved = kind === PULL ? this.#pull(of) : this.#push(of, body);
    moved.catch(failure).then((outcome) => {
      if (!operation.isDue) this.#deliver(operation, outcome);
    });
  }

  /** @param {number} of @returns {Promise<Outcome>} */
  async #pull(of) {
    const pulled = this.#pulled.get(of);
    if (pulled === undefined) return { code: LOST };
    try {
      return { status: 200, body: await pulled.next() };
    } catch (error) {
      pulled.cancel();
      const { text } = failure(error);
      return { code: LOST, text };
    }
  }

  /** @param {number} to @param {Uint8Array | undefined} piece @returns {Promise<Outcome>} */
  async #push(to, piece) {
    const pushed = to < 0 ? this.#reply : this.#live.get(to)?.pushed;
    if (!pushed) return { code: CANCELLED };
    await pushed.take(piece);
    return { status: 200 };
  }

  /** The body of the call's reply, which the call writes from here on. @param {string | null} length in bytes, if it is known */
  openReply(length) {
    this.#reply = new Pushed(length);
    return this.#reply.readable;
  }

  /** The rest of a body that a request has brought, for the call's reply. @param {number} id */
  detach(id) {
    const pulled = this.#pulled.get(id);
    if (pulled === undefined) return null;
    this.#pulled.delete(id);
    if (!pulled.isOwn) this.#around.connections.free();
    return pulled.detach();
  }

  /** @param {Operation} operation @param {Sent} sent */
  #init(operation, { method, headers, body }) {
    operation.controller ??= new AbortController();
    const { signal } = operation.controller;
    // The runtime knows no "error".
    const redirect = operation.want.redirect === "follow" ? "follow" : "manual";
    return { method, headers, body, redirect, signal };
  }

  /**
   * Asks own routes. Redirects are followed here, since they may lead to another actor than the one that answered.
   *
   * @param {Operation} operation
   * @param {string} path
   */
  async #own(operation, path) {
    const { origin, chain, chainHeader, own } = this.#around;
    let sent = /** @type {Sent} */ (withPushed(operation));
    let url = origin + path;
    for (let hops = 0; ; hops++) {
      const request = new Request(url, { ...this.#init(operation, sent), redirect: "manual" });
      request.headers.set(chainHeader, chain((this.#token ||= crypto.randomUUID())));
      const response = await own(request);
      const location = locationOf(response);
      if (location === null || operation.want.redirect !== "follow") return response;
      operation.hasMoved = true;
      await response.body?.cancel();
      if (hops === HOPS_MAX) throw new Error(REDIRECTED_ON);
      const next = new URL(location, url);
      sent = redirected(sent, response.status, next.origin === origin);
      if (operation.pushed !== null && sent.body) throw new Error("a redirect asks for the body again, which was a stream");
      url = next.href;
      if (next.origin !== origin) return this.#around.upstream.fetch(url, this.#init(operation, sent));
    }
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
    this.#leave(operation);
    this.#deliver(operation, operation.want.kind === SLEEP ? { status: 0 } : { code: TIMEOUT });
  }
}

/** Where an answer points, if it is a redirect. @param {Response} response */
function locationOf(response) {
  return REDIRECTS.has(response.status) ? response.headers.get("location") : null;
}

/** Status and headers. @param {Response} response @returns {Outcome} */
function readHead({ status, headers }) {
  if (status < STATUS_MIN || status > STATUS_MAX) return { code: INVALID_ANSWER, text: `its status is ${status}` };
  const pairs = headerPairs(headers);
  // The runtime decodes as it reads: what is handed on is no longer encoded, and as long as it turns out to be.
  const isEncoded = pairs.some(([name, value]) => name === "content-encoding" && DECODED.has(value));
  return { status, headers: isEncoded ? pairs.filter(([name]) => !ENCODED.has(name)) : pairs };
}

/** The whole answer, or why there is none. @param {Response} response @param {Outcome} head @param {number} max @returns {Outcome | Promise<Outcome>} */
function readBody(response, head, max) {
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
function without(response, outcome) {
  response.body?.cancel().catch(() => {});
  return outcome;
}

/** What went wrong, as far as the runtime's words tell. @param {unknown} error @returns {Outcome} */
function failure(error) {
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
