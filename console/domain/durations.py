"""How long does a step take, going by earlier rollouts?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from console.domain.steps import Result, Step

if TYPE_CHECKING:
    from console.domain.rollout import Rollout


def expected(rollouts: Iterable[Rollout]) -> Mapping[Step, timedelta]:
    """Return the median duration of each step that ended well in `rollouts`.

    Args:
        rollouts: earlier rollouts of the fleet; the newest few tell the most.
    """
    seen: dict[Step, list[float]] = defaultdict(list)
    for rollout in rollouts:
        for record in rollout.steps:
            if record.result is Result.OK and record.finished_at is not None:
                seen[record.at.step].append(
                    (record.finished_at - record.started_at).total_seconds()
                )
    return {step: timedelta(seconds=median(spans)) for step, spans in seen.items()}
