"""Whether a rollout is open is told without reading a single event, and as the events tell it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console.domain.events import Entry
from console.domain.evolve import replay
from console.engine.ports import JournalError
from console.journal.local import LocalJournal
from console.journal.rows import open_rollout

from .conftest import NOW, notice
from .stories import NAMES, story


def test_where_no_journal_was_written_nothing_is_open(journal: LocalJournal) -> None:
    assert open_rollout(journal.path, journal.fleet) == ""


@pytest.mark.parametrize("name", NAMES)
def test_it_is_open_at_every_entry_but_after_its_end(name: str, journal: LocalJournal) -> None:
    entries, _ = story(name)
    for number, entry in enumerate(entries, 1):
        journal.append([entry])
        rollout = replay(entries[:number])
        assert rollout is not None
        told = open_rollout(journal.path, "checks")
        assert told == ("" if rollout.is_finished else rollout.id)


def test_only_the_newest_one_of_the_fleet_counts(journal: LocalJournal) -> None:
    journal.append([notice(1, rollout="older")])
    journal.append([Entry("newer", 1, NOW.replace(hour=18), notice(1).event)])
    LocalJournal(journal.path.parent, "other-fleet").append([notice(1, rollout="theirs")])

    assert open_rollout(journal.path, "checks") == "newer"
    assert open_rollout(journal.path, "other-fleet") == "theirs"


def test_a_text_that_looks_like_an_end_is_none(journal: LocalJournal) -> None:
    journal.append([notice(1, '{"type":"RolloutFinished"}')])

    assert open_rollout(journal.path, "checks") == "r1"


def test_a_file_that_is_no_journal_is_named(journal: LocalJournal) -> None:
    journal.path.parent.mkdir(parents=True)
    journal.path.write_text("not a database, and long enough to be taken for none" * 40)

    with pytest.raises(JournalError, match=r"journal\.sqlite3 cannot be read"):
        open_rollout(journal.path, "checks")


def test_no_event_has_to_be_loaded_for_it() -> None:
    program = "import sys, console.journal.rows; print('console.domain.events' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.strip() == "False"
