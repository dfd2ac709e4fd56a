// One actor's storage: rows of keys and values in the Durable Object's SQLite, and the user's own SQL beside them. What
// is read and written comes and goes as frames (docs/exchange.md).

import { SLOT_BYTES, Tag, payloadBytes, stringBytes } from "./frame.js";

/** @import { FrameReader, FrameWriter } from "./frame.js" */
/** @import { Answer, Cell, SqlStorage, StorageLike } from "./types.d.ts" */

/** Kinds of reads, and of writes. */
const GET = 0, SCAN = 1, SCAN_DOWN = 2, COUNT = 3, SQL_WRITES = 5;
const PUT = 0, DELETE = 1, DELETE_RANGE = 2, MOVE = 3, ERASE = 5;
const READ_SLOTS = 6, COMMIT_SLOTS = 6, WRITE_SLOTS = 3, ANSWER_SLOTS = 6;

/** Larger values are cut into parts, in bytes, so that a page of rows is never large; the platform's bound is 2 MB. */
const WHOLE_MAX_BYTES = 64 << 10, PART_MAX_BYTES = 1 << 20;

/** How many rows are read before it is known how large they are. */
const ROWS_MIN = 16;

/** The key of the record. */
const RECORD_KEY = new TextEncoder().encode("\0record");

// Not WITHOUT ROWID: a search in such a table reads whole values to compare keys, once they are larger than a quarter page.
const ROWS = "CREATE TABLE IF NOT EXISTS _duractor (key BLOB NOT NULL UNIQUE, value BLOB, parts INTEGER NOT NULL)";
// Only where there are some, since every table of every open object takes memory.
const ROWS_OF_PARTS =
  "CREATE TABLE IF NOT EXISTS _duractor_parts (key BLOB NOT NULL, part INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (key, part))";
const HAS_PARTS = "SELECT 1 FROM sqlite_master WHERE name = '_duractor_parts'";
const FIND = "SELECT value, parts FROM _duractor WHERE key = ?";
const RANGE = "FROM _duractor WHERE key >= ? AND key < ?";
const UP = `SELECT key, value, parts ${RANGE} ORDER BY key LIMIT ?`;
const DOWN = `SELECT key, value, parts ${RANGE} ORDER BY key DESC LIMIT ?`;
const TOTAL = `SELECT count(*) ${RANGE}`;
const PARTS = "SELECT value FROM _duractor_parts WHERE key = ? ORDER BY part";
const STORE = "INSERT INTO _duractor VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, parts = excluded.parts";
const ALL = `SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view', 'table') AND substr(name, 1, 7) <> 'sqlite_'
  AND substr(name, 1, 4) <> '_cf_' ORDER BY type = 'table', sql NOT LIKE 'CREATE VIRTUAL%'`;
const STORE_PART = "INSERT INTO _duractor_parts VALUES (?, ?, ?)";

/** Has a transaction rolled back. */
const ROLLBACK = Symbol("rollback");

/** A statement that failed, and which write of the commit it was. */
export class WriteError extends Error {
  /** @param {number} write @param {unknown} cause */
  constructor(write, cause) {
    super(messageOf(cause));
    this.write = write;
  }
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** The rows, parts and statements of one Durable Object. It is made in the object's constructor, in its own context. */
export class Storage {
  #storage;
  #sql;
  /** Whether the table is known to be there. */ #isMade = false;
  /** Whether there is a table of parts; null while that is not known. @type {boolean | null} */ #hasParts = null;

  /** @param {StorageLike} storage */
  constructor(storage) {
    this.#storage = storage;
    /** @type {SqlStorage} */
    this.#sql = storage.sql;
  }

  /** The record as it is stored; null in a new actor. */
  record() {
    return this.#get(RECORD_KEY);
  }

