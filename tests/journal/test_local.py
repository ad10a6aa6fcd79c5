"""A journal keeps what it said that it keeps: after a crash, on a full disk, beside a reader."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from console.domain.events import Entry
from console.domain.evolve import replay
from console.engine.ports import JournalError
from console.journal.local import LocalJournal
from tests.rollout.world import policy, started

from .conftest import NOW, Script, notice, texts
from .stories import NAMES, story


def test_a_journal_that_was_never_written_is_empty_and_makes_no_file(
    journal: LocalJournal,
) -> None:
    assert journal.rollouts() == ()
    assert journal.read("r1") == ()
    assert not journal.path.parent.exists()


def test_entries_are_read_in_their_order_and_from_where_a_reader_stands(
    journal: LocalJournal,
) -> None:
    journal.append([notice(1, "one"), notice(2, "two")])
    journal.append([notice(3, "three")])

    assert texts(journal.read("r1")) == ["one", "two", "three"]
    assert texts(journal.read("r1", after=2)) == ["three"]
    assert [entry.seq for entry in journal.read("r1")] == [1, 2, 3]


@pytest.mark.parametrize("name", NAMES)
def test_a_rollout_read_from_the_file_is_the_rollout_that_was_live(
    name: str, journal: LocalJournal
) -> None:
    entries, live = story(name)
    for entry in entries:
        journal.append([entry])

    assert replay(LocalJournal(journal.path.parent, "checks").read(live.id)) == live


def test_the_newest_rollout_of_the_fleet_comes_first(journal: LocalJournal) -> None:
    journal.append([notice(1, rollout="older")])
    journal.append([Entry("newer", 1, NOW.replace(hour=18), notice(1).event)])
    LocalJournal(journal.path.parent, "other-fleet").append([notice(1, rollout="theirs")])

    assert journal.rollouts() == ("newer", "older")


def test_a_place_that_is_taken_keeps_nothing_of_the_batch(journal: LocalJournal) -> None:
    journal.append([notice(1, "one"), notice(2, "two")])

    with pytest.raises(JournalError):
        journal.append([notice(3, "three"), notice(2, "two again"), notice(4, "four")])

    assert texts(journal.read("r1")) == ["one", "two"]


def test_two_consoles_cannot_write_the_same_place(journal: LocalJournal) -> None:
    other = LocalJournal(journal.path.parent, "checks")
    journal.append([notice(1, "mine")])

    with pytest.raises(JournalError):
        other.append([notice(1, "theirs")])

    assert texts(other.read("r1")) == ["mine"]


def test_the_store_is_for_its_owner_only(journal: LocalJournal) -> None:
    journal.append([notice(1)])

    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_an_appended_entry_is_on_the_disk_when_append_returns(journal: LocalJournal) -> None:
    with journal.connect() as connection:
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()

    assert (synchronous, mode) == (2, "wal")  # 2 is FULL: each commit is synced


_WRITER = """
import sys
from pathlib import Path
from console.journal.local import LocalJournal
from tests.journal.conftest import notice

journal = LocalJournal(Path(sys.argv[1]), "checks")
seq = 0
while True:
    journal.append([notice(seq + 1, "a"), notice(seq + 2, "b")])
    seq += 2
    print(seq, flush=True)
"""


def test_what_a_killed_writer_has_appended_is_kept_and_the_next_can_go_on(
    journal: LocalJournal, script: Script
) -> None:
    writer = script(_WRITER, journal.path.parent)
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(20)]
    writer.kill()
    rest, _ = writer.communicate()
    last = [*told, *(int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n"))]

    kept = [entry.seq for entry in journal.read("r1")]

    assert kept[: last[-1]] == list(range(1, last[-1] + 1))
    assert len(kept) % 2 == 0  # of the batch that it died in, all or nothing
    journal.append([notice(len(kept) + 1, "after")])
    assert texts(journal.read("r1", after=len(kept))) == ["after"]


_HALF_A_BATCH = """
import sys
from pathlib import Path
from console.journal.codec import encode, format_time
from console.journal.local import LocalJournal
from tests.journal.conftest import notice

