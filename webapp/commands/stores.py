"""Opening stored data from a command: brought up to date, closed again, its errors said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.commands.common import BadInput

if TYPE_CHECKING:
    from webapp.settings import Settings
    from webapp.store import Store


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[Store]:
    """The store of these settings; it must be there already unless `create`.

    What the store refuses inside the block becomes `BadInput`.
    """
    from webapp.services.errors import Refusal
    from webapp.store import open_store

    with store_complaints(settings):
        bring_up_to_date(settings, create=create)
        store = open_store(settings.database)
        try:
            yield store
        except Refusal as error:
            raise BadInput(error.detail) from None
        finally:
            store.close()


def bring_up_to_date(settings: Settings, *, create: bool) -> None:
    """Run the migrations that the database lacks."""
    from webapp.store import upgrade

    file = _file(settings)
    if file is not None and not create and not file.exists():
        raise BadInput(f"{file}: there is no such database")
    upgrade(settings.database)


@contextmanager
def store_complaints(settings: Settings) -> Iterator[None]:
    """Turn what a database or its directory is refused for into `BadInput`."""
    from sqlalchemy.exc import SQLAlchemyError

    where = str(_file(settings) or "the database")
    try:
        yield
    except SQLAlchemyError as error:
        raise BadInput(f"{where}: the database cannot be used: {_first_line(error)}") from None
    except OSError as error:
        raise BadInput(f"{where}: the data directory cannot be used: {error.strerror or error}") from None


def _file(settings: Settings) -> Path | None:
    """The file of an SQLite database."""
    from sqlalchemy.engine import make_url

    url = make_url(settings.database)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
