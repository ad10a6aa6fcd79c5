"""How is CloudWatch asked without boto3, whose import costs five times as much as the rest?

For a process that makes a few calls and ends, such as the one that Terraform starts for each new
instance. Where anything but plain keys in the environment is needed, boto3 has to be used.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from console.adapters.aws.metrics import Point, Window

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

_SERVICE = "monitoring"
_TARGET = "GraniteServiceVersion20100801.GetMetricData"
_TYPE = "application/x-amz-json-1.0"
_TIMEOUT_S = 5

# Only there the endpoint's name is as simple as below.
_COMMERCIAL = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d")
# Any of these changes whom to ask, how, or as whom.
_TOO_MUCH = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_USE_FIPS_ENDPOINT", "HTTPS_PROXY")
_TOO_MUCH_TOO = ("https_proxy", "HTTP_PROXY", "http_proxy", "AWS_USE_DUALSTACK_ENDPOINT")


class CloudWatchError(Exception):
    """CloudWatch refused; shaped as botocore's errors are, so that one place explains both."""

    def __init__(self, code: str, message: str) -> None:
        """Keep AWS's own words."""
        super().__init__(f"{code}: {message}")
        self.response = {"Error": {"Code": code, "Message": message}}


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials."""

    identity: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class SignedCloudWatch:
    """CloudWatch of one region."""

    region: str
    endpoint: SplitResult
    keys: Keys
    authorities: str | None = None
    """File with the certificate authorities to trust; None for the system's."""

    def ask(
        self, queries: Sequence[MetricDataQueryTypeDef], window: Window
    ) -> dict[str, tuple[Point, ...]]:
        """Return the points of each query, by its id; blocking.

        Raises:
            CloudWatchError: when CloudWatch refuses.
            OSError: when it cannot be reached.
        """
        question = {
            "MetricDataQueries": list(queries),
            "StartTime": window.start.timestamp(),
            "EndTime": window.end.timestamp(),
        }
        points: dict[str, tuple[Point, ...]] = {}
        token: str | None = None
        while True:
            answer = self._post(question | ({"NextToken": token} if token else {}))
            for result in answer["MetricDataResults"]:
                new = zip(result["Timestamps"], result["Values"], strict=True)
                points[result["Id"]] = (
                    *points.get(result["Id"], ()),
                    *(Point(datetime.fromtimestamp(at, UTC), value) for at, value in new),
                )
            token = answer.get("NextToken")
            if not token:
                return points

    def _post(self, question: Mapping[str, object]) -> dict[str, Any]:
        body = json.dumps(question).encode()
        connection = self._connection()
        try:
            connection.request("POST", "/", body, self.headers(body, datetime.now(UTC)))
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status == http.client.OK:
            answer: dict[str, Any] = json.loads(text)
            return answer
        raise _refusal(response.status, text)

    def _connection(self) -> http.client.HTTPConnection:
        host = self.endpoint.netloc
        if self.endpoint.scheme == "http":
            return http.client.HTTPConnection(host, timeout=_TIMEOUT_S)
        context = ssl.create_default_context(cafile=self.authorities)
        return http.client.HTTPSConnection(host, timeout=_TIMEOUT_S, context=context)

    def headers(self, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a POST of `body`, signed at `at`."""
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "content-type": _TYPE,
            "host": self.endpoint.netloc,
            "x-amz-date": stamp,
            "x-amz-target": _TARGET,
        }
        if self.keys.token:
            headers["x-amz-security-token"] = self.keys.token
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{self.region}/{_SERVICE}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = _hmac(self._key(stamp[:8]), f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}")
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.keys.identity}/{scope}, "
            f"SignedHeaders={names}, Signature={signature.hex()}"
        )
        return headers

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.keys.secret}".encode()
        for part in (day, self.region, _SERVICE, "aws4_request"):
            key = _hmac(key, part)
        return key


def signed_cloudwatch(region: str, environment: Mapping[str, str]) -> SignedCloudWatch | None:
    """Return a client made of `environment` alone, or None where boto3 is needed.

    Args:
        region: where.
        environment: the process's own.
    """
    identity = environment.get("AWS_ACCESS_KEY_ID")
    secret = environment.get("AWS_SECRET_ACCESS_KEY")
    if not identity or not secret or not _COMMERCIAL.fullmatch(region):
        return None
    if any(environment.get(name) for name in (*_TOO_MUCH, *_TOO_MUCH_TOO)):
        return None
    endpoint = (
        environment.get("AWS_ENDPOINT_URL_CLOUDWATCH")
        or environment.get("AWS_ENDPOINT_URL")
        or f"https://{_SERVICE}.{region}.amazonaws.com"
    )
    parts = urlsplit(endpoint)
    if parts.path.strip("/"):
        return None
    keys = Keys(identity, secret, environment.get("AWS_SESSION_TOKEN"))
    return SignedCloudWatch(region, parts, keys, environment.get("AWS_CA_BUNDLE"))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _refusal(status: int, text: bytes) -> CloudWatchError:
    try:
        told = json.loads(text)
        code = str(told.get("__type", status)).rpartition("#")[2]
        return CloudWatchError(code, str(told.get("message") or told.get("Message") or ""))
    except (ValueError, AttributeError):
        return CloudWatchError(str(status), text[:200].decode(errors="replace"))
