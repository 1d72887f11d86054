import assert from "node:assert/strict";
import { test } from "node:test";
import { clashes } from "../src/core/favourites.ts";
import { readSnapshot } from "../src/core/model.ts";
import { changedSince, visitOf } from "../src/core/visit.ts";
import { addressOf, pageAt } from "../src/live/pages.ts";
import { at, schedule, session } from "./samples.ts";

const { sessions } = readSnapshot(schedule());
const named = (...ids: string[]) => sessions.filter(({ id }) => ids.includes(id));

test("favourites clash when they overlap by a minute, not when one follows the other", () => {
  const found = clashes(named("a", "b", "c", "free"));
  const others = Object.fromEntries([...found].map(([id, list]) => [id, list.map((one) => one.id)]));
  assert.deepEqual(others, { a: ["c"], b: ["c"], c: ["a", "b"] });
});

test("a visit finds what moved, grew, came and went, and nothing else", () => {
  const visit = visitOf(sessions, 3, 0);
  assert.equal(changedSince(visit, sessions).size, 0);
  const later = readSnapshot(
    schedule({
      sessions: [
        session("a", 50, "attic", at("1", "10:00")),
        session("b", 40, "hall", at("1", "11:00")),
        session("c", 50, null, null),
        session("night", 60, "attic", at("2", "23:30")),
        session("free", 20, "yard", at("1", "09:00")),
        session("new", 20, "yard", at("1", "12:00")),
        session("new and nowhere", 20, null, null),
      ],
    }),
  ).sessions;
  const was = changedSince(JSON.parse(JSON.stringify(visit)) as typeof visit, later);
  assert.deepEqual([...was.keys()], ["a", "b", "c", "free", "new"]);
  assert.equal(was.get("a")?.place?.room, "hall");
  assert.equal(was.get("b")?.minutes, 25);
  assert.equal(was.get("c")?.place?.room, "attic");
  assert.equal(was.get("new")?.place, null);
});

test("an address names a page and comes back to it, whatever an id holds", () => {
  for (const id of ["5379", "a/b c", "ä?&#%", "sessions"]) {
    for (const kind of ["session", "person"] as const) {
      assert.deepEqual(pageAt("/small", addressOf("/small", { kind, id })), { kind, id });
    }
  }
  assert.deepEqual(pageAt("/small", "/small"), { kind: "schedule" });
  assert.deepEqual(pageAt("/small", "/small/rooms/hall"), { kind: "schedule" });
  assert.equal(addressOf("/embed/small", { kind: "schedule" }, "?at=x"), "/embed/small?at=x");
});
