"""Has an instance proven itself to a source other than CloudWatch?

The look that `await_ready` repeats; a process of its own makes it, so it blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console.adapters.aws.await_ready import Seen, Wanted
from console.domain.fleet import Heartbeat, Instance, InstanceId, RegionName
from console.domain.release import ReleaseLabel
from console.engine.ports import HeartbeatSource


def look_through(
    source: HeartbeatSource, wanted: Wanted, fresh: timedelta
) -> Callable[[Seen], Seen]:
    """Return a function that looks at what the instance has shown.

    Args:
        source: who is asked.
        wanted: what it has to show.
        fresh: age of the newest beat of a worker that still lives.
    """
    instance = Instance(InstanceId(wanted.instance), "running")
    label = ReleaseLabel(wanted.release)

    def look(before: Seen) -> Seen:
        at = datetime.now(UTC)
        told = asyncio.run(source.read(RegionName(wanted.region), [instance], [label], at))
        if told.value is None:
            return replace(before, is_fresh=False, trouble=told.error or "no answer")
        mine = (beat for beat in told.value if beat.release == label)
        return _seen(next(mine, None), at, fresh)

    return look


def _seen(beat: Heartbeat | None, at: datetime, fresh: timedelta) -> Seen:
    if beat is None or beat.last_at is None:
        return Seen()
    return Seen(1, beat.is_fresh(at, fresh), beat.runs, beat.failures, beat.digest)
