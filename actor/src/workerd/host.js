// The JavaScript half of the adapter to workerd: what WebAssembly imports, the way in, and the Durable Object classes. What
// goes to and fro is frames (docs/exchange.md).

import { Actor, CHAIN_HEADER, giveUp, owner, runningJournal, wake } from "./actor.js";
import { FrameReader, SLOT_BYTES, stringBytes } from "./frame.js";
import {
  BY_PATH, PATH_MAX, Trap, X, begin, begun, controlWord, enter, install, logged, memory, outbox, reader, textAt, writer,
} from "./instance.js";
import { sendable } from "./operations.js";
import { failed, unavailable } from "./problem.js";
import { PATH, REQUEST_SLOTS, RESPONSE_SLOTS, pathOf, refuse, toResponse, writeRequest } from "./request.js";
import { WriteError, messageOf, writeAnswer } from "./storage.js";

/** @import { Env, Options, State } from "./types.d.ts" */

/** Answers of the router that are remembered, at most, and the longest path of one. */
const KNOWN_MAX = 1024, KNOWN_PATH_MAX = 128;

/** Most bytes that the platform gives at once. */
const RANDOM_MAX_BYTES = 65_536;

let options = /** @type {Options} */ (/** @type {unknown} */ (null));

// What WebAssembly imports.

export { begun as init, giveUp as unjournaled, wake };

export function now() {
  const time = Date.now();
  return runningJournal()?.value(time) ?? time;
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
  if (journal?.isBehind) throw new Error("the call was interrupted, and was not the same when it was run again");
  const isKept = act();
  if (journal !== null && isKept !== false) journal.hasCommitted = true;
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

/** What is done with the bindings is in no journal. @param {number} key */
export function env(key) {
  const actor = owner(key);
  runningJournal()?.drop();
  return actor.env;
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
  enter(() => X.duractor_route(length));
  const left = outbox();
  reader.at(left.address, left.length, RESPONSE_SLOTS);
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
