"""A real application on a real database, and callers of every role."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.webapp.small import SMALL, Caller, InProcessSolver
from webapp import create_app
from webapp.auth import tokens
from webapp.schemas import read_document
from webapp.services import importing
from webapp.settings import DATABASE_FILE, Settings
from webapp.store import Store, upgrade


@pytest.fixture
def small() -> dict[str, Any]:
    """The small conference's file, to change at will."""
    return copy.deepcopy(SMALL)


@pytest.fixture
def database_url() -> str:
    """Where the application's data are: an SQLite file, unless a module of tests says `each_database`."""
    return ""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and nothing in them: to copy it is quicker than to run the migrations."""
    settings = Settings(data=tmp_path_factory.mktemp("empty"))
    upgrade(settings.database)
    return settings.data / DATABASE_FILE


@pytest.fixture
def app(tmp_path: Path, database_url: str, empty_database: Path) -> Iterator[Flask]:
    """The application on a fresh database, with a solver."""
    settings = Settings(data=tmp_path / "data", database=database_url)
    if database_url:
        upgrade(settings.database)
    else:
        settings.data.mkdir()
        shutil.copy(empty_database, settings.data / DATABASE_FILE)
    app = create_app(settings)
    app.extensions["callboard.solver"] = InProcessSolver()
    yield app
    app.extensions["callboard.store"].close()


@pytest.fixture
def store(app: Flask) -> Store:
    found: Store = app.extensions["callboard.store"]
    return found


@pytest.fixture
def schedule_id(store: Store, small: dict[str, Any]) -> str:
    """The small conference, imported."""
    imported = read_document(json.dumps(small).encode(), "small.json")
    return importing.import_document(store, imported, slug="mill", editor_id=None)


@pytest.fixture
def caller(app: Flask, store: Store, schedule_id: str) -> Callable[[str], Caller]:
    """Makes a caller of a role; each has an identity and a browser of their own."""

    def make(role: str) -> Caller:
        token = None if role == "anonymous" else tokens.create(store, role)
        return Caller(app.test_client(), token, schedule_id)

    return make


@pytest.fixture
def editor(caller: Callable[[str], Caller]) -> Caller:
    return caller("editor")


@pytest.fixture
def attendee(caller: Callable[[str], Caller]) -> Caller:
    return caller("anonymous")
