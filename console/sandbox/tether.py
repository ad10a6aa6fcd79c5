"""How does a worker die with the supervisor, though it is any program? Linux is asked to kill it.

A script that becomes the program: `python -I -S tether.py PARENT COMMAND...`. On other systems it
only becomes the program, and the next `stop` or `up` ends what is left.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The supervisor may have died before the line above took effect.
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot run {sys.argv[2]}: {error.strerror}")
