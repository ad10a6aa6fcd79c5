"""Take the pictures: `python screenshots/take.py`, or `--check` that they still hold.

Each is the real app at a moment of a recorded rollout; the recordings are made afresh first, by the
machine that decides in real rollouts. The result is the same on every machine, byte for byte.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from screenshots.moments import MOMENTS, Moment
from screenshots.record import record
from screenshots.recording import RECORDED
from screenshots.stage import shown

HERE = Path(__file__).parent


def main() -> int:
    """Take or check every picture, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; tell what differs")
    parser.add_argument("names", nargs="*", help="only these pictures, such as: console region")
    asked = parser.parse_args()
    _settle()
    if asked.check:
        return _check()
    record()
    chosen = [moment for moment in MOMENTS if moment.name in asked.names or not asked.names]
    return _take_all(chosen, HERE)


def _take_all(moments: Sequence[Moment], directory: Path) -> int:
    """Write every picture that can be taken, name those that cannot, and return the exit code."""
    failed = 0
    for moment in moments:
        try:
            drawn = asyncio.run(_take(moment))
        except TimeoutError as error:
            _say(f"{moment.name}: {error}")
            failed = 1
        else:
            (directory / f"{moment.name}.svg").write_text(drawn, encoding="utf-8")
    return failed


async def _take(moment: Moment) -> str:
    async with shown(moment.scene.stage(), moment.size, moment.theme) as view:
        await view.press(moment.keys)
        if moment.sees:
            await view.sees(moment.sees)
        return await view.picture()


def _check() -> int:
    """Take every picture into another directory, and compare."""
    fresh = Path(tempfile.mkdtemp(prefix="screenshots-"))
    record(fresh / "recorded")
    _take_all(MOMENTS, fresh)
    stale = [*_differing(RECORDED, fresh / "recorded"), *_differing(HERE, fresh)]
    for ours, theirs in stale:
        _say(f"{ours}: the app shows something else now, see {theirs}")
    if stale:
        _say("If that is meant, take them again: python screenshots/take.py")
    else:
        shutil.rmtree(fresh)
    return 1 if stale else 0


def _differing(kept: Path, fresh: Path) -> list[tuple[Path, Path]]:
    """Return the files that differ, that are missing, or that nothing makes any more."""
    patterns = ("*.svg", "*.jsonl")
    names = {p.name for d in (kept, fresh) for pattern in patterns for p in d.glob(pattern)}
    return [(kept / n, fresh / n) for n in sorted(names) if _text(kept / n) != _text(fresh / n)]


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _settle() -> None:
    """Take out of the environment what would change a picture."""
    os.environ.pop("NO_COLOR", None)
    os.environ["TZ"] = "UTC"
    time.tzset()


if __name__ == "__main__":
    sys.exit(main())
