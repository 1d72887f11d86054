"""Plugged-in rules of all three kinds, and the same rules once more in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from solver.conference import Conference, Placement, Room, Schedule, Session
from solver.rules import RULES, AnyRule, RoomRule, Violation
from tests.solver import statement

if TYPE_CHECKING:
    from solver.choices import Choices

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "quiet-hours"
AIRING = 15


def example() -> ModuleType:
    """The example of the documentation, read where it is."""
    spec = spec_from_file_location("quiet_hours_of_the_docs", EXAMPLE / "quiet_hours.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Aired(RoomRule):
    """A room with a stage is aired for a quarter of an hour between any two sessions."""

    name = "aired"

    def pad(self, room: Room) -> int:
        return AIRING if "stage" in room.features else 0

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for one, other in combinations(schedule, 2):
            at, there = schedule[one], schedule[other]
            first, last = sorted(((at.start, one), (there.start, other)))
            end = first[0] + conference.session[first[1]].minutes
            stage = "stage" in conference.room[at.room].features
            if at.room == there.room and stage and last[0] < end + AIRING:
                yield Violation(self.name, (first[1], last[1]), first[0], last[0] + 1, "it needs airing", room=at.room)

    def post(self, choices: Choices) -> None:
        for room in choices.conference.rooms:
            if "stage" in room.features:
                rows = choices.in_room(room.id)
                choices.no_overlap(rows, choices.start[rows], choices.end[rows] + AIRING)


def own_rules() -> tuple[AnyRule, ...]:
    """The example's rules and `Aired`, about what the tiny conferences have."""
    module = example()
    return module.QuietHours(track="a", opens=time(10)), module.OneKeynote(track="b"), Aired()


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[AnyRule, ...]]:
    """Those rules plugged in, and the plain statement extended by theirs."""
    alone, together = statement.alone, statement.together

    def alone_too(conference: Conference, session: Session, place: Placement) -> Iterator[tuple[str, str | None]]:
        yield from alone(conference, session, place)
        applies = session.track == "a" and "quiet_hours" not in conference.waived
        early = applies and conference.clock.local(place.start).hour < 10
        if early and any(place.start in range(day.hours.start, day.hours.end) for day in conference.days):
            yield "quiet_hours", None

    def together_too(
        conference: Conference, one: Session, at: Placement, other: Session, there: Placement
    ) -> Iterator[tuple[str, str | int | None]]:
        yield from together(conference, one, at, other, there)
        ours, theirs = minutes(at.start, one.minutes), minutes(there.start, other.minutes)
        if (one.track, other.track) == ("b", "b") and ours & theirs and "one_keynote" not in conference.waived:
            yield "one_keynote", None
        aired = minutes(at.start, one.minutes + AIRING) & theirs or ours & minutes(there.start, other.minutes + AIRING)
        stages = [room.id for room in conference.rooms if "stage" in room.features and "aired" not in conference.waived]
        if at.room == there.room and at.room in stages and aired:
            yield "aired", None

    monkeypatch.setattr(statement, "alone", alone_too)
    monkeypatch.setattr(statement, "together", together_too)
    rules = own_rules()
    RULES.plug((rule, "the tests") for rule in rules)
    yield rules
    RULES.unplug()


def minutes(start: int, length: int) -> set[int]:
    return set(range(start, start + length))


def raising(*_: object) -> Iterable[tuple[int, int]]:
    raise KeyError("kitchen")
