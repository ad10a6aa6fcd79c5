"""The screen that leads on: what is true, which moves there are, and how one is made by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from textual.screen import Screen

from console.domain import effects
from console.domain.commands import Close, Interrupt, Recover, Skip
from console.domain.evolve import replay
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName, SlotIndex, UnitName
from console.domain.observations import Failed, Observation, Recovered
from console.domain.outcome import Outcome
from console.domain.policy import Approve as Approvals
from console.domain.recovery.advice import Advice, advise
from console.domain.recovery.move import Move, Promised
from console.domain.recovery.remedies import Remedy
from console.domain.recovery.situation import Situation
from console.domain.release import ReleaseLabel
from console.domain.rollout import Rollout
from console.domain.signs import Mode
from console.engine.engine import Engine
from console.engine.stream import Stream
from console.tui.screens.recover import RecoverScreen
from console.tui.surroundings import Choice, Handle
from console.tui.widgets.moves import Moves
from tests.recovery.situations import OLD, WORKS, bad_image, current, orphan, quiet
from tests.rollout.world import NEW
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import Paper, PaperPerformer, Shown, console

EAST = RegionName("us-east-1")
BROKEN = Failure(FailureKind.FAILED, "3 instances did not become ready", evidence="exit status 1")
RESTORED = "as promised: 3 of 3 workers are healthy, nothing is left over"


def broken(evidence: str = "exit status 1") -> Situation:
    """Three slots: each new instance is silent, each old one still works."""
    cause = replace(BROKEN, evidence=evidence)
    return replace(bad_image(3), region=EAST, cause=cause)


def restored() -> Situation:
    return replace(quiet(*(current(i, WORKS, OLD) for i in range(3)), desired=3), region=EAST)


class Surgeon(PaperPerformer):
    """Makes moves on paper: afterwards the region is whole."""

    def __init__(self, ward: Ward) -> None:
        super().__init__(ward.paper.world)
        self.ward = ward

    async def perform(self, effect: effects.Effect, rollout: Rollout) -> Observation:
        if isinstance(effect, effects.Recover):
            self.ward.situations = [restored()]
            return Recovered(effect.at, RESTORED)
        if isinstance(effect, effects.ApplyPlan) and effect.unit in self.ward.failing:
            return Failed(effect.at, BROKEN)
        return await super().perform(effect, rollout)


class Ward:
    """A fleet that has halted, and what is seen of it."""

    def __init__(self, paper: Paper, *situations: Situation) -> None:
        self.paper = paper
        self.situations = list(situations) or [broken()]
        self.failing: set[UnitName] = set()
        """Units whose apply fails, beside those that the world fails."""
        self.blindness: Exception | None = None
        """Why nobody can look at a region."""
        self.chosen: list[Choice] = []
        """Every rollout that was begun."""
        self.made: list[Recover] = []
        """Every move that was made with an engine of its own."""
        paper.performer = Surgeon(self)
        paper.world.failures[effects.ApplyPlan] = BROKEN

    async def advise(
        self, regions: Sequence[RegionName] | None
    ) -> Sequence[tuple[Situation, Advice]]:
        if self.blindness is not None:
            raise self.blindness
        wanted = [s for s in self.situations if regions is None or s.region in regions]
        return tuple((situation, advise(situation)) for situation in wanted)

    async def roll_out(self, choice: Choice, attach: Callable[[Handle], None]) -> Rollout:
        self.chosen.append(choice)
        return await self.paper.roll_out(choice, attach)

    async def make_move(self, command: Recover, attach: Callable[[Handle], None]) -> Rollout:
        self.made.append(command)
        stream = Stream()
        paper = self.paper
        engine = Engine(paper.journal, paper.performer, stream, paper.performer.clock)
        attach(Handle(engine.send, stream.join))
        newest = replay(paper.journal.read(paper.journal.rollouts()[0], 0))
        assert newest is not None
        return await engine.proceed(newest, command)

    def shown(
        self, size: tuple[int, int] = (120, 36), **changes: Any
    ) -> AbstractAsyncContextManager[Shown]:
        return console(
            self.paper,
            size,
            **{
                "roll_out": self.roll_out,
                "advise": self.advise,
                "make_move": self.make_move,
                "advise_every": timedelta(seconds=0.2),
                **changes,
            },
        )

    @property
    def moves(self) -> list[Recover]:
        return [command for command in self.paper.sent if isinstance(command, Recover)]


def ward(*situations: Situation, **rules: Any) -> Ward:
    return Ward(one_region(approve=Approvals.ONCE, **rules), *situations)


async def halted(shown: Shown) -> None:
    await shown.sees("Ship 0.9.1?")
    await shown.say_yes()
    await shown.sees("halted at")


async def opened(shown: Shown) -> RecoverScreen:
    await shown.pilot.press("v")
    await shown.until(lambda: isinstance(shown.app.screen, RecoverScreen))
    await shown.sees("restore")
    assert isinstance(shown.app.screen, RecoverScreen)
    return shown.app.screen


async def choose(shown: Shown, remedy: Remedy) -> None:
    """Move the cursor down to a move."""
    await shown.pilot.press("home")
    for _ in Remedy:
        option = shown.app.screen.query_one(Moves).option
        if option is not None and option.remedy is remedy:
            return
        await shown.pilot.press("down")
    raise AssertionError(f"there is no {remedy}:\n{shown.text()}")


async def confirming(shown: Shown) -> None:
    await shown.pilot.press("enter")
    await shown.reads_the_question()


def outlook(screen: Screen[Any]) -> str:
    """Return what is told of the move under the cursor, however it is wrapped."""
    return " ".join(str(screen.query_one("#outlook-text").render()).split())


def notes(shown: Shown) -> list[str]:
    return [str(note.message) for note in shown.app._notifications]


async def test_it_shows_every_object_and_each_move_with_its_reason() -> None:
    it = ward()
    async with it.shown((140, 44)) as shown:
        await halted(shown)
        screen = await opened(shown)
        for slot in range(3):
            await shown.sees(f"i-new-{slot}")
            await shown.sees(f"i-old-{slot}")
        for standing in ("tainted", "deposed"):
            await shown.until(lambda: shown.text().count(standing) >= 3)  # noqa: B023 - awaited here
        await shown.sees("3 workers are healthy and 3 are wanted")
        await shown.sees("exit status 1")
        await shown.sees("▶ restore")
        await shown.sees("✗ accept")
        for option in advise(broken()).options:
            await choose(shown, option.remedy)
            wanted = [option.standing, option.reason]
            if option.may_be_made:
                wanted += [option.consequence, f"release-console recover {option.remedy}"]
            await shown.until(lambda: all(text in outlook(screen) for text in wanted))  # noqa: B023 - awaited here
        assert it.paper.sent[1:] == []


async def test_home_and_end_are_the_first_and_the_last_move() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        screen = await opened(shown)
        options = advise(broken()).options
        for key, wanted in (("end", options[-1]), ("home", options[0])):
            await shown.pilot.press(key)
            await shown.until(lambda: screen.query_one(Moves).option == wanted)  # noqa: B023 - awaited here


async def test_enter_on_a_move_that_is_forbidden_says_why_and_does_nothing() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        before = len(it.paper.journal.kept["r1"])
        for remedy, standing in ((Remedy.ACCEPT, "forbidden"), (Remedy.UNTAINT, "")):
            await choose(shown, remedy)
            await shown.pilot.press("enter")
            await shown.until(lambda: any(f"{remedy}: not now" in note for note in notes(shown)))  # noqa: B023 - awaited here
            assert any(standing in note for note in notes(shown))
        assert isinstance(shown.app.screen, RecoverScreen)
        assert it.moves == []
        assert len(it.paper.journal.kept["r1"]) == before


async def test_a_restore_takes_the_typed_name_and_sends_exactly_what_was_shown() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        await choose(shown, Remedy.RESTORE)
        await confirming(shown)
        await shown.pilot.press("y", "enter", *"check", "enter")
        assert it.moves == []
        await shown.pilot.press(*(["backspace"] * 6), *"checks", "enter")
        await shown.sees("as promised: 3 of 3")
        await shown.until(lambda: "i-new-0" not in shown.text())
        await shown.until(lambda: "go back and close it" in " ".join(shown.text().split()))
    option = advise(broken()).option(Remedy.RESTORE)
    ids = tuple(InstanceId(f"i-new-{i}") for i in range(3))
    move = Move(EAST, Remedy.RESTORE, (0, 1, 2), removes=ids)
    assert it.moves == [Recover(move, option.consequence, "ada@host")]
    assert it.paper.rollout.recoveries[0].note == RESTORED


async def test_a_move_that_is_another_one_by_now_is_not_sent() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        await choose(shown, Remedy.RESTORE)
        await confirming(shown)
        it.situations = [replace(bad_image(2), region=EAST, desired=3)]
        await shown.sees("no longer asked")
        await shown.pilot.press(*"checks", "enter")
        await shown.pilot.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, RecoverScreen))
        assert it.moves == []


async def test_a_retry_closes_the_halted_rollout_and_begins_another_over_what_is_left() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        await choose(shown, Remedy.RETRY)
        it.paper.world.failures.clear()
        await confirming(shown)
        await shown.sees("is closed first")
        await shown.pilot.press("y")
        await shown.sees("Ship 0.9.1?")
        assert type(shown.app.screen).__name__ == "OperateScreen"
        await shown.say_yes()
        await shown.sees("completed")
    assert [type(c) for c in it.paper.sent].count(Close) == 1
    assert it.chosen[1:] == [
        Choice(
            ReleaseLabel("0.9.1"),
            NEW.image,  # pushed already: it is not built again
            (EAST,),
            accept_leftovers=True,
            only_slots=((EAST, (SlotIndex(0), SlotIndex(1), SlotIndex(2))),),
            promised=(Promised(EAST, healthy=3, left_over=0),),
        ),
    ]
    first = replay(it.paper.journal.read("r1", 0))
    assert first is not None
    assert first.outcome is Outcome.PARTIAL


async def test_a_rollback_ships_what_ran_before_and_says_what_it_takes_back() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        await choose(shown, Remedy.ROLLBACK)
        await confirming(shown)
        await shown.pilot.press("y")
        await shown.until(lambda: len(it.chosen) == 2)
    assert it.chosen[1].label == OLD
    assert it.chosen[1].rolls_back == "r1"
    assert it.chosen[1].image is not None


async def test_after_the_end_a_move_has_an_engine_of_its_own() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await shown.say_yes(opens="e")
        await shown.sees("partial")
        await opened(shown)
        await choose(shown, Remedy.RESTORE)
        await confirming(shown)
        await shown.pilot.press(*"checks", "enter")
        await shown.sees("as promised: 3 of 3")
    assert it.moves == []
    assert [command.move.remedy for command in it.made] == [Remedy.RESTORE]


async def test_an_ended_rollout_is_followed_by_another_one_by_keys_alone() -> None:
    it = ward()
    it.paper.world.failures.clear()
    async with it.shown() as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed")
        await shown.pilot.press("s")
        await shown.until(lambda: type(shown.app.screen).__name__ == "StartScreen")
        await shown.pilot.press("escape")
        await shown.until(lambda: type(shown.app.screen).__name__ == "OperateScreen")
        await shown.pilot.press("s")
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+s")
        await shown.until(lambda: len(it.chosen) == 2)
        await shown.sees("Ship 0.9.1?")
        assert len(shown.app.screen_stack) == 2


async def test_no_other_rollout_begins_while_one_is_under_way() -> None:
    it = ward()
    async with it.shown() as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("s")
        await shown.until(lambda: any("New rollout: not now" in note for note in notes(shown)))
        await opened(shown)
        await choose(shown, Remedy.RETRY)
        await shown.pilot.press("enter")
        await shown.until(lambda: any("has not halted" in note for note in notes(shown)))
    assert len(it.chosen) == 1


async def test_a_region_is_left_as_it_is_and_the_others_go_on() -> None:
    paper = two_waves(approve=Approvals.ONCE, max_parallel=1)
    it = Ward(paper)
    paper.world.failures.clear()
    it.failing = {UnitName("us-west-1")}
    async with it.shown() as shown:
        await halted(shown)
        await shown.pilot.press("k")
        await shown.sees("Left as it is")
        await shown.sees("us-west-1")
        await shown.reads_the_question()
        await shown.pilot.press("y")
        await shown.sees("partial")
    assert [type(c) for c in paper.sent].count(Skip) == 1
    assert paper.world.slots["eu-west-1"][0] != paper.world.slots["us-west-1"][0]


async def test_a_failed_canary_cannot_be_skipped() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await shown.pilot.press("k")
        await shown.until(lambda: any("the canary failed" in note for note in notes(shown)))
    assert not any(isinstance(c, Skip) for c in it.paper.sent)


async def test_evidence_and_ids_are_shown_and_never_obeyed() -> None:
    foreign = "[bold]x[/] [/] \x1b[31mred\x07 [@click=app.exit]gone[/]"
    strange = replace(broken(foreign), objects=(*broken().objects, orphan(WORKS, name="[/]i-x")))
    it = ward(strange)
    async with it.shown((140, 44)) as shown:
        await halted(shown)
        await opened(shown)
        await shown.sees(r"[bold]x[/] [/] \x1b[31mred\x07 [@click=app.exit]gone[/]")
        await choose(shown, Remedy.TERMINATE)
        await shown.sees("[/]i-x")
        await shown.pilot.press("enter")
        await shown.pilot.pause(0.3)
        assert shown.app.is_running


async def test_several_regions_stand_side_by_side_those_that_need_help_first() -> None:
    well = replace(restored(), region=RegionName("eu-west-1"))
    it = ward(well, broken())
    async with it.shown() as shown:
        await halted(shown)
        await opened(shown)
        await shown.sees("[✗ us-east-1]")
        assert shown.text().index("us-east-1]") < shown.text().index("✓ eu-west-1")
        await shown.pilot.press("n")
        await shown.sees("[✓ eu-west-1]")
        await shown.until(lambda: "i-new-0" not in shown.text())


async def test_a_look_that_fails_is_told_and_taken_again() -> None:
    it = ward()
    it.blindness = ConnectionError("EC2 does not answer")
    async with it.shown() as shown:
        await halted(shown)
        await shown.pilot.press("v")
        await shown.sees("EC2 does not answer")
        it.blindness = None
        await shown.sees("▶ restore")
        await shown.until(lambda: "EC2 does not answer" not in shown.text())


async def test_a_region_opens_on_its_own_moves() -> None:
    paper = two_waves(approve=Approvals.ONCE)
    it = Ward(paper, replace(broken(), region=RegionName("eu-west-1")), broken())
    async with it.shown() as shown:
        await halted(shown)
        await shown.pilot.press("1", "home", "enter")
        await shown.until(lambda: type(shown.app.screen).__name__ == "RegionScreen")
        await opened(shown)
        await shown.sees("[✗ us-east-1]")
        await shown.pilot.press("escape")
        await shown.until(lambda: type(shown.app.screen).__name__ == "RegionScreen")


async def test_the_start_form_leads_to_what_an_earlier_rollout_has_left() -> None:
    it = ward()
    async with it.shown() as shown:
        await halted(shown)
        await shown.say_yes(opens="e")
        await shown.sees("partial")
    it.paper.world.failures.clear()
    async with it.shown(choice=None) as shown:
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+r")
        await shown.sees("▶ restore")
        await choose(shown, Remedy.RETRY)
        await confirming(shown)
        await shown.pilot.press("y")
        await shown.sees("Ship 0.9.1?")
        assert len(shown.app.screen_stack) == 2
    assert it.chosen[-1].accept_leftovers


async def test_an_interrupt_of_the_rollout_before_does_not_count_for_the_next_one() -> None:
    it = ward()
    async with it.shown() as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.pilot.press("ctrl+c")
        await shown.sees("aborted")
        await shown.pilot.press("s")
        await shown.sees("in the registry")
        await shown.pilot.press("ctrl+s")
        await shown.sees("Ship 0.9.1?")
        it.paper.sent.clear()
        await shown.pilot.press("ctrl+c")
        await shown.sees("aborted")
    assert [type(command) for command in it.paper.sent] == [Interrupt]


async def test_the_watcher_sees_the_moves_and_makes_none() -> None:
    it = ward()
    async with it.shown() as operator:
        await halted(operator)
        async with console(
            it.paper,
            mode=Mode.WATCH,
            choice=None,
            roll_out=None,
            advise=it.advise,
            advise_every=timedelta(seconds=0.2),
        ) as watcher:
            await watcher.sees("halted at")
            await opened(watcher)
            await choose(watcher, Remedy.RESTORE)
            await watcher.pilot.press("enter")
            await watcher.until(lambda: any("changes nothing" in note for note in notes(watcher)))
            assert it.moves == []
