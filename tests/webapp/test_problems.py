"""Errors: every one a problem of RFC 9457 with a stable type, one clear sentence, and nothing stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webapp.small import Caller, move
from webapp import create_app
from webapp.auth import tokens
from webapp.problems import REFUSALS, SAVE_RESULTS, STATUSES
from webapp.settings import Settings
from webapp.store import Store, upgrade

API = "/api/v1/schedules"
Send = Callable[..., Any]


@pytest.fixture
def admin(app: Flask, store: Store, schedule_id: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.create(store, 'admin')}"
    return client


def is_problem(response: Any, status: int, name: str) -> str:
    """The sentence of a problem that has the right shape."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    told = response.get_json()
    assert (told["type"], told["status"]) == (f"urn:callboard:problem:{name}", status)
    assert told["title"]
    assert "Traceback" not in response.text
    assert "\n" not in told["detail"]
    return str(told["detail"])


def test_the_types_of_problems_do_not_change() -> None:
    kinds = {*REFUSALS.values(), *SAVE_RESULTS.values(), *STATUSES.values()}
    assert {(kind.name, kind.status) for kind in kinds} == {
        ("bad-request", 400),
        ("unauthenticated", 401),
        ("forbidden", 403),
        ("too-many-requests", 429),
        ("session-locked", 409),
        ("not-found", 404),
        ("method-not-allowed", 405),
        ("name-taken", 409),
        ("conflicts-block-publishing", 409),
        ("later-work", 409),
        ("nothing-to-undo", 409),
        ("warning-required", 409),
        ("events-gone", 410),
        ("stale-version", 412),
        ("stale-blocked", 412),
        ("too-large", 413),
        ("unsupported-media-type", 415),
        ("invalid-request", 422),
        ("validation-failed", 422),
        ("storage-full", 507),
        ("unavailable", 503),
    }


def test_what_is_not_there(admin: FlaskClient) -> None:
    is_problem(admin.get("/api/v1/nothing"), 404, "not-found")
    is_problem(admin.get(f"{API}/nowhere"), 404, "not-found")
    is_problem(admin.get(f"{API}/00000000-0000-0000-0000-000000000000"), 404, "not-found")
    response = admin.delete(f"{API}/mill")
    is_problem(response, 405, "method-not-allowed")
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, '{"edits": NaN}', '{"a": Infinity}', "nul"])
def test_a_body_that_is_no_json(admin: FlaskClient, body: str) -> None:
    response = admin.post(f"{API}/mill/checks", data=body, content_type="application/json")
    is_problem(response, 400, "bad-request")


@pytest.mark.parametrize("mimetype", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
def test_a_body_that_does_not_say_json(admin: FlaskClient, mimetype: str | None) -> None:
    response = admin.post(f"{API}/mill/checks", data="{}", content_type=mimetype)
    is_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("route", "body", "place"),
    [
        ("saves", {}, "saveAttemptId"),
        ("saves", {"saveAttemptId": "", "expectedVersion": 1, "changes": []}, "saveAttemptId"),
        ("saves", {"saveAttemptId": "x" * 101, "expectedVersion": 1, "changes": []}, "saveAttemptId"),
        ("saves", {"saveAttemptId": 7, "expectedVersion": 1, "changes": []}, "saveAttemptId"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": "1", "changes": []}, "expectedVersion"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": 0, "changes": []}, "expectedVersion"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": 10**30, "changes": []}, "expectedVersion"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": 1}, "changes"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": 1, "changes": [], "publisch": True}, "publisch"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": 1, "changes": [], "publish": "yes"}, "publish"),
        ("publish", {"expectedVersion": 1.5}, "expectedVersion"),
        ("publish", {"expectedVersion": True}, "expectedVersion"),
        ("publish", [], "body"),
        ("repairs", {"expectedVersion": 1, "alternatives": 0}, "alternatives"),
        ("repairs", {"expectedVersion": 1, "timeLimit": 10**12}, "timeLimit"),
        ("repairs", {"expectedVersion": 1, "timeLimit": 0}, "timeLimit"),
        ("repairs", {"expectedVersion": 1, "time_limit": 1}, "time_limit"),
        ("repairs", {"expectedVersion": 1, "scope": "some"}, "scope"),
        ("repairs", {"expectedVersion": 1, "engine": "magic"}, "engine"),
        ("checks", {"edit": []}, "edit"),
        ("saves", {"saveAttemptId": "a", "expectedVersion": 1, "change": []}, "change"),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_with_its_place(
    admin: FlaskClient, route: str, body: Any, place: str
) -> None:
    response = admin.post(f"{API}/mill/{route}", json=body)
    sentence = is_problem(response, 422, "invalid-request")
    assert sentence.startswith(f"{place}: ")
    assert not re.search("Input should|required|permitted|valid", sentence)
    assert response.get_json()["errors"][0]["place"] == place


