"""Solving one job: the exact repair engine first, heuristics beyond it, and the answer as changes that a save takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from solver import check
from solver.conference import Placement, Schedule
from solver.countdown import Remaining, countdown
from webapp.jobs.tasks import SAYS_BEST, Task
from webapp.schemas import apply_edits, read_edits, violation_json
from webapp.services.folding import fold, move_json, placed_by

if TYPE_CHECKING:
    from solver.answer import Answer
    from solver.edits import Edit, Edited

EXACT_SHARE = 0.6
"""The part of the time that the repair engine may take."""
MOST_CONFLICTS = 500

Report = Callable[[dict[str, Any], dict[str, Any] | None], None]
"""Hears of progress, and of the best solution if it is a new one."""


@dataclass
class Solving:
    """One attempt at a job."""

    task: Task
    remaining: Remaining
    report: Report
    seed: int = 0
    weights: Mapping[str, int] | None = None
    start: Schedule | None = None
    """The best of an earlier attempt."""
    began: float = field(default_factory=perf_counter)

    def answer(self) -> dict[str, Any]:
        """The result and its changes; of an import also what is new in the feed, and what that alone would break."""
        found = self._found()
        if self.task.feed is not None:
            found["feed"] = {**self.task.feed, "conflicts": self._conflicts()}
        return found

    def _found(self) -> dict[str, Any]:
        task = self.task
        reasons: list[str] = []
        if task.question:
            return self._asked(task.question)
        while task.exact or not task.repaired:
            edits, imposed, edited = self._edited(task)
            if not task.repaired:
                return self._as_told(task, edits, edited)
            found = self._repair(task, [*edits, *imposed])
            if found.status in SAYS_BEST:
                return self._repaired(task, edits, edited, found)
            reasons = reasons or list(found.reasons)
            if task.instead is None:
                break
            task = task.instead
        return self._planned(task, reasons)

    def _conflicts(self) -> list[dict[str, Any]]:
        """What the edits break that is whole now."""
        task = self.task
        _, _, edited = self._edited(task)
        before = {one.key for one in check.violations(task.conference, task.schedule)}
        return [
            violation_json(edited.conference, one, camel=True, offset=True)
            for one in check.violations(edited.conference, edited.schedule)
            if one.key not in before
        ][:MOST_CONFLICTS]

    def _edited(self, task: Task) -> tuple[list[Edit], list[Edit], Edited]:
        """The edits that are saved, those that are imposed, and what both lead to."""
        edits, imposed = (read_edits(told, task.conference, "", bare=True) for told in (task.edits, task.imposed))
        return edits, imposed, apply_edits(task.conference, task.schedule, [*edits, *imposed], name="")

    def _repair(self, task: Task, edits: list[Edit]) -> Answer:
        from solver.repair import repair

        def tell(found: Any) -> None:
            self.report(self._progress("repair", found.moved, found.moved_lower_bound, found.moved), None)

        clock = countdown(max(self.remaining(), 0.0) * EXACT_SHARE)
        return repair(
            task.conference, task.schedule, edits, remaining=clock, scope=task.scope, place=task.place, progress=tell
        )

    def _progress(self, engine: str, objective: int | None, bound: int, moved: int | None) -> dict[str, Any]:
        seconds = round(perf_counter() - self.began, 3)
        return {"engine": engine, "objective": objective, "bound": bound, "moved": moved, "seconds": seconds}

    def _repaired(self, task: Task, edits: list[Edit], edited: Edited, found: Answer) -> dict[str, Any]:
        moves = {move.session: move.target for move in found.repairs[0].moves} if found.repairs else {}
        changes = fold(task.edits, edits, edited, moves)
        self.report(self._progress("repair", found.moved, found.moved_lower_bound or 0, found.moved), None)
        return {
            "status": found.status,
            "engine": "repair",
            "moved": found.moved,
            "movedLowerBound": found.moved_lower_bound,
            "price": found.price,
            "priceLowerBound": found.price_lower_bound,
            "unplaced": [],
            "reasons": task.notes,
            "seconds": round(perf_counter() - self.began, 3),
            "changes": changes,
        }

    def _as_told(self, task: Task, edits: list[Edit], edited: Edited) -> dict[str, Any]:
        broken = check.violations(edited.conference, edited.schedule)
        return {
            "status": "as_asked",
            "engine": "check",
            "moved": 0,
            "violations": len(broken),
            "unplaced": [],
            "reasons": [*(one.message for one in broken[:10]), *task.notes],
            "seconds": round(perf_counter() - self.began, 3),
            "changes": fold(task.edits, edits, edited, {}),
        }

    def _asked(self, question: str) -> dict[str, Any]:
        nothing = {"engine": "check", "moved": 0, "unplaced": [], "seconds": 0.0, "changes": []}
        return {"status": "question", "reasons": [question], **nothing}

    def _planned(self, task: Task, reasons: list[str]) -> dict[str, Any]:
        from solver.plan import Progress, plan

        edits, _, edited = self._edited(task)

        def tell(progress: Progress) -> None:
            told = self._progress("plan", progress.objective, progress.bound, progress.moved)
            self.report({**told, "unplaced": progress.unplaced}, self._best(task, edits, progress.schedule))

        placed = edited.held & edited.schedule.keys()
        found = plan(
            edited.conference,
            edited.schedule,
            from_scratch=task.from_scratch,
            held=task.held | placed if task.instead is None else task.held,
            start=self.start,
            budget=task.budget,
            weights=self.weights,
            seed=self.seed,
            remaining=self.remaining,
            progress=tell,
        )
        infeasible = found.status == "infeasible"
        return {
            "status": found.status,
            "engine": "plan",
            "moved": found.moved,
            "objective": found.objective,
            "bound": found.bound,
            "costs": dict(found.costs),
            "violations": len(found.violations),
            "unplaced": list(found.unplaced),
            "reasons": reasons or list(found.reasons),
            "seconds": round(perf_counter() - self.began, 3),
            "changes": [] if infeasible else self._changes(task, edits, found.schedule),
        }

    def _best(self, task: Task, edits: list[Edit], schedule: Schedule) -> dict[str, Any]:
        places = {session: [place.room, place.start] for session, place in schedule.items()}
        return {"places": places, "changes": self._changes(task, edits, schedule)}

    def _changes(self, task: Task, edits: list[Edit], schedule: Schedule) -> list[dict[str, Any]]:
        """Facts as the edits have them, and a move for whoever is elsewhere than before."""
        facts = [dict(told) for told, edit in zip(task.edits, edits, strict=True) if not placed_by(edit)]
        moves = [
            move_json(task.conference, session, place)
            for session, place in sorted(schedule.items(), key=lambda one: (one[1].start, one[1].room, one[0]))
            if task.schedule.get(session) != place
        ]
        gone = [{"op": "unplace", "session": session} for session in task.schedule if session not in schedule]
        return facts + gone + moves


def read_places(told: Mapping[str, Any] | None) -> dict[str, Placement] | None:
    """The best of an earlier attempt, as it was stored."""
    if told is None:
        return None
    return {session: Placement(room, start) for session, (room, start) in told["places"].items()}
