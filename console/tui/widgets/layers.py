"""How far has each step of a build come, and each layer of a push?

One line each, drawn again in place: an engine tells of a layer dozens of times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.content import Content
from textual.widgets import Static

from console.domain.abridged import abridged
from console.domain.sentence import Tone
from console.engine.ports import Progress, ProgressKind
from console.tui.palette import line, lines

_ROWS_A_LINE = 6
"""One line for so many rows of the screen: most of the room is the output's."""
_TENTHS = 10
_SIGNS: Mapping[ProgressKind, tuple[str, Tone]] = {
    ProgressKind.STARTED: ("▶", Tone.ASK),
    ProgressKind.RUNNING: ("▶", Tone.ASK),
    ProgressKind.FINISHED: ("✓", Tone.GOOD),
    ProgressKind.FAILED: ("✗", Tone.BAD),
}
_TITLES: Mapping[str, str] = {
    "build": "steps built",
    "pull": "layers pulled",
    "push": "layers pushed",
}


def is_in_place(progress: Progress) -> bool:
    """Whether `progress` is news of a layer that only counts until the next one."""
    return progress.action in {"pull", "push"} and progress.kind is ProgressKind.RUNNING


class Layers(Static):
    """The layers of what is built, pulled or pushed now; away as soon as Terraform speaks."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(id="layers")
        self.display = False
        self._action = ""
        self._newest: dict[str, Progress] = {}

    def add(self, progress: Iterable[Progress]) -> None:
        """Take what a tool tells; what is of no layer is left out."""
        is_news = False
        for item in progress:
            if item.unit is not None:
                is_news |= bool(self._newest)
                self._newest, self._action = {}, ""
            elif item.address and item.action and item.action in _TITLES:
                is_news = True
                if item.action != self._action:
                    self._newest = {}
                self._action = item.action
                self._newest[item.address] = item
        if is_news:
            self.display = bool(self._newest)
            self.update(self._drawn())

    def _drawn(self) -> Content:
        if not self._newest:
            return line("")
        newest = list(self._newest.values())
        ended = sum(item.kind is ProgressKind.FINISHED for item in newest)
        title = line((f"{ended} of {len(newest)} {_TITLES[self._action]}", Tone.QUIET))
        shown = _most_telling(newest, most=self.app.size.height // _ROWS_A_LINE)
        return lines(title, *(_line(item) for item in shown))


def _most_telling(newest: list[Progress], *, most: int) -> list[Progress]:
    """Return as many as there is room for: what has ended goes first, the oldest of it."""
    surplus = len(newest) - most
    if surplus <= 0:
        return newest
    ended = [item for item in newest if item.kind is ProgressKind.FINISHED]
    left_out = {id(item) for item in ended[:surplus]}
    return [item for item in newest if id(item) not in left_out][-most:]


def _line(item: Progress) -> Content:
    glyph, tone = _SIGNS.get(item.kind, (" ", Tone.PLAIN))
    told = (f" {abridged(item.message)}", Tone.PLAIN)
    if item.action == "build":
        return line((glyph, tone), told)
    tenths = _TENTHS if item.kind is ProgressKind.FINISHED else item.tenths or 0
    rest = "─" * (_TENTHS - tenths), Tone.QUIET
    return line((glyph, tone), " ", ("━" * tenths, tone), rest, told)
