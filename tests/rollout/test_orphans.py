"""An instance that no state knows is left alone by a rollout, and proves nothing of its release."""

from __future__ import annotations

from dataclasses import replace

from console.domain.fleet import (
    Heartbeat,
    Instance,
    InstanceId,
    Reading,
    RegionName,
    RegionSample,
    SlotIndex,
)
from console.domain.outcome import Outcome

from .world import NEW, OLD, PaperWorld, policy, run, started, yes

ORPHAN = InstanceId("i-lost")


class WithOrphan(PaperWorld):
    """A world in which an instance was made for slot 0, works, and is in no state."""

    tag = OLD

    def sample(self, region: RegionName) -> RegionSample:
        seen = super().sample(region)
        orphan = Instance(ORPHAN, "running", SlotIndex(0), self.tag)
        beat = Heartbeat(ORPHAN, self.tag.release, self.now, runs=20)
        return replace(
            seen,
            instances=Reading(seen.at, (*(seen.instances.value or ()), orphan)),
            heartbeats=Reading(seen.at, (*(seen.heartbeats.value or ()), beat)),
        )


def test_a_rollout_beside_an_orphan_comes_to_its_end() -> None:
    world = WithOrphan({"eu-west-1": [OLD, OLD]})

    rollout = run(world, started(policy(eu_west_1=2), accept_leftovers=True), yes, most_s=400)

    assert rollout.region(RegionName("eu-west-1")).orphans == (ORPHAN,)
    assert rollout.outcome is Outcome.COMPLETED
    assert world.slots == {"eu-west-1": [NEW, NEW]}


def test_an_orphan_of_the_release_proves_nothing_for_the_slot_beside_it() -> None:
    world = WithOrphan({"eu-west-1": [OLD]}, sick={"eu-west-1"})
    world.tag = NEW

    rollout = run(world, started(policy(eu_west_1=1), accept_leftovers=True), yes, most_s=400)

    assert rollout.outcome is Outcome.PARTIAL
    assert "completions" in rollout.reason
