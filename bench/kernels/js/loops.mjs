// The kernels as one writes them in JavaScript: plain loops over typed arrays. Each takes two operands, what is written, and
// a place for the outcome; what is computed in place is computed in `out`.
//
// The module is loaded once for every kind of number, so that V8 compiles each function for that kind alone.

import { DIMENSIONS } from "./operands.mjs";

/** @typedef {import("./operands.mjs").Numbers} Numbers */
/** @typedef {(left: Numbers, right: Numbers, out: Numbers, results: Float64Array) => void} Loop */

const MIDDLE = 1;
const TOP = 10;
const BINS = 64;
const [FROM, TO] = [-0.5, 2.5];

/** @type {Loop} */
export function sum(left, _right, _out, results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) sum += left[at];
  results[0] = sum;
}

/** @type {Loop} */
export function l1_norm(left, _right, _out, results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) sum += Math.abs(left[at]);
  results[0] = sum;
}

/** @type {Loop} */
export function l2_norm(left, _right, _out, results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) sum += left[at] * left[at];
  results[0] = Math.sqrt(sum);
}

/** @type {Loop} */
export function max_norm(left, _right, _out, results) {
  let greatest = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const magnitude = Math.abs(left[at]);
    if (magnitude > greatest) greatest = magnitude;
  }
  results[0] = greatest;
}

/** @type {Loop} */
export function dot(left, right, _out, results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) sum += left[at] * right[at];
  results[0] = sum;
}

/** @type {Loop} */
export function distance(left, right, _out, results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const difference = left[at] - right[at];
    sum += difference * difference;
  }
  results[0] = Math.sqrt(sum);
}

/** @type {Loop} */
export function cosine_similarity(left, right, _out, results) {
  let both = 0;
  let lefts = 0;
  let rights = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const a = left[at];
    const b = right[at];
    both += a * b;
    lefts += a * a;
    rights += b * b;
  }
  results[0] = both / (Math.sqrt(lefts) * Math.sqrt(rights));
}

/** @type {Loop} */
export function min_max(left, _right, _out, results) {
  let least = Infinity;
  let greatest = -Infinity;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const value = left[at];
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  results[0] = least;
  results[1] = greatest;
}

/** @type {Loop} */
export function argmin(left, _right, _out, results) {
  let least = Infinity;
  let index = -1;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    if (left[at] < least) {
      least = left[at];
      index = at;
    }
  }
  results[0] = index;
}

/** @param {Numbers} values */
function mean(values) {
  let sum = 0;
  const count = values.length;
  for (let at = 0; at < count; at++) sum += values[at];
  return sum / values.length;
}

/**
 * In two passes, which takes less time than one with a division for each number.
 * @type {Loop}
 */
export function moments(left, _right, _out, results) {
  const middle = mean(left);
  let squares = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const difference = left[at] - middle;
    squares += difference * difference;
  }
  results[0] = middle;
  results[1] = squares / left.length;
}

/** @type {Loop} */
export function co_moments(left, right, _out, results) {
  const leftMean = mean(left);
  const rightMean = mean(right);
  let leftSquares = 0;
  let rightSquares = 0;
  let products = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const a = left[at] - leftMean;
    const b = right[at] - rightMean;
    leftSquares += a * a;
    rightSquares += b * b;
    products += a * b;
  }
  results[0] = leftMean;
  results[1] = leftSquares / left.length;
  results[2] = rightMean;
  results[3] = rightSquares / left.length;
  results[4] = products / left.length;
}

/**
 * Without a branch, which would be mispredicted every other time.
 * @type {Loop}
 */
export function count_where(left, _right, _out, results) {
  let less = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) less += +(left[at] < MIDDLE);
  results[0] = less;
}

/** @type {Loop} */
export function sum_where(left, _right, _out, results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    if (left[at] < MIDDLE) sum += left[at];
  }
  results[0] = sum;
}

/** @type {Loop} */
export function histogram(left, _right, _out, results) {
  const perNumber = BINS / (TO - FROM);
  results.fill(0);
  const count = left.length;
  for (let at = 0; at < count; at++) {
    const value = left[at];
    if (FROM <= value && value <= TO) results[Math.min(((value - FROM) * perNumber) | 0, BINS - 1)]++;
  }
}

/**
 * The greatest, in order; most numbers are not greater than the least of them.
 * @param {Numbers} values
 * @param {number} count how many of the numbers
 * @param {Float64Array} results index and value of each
 */
function greatest(values, count, results) {
  const best = new Float64Array(TOP).fill(-Infinity);
  const indices = new Uint32Array(TOP);
  let bound = -Infinity;
  for (let index = 0; index < count; index++) {
    const value = values[index];
    if (value > bound) {
      let at = TOP - 1;
      for (; at > 0 && best[at - 1] < value; at--) {
        best[at] = best[at - 1];
        indices[at] = indices[at - 1];
      }
      best[at] = value;
      indices[at] = index;
      bound = best[TOP - 1];
    }
  }
  for (let at = 0; at < TOP; at++) {
    results[2 * at] = indices[at];
    results[2 * at + 1] = best[at];
  }
}

/** @type {Loop} */
export function top_k(left, _right, _out, results) {
  greatest(left, left.length, results);
}

/** @type {Loop} */
export function prefix_sum(left, _right, out, _results) {
  let sum = 0;
  const count = left.length;
  for (let at = 0; at < count; at++) {
    sum += left[at];
    out[at] = sum;
  }
}

/** @type {Loop} */
export function scale(_left, _right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) out[at] *= -1;
}

/** @type {Loop} */
export function affine(_left, _right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) out[at] = out[at] * 0.5 + 0.25;
}

/** @type {Loop} */
export function clamp(_left, _right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) {
    const value = out[at];
    if (value < 0) out[at] = 0;
    else if (value > 2) out[at] = 2;
  }
}

/** @type {Loop} */
export function add(_left, right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) out[at] += right[at];
}

/** @type {Loop} */
export function sub(_left, right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) out[at] -= right[at];
}

/** @type {Loop} */
export function mul(_left, right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) out[at] *= right[at];
}

/** @type {Loop} */
export function axpy(_left, right, out, _results) {
  const count = out.length;
  for (let at = 0; at < count; at++) out[at] += 0.5 * right[at];
}

/** @param {Numbers} bytes */
function words(bytes) {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/**
 * Four bytes at a time; the sum of bits as in Hacker's Delight, 5-1.
 * @type {Loop}
 */
export function hamming(left, right, _out, results) {
  const [lefts, rights] = [words(left), words(right)];
  let ones = 0;
  const count = lefts.length;
  for (let at = 0; at < count; at++) {
    let bits = lefts[at] ^ rights[at];
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    ones += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  results[0] = ones;
}

/** @type {Loop} */
export function search(left, right, out, results) {
  const rows = right.length / DIMENSIONS;
  for (let row = 0; row < rows; row++) {
    const start = row * DIMENSIONS;
    let sum = 0;
    for (let at = 0; at < DIMENSIONS; at++) sum += left[at] * right[start + at];
    out[row] = sum;
  }
  greatest(out, rows, results);
}
