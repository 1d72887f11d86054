"""What every fact can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

from solver.conference import Conference, Interval
from solver.draft import Draft
from solver.problem import Problem
from solver.rules.rule import span


class Step(NamedTuple):
    """One way to weaken a fact."""

    message: str
    minutes: int
    """How much it gives away."""
    take: Callable[[Draft], None]


class Fact(ABC):
    """Something that is so, and could be otherwise."""

    @property
    def kind(self) -> str:
        """Facts of one kind are weighed, and said, together."""
        return type(self).__name__

    @abstractmethod
    def said(self, problem: Problem) -> str:
        """The fact as a sentence."""

    @abstractmethod
    def waive(self, draft: Draft) -> None:
        """Let go of it altogether."""

    @abstractmethod
    def ladders(self, problem: Problem) -> list[list[Step]]:
        """Ways to weaken it: on each ladder, every step allows all that the one before allows, and more."""


def minutes_said(minutes: int) -> str:
    """`1 minute`, `5 minutes`."""
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def named(conference: Conference, sessions: Sequence[str]) -> str:
    """`“A” (1), “B” (2) and “C” (3)`."""
    labels = [conference.session[one].label for one in sessions]
    return " and ".join(part for part in (", ".join(labels[:-1]), labels[-1]) if part)


def stretch(conference: Conference, time: Interval) -> str:
    """`Sat 10:00–12:00`, or `Sat 10:00–Sun 12:00`."""
    clock = conference.clock
    if clock.local(time.start).date() == clock.local(time.end).date():
        return span(conference, time.start, time.end)
    return f"{clock.spoken(time.start)}–{clock.spoken(time.end)}"
