"""What will be true of a region after a move, object by object?"""

from __future__ import annotations

from console.domain.fleet import ObjectKind
from console.domain.recovery.advice import Option
from console.domain.recovery.prospects import is_new
from console.domain.recovery.situation import Situation
from console.domain.view import ObjectView


def afterwards(option: Option, situation: Situation) -> tuple[str, ...]:
    """Return a line for each object that there is, if the move goes as it should.

    Args:
        option: the move.
        situation: what it was advised on; it tells what stays as it is.
    """
    expected = option.prospect
    left = expected.unfinished or "no"
    wanted = f"{situation.desired} wanted"
    return (
        f"{expected.healthy_after} healthy workers ({wanted}), {left} objects left over",
        *(_line(found) for found in expected.objects),
    )


def _line(found: ObjectView) -> str:
    what = "a new instance" if is_new(found) else str(found.id)
    release = f", {found.tag}" if found.tag else ""
    kind = f"{'tainted ' if found.is_tainted else ''}{found.kind}"
    if found.kind is ObjectKind.ORPHAN:
        return f"in no state: {what}{release}"
    return f"slot {found.slot}: {what}{release}, {kind}"
