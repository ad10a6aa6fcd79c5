"""Who notices that nothing happens in a region, and who hears of it?

Whoever looks at the regions hands every look in. News goes to the screen at once, and to those who
are away by one console alone: the first of a fleet's consoles that notes an incident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.notification import Message, of_silence
from console.domain.silence import (
    SilenceRules,
    Standing,
    Stillness,
    has_begun,
    has_ended,
    look,
    tell,
    tell_of_end,
)

if TYPE_CHECKING:
    from console.domain.fleet import RegionName, RegionSample
    from console.domain.sentence import Sentence
    from console.engine.ports import Incidents


@dataclass(frozen=True, slots=True)
class Watched:
    """The fleet that is watched, as its messages name it."""

    fleet: str
    environment: str
    where: str = ""
    """How the settings were named on the command line."""


class Vigil:
    """Folds looks in, and tells what is new."""

    def __init__(
        self,
        watched: Watched,
        rules: SilenceRules,
        incidents: Incidents,
        notify: Callable[[Message], None],
    ) -> None:
        """Know of no region yet.

        Args:
            watched: the fleet.
            rules: when nothing happens.
            incidents: remembers across consoles what was told.
            notify: tells those who are away.
        """
        self._watched = watched
        self._rules = rules
        self._incidents = incidents
        self._notify = notify
        self._standings: dict[RegionName, Standing] = {}

    def see(self, sample: RegionSample) -> tuple[Standing, Sequence[Sentence]]:
        """Take a look in.

        Returns:
            What is known of the region now, and what is new of it: mostly nothing.
        """
        before = self._standings.get(sample.region)
        now = look(before, sample, self._rules)
        self._standings[sample.region] = now
        if has_begun(before, now):
            news = tell(now)
            if self._incidents.begin(now.region):
                self._tell(now, news, self._next(now))
            return now, (news,)
        is_first = before is None and now.state is Stillness.WORKS
        if before is not None and has_ended(before, now):
            news = tell_of_end(before, now)
            if self._incidents.end(now.region):
                self._tell(now, news)
            return now, (news,)
        # An incident that ended while no console looked.
        if is_first and self._incidents.end(now.region):
            self._tell(now, tell_of_end(now, now))
        return now, ()

    def _tell(self, now: Standing, news: Sentence, next_: str = "") -> None:
        watched = self._watched
        self._notify(of_silence(watched.fleet, watched.environment, now.region, news.text, next_))

    def _next(self, now: Standing) -> str:
        where = f" {self._watched.where}" if self._watched.where else ""
        return f"release-console recover --region {now.region}{where} shows what leads on"
