"""Packages with rules of the organisers' own, installed for real, in interpreters that never saw them before."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from solver.conference import Conference, Schedule
from solver.rules import RULES, Violation
from solver.rules.order import InOrder
from tests.webapp.processes import until
from tests.webapp.small import Caller
from tests.webapp.test_serving_solver import solver_process
from webapp.schemas import read_callboard
from webapp.serving import SolverClient, solves

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "own-rules.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "quiet-hours"


def run(*command: str | Path, site: Path, cwd: Path = EXAMPLE) -> subprocess.CompletedProcess[str]:
    """Run Python with what is installed in `site` as well."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example installed as anybody would install it, without a network."""
    target = tmp_path_factory.mktemp("site")
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet")
    finished = run("-m", "pip", "install", *offline, "--target", target, EXAMPLE, site=target)
    assert finished.returncode == 0, finished.stderr
    return target


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("language", ["python", "toml"])
def test_what_the_page_shows_is_what_the_example_holds(language: str) -> None:
    files = [path.read_text(encoding="utf-8") for path in EXAMPLE.iterdir() if path.is_file()]
    shown = blocks(language)
    assert shown
    assert [block for block in shown if not any(block in text for text in files)] == []


def test_the_commands_of_the_page_say_what_it_says(site: Path) -> None:
    """But for the time that they took."""
    shown = [part for block in blocks("console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    assert len(shown) == 3
    for part in shown:
        command, _, expected = part.partition("\n")
        finished = run("-m", "webapp.cli", *command.split()[1:], site=site)
        assert finished.stderr == ""
        assert re.sub(r"\d+\.\d+ s", "", finished.stdout) == re.sub(r"\d+\.\d+ s", "", expected)


@pytest.mark.parametrize("engine", ["auto", "cp_sat"])
def test_both_engines_keep_the_rules(site: Path, tmp_path: Path, engine: str) -> None:
    mended = tmp_path / "mended.json"
    arguments = ("saturday.json", "--engine", engine, "--json", "-o", mended)
    told = json.loads(run("-m", "webapp.cli", "repair", *arguments, site=site).stdout)
    assert (told["status"], told["moved"], told["price"]) == ("proved_minimal", 2, 90)
    assert run("-m", "webapp.cli", "check", mended, site=site).returncode == 0


def test_without_the_package_nothing_is_wrong(tmp_path: Path) -> None:
    finished = run("-m", "webapp.cli", "check", "saturday.json", site=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_the_examples_own_tests_pass(site: Path) -> None:
    finished = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "test_quiet_hours.py", site=site)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "2 passed" in finished.stdout


WEB = """
import json, sys
from pathlib import Path
from webapp import create_app
from webapp.schemas import read_document
from webapp.services import importing
from webapp.settings import Settings
from webapp.store import upgrade
settings = Settings(data=Path(sys.argv[1]))
upgrade(settings.database)
app = create_app(settings)
imported = read_document(Path("saturday.json").read_bytes(), "saturday.json")
schedule = importing.import_document(app.extensions["callboard.store"], imported, slug="day", editor_id=None)
from webapp.auth import tokens
token = tokens.create(app.extensions["callboard.store"], "editor")
client = app.test_client()
header = {"Authorization": f"Bearer {token}"}
told = client.get(f"/api/v1/schedules/{schedule}/conflicts", headers=header).get_json()
heavy = sorted({"numpy", "ortools", "numba"} & sys.modules.keys())
print(json.dumps({"told": told, "heavy": heavy}))
"""


def test_conflicts_over_http_are_of_another_type_and_say_the_rules_message(site: Path, tmp_path: Path) -> None:
    finished = run("-c", WEB, tmp_path / "data", site=site)
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout)
    conflicts = sorted(
        (one["rule"], one["conflictType"], one["sessionIds"], one["message"]) for one in answer["told"]["items"]
    )
    overlap = "“Welcome” (welcome) and “Free maps” (maps) are keynotes, but overlap, Sat 10:30–11:00"
    early = "“Story time” (tales) starts 09:00, sessions for Families not before 10:00"
    assert conflicts == [
        ("one_keynote", "other", ["welcome", "maps"], overlap),
        ("quiet_hours", "other", ["tales"], early),
    ]
    assert answer["heavy"] == []


@pytest.mark.slow
def test_the_solver_process_keeps_the_rules(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(site))
    facts = json.loads((EXAMPLE / "saturday.json").read_text(encoding="utf-8"))
    with solver_process(tmp_path / "solver.sock"):
        client = SolverClient(tmp_path / "solver.sock")
        until(client.ping, "the solver is warm")
        told = client.repair("day:1", lambda: facts, [], time_limit=10)
    assert (told["status"], told["moved"], told["violations_before"]) == ("proved_minimal", 2, 2)


# What cannot be used.

GOOD = """
from solver.rules import UnaryRule

class Good(UnaryRule):
    name = "good"
    def violations(self, conference, schedule):
        return iter(())
    def barred(self, conference, session, room):
        return ()
    def post(self, choices):
        pass
"""


def package(site: Path, name: str, entry: str, code: str = GOOD) -> None:
    """Leave behind what installing a package leaves behind."""
    info = site / f"{name}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[callboard.rules]\n{entry}\n")
    (site / f"{name}.py").write_text(code)


