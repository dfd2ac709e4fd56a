// One call that waits: who made it, its operations, its journal, and who waits for its response.

import { CONNECTIONS_MAX, controlWord, generation } from "./instance.js";
import { Operations } from "./operations.js";
import { CHAIN_HEADER, originOf } from "./request.js";

/** @import { Caller, Journal, Made } from "./types.d.ts" */

/** A call of one actor that waits. */
export class Call {
  task = -1;
  /** The instance that it was handed to last. */
  generation = generation;
  strikes = 0;
  since = Date.now();
  #resolve = /** @type {(response: Response) => void} */ (() => {});

  /**
   * @param {Caller} actor
   * @param {number} number
   * @param {Made | null} made
   * @param {Journal} journal
   */
  constructor(actor, number, made, journal) {
    this.number = number;
    this.made = made;
    this.journal = journal;
    journal.keep(made?.body?.length ?? 0);
    const request = made?.request ?? actor.request;
    const links = made?.links ?? null;
    this.operations = new Operations({
      origin: originOf(request?.url ?? ""),
      chain: (token) => `${links === null ? "" : `${links}, `}${token};${actor.label()}`,
      chainHeader: CHAIN_HEADER,
      connections: controlWord(CONNECTIONS_MAX),
      shared: actor.shared,
      deliver: (id, outcome) => actor.deliver({ number, id, ...outcome }),
      own: (request) => actor.own(request),
    });
    /** @type {Promise<Response>} */
    const ended = new Promise((resolve) => (this.#resolve = resolve));
    this.promise = ended.finally(() => this.operations.stop());
    made?.request.signal?.addEventListener("abort", () => actor.abandon(this), { once: true });
  }

  /** @param {Response} response */
  end(response) {
    this.journal.drop();
    this.#resolve(response);
  }
}
