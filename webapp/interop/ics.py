"""iCalendar: one VEVENT per placed session, in UTC, with an identity that stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from solver.conference import Conference, Schedule
from webapp.interop.feed_out import OutEvent, outgoing
from webapp.interop.feed_values import web_address
from webapp.interop.xml_text import xml_safe

NEVER: Mapping[str, int] = {}


def write(
    conference: Conference,
    schedule: Schedule,
    carried: Mapping[str, Any],
    *,
    revised: Mapping[str, int] = NEVER,
    stamp: datetime | None = None,
) -> bytes:
    """The placed sessions as an iCalendar file.

    `revised` has a number that rises whenever a session changes, by which calendars tell the newer of two copies;
    `stamp` is when the schedule was published (default: now).
    """
    from icalendar import Calendar

    out = outgoing(conference, schedule, carried)
    calendar = Calendar()
    calendar.add("prodid", "-//Callboard//Callboard//EN")
    calendar.add("version", "2.0")
    # Of unknown properties, icalendar escapes no line break.
    calendar.add("x-wr-calname", " ".join(xml_safe(conference.name).split()))
    calendar.add("x-wr-timezone", conference.timezone)
    stamp = (stamp or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    for day in out.days:
        for room, events in day.events.items():
            for event in events:
                calendar.add_component(_entry(event, room, stamp, revised.get(event.session.id, 0)))
    return bytes(calendar.to_ical())


def _entry(event: OutEvent, room: str, stamp: datetime, sequence: int) -> Any:
    from icalendar import Event

    session = event.session
    entry = Event()
    entry.add("uid", f"{event.guid.lower()}@callboard")
    entry.add("sequence", sequence)
    entry.add("dtstamp", stamp)
    entry.add("dtstart", event.start.astimezone(UTC))
    entry.add("dtend", event.end.astimezone(UTC))
    entry.add("summary", xml_safe(session.title or session.id))
    entry.add("location", xml_safe(room))
    if session.track:
        entry.add("categories", [xml_safe(session.track)])
    speakers = ", ".join(person.name for person in event.persons if person.name)
    told = [text for text in (speakers, event.carried.get("abstract")) if isinstance(text, str) and text]
    if told:
        entry.add("description", xml_safe("\n\n".join(told)))
    address = web_address(event.carried.get("url"))
    if address:
        entry.add("url", address)
    return entry
