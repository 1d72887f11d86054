"""The page of people and tokens: everything an admin does there, and what it will not do."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.auth import links, people, tokens
from webapp.services import verifying
from webapp.store import Store

OURS = {"Origin": "http://localhost"}


@pytest.fixture
def admin(app: Flask, store: Store) -> FlaskClient:
    people.create(store, "Ada", "admin")
    client = app.test_client()
    assert client.get(f"/sign-in?token={links.create_for(store, 'Ada')}").status_code == 303
    return client


def do(who: FlaskClient, what: str, path: str = "/people", **form: object) -> TestResponse:
    return who.post(path, data={"do": what, **form}, headers=OURS)


def secret(response: TestResponse) -> str:
    assert response.status_code == 200, response.text
    found = re.search(r'class="secret">([^<]+)<', response.text)
    assert found is not None
    return found[1]


def test_somebody_is_invited_promoted_reset_and_shut_out(admin: FlaskClient, app: Flask, store: Store) -> None:
    link = secret(do(admin, "invite", name="Ben", role="viewer"))
    assert link.startswith("http://localhost/sign-in?token=")
    ben = app.test_client()
    assert ben.get(link).status_code == 303
    assert ben.get("/edit").status_code == 403
    assert do(admin, "role", name="Ben", role="editor").status_code == 303
    assert ben.get("/edit").status_code == 200
    people.set_password(store, "Ben", "correct horse battery")
    assert "signs in by password" in admin.get("/people").text
    fresh = secret(do(admin, "reset", name="Ben"))
    assert ben.get("/edit").status_code == 401
    assert people.sign_in(store, "Ben", "correct horse battery", lifetime=links.LIFETIME) is None
    assert ben.get(fresh).status_code == 303
    assert do(admin, "remove", name="Ben").status_code == 303
    assert ben.get("/edit").status_code == 401
    assert [person.name for person in people.listing(store)] == ["Ada"]


def test_whoever_came_by_a_link_and_has_no_name_is_there_and_can_be_shut_out(
    admin: FlaskClient, app: Flask, store: Store
) -> None:
    stranger = app.test_client()
    assert stranger.get(f"/sign-in?token={links.create(store)}").status_code == 303
    tokens.create(store, "admin", name="a program, not a person")
    ada, nameless = people.listing(store)
    assert (ada.called, nameless.sign_in_name, nameless.role) == ("Ada", None, "admin")
    page = admin.get("/people").text
    assert f"No name yet ({nameless.editor_id[:8]})" in page
    assert "came by a one-time link" in page
    assert do(admin, "role", name=nameless.editor_id, role="viewer").status_code == 303
    assert stranger.get("/edit").status_code == 403
    assert do(admin, "remove", name=nameless.editor_id).status_code == 303
    assert stranger.get("/edit").status_code == 401
    assert people.listing(store) == [ada]


def test_a_token_is_made_confined_shown_once_and_revoked(admin: FlaskClient, app: Flask, store: Store) -> None:
    form = {"name": "signage", "role": "editor", "days": "30", "scope": ["read", "solve"]}
    token = secret(do(admin, "create", "/people/tokens", **form))
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/edit", headers=headers).status_code == 200
    page = admin.get("/people").text
    assert "read, solve only" in page
    assert token not in page
    [listed] = tokens.listing(store)
    assert listed.expires_at is not None
    assert do(admin, "revoke", "/people/tokens", id=listed.id).status_code == 303
    assert app.test_client().get("/edit", headers=headers).status_code == 401


def test_the_page_tells_who_let_whom_in(admin: FlaskClient, app: Flask, store: Store) -> None:
    ben = app.test_client()
    ben.get(secret(do(admin, "invite", name="Ben", role="viewer")))
    do(admin, "role", name="Ben", role="editor")
    do(admin, "create", "/people/tokens", name="sign", role="editor", days="", scope=["read"])
    ben.post("/sign-out", headers=OURS)
    do(admin, "remove", name="Ben")
    told = [
        " ".join(re.sub(r"<[^>]+>", " ", one).split())
        for one in re.findall(r"<div class=\"entry\">.*?</div>", admin.get("/people").text)
    ]
    assert [re.sub(r" \d{4}-\d\d-\d\d .*", "", one) for one in told] == [
        "Ada shut Ben out",
        "Ben signed out",
        "Ada made the token sign as editor (read only)",
        "Ada made Ben editor",
        "Ben signed in by a link, as viewer",
        "Ada made a sign-in link for Ben as viewer",
        "Ada let Ben in as viewer",
        "Ada signed in by a link, as admin",
        "A command made a sign-in link for Ada as admin",
        "A command let Ada in as admin",
    ]
    assert verifying.verify(store).findings == []


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/people", {"do": "role", "name": "Ada", "role": "viewer"}, "That is you"),
        ("/people", {"do": "remove", "name": "ada"}, "That is you"),
        ("/people", {"do": "invite", "name": "ADA", "role": "editor"}, "is called &#39;ADA&#39; already"),
        ("/people", {"do": "invite", "name": " ", "role": "editor"}, "A name has 1 to 100 characters"),
        ("/people", {"do": "invite", "name": "Eve", "role": "god"}, "There is no role"),
        ("/people", {"do": "remove", "name": "Nobody"}, "There is nobody called"),
        ("/people", {"do": "dance"}, "does not say what to do"),
        ("/people/tokens", {"do": "create", "name": "t", "role": "editor", "days": "7"}, "how long"),
        (
            "/people/tokens",
            {"do": "create", "name": "t", "role": "viewer", "days": "", "scope": "save"},
            "has no use for the scope save",
        ),
        ("/people/tokens", {"do": "revoke", "id": "abcdef"}, "There is no token"),
    ],
)
def test_what_cannot_be_is_said(admin: FlaskClient, store: Store, path: str, form: dict[str, str], said: str) -> None:
    response = admin.post(path, data=form, headers=OURS)
    assert response.status_code == 422
    assert said in response.text
    assert [(person.name, person.role) for person in people.listing(store)] == [("Ada", "admin")]
    assert tokens.listing(store) == []