BROKEN = {
    "good = noisy:Missing": "loading noisy:Missing failed with AttributeError: module 'noisy' has no attribute",
    "good = nothing:Good": "loading nothing:Good failed with ModuleNotFoundError: No module named 'nothing'",
    "good = noisy:UnaryRule": "making one failed with TypeError: Can't instantiate abstract class UnaryRule",
    "good = noisy:__name__": "noisy:__name__ is no class of UnaryRule, RoomRule or PairRule",
    "other = noisy:Good": "its class calls it 'good'",
}


@pytest.mark.parametrize("entry", BROKEN)
def test_a_package_that_cannot_be_used_is_named(tmp_path: Path, entry: str) -> None:
    package(tmp_path, "noisy", entry)
    name = entry.partition(" ")[0]
    finished = run("-m", "webapp.cli", "check", "saturday.json", site=tmp_path)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith(f"callboard: the rule '{name}' of noisy 0.1 cannot be used: {BROKEN[entry]}")
    assert finished.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("repair", "saturday.json"), ("serve",), ("demo",)])
def test_every_command_that_needs_the_rules_refuses(tmp_path: Path, command: tuple[str, ...]) -> None:
    package(tmp_path, "noisy", "turnover = noisy:Good", GOOD.replace('"good"', '"turnover"'))
    finished = run("-m", "webapp.cli", *command, site=tmp_path)
    sentence = "the rule 'turnover' of noisy 0.1 cannot be used: there is a rule of that name already"
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", f"callboard: {sentence}\n")


def test_two_packages_cannot_have_rules_of_one_name(tmp_path: Path) -> None:
    package(tmp_path, "first", "good = first:Good")
    package(tmp_path, "second", "good = second:Good")
    finished = run("-m", "webapp.cli", "check", "saturday.json", site=tmp_path)
    sentence = "the rule 'good' of second 0.1 cannot be used: there is a rule of that name already"
    assert (finished.returncode, finished.stderr) == (2, f"callboard: {sentence}\n")


def test_a_rule_that_fails_ends_the_command_with_a_sentence(tmp_path: Path) -> None:
    package(tmp_path, "noisy", "good = noisy:Good", GOOD.replace("return ()", "return [conference.opens]"))
    assert run("-m", "webapp.cli", "check", "saturday.json", site=tmp_path).returncode == 0
    (tmp_path / "unplaced.json").write_text(
        (EXAMPLE / "saturday.json").read_text().replace('"attic", "start"', '"hall", "start"')
    )
    finished = run("-m", "webapp.cli", "repair", tmp_path / "unplaced.json", site=tmp_path)
    sentence = (
        "the rule 'good' of noisy 0.1: barred failed with AttributeError: 'Conference' object has no attribute 'opens'"
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", f"callboard: {sentence}\n")


@pytest.fixture
def failing(editor: Caller) -> Iterator[Caller]:
    """An editor whose organiser has plugged in a rule that fails as soon as there are sessions."""

    class Failing(InOrder):
        name = "failing"

        def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
            raise LookupError("no tea\nin the kitchen")

    RULES.plug([(Failing(), "noisy 0.1")])
    yield editor
    RULES.unplug()


SENTENCE = "The rule 'failing' of noisy 0.1: violations failed with LookupError: no tea in the kitchen."


def test_a_rule_that_fails_is_named_over_http(failing: Caller) -> None:
    response = failing.post("/checks", {"edits": []})
    told = response.get_json()
    assert (response.status_code, told["type"], told["detail"]) == (503, "urn:callboard:problem:unavailable", SENTENCE)


@pytest.mark.usefixtures("failing")
def test_a_rule_that_fails_is_named_by_the_solver_process(small: dict[str, Any]) -> None:
    question = {"op": "repair", "edits": [], "alternatives": 1, "scope": "all", "place": False, "engine": "auto"}
    told = solves.solved(solves.Facts(*read_callboard(small, "small")), question, lambda: 5.0, lambda told: None)
    assert told == {"problem": "failed", "detail": SENTENCE}


def test_help_looks_for_no_rules(tmp_path: Path) -> None:
    package(tmp_path, "noisy", "good = noisy:Good", "raise SystemExit('it was looked for')")
    finished = run("-m", "webapp.cli", "--help", site=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
