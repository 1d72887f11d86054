"""Feeds written by hand: each oddity of real ones alone, read sensibly and reported."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from webapp.schemas import DocumentError, Imported, callboard_json, read_callboard, read_document, write_document

HEAD = "<conference><title>Small</title><time_zone_name>Europe/Brussels</time_zone_name></conference>"


def event(
    attributes: str = 'id="1"', *, date: str = "2025-02-01T10:00:00+01:00", length: str = "00:30", more: str = ""
) -> str:
    """An event's XML."""
    when = f"<date>{date}</date>" if date else ""
    return f"<event {attributes}>{when}<duration>{length}</duration><title>T</title>{more}</event>"


def feed(*events: str, head: str = HEAD, room: str = "Janson", day: str = 'date="2025-02-01" index="1"') -> Imported:
    """A feed with one day and one room, read."""
    xml = f'<schedule>{head}<day {day}><room name="{room}">{"".join(events)}</room></day></schedule>'
    return read_document(xml.encode(), "small.xml")


def start(imported: Imported, session: str) -> str:
    return imported.conference.clock.text(imported.schedule[session].start)


def hours(imported: Imported) -> list[tuple[str, str]]:
    clock = imported.conference.clock
    return [(clock.text(day.hours.start), clock.text(day.hours.end)) for day in imported.conference.days]


# --- identifiers ----------------------------------------------------------------------------------------------------


def test_a_session_is_called_by_its_id_else_by_its_guid() -> None:
    guid = "11111111-2222-3333-4444-555555555555"
    imported = feed(event(f'id="7" guid="{guid}"'), event(f'guid="{guid}"', date="2025-02-01T12:00:00+01:00"))
    assert [one.id for one in imported.conference.sessions] == ["7", guid]
    assert imported.warnings == ()


def test_repeated_ids_are_numbered_and_reported() -> None:
    imported = feed(event(), event(), event('id="1#2"'), event())
    assert [one.id for one in imported.conference.sessions] == ["1", "1#2", "1#2#2", "1#3"]
    assert len(imported.warnings) == 3
    assert "id '1' comes again: 'T' is called '1#2'" in imported.warnings[0]


def test_an_event_without_any_id_gets_one_and_is_reported() -> None:
    imported = feed(event(""), event(""))
    assert [one.id for one in imported.conference.sessions] == ["event", "event#2"]
    assert len(imported.warnings) == 2


@pytest.mark.parametrize(
    ("attributes", "person"),
    [
        ('guid="g-1" code="ABC" id="5"', "g-1"),
        ('code="ABC" id="5"', "ABC"),
        ('id="5"', "5"),
        ('id="0"', "ada lovelace"),
        ('id="-1"', "ada lovelace"),
        ("", "ada lovelace"),
    ],
)
def test_a_person_is_called_by_guid_code_id_or_name(attributes: str, person: str) -> None:
    imported = feed(event(more=f"<persons><person {attributes}>Ada Lovelace</person></persons>"))
    assert [one.id for one in imported.conference.people] == [person]
    assert imported.conference.people[0].name == "Ada Lovelace"
    assert imported.conference.sessions[0].speakers == (person,)


def test_placeholder_persons_are_told_apart_by_name_and_reported() -> None:
    both = '<persons><person id="0">Ada</person><person id="0">Bob</person><person id="0">ADA</person></persons>'
    imported = feed(event(more=both))
    assert imported.conference.sessions[0].speakers == ("ada", "bob")
    assert imported.warnings == ("person id '0' says nothing (3 times): these people are told apart by name",)


def test_two_placeholders_do_not_make_one_busy_person() -> None:
    from solver.check import violations

    one = event(more='<persons><person id="0">Ada</person></persons>')
    other = event('id="2"', more='<persons><person id="0">Bob</person></persons>')
    rooms = f'<room name="A">{one}</room><room name="B">{other}</room>'
    xml = f'<schedule>{HEAD}<day date="2025-02-01">{rooms}</day></schedule>'
    imported = read_document(xml.encode(), "small.xml")
    assert violations(imported.conference, imported.schedule) == []


