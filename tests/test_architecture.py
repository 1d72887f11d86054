"""Knowledge flows one way: tests, benchmarks -> webapp -> solver -> (ortools, numpy, numba, the standard library)."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import imports

ROOT = Path(__file__).resolve().parent.parent


def test_no_import_runs_the_wrong_way() -> None:
    assert imports.wrong_arrows(ROOT) == []


def test_every_part_was_read() -> None:
    read = {file.partition("/")[0] for file in imports.python_files(ROOT)}
    assert read == set(imports.PARTS)


def test_the_solver_knows_no_today() -> None:
    assert imports.looks_at_the_clock(ROOT) == []


@pytest.mark.parametrize(
    ("file", "line", "objection"),
    [
        ("solver/check.py", "import webapp.store", "solver may not know webapp"),
        ("solver/check.py", "from fixtures import generate", "solver may not know fixtures"),
        ("solver/rules/order.py", "from ...webapp import api", "solver may not know webapp"),
        ("solver/repair.py", "def solve():\n    import flask", "the solver knows only"),
        ("solver/repair.py", "import importlib\nimportlib.import_module('pandas')", "the solver knows only"),
        ("solver/repair.py", "from os import environ", "the solver knows no files"),
        ("webapp/api/saves.py", "from tests import servers", "webapp may not know tests"),
        ("webapp/live/hub.py", "import asyncio", "asyncio belongs to webapp/jobs"),
        ("webapp/services/repair.py", "from dbos import DBOS", "dbos belongs to webapp/jobs"),
        ("fixtures/generate.py", "import webapp.store", "fixtures may not know webapp"),
        ("benchmarks/repair.py", "import tests.servers", "benchmarks may not know tests"),
    ],
)
def test_a_wrong_import_is_caught(tmp_path: Path, file: str, line: str, objection: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    (found,) = imports.wrong_arrows(tmp_path)
    assert file in found
    assert objection in found


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("solver/cp_sat.py", "from ortools.sat.python import cp_model"),
        ("solver/rules/order.py", "from ..grid import minutes\nfrom . import rule"),
        ("webapp/jobs/engine.py", "import asyncio, dbos"),
        ("webapp/cli.py", "from fixtures import generate"),
        ("benchmarks/repair.py", "import webapp, fixtures, solver, pandas"),
    ],
)
def test_a_right_import_is_not(tmp_path: Path, file: str, line: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    assert imports.wrong_arrows(tmp_path) == []


def test_a_look_at_the_clock_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "solver" / "repair.py"
    path.parent.mkdir()
    path.write_text("import datetime\n\nstarted = datetime.datetime.now()\n")
    assert imports.looks_at_the_clock(tmp_path) == ["solver/repair.py:3 asks for datetime.datetime.now"]


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running the code."""
    code += "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return set(json.loads(finished.stdout.splitlines()[-1]))


COME_WITH_FLASK = {"itsdangerous", "jinja2", "markupsafe", "werkzeug"}
#: Needed without an import: the time zones, where the system has none.
USED_WITHOUT_IMPORT = {"tzdata"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    declared = declared_packages()
    shipped = (found for found in imports.imports(ROOT) if found.file.startswith(("solver/", "webapp/", "fixtures/")))
    outside = {found.top for found in shipped} - set(imports.PARTS) - sys.stdlib_module_names - {"_typeshed"}
    distributions = importlib.metadata.packages_distributions()
    owners = {top: {imports.package_name(name) for name in distributions.get(top, [top])} for top in outside}
    assert {top for top, names in owners.items() if not names & declared} - COME_WITH_FLASK == set()
    assert declared - USED_WITHOUT_IMPORT - set().union(*owners.values()) == set()


def declared_packages() -> set[str]:
    """The packages that pyproject.toml asks for at run time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {imports.package_name(requirement) for requirement in project["dependencies"]}


WEB_PROCESS = """
import sys
from pathlib import Path
import webapp.live, webapp.pages
from webapp import create_app
from webapp.settings import Settings
from webapp.store import upgrade
settings = Settings(data=Path(sys.argv[1]))
upgrade(settings.database)
client = create_app(settings).test_client()
assert client.get("/").status_code == client.get("/api/v1/openapi.json").status_code == 200
"""


def test_the_web_process_loads_no_solver_library(tmp_path: Path) -> None:
    # asyncio itself cannot be asked about here: sqlalchemy, redis and simple-websocket load it and never run it.
    loaded = loaded_by(WEB_PROCESS, str(tmp_path))
    assert "flask" in loaded
    assert loaded.isdisjoint(imports.SOLVER_PROCESS_ONLY | {"dbos", "pandas"})


def test_the_command_line_starts_light() -> None:
    loaded = loaded_by(
        "from click.testing import CliRunner\nfrom webapp.cli import main\nCliRunner().invoke(main, ['--help'])"
    )
    assert "webapp" in loaded
    assert loaded.isdisjoint({"ortools", "numba", "numpy", "pandas", "dbos"})


def test_the_command_says_what_it_can_do() -> None:
    command = Path(sys.executable).with_name("callboard")
    finished = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "repair" in finished.stdout
