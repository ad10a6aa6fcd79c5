"""What do the tools print?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from textual.widgets import Log

from console.domain.foreign import shown
from console.engine.ports import Progress, ProgressKind

# As many lines as anybody scrolls back; every one of them is in the log on disk.
_MOST_LINES = 20_000
_MARKS = {
    ProgressKind.STARTED: "▶",
    ProgressKind.RUNNING: "…",
    ProgressKind.FINISHED: "✓",
    ProgressKind.FAILED: "✗",
    ProgressKind.OUTPUT: " ",
}


class Output(Log):
    """Lines of Terraform, Docker and instances; follows them until told otherwise."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(max_lines=_MOST_LINES, auto_scroll=True, id="output")
        self._kept: deque[str] = deque(maxlen=_MOST_LINES)
        self._filter = ""

    @property
    def follows(self) -> bool:
        """Whether it scrolls along."""
        return self.auto_scroll

    def add(self, progress: Iterable[Progress]) -> None:
        """Append lines, all in one go: one by one, ten thousand of them would hold up the keys."""
        made = [text for item in progress for text in _lines(item)]
        if not made:
            return
        self._kept.extend(made)
        chosen = [text for text in made if self._filter in text.lower()]
        if chosen:
            self.write_lines(chosen, scroll_end=self.auto_scroll)

    def narrow(self, text: str) -> None:
        """Show only lines that hold `text`; all of them for an empty one."""
        self._filter = text.lower()
        self.clear()
        self.write_lines(kept for kept in self._kept if self._filter in kept.lower())

    def toggle_follow(self) -> bool:
        """Follow, or stop following; return which of the two."""
        self.auto_scroll = not self.auto_scroll
        if self.auto_scroll:
            self.scroll_end(animate=False)
        return self.auto_scroll


def _lines(progress: Progress) -> list[str]:
    where = f"{progress.unit}  " if progress.unit else ""
    mark = _MARKS[progress.kind]
    texts = progress.message.rstrip("\n").replace("\r\n", "\n").split("\n")
    return [f"{mark} {shown(where + text)}" for text in texts]
