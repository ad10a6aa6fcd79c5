"""Credentials come from where docker login and AWS keep them, and are shown nowhere."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from console.adapters.docker.credentials import Login, ecr_region, find_login
from console.adapters.docker.reference import Reference
from console.adapters.docker.registry import Known, Registry
from console.domain.failure import Failure

SECRET = "hunter2"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
MANIFEST = b'{"config": {"digest": "sha256:1"}}'


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The docker command's configuration, empty."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    path = tmp_path / "config.json"
    path.write_text("{}")
    return path


def helper(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = directory / "docker-credential-ours"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=":")


def test_nobody_has_logged_in(configuration: Path) -> None:
    assert find_login("registry.example.com") is None


def test_docker_login_in_a_file(configuration: Path) -> None:
    told = base64.b64encode(f"ann:{SECRET}".encode()).decode()
    configuration.write_text(json.dumps({"auths": {"registry.example.com": {"auth": told}}}))

    assert find_login("registry.example.com") == Login("ann", SECRET)


def test_a_credential_helper(
    configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write_text(json.dumps({"credHelpers": {"registry.example.com": "ours"}}))
    answer = json.dumps({"ServerURL": "x", "Username": "ann", "Secret": SECRET})
    helper(tmp_path, f"cat >/dev/null; echo '{answer}'", monkeypatch)

    assert find_login("registry.example.com") == Login("ann", SECRET)


def test_a_helper_that_gives_a_token(
    configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write_text(json.dumps({"credsStore": "ours"}))
    answer = json.dumps({"ServerURL": "x", "Username": "<token>", "Secret": SECRET})
    helper(tmp_path, f"cat >/dev/null; echo '{answer}'", monkeypatch)
    login = find_login("registry.example.com")

    assert isinstance(login, Login)
    assert login.for_engine == {"identitytoken": SECRET}


def test_a_helper_that_fails_is_named_with_a_remedy(
    configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write_text(json.dumps({"credHelpers": {"registry.example.com": "ours"}}))
    helper(tmp_path, "echo keychain is locked; exit 1", monkeypatch)
    failure = find_login("registry.example.com")

    assert isinstance(failure, Failure)
    assert "credential helper for registry.example.com" in failure.message
    assert "docker login" in failure.hint


def test_ecr_is_asked_for_a_token(aws: str) -> None:
    login = find_login(ECR)

    assert isinstance(login, Login)
    assert login.username == "AWS"
    assert login.password


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (ECR, "eu-west-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", None),
        ("registry.example.com", None),
    ],
)
def test_only_ecr_is_taken_for_ecr(host: str, region: str | None) -> None:
    assert ecr_region(host) == region


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(Login("ann", SECRET, SECRET))


class TokenRegistry(BaseHTTPRequestHandler):
    """A registry with Docker's token protocol, its token service included."""

    asked: list[str]
    scheme = "Bearer"

    def do_GET(self) -> None:
        told = self.headers.get("Authorization", "")
        self.asked.append(f"{self.path} {told}")
        host = self.headers["Host"]
        basic = "Basic " + base64.b64encode(f"ann:{SECRET}".encode()).decode()
        if self.path.startswith("/token"):
            self._say(200 if told == basic else 401, b'{"token": "fresh"}')
        elif told == (basic if self.scheme == "Basic" else "Bearer fresh"):
            self._say(200, MANIFEST)
        else:
            scope = 'service="r",scope="repository:checks:pull"'
            realm = f'Bearer realm="http://{host}/token",{scope}'
            self._say(401, b"{}", realm if self.scheme == "Bearer" else 'Basic realm="r"')

    def _say(self, code: int, body: bytes, challenge: str = "") -> None:
        self.send_response(code)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture(params=["Bearer", "Basic"])
def guarded(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[str]]]:
    """The host of a registry that wants a login, and what it was asked."""
    asked: list[str] = []
    handler = type("Handler", (TokenRegistry,), {"asked": asked, "scheme": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_registry_that_wants_a_login_gets_it(guarded: tuple[str, list[str]]) -> None:
    host, _ = guarded
    found = Registry(Reference(f"{host}/checks"), lambda _: Login("ann", SECRET)).find("0.9.1")

    assert isinstance(found, Known)
    assert found.config == "sha256:1"


def test_a_wrong_password_is_said_and_not_shown(guarded: tuple[str, list[str]]) -> None:
    host, _ = guarded
    failure = Registry(Reference(f"{host}/checks"), lambda _: Login("ann", "wrong")).find("0.9.1")

    assert isinstance(failure, Failure)
    assert "does not let us in" in failure.message
    assert "wrong" not in str(failure)


def test_who_has_no_login_asks_as_nobody(guarded: tuple[str, list[str]]) -> None:
    host, asked = guarded
    failure = Registry(Reference(f"{host}/checks"), lambda _: None).find("0.9.1")

    assert isinstance(failure, Failure)
    assert "does not let us in" in failure.message
    assert not any("Basic " in one for one in asked)
