"""The access log: each way that an SDK names an operation is understood."""

from __future__ import annotations

import pytest

from console.sandbox.access_log import Call, describe_call
from console.sandbox.credentials import access_key_of, instance_of, is_of_the_world


def authorization(service: str, region: str = "eu-west-1") -> str:
    scope = f"AKIAX/20260102/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("service", "path", "target", "body", "expected"),
    [
        ("ec2", "/", "", b"Action=RunInstances&Version=2016-11-15", ("ec2", "RunInstances")),
        ("sqs", "/", "AmazonSQS.SendMessage", b"{}", ("sqs", "SendMessage")),
        ("ssm", "/", "AmazonSSM.GetParameter", b"{}", ("ssm", "GetParameter")),
        (
            "monitoring",
            "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            "",
            b"\xbf\xff",
            ("cloudwatch", "PutMetricData"),
        ),
        ("s3", "/bucket/a/key", "", b"", ("s3", "POST /bucket/a/key")),
        ("s3", "/bucket/a/key", "", b"Action=no", ("s3", "POST /bucket/a/key")),
    ],
)
def test_a_call_is_described(
    service: str, path: str, target: str, body: bytes, expected: tuple[str, str]
) -> None:
    headers = {"authorization": authorization(service), "x-amz-target": target}
    call = describe_call("POST", path, "", headers, body)
    assert call == Call(expected[0], "eu-west-1", expected[1], "AKIAX")


def test_a_presigned_url_is_described() -> None:
    query = "X-Amz-Credential=AKIAX%2F20260102%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0"
    call = describe_call("GET", "/b/k", query, {}, b"")
    assert call == Call("s3", "eu-west-1", "GET /b/k", "AKIAX")


def test_an_unsigned_request_is_no_error() -> None:
    assert describe_call("GET", "/", "", {}, b"") == Call("", "", "GET /", "")


def test_an_instance_is_known_by_its_key() -> None:
    key = access_key_of("i-0a1b2c3d4e5f60718")
    assert instance_of(key) == "i-0a1b2c3d4e5f60718"
    assert is_of_the_world(key)
    assert instance_of("AKIASANDBOXOPERATOR0") is None
    assert not is_of_the_world("AKIASANDBOXOPERATOR0")
