"""Which built files a page needs: vite's manifest, read once and again whenever the front end is built anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent.parent / "static"
FONT = "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
ICON = "src/icon.svg"


class AssetsMissing(Exception):
    """The front end has not been built."""


@dataclass(frozen=True)
class Assets:
    """The files of one entry, as paths below `/static/`."""

    script: str
    styles: tuple[str, ...]
    chunks: tuple[str, ...]
    """Scripts that the script will ask for at once."""
    font: str
    icon: str


def assets(entry: str, static: Path | None = None) -> Assets:
    """The files of an entry of `webapp/frontend/src`, such as `editor`.  Raises `AssetsMissing`."""
    manifest = _manifest(static or STATIC)
    try:
        chunk, font, icon = (manifest[source] for source in (f"src/{entry}.ts", FONT, ICON))
    except KeyError as error:
        raise AssetsMissing(f"the manifest in {static or STATIC} does not name {error}") from None
    chunks = list(_with_imports(manifest, chunk))
    return Assets(
        script=chunk["file"],
        styles=tuple(dict.fromkeys(style for one in reversed(chunks) for style in one.get("css", ()))),
        chunks=tuple(one["file"] for one in chunks[1:]),
        font=font["file"],
        icon=icon["file"],
    )


def is_hashed(file: str, static: Path | None = None) -> bool:
    """Whether a file's name changes with its content, so that it may be kept for ever."""
    return any(chunk["file"] == file or file in chunk.get("css", ()) for chunk in _manifest(static or STATIC).values())


def fingerprint(static: Path | None = None) -> str:
    """Changes whenever the front end is built to something else."""
    return str(_stamp(static or STATIC))


def _manifest(static: Path) -> Mapping[str, Mapping[str, Any]]:
    return _read(static / "manifest.json", _stamp(static))


def _stamp(static: Path) -> int:
    try:
        return (static / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        raise AssetsMissing(f"there is no manifest in {static}") from None


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> Mapping[str, Mapping[str, Any]]:
    manifest: Mapping[str, Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _with_imports(
    manifest: Mapping[str, Mapping[str, Any]], chunk: Mapping[str, Any], seen: set[str] | None = None
) -> Iterator[Mapping[str, Any]]:
    """A chunk and every chunk it imports, each once."""
    seen = set() if seen is None else seen
    if chunk["file"] in seen:
        return
    seen.add(chunk["file"])
    yield chunk
    for name in chunk.get("imports", ()):
        yield from _with_imports(manifest, manifest[name], seen)
