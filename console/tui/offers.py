"""What can be chosen from the command palette?"""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.tui.screens.drawn import Drawn, Offer
from console.tui.theme import THEMES


class OffersProvider(Provider):
    """The commands of the screen below, those that are not allowed now with the reason."""

    async def discover(self) -> Hits:
        """Yield everything, before a word is typed."""
        for offer in self._offers():
            yield DiscoveryHit(_name(offer), partial(self._do, offer), help=_help(offer))

    async def search(self, query: str) -> Hits:
        """Yield what fits `query`."""
        matcher = self.matcher(query)
        for offer in self._offers():
            score = matcher.match(_name(offer))
            if score > 0:
                name = matcher.highlight(_name(offer))
                yield Hit(score, name, partial(self._do, offer), help=_help(offer))

    def _offers(self) -> list[Offer]:
        screen = self.screen
        offered = screen.offers() if isinstance(screen, Drawn) else []
        themes = [
            Offer("", f"Theme: {theme.name.removeprefix('console-')}", "", f"theme:{theme.name}")
            for theme in THEMES
        ]
        return [*offered, *themes]

    async def _do(self, offer: Offer) -> None:
        if offer.action.startswith("theme:"):
            self.app.theme = offer.action.removeprefix("theme:")
        elif offer.reason:
            self.app.notify(
                f"{offer.verb}: not now, {offer.reason}", severity="warning", markup=False
            )
        else:
            await self.screen.run_action(offer.action)


def _name(offer: Offer) -> str:
    return offer.verb


def _help(offer: Offer) -> str:
    return f"not now: {offer.reason}" if offer.reason else offer.sentence
