"""Files of the right shape with anything in them: read or refused in one line, and what is read can be written."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.reliability.soak import amount
from tests.webapp.files_formats import faults
from tests.webapp.test_schemas import WHOLE
from webapp.schemas import DocumentError, Imported, callboard_json, read_callboard, read_document, write_document

ROUND = amount(quick=100, long=1000)
"""How many files are tried between two looks at the clock."""
SECONDS = amount(quick=0, long=1800)
"""For how long each kind of file is tried, in rounds of which no two are alike: in the long form two hours in all."""
LEAST = amount(quick=90, long=20_000)
"""How many files of each kind there must have been by then."""
Objects = st.SearchStrategy[dict[str, Any]]
GUID = "11111111-2222-3333-4444-555555555555"
times = st.sampled_from(
    [
        *("2025-02-01T10:00:00+01:00", "2025-02-02T00:30:00+01:00", "2025-02-01T10:00", "2025-02-01", "10:00", "09:60"),
        *("2025-03-30T02:30:00", "9999-12-31T23:59:00Z", "0001-01-01T00:00:00+14:00", "2025-02-01T10:00:00+23:59", ""),
    ]
)
lengths = st.sampled_from(["00:30", "1:00", "00:00", "99:59", "100:00", "1666:39", "9999:99", "x", ""])
texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["A", "B", "", "0", "-1", "7", "007", "5#2", GUID, "https://x.test/ä b", "a" * 3000]),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | times | lengths,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


def some(always: dict[str, st.SearchStrategy[Any]] | None = None, **fields: st.SearchStrategy[Any]) -> Objects:
    """Objects with some of these fields, where each value may also be anything at all."""
    rarely = {key: st.one_of(value, value, value, value, anything) for key, value in fields.items()}
    return st.fixed_dictionaries(always or {}, optional=rarely)


references = st.lists(some(url=texts, title=texts, type=texts), max_size=2)
persons = st.lists(some(id=texts, guid=texts, code=texts, name=texts, biography=texts, links=references), max_size=2)
events = st.lists(
    some(
        {"date": times, "duration": lengths},
        id=texts | st.integers(-1, 9),
        guid=texts,
        code=texts,
        title=texts,
        start=times,
        end=times,
        track=texts,
        slug=texts,
        url=texts,
        logo=texts,
        abstract=texts,
        do_not_stream=st.booleans(),
        recording_license=texts,
        persons=persons,
        links=references,
    ),
    max_size=3,
)
rooms = st.dictionaries(texts, events, min_size=1, max_size=2)
days = st.lists(some({"rooms": rooms}, date=times, day_start=times, day_end=times), min_size=1, max_size=3)
conferences = some(
    {"days": days},
    title=texts,
    acronym=texts,
    time_zone_name=st.sampled_from(["Europe/Brussels", "Etc/GMT-1", "Nowhere"]),
    timeslot_duration=lengths,
    rooms=st.lists(some(name=texts, guid=texts, capacity=st.integers(), features=anything, type=texts), max_size=2),
    tracks=st.lists(some(name=texts, slug=texts, color=texts), max_size=2),
    meta=anything,
    keywords=anything,
)
feeds = some({"conference": conferences}, version=texts, base_url=texts, callboard=anything)


def read(data: bytes) -> Imported | None:
    try:
        return read_document(data, "fuzzed")
    except DocumentError as error:
        refused = str(error)
    assert refused.startswith("fuzzed: ")
    assert refused.isprintable()
    return None


def check(imported: Imported, shared_data: Path) -> None:
    """What was read can be stored, and written in every format."""
    whole = imported.conference, imported.schedule
    assert read_callboard(callboard_json(*whole), "c") == whole
    assert json.loads(json.dumps(imported.carried, allow_nan=False)) == imported.carried
    for format in ("schedule-xml", "schedule-json"):
        longest = max((session.minutes for session in imported.conference.sessions), default=0)
        if not imported.conference.days or longest > 99 * 60 + 59:
            continue
        written = write_document(format, *whole, imported.carried)
        assert faults(format, written, shared_data) == []
        assert read_document(written, "again").schedule == imported.schedule
    for format in ("ics", "csv", "xlsx"):
        write_document(format, *whole, imported.carried)


def keep_trying(attempt: Callable[..., None], **given_by: st.SearchStrategy[Any]) -> None:
    """Try round after round until the time is up."""
    began, tried = time.monotonic(), 0

    def counted(**drawn: Any) -> None:
        nonlocal tried
        tried += 1
        attempt(**drawn)

    for number in itertools.count():
        round_of = settings(max_examples=ROUND, suppress_health_check=list(HealthCheck))
        seed(number)(round_of(given(**given_by)(counted)))()
        if time.monotonic() - began >= SECONDS:
            break
    assert tried >= LEAST


def test_any_schedule_json(shared_data: Path) -> None:
    def attempt(feed: dict[str, Any]) -> None:
        imported = read(json.dumps({"schedule": feed}).encode())
        if imported is not None:
            check(imported, shared_data)

    keep_trying(attempt, feed=feeds)


def element(tag: str, value: Any) -> str:
    """The same feed, said in XML as far as XML can."""
    from webapp.interop.xml_text import xml_safe

    def quoted(text: object) -> str:
        from xml.sax.saxutils import quoteattr

        return quoteattr(xml_safe(str(text)))

    if isinstance(value, dict):
        attributes = "".join(f" {key}={quoted(value[key])}" for key in ("id", "guid", "code", "name") if key in value)
        inner = "".join(element(key, part) for key, part in value.items() if key.isascii() and key.isidentifier())
        return f"<{tag}{attributes}>{inner}</{tag}>"
    if isinstance(value, list):
        return "".join(element(tag, part) for part in value)
    return f"<{tag}>{quoted(value)[1:-1]}</{tag}>"


def test_any_schedule_xml(shared_data: Path) -> None:
    def attempt(conference: dict[str, Any], days: list[dict[str, Any]]) -> None:
        told = element("conference", {key: part for key, part in conference.items() if key != "days"})
        for day in days:
            inner = [element("room", {"name": name, "event": events}) for name, events in day["rooms"].items()]
            told += f'<day date="{day.get("date")}" start="{day.get("day_start")}">{"".join(inner)}</day>'.replace(
                "\x00", ""
            )
        told = told.replace("persons>", "person>").replace("<persons", "<person")
        imported = read(f"<schedule>{told}</schedule>".encode("utf-8", "replace"))
        if imported is not None:
            check(imported, shared_data)

    keep_trying(attempt, conference=conferences, days=days)


def test_any_callboard_file() -> None:
    """One value of a good file becomes anything."""

    def attempt(data: st.DataObject) -> None:
        tree = json.loads(json.dumps(WHOLE))
        at: Any = tree
        while isinstance(at, dict | list) and at:
            key = data.draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.integers(0, len(at) - 1))
            if not isinstance(at[key], dict | list) or data.draw(st.booleans()):
                at[key] = data.draw(anything)
                break
            at = at[key]
        imported = read(json.dumps(tree).encode())
        if imported is not None:
            whole = imported.conference, imported.schedule
            assert read_callboard(callboard_json(*whole), "c") == whole

    keep_trying(attempt, data=st.data())


def test_any_bytes_in_the_middle_of_a_file() -> None:
    good = json.dumps(WHOLE).encode()
    read_well = read_document(good, "good")
    tables = [write_document(one, read_well.conference, read_well.schedule, {}) for one in ("csv", "xlsx")]

    def attempt(data: st.DataObject) -> None:
        whole = data.draw(st.sampled_from([SMALL_XML, good, *tables]))
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(len(whole), start + 20)))
        imported = read(whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:])
        if imported is not None:
            assert read_callboard(callboard_json(imported.conference, imported.schedule), "c")[1] == imported.schedule

    keep_trying(attempt, data=st.data())


SMALL_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<schedule><version>1</version><conference><title>T</title><time_zone_name>Europe/Brussels</time_zone_name></conference>
<day index="1" date="2025-02-01" start="2025-02-01T09:00:00+01:00"><room name="A"><event id="1" guid="x">
<date>2025-02-01T10:00:00+01:00</date><start>10:00</start><duration>00:30</duration><title>One</title>
<persons><person id="3">Ada</person></persons></event></room></day></schedule>
"""
