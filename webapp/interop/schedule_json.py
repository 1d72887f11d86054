"""`schedule.json` of frab, pretalx and c3voc: tolerant in, strict out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from solver.conference import Conference, Room, Schedule
from webapp.interop import feed_out, feed_values
from webapp.interop.document import DocumentError, Imported, identifier, shown
from webapp.interop.feed import Carried, Feed, FeedDay, FeedEvent, FeedPerson, checked_restore
from webapp.interop.feed_facts import facts_of
from webapp.interop.feed_out import OutDay, OutEvent, Outgoing, OutPerson
from webapp.interop.feed_times import read_date, write_length

FORMAT = "schedule-json"

_EVENT_ADDRESSES = ("feedback_url", "origin_url")
_EVENT_TEXTS = ("subtitle", "type", "language", "abstract", "description", "slug", "logo", "url", *_EVENT_ADDRESSES)
_CONFERENCE_KEYS = ("acronym", "description", "timeslot_duration", "logo", "url", "colors", "keywords", "meta")
_ROOM_KEYS = ("guid", "slug", "type", "stream_id", "description", "capacity", "url", "features", "assembly")
_REFERENCE_TYPES = ("slides", "paper", "web", "blog", "article", "media", "related", "activitypub")
_ROOM_TYPES = ("lecturehall", "stage", "workshop", "outside", "online", "project", "bbb", "hangar", "other")
_RECORDINGS = (
    "record_by_default",
    "not_recorded_by_default",
    "recording_forbidden",
    "recording_not_possible",
    "unknown",
)


def read(tree: Mapping[str, Any], name: str) -> Imported:
    """The conference in a `schedule.json`; raises `DocumentError`."""
    schedule = _object(tree["schedule"], name, "schedule")
    conference = _object(schedule.get("conference"), name, "schedule.conference")
    days = _list(conference.get("days"), name, "schedule.conference.days")
    feed = Feed(
        title=_text(conference.get("title")).strip(),
        zone=_text(conference.get("time_zone_name")).strip(),
        restore=checked_restore(schedule.get("callboard")),
    )
    _read_head(feed, schedule, conference)
    for index, day in enumerate(days):
        place = f"schedule.conference.days[{index}]"
        feed.days.append(_read_day(feed, _object(day, name, place), name, place))
    return facts_of(feed, name=name, format=FORMAT)


# --- in ---


def _object(value: object, name: str, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DocumentError(
            name, place, "it is missing" if value is None else f"it must be an object, not {shown(value)}"
        )
    return value


def _list(value: object, name: str, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise DocumentError(name, place, "it is missing" if value is None else f"it must be a list, not {shown(value)}")
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; what is not one says nothing."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """The text of a value; of a translated one the English, else the first."""
    match value:
        case str():
            return value.replace("\x00", "")
        case int() if not isinstance(value, bool):
            return str(value)
        case dict():
            return next((text for text in (value.get("en"), *value.values()) if isinstance(text, str)), "")
    return ""


def _read_head(feed: Feed, schedule: Mapping[str, Any], conference: Mapping[str, Any]) -> None:
    own = {key: conference[key] for key in _CONFERENCE_KEYS if conference.get(key)}
    base = _text(schedule.get("base_url"))
    kept = schedule.get("callboard")
    if isinstance(kept, dict) and isinstance(kept.get("acronym"), str):
        own["acronym"] = kept["acronym"]
    own |= {"base_url": base} if base else {}
    tracks = [track for track in _objects(conference.get("tracks")) if _text(track.get("name"))]
    carried = {"version": _text(schedule.get("version")), "conference": own, "tracks": tracks}
    feed.carried = {key: value for key, value in carried.items() if value}
    for room in _objects(conference.get("rooms")):
        if found := identifier(_text(room.get("name"))):
            feed.rooms.setdefault(found, {key: room[key] for key in _ROOM_KEYS if room.get(key) is not None})


def _read_day(feed: Feed, day: Mapping[str, Any], name: str, place: str) -> FeedDay:
    read = FeedDay(read_date(_text(day.get("date"))), _text(day.get("day_start")), _text(day.get("day_end")))
    for room_name, events in _object(day.get("rooms"), name, f"{place}.rooms").items():
        room = identifier(room_name)
        if room:
            feed.rooms.setdefault(room, {})
        for index, event in enumerate(_list(events, name, f"{place}.rooms.{room_name}")):
            at = f"{place}.rooms.{room_name}[{index}]"
            read.events.append(_read_event(feed, _object(event, name, at), room, at))
    return read


def _read_event(feed: Feed, event: Mapping[str, Any], room: str, place: str) -> FeedEvent:
    if not room:
        room = identifier(_text(event.get("room")))
        if room:
            feed.rooms.setdefault(room, {})
    carried: Carried = {key: text for key in _EVENT_TEXTS if (text := _text(event.get(key)))}
    if carried.get("url", "").startswith("urn:"):
        del carried["url"]
    recording = {"license": _text(event.get("recording_license")), "optout": event.get("do_not_record") is True}
    if any(recording.values()):
        carried["recording"] = recording
    if event.get("do_not_stream") not in (None, ""):
        carried["do_not_stream"] = event["do_not_stream"]
    for kind in ("links", "attachments"):
        found = [_read_reference(one) for one in _objects(event.get(kind))]
        if found:
            carried[kind] = found
    return FeedEvent(
        place=place,
        id=identifier(_text(event.get("id"))),
        guid=identifier(_text(event.get("guid"))),
        code=identifier(_text(event.get("code"))),
        title=_text(event.get("title")),
        room=room,
        date=_text(event.get("date")),
        start=_text(event.get("start")),
        end=_text(event.get("end")),
        length=_text(event.get("duration")),
        track=_text(event.get("track")),
        persons=[_read_person(one) for one in _objects(event.get("persons"))],
        carried=carried,
    )


def _read_person(person: Mapping[str, Any]) -> FeedPerson:
    name = _text(person.get("name")) or _text(person.get("public_name")) or _text(person.get("full_public_name"))
    known = ("id", "guid", "code", "name", "public_name")
    return FeedPerson(
        name=name,
        guid=identifier(_text(person.get("guid"))),
        code=identifier(_text(person.get("code"))),
        id=identifier(_text(person.get("id"))),
        carried={key: value for key, value in person.items() if key not in known and value not in (None, "", [])},
    )


def _read_reference(reference: Mapping[str, Any]) -> Carried:
    url = _text(reference.get("url")) or _text(reference.get("href"))
    written = {"url": url, "title": _text(reference.get("title")), "type": _text(reference.get("type"))}
    return {key: value for key, value in written.items() if value}


# --- out ---


def write(conference: Conference, schedule: Schedule, carried: Mapping[str, Any]) -> bytes:
    """A `schedule.json` that its schema accepts; raises `DocumentError` for what the format cannot hold."""
    out = feed_out.outgoing(conference, schedule, carried)
    if not out.days:
        raise DocumentError("schedule.json", "days", "the format needs at least one day, and the conference has none")
    own = carried.get("conference", {})
    acronym = _acronym(out.acronym)
    restore: dict[str, Any] = dict(out.restore)
    if acronym != out.acronym:
        restore["acronym"] = out.acronym
    whole: dict[str, Any] = {"version": str(carried.get("version") or "1")}
    base = feed_values.web_address(own.get("base_url"))
    if base:
        whole["base_url"] = base
    whole["conference"] = _conference_json(out, carried, acronym)
    if restore:
        whole["callboard"] = restore
    text = json.dumps({"schedule": whole, "generator": feed_values.generator()}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def _acronym(acronym: str) -> str:
    """The acronym as this format wants it: a hyphen may only come first."""
    return acronym[0] + acronym[1:].replace("-", "_")


def _conference_json(out: Outgoing, carried: Mapping[str, Any], acronym: str) -> dict[str, Any]:
    own = carried.get("conference", {})
    first, last = feed_out.day_dates(out.days)
    told: dict[str, Any] = {
        "acronym": acronym,
        "title": out.conference.name,
        "start": first,
        "end": last,
        "daysCount": len(out.days),
        "timeslot_duration": feed_values.timeslot(out.conference, carried),
    }
    if re.match(r"^[A-Z][a-z]+/[A-Z][a-z]+|^UTC$", out.conference.timezone):
        told["time_zone_name"] = out.conference.timezone
    told |= feed_values.texts(own, ("description",))
    for key in ("logo", "url"):
        address = feed_values.web_address(own.get(key), own.get("base_url"))
        told |= {key: address} if address else {}
    told |= {key: own[key] for key in ("colors", "meta") if isinstance(own.get(key), dict)}
    keywords = own.get("keywords")
    if isinstance(keywords, list):
        told["keywords"] = [word for word in keywords if isinstance(word, str)]
    if carried.get("tracks"):
        told["tracks"] = [_track_json(track) for track in carried["tracks"]]
    told["rooms"] = [_room_json(name, *room) for name, room in out.rooms.items()]
    slugs: set[str] = set()
    told["days"] = [_day_json(day, out, slugs) for day in out.days]
    return told


def _track_json(track: Mapping[str, Any]) -> dict[str, Any]:
    told = {"name": _text(track["name"])} | feed_values.texts(track, ("color",))
    slug = _slug(track.get("slug"))
    return told | ({"slug": slug} if slug else {})


def _room_json(name: str, room: Room, guid: str, carried: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "guid": guid, "capacity": room.capacity}
    slug, address = _slug(carried.get("slug")), feed_values.web_address(carried.get("url"))
    told |= {"slug": slug} if slug else {}
    told |= {"url": address} if address else {}
    told |= {"type": carried["type"]} if carried.get("type") in _ROOM_TYPES else {}
    told |= feed_values.texts(carried, ("stream_id",))
    if isinstance(carried.get("description"), str | dict):
        told["description"] = carried["description"]
    features = carried.get("features")
    if isinstance(features, dict) and features.get("recording", "unknown") in _RECORDINGS:
        told["features"] = features
    return told


def _day_json(day: OutDay, out: Outgoing, slugs: set[str]) -> dict[str, Any]:
    return {
        "index": day.index,
        "date": day.date.isoformat(),
        "day_start": day.start.isoformat(),
        "day_end": day.end.isoformat(),
        "rooms": {
            name: [_event_json(event, name, out, slugs) for event in events] for name, events in day.events.items()
        },
    }


def _event_json(event: OutEvent, room: str, out: Outgoing, slugs: set[str]) -> dict[str, Any]:
    session, carried = event.session, event.carried
    own_slug = _slug(carried.get("slug")) or _slug(f"{out.acronym}-{event.number}-{feed_values.slug(session.title)}")
    base = carried.get("url") or f"urn:uuid:{event.guid.lower()}"
    told: dict[str, Any] = {
        "id": event.number,
        "guid": event.guid,
        "date": event.start.isoformat(),
        "start": f"{event.start:%H:%M}",
        "end": event.end.isoformat(),
        "duration": write_length(session.minutes),
        "room": room,
        "slug": feed_values.unique_slug(own_slug or str(event.number), event.number, slugs),
        "url": feed_values.web_address(base) or f"urn:uuid:{event.guid.lower()}",
        "title": session.title,
        "track": session.track,
    }
    told |= {
        key: _text(carried.get(key)) for key in ("subtitle", "type", "language", "abstract", "description", "logo")
    }
    told["persons"] = [_person_json(person) for person in event.persons]
    told |= {kind: _references_json(carried.get(kind, [])) for kind in ("links", "attachments")}
    for key in _EVENT_ADDRESSES:
        address = feed_values.web_address(carried.get(key))
        told |= {key: address} if address else {}
    code = str(carried.get("code", ""))
    told |= {"code": code} if re.fullmatch(r"[A-Z0-9]+", code) else {}
    recording = carried.get("recording")
    if recording:
        told |= {"recording_license": _text(recording.get("license")), "do_not_record": bool(recording.get("optout"))}
    if isinstance(carried.get("do_not_stream"), bool | str):
        told["do_not_stream"] = carried["do_not_stream"]
    return told


def _person_json(person: OutPerson) -> dict[str, Any]:
    """A person; named by `name` alone, because `public_name` beside it makes the schema see two kinds of person."""
    told: dict[str, Any] = {key: value for key, value in person.carried.items() if key not in ("id", "guid", "code")}
    if not isinstance(told.get("biography"), str):
        told.pop("biography", None)
    told["name"] = person.name
    if person.id:
        told["id"] = int(person.id)
    code = str(person.carried.get("code", ""))
    if re.fullmatch(r"[A-Z0-9]+", code):
        told["code"] = code
    if person.guid:
        told["guid"] = person.guid
    for key in ("url", "avatar"):
        address = feed_values.web_address(told.pop(key, None))
        told |= {key: address} if address else {}
    links = told.pop("links", None)
    if isinstance(links, list):
        told["links"] = _references_json([_read_reference(one) for one in _objects(links)])
    return told


def _references_json(references: list[Carried]) -> list[dict[str, Any]]:
    told = []
    for reference in references:
        address = feed_values.web_address(reference.get("url"))
        if address:
            kind = {"type": reference["type"]} if reference.get("type") in _REFERENCE_TYPES else {}
            told.append({"url": address} | feed_values.texts(reference, ("title",)) | kind)
    return told


def _slug(wanted: object) -> str | None:
    if not isinstance(wanted, str):
        return None
    slug = re.sub(r"[^a-z0-9_]+", "-", wanted.lower()).rstrip("-_")
    return slug if len(slug) > 1 else None
