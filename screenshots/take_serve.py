"""Take `serve.png`: `python -m screenshots.take_serve`.

The one picture that no recording can give: `release-console serve` in a real browser, while a real
rollout goes through the sandbox. It takes two minutes, needs Chromium on PATH, and leaves nothing
behind but the picture. No two are alike, so nothing compares it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "serve.png"
CONSOLE = (sys.executable, "-m", "console.cli")
WIDTH, HEIGHT = 1280, 800
RELEASE = "0.9.1"
# Who rolls out is in the picture; who takes it, and on which machine, is nobody's business.
AS_ADA = """
import getpass, socket
getpass.getuser = lambda: "ada"
socket.gethostname = lambda: "laptop"
from console.cli import main
main()
"""
APPLIES_WITHIN_MS = 180_000
# What the web socket brings is text between escape sequences.
SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


def main() -> None:
    """Start a world, roll out, serve, and take the picture while the second wave is applied."""
    with tempfile.TemporaryDirectory() as directory:
        world = ("--dir", f"{directory}/world")
        config = ("--config", f"{directory}/world/config.yaml")
        subprocess.run([*CONSOLE, "sandbox", "up", "--detach", *world], check=True)
        try:
            with serving(config) as url, rolling_out(config):
                take(url)
        finally:
            subprocess.run([*CONSOLE, "sandbox", "down", *world], check=False)


def take(url: str) -> None:
    """Wait in a browser until the second wave is applied, and keep what it shows."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        with page.expect_websocket() as opened:
            page.goto(url)
        opened.value.wait_for_event(
            "framereceived", predicate=is_second_wave, timeout=APPLIES_WITHIN_MS
        )
        page.keyboard.press("5")
        page.wait_for_timeout(2000)  # for a little of the apply to be seen
        page.screenshot(path=PICTURE)
        browser.close()


def is_second_wave(frame: bytes | str) -> bool:
    """Whether a frame tells that the second wave's apply has begun."""
    text = SEQUENCE.sub(b"", frame if isinstance(frame, bytes) else frame.encode())
    return b"eu-west-1: applying" in text


@contextmanager
def serving(config: tuple[str, ...]) -> Iterator[str]:
    """Serve the watch, and provide its URL."""
    command = [*CONSOLE, "serve", "--port", "0", *config]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None  # noqa: S101 - it is a pipe
            found = re.search(r"http://\S+", process.stderr.readline())
            if found is None:
                raise SystemExit("release-console serve did not start")
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def rolling_out(config: tuple[str, ...]) -> Iterator[None]:
    """Roll a release out in the background, and wait for its end."""
    command = [sys.executable, "-c", AS_ADA, "--auto", "--release", RELEASE, *config]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL):
        yield


if __name__ == "__main__":
    main()
