"""The pictures in `screenshots/` are what the app shows, and what the README points at is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from screenshots.moments import MOMENTS
from screenshots.recording import RECORDED, keep, recorded
from screenshots.repertoire import pieces

ROOT = Path(__file__).parents[2]
TAKE = ROOT / "screenshots" / "take.py"


def test_the_pictures_are_what_the_app_shows() -> None:
    # A shell of its own: no time zone, colour or terminal of the tests decides a picture.
    surroundings = {**os.environ, "TZ": "Asia/Tokyo", "NO_COLOR": "1", "TERM": "dumb"}
    checked = subprocess.run(
        [sys.executable, TAKE, "--check"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", [name for name, _ in pieces()])
def test_a_recording_is_read_as_it_was_written(name: str, tmp_path: Path) -> None:
    keep(name, recorded(name), tmp_path)

    for path in tmp_path.iterdir():
        assert path.read_text() == (RECORDED / path.name).read_text()


def test_every_picture_of_the_readme_is_taken_by_the_script() -> None:
    shown = re.findall(r"!\[[^\]]*\]\(screenshots/([^)]+)\.svg\)", (ROOT / "README.md").read_text())

    assert shown[:1] == ["console"]
    assert set(shown) <= {moment.name for moment in MOMENTS}
