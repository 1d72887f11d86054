"""The OpenAPI document: version 3.1, closed in itself, and true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import openapi_spec_validator
import pytest
from flask import Flask

from scripts import write_examples
from tests.webapp.small import Caller, move
from webapp import problems
from webapp.api.openapi import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    response = app.test_client().get("/api/v1/openapi.json", headers={"Host": "evil.test"})
    assert response.status_code == 200
    assert "evil" not in response.text
    told: dict[str, Any] = response.get_json()
    return told


def references(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if isinstance(tree.get("$ref"), str):
            yield tree["$ref"]
        for value in tree.values():
            yield from references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from references(value)


def test_it_is_openapi_3_1_and_refers_to_nothing_outside(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    found = set(references(document))
    assert found
    for reference in found:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_it_describes_every_route_of_the_api(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/v1/schedules", "/api/v1/handlers", "/api/v1/jobs"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert described == routes
    for operations in document["paths"].values():
        for operation in operations.values():
            assert "default" in operation["responses"]
            assert "security" in operation


def test_it_keeps_to_the_specification(document: dict[str, Any]) -> None:
    openapi_spec_validator.validate(document)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


def test_everything_is_described_and_shown_by_an_example(document: dict[str, Any]) -> None:
    missing = []
    for path, method, operation in operations(document):
        success = next(answer for status, answer in operation["responses"].items() if status[0] == "2")
        shown = [operation.get("requestBody"), success]
        contents = [list(one["content"].values()) for one in shown if one and "content" in one]
        if not all("example" in content for content, *_ in contents):
            missing.append(f"{method} {path}: write_examples.py tells nothing of it")
        for status, answer in operation["responses"].items():
            if "example" not in answer.get("content", {}).get(problems.PROBLEM, {"example": None}):
                missing.append(f"{method} {path}: no example of {status}")
        for parameter in operation["parameters"]:
            if not parameter.get("description"):
                missing.append(f"{method} {path}: {parameter['name']} is not described")
        if not operation["summary"].endswith("."):
            missing.append(f"{method} {path}: no summary")
    assert missing == []


def test_the_examples_have_the_shapes_it_says(document: dict[str, Any]) -> None:
    told = 0
    for path, method, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in [*bodies, *operation["responses"].values()]:
            for kind, content in body.get("content", {}).items():
                if "example" in content and kind.endswith("json"):
                    schema = {**content["schema"], "components": document["components"]}
                    errors = jsonschema_rs.Draft202012Validator(schema).iter_errors(content["example"])
                    assert list(map(str, errors)) == [], f"{method} {path}"
                    told += 1
    assert told > 30


def test_the_story_of_the_examples_still_goes_like_that() -> None:
    with write_examples.running() as (client, token):
        story = write_examples.Story(client, token)
        write_examples.tell(story)
    told = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    assert shape(json.loads(json.dumps(story.noted))) == shape(told), "run scripts/write_examples.py"


def shape(tree: Any) -> Any:
    """What must be the same each time the story is told: all but ids and times, which are text, and seconds."""
    if isinstance(tree, dict):
        return {key: shape(value) for key, value in tree.items() if key != "seconds"}
    if isinstance(tree, list):
        return [shape(value) for value in tree]
    return "text" if isinstance(tree, str) else tree


def validator(document: dict[str, Any], path: str, method: str, status: str) -> jsonschema_rs.Draft202012Validator:
    content = document["paths"][path][method]["responses"][status]["content"]
    media = next(iter(content.values()))
    return jsonschema_rs.Draft202012Validator({**media["schema"], "components": document["components"]})


def test_answers_have_the_shape_it_says(document: dict[str, Any], editor: Caller, attendee: Caller) -> None:
    base = "/api/v1/schedules/{reference}"
    saved = editor.save(move("knots", "12:00"), publish=True)
    warned = editor.save(move("knots", "11:30", "hall"))
    stale = editor.save(move("knots", "12:00"), version=1)
    wrong = editor.save(move("knots", "12:00", "cellar"))
    repaired = editor.post("/repairs", {"expectedVersion": 2, "edits": [move("knots", "11:30", "hall")]})
    checked = editor.post("/checks", {"edits": [move("knots", "11:30", "hall")]})
    validated = editor.post(
        "/repairs/validate", {"baseVersion": 1, "edits": [move("knots", "11:30", "hall")], "moves": []}
    )
    for path, method, response in (
        (base, "get", editor.get()),
        (base, "get", attendee.get()),
        (base + "/published", "get", attendee.get("/published")),
        (base + "/saves", "post", saved),
        (base + "/saves", "post", warned),
        (base + "/saves", "post", stale),
        (base + "/saves", "post", wrong),
        (base + "/saves", "get", editor.get("/saves")),
        (base + "/repairs", "post", repaired),
        (base + "/repairs/validate", "post", validated),
        (base + "/checks", "post", checked),
        (base + "/publish", "post", editor.publish()),
        (base + "/events", "get", editor.get("/events")),
        (base + "/audit", "get", editor.get("/audit")),
        (base + "/conflicts", "get", editor.get("/conflicts")),
        (base + "/now", "get", attendee.get("/now?at=2027-02-06T11:00")),
    ):
        validator(document, path, method, str(response.status_code)).validate(response.get_json())


def test_a_wrong_answer_would_be_noticed(document: dict[str, Any], editor: Caller) -> None:
    told = editor.draft()
    told["sessions"][0]["minutes"] = "thirty"
    with pytest.raises(jsonschema_rs.ValidationError):
        validator(document, "/api/v1/schedules/{reference}", "get", "200").validate(told)


def test_the_page_to_read_has_every_operation_problem_and_shape_and_nothing_from_outside(
    app: Flask, document: dict[str, Any]
) -> None:
    page = app.test_client().get("/api/v1/docs")
    assert page.status_code == 200
    anchors = re.findall(r'id="([^"]+)"', page.text)
    assert len(anchors) == len(set(anchors))
    for _, _, operation in operations(document):
        assert operation["operationId"].replace("_", "-") in anchors
    assert {kind.name for kind in problems.kinds()} <= set(anchors)
    assert {f"shape-{name}" for name in document["components"]["schemas"]} <= set(anchors)
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= set(anchors)
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"', page.text)
    assert [address for address in loaded if not address.startswith("/static/")] == []


def test_every_problem_is_explained_here_and_in_the_documentation(app: Flask) -> None:
    names = {kind.name for kind in problems.kinds()}
    assert set(problems.MEANINGS) == names | {problems.OTHER}
    told = (ROOT / "docs/problems.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", told, re.MULTILINE)
    assert set(rows) == {(kind.name, str(kind.status)) for kind in problems.kinds()}
    refused = app.test_client().get("/api/v1/nowhere")
    assert refused.headers["Link"] == '</api/v1/docs#not-found>; rel="help"'


def test_the_web_process_loads_no_solver_and_no_tables(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from webapp import create_app
from webapp.settings import Settings

create_app(Settings(data=Path(sys.argv[1])))
print(*sorted({"ortools", "numba", "numpy", "pandas", "dbos"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr
