"""What should the operator do next?

Every stop has a next step: a command that can be typed as it stands.
"""

from __future__ import annotations

from console.domain.failure import FailureKind
from console.domain.outcome import Outcome, RegionPhase
from console.domain.rollout import Rollout
from console.domain.steps import Step


def next_step(rollout: Rollout, outcome: Outcome) -> str:
    """Return what leads on; empty where nothing is left to do."""
    if outcome is Outcome.COMPLETED:
        return ""
    again = f"release-console --auto --release {rollout.request.label}"
    if rollout.request.image is not None:
        again += f" --image {rollout.request.image}"
    if rollout.halt is not None and rollout.halt.failure.hint:
        hint = rollout.halt.failure.hint
    else:
        hint = ""
    if _has_leftovers(rollout):
        retry = again.replace("--auto", "recover retry --yes")
        return _join(hint, f"when the cause is gone: {retry}")
    if rollout.halt is not None and rollout.halt.at.step in _BEFORE_REGIONS:
        return _join(hint, f"then: {again}" if hint else again)
    return _join(hint, f"to go on: {again}")


_BEFORE_REGIONS = {Step.PREFLIGHT, Step.BUILD, Step.TEST, Step.PUSH}


def _has_leftovers(rollout: Rollout) -> bool:
    """Whether tainted or deposed objects are left, or an apply ended without an answer."""
    counted = any((o.tainted or 0) + (o.deposed or 0) for o in rollout.outcomes)
    was_interrupted = (
        rollout.halt is not None
        and rollout.halt.failure.kind is FailureKind.INTERRUPTED
        and any(r.phase is RegionPhase.FAILED for r in rollout.regions)
    )
    return counted or was_interrupted


def _join(hint: str, command: str) -> str:
    return f"{hint.rstrip('.')}; {command}" if hint else command
