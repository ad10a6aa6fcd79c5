"""An AWS endpoint, and Terraform roots that need no provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty AWS account; its endpoint is in the environment, as it is for Terraform."""
    requests.post(f"{moto_server}/moto-api/reset", timeout=60).raise_for_status()
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return moto_server


@pytest.fixture
def client(aws: str) -> Callable[[str], Any]:
    """A boto3 client of the account, for preparing it."""
    return lambda service: boto3.client(service, region_name=REGION, endpoint_url=aws)  # type: ignore[call-overload]


@pytest.fixture
def write_root(tmp_path: Path) -> Callable[[str], Path]:
    """Write a Terraform root and return its directory."""

    def write(text: str) -> Path:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        (root / "main.tf").write_text(text)
        return root

    return write
