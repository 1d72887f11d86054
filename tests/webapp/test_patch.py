"""Repairs that are taken in part, and repairs that another editor has overtaken: told, and saved as they are told."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.webapp.small import Caller, move
from webapp.services.history import changed_since, earlier
from webapp.services.reading import draft_facts
from webapp.store import Store

ONTO = move("knots", "11:30", "hall")
ASIDE = {"session": "knots", "from": None, "to": {"room": "hall", "start": "2027-02-06T12:00"}}


@pytest.fixture
def other(caller: Callable[[str], Caller]) -> Caller:
    """A second editor, somebody else."""
    return caller("editor")


def computed(who: Caller, *edits: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a review of the first repair of these edits, as of now; `changes` beside it."""
    version = who.version()
    told = who.post("/repairs", {"expectedVersion": version, "edits": list(edits), **more}).get_json()
    first = told["repairs"][0]
    return {
        "body": {"baseVersion": version, "edits": list(edits), "moves": first["moves"]},
        "changes": first["changes"],
        "moves": first["moves"],
    }


def reviewed(who: Caller, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = who.post("/repairs/validate", {**body, **more})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.get_json()
    return told


def saves(who: Caller, told: dict[str, Any]) -> str:
    return str(who.save(*told["changes"], version=told["version"]).get_json()["result"])


def test_a_repair_that_nothing_has_overtaken_is_valid_and_unaltered(editor: Caller) -> None:
    repair = computed(editor, ONTO)
    before = editor.draft()
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["version"], told["baseVersion"]) == ("still_valid", 1, 1)
    assert (told["changes"], told["moves"]) == (repair["changes"], repair["moves"])
    assert (told["violations"], told["reasons"], told["changedSince"]) == ([], [], [])
    assert editor.draft() == before
    assert saves(editor, told) == "saved"


def test_something_harmless_leaves_it_valid_at_the_later_version(editor: Caller, other: Caller) -> None:
    repair = computed(editor, ONTO)
    other.save(move("looms", "15:00"))
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["version"], told["baseVersion"]) == ("still_valid", 2, 1)
    assert (told["changes"], told["changedSince"]) == (repair["changes"], [])
    assert saves(editor, told) == "saved"
    assert editor.draft()["status"] == "ready_to_publish"


def test_a_place_that_another_editor_took_ends_it_and_names_who(editor: Caller, other: Caller) -> None:
    repair = computed(editor, ONTO)
    target = repair["moves"][0]["to"]
    saved = other.save({"op": "move", "session": "spare", **target}).get_json()
    assert saved["result"] == "saved"
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["changes"], told["completedBy"]) == ("no_longer_valid", [], None)
    [violation] = told["violations"]
    assert (violation["rule"], set(violation["sessions"])) == ("room_overlap", {"engines", "spare"})
    assert told["reasons"] == [f"{violation['message']}."]
    [since] = told["changedSince"]
    assert (since["sessionId"], since["editorId"], since["version"]) == ("spare", saved["editorId"], 2)


def test_a_session_that_another_editor_moved_goes_on_from_there(editor: Caller, other: Caller) -> None:
    repair = computed(editor, ONTO)
    saved = other.save(move("engines", "15:00")).get_json()
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["needless"]) == ("rebased", ["engines"])
    assert told["moves"][0]["from"] == {"room": "hall", "start": "2027-02-06T15:00:00+01:00"}
    assert told["reasons"] == [
        "“Engines” (engines) was in Great Hall at Sat 11:00 and is in Great Hall at Sat 15:00 now.",
        "“Engines” (engines) need not move any more.",
    ]
    assert [(one["sessionId"], one["editorId"]) for one in told["changedSince"]] == [("engines", saved["editorId"])]
    without = reviewed(editor, repair["body"], chosen=[])
    assert (without["verdict"], without["moves"], without["changes"]) == ("still_valid", [], [ONTO])
    assert saves(editor, without) == "saved"
    assert editor.sessions()["engines"]["startTime"] == "2027-02-06T15:00:00+01:00"


