// What the other peers are measured against: the same actor as one would write it by hand.

import { DurableObject } from "cloudflare:workers";

const FAN = 10;
const FETCH = "/fetch/";

export class Counter extends DurableObject {
  n = 0;

  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/hello":
        return new Response("Hello from actor");
      case "/json":
        return Response.json({ n: ++this.n, ua: request.headers.get("user-agent") ?? "" });
      case "/echo":
        return new Response(await request.arrayBuffer());
      case "/fan":
        return new Response(String(await fan()));
      default:
        if (!pathname.startsWith(FETCH)) return new Response("not found", { status: 404 });
        return new Response(String(await fetchMany(Number(pathname.slice(FETCH.length)))));
    }
  }
}

/** The length of what ten requests at once bring. */
async function fan() {
  const bodies = await Promise.all(Array.from({ length: FAN }, (_, at) => body(at)));
  return bodies.reduce((sum, body) => sum + body.length, 0);
}

/** The length of what requests for the same bring, one after another. */
async function fetchMany(count) {
  let sum = 0;
  for (let at = 0; at < count; at++) {
    const response = await fetch("http://upstream.test/kept/0");
    sum += (await response.text()).length;
  }
  return sum;
}

async function body(at) {
  const response = await fetch(`http://upstream.test/${at}`);
  return response.text();
}

export default {
  fetch(request, env) {
    return env.COUNTER.getByName("a").fetch(request);
  },
};
