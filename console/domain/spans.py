"""How is a span of time written?"""

from __future__ import annotations

from datetime import timedelta


def brief(span: timedelta | None) -> str:
    """Return `span` in at most five characters: `0.4s`, `12s`, `1:04`, `2h05`; `-` for None."""
    if span is None:
        return "-"
    seconds = max(0.0, span.total_seconds())
    if seconds < 1:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    return f"{int(seconds) // 3600}h{int(seconds) % 3600 // 60:02d}"
