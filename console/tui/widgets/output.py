"""What do the tools print?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from textual.events import Resize
from textual.widgets import Log

from console.domain.abridged import abridged
from console.domain.foreign import shown
from console.domain.sentence import Tone
from console.engine.ports import Progress, ProgressKind
from console.tui.palette import line
from console.tui.widgets.wrapped import wrapped

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
        self._matching = 0
        self._place = ""
        self._nothing = ""
        self._room = 0
        """How wide its lines were wrapped; 0 while nobody knows how wide it is."""

    def on_resize(self, event: Resize) -> None:
        """Wrap for the width that there is now, and stand at the end again while it follows."""
        room = self.scrollable_content_region.width
        if room not in (0, self._room):
            self._room = room
            self._rewrite()
        elif self.auto_scroll:
            self.scroll_end(animate=False)

    @property
    def follows(self) -> bool:
        """Whether it scrolls along."""
        return self.auto_scroll

    def tell(self, *, place: str, nothing: str) -> None:
        """Tell around the lines what they do not tell themselves.

        Args:
            place: where the complete text is on disk; empty where it is on none that we know.
            nothing: a sentence for as long as there is no line.
        """
        if (place, nothing) != (self._place, self._nothing):
            self._place, self._nothing = place, nothing
            self._rewrite()

    def add(self, progress: Iterable[Progress]) -> None:
        """Append lines, all in one go: one by one, ten thousand of them would hold up the keys."""
        made = [text for item in progress for text in _lines(item)]
        if not made:
            return
        if not self._kept:
            self.clear()  # of the sentence that there is nothing
        self._kept.extend(made)
        chosen = [text for text in made if self._filter in text.lower()]
        self._matching += len(chosen)
        if chosen:
            self.write_lines(self._wrapped(chosen), scroll_end=self.auto_scroll)
        self._entitle()

    def narrow(self, text: str) -> None:
        """Show only lines that hold `text`; all of them for an empty one."""
        self._filter = text.lower()
        self._rewrite()

    def toggle_follow(self) -> bool:
        """Follow, or stop following; return which of the two."""
        self.auto_scroll = not self.auto_scroll
        if self.auto_scroll:
            self.scroll_end(animate=False)
        self._entitle()
        return self.auto_scroll

    def _rewrite(self) -> None:
        self.clear()
        chosen = [kept for kept in self._kept if self._filter in kept.lower()]
        self._matching = len(chosen)
        if chosen:
            self.write_lines(self._wrapped(chosen))
        elif not self._kept and self._nothing:
            self.write_lines(self._wrapped([self._nothing]))
        self._entitle()
        if self.auto_scroll:
            self.scroll_end(animate=False)

    def _wrapped(self, texts: Iterable[str]) -> Iterator[str]:
        return (part for text in texts for part in wrapped(text, self._room))

    def _entitle(self) -> None:
        told = [f"{min(self._matching, len(self._kept))} of {len(self._kept)} lines"]
        if self._filter:
            told[0] += f" hold {self._filter!r}"
        else:
            told = [f"{len(self._kept)} lines"] if self._kept else []
        told.append("follows" if self.auto_scroll else "stays where it is")
        if self._place:
            told.append(f"complete in {self._place}")
        self.border_title = line((" · ".join(told), Tone.QUIET))


def _lines(progress: Progress) -> list[str]:
    where = f"{progress.unit}  " if progress.unit else ""
    mark = _MARKS[progress.kind]
    texts = progress.message.rstrip("\n").replace("\r\n", "\n").split("\n")
    return [f"{mark} {shown(where + abridged(text))}" for text in texts]
