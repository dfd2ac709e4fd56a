// Bodies that are read and written piece by piece.

/** The first read of a body, and the largest, in bytes. */
const CHUNK_MIN = 4 << 10, CHUNK_MAX = 1 << 20;

/** The largest piece that is handed over, in bytes. */
const PIECE_MAX = 64 << 10;

/** Buffers for first reads: to make one costs more than to read a small body. @type {ArrayBuffer[]} */
const spare = [];
const SPARE_MAX = 16;

/**
 * A stream's bytes, or null when there are more than allowed.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} max
 */
export async function readStream(stream, max) {
  // Reading into buffers of our own is quicker: less than half of what a default reader costs for a small body.
  const source = stream.getReader({ mode: "byob" });
  const { value } = await source.readAtLeast(CHUNK_MIN, new Uint8Array(spare.pop() ?? new ArrayBuffer(CHUNK_MIN)));
  const first = value?.slice() ?? new Uint8Array();
  if (value !== undefined && spare.length < SPARE_MAX) spare.push(/** @type {ArrayBuffer} */ (value.buffer));
  if (first.length > max) return giveUp(source);
  return first.length < CHUNK_MIN ? first : readOn(source, first, max);
}

/** Reads what is behind the first chunk. @param {ReadableStreamBYOBReader} source @param {Uint8Array} first @param {number} max */
async function readOn(source, first, max) {
  const chunks = [first];
  let length = first.length;
  for (let size = 2 * CHUNK_MIN; ; size = Math.min(2 * size, CHUNK_MAX)) {
    const { done, value } = await source.readAtLeast(size, new Uint8Array(size));
    if (value !== undefined && value.length > 0) {
      length += value.length;
      chunks.push(value);
    }
    if (length > max) return giveUp(source);
    if (done || value === undefined || value.length < size) return join(chunks, length);
  }
}

/** @param {ReadableStreamBYOBReader} source */
async function giveUp(source) {
  await source.cancel().catch(() => {});
  return null;
}

/** @param {Uint8Array[]} chunks @param {number} length */
function join(chunks, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A body that a call reads piece by piece. */
export class Pulled {
  /** @type {ReadableStream<Uint8Array> | null} */ #body;
  /** @type {ReadableStreamBYOBReader | null} */ #reader = null;
  #over;

  /**
   * @param {ReadableStream<Uint8Array> | null} body
   * @param {boolean} isOwn whether an own route has brought it
   * @param {() => void} over called once, when it needs no connection any more
   */
  constructor(body, isOwn, over) {
    this.#body = body;
    this.isOwn = isOwn;
    this.#over = over;
  }

  /** The next piece, or none at the end. @returns {Promise<Uint8Array | undefined>} */
  async next() {
    if (this.#body === null) {
      this.end();
      return undefined;
    }
    this.#reader ??= this.#body.getReader({ mode: "byob" });
    const { done, value } = await this.#reader.read(new Uint8Array(PIECE_MAX));
    if (!done) return value;
    this.end();
    return undefined;
  }

  /** Gives the rest up. */
  cancel() {
    (this.#reader ?? this.#body)?.cancel().catch(() => {});
    this.end();
  }

  /** The rest, for somebody else. */
  detach() {
    if (this.#reader === null || this.#body === null) return this.#body;
    this.#reader.releaseLock();
    // What has been read from cannot be a body itself.
    const { readable, writable } = new IdentityTransformStream();
    this.#body.pipeTo(writable).catch(() => {});
    return readable;
  }

  /** It needs no connection any more. */
  end() {
    const over = this.#over;
    this.#over = () => {};
    over();
  }
}

/** A body that a call writes piece by piece. */
export class Pushed {
  #stream;
  #writer;
  #isWhole = false;

  /** @param {string | null} length in bytes, if it is known; only then does a client notice that a body breaks off */
  constructor(length) {
    this.#stream = length === null ? new IdentityTransformStream() : new FixedLengthStream(BigInt(length));
    this.#writer = this.#stream.writable.getWriter();
  }

  /** What there is to read. */
  get readable() {
    return this.#stream.readable;
  }

  /** Ends when the piece was taken. @param {Uint8Array | undefined} piece none at the end */
  async take(piece) {
    if (piece !== undefined) return this.#writer.write(piece);
    this.#isWhole = true;
    return this.#writer.close();
  }

  /** Nothing more comes. */
  end() {
    if (!this.#isWhole) this.#writer.abort(new Error("the body was not written to its end")).catch(() => {});
  }
}
