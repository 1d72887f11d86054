"""What a session is and asks for, and whether it may move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from solver.draft import Draft
from solver.facts.fact import Fact, Step, minutes_said
from solver.problem import Problem


@dataclass(frozen=True)
class Lasts(Fact):
    """The length of a session, which could be as short as a step of the grid."""

    session: str

    def said(self, problem: Problem) -> str:
        one = problem.conference.session[self.session]
        return f"{one.label} lasts {minutes_said(one.minutes)}."

    def waive(self, draft: Draft) -> None:
        self._set(draft.before.conference.grid_minutes)(draft)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        one, grid = problem.conference.session[self.session], problem.conference.grid_minutes
        less = [*range(grid, one.minutes - grid, grid), one.minutes - grid]
        return [[Step(f"Shorten {one.label} by {minutes_said(by)}.", by, self._set(one.minutes - by)) for by in less]]

    def _set(self, minutes: int) -> Callable[[Draft], None]:
        return lambda draft: draft.session(self.session, lambda one: replace(one, minutes=minutes))


@dataclass(frozen=True)
class Needs(Fact):
    """A session needs something that not every room has."""

    session: str
    feature: str

    def said(self, problem: Problem) -> str:
        return f"{problem.conference.session[self.session].label} needs {self.feature}."

    def waive(self, draft: Draft) -> None:
        draft.session(self.session, lambda one: replace(one, needs=one.needs - {self.feature}))

    def ladders(self, problem: Problem) -> list[list[Step]]:
        label = problem.conference.session[self.session].label
        return [[Step(f"Let {label} do without {self.feature}.", 0, self.waive)]]


@dataclass(frozen=True)
class Expects(Fact):
    """A session expects more people than every room holds."""

    session: str

    def said(self, problem: Problem) -> str:
        one = problem.conference.session[self.session]
        return f"{one.label} expects {one.audience} people."

    def waive(self, draft: Draft) -> None:
        self._set(None)(draft)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        one = problem.conference.session[self.session]
        expected = one.audience or 0
        holds = {room.capacity for room in problem.conference.rooms if room.capacity is not None}
        return [
            [
                Step(f"Expect {fewer} instead of {expected} people in {one.label}.", 0, self._set(fewer))
                for fewer in sorted(holds, reverse=True)
                if fewer < expected
            ]
        ]

    def _set(self, audience: int | None) -> Callable[[Draft], None]:
        return lambda draft: draft.session(self.session, lambda one: replace(one, audience=audience))


@dataclass(frozen=True)
class Placing(Fact):
    """An unplaced session is to be placed."""

    session: str

    def said(self, problem: Problem) -> str:
        return f"{problem.conference.session[self.session].label} is to be placed."

    def waive(self, draft: Draft) -> None:
        draft.homeless = [one for one in draft.homeless if one != self.session]

    def ladders(self, problem: Problem) -> list[list[Step]]:
        label = problem.conference.session[self.session].label
        return [[Step(f"Leave {label} unplaced.", 0, self.waive)]]


@dataclass(frozen=True)
class Stays(Fact):
    """A session may not move: it is pinned, or an edit placed or resized it."""

    session: str
    because: Literal["pinned", "placed", "resized"]

    @property
    def kind(self) -> str:
        return self.because

    def said(self, problem: Problem) -> str:
        label, place = problem.conference.session[self.session].label, problem.schedule[self.session]
        where = f"{problem.conference.room[place.room].label}, {problem.conference.clock.spoken(place.start)}"
        match self.because:
            case "pinned":
                return f"{label} is pinned ({where})."
            case "placed":
                return f"{label} was placed there by this edit ({where})."
            case "resized":
                return f"{label} was resized by this edit and stays where it is ({where})."

    def waive(self, draft: Draft) -> None:
        draft.release(self.session)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        label = problem.conference.session[self.session].label
        message = f"Unpin {label}." if self.because == "pinned" else f"Let {label} go elsewhere."
        return [[Step(message, 0, self.waive)]]
