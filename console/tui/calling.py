"""Who calls those who do not look at the screen?

Backstage: every look at a region goes through here, and so does every fact of a rollout that this
console runs. A screen that hangs or has gone keeps nobody from being called.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from console.domain.sentence import Sentence, Tone

if TYPE_CHECKING:
    from console.domain.fleet import RegionSample
    from console.domain.notification import Message
    from console.engine.herald import Herald
    from console.engine.vigil import Vigil
    from console.tui.bridge import Bridge
    from console.tui.surroundings import Surroundings


class Calling:
    """Keeps a vigil over the regions, and has a herald for what it notices."""

    def __init__(self, around: Surroundings, bridge: Bridge) -> None:
        """Call nobody yet.

        Args:
            around: makes both; either may be missing.
            bridge: takes to the screen what is noticed, and who could not be told.
        """
        self._around = around
        self._bridge = bridge
        self._has_herald = False

    @cached_property
    def herald(self) -> Herald | None:
        """Who tells those who are away; None where nobody does."""
        made = self._around.herald(self._warn) if self._around.herald else None
        self._has_herald = made is not None
        return made

    @cached_property
    def _vigil(self) -> Vigil | None:
        return self._around.vigil(self._tell) if self._around.vigil else None

    def see(self, sample: RegionSample) -> None:
        """Take a look at a region in."""
        if self._vigil is None:
            return
        standing, news = self._vigil.see(sample)
        self._bridge.standing(standing)
        for sentence in news:
            self._bridge.news(sample.at, sentence)

    async def close(self) -> None:
        """Let what is queued go out, for some seconds at most."""
        if self._has_herald and self.herald is not None:
            await self.herald.close()

    def _warn(self, text: str) -> None:
        self._bridge.news(self._around.clock.now(), Sentence(text, Tone.WARN))

    def _tell(self, message: Message) -> None:
        if self.herald is not None:
            self.herald.tell(message)
