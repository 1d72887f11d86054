"""What the OpenAPI document says beyond the routes' own shapes: errors, credentials, headers, files, examples."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app

from webapp import problems
from webapp.api.answers import Problem
from webapp.api.streams import LINES
from webapp.auth.guard import COOKIE, default_scope
from webapp.auth.identity import ROLES, Role
from webapp.services.errors import (
    Blocked,
    Denied,
    NotFound,
    NothingToUndo,
    Refusal,
    Stale,
    Taken,
    TooMany,
    Unauthenticated,
    Unavailable,
)

EXAMPLES = Path(__file__).with_name("examples.json")
"""What was asked and answered in a small story; `scripts/write_examples.py` writes it."""
PREFIX = "/api/v1"
TROUBLE = "5d0f6c1e-9a53-4b0e-8f3c-2f6d1b7a4e90"
"""The parked event of the story."""
JOB = "0b9c1b54-6e0d-4b53-9a43-6c1f2d1f8a77"
"""A job's id, as an example."""
CONFIG: dict[str, Any] = {
    "OPENAPI_VERSION": "3.1.0",
    "AUTO_404_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "AUTO_OPERATION_ID": True,
    "AUTO_SERVERS": False,
    "SERVERS": [{"url": "/"}],
    "DESCRIPTION": (
        "Where a conference's announced programme is changed: what an edit breaks, the smallest repair, saves under a "
        "version, and what attendees see. Events also come live, over WebSockets: `/live/{id}?after=SEQ` has the "
        "public ones, `/collab/{id}?after=SEQ` all of them."
    ),
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SECURITY_SCHEMES": {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `callboard token create`."},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "A browser that signed in; what changes something must carry our own `Origin`.",
        },
    },
}
TAGS = [
    {"name": "Schedules", "description": "Import and read."},
    {"name": "Settings", "description": "How grave each rule is, opening hours, preferences."},
    {"name": "Changes", "description": "Check, repair, save, undo, publish."},
    {"name": "Jobs", "description": "Long solves that survive, end in a proposal, and are applied by a save."},
    {"name": "History", "description": "What happened, what is in conflict, what is on now."},
    {"name": "Availability", "description": "When rooms and people are free, and what follows if they are not."},
    {"name": "Files", "description": "What is published, as files."},
    {"name": "Operation", "description": "What follows events, for whoever runs Callboard."},
]
FILE: dict[str, Any] = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
            },
            "example": {"file": "the bytes of a file of any format, as a browser's form sends them"},
        },
    },
}
FILES = (
    "text/calendar",
    "application/xml",
    "application/json",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
AUDIT_FILES = ("application/jsonl", *FILES[-2:])
LINE = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": ["progress", "answer", "map", "stretch", "end", "problem"]}},
    "description": "One JSON object a line, as they become known; the last is an `answer`, an `end` or a `problem`.",
}
SAVED = {"$ref": "#/components/schemas/SaveAttempt"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = ("get", "post", "put", "patch", "delete")
PARAMETERS = {
    "reference": "The schedule's id, or its short name.",
    "suffix": "The format of the file.",
    "after": "Where the page before ended: its `next`.",
    "limit": "How many items a page has at most.",
    "track": "Only the sessions of this track.",
    "room": "Only the sessions in this room.",
    "at": "A moment; without an offset it is conference time.  Now, unless told.",
    "status": "Only conflicts that stand so.",
    "session": "Only the session with this id, or what happened to it.",
    "kind": "Only rooms, or only people.",
    "conflict": "The conflict's id.",
    "id": "Only the room or the person with this id.",
    "trouble": "The id of what a handler failed on.",
    "job": "The id of the job.",
    "spreadSeconds": "Over how many seconds the readers are spread.",
}
SLUG = {
    "name": "slug",
    "in": "query",
    "required": False,
    "description": "The short name that the schedule gets.",
    "schema": {"type": "string"},
}
REQUEST_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own name for this request: sent again under it, nothing is made twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'The draft\'s `ETag`, such as `"v17"`; may stand instead of `expectedVersion`.',
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of what you have: if it is still that, the answer is 304 and empty.",
    "schema": {"type": "string"},
}


