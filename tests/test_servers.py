"""The test run's own servers are real and start empty, and a skip is never silent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent


def test_postgresql_starts_with_an_empty_database(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = connection.execute("select count(*) from information_schema.tables where table_schema = 'public'")
        assert tables.fetchone() == (0,)


def test_redis_starts_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("room", "Janson")
        assert client.get("room") == b"Janson"


def run_without_data(tmp_path: Path, *, no_skips: str) -> subprocess.CompletedProcess[str]:
    """Run a suite of one test that wants the real schedules, on a machine that has none."""
    suite = tmp_path / "tests"
    suite.mkdir()
    for name in ("conftest.py", "servers.py", "chromium.py", "__init__.py"):
        (suite / name).write_text((ROOT / "tests" / name).read_text())
    (suite / "test_data.py").write_text("def test_reads_a_real_schedule(shared_data):\n    assert shared_data\n")
    environment = {**os.environ, "CALLBOARD_NO_SKIPS": no_skips, "CALLBOARD_TEST_DATA": str(tmp_path / "nowhere")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests"]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def test_a_skip_is_named_at_the_end(tmp_path: Path) -> None:
    finished = run_without_data(tmp_path, no_skips="0")
    assert finished.returncode == 0, finished.stdout
    assert f"1 skipped: no real schedules at {tmp_path / 'nowhere'}" in finished.stdout


def test_a_skip_fails_where_none_is_accepted(tmp_path: Path) -> None:
    finished = run_without_data(tmp_path, no_skips="1")
    assert finished.returncode == 1, finished.stdout
    assert "CALLBOARD_NO_SKIPS=1, but this would be skipped: no real schedules at" in finished.stdout
