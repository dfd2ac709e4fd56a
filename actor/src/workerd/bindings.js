// Operations of KV namespaces and R2 buckets.

import { INVALID, NO_BINDING, OTHER, TOO_LARGE } from "./answers.js";
import { readStream } from "./streams.js";

/** @import { Env, Outcome, Want } from "./types.d.ts" */

const OK = 200, NOT_FOUND = 404;

const encoder = new TextEncoder();

/** A method that only bindings of a kind have. @type {Record<string, string>} */
const KINDS = { kv: "getWithMetadata", r2: "head" };

/**
 * What each operation does, by its name.
 *
 * @type {Record<string, (binding: any, key: string, options: any, want: Want) => Promise<Outcome>>}
 */
const ACTIONS = {
  async "kv.get"(namespace, key, options, want) {
    const { value, metadata } = await namespace.getWithMetadata(key, { ...options, type: "stream" });
    if (value === null) return { status: NOT_FOUND };
    return withBody(value, want, { metadata });
  },
  async "kv.put"(namespace, key, options, { body }) {
    await namespace.put(key, body, options);
    return { status: OK };
  },
  async "kv.delete"(namespace, key) {
    await namespace.delete(key);
    return { status: OK };
  },
  async "kv.list"(namespace, _, options) {
    const { keys, cursor } = await namespace.list(options);
    return page({ keys, cursor: cursor || null });
  },
  async "r2.get"(bucket, key, options, want) {
    const object = await bucket.get(key, options);
    if (object === null) return { status: NOT_FOUND };
    return withBody(object.body, want, describe(object));
  },
  async "r2.head"(bucket, key) {
    const object = await bucket.head(key);
    return object === null ? { status: NOT_FOUND } : { status: OK, headers: info(describe(object)) };
  },
  async "r2.put"(bucket, key, options, { body }) {
    return { status: OK, headers: info(describe(await bucket.put(key, body, options))) };
  },
  async "r2.delete"(bucket, key) {
    await bucket.delete(key);
    return { status: OK };
  },
  async "r2.list"(bucket, _, options) {
    const { objects, delimitedPrefixes, cursor } = await bucket.list({ ...options, include: ["httpMetadata", "customMetadata"] });
    return page({ objects: objects.map(describe), prefixes: delimitedPrefixes, cursor: cursor || null });
  },
};

/**
 * Does what is asked of a binding.
 *
 * @param {Env} env
 * @param {Want} want
 * @returns {Promise<Outcome>}
 */
export async function askBinding(env, want) {
  const { method: action = "", url: target = "", options } = want;
  const [kind] = action.split(".", 1);
  const at = target.indexOf("/");
  const binding = env[target.slice(0, at)];
  if (typeof binding?.[KINDS[kind]] !== "function") return { code: NO_BINDING };
  try {
    return await ACTIONS[action](binding, target.slice(at + 1), JSON.parse(options ?? "{}"), want);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { code: error instanceof TypeError || error instanceof RangeError ? INVALID : OTHER, text };
  }
}

/** @param {ReadableStream<Uint8Array>} stream @param {Want} want @param {object} about @returns {Promise<Outcome>} */
async function withBody(stream, { bodyMax = 0 }, about) {
  const body = await readStream(stream, bodyMax);
  return body === null ? { code: TOO_LARGE } : { status: OK, body, headers: info(about) };
}

/** @param {object} about @returns {[string, string][]} */
function info(about) {
  return [["info", JSON.stringify(about)]];
}

/** @param {object} found @returns {Outcome} */
function page(found) {
  return { status: OK, body: encoder.encode(JSON.stringify(found)) };
}

/** What an object is. @param {any} object */
function describe({ key, size, etag, uploaded, httpMetadata, customMetadata }) {
  return { key, size, etag, uploaded: uploaded.getTime(), httpMetadata, customMetadata };
}