class Guard(NamedTuple):
    """What a route asks of its callers, by the marks that its decorators left on the view."""

    role: Role | None
    scope: str | None
    counted: str | None
    versioned: bool


def completed(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """The document with its errors, its credentials, the bodies that are files, and an example of everything."""
    if isinstance(spec, str):
        return spec
    spec["components"].setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    for schema in spec["components"]["schemas"].values():
        for part in schema.get("properties", {}).values():
            # A default of null says that it may be left out, not that null may be sent.
            if part.get("default", ...) is None:
                del part["default"]
    spec["tags"] = TAGS
    guards = _guards()
    for path, operations in spec["paths"].items():
        for method in METHODS:
            operation = operations.get(method)
            if operation is not None:
                _complete(operation, method, path, guards[path, method])
                _say_what_is_answered(operation, spec["components"]["schemas"])
                _illustrate(operation, examples().get(f"{method.upper()} {path.removeprefix(PREFIX)}", {}))
    return spec


@cache
def examples() -> dict[str, dict[str, Any]]:
    """By method and path, what was asked in the story and what was answered, by status."""
    told: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return told


def _complete(operation: dict[str, Any], method: str, path: str, guard: Guard) -> None:
    operation.setdefault("parameters", [])
    if path.endswith("/schedules") and method == "post":
        _imports(operation)
    if "{suffix}" in path:
        kinds = AUDIT_FILES if path.endswith("audit.{suffix}") else FILES
        operation["responses"]["200"]["content"] = {kind: {"schema": {"type": "string"}} for kind in kinds}
    if path.endswith(("/repairs", "/cost-map")):
        operation["responses"]["200"]["content"][LINES] = {"schema": LINE}
    if path.endswith("/saves") and method == "post":
        _saves(operation["responses"])
    if path.endswith(("/undo", "/redo")) and method == "post":
        nothing = _refused(NothingToUndo, "there is no change of yours to undo")
        operation["responses"]["409"] = _problem(
            "Nothing to put back, or later changes stand on it, with a repair", **nothing
        )
    if path.endswith("/publish"):
        operation["responses"]["409"] = _problem(
            "Unresolved conflicts block publishing",
            **_refused(Blocked, "1 unresolved conflict blocks publishing", conflicts=[]),
        )
    _read_under_conditions(operation, path, guard)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    for parameter in operation["parameters"]:
        if parameter["name"] in PARAMETERS:
            parameter.setdefault("description", PARAMETERS[parameter["name"]])
    _guarded(operation, guard)
    operation["responses"]["default"] = _problem(
        "Any other error", **_refused(Unavailable, "the solver does not answer; try again")
    )


def _imports(operation: dict[str, Any]) -> None:
    operation["requestBody"] = FILE
    operation["parameters"] += [SLUG, REQUEST_KEY]
    operation["responses"]["201"]["headers"] = _headers("Location", "ETag")
    taken = _refused(Taken, "another schedule is called 'mill' already")
    operation["responses"]["409"] = _problem("The name is taken", **taken)


def _saves(responses: dict[str, Any]) -> None:
    for status, result in (("412", "stale_blocked"), ("422", "validation_failed")):
        responses[status] = _problem(f"`{result}`: the save attempt, and a problem", {"allOf": [SAVED, PROBLEM]})
    locked = {"anyOf": [{"allOf": [SAVED, PROBLEM]}, PROBLEM]}
    responses["409"] = _problem("`warning_required`: the save attempt, and a problem; or a lock is in the way", locked)


def _read_under_conditions(operation: dict[str, Any], path: str, guard: Guard) -> None:
    """What ETags, pages and visibility add."""
    responses, parameters = operation["responses"], operation["parameters"]
    if path.endswith(("/published", "export.ics", "export.{suffix}")):
        parameters.append(IF_NONE_MATCH)
        responses["200"]["headers"] = _headers("ETag")
        responses["304"] = {"description": "It is still what you have"}
    if guard.versioned:
        parameters.append(IF_MATCH)
        stale = _refused(Stale, "the schedule is at version 2, not 1", version=2, changedSince=[])
        responses.setdefault("412", _problem("The schedule has changed since", **stale))
    if any(parameter["name"] == "after" for parameter in parameters):
        responses["200"]["headers"] = _headers("Link")
    if "{reference}" in path:
        unknown = _refused(NotFound, "there is no schedule 'mill'")
        responses["404"] = _problem("There is no such schedule, or none that the caller may see", **unknown)


def _guarded(operation: dict[str, Any], guard: Guard) -> None:
    responses = operation["responses"]
    if guard.role is None:
        operation["security"] = [{}, {"bearer": []}, {"cookie": []}]
    else:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        takes = f"Takes the role {guard.role}; of a token that is confined, the scope {guard.scope}."
        operation["description"] = " ".join(filter(None, (operation.get("description"), takes)))
        lower = ROLES[ROLES.index(guard.role) - 1]
        stranger = _refused(Unauthenticated, "sign in, or send a token")
        denied = _refused(Denied, f"this takes the role {guard.role}; yours is {lower}")
        responses["401"] = _problem("Nobody is signed in", **stranger)
        responses["403"] = _problem(
            f"The caller's role is less than {guard.role}, or the token has not the scope", **denied
        )
    if guard.counted is not None:
        many = _refused(TooMany, "more than 3000 a minute; try again in 7 seconds", retryAfter=7)
        responses["429"] = _problem("Too many requests within a minute", **many) | {"headers": _headers("Retry-After")}


def _say_what_is_answered(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """What a success answers, in the words of its shape."""
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            if status.startswith("2") and name in schemas:
                answer["description"] = schemas[name]["description"]


def _illustrate(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Put what was asked and answered in the story into an operation."""
    for parameter in operation["parameters"]:
        asked = {"reference": "mill", "trouble": TROUBLE, "session": "knots", "job": JOB, **example.get("query", {})}
        if parameter["name"] in asked:
            parameter["example"] = asked[parameter["name"]]
    if "request" in example:
        kind, content = next(iter(operation["requestBody"]["content"].items()))
        whole = kind == "application/json"
        content["example"] = example["request"] if whole else json.dumps(example["request"], ensure_ascii=False)
    for status, answer in example.get("responses", {}).items():
        for content in list(operation["responses"][status].get("content", {}).values())[:1]:
            content["example"] = answer


def _problem(description: str, schema: dict[str, Any] = PROBLEM, **example: Any) -> dict[str, Any]:
    """An answer that is a problem; `example` is one, unless the story tells one."""
    content = {"schema": schema, **({"example": example} if example else {})}
    return {"description": description, "content": {problems.PROBLEM: content}}


def _refused(refusal: type[Refusal], detail: str, **facts: Any) -> dict[str, Any]:
    return problems.body(problems.REFUSALS[refusal], detail, facts)


def _headers(*names: str) -> dict[str, Any]:
    said = {
        "ETag": "The version: of the draft `v17`, of what is published `p17`",
        "Link": "The address of the next page, with `rel` next; none at the end",
        "Location": "Where the new schedule is",
        "Retry-After": "After how many seconds to try again",
    }
    return {name: {"description": said[name], "schema": {"type": "string"}} for name in names}


def _guards() -> dict[tuple[str, str], Guard]:
    """What each route takes, by the document's path and method."""
    found = {}
    for rule in current_app.url_map.iter_rules():
        marks = vars(current_app.view_functions[rule.endpoint])
        role = marks.get("required_role")
        for method in rule.methods or ():
            scope = None if role is None else marks.get("required_scope") or default_scope(role, method)
            path = rule.rule.replace("<", "{").replace(">", "}")
            found[path, method.lower()] = Guard(role, scope, marks.get("counted_as"), marks.get("takes_version", False))
    return found
