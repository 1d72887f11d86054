"""Reads which modules the project's files import, and judges each import by the arrows of the architecture."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PARTS = ("solver", "webapp", "fixtures", "benchmarks", "tests")
#: What each part of the project may know of the others.
MAY_KNOW = {
    "solver": {"solver"},
    "fixtures": {"fixtures", "solver"},
    "webapp": {"webapp", "solver", "fixtures"},
    "benchmarks": {"benchmarks", "webapp", "solver", "fixtures"},
    "tests": {*PARTS, "hatch_build"},
}
#: The generator's command writes a Callboard file, and how one is written is known in a single place.
ALLOWED_ALL_THE_SAME = {("fixtures/generate.py", "webapp.schemas")}
#: The solver is facts in, answers out: no web, no database, no users, no environment.
SOLVER_LIBRARIES = {"ortools", "numpy", "numba"}
SOLVER_REFUSES = {"asyncio", "http", "os", "selectors", "socket", "sqlite3", "ssl", "subprocess", "urllib"}
#: Only the job engine's folder may know these: greenlets and an event loop do not mix.
JOBS_ONLY = {"asyncio", "dbos"}
#: The web process must never load these; the solver is a process of its own.
SOLVER_PROCESS_ONLY = {"numba", "numpy", "ortools"}
NAMES_OF_TODAY = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
}


@dataclass(frozen=True)
class Import:
    """One import: which file, which line, which module, named absolutely."""

    file: str
    line: int
    module: str

    @property
    def top(self) -> str:
        """The distribution's or part's own name."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports(root: Path) -> Iterator[Import]:
    """Every import of every part, also those inside functions and those by name."""
    for file in python_files(root):
        for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"), file)):
            for module in _modules(node, file):
                yield Import(file, getattr(node, "lineno", 0), module)


def python_files(root: Path) -> list[str]:
    """The Python files of all parts, relative to the root."""
    found = (path for part in PARTS for path in (root / part).rglob("*.py"))
    return sorted(path.relative_to(root).as_posix() for path in found if "node_modules" not in path.parts)


def wrong_arrows(root: Path) -> list[str]:
    """What is imported against the architecture, each with its reason."""
    return [f"{found}: {reason}" for found in imports(root) if (reason := _objection(found))]


def looks_at_the_clock(root: Path) -> list[str]:
    """Where the solver asks for the date or time of today."""
    found = []
    for file in python_files(root):
        if file.startswith("solver/"):
            for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"), file)):
                if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in NAMES_OF_TODAY:
                    found.append(f"{file}:{node.lineno} asks for {ast.unparse(node)}")
    return found


def package_name(requirement: str) -> str:
    """The package that a requirement names, spelt as lock files spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def _objection(found: Import) -> str | None:
    part = found.file.partition("/")[0]
    if (found.file, found.module) in ALLOWED_ALL_THE_SAME:
        return None
    if found.top in PARTS and found.top not in MAY_KNOW[part]:
        return f"{part} may not know {found.top}"
    if part == "solver":
        return _solver_objection(found)
    if part == "webapp" and found.top in JOBS_ONLY and not found.file.startswith("webapp/jobs/"):
        return f"{found.top} belongs to webapp/jobs"
    return None


def _solver_objection(found: Import) -> str | None:
    if found.top == "solver" or found.top in SOLVER_LIBRARIES:
        return None
    if found.top not in sys.stdlib_module_names:
        return "the solver knows only ortools, numpy, numba and the standard library"
    if found.top in SOLVER_REFUSES:
        return "the solver knows no files, sockets, databases or environment"
    return None


def _modules(node: ast.AST, file: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        return [_absolute(node, file)]
    if isinstance(node, ast.Call) and _last_name(node.func) in {"import_module", "__import__"} and node.args:
        argument = node.args[0]
        return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []
    return []


def _absolute(node: ast.ImportFrom, file: str) -> str:
    if not node.level:
        return node.module or ""
    package = file.removesuffix(".py").split("/")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
