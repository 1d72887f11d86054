"""Somebody who owns the database tampers with one row: `verify` finds it every time, and never cries wolf."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.reliability import busy
from tests.reliability.soak import LONG, Figure, amount
from webapp.events.handlers import Availability
from webapp.events.relay import Relay
from webapp.services import auditing, verifying
from webapp.store import Store
from webapp.store.rows import AuditRow, Row, ScheduleRow

TAMPERINGS = amount(quick=1000, long=20_000)
QUICK_ON_POSTGRESQL = 200
COLUMNS: dict[str, tuple[str, ...]] = {
    "audit_entry": (
        *("number", "action", "editor_id", "save_attempt_id", "version", "reason", "created_at", "details"),
        *("previous_hash", "hash"),
    ),
    "override_entry": (
        *("save_attempt_id", "editor_id", "reason", "affected_conflict_ids", "saved_version", "created_at"),
    ),
    **{
        name: tuple(column.name for column in Row.metadata.tables[name].columns if column.name != "schedule_id")
        for name in (
            "schedule",
            "session",
            "room",
            "person",
            "carried",
            "published",
            "conflict",
            "save_attempt",
            "event",
        )
    },
    "availability": ("free",),
}
"""What of each table is schedule truth.  Free windows that are not kept are calculated, so those may be missing."""
WEIGHTS = (25, 10, 12, 6, 6, 6, 2, 4, 10, 10, 15, 4)


def test_no_tampering_goes_unnoticed(store: Store, each_database: str, figure: Figure) -> None:
    wanted = QUICK_ON_POSTGRESQL if each_database and not LONG else TAMPERINGS
    conference = busy.add_conference(store, "tampered", sessions=8, rooms=3)
    busy.live_through(store, "tampered", conference, 20, seed=5)
    busy.go_wrong(store, "tampered", conference)
    Relay(store, [Availability(store)]).run()
    assert verifying.verify(store).findings == []
    chance = random.Random(7)
    unnoticed: list[str] = []
    with store.database.writer.connect() as connection:
        with connection.begin():
            disarm(connection)
        tried = 0
        while tried < wanted:
            with connection.begin() as trial:
                done = tamper(connection, chance)
                if done is not None:
                    tried += 1
                    if not is_found(connection):
                        unnoticed.append(done)
                trial.rollback()
        assert not is_found(connection)
    figure("tampered rows that went unnoticed", len(unnoticed), tried)
    assert unnoticed == []


def is_found(connection: Connection) -> bool:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        return any(True for row in session.query(ScheduleRow) for _ in verifying.Rows(session, row).findings())


def disarm(connection: Connection) -> None:
    """Drop the triggers."""
    for table in ("audit_entry", "override_entry"):
        if connection.dialect.name == "sqlite":
            for action in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{action}"))
        else:
            connection.execute(text(f"DROP TRIGGER {table}_immutable ON {table}"))


def tamper(connection: Connection, chance: random.Random) -> str | None:
    """Change, forge, add or delete one row; a sentence about it, or None if the database itself would not have it."""
    [name] = chance.choices(list(COLUMNS), WEIGHTS)
    table = Row.metadata.tables[name]
    row = dict(chance.choice(connection.execute(select(table)).mappings().all()))
    try:
        with connection.begin_nested():
            return chance.choice((change, change, change, remove, forge, add))(connection, chance, table, row)
    except DBAPIError:
        return None


def change(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    column = chance.choice(COLUMNS[table.name])
    value = other(row[column], chance)
    if value == row[column]:
        return None
    connection.execute(update(table).where(*key(table, row)).values({column: value}))
    return f"{table.name} {row}: {column} = {value!r}"


def remove(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    if table.name in ("schedule", "availability"):
        return None
    connection.execute(delete(table).where(*key(table, row)))
    return f"{table.name} {row} removed"


def forge(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    """The clever one: an entry is changed, and its own hash made to fit."""
    if table.name != "audit_entry":
        return None
    column = chance.choice(("editor_id", "reason", "created_at", "details", "version", "save_attempt_id"))
    forged = {**row, column: other(row[column], chance)}
    connection.execute(update(table).where(*key(table, row)).values(sealed(forged)))
    return f"entry {row['number']} forged: {column} = {forged[column]!r}" if forged != row else None


def add(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    """An entry that fits the one before it, at the end of the chain."""
    if table.name != "audit_entry":
        return None
    last = connection.execute(select(table).order_by(table.c.number.desc())).mappings().first()
    assert last is not None
    added = {**row, "id": "added", "number": last["number"] + 1, "previous_hash": last["hash"]}
    connection.execute(insert(table).values(sealed(added)))
    return "an entry added"


def key(table: Table, row: dict[str, Any]) -> list[Any]:
    return [column == row[column.name] for column in table.primary_key]


def sealed(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "hash": auditing.hash_of(AuditRow(**values))}


def other(value: Any, chance: random.Random) -> Any:
    """Another value of the same kind; the same where there is none."""
    match value:
        case bool():
            return not value
        case int():
            return value + chance.choice((-1, 1, 1000))
        case str():
            at = chance.randrange(len(value) + 1)
            return value[:at] + "x" + value[at + 1 :] if value[at : at + 1] != "x" else value[:at] + value[at + 1 :]
        case datetime():
            return value + timedelta(milliseconds=1)
        case list():
            return value[:-1]
        case dict():
            return dict(list(value.items())[:-1])
    return value
