"""What may be done to a rollout that stopped: moves, skips, rollbacks; and what may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain import effects
from console.domain.allowed import Action, against_recovery, allowance
from console.domain.automatic_rollback import rolls_back_by_itself
from console.domain.commands import Approve, Close, InterruptNow, Recover, Skip, TakeUp
from console.domain.events import (
    ApprovalRequested,
    Entry,
    Event,
    RecoveryFinished,
    RecoveryStarted,
)
from console.domain.evolve import evolve
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import RegionName, SlotIndex, UnitName
from console.domain.machine import Input, decide
from console.domain.observations import Failed, Recovered
from console.domain.outcome import Outcome, RegionPhase
from console.domain.path_view import view_path
from console.domain.policy import OnFailure, Policy
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.domain.run_by import RunBy
from console.domain.steps import Asks, At, Step, Subject

from .world import BROKEN, NEW, OLD, PaperWorld, policy, run, started, yes

EAST, EU = RegionName("us-east-1"), RegionName("eu-west-1")
MOVE = Move(EAST, Remedy.RESTORE, (0,))


def only_yes(event: Event) -> Input | None:
    return Approve(event.subject, "test") if isinstance(event, ApprovalRequested) else None


def two_regions(**rules: object) -> tuple[PaperWorld, Policy]:
    world = PaperWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]})
    return world, replace(policy(us_east_1=1, eu_west_1=2), **rules)  # type: ignore[arg-type]


class BreaksIn(PaperWorld):
    """A world in which the apply of one region fails."""

    def __init__(self, region: str, slots: dict[str, list[object]]) -> None:
        super().__init__(slots)  # type: ignore[arg-type]
        self.region = region

    def answer(self, effect: effects.Effect) -> object:  # type: ignore[override]
        if isinstance(effect, effects.ApplyPlan) and effect.unit == self.region:
            self.asked.append(effect)
            return Failed(effect.at, BROKEN)
        return super().answer(effect)


def halted_in(
    region: str, answer: object = only_yes, **rules: object
) -> tuple[PaperWorld, Rollout]:
    world = BreaksIn(region, {"us-east-1": [OLD], "eu-west-1": [OLD, OLD]})
    _, made = two_regions(**rules)
    rollout = run(world, started(made), answer, most_s=400)  # type: ignore[arg-type]
    assert rollout.halt is not None
    return world, rollout


def test_a_rollout_of_certain_slots_leaves_every_other_alone() -> None:
    world, rules = two_regions()
    only = ((EU, (SlotIndex(1),)),)

    rollout = run(world, started(rules, only=only), yes)

    assert rollout.outcome is Outcome.COMPLETED
    assert world.slots == {"us-east-1": [OLD], "eu-west-1": [OLD, NEW]}
    (plan,) = [e for e in world.asked if isinstance(e, effects.MakePlan)]
    assert plan.only == ((EU, SlotIndex(1)),)


def test_a_rollback_goes_the_other_way_round_and_has_an_end_of_its_own() -> None:
    world, rules = two_regions()
    back = started(rules.last_wave_first(), rolls_back="r0", because="0.9.2 failed")

    rollout = run(world, back, yes)

    applied = [e.unit for e in world.asked if isinstance(e, effects.ApplyPlan)]
    assert applied == ["eu-west-1", "us-east-1"]
    assert (rollout.outcome, rollout.exit_code) == (Outcome.ROLLED_BACK, 6)
    assert rollout.reason.startswith("0.9.2 failed; ")
    assert rollout.next == ""


@pytest.mark.parametrize(
    ("name", "changes", "is_rolled_back"),
    [
        ("a known failure", {}, True),
        ("the policy stops", {"policy": OnFailure.STOP}, False),
        ("nobody can judge it", {"kind": FailureKind.INCONCLUSIVE}, False),
        ("somebody interrupted it", {"kind": FailureKind.INTERRUPTED}, False),
        ("a region cannot be read", {"unread": True}, False),
        ("a person aborted it", {"exit_code": 7}, False),
        ("it is a rollback itself", {"rolls_back": "r0"}, False),
    ],
)
def test_only_what_is_known_is_rolled_back_by_itself(
    name: str, changes: dict[str, object], is_rolled_back: bool
) -> None:
    _, rollout = halted_in("eu-west-1", yes, on_failure=OnFailure.ROLLBACK)
    halt = rollout.halt
    assert halt is not None
    assert rollout.outcome is Outcome.PARTIAL
    if "policy" in changes:
        rollout = replace(rollout, policy=replace(rollout.policy, on_failure=OnFailure.STOP))
    if isinstance(kind := changes.get("kind"), FailureKind):
        failure = replace(halt.failure, kind=kind)
        rollout = replace(rollout, halt=replace(halt, failure=failure))
    if "unread" in changes:
        first, *rest = rollout.outcomes
        rollout = replace(rollout, outcomes=(replace(first, new=None), *rest))
    if "exit_code" in changes:
        rollout = replace(rollout, exit_code=7)
    if "rolls_back" in changes:
        rollout = replace(rollout, request=replace(rollout.request, rolls_back="r0"))

    assert rolls_back_by_itself(rollout) is is_rolled_back, name


def test_a_region_has_a_rule_of_its_own() -> None:
    _, rollout = halted_in("eu-west-1", yes)
    regions = tuple(
        replace(r, on_failure=OnFailure.ROLLBACK) if r.name == EU else r
        for r in rollout.policy.regions
    )
    assert not rolls_back_by_itself(rollout)
    assert rolls_back_by_itself(replace(rollout, policy=replace(rollout.policy, regions=regions)))


def test_a_failed_canary_cannot_be_skipped() -> None:
    world, rollout = halted_in("us-east-1")

    assert decide(rollout, Skip("ada"), world.now).entries == ()


def test_a_rollback_has_no_canary_and_its_first_region_can_be_skipped() -> None:
    world, rules = three_regions("eu-west-2")
    back = started(rules.last_wave_first(), rolls_back="r0")

    halted = run(world, back, only_yes, most_s=400)
    assert halted.halt is not None
    assert allowance(Action.SKIP, halted).reason == ""
    skipped = decide(halted, Skip("ada"), world.now).rollout

    assert halted.wave == 1
    assert not any(wave.is_canary for wave in view_path(halted, {}, world.now).waves)
    assert skipped.halt is None
    assert any(s.unit == "eu-west-1" for s in skipped.waiting_for)


def test_a_rollback_goes_on_without_its_first_region_where_the_rule_says_so() -> None:
    world, rules = three_regions("eu-west-2", on_failure=OnFailure.CONTINUE)
    back = started(rules.last_wave_first(), rolls_back="r0")

    rollout = run(world, back, yes)

    applied = [e.unit for e in world.asked if isinstance(e, effects.ApplyPlan)]
    assert applied == ["eu-west-2", "eu-west-1", "us-east-1"]
    assert (rollout.outcome, rollout.halt) == (Outcome.PARTIAL, None)
    assert "eu-west-2 failed and was left as it is" in rollout.reason


def three_regions(breaks_in: str, **rules: object) -> tuple[PaperWorld, Policy]:
    world = BreaksIn(breaks_in, {"us-east-1": [OLD], "eu-west-1": [OLD], "eu-west-2": [OLD]})
    made = policy(us_east_1=1, eu_west_1=1, eu_west_2=1)
    return world, replace(made, **rules)  # type: ignore[arg-type]


def test_a_region_that_is_skipped_stays_failed_and_the_outcome_says_so() -> None:
    world, rules = three_regions("eu-west-1")
    rollout = run(world, started(rules), only_yes, most_s=400)
    assert rollout.halt is not None

    skipped = decide(rollout, Skip("ada"), world.now).rollout

    assert skipped.halt is None
    assert skipped.region(EU).phase is RegionPhase.FAILED
    assert any(s.unit == "eu-west-2" for s in skipped.waiting_for)


def test_a_region_that_lost_its_marks_to_the_halt_is_marked_again_after_a_skip() -> None:
    world = BreaksIn("eu-west-1", {"us-east-1": [OLD], "eu-west-1": [OLD], "eu-west-2": [OLD]})
    rules = policy(us_east_1=1, eu_west_1=1, eu_west_2=1)
    together = replace(
        rules,
        regions=tuple(replace(region, wave=min(region.wave, 2)) for region in rules.regions),
        units=tuple(replace(unit, wave=min(unit.wave, 2)) for unit in rules.units),
        max_parallel=2,
    )

    def yes_but_to_eu_west_2(event: Event) -> Input | None:
        if isinstance(event, ApprovalRequested) and event.subject.unit == "eu-west-2":
            return Approve(event.subject, "test") if event.subject.asks is Asks.TAINT else None
        return only_yes(event)

    rollout = run(world, started(together), yes_but_to_eu_west_2, most_s=400)
    assert rollout.halt is not None
    assert world.tainted == {("eu-west-1", 0)}

    skipped = decide(rollout, Skip("ada"), world.now).rollout

    assert skipped.waiting_for == (Subject(Asks.TAINT, 2, UnitName("eu-west-2")),)
    assert skipped.region(RegionName("eu-west-2")).phase is RegionPhase.WAITING


def test_a_move_is_journaled_before_it_is_made_and_ends_with_what_is_true() -> None:
    world, rollout = halted_in("eu-west-1")

    begun = decide(rollout, Recover(MOVE, "terminates 1", "ada"), world.now)
    ended = decide(begun.rollout, Recovered(At(Step.RECOVER), "as promised"), world.now)

    assert begun.entries[0].event == RecoveryStarted(At(Step.RECOVER), MOVE, "terminates 1", "ada")
    assert begun.effects == (effects.Recover(At(Step.RECOVER), MOVE),)
    assert isinstance(ended.entries[0].event, RecoveryFinished)
    assert ended.rollout.recoveries[0].note == "as promised"
    assert ended.rollout.running == ()


def test_a_move_can_be_made_after_the_end_and_nothing_else_can() -> None:
    world, rollout = halted_in("eu-west-1", yes)
    assert rollout.is_finished

    begun = decide(rollout, Recover(MOVE, "", "ada"), world.now)
    failure = Failure(FailureKind.REFUSED, "it is another one now")
    ended = decide(begun.rollout, Recovered(At(Step.RECOVER), failure=failure), world.now)

    assert not begun.rollout.is_at_rest
    assert ended.rollout.is_at_rest
    assert ended.rollout.recoveries[0].failure == failure
    assert ended.rollout.outcome is rollout.outcome
    assert decide(rollout, Close("ada"), world.now).entries == ()
    assert decide(rollout, Skip("ada"), world.now).entries == ()


def test_no_move_is_made_while_the_rollout_itself_does_something() -> None:
    world, rules = two_regions()
    rollout: Rollout | None = None
    for number, event in enumerate([started(rules)], start=1):
        rollout = evolve(rollout, Entry("r1", number, world.now, event))
    assert rollout is not None

    assert decide(rollout, Recover(MOVE, "", "ada"), world.now).effects[:1] != (
        effects.Recover(At(Step.RECOVER), MOVE),
    )
    halted = halted_in("eu-west-1")[1]
    begun = decide(halted, Recover(MOVE, "", "ada"), world.now).rollout
    assert decide(begun, Recover(MOVE, "", "bob"), world.now).entries == ()


def test_a_move_whose_console_died_ends_inconclusive_when_the_rollout_is_taken_up() -> None:
    world, rollout = halted_in("eu-west-1")
    begun = decide(rollout, Recover(MOVE, "", "ada"), world.now).rollout

    taken = decide(begun, TakeUp("bob"), world.now)

    (ended,) = [e.event for e in taken.entries if isinstance(e.event, RecoveryFinished)]
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.INCONCLUSIVE
    assert "its console died in it" in ended.failure.message
    assert taken.rollout.recoveries[0].failure == ended.failure
    assert begun.open_moves == begun.recoveries
    assert taken.rollout.open_moves == ()
    assert decide(taken.rollout, Recover(MOVE, "", "bob"), world.now).effects != ()


@pytest.mark.parametrize("has_ended", [True, False])
def test_a_move_can_be_interrupted_though_the_rollout_was_before(*, has_ended: bool) -> None:
    world, rollout = halted_in("eu-west-1", yes if has_ended else only_yes)
    rollout = replace(rollout, is_interrupted=True)

    begun = decide(rollout, Recover(MOVE, "", "ada"), world.now).rollout
    interrupted = decide(begun, InterruptNow(2), world.now)

    assert allowance(Action.INTERRUPT, begun).is_allowed
    assert interrupted.effects == (effects.InterruptTerraform(),)
    assert "one SIGINT already" in allowance(Action.INTERRUPT, interrupted.rollout).reason
    assert decide(interrupted.rollout, InterruptNow(2), world.now).effects == ()


def test_what_a_dead_console_was_doing_after_the_end_holds_nothing_back() -> None:
    world, rollout = halted_in("eu-west-1", yes)
    begun = decide(rollout, Recover(MOVE, "", "ada"), world.now).rollout

    for whose in (RunBy.US, RunBy.OTHERS):
        assert "recover is under way" in against_recovery(begun, whose)
        assert allowance(Action.ANOTHER, begun, whose).reason == "a move is under way"
    assert against_recovery(begun, RunBy.NOBODY) == ""
    assert allowance(Action.ANOTHER, begun, RunBy.NOBODY).is_allowed
    assert not allowance(Action.INTERRUPT, begun, RunBy.NOBODY).is_allowed
    halted = halted_in("eu-west-1")[1]
    assert against_recovery(halted, RunBy.NOBODY) != ""
