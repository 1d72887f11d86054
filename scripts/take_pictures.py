"""Takes the documentation's pictures of a running demonstration, in the system's Chromium.

It tells one story: an edit that breaks something, the repair that mends it, what attendees then see; and an edit
that nothing can mend.  Usage: take_pictures.py FOLDER
"""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import chromium

SESSIONS = 215
"""So many that their rooms just fit into the window."""
AT = time(11, 20)
"""The time that the browser believes it is, on the middle day."""
WIDE = (1320, 760)
TALL = (1320, 880)
PHONE = (390, 844)
NAME = "Callboard Demo Conference"
TRIES = 150
PATIENCE = 30_000
MAP_PAUSE = 2_000
"""The cost map comes in stretches, the best first; by then it is whole."""
COLOURS = 256
PIXELS = """async png => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const { width, height } = image;
    const canvas = new OffscreenCanvas(width, height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const bytes = canvas.getImageData(0, 0, width, height).data;
    let text = "";
    for (let at = 0; at < bytes.length; at += 30000) {
        text += btoa(String.fromCharCode(...bytes.subarray(at, at + 30000)));
    }
    return [width, height, text];
}"""
"""The browser as a reader of PNG files; 30000 is a multiple of 3, so the pieces of base64 may be joined."""


@contextmanager
def demonstration() -> Iterator[tuple[str, str]]:
    """Run `callboard demo` on a free port and yield its addresses for attendees and for editors."""
    with tempfile.TemporaryDirectory() as data:
        program = str(Path(sys.executable).with_name("callboard"))
        command = [program, "demo", "--port", "0", "--sessions", str(SESSIONS), "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                lines = [process.stdout.readline() if process.stdout else "" for _ in range(2)]
                yield lines[0].partition(" ")[2].strip(), lines[1].partition(" ")[2].strip()
            finally:
                process.terminate()


@dataclass(frozen=True)
class Move:
    """An edit worth a picture: this session to that room and time."""

    session: str
    room: str
    start: str


class Draft:
    """The demonstration's draft over HTTP, as the signed-in browser may use it."""

    def __init__(self, context: BrowserContext, attendees: str) -> None:
        origin, _, slug = attendees.rpartition("/")
        self._request, self._origin = context.request, origin
        self._path = f"{origin}/api/v1/schedules/{slug}"
        self._facts: dict[str, Any] = self._request.get(self._path).json()

    def title(self, session: str) -> str:
        return next(str(one["title"]) for one in self._facts["sessions"] if one["sessionId"] == session)

    def worth_a_picture(self, today: str) -> tuple[Move, Move]:
        """A move onto another session that two further moves mend, and one that nothing mends."""
        mended, hopeless = None, None
        for move in list(self._moves(today))[:TRIES]:
            answer = self._repairs(move)
            if answer["status"] == "infeasible":
                # With more violations the reasons would be out of sight.
                hopeless = hopeless or (move if answer["violationsBefore"] <= 2 and answer["relaxations"] else None)
            elif answer["moved"] == 2 and _stay_on(today, answer):
                mended = mended or move
            if mended and hopeless:
                return mended, hopeless
        raise SystemExit(f"none of {TRIES} edits is worth a picture")

    def _moves(self, today: str) -> Iterator[Move]:
        placed = [one for one in self._facts["sessions"] if str(one["startTime"]).startswith(today)]
        placed.sort(key=lambda one: (one["startTime"], one["sessionId"]))
        for moved in placed:
            for other in placed:
                if moved["roomId"] != other["roomId"] and not moved["pinned"]:
                    yield Move(moved["sessionId"], other["roomId"], other["startTime"])

    def _repairs(self, move: Move) -> dict[str, Any]:
        edit = {"op": "move", "session": move.session, "room": move.room, "start": move.start}
        asked = {"expectedVersion": self._facts["version"], "edits": [edit], "alternatives": 3}
        answer = self._request.post(f"{self._path}/repairs", data=asked, headers={"Origin": self._origin})
        return dict(answer.json())


def moment(attendees: str) -> datetime:
    """The time of the pictures."""
    origin, _, slug = attendees.rpartition("/")
    with urlopen(f"{origin}/api/v1/schedules/{slug}/published") as answer:
        days = json.load(answer)["conference"]["days"]
    opening = datetime.fromisoformat(days[len(days) // 2]["start"])
    return datetime.combine(opening.date(), AT, opening.tzinfo)


def _stay_on(today: str, answer: dict[str, Any]) -> bool:
    """Whether every move of the first repair can be seen on one day."""
    places = [move[end]["start"] for move in answer["repairs"][0]["moves"] for end in ("from", "to")]
    return all(start.startswith(today) for start in places)


class Gallery:
    """Windows of one browser, and where their pictures go."""

    def __init__(self, browser: Browser, folder: Path, now: datetime) -> None:
        self.now = now
        self._browser = browser
        self._folder = folder
        self._reader = browser.new_page()

    def window(self, address: str, size: tuple[int, int]) -> Page:
        width, height = size
        context = self._browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page = context.new_page()
        page.clock.set_fixed_time(self.now)
        page.goto(address)
        return page

    def take(self, page: Page, name: str, *, dark: bool = False) -> None:
        """Take the picture, and with `dark` another one in dark colours."""
        self._take(page, f"{name}.png")
        if dark:
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            self._take(page, f"{name}-dark.png")
            page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def _take(self, page: Page, name: str) -> None:
        # A window that has just been recoloured paints once more.
        page.wait_for_timeout(250)
        shot = base64.b64encode(page.screenshot()).decode()
        width, height, pixels = self._reader.evaluate(PIXELS, shot)
        image = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(height, width, 4)[:, :, :3]
        (self._folder / name).write_bytes(small_png(image))


def small_png(image: NDArray[np.uint8]) -> bytes:
    """A picture of the most frequent colours; the others become the one that is nearest.

    A third of the size that the browser writes, and of text on plain ground the eye sees no difference.
    """
    height, width, _ = image.shape
    colours, number, times = np.unique(image.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    palette = colours[np.argsort(-times, kind="stable")[:COLOURS]].astype(np.int32)
    nearest = np.array(
        [((palette - one) ** 2).sum(axis=1).argmin() for one in colours.astype(np.int32)], dtype=np.uint8
    )
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    rows[:, 1:] = nearest[number.ravel()].reshape(height, width)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def edit(page: Page, draft: Draft, move: Move) -> None:
    """Move a session by the form, and wait for what the editor has to say."""
    page.locator(f'[data-session="{move.session}"][role=option]').click()
    page.get_by_role("button", name="Move to…").click()
    dialog = page.get_by_role("dialog", name=f"Move “{draft.title(move.session)}”")
    dialog.get_by_label("Room").select_option(move.room)
    dialog.get_by_label("Start").fill(f"{datetime.fromisoformat(move.start):%H:%M}")
    dialog.get_by_role("button", name="Move here").click()
    expect(page.get_by_role("heading", name="Repairs")).to_be_visible(timeout=PATIENCE)


def picture_editor(gallery: Gallery, page: Page, attendees: str) -> None:
    """The editor: the whole day, an edit with its repairs, and an edit that cannot be mended."""
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("option").first).to_be_visible()
    gallery.take(page, "editor", dark=True)
    page.get_by_role("button", name="Rooms as rows").click()
    gallery.take(page, "rows")
    page.get_by_role("button", name="Rooms as rows").click()
    page.get_by_role("listbox").focus()
    for key in ("ArrowRight", "ArrowDown", "m", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(".map .few").first).to_be_attached(timeout=PATIENCE)
    page.wait_for_timeout(MAP_PAUSE)
    gallery.take(page, "costs", dark=True)
    page.keyboard.press("Escape")
    draft = Draft(page.context, attendees)
    mended, hopeless = draft.worth_a_picture(gallery.now.date().isoformat())
    page.set_viewport_size({"width": TALL[0], "height": TALL[1]})
    edit(page, draft, hopeless)
    gallery.take(page, "infeasible")
    page.get_by_role("button", name="Discard").click()
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    edit(page, draft, mended)
    gallery.take(page, "repair", dark=True)
    page.get_by_role("button", name="Compare side by side").click()
    gallery.take(page, "compare")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="proved minimal").click()
    gallery.take(page, "conflict")
    page.get_by_role("button", name="proved minimal").click()


def picture_job(gallery: Gallery, page: Page) -> None:
    """A room that runs late: what the job proposes, on the grid."""
    page.locator(".head button").nth(1).click()
    page.get_by_role("button", name="It runs late…").click()
    page.get_by_role("dialog").get_by_role("button", name="Ask for it").click()
    job = page.locator("[data-job=proposed]")
    expect(job).to_be_visible(timeout=PATIENCE)
    gallery.take(page, "job")
    job.get_by_role("button", name="Decline").click()


def picture_live(gallery: Gallery, editor: Page, attendees: str) -> None:
    """What attendees see, before and after the repair in the editor is saved and published."""
    wide, phone = gallery.window(attendees, WIDE), gallery.window(attendees, PHONE)
    for page in (wide, phone):
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
    gallery.take(wide, "live", dark=True)
    wide.get_by_role("button", name="Schedule").click()
    gallery.take(wide, "schedule")
    editor.get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("Ready to publish")).to_be_visible(timeout=PATIENCE)
    editor.get_by_role("button", name="What changes").click()
    expect(editor.locator("[data-difference]").first).to_be_visible()
    gallery.take(editor, "differences")
    editor.get_by_role("button", name="Publish now").click()
    expect(editor.get_by_text("Published", exact=True)).to_be_visible(timeout=PATIENCE)
    picture_job(gallery, editor)
    expect(phone.get_by_text("was", exact=False).first).to_be_visible(timeout=PATIENCE)
    gallery.take(phone, "live-phone", dark=True)
    phone.get_by_role("button", name="Schedule").click()
    gallery.take(phone, "schedule-phone")
    for star in range(2):
        phone.get_by_role("button", name="to the favourites").nth(star).click()
    phone.get_by_role("button", name="Favourites 2").click()
    gallery.take(phone, "favourites-phone")
    # The second visit is the one that the service worker is there for.
    phone.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    phone.goto(attendees)
    expect(phone.get_by_text("Live", exact=True)).to_be_visible(timeout=PATIENCE)
    phone.wait_for_timeout(MAP_PAUSE)
    phone.context.set_offline(True)
    phone.goto(attendees)
    expect(phone.get_by_text("Not live", exact=False).first).to_be_visible(timeout=PATIENCE)
    gallery.take(phone, "offline-phone")
    sign = gallery.window(f"{attendees}?mode=sign", WIDE)
    sign.get_by_role("link").first.click()
    expect(sign.get_by_role("heading").first).to_be_visible()
    gallery.take(sign, "sign")


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    program = chromium.program()
    if program is None:
        raise SystemExit("Chromium is not installed, so no pictures can be taken")
    with sync_playwright() as playwright, demonstration() as (attendees, editors):
        browser = playwright.chromium.launch(executable_path=program, args=chromium.ARGUMENTS)
        gallery = Gallery(browser, folder, moment(attendees))
        editor = gallery.window(editors, WIDE)
        picture_editor(gallery, editor, attendees)
        picture_live(gallery, editor, attendees)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
