"""Takes the documentation's pictures of a running demonstration, in the system's Chromium.

Usage: take_pictures.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import chromium

WIDE = (1440, 900)
PHONE = (390, 844)


@contextmanager
def demonstration() -> Iterator[tuple[str, str]]:
    """Run `callboard demo` on a free port and yield its addresses for attendees and for editors."""
    with tempfile.TemporaryDirectory() as data:
        command = [str(Path(sys.executable).with_name("callboard")), "demo", "--port", "0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                lines = [process.stdout.readline() if process.stdout else "" for _ in range(2)]
                yield lines[0].partition(" ")[2].strip(), lines[1].partition(" ")[2].strip()
            finally:
                process.terminate()


def opened(browser: Browser, address: str, size: tuple[int, int], scheme: str) -> Page:
    """A window of that size, light or dark, that shows the address."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=2 if size == PHONE else 1,
    )
    page = context.new_page()
    page.goto(address)
    return page


def propose_repairs(page: Page) -> None:
    """Drag a session onto the next one and wait for the repairs that are proposed."""
    page.get_by_role("link", name="Callboard Demo Conference").click()
    cards = page.locator("[data-session]")
    expect(cards.first).to_be_visible()
    boxes = sorted(
        (box for box in (card.bounding_box() for card in cards.all()) if box and box["x"] > 300 and box["y"] > 250),
        key=lambda box: (round(box["x"]), box["y"]),
    )
    grabbed, target = next(pair for pair in pairwise(boxes) if pair[0]["x"] == pair[1]["x"])
    page.mouse.move(grabbed["x"] + grabbed["width"] / 2, grabbed["y"] + 10)
    page.mouse.down()
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + 4, steps=8)
    page.mouse.up()
    expect(page.get_by_role("button", name="Accept and save")).to_be_visible(timeout=30_000)


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    program = chromium.program()
    if program is None:
        raise SystemExit("Chromium is not installed, so no pictures can be taken")
    with sync_playwright() as playwright, demonstration() as (attendees, editors):
        browser = playwright.chromium.launch(executable_path=program, args=chromium.ARGUMENTS)
        page = opened(browser, editors, WIDE, "light")
        propose_repairs(page)
        page.screenshot(path=folder / "editor.png")
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.screenshot(path=folder / "editor-dark.png")
        for name, size, scheme in (("live", WIDE, "light"), ("live-phone", PHONE, "light")):
            page = opened(browser, attendees, size, scheme)
            expect(page.get_by_text("Live", exact=True)).to_be_visible()
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
