"""From a halt to a fleet that is whole, by keys alone, whatever the first move has to be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from textual.widgets import Static

from console.domain import effects
from console.domain.commands import Recover
from console.domain.failure import Failure
from console.domain.fleet import (
    InstanceId,
    ObjectKind,
    RegionName,
    RegionState,
    SlotIndex,
    StateObject,
    UnitName,
)
from console.domain.machine import decide
from console.domain.observations import Observation, Recovered
from console.domain.recovery.advice import Advice, advise
from console.domain.recovery.remedies import TOLD, Remedy
from console.domain.recovery.situation import Liveness, Situation
from console.domain.rollout import Rollout
from console.tui.surroundings import Handle
from console.tui.widgets.moves import Moves
from tests.recovery.situations import (
    INCONCLUSIVE,
    LOCK,
    OLD,
    SILENT,
    WORKS,
    current,
    deposed,
    locked,
    orphan,
    quiet,
    region,
    tainted,
)
from tests.tui.paper import Shown
from tests.tui.test_recover import (
    EAST,
    RESTORED,
    Surgeon,
    Ward,
    confirming,
    halted,
    notes,
    opened,
    outlook,
    ward,
)

FLEET, LOCK_ID, ORPHAN = "checks", "3f0c", "i-orphan"

SLOW = region(tainted(0, WORKS), deposed(0))
MARKED = region(tainted(0, WORKS, OLD))
LEFT_OVER = region(current(0, WORKS, OLD), orphan(SILENT), cause=INCONCLUSIVE)
INSTEAD = region(orphan(WORKS), cause=INCONCLUSIVE)
UNWRITTEN = replace(
    region(tainted(0, WORKS, OLD), orphan(WORKS), cause=INCONCLUSIVE),
    has_errored_state=True,
    unwritten=(
        StateObject("worker[0]", SlotIndex(0), InstanceId(ORPHAN), None, is_tainted=True),
        StateObject("worker[0]", SlotIndex(0), InstanceId("i-old-0"), None, "d3ad"),
    ),
)
PUSHED = region(
    replace(orphan(WORKS), kind=ObjectKind.CURRENT, is_tainted=True), deposed(0), cause=INCONCLUSIVE
)
WHOLE = quiet(current(0, WORKS))


class Steps(Surgeon):
    """Makes moves on paper: after each, the next thing is true."""

    def __init__(self, it: Ward, later: Sequence[Situation]) -> None:
        super().__init__(it)
        self.later = [replace(situation, region=EAST) for situation in later]

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        if isinstance(effect, effects.Recover):
            self.ward.situations = [self.later.pop(0)]
            return Recovered(effect.at, RESTORED)
        return await super().perform(effect, rollout)


def led(first: Situation, *later: Situation) -> Ward:
    """A region in which `first` is true; each move leads to the next of `later`."""
    it = ward(replace(first, region=EAST))
    it.paper.performer = Steps(it, later)
    return it


async def make_the_recommended(shown: Shown, remedy: Remedy, name: str) -> None:
    """Say yes to the move that the cursor is on as the screen opens, by its keys."""
    await shown.until(lambda: _chosen(shown) is remedy)
    await confirming(shown)
    assert TOLD[remedy].verb in shown.text()
    if not name:
        await shown.pilot.press("y")
        return
    await shown.pilot.press("y", "enter")  # is no yes to a dangerous one
    await shown.until(lambda: type(shown.app.screen).__name__ == "ConfirmScreen")
    assert name in shown.text()
    await shown.pilot.press("backspace", *name, "enter")


def is_told(shown: Shown, remedy: Remedy) -> bool:
    """Whether the story says how a move ended."""
    story = str(shown.app.screen.query_one("#story-text").render()).splitlines()
    return any(f"{remedy} of {EAST}" in line and RESTORED in line for line in story)


def _chosen(shown: Shown) -> Remedy | None:
    # Until the screen is there, it has no moves.
    options = [moves.option for moves in shown.app.screen.query(Moves)]
    return next((option.remedy for option in options if option is not None), None)


@pytest.mark.parametrize(
    ("situation", "remedy", "typed"),
    [
        (SLOW, Remedy.ACCEPT, FLEET),
        (MARKED, Remedy.UNTAINT, ""),
        (LEFT_OVER, Remedy.TERMINATE, ORPHAN),
        (INSTEAD, Remedy.ADOPT, ORPHAN),
        (locked(LEFT_OVER, Liveness.DEAD), Remedy.UNLOCK, LOCK_ID),
        (UNWRITTEN, Remedy.PUSH_STATE, FLEET),
    ],
    ids=lambda value: value.value if isinstance(value, Remedy) else "",
)
async def test_each_kind_of_move_is_made_by_keys_alone(
    situation: Situation, remedy: Remedy, typed: str
) -> None:
    it = led(situation, WHOLE)
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        await make_the_recommended(shown, remedy, typed)
        await shown.sees("as promised: 3 of 3")
        await shown.until(lambda: "go back and close it" in " ".join(shown.text().split()))
    (made,) = it.moves
    option = advise(replace(situation, region=EAST)).recommended
    assert option is not None
    assert made.move == option.move(replace(situation, region=EAST))
    assert made.move.remedy is remedy


async def test_a_lock_a_lost_state_and_a_slow_worker_are_led_out_of_one_after_the_other() -> None:
    it = led(locked(UNWRITTEN, Liveness.DEAD), UNWRITTEN, PUSHED, WHOLE)
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        for remedy, name in (
            (Remedy.UNLOCK, LOCK_ID),
            (Remedy.PUSH_STATE, FLEET),
            (Remedy.ACCEPT, FLEET),
        ):
            await make_the_recommended(shown, remedy, name)
            await shown.until(lambda: type(shown.app.screen).__name__ == "RecoverScreen")
            # Told only by a look that was begun after the move's end: the next move holds then.
            await shown.until(lambda: is_told(shown, remedy))  # noqa: B023 - awaited here
        await shown.until(lambda: "go back and close it" in " ".join(shown.text().split()))
        await shown.pilot.press("escape")
        await shown.say_yes(opens="e")
        await shown.sees("partial")
    assert [made.move.remedy for made in it.moves] == [
        Remedy.UNLOCK,
        Remedy.PUSH_STATE,
        Remedy.ACCEPT,
    ]


async def test_a_lock_is_taken_away_before_anything_was_ever_rolled_out() -> None:
    it = led(locked(WHOLE, Liveness.DEAD), WHOLE)

    async def state(unit: UnitName) -> Mapping[RegionName, RegionState] | Failure:
        found = await it.paper.state(unit)
        assert not isinstance(found, Failure)
        return {region: replace(known, lock=LOCK) for region, known in found.items()}

    async with it.shown(choice=None, where="--config other.yaml", state=state) as shown:
        await shown.sees("in the registry")
        await shown.sees("us-east-1: ann@build-7 holds the state lock")
        await shown.sees("^r Recover")
        await shown.pilot.press("ctrl+r")
        await shown.sees("▶ unlock")
        # No rollout tells how its settings were named.
        typed = f"--confirm {LOCK_ID} --config other.yaml"
        await shown.until(lambda: typed in outlook(shown.app.screen))
        await make_the_recommended(shown, Remedy.UNLOCK, LOCK_ID)
        await shown.until(lambda: len(it.made) == 1)
    assert it.made[0].move.lock == LOCK_ID


async def test_a_move_is_not_asked_for_again_before_it_has_begun() -> None:
    it = ward()
    held = asyncio.Event()

    async def make_move(command: Recover, attach: Callable[[Handle], None]) -> Rollout:
        await held.wait()  # as for the lease and the first look at the fleet
        return await it.make_move(command, attach)

    async with it.shown() as shown:
        await halted(shown)
        await shown.say_yes(opens="e")
        await shown.sees("partial")
    async with it.shown(choice=None, make_move=make_move) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await make_the_recommended(shown, Remedy.RESTORE, FLEET)
        await shown.sees("restore of us-east-1 slots 0, 1, 2 is about to begin")
        await shown.pilot.press("enter")
        await shown.until(lambda: any("restore: not now" in note for note in notes(shown)))
        assert type(shown.app.screen).__name__ == "RecoverScreen"
        shown.conductor.backstage.call(held.set)
        await shown.sees("as promised: 3 of 3")
    assert len(it.made) == 1


async def test_no_move_is_asked_for_by_what_was_seen_before_the_last_one() -> None:
    it = led(MARKED, WHOLE)
    seen = threading.Event()
    seen.set()

    async def advise(regions: Sequence[RegionName] | None) -> Sequence[tuple[Situation, Advice]]:
        found = await it.advise(regions)
        while not seen.is_set():
            await asyncio.sleep(0.01)
        return found

    async with it.shown() as shown:
        await halted(shown)
        await shown.say_yes(opens="e")
        await shown.sees("partial")
    async with it.shown(choice=None, advise=advise) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await shown.sees("▶ untaint")
        seen.clear()
        await make_the_recommended(shown, Remedy.UNTAINT, "")
        await shown.sees("us-east-1 is looked at again, after the last move")
        await shown.pilot.press("enter")
        await shown.until(lambda: any("untaint: not now" in note for note in notes(shown)))
        seen.set()
        await shown.sees("as promised: 3 of 3")
    assert len(it.made) == 1


async def test_a_long_question_fits_the_smallest_screen_and_can_be_read_to_its_end() -> None:
    it = led(locked(LEFT_OVER, Liveness.DEAD), WHOLE)
    async with it.shown((80, 24)) as shown:
        await halted(shown)
        await shown.pilot.press("v")
        await shown.until(lambda: _chosen(shown) is Remedy.UNLOCK)
        await confirming(shown)
        for phrase in ("Unlock in us-east-1", f"type {LOCK_ID} to say yes", "esc Not now"):
            assert phrase in shown.text()
        assert "Undo:" not in shown.text()
        await shown.pilot.press(*["down"] * 20)
        await shown.sees("Undo:")
        assert it.moves == []


async def test_a_push_says_beforehand_what_the_state_will_learn() -> None:
    it = led(UNWRITTEN, WHOLE)
    async with it.shown((140, 44)) as shown:
        await halted(shown)
        await opened(shown)
        await shown.until(lambda: _chosen(shown) is Remedy.PUSH_STATE)
        await confirming(shown)
        texts = (str(part.render()) for part in shown.app.screen.query(Static))
        told = " ".join(" ".join(texts).split())
        assert "i-orphan is the instance of slot 0, tainted" in told
        assert "i-old-0 is deposed in slot 0" in told
    assert it.moves == []


async def test_a_move_whose_console_died_after_the_end_holds_no_move_back() -> None:
    it = led(MARKED, WHOLE)
    async with it.shown() as shown:
        await halted(shown)
        await shown.say_yes(opens="e")
        await shown.sees("partial")
    rollout = it.paper.rollout
    option = advise(it.situations[0]).recommended
    assert option is not None
    died = Recover(option.move(it.situations[0]), "", "ada@gone")
    it.paper.journal.append(decide(rollout, died, it.paper.performer.clock.now()).entries)
    lives = [True]

    async with it.shown(choice=None, holder_lives=lambda: lives[0]) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await shown.sees("▶ untaint")
        await shown.pilot.press("enter")
        await shown.sees("recover is under way")
    lives[0] = False
    async with it.shown(choice=None, holder_lives=lambda: lives[0]) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await shown.sees("▶ untaint")
        await shown.until(lambda: not shown.app.scene.holder_lives)
        await make_the_recommended(shown, Remedy.UNTAINT, "")
        await shown.until(lambda: len(it.made) == 1)
