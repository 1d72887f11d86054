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
from webapp.auth import journal, links, people, tokens
from webapp.events.handlers import Availability
from webapp.events.relay import Relay
from webapp.services import auditing, verifying
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import AccessRow, AuditRow, Row

TAMPERINGS = amount(quick=1000, long=5000)
QUICK_ON_POSTGRESQL = 200
WEIGHTS: dict[str, int] = {
    "audit_entry": 25,
    "override_entry": 10,
    "schedule": 12,
    "session": 6,
    "room": 6,
    "person": 6,
    "carried": 2,
    "published": 4,
    "conflict": 10,
    "save_attempt": 10,
    "event": 15,
    "availability": 4,
    "access_entry": 15,
    "editor": 8,
    "token": 6,
    "link": 4,
    "sign_in": 4,
    "access_head": 3,
}
"""The tables of truth, and how often each is tampered with in proportion."""
NOT_TRUTH = {
    "solve_job": "what a job proposes becomes true only by a save, which somebody makes who has seen it",
    "session_lock": "locks keep people from each other's feet; saves compare versions",
    "event_cursor": "a handler that skips or repeats events; the free windows that come of it are looked at",
    "event_trouble": "handlers look at how things are, not at what an event says",
    "request_key": "a request that comes again; what it made is looked at by itself",
}
CHAINS = {"audit_entry": auditing.hash_of, "access_entry": journal.hash_of}
KEPT_IN_PART = {"availability": ("free",)}
"""Free windows that are not kept are calculated, so those may be missing."""


def test_every_table_is_truth_or_said_not_to_be() -> None:
    assert Row.metadata.tables.keys() == {*WEIGHTS, *NOT_TRUTH}


def test_no_tampering_goes_unnoticed(store: Store, each_database: str, figure: Figure) -> None:
    wanted = QUICK_ON_POSTGRESQL if each_database and not LONG else TAMPERINGS
    conference = busy.add_conference(store, "tampered", sessions=8, rooms=3)
    busy.live_through(store, "tampered", conference, 20, seed=5)
    busy.go_wrong(store, "tampered", conference)
    Relay(store, [Availability(store)]).run()
    let_people_in(store)
    assert verifying.verify(store).findings == []
    chance = random.Random(7)
    unnoticed: list[str] = []
    with store.database.writer.connect() as connection:
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


def let_people_in(store: Store) -> None:
    """People and programs of every kind, some of them shut out again."""
    day = timedelta(days=1)
    for name, role in (("Ada", "admin"), ("Ben", "editor"), ("Cleo", "viewer")):
        people.create(store, name, role)
        assert links.redeem(store, links.create_for(store, name), lifetime=day)
    people.set_role(store, "Ben", "viewer")
    people.remove(store, "Cleo")
    links.create(store)
    assert links.redeem(store, links.create(store, "editor"), lifetime=day)
    tokens.create(store, "editor", name="sign", scopes=["read"], expires_at=now_utc() + day)
    tokens.create(store, "editor", name="gone")
    [gone] = [one for one in tokens.listing(store) if one.name == "gone"]
    tokens.revoke(store, gone.id)


def is_found(connection: Connection) -> bool:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        return bool(verifying.verify_everything(session).findings)


def disarm(connection: Connection) -> None:
    """Whoever owns the database has no triggers and no foreign keys in the way."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
    else:
        found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in found:
            connection.execute(text(f"DROP TRIGGER {name}"))
    connection.commit()
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")


def tamper(connection: Connection, chance: random.Random) -> str | None:
    """Change, forge, add or delete one row; a sentence about it, or None if the database itself would not have it."""
    [name] = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
    table = Row.metadata.tables[name]
    row = dict(chance.choice(connection.execute(select(table).order_by(*table.primary_key)).mappings().all()))
    try:
        with connection.begin_nested():
            return chance.choice((change, change, change, remove, forge, add))(connection, chance, table, row)
    except DBAPIError:
        return None


def change(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    column = chance.choice(KEPT_IN_PART.get(table.name) or table.columns.keys())
    value = other(row[column], chance)
    if value == row[column]:
        return None
    connection.execute(update(table).where(*key(table, row)).values({column: value}))
    return f"{table.name} {row}: {column} = {value!r}"


def remove(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    if table.name in KEPT_IN_PART:
        return None
    connection.execute(delete(table).where(*key(table, row)))
    return f"{table.name} {row} removed"


def forge(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    """The clever one: an entry is changed, and its own hash made to fit."""
    if table.name not in CHAINS:
        return None
    column = chance.choice([one.name for one in table.columns if one.name not in ("hash", "previous_hash")])
    forged = {**row, column: other(row[column], chance)}
    connection.execute(update(table).where(*key(table, row)).values(sealed(table, forged)))
    return f"{table.name} {row} forged: {column} = {forged[column]!r}" if forged != row else None


def add(connection: Connection, chance: random.Random, table: Table, row: dict[str, Any]) -> str | None:
    """A row more: an entry that fits the one before it, at the end of its chain, or anything else under another key."""
    if table.name in KEPT_IN_PART:
        return None
    if table.name in CHAINS:
        last = connection.execute(select(table).order_by(table.c.number.desc())).mappings().first()
        assert last is not None
        added = {**row, "number": last["number"] + 1, "previous_hash": last["hash"]}
        added = sealed(table, added | ({"id": "added"} if "id" in row else {}))
    else:
        name = chance.choice([column.name for column in table.primary_key])
        added = {**row, name: other(row[name], chance)}
    connection.execute(insert(table).values(added))
    return f"{table.name}: added {added}"


def key(table: Table, row: dict[str, Any]) -> list[Any]:
    return [column == row[column.name] for column in table.primary_key]


def sealed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """The values of an entry with the hash that fits them."""
    rows: dict[str, Any] = {"audit_entry": AuditRow, "access_entry": AccessRow}
    hash_of: Any = CHAINS[table.name]
    return {**values, "hash": hash_of(rows[table.name](**values))}


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
