// One call that waits: who made it, its operations, its journal, and who waits for its response.

import { ACTOR_CONNECTIONS_MAX, CONNECTIONS_MAX, controlWord, generation } from "./instance.js";
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
  #answer = /** @type {(response: Response) => void} */ (() => {});
  #end = () => {};

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
      env: actor.env,
      origin: originOf(request?.url ?? ""),
      chain: (token) => `${links === null ? "" : `${links}, `}${token};${actor.label()}`,
      chainHeader: CHAIN_HEADER,
      connections: actor.connections,
      connectionsMax: controlWord(CONNECTIONS_MAX),
      actorConnectionsMax: controlWord(ACTOR_CONNECTIONS_MAX),
      shared: actor.shared,
      deliver: (id, outcome) => actor.deliver({ number, id, ...outcome }),
      own: (request) => actor.own(request),
      upstream: actor.upstream,
    });
    /** @type {Promise<void>} */
    const ended = new Promise((resolve) => (this.#end = resolve));
    ended.then(() => this.operations.stop());
    /** @type {Promise<Response>} */
    this.promise = new Promise((resolve) => (this.#answer = resolve));
    made?.request.signal?.addEventListener("abort", () => actor.abandon(this), { once: true });
  }

  /** The head of the response is there; the call writes its body, and cannot be run again. @param {Response} response */
  answer(response) {
    this.journal.commit();
    this.#answer(response);
  }

  /** @param {Response} response */
  end(response) {
    this.journal.drop();
    this.#answer(response);
    this.#end();
  }
}
