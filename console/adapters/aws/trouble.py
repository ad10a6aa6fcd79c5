"""Why did AWS not answer, in a sentence, and what does one do about it?

The one place that understands botocore's errors. They are told by their names and codes, so that
nothing here imports botocore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_LOG_IN = "log in again (aws sso login), or set AWS_PROFILE"
_ROLE = "check the role's policy, or AWS_PROFILE"
_NETWORK = "check the network, the VPN and AWS_ENDPOINT_URL"
_PATIENCE = "AWS limits the rate of calls: it is asked again at the next look"

_CODES: Mapping[str, tuple[str, str]] = {
    "ExpiredToken": ("the AWS credentials have expired", _LOG_IN),
    "ExpiredTokenException": ("the AWS credentials have expired", _LOG_IN),
    "RequestExpired": ("the AWS credentials or this machine's clock are off", _LOG_IN),
    "InvalidClientTokenId": ("AWS does not know these credentials", _LOG_IN),
    "UnrecognizedClientException": ("AWS does not know these credentials", _LOG_IN),
    "AuthFailure": ("AWS does not know these credentials", _LOG_IN),
    "SignatureDoesNotMatch": ("the AWS secret key does not fit its id", _LOG_IN),
    "AccessDenied": ("these AWS credentials may not do that", _ROLE),
    "AccessDeniedException": ("these AWS credentials may not do that", _ROLE),
    "UnauthorizedOperation": ("these AWS credentials may not do that", _ROLE),
    "Throttling": ("AWS is throttling", _PATIENCE),
    "ThrottlingException": ("AWS is throttling", _PATIENCE),
    "RequestLimitExceeded": ("AWS is throttling", _PATIENCE),
    "SlowDown": ("AWS is throttling", _PATIENCE),
    "NoSuchBucket": ("there is no such bucket", "check the name, its region and AWS_PROFILE"),
    "AWS.SimpleQueueService.NonExistentQueue": (
        "there is no such queue",
        "check its name in the settings' queues, and the region",
    ),
    "ParameterNotFound": ("there is no such SSM parameter", "check terraform.ami_parameter"),
    "InvalidInstanceID.NotFound": ("EC2 does not know that instance", "it may be long gone"),
}

_THROTTLED = {code for code, (_, hint) in _CODES.items() if hint is _PATIENCE}

_CLASSES: Mapping[str, tuple[str, str]] = {
    "NoCredentialsError": ("no AWS credentials were found", _LOG_IN),
    "PartialCredentialsError": ("the AWS credentials are incomplete", _LOG_IN),
    "CredentialRetrievalError": ("the AWS credentials could not be fetched", _LOG_IN),
    "TokenRetrievalError": ("the AWS login has expired", _LOG_IN),
    "SSOTokenLoadError": ("the AWS login has expired", _LOG_IN),
    "UnauthorizedSSOTokenError": ("the AWS login has expired", _LOG_IN),
    "ProfileNotFound": ("there is no such AWS profile", "check AWS_PROFILE and ~/.aws/config"),
    "EndpointConnectionError": ("it could not be reached", _NETWORK),
    "ConnectTimeoutError": ("it did not take the connection in time", _NETWORK),
    "ReadTimeoutError": ("it did not answer in time", _NETWORK),
    "ConnectionClosedError": ("it closed the connection", _NETWORK),
    "ProxyConnectionError": ("the proxy could not be reached", "check HTTPS_PROXY"),
    "SSLError": ("its certificate was not accepted", "check AWS_CA_BUNDLE"),
    "ReadOnlyError": ("this session may only read", "use the operator's console"),
}


@dataclass(frozen=True, slots=True)
class AwsTrouble:
    """AWS did not answer what was asked."""

    message: str
    """A sentence, with the service and the region in it."""
    hint: str = ""
    code: str = ""
    """AWS's own word, or the class of botocore's error."""

    @property
    def is_throttling(self) -> bool:
        """Whether AWS would have answered, had there been fewer calls."""
        return self.code in _THROTTLED

    @property
    def text(self) -> str:
        """Message and hint in one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


def error_code(error: BaseException) -> str:
    """Return AWS's code of an error, such as NoSuchKey; empty for one that AWS did not send."""
    response = getattr(error, "response", None)
    told = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(told.get("Code", ""))


def explain(error: BaseException, service: str, region: str) -> AwsTrouble | None:
    """Return what `error` means, or None for one that has nothing to do with AWS."""
    place = f"{service} in {region}"
    names = [kind.__name__ for kind in type(error).__mro__]
    known = next((_CLASSES[name] for name in names if name in _CLASSES), None)
    if known is not None:
        return AwsTrouble(f"{place}: {known[0]} ({error})", known[1], names[0])
    code = error_code(error)
    if code:
        reason, hint = _CODES.get(code, (f"AWS refused: {code}", ""))
        return AwsTrouble(f"{place}: {reason} ({_told(error)})", hint, code)
    if "BotoCoreError" in names or "HTTPClientError" in names:
        return AwsTrouble(f"{place}: {error}", "", names[0])
    return None


def _told(error: BaseException) -> str:
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Message") or error)
