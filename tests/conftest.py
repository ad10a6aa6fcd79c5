"""What holds for every test."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.notify.webhook import Webhook, listening

# A machine that is shared is slow at times; a slow example is no wrong one.
settings.register_profile("release-console", deadline=None, print_blob=True)
settings.load_profile("release-console")


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """Leave no test what the one before has set for its whole process.

    A world that is wired up here puts the endpoints of its sandbox into the environment, where they
    would outlive the sandbox, and sends the console's log to a file.
    """
    environment, log = dict(os.environ), logging.getLogger("console")
    handlers, propagates, raises = list(log.handlers), log.propagate, logging.raiseExceptions
    yield
    os.environ.clear()
    os.environ.update(environment)
    for handler in set(log.handlers) - set(handlers):
        handler.close()
    log.handlers[:], log.propagate, logging.raiseExceptions = handlers, propagates, raises


@pytest.fixture
def without_privileges() -> Iterator[None]:
    """Be nobody for a while, where the tests run as root: root may read and write everything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield
    if is_root:
        os.seteuid(0)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Return a server on loopback that takes notifications."""
    with listening() as found:
        yield found
