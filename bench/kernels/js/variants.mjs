// The variants of a kernel.

import { once as onEvent } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { ARRAYS, RESULTS_MAX, once, time } from "./operands.mjs";

/** @typedef {import("./operands.mjs").Task} Task */
/** @typedef {import("./operands.mjs").Places} Places */
/** @typedef {ReturnType<typeof once>} Outcome */

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {() => Outcome | Promise<Outcome>} [once] what comes of it, if that is what comes of the kernel
 * @property {(times: number) => number | Promise<number>} time how long it takes to run that often, in milliseconds
 */

/** The largest operand: the rows of the search. */
const OPERAND_MAX_BYTES = 16 * 2 ** 20;

/** A wasm module with places for operands. */
export class Module {
  /** @param {string} file */
  constructor(file) {
    const module = new WebAssembly.Module(readFileSync(file));
    this.exports = /** @type {Record<string, any>} */ (new WebAssembly.Instance(module, {}).exports);
    const [left, right, out] = [0, 1, 2].map(() => this.exports.allocate(OPERAND_MAX_BYTES));
    this.places = { left, right, out, results: this.exports.allocate(8 * RESULTS_MAX) };
    this.area = this.exports.allocate(2 * OPERAND_MAX_BYTES);
  }

  /**
   * The places as arrays, until the memory grows.
   * @param {Task} task
   * @returns {Places}
   */
  #arrays({ lane, n }) {
    const { buffer } = this.exports.memory;
    const [left, right, out] = [this.places.left, this.places.right, this.places.out].map(
      (place) => new ARRAYS[lane](buffer, place, n),
    );
    return { left, right, out, results: new Float64Array(buffer, this.places.results, RESULTS_MAX) };
  }

  /**
   * @param {string} name
   * @param {string} exported
   * @param {Task} task
   * @returns {Variant}
   */
  kernel(name, exported, task) {
    const { left, right, out, results } = this.places;
    const kernel = this.exports[exported];
    const run = (/** @type {number} */ times) => kernel(left, right, out, results, task.n, times);
    return { name, once: () => once(task, this.#arrays(task), run), time: (times) => time(run, times) };
  }

  /**
   * @param {Task} task
   * @returns {Variant}
   */
  limit({ footprint, traffic }) {
    const run = (/** @type {number} */ times) => this.exports.copy(this.area, footprint, traffic, times);
    return { name: "limit", time: (times) => time(run, times) };
  }

  /**
   * The sum of the rows of the search.
   * @param {Task} task
   * @returns {Variant}
   */
  sum({ n }) {
    const { right, out, results } = this.places;
    const run = (/** @type {number} */ times) => this.exports.sum_f32(right, right, out, results, n, times);
    return { name: "sum", time: (times) => time(run, times) };
  }
}

/** The thread of the loops in JavaScript. */
export class JavaScript {
  #worker = new Worker(new URL("./javascript.mjs", import.meta.url));

  /** @param {object} message */
  async #ask(message) {
    this.#worker.postMessage(message);
    const [answer] = await onEvent(this.#worker, "message");
    return answer;
  }

  /**
   * @param {Task} task
   * @returns {Variant}
   */
  kernel(task) {
    return { name: "js", once: () => this.#ask({ task }), time: (times) => this.#ask({ times }) };
  }

  end() {
    return this.#worker.terminate();
  }
}

/**
 * @param {Task} task
 * @param {{ simd: Module, scalar: Module, js: JavaScript }} by
 * @returns {Variant[]}
 */
export function variants(task, { simd, scalar, js }) {
  return task.variants.map((name) => {
    switch (name) {
      case "simd":
        return simd.kernel(name, task.kernel, task);
      case "scalar":
        return scalar.kernel(name, task.kernel, task);
      case "baseline":
        return simd.kernel(name, `baseline_${task.kernel}`, task);
      case "js":
        return js.kernel(task);
      case "limit":
        return simd.limit(task);
      case "sum":
        return simd.sum(task);
      default:
        throw new Error(`there is no variant ${name}`);
    }
  });
}
