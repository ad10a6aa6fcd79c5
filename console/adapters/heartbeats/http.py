"""How is an HTTP API of metrics asked, so that it can delay or leak nothing?

All the requests of one look share one deadline. A redirect is not followed, for the token would go
along; addresses are told without what stands before the `@` and after the `?`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from console.adapters.heartbeats.report import SourceError

_MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 64 * 1024
_REFUSED = (401, 403)
_NETWORK = "check the address in the settings, the network and the VPN"


class Bearer(AuthBase):
    """A token in the header; an auth object, so that no .netrc takes its place."""

    def __init__(self, token: str) -> None:
        """Keep the token."""
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def basic(token: str) -> AuthBase:
    """Return the token as the user of basic authentication, with an empty password."""
    return HTTPBasicAuth(token, "")


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a look must be over."""

    span: timedelta
    end: float
    """On the monotonic clock."""

    @classmethod
    def after(cls, span: timedelta) -> Deadline:
        """Return the deadline that is `span` from now."""
        return cls(span, time.monotonic() + span.total_seconds())

    @property
    def left_s(self) -> float:
        """Seconds that are left; never negative."""
        return max(0.0, self.end - time.monotonic())


class Api(Protocol):
    """Answers in JSON."""

    def get(self, url: str, params: Mapping[str, str], deadline: Deadline) -> Any:  # noqa: ANN401  # JSON
        """Return what `url` answers, or raise SourceError."""


@dataclass(frozen=True, slots=True)
class JsonApi:
    """An API that answers in JSON."""

    name: str
    """As people call it."""
    key: str
    """Of its settings, such as heartbeat.prometheus; for hints."""
    auth: AuthBase | None = None
    _local: threading.local = field(default_factory=threading.local)

    def get(self, url: str, params: Mapping[str, str], deadline: Deadline) -> Any:  # noqa: ANN401  # JSON
        """Return what `url` answers; blocking, until the deadline at the longest.

        Raises:
            SourceError: it does not answer, refuses, or answers with no JSON.
        """
        where = f"{self.name} at {place_of(url)}"
        try:
            status, body = self._ask(url, params, deadline)
        except (requests.Timeout, TimeoutError):
            seconds = deadline.span.total_seconds()
            raise SourceError(f"{where} did not answer within {seconds:g} s", _NETWORK) from None
        except requests.exceptions.SSLError:
            raise SourceError(
                f"{where}: its certificate was not accepted",
                "set REQUESTS_CA_BUNDLE to a file with its authority",
            ) from None
        except requests.RequestException as error:
            raise SourceError(f"{where} could not be reached: {_reason(error)}", _NETWORK) from None
        if status == requests.codes.ok:
            return self._parsed(where, body)
        raise self._refusal(where, status, body)

    def _ask(self, url: str, params: Mapping[str, str], deadline: Deadline) -> tuple[int, bytes]:
        left = deadline.left_s
        if not left:
            raise TimeoutError
        body = bytearray()
        with self._session().get(
            url,
            params=params,
            auth=self.auth,
            timeout=left,
            allow_redirects=False,
            stream=True,
        ) as answer:
            for chunk in answer.iter_content(_CHUNK):
                body += chunk
                # Of a body that trickles in, no single read takes too long.
                if not deadline.left_s:
                    raise TimeoutError
                if len(body) > _MOST_BYTES:
                    raise SourceError(
                        f"{self.name} at {place_of(url)} answers with more than 64 MiB",
                        f"make the question narrower: {self.key}.match",
                    )
            return answer.status_code, bytes(body)

    def _session(self) -> requests.Session:
        """Return this thread's own: they are not made to be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        return session

    def _parsed(self, where: str, body: bytes) -> Any:  # noqa: ANN401  # JSON
        try:
            return json.loads(body)
        except ValueError:
            raise SourceError(
                f"{where} answers with something that is no JSON", f"check {self.key}.url"
            ) from None

    def _refusal(self, where: str, status: int, body: bytes) -> SourceError:
        if status in _REFUSED:
            return SourceError(f"{where} refuses us ({status})", f"check {self.key}.token")
        if status == requests.codes.too_many_requests:
            return SourceError(
                f"{where} says that it is asked too often ({status})",
                "look less often: rollout.sample_every",
            )
        if 300 <= status < 400:
            return SourceError(
                f"{where} sends us elsewhere ({status})",
                f"write the address that it leads to as {self.key}.url",
            )
        if status == requests.codes.not_found:
            return SourceError(f"{where} has nothing there ({status})", f"check {self.key}.url")
        return SourceError(f"{where} answers with {status}{_told(body)}")


def place_of(url: str) -> str:
    """Return scheme, host and port of an address, and nothing that may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _told(body: bytes) -> str:
    try:
        told = json.loads(body).get("error")
    except (ValueError, AttributeError):
        told = None
    return f": {told[:200]}" if isinstance(told, str) else ""


def _reason(error: requests.RequestException) -> str:
    """Say why, without the address that the error's own text holds."""
    text = str(error)
    known = {
        "refused": "it takes no connection",
        "Name or service not known": "nobody knows that name",
        "name resolution": "nobody knows that name",
        "No route to host": "there is no route to it",
        "Connection aborted": "it closed the connection",
        "proxy": "the proxy does not let us through",
    }
    return next((told for part, told in known.items() if part in text), type(error).__name__)
