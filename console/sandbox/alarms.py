"""Which state are the alarms on Metrics Insights queries in? moto keeps alarms and judges none.

Only the queries that an alarm of ours may have are understood: one aggregate of one metric over a
schema, restricted by equality. Every other alarm is left as it is.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

from __future__ import annotations

import json
import logging
import operator
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, cloudwatch_backends
from moto.core.utils import utcnow

_log = logging.getLogger(__name__)

EVERY_S = 5.0
"""How often they are judged. AWS does it each minute; a sandbox has less time."""

_NAME = r"\"?([\w.\-/]+)\"?"
_QUERY = re.compile(
    rf"SELECT\s+(SUM|AVG|MIN|MAX|COUNT)\({_NAME}\)\s+FROM\s+SCHEMA\({_NAME}((?:\s*,\s*{_NAME})*)\)"
    r"(?:\s+WHERE\s+(.+))?"
)
_EQUALITY = re.compile(rf"{_NAME}\s*=\s*'([^']*)'")
_AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "COUNT": len,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Query:
    """What an alarm asks for."""

    aggregate: str
    metric: str
    namespace: str
    dimensions: frozenset[str]
    """The names that a metric has to have, and no others."""
    where: Mapping[str, str]

    def values(self, data: Iterable[Any]) -> list[tuple[datetime, float]]:
        """Return the values in `data` that it is about, with their times."""
        return [
            (datum.timestamp, float(datum.value))
            for datum in data
            if isinstance(datum, MetricDatum) and self._matches(datum)
        ]

    def _matches(self, datum: MetricDatum) -> bool:
        if (datum.namespace, datum.name) != (self.namespace, self.metric):
            return False
        found = {dimension.name: dimension.value for dimension in datum.dimensions}
        return found.keys() == self.dimensions and self.where.items() <= found.items()


def parse_query(text: str) -> Query | None:
    """Return what a Metrics Insights query asks for; None for one that is not understood."""
    match = _QUERY.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    aggregate, metric, namespace, dimensions, _, where = match.groups()
    conditions = (where or "").split(" AND ") if where else []
    equalities = [_EQUALITY.fullmatch(condition.strip()) for condition in conditions]
    names = frozenset(re.findall(r"[\w.\-/]+", dimensions))
    found = {equality[1]: equality[2] for equality in equalities if equality is not None}
    if len(found) != len(conditions):
        return None
    return Query(aggregate, metric, namespace, names, found)


def judge(alarm: Any, data: Iterable[Any], now: datetime) -> tuple[str, str] | None:  # noqa: ANN401
    """Return an alarm's state and the reason; None where it stays as it is.

    Args:
        alarm: moto's.
        data: all that was published in its region.
        now: the time; the periods that are looked at end with it.
    """
    queries = alarm.metric_data_queries
    shown = [each for each in queries if str(each.return_data).lower() != "false"]
    query = parse_query(shown[0].expression or "") if len(shown) == 1 else None
    if query is None or alarm.comparison_operator not in _COMPARISONS:
        return None
    periods, period = int(alarm.evaluation_periods), timedelta(seconds=int(shown[0].period or 60))
    sums: dict[int, list[float]] = {}
    for at, value in query.values(data):
        # A worker's clock may be ahead.
        sums.setdefault(max(0, (now - at) // period), []).append(value)
    points = [
        _AGGREGATES[query.aggregate](sums[index]) if index in sums else None
        for index in range(periods)
    ]
    return _state(alarm, points)


def _state(alarm: Any, points: Sequence[float | None]) -> tuple[str, str] | None:  # noqa: ANN401
    treatment = alarm.treat_missing_data or "missing"
    if all(point is None for point in points) and treatment in {"missing", "ignore"}:
        return None if treatment == "ignore" else ("INSUFFICIENT_DATA", "no data")
    breaches = _COMPARISONS[alarm.comparison_operator]
    breaching = sum(
        treatment == "breaching" if point is None else breaches(point, float(alarm.threshold))
        for point in points
    )
    told = ", ".join("no data" if point is None else f"{point:g}" for point in points)
    is_raised = breaching >= int(alarm.datapoints_to_alarm or len(points))
    return (
        "ALARM" if is_raised else "OK"
    ), f"{alarm.comparison_operator} {alarm.threshold}: {told}"


def judge_all(backend: CloudWatchBackend, now: datetime) -> None:
    """Give every alarm of a region the state that its data calls for."""
    for alarm in list(backend.alarms.values()):
        judged = judge(alarm, list(backend.metric_data), now)
        if judged is not None and judged[0] != alarm.state_value:
            state, reason = judged
            backend.set_alarm_state(alarm.name, reason, json.dumps({"now": str(now)}), state)


def keep_judging() -> None:
    """Judge all alarms of this process, from now on, in a thread of its own."""
    threading.Thread(target=_judge_for_ever, name="alarms", daemon=True).start()


def _judge_for_ever() -> None:
    while True:
        for regions in list(cloudwatch_backends.values()):
            for backend in list(regions.values()):
                _judge_once(backend)
        time.sleep(EVERY_S)


def _judge_once(backend: CloudWatchBackend) -> None:
    try:
        judge_all(backend, utcnow())
    except Exception:  # noqa: BLE001 - one strange alarm must not end the judging of all others
        _log.exception("the alarms of %s could not be judged", backend.region_name)
