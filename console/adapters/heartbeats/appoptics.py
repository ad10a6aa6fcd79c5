"""Which heartbeats does a metrics API in AppOptics's manner know?

One request for each metric and region gives the measurements of every instance, told apart by their
tags. A measurement's time is the start of the stretch that it sums up, so a beat never looks
younger than it is.
https://docs.appoptics.com/api/#retrieve-a-measurement
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from console.adapters.heartbeats.http import Api, Deadline
from console.adapters.heartbeats.report import Report, SourceError, normal_digest

_KEY = "heartbeat.appoptics"


@dataclass(frozen=True, slots=True)
class Tags:
    """What the measurements' tags are called."""

    instance: str = "instance"
    release: str = "release"
    digest: str = "digest"
    """A measurement need not have it."""


@dataclass(frozen=True, slots=True)
class AppOpticsSpec:
    """What is asked of which API."""

    url: str
    """The API's root; `{region}` and `{fleet}` may stand in it."""
    fleet: str
    heartbeat: str = "worker.heartbeat"
    runs: str = "worker.runs"
    failures: str = "worker.failures"
    tags: Tags = field(default_factory=Tags)
    match: Mapping[str, str] = field(default_factory=dict)
    """Tags that the measurements must have; with the same placeholders."""
    resolution: timedelta = timedelta(seconds=10)
    window: timedelta = timedelta(minutes=15)


class AppOpticsReports:
    """Asks one API for each region, or the same for all."""

    def __init__(self, spec: AppOpticsSpec, api: Api) -> None:
        """Ask nothing yet."""
        self._spec = spec
        self._api = api

    def look(self, region: str, at: datetime, deadline: Deadline) -> Iterator[Report]:
        """Yield what was measured in `region` in the window before `at`; blocking.

        Raises:
            SourceError: the API does not tell.
        """
        spec = self._spec
        del at  # the API counts its own window back from its own now
        for report, value in self._measurements(spec.heartbeat, region, deadline):
            if value > 0:
                yield Report(report.instance, report.release, report.at, True, digest=report.digest)
        for report, value in self._measurements(spec.runs, region, deadline):
            yield Report(report.instance, report.release, report.at, runs=round(value))
        for report, value in self._measurements(spec.failures, region, deadline):
            yield Report(report.instance, report.release, report.at, failures=round(value))

    def _measurements(
        self, metric: str, region: str, deadline: Deadline
    ) -> Iterator[tuple[Report, float]]:
        series = self._ask(metric, region, deadline)
        self._check_tags(metric, [_tags_of(one) for one in series])
        for one in series:
            tags, names = _tags_of(one), self._spec.tags
            instance, release = tags.get(names.instance), tags.get(names.release)
            if not instance or not release:
                continue
            digest = normal_digest(tags.get(names.digest))
            for at, value in _points(one.get("measurements")):
                yield Report(instance, release, at, digest=digest), value

    def _ask(self, metric: str, region: str, deadline: Deadline) -> Sequence[Mapping[str, Any]]:
        spec = self._spec
        url = self._filled(spec.url, region).rstrip("/")
        params = {
            "resolution": str(_whole(spec.resolution)),
            "duration": str(_whole(spec.window)),
            # Counts of a stretch are added up; the default would be their mean.
            "summary_function": "sum",
            **{f"tags[{tag}]": self._filled(value, region) for tag, value in spec.match.items()},
        }
        told = self._api.get(f"{url}/measurements/{metric}", params, deadline)
        series = told.get("series") if isinstance(told, dict) else None
        if not isinstance(series, list) or not all(isinstance(one, dict) for one in series):
            raise SourceError(
                f"what answers there for {metric} has no series of measurements",
                f"check {_KEY}.url",
            )
        if _has_more(told):
            raise SourceError(
                f"the measurements of {metric} do not fit one answer",
                f"write a coarser {_KEY}.resolution, or a shorter heartbeat.window",
            )
        return series

    def _filled(self, text: str, region: str) -> str:
        return text.replace("{region}", region).replace("{fleet}", self._spec.fleet)

    def _check_tags(self, metric: str, found: Sequence[Mapping[str, str]]) -> None:
        for key in ("instance", "release"):
            tag = getattr(self._spec.tags, key)
            if found and not any(tags.get(tag) for tags in found):
                has = ", ".join(sorted({name for tags in found for name in tags})[:12])
                raise SourceError(
                    f"no measurement of {metric} has the tag {tag}; they have {has or 'none'}",
                    f"name the right one: {_KEY}.tags.{key}",
                )


def _tags_of(one: Mapping[str, Any]) -> dict[str, str]:
    tags = one.get("tags")
    return {str(k): str(v) for k, v in tags.items()} if isinstance(tags, dict) else {}


def _points(measurements: object) -> Iterator[tuple[datetime, float]]:
    for point in measurements if isinstance(measurements, list) else ():
        try:
            yield datetime.fromtimestamp(float(point["time"]), UTC), _finite(point["value"])
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            continue  # a gap in the series is told as a measurement without a value


def _finite(value: object) -> float:
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _has_more(told: Mapping[str, Any]) -> bool:
    links = told.get("links")
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("rel") == "next" for link in links
    )


def _whole(span: timedelta) -> int:
    return max(1, math.ceil(span.total_seconds()))
