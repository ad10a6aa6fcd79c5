"""How is a plot drawn without a script?

Inline SVG: its colours are the page's CSS classes, so that it follows light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from xml.etree.ElementTree import Element, SubElement, tostring

from console.domain.chart import ceiling
from console.domain.foreign import shown
from console.domain.report.blocks import Band, Plot, Trace

_WIDTH, _HEIGHT = 520, 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 46, 46
_BAND_HEIGHT = 14
_LETTER = 5.6
"""How wide a letter of a band's text is, in the units of the drawing."""
_FAR = 3
"""A limit that is so many times what was measured would flatten the line, and is only named."""
_TICKS = 4

_Value = tuple[datetime, float | None]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where times and values lie in the drawing."""

    plot: Plot
    most: float

    def x(self, at: datetime) -> float:
        span = (self.plot.end - self.plot.start).total_seconds() or 1.0
        part = (at - self.plot.start).total_seconds() / span
        return _LEFT + min(1.0, max(0.0, part)) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self.most * (_HEIGHT - _TOP - _BOTTOM)


def draw(plot: Plot) -> str:
    """Return `plot` as one `svg` element."""
    traces = _stacked(plot.traces) if plot.is_stacked else [t.points for t in plot.traces]
    highest = max((v for trace in traces for _, v in trace if v is not None), default=0.0)
    is_near = plot.limit is not None and plot.limit.value <= max(1.0, highest) * _FAR
    top = max(highest, plot.limit.value) if plot.limit is not None and is_near else highest
    frame = _Frame(plot, float(ceiling(ceil(top))))
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    svg = Element("svg", {"viewBox": box, "role": "img", "aria-label": shown(plot.title)})
    _text(svg, _LEFT, 14, plot.title, "heading")
    _grid(svg, frame)
    floor: Sequence[_Value] = ()
    for trace, points in zip(plot.traces, traces, strict=True):
        kind = "new" if trace.is_new else "old"
        if plot.is_stacked:
            for path in _areas(frame, points, floor):
                SubElement(svg, "path", {"d": path, "class": f"area {kind}"})
        else:
            for path in _lines(frame, points):
                SubElement(svg, "path", {"d": path, "class": f"line {kind}"})
        floor = points
    if not any(value is not None for trace in traces for _, value in trace):
        _text(svg, (_WIDTH + _LEFT) / 2, frame.y(frame.most / 2), "no data", "label", "middle")
    _legend(svg, frame, is_near=is_near)
    for band in plot.bands:
        _band(svg, frame, band)
    return tostring(svg, encoding="unicode")


def _stacked(traces: Sequence[Trace]) -> list[Sequence[_Value]]:
    """Return each trace on top of those before it; what is not known of one is of none above."""
    found: list[Sequence[_Value]] = []
    below: Sequence[float | None] = ()
    for trace in traces:
        below = below or [0.0] * len(trace.points)
        sums = [
            (at, None if value is None or under is None else value + under)
            for (at, value), under in zip(trace.points, below, strict=True)
        ]
        found.append(sums)
        below = [value for _, value in sums]
    return found


def _grid(svg: Element, frame: _Frame) -> None:
    for part in (0.0, 0.5, 1.0):
        y = f"{frame.y(part * frame.most):.1f}"
        ends = {"x1": str(_LEFT), "x2": str(_WIDTH - _RIGHT), "y1": y, "y2": y}
        SubElement(svg, "line", {**ends, "class": "grid"})
        value = part * frame.most
        if value == int(value) or frame.plot.unit:
            label = f"{value:g}{frame.plot.unit}"
            _text(svg, _LEFT - 5, float(y) + 3, label, "label", "end")
    span = frame.plot.end - frame.plot.start
    for tick in range(_TICKS):
        at = frame.plot.start + span * tick / (_TICKS - 1)
        anchor = "start" if tick == 0 else "end" if tick == _TICKS - 1 else "middle"
        clock = at.astimezone(UTC).strftime("%H:%M:%S")
        _text(svg, frame.x(at), _HEIGHT - _BOTTOM + 14, clock, "label", anchor)


def _legend(svg: Element, frame: _Frame, *, is_near: bool) -> None:
    left = float(_LEFT)
    for trace in frame.plot.traces:
        kind = "new" if trace.is_new else "old"
        key = {"x": f"{left:.0f}", "y": "24", "width": "10", "height": "8", "class": f"key {kind}"}
        SubElement(svg, "rect", key)
        left = _text(svg, left + 14, 32, trace.name, "label") + 14
    limit = frame.plot.limit
    if limit is None:
        return
    if is_near:
        y = f"{frame.y(limit.value):.1f}"
        ends = {"x1": str(_LEFT), "x2": str(_WIDTH - _RIGHT), "y1": y, "y2": y}
        SubElement(svg, "line", {**ends, "class": "limit"})
        key = {"x1": f"{left:.0f}", "x2": f"{left + 12:.0f}", "y1": "28", "y2": "28"}
        SubElement(svg, "line", {**key, "class": "limit"})
        left += 16
    text = f"wanted: {limit.text}" + ("" if is_near else " (above this chart)")
    _text(svg, left, 32, text, "label")


def _lines(frame: _Frame, points: Sequence[_Value]) -> Iterator[str]:
    for run in _runs(points):
        yield "M" + "L".join(f"{frame.x(at):.1f} {frame.y(value):.1f}" for at, value in _steps(run))


def _areas(frame: _Frame, points: Sequence[_Value], floor: Sequence[_Value]) -> Iterator[str]:
    under = dict(floor)
    for run in _runs(points):
        top = [(frame.x(at), frame.y(value)) for at, value in _steps(run)]
        base = [(at, under.get(at) or 0.0) for at, _ in run]
        bottom = [(frame.x(at), frame.y(value)) for at, value in _steps(base)]
        corners = (*top, *reversed(bottom))
        yield "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"


def _runs(points: Sequence[_Value]) -> Iterator[list[tuple[datetime, float]]]:
    """Yield the stretches of which all is known: a gap is drawn as one."""
    run: list[tuple[datetime, float]] = []
    for at, value in points:
        if value is not None:
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _steps(run: Sequence[tuple[datetime, float]]) -> Iterator[tuple[datetime, float]]:
    """Between two looks a number stays what it was: nobody saw it move."""
    for (_, before), (at, _value) in pairwise([run[0], *run]):
        yield at, before
        yield at, _value


def _band(svg: Element, frame: _Frame, band: Band) -> None:
    left, right = frame.x(band.start), frame.x(band.end)
    top, width = _HEIGHT - _BAND_HEIGHT - 8, max(1.0, right - left)
    group = SubElement(svg, "g", {"class": f"band {band.tone.value}"})
    size = {"width": f"{width:.1f}", "height": str(_BAND_HEIGHT)}
    SubElement(group, "rect", {"x": f"{left:.1f}", "y": str(top), **size})
    SubElement(group, "title").text = shown(band.text)
    if width > _LETTER * (len(band.text) + 1):
        _text(group, left + width / 2, top + 10, band.text, "label", "middle")


def _text(
    parent: Element, x: float, y: float, text: str, kind: str, anchor: str = "start"
) -> float:
    """Write, and return about where it ends."""
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": kind, "text-anchor": anchor}
    SubElement(parent, "text", place).text = shown(text)
    return x + _LETTER * len(text)
