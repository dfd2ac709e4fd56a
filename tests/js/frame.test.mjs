// The JavaScript side of the exchange against its golden bytes, against random frames and against random bytes.
// Run by `node --test tests/js/`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  FrameError,
  FrameReader,
  FrameWriter,
  headersBytes,
  Memory,
  payloadBytes,
  requestBytes,
  SLOT_BYTES,
  stringBytes,
  Tag,
} from "../../actor/src/workerd/frame.js";

const PAGE_BYTES = 65536;
/** Where frames are written: a multiple of 8, and what lies before it must stay as it is. */
const START = 1024;
/** Where a response says where the next one starts. */
const NEXT = 4;
const ABSENT = 0xa5;
const untouched = Buffer.alloc(START, ABSENT);

const golden = JSON.parse(readFileSync(new URL("../golden/exchange.json", import.meta.url), "utf8"));

/** A memory whose every byte is written over with something that would show. */
function memoryOf(pages) {
  const memory = new Memory(new WebAssembly.Memory({ initial: pages }));
  memory.bytes.fill(ABSENT);
  return memory;
}

/** Bytes: hexadecimal with spaces, `{"repeat": hex, "times": n}`, or a list of such. */
function hex(value) {
  if (typeof value === "string") return Buffer.from(value.replaceAll(" ", ""), "hex");
  if (Array.isArray(value)) return Buffer.concat(value.map(hex));
  return Buffer.concat(Array(value.times).fill(hex(value.repeat)));
}

function headerValue(value) {
  return typeof value === "string" ? value : Buffer.from(hex(value.hex)).toString("utf8");
}

function pairs(list) {
  return list.map(([name, value]) => [name, headerValue(value)]);
}

function write(writer, slots) {
  slots.forEach((slot, index) => {
    if (slot === null) return writer.null(index);
    const [[kind, value]] = Object.entries(slot);
    if (kind === "f64")
      writer.f64(index, Number(value === "infinity" ? Infinity : value === "-infinity" ? -Infinity : value));
    else if (kind === "bytes") writer.bytes(index, hex(value));
    else if (kind === "headers") writer.headers(index, pairs(value));
    else if (kind === "frame") {
      writer.beginFrame(index, value.length);
      write(writer, value);
      writer.endFrame();
    } else writer[kind](index, value);
  });
}

function assertHolds(reader, slots) {
  slots.forEach((slot, index) => {
    if (slot === null) {
      assert.equal(reader.tag(index), Tag.NULL);
      assert.equal(reader.str(index), null);
      assert.equal(reader.bytes(index), null);
      assert.equal(reader.headers(index), null);
      assert.equal(reader.optI32(index), null);
      return;
    }
    const [[kind, value]] = Object.entries(slot);
    if (kind === "f64") {
      assert.ok(
        Object.is(
          reader.f64(index),
          Number(value === "infinity" ? Infinity : value === "-infinity" ? -Infinity : value),
        ),
      );
    } else if (kind === "bytes") assert.ok(hex(value).equals(reader.bytes(index)));
    else if (kind === "headers") assert.deepEqual(reader.headers(index), value.length === 0 ? null : pairs(value));
    else if (kind === "frame") assertHolds(reader.frame(index, value.length), value);
    else if (kind === "view") {
      const view = reader.bytes(index);
      assert.deepEqual([view.byteOffset, view.byteLength], [value.address, value.length]);
    } else assert.equal(reader[kind](index), value);
  });
}

