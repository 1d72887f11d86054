"""Real published schedules: their known facts come out, and what we write of them is valid and the same."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from lxml import etree

from solver.check import notes, violations
from tests.webapp.files_formats import faults
from webapp.schemas import Imported, callboard_json, read_callboard, read_document, write_document

FOSDEM = {
    "fosdem-2012-no-room-elements": (442, 23, {"room_overlap": [{"45", "46"}]}),
    "fosdem-2020": (872, 35, {"speaker_overlap": [{"9063", "9422"}, {"10754", "10650"}, {"10785", "9370"}]}),
    "fosdem-2024": (874, 35, {}),
    "fosdem-2025-20241222": (904, 40, {"speaker_overlap": [{"5680", "5379"}]}),
    "fosdem-2025-20250126": (1085, 35, {}),
    "fosdem-2025-20250202": (1102, 35, {}),
    "fosdem-2025-20250529": (1104, 35, {}),
}
FEEDS = ("schedule-xml", "schedule-json")


@pytest.fixture(params=FOSDEM)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(shared_data: Path, name: str) -> Imported:
    return read_document((shared_data / "fosdem" / f"{name}.xml").read_bytes(), f"{name}.xml")


def democon(shared_data: Path) -> Imported:
    return read_document((shared_data / "schedule-format" / "pretalx-democon.json").read_bytes(), "democon.json")


def test_the_known_facts_come_out(shared_data: Path, name: str) -> None:
    sessions, rooms, broken = FOSDEM[name]
    imported = read(shared_data, name)
    conference, schedule = imported.conference, imported.schedule
    assert (len(conference.sessions), len(schedule), len(conference.rooms)) == (sessions, sessions, rooms)
    found = violations(conference, schedule)
    by_rule = {rule: [set(one.sessions) for one in found if one.rule == rule] for rule in {one.rule for one in found}}
    assert by_rule == broken
    assert notes(conference, schedule) == []
    has_zone = b"time_zone_name" in (shared_data / "fosdem" / f"{name}.xml").read_bytes()
    assert conference.timezone == ("Europe/Brussels" if has_zone else "UTC")
    assert imported.warnings == (() if has_zone else ("the file names no time zone: UTC is taken",))


def test_the_speakers_are_counted(shared_data: Path) -> None:
    conference = read(shared_data, "fosdem-2025-20250529").conference
    assert len(conference.people) == 1193
    assert sum(len(sessions) > 1 for sessions in conference.sessions_of.values()) == 183


def test_the_hours_are_those_of_the_days_sessions(shared_data: Path, name: str) -> None:
    """Stated anew from the XML alone: first start and last end of each day element."""
    imported = read(shared_data, name)
    clock = imported.conference.clock
    expected = []
    for day in etree.parse(str(shared_data / "fosdem" / f"{name}.xml")).getroot().findall("day"):
        starts, ends = [], []
        for event in day.iter("event"):
            hour, minute = map(int, str(event.findtext("start")).split(":")[:2])
            long_hours, long_minutes = map(int, str(event.findtext("duration")).split(":")[:2])
            starts.append(hour * 60 + minute)
            ends.append(hour * 60 + minute + long_hours * 60 + long_minutes)
        first, last = min(starts), max(ends)
        expected.append(
            (
                day.get("date"),
                f"{day.get('date')}T{first // 60:02d}:{first % 60:02d}",
                f"{last // 60:02d}:{last % 60:02d}",
            )
        )
    found = [
        (str(day.date), clock.text(day.hours.start), clock.text(day.hours.end)[-5:]) for day in imported.conference.days
    ]
    assert found == expected


@pytest.mark.parametrize("format", FEEDS)
def test_what_we_write_is_valid_and_the_same(shared_data: Path, name: str, format: str) -> None:
    imported = read(shared_data, name)
    written = write_document(format, imported.conference, imported.schedule, imported.carried)
    assert faults(format, written, shared_data) == []
    again = read_document(written, "again")
    assert again.format == format
    assert again.schedule == imported.schedule
    before, after = imported.conference, again.conference
    assert (after.session, after.room, after.person) == (before.session, before.room, before.person)
    assert (after.days, after.name, after.timezone) == (before.days, before.name, before.timezone)
    assert again.warnings == ()
    assert write_document(format, again.conference, again.schedule, again.carried) == written


def test_the_schemas_are_real_judges(shared_data: Path) -> None:
    """The file as published is not valid, so an empty list of faults says something."""
    published = (shared_data / "fosdem" / "fosdem-2025-20241222.xml").read_bytes()
    assert faults("schedule-xml", published, shared_data) != []
    invalid = (shared_data / "schedule-format" / "invalid-example.json").read_bytes()
    assert faults("schedule-json", invalid, shared_data) != []
    valid = (shared_data / "schedule-format" / "pretalx-democon.json").read_bytes()
    assert faults("schedule-json", valid, shared_data) == []


@pytest.mark.parametrize("format", FEEDS)
def test_identity_and_prose_of_an_event_survive(shared_data: Path, format: str) -> None:
    imported = read(shared_data, "fosdem-2025-20250529")
    again = read_document(write_document(format, imported.conference, imported.schedule, imported.carried), "again")
    before, after = imported.carried["sessions"]["5369"], again.carried["sessions"]["5369"]
    assert before == after
    assert before["type"] == "keynote"
    assert before["slug"] == "fosdem-2025-5369-program-to-learn-the-power-of-creative-coding"
    assert again.carried["version"] == "latest"
    assert again.carried["conference"]["acronym"] == "fosdem-2025"
    assert again.carried["days"] == imported.carried["days"]


def test_a_file_of_pretalx(shared_data: Path) -> None:
    imported = democon(shared_data)
    conference = imported.conference
    assert (imported.format, len(conference.sessions), len(imported.schedule)) == ("schedule-json", 36, 36)
    assert [room.id for room in conference.rooms] == ["Gray Room", "Tan Room"]
    assert conference.timezone == "UTC"
    # The file says UTC and writes its dates an hour ahead of it: the instant is kept, and the difference told.
    assert conference.clock.text(imported.schedule["25"].start) == "2020-12-14T08:00"
    (warning,) = imported.warnings
    assert (
        "the start '09:00' is not that of the date, 2020-12-14T08:00 in UTC: the date is taken (36 events)" in warning
    )
    assert imported.carried["people"]["KHPQ3X" if "KHPQ3X" in conference.person else conference.people[0].id][
        "biography"
    ]


@pytest.mark.parametrize("format", FEEDS)
def test_codes_of_persons_come_back_in_either_format(shared_data: Path, format: str) -> None:
    imported = democon(shared_data)
    written = write_document(format, imported.conference, imported.schedule, imported.carried)
    assert faults(format, written, shared_data) == []
    again = read_document(written, "again")
    assert again.conference.person == imported.conference.person
    assert again.conference.session == imported.conference.session
    assert again.carried["sessions"] == imported.carried["sessions"]


def test_the_callboard_file_of_a_feed_holds_all_its_facts(shared_data: Path, name: str) -> None:
    imported = read(shared_data, name)
    written = callboard_json(imported.conference, imported.schedule)
    assert read_callboard(written, "written") == (imported.conference, imported.schedule)


@pytest.mark.parametrize("format", ["ics", "csv", "xlsx"])
def test_tables_and_calendars_have_every_session(shared_data: Path, format: str) -> None:
    imported = read(shared_data, "fosdem-2025-20241222")
    written = write_document(format, imported.conference, imported.schedule, imported.carried)
    if format == "ics":
        assert written.count(b"BEGIN:VEVENT") == 904
    elif format == "csv":
        assert written.decode("utf-8-sig").count("\r\n") == 905
    else:
        import io

        import openpyxl

        assert openpyxl.load_workbook(io.BytesIO(written))["Schedule"].max_row == 905


def test_reading_takes_well_under_a_second(shared_data: Path) -> None:
    data = (shared_data / "fosdem" / "fosdem-2025-20250529.xml").read_bytes()
    read_document(data, "warm.xml")
    began = time.process_time()
    read_document(data, "timed.xml")
    assert time.process_time() - began < 0.5
