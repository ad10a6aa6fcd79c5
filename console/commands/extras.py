"""What is told when a part of the product is not installed?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from console.errors import UsageError


@contextmanager
def sandbox_installed() -> Iterator[None]:
    """Turn a missing package of the sandbox into a sentence.

    Raises:
        UsageError: the extra `sandbox` is not installed.
    """
    with _installed("sandbox", "the sandbox"):
        yield


@contextmanager
def serve_installed() -> Iterator[None]:
    """Turn a missing package of the web page into a sentence.

    Raises:
        UsageError: the extra `serve` is not installed.
    """
    with _installed("serve", "the web page"):
        yield


@contextmanager
def _installed(extra: str, what: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("console"):
            raise
        raise UsageError(
            f"{what} needs the package {error.name}, which is not installed",
            f"pip install 'release-console[{extra}]'",
        ) from error
