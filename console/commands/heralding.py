"""How do a command's rollouts and watches come to tell those who are away?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from console.engine.herald import Herald
from console.wiring import SystemClock, World


@asynccontextmanager
async def heralding(world: World, trouble: Callable[[str], None]) -> AsyncIterator[Herald]:
    """Provide who tells; at the end, what is queued goes out first, for some seconds at most.

    Enter it before the lease is taken, so that the fleet is free again before anybody is told.

    Args:
        world: the fleet, whose settings say who is told.
        trouble: takes the sentence that says who could not be told.
    """
    herald = Herald(world.notifications, SystemClock(), trouble)
    try:
        yield herald
    finally:
        await herald.close()
