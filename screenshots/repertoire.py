"""Which rollouts are rehearsed for the pictures?

A fleet in three regions, week by week: two good releases, one that was given up after the canary,
then 0.9.1, which most pictures show, and 0.9.2, which halts half-way in a region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from console.domain.commands import Abort, Approve, Close, Command
from console.domain.events import ApprovalRequested, Event, RolloutHalted, RolloutStarted
from console.domain.fleet import RegionName, SlotTarget, UnitName
from console.domain.policy import GateRules, Policy, RegionSpec, Unit
from console.domain.release import ImageRef, Release, ReleaseLabel
from console.domain.steps import Asks
from screenshots.recording import Recording
from screenshots.rehearsal import Answer, Rehearsal
from screenshots.world import Region

FLEET, BY = "browser-check-worker", "ada@release-1"
_REGIONS = (("us-east-1", 1, 1), ("us-west-1", 3, 2), ("eu-west-1", 2, 2))
_SUBNETS = {"us-east-1": "10.16.4", "us-west-1": "10.24.4", "eu-west-1": "10.40.4"}
_REPOSITORY = "registry.example.com/checks/browser-checks-launcher"


def policy() -> Policy:
    """Return the rules by which the fleet is released."""
    specs = tuple(RegionSpec(RegionName(name), count, wave) for name, count, wave in _REGIONS)
    units = tuple(Unit(UnitName(spec.name), spec.wave, (spec.name,)) for spec in specs)
    gates = GateRules(
        completions_min=1,
        backlog_per_worker=100,
        oldest=timedelta(minutes=2),
        failures_max_ratio=0.02,
    )
    return Policy(specs, units, bake=timedelta(minutes=1), gates=gates)


def release(label: str) -> Release:
    """Return the release that `label` names."""
    digest = sha256(label.encode()).hexdigest()
    revision = sha256(digest.encode()).hexdigest()[:12]
    return Release(ReleaseLabel(label), ImageRef(f"{_REPOSITORY}@sha256:{digest}"), revision)


@dataclass(frozen=True, slots=True)
class Piece:
    """One rollout of the repertoire."""

    label: str
    before: str
    at: datetime
    answer: Answer
    environment: str = "staging"
    breaks: Mapping[str, frozenset[int]] | None = None
    """Slots by region that never become ready."""
    most: timedelta = timedelta(minutes=20)
    is_watched: bool = True

    def rehearse(self) -> Recording:
        """Let it go, and return what was recorded."""
        before = release(self.before)
        regions = {}
        for name, count, _ in _REGIONS:
            breaks = (self.breaks or {}).get(name, frozenset())
            regions[RegionName(name)] = region = Region(RegionName(name), _SUBNETS[name], breaks)
            region.begin([SlotTarget(before.label, before.image)] * count, self.at)
        rehearsal = Rehearsal(
            regions, release(self.label), self.answer, self.most, is_watched=self.is_watched
        )
        started = RolloutStarted(
            f"{self.at:%Y%m%d-%H%M%S}-{self.label}",
            FLEET,
            self.environment,
            ReleaseLabel(self.label),
            None,
            policy(),
            BY,
        )
        return rehearsal.run(started, self.at)


def _yes(event: Event, after: timedelta) -> tuple[timedelta, Command] | None:
    if not isinstance(event, ApprovalRequested):
        return None
    return after, Approve(event.subject, BY)


def _says_yes(event: Event) -> tuple[timedelta, Command] | None:
    """Say yes to everything; let the last region's apply wait until the first one is under way."""
    if isinstance(event, ApprovalRequested) and event.subject.unit == "eu-west-1":
        is_apply = event.subject.asks is Asks.APPLY
        return _yes(event, timedelta(seconds=52 if is_apply else 12))
    return _yes(event, timedelta(seconds=6))


def _gives_up(event: Event) -> tuple[timedelta, Command] | None:
    if isinstance(event, ApprovalRequested) and event.subject.wave == 2:
        return timedelta(seconds=40), Abort("grace@release-1")
    return _yes(event, timedelta(seconds=8))


def _closes(event: Event) -> tuple[timedelta, Command] | None:
    if isinstance(event, RolloutHalted):
        return timedelta(seconds=150), Close(BY)
    return _yes(event, timedelta(seconds=6))


def _never_starts(event: Event) -> None:
    """Say nothing: the first question stays open."""


def pieces() -> Iterator[tuple[str, Piece]]:
    """Yield every rollout with the name of its recording, in the order of time."""
    yield "0.8.9", Piece("0.8.9", "0.8.8", _at(17, 14, 2), _says_yes, is_watched=False)
    yield "0.9.0", Piece("0.9.0", "0.8.9", _at(24, 13, 31), _says_yes, is_watched=False)
    yield "0.9.1-rc1", Piece("0.9.1-rc1", "0.9.0", _at(30, 15, 40), _gives_up, is_watched=False)
    yield "0.9.1", Piece("0.9.1", "0.9.0", _at(31, 14, 5), _says_yes)
    yield (
        "0.9.1-in-production",
        Piece(
            "0.9.1",
            "0.9.0",
            _at(31, 15, 20),
            _never_starts,
            environment="prod",
            most=timedelta(minutes=1),
        ),
    )
    breaks = {"us-west-1": frozenset({1})}
    yield "0.9.2", Piece("0.9.2", "0.9.1", _at(31, 16, 30), _closes, breaks=breaks)


def _at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=UTC)
