"""Every page: accessible in light and dark, no wider than a phone, cached as it should be, open to whom it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Open, Schedule, Site, Troubles
from tests.browser.grid import card, drag, open_grid, panel
from tests.browser.programme import DAY

AXE = Path(__file__).resolve().parents[2] / "webapp/frontend/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RECORD = ("history", "conflicts", "settings", "jobs", f"late?room=back+yard&minutes=15&at={DAY}T13:50")
LOOK = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return found.violations.map(({ id, nodes }) =>
    `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`);
}"""


def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(LOOK, RULES)
    return found


def record(schedule: Schedule) -> list[str]:
    """Where the pages are that tell what was done to a schedule, after an override: its conflict has one as well."""
    head = schedule.get()
    move = {"op": "move", "session": "fuzzing", "room": "hall", "start": f"{DAY}T11:00"}
    body = {"saveAttemptId": f"{schedule.slug}-record", "expectedVersion": head["version"], "changes": [move]}
    told = schedule.post("/saves", {**body, "override": {"reason": "The yard is flooded."}})
    pages = (*RECORD, f"conflicts/{told['conflicts'][0]['conflictId']}")
    return [f"/edit/{schedule.slug}/{one}" for one in pages]


def live_states(page: Page, schedule: Schedule) -> Iterator[str]:
    page.goto(f"/{schedule.slug}?at={DAY}T10:30")
    expect(page.get_by_role("article", name="Great Hall")).to_be_visible()
    yield "now"
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("6 sessions")).to_be_visible()
    yield "schedule"
    page.get_by_label("Search sessions, people and rooms").fill("nothing like it")
    expect(page.get_by_text("Nothing on this day fits.")).to_be_visible()
    yield "nothing found"
    page.get_by_role("button", name="Favourites").click()
    yield "no favourites"
    page.goto(f"/{schedule.slug}/sessions/parsers")
    page.get_by_role("button", name="Add Parsers and patience to the favourites").click()
    yield "session"
    page.get_by_role("button", name="Favourites 1").click()
    yield "favourites"
    page.goto(f"/{schedule.slug}/people/ben")
    expect(page.get_by_role("heading", name="Sessions of Ben")).to_be_visible()
    yield "person"
    page.goto(f"/{schedule.slug}?mode=sign&room=hall&at={DAY}T10:30")
    expect(page.get_by_role("region", name="Now")).to_be_visible()
    yield "sign"


def editor_states(page: Page, schedule: Schedule) -> Iterator[str]:
    page.goto(f"/edit/{schedule.slug}")
    open_grid(page)
    expect(panel(page)).to_contain_text("Lightning talks")
    yield "idle"
    card(page, "Types for the tired").click()
    yield "details"
    drag(page, "Fuzzing by moonlight", "Compilers in the open")
    expect(panel(page)).to_contain_text("proved minimal")
    yield "repair preview"
    panel(page).get_by_role("button", name="1 move · 25 min").click()
    expect(page.locator("[data-ghost]")).to_have_count(0)
    yield "conflict"
    panel(page).get_by_role("button", name="Change where").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "dialog"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(opened: Open, schedule: Schedule, troubles: Troubles, dark: bool) -> None:
    troubles.expected += ["401 (UNAUTHORIZED)", "404 (NOT FOUND)"]
    found: dict[str, list[str]] = {}
    stranger = opened(dark=dark)
    for path in ("/", "/edit", "/sign-in", "/api/v1/docs", "/no-such-schedule"):
        stranger.goto(path)
        found[path] = axe(stranger)
    for state in live_states(stranger, schedule):
        found[f"live, {state}"] = axe(stranger)
    organiser = opened("/edit", editor=True, dark=dark)
    found["list"] = axe(organiser)
    organiser.goto("/account")
    found["account"] = axe(organiser)
    organiser.goto("/operation")
    found["operation"] = axe(organiser)
    for state in editor_states(organiser, schedule):
        found[f"editor, {state}"] = axe(organiser)
    for path in ("/people", *record(schedule)):
        organiser.goto(path)
        found[path] = axe(organiser)
    assert {state: problems for state, problems in found.items() if problems} == {}