def test_a_person_without_id_and_name_is_nobody() -> None:
    imported = feed(event(more='<persons><person id="0"></person></persons>'))
    assert imported.conference.people == ()


# --- lengths --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "why"),
    [
        ("00:00", "zero"),
        ("", "not given"),
        ("soon", "not readable ('soon')"),
        ("-00:30", "not readable ('-00:30')"),
        ("45", "not readable ('45')"),
        ("99999:00", "not readable ('99999:00')"),
    ],
)
def test_zero_and_unreadable_lengths_are_left_out_and_named(length: str, why: str) -> None:
    imported = feed(event('id="13"', length=length, date="2025-02-01T06:00:00+01:00"), event('id="2"'))
    assert [one.id for one in imported.conference.sessions] == ["2"]
    assert imported.warnings == (f"line 1: event '13' 'T' is left out: its length is {why}",)
    assert hours(imported) == [("2025-02-01T10:00", "2025-02-01T10:30")]


@pytest.mark.parametrize(("length", "minutes"), [("00:05", 5), ("1:30", 90), ("00:25:00", 25), ("26:00", 1560)])
def test_lengths_in_hours_and_minutes(length: str, minutes: int) -> None:
    assert feed(event(length=length)).conference.sessions[0].minutes == minutes


# --- rooms ----------------------------------------------------------------------------------------------------------


def test_the_old_shape_names_rooms_in_the_events() -> None:
    events = "".join(
        f'<event id="{number}"><start>1{number}:00</start><duration>00:30</duration><room>{room}</room></event>'
        for number, room in enumerate(["Janson", "K.1", "Janson"])
    )
    xml = f'<schedule>{HEAD}<day date="2012-02-04">{events}</day></schedule>'
    imported = read_document(xml.encode(), "old.xml")
    assert [room.id for room in imported.conference.rooms] == ["Janson", "K.1"]
    assert [imported.schedule[one].room for one in "012"] == ["Janson", "K.1", "Janson"]
    assert start(imported, "2") == "2012-02-04T12:00"


def test_empty_rooms_exist_on_every_day() -> None:
    rooms = f'<room name="Empty"/><room name="Janson">{event()}</room>'
    second = '<day date="2025-02-02"><room name="Late"/></day>'
    xml = f'<schedule>{HEAD}<day date="2025-02-01">{rooms}</day>{second}</schedule>'
    imported = read_document(xml.encode(), "small.xml")
    assert [room.id for room in imported.conference.rooms] == ["Empty", "Janson", "Late"]
    assert len(imported.conference.days) == 1
    again = read_document(write_document("schedule-xml", imported.conference, imported.schedule, imported.carried), "b")
    assert again.conference.rooms == imported.conference.rooms


def test_an_event_without_room_or_start_is_unplaced_and_reported() -> None:
    nowhere = feed(event(), room="")
    assert nowhere.schedule == {}
    assert nowhere.warnings == ("line 1: session '1' is unplaced: it has no room",)
    never = feed(event(date="", more="<start>noon</start>"))
    assert never.schedule == {}
    assert never.warnings == ("line 1: session '1' is unplaced: it has no start that can be read ('noon')",)


# --- times ----------------------------------------------------------------------------------------------------------


def test_hours_span_the_day_element_past_midnight() -> None:
    late = event('id="2"', date="2025-02-02T00:30:00+01:00", length="01:15")
    imported = feed(event(), late)
    assert hours(imported) == [("2025-02-01T10:00", "2025-02-02T01:45")]
    assert imported.conference.days[0].date == date(2025, 2, 1)
    assert read_callboard(callboard_json(imported.conference, imported.schedule), "c")[0] == imported.conference


def test_the_start_and_end_of_the_day_element_are_ignored() -> None:
    attributes = 'date="2025-02-01" start="2025-02-01T12:00:00+01:00" end="2025-02-01T13:00:00+01:00"'
    assert hours(feed(event(), day=attributes)) == [("2025-02-01T10:00", "2025-02-01T10:30")]


