"""A release whose gates never passed in a region is verified there again, and nothing is replaced.

That nothing has to be done is no proof that what runs is good: silence is not a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from console.domain import effects
from console.domain.commands import Abort, Recover
from console.domain.events import (
    ApprovalRequested,
    Event,
    GateJudged,
    StepFinished,
    StepStarted,
)
from console.domain.fleet import RegionName, RegionSample, SlotTarget, UnitName
from console.domain.machine import Input, decide
from console.domain.narrate import tell
from console.domain.observations import Recovered, RegionSurvey
from console.domain.outcome import Outcome, RegionPhase
from console.domain.path_view import view_path
from console.domain.policy import GateRules, Policy
from console.domain.recovery.lineage import unproven
from console.domain.recovery.move import Move
from console.domain.recovery.remedies import Remedy
from console.domain.release import Digest
from console.domain.rollout import Rollout
from console.domain.steps import At, Step
from console.domain.vocabulary import Status

from .world import NEW, OLD, START, PaperWorld, policy, run, started, yes

US, EU = RegionName("us-east-1"), RegionName("eu-west-1")
NEW_DIGEST, OLD_DIGEST = (Digest(f"sha256:{letter * 64}") for letter in "ba")


@dataclass
class Fleet(PaperWorld):
    """A fleet whose preflight knows the rollouts before."""

    past: list[Rollout] = field(default_factory=list)

    def surveys(self) -> list[RegionSurvey]:
        runs = {RegionName(name): digests(slots) for name, slots in self.slots.items()}
        self.unproven = set(unproven(runs, self.past))
        return super().surveys()

    def asked_since(self, before: int) -> set[type]:
        return {type(effect) for effect in self.asked[before:]}


def digests(slots: Iterable[SlotTarget | None]) -> set[Digest]:
    found = {target.digest for target in slots if target is not None}
    return {digest for digest in found if digest is not None}


def rules(**changes: object) -> Policy:
    made = replace(policy(us_east_1=1, eu_west_1=2), gates=GateRules(completions_min=1))
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class Failing(Fleet):
    """A fleet whose jobs fail, or have failed in the window, until a time."""

    until: datetime = START

    def sample(self, region: RegionName) -> RegionSample:
        seen = super().sample(region)
        failures = 10 if self.now < self.until else 0
        beats = tuple(replace(beat, failures=failures) for beat in seen.heartbeats.value or ())
        return replace(seen, heartbeats=replace(seen.heartbeats, value=beats))


def roll_out_that_failed(fleet: Fleet) -> Rollout:
    """Return a rollout that was applied in eu-west-1, and whose gates have failed there."""
    sick = Fleet({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]}, sick={"eu-west-1"}, now=fleet.now)
    return roll_out(sick)


def roll_out(fleet: Fleet, answer: Callable[[Event], Input | None] = yes) -> Rollout:
    fleet.events.clear()
    start = started(rules(), rollout=f"r{len(fleet.past)}", image=NEW.image)
    ended = run(fleet, start, answer)
    fleet.past.insert(0, ended)
    return ended


@pytest.fixture
def fleet() -> Fleet:
    """A fleet in which the newest release's gates have failed in eu-west-1."""
    fleet = Fleet({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]}, sick={"eu-west-1"})
    halted = roll_out(fleet)
    assert halted.outcome in {Outcome.PARTIAL, Outcome.INCONCLUSIVE}
    assert fleet.slots == {"us-east-1": [NEW], "eu-west-1": [NEW, NEW]}
    return fleet


def test_a_region_whose_gates_failed_is_verified_again_and_still_fails(fleet: Fleet) -> None:
    again = roll_out(fleet)

    assert again.region(EU).phase is RegionPhase.FAILED
    assert again.region(US).phase is RegionPhase.CURRENT
    assert (again.outcome, again.exit_code) == (fleet.past[1].outcome, 5)