def test_a_move_that_another_editor_made_is_dropped(editor: Caller, other: Caller) -> None:
    repair = computed(editor, ONTO)
    other.save({"op": "move", "session": "engines", **repair["moves"][0]["to"]})
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["moves"], told["done"], told["changes"]) == ("rebased", [], ["engines"], [ONTO])
    assert saves(editor, told) == "saved"


def test_a_session_that_another_editor_pinned_is_not_moved(editor: Caller, other: Caller) -> None:
    repair = computed(editor, ONTO)
    other.save({"op": "pin", "session": "engines"})
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["changes"]) == ("no_longer_valid", [])
    assert told["reasons"][0] == "“Engines” (engines) is pinned now, and the repair would move it."
    assert told["changedSince"][0]["updatedFields"] == ["pinned"]


def test_what_the_edits_move_is_compared_with_what_it_was(editor: Caller, other: Caller) -> None:
    repair = computed(editor, ONTO)
    other.save(move("knots", "13:00"), {"op": "resize", "session": "looms", "minutes": 30})
    told = reviewed(editor, repair["body"])
    assert (told["verdict"], told["changes"]) == ("rebased", repair["changes"])
    assert told["reasons"] == ["“Knots” (knots) was in Attic at Sat 11:00 and is in Attic at Sat 13:00 now."]
    assert saves(editor, told) == "saved"


def test_a_swap_that_another_editor_made_impossible(editor: Caller, other: Caller) -> None:
    edits = [{"op": "swap", "sessions": ["knots", "looms"]}, move("engines", "15:30")]
    body = {"baseVersion": 1, "edits": edits, "moves": []}
    assert reviewed(editor, body)["verdict"] == "still_valid"
    other.save({"op": "unplace", "session": "looms"})
    told = reviewed(editor, body)
    assert (told["verdict"], told["changes"]) == ("no_longer_valid", [])
    assert told["reasons"] == ["Session 'looms' is unplaced and cannot be swapped."]
    assert [one["sessionId"] for one in told["changedSince"]] == ["looms"]


def test_a_session_that_is_not_there_ends_it(editor: Caller) -> None:
    told = reviewed(editor, {"baseVersion": 1, "edits": [move("gone", "12:00")], "moves": []})
    assert (told["verdict"], told["reasons"]) == ("no_longer_valid", ["There is no session 'gone' any more."])
    gone = {"session": "gone", "from": None, "to": {"room": "hall", "start": "2027-02-06T12:30"}}
    told = reviewed(editor, {"baseVersion": 1, "edits": [], "moves": [gone]})
    assert (told["verdict"], told["reasons"]) == ("no_longer_valid", ["There is no session 'gone' any more."])


def test_a_part_says_what_it_breaks_and_what_would_mend_it(editor: Caller) -> None:
    closed = {"op": "close_room", "room": "hall", "from": "2027-02-06T11:00", "to": "2027-02-06T12:00"}
    away = {"op": "person_unavailable", "person": "ben", "from": "2027-02-06T10:30", "to": "2027-02-06T12:00"}
    repair = computed(editor, closed, away)
    assert {one["session"] for one in repair["moves"]} == {"engines", "knots"}
    told = reviewed(editor, repair["body"], chosen=["engines"])
    assert (told["verdict"], told["completedBy"]) == ("incomplete", ["knots"])
    [violation] = told["violations"]
    assert (violation["rule"], violation["mendedBy"], violation["tolerated"]) == (
        "speaker_unavailable",
        ["knots"],
        False,
    )
    assert [change.get("session") for change in told["changes"]] == [None, None, "engines"]
    assert saves(editor, told) == "warning_required"
    whole = reviewed(editor, repair["body"], chosen=["engines", *told["completedBy"]])
    assert (whole["verdict"], whole["changes"]) == ("still_valid", repair["changes"])
    assert saves(editor, whole) == "saved"


