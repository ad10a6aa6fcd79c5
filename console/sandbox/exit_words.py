"""How did a worker end, in words?"""

from __future__ import annotations

import signal

_SHELL_OFFSET = 128
"""A container that a signal ended has the exit code that a shell would give."""


def in_words(code: int, *, is_out_of_memory: bool = False) -> str:
    """Say an exit code.

    Args:
        code: as Python has it, where a signal's number is negative, or as Docker has it, where 128
            is added to it.
        is_out_of_memory: whether it was ended for using more memory than it was given.
    """
    number = -code if code < 0 else code - _SHELL_OFFSET
    try:
        name = signal.Signals(number).name if number > 0 else ""
    except ValueError:
        name = ""
    said = f"killed by {name}" if name else f"exit code {code}"
    return f"{said}, out of memory" if is_out_of_memory else said
