// The JavaScript half of the adapter to workerd: it hands requests, results and commits to WebAssembly as frames
// (docs/exchange.md), runs the operations that calls want, and replaces the instance when it traps.

import {
  FrameError, FrameReader, FrameWriter, Memory, SLOT_BYTES, Tag, headersBytes, payloadBytes, requestBytes, stringBytes,
} from "./frame.js";
import { Operations, readStream, readWants, sendable } from "./operations.js";
import { Storage, WriteError, messageOf, writeAnswer } from "./storage.js";

/** @import { HeaderPairs } from "./frame.js" */
/** @import { Chain, Env, Exports, Options, Result, State, Want } from "./types.d.ts" */

const METHODS = new Map([["GET", 0], ["HEAD", 1], ["POST", 2], ["PUT", 3], ["PATCH", 4], ["DELETE", 5], ["OPTIONS", 6]]);
const TYPES = [
  "text/plain; charset=utf-8",
  "application/json",
  "application/problem+json",
  "application/octet-stream",
  "text/html; charset=utf-8",
  "image/svg+xml",
];
/** What most replies are made with: status 200 and one of the common types. */
const PLAIN = TYPES.map((type) => ({ status: 200, headers: new Headers({ "content-type": type }) }));

/** What most requests' headers take in a frame. */
const HEADERS_BYTES = 3 << 10;
const REQUEST_SLOTS = 6;
const RESPONSE_SLOTS = 6;
const RESULT_SLOTS = 7;
/** Words of the control block. */
const INBOX = 0, INBOX_BYTES = 1, OUTBOX = 2, OUTBOX_BYTES = 3;
const BODY_MAX = 4, PATH_MAX = 5, CONNECTIONS_MAX = 6, CHAIN_MAX = 7;
/** Where the task stands that is being polled. */
const POLLED = 8;
/** Whether method and path alone decide which actor a request is for. */
const BY_PATH = 9;
/** Answers of the router that are remembered, at most, and the longest path of one. */
const KNOWN_MAX = 1024, KNOWN_PATH_MAX = 128;
/** Reasons to refuse a request before it is handed over. */
const BODY = 0, PATH = 1, CHAIN = 3;
/** The header by which calls between the worker's own actors name the calls that wait for them. */
const CHAIN_HEADER = "duractor-chain";

/** What calls end with when their instance is replaced: the one that trapped, and the others. */
const TRAPPED = Symbol("trapped"), LOST = Symbol("lost");

const decoder = new TextDecoder();

/** A body without a byte. */
const NOTHING = new Uint8Array();

/** The instance that is alive. Everything here changes when it is replaced. */
let X = /** @type {Exports} */ (/** @type {unknown} */ (null));
let memory = /** @type {Memory} */ (/** @type {unknown} */ (null));
let writer = /** @type {FrameWriter} */ (/** @type {unknown} */ (null));
let reader = /** @type {FrameReader} */ (/** @type {unknown} */ (null));
let control = 0;
let generation = 0;
let depth = 0;
let lastError = "";

let options = /** @type {Options} */ (/** @type {unknown} */ (null));

/**
 * The actors in the present instance that have calls waiting, by key. Not held: one that the platform has reset must be
 * collected, with its calls.
 *
 * @type {Map<number, WeakRef<Actor>>}
 */
const waiting = new Map();
const registry = new FinalizationRegistry(forget);

// What WebAssembly imports.

/** @param {Exports} exports */
export function init(exports) {
  X = exports;
  memory = new Memory(exports.memory);
  writer = new FrameWriter(memory);
  reader = new FrameReader(memory);
  control = exports.duractor_control();
  generation++;
}

export function now() {
  return Date.now();
}

