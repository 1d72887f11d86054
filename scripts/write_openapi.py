"""Writes the description of the HTTP interface, as the running app serves it. Usage: write_openapi.py FILE"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from webapp import create_app
from webapp.settings import Settings
from webapp.store import upgrade


def main(target: Path) -> None:
    """Build the app on an empty database and write its OpenAPI document."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        upgrade(settings.database)
        with create_app(settings).test_client() as client:
            document = client.get("/api/v1/openapi.json").get_json()
    del document["servers"]  # the address of this very request
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
