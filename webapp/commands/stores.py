"""Opening stored data from a command: brought up to date, closed again, its errors said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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

    file = settings.sqlite_file
    if file is not None and not create and not file.exists():
        raise BadInput(f"{file}: there is no such database")
    upgrade(settings.database, backups=settings.backups)


@contextmanager
def store_complaints(settings: Settings) -> Iterator[None]:
    """Turn what a database or its directory is refused for into `BadInput`."""
    from sqlalchemy.exc import SQLAlchemyError

    from webapp.store.backups import BackupError
    from webapp.store.failures import UnstorableError
    from webapp.store.migrating import NewerDatabaseError

    where = str(settings.sqlite_file or "the database")
    try:
        yield
    except SQLAlchemyError as error:
        raise BadInput(f"{where}: the database cannot be used: {_first_line(error)}") from None
    except NewerDatabaseError as error:
        raise BadInput(f"{where}: {error}") from None
    except (BackupError, UnstorableError) as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        raise BadInput(f"{where}: the data directory cannot be used: {error.strerror or error}") from None


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
