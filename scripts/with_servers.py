"""Run a command with a PostgreSQL and a Redis of its own: `python scripts/with_servers.py COMMAND …`.

In the command's words `{database}` and `{redis}` become the addresses of an empty database and of the Redis server, and
nothing where the one or the other is not installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack

from tests import servers


def main(command: list[str]) -> int:
    """Run it; its exit status."""
    addresses = {"database": "", "redis": ""}
    with ExitStack() as stack:
        programs, redis = servers.postgresql_programs(), shutil.which("redis-server")
        if programs is not None:
            server = stack.enter_context(servers.postgresql(programs, durable=True))
            server.sql("create database fresh")
            addresses["database"] = server.url("fresh")
        if redis is not None:
            addresses["redis"] = stack.enter_context(servers.redis(redis))
        return subprocess.run([word.format(**addresses) for word in command]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
