"""Does this request fail, and what exactly does AWS answer then?

microburst knows AWS's wire formats from botocore's own service models: the envelope, the headers
and the place of the error's code differ between EC2, S3, SQS and CloudWatch, and an SDK decides by
them whether to try again. Its rules and its serialisers run inside the endpoints: a proxy of its
own would cost every call of every worker a second hop, also in a world in which nothing fails.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from requests.structures import CaseInsensitiveDict

from console.sandbox.faults import FaultRule, TroubleWatch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from console.sandbox.faults import Troubles


@dataclass(frozen=True, slots=True)
class Failing:
    """How a request ends."""

    status: int
    """HTTP status; 0 where nobody answers."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def hangs_up(self) -> bool:
        """Whether the connection is closed without an answer."""
        return self.status == 0


HANG_UP = Failing(0)

_QUERY_ERROR = "x-amzn-query-error"


class FaultDesk:
    """Decides for each request of one endpoint; may be asked from several threads."""

    def __init__(self, path: Path) -> None:
        """Watch the file `path`; microburst is loaded when there is the first trouble."""
        self._watch = TroubleWatch(path)
        self._lock = threading.Lock()
        self._loaded: Troubles | None = None
        self._engine: Any = None

    def failing(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Failing | None:
        """Return how this request fails; None for one that is to be answered.

        Args:
            method: HTTP method.
            path: path without the query.
            query: query string as it was sent.
            headers: all of them.
            body: the body of a form; may be empty for anything else.
        """
        with self._lock:
            troubles = self._watch.look()
            if not troubles.rules:
                return None
            if troubles is not self._loaded:
                self._load(troubles)
            return self._decide(method, path, query, headers, body)

    def _load(self, troubles: Troubles) -> None:
        from microburst.rules import RuleEngine

        self._engine = RuleEngine()
        self._engine.set_rules([_microburst_rule(rule) for rule in troubles.rules])
        self._loaded = troubles

    def _decide(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Failing | None:
        from microburst.detection import detect
        from microburst.protocols import render_error

        asked = {name: values[0] for name, values in parse_qs(query).items()}
        told = CaseInsensitiveDict(headers)
        request = detect(told, method, path, asked, body or None)
        decision = self._engine.decide(request)
        if decision is None:
            return None
        if decision.error is None:
            return HANG_UP
        status, answered, content = render_error(
            request.service,
            decision.error.code,
            decision.error.message or "",
            decision.error.status,
            protocol=_spoken(request.protocol, told),
            query_compat=request.query_compat,
            request_ct=told.get("Content-Type"),
            resource=path,
        )
        if _QUERY_ERROR in answered:
            # microburst puts SQS's namespace before every code; AWS leaves it out of those that all
            # its services share, such as an expired token.
            answered[_QUERY_ERROR] = f"{decision.error.code};Sender"
        length = ("Content-Length", str(len(content)))
        return Failing(status, (*answered.items(), length), b"" if method == "HEAD" else content)


def _spoken(protocol: str, headers: Mapping[str, str]) -> str:
    """Return the protocol that a request speaks; microburst knows only a service's newest.

    CloudWatch is asked in CBOR by botocore and by form by Terraform's SDK, which cannot read CBOR.
    """
    is_form = headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    return "query" if is_form and protocol != "ec2" else protocol


def _microburst_rule(rule: FaultRule) -> dict[str, Any]:
    """Return a rule in microburst's own words."""
    error = {"code": rule.code, "status": rule.status, "message": rule.message}
    return {
        "service": rule.service or None,
        "operation": rule.operation or None,
        "region": rule.region or None,
        "headers": {"Authorization": f"Credential={rule.caller}/"} if rule.caller else None,
        "probability": rule.share,
        **({"error": error} if rule.code else {"reset": True}),
    }