@pytest.mark.parametrize("route", ["checks", "repairs"])
@pytest.mark.parametrize(
    ("edits", "place"),
    [
        ("all", "edits"),
        ({"edits": []}, "edits"),
        ([7], "edits[0]"),
        ([{"op": "pin", "session": "nobody"}], "edits[0].session"),
        ([{"op": "pin", "session": "knots"}, move("knots", "12:00", "cellar")], "edits[1].room"),
        (
            [{"op": "person_unavailable", "person": "eve", "from": "2027-02-06T09:00", "to": "2027-02-06T10:00"}],
            "edits[0].person",
        ),
        ([{"op": "resize", "session": "knots", "minutes": -5}], "edits[0].minutes"),
        ([{"op": "resize", "session": "knots", "minutes": 1e12}], "edits[0].minutes"),
        ([move("spare", "12:00")], "edits[0]"),
        ([{"op": "swap", "sessions": ["knots", "spare"]}], "edits[0]"),
    ],
)
def test_edits_that_make_no_sense(admin: FlaskClient, route: str, edits: Any, place: str) -> None:
    body = {"edits": edits} if route == "checks" else {"edits": edits, "expectedVersion": 1}
    response = admin.post(f"{API}/mill/{route}", json=body)
    assert is_problem(response, 422, "invalid-request").startswith(place)
    assert response.get_json()["place"] == place


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=many", "after=-1", "page=2"])
def test_a_page_that_there_is_not(admin: FlaskClient, query: str) -> None:
    is_problem(admin.get(f"{API}/mill/events?{query}"), 422, "invalid-request")


# --- imports ----------------------------------------------------------------------------------------------------------


def schedules(admin: FlaskClient) -> int:
    return len(admin.get(API).get_json()["items"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"hello",
        b"{",
        b"[1, 2]",
        b'{"callboard": 1}',
        b'{"callboard": 1, "conference": {"days": []}, "rooms": [], "sessions": [], "colour": "red"}',
        b"<schedule><day></schedule>",
        b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><schedule>&b;</schedule>',
        b"<<<<<<< HEAD\n<schedule/>\n=======\n",
        b"\x00\x01\x02",
        b'{"a":' * 50_000,
    ],
)
def test_a_file_that_is_no_schedule_is_refused_and_leaves_nothing(admin: FlaskClient, data: bytes) -> None:
    before = schedules(admin)
    response = admin.post(f"{API}?name=bad.file", data=data)
    assert is_problem(response, 422, "invalid-request").startswith("bad.file: ")
    assert schedules(admin) == before


def test_a_repeated_session_is_named_with_its_place(admin: FlaskClient, small: dict[str, Any]) -> None:
    small["sessions"].append(small["sessions"][0])
    response = admin.post(API, data=json.dumps(small))
    assert is_problem(response, 422, "invalid-request").startswith("upload: sessions[5].id: ")


