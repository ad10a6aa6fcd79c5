"""A terminal whose other end is closed is gone, whether the kernel says so by a signal or not."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

_ENDS_WITHIN_S = 60

_APP = """
import os, signal, sys
from textual.app import App
from console.tui.terminal import EnduringDriver, Signals

class Small(App):
    def on_mount(self):
        self.call_after_refresh(os.write, int(sys.argv[1]), b"shown")

with Signals().taken() as signals:
    app = Small(driver_class=EnduringDriver)
    signals.target = lambda number: app.exit(number)
    sys.exit(app.run())
"""


@pytest.mark.parametrize("is_controlling", [True, False], ids=["its own", "nobody's"])
def test_a_screen_ends_with_its_terminal(is_controlling: bool) -> None:
    ours, theirs = pty.openpty()
    told, tells = os.pipe()
    prefix = ["setsid", "--ctty", "--wait"] if is_controlling else ["setsid", "--wait"]
    screen = subprocess.Popen(
        [*prefix, sys.executable, "-c", _APP, str(tells)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        pass_fds=[tells],
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(theirs)
    os.close(tells)
    try:
        assert os.read(told, 5) == b"shown"
        os.close(ours)
        assert screen.wait(_ENDS_WITHIN_S) == 1  # SIGHUP
    finally:
        os.close(told)
        if screen.poll() is None:
            screen.kill()
            screen.wait()
