"""Which fleet is this, what happens to it, and who does it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from console.domain.sentence import Tone
from console.domain.signs import MODES
from console.tui.palette import Part, line, lines

if TYPE_CHECKING:
    from console.domain.header import Header


class Masthead(Widget):
    """Two lines that never scroll away."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="masthead")
        self._header: Header | None = None
        self._clock = ""

    def show(self, header: Header, now: datetime) -> None:
        """Draw `header` and the time."""
        clock = now.astimezone().strftime("%H:%M:%S")
        if (header, clock) == (self._header, self._clock):
            return
        self._header, self._clock = header, clock
        self.set_class(header.is_production, "-production")
        self.refresh()

    def render(self) -> Content:
        """Return both lines, what matters least left out where it does not fit."""
        if self._header is None:
            return Content("")
        header = self._header
        mode = MODES[header.mode]
        right: list[Part] = [(f"{mode.glyph} {mode.word}", mode.tone), f"   {self._clock}"]
        room = self.size.width - line(*right).cell_length - 2
        named = [line(*parts, bold=True) for parts in _names(header)]
        fitting = (each for each in named if each.cell_length <= room)
        return lines(
            self._spread(next(fitting, named[-1]), right),
            self._spread(line(*self._people(header)), []),
        )

    def _people(self, header: Header) -> list[Part]:
        lease = f"lease: {header.lease}" if header.lease else ""
        wordings = (
            " · ".join(filter(None, (f"by {header.operator}", identity, lease)))
            for identity in (header.identity, _account_and_name(header.identity))
        )
        full, short = wordings
        return [(full if len(full) < self.size.width else short, Tone.QUIET)]

    def _spread(self, start: Content, right: list[Part]) -> Content:
        end = line(*right)
        room = self.size.width - end.cell_length
        if start.cell_length > room - 1:
            start = start.truncate(max(0, room - 2), ellipsis=True)
        return start + " " * max(0, room - start.cell_length) + end


def _names(header: Header) -> Iterator[list[Part]]:
    """Yield what names the fleet and the release, from the longest wording to the shortest."""
    tone = Tone.BAD if header.is_production else Tone.ASK
    word = header.environment.upper() if header.is_production else header.environment
    fleet: list[Part] = [header.fleet, ("  ", Tone.PLAIN), (f"[{word}]", tone)]
    if not header.label:
        yield fleet
        return
    before = f"{header.before} → " if header.before else "→ "
    if header.digest:
        digest = (f"  {header.digest}", Tone.QUIET)
        yield [*fleet, (f"    {before}", Tone.QUIET), header.label, digest]
    yield [*fleet, (f"    {before}", Tone.QUIET), header.label]
    yield [*fleet, ("  → ", Tone.QUIET), header.label]


def _account_and_name(identity: str) -> str:
    """What tells two ARNs apart: `123456789012 release/ada`; anything else as it is."""
    parts = identity.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return identity
    return f"{parts[4]} {parts[5].removeprefix('assumed-role/')}"
