import assert from "node:assert/strict";
import { test } from "node:test";
import { heard, NOBODY, silent, watchers, type Circle, type CompanyWire } from "../src/core/company.ts";

const ada = { clientId: "page-ada", editorId: "a", name: "Ada" };
const ben = { clientId: "page-ben", editorId: "b", name: "Ben" };

function after(...messages: CompanyWire[]): Circle {
  return messages.reduce((circle, message) => heard(circle, message, 1_000), NOBODY);
}

test("who comes, looks elsewhere and goes is known", () => {
  const circle = after(
    { type: "collab.welcome", ...ben, editors: [ada], locks: [], lockPolicy: { mode: "required", leaseSeconds: 30 } },
    { type: "presence.here", ...ada, day: "2027-02-06" },
  );
  assert.deepEqual([...circle.others.keys()], ["page-ada"]);
  assert.equal(circle.others.get("page-ada")?.day, "2027-02-06");
  assert.equal(circle.policy.mode, "required");
  assert.equal(heard(circle, { type: "presence.gone", clientId: "page-ada" }, 0).others.size, 0);
});

test("a lock lapses, and letting an older one go does not free the newer", () => {
  const held = after({ type: "lock.held", ...ada, sessionId: "s", token: 2, seconds: 30 });
  const lock = held.locks.get("s")!;
  assert.ok(!silent(lock, 30_999));
  assert.ok(silent(lock, 31_000));
  assert.equal(heard(held, { type: "lock.freed", sessionId: "s", token: 1 }, 0), held);
  assert.equal(heard(held, { type: "lock.freed", sessionId: "s", token: 2 }, 0).locks.size, 0);
});

test("what somebody carries is gone when it is put down, and when they go", () => {
  const drag: CompanyWire = { type: "drag.moved", ...ada, sessionId: "s", roomId: "hall", startTime: "1970-01-01T00:10Z", minutes: 30 };
  const carried = after(drag);
  assert.deepEqual(carried.carried.get("page-ada")?.place, { room: "hall", start: 10 });
  assert.equal(heard(carried, { type: "drag.ended", ...ada, sessionId: "s" }, 0).carried.size, 0);
  assert.equal(heard(carried, { type: "presence.gone", clientId: "page-ada" }, 0).carried.size, 0);
});

test("who looks at a session, or has chosen it, is named once", () => {
  const found = watchers([{ ...ada, sessionId: "s", selected: ["s", "t"] }, { ...ben, name: "", selected: ["t"] }]);
  assert.deepEqual([...found], [["s", ["Ada"]], ["t", ["Ada", "Another editor"]]]);
});
