"""One rollout a fleet: who has the lease, whether they live, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.journal.keeper import Keeper
from console.journal.lease import LEASE_TERM, Lease, LeaseDesk, LeaseHeldError
from console.journal.local import LocalJournal

from .conftest import NOW, Script


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> Any:
        return self.time


@pytest.fixture
def desk(journal: LocalJournal) -> LeaseDesk:
    return LeaseDesk(journal)


def claim(desk: LeaseDesk, who: str = "ada@host") -> Lease:
    return desk.claim(who, "0.1.0", "rolling out 0.9.1", NOW)


def test_nobody_has_a_fleet_at_first(desk: LeaseDesk) -> None:
    assert desk.look() is None


def test_a_claimed_fleet_tells_who_where_since_when_and_why(desk: LeaseDesk) -> None:
    claim(desk)

    held = desk.look()

    assert held is not None
    assert (held.who, held.host, held.pid) == ("ada@host", socket.gethostname(), os.getpid())
    assert (held.since, held.version) == ("2026-01-02T17:00:00+00:00", "0.1.0")
    assert held.message == "rolling out 0.9.1"


def test_a_second_claim_is_refused_and_names_the_holder(desk: LeaseDesk) -> None:
    lease = claim(desk)

    with pytest.raises(LeaseHeldError) as refused:
        claim(desk, "bob@host")

    told = str(refused.value)
    for phrase in ("ada@host", socket.gethostname(), "2026-01-02T17:00:00", "rolling out 0.9.1"):
        assert phrase in told
    assert refused.value.lease == lease
    assert desk.look() == lease


def test_a_claim_from_another_process_is_refused_too(
    desk: LeaseDesk, journal: LocalJournal, script: Script
) -> None:
    claim(desk)
    text = """
import sys
from pathlib import Path
from console.journal.lease import LeaseDesk, LeaseHeldError
from console.journal.local import LocalJournal
from tests.journal.conftest import NOW
try:
    LeaseDesk(LocalJournal(Path(sys.argv[1]), "checks")).claim("bob@host", "1", "mine", NOW)
except LeaseHeldError as error:
    print("refused:", error)
"""
    told, errors = script(text, journal.path.parent).communicate()

    assert told.startswith("refused: ada@host"), errors


def test_another_fleet_in_the_same_store_is_free(desk: LeaseDesk, journal: LocalJournal) -> None:
    claim(desk)

    other = LeaseDesk(LocalJournal(journal.path.parent, "other-fleet"))

    assert other.look() is None
    assert claim(other, "bob@host").who == "bob@host"


def test_a_lease_given_back_can_be_claimed_again(desk: LeaseDesk) -> None:
    desk.release(claim(desk))

    assert desk.look() is None
    assert claim(desk, "bob@host").who == "bob@host"


def test_giving_back_what_is_somebody_elses_does_nothing(desk: LeaseDesk) -> None:
    mine = claim(desk)
    desk.release(mine)
    theirs = claim(desk, "bob@host")

    desk.release(mine)

    assert desk.look() == theirs


def test_renewing_says_that_the_holder_lives(desk: LeaseDesk) -> None:
    lease = claim(desk)

    assert desk.renew(lease, NOW + timedelta(seconds=20))

    held = desk.look()
    assert held is not None
    assert held == replace(lease, renewed="2026-01-02T17:00:20+00:00")


@pytest.mark.parametrize("is_claimed_again", [False, True])
def test_renewing_a_lease_that_was_taken_away_fails_and_changes_nothing(
    desk: LeaseDesk, *, is_claimed_again: bool
) -> None:
    mine = claim(desk)
    desk.release(mine)
    after = claim(desk, "bob@host") if is_claimed_again else None

    assert not desk.renew(mine, NOW)
    assert desk.look() == after


def test_a_holder_whose_process_has_ended_is_seen_to_be_dead_and_still_holds(
    desk: LeaseDesk, journal: LocalJournal, script: Script
) -> None:
    text = """
import sys
from pathlib import Path
from console.journal.lease import LeaseDesk
from console.journal.local import LocalJournal
from tests.journal.conftest import NOW
LeaseDesk(LocalJournal(Path(sys.argv[1]), "checks")).claim("ada@host", "1", "mine", NOW)
print("claimed", flush=True)
sys.stdin.read()
"""
    holder = script(text, journal.path.parent)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "claimed\n"
    alive = desk.look()
    assert alive is not None
    assert alive.is_alive(NOW + timedelta(days=1))

    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # ended, and its parent has not asked
    zombie = desk.look()
    assert zombie is not None
    assert not zombie.is_alive(NOW)

    holder.wait()
    assert not zombie.is_alive(NOW)
    with pytest.raises(LeaseHeldError, match="ada@host"):
        claim(desk, "bob@host")


def test_a_holder_on_another_machine_lives_as_long_as_it_renews(desk: LeaseDesk) -> None:
    elsewhere = replace(claim(desk), host="another-machine", pid=1)

    assert elsewhere.is_alive(NOW + LEASE_TERM - timedelta(seconds=1))
    assert not elsewhere.is_alive(NOW + LEASE_TERM)


async def test_a_keeper_gives_the_lease_back_also_after_an_error(desk: LeaseDesk) -> None:
    keeper = Keeper(desk, claim(desk), Clock())

    async def fail() -> None:
        async with keeper.keeping():
            assert desk.look() is not None
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await fail()

    assert desk.look() is None


@pytest.mark.looptime
async def test_a_keeper_renews_three_times_a_term(desk: LeaseDesk) -> None:
    clock = Clock()
    keeper = Keeper(desk, claim(desk), clock)

    async with keeper.keeping():
        for _ in range(4):
            clock.time += LEASE_TERM / 3
            await asyncio.sleep(LEASE_TERM.total_seconds() / 3 + 0.01)
            held = desk.look()
            assert held is not None
            assert held.renewed == clock.time.isoformat()


def test_a_keeper_that_lost_the_lease_may_not_act_and_never_may_again(desk: LeaseDesk) -> None:
    lease = claim(desk)
    keeper = Keeper(desk, lease, Clock())
    assert keeper.may_act()

    desk.release(lease)
    theirs = claim(desk, "bob@host")

    assert not keeper.may_act()
    desk.release(theirs)
    assert not keeper.may_act()


async def test_a_keeper_that_lost_the_lease_leaves_the_new_holders_alone(desk: LeaseDesk) -> None:
    lease = claim(desk)

    async with Keeper(desk, lease, Clock()).keeping():
        desk.release(lease)
        theirs = claim(desk, "bob@host")

    assert desk.look() == theirs


def test_a_store_that_cannot_be_asked_is_no_lost_lease_before_its_term(
    desk: LeaseDesk, journal: LocalJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    keeper = Keeper(desk, claim(desk), clock)
    monkeypatch.setattr(journal, "path", journal.path.parent / "journal.sqlite3" / "nowhere")

    assert keeper.may_act()

    # Others see a holder that is dead by now, and may have taken its place.
    clock.time += LEASE_TERM
    assert not keeper.may_act()


def test_a_lease_is_kept_as_json_with_all_that_it_tells(
    desk: LeaseDesk, journal: LocalJournal, tmp_path: Path
) -> None:
    lease = claim(desk)

    ((text,),) = journal.rows("SELECT lease FROM leases")

    assert Lease(**json.loads(text)) == lease
