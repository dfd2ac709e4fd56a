// One actor: the Durable Object's half in JavaScript. It brings the actor into the present instance, hands over its calls
// and what they wait for, and runs calls again that a trap has interrupted.

import { sendable } from "./answers.js";
import { Call } from "./call.js";
import { Connections } from "./connections.js";
import { aim, dump } from "./dump.js";
import { SLOT_BYTES, payloadBytes, stringBytes } from "./frame.js";
import {
  BODY_MAX, CHAIN_MAX, JOURNALS_MAX, PATH_MAX, Trap, X, begin, controlWord, enter, generation, isDevelopment,
  isInside, memory, outbox, reader, recycle, running, trap, watch, writer,
} from "./instance.js";
import { Journal } from "./journal.js";
import { upstreamOf } from "./mock.js";
import { clientGone, failed, incomplete, interrupted, storageFailed } from "./problem.js";
import {
  BODY, CHAIN, CHAIN_HEADER, PATH, RESPONSE_SLOTS, REPLY, lengthOf, onlyResponse, pathOf, refuse, streamOf, toResponse, writeRequest, writeResults,
} from "./request.js";
import { Storage } from "./storage.js";
import { readStream } from "./streams.js";
import { readWants } from "./wants.js";

/** @import { Chain, Env, Made, Result, Shared, State, Waiting, Want } from "./types.d.ts" */

/** How often a call is run again after traps that are nobody's. */
const STRIKES_MAX = 1;

/** A body without a byte. */
const NOTHING = new Uint8Array();

/** The actor whose call runs: no other one can own a task that is being polled. @type {Actor | null} */
let current = null;

/**
 * The actors in the present instance that have calls waiting, by key. Not held: one that the platform has reset must be
 * collected, with its calls.
 *
 * @type {Map<number, WeakRef<Actor>>}
 */
const waiting = new Map();
const registry = new FinalizationRegistry(forget);

watch({
  trapped(found) {
    if (current !== null) current.trapped(found);
    else if (isDevelopment()) dump(found, memory.bytes, { actor: null, request: null, calls: allWaiting() });
  },
  // Each goes on in its own object's context.
  replaced() {
    const lost = [...waiting.values()];
    waiting.clear();
    for (const actor of lost) actor.deref()?.ring(false);
  },
});

/** Every call that waits, for a dump. */
function allWaiting() {
  return [...waiting.values()].flatMap((actor) => actor.deref()?.waiting() ?? []);
}

/** @param {{ key: number, generation: number }} held */
function forget(held) {
  if (held.generation !== generation) return;
  waiting.delete(held.key);
  try {
    enter(() => X.duractor_drop(held.key));
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
  }
}

/** @param {number} key */
export function owner(key) {
  if (current !== null && (current.key === key || current.isActivating)) return current;
  throw new Error("the actor is not the one that runs");
}

/** The journal of the call that runs, if one does. */
export function runningJournal() {
  return current?.journal(running()) ?? null;
}

/** A call can no longer be run again. @param {number} key @param {number} number */
export function giveUp(key, number) {
  const actor = current?.key === key ? current : waiting.get(key)?.deref();
  actor?.journal(number)?.drop();
}

/** Another context than the actor's own may ring: a promise takes it home. @param {number} key */
export function wake(key) {
  (current?.key === key ? current : waiting.get(key)?.deref())?.ring(isInside());
}

/** One actor of one Durable Object. */
export class Actor {
  className;
  name;
  env;
  storage;
  key = -1;
  isActivating = false;
  /** Requests that equal ones may join. @type {Map<string, Shared>} */ shared = new Map();
  connections = new Connections();
  upstream;
  #state;
  #serve;
  #generation = -1;
  #numbers = 0;
  /** The calls that wait, by number and so by age. @type {Map<number, Call>} */ #calls = new Map();
  /** What waits to be handed over. @type {Result[]} */ #results = [];
  /** Calls for which there are results that they have not been handed. @type {Set<Call>} */ #due = new Set();
  /** The number of the call that was made last, its request, and what it has noted as long as it has not had to wait. */
  #made = 0;
  /** @type {Request | null} */ #request = null;
  /** @type {Journal | null} */ #draft = null;
  #self = new WeakRef(this);
  /** Rung from another object's context. @type {((later: boolean) => void) | null} */ #bell = null;
  /** Whether it was rung in its own entry while there was no bell. */ #isRung = false;

