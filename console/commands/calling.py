"""Who calls, from a screen, those who do not look at it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.engine.clock import SystemClock

if TYPE_CHECKING:
    from console.commands.beforehand import Known
    from console.domain.notification import Message
    from console.engine.herald import Herald
    from console.engine.vigil import Vigil
    from console.wiring import World

MakeVigil = Callable[[Callable[["Message"], None]], "Vigil"]
MakeHerald = Callable[[Callable[[str], None]], "Herald"]


def herald_of(world: Callable[[], World]) -> MakeHerald:
    """Return what makes who tells those that are away."""

    def make(trouble: Callable[[str], None]) -> Herald:
        from console.engine.herald import Herald

        return Herald(world().notifications, SystemClock(), trouble)

    return make


def vigil_of(world: Callable[[], World], known: Known, where: str) -> MakeVigil | None:
    """Return what makes who notices that nothing happens; None where nobody wants to know.

    Args:
        world: the fleet.
        known: what the settings say of it.
        where: the options that name the settings, for commands in messages.
    """
    beats_within = known.beats_within
    if beats_within is None:
        return None

    def make(notify: Callable[[Message], None]) -> Vigil:
        from console.domain.silence import SilenceRules
        from console.engine.vigil import Vigil, Watched

        rules = SilenceRules(beats_within, known.work_within, known.boot_allowance)
        watched = Watched(known.fleet, known.environment, where)
        return Vigil(watched, rules, world().incidents, notify)

    return make
