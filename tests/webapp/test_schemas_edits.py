"""Edits as JSON: every kind is read, and an edits file for another conference is told so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from solver.conference import Conference, Interval, Person, Placement, Room, Session
from solver.edits import (
    CloseRoom,
    Edit,
    Move,
    OpenRoom,
    PersonAvailable,
    PersonUnavailable,
    Pin,
    Resize,
    SetAudience,
    Swap,
    Unpin,
    Unplace,
)
from webapp.schemas import DocumentError, apply_edits, read_edits

CONFERENCE = Conference(
    days=(),
    rooms=(Room("janson"), Room("k1")),
    sessions=(Session("s1", 50), Session("s2", 25), Session("lost", 10)),
    people=(Person("p1"),),
    timezone="Europe/Brussels",
)


def at(text: str) -> int:
    return CONFERENCE.clock.minute(datetime.fromisoformat(text))


SCHEDULE = {"s1": Placement("janson", at("2025-02-01T10:00")), "s2": Placement("k1", at("2025-02-01T10:00"))}
NOON = Interval(at("2025-02-01T12:00"), at("2025-02-01T13:00"))
WHEN = {"from": "2025-02-01T12:00", "to": "2025-02-01T13:00"}


@pytest.mark.parametrize(
    ("written", "edit"),
    [
        (
            {"op": "move", "session": "s1", "room": "k1", "start": "2025-02-01T11:00"},
            Move("s1", "k1", at("2025-02-01T11:00")),
        ),
        ({"op": "move", "session": "s1", "room": "k1"}, Move("s1", "k1")),
        (
            {"op": "move", "session": "s1", "start": "2025-02-01T10:00Z"},
            Move("s1", start=at("2025-02-01T11:00")),
        ),
        ({"op": "resize", "session": "s1", "minutes": 80}, Resize("s1", 80)),
        ({"op": "swap", "sessions": ["s1", "s2"]}, Swap("s1", "s2")),
        ({"op": "unplace", "session": "s1"}, Unplace("s1")),
        ({"op": "pin", "session": "s1"}, Pin("s1")),
        ({"op": "unpin", "session": "s1"}, Unpin("s1")),
        ({"op": "close_room", "room": "janson"} | WHEN, CloseRoom("janson", NOON)),
        ({"op": "open_room", "room": "janson"} | WHEN, OpenRoom("janson", NOON)),
        ({"op": "person_unavailable", "person": "p1"} | WHEN, PersonUnavailable("p1", NOON)),
        ({"op": "person_available", "person": "p1"} | WHEN, PersonAvailable("p1", NOON)),
        ({"op": "set_audience", "session": "s1", "audience": 500}, SetAudience("s1", 500)),
        ({"op": "set_audience", "session": "s1", "audience": None}, SetAudience("s1", None)),
    ],
)
def test_every_edit_is_read(written: dict[str, Any], edit: Edit) -> None:
    assert read_edits({"edits": [written]}, CONFERENCE, "e.json") == [edit]
    assert read_edits([written], CONFERENCE, "body", place="changes") == [edit]


GOOD = {"op": "pin", "session": "s1"}


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"op": "move", "session": "s9"}, "edits[1].session: there is no session 's9'"),
        ({"op": "move", "session": "s1", "room": "x"}, "edits[1].room: there is no room 'x'"),
        ({"op": "move", "session": "s1", "rom": "k1"}, "edits[1].rom: there is no such key here"),
        ({"op": "move"}, "edits[1].session: it is missing"),
        (
            {"op": "move", "session": "s1", "start": "2025-03-30T02:30"},
            "edits[1].start: 2025-03-30T02:30 does not exist",
        ),
        ({"op": "resize", "session": "s1", "minutes": 0}, "edits[1].minutes: 0 is less than 1"),
        ({"op": "resize", "session": "s1", "minutes": -3}, "edits[1].minutes: -3 is less than 1"),
        ({"op": "resize", "session": "s1", "minutes": 10**12}, "edits[1].minutes: 1000000000000 is more than 100000"),
        (
            {"op": "resize", "session": "s1", "minutes": float("nan")},
            "edits[1].minutes: it must be a whole number, not nan",
        ),
        ({"op": "swap", "sessions": ["s1"]}, "edits[1].sessions"),
        ({"op": "swap", "sessions": ["s1", "s2", "s1"]}, "edits[1].sessions"),
        ({"op": "swap", "sessions": ["s1", "s9"]}, "edits[1].sessions[1]: there is no session 's9'"),
        ({"op": "close_room", "room": "x"} | WHEN, "edits[1].room: there is no room 'x'"),
        (
            {"op": "close_room", "room": "k1", "from": WHEN["to"], "to": WHEN["from"]},
            "edits[1].to: the interval ends before it starts",
        ),
        ({"op": "person_unavailable", "person": "p9"} | WHEN, "edits[1].person: there is no person 'p9'"),
        ({"op": "set_audience", "session": "s1"}, "edits[1].audience: it is missing"),
        ({"op": "set_audience", "session": "s1", "audience": -1}, "edits[1].audience: -1 is less than 0"),
        ({"op": "explode"}, "edits[1].op: there is no edit 'explode'; there are move, resize"),
        ({"op": ["move"]}, "edits[1].op: there is no edit a list"),
        ({}, "edits[1].op: it is missing"),
        ("move", "edits[1]: an edit is an object, not 'move'"),
    ],
)
def test_a_bad_edit_is_named_by_its_index(written: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_edits({"edits": [GOOD, written]}, CONFERENCE, "e.json")
    assert str(caught.value).startswith("e.json: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "e.json: edits: it is missing"),
        ({"edits": {}}, "e.json: edits: it must be a list, not an object"),
        ({"edits": [], "extra": 1}, "e.json: extra: there is no such key here"),
        ("move", "e.json: edits: it must be a list, not 'move'"),
        ({"callboard": 1}, "e.json: callboard: there is no such key here"),
        ([GOOD] * 20_001, "e.json: edits: there are more than 20000 of them"),
    ],
)
def test_a_file_that_is_no_list_of_edits(document: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_edits(document, CONFERENCE, "e.json")
    assert sentence in str(caught.value)


def test_an_edit_that_cannot_be_made_is_named_by_its_index() -> None:
    edits = read_edits([GOOD, {"op": "swap", "sessions": ["s1", "lost"]}], CONFERENCE, "e.json")
    with pytest.raises(DocumentError, match=r"e.json: edits\[1\]: session 'lost' is unplaced and cannot be swapped"):
        apply_edits(CONFERENCE, SCHEDULE, edits, name="e.json")
    alone = read_edits([{"op": "move", "session": "lost", "room": "k1"}], CONFERENCE, "e.json")
    with pytest.raises(DocumentError, match=r"changes\[0\]: session 'lost' is unplaced"):
        apply_edits(CONFERENCE, SCHEDULE, alone, name="body", place="changes")


def test_edits_are_applied_in_order() -> None:
    written = [{"op": "resize", "session": "s1", "minutes": 80}, {"op": "swap", "sessions": ["s1", "s2"]}]
    edited = apply_edits(CONFERENCE, SCHEDULE, read_edits(written, CONFERENCE, "e"), name="e")
    assert edited.schedule == {"s1": SCHEDULE["s2"], "s2": SCHEDULE["s1"]}
    assert edited.conference.session["s1"] == replace(CONFERENCE.session["s1"], minutes=80)
