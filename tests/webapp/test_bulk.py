"""Bulk edits: many sessions by one sentence, in checks, repairs and saves, all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fixtures.generate import conference
from tests.webapp.command import callboard
from tests.webapp.small import SMALL, Caller, move
from webapp.schemas import DocumentError, expand_edits, read_callboard, read_edits

SMALL_FACTS = read_callboard(SMALL, "small")
FACTS = conference(seed=3, sessions=60)
ROOMS = [room.id for room in FACTS[0].rooms]
TRACKS = sorted({one.track for one in FACTS[0].sessions if one.track})
DAY = "2027-02-06T"


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


def expanded(*edits: dict[str, Any]) -> Any:
    return expand_edits(list(edits), *SMALL_FACTS, "body")


@pytest.mark.parametrize(
    ("edit", "meant"),
    [
        (
            {"op": "shift", "select": {"room": "hall", "from": DAY + "10:30"}, "minutes": 15},
            [{"op": "move", "session": "engines", "start": DAY + "11:15:00+01:00"}],
        ),
        (
            {"op": "shift", "session": "knots", "minutes": -30},
            [{"op": "move", "session": "knots", "start": DAY + "10:30:00+01:00"}],
        ),
        (
            {"op": "move", "select": {"track": "History"}, "room": "attic"},
            [{"op": "move", "session": "engines", "room": "attic"}],
        ),
        (
            {"op": "swap", "select": {"from": DAY + "11:00", "to": DAY + "12:00"}, "rooms": ["hall", "attic"]},
            [{"op": "move", "session": "engines", "room": "attic"}, {"op": "move", "session": "knots", "room": "hall"}],
        ),
        (
            {"op": "unplace", "select": {"pinned": False, "to": DAY + "12:00"}},
            [{"op": "unplace", "session": "engines"}, {"op": "unplace", "session": "knots"}],
        ),
        (
            {"op": "resize", "select": {"sessions": ["spare", "looms"]}, "minutes": 20},
            [
                {"op": "resize", "session": "looms", "minutes": 20},
                {"op": "resize", "session": "spare", "minutes": 20},
            ],
        ),
        (
            {"op": "set_audience", "select": {"room": "attic"}, "audience": None},
            [
                {"op": "set_audience", "session": "knots", "audience": None},
                {"op": "set_audience", "session": "looms", "audience": None},
            ],
        ),
        ({"op": "unpin", "select": {"pinned": True}}, [{"op": "unpin", "session": "opening"}]),
    ],
)
def test_a_bulk_edit_is_told_as_plain_ones(edit: dict[str, Any], meant: list[dict[str, Any]]) -> None:
    assert expanded(edit) == meant


def test_it_selects_from_what_the_edits_before_it_have_made() -> None:
    shift = {"op": "shift", "select": {"room": "hall", "from": DAY + "12:00"}, "minutes": 10}
    with pytest.raises(DocumentError, match="selects no session"):
        expanded(shift)
    assert expanded(move("looms", "14:00", "hall"), shift)[1:] == [
        {"op": "move", "session": "looms", "start": DAY + "14:10:00+01:00"}
    ]


def test_lists_without_bulk_edits_are_left_as_they_are() -> None:
    for edits in ([move("knots", "12:00")], [], "nonsense", [17], None):
        assert expand_edits(edits, *SMALL_FACTS, "body") is edits


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        ({"op": "shift", "select": {}, "minutes": 5}, "edits[1].select: say which sessions are meant"),
        (
            {"op": "shift", "select": {"room": "cellar"}, "minutes": 5},
            "edits[1].select.room: there is no room 'cellar'",
        ),
        ({"op": "shift", "select": {"track": "?"}, "minutes": 5}, "edits[1].select.track: there is no track '?'"),
        (
            {"op": "shift", "select": {"sessions": ["knots", "spare"]}, "minutes": 5},
            "edits[1].select.sessions[1]: session 'spare' is unplaced",
        ),
        ({"op": "shift", "select": {"room": "hall"}}, "edits[1].minutes: it is missing"),
        ({"op": "shift", "select": {"room": "hall"}, "minutes": "5"}, "edits[1].minutes: it must be a whole number"),
        ({"op": "shift", "select": "hall", "minutes": 5}, "edits[1].select: it must be an object"),
        ({"op": "shift", "select": {"hall": 1}, "minutes": 5}, "edits[1].select.hall: there is no such key"),
        ({"op": "shift", "select": {"from": "noon"}, "minutes": 5}, "edits[1].select.from: 'noon' is not a time"),
        ({"op": "pin", "select": {"track": "History"}, "session": "knots"}, "edits[1].session: there is no such key"),
        ({"op": "close_room", "select": {"room": "hall"}}, "edits[1].op: 'close_room' takes no selection"),
        ({"op": "move", "select": {"room": "hall"}, "room": "cellar"}, "edits[1].room: there is no room 'cellar'"),
        (
            {"op": "swap", "select": {"from": DAY + "13:00"}, "rooms": ["hall", "hall"]},
            "edits[1].select: it selects no session",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(edit: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DocumentError) as caught:
        expanded({"op": "pin", "session": "knots"}, edit)
    assert str(caught.value).startswith(f"body: {complaint}")


def test_a_plain_edit_beside_a_bulk_one_is_complained_about_at_its_own_place() -> None:
    bulk = {"op": "pin", "select": {"room": "hall"}}
    for bad, complaint in (
        (move("lost", "12:00"), r"edits\[1\].session: there is no session 'lost'"),
        (move("spare", "12:00"), r"edits\[1\]: session 'spare' is unplaced"),
    ):
        with pytest.raises(DocumentError, match=complaint):
            expanded(bulk, bad, bulk)


@given(data=st.data())
def test_whatever_is_selected_is_what_a_plain_reading_selects(data: st.DataObject) -> None:
    facts, schedule = FACTS
    text = facts.clock.iso
    minutes = sorted(placed.start for placed in schedule.values())
    select = {
        key: data.draw(values)
        for key, values in {
            "room": st.sampled_from(ROOMS),
            "track": st.sampled_from(TRACKS),
            "from": st.sampled_from(minutes).map(text),
            "to": st.sampled_from(minutes).map(text),
            "pinned": st.booleans(),
            "sessions": st.lists(st.sampled_from([one.id for one in facts.sessions if one.id in schedule]), min_size=1),
        }.items()
        if data.draw(st.booleans())
    }
    assume(select)
    meant = []
    for session in facts.sessions:
        placed = schedule.get(session.id)
        if placed is None:
            continue
        holds = {
            "room": lambda room, placed=placed: placed.room == room,
            "track": lambda track, session=session: session.track == track,
            "from": lambda first, placed=placed: text(placed.start) >= first,
            "to": lambda last, placed=placed: text(placed.start) < last,
            "pinned": lambda pinned, session=session: session.pinned == pinned,
            "sessions": lambda ids, session=session: session.id in ids,
        }
        if all(holds[key](value) for key, value in select.items()):
            meant.append({"op": "move", "session": session.id, "start": text(placed.start + 25)})
    edit = {"op": "shift", "select": select, "minutes": 25}
    if not meant:
        with pytest.raises(DocumentError, match="selects no session"):
            expand_edits([edit], facts, schedule, "body")
    else:
        assert expand_edits([edit], facts, schedule, "body") == meant
        assert len(read_edits(meant, facts, "body")) == len(meant)


# --- over HTTP and on the command line -------------------------------------------------------------------------------

LATE = {"op": "shift", "select": {"room": "attic"}, "minutes": 150}


def test_it_is_previewed_by_checks_and_repairs_and_saved(editor: Caller) -> None:
    checked = editor.post("/checks", {"edits": [LATE]}).get_json()
    assert [one["rule"] for one in checked["violations"]] == ["room_closed"]
    assert [one["session"] for one in checked["edits"]] == ["knots", "looms"]
    refused = editor.save(LATE)
    assert (refused.status_code, editor.version()) == (409, 1)
    narrower = {**LATE, "select": {"room": "attic", "to": DAY + "12:00"}}
    repaired = editor.post("/repairs", {"expectedVersion": 1, "edits": [narrower]}).get_json()
    assert (repaired["status"], repaired["edits"]) == ("proved_minimal", checked["edits"][:1])
    assert editor.save(*repaired["repairs"][0]["changes"]).status_code == 200
    assert editor.sessions()["knots"]["startTime"][11:16] == "13:30"


def test_a_save_takes_it_as_it_is_all_or_nothing(editor: Caller) -> None:
    saved = editor.save({"op": "shift", "select": {"room": "attic"}, "minutes": 15})
    assert (saved.status_code, saved.get_json()["version"]) == (200, 2)
    [entry] = [one for one in editor.items("/audit") if one["version"] == 2]
    assert [one["resourceId"] for one in entry["changes"]] == ["knots", "looms"]
    assert (
        editor.save({"op": "shift", "select": {"room": "attic"}, "minutes": 15}, move("knots", "12:00")).status_code
        == 422
    )
    gone = editor.save({"op": "pin", "select": {"sessions": ["knots", "gone"]}})
    assert (gone.status_code, gone.get_json()["result"]) == (412, "stale_blocked")
    assert editor.version() == 2


def test_a_repair_of_a_bulk_edit_is_reviewed(editor: Caller) -> None:
    edits = [{"op": "shift", "select": {"room": "hall", "from": DAY + "10:30"}, "minutes": 180}]
    answer = editor.post("/repairs", {"expectedVersion": 1, "edits": edits}).get_json()
    moves = answer["repairs"][0]["moves"]
    editor.save(move("spare", "15:30", "attic"))
    for asked in (edits, answer["edits"]):
        reviewed = editor.post("/repairs/validate", {"baseVersion": 1, "edits": asked, "moves": moves}).get_json()
        assert reviewed["verdict"] in ("still_valid", "rebased", "no_longer_valid")
    assert reviewed["version"] == 2


def test_the_commands_take_it(tmp_path: Path) -> None:
    file, edits = tmp_path / "small.json", tmp_path / "late.json"
    file.write_text(json.dumps(SMALL))
    edits.write_text(json.dumps({"edits": [LATE]}))
    told = callboard("check", file, "--edits", edits, "--json")
    assert (told.status, [one["rule"] for one in told.json["violations"]]) == (1, ["room_closed"])
    edits.write_text(json.dumps({"edits": [{"op": "shift", "minutes": 5}]}))
    told = callboard("repair", file, "--edits", edits)
    assert told.status == 2
    assert "edits[0].select: it is missing" in told.err
