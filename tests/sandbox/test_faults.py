"""Faults as an SDK sees them: through boto3, against the world's own endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError

from console.sandbox.credentials import OPERATOR_KEY, SECRET, access_key_of
from console.sandbox.fault_injection import FaultDesk
from console.sandbox.faults import (
    FaultRule,
    Trouble,
    TroubleWatch,
    end_troubles,
    put_trouble,
    read_troubles,
)
from console.sandbox.region_traffic import is_poison
from tests.sandbox.conftest import Operator

REGION = "us-east-1"


@pytest.fixture
def faults(operator: Operator) -> Iterator[Path]:
    """The file that says what fails; nothing does any more when the test has ended."""
    yield operator.layout.faults
    end_troubles(operator.layout.faults)


def client(operator: Operator, service: str, region: str = REGION, key: str = OPERATOR_KEY) -> Any:
    world = operator.world
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=SECRET)
    config = Config(
        retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=30
    )
    url = world.sqs_endpoint if service == "sqs" else world.aws_endpoint
    # The services' clients have as many types as there are services.
    make: Any = session.client
    return make(service, region_name=region, endpoint_url=url, config=config)


def ask(operator: Operator, service: str, region: str = REGION, key: str = OPERATOR_KEY) -> None:
    """Make one call that the world answers when nothing is wrong."""
    calls: dict[str, Callable[[Any], object]] = {
        "ec2": lambda c: c.describe_instances(),
        "s3": lambda c: c.list_buckets(),
        "sqs": lambda c: c.list_queues(),
        "sts": lambda c: c.get_caller_identity(),
        "ssm": lambda c: c.describe_parameters(),
        "cloudwatch": lambda c: c.list_metrics(Namespace="checks"),
    }
    calls[service](client(operator, service, region, key))


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ec2", "RequestLimitExceeded", 503),
        ("ec2", "RequestExpired", 400),
        ("s3", "ExpiredToken", 400),
        ("sts", "ExpiredToken", 403),
        ("ssm", "ExpiredTokenException", 400),
        ("sqs", "ExpiredToken", 403),
        ("cloudwatch", "Throttling", 400),
    ],
)
def test_an_sdk_reads_the_code_that_was_injected(
    operator: Operator, faults: Path, service: str, code: str, status: int
) -> None:
    ask(operator, service)
    put_trouble(faults, "any", Trouble((FaultRule(service, code=code, status=status),)))

    with pytest.raises(ClientError) as caught:
        ask(operator, service)

    response: Any = caught.value.response
    assert response["Error"]["Code"] == code
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("service", ["ec2", "sqs"])
def test_a_region_that_hangs_up_is_no_answer_and_no_error_of_aws(
    operator: Operator, faults: Path, service: str
) -> None:
    put_trouble(faults, "lost", Trouble((FaultRule(region="eu-west-1"),)))

    with pytest.raises((ConnectionClosedError, ResponseStreamingError)):
        ask(operator, service, "eu-west-1")

    ask(operator, service, REGION)


def test_workers_go_on_while_the_operator_is_refused(operator: Operator, faults: Path) -> None:
    put_trouble(faults, "expired", Trouble((FaultRule(code="ExpiredToken", status=403),)))

    with pytest.raises(ClientError):
        ask(operator, "sqs")

    ask(operator, "sqs", key=access_key_of("i-0123456789abcdef0"))


def test_only_the_operation_that_was_named_fails(operator: Operator, faults: Path) -> None:
    rule = FaultRule("ec2", "RunInstances", code="InsufficientInstanceCapacity", status=500)
    put_trouble(faults, "full", Trouble((rule,)))

    ask(operator, "ec2")
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        client(operator, "ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)


def test_troubles_are_there_together_and_end_together(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    watch = TroubleWatch(path)
    assert not watch.look().by_name
    put_trouble(path, "a", Trouble((FaultRule("ec2"),)))
    put_trouble(path, "b", Trouble(poison_share=0.2))
    put_trouble(path, "a", Trouble((FaultRule("s3"),)))

    told = watch.look()

    assert [rule.service for rule in told.rules] == ["s3"]
    assert told.poison_share == 0.2
    assert told == read_troubles(path)
    assert watch.look() is told
    assert end_troubles(path) == ("a", "b")
    assert (watch.look().rules, watch.look().poison_share) == ((), 0.0)


@pytest.mark.parametrize(("share", "bad"), [(0.0, 0), (0.2, 20), (0.5, 50), (1.0, 100)])
def test_bad_jobs_are_a_share_of_all_jobs(share: float, bad: int) -> None:
    assert sum(is_poison(number, share) for number in range(1, 101)) == bad


def test_who_asks_by_form_is_answered_in_xml(faults: Path) -> None:
    """As Terraform's SDK asks CloudWatch, which botocore asks in CBOR."""
    rule = FaultRule("cloudwatch", code="Throttling", status=400)
    put_trouble(faults, "throttled", Trouble((rule,)))
    scope = f"{OPERATOR_KEY}/20260102/us-east-1/monitoring/aws4_request"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }

    failing = FaultDesk(faults).failing("POST", "/", "", headers, b"Action=ListTagsForResource")

    assert failing is not None
    assert b"<Code>Throttling</Code>" in failing.body
