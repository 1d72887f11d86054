"""One rule broken in one given schedule."""

from __future__ import annotations

from dataclasses import dataclass

from solver.conference import Minute


@dataclass(frozen=True, slots=True)
class Violation:
    """What is broken, by which sessions, where and when; `message` says it in the organiser's words."""

    rule: str
    sessions: tuple[str, ...]
    start: Minute
    end: Minute
    message: str
    person: str | None = None
    room: str | None = None
    group: int | None = None
    """Index in `Conference.apart`."""
    entry: int | None = None
    """Index in `Conference.order`."""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same violation in another schedule."""
        return (self.rule, frozenset(self.sessions), self.person, self.group, self.entry)
