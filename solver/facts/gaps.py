"""What lies between two sessions: their order, and the time that must pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from solver.draft import Draft
from solver.facts.fact import Fact, Step, minutes_said, named
from solver.problem import Problem


@dataclass(frozen=True)
class SpeakerGap(Fact):
    """The minutes between two sessions of one speaker."""

    def said(self, problem: Problem) -> str:
        return f"Speakers need {minutes_said(problem.conference.speaker_gap)} between two sessions."

    def waive(self, draft: Draft) -> None:
        draft.speaker_gap = 0

    def ladders(self, problem: Problem) -> list[list[Step]]:
        def take(gap: int) -> Callable[[Draft], None]:
            return lambda draft: setattr(draft, "speaker_gap", gap)

        gap = problem.conference.speaker_gap
        return [
            [
                Step(
                    f"Allow speakers {less} instead of {minutes_said(gap)} between two sessions.",
                    gap - less,
                    take(less),
                )
                for less in reversed(range(gap))
            ]
        ]


@dataclass(frozen=True)
class Way(Fact):
    """The time that a person needs from one building to another."""

    origin: str
    target: str
    minutes: int

    def said(self, problem: Problem) -> str:
        return f"The way from {self.origin} to {self.target} takes {minutes_said(self.minutes)}."

    def waive(self, draft: Draft) -> None:
        self._set(0)(draft)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        way = f"the way from {self.origin} to {self.target}"
        return [
            [
                Step(
                    f"Allow {less} instead of {minutes_said(self.minutes)} for {way}.",
                    self.minutes - less,
                    self._set(less),
                )
                for less in reversed(range(self.minutes))
            ]
        ]

    def _set(self, minutes: int) -> Callable[[Draft], None]:
        # It is kept, with less time: without it, the way back would count for this way too.
        key = (self.origin, self.target)
        return lambda draft: draft.travel.update({key: replace(draft.travel[key], minutes=minutes)})


@dataclass(frozen=True)
class Turnover(Fact):
    """The time that a room needs between two sessions."""

    room: str

    def said(self, problem: Problem) -> str:
        room = problem.conference.room[self.room]
        return f"{room.label} needs {minutes_said(room.turnover)} between sessions."

    def waive(self, draft: Draft) -> None:
        self._set(0)(draft)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        room = problem.conference.room[self.room]
        return [
            [
                Step(
                    f"Allow {less} instead of {minutes_said(room.turnover)} between sessions in {room.label}.",
                    room.turnover - less,
                    self._set(less),
                )
                for less in reversed(range(room.turnover))
            ]
        ]

    def _set(self, minutes: int) -> Callable[[Draft], None]:
        return lambda draft: draft.room(self.room, lambda room: replace(room, turnover=minutes))


@dataclass(frozen=True)
class Ordered(Fact):
    """One session comes after another."""

    entry: int

    def said(self, problem: Problem) -> str:
        before, after, gap = self._said(problem)
        return f"{after} must come after {before}{f', {minutes_said(gap)} later at the earliest' if gap else ''}."

    def waive(self, draft: Draft) -> None:
        draft.order[self.entry] = None

    def ladders(self, problem: Problem) -> list[list[Step]]:
        def take(gap: int) -> Callable[[Draft], None]:
            def shorten(draft: Draft) -> None:
                entry = draft.order[self.entry]
                draft.order[self.entry] = entry and replace(entry, gap=gap)

            return shorten

        before, after, gap = self._said(problem)
        steps = [
            Step(f"Allow {less} instead of {minutes_said(gap)} between {before} and {after}.", gap - less, take(less))
            for less in reversed(range(gap))
        ]
        return [[*steps, Step(f"Do not ask that {after} comes after {before}.", gap, self.waive)]]

    def _said(self, problem: Problem) -> tuple[str, str, int]:
        entry = problem.conference.order[self.entry]
        before, after = (problem.conference.session[one].label for one in (entry.before, entry.after))
        return before, after, entry.gap


@dataclass(frozen=True)
class Apart(Fact):
    """Sessions of a group do not overlap."""

    group: int

    def said(self, problem: Problem) -> str:
        return f"{self._said(problem)} are to be kept apart."

    def waive(self, draft: Draft) -> None:
        draft.apart[self.group] = ()

    def ladders(self, problem: Problem) -> list[list[Step]]:
        return [[Step(f"Let {self._said(problem)} overlap.", 0, self.waive)]]

    def _said(self, problem: Problem) -> str:
        return named(problem.conference, problem.conference.apart[self.group])
