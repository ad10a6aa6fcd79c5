"""What is the last line of `--json` where no rollout of its own tells how the command ended?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click

from console.commands.endings import as_console_error, end_with
from console.domain.outcome import Outcome
from console.errors import ConsoleError, HandedOverError
from console.exit_codes import ExitCode
from console.headless.lines import finished_line
from console.headless.output import LineWriter

_NOTHING_CHANGED = {ExitCode.USAGE, ExitCode.REFUSED, ExitCode.LOCKED}


def with_its_end(act: Callable[[LineWriter | None], int], *, as_json: bool) -> int:
    """Return the exit code of `act`; with `--json` the last line tells an error of it too.

    Args:
        act: writes its lines, and its own last one where it ends in order, to what it is given;
            None where nobody reads them.
        as_json: whether JSON lines are written.
    """
    if not as_json:
        return act(None)
    lines = LineWriter()
    try:
        return act(lines)
    except click.Abort:
        raise  # before anything was begun, and told by the command line
    except Exception as error:  # noqa: BLE001 - told, and a bug among them logged
        write_end(lines, error)
        return end_with(error)


def write_end(lines: LineWriter, error: Exception) -> None:
    """Write `rollout.finished` for `error`: whoever reads the lines waits for that one."""
    known = as_console_error(error)
    code = known.exit_code if known else ExitCode.BUG
    hint = known.hint if known else ""
    line = finished_line(_outcome(known, code), int(code), str(known or error), hint, {})
    lines.write(datetime.now(UTC), None, line)


def write_nothing_open(lines: LineWriter | None, what: str, lead: str = "") -> None:
    """Write `rollout.finished` for a command that found no rollout to work on: that is well.

    Args:
        lines: where JSON lines go; None where nobody reads them.
        what: what it does with an open one, in a word.
        lead: the command that leads on from there, if one does.
    """
    if lines is not None:
        reason = f"no rollout is open; nothing to {what}"
        line = finished_line(Outcome.COMPLETED, int(ExitCode.COMPLETED), reason, lead, {})
        lines.write(datetime.now(UTC), None, line)


def _outcome(known: ConsoleError | None, code: ExitCode) -> Outcome:
    if code is ExitCode.INTERRUPTED:
        return Outcome.ABORTED
    is_untouched = code in _NOTHING_CHANGED and not isinstance(known, HandedOverError)
    return Outcome.REFUSED if is_untouched else Outcome.INCONCLUSIVE
