"""The numbers of each look are kept beside the journal, and come back as they were."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from console.domain.figures import Figures, ReleaseFigures
from console.domain.fleet import RegionName
from console.domain.release import ReleaseLabel
from console.engine.ports import JournalError
from console.journal.figures import FiguresFile

from .conftest import NOW

WEST = RegionName("us-west-1")
SEEN = Figures(
    WEST,
    NOW,
    (ReleaseFigures(ReleaseLabel("0.9.0"), 2, 40, 1), ReleaseFigures(ReleaseLabel("0.9.1"), 1)),
    timedelta(minutes=15),
    backlog=7,
    in_flight=2,
    dead_letters=0,
    oldest=timedelta(seconds=4),
)
BLIND = Figures(WEST, NOW + timedelta(seconds=10))
"""Nobody could read anything then."""


@pytest.fixture
def kept(tmp_path: Path) -> FiguresFile:
    """A file that was never written to, in a directory that there is not."""
    return FiguresFile(tmp_path / "store")


def test_what_was_kept_is_read_in_the_order_of_time_rollout_by_rollout(kept: FiguresFile) -> None:
    kept.keep("r1", BLIND)
    kept.keep("r1", SEEN)
    kept.keep("r2", SEEN)

    assert kept.read("r1") == (SEEN, BLIND)
    assert kept.read("r2") == (SEEN,)


def test_nothing_is_read_and_no_file_made_where_nobody_kept_any(kept: FiguresFile) -> None:
    assert kept.read("r1") == ()
    assert not kept.path.parent.exists()


def test_a_file_that_is_none_of_ours_is_told(kept: FiguresFile) -> None:
    kept.path.parent.mkdir()
    kept.path.write_text("no database, and long enough for its header to be read" * 100)

    with pytest.raises(JournalError, match=r"samples\.sqlite3 cannot be read"):
        kept.read("r1")
