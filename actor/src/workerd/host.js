// The JavaScript half of the adapter to workerd: what WebAssembly imports, the way in, and the Durable Object classes. What
// goes to and fro is frames (docs/exchange.md).

import { Actor, giveUp, owner, runningJournal, wake } from "./actor.js";
import { sendable } from "./answers.js";
import { aim } from "./dump.js";
import { FrameReader, SLOT_BYTES, stringBytes } from "./frame.js";
import {
  BY_PATH, PATH_MAX, Trap, X, begin, begun, controlWord, enter, install, logged, memory, outbox, reader, textAt, writer,
} from "./instance.js";
import { failed, unavailable } from "./problem.js";
import {
  CHAIN_HEADER, PATH, REQUEST_SLOTS, RESPONSE_SLOTS, pathOf, refuse, toResponse, writeRequest,
} from "./request.js";
import { WriteError, messageOf, writeAnswer } from "./storage.js";

/** @import { Env, Options, Place, State } from "./types.d.ts" */

/** Answers of the router that are remembered, at most, and the longest path of one. */
const KNOWN_MAX = 1024, KNOWN_PATH_MAX = 128;

/** What a key has that is made up. */
const KEY_BYTES = 32;

/** Most bytes that the platform gives at once. */
const RANDOM_MAX_BYTES = 65_536;

/** The bindings while the router is asked. @type {Env} */
let asking = {};

let options = /** @type {Options} */ (/** @type {unknown} */ (null));

// What WebAssembly imports.

export { begun as init, giveUp as unjournaled, wake };

export function now() {
  const time = Date.now();
  return runningJournal()?.value(time) ?? time;
}

export function clock() {
  return Date.now();
}

/** @param {number} address @param {number} length */
export function random(address, length) {
  const fresh = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_MAX_BYTES) {
    crypto.getRandomValues(fresh.subarray(at, at + RANDOM_MAX_BYTES));
  }
  memory.bytes.set(runningJournal()?.value(fresh) ?? fresh, address);
}

/** @param {number} address @param {number} length */
export function log(address, length) {
  logged(textAt(address, length));
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
  return store(() => owner(key).storage.commit(new FrameReader(memory), address, length));
}

/**
 * Writes what is no turn's.
 *
 * @param {number} key
 * @param {number} address
 * @param {number} length
 * @returns {number} as of `commit`
 */
export function keep(key, address, length) {
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
  return store(() => {
    const bytes = memory.bytes;
    owner(actor).storage.put(bytes.subarray(key, key + keyLength), bytes.subarray(value, value + valueLength));
  });
}

/** @param {() => void} act */
function store(act) {
  try {
    commits(act);
    return 0;
  } catch (error) {
    return writeFailure(error);
  }
}

/** The call that runs stores something, unless `act` returns false: it cannot be run again from here on. @param {() => boolean | void} act */
function commits(act) {
  const journal = runningJournal();
  if (journal?.isBehind || journal?.hasDiverged) {
    throw new Error("the call was interrupted, and was not the same when it was run again");
  }
  if (act() !== false) journal?.commit();
}

/**
 * Calls `duractor_transact` in a transaction.
 *
 * @param {number} key
 * @returns {number} 0, or the length of what is in the inbox: why nothing is written
 */
