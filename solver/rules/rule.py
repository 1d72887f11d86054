"""What every rule says, three times.

*Check*: `violations` looks at a whole schedule in plain loops and names what is broken.
*Search*: `barred` (one session) or `windows` (two sessions) say which starts are ruled out.
*Post*: `post` adds the rule to a table of choices, from which `solver.cp_sat` makes its model.

The three are written apart on purpose: a mistake in one is found by comparing it with the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Placement, Room, Schedule, Session
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices

FOREVER = 2**40
"""Later than any minute, in windows that have no end."""

Window = tuple[Collection[str] | None, int, int]
"""Rooms (None: all) and the open range of `start_a - start_b` that is forbidden there."""


class Rule(ABC):
    """One hard constraint, under the name by which people know it."""

    name: str

    @abstractmethod
    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        """Every violation of this rule, in the order of the sessions."""

    @abstractmethod
    def post(self, choices: Choices) -> None:
        """Forbid what breaks this rule among the choices."""


class UnaryRule(Rule):
    """A rule that one session can break alone."""

    @abstractmethod
    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        """Half-open ranges of starts that the session cannot have in the room."""

    def depends_on(self, conference: Conference, session: Session) -> tuple[Hashable, ...] | None:
        """All that `barred` looks at: sessions that are alike in it are barred alike.  None: it does not tell."""
        return None


class PairRule(Rule):
    """A rule that two sessions of a small circle break together."""

    @abstractmethod
    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        """The sessions that this rule may set against `session`."""

    @abstractmethod
    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        """What `a` may not do while `b` is in `room_b`: forbidden iff `low < start_a - start_b < high`."""

    def room_kind(self, conference: Conference, room: str) -> Hashable:
        """What `windows` looks at in the room of `b`: in rooms that are alike in it, it says the same."""
        return room


class RoomRule(Rule):
    """A rule that any two sessions in one room can break together."""

    @abstractmethod
    def pad(self, room: Room) -> Minute:
        """Minutes that must lie between any two sessions in the room."""


def placed(conference: Conference, schedule: Schedule) -> Iterator[tuple[Session, Placement, Minute]]:
    """The placed sessions with their placement and end, in the conference's order."""
    for session in _scheduled(conference, schedule):
        placement = schedule.get(session.id)
        if placement is not None:
            yield session, placement, placement.start + session.minutes


def _scheduled(conference: Conference, schedule: Schedule) -> Iterable[Session]:
    """The sessions of the schedule and perhaps others, in the conference's order; quick where the schedule is small."""
    if 4 * len(schedule) > len(conference.sessions):
        return conference.sessions
    return [conference.session[one] for one in sorted(schedule, key=conference.rank.__getitem__)]


def speaking(conference: Conference, schedule: Schedule) -> Iterable[tuple[str, Sequence[Session]]]:
    """People with several sessions, and these, for all who speak in the schedule and perhaps others."""
    if 4 * len(schedule) > len(conference.sessions):
        return conference.busy.items()
    people = dict.fromkeys(speaker for one in _scheduled(conference, schedule) for speaker in one.speakers)
    return [(person, conference.busy[person]) for person in people if person in conference.busy]


def by_start(conference: Conference, schedule: Schedule, sessions: Iterable[Session]) -> list[Session]:
    """The placed ones among `sessions`, earliest first."""
    found = [session for session in sessions if session.id in schedule]
    return sorted(found, key=lambda session: (schedule[session.id].start, session.id))


def span(conference: Conference, first: Minute, last: Minute) -> str:
    """`Sat 13:30–13:50`, for a sentence."""
    return f"{conference.clock.spoken(first)}–{conference.clock.local(last):%H:%M}"


def pairs_within(
    conference: Conference, schedule: Schedule, sessions: Sequence[Session], reach: int
) -> Iterator[tuple[Session, Session, Minute, Minute]]:
    """Pairs, the earlier first, whose gap is shorter than `reach`; with the earlier's end and the later's start."""
    row = by_start(conference, schedule, sessions)
    for index, first in enumerate(row):
        end = conference.end(first.id, schedule[first.id])
        for second in row[index + 1 :]:
            start = schedule[second.id].start
            if start >= end + reach:
                break
            yield first, second, end, start
