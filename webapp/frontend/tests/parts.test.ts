import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptText, chosen, NOTHING, overtakenText, partText, toggled } from "../src/core/parts.ts";
import type { RepairMoveWire, RepairWire, ReviewWire } from "../src/core/wire.ts";

const to = { room: "hall", start: "2027-02-06T10:00:00+01:00" };
const moves: RepairMoveWire[] = ["ants", "bees", "cats"].map((session) => ({ session, from: null, to }));
const repair: RepairWire = { moves, moved: 3, price: 45, proved: "moved+price", changes: [] };
const review: ReviewWire = {
  version: 2,
  verdict: "still_valid",
  changes: [],
  violations: [],
  completedBy: [],
  reasons: [],
};
const title = (session: string) => session.toUpperCase();

test("a move is left out and taken back, and the earlier choice stays as it was", () => {
  const one = toggled(NOTHING, "bees");
  assert.deepEqual(chosen(repair, one), ["ants", "cats"]);
  assert.deepEqual(chosen(repair, toggled(one, "ants")), ["cats"]);
  assert.deepEqual(chosen(repair, toggled(one, "bees")), ["ants", "bees", "cats"]);
  assert.equal(NOTHING.size, 0);
});

test("a part that breaks something names the moves that would mend it", () => {
  const incomplete = { ...review, verdict: "incomplete" as const };
  const said = (completedBy: string[]) => partText({ ...incomplete, completedBy }, title);
  assert.equal(said(["bees"]), "Left broken, unless “BEES” moves as well:");
  assert.match(said(["ants", "bees", "cats"]), /“ANTS”, “BEES” and “CATS” move as well/);
  assert.match(partText({ ...review, verdict: "rebased" }, title), /Nothing breaks/);
  assert.match(partText({ ...review, verdict: "no_longer_valid" }, title), /no longer fits/);
});

test("a repair that others have overtaken is said to hold only if it does", () => {
  const said = (verdict: ReviewWire["verdict"]) => overtakenText({ ...review, verdict });
  assert.match(said("still_valid"), /still holds\.$/);
  assert.match(said("rebased"), /would still do, but:$/);
  assert.match(said("incomplete"), /no longer does:$/);
  assert.match(said("no_longer_valid"), /no longer does:$/);
});

test("the button says how much is saved, and whether conflicts stay", () => {
  const part = toggled(NOTHING, "cats");
  assert.equal(acceptText(repair, NOTHING, null), "Accept and save");
  assert.equal(acceptText(repair, part, review), "Accept 2 of 3 moves and save");
  assert.equal(acceptText(repair, part, { ...review, verdict: "incomplete" }), "Save 2 of 3 moves with conflicts…");
});
