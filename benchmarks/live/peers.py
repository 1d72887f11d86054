"""The servers that are measured, each started as a program of its own and ended by its process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.live.servers.event import text
from benchmarks.live.wire import handshake

ROOT = Path(__file__).resolve().parents[2]
SERVERS = Path(__file__).parent / "servers"
HOME = ROOT / ".venv-peers"
PATIENCE = 30.0
MARK = 10**9 + 1
"""A `seq` to find where it stands in the text of an event."""

Command = list[str]


@dataclass(frozen=True)
class Kind:
    """One server: how it is called, and what starts it on a listening descriptor; None where it cannot be."""

    name: str
    command: Callable[[int], Command | None]
    path: str = "/feed"


@dataclass
class Running:
    """A server that runs."""

    kind: Kind
    port: int
    process: subprocess.Popen[str]

    @cached_property
    def family(self) -> list[int]:
        """The process and its children."""
        return family(self.process.pid)

    def cpu(self) -> float:
        """Seconds of processor time that it and its children have used."""
        # By thread: exact, and no thread ends here.
        return sum(map(_threads, self.family))

    def memory(self) -> int:
        """Bytes that it and its children hold for themselves alone."""
        return private_bytes(self.family)


def _python(name: str) -> Callable[[int], Command | None]:
    def command(_listener: int) -> Command | None:
        python = Path(os.environ.get("CALLBOARD_PEERS") or HOME) / "bin" / "python"
        package = name.removesuffix("_peer")
        if not python.is_file() or subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode:
            return None
        return [str(python), str(SERVERS / f"{name}.py")]

    return command


def _node(_listener: int) -> Command | None:
    program = shutil.which("node")
    return [program, str(SERVERS / "ws_peer.mjs")] if program and (_node_home() / "node_modules/ws").is_dir() else None


def _node_home() -> Path:
    return Path(os.environ.get("CALLBOARD_PEERS") or HOME) / "node"


def _gunicorn(module: str, *options: str) -> Callable[[int], Command | None]:
    def command(listener: int) -> Command | None:
        start = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener}", "--log-level", "error", *options]
        return [*start, f"benchmarks.live.servers.{module}:app"]

    return command


GEVENT = ("--worker-class", "gevent", "--worker-connections", "30000", "--no-control-socket")
OURS = Kind("Callboard", _gunicorn("ours", "-c", "python:webapp.serving.gunicorn_config"))
FLOOR = Kind("bare send loop", lambda _: [sys.executable, str(SERVERS / "floor.py")])
WEBSOCKETS, PICOWS = Kind("websockets", _python("websockets_peer")), Kind("picows", _python("picows_peer"))
KINDS = (
    FLOOR,
    OURS,
    WEBSOCKETS,
    PICOWS,
    Kind("aiohttp", _python("aiohttp_peer")),
    Kind("node ws", _node),
    Kind("flask-sock as it comes", _gunicorn("flask_sock_peer", *GEVENT)),
)


@contextmanager
def running(kind: Kind) -> Iterator[Running | None]:
    """The server, ready; None where what it needs is not installed."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        command = kind.command(listener.fileno())
        if command is None:
            yield None
            return
        by_fd = any("fd://" in word for word in command)
        template = text(MARK).replace(str(MARK), "SEQ").replace(str(MARK - 1), "PREVIOUS")
        environment = {**os.environ, "EVENT": template, "WS_HOME": str(_node_home())}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
            env=environment,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            port = listener.getsockname()[1] if by_fd else int(process.stdout.readline() or 0)
            _wait(port, kind.path)
            yield Running(kind, port, process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _wait(port: int, path: str) -> None:
    """Until it lets somebody in."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                probe.sendall(handshake(port, path))
                if b" 101 " in probe.recv(64):
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server on port {port} does not answer")


def family(pid: int) -> list[int]:
    """A process, its children and theirs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def web_processes(pid: int) -> list[int]:
    """Of a `callboard serve`, the web processes: neither the supervisor nor the solver."""
    return [one for one in family(pid)[1:] if b"webapp.serving.web" in Path(f"/proc/{one}/cmdline").read_bytes()]


def cpu(pids: Iterable[int]) -> float:
    """Seconds of processor time that these processes have used."""
    return sum(map(_cpu, pids))


def private_bytes(pids: Iterable[int]) -> int:
    """Memory that these processes share with nobody."""
    return sum(map(_private, pids))


def _cpu(pid: int) -> float:
    """Of a whole process, with threads that have ended; exact to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _threads(pid: int) -> float:
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def _private(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0
    return 1024 * sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Private_"))
