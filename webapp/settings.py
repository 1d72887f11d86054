"""What a running Callboard is told from outside: once, frozen, and printed without its secrets."""

from __future__ import annotations

import os
import re
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
    workers: int = 1
    """How many web processes serve; more than one takes a server database."""
    redis: str = ""
    """The URL of a Redis server in which web processes count together, lock sessions and wake each other."""
    sign_ins_per_minute: int = 10
    """How often one address, or one name, may try to sign in; 0 is no limit, here and below."""
    saves_per_minute: int = 6000
    """How many changes one caller may ask to save."""
    solves_per_minute: int = 3000
    """How many checks and repairs one caller may ask for."""
    jobs_at_once: int = 1
    """How many batch jobs a worker solves at the same time; each takes a core; 0 leaves them to other workers."""
    job_memory_mb: int = 4096
    """The memory that a batch job's solver may have, in mebibytes; 0 is no limit."""
    cache: Path | None = None
    """Where the compiled search is kept; in the data directory unless given.  Installations may share one."""
    embedders: str = ""
    """The origins, with spaces between them, whose pages may show `/embed/…` in a frame; only our own unless given."""
    live: bool = True
    """Whether screens are told of changes by sockets; without, they ask every few seconds."""
    metrics_token: str = ""
    """What `/metrics` takes as a bearer token; unless given, it answers this machine alone."""
    event_days: int = 90
    """How long events are kept; the audit is kept for ever; 0 keeps all."""

    def __post_init__(self) -> None:
        if not self.database:
            object.__setattr__(self, "database", f"sqlite:///{self.data.absolute() / DATABASE_FILE}")
        if self.workers < 1:
            raise ValueError("CALLBOARD_WORKERS: there must be at least one")
        if self.solver_socket is None:
            object.__setattr__(self, "solver_socket", solver_socket(self.data))
        if self.cache is None:
            object.__setattr__(self, "cache", self.data.absolute() / "cache")

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, if it is an SQLite database."""
        url = make_url(self.database)
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @property
    def backups(self) -> Path:
        """The folder of backups that are made without being asked for."""
        return self.data / "backups"

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        *,
        data: str | Path | None = None,
        database: str | None = None,
        redis: str | None = None,
        workers: int | None = None,
    ) -> Settings:
        """Settings from `CALLBOARD_*` variables; what is passed here wins.

        Raises `ValueError` that names the variable which cannot be used.
        """
        given = os.environ if environment is None else environment
        return cls(
            data=Path(data or given.get("CALLBOARD_DATA") or "callboard-data"),
            database=database or given.get("CALLBOARD_DATABASE") or "",
            solver_socket=Path(socket) if (socket := given.get("CALLBOARD_SOLVER_SOCKET")) else None,
            cache=Path(cache).absolute() if (cache := given.get("CALLBOARD_CACHE")) else None,
            redis=_redis_url("--redis" if redis else "CALLBOARD_REDIS", redis or given.get("CALLBOARD_REDIS") or ""),
            live=_switch(given, "CALLBOARD_LIVE"),
            metrics_token=given.get("CALLBOARD_METRICS_TOKEN") or "",
            embedders=_origins(given.get("CALLBOARD_EMBEDDERS") or ""),
            **{name: _count(given, name) for name in COUNTS if given.get(_variable(name))}
            | ({} if workers is None else {"workers": workers}),
        )

    def __repr__(self) -> str:
        shown = (f"{item.name}={_redacted(item.name, getattr(self, item.name))!r}" for item in fields(self))
        return f"Settings({', '.join(shown)})"


COUNTS = (
    "proxies",
    "workers",
    "sign_ins_per_minute",
    "saves_per_minute",
    "solves_per_minute",
    "event_days",
    "jobs_at_once",
    "job_memory_mb",
)
"""The settings that are whole numbers, each after its environment variable."""


def _variable(name: str) -> str:
    return f"CALLBOARD_{name.upper()}"


def _switch(given: Mapping[str, str], variable: str) -> bool:
    text = given.get(variable) or "on"
    if text not in ("on", "off"):
        raise ValueError(f"{variable}: it must be on or off, not '{text}'")
    return text == "on"


def _count(given: Mapping[str, str], name: str) -> int:
    text = given[_variable(name)]
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise ValueError(f"{_variable(name)}: it must be a whole number that is not negative, not '{text}'")
    return int(text)


def _redis_url(source: str, url: str) -> str:
    if url and not re.match(r"(rediss?|unix)://.", url):
        raise ValueError(f"{source}: it is not the URL of a Redis server, such as redis://host:6379/0")
    return url


def _origins(text: str) -> str:
    for origin in text.split():
        if not re.fullmatch(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]+)?", origin):
            raise ValueError(f"CALLBOARD_EMBEDDERS: '{origin}' is not an origin, such as https://conference.example")
    return " ".join(text.split())


def _redacted(name: str, value: object) -> object:
    if name == "metrics_token" and value:
        return "***"
    if name in ("database", "redis") and isinstance(value, str) and value:
        return make_url(value).render_as_string(hide_password=True)
    return str(value) if isinstance(value, Path) else value
