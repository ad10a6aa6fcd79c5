"""Is a launcher called running only when it is?

The script that the module runs on a new instance, with a `ps` that tells a given story.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]

LAUNCHER = "root 11 1 0 10:00 ? 00:00:00 node /app/launcher.js"
DOCKER = "root 10 1 0 10:00 ? 00:00:00 /usr/bin/docker pull checks/launcher@sha256:aa"


@pytest.fixture
def look(tree: Path, terraform: Run, tmp_path: Path) -> Callable[[str], CompletedProcess[str]]:
    """Return a function that runs the script, 2 s long at most, with `ps` being a shell script."""
    template = tree / "modules/worker-fleet/await-launcher.sh.tftpl"
    values = '{ launcher = "launcher", seconds = 2 }'
    expression = tmp_path / "expression"
    expression.write_text(f'jsonencode(templatefile("{template}", {values}))\n')
    (tmp_path / "empty").mkdir()
    with expression.open() as stdin:
        shown = terraform(tmp_path / "empty", "console", stdin=stdin)
    assert shown.returncode == 0, shown.stderr
    script = json.loads(json.loads(shown.stdout))

    def run(ps: str) -> CompletedProcess[str]:
        fake = tmp_path / "ps"
        fake.write_text(f"#!/bin/sh\n{ps}\n")
        fake.chmod(0o700)
        path = f"{tmp_path}:{os.environ['PATH']}"
        return subprocess.run(
            ("sh", "-c", script), env={"PATH": path}, capture_output=True, text=True, check=False
        )

    return run


Look = Callable[[str], CompletedProcess[str]]


def test_a_launcher_that_stays_up_is_running(look: Look) -> None:
    done = look(f"echo '{DOCKER}'; echo '{LAUNCHER}'")
    assert done.returncode == 0, done.stderr


def test_no_launcher_at_the_deadline_is_said_with_where_to_look(look: Look) -> None:
    done = look("echo root 1 0 0 10:00 ? 00:00:00 /sbin/init")
    assert done.returncode == 1
    assert "no process matching 'launcher' stayed up on this instance within 2 s" in done.stderr
    assert "journalctl -u worker" in done.stderr


def test_docker_pulling_an_image_of_that_name_is_no_launcher(look: Look) -> None:
    assert look(f"echo '{DOCKER}'").returncode == 1


def test_a_launcher_that_is_gone_a_second_later_is_not_running(look: Look, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    done = look(f"[ -e {seen} ] && rm {seen} || {{ touch {seen}; echo '{LAUNCHER}'; }}")
    assert done.returncode == 1
