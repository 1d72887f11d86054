"""`schedule.xml` of frab, pentabarf, pretalx and c3voc: tolerant in, strict out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from solver.conference import Conference, Schedule
from webapp.interop import feed_out, feed_values
from webapp.interop.document import DocumentError, Imported, identifier
from webapp.interop.feed import Carried, Feed, FeedDay, FeedEvent, FeedPerson, checked_restore
from webapp.interop.feed_facts import facts_of
from webapp.interop.feed_out import OutDay, OutEvent, Outgoing, OutPerson
from webapp.interop.feed_times import read_date, write_length
from webapp.interop.xml_text import parse_xml, xml_safe

FORMAT = "schedule-xml"
LONGEST = 99 * 60 + 59
"""Minutes of the longest event that the format can hold."""

_EVENT_ADDRESSES = ("logo", "url", "feedback_url", "origin_url", "video_download_url")
_EVENT_TEXTS = ("subtitle", "type", "language", "abstract", "description", "slug", *_EVENT_ADDRESSES)
_CONFERENCE_TEXTS = ("acronym", "timeslot_duration", "base_url", "logo", "url")


def read(data: bytes, name: str) -> Imported:
    """The conference in a `schedule.xml`; raises `DocumentError`."""
    root = parse_xml(data, name)
    if etree.QName(root).localname != "schedule":
        raise DocumentError(name, f"line {root.sourceline}", f"the root element is <{_tag(root)}>, not <schedule>")
    feed = Feed(restore=_restore(root))
    _read_head(feed, root)
    for element in _children(root, "day"):
        feed.days.append(_read_day(feed, element))
    if not feed.days:
        raise DocumentError(name, f"line {root.sourceline}", "the schedule has no <day>")
    return facts_of(feed, name=name, format=FORMAT)


# --- in ---


def _tag(element: etree._Element) -> str:
    """The element's name without a namespace; comments and instructions have none."""
    tag: object = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _children(element: etree._Element, tag: str) -> list[etree._Element]:
    return [child for child in element if _tag(child) == tag]


def _text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def _texts(element: etree._Element) -> dict[str, str]:
    """The texts of an element's children by name; of several of one name the first."""
    found: dict[str, str] = {}
    for child in element:
        found.setdefault(_tag(child), _text(child))
    return found


def _read_head(feed: Feed, root: etree._Element) -> None:
    feed.carried["version"] = _texts(root).get("version", "")
    feed.carried["url"] = _texts(root).get("url", "")
    lists = _children(root, "tracks")
    for conference in _children(root, "conference")[:1]:
        texts = _texts(conference)
        feed.title = texts.get("title", "").strip()
        feed.zone = texts.get("time_zone_name", "").strip()
        feed.day_change = texts.get("day_change", "")
        feed.carried["conference"] = feed_values.texts(texts, _CONFERENCE_TEXTS)
        for color in _children(conference, "color"):
            feed.carried["conference"]["colors"] = _attributes(color)
        lists.append(conference)
    tracks = [_read_track(track) for holder in lists for track in _children(holder, "track")]
    feed.carried["tracks"] = [track for track in tracks if track["name"]]
    feed.carried = {key: value for key, value in feed.carried.items() if value}


def _attributes(element: etree._Element) -> Carried:
    return {str(key): str(value) for key, value in element.attrib.items()}


def _read_track(element: etree._Element) -> Carried:
    return _attributes(element) | {"name": element.get("name") or (element.text or "").strip()}


def _read_day(feed: Feed, element: etree._Element) -> FeedDay:
    day = FeedDay(read_date(element.get("date", "")), element.get("start", ""), element.get("end", ""))
    for child in element:
        match _tag(child):
            case "event":
                day.events.append(_read_event(feed, child, ""))
            case "room":
                room = _know_room(feed, child.get("name", ""), child)
                day.events.extend(_read_event(feed, event, room) for event in _children(child, "event"))
    return day


def _know_room(feed: Feed, name: str, element: etree._Element | None = None) -> str:
    room = identifier(name)
    if room:
        carried = feed.rooms.setdefault(room, {})
        for key in ("guid", "slug"):
            if element is not None and (value := element.get(key)):
                carried.setdefault(key, value)
    return room


