"""A console dies at each position of its journal: another one always brings the rollout to its end.

On paper, with a real journal: at every place between two appends, and with everything that was
under way having come as far as it can. `tests.kills.real` does the same with real processes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from console.domain import effects
from console.domain.events import RolloutFinished, TakenUp
from console.domain.evolve import replay
from console.domain.outcome import Outcome
from console.engine.ports import TakenOverError
from console.journal.fenced import FencedJournal
from console.journal.lease import LeaseDesk
from tests.rollout.world import NEW, OLD

from .paper import Console, InFlight, Left, fleet, positions, take_up
from .table import Row, head, line, total

# What nothing can be half of is left out for a position where no apply runs.
_OF_AN_APPLY = {InFlight.UNKNOWN, InFlight.PARTLY}


def led_on(left: Left, how: InFlight) -> tuple[Console, Row]:
    """Take the rollout up, bring it to its end, and tell everything that is wrong with that."""
    console = take_up(left, how)
    for _ in console.go_on():
        pass
    ended = console.now
    row = Row(
        left.rollout.seq,
        left.told,
        (how.value,),
        f"{ended.outcome}, exit {ended.exit_code}",
        0,
        tuple(wrongs(left, console)),
    )
    return console, row


def wrongs(left: Left, console: Console) -> list[str]:
    """Return what must never be, whatever was under way."""
    rollout, entries = console.now, console.file.read(left.rollout.id)
    plans = [e.plan for e in console.world.asked if isinstance(e, effects.ApplyPlan)]
    found = {
        "it has no named outcome": rollout.outcome not in set(Outcome),
        "a plan was applied twice": len(plans) != len(set(plans)),
        "the journal tells of another rollout": replay(entries) != rollout,
        "the succession is not on record": [e.seq for e in entries if isinstance(e.event, TakenUp)]
        != [left.rollout.seq + 1],
        "its end is not the last entry": not isinstance(entries[-1].event, RolloutFinished),
        "a region was not looked at": len(rollout.outcomes) != 3,
        "nothing leads on": not (rollout.next or rollout.outcome is Outcome.COMPLETED),
        "an effect nobody waits for": bool(console.in_flight),
        "the dead console still has the lease": LeaseDesk(console.file).look() != console.lease,
    }
    return [text for text, is_so in found.items() if is_so]


def show(rows: list[Row]) -> None:
    """Print the table; pytest shows it where a test fails, or with -s."""
    print("\n".join((head(), *map(line, rows), total(rows))))


def test_wherever_it_dies_the_rollout_completes_if_every_apply_was_done_or_not_begun(
    tmp_path: Path,
) -> None:
    rows = []
    for left in positions(fleet(), tmp_path):
        for how in (InFlight.NEVER_BEGUN, InFlight.UNSEEN):
            console, row = led_on(left, how)
            rows.append(row)
            assert (console.now.outcome, console.now.exit_code) == (Outcome.COMPLETED, 0), row
            assert all(slots == [NEW, NEW] for slots in console.world.slots.values())
            assert not console.world.tainted
    show(rows)
    assert len(rows) >= 50
    assert not [row for row in rows if row.wrongs]


def test_an_apply_that_was_cut_short_ends_inconclusive_with_a_move_that_leads_on(
    tmp_path: Path,
) -> None:
    rows = []
    for left in positions(fleet(), tmp_path):
        for how in sorted(_OF_AN_APPLY if left.is_applying else ()):
            console, row = led_on(left, how)
            rows.append(row)
            assert (console.now.outcome, console.now.exit_code) == (Outcome.INCONCLUSIVE, 5), row
            assert "release-console recover" in console.now.next
            cut = {e.unit for e in left.in_flight if isinstance(e, effects.ApplyPlan)}
            waiting = {name for name, slots in console.world.slots.items() if OLD in slots} - cut
            assert ("release-console --auto" in console.now.next) == bool(waiting), row
            orphans = sum(outcome.orphaned or 0 for outcome in console.now.outcomes)
            assert orphans == len(console.world.unknown)
    show(rows)
    assert len(rows) >= 6
    assert not [row for row in rows if row.wrongs]


def test_marks_that_were_half_made_are_made_again(tmp_path: Path) -> None:
    marking = [
        left
        for left in positions(fleet(), tmp_path)
        if any(isinstance(effect, effects.MarkSlots) for effect in left.in_flight)
        and not left.is_applying
    ]
    assert len(marking) >= 3
    for left in marking:
        console, row = led_on(left, InFlight.PARTLY)
        assert (console.now.outcome, row.wrongs) == (Outcome.COMPLETED, ())


@pytest.mark.parametrize("sick", ["us-east-1", "us-west-1"])
def test_a_rollout_that_halts_halts_with_another_console_too(tmp_path: Path, sick: str) -> None:
    rows = []
    for left in positions(fleet(frozenset({sick})), tmp_path):
        for how in (InFlight.NEVER_BEGUN, InFlight.UNSEEN):
            console, row = led_on(left, how)
            rows.append(row)
            assert (console.now.outcome, console.now.exit_code) == (Outcome.PARTIAL, 5), row
            assert sick in console.now.reason
            assert not console.world.tainted, row
    show(rows)
    assert not [row for row in rows if row.wrongs]


def test_whoever_lost_the_lease_cannot_write_any_more(tmp_path: Path) -> None:
    left = next(iter(positions(fleet(), tmp_path)))
    successor = take_up(left, InFlight.UNSEEN)
    entries = successor.file.read(left.rollout.id)

    with pytest.raises(TakenOverError, match="taken over by bob@host"):
        FencedJournal(successor.file, left.lease).append(entries[:1])

    assert successor.file.read(left.rollout.id) == entries
