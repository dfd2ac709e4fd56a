// Frames: how whole requests, responses, batches of operations and commits cross between JavaScript and WebAssembly.
// docs/exchange.md specifies the bytes; this file reads and writes them, and gives none of them a meaning.
//
// It runs several times for every request, so it allocates nothing but what it returns: a Memory, a FrameWriter and a
// FrameReader are made once and used for every frame.

export const SLOT_BYTES = 16;

/** What a slot says it holds. */
export const Tag = Object.freeze({ NULL: 0, BOOL: 1, I32: 2, F64: 3, STRING: 4, BYTES: 8, VIEW: 9 });

const FRAME_ALIGN = 8;
const PAYLOAD_ALIGN = 4;
const LENGTH_BYTES = 4;

/** What one UTF-16 unit takes at most as UTF-8. */
const UTF8_BYTES_PER_UNIT = 3;

// Up to these lengths a loop over ASCII is quicker than a call into workerd's codecs.
const ASCII_WRITE_UNITS = 64;
const ASCII_READ_BYTES = 16;

/** No place in memory. */
const NONE = -1;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Headers in the order of arrival: a `Headers`, or names and values. What is not `Headers` is quicker to go through
 * twice, to size them and to write them.
 *
 * @typedef {{ forEach(visit: (value: string, name: string) => void): void }} HeadersLike
 * @typedef {HeadersLike | ReadonlyArray<readonly [string, string]>} HeaderPairs
 */

/**
 * Which rule of the exchange is broken. `capacity` and `memory` are the writer's own: the frame outgrows its memory,
 * or its memory is not there.
 *
 * @typedef {"size" | "index" | "unknown-tag" | "tag" | "bool" | "offset" | "length" | "padding" | "utf8" | "view"
 *   | "header" | "integer" | "nesting" | "capacity" | "memory"} FrameErrorKind
 */

/** A frame that breaks a rule of the exchange: what is wrong, and where. */
export class FrameError extends Error {
  /**
   * @param {FrameErrorKind} kind
   * @param {number | null} slot the slot, or null where it is the frame as a whole
   * @param {string} reason
   */
  constructor(kind, slot, reason) {
    super(slot === null ? `frame: ${reason}` : `slot ${slot}: ${reason}`);
    this.name = "FrameError";
    this.kind = kind;
    this.slot = slot;
  }
}

/** A WebAssembly memory and the views of it, made anew when it has grown. */
export class Memory {
  /** @type {WebAssembly.Memory} */ #memory;
  /** @type {Uint8Array} */ #bytes;
  /** @type {DataView} */ #view;

