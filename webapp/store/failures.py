"""What can go wrong with a database: a full disk, one that does not answer, and a value that it cannot hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError

DISK_FULL = "53100"
"""PostgreSQL's word for it."""
AWAY = ("08", "57P")
"""How PostgreSQL's words begin for a connection that broke, and for a server that ends or begins."""


class FullError(Exception):
    """The disk that the database is on has no room left; nothing was changed."""


class AwayError(Exception):
    """The database does not answer.  Whether a transaction was committed before is known by asking again."""


class UnstorableError(Exception):
    """A text or a number that the database cannot hold, so that nothing there can be meant; nothing was changed."""


@contextmanager
def told_apart() -> Iterator[None]:
    """Tell these three from all other errors of a database."""
    try:
        yield
    except (DataError, OverflowError, UnicodeEncodeError) as error:
        if isinstance(error, OverflowError) and "SQLite" not in str(error):
            raise
        raise UnstorableError("a text or a number in it is none that can be kept") from error
    except DBAPIError as error:
        if _is_full(error):
            raise FullError("the disk that the database is on is full") from error
        if _is_away(error):
            raise AwayError("the database does not answer just now") from error
        raise


def _is_full(error: DBAPIError) -> bool:
    return _sqlite_code(error) == sqlite3.SQLITE_FULL or _state(error) == DISK_FULL


def _is_away(error: DBAPIError) -> bool:
    if error.connection_invalidated or isinstance(error, InterfaceError) or _sqlite_code(error) == sqlite3.SQLITE_BUSY:
        return True
    state = _state(error)
    if state is not None:
        return state.startswith(AWAY)
    # A server that cannot be reached gives no word at all.
    return isinstance(error, OperationalError) and _sqlite_code(error) is None


def _sqlite_code(error: DBAPIError) -> int | None:
    return getattr(error.orig, "sqlite_errorcode", None)


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
