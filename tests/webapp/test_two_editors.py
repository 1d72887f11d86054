"""The whole story by HTTP alone, as `docs/examples/two-editors` tells it, on a real `serve` with each database."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.webapp.served import ROOT, callboard, serving
from webapp.auth import tokens
from webapp.store import open_store

STORY = ROOT / "docs/examples/two-editors/story.py"
TOLD = re.compile(r"```\n\$ python docs/examples/two-editors/story\.py .*?\n(.*?)```", re.DOTALL)


def run(*command: str | Path) -> str:
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr + finished.stdout
    return finished.stdout


@pytest.mark.slow
def test_the_story(tmp_path: Path, each_database: str) -> None:
    file = tmp_path / "harbour.json"
    run(sys.executable, "-m", "fixtures.generate", "--sessions", "40", "--seed", "7", "-o", file)
    where = ["--data", tmp_path / "data", *(["--database", each_database] if each_database else [])]
    with serving(tmp_path / "data", database=each_database or None) as served:
        store = open_store(served.database)
        people = [tokens.create(store, role) for role in ("admin", "editor", "editor")]
        store.close()
        told = run(sys.executable, STORY, f"http://{served.host}:{served.port}", *people, file)
        assert run(*callboard("verify", *where)).endswith("✓ verified\n")
    # The page shows what really happens.
    [shown] = TOLD.findall((ROOT / "docs/two-editors.md").read_text(encoding="utf-8"))
    assert told == shown
