"""What the OpenAPI document says beyond the routes' own shapes: errors, credentials, files."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.api.answers import Problem
from webapp.auth.guard import COOKIE

CONFIG: dict[str, Any] = {
    "OPENAPI_VERSION": "3.1.0",
    "AUTO_404_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "AUTO_OPERATION_ID": True,
    "AUTO_SERVERS": False,
    "SERVERS": [{"url": "/"}],
    "SECURITY_SCHEMES": {
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    },
}
FILE: dict[str, Any] = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
            }
        },
    },
}
SAVED = {"$ref": "#/components/schemas/SaveAttempt"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = ("get", "post", "put", "patch", "delete")


def completed(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """The document with its errors, its credentials and the bodies that are files."""
    if isinstance(spec, str):
        return spec
    spec["components"].setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    roles = _roles()
    for path, operations in spec["paths"].items():
        for method in METHODS:
            operation = operations.get(method)
            if operation is not None:
                _complete(operation, path, roles.get((path, method)))
    return spec


def _complete(operation: dict[str, Any], path: str, role: str | None) -> None:
    responses = operation["responses"]
    if role is not None:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        responses["401"] = _problem("Nobody is signed in")
        responses["403"] = _problem(f"The caller's role is less than {role}")
    else:
        operation["security"] = [{}, {"bearer": []}, {"cookie": []}]
    responses["default"] = _problem("Any other error")
    if path.endswith("/saves") and "requestBody" in operation:
        for status, result in (("409", "warning_required"), ("412", "stale_blocked"), ("422", "validation_failed")):
            responses[status] = _problem(f"`{result}`: the save attempt, and a problem", {"allOf": [SAVED, PROBLEM]})
    if path.endswith("/schedules") and "requestBody" not in operation and "201" in responses:
        operation["requestBody"] = FILE
        operation.setdefault("parameters", []).append(
            {"name": "slug", "in": "query", "required": False, "schema": {"type": "string"}}
        )


def _problem(description: str, schema: dict[str, Any] = PROBLEM) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def _roles() -> dict[tuple[str, str], str]:
    """The role that each guarded route takes, by the document's path and method."""
    return {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower()): role
        for rule in current_app.url_map.iter_rules()
        if (role := getattr(current_app.view_functions[rule.endpoint], "required_role", None)) is not None
        for method in rule.methods or ()
    }
