"""Random calls made from the OpenAPI document: whatever is sent, the answer is ours and never an accident."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.reliability.soak import amount
from tests.webapp.small import SMALL, InProcessSolver
from webapp import create_app
from webapp.auth import tokens
from webapp.schemas import read_document
from webapp.services import importing
from webapp.settings import Settings
from webapp.store import upgrade

pytestmark = pytest.mark.slow
EXAMPLES = {"sqlite": amount(quick=20, long=2500), "postgresql": amount(quick=6, long=500)}
"""For each operation; some have fewer."""
CALLS = {"sqlite": amount(quick=300, long=50_000), "postgresql": amount(quick=100, long=10_000)}
"""At least, in all."""


@pytest.fixture
def api(each_database: str) -> Iterator[Any]:
    """The document of a running application, and a token that may do everything."""
    folder = Path(tempfile.mkdtemp(prefix="callboard-"))
    given = Settings(data=folder, database=each_database, saves_per_minute=0, solves_per_minute=0)
    upgrade(given.database)
    app = create_app(given)
    app.extensions["callboard.solver"] = InProcessSolver()
    store = app.extensions["callboard.store"]
    imported = read_document(json.dumps(SMALL).encode(), "small.json")
    importing.import_document(store, imported, slug="mill", editor_id=None)
    app.config["TEST_TOKEN"] = tokens.create(store, "admin")
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    store.close()
    shutil.rmtree(folder)


def test_whatever_is_sent_is_answered(api: Any, each_database: str) -> None:
    kind = "postgresql" if each_database else "sqlite"
    token = api.app.config["TEST_TOKEN"]
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) >= 14
    statuses: Counter[int] = Counter()

    def call(case: schemathesis.Case) -> None:
        if "reference" in case.path_parameters:
            case.path_parameters["reference"] = "mill"
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        statuses[response.status_code] += 1
        assert response.status_code < 500, response.text
        if response.status_code >= 400:
            assert response.headers["content-type"] == ["application/problem+json"]
            assert response.json()["type"].startswith("urn:callboard:problem:")

    for operation in operations:
        fuzzed = given(operation.as_strategy())(call)
        settings(max_examples=EXAMPLES[kind], suppress_health_check=list(HealthCheck))(fuzzed)()
    assert statuses.keys() >= {200, 404, 422}
    assert statuses.total() >= CALLS[kind]
