// The numbers that kernels are run on, the same for every variant.

/** How long a vector of the search is. */
export const DIMENSIONS = 384;

/** @typedef {"f64" | "f32" | "i32" | "i8" | "u8"} Lane */
/** @typedef {Float64Array | Float32Array | Int32Array | Int8Array | Uint8Array} Numbers */

/**
 * Where a variant reads and writes.
 * @typedef {{ left: Numbers, right: Numbers, out: Numbers, results: Float64Array }} Places
 */

/**
 * @typedef {object} Task
 * @property {string} kernel
 * @property {string} operation
 * @property {Lane} lane
 * @property {number} n
 * @property {number} traffic how many bytes are read and written
 * @property {number} footprint how many different ones
 * @property {string[]} variants
 */

/** How many numbers an outcome is at most (`outcome.rs`). */
export const RESULTS_MAX = 64;

export const ARRAYS = { f64: Float64Array, f32: Float32Array, i32: Int32Array, i8: Int8Array, u8: Uint8Array };

/**
 * Numbers from 0 to 1 without 1 (mulberry32).
 * @param {number} seed
 */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One operand. Floating-point numbers are from -1 to 3: of both signs, and what they add up to is not near 0, where variants
 * could not be compared. Integers are all that there are.
 * @param {Lane} lane
 * @param {number} length
 * @param {number} seed
 */
function numbers(lane, length, seed) {
  const next = randomNumbers(seed);
  const isFloat = lane === "f64" || lane === "f32";
  const of = isFloat ? () => next() * 4 - 1 : () => Math.floor(next() * 2 ** 32);
  return ARRAYS[lane].from({ length }, of);
}

/**
 * Makes each row as long as 1.
 * @param {Float32Array | Float64Array} rows
 */
function normalize(rows) {
  for (let start = 0; start < rows.length; start += DIMENSIONS) {
    const row = rows.subarray(start, start + DIMENSIONS);
    const length = Math.hypot(...row);
    row.forEach((value, at) => (row[at] = value / length));
  }
}

/**
 * Fills in the operands of a kernel, runs it once, and takes what came of it. `out` is what is computed in place.
 * @param {Task} task
 * @param {Places} places
 * @param {(times: number) => void} run
 */
export function once({ operation, lane, n }, places, run) {
  const [left, right, out] = [1, 2, 3].map((seed) => numbers(lane, n, seed));
  if (operation === "mul") {
    // What is multiplied by them in place again and again neither vanishes nor overflows.
    right.forEach((value, at) => (right[at] = Math.sign(value - 1) || 1));
  }
  if (operation === "search") {
    normalize(/** @type {Float32Array} */ (left));
    normalize(/** @type {Float32Array} */ (right));
  }
  places.left.set(left);
  places.right.set(right);
  places.out.set(out);
  places.results.fill(0);
  run(1);
  return { results: places.results.slice(), out: places.out.slice() };
}

/**
 * How long it takes to run that often, in milliseconds.
 * @param {(times: number) => void} run
 * @param {number} times
 */
export function time(run, times) {
  const start = performance.now();
  run(times);
  return performance.now() - start;
}