export function transact(key) {
  let isInside = false, isKept = false;
  try {
    commits(() => {
      owner(key).storage.transact(() => {
        isInside = true;
        isKept = X.duractor_transact() === 1;
        isInside = false;
        return isKept;
      });
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

/**
 * A secret binding. The answer goes into the inbox: a frame of one slot, its text or null.
 *
 * @param {number} address
 * @param {number} length
 * @returns {number} its length
 */
export function secret(address, length) {
  const text = secretOf(textAt(address, length));
  begin(SLOT_BYTES + stringBytes(text ?? ""), 1);
  writer.str(0, text);
  return writer.finish();
}

/** Secrets that were made up in development. @type {Map<string, string>} */
const madeUp = new Map();

/** @param {string} name @returns {string | null} */
function secretOf(name) {
  const set = asking[name];
  if (typeof set === "string") return set;
  if (set !== undefined) {
    console.error(`the binding ${name} is no secret`);
    return null;
  }
  if (!options.development) return null;
  let text = madeUp.get(name);
  if (text === undefined) {
    console.warn(`the secret ${name} is not set: one is made up, and ends with this process. To keep it, write to .dev.vars: ${name}="…"`);
    text = [...crypto.getRandomValues(new Uint8Array(KEY_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    madeUp.set(name, text);
  }
  return text;
}

/** What is done with the bindings is in no journal. @param {number} key */
export function env(key) {
  const actor = owner(key);
  runningJournal()?.drop();
  return actor.env;
}

// The way in.

/** Which actors requests are for, as far as that is known: by method and path. @type {Map<string, Place>} */
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
  const way = `${request.method} ${path.split("?", 1)[0]}`;
  let place = known.get(way);
  if (place === undefined) {
    asking = env;
    aim(env);
    const asked = ask(request, path);
    if (asked instanceof Response) return asked;
    place = asked;
    if (place.isLasting && way.length <= KNOWN_PATH_MAX) remember(way, place);
  }
  const response = stub(env, place).fetch(request).catch(unavailable);
  const { cookie } = place;
  return cookie === null ? response : response.then((/** @type {Response} */ response) => withCookie(response, cookie));
}

/** @param {string} way @param {Place} place */
function remember(way, place) {
  if (known.size === KNOWN_MAX) known.clear();
  known.set(way, place);
}

/** Adds a cookie, unless the method has set one of that name. @param {Response} response @param {string} cookie */
function withCookie(response, cookie) {
  const name = cookie.slice(0, cookie.indexOf("=") + 1);
  if (response.headers.getAll("set-cookie").some((set) => set.startsWith(name))) return response;
  const copy = new Response(response.body, response);
  copy.headers.append("set-cookie", cookie);
  // It is for one visitor, and no cache is to hand it to another.
  if (!copy.headers.has("cache-control")) copy.headers.set("cache-control", "no-store");
  return copy;
}

/**
 * Asks the router.
 *
 * @param {Request} request
 * @param {string} path
 * @returns {Response | Place} the answer of a request that needs no actor, or the actor
 */
function ask(request, path) {
  if (path.length > controlWord(PATH_MAX)) return refuse(PATH);
  const headers = controlWord(BY_PATH) === 1 ? [] : sendable(request.headers, CHAIN_HEADER);
  const length = writeRequest(request, path, null, headers, 0, null);
  enter(() => X.duractor_route(length));
  const left = outbox();
  reader.at(left.address, left.length, RESPONSE_SLOTS);
  if (reader.i32(0) !== 0) return toResponse();
  return {
    className: /** @type {string} */ (reader.str(1)),
    name: /** @type {string} */ (reader.str(2)),
    cookie: reader.str(3),
    isLasting: reader.i32(5) === 1,
  };
}

/** @param {Env} env @param {Place} place */
function stub(env, { className, name }) {
  for (const binding of options.bindings[className] ?? []) {
    if (env[binding] !== undefined) return env[binding].getByName(name);
  }
  throw new Error(`no Durable Object binding for the class ${className}: see wrangler.toml`);
}

/** @param {Request} request @param {Env} env @returns {Response | Promise<Response>} */
function serve(request, env) {
  try {
    return route(request, env);
  } catch (error) {
    return failed(error);
  }
}

/** Installs the routes. In development their conflicts are what every request is answered with; elsewhere they end the start. */
function served() {
  try {
    install(options);
    return serve;
  } catch (error) {
    if (!options.development) throw error;
    return () => failed(error);
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
    fetch: served(),
    /** The Durable Object class of an actor. @param {string} className */
    actor(className) {
      return class extends given.DurableObject {
        #actor;

        /** @param {State} state @param {Env} env */
        constructor(state, env) {
          super(state, env);
          this.#actor = new Actor(className, state, env, serve);
        }

        /** @param {Request} request */
        fetch(request) {
          return this.#actor.fetch(request);
        }
      };
    },
  };
}
