"""How is each remedy applied?

Only what was shown is done: before anything is changed the region is looked at again, and a move
that is no longer the same one is refused. Afterwards it is looked at once more, and what is true is
told against what was promised. Retry, finish and roll back are rollouts, and not made here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.acceptance import check_acceptance
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import InstanceId, RegionName, SlotIndex, SlotTarget, UnitName
from console.domain.recovery.advice import Option, advise
from console.domain.recovery.move import Move
from console.domain.recovery.promise import differences
from console.domain.recovery.remedies import Remedy
from console.domain.rollout import Rollout
from console.engine.ports import Hands, Infrastructure, OnProgress, PlanRequest
from console.engine.surveying import Seen, Surveyor


@dataclass(frozen=True, slots=True)
class Made:
    """A move that was made."""

    note: str
    """What is true now, against what was promised."""


class Remedies:
    """Makes moves, one at a time."""

    def __init__(
        self,
        infrastructure: Infrastructure,
        hands: Hands,
        surveyor: Surveyor,
        tell: OnProgress,
        plans: Path,
    ) -> None:
        """Put the parts together.

        Args:
            infrastructure: Terraform.
            hands: terminates what is in no state.
            surveyor: looks at regions.
            tell: hears what runs.
            plans: a directory of mode 0700 for saved plans.
        """
        self._infrastructure = infrastructure
        self._hands = hands
        self._surveyor = surveyor
        self._tell = tell
        self._plans = plans
        self._makers: Mapping[Remedy, Callable[[Seen, Move], Awaitable[Failure | None]]] = {
            Remedy.ACCEPT: self._accept,
            Remedy.RESTORE: self._restore,
            Remedy.ADOPT: self._adopt,
            Remedy.TERMINATE: self._terminate,
            Remedy.UNTAINT: self._untaint,
            Remedy.UNLOCK: self._unlock,
            Remedy.PUSH_STATE: self._push_state,
        }

    async def make(self, move: Move, rollout: Rollout | None) -> Made | Failure:
        """Make `move`, unless it is no longer what was shown.

        Args:
            move: what somebody said yes to.
            rollout: the newest; None where there never was one.
        """
        seen = await self._look(move.region, rollout)
        option = self._option(seen, move)
        if isinstance(option, Failure):
            return option
        failure = await self._makers[move.remedy](seen, move)
        if failure is not None:
            return failure
        after = await self._look(move.region, rollout)
        return Made(differences(option.prospect, after.situation))

    async def _look(self, region: RegionName, rollout: Rollout | None) -> Seen:
        (seen,) = await self._surveyor.look(rollout, [region])
        return seen

    def _option(self, seen: Seen, move: Move) -> Option | Failure:
        """Return the option that `move` is, as things are now."""
        try:
            option = advise(seen.situation, move.slots).option(move.remedy, move.instance)
        except KeyError:
            return _refused(f"{move.instance} is no orphan of {move.region} any more")
        if not option.may_be_made:
            return _refused(f"{move} is {option.standing} now: {option.reason}")
        if option.move(seen.situation) != move:
            return _refused(
                f"what is true of {move.region} has changed since {move} was shown; now it would "
                f"be: {option.consequence}"
            )
        return option

    async def _accept(self, seen: Seen, move: Move) -> Failure | None:
        """Take the marks off, then apply a plan that does nothing but remove what is deposed."""
        unit = self._surveyor.unit_of(move.region)
        for slot in move.slots:
            current = seen.survey.state.current(slot) if seen.survey.state else None
            if current is not None and current.is_tainted:
                failure = await self._infrastructure.untaint(unit, move.region, SlotIndex(slot))
                if failure is not None:
                    return failure
        slots = await self._slots(unit)
        if isinstance(slots, Failure):
            return slots
        destination = self._plans / f"{unit}-accept.tfplan"
        only = tuple((move.region, SlotIndex(slot)) for slot in move.slots)
        request = PlanRequest(unit, slots, only=only, destination=destination)
        plan = await self._infrastructure.plan(request, self._tell)
        if isinstance(plan, Failure):
            return plan
        findings = check_acceptance(plan, move.region, frozenset(move.removes))
        if findings:
            return _refused(f"the guard refuses the plan: {findings[0]}", "\n".join(findings))
        return await self._infrastructure.apply(unit, destination, self._tell)

    async def _restore(self, seen: Seen, move: Move) -> Failure | None:
        """Make the old workers current again, then terminate what is in no state by that."""
        unit = self._surveyor.unit_of(move.region)
        backup = await self._infrastructure.back_up(unit)
        if isinstance(backup, Failure):
            return backup
        for slot in move.slots:
            old = next(s for s in seen.situation.slots if s.index == slot).healthy_deposed
            assert old is not None  # the option would not be made otherwise  # noqa: S101
            slots = await self._slots(unit, {(move.region, slot): old.id})
            if isinstance(slots, Failure):
                return slots
            failure = await self._infrastructure.promote(
                unit, move.region, SlotIndex(slot), old.id, slots
            )
            if failure is not None:
                return _with_undo(failure, backup)
        return await self._remove(move.region, move.removes)

    async def _adopt(self, seen: Seen, move: Move) -> Failure | None:
        assert move.instance is not None  # an adoption is about one  # noqa: S101
        unit = self._surveyor.unit_of(move.region)
        instance = next(
            (i for i in seen.survey.sample.instances.value or () if i.id == move.instance), None
        )
        if instance is None or instance.target is None:
            return _refused(f"the tags of {move.instance} do not tell what it runs")
        (slot,) = move.slots
        slots = await self._slots(unit, fill={(move.region, slot): instance.target})
        if isinstance(slots, Failure):
            return slots
        return await self._infrastructure.adopt(
            unit, move.region, SlotIndex(slot), move.instance, slots
        )

    async def _terminate(self, seen: Seen, move: Move) -> Failure | None:
        return await self._remove(move.region, move.removes)

    async def _untaint(self, seen: Seen, move: Move) -> Failure | None:
        unit = self._surveyor.unit_of(move.region)
        for slot in move.slots:
            failure = await self._infrastructure.untaint(unit, move.region, SlotIndex(slot))
            if failure is not None:
                return failure
        return None

    async def _unlock(self, seen: Seen, move: Move) -> Failure | None:
        return await self._infrastructure.unlock(self._surveyor.unit_of(move.region), move.lock)

    async def _push_state(self, seen: Seen, move: Move) -> Failure | None:
        unit = self._surveyor.unit_of(move.region)
        backup = await self._infrastructure.back_up(unit)
        if isinstance(backup, Failure):
            return backup
        return await self._infrastructure.push_errored(unit)

    async def _remove(self, region: RegionName, ids: tuple[InstanceId, ...]) -> Failure | None:
        for instance in ids:
            failure = await self._hands.terminate(region, instance)
            if failure is not None:
                return failure
        return None

    async def _slots(
        self,
        unit: UnitName,
        restored: Mapping[tuple[RegionName, int], InstanceId] | None = None,
        fill: Mapping[tuple[RegionName, int], SlotTarget] | None = None,
    ) -> Mapping[RegionName, tuple[SlotTarget, ...]] | Failure:
        """Return what each slot of `unit` runs by its state.

        Args:
            unit: the unit.
            restored: slots in which another object than the current one counts.
            fill: what runs in slots that the state has nothing in.
        """
        states = await self._infrastructure.read(unit)
        if isinstance(states, Failure):
            return states
        found: dict[RegionName, tuple[SlotTarget, ...]] = {}
        for region, state in states.items():
            targets = []
            filled = [slot for name, slot in fill or {} if name == region]
            held = [*(o.slot + 1 for o in state.objects), *(s + 1 for s in filled)]
            for slot in range(max(held, default=0)):
                wanted = (restored or {}).get((region, slot))
                known = next((o for o in state.objects if o.instance == wanted), None)
                # A Terraform that was killed leaves slots with nothing but what it was to replace.
                deposed = next(iter(state.deposed(slot)), None)
                counted = known or state.current(slot) or deposed
                target = (counted.target if counted else None) or (fill or {}).get((region, slot))
                if target is None:
                    return _refused(f"{region} slot {slot} has no object whose tags tell a release")
                targets.append(target)
            found[region] = tuple(targets)
        return found


def _refused(message: str, evidence: str = "") -> Failure:
    hint = "release-console recover shows what is true now, and what may be done"
    return Failure(FailureKind.REFUSED, message, hint, evidence)


def _with_undo(failure: Failure, backup: Path) -> Failure:
    return Failure(
        failure.kind,
        f"{failure.message} (the state before is in {backup})",
        failure.hint,
        failure.evidence,
    )
