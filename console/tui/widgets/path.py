"""Where on its path is the rollout?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.domain.path_view import PathView, StepView, UnitView, WaveView
from console.domain.sentence import Tone
from console.domain.signs import STEPS, StepState
from console.domain.spans import brief
from console.tui.palette import Part, line, lines

_WIDTH = 34
_NONE = timedelta(0)
_ACTIVE = {StepState.RUNNING, StepState.ASKED, StepState.FAILED, StepState.HELD}


class Rail(VerticalScroll):
    """The path from top to bottom; only what is under way is told step by step."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="rail")
        self.border_title = "Path"
        self._path: PathView | None = None
        self._lines = 0

    def compose(self) -> ComposeResult:
        """Make the one text that is drawn."""
        yield Static(id="rail-text")

    def show(self, path: PathView) -> None:
        """Draw `path`, and keep what is under way in sight."""
        if path == self._path:
            return
        moved = _current(path) != (_current(self._path) if self._path else -1)
        self._path = path
        drawn = list(_rail(path))
        # As many lines as before take the same room: there is nothing to lay out again.
        has_grown = len(drawn) != self._lines
        self._lines = len(drawn)
        self.query_one("#rail-text", Static).update(lines(*drawn), layout=has_grown)
        if moved:
            self.scroll_to(y=max(0, _current(path) - self.size.height // 2), animate=False)


class Strip(Static):
    """The path in two lines, for a narrow terminal."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(id="strip")
        self._path: PathView | None = None

    def show(self, path: PathView) -> None:
        """Draw `path`."""
        if path != self._path:
            self._path = path
            self.update(lines(*_strip(path)), layout=False)  # it is always two lines high


def _current(path: PathView) -> int:
    """The line of the first step that is under way."""
    drawn = [content.plain for content in _rail(path)]
    glyphs = tuple(STEPS[state].glyph for state in _ACTIVE)
    return next((i for i, text in enumerate(drawn) if text.strip().startswith(glyphs)), 0)


def _rail(path: PathView) -> Iterator[Content]:
    for step in path.preparation:
        yield _step(step, 0)
    for wave in path.waves:
        yield line("")
        yield from _wave(wave)
    if path.watch is not None:
        yield line("")
        yield _step(path.watch, 0)
    if path.closing is not None:
        yield line("")
        yield _step(path.closing, 0)


def _wave(wave: WaveView) -> Iterator[Content]:
    name = f"wave {wave.number}" + (" · canary" if wave.is_canary else "")
    sign = STEPS[wave.state]
    is_over = wave.state is StepState.OK
    yield line((name, Tone.PLAIN), *([(f"  {sign}", sign.tone)] if is_over else []), bold=True)
    for unit in wave.units:
        yield from _unit(unit)
    if wave.bake is not None:
        yield _step(wave.bake, 0)


def _unit(unit: UnitView) -> Iterator[Content]:
    sign = STEPS[unit.state]
    names = _fit(", ".join(unit.regions), _WIDTH - 4 - len(unit.summary))
    gap = " " * max(1, _WIDTH - 3 - len(names) - len(unit.summary))
    yield line(
        (f"{sign.glyph} ", sign.tone),
        (names, Tone.QUIET if unit.state is StepState.WAITING else Tone.PLAIN),
        (gap + unit.summary, Tone.QUIET),
    )
    if unit.is_under_way:
        for step in unit.steps:
            yield _step(step, 2)


def _step(step: StepView, indent: int) -> Content:
    sign = STEPS[step.state]
    name = f"{step.name:<10}"
    time = _time(step)
    gap = " " * max(1, _WIDTH - 3 - indent - len(name) - len(time))
    is_current = step.state in _ACTIVE
    tone = (
        sign.tone if is_current else Tone.QUIET if step.state is StepState.WAITING else Tone.PLAIN
    )
    return line(
        " " * indent,
        (f"{sign.glyph} ", sign.tone),
        (name, tone),
        (gap + time, sign.tone if is_current else Tone.QUIET),
        bold=is_current,
    )


def _time(step: StepView) -> str:
    usual = f"~{brief(step.expected)}" if step.expected is not None else ""
    match step.state:
        case StepState.RUNNING if step.expected and (step.elapsed or _NONE) > step.expected:
            return f"{brief(step.elapsed)}, usually {brief(step.expected)}"
        case StepState.RUNNING:
            return brief(step.elapsed) + (f" of {usual}" if usual else "")
        case StepState.ASKED:
            return "asks"
        case StepState.SKIPPED:
            return "skipped"
        case StepState.WAITING:
            return usual
        case StepState.FAILED:
            return f"failed {brief(step.elapsed)}"
        case _:
            return brief(step.elapsed)


def _strip(path: PathView) -> Iterator[Content]:
    if not path.preparation:
        return
    yield _joined([(step.name, step.state) for step in path.preparation], path.preparation)
    shown = next((w for w in path.waves if w.state is not StepState.OK), None)
    if shown is None:
        yield line(("every wave is through", Tone.GOOD))
        if path.watch is not None:
            yield _joined([(path.watch.name, path.watch.state)], (path.watch,))
        return
    parts: list[Part] = [f"wave {shown.number}/{len(path.waves)}  "]
    unit = _told(shown, path.asked)
    parts.append((f"{', '.join(unit.regions)}  ", Tone.PLAIN))
    yield line(*parts) + _joined([(s.name, s.state) for s in unit.steps], unit.steps)


def _told(wave: WaveView, asked_of: str) -> UnitView:
    """The unit that the question is about; where nothing is asked, the first one under way."""
    asked = [unit for unit in wave.units if unit.name == asked_of]
    under_way = [unit for unit in wave.units if unit.is_under_way]
    return (*asked, *under_way, *wave.units)[0]


def _joined(names: list[tuple[str, StepState]], steps: tuple[StepView, ...]) -> Content:
    parts: list[Part] = []
    for (name, state), step in zip(names, steps, strict=True):
        sign = STEPS[state]
        time = f" {brief(step.elapsed)}" if state is StepState.RUNNING else ""
        quiet = Tone.QUIET if state is StepState.WAITING else Tone.PLAIN
        parts += [
            (f"{sign.glyph} ", sign.tone),
            (f"{name}{time}  ", sign.tone if state in _ACTIVE else quiet),
        ]
    return line(*parts)


def _fit(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(1, room - 1)] + "…"