def _read_event(feed: Feed, element: etree._Element, room: str) -> FeedEvent:
    texts = _texts(element)
    event = FeedEvent(
        place=f"line {element.sourceline}",
        id=identifier(element.get("id", "")),
        guid=identifier(element.get("guid", "")),
        code=identifier(element.get("code", "")),
        title=texts.get("title", ""),
        room=room or _know_room(feed, texts.get("room", "")),
        date=texts.get("date", ""),
        start=texts.get("start", ""),
        end=texts.get("end", ""),
        length=texts.get("duration", ""),
        track=texts.get("track", ""),
        carried={key: value for key in _EVENT_TEXTS if (value := texts.get(key))},
    )
    for child in element:
        match _tag(child):
            case "persons":
                event.persons.extend(map(_read_person, _children(child, "person")))
            case "recording":
                event.carried["recording"] = _read_recording(_texts(child))
            case "links" | "attachments" as kind:
                found = [_read_reference(one) for one in _children(child, kind[:-1])]
                if found:
                    event.carried[kind] = found
    return event


def _read_person(element: etree._Element) -> FeedPerson:
    guid, code, number = (identifier(element.get(key, "")) for key in ("guid", "code", "id"))
    return FeedPerson(element.text or "", guid, code, number)


def _read_recording(texts: dict[str, str]) -> Carried:
    optout = texts.get("optout", "").strip().lower() in ("true", "1")
    return feed_values.texts(texts, ("license", "url", "link")) | {"optout": optout}


def _read_reference(element: etree._Element) -> Carried:
    written = {
        "url": element.get("href", ""),
        "title": element.text or "",
        "type": element.get("type", ""),
        "service": element.get("service", ""),
    }
    return {key: value for key, value in written.items() if value}


def _restore(root: etree._Element) -> dict[str, dict[str, str]]:
    """Our own identifiers, where we wrote the file."""
    for node in root.iterchildren(etree.PI):
        if getattr(node, "target", "") == "callboard":
            try:
                return checked_restore(json.loads(node.text or ""))
            except (ValueError, RecursionError):
                return {}
    return {}


# --- out ---


def write(conference: Conference, schedule: Schedule, carried: Mapping[str, Any]) -> bytes:
    """A `schedule.xml` that its schema accepts; raises `DocumentError` for what the format cannot hold."""
    out = feed_out.outgoing(conference, schedule, carried)
    if not out.days:
        raise DocumentError("schedule.xml", "day", "the format needs at least one day, and the conference has none")
    root = etree.Element("schedule")
    _add(root, "generator", None, **feed_values.generator())
    _add_address(root, "url", carried.get("url"))
    _add(root, "version", str(carried.get("version") or "1"))
    _write_conference(root, out, carried)
    if out.restore:
        # "?>" would end the instruction, and JSON has another way to write the character.
        table = json.dumps(out.restore, ensure_ascii=True, separators=(",", ":")).replace(">", "\\u003e")
        root.insert(0, etree.ProcessingInstruction("callboard", table))
    slugs: set[str] = set()
    for day in out.days:
        _write_day(root, day, out, slugs)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, tag, {key: xml_safe(value) for key, value in attributes.items()})
    if text is not None:
        element.text = xml_safe(text)
    return element


def _add_address(parent: etree._Element, tag: str, text: object, base: object = None) -> None:
    address = feed_values.web_address(text, base)
    if address:
        _add(parent, tag, address)


def _write_conference(root: etree._Element, out: Outgoing, carried: Mapping[str, Any]) -> None:
    own = carried.get("conference", {})
    element = _add(root, "conference")
    first, last = feed_out.day_dates(out.days)
    _add(element, "title", out.conference.name)
    _add(element, "acronym", out.acronym)
    _add(element, "start", first)
    _add(element, "end", last)
    _add(element, "days", str(len(out.days)))
    _add(element, "timeslot_duration", feed_values.timeslot(out.conference, carried))
    for key in ("base_url", "logo", "url"):
        _add_address(element, key, own.get(key), own.get("base_url"))
    _add(element, "time_zone_name", out.conference.timezone)
    colors = {key: str(value) for key, value in own.get("colors", {}).items() if _is_color(value)}
    if "primary" in colors:
        _add(element, "color", None, **feed_values.texts(colors, ("primary", "background")))
    for track in carried.get("tracks", []):
        _write_track(element, track)


