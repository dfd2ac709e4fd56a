// Measures kernels. Reads a plan from stdin, writes to stdout a line of JSON about where it runs, and one for each task.

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { JavaScript, Module, variants } from "./variants.mjs";

/** How long a variant is run before it is measured, so that V8 has compiled it. */
const WARM_UP_MS = 30;

/** How far variants may be apart: they add up in different orders, and JavaScript adds f32 up as f64. */
const TOLERANCES = { f64: 1e-9, f32: 1e-4, i32: 0, i8: 0, u8: 0 };

/** @typedef {import("./operands.mjs").Task} Task */
/** @typedef {import("./variants.mjs").Variant} Variant */

/** @param {object} what */
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

/**
 * @param {number} a
 * @param {number} b
 * @param {number} tolerance
 */
function isClose(a, b, tolerance) {
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b)) || Object.is(a, b);
}

/**
 * Runs each variant once on the same operands, and compares what came of it with the first.
 * @param {Task} task
 * @param {Variant[]} all
 */
async function check(task, all) {
  /** @type {import("./variants.mjs").Outcome | undefined} */
  let first;
  for (const { name, once } of all) {
    const outcome = await once?.();
    first ??= outcome;
    for (const part of /** @type {const} */ (["results", "out"])) {
      const [expected, found] = [first?.[part] ?? [], outcome?.[part] ?? []];
      const at = found.findIndex((value, at) => !isClose(value, expected[at], TOLERANCES[task.lane]));
      if (at >= 0) {
        const where = `${task.kernel} of ${task.n} numbers, ${part} at ${at}`;
        throw new Error(`${where}: ${all[0].name} says ${expected[at]}, ${name} says ${found[at]}`);
      }
    }
  }
}

/**
 * How often a variant has to run to take as long as a slice, once it is warm.
 * @param {Variant} variant
 * @param {number} sliceMs
 */
async function calibrate({ time }, sliceMs) {
  let [times, spent] = [1, 0];
  for (;;) {
    const taken = await time(times);
    spent += taken;
    if (taken < sliceMs) times *= 2;
    else if (spent >= WARM_UP_MS) return Math.ceil((times * sliceMs) / taken);
  }
}

/**
 * Measures all variants in turns: microseconds, round by round.
 * @param {Variant[]} all
 * @param {{ rounds: number, slice_ms: number }} pace
 */
async function measure(all, pace) {
  const times = [];
  for (const variant of all) times.push(await calibrate(variant, pace.slice_ms));
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(all.map(({ name }) => [name, []]));
  for (let round = 0; round < pace.rounds; round++) {
    for (const [at, { name, time }] of all.entries()) samples[name].push(((await time(times[at])) * 1e3) / times[at]);
  }
  return samples;
}

const plan = JSON.parse(readFileSync(0, "utf8"));
const by = { simd: new Module(plan.simd), scalar: new Module(plan.scalar), js: new JavaScript() };
if (by.simd.exports.is_scalar() || !by.scalar.exports.is_scalar()) {
  throw new Error("the modules are not one with simd128 and one with the scalar twin");
}
tell({ node: process.versions.node, v8: process.versions.v8, cpu: cpus()[0]?.model ?? "an unknown CPU" });
for (const task of plan.tasks) {
  const all = variants(task, by);
  await check(task, all);
  tell({ kernel: task.kernel, n: task.n, samples: await measure(all, plan) });
}
await by.js.end();
