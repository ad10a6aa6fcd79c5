"""Which few lines tell how the layers of an image come along?

An engine tells of every few kilobytes. A line is worth writing when a layer's state changes, or
another tenth of it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.engine.ports import OnProgress, Progress, ProgressKind

_ENDED = ("Pushed", "Layer already exists", "Mounted from", "Pull complete", "Already exists")
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Layers:
    """Tells of each layer no more than it has to."""

    def __init__(self, action: str, on_progress: OnProgress) -> None:
        """Begin with no layer known.

        Args:
            action: what is done with them: push or pull.
            on_progress: is told.
        """
        self._action = action
        self._on_progress = on_progress
        self._told: dict[str, tuple[str, int]] = {}

    def take(self, record: Mapping[str, Any]) -> None:
        """Take a record of a push or a pull; one that is of no layer is left out."""
        layer, status = str(record.get("id", "")), str(record.get("status", ""))
        if status.startswith("Retrying in"):
            status = "Retrying"  # it counts the seconds down, each a record
        if not layer or not status:
            return
        detail = record.get("progressDetail") or {}
        done, total = int(detail.get("current") or 0), int(detail.get("total") or 0)
        tenths = min(10, done * 10 // total) if total else -1
        if self._told.get(layer) == (status, tenths):
            return
        self._told[layer] = (status, tenths)
        has_ended = status.startswith(_ENDED)
        much = f" {tenths * 10}% of {in_bytes(total)}" if tenths >= 0 and not has_ended else ""
        self._on_progress(
            Progress(
                ProgressKind.FINISHED if has_ended else ProgressKind.RUNNING,
                f"{layer} {status.lower()}{much}",
                address=layer,
                action=self._action,
                tenths=tenths if tenths >= 0 and not has_ended else None,
            )
        )


def in_bytes(size: int) -> str:
    """Return a size as people read it, such as 12.3 MB."""
    amount = float(size)
    for unit in _UNITS[:-1]:
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {_UNITS[-1]}"
