"""Documents that come in over the web: read where it holds nobody up, and tables in a program of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from webapp.services.errors import Unavailable
from webapp.serving.programs import module_path
from webapp.store import Store

if TYPE_CHECKING:
    from webapp.schemas import Imported

TABLE_SECONDS = 60.0


def read(store: Store, data: bytes, name: str, timezone: str = "UTC") -> Imported:
    """A document of any format; bare times in tables are meant in the time zone.

    Raises `DocumentError` for what is wrong with it, `Unavailable` if a table takes too much time or memory.
    """
    from webapp.schemas import read_document
    from webapp.schemas.documents import is_table

    if is_table(data):
        return _table(data, name, timezone)
    return store.aside(lambda: read_document(data, name, timezone))


def _table(data: bytes, name: str, timezone: str) -> Imported:
    from webapp.interop.document import check_size
    from webapp.schemas import DocumentError, Imported, read_callboard

    check_size(data, name)
    try:
        made = subprocess.run(
            [sys.executable, "-P", "-m", "webapp.tables", "read", timezone],
            input=data,
            capture_output=True,
            timeout=TABLE_SECONDS,
            check=False,
            env={**os.environ, **module_path(), "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{name}: reading the table took more than {TABLE_SECONDS:.0f} seconds") from None
    if made.returncode:
        raise Unavailable(f"{name}: the table could not be read; it takes too much memory")
    told = json.loads(made.stdout)
    if "reason" in told:
        raise DocumentError(name, told["place"], told["reason"])
    conference, schedule = read_callboard(told["document"], name)
    return Imported(conference, schedule, tuple(told["warnings"]), told["format"])