function thrown(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

for (const { name, hex: bytes, slots, chain, writer: side } of golden.frames) {
  const expected = hex(bytes);
  const frames = chain ?? [slots];

  test(`${name}: is read as what it means`, () => {
    const memory = memoryOf(4);
    memory.bytes.set(expected, START);
    const reader = new FrameReader(memory);
    let start = 0;
    frames.forEach((slots, i) => {
      reader.at(START + start, expected.length - start, slots.length);
      assertHolds(reader, slots);
      if (i + 1 < frames.length) start += reader.i32(NEXT);
    });
  });

  if (side === "wasm") continue;
  test(`${name}: is written as the golden bytes`, () => {
    const memory = memoryOf(4);
    memory.bytes.fill(0, START, START + expected.length); // what lies between two frames of a chain
    const writer = new FrameWriter(memory);
    let length = 0;
    for (const slots of frames) {
      length = Math.ceil(length / 8) * 8;
      writer.begin(START + length, expected.length - length, slots.length);
      write(writer, slots);
      length += writer.finish();
    }
    assert.equal(Buffer.from(memory.bytes.subarray(START, START + length)).toString("hex"), expected.toString("hex"));
    assertUntouched(memory, START, START + length);
  });

  if (chain) continue;
  test(`${name}: is never written past its capacity`, () => {
    const memory = memoryOf(1);
    for (let capacity = 0; capacity < Math.min(expected.length, 400); capacity++) {
      const error = thrown(() => {
        const writer = new FrameWriter(memory);
        writer.begin(START, capacity, slots.length);
        write(writer, slots);
        writer.finish();
      });
      assert.ok(error instanceof FrameError, String(error));
      assert.equal(error.kind, "capacity");
      assertUntouched(memory, START, START + capacity);
    }
  });
}

function assertUntouched(memory, from, to) {
  assert.ok(untouched.equals(memory.bytes.subarray(0, from)), "written before the frame");
  assert.ok(untouched.equals(memory.bytes.subarray(to, to + untouched.length)), "written behind the frame");
}

for (const entry of golden.malformed) {
  if (entry.reader === "wasm") continue;
  test(`${entry.name}: is an error`, () => {
    const memory = memoryOf(1);
    const bytes = hex(entry.hex);
    memory.bytes.set(bytes, START);
    const error = thrown(() => {
      const reader = new FrameReader(memory).at(START, bytes.length, entry.slots);
      if (entry.as === "frame") reader.frame(entry.slot, 1);
      else if (["i32", "f64", "bool"].includes(entry.as)) reader[entry.as](entry.slot);
      else assert.notEqual(reader[entry.as](entry.slot), null);
    });
    assert.ok(error instanceof FrameError, String(error));
    assert.equal(error.kind, entry.error);
    if (!["size", "header"].includes(entry.error)) assert.equal(error.slot, entry.slot);
  });
}

test("bodies of every size come back", () => {
  const memory = memoryOf(170);
  const writer = new FrameWriter(memory);
  for (const length of [0, 1, 2, 3, 4, 5, 1024, 8192, 1 << 20, 10 << 20]) {
    const body = Uint8Array.from({ length }, (_, i) => i % 251);
    const capacity = 2 * SLOT_BYTES + payloadBytes(length) + stringBytes("behind");
    writer.begin(START, capacity, 2);
    writer.bytes(0, body);
    writer.str(1, "behind");
    const reader = new FrameReader(memory).at(START, writer.finish(), 2);
    assert.ok(Buffer.from(body).equals(reader.bytes(0)));
    assert.equal(reader.str(1), "behind");
  }
});

test("a request fits into what is computed for it", () => {
  const memory = memoryOf(4);
  const writer = new FrameWriter(memory);
  const headers = Array.from({ length: 100 }, (_, i) => [`x-${i}`, "é".repeat(i)]);
  for (const method of [0, "PROPFIND", "ÄÖ"]) {
    for (const path of ["/", `/${"€".repeat(100)}`, `/${"a".repeat(16000)}`]) {
      for (const body of [null, new Uint8Array(0), new Uint8Array(1001)]) {
        for (const list of [[], headers, new Headers(headers)]) {
          const bytes = requestBytes(method, path, body, list);
          writer.begin(START, bytes, 6);
          typeof method === "number" ? writer.i32(0, method) : writer.str(0, method);
          writer.str(1, path);
          writer.bytes(2, body);
          writer.headers(3, list);
          writer.f64(5, 2 ** 53 - 1);
          const length = writer.finish();
          assert.ok(length <= bytes);
          const reader = new FrameReader(memory).at(START, length);
          assert.equal(reader.str(1), path);
          assert.deepEqual(reader.headers(3), list === headers ? headers : list.length === 0 ? null : [...list]);
        }
      }
    }
  }
});

test("lone surrogates become U+FFFD, in short strings and long ones", () => {
  const memory = memoryOf(1);
  const writer = new FrameWriter(memory);
  for (const text of ["\ud800", "a\udc00b", `${"x".repeat(100)}\ud83d`, "\ud83d\ude00"]) {
    writer.begin(START, 2048, 2);
    writer.str(0, text);
    writer.headers(1, [["x", text]]);
    const reader = new FrameReader(memory).at(START, writer.finish(), 2);
    assert.equal(reader.str(0), text.toWellFormed());
    assert.deepEqual(reader.headers(1), [["x", text.toWellFormed()]]);
  }
});

test("the sizes of strings and headers are upper bounds", () => {
  for (const text of ["", "a", "é", "€", "😀", "\ud800"]) {
    assert.ok(stringBytes(text) >= 4 + Buffer.byteLength(text));
    assert.ok(headersBytes([["x", text]]) >= 4 + 8 + 1 + Buffer.byteLength(text));
  }
  assert.deepEqual([0, 1, 3, 4, 5].map(payloadBytes), [4, 8, 8, 8, 12]);
  assert.equal(headersBytes(new Headers({ abc: "defg" })), headersBytes([["abc", "defg"]]));
});

test("names of headers are put into lower case, and must be ASCII", () => {
  const memory = memoryOf(1);
  const writer = new FrameWriter(memory);
  writer.begin(START, 256, 1);
  writer.headers(0, [["Content-TYPE", "A"]]);
  assert.deepEqual(new FrameReader(memory).at(START, writer.finish(), 1).headers(0), [["content-type", "A"]]);
  writer.begin(START, 256, 1);
  assert.equal(thrown(() => writer.headers(0, [["ä", ""]])).kind, "header");
});

test("memory that grows is seen by readers and writers", () => {
  const raw = new WebAssembly.Memory({ initial: 1 });
  const memory = new Memory(raw);
  const [writer, reader] = [new FrameWriter(memory), new FrameReader(memory)];
  raw.grow(1);
  writer.begin(PAGE_BYTES, 64, 1);
  writer.str(0, "grown");
  const length = writer.finish();
  raw.grow(1);
  assert.equal(reader.at(PAGE_BYTES, length, 1).str(0), "grown");
  assert.equal(memory.bytes.length, 3 * PAGE_BYTES);
  writer.begin(0, 64, 1);
  raw.grow(1);
  assert.equal(thrown(() => writer.finish()).kind, "memory");
});

test("a writer refuses memory that is not there, and a reader too", () => {
  const memory = memoryOf(1);
  const writer = new FrameWriter(memory);
  for (const [address, capacity] of [
    [4, 64],
    [PAGE_BYTES, 8],
    [PAGE_BYTES - 8, 16],
    [-8, 16],
    [8, NaN],
    [8, -8],
  ]) {
    assert.equal(thrown(() => writer.begin(address, capacity, 0)).kind, "memory");
  }
  const reader = new FrameReader(memory);
  for (const [address, length] of [
    [4, 64],
    [PAGE_BYTES, 8],
    [PAGE_BYTES - 8, 16],
    [-8, 16],
    [8, NaN],
    [8, -8],
  ]) {
    assert.equal(thrown(() => reader.at(address, length, 0)).kind, "size");
  }
});

test("a writer refuses slots that it does not have, integers that are none, and frames that do not nest", () => {
  const writer = new FrameWriter(memoryOf(1));
  writer.begin(START, 256, 1);
  for (const index of [-1, 1, NaN]) assert.equal(thrown(() => writer.i32(index, 0)).kind, "index");
  for (const value of [0.5, 2 ** 31, NaN]) assert.equal(thrown(() => writer.i32(0, value)).kind, "integer");
  assert.equal(thrown(() => writer.endFrame()).kind, "nesting");
  writer.beginFrame(0, 1);
  assert.equal(thrown(() => writer.finish()).kind, "nesting");
  writer.begin(START, 256, 1);
  assert.equal(writer.finish(), SLOT_BYTES);
});

test("a writer that has thrown begins anew", () => {
  const writer = new FrameWriter(memoryOf(1));
  writer.begin(START, 64, 1);
  writer.i32(0, 1);
  assert.equal(thrown(() => writer.str(0, "x".repeat(100))).kind, "capacity");
  writer.begin(START, 64, 1);
  assert.equal(writer.finish(), SLOT_BYTES);
});

// Random frames and random damage, the same in every run.

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomOf(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomText(random) {
  const alphabet = ["a", "/", "é", "€", "😀", "\0", "Z"];
  return Array.from({ length: random(random(4) === 0 ? 90 : 8) }, () => alphabet[random(random(3) === 0 ? 7 : 2)]).join(
    "",
  );
}

function randomSlots(random, depth) {
  return Array.from({ length: random(9) }, () => {
    const text = randomText(random);
    switch (random(depth === 0 ? 7 : 8)) {
      case 0:
        return null;
      case 1:
        return { bool: random(2) === 1 };
      case 2:
        return { i32: random(2 ** 32) | 0 };
      case 3:
        return { f64: random(1e9) / 7 };
      case 4:
        return { str: text };
      case 5:
        return { bytes: Buffer.from(text).toString("hex") };
      case 6:
        return { headers: Array.from({ length: random(4) }, (_, i) => [`x-${i}`, text]) };
      default:
        return { frame: randomSlots(random, depth - 1) };
    }
  });
}

/** Reads every slot as everything: nothing but a FrameError may be thrown, and bytes lie where they may. */
function readAsEverything(reader, memory, slots, depth) {
  for (let index = 0; index <= slots; index++) {
    for (const kind of ["tag", "bool", "i32", "f64", "str", "headers", "bytes", "optI32"]) {
      const value = attempt(() => reader[kind](index));
      if (kind !== "bytes" || !value) continue;
      assert.equal(value.buffer, memory.bytes.buffer);
      if (reader.tag(index) === Tag.BYTES)
        assert.ok(value.byteOffset >= START && value.byteOffset + value.length <= END);
    }
    for (const inner of depth === 0 ? [] : [0, 1, 3]) {
      const nested = attempt(() => reader.frame(index, inner));
      if (nested) readAsEverything(nested, memory, inner, depth - 1);
    }
  }
}

const END = START + 16384;

function attempt(run) {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
}

test("random frames come back as they were, and damaged ones are at worst a FrameError", () => {
  const random = randomOf(1);
  const memory = memoryOf(1);
  const writer = new FrameWriter(memory);
  const reader = new FrameReader(memory);
  for (let round = 0; round < 3000; round++) {
    const slots = randomSlots(random, 2);
    writer.begin(START, END - START, slots.length);
    write(writer, slots);
    const length = writer.finish();
    assertHolds(reader.at(START, length, slots.length), slots);
    for (let damage = random(6); damage >= 0 && length > 0; damage--)
      memory.bytes[START + random(length)] = random(256);
    const cut = random(4) === 0 ? length - (length % 4) - 4 * random(4) : length;
    const damaged = attempt(() => reader.at(START, cut, slots.length));
    if (damaged) readAsEverything(damaged, memory, slots.length, 2);
  }
});

test("random bytes are at worst a FrameError", () => {
  const random = randomOf(2);
  const memory = memoryOf(1);
  const reader = new FrameReader(memory);
  for (let round = 0; round < 3000; round++) {
    const length = 4 * random(80);
    const below = random(2) === 0 ? 256 : 12;
    for (let i = 0; i < length; i++)
      memory.bytes[START + i] = i % 4 === 0 ? random(below) : below === 12 ? 0 : random(256);
    const slots = random(8);
    const frame = attempt(() => reader.at(START, length, slots));
    if (frame) readAsEverything(frame, memory, slots, 2);
  }
});