def test_a_start_after_midnight_without_a_date_is_in_the_following_night() -> None:
    head = HEAD.replace("</title>", "</title><day_change>09:00</day_change>")
    night = event('id="2"', date="", more="<start>00:30</start>")
    early = event('id="3"', date="", more="<start>08:30</start>")
    imported = feed(night, early, head=head)
    assert start(imported, "2") == "2025-02-02T00:30"
    assert start(imported, "3") == "2025-02-01T08:30"


def test_days_whose_sessions_overlap_become_one() -> None:
    night = event('id="2"', date="2025-02-02T11:00:00+01:00")
    morning = event('id="3"', date="2025-02-02T09:00:00+01:00")
    next_day = f'</room></day><day date="2025-02-02"><room name="Janson">{morning}'
    imported = feed(event(), night, next_day)
    assert hours(imported) == [("2025-02-01T10:00", "2025-02-02T11:30")]
    assert imported.warnings == ("the hours of 2025-02-01 and 2025-02-02 overlap: they are taken as one day",)
    assert read_callboard(callboard_json(imported.conference, imported.schedule), "c")[0] == imported.conference


def test_a_start_in_the_gap_of_a_clock_change_is_bad_input() -> None:
    with pytest.raises(
        DocumentError, match=r"small\.xml: line 1: session '1': 2025-03-30T02:30 does not exist in Europe"
    ):
        feed(event(date="", more="<start>02:30</start>"), day='date="2025-03-30"')


def test_across_a_clock_change_an_offset_says_which_hour() -> None:
    early = event(date="2025-10-26T02:30:00+02:00")
    late = event('id="2"', date="2025-10-26T02:30:00+01:00")
    imported = feed(early, late, day='date="2025-10-26"')
    assert imported.schedule["2"].start - imported.schedule["1"].start == 60
    for format in ("schedule-xml", "schedule-json", "callboard"):
        written = write_document(format, imported.conference, imported.schedule, imported.carried)
        assert read_document(written, "b").schedule == imported.schedule


@pytest.mark.parametrize(
    ("head", "when", "day", "zone", "warnings"),
    [
        (HEAD, "2025-02-01T10:00:00+01:00", "", "Europe/Brussels", 0),
        ("", "2025-02-01T10:00:00+01:00", "", "Etc/GMT-1", 0),
        ("", "2025-02-01T10:00:00-05:00", "", "Etc/GMT+5", 0),
        ("", "2025-02-01T10:00:00Z", "", "UTC", 0),
        ("", "2025-02-01T10:00:00+05:30", "", "Asia/Kolkata", 0),
        ("", "2025-02-01T10:00:00", 'start="2025-02-01T09:00:00+02:00"', "Etc/GMT-2", 0),
        ("", "2025-02-01T10:00:00", "", "UTC", 1),
        (HEAD.replace("Brussels", "Nowhere"), "2025-02-01T10:00:00+01:00", "", "Etc/GMT-1", 1),
    ],
)
def test_the_time_zone_is_named_or_found_in_the_offsets(
    head: str, when: str, day: str, zone: str, warnings: int
) -> None:
    imported = feed(event(date=when), head=head, day=f'date="2025-02-01" {day}')
    assert imported.conference.timezone == zone
    assert start(imported, "1") == "2025-02-01T10:00"
    assert len(imported.warnings) == warnings


def test_the_timeslot_of_a_feed_is_not_the_grid() -> None:
    head = HEAD.replace("</title>", "</title><timeslot_duration>00:15</timeslot_duration>")
    assert feed(event(), head=head).conference.grid_minutes == 5


# --- what is carried ------------------------------------------------------------------------------------------------

EXTRAS = """
<subtitle>S</subtitle><type>talk</type><language>de</language><abstract>A &amp; B</abstract>
<description>D &lt;b&gt;</description><slug>small-conference-talk</slug><logo>https://x.test/l.png</logo>
<url>https://x.test/t</url><feedback_url>https://x.test/f</feedback_url><origin_url>https://x.test/o</origin_url>
<recording><license>CC0</license><optout>true</optout></recording>
<links><link href="https://x.test/a" type="web">Site</link></links>
<attachments><attachment href="https://x.test/b.pdf" type="slides">Slides</attachment></attachments>
"""


