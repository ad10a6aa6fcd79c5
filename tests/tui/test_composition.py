"""What each screen is made of, at each size: what is there, what is left out, and that all fits.

The pictures in `screenshots/` pin what it looks like; this pins how it is put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import pytest
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from screenshots.moments import LARGE, MOMENTS, NORMAL, SMALL
from screenshots.stage import Shown, shown

SIZES = (SMALL, NORMAL, LARGE)


@dataclass(frozen=True)
class Composition:
    """The panels of a screen, by id."""

    always: str
    """At every size."""
    small: str = ""
    """At 80x24 only."""
    larger: str = ""
    """At every larger size, and not at 80x24."""
    never: str = field(default="", kw_only=True)
    """Composed, and not displayed at this moment."""

    def at(self, size: tuple[int, int]) -> set[str]:
        """Return what is displayed at `size`."""
        return {*self.always.split(), *(self.small if size == SMALL else self.larger).split()}


_ROLLOUT = "masthead question body main regions tabs"
_UNSEEN = "filter tab-plan tab-gates tab-chart"
_CONFIRMED = "box title told consequences buttons no yes"
COMPOSED = {
    "start": Composition(
        "masthead form fields label proposal image refresh chosen start regions",
        larger="preview preview-text",
        never="wrong",
    ),
    "console": Composition(
        f"{_ROLLOUT} tab-output output",
        small="strip",
        larger="rail rail-text",
        never=f"{_UNSEEN} tab-timeline trouble",
    ),
    "watch": Composition(
        f"{_ROLLOUT} tab-timeline timeline trouble",
        small="strip",
        larger="rail rail-text",
        never=f"{_UNSEEN} tab-output",
    ),
    "replay": Composition(
        f"{_ROLLOUT} tab-timeline timeline",
        small="strip",
        larger="rail rail-text",
        never=f"{_UNSEEN} tab-output",
    ),
    # In a narrow terminal the console output that was asked for takes the chart's room.
    "region": Composition("masthead summary objects beats details console", larger="chart"),
    "history": Composition("masthead history record"),
    "plan-review": Composition(_CONFIRMED, never="void"),
    "dangerous": Composition(f"{_CONFIRMED} wanted typed", never="void"),
    "leave": Composition("box title consequences"),
    "help": Composition("box title told keys signs"),
}


@dataclass(frozen=True)
class Layout:
    """One screen at one size, as it was laid out."""

    displayed: frozenset[str]
    composed: frozenset[str]
    outside: tuple[str, ...]
    """Panels that reach over the edge of the screen."""
    empty: tuple[str, ...]
    """Panels that have no room at all."""
    over: tuple[tuple[str, str], ...]
    """Panels that lie over each other."""
    unreached: tuple[str, ...]
    """What takes keys and is not reached with Tab."""
    keys: tuple[str, ...]
    """What the footer offers."""
    cut: tuple[str, ...]
    """Of these, what does not stand there in full."""


_LAID_OUT: dict[str, dict[tuple[int, int], Layout]] = {}


async def layouts(name: str) -> dict[tuple[int, int], Layout]:
    """Show one of the moments that there are pictures of, at each size in turn; but once."""
    if name not in _LAID_OUT:
        moment = next(moment for moment in MOMENTS if moment.name == name)
        async with shown(moment.scene.stage(), NORMAL) as view:
            await view.press(moment.keys)
            if moment.sees:
                await view.sees(moment.sees)
            _LAID_OUT[name] = {size: await _layout(view, size) for size in SIZES}
    return _LAID_OUT[name]


async def _layout(view: Shown, size: tuple[int, int]) -> Layout:
    await view.pilot.resize_terminal(*size)
    await view.until(lambda: view.app.screen.size == size, f"the screen is {size}")
    await view.rest()
    screen = view.app.screen
    footer = screen.query_one(Footer)
    keys = list(footer.query(FooterKey))
    named = list(panels(screen))
    drawn = [panel for panel in named if is_displayed(panel)]
    fixed = [panel for panel in (*drawn, footer) if not scrolls(panel)]
    return Layout(
        displayed=frozenset(str(panel.id) for panel in drawn),
        composed=frozenset(str(panel.id) for panel in named),
        outside=tuple(str(p) for p in fixed if not screen.region.contains_region(p.region)),
        empty=tuple(str(p) for p in fixed if not p.region.area and p.id != "wrong"),
        over=tuple(
            (str(a), str(b))
            for a, b in combinations((*drawn, footer), 2)
            if a.parent is b.parent and a.region.overlaps(b.region)
        ),
        keys=tuple(key.description for key in keys),
        cut=tuple(k.description for k in keys if not footer.region.contains_region(k.region)),
        # Last of all: another focus has other keys, and the footer is made afresh.
        unreached=await _unreached(view, screen),
    )


async def _unreached(view: Shown, screen: Screen[object]) -> tuple[str, ...]:
    wanted = {
        widget
        for widget in screen.query(Widget)
        if widget.can_focus and not widget.disabled and is_displayed(widget)
    }
    reached = set()
    for _ in wanted:
        await view.pilot.press("tab")
        reached.add(screen.focused)
    return tuple(str(widget) for widget in wanted - reached)


def panels(screen: Screen[object]) -> Iterator[Widget]:
    """Yield the widgets that this project has named, and not what Textual makes them of."""
    for widget in screen.walk_children(Widget):
        if widget.id and not widget.id.startswith(("-", "_", "tabs-")):
            yield widget


def is_displayed(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def scrolls(widget: Widget) -> bool:
    """Whether `widget` stands in something that scrolls: it may be out of sight then."""
    return any(
        isinstance(node, Widget) and not isinstance(node, Screen) and node.is_scrollable
        for node in widget.ancestors
    )


@pytest.mark.parametrize("name", COMPOSED)
async def test_each_size_shows_the_panels_that_it_has_room_for(name: str) -> None:
    for size, layout in (await layouts(name)).items():
        assert layout.displayed == COMPOSED[name].at(size), size
        assert layout.composed >= set(COMPOSED[name].never.split()), size


@pytest.mark.parametrize("name", COMPOSED)
async def test_nothing_lies_over_anything_else_or_outside_of_the_screen(name: str) -> None:
    for size, layout in (await layouts(name)).items():
        assert (layout.outside, layout.empty, layout.over) == ((), (), ()), size


@pytest.mark.parametrize("name", COMPOSED)
async def test_tab_reaches_everything_that_takes_keys(name: str) -> None:
    for size, layout in (await layouts(name)).items():
        assert layout.unreached == (), size


@pytest.mark.parametrize("name", COMPOSED)
async def test_every_footer_shows_all_its_keys_in_full(name: str) -> None:
    for size, layout in (await layouts(name)).items():
        assert layout.keys, size
        assert layout.cut == (), size
