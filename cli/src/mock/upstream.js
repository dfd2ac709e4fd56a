// The upstreams of a test, which answer from a script: `duractor mock-upstream --help` says how it is used.

const SCRIPT = __SCRIPT__;

/** Answers with what was sent, in order. */
const SENT_URL = "http://duractor.test/sent";
/** Most requests that are remembered. */
const SENT_MAX = 10_000;

/** How often each upstream has answered. */
const given = SCRIPT.upstreams.map(() => 0);
const sent = [];

/** By this a worker in development says that it wants to be told of failures, since what is thrown does not come through wrangler. */
const ASKS = "duractor-mock";

/** In the runtime's words, as far as it has some. */
const FAILURES = {
  refused: "connect() failed: Connection refused",
  "not-found": "DNS lookup failed: the host is not known",
  lost: "Network connection lost.",
};

const TICK_MS = 1_000;

/** A pattern that ends in `*` takes every URL that begins so. */
function matches(pattern, url) {
  return pattern.endsWith("*") ? url.startsWith(pattern.slice(0, -1)) : url === pattern;
}

/** The next answer of the last upstream that takes the URL. */
function next(url) {
  const at = SCRIPT.upstreams.findLastIndex((upstream) => matches(upstream.url, url));
  if (at < 0) return { fails: "not-found" };
  const { answers } = SCRIPT.upstreams[at];
  return answers[Math.min(given[at]++, answers.length - 1)];
}

async function remember(request) {
  if (sent.length === SENT_MAX) sent.shift();
  const { method, url } = request;
  sent.push({ method, url, headers: [...request.headers].filter(([name]) => name !== ASKS), body: await request.text() });
}

function cut(body) {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body));
      controller.error(new Error(FAILURES.lost));
    },
  });
}

function respond({ status = 200, headers = [], text, json, cut: isCut }) {
  const body = text ?? (json === undefined ? null : JSON.stringify(json));
  const all = new Headers();
  if (body !== null) all.set("content-type", text === undefined ? "application/json" : "text/plain; charset=utf-8");
  const named = new Set(headers.map(([name]) => name.toLowerCase()));
  for (const name of named) all.delete(name);
  for (const [name, value] of headers) all.append(name, value);
  return new Response(isCut ? cut(body ?? "") : body, { status, headers: all });
}

function fail(request, text) {
  if (!request.headers.has(ASKS)) throw new Error(text);
  return new Response(null, { status: 502, headers: { "duractor-fails": text } });
}

export default {
  async fetch(request) {
    if (request.url === SENT_URL) return Response.json(sent);
    await remember(request);
    const answer = next(request.url);
    if (answer.after_ms) await scheduler.wait(answer.after_ms);
    while (answer.fails === "never") await scheduler.wait(TICK_MS);
    return answer.fails ? fail(request, FAILURES[answer.fails]) : respond(answer);
  },
};
