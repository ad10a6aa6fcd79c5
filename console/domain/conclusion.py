"""How did it end, why, and what comes next?"""

from __future__ import annotations

from console.domain.counted import counted
from console.domain.events import RolloutFinished
from console.domain.failure import FailureKind
from console.domain.outcome import Outcome, RegionPhase
from console.domain.recovery.next_step import next_step
from console.domain.rollout import Halt, Rollout
from console.exit_codes import ExitCode


def conclude(rollout: Rollout) -> RolloutFinished:
    """Return the end of a rollout in which nothing runs any more."""
    outcome, exit_code, reason = _end(rollout)
    return RolloutFinished(
        outcome=outcome,
        exit_code=int(exit_code),
        reason=reason,
        next=next_step(rollout, outcome),
        regions=rollout.outcomes,
    )


def _end(rollout: Rollout) -> tuple[Outcome, int, str]:
    if rollout.halt is not None:
        return _halted(rollout, rollout.halt)
    left = [region for region in rollout.regions if region.phase is RegionPhase.FAILED]
    if left:
        names = ", ".join(region.name for region in left)
        return Outcome.PARTIAL, ExitCode.NEEDS_PERSON, f"{names} failed and was left as it is"
    if rollout.stop is not None and not _is_through(rollout):
        outcome = (
            Outcome.PARTIAL if _is_signal(rollout) and rollout.has_changed else Outcome.ABORTED
        )
        return outcome, rollout.stop.exit_code, f"stopped by {rollout.stop.by}"
    if rollout.request.leaves:
        names = ", ".join(name for name, _ in rollout.request.leaves)
        return Outcome.PARTIAL, ExitCode.NEEDS_PERSON, f"{names} was left as it is"
    if (scale := rollout.request.scale) is not None:
        now = counted(scale.to, "slot")
        return (
            Outcome.COMPLETED,
            ExitCode.COMPLETED,
            f"{scale.region} has {now}, it had {scale.before}",
        )
    if not any(region.batches for region in rollout.regions):
        label = rollout.request.label
        return (
            Outcome.COMPLETED,
            ExitCode.COMPLETED,
            f"nothing to do: every slot runs {label} already",
        )
    if rollout.request.rolls_back:
        because = f"{rollout.request.because}; " if rollout.request.because else ""
        reason = f"{because}every slot that had left {rollout.request.label} runs it again"
        return Outcome.ROLLED_BACK, ExitCode.ROLLED_BACK, reason
    regions = sum(bool(region.batches) for region in rollout.regions)
    plural = "region runs" if regions == 1 else "regions run"
    return Outcome.COMPLETED, ExitCode.COMPLETED, f"{regions} {plural} {rollout.request.label}"


def _halted(rollout: Rollout, halt: Halt) -> tuple[Outcome, int, str]:
    where = halt.region or halt.at.unit
    reason = f"{where}: {halt.failure.message}" if where else halt.failure.message
    if rollout.stop is not None and _is_signal(rollout):
        outcome = Outcome.PARTIAL if rollout.has_changed else Outcome.ABORTED
        return outcome, rollout.stop.exit_code, reason
    if rollout.stop is not None and rollout.stop.exit_code == ExitCode.ABORTED:
        return Outcome.ABORTED, ExitCode.ABORTED, f"aborted by {rollout.stop.by}; {reason}"
    if not rollout.has_changed:
        is_locked = halt.failure.kind is FailureKind.LOCKED
        return Outcome.REFUSED, ExitCode.LOCKED if is_locked else ExitCode.REFUSED, reason
    if halt.failure.kind is FailureKind.INCONCLUSIVE:
        return Outcome.INCONCLUSIVE, ExitCode.NEEDS_PERSON, reason
    return Outcome.PARTIAL, ExitCode.NEEDS_PERSON, reason


def _is_signal(rollout: Rollout) -> bool:
    return rollout.stop is not None and rollout.stop.exit_code > 128


def _is_through(rollout: Rollout) -> bool:
    """Whether every wave was finished before the stop could hold anything back."""
    return rollout.is_path_chosen and rollout.wave > rollout.policy.waves
