"""Where only the registry gives a digest: what is shipped is what came out of the push."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain import effects
from console.domain.commands import Approve
from console.domain.events import ApprovalRequested, Event, ReleaseFixed
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import SlotTarget
from console.domain.machine import Input
from console.domain.observations import Built, Observation, Pushed
from console.domain.outcome import Outcome
from console.domain.release import Digest, ImageRef, Release, ReleaseLabel, digest_of

from .world import NEW, OLD, PaperWorld, policy, run, started

LOCAL = ImageRef(f"sha256:{'1' * 64}")
REPOSITORY = "1.dkr.ecr.{region}.amazonaws.com/checks"
REMOTE = ImageRef(f"{REPOSITORY}@sha256:{'2' * 64}")


def test_until_the_push_the_digest_is_the_engines_id() -> None:
    built = Release(ReleaseLabel("0.9.1"), LOCAL)
    assert not built.is_pushed
    assert built.digest == Digest(LOCAL)

    pushed = replace(built, image=REMOTE)
    assert pushed.is_pushed
    assert pushed.digest == digest_of(REMOTE)


def test_each_region_pulls_from_its_own_registry() -> None:
    release = Release(ReleaseLabel("0.9.1"), REMOTE)
    named = REMOTE.replace("{region}", "eu-west-1")
    assert release.image_in("eu-west-1") == named
    assert release.digest == digest_of(named)


class RegistryWorld(PaperWorld):
    """A world whose registry gives the digests."""

    def answer(self, effect: effects.Effect) -> Observation | None:
        if type(effect) in self.failures:
            return super().answer(effect)
        match effect:
            case effects.Build(_, label):
                self.asked.append(effect)
                return Built(Release(label, LOCAL, "abc"))
            case effects.Push(at):
                self.asked.append(effect)
                return Pushed(at, REMOTE)
            case _:
                return super().answer(effect)


def yes(event: Event) -> Input | None:
    return Approve(event.subject, "test") if isinstance(event, ApprovalRequested) else None


def test_test_and_push_get_what_was_built_and_every_region_what_was_pushed() -> None:
    world = RegistryWorld({"us-east-1": [OLD], "eu-west-1": [OLD, OLD]})

    rollout = run(world, started(policy(us_east_1=1, eu_west_1=2)), yes)

    assert rollout.outcome is Outcome.COMPLETED
    assert [e.image for e in world.asked if isinstance(e, effects.Test | effects.Push)] == [
        LOCAL
    ] * 2
    assert world.slots == {
        region: [SlotTarget(NEW.release, ImageRef(REMOTE.replace("{region}", region)))] * count
        for region, count in (("us-east-1", 1), ("eu-west-1", 2))
    }
    fixed = [event.release for event in world.events if isinstance(event, ReleaseFixed)]
    assert [release.image for release in fixed] == [LOCAL, REMOTE]
    assert fixed[-1].revision == "abc"


@pytest.mark.parametrize("step", [effects.Build, effects.Test, effects.Push])
def test_a_failure_before_the_first_region_changes_nothing_and_ends_with_3(
    step: type[effects.Effect],
) -> None:
    world = RegistryWorld({"us-east-1": [OLD]})
    gone = Failure(FailureKind.FAILED, "the engine went away", "start it again")
    world.failures[step] = gone

    rollout = run(world, started(policy(us_east_1=1)), yes)

    assert (rollout.outcome, rollout.exit_code) == (Outcome.REFUSED, 3)
    assert gone.message in rollout.reason
    assert world.slots == {"us-east-1": [OLD]}
    changing = (effects.MarkSlots, effects.MakePlan, effects.ApplyPlan)
    assert not [effect for effect in world.asked if isinstance(effect, changing)]
