"""What a running Callboard is told from outside: once, frozen, and printed without its secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy.engine import make_url

from webapp.serving.sockets import solver_socket

DATABASE_FILE = "callboard.sqlite"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the data lies and how the web process behaves."""

    data: Path
    """The data directory."""
    database: str = ""
    """The database's URL; an SQLite file in the data directory unless given."""
    solver_socket: Path | None = None
    """Where the solver process listens."""
    proxies: int = 0
    """How many trusted proxies stand in front and set `X-Forwarded-*`."""
    import_bytes: int = 32 * 2**20
    """The largest file that is imported."""
    request_bytes: int = 4 * 2**20
    """The largest body of any other request."""
    sign_in_days: int = 30

    def __post_init__(self) -> None:
        if not self.database:
            object.__setattr__(self, "database", f"sqlite:///{self.data.absolute() / DATABASE_FILE}")
        if self.solver_socket is None:
            object.__setattr__(self, "solver_socket", solver_socket(self.data))

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        *,
        data: str | Path | None = None,
        database: str | None = None,
    ) -> Settings:
        """Settings from `CALLBOARD_*` variables; what is passed here wins."""
        given = os.environ if environment is None else environment
        return cls(
            data=Path(data or given.get("CALLBOARD_DATA") or "callboard-data"),
            database=database or given.get("CALLBOARD_DATABASE") or "",
            solver_socket=Path(socket) if (socket := given.get("CALLBOARD_SOLVER_SOCKET")) else None,
            proxies=int(given.get("CALLBOARD_PROXIES") or 0),
        )

    def __repr__(self) -> str:
        shown = (f"{item.name}={_redacted(item.name, getattr(self, item.name))!r}" for item in fields(self))
        return f"Settings({', '.join(shown)})"


def _redacted(name: str, value: object) -> object:
    if name == "database" and isinstance(value, str):
        return make_url(value).render_as_string(hide_password=True)
    return str(value) if isinstance(value, Path) else value
