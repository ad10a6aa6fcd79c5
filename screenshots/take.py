"""How do the pictures in the README come about?

Each is taken from the running product on the sandbox: `python screenshots/take.py`. It takes three
minutes, and leaves nothing behind but the pictures.
"""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
CONSOLE = (sys.executable, "-m", "console.cli")
COLUMNS = 118
# The end of a rollout: the second wave with its gates, and what is true afterwards.
LAST_LINES = 44


def main() -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as directory:
        world = ("--dir", f"{directory}/world")
        try:
            subprocess.run([*CONSOLE, "sandbox", "up", "--detach", *world], check=True)
            config = ("--config", f"{directory}/world/config.yaml")
            text = on_a_terminal([*CONSOLE, "--auto", "--release", "0.9.1", *config])
        finally:
            subprocess.run([*CONSOLE, "sandbox", "down", *world], check=False)
    draw(text, "release-console --sandbox --auto --release 0.9.1", HERE / "rollout.svg")


def on_a_terminal(command: list[str]) -> str:
    """Run `command` where it sees a terminal, and return all that it wrote there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    output = bytearray()
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other end is closed
            break
        if not chunk:
            break
        output += chunk
    if process.wait() != 0:
        raise SystemExit(output.decode(errors="replace"))
    return output.decode(errors="replace").replace("\r\n", "\n")


def draw(text: str, title: str, path: Path) -> None:
    """Draw the end of `text` as a terminal in an SVG."""
    lines = text.rstrip().split("\n")[-LAST_LINES:]
    canvas = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        canvas.print(Text.from_ansi(line), no_wrap=True, crop=True)
    path.write_text(canvas.export_svg(title=title), encoding="utf-8")


if __name__ == "__main__":
    main()
