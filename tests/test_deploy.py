"""The examples for proxies say what Callboard needs; the proxies accept them, where they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[1] / "deploy" / "proxies"


def installed(program: str) -> list[str]:
    """Where a proxy is, if it is installed at all; the other tests need none."""
    found = shutil.which(program)
    return [found] if found else []


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_braces_pair_up_and_the_figures_stay_inside(name: str) -> None:
    text = re.sub(r"#.*", "", (DEPLOY / name).read_text())
    assert text.count("{") == text.count("}")
    assert "/metrics" in text
    assert "127.0.0.1:8000" in text


@pytest.mark.parametrize("path", ["/live/mill", "/collab/0fd3", "/api/v1/live/mill", "/api/v1/collab/mill"])
def test_nginx_keeps_every_socket_open(path: str) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    pattern = re.search(r"location ~ (\S*live\S*) \{([^}]*)\}", text)
    assert pattern is not None
    assert re.search(pattern[1], path)
    assert not re.search(pattern[1], "/api/v1/schedules/live/published")
    assert "proxy_read_timeout 90s" in pattern[2]
    assert "proxy_buffering off" in pattern[2]


@pytest.mark.parametrize("header", ["Host", "Upgrade", "Connection", "X-Forwarded-For", "X-Forwarded-Proto"])
def test_nginx_passes_on_what_callboard_looks_at(header: str) -> None:
    assert re.search(rf"proxy_set_header {header} +\$\w+;", (DEPLOY / "nginx.conf").read_text())


def test_the_proxies_that_are_installed_accept_their_examples(tmp_path: Path) -> None:
    for nginx in installed("nginx"):
        plain = re.sub(r"listen 443 ssl;|ssl_certificate\S* .*;", "", (DEPLOY / "nginx.conf").read_text())
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        inside = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
        whole = tmp_path / "nginx.conf"
        whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{inside}{plain}}}\n")
        accepts(nginx, "-t", "-q", "-p", str(tmp_path), "-c", str(whole), "-e", "stderr")
    for caddy in installed("caddy"):
        accepts(caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"))


def accepts(*command: str) -> None:
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
