"""How are the workers' metrics asked for, and what does an answer sum up to?

CloudWatch's ListMetrics shows a new metric only after minutes and SEARCH has the same delay, so
every (instance, release) pair is asked for by name.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from console.domain.release import head_of

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

HEARTBEAT = "heartbeat"
RUNS = "runs"
FAILURES = "failures"

DIGEST = "digest"
"""The head of the image's digest, read as a hexadecimal number; a worker need not publish it.

CloudWatch cannot be asked for a dimension's values, and who runs an unknown image is to be told
from who does not say what it runs. Twelve digits are a number that it keeps exactly."""

BY_DIGEST = "heartbeat by digest"
"""A name of ours: the heartbeats that carry the pair's whole digest as a dimension of its own."""

_STATISTICS = {DIGEST: "Maximum"}
"""All others are counts, and summed up."""

QUERIES_A_CALL = 500
"""CloudWatch's limit."""

MINUTE = timedelta(minutes=1)

# Below a minute CloudWatch knows only these periods, in seconds.
_HIGH_RESOLUTION = (30, 10, 5, 1)


@dataclass(frozen=True, slots=True)
class Pair:
    """An instance and a release that it may run."""

    instance: str
    release: str
    digest: str | None = None
    """Of the image that the instance's tags name for this release; None where they name none."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time; CloudWatch leaves the end out."""

    start: datetime
    end: datetime

    @property
    def whole(self) -> timedelta:
        """The one period, of whole minutes, that covers all of it."""
        return MINUTE * max(1, -(-(self.end - self.start) // MINUTE))


@dataclass(frozen=True, slots=True)
class Point:
    """One period's sum."""

    at: datetime
    """The start of the period."""
    value: float


Points = Mapping[tuple[Pair, str], tuple[Point, ...]]
"""What was found, by pair and metric; nothing by digest for a pair that has none."""


AskFor: TypeAlias = (
    "Callable[[Sequence[MetricDataQueryTypeDef], Window], Mapping[str, tuple[Point, ...]]]"
)
"""One call of GetMetricData: the points of each query by its id."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Whose metrics they are."""

    namespace: str
    fleet: str

    def find(
        self,
        ask_for: AskFor,
        pairs: Sequence[Pair],
        periods: Mapping[str, timedelta],
        window: Window,
    ) -> Points:
        """Ask in as few calls as CloudWatch's limit allows, and return what there is.

        Args:
            ask_for: makes one call.
            pairs: whom to ask for.
            periods: which of their metrics, and how finely.
            window: when.
        """
        queries = list(self._queries(pairs, periods))
        found: dict[tuple[Pair, str], tuple[Point, ...]] = {}
        for first in range(0, len(queries), QUERIES_A_CALL):
            batch = queries[first : first + QUERIES_A_CALL]
            points = ask_for([query for _, query in batch], window)
            found |= {key: points.get(query["Id"], ()) for key, query in batch}
        return found

    def _queries(
        self, pairs: Sequence[Pair], periods: Mapping[str, timedelta]
    ) -> Iterator[tuple[tuple[Pair, str], MetricDataQueryTypeDef]]:
        asked = [
            (pair, metric)
            for pair in pairs
            for metric in periods
            if metric != BY_DIGEST or pair.digest is not None
        ]
        for number, (pair, metric) in enumerate(asked):
            dimensions: tuple[tuple[str, str], ...] = (
                ("Fleet", self.fleet),
                ("InstanceId", pair.instance),
                ("Release", pair.release),
            )
            if metric == BY_DIGEST:
                dimensions += (("Digest", str(pair.digest)),)
            yield (
                (pair, metric),
                sum_query(
                    f"m{number}",
                    self.namespace,
                    HEARTBEAT if metric == BY_DIGEST else metric,
                    dimensions,
                    periods[metric],
                    _STATISTICS.get(metric, "Sum"),
                ),
            )


def sum_query(
    identity: str,
    namespace: str,
    metric: str,
    dimensions: Sequence[tuple[str, str]],
    period: timedelta,
    statistic: str = "Sum",
) -> MetricDataQueryTypeDef:
    """Return one query of a GetMetricData call."""
    return {
        "Id": identity,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
            },
            "Period": int(period.total_seconds()),
            "Stat": statistic,
        },
    }


def ask(
    client: CloudWatchClient, queries: Sequence[MetricDataQueryTypeDef], window: Window
) -> dict[str, tuple[Point, ...]]:
    """Return the points of each query, by its id; blocking."""
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=list(queries), StartTime=window.start, EndTime=window.end
    )
    points: dict[str, tuple[Point, ...]] = {}
    for page in pages:
        for result in page["MetricDataResults"]:
            new = zip(result["Timestamps"], result["Values"], strict=True)
            points[result["Id"]] = (
                *points.get(result["Id"], ()),
                *(Point(at, value) for at, value in new),
            )
    return points


def fitting_period(interval: timedelta) -> timedelta:
    """Return the longest period that CloudWatch knows and that is no longer than `interval`."""
    if interval >= MINUTE:
        return MINUTE * (interval // MINUTE)
    seconds = interval.total_seconds()
    return timedelta(seconds=next((p for p in _HIGH_RESOLUTION if p <= seconds), 1))


def total(points: Sequence[Point]) -> int:
    """Return the sum of `points`."""
    return round(sum(point.value for point in points))


def digest_in(pair: Pair, heads: Sequence[Point], by_digest: Sequence[Point]) -> str | None:
    """Return the digest that an instance reports; only its head where that is all that is known.

    Args:
        pair: the instance, and the digest that it should report.
        heads: what it published of `DIGEST`.
        by_digest: what it published of `BY_DIGEST`.
    """
    last = max(heads, key=lambda point: point.at, default=None)
    head = f"{int(last.value):012x}" if last is not None else None
    if by_digest and pair.digest is not None and head in (None, head_of(pair.digest)):
        return pair.digest
    return head


def newest(points: Sequence[Point]) -> datetime | None:
    """Return the start of the newest period in which something was counted."""
    return max((point.at for point in points if point.value > 0), default=None)