  /** @param {WebAssembly.Memory} memory */
  constructor(memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** All of linear memory, valid until the next entry into WebAssembly. */
  get bytes() {
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  /** All of linear memory, valid until the next entry into WebAssembly. */
  get view() {
    if (this.#bytes.length === 0) this.#renew();
    return this.#view;
  }

  // Growth detaches the buffer, and a view of a detached buffer has no length.
  #renew() {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }
}

/**
 * What a string takes in a frame beside its slot, at most.
 *
 * @param {string} text
 */
export function stringBytes(text) {
  return payloadBytes(text.length * UTF8_BYTES_PER_UNIT);
}

/**
 * What bytes take in a frame beside their slot.
 *
 * @param {number} length
 */
export function payloadBytes(length) {
  return LENGTH_BYTES + align(length, PAYLOAD_ALIGN);
}

/**
 * What headers take in a frame beside their slot, at most.
 *
 * @param {HeaderPairs} pairs
 */
export function headersBytes(pairs) {
  let content = 0;
  if (Array.isArray(pairs)) {
    for (const [name, value] of pairs) content += headerBytes(name, value);
  } else {
    /** @type {HeadersLike} */ (pairs).forEach((value, name) => (content += headerBytes(name, value)));
  }
  return payloadBytes(content);
}

/**
 * What a request's frame takes, at most.
 *
 * @param {number | string} method
 * @param {string} path
 * @param {Uint8Array | null} body
 * @param {HeaderPairs} headers
 */
export function requestBytes(method, path, body, headers) {
  return (
    6 * SLOT_BYTES +
    (typeof method === "string" ? stringBytes(method) : 0) +
    stringBytes(path) +
    (body === null ? 0 : payloadBytes(body.length)) +
    headersBytes(headers)
  );
}

/**
 * Writes one frame after another, each into memory that WebAssembly has set aside for it.
 *
 * Slots can be written in any order; a slot that is not written is null. Every method throws a FrameError before it
 * would write outside. Between `begin` and `finish` WebAssembly must not be entered.
 */
export class FrameWriter {
  /** @type {Memory} */ #memory;
  /** @type {Uint8Array} */ #bytes;
  /** @type {DataView} */ #view;
  #start = 0;
  #slots = 0;
  #end = 0;
  #limit = 0;
  /** Start and slots of each frame around the one that is being written. @type {number[]} */ #outer = [];
  /** Where the headers go that are being written, and where their content starts once there is one. */
  #headersIndex = 0;
  #headersContent = NONE;
  #visitHeader = (/** @type {string} */ value, /** @type {string} */ name) => this.#header(name, value);

  /** @param {Memory} memory */
  constructor(memory) {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#view = memory.view;
  }

  /**
   * Starts a frame of null slots.
   *
   * @param {number} address a multiple of 8; WebAssembly's i32 will do
   * @param {number} capacity how many bytes the frame may take
   * @param {number} slots
   */
  begin(address, capacity, slots) {
    const start = address >>> 0;
    this.#bytes = this.#memory.bytes;
    this.#view = this.#memory.view;
    if (start % FRAME_ALIGN !== 0 || !(capacity >= 0 && start + capacity <= this.#bytes.length)) {
      throw new FrameError("memory", null, `${capacity} bytes at ${start} are no memory for a frame`);
    }
    this.#limit = start + capacity - (capacity % PAYLOAD_ALIGN);
    this.#end = start;
    this.#outer.length = 0;
    this.#open(slots);
  }

  /** Ends the frame and returns its length in bytes. */
  finish() {
    if (this.#outer.length !== 0) throw new FrameError("nesting", null, "a nested frame has not ended");
    if (this.#bytes.length === 0) throw new FrameError("memory", null, "memory grew while the frame was written");
    return this.#end - this.#start;
  }

  /** @param {number} index */
  null(index) {
    this.#put(index, Tag.NULL, 0, 0);
  }

  /** @param {number} index @param {boolean} value */
  bool(index, value) {
    this.#put(index, Tag.BOOL, value ? 1 : 0, 0);
  }

  /** @param {number} index @param {number} value */
  i32(index, value) {
    if ((value | 0) !== value) throw new FrameError("integer", index, `${value} is no i32`);
    this.#put(index, Tag.I32, value, 0);
  }

  /** @param {number} index @param {number} value */
  f64(index, value) {
    this.#put(index, Tag.F64, 0, value);
  }

  /**
   * Writes a string as UTF-8, a lone surrogate as U+FFFD.
   *
   * @param {number} index
   * @param {string | null} text
   */
  str(index, text) {
    if (text === null) return this.null(index);
    const content = this.#openPayload(index, Tag.STRING);
    this.#text(index, text);
    this.#closePayload(content);
  }

  /** @param {number} index @param {Uint8Array | null} bytes */
  bytes(index, bytes) {
    if (bytes === null) return this.null(index);
    const content = this.#openPayload(index, Tag.BYTES);
    const end = this.#reserve(index, bytes.length);
    this.#bytes.set(bytes, content);
    this.#end = end;
    this.#closePayload(content);
  }

  /**
   * Writes headers, or null if there are none: names in lower case, values as UTF-8, since workerd decodes what comes
   * over the wire as UTF-8 and so encodes what it sends.
   *
   * @param {number} index
   * @param {HeaderPairs | null} pairs
   */
  headers(index, pairs) {
    if (pairs === null) return this.null(index);
    this.null(index);
    this.#headersIndex = index;
    this.#headersContent = NONE;
    if (Array.isArray(pairs)) {
      for (let i = 0; i < pairs.length; i++) this.#header(pairs[i][0], pairs[i][1]);
    } else {
      /** @type {HeadersLike} */ (pairs).forEach(this.#visitHeader);
    }
    if (this.#headersContent !== NONE) this.#closePayload(this.#headersContent);
  }

  /**
   * Starts a nested frame of null slots: until `endFrame`, all methods write to it.
   *
   * @param {number} index
   * @param {number} slots
   */
  beginFrame(index, slots) {
    this.#openPayload(index, Tag.BYTES);
    this.#outer.push(this.#start, this.#slots);
    this.#open(slots);
  }

  /** Ends a nested frame. */
  endFrame() {
    if (this.#outer.length === 0) throw new FrameError("nesting", null, "no nested frame has begun");
    this.#closePayload(this.#start);
    this.#slots = /** @type {number} */ (this.#outer.pop());
    this.#start = /** @type {number} */ (this.#outer.pop());
  }

  /** @param {number} slots */
  #open(slots) {
    const start = this.#end;
    const end = this.#reserve(null, slots * SLOT_BYTES);
    for (let at = start; at < end; at += 8) this.#view.setFloat64(at, 0, true);
    this.#start = start;
    this.#slots = slots;
    this.#end = end;
  }

  /**
   * Where the frame will end after `length` more bytes.
   *
   * @param {number | null} index
   * @param {number} length
   */
  #reserve(index, length) {
    const end = this.#end + length;
    if (end > this.#limit) throw new FrameError("capacity", index, "the frame outgrows its memory");
    return end;
  }

  /** @param {number} index @param {number} tag @param {number} a @param {number} b */
  #put(index, tag, a, b) {
    if (!(index >= 0 && index < this.#slots)) throw noSlot(index, this.#slots);
    const at = this.#start + index * SLOT_BYTES;
    this.#view.setUint32(at, tag, true);
    this.#view.setInt32(at + 4, a, true);
    this.#view.setFloat64(at + 8, b, true);
  }

  /**
   * Starts a payload that a slot points at, and returns where its content starts.
   *
   * @param {number} index
   * @param {number} tag
   */
  #openPayload(index, tag) {
    const content = this.#reserve(index, LENGTH_BYTES);
    this.#put(index, tag, this.#end - this.#start, 0);
    this.#end = content;
    return content;
  }

  /** @param {number} content where the payload's content starts */
  #closePayload(content) {
    this.#view.setUint32(content - LENGTH_BYTES, this.#end - content, true);
    // There is room: what the frame may take ends at a multiple of the same.
    while (this.#end % PAYLOAD_ALIGN !== 0) this.#bytes[this.#end++] = 0;
  }

  /** @param {string} name @param {string} value */
  #header(name, value) {
    if (this.#headersContent === NONE) this.#headersContent = this.#openPayload(this.#headersIndex, Tag.BYTES);
    const nameStart = this.#openPrefixed();
    this.#name(name);
    this.#closePrefixed(nameStart);
    const valueStart = this.#openPrefixed();
    this.#text(null, value);
    this.#closePrefixed(valueStart);
  }

  #openPrefixed() {
    this.#end = this.#reserve(null, LENGTH_BYTES);
    return this.#end;
  }

  /** @param {number} content */
  #closePrefixed(content) {
    this.#view.setUint32(content - LENGTH_BYTES, this.#end - content, true);
  }

  /** @param {string} name */
  #name(name) {
    let at = this.#end;
    this.#end = this.#reserve(null, name.length);
    for (let i = 0; i < name.length; i++) {
      const unit = name.charCodeAt(i);
      if (unit > 0x7f) throw new FrameError("header", null, `a header's name is ASCII, not ${name}`);
      this.#bytes[at++] = unit >= 0x41 && unit <= 0x5a ? unit | 0x20 : unit;
    }
  }

  /** @param {number | null} index @param {string} text */
  #text(index, text) {
    const end = this.#reserve(index, text.length);
    if (text.length > ASCII_WRITE_UNITS || !this.#ascii(text)) return this.#utf8(index, text);
    this.#end = end;
  }

  /**
   * Writes a string for which there is room, if it is ASCII.
   *
   * @param {string} text
   */
  #ascii(text) {
    const bytes = this.#bytes;
    const at = this.#end;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      bytes[at + i] = unit;
    }
    return true;
  }

  /** @param {number | null} index @param {string} text */
  #utf8(index, text) {
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.#end, this.#limit));
    this.#end = this.#reserve(index, read === text.length ? written : Infinity);
  }
}

/**
 * Reads one frame after another. Nothing is decoded ahead: each method checks the one slot that it reads, and throws a
 * FrameError before it would read outside the frame. What it reads is valid until the next entry into WebAssembly.
 */
export class FrameReader {
  /** @type {Memory} */ #memory;
  /** @type {Uint8Array} */ #bytes;
  /** @type {DataView} */ #view;
  #start = 0;
  #end = 0;
  #slots = 0;
  /** The content that #locate found. */ #from = 0;
  #to = 0;
  /** @type {FrameReader | null} */ #inner = null;

  /** @param {Memory} memory */
  constructor(memory) {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#view = memory.view;
  }

  /**
   * Turns to a frame, and returns the reader. A frame whose number of slots stands in one of its slots is turned to
   * twice: with the slots that it always has, then with all of them.
   *
   * @param {number} address a multiple of 8; WebAssembly's i32 will do
   * @param {number} length in bytes, a multiple of 4
   * @param {number} slots
   */
  at(address, length, slots = 6) {
    this.#bytes = this.#memory.bytes;
    this.#view = this.#memory.view;
    const start = address >>> 0;
    if (start % FRAME_ALIGN !== 0) throw new FrameError("size", null, `no frame starts at ${start}`);
    return this.#turn(start, length, slots);
  }

  /**
   * What a slot holds: a `Tag`.
   *
   * @param {number} index
   */
  tag(index) {
    const tag = this.#view.getUint32(this.#seek(index), true);
    if (tag <= Tag.STRING || tag === Tag.BYTES || tag === Tag.VIEW) return tag;
    throw new FrameError("unknown-tag", index, `unknown tag ${tag}`);
  }

  /** @param {number} index */
  bool(index) {
    this.#expect(index, Tag.BOOL, "bool");
    const a = this.#a(index);
    if (a > 1) throw new FrameError("bool", index, `a bool is 0 or 1, not ${a}`);
    return a === 1;
  }

  /** @param {number} index */
  i32(index) {
    this.#expect(index, Tag.I32, "i32");
    return this.#a(index) | 0;
  }

  /**
   * An integer, or null if the slot is.
   *
   * @param {number} index
   */
  optI32(index) {
    return this.tag(index) === Tag.NULL ? null : this.i32(index);
  }

  /** @param {number} index */
  f64(index) {
    this.#expect(index, Tag.F64, "f64");
    return this.#b(index);
  }

  /**
   * A string, or null if the slot is.
   *
   * @param {number} index
   */
  str(index) {
    if (this.tag(index) === Tag.NULL) return null;
    this.#expect(index, Tag.STRING, "string");
    this.#locate(index);
    try {
      return this.#text(strict, this.#from, this.#to);
    } catch {
      throw new FrameError("utf8", index, "the string is not UTF-8");
    }
  }

  /**
   * Bytes in the frame or in a view of it, or null if the slot is. They are a part of linear memory, not a copy.
   *
   * @param {number} index
   */
  bytes(index) {
    const tag = this.tag(index);
    if (tag === Tag.NULL) return null;
    if (tag === Tag.VIEW) return this.#viewed(index);
    this.#expect(index, Tag.BYTES, "bytes");
    this.#locate(index);
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /**
   * Headers as names and values, or null if the slot is. A value's bytes become a string as workerd makes one of what
   * comes over the wire: as UTF-8, with U+FFFD for what is none.
   *
   * @param {number} index
   * @returns {[string, string][] | null}
   */
  headers(index) {
    if (this.tag(index) === Tag.NULL) return null;
    this.#expect(index, Tag.BYTES, "bytes");
    this.#locate(index);
    const end = this.#to;
    /** @type {[string, string][]} */
    const pairs = [];
    for (let at = this.#from; at < end;) {
      at = this.#prefixed(index, at, end);
      const name = this.#name(index, this.#from, this.#to);
      at = this.#prefixed(index, at, end);
      pairs.push([name, this.#text(lenient, this.#from, this.#to)]);
    }
    return pairs;
  }

  /**
   * The frame in a slot, by a reader that the next call of this method turns to another frame.
   *
   * @param {number} index
   * @param {number} slots
   */
  frame(index, slots) {
    this.#expect(index, Tag.BYTES, "bytes");
    this.#locate(index);
    const inner = (this.#inner ??= new FrameReader(this.#memory));
    inner.#bytes = this.#bytes;
    inner.#view = this.#view;
    return inner.#turn(this.#from, this.#to - this.#from, slots);
  }

  /** @param {number} start @param {number} length @param {number} slots */
  #turn(start, length, slots) {
    const fits = length % PAYLOAD_ALIGN === 0 && start + length <= this.#bytes.length && slots * SLOT_BYTES <= length;
    if (!fits) throw new FrameError("size", null, `no frame of ${slots} slots has ${length} bytes at ${start}`);
    this.#start = start;
    this.#end = start + length;
    this.#slots = slots;
    return this;
  }

  /** @param {number} index */
  #seek(index) {
    if (!(index >= 0 && index < this.#slots)) throw noSlot(index, this.#slots);
    return this.#start + index * SLOT_BYTES;
  }

  /** @param {number} index */
  #a(index) {
    return this.#view.getUint32(this.#seek(index) + 4, true);
  }

  /** @param {number} index */
  #b(index) {
    return this.#view.getFloat64(this.#seek(index) + 8, true);
  }

  /** @param {number} index @param {number} tag @param {string} name */
  #expect(index, tag, name) {
    const found = this.tag(index);
    if (found !== tag) throw new FrameError("tag", index, `expected ${name}, found tag ${found}`);
  }

  /**
   * Finds the content of a slot's payload.
   *
   * @param {number} index
   */
  #locate(index) {
    const offset = this.#a(index);
    const from = this.#start + offset + LENGTH_BYTES;
    if (offset < this.#slots * SLOT_BYTES || offset % PAYLOAD_ALIGN !== 0 || from > this.#end) {
      throw new FrameError("offset", index, `no payload can start at ${offset}`);
    }
    const length = this.#view.getUint32(from - LENGTH_BYTES, true);
    const to = from + length;
    if (to > this.#end) throw new FrameError("length", index, `a payload of ${length} bytes runs past the frame's end`);
    // It fits, since the frame's length is a multiple of the same.
    for (let at = to; at % PAYLOAD_ALIGN !== 0; at++) {
      if (this.#bytes[at] !== 0) throw new FrameError("padding", index, "a payload is padded with zeros");
    }
    this.#from = from;
    this.#to = to;
  }

  /** @param {number} index */
  #viewed(index) {
    const address = this.#a(index);
    const length = this.#b(index);
    if (!Number.isInteger(length) || length < 0 || address + length > this.#bytes.length) {
      throw new FrameError("view", index, `${length} bytes at ${address} are not in memory`);
    }
    return this.#bytes.subarray(address, address + length);
  }

  /**
   * Finds the content of `[length u32][bytes]` at `at`, and returns where it ends.
   *
   * @param {number} index
   * @param {number} at
   * @param {number} end
   */
  #prefixed(index, at, end) {
    const from = at + LENGTH_BYTES;
    const to = from > end ? Infinity : from + this.#view.getUint32(at, true);
    if (to > end) throw new FrameError("header", index, "a header runs past the end");
    this.#from = from;
    this.#to = to;
    return to;
  }

  /** @param {number} index @param {number} from @param {number} to */
  #name(index, from, to) {
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at];
      if (byte > 0x7f || (byte >= 0x41 && byte <= 0x5a)) {
        throw new FrameError("header", index, "a header's name is lower-case ASCII");
      }
    }
    return this.#text(lenient, from, to);
  }

  /** @param {TextDecoder} decoder @param {number} from @param {number} to */
  #text(decoder, from, to) {
    if (to - from > ASCII_READ_BYTES) return decoder.decode(this.#bytes.subarray(from, to));
    let text = "";
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at];
      if (byte > 0x7f) return decoder.decode(this.#bytes.subarray(from, to));
      text += String.fromCharCode(byte);
    }
    return text;
  }
}

/** @param {string} name @param {string} value */
function headerBytes(name, value) {
  return 2 * LENGTH_BYTES + name.length + value.length * UTF8_BYTES_PER_UNIT;
}

/** @param {number} index @param {number} slots */
function noSlot(index, slots) {
  return new FrameError("index", index, `a frame of ${slots} slots has no such slot`);
}

/** @param {number} length @param {number} to */
function align(length, to) {
  return Math.ceil(length / to) * to;
}
