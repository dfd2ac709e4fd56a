// The operations of one call: outbound requests and operations of bindings, at most so many at once, pieces of bodies, and
// waits.

import { CANCELLED, LOST, REDIRECTED, REDIRECTED_ON, TIMEOUT, failure, locationOf, readBody, readHead, without } from "./answers.js";
import { askBinding } from "./bindings.js";
import { Pulled, Pushed } from "./streams.js";
import { BOUND, CANCEL, HIT, PULL, SLEEP } from "./wants.js";

/** @import { Journal, Outcome, Sent, Surroundings, Want } from "./types.d.ts" */

/** What a request's bodies are, when they come and go piece by piece. */
const IS_PULLED = 1, IS_PUSHED = 2;

/** Redirects that are followed, as many as the runtime follows. */
const HOPS_MAX = 20;
const BODY_HEADER = /^content-/i;
/** Not for another origin. */
const SECRET_HEADER = /^(authorization|cookie|proxy-authorization)$/i;

/** The longest time that a timer of the runtime can wait, in ms. */
const TIMER_MAX = 2 ** 31 - 1;

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
