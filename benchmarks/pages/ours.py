"""The editor and the live view of a running Callboard, as their users have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
from playwright.sync_api import Browser, Page

from benchmarks.pages.browser import Meter, Spent, drag
from benchmarks.saves import SLUG, Editor

SEEN = """places => {
  const cards = [...document.querySelectorAll("[data-session]")].filter(one => places[one.dataset.session]);
  return cards.length > 0 && cards.every(one => one.textContent.includes(places[one.dataset.session]));
}"""
"""Whether every session that is on the page is said to be where it has gone."""
SLOWDOWN = 4
"""A mid-range phone's processor, against this one; the factor that Lighthouse takes."""
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
PHONE: dict[str, Any] = {
    "viewport": {"width": 412, "height": 823},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 1.75,
    "service_workers": "block",
}
OBSERVE = """() => {
  window.seen = { shift: 0, paint: 0, largest: 0, blocked: 0 };
  const watch = (type, heed) =>
    new PerformanceObserver(list => list.getEntries().forEach(heed)).observe({ type, buffered: true });
  watch("layout-shift", one => { if (!one.hadRecentInput) seen.shift += one.value; });
  watch("paint", one => { if (one.name === "first-contentful-paint") seen.paint = one.startTime; });
  watch("largest-contentful-paint", one => { seen.largest = one.startTime; });
  watch("longtask", one => { seen.blocked += Math.max(0, one.duration - 50); });
}"""


def editor(
    browser: Browser, url: str, link: str, saver: Editor, moves: Sequence[Any], *, steps: int, patches: int, burst: int
) -> dict[str, Spent]:
    """The start with all sessions, a step of a drag, a save that somebody else makes, and one of many changes."""
    context = browser.new_context(viewport={"width": 1320, "height": 800})
    page = context.new_page()
    page.goto(link)
    page.goto("about:blank")
    meter = Meter(page)
    meter.spent()
    page.goto(f"{url}/edit/{SLUG}")
    page.wait_for_selector("[role=option]")
    meter.rest()
    found = {"start": meter.spent()}
    _to_the_last_day(meter)
    found["drag"] = drag(meter, "[role=option]", steps)
    found["patch"] = _patched(meter, saver, moves, patches)
    found["burst"] = _burst(meter, saver, moves[patches : patches + burst])
    context.close()
    return found


def live(
    browser: Browser, url: str, saver: Editor, moves: Sequence[Any], *, patches: int, burst: int
) -> dict[str, Spent]:
    """The attendees' page: a change that is published, and many at once."""
    context = browser.new_context(viewport={"width": 1320, "height": 800}, service_workers="block")
    page = context.new_page()
    page.goto(f"{url}/{SLUG}")
    page.get_by_text("Live", exact=True).wait_for()
    meter = Meter(page)
    _to_the_last_day(meter)
    found = {"live patch": _patched(meter, saver, moves, patches, publish=True)}
    found["live burst"] = _burst(meter, saver, moves[patches : patches + burst], publish=True)
    context.close()
    return found


def _to_the_last_day(meter: Meter) -> None:
    """Where the changes are: moves that break nothing are found from the end."""
    meter.page.get_by_label("Days").get_by_role("button").last.click()
    meter.rest()
    meter.spent()


def _patched(meter: Meter, saver: Editor, moves: Sequence[Any], patches: int, *, publish: bool = False) -> Spent:
    meter.spent()
    for there, _ in moves[:patches]:
        saver.save([there], publish=publish)
        meter.page.wait_for_timeout(120)
    meter.rest()
    taken = meter.spent()
    return Spent(taken.all / patches, taken.script / patches)


def _burst(meter: Meter, saver: Editor, moves: Sequence[Any], *, publish: bool = False) -> Spent:
    changes = [there for there, _ in moves]
    meter.spent()
    saver.save(changes, publish=publish)
    meter.rest()
    meter.rest()
    taken = meter.spent()
    places = {one["session"]: one["start"][11:16] for one in changes}
    if not meter.page.evaluate(SEEN, places):
        raise click.ClickException("the changes had not been drawn when their time was taken")
    return taken


@dataclass(frozen=True, slots=True)
class Visit:
    """A first visit on a phone: kilobytes as they came over the wire, milliseconds, and a score of shifts."""

    requests: int
    kilobytes: float
    first_paint: float
    largest_paint: float
    blocked: float
    main_thread: float
    shift: float


def first_visit(browser: Browser, url: str) -> Visit:
    """With an empty cache, on a slow network and a slow processor."""
    context = browser.new_context(**PHONE)
    page: Page = context.new_page()
    meter = Meter(page)
    meter.session.send("Network.enable")
    meter.session.send("Network.emulateNetworkConditions", SLOW_4G)
    meter.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    sizes: list[float] = []
    meter.session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.add_init_script(f"({OBSERVE})()")
    meter.spent()
    page.goto(f"{url}/{SLUG}")
    page.get_by_text("Live", exact=True).wait_for()
    meter.rest()
    spent, seen = meter.spent(), page.evaluate("() => window.seen")
    context.close()
    return Visit(
        requests=len(sizes),
        kilobytes=sum(sizes) / 1000,
        first_paint=seen["paint"],
        largest_paint=seen["largest"],
        blocked=seen["blocked"],
        main_thread=spent.all,
        shift=seen["shift"],
    )
