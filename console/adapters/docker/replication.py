"""Do the registries of all regions have the digest?

The console pushes to one; the registry itself replicates (ECR does by a rule of its own). A region
whose registry does not have the image yet would boot instances that find nothing to pull.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from console.adapters.docker.reference import Reference
from console.adapters.docker.registry import Known, Registry
from console.domain.failure import Failure, FailureKind
from console.engine.ports import OnProgress, Progress, ProgressKind
from console.values import format_duration

_PAUSE_S = 5.0


async def await_everywhere(
    image: Reference,
    regions: Sequence[str],
    within: timedelta,
    on_progress: OnProgress,
    *,
    registry: Callable[[Reference], Registry] = Registry,
    pause_s: float = _PAUSE_S,
) -> Failure | None:
    """Wait until every region's registry serves the digest of `image`.

    Args:
        image: by digest; its repository holds `{region}`.
        regions: whose registries are asked.
        within: how long they have.
        on_progress: hears of each region that has it.
        registry: opens the registry of a repository.
        pause_s: between two looks, in seconds.
    """
    missing = {region: registry(image.in_region(region)) for region in regions}
    errors: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    while True:
        names = tuple(missing)
        answers = await asyncio.gather(
            *(asyncio.to_thread(missing[name].find, image.digest) for name in names)
        )
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, Known):
                del missing[name]
                on_progress(Progress(ProgressKind.FINISHED, f"{name}: its registry has the image"))
            else:
                errors[name] = answer.message if isinstance(answer, Failure) else ""
        if not missing:
            return None
        if loop.time() >= deadline:
            return _late(image, tuple(missing), errors, within)
        waits = f"waiting for the registries of {', '.join(missing)}"
        on_progress(Progress(ProgressKind.RUNNING, waits))
        await asyncio.sleep(min(pause_s, max(0.0, deadline - loop.time())))


def _late(
    image: Reference, missing: Sequence[str], errors: dict[str, str], within: timedelta
) -> Failure:
    told = "\n".join(f"{name}: {errors[name]}" for name in missing if errors.get(name))
    return Failure(
        FailureKind.FAILED,
        f"{image.digest} {_was_not(within)} in the registry of {', '.join(missing)}; no region was "
        "changed",
        "see the registry's replication rules, or give it more time with image.replicated_within; "
        "then run it again: what is pushed is not pushed twice",
        told,
    )


def _was_not(within: timedelta) -> str:
    return f"was after {format_duration(within)} still not" if within else "is not"
