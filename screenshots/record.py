"""Write the recorded rollouts afresh: `python screenshots/record.py`.

To be run when the console's machine decides differently; the result is the same on every machine.
"""

from __future__ import annotations

from pathlib import Path

from screenshots.recording import RECORDED, keep
from screenshots.repertoire import pieces


def record(directory: Path = RECORDED) -> None:
    """Rehearse every rollout, and keep what was recorded in `directory`."""
    for name, piece in pieces():
        keep(name, piece.rehearse(), directory)


if __name__ == "__main__":
    record()
