"""The Callboard file: what is read, what is written, and one clear sentence for each way to get it wrong."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from solver.conference import Conference, Day, Interval, Order, Person, Placement, Room, Session, Travel
from solver.grid import Clock
from tests.webapp.files_strategies import conferences
from webapp.schemas import DocumentError, callboard_json, read_callboard, read_document, write_document

WHOLE: dict[str, Any] = {
    "callboard": 1,
    "conference": {
        "name": "Small",
        "timezone": "Europe/Brussels",
        "grid_minutes": 15,
        "speaker_gap_minutes": 10,
        "days": [{"date": "2025-02-01", "start": "09:00", "end": "18:30"}],
    },
    "rooms": [
        {
            "id": "janson",
            "name": "Janson",
            "building": "J",
            "capacity": 1415,
            "features": ["recording"],
            "turnover_minutes": 5,
            "closed": [{"from": "2025-02-01T12:00", "to": "2025-02-01T13:00"}],
        },
        {"id": "k1", "building": "K"},
    ],
    "people": [
        {"id": "p1", "name": "Ada", "unavailable": [{"from": "2025-02-01T09:00", "to": "2025-02-01T10:00"}]},
        {"id": "p2", "name": "Bob"},
    ],
    "sessions": [
        {
            "id": "s1",
            "title": "One",
            "minutes": 50,
            "track": "Main",
            "speakers": ["p1"],
            "needs": ["recording"],
            "audience": 300,
            "pinned": True,
            "room": "janson",
            "start": "2025-02-01T10:00",
        },
        {"id": "s2", "title": "", "minutes": 5},
        {"id": "s3", "title": "Three", "minutes": 30, "room": "k1", "start": "2025-02-01T15:00"},
    ],
    "apart": [["s1", "s2", "s3"]],
    "order": [{"before": "s1", "after": "s2", "gap_minutes": 15}],
    "travel": [{"from": "J", "to": "K", "minutes": 10}],
}


def brussels(text: str) -> int:
    return Clock("Europe/Brussels").minute(datetime.fromisoformat(text))


def hours(first: str, last: str) -> Interval:
    return Interval(brussels(first), brussels(last))


def read(tree: Any) -> tuple[Conference, dict[str, Placement]]:
    imported = read_document(json.dumps(tree).encode(), "small.json")
    return imported.conference, imported.schedule


def small(**conference: Any) -> dict[str, Any]:
    """The smallest file, with these keys in its conference."""
    days = [{"date": "2025-02-01", "start": "09:00", "end": "18:00"}]
    return {"callboard": 1, "conference": {"days": days, "timezone": "Europe/Brussels"} | conference}


def test_every_key_becomes_a_fact() -> None:
    conference, schedule = read(WHOLE)
    assert conference == Conference(
        days=(Day(conference.days[0].date, hours("2025-02-01T09:00", "2025-02-01T18:30")),),
        rooms=(
            Room(
                "janson",
                "Janson",
                "J",
                1415,
                frozenset({"recording"}),
                5,
                (hours("2025-02-01T12:00", "2025-02-01T13:00"),),
            ),
            Room("k1", building="K"),
        ),
        sessions=(
            Session("s1", 50, "One", "Main", ("p1",), frozenset({"recording"}), 300, True),
            Session("s2", 5),
            Session("s3", 30, "Three"),
        ),
        people=(Person("p1", "Ada", (hours("2025-02-01T09:00", "2025-02-01T10:00"),)), Person("p2", "Bob")),
        name="Small",
        timezone="Europe/Brussels",
        grid_minutes=15,
        speaker_gap=10,
        apart=(("s1", "s2", "s3"),),
        order=(Order("s1", "s2", 15),),
        travel=(Travel("J", "K", 10),),
    )
    assert schedule == {
        "s1": Placement("janson", brussels("2025-02-01T10:00")),
        "s3": Placement("k1", brussels("2025-02-01T15:00")),
    }


def test_what_is_written_is_what_was_read() -> None:
    written = callboard_json(*read(WHOLE))
    expected = copy.deepcopy(WHOLE)
    expected["rooms"][1]["name"] = ""
    assert written == expected


def test_only_five_keys_are_required() -> None:
    conference, schedule = read(small() | {"rooms": [{"id": "r"}], "sessions": [{"id": "s", "minutes": 5}]})
    assert (conference.grid_minutes, conference.speaker_gap) == (5, 0)
    assert conference.rooms == (Room("r"),)
    assert conference.sessions == (Session("s", 5),)
    assert schedule == {}


def test_without_a_list_of_people_those_who_speak_are_the_people() -> None:
    sessions = [{"id": "a", "minutes": 5, "speakers": ["x", "y"]}, {"id": "b", "minutes": 5, "speakers": ["y"]}]
    conference, _ = read(small() | {"sessions": sessions})
    assert conference.people == (Person("x"), Person("y"))


def test_an_offset_is_converted() -> None:
    tree = small() | {"rooms": [{"id": "r"}], "sessions": [{"id": "s", "minutes": 5, "room": "r"}]}
    tree["sessions"][0]["start"] = "2025-02-01T10:00Z"
    assert read(tree)[1]["s"].start == brussels("2025-02-01T11:00")


def test_an_ambiguous_time_is_the_earlier_one_and_the_later_one_keeps_its_offset() -> None:
    tree = small(days=[]) | {"rooms": [{"id": "r"}], "sessions": []}
    for one, start in (("early", "2025-10-26T02:30"), ("late", "2025-10-26T02:30+01:00")):
        tree["sessions"].append({"id": one, "minutes": 5, "room": "r", "start": start})
    conference, schedule = read(tree)
    assert schedule["late"].start - schedule["early"].start == 60
    starts = {one["id"]: one["start"] for one in callboard_json(conference, schedule)["sessions"]}
    assert starts == {"early": "2025-10-26T02:30", "late": "2025-10-26T02:30+01:00"}


@pytest.mark.parametrize(
    ("start", "end", "last"),
    [
        ("09:00", "18:30", "2025-02-01T18:30"),
        ("20:00", "04:00", "2025-02-02T04:00"),
        ("09:00", "09:00", "2025-02-02T09:00"),
        ("09:00", "24:00", "2025-02-02T00:00"),
        ("09:00", "2025-02-03T02:00", "2025-02-03T02:00"),
    ],
)
def test_a_day_ends_on_the_next_date_where_its_end_is_not_after_its_start(start: str, end: str, last: str) -> None:
    conference, _ = read(small(days=[{"date": "2025-02-01", "start": start, "end": end}]))
    assert conference.days[0].hours == hours("2025-02-01T09:00" if start == "09:00" else f"2025-02-01T{start}", last)
    assert read(callboard_json(conference, {})) == (conference, {})


def test_hours_that_no_time_of_day_can_say_are_written_in_full() -> None:
    conference, _ = read(small())
    day = Day(conference.days[0].date, hours("2025-02-02T01:00", "2025-02-03T05:00"))
    night = Conference(days=(day,), rooms=(), sessions=(), timezone="Europe/Brussels")
    written = callboard_json(night, {})
    assert written["conference"]["days"] == [
        {"date": "2025-02-01", "start": "2025-02-02T01:00", "end": "2025-02-03T05:00"}
    ]
    assert read(written)[0] == night


@given(conferences())
def test_a_conference_is_the_same_after_a_round_trip(made: tuple[Conference, dict[str, Placement]]) -> None:
    data = write_document("callboard", *made)
    imported = read_document(data, "made.json")
    assert (imported.conference, imported.schedule, imported.format) == (*made, "callboard")
    assert write_document("callboard", imported.conference, imported.schedule) == data


# --- bad input ------------------------------------------------------------------------------------------------------


def changed(path: str, value: Any) -> dict[str, Any]:
    """The whole file with one value set (or, for `...`, one key left out)."""
    tree: Any = copy.deepcopy(WHOLE)
    at, steps = tree, [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps[:-1]:
        at = at[step]
    if value is ...:
        del at[steps[-1]]
    else:
        at[steps[-1]] = value
    return tree


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("callboard", 2, "callboard: it is 2; this program reads 1"),
        ("callboard", True, "callboard: it is true; this program reads 1"),
        ("callboard", 1.0, "callboard: it is 1.0; this program reads 1"),
        ("callboard", ..., "callboard: it is missing"),
        ("conference/days", ..., "conference.days: it is missing"),
        ("conference/dayz", [], "conference.dayz: there is no such key here"),
        ("surprise", 1, "surprise: there is no such key here"),
        ("rooms/0/capcity", 5, "rooms[0].capcity: there is no such key here"),
        ("sessions/1/Title", "x", "sessions[1].Title: there is no such key here"),
        ("rooms/0/closed/0/until", "x", "rooms[0].closed[0].until: there is no such key here"),
        ("conference/timezone", "Mars/Base", "conference.timezone: there is no time zone 'Mars/Base'"),
        ("conference/timezone", "../../etc/passwd", "conference.timezone: there is no time zone '../../etc/passwd'"),
        ("conference/grid_minutes", 0, "conference.grid_minutes: 0 is less than 1"),
        ("sessions/1/minutes", 0, "sessions[1].minutes: 0 is less than 1"),
        ("sessions/1/minutes", -5, "sessions[1].minutes: -5 is less than 1"),
        ("sessions/1/minutes", 10**12, "sessions[1].minutes: 1000000000000 is more than 100000"),
        ("sessions/1/minutes", 50.5, "sessions[1].minutes: it must be a whole number, not 50.5"),
        ("sessions/1/minutes", "50", "sessions[1].minutes: it must be a whole number, not '50'"),
        ("sessions/1/minutes", True, "sessions[1].minutes: it must be a whole number, not true"),
        ("sessions/1/minutes", None, "sessions[1].minutes: it must be a whole number, not null"),
        ("sessions/1/minutes", NAN, "sessions[1].minutes: nan is not a number"),
        ("sessions/1/minutes", INFINITY, "sessions[1].minutes: inf is not a number"),
        ("sessions/1/minutes", ..., "sessions[1].minutes: it is missing"),
        ("sessions/1/id", ..., "sessions[1].id: it is missing"),
        ("sessions/1/id", "", "sessions[1].id: it is empty"),
        ("sessions/1/id", 7, "sessions[1].id: it must be text, not 7"),
        ("sessions/1/id", "a\nb", "sessions[1].id: 'a\\nb' has a control character"),
        ("sessions/1/id", "s1", "sessions[1].id: session 's1' is listed twice, first at sessions[0]"),
        ("rooms/1/id", "janson", "rooms[1].id: room 'janson' is listed twice, first at rooms[0]"),
        ("people/1/id", "p1", "people[1].id: person 'p1' is listed twice, first at people[0]"),
        ("sessions/0/pinned", "yes", "sessions[0].pinned: it must be true or false, not 'yes'"),
        ("sessions/0/audience", 10**12, "sessions[0].audience: 1000000000000 is more than 1000000000"),
        ("rooms/0/capacity", -1, "rooms[0].capacity: -1 is less than 0"),
        ("rooms/0/features", "recording", "rooms[0].features: it must be a list, not 'recording'"),
        ("rooms/0", [], "rooms[0]: it must be an object, not a list"),
        ("sessions/0/room", "nowhere", "sessions[0].room: there is no room 'nowhere'"),
        ("sessions/0/room", ..., "sessions[0].room: session 's1' has a start but no room"),
        ("sessions/0/start", ..., "sessions[0].start: session 's1' has a room but no start"),
        ("sessions/0/start", "tomorrow", "sessions[0].start: 'tomorrow' is not a time like 2025-02-01T10:00"),
        ("sessions/0/start", "2025-02-01", "sessions[0].start: '2025-02-01' is not a time like 2025-02-01T10:00"),
        ("sessions/0/start", "2025-02-31T10:00", "sessions[0].start: '2025-02-31T10:00' is not in the calendar"),
        ("sessions/0/start", "2025-02-01T10:00:30", "2025-02-01T10:00:30 is not a whole minute"),
        ("sessions/0/start", "0001-01-01T00:00", "the year 1 is not between 1971 and 2199"),
        ("sessions/0/start", "2025-03-30T02:30", "2025-03-30T02:30 does not exist in Europe/Brussels"),
        ("rooms/0/closed/0/from", "2025-03-30T02:00", "rooms[0].closed[0].from: 2025-03-30T02:00 does not exist"),
        ("rooms/0/closed/0/to", "2025-02-01T11:00", "rooms[0].closed[0].to: the interval ends before it starts"),
        ("rooms/0/closed/0/to", "2025-02-01T12:00", "rooms[0].closed[0].to: the interval ends when it starts"),
        ("people/0/unavailable/0/to", "2025-02-01T08:00", "people[0].unavailable[0].to: the interval ends before"),
        ("sessions/0/speakers", ["p9"], "sessions[0].speakers[0]: there is no person 'p9'"),
        ("sessions/0/speakers", ["p1", "p1"], "sessions[0].speakers[1]: speaker 'p1' is listed twice"),
        ("people", [], "sessions[0].speakers[0]: there is no person 'p1'"),
        ("apart/0", ["s1", "s9"], "apart[0][1]: there is no session 's9'"),
        ("apart/0", ["s1", "s1"], "apart[0][1]: session 's1' is listed twice"),
        ("order/0/before", "s9", "order[0].before: there is no session 's9'"),
        ("order/0/after", "s1", "order[0].after: session 's1' cannot come before itself"),
        ("travel/0/to", "J", "travel[0].to: 'J' is both ends of the way"),
        ("travel", [WHOLE["travel"][0]] * 2, "travel[1]: the way from 'J' to 'K' is listed twice"),
        ("conference/days/0/date", "2025-13-01", "conference.days[0].date: '2025-13-01' is not in the calendar"),
        ("conference/days/0/date", "1.2.2025", "conference.days[0].date: '1.2.2025' is not a date like 2025-02-01"),
        ("conference/days/0/start", "9:00", "conference.days[0].start: '9:00' is not a time of day like 09:00"),
        ("conference/days/0/start", "25:00", "conference.days[0].start: '2025-02-01T25:00' is not in the calendar"),
        ("conference/days/0/end", "2025-01-31T12:00", "conference.days[0].end: the day ends before it starts"),
    ],
)
def test_one_clear_sentence_with_its_place(path: str, value: Any, sentence: str) -> None:
    tree = changed(path, value)
    with pytest.raises(DocumentError) as caught:
        read(tree)
    message = str(caught.value)
    assert message.startswith("small.json: ")
    assert sentence in message
    assert "\n" not in message


def test_days_that_overlap_are_refused() -> None:
    night = {"date": "2025-02-01", "start": "20:00", "end": "04:00"}
    morning = {"date": "2025-02-02", "start": "03:00", "end": "12:00"}
    with pytest.raises(DocumentError, match=r"conference.days\[1\]: the hours of 2025-02-01 and 2025-02-02 overlap"):
        read(small(days=[night, morning]))
    with pytest.raises(DocumentError, match=r"conference.days\[1\]: the hours of 2025-02-01 and 2025-02-02 overlap"):
        read(small(days=[morning, night]))
    assert len(read(small(days=[night, morning | {"start": "04:00"}]))[0].days) == 2


def test_a_day_may_not_begin_in_the_gap_of_a_clock_change() -> None:
    with pytest.raises(DocumentError, match=r"conference.days\[0\].start: 2025-03-30T02:30 does not exist"):
        read(small(days=[{"date": "2025-03-30", "start": "02:30", "end": "12:00"}]))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "f.json: the file is empty"),
        (" \n ", "f.json: the file is empty"),
        ("[]", "f.json: a Callboard file is an object, not a list"),
        ("null", "f.json: a Callboard file is an object, not null"),
        ("{}", "f.json: this is neither a Callboard file nor a schedule.json: it is an empty object"),
        (
            '{"edits": []}',
            "f.json: this is neither a Callboard file nor a schedule.json: it holds edits, not a schedule",
        ),
        ('{"a": 1}', "f.json: this is neither a Callboard file nor a schedule.json: its keys are 'a'"),
        ('{"conference": {}}', "f.json: callboard: it is missing"),
        ('{"callboard": 1,\n "rooms": [', "f.json: line 2, column 12: the JSON breaks off before its end"),
        ('{"callboard": 1, "conf', "f.json: line 1, column 18: the JSON breaks off before its end"),
        ('{"callboard": 1,}', "f.json: line 1, column 1"),
        ('{"a": 1, "a": 2}', "f.json: a: the key is given twice"),
        ('{"rooms": [{"id": "x", "id": "y"}]}', "f.json: rooms[0].id: the key is given twice"),
        ('{\n<<<<<<< HEAD\n"callboard": 1\n=======\n>>>>>>> other\n}', "f.json: line 2: a merge left its markers"),
        ('{"callboard": NaN}', "f.json: callboard: nan is not a number"),
        ('{"callboard": -Infinity}', "f.json: callboard: -inf is not a number"),
        ('{"callboard": 1e999}', "f.json: callboard: inf is not a number"),
        ('{"callboard": ' + "9" * 5000 + "}", "f.json: a number has too many digits"),
        ("[" * 100_000, "f.json: the JSON is nested deeper than 60 levels"),
        ('{"a":' * 500 + "1" + "}" * 500, "the JSON is nested deeper than 60 levels"),
        ('{"callboard": "\\ud800"}', "f.json: callboard: half a character (a lone surrogate) is not text"),
        ('{"\\udfff": 1}', "f.json: a key has half a character (a lone surrogate)"),
    ],
)
def test_json_that_cannot_be_trusted(text: str, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(text.encode(), "f.json")
    assert sentence in str(caught.value)


def test_text_that_is_not_utf8_names_its_line() -> None:
    with pytest.raises(DocumentError, match="line 2: the text is not UTF-8"):
        read_document(b'{\n"callboard": "\xe9"}', "latin.json")


def test_a_byte_order_mark_is_no_harm() -> None:
    assert read_document(b"\xef\xbb\xbf" + json.dumps(WHOLE).encode(), "bom.json").conference == read(WHOLE)[0]


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(DocumentError, match="larger than 32 MB"):
        read_document(b" " * 32_000_001 + b"x", "huge.json")


def test_a_message_stays_one_short_line_whatever_the_file_holds() -> None:
    with pytest.raises(DocumentError) as caught:
        read_callboard({"callboard": 1, "k\n\x1b[31m" + "x" * 5000: 1}, "f\n.json")
    message = str(caught.value)
    assert "\n" not in message
    assert "\x1b" not in message
    assert len(message) < 300
