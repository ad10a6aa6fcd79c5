"""How does a rollout's journal become files that people read?"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.engine.ports import JournalError
from console.errors import RefusedError

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.report.blocks import Report
    from console.wiring import World

_log = logging.getLogger(__name__)

MARKDOWN, HTML = "md", "html"
FORMATS = (MARKDOWN, HTML)
_UNFIT = re.compile(r"[^\w.-]")


def default_directory(world: World) -> Path:
    """Return where reports are written unless somebody says otherwise."""
    return world.settings.store / "reports"


def write_report(
    world: World, rollout: str, directory: Path, formats: Sequence[str] = FORMATS
) -> tuple[Path, ...]:
    """Write the report of a rollout, ended or not, and return the files.

    Args:
        world: the fleet.
        rollout: the id of one that is in the journal.
        directory: where to; made if it is not there.
        formats: `md`, `html` or both.

    Raises:
        JournalError: the journal cannot be read.
        RefusedError: the files cannot be written.
    """
    report = _report(world, world.journal.read(rollout))
    name = _UNFIT.sub("_", report.id)
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for kind in formats:
            path = directory / f"{name}.{kind}"
            path.write_text(_as_text(report, kind), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise RefusedError(
            f"the report cannot be written to {directory}: {error.strerror or error}",
            f"release-console report {rollout} --out DIR writes it elsewhere",
        ) from error
    return tuple(written)


def leave_report(
    world: World, rollout: str, directory: Path | None, say: Callable[[str], None]
) -> None:
    """Write the report of a rollout that has just run, and say where; nothing where none began.

    A report that cannot be written is told, and changes nothing else.
    """
    try:
        if world.journal.read(rollout):
            paths = write_report(world, rollout, directory or default_directory(world))
            say(f"report: {', '.join(map(str, paths))}")
    except (JournalError, RefusedError) as error:
        say(f"no report was written: {error}")
    except Exception as bug:  # noqa: BLE001 - a rollout's end is told whatever becomes of its report
        _log.exception("a bug in the report of %s", rollout)
        say(f"no report was written: a bug in release-console: {bug!r}")


def _report(world: World, entries: Sequence[Entry]) -> Report:
    from console.domain.report.assembly import report_of

    rollout = entries[0].rollout
    try:
        figures, trouble = world.figures.read(rollout), ""
    except JournalError as error:
        figures, trouble = (), str(error)
    return report_of(entries, figures, trouble=trouble, left=_left(world, rollout))


def _left(world: World, rollout: str) -> str:
    """Say of a rollout without an end whether somebody goes on with it."""
    from console.commands.taking_up import left_open

    left = left_open(world)
    if left is None or left.rollout.id != rollout:
        return ""
    if left.is_alive:
        return f"it is under way, run by {left.lease}"
    where = left.rollout.request.where
    return f"it was left open: {f'release-console resume {where}'.rstrip()} goes on with it"


def _as_text(report: Report, kind: str) -> str:
    # The template engine is for those alone who want a page.
    if kind == HTML:
        from console.report.html import to_html

        return to_html(report)
    from console.report.markdown import to_markdown

    return to_markdown(report)
