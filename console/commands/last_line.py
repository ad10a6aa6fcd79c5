"""What is the last line of `--json` when a command ends with an error instead of an outcome?"""

from __future__ import annotations

from console.commands.endings import as_console_error
from console.domain.outcome import Outcome
from console.errors import HandedOverError
from console.exit_codes import ExitCode
from console.headless.lines import finished_line
from console.headless.output import LineWriter
from console.wiring import SystemClock

_NOTHING_CHANGED = {ExitCode.USAGE, ExitCode.REFUSED, ExitCode.LOCKED}


def write_end(lines: LineWriter, error: Exception) -> None:
    """Write `rollout.finished` for `error`: whoever reads the lines waits for that one."""
    known = as_console_error(error)
    code = int(known.exit_code if known else ExitCode.BUG)
    is_untouched = code in _NOTHING_CHANGED and not isinstance(known, HandedOverError)
    outcome = Outcome.REFUSED if is_untouched else Outcome.INCONCLUSIVE
    line = finished_line(outcome, code, str(known or error), known.hint if known else "", {})
    lines.write(SystemClock().now(), None, line)