  /**
   * @param {string} className
   * @param {State} state
   * @param {Env} env
   * @param {(request: Request, env: Env) => Response | Promise<Response>} serve asks the worker's own routes
   */
  constructor(className, state, env, serve) {
    this.className = className;
    this.name = state.id.name ?? null;
    this.env = env;
    this.upstream = upstreamOf(env);
    this.storage = new Storage(state.storage);
    this.#state = state;
    this.#serve = serve;
    aim(env);
  }

  /** The last request, by which calls of the actor's own know where they are. */
  get request() {
    return this.#request;
  }

  /** How the actor reads in a chain and in the log. */
  label() {
    return `${this.className}/${encodeURIComponent(this.name ?? "")}`;
  }

  // Requests.

  /**
   * Reads the body within its bound, if there is one. A declared length is checked before anything is read; and only
   * without one is `body` looked at, since a stream object costs more than all the rest of a small request.
   *
   * @param {Request} request
   * @returns {Response | Promise<Response>}
   */
  fetch(request) {
    if (request.method === "GET" || request.method === "HEAD") return this.#answer(request, null);
    const max = controlWord(BODY_MAX);
    const declared = request.headers.get("content-length");
    if (declared !== null) {
      // Reading nothing would cost as much as storing something.
      if (declared === "0") return this.#answer(request, NOTHING);
      if (Number(declared) > max) return refuse(BODY);
      return request.arrayBuffer().then((buffer) => this.#answer(request, new Uint8Array(buffer)), incomplete);
    }
    if (request.body === null) return this.#answer(request, null);
    return readStream(request.body, max).then(
      (body) => (body === null ? refuse(BODY) : this.#answer(request, body)),
      incomplete,
    );
  }

  /** @param {Request} request @param {Uint8Array | null} body @returns {Response | Promise<Response>} */
  #answer(request, body) {
    try {
      const made = { request, body, path: pathOf(request.url), links: request.headers.get(CHAIN_HEADER) };
      if (made.path.length > controlWord(PATH_MAX)) return refuse(PATH);
      if (made.links !== null && made.links.split(",").length >= controlWord(CHAIN_MAX)) return refuse(CHAIN);
      return this.#settle() ?? this.#make(made);
    } catch (error) {
      return failed(error);
    }
  }

  /**
   * Makes a call; again, if a trap in another one came in between.
   *
   * @param {Made} made
   * @returns {Response | Promise<Response>}
   */
  #make(made) {
    const number = ++this.#numbers;
    for (let strikes = 0; ; ) {
      try {
        const response = this.#hand(number, made);
        if (response !== null) return response;
        // It has left memory since.
        this.#generation = -1;
      } catch (error) {
        if (!(error instanceof Trap)) throw error;
        if (error.response !== null) return error.response;
        const kept = this.#calls.get(number);
        if (kept !== undefined) return kept.promise;
        if (error.number === number || (error.number === 0 && strikes++ === STRIKES_MAX)) throw error;
        if (this.#draft?.canReplay === false) return interrupted(this.#draft.hasCommitted);
      }
      const refused = this.#settle();
      if (refused !== null) return refused;
    }
  }

  /**
   * Hands a request over. A call that has to wait is kept.
   *
   * @param {number} number
   * @param {Made} made
   */
  #hand(number, made) {
    const { request, body, path, links } = made;
    this.#made = number;
    this.#draft = null;
    this.#request = request;
    const chain = links === null ? null : this.#chain(links);
    const headers = sendable(request.headers, CHAIN_HEADER);
    const length = writeRequest(request, path, body, headers, number, chain);
    const known = this.#calls.get(number)?.journal.known ?? 0;
    return this.#enter(() => X.duractor_call(this.key, length, known), made);
  }

