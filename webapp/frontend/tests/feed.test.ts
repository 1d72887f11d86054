import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Feed, type FeedState, type Socket } from "../src/core/feed.ts";
import type { Outcome } from "../src/core/store.ts";
import type { EventWire } from "../src/core/wire.ts";
import { event } from "./samples.ts";

class FakeSocket implements Socket {
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  sent: unknown[] = [];
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  close(): void {
    this.closed = true;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  break(code = 1006): void {
    this.onclose?.({ code });
  }
}

function opened(outcome: (event: EventWire) => Outcome = () => "applied") {
  const sockets: FakeSocket[] = [];
  const states: FeedState[] = [];
  const seen: number[] = [];
  const reloads: number[] = [];
  let after = 5;
  const feed = new Feed({
    url: (seq, ticket) => `/live?after=${seq}${ticket === null ? "" : `&ticket=${ticket}`}`,
    after: () => after,
    onEvent: (one) => {
      const result = outcome(one);
      if (result === "applied") {
        after = one.seq;
        seen.push(one.seq);
      }
      return result;
    },
    onState: (state) => states.push(state),
    onReload: async () => {
      after = 100;
      reloads.push(after);
    },
    open: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
  });
  feed.connect();
  return { feed, sockets, states, seen, reloads, last: () => sockets.at(-1)! };
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

test("it is live once the server says so, not when the socket opens", () => {
  const { states, last } = opened();
  assert.deepEqual(states, ["connecting"]);
  last().say({ type: "feed.ready", lastSeq: 5 });
  assert.deepEqual(states, ["connecting", "live"]);
});

test("after a break it comes back and asks for what it missed", () => {
  const { sockets, seen, last } = opened();
  last().say({ type: "feed.ready" });
  last().say(event(6, "schedule.published"));
  last().break();
  mock.timers.tick(1000);
  assert.equal(sockets.length, 2);
  assert.equal(last().url, "/live?after=6");
  assert.deepEqual(seen, [6]);
});

test("it shows the ticket that it was given last", () => {
  const { last } = opened();
  last().say({ type: "feed.ready", ticket: "one" });
  last().break();
  mock.timers.tick(1000);
  assert.equal(last().url, "/live?after=5&ticket=one");
  last().say({ type: "feed.ready", ticket: "two" });
  last().break(1012);
  mock.timers.tick(10_000);
  assert.equal(last().url, "/live?after=5&ticket=two");
});

test("it waits longer after each failure, and starts afresh once it was live", () => {
  const { sockets, last } = opened();
  const waits: number[] = [];
  for (let failure = 0; failure < 9; failure += 1) {
    const before = sockets.length;
    last().break();
    let waited = 0;
    while (sockets.length === before) {
      mock.timers.tick(100);
      waited += 100;
    }
    waits.push(waited);
  }
  assert.deepEqual(waits, [400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
  last().say({ type: "feed.ready" });
  last().break();
  const before = sockets.length;
  mock.timers.tick(400);
  assert.equal(sockets.length, before + 1);
});

test("a reload fetches the schedule and follows on from it", async () => {
  const { sockets, reloads, last } = opened();
  last().say({ type: "feed.ready" });
  last().say({ type: "feed.reload" });
  mock.timers.tick(0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(reloads, [100]);
  assert.equal(sockets.length, 2);
  assert.ok(sockets[0]!.closed);
  assert.equal(last().url, "/live?after=100");
});

test("an event that cannot be taken in asks for the whole schedule, once", async () => {
  const { reloads, last } = opened(() => "reload");
  const socket = last();
  socket.say({ type: "feed.ready" });
  socket.say(event(9, "schedule.published"));
  socket.say(event(10, "schedule.published"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(reloads, [100]);
});

test("a connection that never becomes ready is given up", () => {
  const { sockets, states } = opened();
  mock.timers.tick(14_999);
  assert.deepEqual(states, ["connecting"]);
  mock.timers.tick(1);
  assert.deepEqual(states, ["connecting", "waiting"]);
  mock.timers.tick(400);
  assert.equal(sockets.length, 2);
});

test("a server that used to say it is alive and goes quiet is not believed to be there", () => {
  const { states, last } = opened();
  last().say({ type: "feed.ready" });
  last().say({ type: "feed.alive" });
  mock.timers.tick(79_000);
  last().say({ type: "feed.alive" });
  mock.timers.tick(79_000);
  assert.equal(states.at(-1), "live");
  mock.timers.tick(1_000);
  assert.equal(states.at(-1), "waiting");
});

test("waking comes back at once, but only if the feed is down", () => {
  const { feed, sockets, last } = opened();
  last().say({ type: "feed.ready" });
  feed.wake();
  assert.equal(sockets.length, 1);
  last().break(1012);
  feed.wake();
  assert.equal(sockets.length, 2);
  mock.timers.tick(15_000);
  mock.timers.tick(1_000);
  assert.ok(sockets.length > 2, "the watchdog still looks after the new socket");
});

test("a closed feed stays closed", () => {
  const { feed, sockets, last } = opened();
  last().say({ type: "feed.ready" });
  feed.close();
  mock.timers.tick(120_000);
  assert.equal(sockets.length, 1);
  assert.ok(sockets[0]!.closed);
});
