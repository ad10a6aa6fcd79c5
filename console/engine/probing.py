"""When is each probe asked, and what did it answer last?

A probe is asked once in its interval for each region that is watched, never while it is still being
asked, and never before the batch that it shall judge was applied. Nobody waits for it: a look at a
region tells what has been answered by then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from console.domain.fleet import RegionName
from console.domain.probe import Answer, ProbeAnswer
from console.domain.rollout import RegionRun, Rollout
from console.engine.ports import Clock, Probe, Probed

_log = logging.getLogger(__name__)

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timed:
    """A probe, and how often it is asked."""

    probe: Probe
    interval: timedelta = timedelta(0)
    """Between the beginnings of two askings; 0 for once a look."""
    is_of_fleet: bool = False
    """Whether one answer of it is for all regions."""


@dataclass(slots=True)
class _Asked:
    """What is known of one probe in one region, or in all."""

    began_at: datetime = _NEVER
    not_before: datetime = _NEVER
    answers: tuple[ProbeAnswer, ...] = ()
    task: asyncio.Task[None] | None = None


class Probing:
    """Asks the probes of one rollout, and keeps their newest answers."""

    def __init__(self, probes: Sequence[Timed], clock: Clock) -> None:
        """Ask nothing yet."""
        self._probes = tuple(probes)
        self._clock = clock
        self._known: dict[tuple[int, RegionName | None], _Asked] = {}
        self._told: dict[tuple[RegionName, str], datetime] = {}

    def ask(self, region: RegionName, rollout: Rollout) -> None:
        """Begin to ask every probe that is due in `region`; nothing before that was applied."""
        run = rollout.region(region)
        if run.verify_since is None:
            return
        for number, timed in enumerate(self._probes):
            asked = self._asked(number, region)
            if self._is_due(timed, asked, run.verify_since, rollout):
                asked.began_at = self._clock.now()
                asked.task = asyncio.create_task(self._ask(timed.probe, asked, run, rollout))

    def answers(self, region: RegionName, rollout: Rollout) -> tuple[ProbeAnswer, ...]:
        """Return the newest answers about `region` of all that were asked since it was applied.

        An answer is news only the first time that it is told.
        """
        since = rollout.region(region).verify_since
        if since is None:
            return ()
        newest = (
            answer
            for number in range(len(self._probes))
            for answer in self._asked(number, region).answers
            if answer.asked_at >= since
        )
        return tuple(self._telling(region, answer) for answer in newest)

    async def close(self) -> None:
        """Give up what is being asked; nothing of it runs on."""
        tasks = [asked.task for asked in self._known.values() if asked.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _asked(self, number: int, region: RegionName) -> _Asked:
        key = (number, None if self._probes[number].is_of_fleet else region)
        return self._known.setdefault(key, _Asked())

    def _telling(self, region: RegionName, answer: ProbeAnswer) -> ProbeAnswer:
        is_news = self._told.get((region, answer.gate)) != answer.asked_at
        self._told[region, answer.gate] = answer.asked_at
        return replace(answer, is_news=is_news)

    def _is_due(self, timed: Timed, asked: _Asked, since: datetime, rollout: Rollout) -> bool:
        now = self._clock.now()
        if asked.task is not None and not asked.task.done():
            return False
        paces = [rollout.policy.gates.pace(gate) for gate in timed.probe.gates]
        delay = min((pace.initial_delay for pace in paces), default=timedelta(0))
        if now < max(asked.not_before, since + delay):
            return False
        return asked.began_at < since or now - asked.began_at >= timed.interval

    async def _ask(self, probe: Probe, asked: _Asked, run: RegionRun, rollout: Rollout) -> None:
        target = rollout.target_in(run.name)
        probed = Probed(
            run.name, rollout.fleet, target.release, target.digest or "", rollout.started_at
        )
        try:
            answers = await probe.ask(probed)
        except Exception as bug:  # noqa: BLE001 - a probe's bug is no data, and stops no rollout
            _log.exception("a bug in a probe of %s", ", ".join(probe.gates))
            answers = tuple(
                ProbeAnswer(gate, asked.began_at, Answer.ERROR, "a bug", repr(bug))
                for gate in probe.gates
            )
        asked.answers = answers
        again = [answer.ask_again_at for answer in answers if answer.ask_again_at is not None]
        asked.not_before = max(again, default=_NEVER)
