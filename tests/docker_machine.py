"""A registry and an engine of a test's own, and the engine that the tests share.

Nothing is skipped where Docker is missing: what this product does with it could not be tested then.
`.ci/tools` says what to install.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from docker.errors import ImageNotFound

from console.adapters.docker.engine import Engine, find_engine

BUSYBOX = "/bin/busybox"
_PATIENCE_S = 300


def engine() -> Engine:
    """Return the engine that answers here."""
    found = find_engine()
    if not isinstance(found, Engine):
        pytest.fail(f"{found.message}; {found.hint} (.ci/tools starts one)")
    return found


def tool(name: str) -> str:
    """Return where a tool is that the tests need."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed: run .ci/tools")
    return found


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(holds: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail where it does not come to hold."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} within {_PATIENCE_S} s")
        time.sleep(0.05)


class _Daemon:
    """A program that is started, stopped in the middle of things, and started again."""

    def __init__(self, argv: list[str], log: Path) -> None:
        self._argv = argv
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(self._answers_or_has_ended, f"{self._argv[0]} answers (see {self._log})")
        if self._process.poll() is not None:
            pytest.fail(f"{self._argv[0]} has ended: see {self._log}")

    def _answers_or_has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None or self.answers()

    def answers(self) -> bool:
        raise NotImplementedError

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE_S)
            self._process = None


PERSON, PASSWORD = "ann", "hunter2"
_HASH = "$2b$04$efSYYu1EjBuIqAXtyC4LMefao0W4OYrkZHQRt5viZwqVNwPpL8b5q"


class LocalRegistry(_Daemon):
    """Debian's docker-registry on loopback; open to all, or to `PERSON` only."""

    def __init__(self, directory: Path, *, wants_login: bool = False) -> None:
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        config = directory / "registry.yml"
        config.write_text(
            "version: 0.1\nlog: {level: warn}\n"
            f"storage: {{filesystem: {{rootdirectory: {directory / 'blobs'}}}}}\n"
            f"http: {{addr: '{self.host}'}}\n"
        )
        if wants_login:
            people = directory / "people"
            people.write_text(f"{PERSON}:{_HASH}\n")
            with config.open("a") as file:
                file.write(f"auth: {{htpasswd: {{realm: checks, path: {people}}}}}\n")
        super().__init__([tool("docker-registry"), "serve", str(config)], directory / "log")

    def answers(self) -> bool:
        try:
            return requests.get(f"http://{self.host}/v2/", timeout=5).status_code in {200, 401}
        except requests.RequestException:
            return False

    def digest(self, path: str, tag: str) -> str:
        """Return what the registry's API itself says."""
        answer = requests.head(
            f"http://{self.host}/v2/{path}/manifests/{tag}",
            headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
            timeout=_PATIENCE_S,
        )
        return answer.headers["Docker-Content-Digest"]


def forget(registry: LocalRegistry) -> None:
    """Take the names of a registry that is gone, and what had only these, from the engine."""
    client = engine().client()
    for image in client.images(filters={"reference": f"{registry.host}/*/*"}):
        for name in (*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())):
            if name.startswith(registry.host):
                with contextlib.suppress(ImageNotFound):
                    client.remove_image(name, force=True)
    client.close()


class OwnEngine(_Daemon):
    """A second dockerd, which a test may kill; it shares nothing with the machine's own."""

    def __init__(self, directory: Path) -> None:
        # A socket's path may have 107 letters, and pytest's directories are long.
        self.socket = Path(f"/tmp/console-test-{os.getpid()}-{free_port()}.sock")
        self._directory = directory
        number = free_port()
        # A bridge of its own. Without one (`--bridge none`) it would remove docker0, and the
        # machine's own engine could start no container any more.
        self._bridge = f"test{number}"
        self._network = f"10.{200 + number % 50}.{number // 50 % 250}.1/24"
        argv = [
            # In process and mount namespaces of its own: who kills it kills its containers too, and
            # no mount of theirs is left. `unshare` itself passes no signal on.
            *(tool("unshare"), "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *(tool("dockerd"), "-H", f"unix://{self.socket}"),
            *("--data-root", str(directory / "data"), "--exec-root", f"{self.socket}.run"),
            *("--pidfile", str(directory / "pid"), "--bridge", self._bridge),
            *("--iptables=false", "--ip-forward=false", "--ip-masq=false"),
            *("--storage-driver", "vfs"),
        ]
        super().__init__(argv, directory / "log")
        for words in (
            ("link", "add", "name", self._bridge, "type", "bridge"),
            ("addr", "add", self._network, "dev", self._bridge),
            ("link", "set", self._bridge, "up"),
        ):
            subprocess.run([tool("ip"), *words], check=True)

    def answers(self) -> bool:
        return isinstance(find_engine(self.environment), Engine)

    @property
    def environment(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def start(self) -> None:
        # What was killed has left its pids. In a new namespace the same few are given out again,
        # and a dockerd that finds containerd's alive waits for a containerd that never comes.
        (self._directory / "pid").unlink(missing_ok=True)
        shutil.rmtree(f"{self.socket}.run", ignore_errors=True)
        super().start()

    def stop(self, how: int = signal.SIGKILL) -> None:
        super().stop(how)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(f"{self.socket}.run", ignore_errors=True)
        self.socket.unlink(missing_ok=True)
        subprocess.run([tool("ip"), "link", "del", self._bridge], check=True)