/** @param {number} address @param {number} length */
export function random(address, length) {
  const bytes = memory.bytes.subarray(address, address + length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
}

/** @param {number} address @param {number} length */
export function log(address, length) {
  lastError = decoder.decode(memory.bytes.subarray(address, address + length));
  console.error(lastError);
}

/** Another context than the actor's own may ring: a promise takes it home. @param {number} key */
export function wake(key) {
  (current?.key === key ? current : waiting.get(key)?.deref())?.ring(depth > 0);
}

/**
 * Reads storage. The answer goes into the inbox.
 *
 * @param {number} key
 * @param {number} address
 * @param {number} length
 * @returns {number} its length
 */
export function read(key, address, length) {
  let answer;
  try {
    answer = owner(key).storage.read(new FrameReader(memory), address, length);
  } catch (error) {
    return writeFailure(error);
  }
  return writeAnswer(writer, answer, begin);
}

/**
 * Writes a turn's changes.
 *
 * @param {number} key
 * @param {number} address
 * @param {number} length
 * @returns {number} 0, or the length of what is in the inbox: why nothing is written
 */
export function commit(key, address, length) {
  try {
    owner(key).storage.commit(new FrameReader(memory), address, length);
    return 0;
  } catch (error) {
    return writeFailure(error);
  }
}

/**
 * Writes one value.
 *
 * @param {number} actor
 * @param {number} key
 * @param {number} keyLength
 * @param {number} value
 * @param {number} valueLength
 * @returns {number} as of `commit`
 */
export function put(actor, key, keyLength, value, valueLength) {
  try {
    const bytes = memory.bytes;
    owner(actor).storage.put(bytes.subarray(key, key + keyLength), bytes.subarray(value, value + valueLength));
    return 0;
  } catch (error) {
    return writeFailure(error);
  }
}

/**
 * Calls `duractor_transact` in a transaction.
 *
 * @param {number} key
 * @returns {number} 0, or the length of what is in the inbox: why nothing is written
 */
export function transact(key) {
  let isInside = false;
  try {
    owner(key).storage.transact(() => {
      isInside = true;
      const isKept = X.duractor_transact() === 1;
      isInside = false;
      return isKept;
    });
    return 0;
  } catch (error) {
    // What leaves WebAssembly is a trap. What storage says before or after is a failure of the one actor.
    if (isInside) throw error;
    return writeFailure(error);
  }
}

/** @param {unknown} error */
function writeFailure(error) {
  const text = messageOf(error);
  begin(REQUEST_SLOTS * SLOT_BYTES + stringBytes(text), REQUEST_SLOTS);
  writer.i32(0, error instanceof WriteError ? error.write : -1);
  writer.str(1, text);
  return writer.finish();
}

/** @param {number} key */
export function env(key) {
  return owner(key).env;
}

/** The actor whose call runs: no other one can own a task that is being polled. @type {Actor | null} */
let current = null;

/** @param {number} key */
function owner(key) {
  if (current !== null && (current.key === key || current.isActivating)) return current;
  throw new Error("the actor is not the one that runs");
}

// Entries.

/** @param {number} word */
function controlWord(word) {
  return memory.view.getUint32(control + 4 * word, true);
}

/** An exception that left WebAssembly. The instance has been replaced. */
class Trap extends Error {}

/**
 * Enters WebAssembly. Whatever leaves it as an exception is a trap; from within an import it is the entry around that
 * notices.
 *
 * @template T
 * @param {() => T} act
 */
function enter(act) {
  if (depth > 0) return act();
  depth++;
  lastError = "";
  try {
    return act();
  } catch (error) {
    throw trap(error);
  } finally {
    depth--;
  }
}

/** Replaces the instance. Calls that waited in the old one end, each in its own object's context. @param {unknown} cause */
function trap(cause) {
  console.error("the instance trapped and is replaced", lastError === "" ? cause : "");
  const trapped = new Trap(lastError || String(cause));
  const polled = memory.view.getUint32(controlWord(POLLED), true);
  const lost = [...waiting.values()];
  waiting.clear();
  options.reset();
  install();
  for (const actor of lost) actor.deref()?.lose(polled);
  return trapped;
}

function install() {
  if (options.development) X.duractor_develop();
  X.duractor_routes();
}

/** @param {{ key: number, generation: number }} held */
function forget(held) {
  if (held.generation !== generation) return;
  waiting.delete(held.key);
  enter(() => X.duractor_drop(held.key));
}

/** Makes room in the inbox, and begins a frame there. @param {number} bytes @param {number} slots */
function begin(bytes, slots) {
  if (bytes > controlWord(INBOX_BYTES)) enter(() => X.duractor_reserve(bytes));
  writer.begin(controlWord(INBOX), controlWord(INBOX_BYTES), slots);
}

/**
 * Writes a request's frame and returns its length. Going through `Headers` is dear, so they are sized only when they do
 * not fit where most do.
 *
 * @param {Request} request
 * @param {string} path
 * @param {Uint8Array | null} body
 * @param {HeaderPairs} headers
 * @param {number} number
 * @param {Chain | null} chain
 */
function writeRequest(request, path, body, headers, number, chain) {
  const method = METHODS.get(request.method) ?? request.method;
  const bytes = requestBytes(method, path, body, []) + chainBytes(chain);
  try {
    return fillRequest(bytes + HEADERS_BYTES, method, path, body, headers, number, chain);
  } catch (error) {
    if (!(error instanceof FrameError) || error.kind !== "capacity") throw error;
    return fillRequest(bytes + headersBytes(headers), method, path, body, headers, number, chain);
  }
}

/**
 * @param {number} bytes
 * @param {number | string} method
 * @param {string} path
 * @param {Uint8Array | null} body
 * @param {HeaderPairs} headers
 * @param {number} number
 * @param {Chain | null} chain
 */
function fillRequest(bytes, method, path, body, headers, number, chain) {
  begin(bytes, REQUEST_SLOTS);
  if (typeof method === "number") writer.i32(0, method);
  else writer.str(0, method);
  writer.str(1, path);
  writer.bytes(2, body);
  writer.headers(3, headers);
  if (chain !== null) writeChain(chain);
  writer.f64(5, number);
  return writer.finish();
}

/** @param {Chain | null} chain */
function chainBytes(chain) {
  return chain === null ? 0 : payloadBytes(16 * (2 + chain.tasks.length)) + stringBytes(chain.text);
}

/** @param {Chain} chain */
function writeChain(chain) {
  writer.beginFrame(4, 2 + chain.tasks.length);
  writer.str(0, chain.text);
  writer.i32(1, chain.tasks.length);
  chain.tasks.forEach((task, at) => writer.i32(2 + at, task));
  writer.endFrame();
}

/** Path and query of a URL as the runtime writes it. @param {string} url */
function pathOf(url) {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return start < 0 ? "/" : url.slice(start);
}

/** @param {string} url */
function originOf(url) {
  const end = url.indexOf("/", url.indexOf("//") + 2);
  return end < 0 ? url : url.slice(0, end);
}

/** The response in the frame that the reader is at. */
function toResponse() {
  const status = reader.i32(0);
  const type = reader.tag(1) === Tag.I32 ? reader.i32(1) : reader.str(1);
  const body = reader.bytes(2);
  const others = reader.headers(3);
  if (others === null && status === 200 && typeof type === "number") return new Response(body, PLAIN[type]);
  const headers = new Headers(others ?? undefined);
  if (type !== null) headers.set("content-type", typeof type === "number" ? TYPES[type] : type);
  // The body is what the method made, whatever `content-encoding` says of it.
  return new Response(body, { status, headers, encodeBody: "manual" });
}

/** @param {number} reason */
function refuse(reason) {
  const out = enter(() => X.duractor_refuse(reason));
  reader.at(out, controlWord(OUTBOX_BYTES), RESPONSE_SLOTS);
  return toResponse();
}

// The way in.

/** Which actors requests are for, as far as that is known: by method and path. @type {Map<string, [string, string]>} */
const known = new Map();

/**
 * Sends a request to the actor that the routes name.
 *
 * @param {Request} request
 * @param {Env} env
 * @returns {Response | Promise<Response>}
 */
function route(request, env) {
  const path = pathOf(request.url);
  const isByPath = controlWord(BY_PATH) === 1;
  const place = isByPath ? `${request.method} ${path.split("?", 1)[0]}` : "";
  let found = known.get(place);
  if (found === undefined) {
    const asked = ask(request, path, isByPath);
    if (asked instanceof Response) return asked;
    found = asked;
    if (isByPath && place.length <= KNOWN_PATH_MAX) remember(place, found);
  }
  return stub(env, found[0], found[1]).fetch(request).catch(unavailable);
}

/** @param {string} place @param {[string, string]} found */
function remember(place, found) {
  if (known.size === KNOWN_MAX) known.clear();
  known.set(place, found);
}

/**
 * Asks the router.
 *
 * @param {Request} request
 * @param {string} path
 * @param {boolean} isByPath
 * @returns {Response | [string, string]} the answer of a request that needs no actor, or the actor's class and name
 */
function ask(request, path, isByPath) {
  if (path.length > controlWord(PATH_MAX)) return refuse(PATH);
  const headers = isByPath ? [] : sendable(request.headers, CHAIN_HEADER);
  const length = writeRequest(request, path, null, headers, 0, null);
  const out = enter(() => X.duractor_route(length));
  reader.at(out, controlWord(OUTBOX_BYTES), RESPONSE_SLOTS);
  if (reader.i32(0) !== 0) return toResponse();
  return [/** @type {string} */ (reader.str(1)), /** @type {string} */ (reader.str(2))];
}

/** @param {Env} env @param {string} className @param {string} name */
function stub(env, className, name) {
  for (const binding of options.bindings[className] ?? []) {
    if (env[binding] !== undefined) return env[binding].getByName(name);
  }
  throw new Error(`no Durable Object binding for the class ${className}: see wrangler.toml`);
}

/** The object could not be reached, or was reset while it worked. @param {any} error */
function unavailable(error) {
  // The platform resets an object whose disk is full, whatever is made of the exception.
  if (error?.durableObjectReset && String(error).includes("SQLITE_FULL")) {
    console.error(error);
    return problem(507, "storage-full", "the actor's storage is full; nothing of the change was kept", {});
  }
  if (!error?.retryable && !error?.overloaded && !error?.durableObjectReset) return failed(error);
  console.error(error);
  return problem(503, "unavailable", "the actor cannot be reached at the moment", { "retry-after": "1" });
}

/** The body broke off. The client may still listen, and what it sent is not the actor's failure. */
function incomplete() {
  return problem(400, "body-incomplete", "the body ended before it was whole", {});
}

/** The instance was replaced while the call waited. */
function interrupted() {
  return problem(503, "interrupted", "the call was interrupted before it ended", { "retry-after": "1" });
}

/** What a client reads when the reason is not for it. @param {unknown} error */
function failed(error) {
  if (!(error instanceof Trap) && error !== TRAPPED && !isAbort(error)) console.error(error);
  const debug = options.development ? { debug: error instanceof Error ? error.message : String(error) } : {};
  return problem(500, "internal", "the actor failed to answer; the reason is in its log", {}, debug);
}

/** Who asked has gone: nothing has failed. @param {unknown} error */
function isAbort(error) {
  return error instanceof Error && error.name === "AbortError";
}

/**
 * A problem (RFC 9457), as the Rust side writes it.
 *
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

/** @param {Request} request @param {Env} env @returns {Response | Promise<Response>} */
function serve(request, env) {
  try {
    return route(request, env);
  } catch (error) {
    return failed(error);
  }
}

/** One actor: the Durable Object's half in JavaScript. */
class Actor {
  className;
  name;
  env;
  storage;
  key = -1;
  isActivating = false;
  #generation = -1;
  #numbers = 0;
  /** The calls that wait, by number. @type {Map<number, Call>} */ #calls = new Map();
  /** What waits to be handed over. @type {Result[]} */ #results = [];
  /** The URL of the last request. */ #url = "";
  #self = new WeakRef(this);
  /** Rung from another object's context. @type {((later: boolean) => void) | null} */ #bell = null;
  /** Whether it was rung in its own entry while there was no bell. */ #isRung = false;

  /** @param {string} className @param {State} state @param {Env} env */
  constructor(className, state, env) {
    this.className = className;
    this.name = state.id.name ?? null;
    this.env = env;
    this.storage = new Storage(state.storage);
  }

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

  /** @param {Request} request @param {Uint8Array | null} body */
  #answer(request, body) {
    try {
      return this.#activate() ?? this.#call(request, body);
    } catch (error) {
      return failed(error);
    }
  }

  /** Brings the actor into the present instance. The response, if it cannot be. */
  #activate() {
    if (this.#generation === generation) return null;
    let response = null;
    current = this;
    this.isActivating = true;
    this.key = -1;
    try {
      const record = this.storage.record();
      this.storage.transact(() => (response = this.#hydrate(record)) === null);
    } catch (error) {
      if (error instanceof Trap) throw error;
      if (this.key >= 0) forget({ key: this.key, generation });
      console.error(`${this.label()}:`, error);
      return problem(503, "storage-failed", "the actor's storage does not answer; try again", { "retry-after": "1" });
    } finally {
      this.isActivating = false;
      current = null;
    }
    if (response === null) {
      this.#generation = generation;
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
    if (key >= 0) {
      this.key = key;
      return null;
    }
    reader.at(controlWord(OUTBOX), controlWord(OUTBOX_BYTES), RESPONSE_SLOTS);
    return toResponse();
  }

  /** @param {Request} request @param {Uint8Array | null} body @returns {Response | Promise<Response>} */
  #call(request, body) {
    const path = pathOf(request.url);
    if (path.length > controlWord(PATH_MAX)) return refuse(PATH);
    const links = request.headers.get(CHAIN_HEADER);
    const chain = links === null ? null : this.#chain(links);
    if (chain === undefined) return refuse(CHAIN);
    const number = ++this.#numbers;
    const headers = sendable(request.headers, CHAIN_HEADER);
    const length = writeRequest(request, path, body, headers, number, chain);
    this.#url = request.url;
    const response = this.#enter(() => X.duractor_call(this.key, length), number, request);
    if (response !== null) return response;
    // It has left memory since.
    this.#generation = -1;
    return this.#activate() ?? this.#call(request, body);
  }

  /**
   * Which calls of this actor wait for a request, as its chain header tells. Only tokens of live calls count, so a
   * header that a client made up names nothing.
   *
   * @param {string} links
   * @returns {Chain | null | undefined} undefined when the chain is too long
   */
  #chain(links) {
    const parts = links.split(",").map((part) => part.trim().split(";"));
    if (parts.length >= controlWord(CHAIN_MAX)) return undefined;
    /** @type {number[]} */
    const tasks = [];
    for (const call of this.#calls.values()) {
      if (parts.some(([token]) => call.operations.isNamed(token))) tasks.push(call.task);
    }
    if (tasks.length === 0) return null;
    return { text: [...parts.map((part) => part[1] ?? "?"), this.label()].join(" → "), tasks };
  }

  /** How the actor reads in a chain. */
  label() {
    return `${this.className}/${encodeURIComponent(this.name ?? "")}`;
  }

  /**
   * Enters WebAssembly for this actor, and does what it leaves: ends calls, starts operations.
   *
   * @param {() => number} act
   * @param {number} [made] the call that is being made
   * @param {Request} [request] its request
   * @returns {Response | Promise<Response> | null} its response
   */
  #enter(act, made, request) {
    current = this;
    let out;
    try {
      out = enter(act);
    } finally {
      current = null;
    }
    if (out === 0) {
      this.#arm();
      return null;
    }
    /** @type {[Call, Want[]][]} */
    const news = [];
    let done = null;
    try {
      done = this.#read(out, made, request, news);
    } catch (error) {
      throw trap(error);
    }
    // Only now, since an operation may enter WebAssembly, which takes the frames away.
    for (const [call, wants] of news) call.operations.start(wants);
    this.#arm();
    return done;
  }

  /**
   * Reads the chain of responses that an entry left.
   *
   * @param {number} address
   * @param {number | undefined} made
   * @param {Request | undefined} request
   * @param {[Call, Want[]][]} news
   */
  #read(address, made, request, news) {
    const end = address + controlWord(OUTBOX_BYTES);
    let done = null;
    for (;;) {
      reader.at(address, end - address, RESPONSE_SLOTS);
      const next = reader.optI32(4);
      const number = reader.f64(5);
      if (reader.i32(0) === -1) {
        const call = this.#calls.get(number) ?? this.#keep(number, request);
        if (number === made) done = call.promise;
        this.#wait(address, end, call, news);
      } else if (number === made && !this.#calls.has(number)) done = toResponse();
      else this.#end(number);
      if (next === null) return done;
      address += next;
    }
  }

  /** The call that is being made, and has to wait. @param {number} number @param {Request | undefined} request */
  #keep(number, request) {
    // A call of the actor's own, such as what follows a commit, has a negative number and no request.
    const call = new Call(this, number, reader.i32(1), number < 0 ? undefined : request, this.#url);
    this.#calls.set(number, call);
    // From here on a trap ends the call by `lose`.
    waiting.set(this.key, this.#self);
    return call;
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
    const count = reader.i32(2);
    if (count === 0) return;
    reader.at(address, end - address, RESPONSE_SLOTS + count);
    news.push([call, readWants(reader, RESPONSE_SLOTS, count)]);
  }

  /** @param {number} number */
  #end(number) {
    const call = this.#calls.get(number);
    if (call === undefined) return;
    this.#calls.delete(number);
    call.end(toResponse());
  }

  /** While calls wait, another object's context can ring here. */
  #arm() {
    if (this.#calls.size === 0) {
      waiting.delete(this.key);
      return;
    }
    waiting.set(this.key, this.#self);
    if (this.#bell !== null) return;
    /** @type {Promise<boolean>} */
    const rung = new Promise((resolve) => (this.#bell = resolve));
    rung.then((later) => (later ? setTimeout(() => this.#run(), 0) : this.#run()));
    if (!this.#isRung) return;
    this.#isRung = false;
    this.ring(true);
  }

  /** @param {boolean} later after other events have had their turn */
  ring(later) {
    const bell = this.#bell;
    if (bell === null && current === this) this.#isRung = true;
    this.#bell = null;
    bell?.(later);
  }

  #run() {
    if (this.#isAlive()) this.#quietly(() => X.duractor_run(this.key));
  }

  /** Whether calls wait in the present instance. */
  #isAlive() {
    return this.#generation === generation && this.#calls.size > 0;
  }

  /** Enters without a request to answer: the calls that a trap takes along are answered by `lose`. @param {() => number} act */
  #quietly(act) {
    try {
      this.#enter(act);
    } catch (error) {
      if (!(error instanceof Trap)) console.error(error);
    }
  }

  /** What settles in the same microtask is handed over in one crossing. @param {Result} result */
  deliver(result) {
    if (this.#results.push(result) === 1) Promise.resolve().then(() => this.#flush());
  }

  #flush() {
    const results = this.#results;
    this.#results = [];
    if (!this.#isAlive()) return;
    const live = results.filter((result) => this.#calls.get(result.number)?.operations.settle(result.id));
    if (live.length === 0) return;
    const length = writeResults(live);
    this.#quietly(() => X.duractor_resume(this.key, length));
  }

  /** The client of a call has gone. @param {Call} call */
  abandon(call) {
    if (this.#isAlive() && this.#calls.has(call.number)) {
      this.#quietly(() => X.duractor_cancel(this.key, call.task));
    }
  }

  /**
   * The instance is gone, and the calls with it. The context may be another object's: only plain values cross.
   *
   * @param {number} polled the task that was polled when it trapped
   */
  lose(polled) {
    for (const call of this.#calls.values()) call.end(call.task >>> 0 === polled ? TRAPPED : LOST);
    this.#calls.clear();
    this.#results.length = 0;
    this.#bell = null;
  }
}

/** A call that waits. */
class Call {
  #resolve = /** @type {(response: Response | symbol) => void} */ (() => {});

  /**
   * @param {Actor} actor
   * @param {number} number
   * @param {number} task
   * @param {Request | undefined} request
   * @param {string} url
   */
  constructor(actor, number, task, request, url) {
    this.number = number;
    this.task = task;
    const chain = request?.headers.get(CHAIN_HEADER) ?? null;
    this.operations = new Operations({
      origin: originOf(url),
      chain: (token) => `${chain === null ? "" : `${chain}, `}${token};${actor.label()}`,
      chainHeader: CHAIN_HEADER,
      connections: controlWord(CONNECTIONS_MAX),
      deliver: (id, outcome) => actor.deliver({ number, task, id, ...outcome }),
      own: (request) => serve(request, actor.env),
    });
    /** @type {Promise<Response | symbol>} */
    const ended = new Promise((resolve) => (this.#resolve = resolve));
    this.promise = ended.then((response) => {
      this.operations.stop();
      return response instanceof Response ? response : response === TRAPPED ? failed(response) : interrupted();
    });
    request?.signal?.addEventListener("abort", () => actor.abandon(this), { once: true });
  }

  /** @param {Response | symbol} response */
  end(response) {
    this.#resolve(response);
  }
}

/** @param {Result[]} results */
function writeResults(results) {
  const slots = REQUEST_SLOTS + results.length;
  let bytes = 16 * slots;
  for (const { body, headers, text } of results) {
    bytes += payloadBytes(16 * RESULT_SLOTS) + payloadBytes(body?.length ?? 0) + headersBytes(headers ?? []);
    bytes += stringBytes(text ?? "");
  }
  begin(bytes, slots);
  writer.i32(4, results.length);
  results.forEach((result, at) => {
    writer.beginFrame(REQUEST_SLOTS + at, RESULT_SLOTS);
    writer.i32(0, result.task);
    writer.i32(1, result.id);
    writer.i32(2, result.status ?? 0);
    writer.bytes(3, result.body ?? null);
    writer.headers(4, result.headers ?? null);
    if (result.code !== undefined) writer.i32(5, result.code);
    writer.str(6, result.text ?? null);
    writer.endFrame();
  });
  return writer.finish();
}

/** Installs the routes. In development their conflicts are what every request is answered with; elsewhere they end the start. */
function begun() {
  try {
    install();
    return serve;
  } catch (error) {
    const reason = new Error(lastError || String(error));
    if (!options.development) throw reason;
    return () => failed(reason);
  }
}

/**
 * What `worker.js` needs.
 *
 * @param {Options} given
 */
export function host(given) {
  options = given;
  return {
    fetch: begun(),
    /** The Durable Object class of an actor. @param {string} className */
    actor(className) {
      return class extends given.DurableObject {
        #actor;

        /** @param {State} state @param {Env} env */
        constructor(state, env) {
          super(state, env);
          this.#actor = new Actor(className, state, env);
        }

        /** @param {Request} request */
        fetch(request) {
          return this.#actor.fetch(request);
        }
      };
    },
  };
}
