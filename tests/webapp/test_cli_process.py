"""`callboard` as a process of its own: what only a real one shows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webapp.command import callboard, write
from tests.webapp.test_cli_check import programme

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "webapp.cli"]


def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=ROOT, capture_output=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.json", programme())


def test_no_traceback_reaches_the_user(tmp_path: Path) -> None:
    finished = run("check", tmp_path / "missing.json")
    assert (finished.returncode, finished.stdout) == (2, b"")
    assert (
        finished.stderr
        == f"callboard: {tmp_path}/missing.json: it cannot be read: no such file or directory\n".encode()
    )


def test_titles_are_printed_also_where_the_terminal_knows_ascii_only(tmp_path: Path) -> None:
    tree = programme()
    tree["sessions"][0]["title"] = "Größe 名前"
    tree["sessions"][1]["start"] = "2025-02-01T10:30"
    finished = run("check", write(tmp_path / "t.json", tree), env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert finished.returncode == 1
    assert finished.stderr == b""
    assert b"Gr\\xf6\\xdfe" in finished.stdout


def test_a_reader_who_goes_away_is_no_error(file: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    finished = subprocess.run(
        [*COMMAND, "check", str(file)], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (finished.returncode, finished.stderr) == (141, b"")


@pytest.fixture
def with_ctrl_c() -> Iterator[None]:
    """Children heed Ctrl-C, though the tests may run in the background of a shell that has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("with_ctrl_c")
def test_ctrl_c_ends_a_command_quietly() -> None:
    waiting = subprocess.Popen(
        [*COMMAND, "check", "-"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        _wait_until_it_reads(waiting.pid)
        waiting.send_signal(signal.SIGINT)
        out, err = waiting.communicate(timeout=20)
    finally:
        waiting.kill()
    assert (waiting.returncode, out.strip(), err.strip()) == (130, b"", b"")


def test_ctrl_c_ends_a_repair_while_the_solver_keeps_the_signal_for_itself() -> None:
    code = """
import signal, time
from webapp.commands.repair import ended_by_ctrl_c
with ended_by_ctrl_c():
    signal.signal(signal.SIGINT, lambda number, frame: None)
    print("solving", flush=True)
    time.sleep(60)
"""
    solving = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert solving.stdout is not None
        assert solving.stdout.readline() == "solving\n"
        solving.send_signal(signal.SIGINT)
        out, err = solving.communicate(timeout=20)
    finally:
        solving.kill()
    assert (solving.returncode, out, err) == (130, "", "")


def _wait_until_it_reads(pid: int) -> None:
    """Wait until the process sleeps in a read of its standard input."""
    for _ in range(200):
        if "pipe" in Path(f"/proc/{pid}/wchan").read_text(encoding="ascii"):
            return
        time.sleep(0.05)


def test_help_and_version() -> None:
    version = callboard("--version")
    assert version.status == 0
    assert version.out.startswith("callboard ")
    told = callboard("--help").out
    commands = ["check", "repair", "plan", "import", "export", "demo", "serve", "worker", "job", "delay"]
    commands += ["user", "token", "db", "events", "audit", "verify", "backup", "restore"]
    assert [line.split()[0] for line in told.partition("Commands:\n")[2].splitlines()] == commands
    for command in commands:
        ran = callboard(command, "--help")
        assert (ran.status, ran.out.startswith(f"Usage: callboard {command} ")) == (0, True)


def test_without_a_command_the_help_is_bad_input() -> None:
    ran = callboard()
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Usage: callboard ")


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "repair",
        "plan",
        "import",
        "export",
        "demo",
        "serve",
        "worker",
        "job",
        "delay",
        "user",
        "token",
        "db",
        "events",
    ],
)
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from webapp.cli import main;"
        f"assert CliRunner().invoke(main, ['{command}', '--help']).exit_code == 0;"
        "heavy = ('ortools', 'numba', 'numpy', 'pandas', 'flask', 'sqlalchemy');"
        "print([name for name in heavy if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


def test_check_never_loads_the_solvers_libraries(file: Path) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from webapp.cli import main;"
        f"assert CliRunner().invoke(main, ['check', {str(file)!r}, '--json']).exit_code == 0;"
        "print([name for name in ('ortools', 'numba', 'numpy', 'pandas', 'icalendar', 'rich') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (finished.stdout, finished.stderr) == ("[]\n", "")
