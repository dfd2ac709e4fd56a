// The journal of one call, apart from any instance. Run by `node --test tests/js/`.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Journal } from "../../actor/src/workerd/journal.js";

const FETCH = 1, SLEEP = 2;
const MAX = 10_000;

/** @param {number} id @param {string} url @param {number[]} [body] */
function fetchOf(id, url, body) {
  return { id, kind: FETCH, method: "GET", url, body: body && new Uint8Array(body) };
}

/** @param {number} id */
function sleepOf(id) {
  return { id, kind: SLEEP, time: 5 };
}

/** Operations of which these are under way. @param {number[]} live */
function under(...live) {
  return /** @type {any} */ ({ isBusy: live.length > 0, isLive: (/** @type {number} */ id) => live.includes(id) });
}

/** The journals of the present test. @type {Journal[]} */
const all = [];

afterEach(() => {
  for (const journal of all.splice(0)) journal.drop();
});

/** A journal of a call that waits. @param {number} [bytes] */
function kept(bytes = 0) {
  const journal = new Journal(MAX);
  journal.keep(bytes);
  all.push(journal);
  return journal;
}

/** @param {Journal} journal @param {number[]} ids */
function come(journal, ...ids) {
  for (const id of ids) journal.add({ number: 1, id, status: 200 });
  journal.seal();
}

/** @param {Journal} journal */
const next = (journal) => journal.next().map(({ id }) => id);

test("what came together is handed over together, once", () => {
  const journal = kept();
  for (const id of [0, 1, 2]) assert.ok(journal.begins(fetchOf(id, `/${id}`)));
  come(journal, 1, 0);
  come(journal, 2);
  assert.deepEqual([next(journal), next(journal), next(journal)], [[1, 0], [2], []]);
});

test("a run is handed what the run before was, when it has asked for it", () => {
  const journal = kept();
  journal.begins(fetchOf(0, "/0"));
  come(journal, 0);
  assert.deepEqual(next(journal), [0]);
  journal.begins(fetchOf(1, "/1"));
  journal.begins(sleepOf(2));
  come(journal, 2);
  assert.deepEqual(next(journal), [2]);

  journal.rewind();
  assert.ok(journal.isBehind);
  assert.deepEqual(next(journal), []);
  assert.equal(journal.begins(fetchOf(0, "/0")), false);
  assert.deepEqual([next(journal), next(journal)], [[0], []]);
  assert.equal(journal.begins(fetchOf(1, "/1")), false);
  assert.deepEqual(next(journal), []);
  assert.equal(journal.begins(sleepOf(2)), false);
  assert.deepEqual([next(journal), next(journal)], [[2], []]);
  assert.equal(journal.isBehind, false);
  assert.equal(journal.isStuck(under(1)), false);
  assert.ok(journal.begins(fetchOf(3, "/3")));
  assert.ok(journal.canReplay);
});

test("what comes after the trap is handed over behind what came before", () => {
  const journal = kept();
  journal.begins(fetchOf(0, "/0"));
  journal.begins(fetchOf(1, "/1"));
  come(journal, 1);
  assert.deepEqual(next(journal), [1]);
  journal.rewind();
  come(journal, 0);
  journal.begins(fetchOf(0, "/0"));
  journal.begins(fetchOf(1, "/1"));
  assert.deepEqual([next(journal), next(journal)], [[1], [0]]);
});

test("a run that asks for something else has diverged", () => {
  const asked = fetchOf(0, "/a", [1, 2]);
  const others = [
    { ...asked, url: "/b" }, { ...asked, method: "PUT" }, sleepOf(0), fetchOf(0, "/a", [1, 3]), fetchOf(0, "/a", [1]),
    fetchOf(0, "/a"),
  ];
  for (const other of others) {
    const journal = kept();
    journal.begins(asked);
    journal.rewind();
    assert.equal(journal.begins(other), false);
    assert.ok(journal.hasDiverged && !journal.canReplay);
  }
});

test("times and random bytes are the same again, and then new ones", () => {
  const journal = kept();
  const dice = new Uint8Array([6]);
  assert.equal(journal.value(1), 1);
  assert.equal(journal.value(dice), dice);
  journal.rewind();
  assert.equal(journal.value(2), 1);
  assert.equal(journal.value(new Uint8Array([1])), dice);
  assert.equal(journal.value(3), 3);
  journal.rewind();
  journal.value(new Uint8Array(1));
  assert.ok(journal.hasDiverged);
});

test("what an earlier run has cancelled is waited for in vain, unless this one cancels it too", () => {
  const journal = kept();
  journal.begins(fetchOf(0, "/0"));
  journal.begins(sleepOf(1));
  come(journal, 1);
  next(journal);
  journal.cancel(0);
  journal.rewind();
  journal.begins(fetchOf(0, "/0"));
  journal.begins(sleepOf(1));
  assert.deepEqual(next(journal), [1]);
  assert.ok(journal.isStuck(under()));
  journal.cancel(0);
  assert.equal(journal.isStuck(under()), false);
});

test("a result that this run has cancelled is left out", () => {
  const journal = kept();
  journal.begins(fetchOf(0, "/0"));
  journal.begins(fetchOf(1, "/1"));
  come(journal, 0, 1);
  next(journal);
  journal.rewind();
  journal.begins(fetchOf(0, "/0"));
  journal.begins(fetchOf(1, "/1"));
  journal.cancel(0);
  assert.deepEqual([next(journal), next(journal)], [[1], []]);
});

test("a call that holds too much can go on, but not again", () => {
  const journal = kept();
  journal.begins(fetchOf(0, "/0"));
  journal.add({ number: 1, id: 0, body: new Uint8Array(MAX) });
  journal.seal();
  assert.equal(journal.canReplay, false);
  assert.deepEqual(next(journal), [0]);
  assert.ok(journal.begins(fetchOf(1, "/1")));
  come(journal, 1);
  assert.deepEqual(next(journal), [1]);
});

test("the bound is of all calls that wait, and what has ended is not counted", () => {
  for (let round = 0; round < 100; round++) {
    const large = kept(MAX - 1_000);
    const another = kept(2_000);
    assert.ok(large.canReplay);
    assert.equal(another.canReplay, false);
    another.drop();
    large.drop();
    large.drop();
    // A call that never waits.
    new Journal(MAX).value(new Uint8Array(MAX / 2));
  }
  const last = kept(MAX);
  assert.ok(last.canReplay);
  last.drop();
});
