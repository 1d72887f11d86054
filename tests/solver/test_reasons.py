"""The sentences that say why there is no repair, and what would help."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from solver.conference import Conference, Day, Interval, Order, Person, Placement, Room, Schedule, Session, Travel
from solver.edits import CloseRoom, Edit, Move, PersonUnavailable, Pin, Resize, SetAudience
from solver.grid import Clock
from solver.repair import repair

CLOCK = Clock("Europe/Brussels", 5)
SATURDAY = date(2025, 2, 1)


def at(hour: int, minute: int = 0) -> int:
    return CLOCK.minute(datetime(2025, 2, 1, hour, minute))


def one_day(sessions: tuple[Session, ...], rooms: tuple[Room, ...] = (Room("R"),), **facts: object) -> Conference:
    """A conference on a Saturday from ten to twelve."""
    return Conference(
        days=(Day(SATURDAY, Interval(at(10), at(12))),),
        rooms=rooms,
        sessions=sessions,
        people=(Person("jane", "Jane Doe"),),
        timezone="Europe/Brussels",
        **facts,  # type: ignore[arg-type]
    )


def say(conference: Conference, schedule: Schedule, *edits: Edit) -> tuple[str, ...]:
    return repair(conference, schedule, edits, explain_seconds=10).reasons


def test_a_pinned_session_in_the_way() -> None:
    conference = one_day((Session("a", 60, title="Opening"), Session("b", 50, title="Bees", pinned=True)))
    assert say(conference, {"b": Placement("R", at(10))}, Move("a", "R", at(10))) == (
        "“Opening” (a) and “Bees” (b) overlap in R, Sat 10:00–10:50.",
        "“Opening” (a) was placed there by this edit (R, Sat 10:00).",
        "“Bees” (b) is pinned (R, Sat 10:00).",
        "This would help: Let “Opening” (a) go elsewhere (R, Sat 10:50).",
        "This would help: Unpin “Bees” (b) (R, Sat 11:00).",
    )


def test_a_session_that_grows_past_the_end_of_the_day() -> None:
    conference = one_day((Session("a", 30),))
    assert say(conference, {"a": Placement("R", at(11, 30))}, Resize("a", 45)) == (
        "“a” is outside the conference's hours, Sat 11:30–12:15.",
        "“a” was resized by this edit and stays where it is (R, Sat 11:30).",
        "“a” lasts 45 minutes.",
        "The conference is open Sat 10:00–12:00.",
        "This would help: Keep the conference open until Sat 12:15.",
        "This would help: Shorten “a” by 15 minutes.",
        "This would help: Let “a” go elsewhere (R, Sat 11:15).",
    )


def test_a_pinned_session_that_no_room_would_hold() -> None:
    conference = one_day((Session("a", 30, pinned=True),), rooms=(Room("R", capacity=100), Room("S", capacity=20)))
    assert say(conference, {"a": Placement("R", at(10))}, SetAudience("a", 300)) == (
        "There is no place for “a”.",
        "“a” expects 300 people.",
        "This would help: Expect 100 instead of 300 people in “a”.",
    )


def test_a_room_that_closes_and_a_speaker_who_leaves() -> None:
    conference = one_day((Session("a", 60, speakers=("jane",)),))
    away, closed = Interval(at(11), at(13)), Interval(at(9), at(10, 25))
    assert say(conference, {"a": Placement("R", at(11))}, CloseRoom("R", closed), PersonUnavailable("jane", away)) == (
        "There is no place for “a”.",
        "R is closed Sat 09:00–10:25.",
        "Jane Doe is unavailable Sat 11:00–13:00.",
        "“a” lasts 60 minutes.",
        "The conference is open Sat 10:00–12:00.",
        "This would help: Jane Doe stays until Sat 11:25.",
        "This would help: Shorten “a” by 25 minutes.",
        "This would help: Open R at Sat 10:00.",
        "This would help: Keep the conference open until Sat 14:00.",
    )


def test_too_many_people_for_every_room_that_has_what_is_needed() -> None:
    rooms = (Room("R", "Hall", capacity=480, features=frozenset({"video"})), Room("S", "Dome", capacity=900))
    conference = one_day((Session("a", 60, needs=frozenset({"video"})),), rooms)
    assert say(conference, {"a": Placement("R", at(10))}, SetAudience("a", 500)) == (
        "There is no place for “a”.",
        "“a” expects 500 people.",
        "“a” needs video.",
        "This would help: Expect 480 instead of 500 people in “a”.",
        "This would help: Let “a” do without video.",
    )


def test_times_between_sessions() -> None:
    sessions = (Session("a", 55, speakers=("jane",)), Session("b", 55, speakers=("jane",)), Session("c", 55))
    rooms = (Room("R", building="J", turnover=20), Room("S", building="K"))
    conference = one_day(
        sessions,
        rooms,
        speaker_gap=15,
        travel=(Travel("J", "K", 25),),
        order=(Order("a", "b", 12),),
        apart=(("a", "c"),),
    )
    early = Placement("R", at(10))
    assert say(conference, {"a": early}, Move("b", "R", at(11)), Pin("a")) == (
        "“b” must come after “a”, with 12 minutes between them, but starts Sat 11:00, and the other ends Sat 10:55.",
        "“b” was placed there by this edit (R, Sat 11:00).",
        "“a” is pinned (R, Sat 10:00).",
        "“a” lasts 55 minutes.",
        "“b” must come after “a”, 12 minutes later at the earliest.",
        "This would help: Shorten “a” by 15 minutes.",
    )
    assert say(conference, {"a": early}, Move("c", "S", at(10)), Pin("a")) == (
        "“a” and “c” are to be kept apart, but overlap, Sat 10:00–10:55.",
        "“c” was placed there by this edit (S, Sat 10:00).",
        "“a” is pinned (R, Sat 10:00).",
        "“a” and “c” are to be kept apart.",
        "This would help: Let “a” and “c” overlap.",
        "This would help: Let “c” go elsewhere (S, Sat 10:55).",
        "This would help: Unpin “a” (R, Sat 10:55).",
    )
    assert say(conference, {"b": early}, Move("a", "R", at(11)), Pin("b")) == (
        "“b” must come after “a”, with 12 minutes between them, but starts Sat 10:00, and the other ends Sat 11:55.",
        "“a” was placed there by this edit (R, Sat 11:00).",
        "“b” is pinned (R, Sat 10:00).",
        "“b” must come after “a”, 12 minutes later at the earliest.",
        "No change of just one of these is enough.",
    )


@pytest.mark.parametrize(
    ("facts", "fact", "helps"),
    [
        (
            {"speaker_gap": 15},
            "Speakers need 15 minutes between two sessions.",
            "Allow speakers 10 instead of 15 minutes between two sessions.",
        ),
        (
            {"travel": (Travel("J", "K", 25),)},
            "The way from J to K takes 25 minutes.",
            "Allow 10 instead of 25 minutes for the way from J to K.",
        ),
        (
            {"order": (Order("a", "b", 12),)},
            "“b” must come after “a”, 12 minutes later at the earliest.",
            "Allow 10 instead of 12 minutes between “a” and “b”.",
        ),
    ],
)
def test_as_much_less_as_is_needed(facts: dict[str, object], fact: str, helps: str) -> None:
    """Two sessions with ten minutes between them, where the one cannot go anywhere else."""
    sessions = (Session("a", 50, speakers=("jane",), pinned=True), Session("b", 60, speakers=("jane",)))
    conference = one_day(sessions, (Room("R", building="J"), Room("S", building="K")), **facts)
    reasons = say(conference, {"a": Placement("R", at(10))}, Move("b", "S", at(11)))
    assert fact in reasons
    assert f"This would help: {helps}" in reasons
