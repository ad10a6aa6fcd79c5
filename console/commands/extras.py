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
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("console"):
            raise
        raise UsageError(
            f"the sandbox needs the package {error.name}, which is not installed",
            "pip install 'release-console[sandbox]'",
        ) from error
