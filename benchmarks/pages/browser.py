"""Chromium as an instrument: processor time of a page's main thread, what it fetches, and how it comes to rest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
REST = 600
"""Milliseconds after which nothing of what was done is still going on."""
FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise click.ClickException("Chromium is not installed: make system")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor time of the main thread, in milliseconds: all of it, and what scripts had of that."""

    all: float
    script: float


class Meter:
    """Reads how much processor time a page's main thread has taken.

    Chromium counts it by the thread's own clock, so other programs on the machine do not enter.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._last = self._read()

    def spent(self) -> Spent:
        """Since the meter was made or last read."""
        now, before = self._read(), self._last
        self._last = now
        return Spent(now.all - before.all, now.script - before.script)

    def rest(self) -> None:
        """Wait until what was done has been drawn."""
        self.page.evaluate(FRAME)
        self.page.wait_for_timeout(REST)

    def _read(self) -> Spent:
        metrics: list[dict[str, Any]] = self.session.send("Performance.getMetrics")["metrics"]
        told = {one["name"]: float(one["value"]) * 1000 for one in metrics}
        return Spent(told["TaskDuration"], told["ScriptDuration"])


def drag(meter: Meter, selector: str, steps: int) -> Spent:
    """Carry the element about over the middle of the window, a frame for each step: what one step took."""
    page = meter.page
    box = page.locator(selector).first.bounding_box()
    if box is None:
        raise click.ClickException(f"{selector} is not to be seen")
    x, y = box["x"] + min(20, box["width"] / 2), box["y"] + min(8, box["height"] / 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 12, steps=3)
    # What is begun by a drag, like a map of costs, belongs to its beginning.
    meter.rest()
    meter.spent()
    for step in range(steps):
        page.mouse.move(x + 20 + 30 * (step % 8), y + 20 + 9 * (step % 11))
        page.evaluate(FRAME)
    taken = meter.spent()
    page.keyboard.press("Escape")
    page.mouse.up()
    meter.rest()
    meter.spent()
    return Spent(taken.all / steps, taken.script / steps)
