"""Small conferences of every shape, for property tests of files."""

from __future__ import annotations

import string
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from solver.conference import Conference, Day, Interval, Order, Person, Placement, Room, Session, Travel
from solver.grid import Clock

ZONES = ["UTC", "Europe/Brussels", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
MORNING = datetime(2025, 3, 29, 8, 0)
"""The day before the clocks change in Brussels."""

plain = st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])
words = st.text(plain, max_size=12).map(str.strip)
ids = st.one_of(
    st.integers(0, 400).map(str),
    st.text(string.ascii_letters + string.digits + "-_#. ü", min_size=1, max_size=8),
    st.uuids(version=4).map(str),
    st.sampled_from(["007", "-1", "0", "5#2", " 5", "a<b>&\"'", "?>", "5" * 40, "名前"]),
).filter(str.strip)


def intervals(clock: Clock) -> st.SearchStrategy[Interval]:
    first = clock.minute(MORNING)
    return st.builds(
        lambda at, long: Interval(first + at, first + at + long), st.integers(0, 3000), st.integers(1, 500)
    )


@st.composite
def conferences(draw: st.DrawFn) -> tuple[Conference, dict[str, Placement]]:
    """A conference with every kind of fact, and a schedule with unplaced sessions, nights and clock changes."""
    clock = Clock(draw(st.sampled_from(ZONES)), draw(st.sampled_from([1, 5, 15])))
    some = intervals(clock)
    first = clock.minute(MORNING)
    room_ids, session_ids, person_ids = (
        draw(st.lists(ids, unique=True, min_size=low, max_size=5)) for low in (1, 0, 0)
    )
    buildings = st.sampled_from([None, "J", "K", "Ü"])
    some_ids = st.lists(st.sampled_from(["recording", "piano", "é"]), max_size=2)
    rooms = tuple(
        Room(
            id=one,
            name=draw(words),
            building=draw(buildings),
            capacity=draw(st.none() | st.integers(0, 500)),
            features=frozenset(draw(some_ids)),
            turnover=draw(st.integers(0, 20)),
            closed=tuple(draw(st.lists(some, max_size=2))),
        )
        for one in room_ids
    )
    people = tuple(
        Person(id=one, name=draw(words), unavailable=tuple(draw(st.lists(some, max_size=2)))) for one in person_ids
    )
    speakers = st.lists(st.sampled_from(person_ids), unique=True, max_size=3) if person_ids else st.just([])
    sessions = tuple(
        Session(
            id=one,
            minutes=draw(st.integers(1, 5999)),
            title=draw(words),
            track=draw(words) or None,
            speakers=tuple(draw(speakers)),
            needs=frozenset(draw(some_ids)),
            audience=draw(st.none() | st.integers(0, 900)),
            pinned=draw(st.booleans()),
        )
        for one in session_ids
    )
    placements = {
        one: Placement(draw(st.sampled_from(room_ids)), first + draw(st.integers(0, 3000))) for one in session_ids
    }
    conference = Conference(
        days=_days(clock, draw(st.lists(st.integers(30, 1440), min_size=1, max_size=3))),
        rooms=rooms,
        sessions=sessions,
        people=people,
        name=draw(words),
        timezone=clock.zone.key,
        grid_minutes=clock.grid_minutes,
        speaker_gap=draw(st.integers(0, 30)),
        apart=tuple(tuple(group) for group in draw(_groups(session_ids))),
        order=tuple(Order(a, b, draw(st.integers(0, 60))) for a, b in draw(_pairs(session_ids))),
        travel=tuple(Travel(a, b, draw(st.integers(0, 60))) for a, b in draw(_pairs(["J", "K", "Ü"]))),
    )
    placed = draw(st.sets(st.sampled_from(session_ids))) if session_ids else set()
    return conference, {one: placements[one] for one in session_ids if one in placed}


def _days(clock: Clock, lengths: list[int]) -> tuple[Day, ...]:
    days = []
    for number, length in enumerate(lengths):
        day = date(2025, 3, 29) + timedelta(days=2 * number)
        start = clock.on_day(day, time(9, 30))
        days.append(Day(day, Interval(start, start + length)))
    return tuple(days)


def _groups(session_ids: list[str]) -> st.SearchStrategy[list[Any]]:
    if not session_ids:
        return st.just([])
    return st.lists(st.lists(st.sampled_from(session_ids), unique=True, max_size=4), max_size=2)


def _pairs(of: list[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    if len(of) < 2:
        return st.just([])
    return st.lists(st.permutations(of).map(lambda order: (order[0], order[1])), unique=True, max_size=3)
