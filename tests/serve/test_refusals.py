"""Who may look, and what is told where nobody can?"""

from __future__ import annotations

import http.client
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.command_line.console import Project

from .served import Served

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
OTHER_SITES = (
    # A name of theirs that was made to lead here,
    {"Host": "rebound.example.com"},
    {"Host": "rebound.example.com:8765"},
    # and a page of theirs that asks from where it is.
    {"Origin": "http://elsewhere.example.com"},
    {"Origin": "null"},
)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "fleet.example.com"])  # noqa: S104 - refused
def test_only_loopback_is_served(host: str, fleet: Project) -> None:
    ran = fleet.run("serve", "--host", host)

    assert ran.exit_code == 2
    assert f"{host} is no loopback address: the page has no password" in ran.stderr
    assert "ssh -L 8765:127.0.0.1:8765" in ran.stderr
    assert ran.stdout == ""


def test_a_port_that_is_taken_is_told(fleet: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = fleet.run("serve", "--port", str(port))

    assert ran.exit_code == 3
    assert f"port {port} of 127.0.0.1 cannot be had: " in ran.stderr
    assert "--port 0 takes any free one" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_missing_package_is_told_with_the_command_that_brings_it(fleet: Project) -> None:
    program = (
        "import sys\n"
        "sys.modules['textual_serve'] = None\n"
        "from console.cli import run\n"
        "sys.exit(run(['serve']))\n"
    )
    ran = fleet.python("-c", program)

    assert ran.exit_code == 2
    assert "needs the package textual_serve, which is not installed" in ran.stderr
    assert "pip install 'release-console[serve]'" in ran.stderr


def test_settings_that_are_not_there_are_told_before_anything_is_served(fleet: Project) -> None:
    ran = fleet.run("serve", "--config", "no/such.yaml")

    assert ran.exit_code == 2
    assert "there is no such file" in ran.stderr
    assert "http://" not in ran.stderr


def test_other_sites_in_the_same_browser_cannot_look(served: Served) -> None:
    for headers in OTHER_SITES:
        assert asked(served, "/", headers) == 403
        assert asked(served, "/ws", headers | UPGRADE) == 403
    assert served.views() == []
    assert asked(served, "/", {}) == 200


def asked(served: Served, path: str, headers: dict[str, str]) -> int:
    """Ask for `path`, and return the status."""
    with closing(http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=60)) as connection:
        connection.request("GET", path, headers=headers)
        with closing(connection.getresponse()) as response:
            return response.status
