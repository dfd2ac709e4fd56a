// The connections of one actor: so many at once, and the rest in order.

/** The connections that all calls of one actor have open. */
export class Connections {
  #open = 0;
  /** Who waits for one, in order. @type {Set<() => void>} */ #waiting = new Set();

  /** Begins something with a connection, now or when one is free. @param {number} max @param {() => void} begin */
  take(max, begin) {
    if (this.#open >= max) return void this.#waiting.add(begin);
    this.#open++;
    begin();
  }

  /** Whether it was still waiting, and now does not any more. @param {() => void} begin */
  leave(begin) {
    return this.#waiting.delete(begin);
  }

  /** One is free: it goes to who waits longest. */
  free() {
    for (const begin of this.#waiting) {
      this.#waiting.delete(begin);
      return begin();
    }
    this.#open--;
  }
}
