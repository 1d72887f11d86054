"""Publishing, and what attendees see: the published schedule, whole, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.webapp.small import Caller, move
from webapp.store import Store
from webapp.store.recent import Recent

COLLISION = move("knots", "11:30", "hall")
PUBLIC_ROUTES = ("", "/published", "/now", "/events", "/export.ics", "/export.xml", "/export.json", "/export.csv")


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


def test_an_import_is_ready_to_publish_when_it_is_clean(editor: Caller) -> None:
    assert (editor.draft()["status"], editor.draft()["publishedVersion"]) == ("ready_to_publish", None)


def test_publishing_keeps_the_version(editor: Caller, attendee: Caller) -> None:
    response = editor.publish()
    told = response.get_json()
    assert (response.status_code, told["status"], told["version"], told["publishedVersion"]) == (200, "published", 1, 1)
    seen = attendee.get("/published").get_json()
    assert (seen["version"], seen["status"], seen["publishedVersion"]) == (1, "published", 1)


def test_the_status_follows_the_draft(editor: Caller) -> None:
    def status() -> str:
        return str(editor.draft()["status"])

    editor.publish()
    editor.save(move("knots", "12:00"))
    assert status() == "ready_to_publish"
    editor.save(COLLISION, override={"reason": "try"})
    assert status() == "conflicted"
    editor.save(move("looms", "15:00"), override={"reason": "still"})
    assert status() == "conflicted"
    editor.save(move("knots", "12:30"))
    assert status() == "ready_to_publish"
    editor.publish()
    assert status() == "published"


def test_publishing_is_blocked_while_a_conflict_is_unresolved(editor: Caller, attendee: Caller) -> None:
    editor.publish()
    saved = editor.save(COLLISION, override={"reason": "try"}).get_json()
    response = editor.publish()
    told = response.get_json()
    assert (response.status_code, told["type"]) == (409, "urn:callboard:problem:conflicts-block-publishing")
    assert [one["conflictId"] for one in told["conflicts"]] == [one["conflictId"] for one in saved["conflicts"]]
    assert attendee.get("/published").headers["ETag"] == '"p1"'


def test_publishing_another_version_than_expected_is_stale(editor: Caller, attendee: Caller) -> None:
    editor.save(move("knots", "12:00"))
    response = editor.publish(version=1)
    assert (response.status_code, response.get_json()["version"]) == (412, 2)
    assert [one["sessionId"] for one in response.get_json()["changedSince"]] == ["knots"]
    assert attendee.get("/published").status_code == 404


def test_publishing_twice_tells_nobody_twice(editor: Caller) -> None:
    editor.publish()
    before = editor.events()
    assert editor.publish().status_code == 200
    assert editor.events() == before


def test_a_published_event_tells_the_changes_against_what_was_published(editor: Caller, attendee: Caller) -> None:
    editor.publish()
    editor.save(move("knots", "12:00"))
    editor.save(move("knots", "12:30"), {"op": "resize", "session": "looms", "minutes": 50})
    editor.save(move("spare", "17:00", "hall"))
    editor.publish()
    first, second = attendee.events()
    assert {change["sessionId"] for change in first["changes"]} == {"opening", "engines", "knots", "looms"}
    assert second["previousSeq"] == first["seq"]
    by_session = {change.pop("sessionId"): change for change in second["changes"]}
    assert by_session.keys() == {"knots", "looms", "spare"}
    assert by_session["knots"] == {
        "roomId": "attic",
        "startTime": "2027-02-06T12:30:00+01:00",
        "endTime": "2027-02-06T13:15:00+01:00",
        "previous": {
            "roomId": "attic",
            "startTime": "2027-02-06T11:00:00+01:00",
            "endTime": "2027-02-06T11:45:00+01:00",
        },
    }
    assert by_session["looms"]["endTime"] == "2027-02-06T14:50:00+01:00"
    assert by_session["spare"]["previous"] == {"roomId": None, "startTime": None, "endTime": None}


def test_a_late_joiner_and_one_who_followed_see_the_same(editor: Caller, attendee: Caller) -> None:
    def shown(schedule: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
        keys = ("roomId", "startTime", "endTime")
        return {one["sessionId"]: tuple(one[key] for key in keys) for one in schedule["sessions"]}

    editor.publish()
    joined = attendee.get("/published").get_json()
    editor.save(move("knots", "12:00"), publish=True)
    editor.save({"op": "unplace", "session": "looms"})
    editor.save(move("spare", "15:00", "hall"), publish=True)
    followed = shown(joined)
    for event in attendee.events(after=joined["lastSeq"]):
        for change in event["changes"]:
            followed[change["sessionId"]] = (change["roomId"], change["startTime"], change["endTime"])
    fresh = attendee.get("/published").get_json()
    assert followed == shown(fresh)
    assert attendee.events(after=fresh["lastSeq"]) == []


# --- what must not get out --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLIC_ROUTES)
def test_an_unpublished_schedule_does_not_exist_for_attendees(attendee: Caller, path: str) -> None:
    assert attendee.get(path).status_code == 404


def test_attendees_list_published_schedules_only(editor: Caller, attendee: Caller) -> None:
    def listed(who: Caller) -> list[str]:
        return [one["slug"] for one in who.client.get("/api/v1/schedules", headers=who.headers).get_json()["items"]]

    assert (listed(editor), listed(attendee)) == (["mill"], [])
    editor.publish()
    assert listed(attendee) == ["mill"]


def test_nothing_of_a_draft_reaches_attendees(editor: Caller, attendee: Caller) -> None:
    """Every value that could leak is set in the draft to something that is found nowhere else."""
    editor.publish()
    saved = editor.save(
        move("knots", "12:55"),
        move("spare", "09:05", "attic"),
        {"op": "set_audience", "session": "engines", "audience": 4711},
        {"op": "close_room", "room": "hall", "from": "2027-02-06T17:35", "to": "2027-02-06T17:40"},
        {"op": "person_unavailable", "person": "ben", "from": "2027-02-06T10:35", "to": "2027-02-06T10:40"},
        override={"reason": "secret reason"},
    ).get_json()
    assert saved["result"] == "saved"
    secrets = ("12:55", "09:05", "4711", "17:35", "17:40", "10:35", "10:40", "secret reason", saved["editorId"])
    for path in PUBLIC_ROUTES:
        response = attendee.get(path)
        assert response.status_code == 200, path
        assert not [secret for secret in secrets if secret in response.text], path


def test_what_is_published_keeps_the_organisers_facts_to_themselves(editor: Caller, attendee: Caller) -> None:
    editor.save({"op": "set_audience", "session": "engines", "audience": 99}, publish=True)
    for path in PUBLIC_ROUTES:
        text = attendee.get(path).text
        for secret in ("unavailable", "turnover", "closed", "saveAttemptId", "auditEntryId", "editorId"):
            assert secret not in text, (path, secret)
    seen = attendee.get("/published").get_json()
    assert "needs" not in seen["sessions"][0]
    assert seen["updatedBy"] is None


# --- caching ----------------------------------------------------------------------------------------------------------


def test_the_draft_is_never_stored_by_caches(editor: Caller) -> None:
    response = editor.get()
    assert response.headers["ETag"] == '"v1"'
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Vary"] == "Authorization, Cookie"


@pytest.mark.parametrize("path", ["", "/published"])
def test_what_is_published_is_cacheable_and_asked_for_by_its_tag(editor: Caller, attendee: Caller, path: str) -> None:
    editor.publish()
    response = attendee.get(path)
    assert response.headers["ETag"] == '"p1"'
    assert "public" in response.headers["Cache-Control"]
    assert attendee.get(path, headers={"If-None-Match": '"p1"'}).status_code == 304
    editor.save(move("knots", "12:00"))
    assert attendee.get(path, headers={"If-None-Match": '"p1"'}).status_code == 304
    editor.publish()
    assert attendee.get(path, headers={"If-None-Match": '"p1"'}).headers["ETag"] == '"p2"'


def test_a_published_schedule_is_the_same_after_a_restart(editor: Caller, attendee: Caller, store: Store) -> None:
    editor.save(move("knots", "12:00"), publish=True)
    warm = attendee.get("/published").text
    store.published, store.rendered = Recent(1), Recent(1)
    assert attendee.get("/published").text == warm


# --- now and next -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "hall", "attic"),
    [
        ("2027-02-06T10:59", (None, "engines"), (None, "knots")),
        ("2027-02-06T11:00", ("engines", None), ("knots", "looms")),
        ("2027-02-06T11:00:00+01:00", ("engines", None), ("knots", "looms")),
        ("2027-02-06T10:44:59Z", ("engines", None), ("knots", "looms")),
        ("2027-02-06T10:45Z", ("engines", None), (None, "looms")),
        ("2027-02-06T12:00", (None, None), (None, "looms")),
        ("2027-02-07T12:00", (None, None), (None, None)),
    ],
)
def test_now_and_next(editor: Caller, attendee: Caller, at: str, hall: tuple[Any, Any], attic: tuple[Any, Any]) -> None:
    editor.publish()
    editor.save(move("knots", "17:00"))
    for query in ({"at": at}, f"at={at}"):
        told = attendee.get("/now", query_string=query).get_json()
        rooms = {
            room["roomId"]: tuple(one and one["sessionId"] for one in (room["now"], room["next"]))
            for room in told["rooms"]
        }
        assert rooms == {"hall": hall, "attic": attic}


def test_now_without_a_time_is_now(editor: Caller, attendee: Caller) -> None:
    editor.publish()
    told = attendee.get("/now").get_json()
    assert [room["roomId"] for room in told["rooms"]] == ["hall", "attic"]
    assert told["at"].endswith(("+01:00", "+02:00"))


@pytest.mark.parametrize(
    "at", ["soon", "2027-02-30T10:00", "2027-03-28T02:30", "9999999999999", "0001-01-01T00:00", ""]
)
def test_a_time_that_is_none_is_refused(editor: Caller, attendee: Caller, at: str) -> None:
    editor.publish()
    response = attendee.get("/now", query_string={"at": at})
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "mimetype", "sign"),
    [
        ("ics", "text/calendar", "BEGIN:VCALENDAR"),
        ("xml", "application/xml", "<schedule"),
        ("json", "application/json", '"schedule"'),
        ("csv", "text/csv", "knots"),
    ],
)
def test_the_published_schedule_as_a_file(
    editor: Caller, attendee: Caller, suffix: str, mimetype: str, sign: str
) -> None:
    editor.publish()
    editor.save(move("knots", "12:55"))
    response = attendee.get(f"/export.{suffix}")
    assert (response.status_code, response.mimetype) == (200, mimetype)
    assert sign in response.text
    assert attendee.get(f"/export.{suffix}", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_an_unknown_export_is_not_found(editor: Caller, attendee: Caller) -> None:
    editor.publish()
    assert attendee.get("/export.exe").status_code == 404


def test_a_slug_and_an_id_name_the_same_schedule(caller: Callable[[str], Caller], editor: Caller) -> None:
    by_slug = caller("editor")
    by_slug.base = "/api/v1/schedules/mill"
    assert json.dumps(by_slug.draft()) == json.dumps(editor.draft())


def calendar(attendee: Caller, query: str = "") -> dict[str, dict[str, str]]:
    """The entries of the published calendar by their titles."""
    from icalendar import Calendar

    response = attendee.get(f"/export.ics{query}")
    assert response.status_code == 200
    entries = Calendar.from_ical(response.data).walk("VEVENT")
    return {str(one["summary"]): {key: str(one[key]) for key in ("uid", "sequence", "dtstamp")} for one in entries}


def test_a_calendar_entry_keeps_its_identity_and_its_number_rises_when_it_changes(
    editor: Caller, attendee: Caller
) -> None:
    editor.publish()
    before = calendar(attendee)
    assert {one["sequence"] for one in before.values()} == {"0"}
    title = next(one["title"] for one in editor.draft()["sessions"] if one["sessionId"] == "knots")
    for number, start in enumerate(("12:55", "13:05"), start=2):
        editor.save(move("knots", start), version=number - 1)
        editor.publish(version=number)
        after = calendar(attendee)
        assert {name: one["uid"] for name, one in after.items()} == {name: one["uid"] for name, one in before.items()}
        assert after[title]["sequence"] == str(number)
        assert {one["sequence"] for name, one in after.items() if name != title} == {"0"}


def test_a_calendar_of_some_sessions_a_track_or_a_room(editor: Caller, attendee: Caller) -> None:
    editor.publish()
    sessions = [one for one in editor.draft()["sessions"] if one["roomId"]]
    two = sessions[:2]
    chosen = "&".join(f"session={one['sessionId']}" for one in two)
    assert set(calendar(attendee, f"?{chosen}")) == {one["title"] for one in two}
    room = two[0]["roomId"]
    assert set(calendar(attendee, f"?room={room}")) == {one["title"] for one in sessions if one["roomId"] == room}
    assert calendar(attendee, "?track=none-of-them") == {}
