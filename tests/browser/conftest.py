"""One running Callboard for all browser tests, a schedule of its own for each, and no silent error in any page."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState

from tests.browser.programme import conference
from webapp.auth import links
from webapp.settings import Settings
from webapp.store import open_store

ROOT = Path(__file__).resolve().parents[2]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
STOP_SECONDS = 15


@dataclass(frozen=True)
class Site:
    """A running Callboard and the browser state of somebody who has signed in."""

    url: str
    signed_in: StorageState
    database: str

    def fresh_link(self) -> str:
        """The path of a one-time link for one more administrator."""
        store = open_store(self.database)
        try:
            return f"/sign-in?token={links.create(store)}"
        finally:
            store.close()


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`callboard serve` on a data directory of its own."""
    data = tmp_path_factory.mktemp("served") / "data"
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            link = next(line.split()[1] for line in process.stdout if line.startswith("Editors:"))
            context = browser.new_context()
            page = context.new_page()
            page.goto(link)
            yield Site(re.sub(r"/sign-in.*", "", link), context.storage_state(), Settings(data=data).database)
            context.close()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


@dataclass
class Troubles:
    """What the pages of a test complained of; `expected` are parts of complaints that the test provokes."""

    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.said.append(f"{page.url}: {error}"))

    def unexpected(self) -> list[str]:
        return [one for one in self.said if not any(part in one for part in self.expected)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.location.get('url')}: {message.text}")


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Fails the test if a page has logged an error or a warning."""
    found = Troubles()
    yield found
    assert found.unexpected() == []


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, site: Site, troubles: Troubles) -> Iterator[Open]:
    """Opens a page in a browser of its own: `opened("/path", editor=True, dark=True, phone=True)`."""
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "", *, editor: bool = False, dark: bool = False, phone: bool = False, **more: Any
    ) -> Page:
        options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, **(PHONE if phone else {}), **more}
        options["storage_state"] = site.signed_in if editor else None
        scheme = "dark" if dark else "light"
        context = browser.new_context(base_url=site.url, color_scheme=scheme, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        troubles.watch(page)
        if path:
            page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@dataclass(frozen=True)
class Schedule:
    """A schedule on the site, and the API as its editor uses it."""

    slug: str
    context: BrowserContext
    url: str

    def get(self, path: str = "") -> dict[str, Any]:
        return self._ask("get", path)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("post", path, body)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("put", path, body)

    def place(self, session: str) -> tuple[str, str]:
        """The room and the local start of a session in the draft."""
        found = next(one for one in self.get()["sessions"] if one["sessionId"] == session)
        return found["roomId"], found["startTime"][11:16]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = getattr(self.context.request, method)(
            f"{self.url}/api/v1/schedules/{self.slug}{path}",
            headers={"Origin": self.url},
            **({"data": body} if body is not None else {}),
        )
        assert answer.ok, answer.text()
        return answer.json()


_numbers = itertools.count(1)


@pytest.fixture
def schedule(browser: Browser, site: Site) -> Iterator[Schedule]:
    """The conference of `programme.py`, imported anew and published."""
    context = browser.new_context(storage_state=site.signed_in)
    slug = f"harbour-{next(_numbers)}"
    answer = context.request.post(
        f"{site.url}/api/v1/schedules?slug={slug}&name=harbour.json",
        headers={"Origin": site.url, "Content-Type": "application/json"},
        data=json.dumps(conference()),
    )
    assert answer.status == 201, answer.text()
    created = Schedule(slug, context, site.url)
    created.post("/publish", {"expectedVersion": created.get()["version"]})
    yield created
    context.close()
