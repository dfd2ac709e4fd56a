// What one call has asked for, and what came of it, so that the call can be run again after a trap without anything
// being sent twice.

/** @import { Noted, Operations, Outcome, Result, Want } from "./types.d.ts" */

/** What a value, an operation, a result or a header takes beside its bytes, about. */
const NOTE_BYTES = 64;

/** What operations are called, by kind (docs/exchange.md). */
const KINDS = ["cancel", "fetch", "sleep", "fetch", "binding", "pull", "push"];

/** What the journals of all calls that wait hold, in bytes. */
let total = 0;

/** An object that the platform has reset drops its calls without ending them. */
const lost = new FinalizationRegistry((/** @type {{ bytes: number }} */ account) => (total -= account.bytes));

/** The journal of one call. A run reads what the runs before have noted, and then goes on noting. */
export class Journal {
  #max;
  /** What is held, and what of it counts: only that of a call that waits. Most do not, and forget what they have noted. */
  #bytes = 0;
  #account = { bytes: 0 };
  #isCounted = false;
  /** Times and random bytes, in order. @type {(number | Uint8Array)[]} */ #values = [];
  /** Operations by id. @type {Map<number, Noted>} */ #noted = new Map();
  /** Results in the order in which they were handed over: together what came together. @type {Result[][]} */ #batches = [];
  /** Results that are to be handed over together. @type {Result[]} */ #gathered = [];
  /** How many values and batches the present run has taken. */
  #valuesTaken = 0;
  #batchesTaken = 0;
  #isReplay = false;
  #isKept = true;
  /** How many operations there were, in all runs. */
  known = 0;
  /** Whether the call has stored something, which must not be stored twice. */
  hasCommitted = false;
  /** Whether a run has asked for something else than the run before. */
  hasDiverged = false;

  /** @param {number} max what all journals together may hold, in bytes */
  constructor(max) {
    this.#max = max;
  }

  /** Whether the call can be run again. */
  get canReplay() {
    return this.#isKept && !this.hasCommitted && !this.hasDiverged;
  }

