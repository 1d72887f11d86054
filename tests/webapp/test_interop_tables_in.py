"""CSV and workbooks on the way in: what a table of ours says, what is wrong with others and where, and CoSPLib."""

from __future__ import annotations

import io
from base64 import b64encode
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fixtures.generate import conference as generated
from tests.webapp.command import callboard
from tests.webapp.small import Caller
from webapp.interop import sheet
from webapp.interop.document import DocumentError
from webapp.schemas import read_document, write_document

HEAD = "id,title,room,start,minutes,speakers,audience\n"


def table(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows)).encode()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_table_of_ours_says_the_same_when_it_comes_back(format: str) -> None:
    conference, schedule = generated(seed=4, sessions=60)
    del schedule[sorted(schedule)[0]]
    back = read_document(write_document(format, conference, schedule), "table", conference.timezone)
    names = {room.id: room.label for room in conference.rooms}
    assert back.format == format
    assert {one: (place.room, place.start) for one, place in back.schedule.items()} == {
        one: (names[place.room], place.start) for one, place in schedule.items()
    }
    for one in conference.sessions:
        there = back.conference.session[one.id]
        assert (there.minutes, there.title, there.track, there.audience, there.pinned) == (
            one.minutes,
            one.title,
            one.track,
            one.audience,
            one.pinned,
        )
        said = [back.conference.person[speaker].label for speaker in there.speakers]
        assert said == [conference.person[speaker].label for speaker in one.speakers]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (table("a,A,hall,soon,30,,"), "row 2, column D (start): 'soon' is not a time like 2027-02-06 10:00"),
        (table("a,A,hall,2027-02-06 10:00,30,,", "", "b,B,hall,2027-02-06 11:00,half an hour,,"), "row 4, column E"),
        (table("a,A,hall,2027-02-06 10:00,30,,many"), "row 2, column G (audience): 'many' is not a whole number"),
        (table("a,A,hall,,30,,"), "row 2, column D (start): it is empty, but there is a room"),
        (table("a,A,,2027-02-06 10:00,30,,"), "row 2, column C (room): it is empty, but there is a start"),
        (table("a,A,hall,2027-02-06 10:00,,,"), "row 2, column E (minutes): it does not say how long it lasts"),
        (table("a,A,hall,2027-02-06 10:00,0,,"), "column E (minutes): '0' is not a number of minutes from 1 to"),
        (table("a,A,hall,10:00,30,,"), "row 2, column D (start): '10:00' is a time of day, and there is no date"),
        (table("a,A,hall,2027-02-06,30,,"), "row 2, column D (start): '2027-02-06' is a date without a time"),
        (table("a,A,,,30,,", "a,B,,,30,,"), "row 3, column A (id): 'a' stands in row 2 already"),
        (table(",A,,,30,,"), "row 2, column A (id): it is empty"),
        (table("a,A,,,30,,,too,many"), "row 2: it has 9 cells, but there are 7 columns"),
        (table("a,x,y,z,0,,", "b,x,y,z,0,,"), "; row 2, column E (minutes): '0' is"),
        (b"title,room,start\nA,hall,\n", "row 1: there is no column 'id'"),
        (b"id,room,start,id\nA,hall,,\n", "row 1, column D: there is a second column 'id'"),
        (b'id,room,start\n"a,hall,\n', "a quoted cell does not end"),
        (b"id,room,start\n\xe9,hall,\n", "it is not UTF-8 text"),
        (b"PK\x03\x04 and no more", "the workbook cannot be read"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column(data: bytes, told: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read_document(data, "talks.csv")
    assert str(refused.value).startswith("talks.csv: ")
    assert told in str(refused.value)


def test_spreadsheets_write_tables_in_their_own_ways() -> None:
    wide = pd.DataFrame(
        [
            ["Code", "Name", "Day", "Start time", "End time", "Location", "Speaker", "Notes"],
            [7.0, "Knots", datetime(2027, 2, 6), time(9, 30), time(10, 15), "Hall", None, ""],
            ["", None, None, None, None, None, None, None],
            ["8", "'=Sums", "2027-02-06", "11:00", "12:30", "Hall", "Ada; Ben", "x"],
        ]
    )
    whole = io.BytesIO()
    wide.to_excel(whole, header=False, index=False)
    read = read_document(whole.getvalue(), "talks.xlsx", "Europe/Brussels")
    clock = read.conference.clock
    assert {one: (clock.text(place.start), place.room) for one, place in read.schedule.items()} == {
        "7": ("2027-02-06T09:30", "Hall"),
        "8": ("2027-02-06T11:00", "Hall"),
    }
    assert [(one.minutes, one.title, one.speakers) for one in read.conference.sessions] == [
        (45, "Knots", ()),
        (90, "=Sums", ("ada", "ben")),
    ]
    assert read.warnings == ("the column 'Notes' is not read",)
    lines = b"id;room;start;minutes\nowl;Hall;2027-02-06T23:30;1:30\n"
    late = read_document(lines, "night").conference
    assert [(day.hours.end - day.hours.start, str(day.date)) for day in late.days] == [(90, "2027-02-06")]


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    conference, schedule = generated(seed=4, sessions=20)
    data = write_document("xlsx", conference, schedule)
    monkeypatch.setattr(sheet, "MOST_UNPACKED", 1000)
    with pytest.raises(DocumentError, match="unpacked, the workbook is larger"):
        read_document(data, "bomb")


def test_a_table_is_imported_over_the_web_and_by_the_command(caller: Any, tmp_path: Path) -> None:
    conference, schedule = generated(seed=4, sessions=20)
    data = write_document("xlsx", conference, schedule)
    admin: Caller = caller("admin")
    made = admin.client.post("/api/v1/schedules?slug=sheet&name=talks.xlsx", data=data, headers=admin.headers)
    assert made.status_code == 201, made.text
    assert (made.get_json()["format"], len(made.get_json()["sessions"])) == ("xlsx", 20)
    file = tmp_path / "talks.csv"
    file.write_bytes(write_document("csv", conference, schedule))
    assert callboard("check", file, "--json").json["sessions"] == 20


def test_a_table_is_a_feed_that_is_compared_by_ids_and_names(editor: Caller) -> None:
    draft = editor.get("").get_json()
    rows = ["id,room,start,minutes,audience"]
    for one in draft["sessions"]:
        room = next((room["name"] for room in draft["rooms"] if room["roomId"] == one["roomId"]), "")
        start = (one["startTime"] or "")[:16]
        rows.append(f"{one['sessionId']},{room},{start},{one['minutes']},{7 if one['sessionId'] == 'knots' else ''}")
    body = {"feed": b64encode("\n".join(rows).encode()).decode(), "encoding": "base64", "name": "talks.csv"}
    asked = editor.post("/jobs", {"kind": "import", "expectedVersion": 1, "parameters": body})
    assert asked.status_code == 202, asked.text
    told = asked.get_json()["parameters"]
    assert told["edits"] == [{"op": "set_audience", "session": "knots", "audience": 7}]
    assert (told["missing"], told["leftOut"], told["format"]) == ([], [], "csv")
    broken = {**body, "feed": b64encode(table("a,A,hall,soon,30,,")).decode()}
    refused = editor.post("/jobs", {"kind": "import", "expectedVersion": 1, "parameters": broken})
    assert refused.status_code == 422
    assert refused.get_json()["detail"].startswith("talks.csv: row 2, column D (start)")
    nonsense = {"kind": "import", "expectedVersion": 1, "parameters": {**body, "feed": "?"}}
    assert "it is not Base64" in editor.post("/jobs", nonsense).get_json()["detail"]


WORKBOOK: dict[str, list[list[Any]]] = {
    "submissions": [
        ["Reference", "Track", "Required Timeslots", "Order", "Time Zone", "Presenters", "Attendees", "Mon1", "Hall"],
        ["p1", "Knots", 1, 0, "GMT+0", "ann, bob", None, None, None],
        ["p2", "Knots", 2, 0, "GMT+0", "bob", None, 3, None],
    ],
    "tracks": [["Tracks", "Chairs"], ["Knots", None]],
    "sessions": [
        ["Sessions", "Max Number of Timeslots", "Date", "Start Time", "End Time"],
        ["Mon1", 2, datetime(2027, 2, 6), time(9, 30), time(10, 15)],
        ["Mon2", 2, datetime(2027, 2, 6), time(11, 0), time(12, 30)],
    ],
    "rooms": [["Rooms"], ["Hall"]],
}


def workbook() -> dict[str, list[list[Any]]]:
    return {name: [list(row) for row in rows] for name, rows in WORKBOOK.items()}


def packed(sheets: dict[str, list[list[Any]]]) -> bytes:
    whole = io.BytesIO()
    with pd.ExcelWriter(whole) as writer:
        for name, rows in sheets.items():
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, header=False, index=False)
    return whole.getvalue()


def test_a_workbook_of_cosplib_is_a_conference_with_closed_breaks() -> None:
    read = read_document(packed(workbook()), "small.xlsx")
    conference, clock = read.conference, read.conference.clock
    assert [(one.id, one.minutes, one.track, one.speakers) for one in conference.sessions] == [
        ("p1", 20, "Knots", ("ann", "bob")),
        ("p2", 40, "Knots", ("bob",)),
    ]
    [day] = conference.days
    assert (clock.text(day.hours.start), clock.text(day.hours.end)) == ("2027-02-06T09:30", "2027-02-06T11:40")
    [closed] = conference.room["Hall"].closed
    assert (clock.text(closed.start), clock.text(closed.end)) == ("2027-02-06T10:10", "2027-02-06T11:00")
    assert (conference.grid_minutes, read.schedule) == (10, {})


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("submissions", 1, 1), "Ropes", "sheet submissions, row 2, column B: there is no track 'Ropes'"),
        (("submissions", 2, 0), "p1", "sheet submissions, row 3, column A: 'p1' stands there twice"),
        (("submissions", 2, 2), "two", "sheet submissions, row 3, column C: 'two' is not a whole number"),
        (("sessions", 1, 2), "Monday", "sheet sessions, row 2, column C: 'Monday' is not a date"),
        (("sessions", 1, 3), "early", "sheet sessions, row 2, column D: 'early' is not a time of day"),
    ],
)
def test_what_is_wrong_in_such_a_workbook_is_told_by_sheet_row_and_column(
    where: tuple[str, int, int], value: Any, told: str
) -> None:
    name, row, column = where
    sheets = workbook()
    sheets[name][row][column] = value
    with pytest.raises(DocumentError) as refused:
        read_document(packed(sheets), "small.xlsx")
    assert told in str(refused.value)
