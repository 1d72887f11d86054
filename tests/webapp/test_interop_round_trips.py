"""Whatever the conference, a feed of it is valid and brings every identifier back."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from icalendar import Calendar
from lxml import etree

from fixtures import generate
from solver.conference import Conference, Day, Interval, Person, Placement, Room, Session
from tests.webapp.files_formats import faults
from tests.webapp.files_strategies import conferences
from webapp.schemas import DocumentError, read_document, write_document

FEEDS = ("schedule-xml", "schedule-json")


@pytest.mark.parametrize("format", FEEDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=conferences())
def test_placed_sessions_come_back_with_their_ids(
    shared_data: Path, format: str, made: tuple[Conference, dict[str, Placement]]
) -> None:
    conference, schedule = made
    written = write_document(format, conference, schedule, {})
    assert faults(format, written, shared_data) == []
    again = read_document(written, "again")
    assert again.schedule == schedule
    assert {room.id for room in again.conference.rooms} == {room.id for room in conference.rooms}
    for session in again.conference.sessions:
        before = conference.session[session.id]
        assert (session.title, session.minutes) == (before.title, before.minutes)
        assert (session.track, session.speakers) == (before.track, before.speakers)
    for person in again.conference.people:
        assert person.name == conference.person[person.id].name
    assert again.conference.name == conference.name
    if format == "schedule-xml":
        assert again.conference.timezone == conference.timezone


@pytest.mark.parametrize("format", FEEDS)
def test_a_generated_conference_is_valid_and_comes_back(shared_data: Path, format: str) -> None:
    conference, schedule = generate.conference(seed=3, sessions=120)
    written = write_document(format, conference, schedule, {})
    assert faults(format, written, shared_data) == []
    again = read_document(written, "again")
    assert again.schedule == schedule
    assert again.conference.session.keys() == conference.session.keys()
    assert again.conference.person.keys() == conference.sessions_of.keys()


ODD = Conference(
    days=(Day(generate.FIRST_DAY, Interval(30_000_000, 30_000_600)),),
    rooms=(Room("a", "Hall"), Room("b", "Hall"), Room("c")),
    sessions=(Session("5", 30, "=1+1"), Session("5#2", 30), Session("talk", 30, "Talk, “quoted”", "T", ("p", "42"))),
    people=(Person("p", "Ada"), Person("42", "Bob")),
    name="Odd",
)
PLACED = {
    "5": Placement("a", 30_000_000),
    "5#2": Placement("b", 30_000_000),
    "talk": Placement("c", 30_000_030),
}


def test_ids_that_are_not_numbers_become_stable_numbers_and_guids() -> None:
    def identities(schedule: dict[str, Placement]) -> dict[str, tuple[str | None, str | None]]:
        root = etree.fromstring(write_document("schedule-xml", ODD, schedule, {}))
        return {
            f"{room.get('name')}": (event.get("id"), event.get("guid"))
            for room in root.iter("room")
            for event in room.iter("event")
        }

    found = identities(PLACED)
    assert list(found) == ["Hall", "Hall (b)", "c"]
    assert found["Hall"][0] == "5"
    numbers = [int(number or "") for number, _ in found.values()]
    assert len(set(numbers)) == 3
    assert min(numbers) > 0
    assert all(UUID(guid).version == 5 for _, guid in found.values())
    alone = identities({"talk": PLACED["talk"]})
    assert alone == {"c": found["c"]}


def test_another_name_gives_other_guids_and_the_same_name_the_same() -> None:
    from dataclasses import replace

    def guids(conference: Conference) -> list[bytes]:
        return re.findall(rb'<event guid="([^"]+)"', write_document("schedule-xml", conference, PLACED, {}))

    assert guids(ODD) == guids(replace(ODD, grid_minutes=15))
    assert not set(guids(ODD)) & set(guids(replace(ODD, name="Even")))


def test_a_guid_that_a_feed_repeats_is_written_once(shared_data: Path) -> None:
    guid = "11111111-2222-3333-4444-555555555555"
    carried = {"sessions": {one: {"guid": guid, "slug": "same-slug", "code": "ABC123"} for one in PLACED}}
    for format in FEEDS:
        written = write_document(format, ODD, PLACED, carried)
        assert faults(format, written, shared_data) == []
        assert read_document(written, "b").schedule == PLACED


def test_a_session_longer_than_schedule_xml_can_say() -> None:
    from dataclasses import replace

    long = replace(ODD, sessions=(Session("5", 6000),))
    with pytest.raises(DocumentError, match=r"schedule\.xml: session '5': it lasts 6000 minutes"):
        write_document("schedule-xml", long, {"5": PLACED["5"]}, {})
    assert (
        read_document(write_document("schedule-json", long, {"5": PLACED["5"]}, {}), "b").conference.sessions[0].minutes
        == 6000
    )


def test_a_conference_without_days_has_no_feed() -> None:
    nothing = Conference(days=(), rooms=(), sessions=())
    for format in FEEDS:
        with pytest.raises(DocumentError, match="at least one day"):
            write_document(format, nothing, {}, {})


def test_addresses_that_are_none_are_not_written(shared_data: Path) -> None:
    carried = {
        "sessions": {"5": {"url": "javascript:alert(1)", "logo": "/x.png", "feedback_url": "https://x.test/a b"}}
    }
    for format in FEEDS:
        written = write_document(format, ODD, PLACED, carried)
        assert faults(format, written, shared_data) == []
        assert b"javascript" not in written


@pytest.mark.parametrize("address", ["https://x.test/\nATTENDEE:evil", "javascript:alert(1)", "http://"])
def test_an_address_cannot_write_lines_into_a_calendar(address: str) -> None:
    written = write_document("ics", ODD, PLACED, {"sessions": {"5": {"url": address}}})
    assert b"URL" not in written
    assert b"evil" not in written


def test_a_calendar_entry_per_placed_session_with_an_identity_that_stays() -> None:
    unplaced = {one: PLACED[one] for one in ("5", "talk")}
    calendar = Calendar.from_ical(write_document("ics", ODD, unplaced, {}))
    entries = {str(entry["summary"]): entry for entry in calendar.walk("VEVENT")}
    assert set(entries) == {"=1+1", "Talk, “quoted”"}
    talk = entries["Talk, “quoted”"]
    assert talk.decoded("dtstart").timestamp() / 60 == PLACED["talk"].start
    assert (talk.decoded("dtend") - talk.decoded("dtstart")).seconds == 30 * 60
    assert (str(talk["location"]), str(talk["description"])) == ("c", "Ada, Bob")
    moved = Calendar.from_ical(write_document("ics", ODD, {"talk": Placement("a", 30_000_100)}, {}))
    assert moved.walk("VEVENT")[0]["uid"] == talk["uid"]


def test_the_table_has_a_row_per_session_and_no_formulas() -> None:
    placed = {one: PLACED[one] for one in ("5", "talk")}
    rows = list(csv.reader(io.StringIO(write_document("csv", ODD, placed, {}).decode("utf-8-sig"), newline="")))
    assert rows[0] == ["id", "title", "track", "speakers", "room", "start", "end", "minutes", "audience", "pinned"]
    assert rows[1][:5] == ["5", "'=1+1", "", "", "Hall"]
    assert rows[2][:5] == ["talk", "Talk, “quoted”", "T", "Ada, Bob", "c"]
    assert rows[3] == ["5#2", "", "", "", "", "", "", "30", "", "no"]
    sheet = openpyxl.load_workbook(io.BytesIO(write_document("xlsx", ODD, placed, {})))["Schedule"]
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1", "s")
    assert sheet["H2"].value == 30


def test_a_format_that_is_not_known() -> None:
    with pytest.raises(ValueError, match="there is no format 'pdf'; there are callboard, schedule-xml"):
        write_document("pdf", ODD, PLACED, {})


def test_a_calendar_is_written_whatever_the_conference_is_called() -> None:
    conference, schedule = generate.conference(seed=1, sessions=5, rooms=2)
    written = write_document("ics", replace(conference, name="Tide\nand mill"), schedule)
    assert b"X-WR-CALNAME:Tide and mill\r\n" in written