  /**
   * Which calls of this actor wait for a request, as its chain header tells. Only tokens of live calls count, so a
   * header that a client made up names nothing.
   *
   * @param {string} links
   * @returns {Chain | null}
   */
  #chain(links) {
    const parts = links.split(",").map((part) => part.trim().split(";"));
    /** @type {number[]} */
    const tasks = [];
    for (const call of this.#calls.values()) {
      if (parts.some(([token]) => call.operations.isNamed(token))) tasks.push(call.task);
    }
    if (tasks.length === 0) return null;
    return { text: [...parts.map((part) => part[1] ?? "?"), this.label()].join(" → "), tasks };
  }

  // The present instance.

  get #isPresent() {
    return this.#generation === generation;
  }

  /**
   * Brings the actor into the present instance, and runs calls again that waited in another one.
   *
   * @returns {Response | null} why it cannot be
   */
  #settle() {
    for (;;) {
      if (this.#isPresent) {
        this.#advance();
        if (this.#isPresent) return null;
      }
      const refused = this.#activate();
      if (refused !== null) {
        for (const call of this.#calls.values()) this.#finish(call, refused.clone());
        return refused;
      }
      for (const call of this.#calls.values()) {
        if (!this.#isPresent) break;
        if (call.generation !== generation) this.#again(call);
      }
    }
  }

  /** The response, if the actor cannot be brought into the instance. */
  #activate() {
    let response = null;
    current = this;
    this.isActivating = true;
    this.key = -1;
    try {
      const record = this.storage.record();
      this.storage.transact(() => (response = this.#hydrate(record)) === null);
    } catch (error) {
      if (error instanceof Trap) {
        for (const call of this.#calls.values()) this.#finish(call, failed(error));
        throw error;
      }
      if (this.key >= 0) forget({ key: this.key, generation });
      console.error(`${this.label()}:`, error);
      return storageFailed();
    } finally {
      this.isActivating = false;
      current = null;
    }
    if (response === null) {
      this.#generation = generation;
      // Its cache counts changes anew.
      this.shared.clear();
      registry.unregister(this);
      registry.register(this, { key: this.key, generation }, this);
    }
    return response;
  }

  /** @param {Uint8Array | null} record */
  #hydrate(record) {
    const name = this.name ?? "";
    begin(3 * SLOT_BYTES + stringBytes(this.className) + stringBytes(name) + payloadBytes(record?.length ?? 0), 3);
    writer.str(0, this.className);
    writer.str(1, name);
    writer.bytes(2, record);
    const length = writer.finish();
    const key = enter(() => X.duractor_activate(length));
    if (key < 0) return onlyResponse();
    this.key = key;
    return null;
  }

  /** Runs a call again from its start. What it has asked for already is not asked for twice. @param {Call} call */
  #again(call) {
    const { made } = call;
    if (made === null || !call.journal.canReplay) {
      if (made === null) console.error(`${this.label()}: an effect, or the refresh of something in the cache, was interrupted`);
      return this.#finish(call, interrupted(call.journal.hasCommitted));
    }
    call.generation = generation;
    call.journal.rewind();
    this.#due.add(call);
    try {
      const response = this.#hand(call.number, made);
      // It has left memory since, unless it has ended at once.
      if (response === null && this.#calls.has(call.number)) call.generation = this.#generation = -1;
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      if (error.number === 0) this.#strike(call, error);
    }
  }

  /** A trap is perhaps this call's. @param {Call} call @param {Trap} error */
  #strike(call, error) {
    if (call.strikes++ === STRIKES_MAX) this.#finish(call, failed(error));
  }

  /** The instance has trapped in an entry of this actor; its memory can still be read. @param {Trap} error */
  trapped(error) {
    const what = this.isActivating ? "coming into memory" : `\`${error.method || "a call"}\`, turn: ${error.turn}`;
    console.error(`${this.label()}: ${what}: trapped; the instance is replaced`);
    const { address, length } = error.answered;
    const call = this.#calls.get(error.number);
    try {
      // No call that is being made has a promise here.
      if (length > 0) error.response = /** @type {Response | null} */ (this.#read(address, length, null, null));
    } finally {
      if (isDevelopment()) this.#dump(error, call?.made?.request ?? null);
      if (call !== undefined) this.#finish(call, failed(error));
    }
  }

  /** @param {Trap} error @param {Request | null} waited the request of the call, if it had to wait */
  #dump(error, waited) {
    const request = error.number !== 0 && error.number === this.#made ? this.#request : waited;
    const calls = [...this.waiting(), ...allWaiting().filter(({ actor }) => actor !== this.label())];
    this.#state.waitUntil?.(dump(error, memory.bytes, { actor: this.label(), request, calls }));
  }

  /** The calls that wait, for a dump. @returns {Waiting[]} */
  waiting() {
    return [...this.#calls.values()].map((call) => ({
      actor: this.label(),
      number: call.number,
      task: call.task,
      request: call.made === null ? "after a commit" : `${call.made.request.method} ${call.made.path}`,
      ageMs: Date.now() - call.since,
      operations: call.journal.operations(call.operations),
    }));
  }

  // Entries.

  /**
   * Enters WebAssembly for this actor, and does what it leaves: ends calls, starts operations.
   *
   * @param {() => number} act
   * @param {Made | null} made the call that is being made
   * @returns {Response | Promise<Response> | null} its response; null if the actor is not there
   */
  #enter(act, made) {
    /** @type {[Call, Want[]][]} */
    const news = [];
    current = this;
    try {
      const out = enter(act);
      if (out === 0) return null;
      return this.#leave(out, made, news);
    } finally {
      current = null;
      this.#arm();
    }
  }

  /**
   * @param {number} address
   * @param {Made | null} made
   * @param {[Call, Want[]][]} news
   */
  #leave(address, made, news) {
    let done;
    try {
      done = this.#read(address, outbox().length, made, news);
    } catch (error) {
      throw trap(error);
    }
    current = null;
    // Only now, since an operation may enter WebAssembly, which takes the frames away.
    for (const [call, wants] of news) {
      if (!this.#calls.has(call.number)) continue;
      call.operations.start(wants, call.journal);
      if (call.journal.hasDiverged) this.#diverge(call);
    }
    return done;
  }

  /**
   * Reads a chain of responses.
   *
   * @param {number} address
   * @param {number} length
   * @param {Made | null} made the call that is being made, if it may begin to wait
   * @param {[Call, Want[]][] | null} news null after a trap, when calls that wait are lost
   * @returns {Response | Promise<Response> | null} the response of the call that is being made
   */
  #read(address, length, made, news) {
    const end = address + length;
    let done = null;
    for (;;) {
      reader.at(address, end - address, RESPONSE_SLOTS);
      const next = reader.optI32(4);
      const number = reader.f64(5);
      const call = this.#calls.get(number);
      if (reader.i32(0) === -1) {
        if (news === null) return done;
        const kept = call ?? this.#keep(number, made);
        if (number === this.#made) done = kept.promise;
        this.#wait(address, end, kept, news);
      } else if (streamOf() === REPLY) {
        if (news === null) return done;
        const kept = call ?? this.#keep(number, made);
        if (number === this.#made) done = kept.promise;
        kept.answer(this.#toStream(kept, made));
      } else if (call !== undefined) this.#finish(call, this.#toResponse(call));
      else if (number === this.#made) done = toResponse();
      if (next === null || address + next >= end) return done;
      address += next;
    }
  }

  /** A response whose body its call writes. Nobody reads that of a HEAD. @param {Call} call @param {Made | null} made */
  #toStream(call, made) {
    const isHead = (call.made ?? made)?.request.method === "HEAD";
    return toResponse(isHead ? null : call.operations.openReply(lengthOf()));
  }

  /** A response, whose body one of its call's requests may have brought. @param {Call} call */
  #toResponse(call) {
    const stream = streamOf();
    return stream === null ? toResponse() : toResponse(call.operations.detach(stream));
  }

  /** A call that has to wait. @param {number} number @param {Made | null} made what it is, unless it is the actor's own */
  #keep(number, made) {
    const isMade = number === this.#made;
    const call = new Call(this, number, isMade ? made : null, (isMade ? this.#draft : null) ?? this.#journal());
    if (isMade) this.#draft = null;
    this.#calls.set(number, call);
    return call;
  }

  #journal() {
    return new Journal(controlWord(JOURNALS_MAX));
  }

  /** The journal of a call. @param {number} number */
  journal(number) {
    const call = this.#calls.get(number);
    if (call !== undefined) return call.journal;
    return number !== 0 && number === this.#made ? (this.#draft ??= this.#journal()) : null;
  }

  /**
   * Reads what a call that waits newly wants.
   *
   * @param {number} address
   * @param {number} end
   * @param {Call} call
   * @param {[Call, Want[]][]} news
   */
  #wait(address, end, call, news) {
    call.task = reader.i32(1);
    const count = reader.i32(2);
    if (count === 0 && !call.journal.hasDiverged) return;
    reader.at(address, end - address, RESPONSE_SLOTS + count);
    news.push([call, readWants(reader, RESPONSE_SLOTS, count)]);
  }

  /** Ends a call that waits. @param {Call} call @param {Response} response */
  #finish(call, response) {
    if (!this.#calls.delete(call.number)) return;
    this.#due.delete(call);
    call.end(response);
  }

  /** A call has asked for something else than before its interruption. @param {Call} call */
  #diverge(call) {
    console.error(`${this.label()}: a call was interrupted, and was not the same when it was run again`);
    this.#finish(call, interrupted(call.journal.hasCommitted));
    this.#quietly(() => X.duractor_abort(this.key, call.task));
  }

  /** While calls wait, another object's context can ring here. */
  #arm() {
    if (this.#calls.size === 0) {
      if (this.#isPresent) waiting.delete(this.key);
      if (waiting.size === 0) recycle();
      return;
    }
    if (this.#isPresent) waiting.set(this.key, this.#self);
    if (this.#bell === null) {
      /** @type {Promise<boolean>} */
      const rung = new Promise((resolve) => (this.#bell = resolve));
      rung.then((later) => (later ? setTimeout(() => this.#run(), 0) : this.#run()));
    }
    if (!this.#isPresent) this.ring(false);
    else if (this.#isRung) this.ring(true);
    this.#isRung = false;
    // Another call's turn may have ended, so that one that is behind could ask on. The bell is for others.
    if (this.#due.size > 0) Promise.resolve().then(() => this.#advance());
  }

  /** @param {boolean} later after other events have had their turn */
  ring(later) {
    const bell = this.#bell;
    if (bell === null && current === this) this.#isRung = true;
    this.#bell = null;
    bell?.(later);
  }

  #run() {
    if (this.#calls.size === 0) return;
    if (this.#isPresent) return this.#quietly(() => X.duractor_run(this.key));
    try {
      this.#settle();
    } catch (error) {
      // The calls that waited have been told.
      if (!(error instanceof Trap)) throw error;
    }
    this.#arm();
  }

  /**
   * Enters without a request to answer.
   *
   * @param {() => number} act
   * @param {() => void} [prepare] what is done before, and may need memory
   */
  #quietly(act, prepare) {
    try {
      prepare?.();
      this.#enter(act, null);
    } catch (error) {
      if (!(error instanceof Trap)) return console.error(error);
      if (error.number === 0) for (const call of this.#calls.values()) this.#strike(call, error);
      this.#arm();
    }
  }

  // Results.

  /** What settles in the same microtask is handed over in one crossing. @param {Result} result */
  deliver(result) {
    if (this.#results.push(result) === 1) Promise.resolve().then(() => this.#flush());
  }

  #flush() {
    const results = this.#results;
    this.#results = [];
    for (const result of results) {
      const call = this.#calls.get(result.number);
      if (call === undefined || !call.operations.settle(result.id)) continue;
      call.journal.add(result);
      this.#due.add(call);
    }
    for (const call of this.#due) call.journal.seal();
    if (this.#isPresent) this.#advance();
    else this.#run();
  }

  /** Hands over what calls wait for, as far as they have asked for it. */
  #advance() {
    while (this.#isPresent && this.#due.size > 0) {
      /** @type {[number, Result][]} */
      const results = [];
      let length = 0;
      for (const call of this.#due) for (const result of call.journal.next()) results.push([call.task, result]);
      if (results.length === 0) return this.#catchUp();
      this.#quietly(() => X.duractor_resume(this.key, length), () => (length = writeResults(results)));
    }
  }

  /** Nothing can be handed over at the moment. */
  #catchUp() {
    for (const call of this.#due) {
      if (call.journal.isStuck(call.operations)) this.#diverge(call);
      else if (!call.journal.isBehind) this.#due.delete(call);
    }
  }

  /** The client of a call has gone. @param {Call} call */
  abandon(call) {
    if (!this.#calls.has(call.number)) return;
    if (call.generation !== generation) this.#finish(call, clientGone());
    else this.#quietly(() => X.duractor_cancel(this.key, call.task));
  }

  /** @param {Request} request @returns {Response | Promise<Response>} */
  own(request) {
    return this.#serve(request, this.env);
  }
}
