// What a developer gets of an instance that has trapped: its memory, sent to where the variable DURACTOR_DUMP says.
// `duractor receive-dumps` listens there, and `duractor inspect-dump` reads what it writes (its module `dump` has the format).

/** @import { Env, Waiting } from "./types.d.ts" */
/** @import { Trap } from "./instance.js" */

const MAGIC = "duractor-dump-1\n";
const VARIABLE = "DURACTOR_DUMP";

/** Where dumps go, if they do. */
let target = "";
let count = 0;
/** Memory is large: one at a time. */
let isSending = false;

/** Looks for the variable. @param {Env} env */
export function aim(env) {
  if (typeof env[VARIABLE] === "string") target = env[VARIABLE].replace(/\/+$/, "");
}

/**
 * Sends a dump, if that is wanted.
 *
 * @param {Trap} trap
 * @param {Uint8Array} memory
 * @param {{ actor: string | null, request: Request | null, calls: Waiting[] }} more
 * @returns {Promise<void>} what the object has to wait for
 */
export async function dump(trap, memory, { actor, request, calls }) {
  if (target === "") return;
  if (isSending) return console.error("no dump: the one before is still being sent");
  isSending = true;
  const { message, number, method, turn, inbox, outbox } = trap;
  const url = request === null ? null : new URL(request.url);
  const call = url === null ? null : { number, method: request?.method, target: url.pathname + url.search, rust: method, turn };
  const body = pack(JSON.stringify({ time: Date.now(), message, actor, call, inbox, outbox, calls }), memory);
  const file = `${target}/trap-${Date.now()}-${++count}.dump`;
  try {
    const response = await fetch(file, { method: "PUT", body });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  } catch (error) {
    console.error(`no dump: ${file}: ${error instanceof Error ? error.message : error}; \`duractor receive-dumps\` listens for it`);
  } finally {
    isSending = false;
  }
}

/** @param {string} header @param {Uint8Array} memory */
function pack(header, memory) {
  const start = new TextEncoder().encode(`${MAGIC}\0\0\0\0${header}`);
  new DataView(start.buffer).setUint32(MAGIC.length, start.length - MAGIC.length - 4, true);
  const whole = new Uint8Array(start.length + memory.length);
  whole.set(start);
  whole.set(memory, start.length);
  return whole;
}
