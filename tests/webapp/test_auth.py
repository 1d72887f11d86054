"""Credentials: tokens, one-time links, cookies, and what other sites cannot do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.webapp.small import Caller, move
from webapp.auth import links, tokens
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow, LinkRow, SignInRow, TokenRow

COOKIE = "callboard_session"
SAVE = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [move("knots", "12:00")]}


def test_nobody_unknown_learns_whether_a_schedule_exists(attendee: Caller) -> None:
    there = attendee.post("/saves", SAVE)
    attendee.base = "/api/v1/schedules/nowhere"
    assert there.status_code == attendee.post("/saves", SAVE).status_code == 401


def test_viewers_see_what_is_published(caller: Callable[[str], Caller]) -> None:
    editor = caller("editor")
    editor.publish()
    editor.save(move("knots", "12:00"))
    assert editor.draft()["version"] == 2
    assert caller("viewer").draft()["version"] == 1


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "bearer", "Token x"])
def test_a_wrong_token_is_refused_even_where_none_is_needed(app: Flask, header: str) -> None:
    response = app.test_client().get("/api/v1/schedules", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_secret_is_kept_in_the_clear(app: Flask, store: Store) -> None:
    token = tokens.create(store, "editor")
    link = links.create(store)
    client = app.test_client()
    client.get(f"/sign-in?token={link}")
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None

    def kept(session: Any) -> str:
        rows = [session.scalars(select(table)).all() for table in (TokenRow, LinkRow, SignInRow, EditorRow)]
        return repr([vars(row) for table in rows for row in table])

    text = store.read(kept)
    assert not [secret for secret in (token, link, cookie.value) if secret in text]


def test_a_role_that_nobody_has_is_refused(store: Store) -> None:
    for role in ("anonymous", "owner", ""):
        with pytest.raises(ValueError, match="there is no role"):
            tokens.create(store, role)
        with pytest.raises(ValueError, match="there is no role"):
            links.create(store, role)


# --- links and cookies ------------------------------------------------------------------------------------------------


def signed_in(app: Flask, store: Store, role: str = "editor") -> FlaskClient:
    client = app.test_client()
    assert client.get(f"/sign-in?token={links.create(store, role)}").status_code == 303
    return client


def test_a_link_signs_in_once_and_goes_to_the_editor(app: Flask, store: Store) -> None:
    link = links.create(store, "editor")
    client = app.test_client()
    assert client.head(f"/sign-in?token={link}").status_code == 204
    response = client.get(f"/sign-in?token={link}")
    assert (response.status_code, response.headers["Location"]) == (303, "/edit")
    flags = response.headers["Set-Cookie"]
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Secure" not in flags
    assert app.test_client().get(f"/sign-in?token={link}").status_code == 403


def test_the_cookie_is_secure_on_https(app: Flask, store: Store) -> None:
    link = links.create(store, "editor")
    response = app.test_client().get(f"/sign-in?token={link}", base_url="https://callboard.test")
    assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_an_unknown_link_is_refused(app: Flask, token: str) -> None:
    assert app.test_client().get(f"/sign-in?token={token}").status_code == 403


def test_an_old_link_is_refused(app: Flask, store: Store) -> None:
    link = links.create(store)
    store.write(lambda session: session.execute(update(LinkRow).values(expires_at=now_utc() - timedelta(seconds=1))))
    assert app.test_client().get(f"/sign-in?token={link}").status_code == 403


def test_a_signed_in_browser_sees_the_draft_until_it_signs_out(app: Flask, store: Store, schedule_id: str) -> None:
    client = signed_in(app, store)
    here = {"Origin": "http://localhost"}
    assert client.get("/api/v1/schedules/mill").get_json()["status"] == "ready_to_publish"
    cookie = client.get_cookie(COOKIE)
    assert client.post("/sign-out", headers=here).status_code == 204
    assert client.get("/api/v1/schedules/mill").status_code == 404
    assert cookie is not None
    client.set_cookie(COOKIE, cookie.value)
    assert client.get("/api/v1/schedules/mill").status_code == 404


def test_a_session_ends_with_time(app: Flask, store: Store, schedule_id: str) -> None:
    client = signed_in(app, store)
    store.write(lambda session: session.execute(update(SignInRow).values(expires_at=now_utc() - timedelta(seconds=1))))
    assert client.get("/api/v1/schedules/mill").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://localhost:8000"}, 403),
        ({"Origin": "http://localhost.evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.test", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_cookie_acts_for_our_own_pages_only(
    app: Flask, store: Store, schedule_id: str, headers: dict[str, str], status: int
) -> None:
    client = signed_in(app, store)
    response = client.post("/api/v1/schedules/mill/saves", json=SAVE, headers=headers)
    assert response.status_code == status


def test_a_form_from_another_site_cannot_act(app: Flask, store: Store, schedule_id: str) -> None:
    client = signed_in(app, store)
    response = client.post(
        "/api/v1/schedules/mill/saves", data="{}", content_type="text/plain", headers={"Origin": "http://localhost"}
    )
    assert response.status_code == 415


def test_the_editor_of_a_save_is_who_is_signed_in(app: Flask, store: Store, schedule_id: str) -> None:
    client = signed_in(app, store)
    saved = client.post("/api/v1/schedules/mill/saves", json=SAVE, headers={"Origin": "http://localhost"}).get_json()
    [editor] = store.read(lambda session: session.scalars(select(EditorRow.id)).all())
    assert saved["editorId"] == editor
    named = {**SAVE, "saveAttemptId": "a-2", "editorId": "somebody-else"}
    response = client.post("/api/v1/schedules/mill/saves", json=named, headers={"Origin": "http://localhost"})
    assert response.status_code == 422


# --- headers ----------------------------------------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(app: Flask) -> None:
    client = app.test_client()
    for path in ("/livez", "/api/v1/schedules", "/nowhere", "/api/v1/openapi.json"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'")
        assert not re.search("unsafe|http|\\*", policy)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
