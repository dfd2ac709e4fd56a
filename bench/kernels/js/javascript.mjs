// The loops in JavaScript, in a thread of their own: where a wasm memory has grown, which detaches its buffer, V8 looks at
// every access of a typed array for whether that one is detached. JavaScript without wasm does not pay for this.

import { parentPort } from "node:worker_threads";
import { ARRAYS, RESULTS_MAX, once, time } from "./operands.mjs";

/** @typedef {import("./operands.mjs").Task} Task */

/** @param {Task} task */
async function prepare({ operation, lane, n }) {
  /** @type {import("./loops.mjs").Loop} */
  const loop = (await import(`./loops.mjs?${lane}`))[operation];
  const [left, right, out] = [0, 1, 2].map(() => new ARRAYS[lane](n));
  const results = new Float64Array(RESULTS_MAX);
  const run = (/** @type {number} */ times) => {
    for (let at = 0; at < times; at++) loop(left, right, out, results);
  };
  return { places: { left, right, out, results }, run };
}

/** @type {Awaited<ReturnType<typeof prepare>>} */
let prepared;

/** @param {{ task: Task } | { times: number }} message */
async function answer(message) {
  if ("times" in message) return time(prepared.run, message.times);
  prepared = await prepare(message.task);
  return once(message.task, prepared.places, prepared.run);
}

parentPort?.on("message", async (message) => parentPort?.postMessage(await answer(message)));
