"""What HTTP itself offers: pages with Link, If-Match, Idempotency-Key, exports, asking every screen to read afresh."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.webapp.small import Caller, move
from webapp.compression import WORTH_BYTES
from webapp.store import Store
from webapp.store.rows import RequestKeyRow

API = "/api/v1/schedules"


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


def problem(response: TestResponse, status: int, name: str) -> str:
    assert response.status_code == status, response.text
    told = response.get_json()
    assert told["type"] == f"urn:callboard:problem:{name}"
    return str(told["detail"])


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/events", "/saves", "/audit", "/conflicts?status=resolved"])
def test_following_the_links_reads_a_list_once_from_end_to_end(editor: Caller, path: str) -> None:
    for start in ("11:30", "12:00", "11:30", "12:00"):
        editor.save(move("knots", start, "hall"), override={"reason": "to see"})
    whole = editor.items(path)
    found, address = [], f"{editor.base}{path}{'&' if '?' in path else '?'}limit=1"
    while address:
        page = editor.client.get(address, headers=editor.headers)
        found += page.get_json()["items"]
        link = page.headers.get("Link", "")
        assert bool(link) == (page.get_json()["next"] is not None)
        assert not link or link.endswith('; rel="next"')
        address = link[1:].partition(">")[0]
    assert found == whole != []


# --- versions ---------------------------------------------------------------------------------------------------------


def conditional(who: Caller, path: str, body: dict[str, Any], tag: str) -> TestResponse:
    return who.client.post(who.base + path, json=body, headers={**who.headers, "If-Match": tag})


def test_if_match_says_the_version(editor: Caller) -> None:
    tag = editor.get().headers["ETag"]
    saved = conditional(editor, "/saves", {"saveAttemptId": "a", "changes": [move("knots", "12:00")]}, tag)
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"v2"')
    stale = conditional(editor, "/saves", {"saveAttemptId": "b", "changes": [move("knots", "12:05")]}, tag)
    assert stale.get_json()["result"] == "stale_blocked"
    assert stale.status_code == 412
    problem(conditional(editor, "/publish", {}, tag), 412, "stale-version")
    problem(conditional(editor, "/undo", {}, tag), 412, "stale-version")
    assert conditional(editor, "/repairs", {}, '"v1", "v2"').status_code == 422
    assert conditional(editor, "/repairs", {"expectedVersion": 2}, '"v1", "v2"').status_code == 200
    assert conditional(editor, "/publish", {"expectedVersion": 2}, "*").status_code == 200


@pytest.mark.parametrize("tag", ['"p1"', '""', 'W/"v1"', '"v"', '"v1x"', "v1x", '"vv1"'])
def test_a_tag_that_is_none_of_the_drafts_never_matches(editor: Caller, tag: str) -> None:
    problem(conditional(editor, "/publish", {"expectedVersion": 1}, tag), 412, "stale-version")


def test_two_versions_at_once_are_refused(editor: Caller) -> None:
    told = problem(conditional(editor, "/publish", {"expectedVersion": 1}, '"v2"'), 422, "invalid-request")
    assert "do not say the same" in told
    assert editor.version() == 1


# --- requests that come again -----------------------------------------------------------------------------------------


def sent(who: Caller, file: dict[str, Any], key: str | None, query: str = "") -> TestResponse:
    headers = {**who.headers, **({} if key is None else {"Idempotency-Key": key})}
    return who.client.post(API + query, data=json.dumps(file), headers=headers)


def names(who: Caller) -> list[str]:
    listed = who.client.get(API, headers=who.headers).get_json()["items"]
    return [one["slug"] for one in listed]


def test_an_import_that_comes_again_makes_one_schedule(caller: Callable[[str], Caller], small: dict[str, Any]) -> None:
    admin = caller("admin")
    first = sent(admin, small, '"key-1"', "?slug=once")
    again = sent(admin, small, "key-1", "?slug=once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert names(admin) == ["mill", "once"]
    assert sent(admin, small, "key-2").status_code == sent(admin, small, None).status_code == 201
    assert names(admin) == ["mill", "mill-days", "mill-days-2", "once"]


def test_a_key_belongs_to_one_request_of_one_sender(caller: Callable[[str], Caller], small: dict[str, Any]) -> None:
    admin = caller("admin")
    assert sent(admin, small, "key").status_code == 201
    other = {**small, "conference": {**small["conference"], "name": "Other"}}
    assert "used for another request" in problem(sent(admin, other, "key"), 422, "invalid-request")
    assert "used for another request" in problem(sent(admin, small, "key", "?slug=x"), 422, "invalid-request")
    assert sent(caller("admin"), other, "key").status_code == 201


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\tb", 'a"b'])
def test_what_is_no_key(caller: Callable[[str], Caller], small: dict[str, Any], key: str) -> None:
    admin = caller("admin")
    problem(sent(admin, small, key), 422, "invalid-request")
    assert names(admin) == ["mill"]


def test_a_refused_import_leaves_its_key_free(caller: Callable[[str], Caller], small: dict[str, Any]) -> None:
    admin = caller("admin")
    problem(sent(admin, small, "key", "?slug=mill"), 409, "name-taken")
    assert admin.client.get(API, headers=admin.headers).status_code == 200
    assert sent(admin, small, "key").status_code == 201


def test_twins_at_the_same_moment_make_one_schedule(
    app: Flask, caller: Callable[[str], Caller], small: dict[str, Any], store: Store
) -> None:
    admin = caller("admin")
    answers: list[TestResponse] = []

    def send() -> None:
        answers.append(sent(Caller(app.test_client(), token, admin.schedule_id), small, "twin"))

    token = admin.headers["Authorization"].removeprefix("Bearer ")
    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.get_json()["scheduleId"] for answer in answers}) == 1
    assert names(admin) == ["mill", "mill-days"]
    assert store.read(lambda session: session.query(RequestKeyRow).count()) == 1


def test_imports_that_want_one_name_at_the_same_moment_get_their_own(
    app: Flask, caller: Callable[[str], Caller], small: dict[str, Any]
) -> None:
    admin = caller("admin")
    token = admin.headers["Authorization"].removeprefix("Bearer ")
    statuses: list[int] = []

    def send() -> None:
        statuses.append(sent(Caller(app.test_client(), token, admin.schedule_id), small, None).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 4
    assert len(set(names(admin))) == 5


# --- compression ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/published", "/events", "/export.csv", "/export.json"])
def test_large_answers_are_compressed_for_those_who_can_read_it(editor: Caller, path: str) -> None:
    editor.publish()
    for number in range(6):
        editor.save(move("knots", f"12:{5 * number:02}"))
    plain = editor.get(path)
    packed = editor.get(path, headers={"Accept-Encoding": "br;q=1.0, gzip;q=0.8, *;q=0"})
    kept_by_caches = "no-store" not in plain.headers.get("Cache-Control", "")
    assert ("Accept-Encoding" in plain.headers.get("Vary", "")) == kept_by_caches
    assert kept_by_caches == (path not in ("", "/events"))
    assert packed.headers.get("ETag") == plain.headers.get("ETag")
    assert packed.headers.get("Vary") == plain.headers.get("Vary")
    if len(plain.data) < WORTH_BYTES:
        assert packed.data == plain.data
    else:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
        assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in editor.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_what_is_published_is_compressed_once_and_never_stale(
    editor: Caller, attendee: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.compression.WORTH_BYTES", 100)
    done: list[int] = []
    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda *given, **more: done.append(1) or compress(*given, **more))
    for version, start in ((2, "12:00"), (3, "12:30")):
        editor.save(move("knots", start), publish=True)
        for _ in range(3):
            told = attendee.get("/published", headers={"Accept-Encoding": "gzip"})
            assert json.loads(gzip.decompress(told.data))["version"] == version
    assert len(done) == 2


# --- files and screens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["ics", "xml", "json", "csv", "xlsx"])
def test_files_have_a_name_and_a_tag(editor: Caller, attendee: Caller, suffix: str) -> None:
    editor.publish()
    attendee.base = f"{API}/mill"
    response = attendee.get(f"/export.{suffix}")
    assert (response.status_code, response.headers["ETag"]) == (200, '"p1"')
    assert response.headers["Content-Disposition"] == f"inline; filename=mill.{suffix}"
    assert attendee.get(f"/export.{suffix}", headers={"If-None-Match": '"p1"'}).status_code == 304


def test_the_workbook_holds_what_is_published_and_runs_nothing(
    caller: Callable[[str], Caller], small: dict[str, Any]
) -> None:
    small["sessions"][0]["title"] = "=HYPERLINK(1)"
    admin = caller("admin")
    admin.base = f"{API}/{sent(admin, small, None).get_json()['slug']}"
    admin.publish()
    sheet = openpyxl.load_workbook(io.BytesIO(admin.get("/export.xlsx").data))["Schedule"]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 1 + len(small["sessions"])
    assert sheet["B2"].value == "=HYPERLINK(1)"
    assert sheet["B2"].data_type != "f"


def test_asking_every_screen_to_read_afresh_is_an_event_and_on_record(editor: Caller, attendee: Caller) -> None:
    editor.publish()
    told = editor.client.post(f"{editor.base}/refresh?spreadSeconds=30", headers=editor.headers)
    assert (told.status_code, told.get_json()["spreadSeconds"], told.get_json()["version"]) == (200, 30, 1)
    [event] = [one for one in attendee.events() if one["type"] == "schedule.refreshed"]
    assert event["spreadSeconds"] == 30
    assert "editorId" not in event
    last = editor.items("/audit")[-1]
    assert (last["action"], last["spreadSeconds"], last["editorId"] is None) == ("refresh", 30, False)
    assert editor.client.post(f"{editor.base}/refresh", headers=editor.headers).get_json()["spreadSeconds"] == 10
    refused = editor.post("/refresh", {"spreadSeconds": 30})
    assert (refused.status_code, refused.get_json()["place"]) == (422, "spreadSeconds")
    refused = editor.client.post(f"{editor.base}/refresh?spreadSeconds=601", headers=editor.headers)
    problem(refused, 422, "invalid-request")
