// The WebAssembly instance that is alive: how it is entered, and how a new one takes its place.

import { FrameReader, FrameWriter, Memory } from "./frame.js";

/** @import { Exports, Options, Watcher } from "./types.d.ts" */

/** Words of the control block. */
export const BODY_MAX = 4, PATH_MAX = 5, CONNECTIONS_MAX = 6, CHAIN_MAX = 7, BY_PATH = 9, JOURNALS_MAX = 10;
export const ACTOR_CONNECTIONS_MAX = 12;
const INBOX = 0, INBOX_BYTES = 1, OUTBOX = 2, OUTBOX_BYTES = 3, TRACE = 8, RECYCLE_MIN = 11;

/** Where the trace (docs/exchange.md) has what, in bytes. */
const NUMBER = 0, NAME = 8, NAME_BYTES = 12, TURN = 16, ANSWERED = 20, ANSWERED_BYTES = 24;
const TURNS = ["none", "shared", "exclusive"];

/** After an instance was given up for its size another one is not for so long, in ms. */
const RECYCLE_PAUSE = 60_000;

const decoder = new TextDecoder();

// Everything here changes when the instance is replaced.
export let X = /** @type {Exports} */ (/** @type {unknown} */ (null));
export let memory = /** @type {Memory} */ (/** @type {unknown} */ (null));
export let writer = /** @type {FrameWriter} */ (/** @type {unknown} */ (null));
export let reader = /** @type {FrameReader} */ (/** @type {unknown} */ (null));
/** Which one it is. A key or an address of another one is worth nothing. */
export let generation = 0;
let control = 0;

/** How many entries are under way, one in the other. */
let depth = 0;
/** What was logged last in the present entry: a panic says there why. */
let lastError = "";
let recycled = -Infinity;

let options = /** @type {Options} */ (/** @type {unknown} */ (null));
/** @type {Watcher} */
let watcher = { trapped() {}, replaced() {} };

/** Whether clients may read what only a developer should see. */
export function isDevelopment() {
  return options.development;
}

/** Whether an entry is under way. */
export function isInside() {
  return depth > 0;
}

/** Who is told of traps. @param {Watcher} who */
export function watch(who) {
  watcher = who;
}

/** A new instance is there. @param {Exports} exports */
export function begun(exports) {
  X = exports;
  memory = new Memory(exports.memory);
  writer = new FrameWriter(memory);
  reader = new FrameReader(memory);
  control = exports.duractor_control();
  generation++;
}

/** Installs the routes. @param {Options} given */
export function install(given) {
  options = given;
  try {
    if (options.development) X.duractor_develop();
    X.duractor_routes();
  } catch (error) {
    throw new Error(lastError || String(error));
  }
}

/** @param {number} address @param {number} length */
export function textAt(address, length) {
  return decoder.decode(memory.bytes.subarray(address, address + length));
}

/** @param {string} text */
export function logged(text) {
  lastError = text;
  console.error(text);
}

/** @param {number} word */
export function controlWord(word) {
  return memory.view.getUint32(control + 4 * word, true);
}

/** What the last entry left: its address and length. */
export function outbox() {
  return { address: controlWord(OUTBOX), length: controlWord(OUTBOX_BYTES) };
}

/** A word of the trace. @param {number} offset */
function traceWord(offset) {
  return memory.view.getUint32(controlWord(TRACE) + offset, true);
}

/** The number of the call that runs; 0 if none does. */
export function running() {
  return memory.view.getFloat64(controlWord(TRACE) + NUMBER, true);
}

/** An exception that left WebAssembly. The instance has been replaced. */
export class Trap extends Error {
  /** The number of the call that ran, in its actor; 0 if none did. */
  number = running();
  method = textAt(traceWord(NAME), traceWord(NAME_BYTES));
  turn = TURNS[traceWord(TURN)] ?? "none";
  /** Whole responses that the entry had made before. */
  answered = { address: traceWord(ANSWERED), length: traceWord(ANSWERED_BYTES) };
  /** The response of the call that was being made, if it is one of these. @type {Response | null} */
  response = null;
  /** @type {[number, number]} */ inbox = [controlWord(INBOX), controlWord(INBOX_BYTES)];
  /** @type {[number, number]} */ outbox = [controlWord(OUTBOX), controlWord(OUTBOX_BYTES)];
}

/**
 * Enters WebAssembly. Whatever leaves it as an exception is a trap; from within an import it is the entry around that
 * notices.
 *
 * @template T
 * @param {() => T} act
 */
export function enter(act) {
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

/** Replaces the instance after an exception. @param {unknown} cause */
export function trap(cause) {
  const found = new Trap(lastError || String(cause));
  try {
    watcher.trapped(found);
  } catch (error) {
    // What the old memory holds was not what it should be: then there is nothing to save.
    console.error(error);
  }
  if (lastError === "") console.error(cause);
  replace();
  return found;
}

function replace() {
  options.reset();
  install(options);
  watcher.replaced();
}

/** Gives the instance up that has grown large. Nobody's call may wait in it. */
export function recycle() {
  if (depth > 0 || memory.bytes.length < controlWord(RECYCLE_MIN)) return;
  // An instance whose actors need as much as that would be replaced again and again.
  const now = Date.now();
  if (now - recycled < RECYCLE_PAUSE) return;
  recycled = now;
  replace();
}

/** Makes room in the inbox, and begins a frame there. @param {number} bytes @param {number} slots */
export function begin(bytes, slots) {
  if (bytes > controlWord(INBOX_BYTES)) enter(() => X.duractor_reserve(bytes));
  writer.begin(controlWord(INBOX), controlWord(INBOX_BYTES), slots);
}
