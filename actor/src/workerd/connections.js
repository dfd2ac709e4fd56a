// The connections of one actor: so many at once, and the rest in order.

/** The connections that all calls of one actor have open. */
export class Connections {
  #open = 0;
  /** Who waits for one, in order. @type {(() => void)[]} */ #waiting = [];

  /** Begins something with a connection, now or when one is free. @param {number} max @param {() => void} begin */
  take(max, begin) {
    if (this.#open >= max) return void this.#waiting.push(begin);
    this.#open++;
    begin();
  }

  /** One is free: it goes to who waits longest. */
  free() {
    const begin = this.#waiting.shift();
    if (begin === undefined) this.#open--;
    else begin();
  }
}
