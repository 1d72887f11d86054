"""The two databases and how they differ: the only place with SQL that one of them alone understands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import NullPool, StaticPool

from webapp.store.rows import Row

BUSY_SECONDS = 10
"""How long a writer waits for another process's transaction."""


@dataclass(frozen=True)
class Database:
    """The engines of one database: what reads and what writes."""

    url: URL
    reader: Engine
    writer: Engine
    one_writer: bool
    """Whether writers must take turns, because the database knows only one at a time."""

    def dispose(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def connect(url: str) -> Database:
    """The database behind `url`."""
    address = make_url(url)
    return _sqlite(address) if address.get_backend_name() == "sqlite" else _server(address)


def _sqlite(url: URL) -> Database:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    shared = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    reader = create_engine(url, poolclass=NullPool, connect_args=shared)
    writer = create_engine(url, poolclass=StaticPool, connect_args=shared)
    event.listen(reader, "connect", _prepare_reader)
    event.listen(writer, "connect", _prepare_writer)
    event.listen(reader, "begin", lambda connection: _begin(connection, "DEFERRED"))
    # A read that becomes a write fails at once whatever the timeout: take the lock first.
    event.listen(writer, "begin", lambda connection: _begin(connection, "IMMEDIATE"))
    return Database(url, reader, writer, one_writer=True)


def _prepare_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _prepare_writer(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # WAL with NORMAL forgets acknowledged saves in a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection, mode: str) -> None:
    connection.exec_driver_sql(f"BEGIN {mode}")


def _server(url: URL) -> Database:
    # Reads see one moment; writers lock the schedule's row and compare versions.
    reader = create_engine(url, pool_pre_ping=True, isolation_level="REPEATABLE READ")
    writer = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    return Database(url, reader, writer, one_writer=False)


def upsert(dialect: str, table: Table) -> Any:
    """The statement that writes a row of `table`, in place of the one with the same primary key if there is one."""
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    keys = list(table.primary_key.columns)
    others = {column.name: statement.excluded[column.name] for column in table.columns if column not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


def immutable(dialect: str, table: str) -> list[str]:
    """The statements after which rows of `table` can be neither changed nor deleted."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END"
            for action in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is immutable'; END $$",
        f"CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ]


def lock_for_migration(connection: Connection) -> None:
    """Let nobody else migrate until the transaction ends; on SQLite it is the only writer already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('callboard migration'))"))


def others_connected(connection: Connection) -> int:
    """How many other connections a server database has."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return int(connection.execute(text(query)).scalar_one())


def drop_everything(connection: Connection) -> None:
    """Remove Callboard's tables, and what belongs to them, from a server database."""
    found = MetaData()
    found.reflect(connection)
    for table in {*found.tables, "alembic_version"} & {*Row.metadata.tables, "alembic_version"}:
        connection.execute(text(f'DROP TABLE IF EXISTS "{table}" CASCADE'))
        connection.execute(text(f'DROP FUNCTION IF EXISTS "{table}_refuse" CASCADE'))
