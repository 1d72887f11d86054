"""What is committed speaks of the project only: no machine, no registry, nothing left for later."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.imports import package_name

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).relative_to(ROOT).as_posix()
BINARY = {".png", ".jpg", ".webp", ".ico", ".woff2", ".xlsx", ".gz"}
MAX_BYTES = 1_000_000

REGISTRY = re.compile(
    r"(pypi|npmjs|yarnpkg|pythonhosted|debian|ubuntu|anaconda|jsdelivr|unpkg|cdnjs)\.(org|com|net|io)\b"
)
MACHINE_PATH = re.compile(r"(?<![\w./:-])/(work|root|home|Users)/\w")
FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MERGE_MARKER = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
#: A reason and a specific code keep a suppression honest.
BARE_SUPPRESSION = re.compile(r"#\s*(noqa(?!: )|type: ignore(?!\[))")


def tracked_files() -> list[str]:
    """Every file that git knows and that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy of the project is not a git repository")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    """The text of every tracked file that is text, but for this one, which names what it forbids."""
    names = [name for name in tracked_files() if Path(name).suffix not in BINARY and name != HERE]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names}


def places(pattern: re.Pattern[str], *, only: str = "") -> list[str]:
    """Where the pattern stands in tracked text, as file:line: text."""
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found.group()}"
        for name, text in texts().items()
        if name.endswith(only)
        for found in pattern.finditer(text)
    ]


@pytest.mark.parametrize(
    "pattern", [REGISTRY, MACHINE_PATH, FOR_LATER, MERGE_MARKER], ids=lambda pattern: pattern.pattern
)
def test_nothing_of_this_kind_is_committed(pattern: re.Pattern[str]) -> None:
    assert places(pattern) == []


def test_suppressions_say_what_they_suppress() -> None:
    assert places(BARE_SUPPRESSION, only=".py") == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRY, "--index-url https://pypi.org/simple"),
        (REGISTRY, '"resolved": "https://registry.npmjs.org/svelte"'),
        (MACHINE_PATH, "open('/home/ada/callboard')"),
        (FOR_LATER, "# TODO: later"),
        (MERGE_MARKER, "<<<<<<< HEAD"),
        (BARE_SUPPRESSION, "import os  # noqa"),
        (BARE_SUPPRESSION, "x = f()  # type: ignore"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_text_files_end_with_one_newline_and_have_unix_line_ends() -> None:
    wrong = [name for name, text in texts().items() if text and (not text.endswith("\n") or text.endswith("\n\n"))]
    wrong += [name for name, text in texts().items() if "\r\n" in text]
    assert wrong == []


def test_nothing_built_and_nothing_large_is_committed() -> None:
    names = tracked_files()
    assert [name for name in names if re.search(r"node_modules/|^webapp/static/|\.pyc$|\.sqlite", name)] == []
    assert [name for name in names if (ROOT / name).stat().st_size > MAX_BYTES] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_versions_and_hashes_only(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=sha256:", ""), re.MULTILINE)
    entries = re.split(r"\n(?=[^\s#])", text.strip())
    unpinned = [
        entry
        for entry in entries
        if not re.match(r"[\w.-]+(\[[\w,]+\])?==\S+( ; [^\\]+)? \\\n    --hash=sha256:", entry)
    ]
    assert unpinned == []


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert set(map(package_name, project["dependencies"])) <= runtime.keys()
    assert set(map(package_name, project["optional-dependencies"]["dev"])) <= development.keys()
    assert runtime.items() <= development.items()


def locked(name: str) -> dict[str, str]:
    """Package to version, as a lock file has them."""
    return dict(re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_the_front_ends_lock_names_no_registry_and_every_package_has_a_hash() -> None:
    packages = json.loads((ROOT / "webapp/frontend/package-lock.json").read_text())["packages"]
    fetched = {place: package for place, package in packages.items() if place and not package.get("link")}
    assert [place for place, package in fetched.items() if "resolved" in package] == []
    assert [place for place, package in fetched.items() if "integrity" not in package] == []


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert text.lstrip().startswith("Apache License\n                           Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in text
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"


def test_the_programs_of_the_repository_can_be_run() -> None:
    for name in (".ci/run", "scripts/make-venv", "scripts/install-test-programs"):
        assert (ROOT / name).stat().st_mode & 0o111, name
