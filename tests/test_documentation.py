"""Links in the documentation lead somewhere: to a file of the project and, with a #, to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|<img[^>]*\ssrc=\"([^\"]+)\"")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def links(text: str) -> list[str]:
    """The targets of all links and pictures of a page, outside of code."""
    return ["".join(found) for found in LINK.findall(CODE.sub("", text))]


def anchors(text: str) -> set[str]:
    """The names that headings get when a page is shown."""
    headings = re.findall(r"^#{1,6} +(.+?)\s*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, root: Path) -> list[str]:
    """The links of a page that lead nowhere; addresses on the web are not followed."""
    found = []
    for link in links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(root):
            found.append(f"{page.relative_to(root)}: {link} is not there")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            found.append(f"{page.relative_to(root)}: {link} names no heading")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    assert broken(ROOT / name, ROOT) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A heading, with a comma\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#a-heading-with-a-comma) [b](other.md#gone) ![c](gone.png) [d](https://example.org)\n")
    assert broken(page, tmp_path) == ["page.md: other.md#gone names no heading", "page.md: gone.png is not there"]
