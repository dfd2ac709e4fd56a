// Requests, results and responses as frames (docs/exchange.md).

import { FrameError, SLOT_BYTES, Tag, headersBytes, payloadBytes, requestBytes, stringBytes } from "./frame.js";
import { X, begin, controlWord, enter, outbox, reader, writer } from "./instance.js";

/** @import { HeaderPairs } from "./frame.js" */
/** @import { Chain, Result } from "./types.d.ts" */

const METHODS = new Map([["GET", 0], ["HEAD", 1], ["POST", 2], ["PUT", 3], ["PATCH", 4], ["DELETE", 5], ["OPTIONS", 6]]);
const TYPES = [
  "text/plain; charset=utf-8",
  "application/json",
  "application/problem+json",
  "application/octet-stream",
  "text/html; charset=utf-8",
  "image/svg+xml",
];
/** What most replies are made with: status 200 and one of the common types. */
const PLAIN = TYPES.map((type) => ({ status: 200, headers: new Headers({ "content-type": type }) }));

/** What most requests' headers take in a frame. */
const HEADERS_BYTES = 3 << 10;
export const REQUEST_SLOTS = 6;
export const RESPONSE_SLOTS = 6;
const RESULT_SLOTS = 7;

/** The header by which calls between the worker's own actors name the calls that wait for them. */
export const CHAIN_HEADER = "duractor-chain";

/** In the place of the request that has brought a response's body: its call writes it. */
export const REPLY = -1;

/** Reasons to refuse a request before it is handed over. */
export const BODY = 0, PATH = 1, CHAIN = 3;

/**
 * Writes a request's frame and returns its length. Going through `Headers` is dear, so they are sized only when they do
 * not fit where most do.
 *
 * @param {Request} request
 * @param {string} path
 * @param {Uint8Array | null} body
 * @param {HeaderPairs} headers
 * @param {number} number
 * @param {Chain | null} chain
 */
export function writeRequest(request, path, body, headers, number, chain) {
  const method = METHODS.get(request.method) ?? request.method;
  const bytes = requestBytes(method, path, body, []) + chainBytes(chain);
  try {
    return fillRequest(bytes + HEADERS_BYTES, method, path, body, headers, number, chain);
  } catch (error) {
    if (!(error instanceof FrameError) || error.kind !== "capacity") throw error;
    return fillRequest(bytes + headersBytes(headers), method, path, body, headers, number, chain);
  }
}

/**
 * @param {number} bytes
 * @param {number | string} method
 * @param {string} path
 * @param {Uint8Array | null} body
 * @param {HeaderPairs} headers
 * @param {number} number
 * @param {Chain | null} chain
 */
function fillRequest(bytes, method, path, body, headers, number, chain) {
  begin(bytes, REQUEST_SLOTS);
  if (typeof method === "number") writer.i32(0, method);
  else writer.str(0, method);
  writer.str(1, path);
  writer.bytes(2, body);
  writer.headers(3, headers);
  if (chain !== null) writeChain(chain);
  writer.f64(5, number);
  return writer.finish();
}

/** @param {Chain | null} chain */
function chainBytes(chain) {
  return chain === null ? 0 : payloadBytes(SLOT_BYTES * (2 + chain.tasks.length)) + stringBytes(chain.text);
}

/** @param {Chain} chain */
function writeChain(chain) {
  writer.beginFrame(4, 2 + chain.tasks.length);
  writer.str(0, chain.text);
  writer.i32(1, chain.tasks.length);
  chain.tasks.forEach((task, at) => writer.i32(2 + at, task));
  writer.endFrame();
}

/** Writes what came of operations, each with its call's task. @param {[number, Result][]} results */
export function writeResults(results) {
  const slots = REQUEST_SLOTS + results.length;
  let bytes = SLOT_BYTES * slots;
  for (const [, { body, headers, text }] of results) {
    bytes += payloadBytes(SLOT_BYTES * RESULT_SLOTS) + payloadBytes(body?.length ?? 0) + headersBytes(headers ?? []);
    bytes += stringBytes(text ?? "");
  }
  begin(bytes, slots);
  writer.i32(4, results.length);
  results.forEach(([task, result], at) => {
    writer.beginFrame(REQUEST_SLOTS + at, RESULT_SLOTS);
    writer.i32(0, task);
    writer.i32(1, result.id);
    writer.i32(2, result.status ?? 0);
    writer.bytes(3, result.body ?? null);
    writer.headers(4, result.headers ?? null);
    if (result.code !== undefined) writer.i32(5, result.code);
    if (result.code !== undefined) writer.str(6, result.text ?? null);
    else writeFlags(result);
    writer.endFrame();
  });
  return writer.finish();
}

/** @param {Result} result */
function writeFlags({ isShared, isRedirected, isPulled }) {
  const flags = (isShared ? 1 : 0) + (isRedirected ? 2 : 0) + (isPulled ? 4 : 0);
  if (flags !== 0) writer.i32(6, flags);
}

/** Path and query of a URL as the runtime writes it. @param {string} url */
export function pathOf(url) {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return start < 0 ? "/" : url.slice(start);
}

/** @param {string} url */
export function originOf(url) {
  const end = url.indexOf("/", url.indexOf("//") + 2);
  return end < 0 ? url : url.slice(0, end);
}

/** The request that has brought the body of the response at which the reader is, -1 if its call writes it, or null. */
export function streamOf() {
  return reader.tag(2) === Tag.I32 ? reader.i32(2) : null;
}

/** How long the body will be of the response at which the reader is, if it says so. */
export function lengthOf() {
  return reader.headers(3)?.find(([name]) => name === "content-length")?.[1] ?? null;
}

/** The response in the frame that the reader is at. @param {ReadableStream | null} [stream] its body, where that is a stream */
export function toResponse(stream) {
  const status = reader.i32(0);
  const type = reader.tag(1) === Tag.I32 ? reader.i32(1) : reader.str(1);
  const body = stream === undefined ? reader.bytes(2) : stream;
  const others = reader.headers(3);
  if (others === null && status === 200 && typeof type === "number") return new Response(body, PLAIN[type]);
  const headers = new Headers(others ?? undefined);
  if (type !== null) headers.set("content-type", typeof type === "number" ? TYPES[type] : type);
  // The body is what the method made, whatever `content-encoding` says of it.
  return new Response(body, { status, headers, encodeBody: "manual" });
}

/** The single response that the last entry left. */
export function onlyResponse() {
  const { address, length } = outbox();
  reader.at(address, length, RESPONSE_SLOTS);
  return toResponse();
}

/** @param {number} reason */
export function refuse(reason) {
  enter(() => X.duractor_refuse(reason));
  return onlyResponse();
}
