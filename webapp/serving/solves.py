"""How a question to the solver process is answered, of a conference that is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from solver.conference import Conference, Placement

if TYPE_CHECKING:
    from solver.answer import Progress
    from solver.board import Board
    from solver.edits import Edit


@dataclass(frozen=True)
class Facts:
    """A conference that is kept, with its schedule; and, where the search is compiled, laid out for it."""

    conference: Conference
    schedule: dict[str, Placement]
    board: Board | None = None

    def with_changes(self, news: Facts) -> Facts:
        """The facts of a later version: `news` has what is new, and the rooms and people that belong to it."""
        old, new = self.conference, news.conference
        conference = old.revised(
            rooms={one.id: one for one in new.rooms if one != old.room[one.id]},
            people={one.id: one for one in new.people if one != old.person[one.id]},
            sessions={one.id: one for one in new.sessions if one != old.session[one.id]},
        )
        schedule = {one: place for one, place in self.schedule.items() if one not in new.session}
        return Facts(conference, schedule | news.schedule)

    def following(self, told: object) -> Facts:
        """The facts after the changes that a Callboard file tells, laid out anew as these were."""
        from webapp.schemas import read_callboard

        after = self.with_changes(Facts(*read_callboard(told, "the changes")))
        if self.board is None:
            return after
        board = self.board.follow(after.conference, after.schedule)
        board.prepare()
        return replace(after, board=board)


def solved(
    facts: Facts, request: dict[str, Any], remaining: Callable[[], float], tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """The message that answers `request`; what is known before that is told on the way."""
    from solver.conference import FactError
    from solver.edits import EditError
    from solver.rules import RuleError
    from webapp.interop.document import DocumentError
    from webapp.schemas import read_edits

    try:
        edits = read_edits(request["edits"], facts.conference, "the request")
        work = _mapped if request["op"] == "cost_map" else _repaired
        return {"answer": work(facts, edits, request, remaining, tell)}
    except (DocumentError, EditError, FactError) as error:
        return {"problem": "refused", "detail": str(error)}
    except RuleError as error:
        return {"problem": "failed", "detail": error.sentence}


def _repaired(
    facts: Facts,
    edits: Sequence[Edit],
    request: dict[str, Any],
    remaining: Callable[[], float],
    tell: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    from solver.repair import repair
    from webapp.schemas import answer_json, progress_json

    def progress(known: Progress) -> None:
        tell({"progress": progress_json(facts.conference, known)})

    answer = repair(
        facts.conference,
        facts.schedule,
        edits,
        alternatives=request["alternatives"],
        remaining=remaining,
        scope=request["scope"],
        place=request["place"],
        engine=request["engine"],
        board=facts.board if request["engine"] == "auto" else None,
        progress=progress if request.get("progress") else None,
    )
    return answer_json(facts.conference, answer, camel=False, offset=True)


def _mapped(
    facts: Facts,
    edits: Sequence[Edit],
    request: dict[str, Any],
    remaining: Callable[[], float],
    tell: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    from solver.cost_map import cost_map
    from webapp.schemas import stretch_json

    began, depth, complete = time.monotonic(), request["depth"], True
    for stretch in cost_map(
        facts.conference,
        facts.schedule,
        request["session"],
        edits,
        depth=depth,
        rooms=request["rooms"],
        day=None if request["day"] is None else date.fromisoformat(request["day"]),
        remaining=remaining,
        board=facts.board,
    ):
        complete = complete and not (stretch.verdict == "more_than" and (stretch.others or 0) < depth)
        tell({"stretch": stretch_json(facts.conference, stretch)})
    return {"complete": complete, "seconds": round(time.monotonic() - began, 6)}