  /** Whether the present run has yet to ask for something that an earlier one has. */
  get isBehind() {
    if (!this.#isReplay) return false;
    return this.#batchesTaken < this.#batches.length || [...this.#noted.values()].some((noted) => !noted.isWanted);
  }

  /** What the call has asked for, for a dump. @param {Operations} operations */
  operations(operations) {
    return [...this.#noted.values()].map(({ want, isCancelled }) => ({
      id: want.id,
      kind: KINDS[want.kind],
      method: want.method,
      url: want.url,
      state: operations.isLive(want.id) ? "under way" : isCancelled ? "cancelled" : "done",
    }));
  }

  /** The call waits. @param {number} bytes what is held of its request */
  keep(bytes) {
    if (!this.#isKept) return;
    this.#isCounted = true;
    lost.register(this, this.#account);
    this.#count(this.#bytes);
    this.#hold(bytes);
  }

  /** The call has stored something. From here on there is nothing to hold. */
  commit() {
    this.hasCommitted = true;
    this.drop();
  }

  /** Counts what is held. Beyond the bound nothing is. @param {number} bytes */
  #hold(bytes) {
    if (!this.#isKept) return;
    this.#bytes += bytes;
    if (this.#isCounted) this.#count(bytes);
    if ((this.#isCounted ? total : this.#bytes) > this.#max) this.drop();
  }

  /** @param {number} bytes */
  #count(bytes) {
    this.#account.bytes += bytes;
    total += bytes;
  }

  /** Holds nothing any more, and can no longer be replayed. */
  drop() {
    // Without what it holds, what has been sent could be sent again.
    if (this.isBehind) this.hasDiverged = true;
    this.#isKept = false;
    this.#count(-this.#account.bytes);
    this.#bytes = 0;
    this.#noted.clear();
    this.#values.length = 0;
    this.#batches.splice(0, this.#batchesTaken);
    this.#batchesTaken = 0;
  }

  /** A new run begins. */
  rewind() {
    this.#isReplay = true;
    this.#valuesTaken = this.#batchesTaken = 0;
    for (const noted of this.#noted.values()) noted.isWanted = noted.isCancelled = noted.isDone = false;
  }

  /**
   * A time or random bytes, as the run before had them; else the fresh ones.
   *
   * @template {number | Uint8Array} T
   * @param {T} fresh
   * @returns {T}
   */
  value(fresh) {
    if (!this.#isKept) return fresh;
    const known = this.#values[this.#valuesTaken++];
    if (known === undefined) {
      this.#values.push(fresh);
      this.#hold(NOTE_BYTES + sizeOf(fresh));
      return fresh;
    }
    if (sizeOf(known) === sizeOf(fresh)) return /** @type {T} */ (known);
    this.hasDiverged = true;
    return fresh;
  }

  /** Notes an operation. Whether it is to begin: not if an earlier run has begun it. @param {Want} want */
  begins(want) {
    if (this.hasDiverged) return false;
    if (!this.#isKept) return true;
    const noted = this.#noted.get(want.id);
    if (noted === undefined) {
      this.known = Math.max(this.known, want.id + 1);
      this.#noted.set(want.id, { want, isWanted: true, isCancelled: false, isDone: want.outcome !== undefined });
      this.#hold(NOTE_BYTES + (want.url?.length ?? 0) + (want.body?.length ?? 0));
      if (want.outcome !== undefined) this.#hit(want.id, want.outcome);
      return true;
    }
    if (want.outcome !== undefined) {
      this.#amend(want.id, want.outcome);
      return false;
    }
    noted.isWanted = true;
    if (!isSame(noted.want, want)) this.hasDiverged = true;
    return false;
  }

  /** The cache has answered at once. A later run, whose cache may be empty, is to be told the same. @param {number} id @param {Outcome} outcome */
  #hit(id, outcome) {
    if (!this.#isKept) return;
    this.#batches.splice(this.#batchesTaken++, 0, [{ number: 0, id, ...outcome }]);
    this.#hold(sizeOfOutcome(outcome));
  }

  /** The cache has put something in the place of an answer. A later run is to be told that. @param {number} id @param {Outcome} outcome */
  #amend(id, outcome) {
    const batch = this.#batches.findLast((batch) => batch.some((result) => result.id === id));
    const at = batch?.findIndex((result) => result.id === id) ?? -1;
    if (batch === undefined) return;
    batch[at] = { number: batch[at].number, id, ...outcome };
    this.#hold(sizeOfOutcome(outcome));
  }

  /** The present run does not wait for an operation any more. @param {number} id */
  cancel(id) {
    const noted = this.#noted.get(id);
    if (noted !== undefined) noted.isCancelled = true;
  }

  /** A result has come, to be handed over together with what comes before `seal`. @param {Result} result */
  add(result) {
    this.#gathered.push(result);
    this.#hold(sizeOfOutcome(result));
  }

  seal() {
    if (this.#gathered.length > 0) this.#batches.push(this.#gathered);
    this.#gathered = [];
  }

  /** The results that are to be handed over next, as soon as the present run has asked for them. */
  next() {
    if (this.hasDiverged) return [];
    for (let batch; (batch = this.#batches[this.#batchesTaken]) !== undefined; ) {
      if (this.#isReplay && batch.some(({ id }) => this.#noted.get(id)?.isWanted === false)) return [];
      if (this.#isKept) this.#batchesTaken++;
      else this.#batches.shift();
      const wanted = batch.filter(({ id }) => this.#take(id));
      if (wanted.length > 0) return wanted;
    }
    return [];
  }

  /** Whether a result is still waited for. @param {number} id */
  #take(id) {
    const noted = this.#noted.get(id);
    if (noted !== undefined) noted.isDone = true;
    return noted?.isCancelled !== true;
  }

  /**
   * Whether the present run waits for what will not come: an earlier run has cancelled it, or was told of it in another
   * order. `next` has nothing.
   *
   * @param {Operations} operations
   */
  isStuck(operations) {
    if (this.hasDiverged) return true;
    if (!this.#isReplay || (this.#batchesTaken < this.#batches.length && operations.isBusy)) return false;
    return [...this.#noted].some(
      ([id, noted]) => noted.isWanted && !noted.isCancelled && !noted.isDone && !operations.isLive(id),
    );
  }
}

/** @param {number | Uint8Array} value */
function sizeOf(value) {
  return typeof value === "number" ? -1 : value.length;
}

/** @param {Outcome} outcome */
function sizeOfOutcome({ headers, body }) {
  return NOTE_BYTES * (1 + (headers?.length ?? 0)) + (body?.length ?? 0);
}

/** Whether two operations are the same; one that the cache has answered was a request. @param {Want} one @param {Want} other */
function isSame(one, other) {
  if ((one.url === undefined) !== (other.url === undefined) || one.method !== other.method || one.url !== other.url) return false;
  // A wait is what it is by its time; of a request it is a bound.
  if (one.url === undefined) return one.time === other.time;
  return one.options === other.options && isEqual(one.body, other.body);
}

/** @param {Uint8Array | undefined} one @param {Uint8Array | undefined} other */
function isEqual(one, other) {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