def _write_track(parent: etree._Element, track: Mapping[str, Any]) -> None:
    written = _add(parent, "track", None, name=str(track["name"]))
    if _is_color(track.get("color")):
        written.set("color", track["color"])
    slug = str(track.get("slug", "")).replace("_", "-")
    if re.fullmatch(r"[a-z][a-z0-9-]+", slug):
        written.set("slug", slug)


def _is_color(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value) is not None


def _write_day(root: etree._Element, day: OutDay, out: Outgoing, slugs: set[str]) -> None:
    element = _add(
        root,
        "day",
        index=str(day.index),
        date=day.date.isoformat(),
        start=day.start.isoformat(),
        end=day.end.isoformat(),
    )
    for name, events in day.events.items():
        _, guid, _ = out.rooms[name]
        room = _add(element, "room", name=name, guid=guid)
        for event in events:
            _write_event(room, event, name, out, slugs)


def _write_event(parent: etree._Element, event: OutEvent, room: str, out: Outgoing, slugs: set[str]) -> None:
    session, carried = event.session, event.carried
    if session.minutes > LONGEST:
        reason = f"it lasts {session.minutes} minutes, and the format can hold {LONGEST}"
        raise DocumentError("schedule.xml", f"session '{session.id}'", reason)
    element = _add(parent, "event", guid=event.guid, id=str(event.number))
    code = str(carried.get("code", ""))
    if re.fullmatch(r"[0-9A-Z]{6}", code) and code not in slugs:
        slugs.add(code)
        element.set("code", code)
    _add(element, "date", event.start.isoformat())
    _add(element, "start", f"{event.start:%H:%M}")
    _add(element, "duration", write_length(session.minutes))
    _add(element, "room", room)
    slug = _slug(carried.get("slug"), event.number, out.acronym)
    if slug:
        _add(element, "slug", feed_values.unique_slug(slug, event.number, slugs))
    _add(element, "title", session.title)
    _add(element, "subtitle", str(carried.get("subtitle", "")))
    _add(element, "track", session.track or "")
    for key in ("type", "language", "abstract", "description"):
        _add(element, key, str(carried.get(key) or ""))
    _write_extras(element, event, out)


def _write_extras(element: etree._Element, event: OutEvent, out: Outgoing) -> None:
    carried = event.carried
    for key in _EVENT_ADDRESSES:
        _add_address(element, key, carried.get(key))
    persons = _add(element, "persons")
    for person in event.persons:
        _write_person(persons, person)
    recording = carried.get("recording")
    if recording:
        written = _add(element, "recording")
        _add(written, "license", str(recording.get("license", "")))
        _add(written, "optout", "true" if recording.get("optout") else "false")
        for key in ("url", "link"):
            _add_address(written, key, recording.get(key))
    for kind, extra in (("links", ("service",)), ("attachments", ())):
        _write_references(element, kind, carried.get(kind, []), extra)


def _write_references(parent: etree._Element, kind: str, references: list[Carried], extra: tuple[str, ...]) -> None:
    if not references:
        return
    holder = _add(parent, kind)
    for reference in references:
        attributes = feed_values.texts(reference, ("type", *extra))
        address = reference.get("url")
        _add(
            holder,
            kind[:-1],
            str(reference.get("title", "")),
            **({"href": str(address)} if address else {}),
            **attributes,
        )


def _write_person(parent: etree._Element, person: OutPerson) -> None:
    element = _add(parent, "person", person.name)
    for key, value in (("id", person.id), ("guid", person.guid)):
        if value:
            element.set(key, value)


def _slug(wanted: object, number: int, acronym: str) -> str | None:
    """The carried slug as the format wants it: `conference-title`, or None where none was carried."""
    if not isinstance(wanted, str) or not wanted:
        return None
    if re.fullmatch(r"[a-z0-9_]{4,}-[a-z0-9_-]{4,}", wanted):
        return wanted
    rest = re.sub(r"[^a-z0-9_]+", "-", wanted.lower()).strip("-")
    return f"{acronym.replace('-', '_')}-{rest if len(rest) >= 4 else f'{rest}-{number:04d}'.strip('-')}"
