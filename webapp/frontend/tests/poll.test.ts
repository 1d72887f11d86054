import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ApiError } from "../src/core/api.ts";
import type { FeedState } from "../src/core/feed.ts";
import { Poll } from "../src/core/poll.ts";
import type { EventWire } from "../src/core/wire.ts";
import { event } from "./samples.ts";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const settled = () => new Promise((resolve) => setImmediate(resolve));

function polling(log: EventWire[], trouble: { error: ApiError | null } = { error: null }) {
  const states: FeedState[] = [];
  let after = 0;
  let reloads = 0;
  const poll = new Poll({
    ask: async (seen) => {
      if (trouble.error) throw trouble.error;
      const found = log.filter(({ seq }) => seq > seen);
      return { items: found.slice(0, 2), next: found.length > 2 ? String(found[1]!.seq) : null };
    },
    after: () => after,
    onEvent: (one) => {
      if (one.seq !== after + 1) return "reload";
      after = one.seq;
      return "applied";
    },
    onState: (state) => states.push(state),
    onReload: async () => {
      reloads += 1;
      after = log.at(-1)?.seq ?? 0;
      trouble.error = null;
    },
    random: () => 0.5,
  });
  poll.connect();
  return { poll, states, seen: () => after, reloads: () => reloads };
}

async function later(): Promise<void> {
  await settled();
  mock.timers.tick(8_000);
  await settled();
}

test("it asks again and again, and takes every page", async () => {
  const log = [1, 2, 3, 4, 5].map((seq) => event(seq, "schedule.published"));
  const { seen, states, reloads } = polling(log);
  await settled();
  assert.equal(seen(), 5);
  log.push(event(6, "schedule.published"));
  await later();
  assert.equal(seen(), 6);
  assert.deepEqual(states, ["live", "live"]);
  assert.equal(reloads(), 0);
});

test("what does not fit, or is not kept, or asks for it, is read afresh", async () => {
  const gap = polling([event(3, "schedule.published")]);
  await settled();
  assert.deepEqual([gap.seen(), gap.reloads()], [3, 1]);
  const gone = polling([], { error: new ApiError(410, "gone") });
  await settled();
  assert.equal(gone.reloads(), 1);
  const refreshed = polling([event(1, "schedule.refreshed")]);
  await settled();
  assert.equal(refreshed.reloads(), 1);
});

test("while the server cannot be reached it says so, and goes on", async () => {
  const trouble: { error: ApiError | null } = { error: new ApiError(0, "away") };
  const { states, seen } = polling([event(1, "schedule.published")], trouble);
  await settled();
  assert.deepEqual(states, ["waiting"]);
  trouble.error = null;
  await later();
  assert.deepEqual(states, ["waiting", "live"]);
  assert.equal(seen(), 1);
});
