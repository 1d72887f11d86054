"""Texts and numbers that no database can hold, wherever somebody may say one: refused, on either database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.webapp.small import SMALL, Caller, move

SCHEDULE = "/api/v1/schedules/mill"
LISTS = ("audit", "saves", "conflicts", "events", "availability", "overrides", "jobs")
OURS = {"Origin": "http://localhost"}


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


def addresses(odd: str) -> Iterator[str]:
    """Every address with a part that somebody chooses."""
    yield from (f"/{odd}", f"/mill/sessions/{odd}", f"/mill/people/{odd}", f"/sign-in?token={odd}")
    yield from (f"/edit/{odd}", f"/edit/mill/conflicts/{odd}", f"/edit/mill/jobs/{odd}")
    yield from (f"/edit/mill/history?{name}={odd}" for name in ("session", "before"))
    yield from (f"{SCHEDULE}/{part}/{odd}" for part in ("conflicts", f"sessions/{odd}/history?after="))
    yield from (f"{SCHEDULE}/{part}?after={odd}" for part in LISTS)
    yield from (f"{SCHEDULE}/{part}={odd}" for part in ("audit?session", "now?at", "availability?id"))
    yield f"{SCHEDULE}/export.ics?room={odd}&session={odd}&track={odd}"
    yield from (f"/api/v1/schedules/{odd}", f"/api/v1/schedules?after={odd}", f"/api/v1/jobs/{odd}")
    yield f"/api/v1/handlers/troubles?after={odd}"


def bodies(odd: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body with a value that somebody chooses."""
    save = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [move("knots", "11:30", "hall")]}
    yield "saves", {**save, "saveAttemptId": odd}
    yield "saves", {**save, "expectedVersion": odd}
    yield "saves", {**save, "changes": [{"op": "pin", "session": odd}]}
    yield "saves", {**save, "override": {"reason": odd}}
    yield "undo", {"expectedVersion": 1, "saveAttemptId": odd}
    yield "publish", {"expectedVersion": odd}
    yield "checks", {"edits": [{"op": odd}]}
    yield "checks", {"edits": [{"op": "pin", str(odd): 1}]}
    yield "jobs", {"kind": odd, "expectedVersion": 1, "parameters": {}}
    yield "availability", {"edits": [{"op": "close_room", "room": odd, "from": odd, "to": odd}]}
    yield "cost-map", {"session": odd}


@pytest.mark.parametrize("odd", ["a\x00b", "a\ud800b", 2**31, -(10**30)], ids=["NUL", "half a pair", "large", "huge"])
def test_it_is_refused_and_no_accident(caller: Callable[[str], Caller], odd: str | int) -> None:
    admin = caller("admin")
    said = quote(str(odd).encode("utf-8", "surrogatepass"))
    answers = [(path, admin.client.get(path, headers=admin.headers)) for path in addresses(said)]
    for route, body in bodies(odd):
        # As it stands, an escape: a body of bytes that are no UTF-8 would be no JSON.
        given: dict[str, Any] = {"data": json.dumps(body), "content_type": "application/json"}
        answers += [(f"{route} {body}", admin.client.post(f"{SCHEDULE}/{route}", headers=admin.headers, **given))]
    form = {"name": str(odd).encode("utf-8", "surrogatepass"), "password": "x", "do": "role", "role": "editor"}
    for path, headers in (("/sign-in", OURS), ("/people", {**admin.headers, **OURS})):
        answers += [(path, admin.client.post(path, data=form, headers=headers))]
    imported = admin.client.post(f"/api/v1/schedules?slug={said}", json=SMALL, headers=admin.headers)
    assert [(what, answer.status_code) for what, answer in answers if answer.status_code >= 500] == []
    assert imported.status_code in (201, 422)
    assert admin.draft()["version"] == 1