def test_nothing_is_wider_than_a_phone(opened: Open, schedule: Schedule, troubles: Troubles) -> None:
    troubles.expected += ["401 (UNAUTHORIZED)"]
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    stranger = opened(phone=True)
    for path in ("/", "/edit", "/sign-in", "/api/v1/docs"):
        stranger.goto(path)
        assert stranger.evaluate(width) == 0, path
    for state in live_states(stranger, schedule):
        assert stranger.evaluate(width) == 0, state
    organiser = opened("/people", editor=True, phone=True)
    assert organiser.evaluate(width) == 0
    for path in record(schedule):
        organiser.goto(path)
        assert organiser.evaluate(width) == 0, path
    organiser.goto(f"/edit/{schedule.slug}")
    open_grid(organiser)
    assert organiser.evaluate(width) == 0
    card(organiser, "Types for the tired").tap()
    expect(panel(organiser)).to_contain_text("Cleo")
    assert organiser.evaluate(width) == 0


def test_strangers_are_told_how_to_sign_in(opened: Open, schedule: Schedule, troubles: Troubles) -> None:
    troubles.expected.append("401 (UNAUTHORIZED)")
    page = opened(f"/edit/{schedule.slug}")
    expect(page.get_by_role("heading", name="Sign in to edit")).to_be_visible()
    expect(page.get_by_text("Types for the tired")).to_have_count(0)


def test_an_organiser_chooses_a_password_signs_out_and_comes_back_with_it(
    opened: Open, site: Site, schedule: Schedule, troubles: Troubles
) -> None:
    troubles.expected += ["401 (UNAUTHORIZED)", "403 (FORBIDDEN)"]
    page = opened(site.fresh_link())
    page.get_by_role("link", name="admin").click()
    page.get_by_label("Name").fill("Ada")
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill("correct horse battery")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is set")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Schedules")).to_be_visible()
    page.goto(f"/edit/{schedule.slug}")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    open_grid(page)
    page.get_by_role("link", name="Ada").click()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()


def test_a_link_that_was_used_says_so_in_words(opened: Open, troubles: Troubles) -> None:
    troubles.expected.append("403 (FORBIDDEN)")
    page = opened("/sign-in?token=used")
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    page = opened("/sign-in?token=used", editor=True)
    page.get_by_role("link", name="go on to the schedules").click()
    expect(page.get_by_role("heading", name="Edit a schedule")).to_be_visible()


def test_a_schedule_that_is_not_there_is_said_to_be_missing(opened: Open, troubles: Troubles) -> None:
    troubles.expected.append("404 (NOT FOUND)")
    page = opened("/no-such-schedule")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_the_lists_lead_to_the_schedules(opened: Open, schedule: Schedule) -> None:
    page = opened("/")
    page.locator(f"a[href='/{schedule.slug}']").click()
    expect(page.get_by_role("heading", name="Saturday 6 February")).to_be_visible()
    page = opened("/edit", editor=True)
    page.locator(f"a[href='/edit/{schedule.slug}']").click()
    open_grid(page)


def test_built_files_are_kept_for_ever_and_pages_are_asked_for_again(
    opened: Open, site: Site, schedule: Schedule
) -> None:
    page = opened("/")
    script = page.request.get(f"{site.url}/{schedule.slug}")
    assert script.headers["cache-control"] == "public, max-age=0, must-revalidate"
    again = page.request.get(f"{site.url}/{schedule.slug}", headers={"If-None-Match": script.headers["etag"]})
    assert again.status == 304
    style = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    assert style is not None
    assert "immutable" in page.request.get(f"{site.url}{style}").headers["cache-control"]
    assert "immutable" not in page.request.get(f"{site.url}/static/manifest.json").headers["cache-control"]


def test_a_first_visit_leaves_room_for_a_large_schedule_in_a_hundred_kilobytes(
    opened: Open, schedule: Schedule
) -> None:
    page = opened()
    fetched: list[Request] = []
    page.on("requestfinished", lambda request: fetched.append(request))
    page.goto(f"/{schedule.slug}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    sizes = {request.url: request.sizes() for request in fetched if "/worker.js" not in request.url}
    assert any("/published" in url for url in sizes)
    assert not any("woff2" in url for url in sizes)
    assert sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes.values()) < 70_000
