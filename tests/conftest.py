"""What every test may use: real servers, real data, a browser; and the rule that nothing is skipped silently."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import chromium, servers

ROOT = Path(__file__).resolve().parent.parent
NO_SKIPS = os.environ.get("CALLBOARD_NO_SKIPS") == "1"
MARKS_OF_PLACE = {
    "browser": ("browser", "slow"),
    "reliability": ("reliability", "slow"),
    "test_exactness.py": ("slow",),
    "test_mutants.py": ("slow",),
}
PROCESSES = (
    *("browser", "reliability/test_backplane.py", "reliability/test_company.py", "reliability/test_concurrent.py"),
    *("reliability/test_events.py", "reliability/test_interrupted.py", "reliability/test_job_kills.py"),
    *("reliability/test_kill_during_saves.py", "webapp/test_serving", "webapp/test_live_", "webapp/test_backplane.py"),
    "webapp/test_behind_tls.py",
    *("webapp/test_collab.py", "webapp/test_cli_process.py", "webapp/test_two_editors.py"),
)
"""Tests that start several processes or look at the clock: they come first, so that both workers end together."""
MARKS_OF_FIXTURE = {"postgresql_server": ("postgres", "slow"), "redis_server": ("redis", "slow")}

# How fast this machine is today decides no test: neither a deadline nor a complaint about slow examples.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("repeatable"), derandomize=False, max_examples=1000)
# One compiled search for all the servers that tests start.
os.environ.setdefault("CALLBOARD_COMPILE", "0")  # servers are counted with all that they start
os.environ.setdefault("CALLBOARD_CACHE", str(ROOT / ".pytest_cache" / "compiled"))
settings.load_profile(os.environ.get("CALLBOARD_HYPOTHESIS", "repeatable"))


# --- fixtures -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real schedules and public benchmarks, which is not part of the project."""
    folder = Path(os.environ.get("CALLBOARD_TEST_DATA") or ROOT.parent / "shared" / "data").resolve()
    if not folder.is_dir():
        pytest.skip(f"no real schedules at {folder} (CALLBOARD_TEST_DATA names another folder)")
    return folder


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[servers.PostgreSQL]:
    """One PostgreSQL server for the whole run."""
    programs = servers.postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with servers.postgresql(programs) as server:
        yield server


_databases = itertools.count(1)


@pytest.fixture
def postgres_url(postgresql_server: servers.PostgreSQL) -> Iterator[str]:
    """The address of an empty PostgreSQL database, dropped after the test."""
    name = f"test_{next(_databases)}"
    postgresql_server.sql(f"create database {name}")
    yield postgresql_server.url(name)
    postgresql_server.sql(f"drop database {name} with (force)")


ON_POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def each_database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, first of SQLite (in the data directory), then of PostgreSQL."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else ""


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """One Redis server for the whole run."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed")
    with servers.redis(program) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis database."""
    import redis

    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium."""
    found = chromium.program()
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium_path: str) -> dict[str, Any]:
    """Let pytest-playwright drive the system's Chromium, also as root and in a small container."""
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": chromium.ARGUMENTS}


# --- marks ----------------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by where they are and by the servers they ask for, so that nobody has to remember to."""
    for item in items:
        place = item.path.relative_to(ROOT / "tests")
        marks = [mark for part in place.parts for mark in MARKS_OF_PLACE.get(part, ())]
        marks += [mark for name in getattr(item, "fixturenames", ()) for mark in MARKS_OF_FIXTURE.get(name, ())]
        for mark in dict.fromkeys(marks):
            item.add_marker(mark)
    items.sort(key=lambda item: _rank(item.path.relative_to(ROOT / "tests")))


def _rank(place: Path) -> int:
    """What takes longest comes first; the tests of the solver also compile its search, which servers then find done."""
    return 0 if place.as_posix().startswith(PROCESSES) else 1 if place.parts[0] == "solver" else 2


# --- skips are counted, named and, where asked, not accepted ---------------------------------------------------------


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CALLBOARD_NO_SKIPS=1, but this would be skipped: {_reason(report)}"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    """Turn the skip of a test into a failure where CALLBOARD_NO_SKIPS=1 asks for it."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[Any]:
    """The same for a whole file that skips itself."""
    report = yield
    _refuse_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what was skipped, how often and why."""
    skipped = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section("not tested on this machine")
        for reason, count in skipped.most_common():
            terminalreporter.line(f"{count} skipped: {reason}")
