"""A page that is served, and browsers that look at it."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import psutil
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from console.domain.events import Entry
from console.journal.local import LocalJournal
from tests.command_line.console import Project
from tests.terminal import Terminal

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SEEN_WITHIN_MS = 120_000
ENDED_WITHIN_S = 120
# Nothing listens there: every region fails at once, as it does behind a network that is down.
DEAD_AWS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class Served:
    """`release-console serve`, as a process."""

    project: Project
    process: subprocess.Popen[str]
    url: str

    @property
    def journal(self) -> LocalJournal:
        """What the views read."""
        return LocalJournal(self.project.config.parent / ".release-console", "checks")

    def views(self) -> list[psutil.Process]:
        """The processes that run for the browsers."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C, and return the exit code and what was told on stderr since the URL."""
        self.process.send_signal(signal.SIGINT)
        _, told = self.process.communicate(timeout=ENDED_WITHIN_S)
        return self.process.returncode, told


def environment(project: Project) -> dict[str, str]:
    """An environment whose AWS is down."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "RELEASE_CONSOLE_", "SANDBOX_", "TEXTUAL"))
    }
    return kept | DEAD_AWS | {"HOME": str(project.directory)}


def record(project: Project, entries: list[Entry]) -> None:
    """Write a journal as a console would have."""
    store = project.config.parent / ".release-console"
    journal = LocalJournal(store, "checks")
    for entry in entries:
        journal.append([entry])


@contextmanager
def serving(project: Project) -> Iterator[Served]:
    """Serve the project's watch on a free port; it has ended with all its views after the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "console.cli", "serve", "--port", "0"],
        cwd=project.directory,
        env=environment(project),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    views: list[psutil.Process] = []
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        found = re.search(r"http://\S+", told)
        assert found is not None, told
        served = Served(project, process, found[0])
        yield served
        if process.poll() is None:
            views = served.views()
    finally:
        process.terminate()
        process.communicate(timeout=ENDED_WITHIN_S)
        _, alive = psutil.wait_procs(views, timeout=ENDED_WITHIN_S)
        assert alive == []


@dataclass
class Look:
    """One browser's page, and the terminal in it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    """Every host that the page has asked for anything."""
    _terminal: Terminal | None = None

    def text(self) -> str:
        """What the page's terminal shows: its cells are a canvas, so from what was sent to it."""
        return self._terminal.text() if self._terminal is not None else ""

    def forget(self) -> None:
        """Forget what was shown: what is seen from here on was sent to another terminal."""
        self._terminal = None

    def sees(self, *phrases: str) -> None:
        """Wait until all of these are on the screen."""
        self.until(lambda: all(phrase in self.text() for phrase in phrases), " and ".join(phrases))

    def until(self, is_so: Callable[[], object], wanted: str) -> None:
        """Wait for a condition while the browser goes on."""
        for _ in range(SEEN_WITHIN_MS // 100):
            if is_so():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{wanted} was not seen:\n{self.text()}")

    def socket_opened(self, socket: WebSocket) -> None:
        asked = parse_qs(urlsplit(socket.url).query)
        self.hosts.add(urlsplit(socket.url).hostname or "")
        terminal = Terminal(int(asked["width"][0]), int(asked["height"][0]))
        self._terminal = terminal
        socket.on("framereceived", lambda sent: _feed(terminal, sent))


def _feed(terminal: Terminal, sent: bytes | str) -> None:
    if isinstance(sent, bytes):
        terminal.feed(sent)


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium, which finds no other host than this one."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise AssertionError(
            "these tests look at the page with Chromium, and there is none on PATH: "
            "apt-get install chromium"
        )
    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's own does not run as root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, args=arguments, timeout=SEEN_WITHIN_MS
        )
        try:
            yield started
        finally:
            started.close()


def colours_in(browser: Browser, picture: bytes) -> tuple[int, int, int]:
    """Return a PNG's width and height in pixels, and how many colours it has."""
    page = browser.new_page()
    found = page.evaluate(_COUNT, base64.b64encode(picture).decode())
    page.close()
    return int(found[0]), int(found[1]), int(found[2])


_COUNT = """async (encoded) => {
  const image = new Image();
  image.src = "data:image/png;base64," + encoded;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const cells = canvas.getImageData(0, 0, image.width, image.height).data;
  return [image.width, image.height, new Set(new Uint32Array(cells.buffer)).size];
}"""


def look(browser: Browser, url: str, *, width: int = 1280, height: int = 800) -> Look:
    """Open the page in a window of its own."""
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(SEEN_WITHIN_MS)
    looking = Look(page)
    page.on("request", lambda asked: looking.hosts.add(urlsplit(asked.url).hostname or ""))
    page.on("websocket", looking.socket_opened)
    page.goto(url)
    return looking
