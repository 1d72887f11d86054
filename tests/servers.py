"""Real servers for the tests: each in a temporary folder of its own, on loopback, ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30.0


class PostgreSQL:
    """A PostgreSQL server, once it is started; `port` is on loopback."""

    def __init__(self, programs: Path, folder: Path, user: str | None, *, durable: bool) -> None:
        self.port = free_port()
        self.durable = durable
        self.programs = programs
        self.folder = folder
        self.user = user
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database of this server."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str) -> None:
        """Run one statement as the server's owner."""
        import psycopg

        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> None:
        """Start it on what it kept, and wait until it answers."""
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder}
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        program = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *settings]
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        log = self.folder / "log"
        self.process = _start(program, log, self.user)
        _wait("PostgreSQL", self.process, log, lambda: subprocess.run(ready, check=False).returncode == 0)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT sends clients away and tidies up, SIGQUIT leaves everything as it is."""
        if self.process is not None:
            _end(self.process, how)
            self.process = None


def postgresql_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest if there are several."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in versions), key=lambda path: float(path.parent.name), default=None)


@contextmanager
def postgresql(programs: Path, *, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a fresh PostgreSQL server, as the user postgres when we are root, which PostgreSQL refuses to be.

    Unless it is to be `durable`, it does not wait for the disk.
    """
    user = "postgres" if os.geteuid() == 0 else None
    with _folder("callboard-postgresql-", user) as folder:
        options = ["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"]
        _run([str(programs / "initdb"), "-D", str(folder / "data"), *options], user=user)
        server = PostgreSQL(programs, folder, user, durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def redis(program: str, port: int | None = None, *, kill: bool = False) -> Iterator[str]:
    """Run a fresh Redis server that keeps nothing, on a free port unless told, and yield its address.

    In the end it is asked to end, or killed.
    """
    with _folder("callboard-redis-", None) as folder:
        port = port or free_port()
        settings = [
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(folder),
        ]
        with _server([program, *settings], folder / "log") as process:
            _wait("Redis", process, folder / "log", lambda: _answers(port))
            yield f"redis://127.0.0.1:{port}/0"
            if kill:
                process.kill()


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str], *, user: str | None = None) -> None:
    finished = subprocess.run(command, check=False, capture_output=True, text=True, **_as(user))
    if finished.returncode:
        raise RuntimeError(f"{command[0]} failed: {finished.stderr.strip()}")


@contextmanager
def _folder(prefix: str, owner: str | None) -> Iterator[Path]:
    # Not pytest's own temporary folder: only this user may enter that one, and the server may be another.
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        if owner:
            shutil.chown(name, owner)
        yield Path(name)


@contextmanager
def _server(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = _start(command, log, None)
    try:
        yield process
    finally:
        _end(process, signal.SIGTERM)


def _start(command: list[str], log: Path, user: str | None) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=log.parent, **_as(user)
        )


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _as(user: str | None) -> dict[str, object]:
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def _wait(name: str, process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