def test_it_passes_once_it_works_and_nothing_is_marked_planned_or_applied(fleet: Fleet) -> None:
    fleet.sick.clear()
    before = len(fleet.asked)

    again = roll_out(fleet)

    assert (again.outcome, again.exit_code) == (Outcome.COMPLETED, 0)
    assert again.region(EU).phase is RegionPhase.DONE
    assert fleet.asked_since(before) == {effects.Survey, effects.Build, effects.TakeCensus}
    begun = [e.at for e in fleet.events if isinstance(e, StepStarted) and e.at.unit is not None]
    assert begun == [At(Step.VERIFY, UnitName("eu-west-1"))]
    left_out = [e.at for e in fleet.events if isinstance(e, StepFinished) and e.at.unit is not None]
    assert [at.step for at in left_out] == [Step.TAINT, Step.PLAN, Step.APPLY, Step.VERIFY]


def test_what_failed_before_it_is_verified_again_is_waited_for_and_not_held_against_it() -> None:
    fleet = Fleet({"us-east-1": [NEW], "eu-west-1": [NEW, NEW]})
    fleet.past = [roll_out_that_failed(fleet)]
    failing = Failing(fleet.slots, past=fleet.past, until=fleet.now + timedelta(minutes=10))
    gates = GateRules(failures_max_ratio=0.02)

    ended = run(failing, started(rules(gates=gates), rollout="r1", image=NEW.image), yes)

    assert ended.outcome is Outcome.COMPLETED
    failures = [e.verdict for e in failing.events if isinstance(e, GateJudged)]
    held_up = next(v for v in failures if v.gate == "failures")
    assert (held_up.status, held_up.reason) == (
        Status.WAIT,
        "they may be of before it is verified again",
    )


def test_what_goes_on_to_fail_fails_once_all_runs_are_of_the_verification() -> None:
    fleet = Fleet({"us-east-1": [NEW], "eu-west-1": [NEW, NEW]})
    fleet.past = [roll_out_that_failed(fleet)]
    failing = Failing(fleet.slots, past=fleet.past, until=fleet.now + timedelta(days=1))
    begun = failing.now

    ended = run(
        failing,
        started(rules(gates=GateRules(failures_max_ratio=0.02)), rollout="r1", image=NEW.image),
        yes,
    )

    assert ended.exit_code == 5
    assert failing.now - begun >= ended.policy.window


def test_what_has_passed_once_has_nothing_to_do_again(fleet: Fleet) -> None:
    fleet.sick.clear()
    roll_out(fleet)

    third = roll_out(fleet)

    assert third.reason == "nothing to do: every slot runs 0.9.1 already"
    assert third.exit_code == 0
    assert all(region.phase is RegionPhase.CURRENT for region in third.regions)


def test_without_a_journal_nothing_is_verified_again(fleet: Fleet) -> None:
    fleet.past.clear()

    assert roll_out(fleet).reason == "nothing to do: every slot runs 0.9.1 already"


def test_what_somebody_has_accepted_is_proven(fleet: Fleet) -> None:
    halted = fleet.past[0]
    move = Move(EU, Remedy.ACCEPT, (0, 1))
    begun = decide(halted, Recover(move, "as shown", "ada"), fleet.now).rollout
    ended = decide(begun, Recovered(At(Step.RECOVER), "as promised"), fleet.now).rollout

    assert unproven({EU: {NEW_DIGEST}}, [halted]) == {EU}
    assert unproven({EU: {NEW_DIGEST}}, [ended]) == frozenset()


def test_only_what_runs_now_is_asked_about(fleet: Fleet) -> None:
    assert unproven({EU: {OLD_DIGEST}, US: {NEW_DIGEST}}, fleet.past) == frozenset()


def test_a_rollout_that_did_not_touch_the_region_tells_nothing_of_it(fleet: Fleet) -> None:
    def abort(event: Event) -> Input | None:
        return Abort("ada") if isinstance(event, ApprovalRequested) else None

    roll_out(fleet, abort)

    assert unproven({EU: {NEW_DIGEST}, US: {NEW_DIGEST}}, fleet.past) == {EU}


def test_the_narration_and_the_path_say_so(fleet: Fleet) -> None:
    fleet.sick.clear()
    again = roll_out(fleet)

    told = [sentence.text for e in fleet.events if (sentence := tell(e, again))]

    assert any(
        "eu-west-1 already at 0.9.1, and its gates never passed there: verified again" in line
        for line in told
    )
    path = view_path(again, {}, fleet.now)
    (unit,) = path.waves[1].units
    assert unit.summary == "has it, not proven"
    applied = next(step for step in unit.steps if step.name == "apply")
    assert applied.note == "it runs there already, and its gates never passed: verified again"
