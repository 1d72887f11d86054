"""The official schemas of schedule.xml and schedule.json, as judges of what we write."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from lxml import etree


@lru_cache
def _xml_schema(folder: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(folder / "schedule.xml.xsd")))


@lru_cache
def _json_schema(folder: Path) -> Any:
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def faults(format: str, data: bytes, shared_data: Path) -> list[str]:
    """What the official schema of `format` objects to."""
    folder = shared_data / "schedule-format"
    if format == "schedule-xml":
        schema = _xml_schema(folder)
        schema.validate(etree.fromstring(data))
        return [str(error) for error in schema.error_log]
    return [f"{error.instance_path}: {error.message}" for error in _json_schema(folder).iter_errors(json.loads(data))]
