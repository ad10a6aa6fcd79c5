"""What does a registry say of an image? Over its HTTP API, with no engine.

Follows the OCI distribution specification and Docker's token protocol
(https://distribution.github.io/distribution/spec/auth/token/). Everything here blocks: call it in a
thread.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.adapters.docker.credentials import Login, find_login
from console.adapters.docker.reference import Reference
from console.adapters.docker.registry_errors import explained
from console.domain.failure import Failure

if TYPE_CHECKING:
    import requests

_TIMEOUTS_S = (3.05, 15)
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json,"
    "application/vnd.docker.distribution.manifest.list.v2+json,"
    "application/vnd.oci.image.manifest.v1+json,"
    "application/vnd.docker.distribution.manifest.v2+json"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_LOOPBACK = re.compile(r"(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?")
_HUB_API = "registry-1.docker.io"
_CERTIFICATES = Path("/etc/docker/certs.d")

FindLogin = Callable[[str], Login | Failure | None]


@dataclass(frozen=True, slots=True)
class Known:
    """An image as its registry knows it."""

    digest: str
    config: str = ""
    """The digest of its configuration, which is the image's id on an engine; empty for an index."""


class Registry:
    """The registry of one repository."""

    def __init__(self, reference: Reference, login: FindLogin = find_login) -> None:
        """Ask nothing yet.

        Args:
            reference: an image of the repository.
            login: finds the login for a host.
        """
        self._reference = reference
        self._find_login = login
        self._authorization = ""
        self._base = ""

    def find(self, name: str) -> Known | Failure | None:
        """Return what the tag or digest `name` is; None where there is no such image."""
        answer = self._ask(f"manifests/{name}")
        if isinstance(answer, Failure) or answer is None:
            return answer
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        config = json.loads(answer.content).get("config", {}).get("digest", "")
        return Known(digest, str(config))

    def labels_of(self, known: Known) -> Mapping[str, str]:
        """Return the labels of an image's configuration; none where it tells none."""
        answer = self._ask(f"blobs/{known.config}") if known.config else None
        if answer is None or isinstance(answer, Failure):
            return {}
        labels = json.loads(answer.content).get("config", {}).get("Labels") or {}
        return {str(key): str(value) for key, value in labels.items()}

    def tags(self) -> tuple[str, ...] | Failure:
        """Return the tags of the repository, in no order."""
        answer = self._ask("tags/list")
        if isinstance(answer, Failure):
            return answer
        return tuple(json.loads(answer.content).get("tags") or ()) if answer is not None else ()

    def _ask(self, rest: str) -> requests.Response | Failure | None:
        """Return the answer to a GET; None for a 404 that names no missing repository."""
        import requests

        try:
            answer = self._get(rest)
        except (requests.RequestException, UnicodeError) as error:
            return self._trouble(str(error))
        if isinstance(answer, Failure) or answer.ok:
            return answer
        text = f"HTTP {answer.status_code}: {answer.text[:500]}"
        if answer.status_code == 404 and "NAME_UNKNOWN" not in text:
            return None
        return self._trouble(text)

    def _get(self, rest: str) -> requests.Response | Failure:
        answer = self._send(rest)
        if answer.status_code != 401:
            return answer
        login = self._find_login(self._reference.host)
        if isinstance(login, Failure):
            return login
        self._authorization = _answer_to(answer.headers.get("WWW-Authenticate", ""), login)
        return self._send(rest) if self._authorization else answer

    def _send(self, rest: str) -> requests.Response:
        import requests

        headers = {"Accept": _MANIFESTS if rest.startswith("manifests/") else "*/*"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        path = f"/v2/{self._reference.path}/{rest}"
        authority = _CERTIFICATES / self._reference.host / "ca.crt"
        for base in (self._base,) if self._base else _bases(self._reference.host):
            try:
                answer = requests.get(
                    f"{base}{path}",
                    headers=headers,
                    timeout=_TIMEOUTS_S,
                    verify=str(authority) if authority.exists() else None,
                )
            except requests.ConnectionError:
                if base.startswith("https:") and len(_bases(self._reference.host)) > 1:
                    continue
                raise
            self._base = base
            return answer
        raise AssertionError("every registry has an address")

    def _trouble(self, text: str) -> Failure:
        where = f"{self._reference.host}/{self._reference.path}"
        return explained(text, what="its registry was asked", where=where)


def _bases(host: str) -> tuple[str, ...]:
    """A registry on loopback may be without TLS, as it may be for Docker."""
    if _LOOPBACK.fullmatch(host):
        return (f"https://{host}", f"http://{host}")
    return (f"https://{_HUB_API if host == 'docker.io' else host}",)


def _answer_to(challenge: str, login: Login | None) -> str:
    """Return the Authorization header that answers `challenge`; empty where nothing does."""
    import requests

    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() == "basic":
        if login is None:
            return ""
        prepared = requests.Request("GET", "http://x", auth=(login.username, login.password))
        return prepared.prepare().headers["Authorization"]
    asked = dict(_CHALLENGE.findall(rest))
    realm = asked.pop("realm", "")
    if scheme.lower() != "bearer" or not realm:
        return ""
    asked.pop("error", None)
    if login is not None and login.identity_token:
        form = {**asked, "grant_type": "refresh_token", "refresh_token": login.identity_token}
        answer = requests.post(
            realm, data={**form, "client_id": "release-console"}, timeout=_TIMEOUTS_S
        )
    else:
        basic = (login.username, login.password) if login is not None else None
        answer = requests.get(realm, params=asked, auth=basic, timeout=_TIMEOUTS_S)
    if not answer.ok:
        return ""
    token = answer.json()
    return f"Bearer {token.get('token') or token.get('access_token')}"
