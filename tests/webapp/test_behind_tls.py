"""Callboard behind something that does TLS, as browsers have it: pages, saves and sockets; and who is refused there.

A small terminator of our own always stands in front; nginx and Caddy too, with the examples of `deploy/proxies`, where
they are installed.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.reliability import busy
from tests.reliability.webs import webs
from tests.servers import free_port
from tests.webapp.feed_client import FeedClient, Refused
from webapp.auth import links, tokens
from webapp.services import publishing
from webapp.settings import Settings
from webapp.store import open_store, upgrade

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "proxies"
OURS = "terminator"
INSTALLED = [name for name in ("nginx", "caddy") if shutil.which(name)]
START_SECONDS = 20.0


@dataclass
class Backend:
    """A web process that trusts one proxy, with a published schedule called `behind`."""

    port: int
    token: str
    settings: Settings

    def sign_in(self) -> str:
        """Where a one-time link leads."""
        store = open_store(self.settings.database)
        try:
            return f"/sign-in?token={links.create(store)}"
        finally:
            store.close()


@dataclass
class Front:
    """What does the TLS."""

    name: str
    port: int
    trust: ssl.SSLContext

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def follow(self, path: str, **headers: str) -> FeedClient:
        return FeedClient(self.port, path, headers, tls=self.trust)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.trust)) as connection:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate that nobody else trusts, `fullchain.pem`, and its key, `privkey.pem`."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=Callboard's tests", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run([program, "req", "-x509", *kind, *name, *files], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    settings = Settings(data=tmp_path_factory.mktemp("data"))
    upgrade(settings.database)
    store = open_store(settings.database)
    try:
        busy.add_conference(store, "behind", sessions=12)
        publishing.publish(store, "behind", expected_version=1, editor_id=None)
        token = tokens.create(store, "editor")
    finally:
        store.close()
    with webs(settings.data, settings.database, proxies=1) as started:
        [port] = started
        yield Backend(port, token, settings)


@pytest.fixture(scope="module", params=[OURS, *INSTALLED])
def front(
    request: pytest.FixtureRequest, backend: Backend, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    port = free_port()
    commands = {OURS: terminator, "nginx": nginx, "caddy": caddy}
    folder = tmp_path_factory.mktemp(request.param)
    process = subprocess.Popen(
        commands[request.param](port, backend.port, certificate, folder), env={"HOME": str(folder), "PATH": "/usr/bin"}
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not listens(port):
            assert process.poll() is None, "it ends"
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.05)
        yield Front(request.param, port, ssl.create_default_context(cafile=certificate / "fullchain.pem"))
    finally:
        process.terminate()
        process.wait(15)


def terminator(port: int, backend: int, certificate: Path, _folder: Path) -> list[str]:
    program = Path(__file__).with_name("tls_terminator.py")
    files = [str(certificate / name) for name in ("fullchain.pem", "privkey.pem")]
    return [sys.executable, str(program), str(port), str(backend), *files]


def nginx(port: int, backend: int, certificate: Path, folder: Path) -> list[str]:
    """The example, with other ports and another certificate."""
    example = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/schedule.example.org", str(certificate))
    example = example.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    example = example.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    example = example.replace("127.0.0.1:8000", f"127.0.0.1:{backend}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    inside = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    whole = folder / "nginx.conf"
    alone = f"daemon off; master_process off; pid {folder}/pid;\nevents {{}}\n"
    whole.write_text(f"{alone}http {{\naccess_log off;\n{inside}{example}}}\n")
    return [str(shutil.which("nginx")), "-p", str(folder), "-c", str(whole), "-e", "stderr"]


def caddy(port: int, backend: int, certificate: Path, folder: Path) -> list[str]:
    """The example, with other ports and a certificate that Caddy is given."""
    example = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{backend}")
    files = f"tls {certificate}/fullchain.pem {certificate}/privkey.pem"
    example = re.sub(r"(?m)^schedule.example.org \{", f"https://127.0.0.1:{port} {{\n\t{files}", example)
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n"
    (folder / "Caddyfile").write_text(options + example)
    return [str(shutil.which("caddy")), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_save_over_tls_is_seen_over_tls_and_a_ticket_brings_back(front: Front, backend: Backend) -> None:
    bearer = {"Authorization": f"Bearer {backend.token}"}
    draft = json.loads(front.call("GET", "/api/v1/schedules/behind", **bearer)[2])
    session = draft["sessions"][0]
    body = {
        "saveAttemptId": str(uuid4()),
        "expectedVersion": draft["version"],
        "changes": [{"op": "set_audience", "session": session["sessionId"], "audience": draft["version"]}],
        "publish": True,
    }
    with (
        front.follow("/live/behind", Origin=front.origin) as attendee,
        front.follow("/collab/behind", **bearer) as editor,
    ):
        ready = attendee.receive()
        editor.take(1)
        status, _, told = front.call("POST", "/api/v1/schedules/behind/saves", body, **bearer)
        assert (status, json.loads(told)["result"]) == (200, "saved")
        heard = attendee.take(1)[0]
        assert heard["previousSeq"] == ready["lastSeq"]
        assert editor.take(1)[0]["version"] == draft["version"] + 1
    back = f"/live/{ready['scheduleId']}?after={ready['lastSeq']}&ticket={ready['ticket']}"
    with front.follow(back, Origin=front.origin) as attendee:
        assert attendee.take(2)[1] == heard


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "https://127.0.0.1", "null"])
def test_only_our_own_pages_open_sockets(front: Front, origin: str) -> None:
    with pytest.raises(Refused, match="own pages") as refused:
        front.follow("/live/behind", Origin=origin)
    assert refused.value.status == 403


def test_a_browser_that_signs_in_has_a_cookie_for_tls_alone(front: Front, backend: Backend) -> None:
    status, headers, _ = front.call("GET", backend.sign_in())
    assert (status, headers["Location"]) == (303, "/edit")
    assert headers["Strict-Transport-Security"]
    cookie = SimpleCookie(headers["Set-Cookie"])["callboard_session"]
    assert cookie["secure"]
    with front.follow("/collab/behind", Cookie=f"callboard_session={cookie.value}", Origin=front.origin) as editor:
        assert editor.receive()["type"] == "feed.ready"


def test_the_figures_are_not_for_everybody(front: Front) -> None:
    assert front.call("GET", "/metrics")[0] in (403, 404)
