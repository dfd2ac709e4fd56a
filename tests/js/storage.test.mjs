// Storage where the platform's part is played by an object that remembers which tables there are.
// Run by `node --test tests/js/`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameReader, FrameWriter, Memory } from "../../actor/src/workerd/frame.js";
import { Storage } from "../../actor/src/workerd/storage.js";

const SLOTS = 6;
const GET = 0, SCAN = 1, COUNT = 3, SQL_WRITES = 5;

/** A database that holds nothing but tables: it knows which ones, and answers as it is told. */
class Database {
  tables = new Set(["sqlite_master"]);
  /** What statements return, by how they begin. @type {Map<string, any[][]>} */ answers = new Map();

  sql = {
    exec: (/** @type {string} */ text) => {
      const [, made] = /CREATE TABLE IF NOT EXISTS (\w+)/.exec(text) ?? [];
      if (made !== undefined) this.tables.add(made);
      const [, used] = /(?:FROM|INTO|UPDATE) (\w+)/.exec(text) ?? [];
      if (used !== undefined && !this.tables.has(used)) throw new Error(`no such table: ${used}: SQLITE_ERROR`);
      const answer = [...this.answers].find(([start]) => text.startsWith(start))?.[1] ?? [];
      return { columnNames: ["a"], rowsWritten: 0, raw: () => (answer.length > 1 ? [answer.shift()] : answer).values() };
    },
  };

  /** @param {() => unknown} body */
  transactionSync(body) {
    const before = new Set(this.tables);
    try {
      return body();
    } catch (error) {
      this.tables = before;
      throw error;
    }
  }
}

/** @param {Storage} storage @param {number} kind @param {(frame: FrameWriter) => void} write */
function read(storage, kind, write) {
  const memory = new Memory(new WebAssembly.Memory({ initial: 1 }));
  const frame = new FrameWriter(memory);
  frame.begin(0, 1024, SLOTS);
  frame.i32(0, kind);
  write(frame);
  const length = frame.finish();
  return storage.read(new FrameReader(memory), 0, length);
}

/** @param {FrameWriter} frame */
function everything(frame) {
  frame.bytes(1, new Uint8Array());
  frame.bytes(2, new Uint8Array([255]));
  frame.i32(3, 10);
  frame.i32(4, 1000);
}

const bytes = new Uint8Array([1]);

test("before the first write there is nothing to read, to scan and to count", () => {
  const storage = new Storage(new Database());
  assert.equal(storage.record(), null);
  assert.deepEqual(read(storage, GET, everything).cells, []);
  assert.deepEqual(read(storage, SCAN, everything).cells, []);
  assert.deepEqual(read(storage, COUNT, everything).cells, [0]);
});

test("a first write that is undone, also from around it, has its table made again", () => {
  const database = new Database();
  const storage = new Storage(database);
  storage.transact(() => {
    storage.transact(() => {
      storage.put(bytes, bytes);
      return true;
    });
    assert.ok(database.tables.has("_duractor"));
    return false;
  });
  assert.ok(!database.tables.has("_duractor"));
  storage.put(bytes, bytes);
  assert.ok(database.tables.has("_duractor"));
});

test("a table of parts is made with the first value that is cut, and known when it is there", () => {
  const database = new Database();
  const storage = new Storage(database);
  storage.put(bytes, bytes);
  assert.ok(!database.tables.has("_duractor_parts"));
  storage.put(bytes, new Uint8Array(70_000));
  assert.ok(database.tables.has("_duractor_parts"));
});

test("what leaves a transaction as an exception undoes it and goes on", () => {
  const database = new Database();
  const storage = new Storage(database);
  for (const thrown of [new Error("trap"), "no error", undefined]) {
    let caught = {};
    try {
      storage.transact(() => {
        storage.put(bytes, bytes);
        throw thrown;
      });
    } catch (error) {
      caught = error;
    }
    assert.equal(caught, thrown);
    assert.ok(!database.tables.has("_duractor"));
  }
});

test("a statement has changed what it says itself, not what its triggers did, nor what one before it changed", () => {
  const database = new Database();
  const ask = () => read(new Storage(database), SQL_WRITES, (frame) => {
    frame.str(1, "SELECT a");
    frame.i32(3, 0);
    frame.i32(4, 1000);
  });
  database.answers.set("SELECT total_changes()", [[11, 4], [14, 1]]);
  assert.equal(ask().changed, 1);
  database.answers.set("SELECT total_changes()", [[14, 1], [14, 1]]);
  assert.equal(ask().changed, 0);
});
