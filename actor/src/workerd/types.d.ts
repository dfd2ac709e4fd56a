// Types that the files of this folder share.

import type { Trap } from "./instance.js";

export type { Journal } from "./journal.js";
export type { Operations, Shared } from "./operations.js";
import type { Connections } from "./connections.js";
import type { Shared } from "./operations.js";

export interface Exports {
  memory: WebAssembly.Memory;
  duractor_develop(): void;
  duractor_routes(): void;
  duractor_control(): number;
  duractor_reserve(bytes: number): void;
  duractor_route(length: number): number;
  duractor_activate(length: number): number;
  duractor_call(actor: number, length: number, known: number): number;
  duractor_resume(actor: number, length: number): number;
  duractor_run(actor: number): number;
  duractor_cancel(actor: number, task: number): number;
  duractor_abort(actor: number, task: number): number;
  duractor_refuse(reason: number): number;
  duractor_drop(actor: number): void;
  duractor_transact(): number;
}

/** The worker's bindings. */
export type Env = Record<string, any>;

/** A Durable Object's state, as far as it is used. */
export interface State {
  id: { name?: string };
  storage: StorageLike;
  waitUntil?(promise: Promise<unknown>): void;
}

/** The actor that a request is for. */
export interface Place {
  className: string;
  name: string;
  /** What the reply sets, if anything. */
  cookie: string | null;
  /** Whether it is the same for all requests of its method and path. */
  isLasting: boolean;
}

/** A call that waits, in a dump. */
export interface Waiting {
  actor: string;
  number: number;
  task: number;
  request: string;
  ageMs: number;
  operations: object[];
}

/** Who is told of traps: when the old instance can still be read, and when there is a new one. */
export interface Watcher {
  trapped(trap: Trap): void;
  replaced(): void;
}

/** What a call needs of its actor. */
export interface Caller {
  /** The last request. */
  request: Request | null;
  env: Env;
  connections: Connections;
  upstream: Upstream;
  shared: Map<string, Shared>;
  label(): string;
  deliver(result: Result): void;
  abandon(call: any): void;
  own(request: Request): Response | Promise<Response>;
}

/** A call that is being made. */
export interface Made {
  request: Request;
  body: Uint8Array | null;
  /** Path and query. */
  path: string;
  /** The calls that wait for it, as its header tells. */
  links: string | null;
}

/** An operation in a journal. */
export interface Noted {
  want: Want;
  /** Whether the present run has asked for it, and has cancelled it, and was told what came of it. */
  isWanted: boolean;
  isCancelled: boolean;
  isDone: boolean;
}

/** A Durable Object's storage, as far as it is used. */
export interface StorageLike {
  sql: SqlStorage;
  transactionSync<T>(body: () => T): T;
}

export interface SqlStorage {
  exec(text: string, ...params: Cell[]): Cursor;
}

export interface Cursor {
  columnNames: string[];
  rowsWritten: number;
  raw(): IterableIterator<any[]>;
}

/** What a column of a row holds. */
export type Cell = null | number | string | ArrayBuffer | Uint8Array;

/** The answer to a read. */
export interface Answer {
  names: string[];
  /** Row by row. */
  cells: Cell[];
  /** Whether there are more rows than these. */
  isCut: boolean;
  /** How many rows the statement has changed. */
  changed: number;
  /** How many rows of tables and indexes it has written. */
  written: number;
}

/** What worker.js tells. */
export interface Options {
  DurableObject: new (state: any, env: any) => object;
  /** Makes a new instance. */
  reset(): void;
  /** The names of a class's bindings. */
  bindings: Record<string, string[]>;
  development: boolean;
}

/** The calls of one actor that wait for the present one. */
export interface Chain {
  text: string;
  tasks: number[];
}

/** An operation that a call wants. */
export interface Want {
  id: number;
  kind: number;
  /** In ms. */
  time?: number;
  method?: string;
  url?: string;
  headers?: [string, string][];
  body?: Uint8Array<ArrayBuffer>;
  bodyMax?: number;
  redirect?: string;
  /** Not 0 if an equal request of the same actor, with the same number here, may have the same answer. */
  share?: number;
  /** What a hit in the cache was answered. */
  outcome?: Outcome;
  /** Whether the bodies of a request come and go piece by piece. */
  pieces?: number;
  /** Of an operation of a binding, as JSON. */
  options?: string;
  /** Of a piece: the request whose body it is of, or -1 for the reply. */
  of?: number;
}

/** The part of an outbound request that a redirect may change. */
export interface Sent extends Pick<Want, "method" | "headers"> {
  body?: Want["body"] | ReadableStream;
}

/** What an operation came to: an answer, or a code. */
export interface Outcome {
  status?: number;
  body?: Uint8Array;
  headers?: [string, string][];
  code?: number;
  text?: string;
  /** Whether an equal request has brought it, and whether redirects have led to it. */
  isShared?: boolean;
  isRedirected?: boolean;
  /** Whether the body is still to be read. */
  isPulled?: boolean;
}

/** An outcome with the call and the operation that it is of. */
export interface Result extends Outcome {
  number: number;
  id: number;
}

/** Where outbound requests go. */
export interface Upstream {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** What a call's operations need of its actor. */
export interface Surroundings {
  env: Env;
  /** Scheme, host and port that the call was made to. */
  origin: string;
  /** Those of all calls of the actor. */
  connections: Connections;
  /** Most connections of this call at once, and of all of them. */
  connectionsMax: number;
  actorConnectionsMax: number;
  chainHeader: string;
  chain(token: string): string;
  /** Requests of the actor that equal ones may join, by what makes them equal. */
  shared: Map<string, Shared>;
  deliver(id: number, outcome: Outcome): void;
  /** Where other requests go. */
  upstream: Upstream;
  /** Sends a request to this worker's own routes. */
  own(request: Request): Response | Promise<Response>;
}
