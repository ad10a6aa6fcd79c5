"""Does a world run in this directory? A lock that ends with its holder, however that ends."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.sandbox.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.sandbox.layout import Layout


@contextmanager
def world_lock(layout: Layout) -> Iterator[None]:
    """Hold the directory until the block ends.

    Raises:
        WorldError: another process holds it.
    """
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorldError(
                f"A world runs in {layout.directory} already.",
                "Use it, end it with `release-console sandbox down`, or choose another --dir.",
            ) from None
        yield
