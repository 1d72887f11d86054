"""Every route for every caller: all roles, by token and by cookie, and tokens confined to each scope.

The routes are the application's own; what each of them takes is said here once more, by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.webapp.small import SMALL, InProcessSolver, move
from webapp import create_app
from webapp.auth import links, people, tokens
from webapp.auth.identity import ROLES, SCOPES
from webapp.schemas import read_document
from webapp.services import importing, publishing
from webapp.services.clock import now_utc
from webapp.settings import Settings
from webapp.store import upgrade

SCHEDULE = "/api/v1/schedules/<reference>"
OPEN = ("anonymous", None)
READS, SOLVES, SAVES, PUBLISHES = (("editor", scope) for scope in ("read", "solve", "save", "publish"))
ADMINISTERS = ("admin", "admin")
PERSON = ("person", None)
"""Takes a browser in which somebody is signed in, whatever the role."""

TAKES: dict[tuple[str, str], tuple[str, str | None]] = {
    ("GET", "/"): OPEN,
    ("GET", "/<slug>"): OPEN,
    ("GET", "/<slug>/sessions/<path:session_id>"): OPEN,
    ("GET", "/<slug>/people/<path:person_id>"): OPEN,
    ("GET", "/embed/<slug>"): OPEN,
    ("GET", "/embed/<slug>/sessions/<path:session_id>"): OPEN,
    ("GET", "/embed/<slug>/people/<path:person_id>"): OPEN,
    ("GET", "/favicon.ico"): OPEN,
    ("GET", "/livez"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/sign-in"): OPEN,
    ("POST", "/sign-out"): OPEN,
    ("GET", "/account"): PERSON,
    ("POST", "/account/password"): PERSON,
    ("POST", "/account/sign-out-everywhere"): PERSON,
    ("GET", "/operation"): ADMINISTERS,
    ("POST", "/operation/troubles/<trouble>"): ADMINISTERS,
    ("GET", "/people"): ADMINISTERS,
    ("POST", "/people"): ADMINISTERS,
    ("POST", "/people/tokens"): ADMINISTERS,
    ("GET", "/edit"): READS,
    ("POST", "/edit"): ADMINISTERS,
    ("GET", "/edit/<slug>"): READS,
    ("GET", "/edit/<slug>/history"): READS,
    ("GET", "/edit/<slug>/conflicts"): READS,
    ("GET", "/edit/<slug>/conflicts/<conflict>"): READS,
    ("GET", "/edit/<slug>/analytics"): READS,
    ("GET", "/edit/<slug>/late"): SOLVES,
    ("POST", "/edit/<slug>/late"): SAVES,
    ("GET", "/edit/<slug>/feed"): READS,
    ("POST", "/edit/<slug>/feed"): SOLVES,
    ("GET", "/edit/<slug>/jobs"): READS,
    ("POST", "/edit/<slug>/jobs"): SOLVES,
    ("GET", "/edit/<slug>/jobs/<job>"): READS,
    ("POST", "/edit/<slug>/jobs/<job>"): SAVES,
    ("GET", "/edit/<slug>/settings"): ADMINISTERS,
    ("POST", "/edit/<slug>/settings"): ADMINISTERS,
    ("GET", "/live/<reference>"): OPEN,
    ("GET", "/api/v1/live/<reference>"): OPEN,
    ("GET", "/collab/<reference>"): READS,
    ("GET", "/api/v1/collab/<reference>"): READS,
    ("GET", "/api/v1/openapi.json"): OPEN,
    ("GET", "/api/v1/docs"): OPEN,
    ("GET", "/api/v1/schedules"): OPEN,
    ("POST", "/api/v1/schedules"): ADMINISTERS,
    ("GET", SCHEDULE): OPEN,
    ("GET", f"{SCHEDULE}/published"): OPEN,
    ("GET", f"{SCHEDULE}/settings"): READS,
    ("PUT", f"{SCHEDULE}/settings"): ADMINISTERS,
    ("POST", f"{SCHEDULE}/checks"): SOLVES,
    ("POST", f"{SCHEDULE}/repairs"): SOLVES,
    ("POST", f"{SCHEDULE}/repairs/validate"): SOLVES,
    ("POST", f"{SCHEDULE}/cost-map"): SOLVES,
    ("POST", f"{SCHEDULE}/saves"): SAVES,
    ("GET", f"{SCHEDULE}/saves"): READS,
    ("POST", f"{SCHEDULE}/delays"): SAVES,
    ("POST", f"{SCHEDULE}/publish"): PUBLISHES,
    ("POST", f"{SCHEDULE}/refresh"): PUBLISHES,
    ("GET", f"{SCHEDULE}/undo"): READS,
    ("POST", f"{SCHEDULE}/undo"): SAVES,
    ("POST", f"{SCHEDULE}/redo"): SAVES,
    ("GET", f"{SCHEDULE}/jobs"): READS,
    ("POST", f"{SCHEDULE}/jobs"): SOLVES,
    ("GET", "/api/v1/jobs/<job>"): READS,
    ("DELETE", "/api/v1/jobs/<job>"): SOLVES,
    ("GET", f"{SCHEDULE}/availability"): READS,
    ("POST", f"{SCHEDULE}/availability"): SOLVES,
    ("GET", "/api/v1/handlers"): ADMINISTERS,
    ("GET", "/api/v1/handlers/troubles"): ADMINISTERS,
    ("POST", "/api/v1/handlers/troubles/<trouble>/retry"): ADMINISTERS,
    ("DELETE", "/api/v1/handlers/troubles/<trouble>"): ADMINISTERS,
    ("GET", f"{SCHEDULE}/conflicts"): READS,
    ("GET", f"{SCHEDULE}/conflicts/<conflict>"): READS,
    ("GET", f"{SCHEDULE}/overrides"): READS,
    ("GET", f"{SCHEDULE}/audit"): READS,
    ("GET", f"{SCHEDULE}/audit.<suffix>"): READS,
    ("GET", f"{SCHEDULE}/sessions/<session>/history"): READS,
    ("GET", f"{SCHEDULE}/events"): OPEN,
    ("GET", f"{SCHEDULE}/now"): OPEN,
    ("GET", f"{SCHEDULE}/export.ics"): OPEN,
    ("GET", f"{SCHEDULE}/export.<suffix>"): OPEN,
}
TRIED_BY_ITSELF = {("POST", "/sign-in"), ("GET", "/static/<path:filename>"), ("GET", "/worker.js")}
"""The form to sign in on answers 403 to everybody without a password."""

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ORIGIN = {"Origin": "http://localhost"}


class Caller(NamedTuple):
    """Somebody who asks: what they are called in failures, and what of `TAKES` they may have."""

    called: str
    role: str
    scopes: tuple[str, ...] | None
    is_person: bool
    headers: dict[str, str]

    def may(self, takes: tuple[str, str | None]) -> bool:
        role, scope = takes
        if role == "person":
            return self.is_person
        within = self.scopes is None or scope is None or scope in self.scopes
        return ROLES.index(self.role) >= ROLES.index(role) and within  # type: ignore[arg-type]


class World(NamedTuple):
    """An application with a published schedule, and everybody who might ask it something."""

    app: Flask
    callers: list[Caller]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(Settings(data=tmp_path_factory.mktemp("access"), sign_ins_per_minute=0)) as world:
        yield world


@contextmanager
def opened(given: Settings) -> Iterator[World]:
    upgrade(given.database)
    app = create_app(given)
    app.extensions["callboard.solver"] = InProcessSolver()
    store = app.extensions["callboard.store"]
    imported = read_document(json.dumps(SMALL).encode(), "small.json")
    importing.import_document(store, imported, slug="mill", editor_id=None)
    publishing.publish(store, "mill", expected_version=1, editor_id=None)
    yield World(app, list(everybody(app)))
    store.close()


def everybody(app: Flask) -> Iterator[Caller]:
    store = app.extensions["callboard.store"]
    yield Caller("nobody", "anonymous", None, False, {})
    yield Caller("an old cookie", "anonymous", None, False, {"Cookie": "callboard_session=cbs_old", **ORIGIN})
    for role in ROLES[1:]:
        yield Caller(f"{role} by token", role, None, False, bearer(tokens.create(store, role)))
        people.create(store, f"A {role}", role)
        yield Caller(f"{role} by cookie", role, None, True, cookie(app, links.create_for(store, f"A {role}")))
    for scope in SCOPES:
        token = tokens.create(store, "admin", scopes=[scope])
        yield Caller(f"admin, {scope} only", "admin", (scope,), False, bearer(token))
    token = tokens.create(store, "editor", scopes=["read", "save"])
    yield Caller("editor, read and save", "editor", ("read", "save"), False, bearer(token))
    yield Caller("editor, nothing", "editor", (), False, bearer(tokens.create(store, "editor", scopes=[])))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(app: Flask, link: str) -> dict[str, str]:
    response = app.test_client().get(f"/sign-in?token={link}")
    return {"Cookie": response.headers["Set-Cookie"].partition(";")[0], **ORIGIN}


def ask(app: Flask, method: str, route: str, headers: dict[str, str]) -> TestResponse:
    path = (
        route.replace("audit.<suffix>", "audit.jsonl")
        .replace("<reference>", "mill")
        .replace("<slug>", "mill")
        .replace("<suffix>", "csv")
        .replace("<path:session_id>", "knots")
        .replace("<path:person_id>", "ben")
        .replace("<session>", "knots")
    )
    handshake = HANDSHAKE if "/live/" in route or "/collab/" in route else {}
    body: Any = SMALL if path == "/api/v1/schedules" else BODIES.get(path.rpartition("/")[2], {})
    given = {"json": body} if method != "GET" and path.startswith("/api/") else {}
    return app.test_client(use_cookies=False).open(path, method=method, headers={**headers, **handshake}, **given)


BODIES = {
    "checks": {"edits": []},
    "repairs": {"expectedVersion": 1},
    "validate": {"baseVersion": 1, "edits": [move("knots", "12:00")], "moves": []},
    "saves": {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [move("knots", "12:00")]},
    "publish": {"expectedVersion": 1},
    "undo": {"expectedVersion": 1},
    "redo": {"expectedVersion": 1},
    "settings": {"expectedVersion": 1},
    "delays": {"expectedVersion": 1, "saveAttemptId": "a-3", "room": "hall", "minutes": 5, "at": "2027-02-06T17:00"},
    "cost-map": {"expectedVersion": 1, "session": "knots"},
    "availability": {"edits": []},
}


def routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_in_the_table(world: World) -> None:
    assert routes(world.app) == TAKES.keys() | TRIED_BY_ITSELF


@pytest.mark.parametrize(("method", "route"), TAKES)
def test_a_route_is_for_those_it_is_meant_for(world: World, method: str, route: str) -> None:
    assert let_in_or_kept_out_wrongly(world, method, route) == []


def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with opened(Settings(data=tmp_path, database=postgres_url, sign_ins_per_minute=0)) as world:
        wrong = {route: let_in_or_kept_out_wrongly(world, *route) for route in TAKES}
    assert {route: callers for route, callers in wrong.items() if callers} == {}


def let_in_or_kept_out_wrongly(world: World, method: str, route: str) -> list[str]:
    """The callers whom a route treats as it should not."""
    takes, wrong = TAKES[method, route], []
    for caller in world.callers:
        if "sign-out" in route and caller.is_person:
            continue  # it would end the sign-in that the other routes are asked with
        status = ask(world.app, method, route, caller.headers).status_code
        refused = 401 if caller.role == "anonymous" or takes == PERSON else 403
        if (status in (401, 403)) == caller.may(takes) or (not caller.may(takes) and status != refused):
            wrong.append(f"{caller.called}: {status}")
    return wrong


@pytest.mark.parametrize(("method", "route"), [route for route in TAKES if route[0] != "GET"])
def test_a_cookie_acts_for_our_own_pages_only(world: World, method: str, route: str) -> None:
    admin = next(caller for caller in world.callers if caller.called == "admin by cookie")
    for origin in ({}, {"Origin": "http://evil.test"}, {"Origin": "null"}):
        headers = {"Cookie": admin.headers["Cookie"], **origin}
        assert ask(world.app, method, route, headers).status_code == 403


def test_drafts_are_shown_to_editors_with_the_scope_read_alone(world: World) -> None:
    for caller in world.callers:
        head = ask(world.app, "GET", SCHEDULE, caller.headers)
        assert head.headers["ETag"].startswith('"v' if caller.may(READS) else '"p'), caller.called


def test_saving_and_publishing_at_once_takes_both_scopes(world: World) -> None:
    body = {**BODIES["saves"], "saveAttemptId": "a-2", "publish": True}
    by_name = {caller.called: caller.headers for caller in world.callers}
    client = world.app.test_client(use_cookies=False)
    for called, status in (("editor, read and save", 403), ("editor by token", 412)):
        told = client.post("/api/v1/schedules/mill/saves", json={**body, "expectedVersion": 9}, headers=by_name[called])
        assert told.status_code == status, told.text


@pytest.mark.parametrize("route", [route for route, takes in TAKES.items() if takes != OPEN], ids=str)
def test_a_token_that_has_run_out_is_no_token(world: World, route: tuple[str, str]) -> None:
    store = world.app.extensions["callboard.store"]
    over = tokens.create(store, "admin", expires_at=now_utc() - timedelta(seconds=1))
    assert ask(world.app, *route, bearer(over)).status_code == 401


def test_a_revoked_token_is_no_token(world: World) -> None:
    store = world.app.extensions["callboard.store"]
    headers = bearer(tokens.create(store, "editor", name="short-lived"))
    [listed] = [token for token in tokens.listing(store) if token.name == "short-lived"]
    assert ask(world.app, "GET", "/edit", headers).status_code == 200
    tokens.revoke(store, listed.id)
    assert ask(world.app, "GET", "/edit", headers).status_code == 401
    assert listed.id not in [token.id for token in tokens.listing(store)]


def test_a_route_that_forgot_its_guard_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = "changes.save"
    unguarded = world.app.view_functions[endpoint].__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setitem(world.app.view_functions, endpoint, unguarded)
    with pytest.raises(AssertionError):
        test_a_route_is_for_those_it_is_meant_for(world, "POST", f"{SCHEDULE}/saves")