@pytest.mark.parametrize("format", ["schedule-xml", "schedule-json"])
def test_what_is_not_modelled_survives_where_the_format_has_a_place(format: str) -> None:
    head = """<version>7.1</version><conference><title>Small</title><acronym>small-25</acronym>
      <timeslot_duration>00:10</timeslot_duration><base_url>https://x.test/</base_url><url>https://x.test/c</url>
      <time_zone_name>Europe/Brussels</time_zone_name><track name="Main" color="#ff0000" slug="main"/></conference>"""
    guid = "aaaaaaaa-2222-3333-4444-555555555555"
    imported = feed(event(f'id="1" guid="{guid}" code="ABC123"', more=EXTRAS), head=head)
    assert imported.carried["sessions"]["1"] == {
        "id": "1",
        "guid": guid,
        "code": "ABC123",
        "subtitle": "S",
        "type": "talk",
        "language": "de",
        "abstract": "A & B",
        "description": "D <b>",
        "slug": "small-conference-talk",
        "logo": "https://x.test/l.png",
        "url": "https://x.test/t",
        "feedback_url": "https://x.test/f",
        "origin_url": "https://x.test/o",
        "recording": {"license": "CC0", "optout": True},
        "links": [{"url": "https://x.test/a", "title": "Site", "type": "web"}],
        "attachments": [{"url": "https://x.test/b.pdf", "title": "Slides", "type": "slides"}],
    }
    assert json.loads(json.dumps(imported.carried)) == imported.carried
    again = read_document(write_document(format, imported.conference, imported.schedule, imported.carried), "b")
    assert again.carried["sessions"] == imported.carried["sessions"]
    assert again.carried["conference"] == imported.carried["conference"]
    assert again.carried["version"] == "7.1"
    assert again.carried["tracks"] == imported.carried["tracks"]


def test_a_json_feed_may_translate_its_texts_and_give_an_end_instead_of_a_length() -> None:
    event: dict[str, Any] = {
        "id": 5,
        "title": {"de": "Eins", "en": "One"},
        "date": "2025-02-01T10:00:00+01:00",
        "end": "2025-02-01T10:40:00+01:00",
        "track": None,
        "persons": [{"id": 3, "public_name": "Ada"}, "nobody"],
    }
    day = {"index": 1, "date": "2025-02-01", "rooms": {"Hall": [event], "Empty": []}}
    rooms = [{"name": "Hall", "capacity": 120}]
    conference = {"title": "J", "time_zone_name": "Europe/Brussels", "days": [day], "rooms": rooms}
    imported = read_document(json.dumps({"schedule": {"version": "1", "conference": conference}}).encode(), "s.json")
    (session,) = imported.conference.sessions
    assert (session.id, session.title, session.minutes, session.speakers) == ("5", "One", 40, ("3",))
    assert [(room.id, room.capacity) for room in imported.conference.rooms] == [("Hall", 120), ("Empty", None)]


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        (None, "s.json: schedule: it is missing"),
        ([], "s.json: schedule: it must be an object, not a list"),
        ({}, "s.json: schedule.conference: it is missing"),
        ({"conference": {}}, "s.json: schedule.conference.days: it is missing"),
        ({"conference": {"days": [1]}}, "s.json: schedule.conference.days[0]: it must be an object, not 1"),
        ({"conference": {"days": [{}]}}, "s.json: schedule.conference.days[0].rooms: it is missing"),
        (
            {"conference": {"days": [{"rooms": {"A": {}}}]}},
            "s.json: schedule.conference.days[0].rooms.A: it must be a list, not an object",
        ),
        (
            {"conference": {"days": [{"rooms": {"A": ["x"]}}]}},
            "s.json: schedule.conference.days[0].rooms.A[0]: it must be an object, not 'x'",
        ),
    ],
)
def test_a_json_feed_of_the_wrong_shape(schedule: object, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(json.dumps({"schedule": schedule}).encode(), "s.json")
    assert str(caught.value) == sentence
