"""How does a release go on to the other regions, once its rollout has ended?

While a rollout is open, a person skips the region that halted it, or lets it go on. Once it has
ended, another rollout of the same release does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from console.domain.allowed import FAILED_CANARY
from console.domain.fleet import RegionName
from console.domain.outcome import RegionPhase
from console.domain.recovery.lineage import is_through
from console.domain.recovery.shipping import Shipment, same_again
from console.domain.rollout import RegionRun, Rollout


@dataclass(frozen=True, slots=True)
class GoingOn:
    """The rollout that goes on."""

    shipment: Shipment
    regions: tuple[RegionName, ...]
    """Empty for all that the settings have."""
    leaves: tuple[tuple[RegionName, str], ...] = ()
    """The regions that are left as they are, and why."""


def without(region: RegionName, past: Iterable[Rollout]) -> GoingOn | str:
    """Return how the others get the release that `region` has not; or why they do not.

    Args:
        region: the one to leave as it is.
        past: the fleet's rollouts that did anything, the newest first.
    """
    attempts = _attempts(past)
    covering = [rollout for rollout in attempts if _run(rollout, region) is not None]
    if not covering:
        return f"no rollout that did anything was of {region}"
    label = covering[0].request.label
    if is_through(region, covering[0], attempts):
        return f"{region} is through with {label}: nothing is left behind there"
    for rollout in covering:
        if not _waiting(rollout, region, attempts):
            continue
        left = [
            known
            for known in rollout.regions
            if known.name == region
            or (_is_left(known) and not is_through(known.name, rollout, attempts))
        ]
        # Whichever region was named: what is left behind must not be the canary.
        if any(rollout.is_canary(run.wave) for run in left):
            return FAILED_CANARY
        return GoingOn(
            same_again(rollout, over_leftovers=False),
            tuple(known.name for known in rollout.regions if known not in left),
            tuple((known.name, _why(known.name, covering)) for known in left),
        )
    return f"no other region waits for {label}"


def with_the_rest(past: Iterable[Rollout]) -> GoingOn | str:
    """Return how the newest release goes on to the regions that do not have it; or why not."""
    attempts = _attempts(past)
    for rollout in attempts:
        if all(is_through(run.name, rollout, attempts) for run in rollout.regions):
            continue
        about = tuple(spec.name for spec in rollout.policy.regions)
        regions = about if rollout.policy.is_partial else ()
        return GoingOn(same_again(rollout, over_leftovers=False), regions, rollout.request.leaves)
    if not attempts:
        return "no rollout has done anything here"
    return f"every region is through with {attempts[0].request.label}: nothing is left to go on to"


def _attempts(past: Iterable[Rollout]) -> Sequence[Rollout]:
    """Return the newest rollouts of one and the same release; a scale ships none."""
    releases = (rollout for rollout in past if rollout.request.scale is None)
    newest = next(releases, None)
    if newest is None:
        return ()
    label = newest.request.label
    return (newest, *takewhile(lambda rollout: rollout.request.label == label, releases))


def _waiting(rollout: Rollout, region: RegionName, attempts: Sequence[Rollout]) -> bool:
    """Whether another region of `rollout` was to get the release, and nothing was tried there."""
    return any(
        run.name != region
        and run.batches
        and not _is_left(run)
        and not is_through(run.name, rollout, attempts)
        for run in rollout.regions
    )


def _is_left(run: RegionRun) -> bool:
    return run.phase is RegionPhase.FAILED


def _run(rollout: Rollout, region: RegionName) -> RegionRun | None:
    return next((run for run in rollout.regions if run.name == region and run.found), None)


def _why(region: RegionName, covering: Sequence[Rollout]) -> str:
    newest = next((r for r in covering if _run(r, region) is not None), covering[0])
    halt = newest.halt
    if halt is not None and halt.at.unit == newest.region(region).unit:
        return halt.failure.message
    failure = newest.region(region).failure
    return failure.message if failure is not None else newest.reason
