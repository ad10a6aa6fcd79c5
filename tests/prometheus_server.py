"""A real Prometheus, from Debian's package, that scrapes whatever is listed in a directory."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

_SETTINGS = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: workers
    file_sd_configs: [{{files: ["{targets}/*.json"], refresh_interval: 1s}}]
"""


@contextmanager
def prometheus(directory: Path, targets: Path) -> Iterator[str]:
    """Run a server and provide its URL.

    Args:
        directory: where it keeps its data and its log.
        targets: where file_sd finds JSON files; need not be there yet.
    """
    program = shutil.which("prometheus")
    assert program is not None, "prometheus is not installed: run .ci/tools"
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory / "prometheus.yml"
    settings.write_text(_SETTINGS.format(targets=targets), encoding="utf-8")
    address = f"127.0.0.1:{_free_port()}"
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                program,
                f"--config.file={settings}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(f"http://{address}", server)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "prometheus ended: see its log"
        try:
            if requests.get(f"{url}/-/ready", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise AssertionError("prometheus was not ready within 60 s")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
