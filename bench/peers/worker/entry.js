// The shortest way from workerd to what wasm-bindgen makes of the crate.

import { DurableObject } from "cloudflare:workers";
import * as wasm from "./index.js";

export class Counter extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.actor = new wasm.Counter(state, env);
  }

  fetch(request) {
    return this.actor.fetch(request);
  }
}

export default { fetch: wasm.fetch };
