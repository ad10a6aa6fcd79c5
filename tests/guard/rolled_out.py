"""A rollout whose plan is not what was announced: the state is real, and so is the plan."""

from __future__ import annotations

from dataclasses import replace

from console.domain import effects
from console.domain.fleet import Heartbeat, Instance, Reading, RegionName, RegionSample, RegionState
from console.domain.observations import Built, Observation, Planned
from console.domain.plan import Plan
from console.domain.release import Release
from console.domain.rollout import Rollout
from tests.rollout.world import PaperWorld, policy, run, started, yes

from .verdicts import EU, NEW, OLD


class RealPlan(PaperWorld):
    """A region with a state and a plan that Terraform has made; its old workers beat."""

    def __init__(self, plan: Plan, state: RegionState) -> None:
        super().__init__({EU: [OLD, NEW, OLD]})
        self._plan = plan
        self._state = state

    def state(self, region: str) -> RegionState:
        """Return the real state."""
        return self._state

    def sample(self, region: RegionName) -> RegionSample:
        """Return what is seen where every instance runs and the old release beats."""
        objects = self._state.objects
        beats = (
            Heartbeat(o.instance, OLD.release, self.now, runs=20)
            for o in objects
            if o.target == OLD
        )
        living = (Instance(o.instance, "running", o.slot, o.target) for o in objects)
        return replace(
            super().sample(region),
            instances=Reading(self.now, tuple(living)),
            heartbeats=Reading(self.now, tuple(beats)),
        )

    def answer(self, effect: effects.Effect) -> Observation | None:
        """Answer with the real plan, and with a release whose digest is the one in it."""
        answer = super().answer(effect)
        if isinstance(answer, Planned):
            return replace(answer, plan=self._plan)
        return Built(Release(NEW.release, NEW.image)) if isinstance(answer, Built) else answer

    def asked_for(self, kind: type[effects.Effect]) -> list[effects.Effect]:
        """Return the effects of a kind that were asked for."""
        return [effect for effect in self.asked if isinstance(effect, kind)]


def rolled_out(world: RealPlan, **changes: object) -> Rollout:
    """Return the rollout after everybody has said yes to whatever was asked."""
    start = started(policy(eu_west_1=3), label=NEW.release, **changes)
    return run(world, start, yes, most_s=60)
