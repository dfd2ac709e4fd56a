// What the actors of the tests find on the internet, at every host. It remembers what it was asked.

/** How often each path was asked for. */
const asked = new Map();
/** How many requests wait at each gate, and the most that ever did. */
const gates = new Map();
/** Requests whose client left before the answer, by path. */
const aborted = new Map();

/** Requests that are neither answered nor given up. */
let underWay = 0;

const TICK_MS = 1;

/** @param {Map<string, number>} counts @param {string} key @param {number} by */
function add(counts, key, by) {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** @param {() => boolean} isDone */
async function until(isDone) {
  while (!isDone()) await scheduler.wait(TICK_MS);
}

/** @param {string} name */
function gate(name) {
  if (!gates.has(name)) gates.set(name, { isOpen: false, waiting: 0, most: 0, passed: 0 });
  return gates.get(name);
}

/** Bytes that depend on their place. @param {number} count */
function pattern(count) {
  return Uint8Array.from({ length: count }, (_, at) => at % 251);
}

/** @param {Uint8Array} bytes */
function undeclared(bytes) {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** What it answers by the first segment of the path. */
const answers = {
  /** The rest of the path. */
  text: (request, rest) => new Response(rest.join("/")),

  async echo(request, rest, url) {
    const headers = [...request.headers];
    return Response.json({ method: request.method, url: request.url, headers, body: await request.text() });
  },

  async slow(request, [ms]) {
    await scheduler.wait(Number(ms));
    return new Response(`after ${ms}`);
  },

  /** After some time the rest of the path. */
  async later(request, [ms, ...rest]) {
    await scheduler.wait(Number(ms));
    return new Response(rest.join("/"));
  },

  /** How often it was asked, after some time, fresh for so many seconds. */
  async fresh(request, [seconds, ms], url) {
    const count = asked.get(url.pathname);
    await scheduler.wait(Number(ms));
    return new Response(`answer ${count}`, { headers: { "cache-control": Number(seconds) > 0 ? `max-age=${seconds}` : "no-store" } });
  },

  /** Its tag is known to who has it. */
  tagged(request, [tag]) {
    const headers = { etag: `"${tag}"`, "cache-control": "max-age=0" };
    const isKnown = request.headers.get("if-none-match") === `"${tag}"`;
    return new Response(isKnown ? null : `body of ${tag}`, { status: isKnown ? 304 : 200, headers });
  },

  status(request, [code]) {
    const body = [204, 205, 304].includes(Number(code)) ? null : `status ${code}`;
    return new Response(body, { status: Number(code) });
  },

  /** A status at first, so often, and then how often it was asked. 0 is no answer at all. */
  async passing(request, [times, status], url) {
    const count = asked.get(url.pathname);
    if (count > Number(times)) return new Response(`answer ${count}`);
    if (status === "0") await until(() => false);
    return new Response(null, { status: Number(status) });
  },

  headers() {
    const headers = new Headers({ "x-one": "1", "content-type": "text/x-test" });
    headers.append("set-cookie", "a=1; Path=/");
    headers.append("set-cookie", "b=2, 3; Path=/");
    headers.append("x-word", "one");
    headers.append("x-word", "two");
    return new Response("headers", { headers });
  },

  bytes: (request, [count]) => new Response(pattern(Number(count))),

  stream: (request, [count]) => new Response(undeclared(pattern(Number(count)))),

  /** So many bytes, made as they are read. */
  many: (request, [count]) => {
    let left = Number(count);
    const body = new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: 64 << 10,
      pull(controller) {
        const { view } = controller.byobRequest;
        const length = Math.min(view.byteLength, left);
        view.fill(left % 251, 0, length);
        left -= length;
        controller.byobRequest.respond(length);
        if (left === 0) controller.close();
      },
    });
    return new Response(body);
  },

  /** A piece of a body, and then nothing, for ever. */
  stall() {
    const start = (controller) => controller.enqueue(new Uint8Array(10));
    return new Response(new ReadableStream({ start, pull: () => until(() => false) }, { highWaterMark: 0 }));
  },

  /** How long the request's body is. */
  async length(request) {
    let length = 0;
    for await (const piece of request.body ?? []) length += piece.length;
    return new Response(`${length} bytes`);
  },

  /** Encoded on the way, decoded by the client. */
  gzip: (request, [count]) =>
    new Response("z".repeat(Number(count)), { headers: { "content-encoding": "gzip" } }),

  redirect(request, [left], url) {
    const to = Number(left) > 0 ? `/redirect/${left - 1}` : "/text/arrived";
    return new Response(null, { status: 302, headers: { location: new URL(to, url).href } });
  },

  async hang() {
    await until(() => false);
  },

  drop() {
    throw new Error("Network connection lost.");
  },

  /** Waits until it is opened, or its client leaves. */
  async gate(request, [name]) {
    const here = gate(name);
    here.most = Math.max(here.most, ++here.waiting);
    let isWaiting = true;
    const leave = () => {
      if (isWaiting) here.waiting--;
      isWaiting = false;
    };
    // Then the rest of this function never runs.
    request.signal.addEventListener("abort", leave);
    await until(() => here.isOpen);
    leave();
    here.passed++;
    return new Response(`passed ${name}`);
  },

  open(request, [name]) {
    gate(name).isOpen = true;
    return new Response(`opened ${name}`);
  },

  /** Answers when somebody waits at the gate. */
  async arrived(request, [name]) {
    await until(() => gate(name).waiting > 0);
    return new Response(`somebody waits at ${name}`);
  },

  /** Answers when so many requests have come to the same place. */
  async meet(request, [place, count]) {
    const path = `meet ${place}`;
    add(asked, path, 1);
    await until(() => asked.get(path) >= Number(count));
    return new Response(`met ${count}`);
  },

  // For the tests.

  state(request, [name]) {
    return Response.json(gate(name));
  },

  /** How often each path that begins so was asked for. */
  counts(request, rest, url) {
    const below = url.searchParams.get("path");
    return Response.json(Object.fromEntries([...asked].filter(([path]) => path.startsWith(below))));
  },

  count: (request, rest, url) => new Response(String(asked.get(url.searchParams.get("path")) ?? 0)),

  'under-way': () => new Response(String(underWay - 1)),

  aborted: (request, rest, url) => new Response(String(aborted.get(url.searchParams.get("path")) ?? 0)),
};

export default {
  /** @param {Request} request */
  async fetch(request) {
    const url = new URL(request.url);
    const [first, ...rest] = url.pathname.slice(1).split("/");
    add(asked, url.pathname, 1);
    let isUnderWay = true;
    const leave = () => {
      if (isUnderWay) underWay--;
      isUnderWay = false;
    };
    underWay++;
    request.signal.addEventListener("abort", () => {
      add(aborted, url.pathname, 1);
      leave();
    });
    try {
      const answer = answers[first];
      return answer ? await answer(request, rest, url) : new Response("no such path", { status: 404 });
    } finally {
      leave();
    }
  },
};
