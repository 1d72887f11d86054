"""EventCalendar's resource grid with the same sessions, in a page of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.pages.browser import Meter, Spent, drag

BUILD = Path(__file__).resolve().parents[2] / ".venv-peers/node/node_modules/@event-calendar/build"
ADDRESS = "http://peer.localhost/"
PAGE = """<!doctype html><meta charset="utf-8"><title>EventCalendar</title><link rel="stylesheet" href="/peer.css">
<style>body { margin: 0 } .ec { height: 100vh } .ec-main, .ec-header, .ec-all-day { min-width: 6160px }</style>
<div id="grid"></div><script src="/peer.js"></script>"""
BEGIN = """data => { window.calendar = EventCalendar.create(document.getElementById("grid"), {
    view: "resourceTimeGridDay", date: data.date, resources: data.resources, events: data.events, editable: true,
    slotDuration: "00:05", slotMinTime: "08:00", slotMaxTime: "22:00", slotHeight: 10, allDaySlot: false,
  }); }"""
MOVE = """([ids, by]) => { for (const id of ids) {
    const event = calendar.getEventById(id);
    const later = date => new Date(date.getTime() + by * 60000);
    calendar.updateEvent({ ...event, start: later(event.start), end: later(event.end) });
  } }"""


def version() -> str | None:
    """The release that is installed; None where there is none."""
    about = BUILD / "package.json"
    return str(json.loads(about.read_text())["version"]) if about.exists() else None


def measure(browser: Browser, schedule: Mapping[str, Any], *, steps: int, patches: int, burst: int) -> dict[str, Spent]:
    """What each of our measurements takes there; times are those of the conference, without its zone."""
    date = schedule["conference"]["days"][-1]["date"]
    placed = [one for one in schedule["sessions"] if one["startTime"]]
    events = [
        {
            "id": one["sessionId"],
            "resourceIds": [one["roomId"]],
            "title": one["title"],
            "start": one["startTime"][:19],
            "end": one["endTime"][:19],
        }
        for one in placed
    ]
    resources = [{"id": one["id"], "title": one.get("name") or one["id"]} for one in schedule["rooms"]]
    context = browser.new_context(viewport={"width": 1320, "height": 800})
    page = context.new_page()
    files = {"peer.js": "event-calendar.min.js", "peer.css": "event-calendar.min.css"}
    page.route(f"{ADDRESS}**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    for name, file in files.items():
        page.route(f"{ADDRESS}{name}", lambda route, _, file=file: route.fulfill(path=BUILD / "dist" / file))
    page.goto(ADDRESS)
    meter = Meter(page)
    meter.rest()
    meter.spent()
    page.evaluate(BEGIN, {"date": date, "resources": resources, "events": events})
    page.wait_for_selector(".ec-event")
    meter.rest()
    found = {"start": meter.spent()}
    found["drag"] = drag(meter, ".ec-event", steps)
    today = [one["id"] for one in events if one["start"].startswith(date)]
    meter.spent()
    for number in range(patches):
        page.evaluate(MOVE, [[today[number % len(today)]], 5])
        page.evaluate("() => new Promise(requestAnimationFrame)")
    meter.rest()
    taken = meter.spent()
    found["patch"] = Spent(taken.all / patches, taken.script / patches)
    page.evaluate(MOVE, [today[:burst], 5])
    meter.rest()
    found["burst"] = meter.spent()
    context.close()
    return found
