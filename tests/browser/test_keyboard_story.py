"""The whole story by keyboard alone: import, move, repair, accept, publish, a phone sees it, undo."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from fixtures.generate import conference as generated
from solver.check import violations
from solver.conference import Conference, Schedule
from solver.edits import Move, apply
from tests.browser.conftest import Open
from tests.browser.grid import panel
from webapp.schemas import callboard_json

SESSIONS = 60
MOST_TABS = 120


def tab_to(page: Page, name: str) -> None:
    """Go on with Tab until what has the focus is called so."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
        )
        if told.startswith(name):
            return
    raise AssertionError(f"Tab never comes to {name}")


def command(page: Page, words: str) -> None:
    """Give a command by typing."""
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def to_be_moved(conference: Conference, schedule: Schedule) -> tuple[int, str]:
    """How many steps down the first room leads to a session that breaks a rule in the next room, and which it is."""
    rooms = [room.id for room in conference.rooms]
    day = conference.days[0].hours
    row = sorted(
        (place.start, session)
        for session, place in schedule.items()
        if place.room == rooms[0] and day.start <= place.start < day.end
    )
    for steps, (start, session) in enumerate(row):
        edited = apply(conference, schedule, [Move(session, rooms[1], start)])
        broken = {one.rule for one in violations(edited.conference, edited.schedule)}
        if broken == {"room_overlap"} and not conference.session[session].pinned:
            return steps, session
    raise AssertionError("no session is worth moving")


def test_the_whole_story_by_keyboard(opened: Open, tmp_path: Path) -> None:
    conference, schedule = generated(sessions=SESSIONS, seed=5, name="Keyboard Days")
    steps, session = to_be_moved(conference, schedule)
    title = conference.session[session].title
    file = tmp_path / "programme.json"
    file.write_text(json.dumps(callboard_json(conference, schedule)))
    page = opened("/edit", editor=True)
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("File").focus()
    tab_to(page, "Import")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keyboard Days")).to_be_visible()
    command(page, "publish")
    expect(page.get_by_text("Published", exact=True)).to_be_visible()
    phone = opened(f"/{page.url.rpartition('/')[2]}", phone=True)
    expect(phone.get_by_text("Live", exact=True)).to_be_visible()

    tab_to(page, "Sessions on")
    page.keyboard.press("Home")
    for key in [*["ArrowDown"] * steps, "m", "ArrowRight", "Enter"]:
        page.keyboard.press(key)
    expect(panel(page)).to_contain_text(title)
    expect(panel(page).get_by_role("button", name="Accept and save")).to_be_visible(timeout=20_000)
    tab_to(page, "Accept and save")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ready to publish")).to_be_visible()
    command(page, "what publishing")
    expect(
        page.get_by_role("dialog", name="What publishing changes").locator("[data-difference]").first
    ).to_be_visible()
    tab_to(page, "Publish now")
    page.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="just now")).to_be_visible()
    expect(phone.locator(f"[data-session='{session}']").first).to_contain_text("Moved, was")

    page.keyboard.press("Control+z")
    expect(page.get_by_role("dialog")).to_contain_text(title)
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ready to publish")).to_be_visible()
    command(page, "publish")
    expect(page.get_by_text("Published", exact=True)).to_be_visible()
    expect(phone.locator(f"[data-session='{session}']").first).to_contain_text(
        conference.clock.iso(schedule[session].start)[11:16]
    )