def test_a_file_is_the_body_or_a_field_of_a_form(admin: FlaskClient, small: dict[str, Any], tmp_path: Path) -> None:
    body = admin.post(f"{API}?slug=body", data=json.dumps(small))
    file = tmp_path / "small.json"
    file.write_text(json.dumps(small))
    form = admin.post(API, data={"file": file.open("rb"), "slug": "form"})
    for response, slug in ((body, "body"), (form, "form")):
        told = response.get_json()
        assert (response.status_code, told["slug"], told["version"], told["warnings"]) == (201, slug, 1, [])
        assert response.headers["Location"] == f"{API}/{told['scheduleId']}"
        assert admin.get(response.headers["Location"]).get_json()["sessions"] == told["sessions"]
    is_problem(admin.post(API, data={"slug": "none"}, content_type="multipart/form-data"), 422, "invalid-request")


def test_names_of_schedules(admin: FlaskClient, small: dict[str, Any]) -> None:
    data = json.dumps(small)
    is_problem(admin.post(f"{API}?slug=mill", data=data), 409, "name-taken")
    for slug in ("api", "edit", "Über", "a b", "-a", "x" * 81):
        is_problem(admin.post(f"{API}?slug={slug}", data=data), 422, "invalid-request")
    made = [admin.post(API, data=data).get_json()["slug"] for _ in range(3)]
    assert made == ["mill-days", "mill-days-2", "mill-days-3"]


def test_a_conflicted_file_is_imported_as_conflicted(admin: FlaskClient, small: dict[str, Any]) -> None:
    small["sessions"][2] |= {"room": "hall", "start": "2027-02-06T11:30"}
    told = admin.post(f"{API}?slug=clash", data=json.dumps(small)).get_json()
    assert told["status"] == "conflicted"
    conflicts = admin.get(f"{API}/clash/conflicts").get_json()["items"]
    assert [(one["rule"], one["status"]) for one in conflicts] == [("room_overlap", "unresolved")]


def test_large_bodies_are_refused(tmp_path: Path, small: dict[str, Any]) -> None:
    settings = Settings(data=tmp_path, request_bytes=1000, import_bytes=5000)
    upgrade(settings.database)
    app = create_app(settings)
    store: Store = app.extensions["callboard.store"]
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.create(store, 'admin')}"
    assert client.post(f"{API}?slug=mill", data=json.dumps(small)).status_code == 201
    is_problem(client.post(API, data=b" " * 5001), 413, "too-large")
    is_problem(client.post(f"{API}/mill/checks", json={"edits": [{"op": "x" * 1000}]}), 413, "too-large")
    store.close()


# --- health -----------------------------------------------------------------------------------------------------------


def test_ready_means_the_database_is_current_and_the_solver_answers(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").get_json() == {"status": "ready"}
    bare = create_app(Settings(data=tmp_path / "bare"))
    app.extensions["callboard.solver"] = bare.extensions["callboard.solver"]
    response = client.get("/readyz", headers={"Accept": "*/*"})
    assert "solver" in is_problem(response, 503, "unavailable")
    bare.extensions["callboard.solver"] = object()
    response = bare.test_client().get("/readyz")
    assert "database" in is_problem(response, 503, "unavailable")
    bare.extensions["callboard.store"].close()


def test_an_error_of_ours_is_a_problem_too_and_tells_no_secrets(app: Flask, editor: Caller) -> None:
    class Broken:
        def repair(self, *_arguments: Any, **_named: Any) -> None:
            raise RuntimeError("the secret is 4711")

    app.extensions["callboard.solver"] = Broken()
    response = editor.post("/repairs", {"expectedVersion": 1, "edits": []})
    assert "4711" not in is_problem(response, 500, "internal-error")


def test_a_person_gets_a_page_and_a_program_a_problem(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/sign-in?token=x", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "link" in page.text
    is_problem(client.get("/sign-in?token=x"), 403, "forbidden")
    lost = client.get("/a/b/c", headers={"Accept": "text/html"})
    assert (lost.status_code, lost.mimetype) == (404, "text/html")
    assert "<h1>Not found</h1>" in lost.text
    is_problem(client.get("/a/b/c"), 404, "not-found")
