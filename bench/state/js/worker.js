// What the counter of `state/duractor` is measured against: the same one as one would write it by hand.

import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.n = ctx.storage.kv.get("n") ?? 0;
  }

  fetch(request) {
    if (new URL(request.url).pathname !== "/count") return new Response("not found", { status: 404 });
    if (request.method === "POST") this.ctx.storage.kv.put("n", ++this.n);
    return new Response(String(this.n));
  }
}

export default {
  fetch(request, env) {
    return env.COUNTER.getByName("a").fetch(request);
  },
};
