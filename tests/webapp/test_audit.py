"""The audit: chained, immutable, and every tampering found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.webapp.small import Caller, move
from webapp.services import verifying
from webapp.store import Store
from webapp.store.rows import AuditRow, OverrideRow


@pytest.fixture
def busy(editor: Caller) -> Caller:
    """An editor who has done some of everything."""
    editor.save(move("knots", "12:00"))
    editor.save(move("knots", "11:30", "hall"), override={"reason": "try it"})
    editor.save(move("knots", "12:30", "attic"), publish=True)
    return editor


def found(store: Store) -> list[str]:
    return [one.place for one in verifying.verify(store).findings]


def test_every_change_has_an_entry_with_what_was_before(busy: Caller) -> None:
    entries = busy.items("/audit")
    assert [(one["number"], one["action"], one["version"]) for one in entries] == [
        (1, "import", 1),
        (2, "save", 2),
        (3, "override", 3),
        (4, "save", 4),
        (5, "publish", 4),
    ]
    assert [one["previousHash"] for one in entries[1:]] == [one["hash"] for one in entries[:-1]]
    override = entries[2]
    assert override["reason"] == "try it"
    assert [one["rule"] for one in override["conflicts"]] == ["room_overlap"]
    [change] = override["changes"]
    assert change["previousValues"]["startTime"] == "2027-02-06T12:00:00+01:00"
    assert change["values"] == {
        "roomId": "hall",
        "startTime": "2027-02-06T11:30:00+01:00",
        "endTime": "2027-02-06T12:15:00+01:00",
    }
    assert override["editorId"] == busy.draft()["updatedBy"]


def test_replaying_the_audit_leads_to_the_present(busy: Caller, store: Store) -> None:
    """The import's file, with every entry's values laid over it, is the draft."""

    def replayed(session: Session) -> dict[str, dict[str, object]]:
        rows = session.query(AuditRow).order_by(AuditRow.number).all()
        first = json.loads(rows[0].details)["document"]
        state: dict[str, dict[str, object]] = {one["id"]: {"roomId": one.get("room")} for one in first["sessions"]}
        for row in rows[1:]:
            for change in json.loads(row.details)["changes"]:
                state[change["resourceId"]] |= change["values"]
        return state

    sessions = busy.sessions()
    for session_id, values in store.read(replayed).items():
        assert sessions[session_id].items() >= values.items()


@pytest.mark.parametrize("table", ["audit_entry", "override_entry"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'other'", "DELETE FROM {}"])
def test_rows_on_record_take_no_change(busy: Caller, store: Store, table: str, statement: str) -> None:
    with pytest.raises(IntegrityError, match="immutable"):
        store.write(lambda session: session.connection().exec_driver_sql(statement.format(table)))
    assert found(store) == []
    assert len(busy.items("/audit")) == 5


@contextmanager
def without_triggers(app: Flask) -> Iterator[sqlite3.Connection]:
    """The database in the hands of somebody who has dropped the triggers."""
    data: Path = app.extensions["callboard.settings"].data
    connection = sqlite3.connect(data / "callboard.sqlite", isolation_level=None)
    for table in ("audit_entry", "override_entry"):
        for action in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {table}_no_{action}")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("UPDATE audit_entry SET reason = 'we all agreed' WHERE number = 3", 3),
        ("UPDATE audit_entry SET editor_id = 'somebody' WHERE number = 2", 2),
        ("UPDATE audit_entry SET details = replace(details, '12:00', '12:01') WHERE number = 2", 2),
        ("UPDATE audit_entry SET created_at = '2020-01-01 00:00:00.000000' WHERE number = 4", 4),
        ("UPDATE audit_entry SET version = 9 WHERE number = 5", 5),
        ("DELETE FROM audit_entry WHERE number = 4", 4),
        ("UPDATE audit_entry SET hash = previous_hash WHERE number = 1", 1),
    ],
)
def test_a_tampered_entry_is_found(busy: Caller, app: Flask, store: Store, change: str, first: int) -> None:
    assert found(store) == []
    with without_triggers(app) as connection:
        assert connection.execute(change).rowcount == 1
    assert found(store) == [f"audit entry {first}"]


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ("UPDATE event SET body = replace(body, 'knots', 'looms') WHERE seq = 3", ["event 3"]),
        ("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)", ["event {last}"]),
        ("UPDATE schedule SET status = 'draft'", ["schedule: status"]),
        ("UPDATE schedule SET last_broadcast_at = NULL", ["schedule: last_broadcast_at"]),
        ("UPDATE save_attempt SET answer = replace(answer, '\"block\"', '\"warn\"')", ["save attempts"]),
        ("UPDATE conflict SET status = 'unresolved', person = 'nobody'", ["conflict {conflict}"]),
        ("UPDATE session SET start = 1 WHERE id = 'spare'", ["session 'spare'"]),
        ("UPDATE carried SET format = 'frab'", ["what the imported file carried"]),
    ],
)
def test_a_tampered_row_is_named(busy: Caller, app: Flask, store: Store, change: str, places: list[str]) -> None:
    assert found(store) == []
    [conflict] = {one["conflictId"] for one in busy.items("/conflicts")}
    last = busy.draft()["lastSeq"]
    with without_triggers(app) as connection:
        assert connection.execute(change).rowcount >= 1
    assert found(store) == [place.format(conflict=conflict, last=last) for place in places]


def test_an_override_is_kept_apart_as_well(busy: Caller, store: Store) -> None:
    kept = store.read(lambda session: [(one.reason, one.saved_version) for one in session.query(OverrideRow)])
    assert kept == [("try it", 3)]


def test_settings_are_replayed_as_well(busy: Caller, caller: Callable[[str], Caller], app: Flask, store: Store) -> None:
    admin = caller("admin")
    hours = [{"date": "2027-02-06", "start": "08:00", "end": "18:00"}]
    for settings in ({"severities": {"turnover": "warn"}}, {"hours": hours}, {"preferences": {"moved": 3}}):
        response = admin.client.put(f"{admin.base}/settings", json=settings, headers=admin.headers)
        assert response.status_code == 200, response.text
    busy.save(move("knots", "13:00"))
    assert found(store) == []
    with without_triggers(app) as connection:
        connection.execute("UPDATE schedule SET settings = '{}'")
    assert found(store) == ["schedule: settings"]
