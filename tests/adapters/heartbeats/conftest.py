"""A web server for each test, and instances to ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .web import Web, running_web


@pytest.fixture
def web() -> Iterator[Web]:
    with running_web() as web:
        yield web
