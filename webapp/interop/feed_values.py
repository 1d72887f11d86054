"""Small values of schedule feeds: short names, addresses and the like, as both formats accept them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeGuard
from urllib.parse import quote, urljoin

from solver.conference import Conference

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URI = re.compile(r"https?://[^\s]+")


def is_uuid(text: object) -> TypeGuard[str]:
    """Whether `text` is written as a UUID."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def slug(text: str) -> str:
    """`text` in small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def acronym_of(conference: Conference, carried: Mapping[str, Any]) -> str:
    """The conference's short name: at least four small letters, digits, hyphens or underscores."""
    wanted = str(carried.get("conference", {}).get("acronym", ""))
    if re.fullmatch(r"[a-z0-9_-]{4,}", wanted):
        return wanted
    return (slug(wanted or conference.name)[:60].strip("-") or "conference").ljust(4, "_")


def unique_slug(wanted: str, number: int, used: set[str]) -> str:
    """`wanted`, or with the event's number where another event has it."""
    found = wanted if wanted not in used else f"{wanted}-{number}"
    while found in used:
        found += "-2"
    used.add(found)
    return found


def web_address(text: object, base: object = None) -> str | None:
    """`text` as an address of the web that is safe to write, or None if it is none."""
    if not isinstance(text, str) or not text.strip():
        return None
    address = text.strip()
    if isinstance(base, str) and base.startswith(("http://", "https://")) and ":" not in address.split("/")[0]:
        try:
            address = urljoin(base, address)
        except ValueError:
            return None
    if not _URI.fullmatch(address):
        return None
    return quote(address, safe="/:?#[]@!$&'()*+,;=%-._~")


def timeslot(conference: Conference, carried: Mapping[str, Any]) -> str:
    """The feed's own `timeslot_duration` where it is well written, else the grid."""
    found = carried.get("conference", {}).get("timeslot_duration")
    if isinstance(found, str) and re.fullmatch(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{1,2})?", found, re.ASCII):
        return found
    return f"{conference.grid_minutes // 60:02d}:{conference.grid_minutes % 60:02d}"


def generator() -> dict[str, str]:
    """Who wrote the file."""
    try:
        return {"name": "callboard", "version": version("callboard")}
    except PackageNotFoundError:
        return {"name": "callboard", "version": "unknown"}


def texts(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
    """Those of `keys` under which there is a text."""
    return {key: value for key in keys if isinstance(value := values.get(key), str)}
