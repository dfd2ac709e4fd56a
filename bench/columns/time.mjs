// Measures in wasm: node time.mjs FILE.wasm ROUNDS OPERATIONS. It prints, as JSON, the milliseconds that each operation took
// in each round, a pair for each: by the kernel, and by the column.
import { readFile } from 'node:fs/promises';

const [file, rounds, operations] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(file));
// What a worker would be given; none of it is called.
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
	imports[from] ??= {};
	imports[from][name] = () => 0;
}
const { exports } = await WebAssembly.instantiate(module, imports);

/** @param {number} operation @param {number} isColumn */
function time(operation, isColumn) {
	const start = performance.now();
	exports.run(operation, isColumn);
	return performance.now() - start;
}

// First of all, until V8 has compiled it for good.
const times = Array.from({ length: Number(operations) }, () => []);
for (let round = -5; round < Number(rounds); round++) {
	for (let operation = 0; operation < times.length; operation++) {
		// The kernel goes first in one round, and the column in the next.
		const first = Math.abs(round % 2);
		const pair = [];
		pair[first] = time(operation, first);
		pair[1 - first] = time(operation, 1 - first);
		if (round >= 0) times[operation].push(pair);
	}
}
console.log(JSON.stringify(times));
