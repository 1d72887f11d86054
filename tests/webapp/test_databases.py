"""The same on SQLite and on PostgreSQL: tables, saves, many writers at once, a record that takes no change."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.webapp.small import Caller, move
from webapp.auth import journal, links, people, tokens
from webapp.events import retention
from webapp.events.handlers import Availability
from webapp.events.relay import Relay
from webapp.schemas import read_document
from webapp.services import importing, verifying
from webapp.services.clock import now_utc
from webapp.services.errors import Taken
from webapp.store import Store, migrating, open_store, upgrade
from webapp.store.databases import connect
from webapp.store.rows import Row


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


def test_the_migrations_make_the_tables_that_the_code_expects(store: Store) -> None:
    def differences(session: Session) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(session.connection()), Row.metadata))

    assert store.read(differences) == []


def test_a_whole_day_at_the_desk(editor: Caller, attendee: Caller, store: Store) -> None:
    assert editor.save(move("knots", "12:00"), publish=True).status_code == 200
    assert editor.save(move("looms", "15:00"), version=1).status_code == 412
    assert editor.save(move("knots", "11:30", "hall")).status_code == 409
    assert editor.save(move("knots", "11:30", "hall"), override={"reason": "try"}).status_code == 200
    assert editor.publish().status_code == 409
    assert attendee.get("/published").headers["ETag"] == '"p2"'
    events = editor.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert verifying.verify(store).findings == []


def test_of_many_editors_at_one_version_one_saves(caller: Any) -> None:
    results: list[str] = []

    def save(who: Caller, start: str) -> None:
        results.append(who.save(move("knots", start), version=1).get_json()["result"])

    editors = [caller("editor") for _ in range(8)]
    threads = [threading.Thread(target=save, args=(who, f"12:{5 * number:02}")) for number, who in enumerate(editors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["saved"] + ["stale_blocked"] * 7
    events = editors[0].events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_twins_of_one_request_get_one_answer(caller: Any) -> None:
    who = caller("editor")
    body = {"saveAttemptId": "twin", "expectedVersion": 1, "changes": [move("knots", "12:00")]}
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(who.post("/saves", body).get_json())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["result"] for answer in answers] == ["saved"] * 6
    assert len({json.dumps(answer) for answer in answers}) == 1
    assert who.version() == 2


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry"])
def test_the_record_takes_no_change(editor: Caller, store: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="immutable"):
        store.write(lambda session: session.execute(text(statement)))


def test_people_and_tokens_come_and_go(app: Flask, store: Store) -> None:
    people.create(store, "Ada", "editor", "correct horse battery")
    with pytest.raises(Taken):
        people.create(store, "ADA", "admin")
    client = app.test_client()
    form = {"name": "ada", "password": "correct horse battery"}
    assert client.post("/sign-in", data=form, headers={"Origin": "http://localhost"}).status_code == 303
    link = links.create_for(store, "ada")
    assert app.test_client().get(f"/sign-in?token={link}").status_code == 303
    assert app.test_client().get(f"/sign-in?token={link}").status_code == 403
    ends = now_utc() + timedelta(hours=1)
    token = tokens.create(store, "editor", name="board", scopes=["save", "read"], expires_at=ends)
    [listed] = tokens.listing(store)
    assert (listed.name, listed.scopes, listed.expires_at) == ("board", ("read", "save"), ends)
    assert store.read(lambda session: tokens.identify(session, token)) is not None
    tokens.revoke(store, listed.id[:8])
    assert store.read(lambda session: tokens.identify(session, token)) is None
    people.remove(store, "Ada")
    assert client.get("/account").status_code == 401
    people.create(store, "Ada", "viewer")


def test_an_upgrade_keeps_those_who_are_signed_in(tmp_path: Path) -> None:
    """On SQLite, a table that is made anew would take along whatever refers to it."""
    first = connect(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with first.writer.begin() as connection:
        command.upgrade(migrating.config(connection), "0001")
        for statement in (
            "INSERT INTO editor VALUES ('e', 'Ada', 'admin', '2027-01-01 00:00:00')",
            "INSERT INTO sign_in VALUES ('s', 'e', '2027-01-01 00:00:00', '2099-01-01 00:00:00')",
            "INSERT INTO token VALUES ('t', 'e', '2027-01-01 00:00:00')",
            "INSERT INTO link VALUES ('l', 'admin', '2027-01-01 00:00:00', '2099-01-01 00:00:00', NULL)",
        ):
            connection.execute(text(statement))
    first.dispose()
    upgrade(str(first.url))
    store = open_store(str(first.url))
    for table in ("editor", "sign_in", "token", "link"):
        count = text(f"SELECT count(*) FROM {table}")
        assert store.read(lambda session, count=count: session.scalar(count)) == 1, table
    [listed] = tokens.listing(store)
    assert (listed.name, listed.scopes, listed.expires_at) == ("Ada", None, None)
    store.close()


def test_an_upgrade_seals_what_happened_before(editor: Caller, store: Store) -> None:
    editor.save(move("knots", "11:30", "hall"))
    editor.save(move("knots", "12:30"), publish=True)
    unsealed = ["ALTER TABLE event DROP COLUMN hash", "ALTER TABLE published DROP COLUMN revised"]
    unsealed += [f"DROP TABLE {name}" for name in ("session_lock", "solve_job", "access_entry", "access_head")]
    unsealed += ["UPDATE alembic_version SET version_num = '0005'"]
    unsealed += [f"ALTER TABLE schedule DROP COLUMN {name}" for name in ("log_hash", "trimmed_hash", "attempts_digest")]
    with store.database.writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            unsealed += ["DROP FUNCTION access_entry_refuse"]
        for statement in unsealed:
            connection.execute(text(statement))
        migrating.run(connection)
    assert verifying.verify(store).findings == []
    [found] = journal.latest(store, 9)
    assert (found.number, found.action) == (1, "found")
    [who] = [one.id for one in tokens.listing(store)]
    tokens.revoke(store, who)
    assert verifying.verify(store).findings == []


def test_two_schedules_do_not_share_a_name(caller: Any, store: Store, small: dict[str, Any]) -> None:
    who = caller("admin")
    imported = read_document(json.dumps(small).encode(), "small.json")
    importing.import_document(store, imported, editor_id=None)
    listed = who.client.get("/api/v1/schedules", headers=who.headers).get_json()["items"]
    assert [one["slug"] for one in listed] == ["mill", "mill-days"]


def test_settings_free_windows_and_old_events(caller: Any, store: Store) -> None:
    admin = caller("admin")
    settings = {
        "severities": {"room_overlap": "warn"},
        "hours": [{"date": "2027-02-06", "start": "08:00", "end": "19:00"}],
    }
    told = admin.client.put(admin.base + "/settings", json=settings, headers=admin.headers)
    assert (told.status_code, told.get_json()["version"]) == (200, 2)
    assert admin.save(move("knots", "11:30", "hall"), publish=True).status_code == 200
    away = {"op": "person_unavailable", "person": "ada", "from": "2027-02-06T10:30", "to": "2027-02-06T12:30"}
    assert admin.save(away, override={"reason": "late"}).status_code == 200
    Relay(store, [Availability(store)]).run()
    last = admin.draft()["lastSeq"]
    assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) == last
    assert admin.get("/events?after=1").status_code == 410
    (ada,) = admin.items("/availability?kind=person&id=ada")
    assert [one["from"][11:16] for one in ada["free"]] == ["08:00", "09:30", "12:30", "15:00"]
    conflicts = {one["rule"]: one for one in admin.items("/conflicts?status=unresolved")}
    assert {rule: one["severity"] for rule, one in conflicts.items()} == {
        "room_overlap": "warn",
        "speaker_unavailable": "block",
    }
    assert conflicts["speaker_unavailable"]["overrides"][0]["reason"] == "late"
    assert verifying.verify(store).findings == []
