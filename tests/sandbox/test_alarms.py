"""Are alarms judged by what was published?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from console.sandbox.alarms import Query, parse_query
from console.sandbox.credentials import OPERATOR_KEY, SECRET
from tests.sandbox.conftest import Operator, eventually

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient


def _query(*rest: str) -> str:
    return " ".join(
        ("SELECT SUM(runs)", 'FROM SCHEMA("checks", Fleet, InstanceId, Release)', *rest)
    )


_QUERY = _query("WHERE Fleet = 'silent-fleet'")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (_QUERY, {"Fleet": "silent-fleet"}),
        (_query(), {}),
        (_QUERY + " AND Release = '1.4.0'", {"Fleet": "silent-fleet", "Release": "1.4.0"}),
    ],
)
def test_a_query_over_a_schema_is_understood(text: str, where: dict[str, str]) -> None:
    dimensions = frozenset({"Fleet", "InstanceId", "Release"})
    assert parse_query(text) == Query("SUM", "runs", "checks", dimensions, where)


@pytest.mark.parametrize(
    "text",
    [
        "SEARCH('{checks,Fleet} runs', 'Sum', 60)",
        _QUERY + " GROUP BY Release",
        _QUERY + " OR Fleet = 'other'",
        _query("WHERE Fleet != 'silent-fleet'"),
    ],
)
def test_a_query_that_is_not_understood_is_nobodys(text: str) -> None:
    assert parse_query(text) is None


def test_missing_data_raises_the_alarm_and_a_finished_job_ends_it(operator: Operator) -> None:
    cloudwatch: CloudWatchClient = boto3.client(
        "cloudwatch",
        region_name="eu-west-1",
        endpoint_url=operator.world.aws_endpoint,
        aws_access_key_id=OPERATOR_KEY,
        aws_secret_access_key=SECRET,
    )
    cloudwatch.put_metric_alarm(
        AlarmName="silent-fleet",
        ComparisonOperator="LessThanThreshold",
        Threshold=1,
        EvaluationPeriods=2,
        TreatMissingData="breaching",
        Metrics=[{"Id": "runs", "Expression": _QUERY, "Period": 60, "ReturnData": True}],
    )

    def state() -> str:
        found = cloudwatch.describe_alarms(AlarmNames=["silent-fleet"])["MetricAlarms"]
        return found[0]["StateValue"]

    eventually(lambda: state() == "ALARM", "nobody has published anything")
    dimensions = {"Fleet": "silent-fleet", "InstanceId": "i-1", "Release": "0.9.0"}
    cloudwatch.put_metric_data(
        Namespace="checks",
        MetricData=[
            {
                "MetricName": "runs",
                "Value": 1,
                "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
            }
        ],
    )
    eventually(lambda: state() == "OK", "one period of two is good")
    cloudwatch.delete_alarms(AlarmNames=["silent-fleet"])
