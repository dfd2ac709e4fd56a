// What calls want, as frames say it (docs/exchange.md).

/** @import { FrameReader } from "./frame.js" */
/** @import { Want } from "./types.d.ts" */

const FETCH_SLOTS = 11, SLEEP_SLOTS = 3, CANCEL_SLOTS = 2, HIT_SLOTS = 7, BOUND_SLOTS = 8, PIECE_SLOTS = 5;

/** Kinds of operations. */
export const CANCEL = 0, SLEEP = 2, HIT = 3, BOUND = 4, PULL = 5;

const REDIRECT = ["follow", "manual", "error"];

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