journal = LocalJournal(Path(sys.argv[1]), "checks")
journal.append([notice(1, "whole")])
with journal.connect() as connection:
    entry = notice(2, "half")
    row = (entry.rollout, entry.seq, format_time(entry.at), "checks", encode(entry.event))
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
    print("in the middle", flush=True)
    sys.stdin.read()
"""


def test_a_writer_killed_in_the_middle_of_a_batch_leaves_nothing_of_it_and_no_lock(
    journal: LocalJournal, script: Script
) -> None:
    writer = script(_HALF_A_BATCH, journal.path.parent)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "in the middle\n"

    # A reader beside it sees what is whole, and does not wait.
    assert texts(journal.read("r1")) == ["whole"]

    writer.kill()
    writer.wait()
    journal.append([notice(2, "next")])
    assert texts(journal.read("r1")) == ["whole", "next"]


def test_a_reader_in_the_middle_of_reading_does_not_hold_up_a_writer(
    journal: LocalJournal,
) -> None:
    journal.append([notice(1, "one")])
    uri = f"{journal.path.as_uri()}?mode=ro"

    with closing(sqlite3.connect(uri, uri=True)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM entries").fetchone()
        journal.append([notice(2, "two")])
        after = reader.execute("SELECT count(*) FROM entries").fetchone()

    assert (before, after) == ((1,), (1,))
    assert texts(journal.read("r1")) == ["one", "two"]


def test_a_reader_writes_nothing(journal: LocalJournal) -> None:
    journal.append([notice(1)])

    with pytest.raises(JournalError, match=r"journal\.sqlite3"):
        journal.rows("INSERT INTO leases VALUES ('checks', '{}')")


# A limit on the size of a file is a full disk for one process: the write itself fails.
_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from console.engine.ports import JournalError
from console.journal.local import LocalJournal
from tests.journal.conftest import notice

journal = LocalJournal(Path(sys.argv[1]), "checks")
journal.append([notice(1, "before")])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
try:
    journal.append([notice(2, "x" * 40_000), notice(3, "y" * 40_000)])
except JournalError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
journal.append([notice(2, "after")])
"""


def test_a_full_disk_is_told_with_a_remedy_and_keeps_nothing_half_written(
    journal: LocalJournal, script: Script
) -> None:
    told, errors = script(_FULL_DISK, journal.path.parent).communicate()

    assert str(journal.path) in told, errors
    assert "cannot be written" in told
    assert "free some space" in told
    assert texts(journal.read("r1")) == ["before", "after"]


def test_a_store_that_is_not_writable_is_told_with_a_remedy(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tmp_path.chmod(0o500)
    request.getfixturevalue("without_privileges")

    with pytest.raises(JournalError, match="make its directory writable"):
        LocalJournal(tmp_path / "store", "checks").append([notice(1)])


def test_a_store_that_is_a_file_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a directory")

    with pytest.raises(JournalError, match="make its directory writable"):
        LocalJournal(tmp_path / "store", "checks").append([notice(1)])


def test_a_file_that_is_no_journal_is_told_and_left_as_it_is(journal: LocalJournal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_text("something that somebody needs" * 100)

    with pytest.raises(JournalError, match=r"journal\.sqlite3"):
        journal.read("r1")
    with pytest.raises(JournalError, match=r"journal\.sqlite3"):
        journal.append([notice(1)])
    assert journal.path.read_text() == "something that somebody needs" * 100


def test_an_entry_that_this_version_cannot_read_is_told_with_its_place(
    journal: LocalJournal,
) -> None:
    journal.append([Entry("r1", 1, NOW, started(policy(us_east_1=1))), notice(2)])
    with journal.connect() as connection:
        connection.execute('UPDATE entries SET event = \'{"type": "FromTheFuture"}\' WHERE seq = 2')

    with pytest.raises(JournalError, match=r"entry 2 of r1"):
        journal.read("r1")
