"""The same on SQLite and on PostgreSQL: tables, saves, many writers at once, a record that takes no change."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.webapp.small import Caller, move
from webapp.schemas import read_document
from webapp.services import auditing, importing
from webapp.store import Store
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
    assert store.read(lambda session: auditing.first_broken(session, editor.schedule_id)) is None


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


def test_two_schedules_do_not_share_a_name(caller: Any, store: Store, small: dict[str, Any]) -> None:
    who = caller("admin")
    imported = read_document(json.dumps(small).encode(), "small.json")
    importing.import_document(store, imported, editor_id=None)
    listed = who.client.get("/api/v1/schedules", headers=who.headers).get_json()["items"]
    assert [one["slug"] for one in listed] == ["mill", "mill-days"]