  /**
   * Runs `body` in a transaction, and keeps what it wrote if it returns true.
   *
   * @param {() => boolean} body
   */
  transact(body) {
    const isMade = this.#isMade;
    try {
      this.#storage.transactionSync(() => {
        if (!body()) throw ROLLBACK;
      });
    } catch (error) {
      // What was made in it is gone.
      this.#isMade = isMade;
      this.#hasParts = null;
      if (error !== ROLLBACK) throw error;
    }
  }

  /**
   * Reads what a frame asks for.
   *
   * @param {FrameReader} frame
   * @param {number} address
   * @param {number} length
   * @returns {Answer}
   */
  read(frame, address, length) {
    frame.at(address, length, READ_SLOTS);
    const kind = frame.i32(0);
    if (kind > COUNT) return this.#query(frame, address, length, kind === SQL_WRITES);
    const from = /** @type {Uint8Array} */ (frame.bytes(1));
    if (kind === GET) {
      const value = this.#get(from);
      return answer(["value"], value === null ? [] : [value]);
    }
    const to = /** @type {Uint8Array} */ (frame.bytes(2));
    if (kind === COUNT) return answer(["count"], [this.#count(from, to)]);
    const isDown = kind === SCAN_DOWN;
    return this.#scan(isDown ? DOWN : UP, from, to, isDown, frame.i32(3), frame.i32(4));
  }

  /**
   * Writes what a frame says, all or nothing.
   *
   * @param {FrameReader} frame
   * @param {number} address
   * @param {number} length
   */
  commit(frame, address, length) {
    const count = frame.at(address, length, COMMIT_SLOTS).i32(4);
    frame.at(address, length, COMMIT_SLOTS + WRITE_SLOTS * count);
    this.transact(() => this.#writeAll(frame, count));
  }

  /**
   * Writes one value, all or nothing: what is one statement is so by itself.
   *
   * @param {Uint8Array} key
   * @param {Uint8Array} value
   */
  put(key, value) {
    if (this.#isMade && this.#hasParts === false && value.length <= WHOLE_MAX_BYTES) {
      this.#sql.exec(STORE, key, value, 0);
      return;
    }
    this.transact(() => {
      this.#make();
      this.#put(key, value);
      return true;
    });
  }

  /** @param {FrameReader} frame @param {number} count */
  #writeAll(frame, count) {
    this.#make();
    for (let write = 0; write < count; write++) {
      try {
        this.#write(frame, COMMIT_SLOTS + WRITE_SLOTS * write);
      } catch (error) {
        throw new WriteError(write, error);
      }
    }
    return true;
  }

  /** Makes the table, if it is not there. */
  #make() {
    if (!this.#isMade) this.#sql.exec(ROWS);
    this.#isMade = true;
    this.#hasParts ??= this.#rows(HAS_PARTS).next().done !== true;
  }

  /** @param {FrameReader} frame @param {number} slot */
  #write(frame, slot) {
    const kind = frame.i32(slot);
    if (kind === ERASE) return this.#erase();
    if (kind > MOVE) return this.#run(/** @type {string} */ (frame.str(slot + 1)), readParams(frame, slot + 2));
    const first = /** @type {Uint8Array} */ (frame.bytes(slot + 1));
    if (kind === DELETE) return this.#each("DELETE FROM # WHERE key = ?", first);
    const second = /** @type {Uint8Array} */ (frame.bytes(slot + 2));
    if (kind === PUT) return this.#put(first, second);
    if (kind === DELETE_RANGE) return this.#each("DELETE FROM # WHERE key >= ? AND key < ?", first, second);
    const move = "UPDATE # SET key = CAST(? || substr(key, ?) AS BLOB) WHERE key >= ? AND key < ?";
    this.#each(move, second, first.length + 1, first, successor(first));
  }

  /**
   * Runs a statement on the rows and, where there are some, on the parts.
   *
   * @param {string} text
   * @param {(Uint8Array | number)[]} params
   */
  #each(text, ...params) {
    this.#sql.exec(text.replace("#", "_duractor"), ...params);
    if (this.#hasParts) this.#sql.exec(text.replace("#", "_duractor_parts"), ...params);
  }

  /** @param {Uint8Array} key @param {Uint8Array} value */
  #put(key, value) {
    if (this.#hasParts) this.#sql.exec("DELETE FROM _duractor_parts WHERE key = ?", key);
    if (value.length <= WHOLE_MAX_BYTES) {
      this.#sql.exec(STORE, key, value, 0);
      return;
    }
    if (!this.#hasParts) this.#sql.exec(ROWS_OF_PARTS);
    this.#hasParts = true;
    let parts = 0;
    for (let at = 0; at < value.length; at += PART_MAX_BYTES) {
      this.#sql.exec(STORE_PART, key, parts++, value.subarray(at, at + PART_MAX_BYTES));
    }
    this.#sql.exec(STORE, key, null, parts);
  }

  /**
   * Drops whatever there is. Tables go last, since dropping one takes its indices and triggers along, and a virtual one's
   * own tables.
   */
  #erase() {
    this.#sql.exec("PRAGMA defer_foreign_keys = ON");
    for (const [kind, name] of this.#found(ALL)) this.#sql.exec(`DROP ${kind} IF EXISTS "${name.replaceAll('"', '""')}"`);
    this.#isMade = false;
    this.#hasParts = null;
  }

  /** Runs a statement of the user's to its end. @param {string} text @param {Cell[]} params */
  #run(text, params) {
    const cursor = this.#sql.exec(text, ...params);
    for (const row of cursor.raw()) void row;
  }

  /** @param {string} text @param {Cell[]} params @returns {IterableIterator<any[]>} */
  #rows(text, ...params) {
    return this.#sql.exec(text, ...params).raw();
  }

  /** @param {Uint8Array} key @returns {Uint8Array | null} */
  #get(key) {
    try {
      const row = this.#rows(FIND, key).next();
      this.#isMade = true;
      return row.done ? null : this.#whole(key, row.value[0], row.value[1]);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** @param {Uint8Array} key @param {any} value @param {number} parts @returns {Uint8Array} */
  #whole(key, value, parts) {
    if (parts === 0) return toBytes(value);
    const pieces = this.#found(PARTS, key).map(([piece]) => toBytes(piece));
    if (pieces.length !== parts) return new Uint8Array();
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** @param {Uint8Array} from @param {Uint8Array} to @returns {number} */
  #count(from, to) {
    try {
      return this.#rows(TOTAL, from, to).next().value[0];
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  /**
   * A page of keys and values. Each query is read to its end, since an open one would lock tables against being dropped;
   * so the first ones are small, until it is known how large rows are.
   *
   * @param {string} text
   * @param {Uint8Array} from
   * @param {Uint8Array} to
   * @param {boolean} isDown
   * @param {number} rowsMax
   * @param {number} bytesMax
   */
  #scan(text, from, to, isDown, rowsMax, bytesMax) {
    /** @type {Cell[]} */
    const cells = [];
    let bytes = 0;
    for (let limit = Math.min(ROWS_MIN, rowsMax); limit > 0; ) {
      const rows = this.#found(text, from, to, limit);
      for (const [key, stored, parts] of rows) {
        const name = toBytes(key);
        const value = this.#whole(name, stored, parts);
        cells.push(name, value);
        bytes += name.length + value.length;
        if (bytes >= bytesMax) return answer(["key", "value"], cells, true);
      }
      if (rows.length < limit) return answer(["key", "value"], cells);
      const last = toBytes(rows[limit - 1][0]);
      if (isDown) to = last;
      else from = after(last);
      const count = cells.length / 2;
      limit = Math.min(rowsMax - count, Math.max(1, Math.floor(((bytesMax - bytes) * count) / bytes)));
    }
    return answer(["key", "value"], cells, true);
  }

  /** All that a query finds; nothing where there is no table. @param {string} text @param {Cell[]} params @returns {any[][]} */
  #found(text, ...params) {
    try {
      return [...this.#rows(text, ...params)];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /**
   * A statement of the user's.
   *
   * @param {FrameReader} frame
   * @param {number} address
   * @param {number} length
   * @param {boolean} mayWrite
   */
  #query(frame, address, length, mayWrite) {
    const [count, bytesMax] = [frame.i32(3), frame.i32(4)];
    frame.at(address, length, READ_SLOTS + count);
    const text = /** @type {string} */ (frame.str(1));
    const params = cellsOf(frame, READ_SLOTS, count);
    if (mayWrite) return this.#ask(text, params, bytesMax);
    /** @type {Answer | null} */
    let found = null;
    this.#storage.transactionSync(() => {
      found = this.#ask(text, params, bytesMax);
      if (found.written > 0 || found.changed > 0) throw new Error("this statement writes: queue it with `.execute()`, or take `sql: &mut Sql`");
    });
    return /** @type {Answer} */ (/** @type {unknown} */ (found));
  }

  /** @param {string} text @param {Cell[]} params @param {number} bytesMax @returns {Answer} */
  #ask(text, params, bytesMax) {
    const [before] = this.#changes();
    const cursor = this.#sql.exec(text, ...params);
    /** @type {Cell[]} */
    const cells = [];
    let bytes = 0;
    // To its end in any case: an open one would lock tables.
    for (const row of cursor.raw()) {
      for (const cell of row) {
        bytes += cellBytes(cell);
        if (bytes <= bytesMax) cells.push(cell);
      }
    }
    if (bytes > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes: ask for less at once`);
    const [since, last] = this.#changes();
    const changed = since === before ? 0 : last;
    return { names: cursor.columnNames, cells, isCut: false, changed, written: cursor.rowsWritten };
  }

  /**
   * How many rows have been changed in this database, and how many by the last statement that may have changed some,
   * without what its triggers have done.
   *
   * @returns {[number, number]}
   */
  #changes() {
    return this.#rows("SELECT total_changes(), changes()").next().value;
  }
}

/** @param {string[]} names @param {Cell[]} cells @param {boolean} [isCut] @returns {Answer} */
function answer(names, cells, isCut = false) {
  return { names, cells, isCut, changed: 0, written: 0 };
}

/** There is no table before the first write. @param {unknown} error */
function isMissing(error) {
  return error instanceof Error && /^no such table: _duractor(_parts)?(:|$)/.test(error.message);
}

/** A cell that somebody else has written may hold anything; what holds no bytes is found out by its checksum. @param {any} cell */
function toBytes(cell) {
  return cell instanceof ArrayBuffer ? new Uint8Array(cell) : new Uint8Array();
}

/** The least key that no key with this prefix reaches. @param {Uint8Array} prefix */
function successor(prefix) {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length--;
  const next = prefix.slice(0, length);
  next[length - 1]++;
  return next;
}

/** The least key that is greater. @param {Uint8Array} key */
function after(key) {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** @param {FrameReader} frame @param {number} slot */
function readParams(frame, slot) {
  const count = frame.frame(slot, 1).i32(0);
  return cellsOf(frame.frame(slot, 1 + count), 1, count);
}

/** @param {FrameReader} frame @param {number} first @param {number} count */
function cellsOf(frame, first, count) {
  /** @type {Cell[]} */
  const cells = [];
  for (let slot = first; slot < first + count; slot++) cells.push(cellOf(frame, slot));
  return cells;
}

/** @param {FrameReader} frame @param {number} slot @returns {Cell} */
function cellOf(frame, slot) {
  const tag = frame.tag(slot);
  if (tag === Tag.STRING) return frame.str(slot);
  return tag === Tag.F64 ? frame.f64(slot) : frame.bytes(slot);
}

/** What an answer takes in a frame, at most. @param {Answer} answer */
export function answerBytes({ names, cells }) {
  let bytes = SLOT_BYTES * answerSlots(names, cells);
  for (const name of names) bytes += stringBytes(name);
  for (const cell of cells) bytes += cellBytes(cell);
  return bytes;
}

/** @param {string[]} names @param {Cell[]} cells */
function answerSlots(names, cells) {
  return ANSWER_SLOTS + names.length + cells.length;
}

/** @param {Cell} cell */
function cellBytes(cell) {
  if (typeof cell === "string") return stringBytes(cell);
  return cell === null || typeof cell === "number" ? 0 : payloadBytes(cell.byteLength);
}

/**
 * Writes an answer.
 *
 * @param {FrameWriter} writer
 * @param {Answer} answer
 * @param {(bytes: number, slots: number) => void} begin
 */
export function writeAnswer(writer, answer, begin) {
  const { names, cells, isCut, changed } = answer;
  begin(answerBytes(answer), answerSlots(names, cells));
  writer.i32(0, isCut ? 1 : 0);
  writer.i32(2, names.length === 0 ? 0 : cells.length / names.length);
  writer.i32(3, names.length);
  writer.f64(4, changed);
  let slot = ANSWER_SLOTS;
  for (const name of names) writer.str(slot++, name);
  for (const cell of cells) {
    if (typeof cell === "number") writer.f64(slot++, cell);
    else if (typeof cell === "string") writer.str(slot++, cell);
    else writer.bytes(slot++, cell === null ? null : cell instanceof Uint8Array ? cell : new Uint8Array(cell));
  }
  return writer.finish();
}