def test_with_scope_edit_what_was_broken_before_is_tolerated(editor: Caller) -> None:
    editor.save(move("looms", "11:00"), override={"reason": "on its way"})
    body = {"baseVersion": 2, "edits": [move("spare", "13:00", "hall")], "moves": []}
    strict, lenient = reviewed(editor, body), reviewed(editor, body, scope="edit")
    assert (strict["verdict"], lenient["verdict"]) == ("no_longer_valid", "still_valid")
    assert {one["tolerated"] for one in strict["violations"]} == {False}
    assert {one["tolerated"] for one in lenient["violations"]} == {True}


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"baseVersion": 2}, "baseVersion"),
        ({"baseVersion": 0}, "baseVersion"),
        ({"edits": [{"op": "mov"}]}, "edits[0].op"),
        ({"edits": {"edits": []}}, "edits"),
        ({"edits": [{"op": "swap", "sessions": ["spare", "looms"]}]}, "edits[0]"),
        ({"moves": {}}, "moves"),
        ({"moves": [3]}, "moves[0]"),
        ({"moves": [{"session": "knots", "from": None}]}, "moves[0].to"),
        ({"moves": [{"session": "knots", "from": None, "to": {"room": "hall", "start": "noon"}}]}, "moves[0].to.start"),
        ({"moves": 2 * [ASIDE]}, "moves"),
        ({"moves": [{}] * 501}, "moves"),
        ({"chosen": ["knots"]}, "moves"),
        ({"chosen": "knots"}, "chosen"),
        ({"scope": "some"}, "scope"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_its_place(editor: Caller, wrong: dict[str, Any], place: str) -> None:
    response = editor.post("/repairs/validate", {"baseVersion": 1, "edits": [], "moves": [], **wrong})
    told = response.get_json()
    assert response.status_code == 422, response.text
    assert place in (told.get("place"), told["detail"].partition(":")[0]), response.text


def test_it_is_for_editors(attendee: Caller, caller: Callable[[str], Caller]) -> None:
    assert attendee.post("/repairs/validate", {"baseVersion": 1, "moves": []}).status_code == 401
    assert caller("viewer").post("/repairs/validate", {"baseVersion": 1, "moves": []}).status_code == 403


def test_every_earlier_version_can_be_told_from_the_audit(editor: Caller, store: Store) -> None:
    """Random saves, and from the last of them back to each version that there was."""
    random = Random(7)
    seen = [store.read(lambda session: draft_facts(store, session, editor.schedule_id))[1]]
    sessions = ("engines", "knots", "looms", "spare", "opening")
    while len(seen) < 25:
        session = random.choice(sessions)
        start, room = f"{random.randint(9, 17):02}:{random.choice(('00', '30'))}", random.choice(("hall", "attic"))
        change = random.choice(
            (
                move(session, start, room),
                {"op": "unplace", "session": session},
                {"op": "resize", "session": session, "minutes": random.choice((15, 30, 60))},
                {"op": random.choice(("pin", "unpin")), "session": session},
                {"op": "set_audience", "session": session, "audience": random.choice((None, 10, 90))},
                {"op": "close_room", "room": room, "from": f"2027-02-06T{start}", "to": "2027-02-06T18:00"},
                {"op": "person_unavailable", "person": "ada", "from": f"2027-02-06T{start}", "to": "2027-02-06T18:00"},
            )
        )
        if editor.save(change, override={"reason": "at random"}).get_json()["result"] == "saved":
            seen.append(store.read(lambda session: draft_facts(store, session, editor.schedule_id))[1])
    row, last = store.read(lambda session: draft_facts(store, session, editor.schedule_id))
    for then in seen:
        since = store.read(lambda session, then=then: changed_since(session, row, then.version))  # type: ignore[misc]
        assert earlier(last.conference, last.schedule, since) == (then.conference, then.schedule)
