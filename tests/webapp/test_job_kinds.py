"""What each kind of job changes: by the plain checker, and on the day nothing that has begun."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fixtures.generate import conference as generated
from solver import check
from solver.conference import Conference, Schedule
from solver.countdown import countdown
from solver.edits import Edited
from tests.webapp.command import callboard
from webapp.interop.document import DocumentError
from webapp.jobs.solving import Solving
from webapp.jobs.tasks import later_starts, task
from webapp.schemas import apply_edits, callboard_json, parse_json, read_document, read_edits
from webapp.schemas.jobs import KINDS, read_parameters
from webapp.services.folding import repeated

NOW = 0


def solved(kind: str, told: Any, conference: Conference, schedule: Schedule, seconds: float = 10) -> dict[str, Any]:
    parameters = read_parameters(kind, told, conference, schedule, NOW)
    question = task(kind, parameters, conference, schedule)
    return Solving(question, countdown(seconds), lambda progress, best: None).answer()


def saved(answer: dict[str, Any], conference: Conference, schedule: Schedule) -> Edited:
    """The schedule once the changes are saved; they are such as a save takes."""
    edits = read_edits(answer["changes"], conference, "", bare=True)
    assert repeated(edits) is None
    return apply_edits(conference, schedule, edits, name="")


def moment(conference: Conference, minute: int) -> str:
    return conference.clock.iso(minute)


def test_on_the_day_nothing_that_began_moves_and_nothing_moves_into_the_past() -> None:
    solved_ones = 0
    for seed in range(8):
        conference, schedule = generated(seed=seed, sessions=60, fullness=0.8)
        random = Random(seed)
        day = random.choice(conference.days)
        at = random.randrange(day.hours.start, day.hours.end, 7)
        room = random.choice(conference.rooms)
        told = {"room": room.id, "minutes": 15, "at": moment(conference, at)}
        answer = solved("delay", told, conference, schedule)
        after = saved(answer, conference, schedule)
        if answer["status"] == "infeasible":
            assert answer["reasons"]
            assert answer["changes"] == []
            continue
        solved_ones += bool(answer["changes"])
        assert check.violations(after.conference, after.schedule) == []
        for session, place in schedule.items():
            if place.start <= at:
                assert after.schedule[session] == place
            elif session in after.schedule and after.schedule[session] != place:
                assert after.schedule[session].start > at
        pinned = [place.start for one, place in schedule.items() if conference.session[one].pinned]
        for one, place in schedule.items():
            if place.room == room.id and place.start <= at < conference.end(one, place):
                free = conference.end(one, place) + 15 + room.turnover
                then = [place.start for place in after.schedule.values() if place.room == room.id and place.start > at]
                assert all(start >= free or start in pinned for start in then)
    assert solved_ones >= 3


def test_a_delay_is_taken_up_by_pauses_earliest_first() -> None:
    conference, schedule = generated(seed=1, sessions=30, rooms=3, fullness=0.5)
    room = conference.rooms[0]
    day = conference.days[0]
    row = sorted(
        (place.start, one) for one, place in schedule.items() if place.room == room.id and day.hours.end > place.start
    )
    starts = later_starts(conference, schedule, room.id, day.hours.start - 1, 20)
    free = None
    for start, session in row:
        if conference.session[session].pinned:
            free = start + conference.session[session].minutes + room.turnover
            continue
        least = start + 20 if free is None else max(start, free)
        expected = next(m for m in range(least, least + 1440) if m == start or conference.clock.on_grid(m))
        assert starts[session] == expected
        free = expected + conference.session[session].minutes + room.turnover


def test_a_person_who_is_late_is_waited_for() -> None:
    conference, schedule = generated(seed=2, sessions=60)
    speaker, session = next((one.speakers[0], one.id) for one in conference.sessions if one.speakers and not one.pinned)
    at = schedule[session].start - 5
    answer = solved("delay", {"person": speaker, "minutes": 20, "at": moment(conference, at)}, conference, schedule)
    after = saved(answer, conference, schedule)
    assert after.schedule[session].start >= at + 20
    assert check.violations(after.conference, after.schedule) == []
    assert answer["changes"][0]["op"] == "person_unavailable"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("shift", {"select": {"room": "ROOM", "from": "MORNING"}, "minutes": 10}),
        ("close", {"room": "ROOM", "from": "MORNING", "to": "NOON"}),
        ("rehours", {"hours": "LATER"}),
        ("place", {}),
        ("rebuild", {}),
        ("improve", {"budget": 2}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_ends_in_changes_that_keep_the_rules(kind: str, told: dict[str, Any]) -> None:
    conference, schedule = generated(seed=8, sessions=50, rooms=6, fullness=0.5)
    day = conference.days[0]
    for session in sorted(schedule)[:2] if kind == "place" else ():
        del schedule[session]
    names = {"MORNING": moment(conference, day.hours.start), "NOON": moment(conference, day.hours.start + 120)}
    names["ROOM"] = conference.rooms[1].id
    given = parse_json(_with(told, names), "")
    if kind == "rehours":
        days = callboard_json(conference, schedule)["conference"]["days"]
        given = {"hours": [{**days[0], "start": moment(conference, day.hours.start + 30)[:16]}, *days[1:]]}
    answer = solved(kind, given, conference, schedule, 3 if kind in ("rebuild", "improve") else 10)
    after = saved(answer, conference, schedule)
    assert check.violations(after.conference, after.schedule) == []
    assert answer["unplaced"] == []
    moved = {one for one, place in after.schedule.items() if schedule.get(one) != place}
    match kind:
        case "close":
            assert answer["status"] == "proved_minimal"
            assert answer["moved"] == answer["movedLowerBound"] == len(moved) > 0
        case "rehours":
            assert all(place.start >= day.hours.start + 30 for place in after.schedule.values())
        case "place":
            assert len(after.schedule) == 50
        case "improve":
            assert len(moved) <= 2
        case "rebuild":
            assert answer["status"] == "complete"
            assert answer["objective"] >= answer["bound"]


def _with(told: dict[str, Any], names: dict[str, str]) -> bytes:
    text = json.dumps(told)
    for name, value in names.items():
        text = text.replace(f'"{name}"', json.dumps(value))
    return text.encode()


def test_a_lost_day_leaves_as_few_as_can_be_without_a_place() -> None:
    conference, schedule = generated(seed=5, sessions=40)
    answer = solved("close", {"day": conference.days[1].date.isoformat()}, conference, schedule, 4)
    after = saved(answer, conference, schedule)
    assert answer["status"] in ("partial", "infeasible")
    assert answer["reasons"]
    if answer["status"] == "partial":
        assert set(answer["unplaced"]) == conference.session.keys() - after.schedule.keys()


def test_without_repair_a_shift_is_just_that() -> None:
    conference, schedule = generated(seed=5, sessions=40)
    select = {"room": conference.rooms[0].id}
    answer = solved("shift", {"select": select, "minutes": 5, "repair": False}, conference, schedule)
    after = saved(answer, conference, schedule)
    for session, place in schedule.items():
        assert after.schedule[session].start - place.start == (5 if place.room == conference.rooms[0].id else 0)
    assert answer["violations"] == len(check.violations(after.conference, after.schedule))


@pytest.mark.parametrize(
    ("kind", "told", "place"),
    [
        ("shift", {"minutes": 5}, "parameters.select"),
        ("shift", {"select": {"room": "nowhere"}, "minutes": 5}, "parameters"),
        ("close", {}, "parameters"),
        ("close", {"day": "1999-01-01"}, "parameters.day"),
        ("close", {"from": "2027-02-06T12:00", "to": "2027-02-06T11:00"}, "parameters"),
        ("delay", {"minutes": 5, "person": "nobody"}, "parameters.person"),
        ("rehours", {"hours": [{"date": "soon", "start": "09:00", "end": "10:00"}]}, "parameters.hours[0].date"),
        ("improve", {"budget": "two"}, "parameters.budget"),
        ("place", {"where": 1}, "parameters.where"),
        ("import", {"feed": "not a feed"}, ""),
        ("dance", {}, "kind"),
    ],
)
def test_parameters_that_make_no_sense_are_named(kind: str, told: Any, place: str) -> None:
    conference, schedule = generated(seed=5, sessions=20)
    with pytest.raises(DocumentError) as refused:
        read_parameters(kind, told, conference, schedule, NOW)
    assert refused.value.place.startswith(place)


def feed(conference: Conference, schedule: Schedule, *, without: set[str] | None = None) -> dict[str, Any]:
    """The parameters of an import: the schedule as a file that lacks some sessions."""
    document = callboard_json(conference, schedule)
    document["sessions"] = [one for one in document["sessions"] if one["id"] not in (without or set())]
    for key in ("apart", "order"):
        document.pop(key, None)
    return {"feed": json.dumps(document)}


def test_a_feed_that_is_no_other_changes_nothing_and_one_that_moves_sessions_is_repaired() -> None:
    conference, schedule = generated(seed=9, sessions=80, fullness=0.7)
    same = solved("import", feed(conference, schedule), conference, schedule)
    assert (same["status"], same["changes"], same["reasons"]) == ("nothing_to_repair", [], [])
    moved, other = [one.id for one in conference.sessions if not one.pinned][:2]
    elsewhere = {**schedule, moved: schedule[other]}
    assert check.violations(conference, elsewhere)
    answer = solved("import", feed(conference, elsewhere), conference, schedule)
    after = saved(answer, conference, schedule)
    told = answer["feed"]
    assert (told["moved"], told["missing"], told["new"]) == ([moved], [], [])
    assert {moved, other} in [set(one["sessions"]) for one in told["conflicts"]]
    if answer["engine"] == "repair":
        assert after.schedule[moved] == schedule[other] != after.schedule.get(other)
        assert check.violations(after.conference, after.schedule) == []
    else:
        assert (answer["status"], after.schedule) == ("as_asked", elsewhere)
        assert answer["reasons"]


def test_a_feed_that_lacks_many_sessions_is_questioned_and_one_that_lacks_a_few_is_not() -> None:
    conference, schedule = generated(seed=9, sessions=80)
    several = set(sorted(schedule)[:11])
    asked = solved("import", feed(conference, schedule, without=several), conference, schedule)
    assert (asked["status"], asked["changes"]) == ("question", [])
    assert "11 of 80" in asked["reasons"][0]
    confirmed = {**feed(conference, schedule, without=several), "confirm": True}
    after = saved(solved("import", confirmed, conference, schedule), conference, schedule)
    assert after.schedule.keys() == schedule.keys() - several
    few = set(sorted(schedule)[:10])
    after = saved(solved("import", feed(conference, schedule, without=few), conference, schedule), conference, schedule)
    assert after.schedule.keys() == schedule.keys() - few


def test_a_real_feed_that_loses_sixty_events_is_questioned_and_is_no_change_once_it_has_them_again(
    shared_data: Path,
) -> None:
    feed = (shared_data / "fosdem" / "fosdem-2025-20250202.xml").read_text()
    there = read_document(feed.encode(), "fosdem")
    events = iter(range(10**6))
    thinned = re.sub(r"<event .*?</event>", lambda found: "" if next(events) % 18 == 7 else found[0], feed, flags=re.S)
    missing = len(there.schedule) - len(read_document(thinned.encode(), "fosdem").schedule)
    assert missing >= 60
    asked = solved("import", {"feed": thinned}, there.conference, there.schedule)
    assert (asked["status"], asked["changes"], len(asked["feed"]["missing"])) == ("question", [], missing)
    assert f"{missing} of {len(there.schedule)} sessions are missing" in asked["reasons"][0]
    later = solved("import", {"feed": feed}, there.conference, there.schedule)
    assert (later["status"], later["changes"], later["reasons"]) == ("nothing_to_repair", [], [])
    assert later["feed"]["conflicts"] == []


def test_a_published_feed_of_another_day_is_told_move_by_move(shared_data: Path) -> None:
    before, after = (
        read_document((shared_data / "fosdem" / f"fosdem-2025-{day}.xml").read_bytes(), day)
        for day in ("20250126", "20250202")
    )
    feed = (shared_data / "fosdem" / "fosdem-2025-20250202.xml").read_text()
    answer = solved("import", {"feed": feed}, before.conference, before.schedule)
    both = before.schedule.keys() & after.schedule.keys()
    elsewhere = {one for one in both if before.schedule[one] != after.schedule[one]}
    assert {*answer["feed"]["moved"]} == {
        one for one in elsewhere if after.schedule[one].room in before.conference.room
    }
    assert {*answer["feed"]["missing"]} == before.schedule.keys() - after.conference.session.keys()
    assert {*answer["feed"]["new"]} == after.conference.session.keys() - before.conference.session.keys()


def test_what_a_save_cannot_add_is_named() -> None:
    conference, schedule = generated(seed=9, sessions=20)
    document = json.loads(feed(conference, schedule)["feed"])
    document["rooms"].append({"id": "tent"})
    document["sessions"].append({"id": "new", "title": "A surprise", "minutes": 20})
    document["sessions"][0].update(room="tent")
    answer = solved("import", {"feed": json.dumps(document)}, conference, schedule)
    assert answer["changes"] == []
    assert any("tent" in reason for reason in answer["reasons"])
    assert any("A surprise" in reason for reason in answer["reasons"])


def test_every_kind_has_a_task() -> None:
    from webapp.jobs import tasks

    assert tasks._TASKS.keys() == KINDS.keys()


def test_a_delay_is_one_command(tmp_path: Any) -> None:
    data = ("--data", str(tmp_path / "data"))
    file = tmp_path / "harbour.json"
    conference, schedule = generated(seed=7, sessions=40)
    file.write_text(json.dumps(callboard_json(conference, schedule)))
    assert callboard("import", file, "--slug", "harbour", *data).status == 0
    first = min(place.start for place in schedule.values())
    room = next(
        conference.room[p.room] for o, p in schedule.items() if p.start == first and not conference.session[o].pinned
    )
    at = moment(conference, first + 1)
    told = ("delay", "harbour", "--room", room.label, "--minutes", "10", "--at", at, *data)
    looked = callboard(*told, "--dry-run", "--json")
    assert (looked.status, looked.json["save"]) == (0, None)
    assert looked.json["status"] in ("proved_minimal", "nothing_to_repair")
    ran = callboard(*told, "--publish", "--json")
    assert (ran.status, ran.json["save"]["result"], ran.json["save"]["publishedVersion"]) == (0, "saved", 2)
    assert ran.json["changes"] == looked.json["changes"]
    assert "nothing here" in callboard("delay", "harbour", "--room", "Moon", "--minutes", "5", *data).err
