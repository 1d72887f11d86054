"""The OpenAPI document as a page to read: every operation, every shape, every problem; nothing from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, Response, current_app
from markupsafe import Markup, escape

from webapp import problems
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import REVALIDATED, not_built, page

bp = Blueprint("reference", __name__)

SHAPE = "#/components/schemas/"


@dataclass(frozen=True)
class Operation:
    """One operation, as the page shows it."""

    method: str
    path: str
    anchor: str
    told: Mapping[str, Any]

    @property
    def request(self) -> tuple[str, Mapping[str, Any]] | None:
        """The content type and the content of what is sent."""
        content = self.told.get("requestBody", {}).get("content", {})
        return next(iter(content.items()), None)

    @property
    def answers(self) -> list[tuple[str, str, Any]]:
        """Status, description and, where there is one, an example."""
        return [
            (status, answer["description"], _example(answer))
            for status, answer in sorted(self.told["responses"].items())
        ]


@bp.get("/api/v1/docs")
def reference() -> Response:
    """The reference of the HTTP interface."""
    document = _document()
    return page(
        "reference",
        cache=REVALIDATED,
        document=document,
        operations=list(_operations(document)),
        kinds=problems.kinds(),
        meanings=problems.MEANINGS,
        urn=problems.TYPE,
        shape=_shape,
        pretty=_pretty,
        prose=_prose,
    )


@bp.errorhandler(AssetsMissing)
def _missing(error: AssetsMissing) -> Response:
    return not_built(error)


def _document() -> dict[str, Any]:
    """The OpenAPI document, made once."""
    made = current_app.extensions.get("callboard.openapi")
    if made is None:
        made = current_app.extensions["callboard.openapi"] = cast(APIFlask, current_app).spec
    return cast(dict[str, Any], made)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, operations in sorted(document["paths"].items()):
        for method, told in operations.items():
            yield Operation(method.upper(), path, told["operationId"].replace("_", "-"), told)


def _example(answer: Mapping[str, Any]) -> Any:
    for content in answer.get("content", {}).values():
        if "example" in content:
            return content["example"]
    return None


def _shape(schema: Mapping[str, Any]) -> Markup:
    """A type in a few words; shapes with a name are links."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SHAPE)
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    for joined, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if joined in schema:
            return Markup(word).join(_shape(one) for one in schema[joined])
    if "enum" in schema:
        return Markup(" or ").join(Markup("<code>{}</code>").format(value) for value in schema["enum"])
    if "const" in schema:
        return Markup("<code>{}</code>").format(schema["const"])
    if schema.get("type") == "array":
        return Markup("list of {}").format(_shape(schema.get("items", {})))
    return Markup("{}").format(schema.get("type", "anything"))


def _pretty(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _prose(text: str) -> Markup:
    """Text in which backquotes mark code."""
    pieces = str(escape(text)).split("`")
    marked = (f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))
    return Markup("".join(marked))
