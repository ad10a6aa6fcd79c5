"""What happens when the terminal goes away, or a signal comes?

Neither may stop an apply. Writes to a terminal that is gone go nowhere, and a signal is passed on
to whoever answers it at the moment: the screen while there is one, the headless end afterwards.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

from console.tui.attention import PUT_ASIDE, PUT_BACK

if TYPE_CHECKING:
    from textual.app import App

_LOOK_S = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EnduringDriver(LinuxDriver):
    """Textual's driver for terminals, over a terminal that may vanish.

    Without it the thread that writes dies at the first error, and the screen then waits for it for
    ever: the process would not get to its headless end.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Take the same arguments."""
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: IO[str] = _Enduring(self._file)  # type: ignore[assignment]

    def start_application_mode(self) -> None:
        """Take the terminal, and put its title aside."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # so in Textual
        self.write(PUT_ASIDE)
        self._look_for_the_other_end()

    def _look_for_the_other_end(self) -> None:
        """Hang up where nobody holds the other end any more, and nobody has said so.

        The kernel tells by a signal only whom the terminal controls: not the process of a container
        whose client is gone, nor one in a session of its own. Textual would read nothing for ever.
        """
        if _is_hung_up(self.fileno):
            os.kill(os.getpid(), signal.SIGHUP)
        else:
            self._loop.call_later(_LOOK_S, self._look_for_the_other_end)

    def stop_application_mode(self) -> None:
        """Give the terminal back with the title that it had."""
        self.write(PUT_BACK)
        super().stop_application_mode()


def _is_hung_up(number: int) -> bool:
    poller = select.poll()
    poller.register(number, 0)
    return any(what & (select.POLLHUP | select.POLLERR) for _, what in poller.poll(0))


class _Enduring:
    """A file whose writes succeed."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the file has
        return getattr(self._file, name)


class Signals:
    """Passes every signal on to `target`."""

    def __init__(self) -> None:
        """Begin with nobody who answers."""
        self.target: Callable[[int], None] = _ignore

    @contextmanager
    def taken(self) -> Iterator[Signals]:
        """Take interrupts, terminations and hang-ups while the block runs."""
        before = {number: signal.signal(number, self._pass_on) for number in _SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            let_terminal_go()
        self.target(number)


def _ignore(number: int) -> None:
    """Do nothing yet."""


def let_terminal_go() -> None:
    """Send all further output to nowhere, and read nothing any more: the terminal is gone."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
