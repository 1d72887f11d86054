"""What every preference says, twice.

*Cost*: `cost` looks at a whole schedule in plain loops and counts what people mind.
*Search*: `sense` gives a sense of it on a canvas: how much more it would be with one more session in each cell.

The two are written apart on purpose: a mistake in one is found by comparing it with the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Protocol

from numpy.typing import NDArray

from solver.canvas import Canvas
from solver.conference import Conference, Minute, Placement, Schedule, Session

Costs = NDArray[Any]
"""Numbers for the cells: of the canvas's shape, or such that they can be broadcast to it."""


class Sense(Protocol):
    """A preference at work on one canvas."""

    def field(self, session: int) -> Costs | int:
        """How much more it would cost with the session, which is not placed, in each cell."""


class Preference(ABC):
    """One soft rule, under the name by which people weigh it."""

    name: str
    weight: int
    """Points for each unit of its cost, unless told otherwise; a point is a minute that a room stands idle."""
    says: str
    """What one unit is, for people."""
    alone = False
    """Whether the cost of a session depends on its own place only."""

    @abstractmethod
    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        """How much people would mind, in this preference's unit; `announced` is what they have been told so far."""

    @abstractmethod
    def sense(self, canvas: Canvas, announced: Schedule) -> Sense:
        """A sense of it on a canvas."""


def placed(conference: Conference, schedule: Schedule) -> Iterator[tuple[Session, Placement, Minute]]:
    """The placed sessions with their placement and end."""
    for session in conference.sessions:
        if session.id in schedule:
            yield session, schedule[session.id], schedule[session.id].start + session.minutes


def day_number(conference: Conference, minute: Minute) -> int:
    """The number of the day, in order, whose hours end next after the minute."""
    return sum(day.hours.end <= minute for day in conference.days)


def overlapping(conference: Conference, schedule: Schedule, sessions: list[str]) -> int:
    """How many pairs of the sessions overlap."""
    spans = sorted((schedule[one].start, conference.end(one, schedule[one])) for one in sessions if one in schedule)
    return sum(1 for index, (_, end) in enumerate(spans) for start, _ in spans[index + 1 :] if start < end)
