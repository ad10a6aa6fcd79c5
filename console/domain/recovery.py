"""What should the operator do next?

Every stop has a next step: one command a line, to be typed as it stands, with a sentence of when.
"""

from __future__ import annotations

from console.domain.failure import FailureKind
from console.domain.outcome import Outcome, RegionPhase
from console.domain.rollout import Rollout
from console.domain.steps import Step

_BEFORE_REGIONS = {Step.PREFLIGHT, Step.BUILD, Step.TEST, Step.PUSH}


def next_step(rollout: Rollout, outcome: Outcome) -> str:
    """Return what leads on, a line each; empty where nothing is left to do."""
    if outcome is Outcome.COMPLETED:
        return ""
    return "\n".join((*_hint(rollout), *_commands(rollout)))


def _hint(rollout: Rollout) -> tuple[str, ...]:
    hint = rollout.halt.failure.hint if rollout.halt is not None else ""
    return (hint,) if hint else ()


def _commands(rollout: Rollout) -> tuple[str, ...]:
    if _was_interrupted(rollout):
        return ("to go on: " + _command(rollout, "recover retry --yes"),)
    if _has_leftovers(rollout):
        return (
            "if the image is bad, mend it and ship it under a label of its own: "
            + _command(rollout, "recover retry --yes", label="LABEL"),
            "if the cause lay elsewhere and is gone: " + _command(rollout, "recover retry --yes"),
        )
    if rollout.halt is not None and rollout.halt.at.step in _BEFORE_REGIONS:
        return (f"nothing was changed; then: {_command(rollout, '--auto')}",)
    return (f"to go on: {_command(rollout, '--auto')}",)


def _command(rollout: Rollout, words: str, label: str = "") -> str:
    """Return a command line for the rollout's own release, or for another `label`."""
    request = rollout.request
    image = f" --image {request.image}" if request.image is not None and not label else ""
    where = f" {request.where}" if request.where else ""
    return f"release-console {words} --release {label or request.label}{image}{where}"


def _has_leftovers(rollout: Rollout) -> bool:
    """Whether tainted or deposed objects are left."""
    return any((o.tainted or 0) + (o.deposed or 0) for o in rollout.outcomes)


def _was_interrupted(rollout: Rollout) -> bool:
    """Whether Terraform was stopped by a person: the image itself is under no suspicion."""
    return (
        rollout.halt is not None
        and rollout.halt.failure.kind is FailureKind.INTERRUPTED
        and any(region.phase is RegionPhase.FAILED for region in rollout.regions)
    )
