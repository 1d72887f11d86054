"""People who sign in by a password: making them, the sign-in form, choosing a password, signing out, rates."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.webapp.command import callboard, refusal
from webapp.auth import links, passwords, people, sign_ins
from webapp.services.errors import Invalid, NotFound, Taken
from webapp.settings import Settings
from webapp.store import Store, open_store
from webapp.store.rows import EditorRow, SignInRow

PASSWORD = "correct horse battery"
BROWSER = {"Origin": "http://localhost", "Accept": "text/html"}


@pytest.fixture
def ada(store: Store) -> people.Person:
    return people.create(store, "Ada", "editor", PASSWORD)


def sign_in(client: FlaskClient, name: str = "ada", password: str = PASSWORD, **more: str) -> TestResponse:
    return client.post("/sign-in", data={"name": name, "password": password, **more}, headers=BROWSER)


def signs_in(app: Flask, name: str, password: str) -> bool:
    return sign_in(app.test_client(), name, password).status_code == 303


# --- who there is -----------------------------------------------------------------------------------------------------


def test_names_are_the_same_in_any_case_and_belong_to_one(store: Store, ada: people.Person) -> None:
    with pytest.raises(Taken, match="somebody is called 'ADA' already"):
        people.create(store, "ADA", "viewer")
    assert [person.name for person in people.listing(store)] == ["Ada"]


@pytest.mark.parametrize("name", ["", " ", "ada ", " ada", "a\nb", "a" * 101, "\x1b[31m"])
def test_what_cannot_be_a_name(store: Store, name: str) -> None:
    with pytest.raises(Invalid, match="a name has"):
        people.create(store, name, "viewer")


@pytest.mark.parametrize("password", ["", "short", "a" * 201, "adalovelace"])
def test_what_cannot_be_a_password(store: Store, password: str) -> None:
    with pytest.raises(Invalid, match="a password"):
        people.create(store, "AdaLovelace", "viewer", password)
    assert people.listing(store) == []


def test_passwords_are_kept_as_argon2id(store: Store, ada: people.Person) -> None:
    kept = store.read(lambda session: session.get_one(EditorRow, ada.editor_id).password_hash)
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_cheaper_hash_is_replaced_at_the_next_sign_in(app: Flask, store: Store, ada: people.Person) -> None:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    def make_cheap(session: Any) -> None:
        session.get_one(EditorRow, ada.editor_id).password_hash = cheap

    store.write(make_cheap)
    assert signs_in(app, "Ada", PASSWORD)
    kept = store.read(lambda session: session.get_one(EditorRow, ada.editor_id).password_hash)
    assert not passwords.is_outdated(kept or "")
    assert signs_in(app, "Ada", PASSWORD)


# --- signing in -------------------------------------------------------------------------------------------------------


def test_a_name_and_a_password_sign_in(app: Flask, ada: people.Person) -> None:
    client = app.test_client()
    response = sign_in(client, " ADA ", next="/edit/mill")
    assert (response.status_code, response.headers["Location"]) == (303, "/edit/mill")
    assert "HttpOnly" in response.headers["Set-Cookie"]
    page = client.get("/edit", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Sign out" in page.text
    assert "Ada" in page.text


@pytest.mark.parametrize(
    ("name", "password"), [("ada", PASSWORD + "!"), ("nobody", PASSWORD), ("", ""), ("ada", ""), ("ada", "x" * 9999)]
)
def test_a_wrong_name_or_password_does_not_and_looks_the_same(
    app: Flask, ada: people.Person, name: str, password: str
) -> None:
    client = app.test_client()
    response = sign_in(client, name, password)
    assert response.status_code == 403
    assert "The name or the password is wrong." in response.text
    assert "Set-Cookie" not in response.headers
    assert PASSWORD not in response.text


def test_whoever_has_no_password_cannot_sign_in_by_one(app: Flask, store: Store) -> None:
    people.create(store, "Ben", "editor")
    for password in ("", "nobody's password", "None"):
        assert not signs_in(app, "Ben", password)


@pytest.mark.parametrize(
    "target", ["//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "evil", "/a\nb", ""]
)
def test_signing_in_never_leads_to_another_site(app: Flask, ada: people.Person, target: str) -> None:
    response = sign_in(app.test_client(), next=target)
    assert response.headers["Location"] == "/edit"


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_cannot_sign_a_browser_in(app: Flask, ada: people.Person, headers: dict[str, str]) -> None:
    client = app.test_client()
    response = client.post("/sign-in", data={"name": "ada", "password": PASSWORD}, headers=headers)
    assert (response.status_code, client.get_cookie("callboard_session")) == (403, None)


def test_signing_in_again_ends_the_sign_in_before(app: Flask, store: Store, ada: people.Person) -> None:
    client = app.test_client()
    for _ in range(2):
        sign_in(client)
    assert sign_ins.count(store, ada.editor_id) == 1


def test_the_page_that_was_wanted_comes_after_signing_in(app: Flask, schedule_id: str) -> None:
    page = app.test_client().get("/edit/mill", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert '<input type="hidden" name="next" value="/edit/mill">' in page.text


def test_a_person_who_signs_out_comes_to_the_public_page(app: Flask, ada: people.Person) -> None:
    client = app.test_client()
    sign_in(client)
    response = client.post("/sign-out", headers=BROWSER)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert client.get("/edit").status_code == 401


# --- links and one's own password -------------------------------------------------------------------------------------


def test_a_link_for_a_person_signs_that_person_in(app: Flask, store: Store) -> None:
    ben = people.create(store, "Ben", "admin")
    client = app.test_client()
    assert client.get(f"/sign-in?token={links.create_for(store, 'ben')}").status_code == 303
    assert sign_ins.count(store, ben.editor_id) == 1
    with pytest.raises(NotFound, match="nobody called 'cleo'"):
        links.create_for(store, "cleo")


def choose(client: FlaskClient, **given: str) -> TestResponse:
    data = {"password": "another long one", "again": given.get("password", "another long one"), **given}
    return client.post("/account/password", data=data, headers=BROWSER)


def test_whoever_came_by_a_link_chooses_a_name_and_a_password(app: Flask, store: Store, ada: people.Person) -> None:
    client = app.test_client()
    client.get(f"/sign-in?token={links.create(store)}")
    assert "Somebody is called &#39;ADA&#39; already." in choose(client, name="ADA").text
    assert choose(client, name="Root").status_code == 303
    assert signs_in(app, "root", "another long one")
    assert client.get("/account", headers=BROWSER).status_code == 200
    assert {person.name: person.role for person in people.listing(store)} == {"Ada": "editor", "Root": "admin"}


def test_changing_a_password_takes_the_present_one_and_signs_out_everywhere_else(
    app: Flask, ada: people.Person
) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    sign_in(here)
    sign_in(elsewhere)
    assert choose(here, current="wrong").status_code == 422
    assert choose(here, current=PASSWORD, again="something else").status_code == 422
    assert choose(here, current=PASSWORD, password="short").status_code == 422
    assert elsewhere.get("/edit").status_code == 200
    assert choose(here, current=PASSWORD).status_code == 303
    assert (here.get("/edit").status_code, elsewhere.get("/edit").status_code) == (200, 401)
    assert not signs_in(app, "ada", PASSWORD)


def test_signing_out_everywhere(app: Flask, ada: people.Person) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    sign_in(here)
    sign_in(elsewhere)
    assert here.post("/account/sign-out-everywhere", headers=BROWSER).status_code == 303
    assert (here.get("/edit").status_code, elsewhere.get("/edit").status_code) == (401, 401)


def test_another_site_cannot_choose_a_password(app: Flask, ada: people.Person) -> None:
    client = app.test_client()
    sign_in(client)
    data = {"current": PASSWORD, "password": "another long one", "again": "another long one"}
    for path in ("/account/password", "/account/sign-out-everywhere"):
        response = client.post(path, data=data, headers={"Origin": "http://evil.test"})
        assert response.status_code == 403
    assert signs_in(app, "ada", PASSWORD)


# --- ends -------------------------------------------------------------------------------------------------------------


def test_whoever_is_removed_may_do_nothing_at_once(app: Flask, store: Store, ada: people.Person) -> None:
    client = app.test_client()
    sign_in(client)
    link = links.create_for(store, "ada")
    people.remove(store, "Ada")
    assert client.get("/edit").status_code == 401
    assert app.test_client().get(f"/sign-in?token={link}").status_code == 403
    assert not signs_in(app, "ada", PASSWORD)
    assert store.read(lambda session: session.get_one(EditorRow, ada.editor_id).name) == "Ada"
    people.create(store, "ada", "viewer", PASSWORD)


def test_another_role_counts_from_the_next_request(app: Flask, store: Store, ada: people.Person) -> None:
    client = app.test_client()
    sign_in(client)
    people.set_role(store, "ada", "viewer")
    page = client.get("/edit", headers=BROWSER)
    assert page.status_code == 403
    assert "with the role viewer" in page.text


def test_a_new_password_from_outside_ends_the_sign_ins(app: Flask, store: Store, ada: people.Person) -> None:
    client = app.test_client()
    sign_in(client)
    people.set_password(store, "ada", "another long one")
    assert client.get("/edit").status_code == 401
    assert signs_in(app, "ada", "another long one")


def test_a_removal_while_the_password_is_looked_at_wins(
    store: Store, ada: people.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*_arguments: object) -> bool:
        people.remove(store, "ada")
        return True

    monkeypatch.setattr(passwords, "matches", slowly)
    assert people.sign_in(store, "ada", PASSWORD, lifetime=timedelta(days=1)) is None
    assert store.read(lambda session: session.query(SignInRow).count()) == 0


# --- the commands -----------------------------------------------------------------------------------------------------


def run(*arguments: str, data: Path, stdin: str = "") -> str:
    ran = callboard(*arguments, "--data", data, stdin=stdin.encode())
    assert (ran.status, ran.err) == (0, "")
    return ran.out


def test_people_are_looked_after_from_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("user", "create", "Ada", "--role", "admin", "--password-stdin", data=data, stdin=PASSWORD + "\n") == ""
    link = run("user", "create", "Ben", "--role", "viewer", "--link", data=data)
    assert re.fullmatch(r"/sign-in\?token=cbl_\S+\n", link)
    assert re.fullmatch(r"/sign-in\?token=cbl_\S+\n", run("user", "link", "ben", data=data))
    run("user", "role", "ben", "editor", data=data)
    listed = callboard("user", "list", "--json", "--data", data).json["users"]
    assert [(one["name"], one["role"], one["password"]) for one in listed] == [
        ("Ada", "admin", True),
        ("Ben", "editor", False),
    ]
    run("user", "password", "BEN", "--password-stdin", data=data, stdin="another long one")
    store = open_store(Settings(data=data).database)
    assert people.sign_in(store, "Ben", "another long one", lifetime=timedelta(days=1)) is not None
    store.close()
    run("user", "remove", "Ada", data=data)
    table = run("user", "list", data=data)
    assert [line.split()[:2] for line in table.splitlines()] == [["name", "role"], ["Ben", "editor"]]


def test_what_the_commands_refuse(tmp_path: Path) -> None:
    data = tmp_path / "data"
    create = ("user", "create", "Ada", "--role", "editor", "--data", data)
    assert refusal(*create, "--password-stdin", stdin=b"short\n") == "a password has 10 to 200 characters"
    assert "use --password-stdin" in refusal(*create)
    assert "one or the other" in refusal(*create, "--link", "--password-stdin")
    callboard(*create, "--link")
    assert refusal(*create, "--link") == "somebody is called 'Ada' already"
    for command in (("remove", "Eve"), ("role", "Eve", "admin"), ("link", "Eve")):
        assert refusal("user", *command, "--data", data) == "there is nobody called 'Eve'"
    assert refusal("user", "list", "--data", tmp_path / "nowhere").endswith("there is no such database")


def test_a_password_is_asked_for_twice_at_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.commands.access.at_terminal", lambda: True)
    typed = f"{PASSWORD}\nsomething else\n{PASSWORD}\n{PASSWORD}\n".encode()
    ran = callboard("user", "create", "Ada", "--role", "editor", "--data", tmp_path, stdin=typed)
    assert (ran.status, ran.out) == (0, "")
    assert "do not match" in ran.err
    assert PASSWORD not in ran.err
