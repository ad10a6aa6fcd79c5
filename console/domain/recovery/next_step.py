"""What should the operator do next?

Every stop has a next step: one command a line, to be typed as it stands, with a sentence of when.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.domain.failure import FailureKind
from console.domain.fleet import RegionName
from console.domain.outcome import Outcome, RegionPhase
from console.domain.rollout import Rollout
from console.domain.scaling import Scale
from console.domain.steps import Step

_NO_FAULT_OF_THE_RELEASE = {
    FailureKind.INCONCLUSIVE,
    FailureKind.INTERRUPTED,
    FailureKind.LOCKED,
}
_ENDED = {RegionPhase.DONE, RegionPhase.VERIFIED, RegionPhase.CURRENT, RegionPhase.FAILED}
_BEFORE_REGIONS = {Step.PREFLIGHT, Step.BUILD, Step.TEST, Step.PUSH}


def next_step(rollout: Rollout, outcome: Outcome) -> str:
    """Return what leads on, a line each; empty where nothing is left to do.

    What has ended well may still leave an orphan, or slots that it was not about.
    """
    if outcome in {Outcome.COMPLETED, Outcome.ROLLED_BACK}:
        left = (line for outcome in rollout.outcomes for line in outcome.next)
        return "\n".join(filter(None, (_to_write_down(rollout), *left)))
    return "\n".join((*_hint(rollout), *_commands(rollout)))


def _to_write_down(rollout: Rollout) -> str:
    """Return what to change in the settings after a scale: else they say another number."""
    scale = rollout.request.scale
    if scale is None or scale.to == scale.settings:
        return ""
    return (
        f"write count: {scale.to} below regions.{scale.region} in the settings, which say "
        f"{scale.settings}; until then every release keeps {scale.to} there, and says so"
    )


def _hint(rollout: Rollout) -> tuple[str, ...]:
    hint = rollout.halt.failure.hint if rollout.halt is not None else ""
    return (hint,) if hint else ()


def _commands(rollout: Rollout) -> Iterator[str]:
    """Yield the moves of every region that is not whole; else how the rest is released."""
    advised = [line for outcome in rollout.outcomes for line in outcome.next]
    for region, _ in rollout.request.leaves:
        line = f"release-console recover --region {region} {rollout.request.where}".rstrip()
        advised.append(f"what leads on in {region}: {line}")
    yield from advised
    if advised:
        if _rest_may_follow(rollout):
            yield f"then, for the regions that do not have it: {again(rollout)}"
        return
    before = rollout.halt is not None and rollout.halt.at.step in _BEFORE_REGIONS
    words = "nothing was changed; then" if before else "to go on"
    yield f"{words}: {again(rollout)}"


def _rest_may_follow(rollout: Rollout) -> bool:
    """Whether other regions wait for a release that nothing speaks against."""
    if rollout.halt is None or rollout.halt.failure.kind not in _NO_FAULT_OF_THE_RELEASE:
        return False
    return any(region.batches and region.phase not in _ENDED for region in rollout.regions)


def again(rollout: Rollout, only: Sequence[RegionName] = ()) -> str:
    """Return the command line that begins the same rollout again.

    Args:
        rollout: the one that stopped.
        only: regions to name; empty for those that it was about.
    """
    request = rollout.request
    if request.scale is not None:
        return again_scaled(request.scale, rollout.fleet, request.where)
    return f"release-console --auto {_asked_for(rollout, only)}"


def over_leftovers(rollout: Rollout) -> str:
    """Return the command line that begins the same rollout over what an earlier one has left."""
    return f"release-console recover retry --yes {_asked_for(rollout)}"


def _asked_for(rollout: Rollout, only: Sequence[RegionName] = ()) -> str:
    """Return the options that say what is shipped, and where."""
    request = rollout.request
    about = tuple(region.name for region in rollout.policy.regions)
    named = only or (about if rollout.policy.is_partial else ())
    image = f" --image {request.image}" if request.image is not None else ""
    regions = f" --regions {','.join(named)}" if named else ""
    where = f" {request.where}" if request.where else ""
    return f"--release {request.label}{image}{regions}{where}"


def again_scaled(scale: Scale, fleet: str, where: str) -> str:
    """Return the command line that scales a region."""
    confirmed = f" --confirm {fleet}" if scale.is_dangerous else ""
    line = f"release-console scale {scale.region} {scale.to} --yes{confirmed} {where}"
    return line.rstrip()
