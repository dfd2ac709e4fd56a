// Many actors in one Durable Object, so that as many can be weighed as one likes: each object of its own would keep a
// database open. They have one storage and one name, of which WebAssembly knows nothing.

import { DurableObject } from "cloudflare:workers";
import routes, { Counter, Idle } from "./actors.js";

export { Counter, Idle };

export class Crowd extends DurableObject {
  actors = [];

  /** Makes actors and calls each once; how many there are. */
  async fetch(request) {
    const count = Number(new URL(request.url).pathname.split("/")[2]);
    for (let at = 0; at < count; at++) {
      const actor = new Idle(this.ctx, this.env);
      const response = await actor.fetch(new Request("http://bench.test/idle/a", { method: "POST" }));
      if (!response.ok) return response;
      this.actors.push(actor);
    }
    return new Response(String(this.actors.length));
  }
}

export default {
  fetch(request, env) {
    if (!new URL(request.url).pathname.startsWith("/crowd/")) return routes.fetch(request, env);
    return env.CROWD.getByName("a").fetch(request);
  },
};
