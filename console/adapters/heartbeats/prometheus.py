"""Which heartbeats does a Prometheus server know?

One instant query for the newest beat of every instance of a region, one range query for each of the
two counters. The time of a beat is the gauge's own value, or the time of the sample: never now.
https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from console.adapters.heartbeats.http import Api, Deadline
from console.adapters.heartbeats.report import Report, SourceError, normal_digest

_LEAST_STEP = timedelta(seconds=10)
_KEY = "heartbeat.prometheus"


@dataclass(frozen=True, slots=True)
class Labels:
    """What the series' labels are called."""

    instance: str = "instance_id"
    release: str = "release"
    digest: str = "digest"
    """A series need not have it."""


@dataclass(frozen=True, slots=True)
class PrometheusSpec:
    """What is asked of which server."""

    url: str
    """Without /api/v1; `{region}` and `{fleet}` may stand in it."""
    fleet: str
    heartbeat: str = "worker_heartbeat_timestamp_seconds"
    """A gauge."""
    is_time: bool = True
    """Whether the gauge's value is the time of the beat; else the time of its sample is."""
    runs: str = "worker_runs_total"
    failures: str = "worker_failures_total"
    labels: Labels = field(default_factory=Labels)
    match: Mapping[str, str] = field(default_factory=dict)
    """Labels that the series must have; with the same placeholders."""
    interval: timedelta = timedelta(seconds=10)
    """Between two heartbeats."""
    window: timedelta = timedelta(minutes=15)


class PrometheusReports:
    """Asks one Prometheus for each region, or the same for all."""

    def __init__(self, spec: PrometheusSpec, api: Api) -> None:
        """Ask nothing yet."""
        self._spec = spec
        self._api = api
        self._step = max(_LEAST_STEP, spec.interval)

    def look(self, region: str, at: datetime, deadline: Deadline) -> Iterator[Report]:
        """Yield what was reported from `region` in the window before `at`; blocking.

        Raises:
            SourceError: the server does not tell.
        """
        yield from self._beats(region, at, deadline)
        spec = self._spec
        for report, jobs in self._increases(spec.runs, region, at, deadline):
            yield Report(report.instance, report.release, report.at, runs=jobs)
        for report, jobs in self._increases(spec.failures, region, at, deadline):
            yield Report(report.instance, report.release, report.at, failures=jobs)

    def _beats(self, region: str, at: datetime, deadline: Deadline) -> Iterator[Report]:
        spec = self._spec
        series = self.selector(spec.heartbeat, region)
        window, step = (f"{_whole(span)}s" for span in (spec.window, spec.interval))
        # The lookback of a plain selector would forget a worker five minutes after it fell silent.
        newest = f"{series}[{window}]" if spec.is_time else f"timestamp({series})[{window}:{step}]"
        told = self._ask("query", region, {"query": f"max_over_time({newest})"}, at, deadline)
        found = [(_labels_of(row), _number(row.get("value"))) for row in told]
        self._check_labels(spec.heartbeat, [labels for labels, _ in found])
        for labels, seconds in found:
            beat = self._report(labels, seconds)
            if beat is not None:
                yield beat

    def _increases(
        self, metric: str, region: str, at: datetime, deadline: Deadline
    ) -> Iterator[tuple[Report, int]]:
        """Yield by how much each series of a counter rose, step by step."""
        step = _whole(self._step)
        end = math.floor(at.timestamp()) // step * step + step
        start = end - math.ceil(self._spec.window.total_seconds() / step) * step
        params = {
            "query": self.selector(metric, region),
            "start": str(start),
            "end": str(end),
            "step": str(step),
        }
        for row in self._ask("query_range", region, params, None, deadline):
            values = row.get("values")
            points = [_point(value) for value in values] if isinstance(values, list) else []
            for moment, jobs in increases([point for point in points if point], start):
                # It rose in the stretch that ends then.
                report = self._report(_labels_of(row), moment - step)
                if report is not None and jobs:
                    yield report, jobs

    def selector(self, metric: str, region: str) -> str:
        """Return the series of `metric` in `region`, as PromQL."""
        matchers = (
            f"{label}={quoted(self._filled(value, region))}"
            for label, value in self._spec.match.items()
        )
        return f"{metric}{{{','.join(matchers)}}}"

    def _ask(
        self,
        what: str,
        region: str,
        params: Mapping[str, str],
        at: datetime | None,
        deadline: Deadline,
    ) -> Sequence[Mapping[str, Any]]:
        url = self._filled(self._spec.url, region).rstrip("/")
        more = {} if at is None else {"time": f"{at.timestamp():.3f}"}
        told = self._api.get(f"{url}/api/v1/{what}", {**params, **more}, deadline)
        data = told.get("data") if isinstance(told, dict) else None
        result = data.get("result") if isinstance(data, dict) else None
        if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
            raise SourceError(
                "what answers there does not speak Prometheus's API", f"check {_KEY}.url"
            )
        return result

    def _filled(self, text: str, region: str) -> str:
        return text.replace("{region}", region).replace("{fleet}", self._spec.fleet)

    def _report(self, labels: Mapping[str, str], seconds: float | None) -> Report | None:
        names = self._spec.labels
        instance, release = labels.get(names.instance), labels.get(names.release)
        if not instance or not release or seconds is None:
            return None
        try:
            at = datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            # Milliseconds, most likely: a time that no calendar has is in the future.
            at = datetime.max.replace(tzinfo=UTC)
        return Report(instance, release, at, True, digest=normal_digest(labels.get(names.digest)))

    def _check_labels(self, metric: str, found: Sequence[Mapping[str, str]]) -> None:
        for key in ("instance", "release"):
            label = getattr(self._spec.labels, key)
            if found and not any(labels.get(label) for labels in found):
                has = ", ".join(sorted({name for labels in found for name in labels})[:12])
                raise SourceError(
                    f"no series of {metric} has the label {label}; they have {has or 'none'}",
                    f"name the right one: {_KEY}.labels.{key}",
                )


def increases(points: Sequence[tuple[float, float]], start: float) -> Iterator[tuple[float, int]]:
    """Yield (time, rise) for each point of a counter.

    A counter that begins after `start` was born then, and its first value is a rise; one that falls
    was begun anew by a restart.

    Args:
        points: (time, value), the oldest first; times in seconds.
        start: when the question's window begins, in seconds.
    """
    before: float | None = None
    for moment, value in points:
        if before is None:
            rise = value if moment > start else 0.0
        else:
            rise = value - before if value >= before else value
        before = value
        yield moment, max(0, round(rise))


def quoted(text: str) -> str:
    """Return `text` as a string of PromQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _labels_of(row: Mapping[str, Any]) -> dict[str, str]:
    metric = row.get("metric")
    told = metric if isinstance(metric, dict) else {}
    return {str(name): str(value) for name, value in told.items() if name != "__name__"}


def _point(value: object) -> tuple[float, float] | None:
    number = _number(value)
    return None if number is None or not isinstance(value, list) else (float(value[0]), number)


def _number(value: object) -> float | None:
    """Return the number in a sample, [time, "text"]; None where there is no finite one."""
    try:
        number = float(value[1]) if isinstance(value, list) else math.nan
    except (ValueError, TypeError, IndexError):
        return None
    return number if math.isfinite(number) else None


def _whole(span: timedelta) -> int:
    return max(1, math.ceil(span.total_seconds()))
