"""Who is told what happens?

Two streams: entries, which are journaled, ordered and never dropped; and what is only for eyes
(progress, samples), of which the newest counts. An audience that raises is dropped, and the rollout
goes on: a bug in a widget must not stop an apply.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.domain.events import Entry
    from console.domain.fleet import RegionSample
    from console.domain.rollout import Rollout
    from console.engine.ports import Progress

_log = logging.getLogger(__name__)


class Audience(Protocol):
    """Anything that shows a rollout, or answers for a person."""

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Take a fact, with the rollout that it led to."""

    def progress(self, progress: Progress) -> None:
        """Take a line of what a tool tells."""

    def sample(self, sample: RegionSample) -> None:
        """Take a fresh look at a region."""


class Stream:
    """Passes everything on to every audience."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._audiences: list[Audience] = []

    def join(self, audience: Audience) -> None:
        """Let `audience` hear everything from now on."""
        self._audiences.append(audience)

    def entry(self, entry: Entry, rollout: Rollout) -> None:
        """Pass a fact on."""
        for audience in tuple(self._audiences):
            self._tell(audience, "entry", entry, rollout)

    def progress(self, progress: Progress) -> None:
        """Pass a line on."""
        for audience in tuple(self._audiences):
            self._tell(audience, "progress", progress)

    def sample(self, sample: RegionSample) -> None:
        """Pass a look on."""
        for audience in tuple(self._audiences):
            self._tell(audience, "sample", sample)

    def _tell(self, audience: Audience, method: str, *values: object) -> None:
        try:
            getattr(audience, method)(*values)
        except Exception:  # noqa: BLE001 - the one place where a front end's bug ends
            _log.exception("a front end failed and is told nothing more")
            self._audiences.remove(audience)
